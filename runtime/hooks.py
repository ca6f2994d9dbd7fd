"""Hooks: functions that modules, tensors and steps of the tape call, and their handles."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, MutableMapping, Sequence
from itertools import count
from typing import Any

_numbers = count()


class RemovableHandle:
    """What registering a hook returns; `remove()`, or the end of `with`, removes it."""

    def __init__(
        self, hooks: MutableMapping[int, Any], *flags: MutableMapping[int, Any]
    ) -> None:
        self._stores = (hooks, *flags)
        self.id = next(_numbers)

    def remove(self) -> None:
        """Remove the hook; once more does nothing."""
        for store in self._stores:
            store.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def add_hook(
    hooks: OrderedDict[int, Any],
    hook: Callable[..., Any],
    flags: Sequence[tuple[OrderedDict[int, Any], bool]] = (),
    *,
    prepend: bool = False,
) -> RemovableHandle:
    """Register a hook behind the others, or before them.

    Each of `flags` is a store of hooks' numbers, and whether this one joins it.
    """
    handle = RemovableHandle(hooks, *(store for store, _ in flags))
    hooks[handle.id] = hook
    for store, joins in flags:
        if joins:
            store[handle.id] = True
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle
