"""Operators that cut along a dim of their own, and tensors with so many dims or more."""

from __future__ import annotations

import numpy as np

from jit.ir import types as T
from jit.ir.dtypes import dtype_of
from jit.runtime.ops import splitting
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped
from jit.runtime.ops.views import View


def _check_rank(name, x, least):
    if len(x) < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least}"
            f" dimension{'s' if least > 1 else ''}, but got a tensor with"
            f" {len(x)} dimensions!"
        )


def _dim_of(name, x):
    """The dim that is cut: `hsplit` cuts columns, of a vector its elements."""
    if name == "hsplit":
        return 0 if len(x) == 1 else 1
    return {"vsplit": 0, "dsplit": 2}[name]


def _by_count(name, least):
    """Kernel, size rule and derivative of a cut into parts of one length."""

    def check(x, sections):
        _check_rank(name, x, least)
        dim = _dim_of(name, x)
        if sections <= 0 or (x[dim] is not None and x[dim] % sections):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size"
                f" of the dimension {x[dim]} is not divisible by the split_size"
                f" {sections}!"
            )
        return dim

    def kernel(x, sections):
        dim = check(x.shape, sections)
        return splitting.tensor_split.kernel(x, sections, dim)

    def sizes(x, sections):
        return splitting.tensor_split.sizes(x, sections, check(x, sections))

    def grad(t, g, out, x, sections):
        return t.cat(list(g), _dim_of(name, x.shape))

    return kernel, sizes, grad


def _by_places(name, least):
    """Kernel, size rule and derivative of a cut at places."""

    def kernel(x, indices):
        _check_rank(name, x.shape, least)
        dim = _dim_of(name, x.shape)
        return splitting.tensor_split_indices.kernel(x, indices, dim)

    def sizes(x, indices):
        _check_rank(name, x, least)
        return splitting.tensor_split_indices.sizes(x, indices, _dim_of(name, x))

    def grad(t, g, out, x, indices):
        dim = _dim_of(name, x.shape)
        return splitting.tensor_split_indices.grad(t, g, out, x, indices, dim)

    return kernel, sizes, grad


@op("aten::hsplit.int(Tensor(a) self, int sections) -> Tensor(a)[]")
class hsplit(View):
    """Pieces of one length side by side."""

    kernel, sizes, grad = _by_count("hsplit", 1)
    samples = [case(f32[2, 4], 2), case(f64[6], 3)]


@op("aten::hsplit.array(Tensor(a) self, int[] indices) -> Tensor(a)[]")
class hsplit_array(View):
    """Pieces side by side between the given places."""

    kernel, sizes, grad = _by_places("hsplit", 1)
    samples = [case(f32[2, 4], [1, 3]), case(f64[6], [2])]


@op("aten::vsplit.int(Tensor(a) self, int sections) -> Tensor(a)[]")
class vsplit(View):
    """Pieces of one length below each other."""

    kernel, sizes, grad = _by_count("vsplit", 2)
    samples = [case(f32[4, 2], 2)]


@op("aten::vsplit.array(Tensor(a) self, int[] indices) -> Tensor(a)[]")
class vsplit_array(View):
    """Pieces below each other between the given places."""

    kernel, sizes, grad = _by_places("vsplit", 2)
    samples = [case(f32[4, 2], [1, 3])]


@op("aten::dsplit.int(Tensor(a) self, int sections) -> Tensor(a)[]")
class dsplit(View):
    """Pieces of one length behind each other."""

    kernel, sizes, grad = _by_count("dsplit", 3)
    samples = [case(f32[1, 2, 4], 2)]


@op("aten::dsplit.array(Tensor(a) self, int[] indices) -> Tensor(a)[]")
class dsplit_array(View):
    """Pieces behind each other between the given places."""

    kernel, sizes, grad = _by_places("dsplit", 3)
    samples = [case(f32[1, 2, 4], [1, 3])]


