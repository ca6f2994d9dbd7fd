"""Our function for a function of torch: the one of the same public name.

The database also has small Python functions, `lambda x: x.T`, which call torch by its
name; they are taken as they are, with our namespace in place of torch.
"""

from __future__ import annotations

import contextlib
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

import torch

from jit import torch as ours

NAMESPACES = ("", "Tensor.", "nn.functional.", "linalg.", "fft.", "special.",
              "signal.windows.")  # fmt: skip


class MissingError(Exception):
    """We have nothing of this name."""


def counterpart(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Our function for torch's; MissingError if there is none."""
    path = public_path(function, name)
    if path is not None:
        return by_path(path)
    if isinstance(function, torch._ops.OpOverload | torch._ops.OpOverloadPacket):
        return by_path(f"ops.{function}")
    if isinstance(function, functools.partial):
        inner = counterpart(function.func, "")
        return functools.partial(inner, *function.args, **function.keywords)
    if isinstance(function, types.FunctionType) and _is_of_tests(function):
        return rebased(function)
    raise MissingError(getattr(function, "__name__", repr(function)))


def public_path(function: Any, name: str) -> str | None:
    """How users reach a function of torch, after `torch.`; None if they cannot."""
    short = getattr(function, "__name__", "")
    stripped = short.partition("_")[2]
    for leaf in (name, short, stripped):
        for prefix in NAMESPACES if leaf else ():
            with contextlib.suppress(AttributeError):
                if _reach(torch, prefix + leaf) is function:
                    return prefix + leaf
    return None


def by_path(path: str) -> Any:
    """What our namespace has at a path; MissingError if it has nothing there."""
    try:
        return _reach(ours, path.removeprefix("torch."))
    except (AttributeError, ImportError):
        raise MissingError(f"torch.{path}") from None


def _reach(root: Any, path: str) -> Any:
    return functools.reduce(getattr, path.split("."), root)


def _is_of_tests(function: types.FunctionType) -> bool:
    return function.__module__.startswith("torch.testing.")


def rebased(function: types.FunctionType) -> Callable[..., Any]:
    """The same function over our namespace."""
    names = dict(function.__globals__)
    for name in function.__code__.co_names:
        value = names.get(name)
        if name in _REPLACED:
            names[name] = _REPLACED[name]
        elif isinstance(value, types.FunctionType) and _is_of_tests(value):
            names[name] = rebased(value) if value is not function else value
    names.update(torch=ours, wrapper_set_seed=_seeded)
    made = types.FunctionType(
        function.__code__, names, function.__name__, function.__defaults__,
        function.__closure__,
    )  # fmt: skip
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _seeded(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    ours.manual_seed(42)
    return function(*args, **kwargs)


@contextlib.contextmanager
def _nothing() -> Iterator[None]:
    yield


_REPLACED = {"wrapper_set_seed": _seeded, "freeze_rng_state": _nothing}
