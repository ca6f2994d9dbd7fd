"""Reductions and normalisations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.case import AtLeast, Case, Family, Inputs, OfLimit
from benchmarks.families.pointwise import EXP_FLOPS
from jit import torch

if TYPE_CHECKING:  # given to the functions below by their contenders
    import jax
    import jax.numpy as jnp
    from numba import prange


# sums and the largest -------------------------------------------------------------------


def total(x):  # type: ignore[no-untyped-def]
    return x.sum()


def total_numpy(x: Any) -> Any:
    return np.sum(x)


def total_jax(x: Any) -> Any:
    return jnp.sum(x)


def total_numba(x):  # type: ignore[no-untyped-def]
    result = np.float32(0)
    for i in prange(x.size):
        result += x[i]
    return result


def row_sums(x):  # type: ignore[no-untyped-def]
    return x.sum(dim=1)


def row_sums_numpy(x: Any) -> Any:
    return np.sum(x, axis=1)


def row_sums_jax(x: Any) -> Any:
    return jnp.sum(x, axis=1)


def row_sums_numba(x):  # type: ignore[no-untyped-def]
    out = np.empty(x.shape[0], x.dtype)
    for i in prange(x.shape[0]):
        result = np.float32(0)
        for j in range(x.shape[1]):
            result += x[i, j]
        out[i] = result
    return out


def column_sums(x):  # type: ignore[no-untyped-def]
    return x.sum(dim=0)


def column_sums_numpy(x: Any) -> Any:
    return np.sum(x, axis=0)


def column_sums_jax(x: Any) -> Any:
    return jnp.sum(x, axis=0)


def column_sums_numba(x):  # type: ignore[no-untyped-def]
    out = np.zeros(x.shape[1], x.dtype)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j] += x[i, j]
    return out


def largest(x):  # type: ignore[no-untyped-def]
    return torch.argmax(x, dim=1)


def largest_numpy(x: Any) -> Any:
    return np.argmax(x, axis=1)


def largest_jax(x: Any) -> Any:
    return jnp.argmax(x, axis=1)


def largest_numba(x):  # type: ignore[no-untyped-def]
    out = np.empty(x.shape[0], np.int64)
    for i in prange(x.shape[0]):
        best = 0
        for j in range(1, x.shape[1]):
            if x[i, j] > x[i, best]:
                best = j
        out[i] = best
    return out


# softmax and norms ----------------------------------------------------------------------


def softmax(x):  # type: ignore[no-untyped-def]
    return torch.nn.functional.softmax(x, dim=1)


def softmax_numpy(x: Any) -> Any:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_jax(x: Any) -> Any:
    return jax.nn.softmax(x, axis=1)


def softmax_numba(x):  # type: ignore[no-untyped-def]
    out = np.empty_like(x)
    for i in prange(x.shape[0]):
        top = x[i, 0]
        for j in range(x.shape[1]):
            top = max(top, x[i, j])
        denominator = np.float32(0)
        for j in range(x.shape[1]):
            e = math.exp(x[i, j] - top)
            out[i, j] = e
            denominator += e
        for j in range(x.shape[1]):
            out[i, j] /= denominator
    return out


def layer_norm(x, w, b):  # type: ignore[no-untyped-def]
    return torch.nn.functional.layer_norm(x, [x.size(1)], w, b)


def layer_norm_numpy(x: Any, w: Any, b: Any) -> Any:
    centred = x - x.mean(axis=1, keepdims=True)
    variance = np.square(centred).mean(axis=1, keepdims=True)
    return centred / np.sqrt(variance + 1e-5) * w + b


def layer_norm_jax(x: Any, w: Any, b: Any) -> Any:
    centred = x - x.mean(axis=1, keepdims=True)
    variance = jnp.square(centred).mean(axis=1, keepdims=True)
    return centred * jax.lax.rsqrt(variance + 1e-5) * w + b


def layer_norm_numba(x, w, b):  # type: ignore[no-untyped-def]
    out = np.empty_like(x)
    columns = np.float32(x.shape[1])
    for i in prange(x.shape[0]):
        mean = np.float32(0)
        for j in range(x.shape[1]):
            mean += x[i, j]
        mean /= columns
        variance = np.float32(0)
        for j in range(x.shape[1]):
            variance += (x[i, j] - mean) * (x[i, j] - mean)
        scale = np.float32(1) / np.sqrt(variance / columns + np.float32(1e-5))
        for j in range(x.shape[1]):
            out[i, j] = (x[i, j] - mean) * scale * w[j] + b[j]
    return out


def rms_norm(x, w):  # type: ignore[no-untyped-def]
    return x * torch.rsqrt((x * x).mean(dim=1, keepdim=True) + 1e-5) * w


def rms_norm_numpy(x: Any, w: Any) -> Any:
    return x / np.sqrt(np.square(x).mean(axis=1, keepdims=True) + 1e-5) * w


def rms_norm_jax(x: Any, w: Any) -> Any:
    mean = jnp.square(x).mean(axis=1, keepdims=True)
    return x * jax.lax.rsqrt(mean + 1e-5) * w


def rms_norm_numba(x, w):  # type: ignore[no-untyped-def]
    out = np.empty_like(x)
    columns = np.float32(x.shape[1])
    for i in prange(x.shape[0]):
        squares = np.float32(0)
        for j in range(x.shape[1]):
            squares += x[i, j] * x[i, j]
        scale = np.float32(1) / np.sqrt(squares / columns + np.float32(1e-5))
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] * scale * w[j]
    return out


RMS_NORM_IN_ONNX = """
epsilon = Constant <value_float = 1e-5> ()  axes = Constant <value_ints = [1]> ()
s = Mul(x, x)  m = ReduceMean(s, axes)  e = Add(m, epsilon)
r = Sqrt(e)  n = Div(x, r)  out = Mul(n, w)
"""


# log-softmax and the loss of given classes ----------------------------------------------


def nll(x, y):  # type: ignore[no-untyped-def]
    return torch.nn.functional.cross_entropy(x, y)


def nll_numpy(x: Any, y: Any) -> Any:
    shifted = x - x.max(axis=1, keepdims=True)
    logs = np.log(np.exp(shifted).sum(axis=1))
    return (logs - shifted[np.arange(len(y)), y]).mean()


def nll_jax(x: Any, y: Any) -> Any:
    logs = jax.nn.log_softmax(x, axis=1)
    return -jnp.take_along_axis(logs, y[:, None], axis=1).mean()


def nll_numba(x, y):  # type: ignore[no-untyped-def]
    result = np.float32(0)
    for i in prange(x.shape[0]):
        top = x[i, 0]
        for j in range(x.shape[1]):
            top = max(top, x[i, j])
        denominator = np.float32(0)
        for j in range(x.shape[1]):
            denominator += math.exp(x[i, j] - top)
        result += math.log(denominator) + top - x[i, y[i]]
    return result / np.float32(x.shape[0])


# declared -------------------------------------------------------------------------------


def uniform(shape: tuple[int, ...]) -> Any:
    """Positive numbers, so that a sum is well conditioned."""
    return lambda rng: {"x": rng.random(shape, dtype=np.float32)}


def normal_with_rows(shape: tuple[int, int], rows: str) -> Any:
    def make(rng: np.random.Generator) -> Inputs:
        made = {"x": rng.standard_normal(shape, dtype=np.float32)}
        for name in rows:
            made[name] = rng.standard_normal(shape[1], dtype=np.float32)
        return made

    return make


def classified(shape: tuple[int, int]) -> Any:
    def make(rng: np.random.Generator) -> Inputs:
        x = rng.standard_normal(shape, dtype=np.float32)
        return {"x": x, "y": rng.integers(0, shape[1], shape[0])}

    return make


SIMPLE = (
    (
        "row sums 1024 × 1024",
        row_sums,
        row_sums_numpy,
        row_sums_jax,
        row_sums_numba,
        "axes = Constant <value_ints = [1]> () out = ReduceSum <keepdims = 0> (x, axes)",
    ),
    (
        "column sums 1024 × 1024",
        column_sums,
        column_sums_numpy,
        column_sums_jax,
        column_sums_numba,
        "axes = Constant <value_ints = [0]> () out = ReduceSum <keepdims = 0> (x, axes)",
    ),
    (
        "argmax of rows 1024 × 1024",
        largest,
        largest_numpy,
        largest_jax,
        largest_numba,
        "out = ArgMax <axis = 1, keepdims = 0> (x)",
    ),
)


def cases(tiny: bool) -> list[Case]:
    made = []
    for label, full in (("10⁶", 10**6), ("10⁷", 10**7)):
        size = 67 if tiny else full
        made.append(
            Case(
                name=f"sum {label}",
                inputs=uniform((size,)),
                program=total,
                numpy=total_numpy,
                jax=total_jax,
                numba=total_numba,
                onnx="out = ReduceSum <keepdims = 0> (x)",
                reads=4 * size,
                writes=4,
                flops=size,
                tolerance=1e-4,  # one accumulator of float32 is a fair way to add
                goals=(AtLeast(1.0), OfLimit(0.8)),
            )
        )
    side = 9 if tiny else 1024
    for name, program, in_numpy, in_jax, in_numba, nodes in SIMPLE:
        made.append(
            Case(
                name=name,
                inputs=uniform((side, side)),
                program=program,
                numpy=in_numpy,
                jax=in_jax,
                numba=in_numba,
                onnx=nodes,
                # an order is asked for: without it there is no first largest
                numba_options={"fastmath": program is not largest},
                reads=4 * side * side,
                writes=4 * side,
                flops=side * side,
                goals=(AtLeast(1.0), OfLimit(0.8)),
            )
        )
    rows, columns = (5, 9) if tiny else (512, 1024)
    made.append(
        Case(
            name="softmax 512 × 1024",
            inputs=normal_with_rows((rows, columns), ""),
            program=softmax,
            numpy=softmax_numpy,
            jax=softmax_jax,
            numba=softmax_numba,
            onnx="out = Softmax <axis = 1> (x)",
            reads=4 * rows * columns,
            writes=4 * rows * columns,
            flops=(EXP_FLOPS + 3) * rows * columns,
        )
    )
    rows, columns = (5, 9) if tiny else (1024, 768)
    made.append(
        Case(
            name="layer norm 1024 × 768",
            inputs=normal_with_rows((rows, columns), "wb"),
            program=layer_norm,
            numpy=layer_norm_numpy,
            jax=layer_norm_jax,
            numba=layer_norm_numba,
            onnx="out = LayerNormalization <axis = 1> (x, w, b)",
            reads=4 * (rows + 2) * columns,
            writes=4 * rows * columns,
            flops=8 * rows * columns,
            goals=(AtLeast(1.0), OfLimit(0.8)),
        )
    )
    made.append(
        Case(
            name="RMS norm 1024 × 768",
            inputs=normal_with_rows((rows, columns), "w"),
            program=rms_norm,
            numpy=rms_norm_numpy,
            jax=rms_norm_jax,
            numba=rms_norm_numba,
            onnx=RMS_NORM_IN_ONNX,
            reads=4 * (rows + 1) * columns,
            writes=4 * rows * columns,
            flops=4 * rows * columns,
            goals=(AtLeast(1.0), OfLimit(0.8)),
        )
    )
    rows, columns = (5, 9) if tiny else (256, 10000)
    made.append(
        Case(
            name="log-softmax and loss 256 × 10000",
            inputs=classified((rows, columns)),
            program=nll,
            numpy=nll_numpy,
            jax=nll_jax,
            numba=nll_numba,
            onnx='out = SoftmaxCrossEntropyLoss <reduction = "mean"> (x, y)',
            absent={"OpenVINO": "it has no SoftmaxCrossEntropyLoss"},
            reads=4 * rows * columns + 8 * rows,
            writes=4,
            flops=(EXP_FLOPS + 3) * rows * columns,
        )
    )
    return made


FAMILY = Family(
    name="reductions",
    title="Reductions and normalisations",
    about="float32. Numba may reorder sums, as the others do.",
    cases=cases,
    geometric_means={"torch": 4.0},
)
