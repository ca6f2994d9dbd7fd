"""Make one call by our means and by torch's, and say how the results differ."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
import torch

from tests.conformance.calling import Call, describe
from tests.conformance.comparing import difference
from tests.conformance.converting import (
    Copies,
    mapped,
    plain,
    tensors_of,
)

UNDETERMINED = {
    "empty", "empty_like", "new_empty", "new_empty_strided", "empty_strided",
    "empty_permuted", "resize_", "resize_as_",
}  # fmt: skip
"""Names of operators whose results hold whatever is in memory."""

UP_TO_SIGNS = {
    "svd", "linalg.svd", "linalg.eig", "linalg.eigh", "linalg.qr", "qr", "svd_lowrank",
    "pca_lowrank", "linalg.pinv", "linalg.lstsq",
}  # fmt: skip
"""Names of factorisations that are not unique: compared after the function by which the
database makes them so."""


ORDERED = {"sort", "argsort", "topk", "kthvalue", "median", "nanmedian", "mode"}
"""Names of operators that may take equal elements in any order."""


@dataclass(slots=True)
class Outcome:
    """How a form did: counts of samples, and the first that failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reason: str = ""

    @property
    def ok(self) -> bool:
        return not self.failed and bool(self.passed)

    def note(self, reason: str, sample: str) -> None:
        """Count a sample; the reason is empty if it passed."""
        if not reason:
            self.passed += 1
            return
        self.failed += 1
        if not self.reason:
            told = reason.startswith("missing: ")
            self.reason = reason if told else f"{reason} | {sample}"


def calls(entry: Any, dtype_name: str) -> Iterator[Call]:
    """The samples of an entry in one dtype; none if torch does not take it."""
    dtype = getattr(torch, dtype_name)
    if dtype not in entry.supported_dtypes("cpu"):
        return
    torch.default_generator.manual_seed(0)
    for sample in entry.sample_inputs("cpu", dtype, requires_grad=False):
        yield call_of(sample)


def call_of(sample: Any) -> Call:
    """The call that a sample of the database stands for."""
    return Call(
        (sample.input, *sample.args), sample.kwargs, sample.output_process_fn_grad
    )


def missing_name(error: AttributeError) -> str:
    """What an error says that our namespace has not; empty if it says something else."""
    told = re.match(
        r"(?:module '(torch[\w.]*)'|'(Tensor)' object) has no attribute '(\w+)'"
        r"|there is no operator `(aten::\w+)`",
        str(error),
    )
    return ".".join(filter(None, told.groups())) if told else ""


def eager(function: Callable[..., Any]) -> Attempt:
    """The call of a function as it is."""
    return functools.partial(attempt, function)


def attempt(function: Callable[..., Any], call: Call) -> tuple[Any, str, Any]:
    """Our result, why there is none, and the arguments afterwards."""
    copies = Copies()
    given = copies.ours((list(call.args), call.kwargs))
    args, kwargs = given
    try:
        return function(*args, **kwargs), "", given
    except AttributeError as error:
        name = missing_name(error)
        return None, f"missing: {name}" if name else describe(error), given
    except Exception as error:
        return None, describe(error), given


def reference(function: Callable[..., Any], call: Call) -> tuple[Any, str, Any]:
    """Torch's result, how it refused, and the arguments afterwards."""
    args, kwargs = given = Copies().torch((list(call.args), call.kwargs))
    torch.default_generator.manual_seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*args, **kwargs), "", given
    except Exception as error:
        return None, describe(error), given


Attempt = Callable[[Call], tuple[Any, str, Any]]
"""Makes a call by our means: the result, why there is none, the arguments afterwards."""


