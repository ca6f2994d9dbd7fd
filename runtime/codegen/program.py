"""Whole graphs, with the functions that they call, as one module of machine code.

    code = compile_graph(graph, "model.f", find_graph)
    code.function(3, 4)

`find_graph(name, types)` gives the optimised graph of another function of the program.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import llvmlite.ir as ll
import numpy as np

from jit.ir import types as T
from jit.ir.graph import Block, Graph, Node, Value
from jit.runtime.codegen import failures, host
from jit.runtime.codegen.calls import calling
from jit.runtime.codegen.kinds import (
    Declined,
    Kind,
    ListKind,
    Number,
    ObjectKind,
    StaticKind,
    TensorKind,
    TupleKind,
    kind_of_type,
)
from jit.runtime.codegen.lowering import Reason
from jit.runtime.codegen.making import engine
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.making.kernels import Kernel
from jit.runtime.codegen.native_code import AN_OBJECT, Lowered, NativeCode, seconds_of
from jit.runtime.codegen.objects import escapes, interpreted
from jit.runtime.codegen.process import memory, ownership, threads
from jit.runtime.codegen.region import NodeDeclined, Region, returned_type
from jit.runtime.codegen.values import I64, POINTER
from jit.runtime.gathering import Gathering

FindGraph = Callable[[str, Sequence[T.Type]], Graph]


class Unit:
    """One module while it is made: its functions, and the sites that may fail."""

    def __init__(self, find_graph: FindGraph, *, objects: bool = False) -> None:
        self.objects = objects
        """Whether there are Python objects: then the GIL is kept."""
        self.module = ll.Module("jit")
        self.module.triple = targets.host().triple
        self.module.data_layout = str(targets.machine().target_data)
        self.find_graph = find_graph
        self.sites: list[failures.Site] = []
        self.constants: list[tuple[np.ndarray, Any]] = []
        """Arrays that the code reads, and what a program that returns one gives."""
        self.root: Graph | None = None
        """The graph that Python calls."""
        self._local: dict[Value, bool] = {}
        self.boxed: dict[Node, Reason] = {}
        """Nodes that call the interpreter's function, and why."""
        self.settler = functools.partial(failures.settle, self.sites)
        self.has_loops = False
        self.has_calls = False
        self.uses_python = objects
        """Whether functions of Python are called, which needs its global lock."""
        self.writes = False
        """Whether arguments may be written to."""
        self.kernels: dict[str, Kernel] = {}
        """The kernels that the code calls, by their keys."""
        self.nests: list[str] = []
        """The loop nests that the code runs, as text, in the order they were made."""
        self._functions: dict[str, ll.Function] = {}
        self._callees: dict[Any, tuple[ll.Function, list[Kind]]] = {}
        self._being_made: list[Any] = []

    def add_site(self, node: Node, function: str) -> failures.Site:
        """A new place that may fail or call."""
        site = failures.Site(len(self.sites), node, function)
        self.sites.append(site)
        return site

    def add_constant(self, array: np.ndarray, holder: Any) -> int:
        """The place of an array in the table of constants."""
        for index, (known, kept) in enumerate(self.constants):
            if known is array and kept is holder:
                return index
        self.constants.append((array, holder))
        return len(self.constants) - 1

    def add_object(self, value: Any) -> int:
        """The place of a Python object in the table of constants."""
        return self.add_constant(value, AN_OBJECT)

    def is_local(self, value: Value) -> bool:
        """Whether a list of numbers stays in machine code."""
        found = self._local.get(value)
        if found is None:
            assert self.root is not None
            found = self._local[value] = escapes.is_local(value, self.root)
        return found

    def note_boxed(self, node: Node, why: str) -> None:
        """Say that a node is a call of the interpreter's function."""
        self.boxed[node] = Reason(node.full_name, why, node)

    def interpreted(self, node: Node) -> Callable[..., Any]:
        """A function that runs, on the interpreter, what a node calls."""
        return interpreted.function_of(node, self.find_graph)

    def function(
        self, key: str, build: Callable[[ll.Module, str], ll.Function]
    ) -> ll.Function:
        """A function of this module that is made once for each key.

        For what is small, or part of the program; for the rest there is `kernel`.
        """
        found = self._functions.get(key)
        if found is None:
            name = self.module.get_unique_name(key)
            try:
                found = self._functions[key] = build(self.module, name)
            except Declined:
                self.module.globals.pop(name, None)
                raise
        return found

    def kernel(
        self,
        key: str,
        type: ll.FunctionType,
        build: Callable[[ll.Module, str], ll.Function],
    ) -> ll.Function:
        """A function in a library of its own, see `jit.runtime.codegen.making.kernels`.

        `build` makes the function, of this type, with what it calls, in the module that
        it is given. It is called later, or never: where the kernel is in the process or
        on disk already. `key` says all that the code depends on.
        """
        found = self._functions.get(key)
        if found is None:
            kernel = self.kernels[key] = Kernel(key, type, build)
            found = self._functions[key] = kernel.declare(self.module)
        return found

    def ownership(self, name: str) -> ll.Function:
        """A function of `jit.runtime.codegen.process.ownership`."""
        needed = [self.ownership(n) for n in ownership.NEEDED.get(name, ())]
        make = getattr(ownership, f"make_{name}")
        return self.function(name, lambda m, n: make(m, n, *needed))

    def argument_kinds(self, graph: Graph) -> list[Kind]:
        """How the arguments of a call from Python are held."""
        if not self.objects:
            return [kind_of_type(v.type) for v in graph.inputs]
        from jit.runtime.codegen.objects.conversions import held_kind

        return [
            kind_of_type(v.type)
            if escapes.is_list_of_numbers(v.type) and self.is_local(v)
            else held_kind(v.type)
            for v in graph.inputs
        ]

    def callee(
        self, name: str, kinds: Sequence[Kind]
    ) -> tuple[ll.Function, list[Kind]]:
        """A function of the program for arguments of some kinds, and its results."""
        key = (name, tuple(kinds))
        found = self._callees.get(key)
        if found is None and key in self._being_made:
            raise Declined("a function calls itself and its result is not known")
        if found is None:
            graph = self.find_graph(name, [type_of_kind(k) for k in kinds])
            found = self.make_function(graph, name, kinds)
        return found

    def make_function(
        self, graph: Graph, name: str, kinds: Sequence[Kind]
    ) -> tuple[ll.Function, list[Kind]]:
        """Make the machine code of a graph. Declined if that is not possible."""
        results = self._declared_results(graph, name)
        returned = returned_type(results or [])
        given = [t for k in kinds for t in k.leaf_types()]
        type = ll.FunctionType(returned, [POINTER, I64, *given])
        function = ll.Function(self.module, type, self.module.get_unique_name(name))
        function.linkage = "internal"
        function.attributes.add("nounwind")
        key = (name, tuple(kinds))
        if results is not None:
            self._callees[key] = function, results  # a function may call itself
        arguments, start = [], 2
        for kind in kinds:
            end = start + len(kind.leaf_types())
            arguments.append(kind.build(function.args[start:end]))
            start = end
        self._being_made.append(key)
        try:
            made = Region(self, name, function, results).emit(graph, arguments)
        finally:
            self._being_made.pop()
        self._callees[key] = function, made
        return function, made

    def _declared_results(self, graph: Graph, name: str) -> list[Kind] | None:
        """The kinds of the results, if the types say them."""
        if self.objects:
            from jit.runtime.codegen.objects.conversions import held_kind

            # what calls itself must know what it gives before it is made
            again = any(made == name for made, _ in self._being_made)
            if not again and not interpreted.calls_itself(graph, name):
                return None
            return [held_kind(v.type) for v in graph.outputs]
        try:
            return [kind_of_type(v.type) for v in graph.outputs]
        except Declined:
            return None


