"""New tensors whose strides are told; they hold zeros, so that every run is the same."""

from __future__ import annotations

import numpy as np

from jit.runtime.kernels import sizes as S
from jit.runtime.kernels import strides
from jit.runtime.ops.creation import (
    OPTIONS,
    Creation,
    check_place,
    check_sizes,
    given_dtype,
    known_dtype,
)
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.promotion import get_default_dtype


def _laid_out(size, steps, dtype):
    """Zeros with the given sizes and strides, in elements."""
    if len(size) != len(steps):
        raise RuntimeError(
            f"mismatch in length of strides and shape: {len(steps)} and {len(size)}"
        )
    size = check_sizes(None, size)
    if any(s < 0 for s in steps):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got"
            f" strides: {S.shown(steps)}"
        )
    reach = 1 + sum((n - 1) * s for n, s in zip(size, steps, strict=True))
    stored = np.zeros(0 if 0 in size else reach, dtype)
    return strides.as_strided(stored, size, [s * stored.itemsize for s in steps])


@op(f"aten::empty_strided(SymInt[] size, SymInt[] stride, *, {OPTIONS}) -> Tensor")
class empty_strided(Creation):
    """A tensor to be filled, with sizes and strides as told."""

    def kernel(size, stride, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or get_default_dtype()
        return _laid_out(size, stride, dtype.numpy)

    def sizes(size, *rest):
        return tuple(size)

    def dtypes(size, stride, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    samples = [case([2, 3], [1, 2]), case([], []), case([0], [1], dtype=i64)]


@op(
    "aten::new_empty_strided(Tensor self, SymInt[] size, SymInt[] stride, *,"
    f" {OPTIONS}) -> Tensor"
)
class new_empty_strided(Creation):
    """A tensor to be filled, with sizes and strides as told and a tensor's dtype."""

    detached = True

    def kernel(x, size, stride, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        wanted = given_dtype(dtype).numpy if dtype is not None else x.dtype
        return _laid_out(size, stride, wanted)

    def sizes(x, size, *rest):
        return tuple(size)

    def dtypes(x, size, stride, dtype, *rest):
        return known_dtype(dtype, x)

    samples = [case(f64[2], [2, 3], [1, 2]), case(f32[()], [], [], dtype=i64)]


@op(
    f"aten::empty_permuted(SymInt[] size, int[] physical_layout, *, {OPTIONS})"
    " -> Tensor"
)
class empty_permuted(Creation):
    """A tensor to be filled, whose dims lie in memory in the order told."""

    def kernel(size, layout_order, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or get_default_dtype()
        size = check_sizes(None, size)
        if sorted(layout_order) != list(range(len(size))):
            raise RuntimeError(
                "Number of dimensions in size does not match the length of the"
                f" physical_layout; i.e. len(size) = {len(size)} is not equal to"
                f" len(physical_layout) = {len(layout_order)}"
                if len(size) != len(layout_order)
                else "Duplicate dim or dimension out of range in physical_layout"
            )
        stored = np.zeros([size[d] for d in layout_order], dtype.numpy)
        return stored.transpose(np.argsort(layout_order))

    def sizes(size, *rest):
        return tuple(size)

    def dtypes(size, layout_order, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    samples = [case([2, 3], [1, 0]), case([], []), case([0], [0], dtype=f32)]
