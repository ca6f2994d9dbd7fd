"""What a benchmark is: a case, the family it belongs to, and the figures to reach.

A case gives one computation once for each way of writing it. The program of ours and of
all of torch's modes is the same source; it names `torch`, which each contender replaces
by its own. Likewise functions for JAX name `jax`, `jnp`, `lax`, and those for Numba
`prange`.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

Inputs: TypeAlias = dict[str, Any]
"""Arrays and numbers by the name of the parameter, in order."""
Make: TypeAlias = Callable[[np.random.Generator], Inputs]


@dataclass(frozen=True)
class AtLeast:
    """The peer takes at least `figure` times as long as we do."""

    figure: float
    against: str | None = None
    """One peer's name; None is the best one."""


@dataclass(frozen=True)
class Within:
    """A call takes at most so many seconds."""

    seconds: float


@dataclass(frozen=True)
class OfLimit:
    """We reach at least this part of what the machine can do."""

    part: float


Goal: TypeAlias = AtLeast | Within | OfLimit


@dataclass(frozen=True, kw_only=True)
class Case:
    """One computation at one size."""

    name: str
    inputs: Make
    weights: Make = lambda rng: {}
    """Constants of the computation, by their names in the module's state."""
    program: Callable[..., Any] | None = None
    """Written with `torch`; ours, torch eager, torch.jit and torch.compile run it."""
    module: Callable[[Any], Any] | None = None
    """From the `torch` in question to a module; instead of `program`."""
    numpy: Callable[..., Any] | None = None
    """Arguments of all of these: the inputs, then the weights."""
    jax: Callable[..., Any] | None = None
    numba: Callable[..., Any] | None = None
    onnx: str | None = None
    """Nodes in ONNX's text; the result is called `out`."""
    c: str | None = None
    """A C function `run`, as a mark beside the peers."""
    reference: Callable[..., Any] | None = None
    """In float64 with NumPy; the function for NumPy if not given."""
    result_shape: tuple[int, ...] | None = None
    """Where there is no reference to tell it."""
    jax_layout: Callable[[np.ndarray], np.ndarray] | None = None
    """Puts inputs into the layout that is usual with JAX."""
    jax_result: Callable[[np.ndarray], np.ndarray] | None = None
    takes: str = "tensors"
    """What ours is called with: "tensors", "arrays", or "numbers", strings and lists."""
    eager: bool = False
    """Whether ours is called as it is, not compiled."""
    numba_options: Mapping[str, Any] = field(default_factory=lambda: {"fastmath": True})
    absent: Mapping[str, str] = field(default_factory=dict)
    """Why a contender does not run this case."""
    reads: int = 0
    """Bytes that must be read, each once."""
    writes: int = 0
    """Bytes of the results."""
    flops: float = 0
    tolerance: float = 1e-5
    """Largest error of a result, relative to the largest value of the reference."""
    goals: tuple[Goal, ...] = (AtLeast(1.0),)
    note: str = ""
    """What is known to limit it; shown where a goal is missed."""


@dataclass(frozen=True)
class Family:
    """Cases that belong in one table."""

    name: str
    title: str
    about: str
    cases: Callable[[bool], list[Case]]
    """The cases; with True, the same at sizes for a quick test."""
    geometric_means: Mapping[str, float] = field(default_factory=dict)
    """By peer: the least geometric mean, over the cases, of its time over ours."""
    thread_counts: tuple[int, ...] = (1, 2)


def rebound(function: Callable[..., Any], **names: Any) -> Callable[..., Any]:
    """The function with other meanings for some global names."""
    assert isinstance(function, types.FunctionType)
    made = types.FunctionType(
        function.__code__,
        {**function.__globals__, **names},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    made.__kwdefaults__ = function.__kwdefaults__
    made.__annotations__ = function.__annotations__
    made.__module__ = function.__module__
    return made


def inputs_of(case: Case) -> tuple[Inputs, Inputs]:
    """Inputs and weights; always the same ones."""
    rng = np.random.default_rng(0)
    return case.inputs(rng), case.weights(rng)


def reference_of(case: Case, inputs: Inputs, weights: Inputs) -> np.ndarray | None:
    """The result in float64; None where nothing is given to compute it with."""
    function = case.reference or case.numpy
    if function is None:
        return None
    values = [_widened(v) for v in (*inputs.values(), *weights.values())]
    return np.asarray(function(*values))


def _widened(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(np.float64)
    return value


def error_of(result: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, relative to the largest value; infinite for other shapes."""
    if result.shape != expected.shape:
        return float("inf")
    if not expected.size:
        return 0.0
    scale = float(np.max(np.abs(expected))) or 1.0
    difference = result.astype(np.float64) - expected.astype(np.float64)
    largest = float(np.max(np.abs(difference)))
    return largest / scale if largest == largest else float("inf")