def border_reason(type: T.Type, *, is_result: bool) -> str:
    """Why values of a type do not go into machine code, or come out; empty if they do."""
    if type == T.NONE:
        return ""
    try:
        kind = kind_of_type(type)
    except Declined as declined:
        return "" if is_result and T.is_tensor_like(type) else str(declined)
    return "" if calling.is_boxed(kind) else f"a `{type}` at the border of a region"


def type_of_kind(kind: Kind) -> T.Type:
    """The type of the values of a kind."""
    match kind:
        case Number(type):
            return type
        case StaticKind(None):
            return T.NONE
        case TupleKind(items, type):
            return type or T.TupleType(tuple(map(type_of_kind, items)))
        case TensorKind(dtype, rank, is_array):
            make: Any = T.ArrayType if is_array else T.TensorType
            result: T.Type = make(dtype, (None,) * rank)
            return result
        case ListKind(element):
            return T.ListType(element.type)
        case ObjectKind(type):
            return type
    raise Declined(f"no type says {kind}")


def compile_graph(
    graph: Graph,
    name: str,
    find_graph: FindGraph,
    gathering: Gathering | None = None,
    takes_arrays: bool = False,
) -> NativeCode | list[Reason]:
    """Machine code of a whole graph, or why there is none.

    `gathering` says where the inputs are, if they are not the arguments of a call. With
    `takes_arrays` a call gives arrays for Tensors, and gets arrays.
    """
    with seconds_of("lowering") as seconds:
        found = lower_graph(graph, name, find_graph, gathering, takes_arrays)
    if isinstance(found, list):
        return found
    with seconds_of("llvm", seconds):
        libraries = [*(k.wanted() for k in found.kernels), *_services(found)]
        engine.make_ready(libraries, found.text, tidy=found.tidy)
        uses = {kernel.symbol: kernel.load() for kernel in found.kernels}
        library = engine.load(found.text, ["entry"], tidy=found.tidy, uses=uses)
    return NativeCode(name, library, found.constants, lambda: found, seconds)


