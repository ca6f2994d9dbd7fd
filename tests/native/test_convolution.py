"""Generated convolutions, called on arrays and compared with the reference kernels."""

from __future__ import annotations

import ctypes
import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.runtime.codegen import building
from jit.runtime.codegen.convolutions import convolution as C
from jit.runtime.codegen.convolutions import convolution_layout as L
from jit.runtime.codegen.making import engine, target
from jit.runtime.codegen.products import tile as T
from jit.runtime.kernels import convolution as reference

Array = np.ndarray[Any, Any]

HOST = target.host()
MACHINES = {
    "host": HOST,
    "avx2": dataclasses.replace(HOST, vector_bytes=32, vector_registers=16),
    "sse2": dataclasses.replace(
        HOST, vector_bytes=16, vector_registers=16, has_fma=False
    ),
}


def aligned(count: int) -> Array:
    """Bytes of scratch memory that begin a cache line, full of nan."""
    memory = np.full(count + 64, 0xFF, np.uint8)
    return memory[-memory.ctypes.data % 64 :][:count]


def _full(values: Sequence[int], missing: int) -> list[int]:
    return [missing] * (3 - len(values)) + list(values)


def plan_of(
    x: Array, weight: Array, out: Array, g: reference.Geometry, *, last: bool
) -> dict[str, int]:
    """The words of a plan; `last` tells whether the result's channels are the last axis."""
    plan = {"images": x.shape[0], "channels": x.shape[1], "outer": weight.shape[0],
            "groups": g.groups}  # fmt: skip
    space = x.shape[2:]
    full = [n + 2 * p for n, p in zip(space, g.padding, strict=True)]
    counts = out.shape[1:-1] if last else out.shape[2:]
    for name, values, missing in (
        ("in", space, 1),
        ("pad", g.padding, 0),
        ("full", full, 1),
        ("spread", [1] * len(space), 1),
        ("kernel", weight.shape[2:], 1),
        ("stride", g.stride, 1),
        ("dilation", g.dilation, 1),
        ("out", counts, 1),
        ("x", x.strides[2:], 0),
        ("weight", weight.strides[2:], 0),
    ):
        for axis, value in zip(C.AXES, _full(list(values), missing), strict=True):
            plan[f"{name}_{axis}"] = value
    plan["x_image"], plan["x_channel"] = x.strides[:2]
    plan["weight_outer"], plan["weight_inner"] = weight.strides[:2]
    plan["weight_group"] = weight.strides[0] * (weight.shape[0] // g.groups)
    plan["out_image"] = out.strides[0]
    plan["out_channel"] = out.strides[-1] if last else out.strides[1]
    plan["out_pixel"] = out.strides[-2 if last else -1]
    return plan


class Kernels:
    """The kernels of a convolution in memory, to be called on arrays."""

    def __init__(self, conv: C.Convolution) -> None:
        self.conv = conv
        module = ll.Module(conv.name)
        made = [
            L.emit_pack_weights(module, conv),
            L.emit_pad(module, conv),
            C.emit_convolve(module, conv),
        ]
        sizes = [
            C.padded_bytes, C.packed_bytes, C.units, C.work_bytes, L.pack_units,
        ]  # fmt: skip
        for size in sizes:
            b, given = building.new_function(
                module, size.__name__, [("plan", building.POINTER)], building.I64,
                internal=False,
            )  # fmt: skip
            b.ret(size(b, conv, C.Plan(b, given["plan"])))
        names = [f.name for f in made] + [size.__name__ for size in sizes]
        library = engine.load(str(module), names)
        self.size_of = {
            size: library.function(size.__name__, ctypes.c_int64, ctypes.c_void_p)
            for size in sizes
        }
        self.pack, self.pad, self.convolve = (
            library.function(
                f.name,
                None,
                *(
                    ctypes.c_int64
                    if isinstance(a.type, ll.IntType)
                    else ctypes.c_void_p
                    for a in f.args
                ),
            )
            for f in made
        )

    def __call__(
        self,
        x: Array,
        weight: Array,
        g: reference.Geometry,
        operands: tuple[tuple[Any, ...], ...] = (),
        *,
        cuts: Sequence[int] = (),
    ) -> Array:
        shape = reference.convolution_sizes(x.shape, weight.shape, None, g)
        if self.conv.last:
            shape = (shape[0], *shape[2:], shape[1])
        out = np.full(shape, np.nan, x.dtype)
        plan = plan_of(x, weight, out, g, last=self.conv.last)
        words = np.array([plan[name] for name in C.PLAN], np.int64)
        padded = aligned(self.size_of[C.padded_bytes](words.ctypes.data))
        packed = aligned(self.size_of[C.packed_bytes](words.ctypes.data))
        work = aligned(self.size_of[C.work_bytes](words.ctypes.data))
        packs = self.size_of[L.pack_units](words.ctypes.data)
        for first, end in ((0, packs // 2), (packs // 2, packs)):
            self.pack(
                words.ctypes.data, weight.ctypes.data, packed.ctypes.data, first, end
            )
        lines = plan["images"] * plan["full_d"] * plan["full_h"]
        for first, end in ((0, lines // 2), (lines // 2, lines)):
            self.pad(words.ctypes.data, x.ctypes.data, padded.ctypes.data, first, end)
        extra = [value for o, *steps in operands for value in (o.ctypes.data, *steps)]
        units = self.size_of[C.units](words.ctypes.data)
        ends = [min(c, units) for c in (0, *cuts, units)]
        for first, end in itertools.pairwise(ends):
            self.convolve(
                words.ctypes.data, padded.ctypes.data, packed.ctypes.data,
                out.ctypes.data, first, end, work.ctypes.data, *extra,
            )  # fmt: skip
        return out


_made: dict[C.Convolution, Kernels] = {}


def made(machine: str, dtype: dtypes.DType = dtypes.float32, **rest: Any) -> Kernels:
    conv = C.Convolution(MACHINES[machine], T.numbers(dtype), **rest)
    if conv not in _made:
        _made[conv] = Kernels(conv)
    return _made[conv]


def numbers(*shape: int, dtype: Any = np.float32, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def expected_of(
    x: Array, weight: Array, g: reference.Geometry, bias: Array | None = None
) -> Array:
    wide = None if bias is None else bias.astype(np.float64)
    return reference.convolve(x.astype(np.float64), weight.astype(np.float64), wide, g)


# images, channels, space, outer, kernel, stride, padding, dilation, groups
CASES = [
    (1, 1, (5, 5), 1, (1, 1), 1, 0, 1, 1),
    (2, 3, (9, 11), 5, (3, 3), 1, 1, 1, 1),
    (1, 3, (20, 20), 64, (7, 7), 2, 3, 1, 1),
    (1, 16, (14, 17), 33, (3, 3), 1, 1, 1, 1),
    (2, 17, (13, 8), 40, (3, 2), (2, 1), (0, 1), 1, 1),
    (1, 8, (15, 15), 16, (3, 3), 1, 2, 2, 1),
    (1, 8, (15, 15), 16, (3, 5), (1, 3), (2, 4), (3, 2), 1),
    (1, 12, (9, 9), 18, (3, 3), 1, 1, 1, 3),
    (2, 64, (6, 6), 64, (3, 3), 2, 1, 1, 2),
    (1, 4, (7, 7), 8, (3, 3), 1, 1, 1, 4),
    (3, 32, (8, 8), 70, (1, 1), 1, 0, 1, 1),
    (1, 32, (9, 9), 16, (1, 1), 2, 0, 1, 1),
    (1, 2, (40, 41), 3, (3, 3), 1, 1, 1, 1),
    (1, 5, (3, 3), 6, (3, 3), 1, 0, 1, 1),
    (0, 3, (4, 4), 2, (3, 3), 1, 1, 1, 1),
    (2, 3, (25,), 7, (5,), 2, 2, 1, 1),
    (1, 4, (50,), 4, (3,), 1, 4, 4, 2),
    (1, 3, (5, 6, 7), 4, (3, 2, 3), (1, 2, 1), 1, 1, 1),
    (2, 4, (4, 4, 4), 6, (2, 2, 2), 2, (0, 1, 0), (1, 1, 2), 2),
]


def _operands(case: Any, dtype: Any = np.float32) -> tuple[Array, Array, Any]:
    images, channels, space, outer, kernel, stride, padding, dilation, groups = case
    axes = len(space)
    as_list = lambda v: [v] if isinstance(v, int) else list(v)  # noqa: E731
    g = reference.make_geometry(
        axes, as_list(stride), as_list(padding), as_list(dilation), groups
    )
    x = numbers(images, channels, *space, dtype=dtype)
    weight = numbers(outer, channels // groups, *kernel, dtype=dtype, seed=1)
    return x, weight, g


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_convolutions_agree_with_the_reference(
    case: Any, machine: str, last: bool
) -> None:
    x, weight, g = _operands(case)
    expected = expected_of(x, weight, g)

    found = made(machine, last=last)(x, weight, g)

    found = np.moveaxis(found, -1, 1) if last else found
    np.testing.assert_allclose(expected, found, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("dtype", [dtypes.float64, dtypes.bfloat16])
@pytest.mark.parametrize("case", CASES[1:18:4], ids=str)
def test_other_dtypes(case: Any, dtype: dtypes.DType) -> None:
    x, weight, g = _operands(case, dtype.numpy)
    expected = expected_of(x, weight, g)

    found = made("host", dtype)(x, weight, g).astype(np.float64)

    exact = dtype is dtypes.float64
    rtol, atol = (1e-12, 1e-11) if exact else (5e-3, 2e-2)
    np.testing.assert_allclose(expected, found, rtol=rtol, atol=atol)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("channels", [1, 3, 16, 33, 70])
def test_depthwise(channels: int, last: bool, machine: str) -> None:
    for size, kernel, stride, padding, dilation in [
        ((9, 11), (3, 3), 1, 1, 1),
        ((17, 20), (5, 3), 2, 2, 1),
        ((12, 12), (3, 3), 1, 2, 2),
        ((30,), (7,), 1, 3, 1),
    ]:
        case = (
            2,
            channels,
            size,
            channels,
            kernel,
            stride,
            padding,
            dilation,
            channels,
        )
        x, weight, g = _operands(case)

        found = made(machine, depthwise=True, last=last)(x, weight, g)

        found = np.moveaxis(found, -1, 1) if last else found
        np.testing.assert_allclose(
            expected_of(x, weight, g), found, rtol=1e-5, atol=1e-5
        )


def test_inputs_with_any_strides() -> None:
    x, weight, g = _operands(CASES[3])
    expected = expected_of(x, weight, g)
    spread = np.full((1, 32, 28, 51), np.nan, np.float32)
    spread[:, ::2, 1::2, 2::3] = x
    for view in (
        np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1),
        spread[:, ::2, 1::2, 2::3],
        np.ascontiguousarray(x[..., ::-1])[..., ::-1],
    ):
        turned = np.asfortranarray(weight)
        found = made("host")(view, turned, g)
        np.testing.assert_allclose(expected, found, rtol=1e-5, atol=2e-5)


def test_every_way_to_split_gives_the_same_bits() -> None:
    x, weight, g = _operands((2, 16, (40, 31), 70, (3, 3), 1, 1, 1, 1))
    whole = made("host")(x, weight, g)
    for cuts in ([1], [2, 3, 9], list(range(1, 40))):
        assert (whole == made("host")(x, weight, g, cuts=cuts)).all()


def _positive(b: ll.IRBuilder, x: ll.Value) -> ll.Value:
    zero = ll.Constant(x.type, None)
    return b.select(b.fcmp_ordered(">", x, zero), x, zero)


@pytest.mark.parametrize("depthwise", [False, True])
def test_bias_and_activation(depthwise: bool) -> None:
    epilogue = T.Epilogue(
        "bias_relu", (T.Operand(),), lambda b, x, o: _positive(b, b.fadd(x, o[0]))
    )
    groups = 34 if depthwise else 1
    x, weight, g = _operands((2, 34, (9, 11), 34, (3, 3), 1, 1, 1, groups))
    bias = numbers(34, seed=2)
    expected = np.maximum(expected_of(x, weight, g, bias), 0)

    f = made("host", epilogue=epilogue, depthwise=depthwise, per_channel=(True,))

    np.testing.assert_allclose(
        expected, f(x, weight, g, ((bias, 0, 4, 0),)), rtol=1e-5, atol=1e-4
    )


def test_residual_with_channels_together() -> None:
    epilogue = T.Epilogue(
        "bias_residual",
        (T.Operand(), T.Operand()),
        lambda b, x, o: b.fadd(b.fadd(x, o[0]), o[1]),
    )
    x, weight, g = _operands(CASES[1])
    bias, residual = numbers(5, seed=2), numbers(2, 9, 11, 5, seed=3)
    expected = np.moveaxis(expected_of(x, weight, g, bias), 1, -1) + residual

    steps = ((bias, 0, 4, 0), (residual, 4 * 5, 4, 4 * 5 * 99))
    found = made("host", epilogue=epilogue, last=True)(x, weight, g, steps)

    np.testing.assert_allclose(expected, found, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("machine", MACHINES)
def test_residual_with_pixels_together(machine: str) -> None:
    epilogue = T.Epilogue(
        "bias_residual",
        (T.Operand(), T.Operand()),
        lambda b, x, o: b.fadd(b.fadd(x, o[0]), o[1]),
    )
    x, weight, g = _operands(CASES[3])
    x = np.concatenate([x, x + 1])
    bias, residual = numbers(33, seed=2), numbers(2, 33, 14, 17, seed=3)
    expected = expected_of(x, weight, g, bias) + residual

    pixels = 4 * 14 * 17
    steps = ((bias, 0, 4, 0), (residual, 4, pixels, 33 * pixels))
    f = made(machine, epilogue=epilogue, per_channel=(True, False))
    found = f(x, weight, g, steps)

    np.testing.assert_allclose(expected, found, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("groups", [1, 3])
def test_weights_are_packed_alike_in_both_ways(groups: int) -> None:
    conv = C.Convolution(HOST, T.numbers(dtypes.float32))
    x, weight, g = _operands((1, 6, (9, 9), 99, (3, 2), 1, 1, 1, groups))
    f = made("host")
    out = np.empty(reference.convolution_sizes(x.shape, weight.shape, None, g), "f4")
    plan = plan_of(x, weight, out, g, last=False)
    words = np.array([plan[name] for name in C.PLAN], np.int64)
    found = aligned(f.size_of[C.packed_bytes](words.ctypes.data)).view(np.float32)
    units = f.size_of[L.pack_units](words.ctypes.data)
    f.pack(words.ctypes.data, weight.ctypes.data, found.ctypes.data, 0, units)

    expected = L.packed(conv, weight.reshape(groups, 99 // groups, 6 // groups, 6))

    np.testing.assert_array_equal(expected.ravel(), found)
