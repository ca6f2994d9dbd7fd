"""Matrix products: square, thin with constant weights, batched, with an epilogue."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.case import AtLeast, Case, Family, Inputs, OfLimit, Within
from benchmarks.families.pointwise import erf_of
from jit import torch

if TYPE_CHECKING:  # given to the functions below by their contender
    import jax


def product(x, y):  # type: ignore[no-untyped-def]
    return torch.matmul(x, y)


def product_plain(x: Any, y: Any) -> Any:
    return x @ y


def linear_plain(x: Any, weight: Any) -> Any:
    return x @ weight.T


def linear_gelu_jax(x: Any, weight: Any, bias: Any) -> Any:
    return jax.nn.gelu(x @ weight.T + bias, approximate=False)


def linear_gelu_reference(x: Any, weight: Any, bias: Any) -> Any:
    y = x @ weight.T + bias
    return y * 0.5 * (1.0 + erf_of(y * math.sqrt(0.5)))


def two_matrices(
    first: tuple[int, ...], second: tuple[int, ...], dtype: Any = np.float32
) -> Any:
    def make(rng: np.random.Generator) -> Inputs:
        return {
            "x": rng.standard_normal(first).astype(dtype),
            "y": rng.standard_normal(second).astype(dtype),
        }

    return make


def matrix(rows: int, columns: int) -> Any:
    return lambda rng: {"x": rng.standard_normal((rows, columns), dtype=np.float32)}


def linear_weights(
    inner: int, columns: int, prefix: str = "", bias: bool = False
) -> Any:
    def make(rng: np.random.Generator) -> Inputs:
        weight = rng.standard_normal((columns, inner), dtype=np.float32)
        made = {f"{prefix}weight": weight / np.float32(math.sqrt(inner))}
        if bias:
            made[f"{prefix}bias"] = rng.standard_normal(columns, dtype=np.float32)
        return made

    return make


def square(n: int, label: str, dtype: Any = np.float32) -> Case:
    size = np.dtype(dtype).itemsize
    return Case(
        name=label,
        inputs=two_matrices((n, n), (n, n), dtype),
        program=product,
        numpy=product_plain,
        jax=product_plain,
        onnx="out = MatMul(x, y)",
        reads=2 * size * n * n,
        writes=size * n * n,
        flops=2.0 * n**3,
        goals=(AtLeast(1.0), OfLimit(0.93)) if n >= 512 else (AtLeast(1.0),),
        absent={"Numba": "its products are NumPy's"},
    )


def batched(batch: int, m: int, k: int, n: int, label: str) -> Case:
    return Case(
        name=label,
        inputs=two_matrices((batch, m, k), (batch, k, n)),
        program=product,
        numpy=product_plain,
        jax=product_plain,
        onnx="out = MatMul(x, y)",
        reads=4 * batch * (m * k + k * n),
        writes=4 * batch * m * n,
        flops=2.0 * batch * m * k * n,
        absent={"Numba": "its products are NumPy's"},
    )


def thin(rows: int, inner: int, columns: int, label: str, *goals: Any) -> Case:
    return Case(
        name=label,
        inputs=matrix(rows, inner),
        weights=linear_weights(inner, columns),
        module=lambda torch: torch.nn.Linear(inner, columns, bias=False),
        numpy=linear_plain,
        jax=linear_plain,
        onnx="t = Transpose <perm = [1, 0]> (w_weight) out = MatMul(x, t)",
        reads=4 * (rows * inner + inner * columns),
        writes=4 * rows * columns,
        flops=2.0 * rows * inner * columns,
        goals=(AtLeast(1.0), *goals),
        absent={"Numba": "its products are NumPy's"},
    )


def cases(tiny: bool) -> list[Case]:
    made = []
    for full in (128, 256, 512, 1024, 2048):
        n = full // 32 + 3 if tiny else full
        made.append(square(n, f"{full} × {full} × {full}"))
    made.append(square(19 if tiny else 512, "512 × 512 × 512, float64", np.float64))
    for full, goals in (
        ((1, 768, 3072), (OfLimit(0.8),)),
        ((1, 1000, 1000), (OfLimit(0.8),)),
        ((32, 768, 3072), (Within(0.75e-3),)),
        ((128, 1000, 1000), (OfLimit(0.93),)),
    ):
        rows, inner, columns = (
            (min(s, 7 + i) for i, s in enumerate(full)) if tiny else full
        )
        label = " × ".join(map(str, full))
        made.append(thin(rows, inner, columns, f"{label}, constant weights", *goals))
    for batch, m, k, n in ((96, 64, 64, 64), (12, 128, 64, 128), (8, 256, 256, 256)):
        sizes = (3, 5, 7, 6) if tiny else (batch, m, k, n)
        made.append(batched(*sizes, label=f"{batch} of {m} × {k} × {n}"))
    rows, inner, columns = (5, 7, 9) if tiny else (128, 768, 3072)
    made.append(
        Case(
            name="128 × 768 × 3072, bias and GELU",
            inputs=matrix(rows, inner),
            weights=linear_weights(inner, columns, prefix="0.", bias=True),
            module=lambda torch: torch.nn.Sequential(
                torch.nn.Linear(inner, columns), torch.nn.GELU()
            ),
            reference=linear_gelu_reference,
            jax=linear_gelu_jax,
            onnx="p = Gemm <transB = 1> (x, w_0_weight, w_0_bias) out = Gelu(p)",
            absent={"NumPy": "no erf in NumPy", "Numba": "its products are NumPy's"},
            reads=4 * (rows * inner + inner * columns + columns),
            writes=4 * rows * columns,
            flops=2.0 * rows * inner * columns,
        )
    )
    return made


FAMILY = Family(
    name="products",
    title="Matrix products",
    about=(
        "float32 unless said: rows × inner size × columns. Constant weights are those of"
        " a frozen module; ONNX Runtime and OpenVINO get them as constants too."
    ),
    cases=cases,
)
