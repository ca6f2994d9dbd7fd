"""Sizes, strides and places of tensors, by the names of torch's symbolic operators."""

from __future__ import annotations

from jit.ir.card import Card
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels import strides
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, i64


class Question(Card):
    """A number that is known of a tensor without looking at its elements."""

    raises = False


@op("aten::sym_size.int(Tensor self, int dim) -> SymInt")
class sym_size(Card):
    """The size of one dim."""

    samples = [case(f32[2, 3], -1), case(i64[0], 0)]

    def kernel(x, dim):
        if not x.ndim:
            raise IndexError(
                f"Dimension specified as {dim} but tensor has no dimensions"
            )
        return x.shape[S.wrap_dim(dim, x.ndim)]


@op("aten::sym_size(Tensor self) -> SymInt[]")
class sym_sizes(Question):
    """All sizes."""

    samples = [f32[2, 3], f32[()]]

    def kernel(x):
        return list(x.shape)


@op("aten::sym_stride.int(Tensor self, int dim) -> SymInt")
class sym_stride(Card):
    """The step between neighbours along one dim, in elements."""

    samples = [case(f32[2, 3], -1), case(i64[4], 0)]

    def kernel(x, dim):
        return sym_strides.kernel(x)[S.wrap_dim(dim, x.ndim)]


@op("aten::sym_stride(Tensor self) -> SymInt[]")
class sym_strides(Question):
    """The steps between neighbours along each dim, in elements."""

    samples = [f32[2, 3], f32[()]]

    def kernel(x):
        return [step // x.itemsize for step in x.strides]


@op("aten::sym_numel(Tensor self) -> SymInt")
class sym_numel(Question):
    """How many elements there are."""

    samples = [f32[2, 3], f32[0]]

    def kernel(x):
        return x.size


@op("aten::sym_storage_offset(Tensor self) -> SymInt")
class sym_storage_offset(Question):
    """Where the tensor starts in its storage, in elements."""

    samples = [f32[2, 3]]

    def kernel(x):
        start, own = (a.__array_interface__["data"][0] for a in (strides.root(x), x))
        return (own - start) // x.itemsize


@op("aten::sym_is_contiguous(Tensor self, MemoryFormat memory_format=0) -> bool")
class sym_is_contiguous(Question):
    """Whether the elements follow each other, the last dim fastest."""

    samples = [f32[2, 3]]

    def kernel(x, memory_format):
        return x.flags.c_contiguous