@op(
    "aten::tensor_split.tensor_indices_or_sections(Tensor(a) self,"
    " Tensor tensor_indices_or_sections, int dim=0) -> Tensor(a)[]"
)
class tensor_split_tensor(View):
    """Pieces as many as a 0-dim tensor says, or between the places in a vector."""

    fails = VALUES

    def kernel(x, told, dim):
        if told.dtype != np.int64:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to have dtype of"
                f" long, but got {dtype_of(told.dtype).title}"
            )
        if told.ndim > 1:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be a"
                " zero-dimensional or one-dimensional tensor, but got a tensor with"
                f" {told.ndim} dims"
            )
        if told.ndim == 0:
            return splitting.tensor_split.kernel(x, int(told), dim)
        return splitting.tensor_split_indices.kernel(x, told.tolist(), dim)

    def infer(x, told, dim):
        return T.ListType(T.TensorType(x.dtype))

    samples = [case(f32[5, 2], i64.of(2)), case(f32[5, 2], i64.of([1, 3]))]

    def grad(t, g, out, x, told, dim):
        total = sum(part.shape[dim] for part in out)
        if isinstance(total, int) and total == x.shape[dim]:
            return t.cat(list(g), dim)
        raise NotImplementedError(
            "the derivative of `tensor_split` at places in a tensor that go back is not"
            " implemented: give them as numbers"
        )


def _at_least(least):
    """Kernel, size rule and derivative of tensors with so many dims or more."""

    def sizes(x):
        if len(x) >= least:
            return tuple(x)
        if least == 3:
            return {0: (1, 1, 1), 1: (1, *x, 1), 2: (*x, 1)}[len(x)]
        return (1,) * (least - len(x)) + tuple(x)

    def kernel(x):
        return x if x.ndim >= least else x.reshape(sizes(x.shape))

    def grad(t, g, out, x):
        return t.reshape(g, x.shape)

    return kernel, sizes, grad


def _at_least_each(least):
    """As `_at_least`, for lists of tensors."""
    kernel, sizes, grad = _at_least(least)

    def kernel_each(tensors):
        return [kernel(x) for x in tensors]

    def sizes_each(tensors):
        return [sizes(x) for x in tensors]

    def grad_each(t, g, out, tensors):
        return (
            [
                None if one is None else grad(t, one, None, x)
                for one, x in zip(g, tensors, strict=True)
            ],
        )

    return kernel_each, sizes_each, grad_each


def _common(tensors):
    """The dtype that all tensors of a list have; None if they differ."""
    return tensors[0] if tensors and len(set(tensors)) == 1 else None


_ONE = [f32[()], f32[3], f32[2, 3], f32[1, 2, 3], i64[0]]
_EACH = [case([f32[()], f32[3]]), case([f32[2, 3], i64[1, 2, 3]]), case([])]


# torch's schemas do not say that these are views where nothing need be added


@op("aten::atleast_1d(Tensor(a) self) -> Tensor(a)")
class atleast_1d(View):
    """With one dim or more."""

    raises = False
    kernel, sizes, grad = _at_least(1)
    samples = _ONE


@op("aten::atleast_2d(Tensor(a) self) -> Tensor(a)")
class atleast_2d(View):
    """With two dims or more."""

    raises = False
    kernel, sizes, grad = _at_least(2)
    samples = _ONE


@op("aten::atleast_3d(Tensor(a) self) -> Tensor(a)")
class atleast_3d(View):
    """With three dims or more."""

    raises = False
    kernel, sizes, grad = _at_least(3)
    samples = _ONE


class AtLeastEach(Shaped):
    """A list of views."""

    raises = False

    def dtypes(tensors):
        return _common(tensors)


@op("aten::atleast_1d.Sequence(Tensor[] tensors) -> Tensor[]")
class atleast_1d_each(AtLeastEach):
    """Each with one dim or more."""

    kernel, sizes, grad = _at_least_each(1)
    samples = _EACH


@op("aten::atleast_2d.Sequence(Tensor[] tensors) -> Tensor[]")
class atleast_2d_each(AtLeastEach):
    """Each with two dims or more."""

    kernel, sizes, grad = _at_least_each(2)
    samples = _EACH


@op("aten::atleast_3d.Sequence(Tensor[] tensors) -> Tensor[]")
class atleast_3d_each(AtLeastEach):
    """Each with three dims or more."""

    kernel, sizes, grad = _at_least_each(3)
    samples = _EACH
