"""Single operators, called eagerly: what the way to an operator costs, and its kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.case import AtLeast, Case, Family, Inputs


def vectors(*names: str) -> Any:
    def of_size(size: int) -> Any:
        def make(rng: np.random.Generator) -> Inputs:
            return {n: rng.standard_normal(size, dtype=np.float32) for n in names}

        return make

    return of_size


def squares(*names: str) -> Any:
    def of_size(size: int) -> Any:
        def make(rng: np.random.Generator) -> Inputs:
            shape = size, size
            return {n: rng.standard_normal(shape, dtype=np.float32) for n in names}

        return make

    return of_size


def images(size: int) -> Any:
    def make(rng: np.random.Generator) -> Inputs:
        channels = 4 if size < 20 else 16
        shapes = {"x": (1, channels, size, size), "w": (channels, channels, 3, 3)}
        return {n: rng.standard_normal(s, dtype=np.float32) for n, s in shapes.items()}

    return make


def add(x, y):  # type: ignore[no-untyped-def]
    return x + y


def scale(x):  # type: ignore[no-untyped-def]
    return x * 2


def relu(x):  # type: ignore[no-untyped-def]
    return torch.relu(x)  # noqa: F821


def exp(x):  # type: ignore[no-untyped-def]
    return x.exp()


def total(x):  # type: ignore[no-untyped-def]
    return x.sum()


def product(x, y):  # type: ignore[no-untyped-def]
    return x @ y


def transposed(x):  # type: ignore[no-untyped-def]
    return x.t()


def joined(x, y):  # type: ignore[no-untyped-def]
    return torch.cat([x, y])  # noqa: F821


def softmax(x):  # type: ignore[no-untyped-def]
    return torch.softmax(x, -1)  # noqa: F821


def convolved(x, w):  # type: ignore[no-untyped-def]
    return torch.conv2d(x, w)  # noqa: F821


def numpy_softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def numpy_conv(x: Any, w: Any) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (2, 3))
    return np.einsum("nchwij,ocij->nohw", windows, w, optimize=True)


def jax_relu(x):  # type: ignore[no-untyped-def]
    return jax.nn.relu(x)  # noqa: F821


def jax_exp(x):  # type: ignore[no-untyped-def]
    return jnp.exp(x)  # noqa: F821


def jax_sum(x):  # type: ignore[no-untyped-def]
    return jnp.sum(x)  # noqa: F821


def jax_transposed(x):  # type: ignore[no-untyped-def]
    return jnp.transpose(x)  # noqa: F821


def jax_joined(x, y):  # type: ignore[no-untyped-def]
    return jnp.concatenate([x, y])  # noqa: F821


def jax_softmax(x):  # type: ignore[no-untyped-def]
    return jax.nn.softmax(x)  # noqa: F821


def jax_convolved(x, w):  # type: ignore[no-untyped-def]
    return lax.conv(x, w, (1, 1), "VALID")  # noqa: F821


@dataclass(frozen=True)
class Operator:
    """An operator, at a small and a large size."""

    name: str
    program: Callable[..., Any]
    numpy: Callable[..., Any]
    inputs: Any
    sizes: tuple[int, int]
    jax: Callable[..., Any]
    elements: Callable[[int], tuple[int, int]]
    """How many it reads and writes, by the size."""


def _convolved_elements(size: int) -> tuple[int, int]:
    c = 4 if size < 20 else 16
    return c * size**2 + 9 * c**2, c * (size - 2) ** 2


def joined_by_numpy(x: Any, y: Any) -> Any:
    return np.concatenate([x, y])


def numpy_relu(x: Any) -> Any:
    return np.maximum(x, 0)


VECTOR, SQUARE, PAIR = (4, 10**6), (8, 512), vectors("x", "y")
ONE, MATRIX, MATRICES = vectors("x"), squares("x"), squares("x", "y")

OPERATORS = (
    Operator("add", add, add, PAIR, VECTOR, add, lambda n: (2 * n, n)),
    Operator("multiply by 2", scale, scale, ONE, VECTOR, scale, lambda n: (n, n)),
    Operator("relu", relu, numpy_relu, ONE, VECTOR, jax_relu, lambda n: (n, n)),
    Operator("exp", exp, np.exp, ONE, VECTOR, jax_exp, lambda n: (n, n)),
    Operator("sum", total, np.sum, ONE, VECTOR, jax_sum, lambda n: (n, 1)),
    Operator("matmul", product, np.matmul, MATRICES, SQUARE, product,
             lambda n: (2 * n * n, n * n)),
    Operator("transpose", transposed, np.transpose, MATRIX, SQUARE, jax_transposed,
             lambda n: (n * n, n * n)),
    Operator("cat", joined, joined_by_numpy, PAIR, VECTOR, jax_joined,
             lambda n: (2 * n, 2 * n)),
    Operator("softmax", softmax, numpy_softmax, MATRIX, SQUARE, jax_softmax,
             lambda n: (n * n, n * n)),
    Operator("conv2d 3×3", convolved, numpy_conv, images, (8, 56), jax_convolved,
             _convolved_elements),
)  # fmt: skip


def cases(tiny: bool) -> list[Case]:
    made = []
    for each in OPERATORS:
        for name, size in zip(("small", "large"), each.sizes, strict=True):
            size = min(size, 16) if tiny else size
            reads, writes = each.elements(size)
            made.append(
                Case(
                    name=f"{each.name}, {name}",
                    inputs=each.inputs(size),
                    program=each.program,
                    numpy=each.numpy,
                    jax=each.jax,
                    eager=True,
                    reads=4 * reads,
                    writes=4 * writes,
                    tolerance=1e-4,
                    goals=(AtLeast(1.0, "torch"),),
                )
            )
    return made


FAMILY = Family(
    name="eager",
    title="Eager operators",
    about=(
        "Ten operators called without a program around them, on Tensors. JAX compiles"
        " each one on its own."
    ),
    cases=cases,
)
