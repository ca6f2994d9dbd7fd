"""Calls of operators on their samples, for tests of derivatives.

Sample data is drawn anew in float64, away from the places where operators have no
derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit import torch
from jit.ir import types as T
from jit.ir.card import Card
from jit.ir.registry import all_cards
from jit.runtime import dispatch
from jit.runtime.ops.samples import cases_of
from jit.runtime.tensor import Tensor, wrap

ELSEWHERE = {
    "aten::linalg_cholesky",
    "aten::linalg_cholesky_ex",
    "aten::cholesky",
    "aten::cholesky_inverse",
    "aten::cholesky_solve",
    "aten::linalg_eigh",
    "aten::linalg_eigvalsh",
    "aten::_ctc_loss_each",
    "aten::ctc_loss.IntList",
    "aten::ctc_loss.Tensor",
    "aten::igamma",
    "aten::igammac",
    "aten::special_gammainc",
    "aten::special_gammaincc",
    "aten::special_zeta",
    "aten::special_zeta.other_scalar",
}
"""Cards that take no data drawn like this, or are differentiable in one argument only.

Those of positive definite and of symmetric matrices (`cholesky`, `eigh`) are tested in
autograd/test_linear_algebra.py; those of log probabilities (`ctc_loss`) in
autograd/test_sequence_loss.py; those with one derivative (`igamma`, `gammainc`, `zeta`)
in ops/test_special_functions.py.
"""

DIFFERENTIABLE = sorted(
    (
        c
        for c in all_cards()
        if c.schema.kind.startswith("aten::")
        and (c.grad is not None or c.composite is not None)
        and c.schema.name not in ELSEWHERE
    ),
    key=lambda c: c.schema.name,
)

STEP = 1e-6


class Call:
    """A call of an operator, and a weight for each element of its results."""

    def __init__(
        self, card: type[Card], sample: Any, args: list[Any], rng: np.random.Generator
    ) -> None:
        self.card = card
        self.sample = sample
        self.args = args
        self.leaves = [leaf for a in args for leaf in _leaves_of(a)]
        with torch.no_grad():
            self.made = self.results() if self.leaves else []
        self.weights = [wrap(rng.standard_normal(m.array.shape)) for m in self.made]

    def results(self) -> list[Any]:
        """The floating results; an in-place operator writes into a copy."""
        args = self.args
        first = self.card.schema.arguments[0].alias
        if first is not None and first.is_write:
            args = [args[0].clone(), *args[1:]]
        torch.manual_seed(0)
        made: Any = dispatch.call(self.card, args)
        made = made if isinstance(made, list | tuple) else [made]
        return [m for m in made if isinstance(m, Tensor) and m.is_floating_point()]

    def total(self) -> Any:
        """The weighted sum of all results."""
        pairs = zip(self.results(), self.weights, strict=True)
        total, *others = [(made * weight).sum() for made, weight in pairs]
        for other in others:
            total = total + other
        return total

    def is_comparable(self) -> bool:
        """Whether difference quotients of the results mean something."""
        if not self.made or self.made[0].array.dtype.itemsize < 8:
            return False
        # differences of infinities are nan
        return all(bool(np.isfinite(m.array).all()) for m in self.made)


def calls_of(card: type[Card], most: int) -> Iterator[Call]:
    """Calls on the samples with at most so many elements to differentiate by."""
    rng = np.random.default_rng(0)
    domain = getattr(card, "domain", (-1.5, 1.5))
    for sample in cases_of(card.samples):
        given = sample.arguments(card.schema)
        if any(isinstance(v, np.ndarray) and v.dtype.kind == "c" for v in given):
            continue
        args = [
            wrap(np.asarray(v))
            if a.type == T.TENSOR and not isinstance(v, np.ndarray | Tensor)
            else _drawn(v, domain, rng)
            for v, a in zip(given, card.schema.arguments, strict=False)
        ]
        if sum(leaf.array.size for a in args for leaf in _leaves_of(a)) > most:
            continue
        call = Call(card, sample, args, rng)
        if call.is_comparable():
            yield call


def quotients(value: Callable[[], Any], leaf: Any) -> np.ndarray[Any, Any]:
    """How much a number changes with each element of a tensor."""
    flat = leaf.array.reshape(-1)
    found = np.zeros(flat.size)
    for i in range(flat.size):
        before = flat[i]
        sides = []
        for step in (STEP, -STEP):
            flat[i] = before + step
            sides.append(value().item())
        flat[i] = before
        found[i] = (sides[0] - sides[1]) / (2 * STEP)
    return found.reshape(leaf.array.shape)


def _drawn(value: Any, domain: tuple[float, float], rng: np.random.Generator) -> Any:
    """Tensors for a sample argument: float64 data that require gradients."""
    if isinstance(value, list):
        return [_drawn(v, domain, rng) for v in value]
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.kind in "biuc":
        return wrap(value.copy())
    low, high = domain
    # near an integer many operators have no derivative
    data = rng.uniform(low, high, value.shape)
    inwards = np.sign((low + high) / 2 - data) * 0.0417
    data = np.where(np.abs(data - np.round(data)) < 0.02, data + inwards, data)
    drawn: Any = wrap(data)
    return drawn.requires_grad_()


def _leaves_of(value: Any) -> list[Any]:
    if isinstance(value, Tensor):
        return [value] if value.requires_grad else []
    if isinstance(value, list):
        return [leaf for v in value for leaf in _leaves_of(v)]
    return []
