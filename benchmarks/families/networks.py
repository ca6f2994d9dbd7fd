"""Whole networks: the MLP 1000-1000-100 at batch one and 128."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.case import Case, Family, Inputs

if TYPE_CHECKING:  # given to the function below by its contender
    import jax.numpy as jnp

Sizes = tuple[int, int, int]


def mlp_module(sizes: Sizes) -> Any:
    inner, hidden, outputs = sizes
    return lambda torch: torch.nn.Sequential(
        torch.nn.Linear(inner, hidden),
        torch.nn.ReLU(),
        torch.nn.Linear(hidden, outputs),
    )


def mlp_numpy(x: Any, w0: Any, b0: Any, w2: Any, b2: Any) -> Any:
    return np.maximum(x @ w0.T + b0, 0) @ w2.T + b2


def mlp_jax(x: Any, w0: Any, b0: Any, w2: Any, b2: Any) -> Any:
    return jnp.maximum(x @ w0.T + b0, 0) @ w2.T + b2


MLP_IN_ONNX = """
a = Gemm <transB = 1> (x, w_0_weight, w_0_bias)
b = Relu(a)
out = Gemm <transB = 1> (b, w_2_weight, w_2_bias)
"""


def mlp(batch: int, sizes: Sizes, label: str) -> Case:
    inner, hidden, outputs = sizes

    def weights(rng: np.random.Generator) -> Inputs:
        made = {}
        for name, columns, rows in (("0", inner, hidden), ("2", hidden, outputs)):
            weight = rng.standard_normal((rows, columns), dtype=np.float32)
            made[f"{name}.weight"] = weight / np.float32(columns**0.5)
            made[f"{name}.bias"] = rng.standard_normal(rows, dtype=np.float32)
        return made

    constants = inner * hidden + hidden + hidden * outputs + outputs
    return Case(
        name=label,
        inputs=lambda rng: {"x": rng.standard_normal((batch, inner), dtype=np.float32)},
        weights=weights,
        module=mlp_module(sizes),
        numpy=mlp_numpy,
        jax=mlp_jax,
        onnx=MLP_IN_ONNX,
        absent={"Numba": "its products are NumPy's"},
        reads=4 * (batch * inner + constants),
        writes=4 * batch * outputs,
        flops=2.0 * batch * (inner * hidden + hidden * outputs),
    )


def cases(tiny: bool) -> list[Case]:
    sizes = (11, 9, 7) if tiny else (1000, 1000, 100)
    return [
        mlp(1, sizes, "MLP 1000-1000-100, batch 1"),
        mlp(3 if tiny else 128, sizes, "MLP 1000-1000-100, batch 128"),
    ]


FAMILY = Family(
    name="networks",
    title="MLP 1000-1000-100",
    about="float32, with constant weights.",
    cases=cases,
)
