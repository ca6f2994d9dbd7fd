"""Copies of what views see: `aten::squeeze_copy` for `aten::squeeze`."""

from __future__ import annotations

import numpy as np

from jit.ir.registry import find_card
from jit.runtime.ops import (  # noqa: F401  they declare the views
    casting,
    complex_parts,
    splitting,
    views,
)
from jit.runtime.ops.declare import op

COPIES = (
    "aten::alias_copy(Tensor self) -> Tensor",
    "aten::as_strided_copy(Tensor self, SymInt[] size, SymInt[] stride,"
    " SymInt? storage_offset=None) -> Tensor",
    "aten::detach_copy(Tensor self) -> Tensor",
    "aten::diagonal_copy(Tensor self, int offset=0, int dim1=0, int dim2=1) -> Tensor",
    "aten::expand_copy(Tensor self, SymInt[] size, *, bool implicit=False) -> Tensor",
    "aten::narrow_copy(Tensor self, int dim, SymInt start, SymInt length) -> Tensor",
    "aten::permute_copy(Tensor self, int[] dims) -> Tensor",
    "aten::select_copy.int(Tensor self, int dim, SymInt index) -> Tensor",
    "aten::slice_copy.Tensor(Tensor self, int dim=0, SymInt? start=None,"
    " SymInt? end=None, SymInt step=1) -> Tensor",
    "aten::split_copy.Tensor(Tensor self, SymInt split_size, int dim=0) -> Tensor[]",
    "aten::split_with_sizes_copy(Tensor self, SymInt[] split_sizes, int dim=0)"
    " -> Tensor[]",
    "aten::squeeze_copy(Tensor self) -> Tensor",
    "aten::squeeze_copy.dim(Tensor self, int dim) -> Tensor",
    "aten::squeeze_copy.dims(Tensor self, int[] dim) -> Tensor",
    "aten::t_copy(Tensor self) -> Tensor",
    "aten::transpose_copy.int(Tensor self, int dim0, int dim1) -> Tensor",
    "aten::unbind_copy.int(Tensor self, int dim=0) -> Tensor[]",
    "aten::unfold_copy(Tensor self, int dimension, int size, int step) -> Tensor",
    "aten::unsqueeze_copy(Tensor self, int dim) -> Tensor",
    "aten::unsafe_chunk(Tensor self, int chunks, int dim=0) -> Tensor[]",
    "aten::unsafe_split.Tensor(Tensor self, SymInt split_size, int dim=0) -> Tensor[]",
    "aten::unsafe_split_with_sizes(Tensor self, SymInt[] split_sizes, int dim=0)"
    " -> Tensor[]",
    "aten::view_as_complex_copy(Tensor self) -> Tensor",
    "aten::view_as_real_copy(Tensor self) -> Tensor",
    "aten::view_copy(Tensor self, SymInt[] size) -> Tensor",
    "aten::view_copy.dtype(Tensor self, ScalarType dtype) -> Tensor",
)
"""The schemas; the view of each is the operator without `_copy` or `unsafe_`."""


def _copying(view):
    """The kernel of a view, whose results are copied."""
    kernel = view.kernel

    def copy(*args):
        seen = kernel(*args)
        if isinstance(seen, list):
            return [np.array(part, order="C") for part in seen]
        return np.array(seen, order="C")

    return copy


def _declare(schema):
    name, _, overload = schema.partition("(")[0].partition(".")
    view = find_card(name.replace("_copy", "").replace("unsafe_", ""), overload)
    assert view is not None, schema
    blanks = {
        "kernel": staticmethod(_copying(view)),
        "samples": view.samples,
        "__doc__": f"A copy of what `{view.schema.name}` sees.",
    }
    op(schema)(type(name.partition("::")[2], (view,), blanks))


for _schema in COPIES:
    _declare(_schema)
