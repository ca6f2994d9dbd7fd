"""`jit.check_finite`: the first value that became nan or infinite, and its line."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from jit.ir.card import Card
from jit.ir.graph import Node
from jit.ir.span import NOWHERE
from jit.modules.arguments import bind_arguments, enter, gives_arrays, leave
from jit.modules.script_function import ScriptFunction
from jit.runtime import dispatch
from jit.runtime.tensor import Tensor


def check_finite(fn: Any) -> Callable[..., Any]:
    """A function that does what `fn` does, and raises where it makes a nan or infinity.

    `fn` is a function or module, scripted if it is not compiled yet. Every operator is
    run by itself and its results are searched, so it is slow. The first operator that
    makes a nan of no nan, or an infinity of finite numbers, raises FloatingPointError,
    which names the operator, the line and the element.
    """
    if not isinstance(fn, ScriptFunction) and not hasattr(fn, "__script_object__"):
        from jit.modules.script import script

        fn = script(fn)

    @functools.wraps(fn.forward if hasattr(fn, "__script_object__") else fn)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if isinstance(fn, ScriptFunction):
            name, entered = fn.entry_for(*args, **kwargs)
            executor = fn._executor
        else:
            method = fn.forward
            schema = method.function.schema
            values = bind_arguments(schema, args, kwargs, skip=1)
            pairs = zip(values, schema.arguments[1:], strict=True)
            entered = [fn.__script_object__, *(enter(v, a.type) for v, a in pairs)]
            name, executor = method.function.name, fn._executor
        result = executor.run_watched(name, entered, _watching)
        return leave(result) if gives_arrays([*args, *kwargs.values()]) else result

    return checked


def _watching(card: type[Card], node: Node) -> Callable[..., Any]:
    """What runs the operator of a node and searches its results."""
    run = dispatch.runner(card)

    def run_and_search(*args: Any) -> Any:
        given = [array for a in args for array in _arrays(a)]
        had_nan = any(map(_has_nan, given))
        had_any = had_nan or any(map(_bad, given))
        result = run(*args)
        for array in _arrays(result):
            is_new = _bad(array) if not had_any else not had_nan and _has_nan(array)
            if is_new:
                raise FloatingPointError(_told(card, node, args, array))
        return result

    return run_and_search


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, Tensor):
        yield value.array
    elif isinstance(value, np.ndarray | np.generic | float):
        yield np.asarray(value)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _arrays(item)


def _bad(array: np.ndarray) -> bool:
    """Whether there is a nan or an infinity."""
    return array.dtype.kind not in "biuSUO" and not bool(np.isfinite(array).all())


def _has_nan(array: np.ndarray) -> bool:
    return array.dtype.kind not in "biuSUO" and bool(np.isnan(array).any())


def _told(card: type[Card], node: Node, args: Sequence[Any], array: np.ndarray) -> str:
    """What became nan or infinite, where, and of what."""
    wrong = ~np.isfinite(array)
    first = np.unravel_index(int(np.argmax(wrong)), array.shape)
    value = array[first]
    kind = "nan" if np.isnan(value) else "infinite"
    name = node.outputs[0].name if node.outputs else ""
    place = f" at {[int(i) for i in first]}" if array.ndim else ""
    head = (
        f"`{name or card.schema.kind}` became {kind}{place}"
        f" ({int(wrong.sum())} of {array.size} elements): {card.schema.kind}"
    )
    ranges = [_range(a) for v in args for a in _arrays(v) if a.dtype.kind == "f"]
    if ranges:
        head += f" of values {' and '.join(ranges)}"
    if node.span is not NOWHERE:
        head += f"\n  {node.span}: {node.span.text}"
    return head


def _range(array: np.ndarray) -> str:
    if not array.size:
        return "[]"
    return f"[{array.min():.4g}, {array.max():.4g}]"
