"""Functions that are given modules, specialised for what the modules hold.

Weights become inputs of a dtype and rank, flags and names become constants. A call reads
them anew: one whose modules hold something of another kind gets another version.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.dtypes import DType
from jit.ir.graph import Graph
from jit.passes.lift_attributes import (
    Attribute,
    Choice,
    Fixed,
    drop_unused_inputs,
    lift,
)
from jit.runtime import bytecode
from jit.runtime.bytecode import Code
from jit.runtime.executor.specialisation import type_of_argument
from jit.runtime.gathering import Gathering, Guard, Slot, is_same
from jit.runtime.objects import Object
from jit.runtime.parameter import Parameter
from jit.runtime.tensor import Tensor

_LARGEST = 2**31 - 1
"""Larger sizes of attributes stay open."""

MOST_VERSIONS = 16
"""So many versions of a function are kept for what modules hold."""


def takes_modules(values: Sequence[Any]) -> bool:
    """Whether some argument is a module."""
    return any(
        isinstance(v, Object) and isinstance(v.type, T.ModuleType) for v in values
    )


def interpreter(
    code: Code, gathering: Gathering | None, again: Callable[..., Any]
) -> Callable[..., Any]:
    """A function that interprets code, whose inputs may have to be gathered first.

    `again` takes the calls whose modules hold something else by now.
    """
    if gathering is None:
        return lambda *args: bytecode.run(code, args)

    def run(*args: Any) -> Any:
        found = gathering.gather(args)
        return again(*args) if found is None else bytecode.run(code, found)

    return run


class Versions:
    """The versions of a function for what the modules among its arguments hold."""

    def __init__(
        self,
        graph: Graph,
        optimize: Callable[[Graph, Sequence[T.Type]], Graph],
        make: Callable[[Graph, Gathering], Any],
    ) -> None:
        self._graph = graph
        self._optimize = optimize
        self._make = make
        self.seconds = 0.0
        """How long it took to make them."""
        self._count = 0
        self._found: list[tuple[Gathering, Any]] = []
        self._open: set[Attribute] = set()
        """Numbers, and sizes of tensors, that have changed once: they are open then."""
        self._fixed: dict[Attribute, Any] = {}
        """Numbers, and sizes of tensors, for which the last version is made."""

    def find(self, values: Sequence[Any]) -> Any:
        """What is ready for these arguments; made if there is nothing yet."""
        for gathering, made in self._found:
            if gathering.gather(values) is not None:
                return made
        start = time.perf_counter()
        graph, gathering = self._lift(values)
        made = self._make(graph, gathering)
        self.seconds += time.perf_counter() - start
        self._count += 1
        # the list is replaced, because other threads may be reading it
        self._found = [(gathering, made), *self._found[: MOST_VERSIONS - 1]]
        return made

    @property
    def later(self) -> int:
        """How many versions were made after the first one."""
        return max(self._count - 1, 0)

    @property
    def all(self) -> list[Any]:
        """Everything that was made and is kept, the first one first."""
        return [made for _, made in reversed(self._found)]

    def _lift(self, values: Sequence[Any]) -> tuple[Graph, Gathering]:
        """The optimised graph for what modules hold now, and where its inputs are."""
        for attribute, value in self._fixed.items():
            held = _read(values, attribute)
            if isinstance(held, Tensor):
                held = held.array.shape
            if not is_same(held, value):
                self._open.add(attribute)
        self._fixed = {}
        graph = self._graph.copy()
        for given, value in zip(graph.inputs, values, strict=True):
            given.type = type_of_argument(value, given.type)
        guards: dict[Attribute, Any] = {}
        lifted = lift(graph, partial(self._choose, values, guards))
        graph = self._optimize(graph, [v.type for v in graph.inputs])
        places: list[Any] = [*range(len(values)), *lifted]
        kept = drop_unused_inputs(
            graph,
            lambda i: (
                i >= len(values) or isinstance(graph.inputs[i].type, T.ModuleType)
            ),
        )
        inputs = [places[i] for i in kept]
        types = [v.type for v in graph.inputs]
        return graph, _gathering(values, inputs, types, guards)

    def _choose(
        self,
        values: Sequence[Any],
        guards: dict[Attribute, Any],
        attribute: Attribute,
        declared: T.Type,
    ) -> Choice:
        """What becomes of an attribute that the graph only reads."""
        value = _read(values, attribute)
        if isinstance(value, Object):
            if not isinstance(value.type, T.ModuleType):
                return None
            guards[attribute] = value
            return value.type
        if type(value) in (Tensor, Parameter):
            found = type_of_argument(value, T.TENSOR)
            assert isinstance(found, T.TensorType)
            if attribute in self._open or max(value.array.shape, default=0) > _LARGEST:
                return found
            self._fixed[attribute] = value.array.shape
            return T.TensorType(found.dtype, value.array.shape)
        if type(value) in (int, float) and attribute in self._open:
            return T.INT if type(value) is int else T.FLOAT
        if _is_fixed(value):
            guards[attribute] = value
            if type(value) in (int, float):
                self._fixed[attribute] = value
            return Fixed(value)
        return None


def _is_fixed(value: Any) -> bool:
    """Whether a value never changes, and can be a constant."""
    if isinstance(value, tuple):
        return type(value) is tuple and all(map(_is_fixed, value))
    return value is None or type(value) in (bool, int, float, str, DType)


_MISSING = object()


def _read(values: Sequence[Any], attribute: Attribute) -> Any:
    held = values[attribute.argument]
    for name in attribute.path:
        held = held.slots.get(name, _MISSING) if isinstance(held, Object) else _MISSING
    return held


def _gathering(
    values: Sequence[Any],
    inputs: Sequence[int | Attribute],
    types: Sequence[T.Type],
    guards: dict[Attribute, Any],
) -> Gathering:
    """How inputs are found that are arguments or attributes."""
    owners: dict[tuple[int, tuple[str, ...]], int] = {}
    roots = [i for i, v in enumerate(values) if takes_modules([v])]
    for index in roots:
        owners[index, ()] = len(owners)
    steps: list[Slot] = []

    def slot(argument: int, path: tuple[str, ...]) -> Slot:
        above = argument, path[:-1]
        if above not in owners:
            steps.append(slot(*above))
            owners[above] = len(owners)
        return Slot(owners[above], path[-1])

    places: list[int | Slot] = []
    fits: list[Any] = []
    for place, type in zip(inputs, types, strict=True):
        if isinstance(place, Attribute):
            fits.append(_fits_for(type))
            places.append(slot(place.argument, place.path))
        else:
            fits.append(None)
            places.append(place)
    made = tuple(Guard(slot(a.argument, a.path), v) for a, v in guards.items())
    return Gathering(
        len(values),
        tuple((i, values[i].type) for i in roots),
        tuple(steps),
        tuple(places),
        tuple(types),
        tuple(fits),
        made,
    )


def _fits_for(wanted: T.Type) -> Callable[[Any], bool]:
    """Whether a value of an attribute may be given for an input of a type."""
    if isinstance(wanted, T.TensorType):
        assert wanted.dtype is not None and wanted.sizes is not None
        return partial(_is_tensor, wanted.dtype.numpy, wanted.sizes)
    cls = int if wanted == T.INT else float
    return lambda value: type(value) is cls


def _is_tensor(dtype: np.dtype[Any], sizes: tuple[int | None, ...], value: Any) -> bool:
    if type(value) not in (Tensor, Parameter):
        return False
    array = value.array
    if array.dtype != dtype or array.ndim != len(sizes):
        return False
    return all(n in (None, m) for n, m in zip(sizes, array.shape, strict=True))
