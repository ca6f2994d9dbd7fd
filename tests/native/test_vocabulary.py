"""The functions of generated code against extended precision, in last places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.card import Card
from jit.ir.schema import parse_schema
from jit.runtime.codegen.making.target import host
from jit.runtime.codegen.nests.coefficients import TABLE
from jit.runtime.codegen.nests.emit_nest import emit_nest
from jit.runtime.codegen.nests.nest import Input, Nest, Ref, Step, Store
from jit.runtime.codegen.nests.polynomials import FITS, fitted
from jit.runtime.codegen.nests.vocabulary_wide import WideVectors
from jit.runtime.ops import special

Extended = np.longdouble
DTYPES = [dtypes.float32, dtypes.float64]
FUNCTIONS: dict[str, Any] = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log,
    "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "sin": np.sin,
    "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
    "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "sqrt": np.sqrt,
    "erf": np.vectorize(math.erf, otypes=[float]),
    "erfc": np.vectorize(math.erfc, otypes=[float]),
}  # fmt: skip
PAIRS: dict[str, Any] = {
    "pow": np.power, "atan2": np.arctan2, "hypot": np.hypot,
    "nextafter": np.nextafter, "fmod": np.fmod, "remainder": np.remainder,
    "floor_divide": np.floor_divide, "copysign": np.copysign,
}  # fmt: skip


def nest_of(name: str, count: int, dtype: Any) -> Nest:
    """A nest of one function of the vocabulary."""
    formula = staticmethod(lambda m, *operands: getattr(m, name)(*operands))
    schema = parse_schema(f"test::{name}() -> Tensor")
    card = type(name, (Card,), {"schema": schema, "formula": formula})
    refs = tuple(map(Ref, range(count)))
    step = Step(card, refs, (dtype,) * count, dtype)
    return Nest(1, (Input(dtype),) * count, (step,), (Store(Ref(count), dtype),))


def specials(dtype: Any) -> np.ndarray:
    """Numbers at the edges of a format, and small integers."""
    info = np.finfo(dtype.numpy)
    edges = [0.0, np.inf, info.max, info.tiny, info.smallest_subnormal, info.eps, 1.0]
    edges += [0.5, 0.1, 2.0, 3.0, 10.0, 1e10, 0.75, 709.78, 88.72, 745.0, 104.0]
    positive = np.array(edges, np.float64)
    with np.errstate(over="ignore"):
        both = np.concatenate([positive, -positive, [np.nan]])
        return both.astype(dtype.numpy)


def sweep(dtype: Any) -> np.ndarray:
    """Numbers of every size and sign, and many where functions change their form."""
    rng = np.random.default_rng(5)
    width = 8 * dtype.itemsize
    bits = rng.integers(0, 2**width, 60_000, np.uint64)
    every = bits.astype(f"uint{width}").view(dtype.numpy)
    parts = [
        rng.normal(size=20_000), rng.uniform(-1, 1, 20_000),
        rng.uniform(-30, 30, 20_000), rng.uniform(-800, 800, 20_000),
        rng.uniform(-1e5, 1e5, 10_000), 1 + rng.normal(size=10_000) * 1e-3,
        np.arange(-300, 300) * (np.pi / 2), 2.0 ** np.arange(-120, 120),
    ]  # fmt: skip
    return np.concatenate([every, specials(dtype), *parts], dtype=dtype.numpy,
                          casting="unsafe")  # fmt: skip


def last_places(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    """The distance between results and extended ones, in units of the last place."""
    dtype = got.dtype
    with np.errstate(all="ignore"):
        rounded = want.astype(dtype)
        unit = np.spacing(np.minimum(np.abs(rounded), np.finfo(dtype).max))
        distance = np.abs(got.astype(Extended) - want) / unit.astype(Extended)
    same = (got == rounded) & np.isinf(rounded) | np.isnan(got) & np.isnan(rounded)
    nearly = np.isinf(rounded) & (np.abs(got) == np.finfo(dtype).max)
    distance = np.where(same, 0, np.where(nearly, 1, distance))
    return np.where(np.isnan(distance), np.inf, distance)


def check_function(name: str, dtype: Any, nests: Any) -> None:
    """A function of one operand is within four last places of its reference."""
    x = sweep(dtype)
    with np.errstate(all="ignore"):
        wide = x.astype(np.float64 if name in ("erf", "erfc") else Extended)
        want = np.asarray(FUNCTIONS[name](wide), Extended)
    (got,) = nests.run(nest_of(name, 1, dtype), [x])

    distance = last_places(got, want)
    # the references of erf and erfc are themselves one unit off
    allowed = 5 if name in ("erf", "erfc") and dtype is dtypes.float64 else 4
    worst = int(np.argmax(distance))
    assert distance[worst] <= allowed, (x[worst], got[worst], want[worst])
    zeros = want == 0
    assert np.array_equal(np.signbit(want[zeros]), np.signbit(got[zeros]))
    if name in ("erf", "tanh"):
        assert np.nanmax(np.abs(got)) == 1


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_within_four_last_places(name, dtype, nests):
    check_function(name, dtype, nests)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", ["exp", "exp2", "sinh", "cosh", "erf"])
def test_forms_without_wide_vectors_are_as_close(name, dtype, nests, monkeypatch):
    monkeypatch.setattr(WideVectors, "is_wide", lambda m, dtype: False)
    # kernels that others have compiled are of the usual form
    check_function(name, dtype, type(nests)())


@pytest.mark.parametrize("name", ["exp", "erf"])
def test_wide_vectors_are_asked_for_where_the_machine_has_them(name):
    instructions = {"exp": ("scalef", "permvar"), "erf": ("permvar",)}[name]
    module = ll.Module("test")
    emit_nest(module, nest_of(name, 1, dtypes.float32), "kernel")

    is_wide = host().vector_bytes == 64
    assert {is_wide} == {x in str(module) for x in instructions}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", PAIRS)
def test_functions_of_two_are_within_four_last_places(name, dtype, nests):
    rng = np.random.default_rng(6)
    edges = specials(dtype)
    first, second = (g.ravel() for g in np.meshgrid(edges, edges))
    count = 20_000
    x = [first, np.exp(rng.normal(size=count) * 5), rng.uniform(0, 2, count),
         1 + rng.normal(size=count) * 1e-4, rng.integers(-9, 9, count)]  # fmt: skip
    y = [second, rng.normal(size=count) * 20, rng.uniform(-900, 900, count),
         rng.uniform(-1e6, 1e6, count), rng.integers(-20, 20, count)]  # fmt: skip
    x = np.concatenate(x, dtype=dtype.numpy, casting="unsafe")
    y = np.concatenate(y, dtype=dtype.numpy, casting="unsafe")
    exact = name not in ("pow", "atan2", "hypot")
    with np.errstate(all="ignore"):
        wide = (x, y) if exact else (x.astype(Extended), y.astype(Extended))
        want = np.asarray(PAIRS[name](*wide), Extended)
    (got,) = nests.run(nest_of(name, 2, dtype), [x, y])

    distance = last_places(got, want)
    worst = int(np.argmax(distance))
    assert distance[worst] <= (0 if exact else 4), (x[worst], y[worst], got[worst])
    zeros = (want == 0) & (got == 0)
    assert np.array_equal(np.signbit(want[zeros]), np.signbit(got[zeros]))


@pytest.mark.parametrize("name", FITS)
def test_stored_coefficients_are_what_the_fit_gives(name):
    assert TABLE[name] == fitted(name)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", ["erfinv", "lgamma", "digamma"])
def test_special_functions_are_those_of_the_kernels(name, dtype, nests):
    x = sweep(dtype)
    if name == "erfinv":
        x = np.concatenate([x, 1 - np.geomspace(1e-16, 1, 500, dtype=dtype.numpy)])
    with np.errstate(all="ignore"):
        want = getattr(special, name)(x)
    (got,) = nests.run(nest_of(name, 1, dtype), [x])

    # near the zeros of lgamma and digamma both are exact only on the scale of 1
    tolerance = 1e-6 if dtype is dtypes.float32 else 1e-11
    assert np.allclose(want, got, tolerance, tolerance, equal_nan=True)


def test_integers_divide_without_trapping(nests):
    for dtype in (dtypes.int8, dtypes.int32, dtypes.int64, dtypes.uint8):
        info = np.iinfo(dtype.numpy)
        edges = np.array([info.min, info.max, 0, 1, 2, 7, info.max // 2], dtype.numpy)
        edges = np.concatenate([edges, -edges])
        x, y = (g.ravel() for g in np.meshgrid(edges, edges))
        for name in ("floor_divide", "remainder", "fmod"):
            with np.errstate(all="ignore"):
                want = getattr(np, name)(x, y)
            (got,) = nests.run(nest_of(name, 2, dtype), [x, y])
            assert np.array_equal(want, got), (name, dtype)
