"""Pointwise chains, from a thousand elements to ten million."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.case import AtLeast, Case, Family, Inputs, OfLimit
from jit import torch

if TYPE_CHECKING:  # given to the functions below by their contenders
    import jax
    import jax.numpy as jnp
    from numba import prange

EXP_FLOPS = 12
"""An exponential by a polynomial of degree six, with its range reduction."""

erf_of = np.vectorize(math.erf, otypes=[np.float64])


# x * y + x, cut off below ---------------------------------------------------------------


def add_mul(x, y):  # type: ignore[no-untyped-def]
    return torch.relu(x * y + x)


def add_mul_numpy(x: Any, y: Any) -> Any:
    return np.maximum(x * y + x, 0)


def add_mul_jax(x: Any, y: Any) -> Any:
    return jnp.maximum(x * y + x, 0)


def add_mul_numba(x, y):  # type: ignore[no-untyped-def]
    out = np.empty_like(x)
    for i in prange(x.size):
        out[i] = max(x[i] * y[i] + x[i], np.float32(0))
    return out


ADD_MUL_IN_ONNX = "p = Mul(x, y) s = Add(p, x) out = Relu(s)"


# GELU, as one operator and as its formula ----------------------------------------------


def gelu(x):  # type: ignore[no-untyped-def]
    return torch.nn.functional.gelu(x)


def gelu_formula(x):  # type: ignore[no-untyped-def]
    return x * 0.5 * (1.0 + torch.erf(x * 0.7071067811865476))


def gelu_reference(x: Any) -> Any:
    return x * 0.5 * (1.0 + erf_of(x * math.sqrt(0.5)))


def gelu_jax(x: Any) -> Any:
    return jax.nn.gelu(x, approximate=False)


def gelu_numba(x):  # type: ignore[no-untyped-def]
    out = np.empty_like(x)
    half, scale = np.float32(0.5), np.float32(0.7071067811865476)
    for i in prange(x.size):
        out[i] = x[i] * half * (np.float32(1) + math.erf(x[i] * scale))
    return out


GELU_IN_ONNX = "out = Gelu(x)"
GELU_FORMULA_IN_ONNX = """
half = Constant <value_float = 0.5> ()  one = Constant <value_float = 1.0> ()
scale = Constant <value_float = 0.70710678> ()
s = Mul(x, scale)  e = Erf(s)  e1 = Add(e, one)  h = Mul(x, half)  out = Mul(h, e1)
"""


# ten operators, four of them transcendental --------------------------------------------


def sigmoid_chain(x):  # type: ignore[no-untyped-def]
    a = torch.sigmoid(x) * 2.0 - 1.0
    b = torch.tanh(a + x)
    c = torch.exp(b * -0.5)
    return torch.sigmoid(c * x) + b


def sigmoid_chain_numpy(x: Any) -> Any:
    a = 2.0 / (1.0 + np.exp(-x)) - 1.0
    b = np.tanh(a + x)
    c = np.exp(b * -0.5)
    return 1.0 / (1.0 + np.exp(-(c * x))) + b


def sigmoid_chain_jax(x: Any) -> Any:
    a = jax.nn.sigmoid(x) * 2.0 - 1.0
    b = jnp.tanh(a + x)
    c = jnp.exp(b * -0.5)
    return jax.nn.sigmoid(c * x) + b


def sigmoid_chain_numba(x):  # type: ignore[no-untyped-def]
    out = np.empty_like(x)
    one, two, half = np.float32(1), np.float32(2), np.float32(0.5)
    for i in prange(x.size):
        a = two / (one + math.exp(-x[i])) - one
        b = math.tanh(a + x[i])
        c = math.exp(b * -half)
        out[i] = one / (one + math.exp(-(c * x[i]))) + b
    return out


SIGMOID_CHAIN_IN_ONNX = """
one = Constant <value_float = 1.0> ()  two = Constant <value_float = 2.0> ()
half = Constant <value_float = -0.5> ()
s = Sigmoid(x)  s2 = Mul(s, two)  a = Sub(s2, one)  ax = Add(a, x)  b = Tanh(ax)
bh = Mul(b, half)  c = Exp(bh)  cx = Mul(c, x)  d = Sigmoid(cx)  out = Add(d, b)
"""


# a row broadcast over a matrix ----------------------------------------------------------


def scale_rows(x, w, b):  # type: ignore[no-untyped-def]
    return torch.relu(x * w + b)


def scale_rows_numpy(x: Any, w: Any, b: Any) -> Any:
    return np.maximum(x * w + b, 0)


def scale_rows_jax(x: Any, w: Any, b: Any) -> Any:
    return jnp.maximum(x * w + b, 0)


def scale_rows_numba(x, w, b):  # type: ignore[no-untyped-def]
    out = np.empty_like(x)
    for i in prange(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = max(x[i, j] * w[j] + b[j], np.float32(0))
    return out


SCALE_ROWS_IN_ONNX = "p = Mul(x, w) s = Add(p, b) out = Relu(s)"


# declared -------------------------------------------------------------------------------


def normal(*names: str, shape: tuple[int, ...]) -> Any:
    def make(rng: np.random.Generator) -> Inputs:
        return {n: rng.standard_normal(shape, dtype=np.float32) for n in names}

    return make


def chain(
    name: str, size: int, label: str, inputs: int, flops: float, **writings: Any
) -> Case:
    is_cheap = flops < 2 * EXP_FLOPS
    # a million elements and more: the work outweighs the call
    bound = (OfLimit(0.8),) if is_cheap and size >= 1_000_000 else ()
    return Case(
        name=f"{name} {label}",
        inputs=normal(*("x", "y")[:inputs], shape=(size,)),
        reads=4 * size * inputs,
        writes=4 * size,
        flops=flops * size,
        goals=(AtLeast(1.0), *bound),
        **writings,
    )


SIZES = {"10³": 10**3, "10⁴": 10**4, "10⁵": 10**5, "10⁶": 10**6, "10⁷": 10**7}


def cases(tiny: bool) -> list[Case]:
    made = []
    for label, full in SIZES.items():
        size = 67 if tiny else full
        made += [
            chain(
                "add-mul-relu",
                size,
                label,
                inputs=2,
                flops=3,
                program=add_mul,
                numpy=add_mul_numpy,
                jax=add_mul_jax,
                numba=add_mul_numba,
                onnx=ADD_MUL_IN_ONNX,
            ),
            chain(
                "gelu",
                size,
                label,
                inputs=1,
                flops=4 + 2 * EXP_FLOPS,
                program=gelu,
                reference=gelu_reference,
                jax=gelu_jax,
                numba=gelu_numba,
                onnx=GELU_IN_ONNX,
                absent={"NumPy": "no erf in NumPy"},
            ),
            chain(
                "sigmoid chain",
                size,
                label,
                inputs=1,
                flops=12 + 4 * EXP_FLOPS,
                program=sigmoid_chain,
                numpy=sigmoid_chain_numpy,
                jax=sigmoid_chain_jax,
                numba=sigmoid_chain_numba,
                onnx=SIGMOID_CHAIN_IN_ONNX,
            ),
        ]
    million = 67 if tiny else 10**6
    made.append(
        chain(
            "gelu by its formula",
            million,
            "10⁶",
            inputs=1,
            flops=4 + 2 * EXP_FLOPS,
            program=gelu_formula,
            reference=gelu_reference,
            jax=gelu_jax,
            numba=gelu_numba,
            onnx=GELU_FORMULA_IN_ONNX,
            absent={"NumPy": "no erf in NumPy"},
        )
    )
    rows, columns = (5, 7) if tiny else (1024, 1024)
    made.append(
        Case(
            name="scale and shift rows 1024 × 1024",
            inputs=lambda rng: {
                "x": rng.standard_normal((rows, columns), dtype=np.float32),
                "w": rng.standard_normal(columns, dtype=np.float32),
                "b": rng.standard_normal(columns, dtype=np.float32),
            },
            program=scale_rows,
            numpy=scale_rows_numpy,
            jax=scale_rows_jax,
            numba=scale_rows_numba,
            onnx=SCALE_ROWS_IN_ONNX,
            reads=4 * (rows * columns + 2 * columns),
            writes=4 * rows * columns,
            flops=3 * rows * columns,
            goals=(AtLeast(1.0), OfLimit(0.8)),
        )
    )
    return made


FAMILY = Family(
    name="pointwise",
    title="Pointwise chains",
    about=(
        "float32. An exponential, and what is made of one, counts as"
        f" {EXP_FLOPS} operations. At 10⁷ elements fresh pages of memory dominate."
    ),
    cases=cases,
    geometric_means={"torch": 4.0},
)
