"""`x[index]` and `x[index] = value` on traced arrays, as the operators they consist of.

As NumPy reads an index: slices and None make views first; integers select, unless an
array stands beside them, when they are indices like it (NumPy's advanced indexing).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.ir import types as T
from jit.runtime.traced import concrete
from jit.tracing.tracer import Tracer
from jit.tracing.values import TracedArray, TracedNumber


def get_item(tracer: Tracer, array: TracedArray, index: Any) -> Any:
    """`array[index]`."""
    items = _items(tracer, array, index)
    if any(_is_array(i) for i in items):
        view, indices = _views(tracer, array, items)
        return tracer.numpy("index", (view, indices), {})
    dim = 0
    view = array
    for item in items:
        if item is None:
            view = tracer.numpy("expand_dims", (view, dim), {})
            dim += 1
        elif isinstance(item, slice):
            view = _slice(tracer, view, dim, item)
            dim += 1
        else:
            view = tracer.numpy("select", (view, dim, item), {})
    return view


def set_item(tracer: Tracer, array: TracedArray, index: Any, value: Any) -> None:
    """`array[index] = value`."""
    view, indices = _views(tracer, array, _items(tracer, array, index))
    if indices:
        tracer.numpy("index_put_", (view, indices, value), {})
    else:
        tracer.numpy("copyto", (view, value), {})


def _items(tracer: Tracer, array: TracedArray, index: Any) -> list[Any]:
    """The parts of an index; `...` spelled out as whole axes."""
    parts = list(index) if isinstance(index, tuple) else [index]
    items: list[Any] = []
    for part in parts:
        if isinstance(part, bool | np.bool_):
            tracer.bakes.unsupported("an index of True or False")
        if isinstance(part, list):
            part = np.asarray(part)
        if isinstance(part, np.integer):
            part = int(part)
        items.append(part)
    covered = sum(_axes(i) for i in items)
    if Ellipsis in [i for i in items if not _is_array(i)]:
        place = next(n for n, i in enumerate(items) if i is Ellipsis)
        whole = [slice(None)] * (np.ndim(array.concrete) - covered)
        items[place : place + 1] = whole
    return items


def _axes(item: Any) -> int:
    """How many axes of the array an item stands for."""
    if item is None or item is Ellipsis:
        return 0
    if _is_array(item) and np.asarray(concrete(item)).dtype == np.bool_:
        return int(np.ndim(concrete(item)))
    return 1


def _is_array(item: Any) -> bool:
    return isinstance(item, np.ndarray | TracedArray)


def _views(
    tracer: Tracer, array: TracedArray, items: list[Any]
) -> tuple[TracedArray, list[Any]]:
    """The array after slices and None, and the indices into its leading axes."""
    view = array
    indices: list[Any] = []
    waiting = 0
    dim = 0
    for item in items:
        if item is None:
            view = tracer.numpy("expand_dims", (view, dim), {})
            waiting += 1
            dim += 1
        elif isinstance(item, slice):
            view = _slice(tracer, view, dim, item)
            waiting += 1
            dim += 1
        else:
            indices += [None] * waiting
            waiting = 0
            indices.append(_index_array(tracer, item))
            dim += _axes(item)
    return view, indices


def _slice(tracer: Tracer, view: TracedArray, dim: int, part: slice) -> Any:
    if part == slice(None):
        return view
    step = 1 if part.step is None else part.step
    return tracer.numpy("slice", (view, dim, part.start, part.stop, step), {})


def _index_array(tracer: Tracer, item: Any) -> Any:
    if isinstance(item, TracedNumber):
        node = tracer.builder.node("prim::NumToArray", [item.value], [T.ARRAY])
        return TracedArray(tracer, np.asarray(item.concrete), node.output)
    return np.asarray(item) if isinstance(item, int) else item
