"""Gradients in float64 beside torch's: of a fixed weighted sum of the results.

They are those of all floating inputs, or, where torch takes none of some of them, of
those that the database marks.
"""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from jit import torch as ours
from jit.ir.dtypes import COMPLEX, FLOATING
from tests.conformance import finding
from tests.conformance.calling import Call, describe
from tests.conformance.comparing import difference
from tests.conformance.converting import Copies, mapped, plain
from tests.conformance.running import unseeded

DTYPE = "float64"


def differentiable_calls(entry: Any) -> Iterator[tuple[Call, list[torch.Tensor]]]:
    """The samples of an entry, and the tensors that the database marks in each."""
    dtype = getattr(torch, DTYPE)
    if not entry.supports_autograd or dtype not in entry.supported_dtypes("cpu"):
        return
    torch.default_generator.manual_seed(0)
    for sample in entry.sample_inputs("cpu", dtype, requires_grad=True):
        args = (sample.input, *sample.args)
        marked = [t for t in tensors_in((args, sample.kwargs)) if t.requires_grad]
        yield Call(args, sample.kwargs, sample.output_process_fn_grad), marked


def tensors_in(value: Any) -> list[Any]:
    """The tensors of a value, each once."""
    found: list[Any] = []

    def add(tensor: Any) -> Any:
        if not any(tensor is t for t in found):
            found.append(tensor)
        return tensor

    mapped(value, add)
    return found


def compared(
    theirs: Callable[..., Any],
    mine: Callable[..., Any],
    call: Call,
    marked: list[torch.Tensor],
) -> str | None:
    """How our gradients differ from torch's; None if torch has none of this call."""
    wanted = [t for t in tensors_in((call.args, call.kwargs)) if is_floating(t)]
    found = reference(theirs, call, wanted)
    if found is None:
        wanted = marked
        found = reference(theirs, call, wanted)
    if found is None:
        return None
    expected, places = found
    try:
        actual = _gradients(mine, call, wanted, places)
    except NotImplementedError as error:
        return f"no derivative: {' '.join(str(error).split())[:140]}"
    except Exception as error:
        return f"gradients: {describe(error)}"
    reason = _difference(expected, actual)
    if not reason or _is_random(theirs, call, wanted, expected):
        return ""
    return f"gradients: {reason}"


def is_floating(tensor: Any) -> bool:
    """Whether a tensor of torch can have gradients."""
    return tensor.is_floating_point() or tensor.is_complex()


def weights_of(shape: tuple[int, ...]) -> np.ndarray:
    """Weights without symmetry: those of sums that are differentiated."""
    count = int(np.prod(shape))
    return (0.4 + np.cos(1.3 * np.arange(count)) / 2).reshape(shape)


def reference(
    function: Callable[..., Any],
    call: Call,
    wanted: list[torch.Tensor],
    seed: int = 0,
) -> tuple[list[Any], list[int]] | None:
    """Torch's gradients with respect to tensors of the call; None if it has none.

    And which of the tensors in the result are differentiable.
    """
    copies = Copies()
    args, kwargs = copies.torch((list(call.args), call.kwargs))
    leaves = [copies.torch(t).requires_grad_() for t in wanted]
    if not leaves:
        return None
    torch.default_generator.manual_seed(seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = tensors_in(call.finish(function(*args, **kwargs)))
            places = [i for i, r in enumerate(made) if r.requires_grad]
            results = [made[i] for i in places]
            if not results:
                return None
            weights = [
                torch.from_numpy(weights_of(tuple(r.shape))).to(r.dtype)
                for r in results
            ]
            found = torch.autograd.grad(results, leaves, weights, allow_unused=True)
    except Exception:  # whatever torch cannot differentiate is not compared
        return None
    # a tensor that stands for zeros has no memory; its copy has
    return [None if g is None else plain(g.clone()) for g in found], places


def _gradients(
    function: Callable[..., Any],
    call: Call,
    wanted: list[torch.Tensor],
    places: list[int],
) -> list[Any]:
    copies = Copies()
    args, kwargs = copies.ours((list(call.args), call.kwargs))
    leaves = [copies.ours(t).requires_grad_() for t in wanted]
    finish = call.finish
    if isinstance(finish, types.FunctionType) and finish.__module__ != __name__:
        finish = finding.rebased(finish)
    results = [
        r
        for i, r in enumerate(tensors_in(finish(function(*args, **kwargs))))
        if i in places and r.requires_grad and r.dtype.category in (FLOATING, COMPLEX)
    ]
    if not results:
        return [None] * len(wanted)
    weights = [ours.from_numpy(weights_of(tuple(r.shape))).to(r.dtype) for r in results]
    found = ours.autograd.grad(results, leaves, weights, allow_unused=True)
    return [None if g is None else plain(g) for g in found]


def _difference(expected: list[Any], actual: list[Any]) -> str:
    """How gradients differ; none at all is as good as zeros."""
    for place, (e, a) in enumerate(zip(expected, actual, strict=True)):
        if e is None or a is None:
            found = a if e is None else e
            if found is not None and np.any(found != 0):
                absent = "torch has none" if e is None else "there is none"
                return f"of tensor {place}: {absent}, not {found.ravel()[0]}"
            continue
        reason = difference(e, a)
        if reason and not (reason.startswith("values") and _is_close(e, a)):
            return f"of tensor {place}: {reason}"
    return ""


def _is_close(expected: np.ndarray, actual: np.ndarray) -> bool:
    """Whether differences are small beside the largest element."""
    scale = np.abs(expected).max()
    return bool(np.abs(actual - expected).max() <= 1e-7 * scale)


def _is_random(
    function: Callable[..., Any],
    call: Call,
    wanted: list[torch.Tensor],
    expected: list[Any],
) -> bool:
    """Whether torch has other gradients from another state of its random numbers."""
    with unseeded(function):
        return any(
            (again := reference(function, call, wanted, seed)) is not None
            and _difference(expected, again[0])
            for seed in range(1, 9)
        )