def compared(theirs: Callable[..., Any], ours: Attempt, call: Call, name: str) -> str:
    """How our result differs from torch's, or our refusal from its; empty if not."""
    result, refusal, after = reference(theirs, call)
    found, failure, our_after = ours(call)
    if refusal:
        if failure and not failure.startswith("missing: "):
            return ""
        return failure or f"accepts what torch refuses ({refusal})"
    if failure:
        return failure
    values = name not in UNDETERMINED
    expected, actual = plain(result), plain(found)
    reason = difference(expected, actual, values=values)
    if not reason:
        changed = difference(tensors_of(after), tensors_of(our_after), values=values)
        return f"arguments afterwards: {changed}" if changed else ""
    if not reason.startswith("values"):
        return reason
    if name in UP_TO_SIGNS and _same_finished(call, result, actual):
        return ""
    if name in ORDERED and _same_order(call, expected, actual):
        return ""
    if _is_random(theirs, call, expected):
        return difference(expected, actual, values=False)
    return "" if _is_as_exact(theirs, call, expected, actual) else reason


def _is_as_exact(
    function: Callable[..., Any], call: Call, expected: Any, actual: Any
) -> bool:
    """Whether our float32 results are about as near to the float64 ones as torch's."""
    wide = mapped((list(call.args), call.kwargs), _widened)
    exact, refusal, _ = reference(function, Call(tuple(wide[0]), wide[1], call.finish))
    if refusal:
        return False
    several = isinstance(expected, tuple)
    parts = (
        (expected, actual, plain(exact))
        if several
        else ((expected,), (actual,), (plain(exact),))
    )
    return all(_is_near(*part) for part in zip(*parts, strict=True))


def _is_near(expected: Any, actual: Any, exact: Any) -> bool:
    if not difference(expected, actual):
        return True
    if not isinstance(expected, np.ndarray) or expected.dtype != np.float32:
        return False
    off = [np.abs(r - exact).max() for r in (actual, expected)]
    return bool(off[0] <= 4 * off[1])


def _widened(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.double() if tensor.dtype is torch.float32 else tensor


def _is_random(function: Callable[..., Any], call: Call, expected: Any) -> bool:
    """Whether torch gives other values from another state of its random numbers."""
    for seed in range(1, 9):
        torch.default_generator.manual_seed(seed)
        if difference(expected, plain(_run_again(function, call))):
            return True
    return False


def _run_again(function: Callable[..., Any], call: Call) -> Any:
    """Torch's result from another state of its random numbers."""
    args, kwargs = Copies().torch((list(call.args), call.kwargs))
    with warnings.catch_warnings(), unseeded(function):
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


def unseeded(function: Callable[..., Any]) -> Any:
    """A context in which a function of the database does not seed by itself.

    It does so with 42, by a function that it finds by its name.
    """
    names = getattr(function, "__globals__", {})
    plainly = {"wrapper_set_seed": lambda f, *args, **kwargs: f(*args, **kwargs)}
    return mock.patch.dict(names, plainly)


def _same_order(call: Call, expected: Any, actual: Any) -> bool:
    """Whether indices point to equal values: among equals their order is free."""
    source = call.args[0].numpy()
    if not source.ndim or call.kwargs.get("stable"):
        return False
    theirs, mine = (r[1] if isinstance(r, tuple) else r for r in (expected, actual))
    if isinstance(expected, tuple) and difference(expected[0], actual[0]):
        return False
    places = [*call.args[1:], call.kwargs.get("dim", -1)]
    axes = [p for p in places if type(p) is int and -source.ndim <= p < source.ndim]
    return any(
        np.array_equal(_taken(source, theirs, axis), _taken(source, mine, axis))
        for axis in axes
    )


def _taken(source: np.ndarray, indices: np.ndarray, axis: int) -> np.ndarray:
    if indices.ndim < source.ndim:
        indices = np.expand_dims(indices, axis)
    return np.take_along_axis(source, indices, axis)


def _same_finished(call: Call, result: Any, actual: Any) -> bool:
    given = [torch.from_numpy(a) for a in actual] if isinstance(actual, tuple) else None
    if given is None:
        return False
    return not difference(plain(call.finish(result)), plain(call.finish(tuple(given))))
