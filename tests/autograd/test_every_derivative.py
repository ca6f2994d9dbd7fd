"""The derivative of every card agrees with the difference quotient, on its samples.

Run one card with `-k aten::softmax.int`. Sample data is drawn anew in float64, away from
the places where operators have no derivative.
"""

from __future__ import annotations

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit import torch
from jit.ir import types as T
from jit.ir.registry import all_cards
from jit.runtime import dispatch
from jit.runtime.ops.inplace import InPlace
from jit.runtime.ops.samples import cases_of
from jit.runtime.tensor import Tensor, wrap

ELSEWHERE = {"aten::linalg_cholesky"}
"""Cards that take no data drawn like this; test_linear_algebra.py has them."""
DIFFERENTIABLE = sorted(
    (
        c
        for c in all_cards()
        if (c.grad is not None or c.composite is not None)
        and c.schema.name not in ELSEWHERE
    ),
    key=lambda c: c.schema.name,
)
STEP = 1e-6
MOST_ELEMENTS = 40


def is_floating(value):
    return isinstance(value, np.ndarray) and value.dtype.kind not in "biuc"


def drawn(value, domain, rng):
    """Tensors for a sample argument: float64 data that require gradients."""
    if isinstance(value, list):
        return [drawn(v, domain, rng) for v in value]
    if not isinstance(value, np.ndarray):
        return value
    if not is_floating(value):
        return wrap(value.copy())
    low, high = domain
    # near an integer many operators have no derivative
    data = rng.uniform(low, high, value.shape)
    inwards = np.sign((low + high) / 2 - data) * 0.0417
    data = np.where(np.abs(data - np.round(data)) < 0.02, data + inwards, data)
    return wrap(data).requires_grad_()


def leaves_of(value):
    if isinstance(value, Tensor):
        return [value] if value.requires_grad else []
    if isinstance(value, list):
        return [leaf for v in value for leaf in leaves_of(v)]
    return []


def outputs_of(result):
    results = result if isinstance(result, list | tuple) else [result]
    return [r for r in results if isinstance(r, Tensor) and r.is_floating_point()]


def called(card, args):
    """The floating results; an in-place operator writes into a copy."""
    first = card.schema.arguments[0].alias
    if first is not None and first.is_write:
        args = [args[0].clone(), *args[1:]]
    torch.manual_seed(0)
    return outputs_of(dispatch.call(card, args))


def weighted(card, args, weights):
    """A sum over all results, each element with a weight of its own."""
    total = None
    for made, weight in zip(called(card, args), weights, strict=True):
        part = (made * weight).sum()
        total = part if total is None else total + part
    return total


@pytest.mark.parametrize("card", DIFFERENTIABLE, ids=lambda c: c.schema.name)
def test_the_derivative_is_the_difference_quotient(card):
    rng = np.random.default_rng(0)
    domain = getattr(card, "domain", (-1.5, 1.5))
    compared = 0
    for sample in cases_of(card.samples):
        given = sample.arguments(card.schema)
        if any(isinstance(v, np.ndarray) and v.dtype.kind == "c" for v in given):
            continue
        args = [
            wrap(np.asarray(v))
            if a.type == T.TENSOR and not isinstance(v, np.ndarray | Tensor)
            else drawn(v, domain, rng)
            for v, a in zip(given, card.schema.arguments, strict=False)
        ]
        leaves = [leaf for a in args for leaf in leaves_of(a)]
        if not leaves or sum(leaf.array.size for leaf in leaves) > MOST_ELEMENTS:
            continue
        with torch.no_grad():
            made = called(card, args)
        if not made or made[0].array.dtype.itemsize < 8:
            continue
        if not all(np.isfinite(m.array).all() for m in made):
            continue  # differences of infinities are nan
        weights = [wrap(rng.standard_normal(m.array.shape)) for m in made]
        found = torch.autograd.grad(
            weighted(card, args, weights), leaves, allow_unused=True
        )
        for leaf, gradient in zip(leaves, found, strict=True):
            compare(card, sample, args, weights, leaf, gradient)
            compared += leaf.array.size
    if not compared:
        pytest.skip("no sample of real floating data is small enough")


def compare(card, sample, args, weights, leaf, gradient):
    numeric = np.zeros(leaf.array.shape)
    flat = leaf.array.reshape(-1)
    with torch.no_grad():
        for i in range(flat.size):
            before = flat[i]
            sides = []
            for step in (STEP, -STEP):
                flat[i] = before + step
                sides.append(weighted(card, args, weights).item())
            flat[i] = before
            numeric.reshape(-1)[i] = (sides[0] - sides[1]) / (2 * STEP)
    analytic = np.zeros_like(numeric) if gradient is None else gradient.array
    assert analytic.shape == numeric.shape, sample
    np.testing.assert_allclose(
        analytic, numeric, rtol=2e-4, atol=2e-6, err_msg=f"{card.schema.name} {sample}"
    )


def test_in_place_twins_share_the_derivative():
    twins = [c for c in all_cards() if issubclass(c, InPlace) and c.pure.grad]

    assert len(twins) > 50