def _services(lowered: Lowered) -> list[engine.Wanted]:
    """The libraries behind the slots of a module, as far as they are worth a thread."""
    slots = host.slots_of(lowered.text)
    found = [memory.wanted()] if "allocate" in slots else []
    if "parallel" in slots or lowered.kernels:
        found.append(threads.wanted())
    return found


def lower_graph(
    graph: Graph,
    name: str,
    find_graph: FindGraph,
    gathering: Gathering | None = None,
    takes_arrays: bool = False,
) -> Lowered | list[Reason]:
    """A graph as a module of LLVM, with what belongs to it, or why that cannot be."""
    border = Border(gathering, takes_arrays)
    try:
        return _compile(Unit(find_graph), graph, name, border)
    except Declined as declined:
        numbers = declined
    try:
        if takes_arrays:
            raise numbers
        return _compile_objects(find_graph, graph, name, border)
    except NodeDeclined as declined:
        return [Reason(declined.node.full_name, str(declined), declined.node)]
    except Declined as declined:
        return [Reason("graph", str(declined))]


class Border(NamedTuple):
    """How a call from Python gives arguments."""

    gathering: Gathering | None
    takes_arrays: bool


def _has_list(kind: Kind) -> bool:
    if isinstance(kind, TupleKind):
        return any(map(_has_list, kind.items))
    return isinstance(kind, ListKind)


def _values(block: Block) -> Iterator[Value]:
    yield from block.params
    for node in block.nodes:
        yield from node.outputs
        for inner in node.blocks:
            yield from _values(inner)


def _compile_objects(
    find_graph: FindGraph, graph: Graph, name: str, border: Border
) -> Lowered:
    return _compile(Unit(find_graph, objects=True), graph, name, border)


def _compile(unit: Unit, graph: Graph, name: str, border: Border) -> Lowered:
    unit.root = graph
    kinds = unit.argument_kinds(graph)
    inner, results = unit.make_function(graph, name, kinds)
    if not unit.objects and any(map(_has_list, (*kinds, *results))):
        for value in _values(graph.block):
            if not unit.is_local(value):
                raise Declined("a list of numbers is shared with others")
    calling.make_entry(unit, inner, kinds, results, *border)
    return Lowered(
        text=str(unit.module),
        kernels=list(unit.kernels.values()),
        tidy=not (unit.has_loops or unit.has_calls),
        sites=unit.sites,
        constants=unit.constants,
        arguments=kinds,
        results=results,
        boxed=list(unit.boxed.values()),
        nests=list(dict.fromkeys(unit.nests)),
    )
