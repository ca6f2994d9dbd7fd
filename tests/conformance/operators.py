"""Which operators are compared: torch's operator database, its core set, public names.

The database is `op_db` of torch's own tests, which comes in the wheel. Each entry has a
callable and generates samples for it; entries of one name are variants of one operator.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

DTYPES = ("float32", "float64", "int64", "bool")
"""Names of the dtypes that samples are generated for."""

COMPLEX = ("complex64", "complex128")
"""Those of operators that take no other."""

EXCLUDED = (
    r"jiterator_.*",  # compiles CUDA
    r"sparse\..*|to_sparse",  # sparse layouts
    r"torch\._scaled_mm.*|torch\.ops\..*(flash|efficient).*",  # of one kind of GPU
)
"""Names that are no operators of dense tensors on a CPU."""

FAMILIES = (
    ("core ATen",
     r"aten\..*"),
    ("nn.functional",
     r"nn\.functional\..*"),
    ("linalg",
     r"linalg\..*|cholesky.*|qr|svd.*|lu.*|pinverse|geqrf|ormqr|logdet"
     r"|matrix_exp|triangular_solve|pca_lowrank|renorm|norm|cdist|dist"
     r"|trace"),
    ("fft",
     r"fft\..*|stft|istft"),
    ("special",
     r"special\..*|polygamma|igammac?|mvlgamma|digamma|lgamma|erf.*|i0"),
    ("signal",
     r"signal\..*"),
    ("masked",
     r"masked\..*"),
    ("private",
     r"_[^_].*|torch\..*|.*_backward|native_.*"),
    ("random",
     r"bernoulli|multinomial|normal|uniform|rand.*|cauchy|exponential"
     r"|geometric|log_normal"),
    ("sorting",
     r"sort|msort|argsort|topk|kthvalue|median|nanmedian|mode|unique.*"
     r"|searchsorted|bucketize|quantile|nanquantile|hist.*|bincount|isin"),
    ("indexing",
     r"gather|scatter.*|index_.*|take.*|put|masked_.*|__getitem__"
     r"|nonzero.*|argwhere|where|.*_scatter|unravel_index|select|slice"
     r"|narrow.*"),
    ("scans",
     r"cum.*|logcumsumexp|trapz|trapezoid|cumulative_.*|diff|gradient"),
    ("reductions",
     r"sum|prod|mean|nanmean|nansum|std.*|var.*|all|any|amax|amin|aminmax"
     r"|argmax|argmin|max|min|logsumexp|count_nonzero|.*softmax"
     r"|hash_tensor|allclose|equal|corrcoef|cov"),
    ("products",
     r"(add)?(bmm|mm|mv|r)|addbmm|baddbmm|matmul|__rmatmul__|dot|vdot"
     r"|inner|outer|kron|einsum|tensordot|cross|block_diag|cartesian_prod"
     r"|combinations"),
    ("creation",
     r"zeros.*|ones.*|full.*|empty.*|new_.*|arange|eye|linspace|logspace"
     r"|scalar_tensor|tri[lu]_indices|meshgrid|resize_.*|clone|fill|zero_"),
    ("conversions",
     r"bfloat16|bool|byte|char|double|float|half|int|long|short|cdouble"
     r"|cfloat|chalf|to|item|complex|polar"),
    ("views",
     r"view.*|reshape.*|permute.*|expand.*|as_strided.*|unfold.*|chunk"
     r"|.*split.*|unbind.*|movedim|transpose.*|squeeze.*|unsqueeze.*"
     r"|flatten|unflatten|ravel|T|H|mT|mH|t|t_copy|diag.*|diagonal.*"
     r"|broadcast_.*|atleast_.*|alias_copy|contiguous|resolve_.*|real"
     r"|imag|swap.*"),
    ("rearranging",
     r"cat|.*stack|flip.*|roll|rot90|repeat.*|tile|tril|triu"
     r"|constant_pad_nd"),
    ("pointwise",
     r".*"),
)  # fmt: skip
"""Groups of names for the report; the first that matches counts."""

PUBLIC = ("torch, Tensor", "nn.functional", "linalg", "fft", "special")
"""Namespaces whose share counts; `signal`, `masked` and private names stand apart."""


def entries(pattern: str = "") -> dict[str, list[Any]]:
    """The entries of the database by name; `pattern` may match any part of a name."""
    from torch.testing._internal.common_methods_invocations import op_db

    found: dict[str, list[Any]] = {}
    for entry in op_db:
        if any(re.fullmatch(p, entry.name) for p in EXCLUDED):
            continue
        if chosen(pattern, entry.name):
            found.setdefault(entry.name, []).append(entry)
    return found


def dtypes_of(entry: Any) -> tuple[str, ...]:
    """The dtypes that an entry is compared in."""
    taken = {str(d).removeprefix("torch.") for d in entry.supported_dtypes("cpu")}
    return DTYPES if taken & set(DTYPES) else COMPLEX


def chosen(pattern: str, name: str) -> bool:
    """Whether one of the patterns, separated by commas, is or matches a name.

    `add` is just `add`; `add.*` is all that start so.
    """
    patterns = [p.strip() for p in pattern.split(",") if p.strip()]
    return not patterns or any(re.fullmatch(p, name) for p in patterns)


def family(name: str) -> str:
    """The group of a name in the report."""
    return next(label for label, pattern in FAMILIES if re.fullmatch(pattern, name))


def namespace(name: str) -> str:
    """Where users find a name."""
    if name.startswith("aten."):
        return "core ATen"
    if family(name) == "private":
        return "private"
    if name.startswith("nn.functional."):
        return "nn.functional"
    first, dot, _ = name.partition(".")
    return first if dot else "torch, Tensor"


@functools.cache
def core_overloads() -> dict[str, Any]:
    """The overloads that torch tags as core ATen, by name: `aten.add.Tensor`."""
    import torch

    found = {}
    schemas = torch._C._jit_get_all_schemas()
    for kind, overload in sorted({(s.name, s.overload_name) for s in schemas}):
        if not kind.startswith("aten::"):
            continue
        packet = getattr(torch.ops.aten, kind.removeprefix("aten::"))
        try:
            made = getattr(packet, overload or "default")
        except AttributeError:  # an overload of lists or numbers, from scripts only
            continue
        if torch.Tag.core in made.tags:
            found[str(made)] = made
    return found


def public_names() -> Iterator[tuple[str, str]]:
    """Namespace and name of the functions that torch names as its public ones."""
    import torch
    from torch.overrides import get_ignored_functions, get_overridable_functions

    labels = {
        torch: "torch",
        torch.Tensor: "Tensor",
        torch.nn.functional: "nn.functional",
        torch.linalg: "linalg",
        torch.fft: "fft",
        torch.special: "special",
    }
    ignored = get_ignored_functions()
    for place, functions in get_overridable_functions().items():
        for function in functions:
            name = getattr(function, "__name__", "")
            shown = next((n for n in (name, name.partition("_")[2]) if n and
                          getattr(place, n, None) is function), "")  # fmt: skip
            if place not in labels or not shown or function in ignored:
                continue
            if not shown.startswith("_"):
                yield labels[place], shown
