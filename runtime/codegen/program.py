"""Whole graphs, with the functions that they call, as one module of machine code.

    code = compile_graph(graph, "model.f", find_graph)
    code.function(3, 4)

`find_graph(name, types)` gives the optimised graph of another function of the program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.ir as ll
import numpy as np

from jit.ir import types as T
from jit.ir.graph import Graph, Node
from jit.runtime.codegen import (
    calling,
    engine,
    failures,
    host,
    memory,
    ownership,
    threads,
)
from jit.runtime.codegen import target as targets
from jit.runtime.codegen.kernels import Kernel
from jit.runtime.codegen.kinds import (
    Declined,
    Kind,
    ListKind,
    Number,
    StaticKind,
    TensorKind,
    TupleKind,
    kind_of_type,
)
from jit.runtime.codegen.lowering import Reason
from jit.runtime.codegen.native_code import Lowered, NativeCode, seconds_of
from jit.runtime.codegen.region import NodeDeclined, Region, returned_type
from jit.runtime.codegen.values import I64, POINTER
from jit.runtime.gathering import Gathering

FindGraph = Callable[[str, Sequence[T.Type]], Graph]


class Unit:
    """One module while it is made: its functions, and the sites that may fail."""

    def __init__(self, find_graph: FindGraph) -> None:
        self.module = ll.Module("jit")
        self.module.triple = targets.host().triple
        self.module.data_layout = str(targets.machine().target_data)
        self.find_graph = find_graph
        self.sites: list[failures.Site] = []
        self.constants: list[tuple[np.ndarray, Any]] = []
        """Arrays that the code reads, and what a program that returns one gives."""
        self.has_loops = False
        self.has_calls = False
        self.uses_python = False
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

    def function(
        self, key: str, build: Callable[[ll.Module, str], ll.Function]
    ) -> ll.Function:
        """A function of this module that is made once for each key.

        For what is small, or part of the program; for the rest there is `kernel`.
        """
        found = self._functions.get(key)
        if found is None:
            name = self.module.get_unique_name(key)
            found = self._functions[key] = build(self.module, name)
        return found

    def kernel(
        self,
        key: str,
        type: ll.FunctionType,
        build: Callable[[ll.Module, str], ll.Function],
    ) -> ll.Function:
        """A function in a library of its own, see `jit.runtime.codegen.kernels`.

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
        """A function of `jit.runtime.codegen.ownership`."""
        if name == "release":
            unlink = self.ownership("unlink")
            return self.function(
                name, lambda m, n: ownership.make_release(m, n, unlink)
            )
        return self.function(name, getattr(ownership, f"make_{name}"))

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
        results = _declared_results(graph)
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
        made = Region(self, name, function, results).emit(graph, arguments)
        self._being_made.pop()
        self._callees[key] = function, made
        return function, made


def _declared_results(graph: Graph) -> list[Kind] | None:
    """The kinds of the results, if the types say them."""
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
        libraries = [*_services(found), *(k.wanted() for k in found.kernels)]
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
    unit = Unit(find_graph)
    try:
        kinds = [kind_of_type(v.type) for v in graph.inputs]
        inner, results = unit.make_function(graph, name, kinds)
        calling.make_entry(unit, inner, kinds, results, gathering, takes_arrays)
    except NodeDeclined as declined:
        return [Reason(declined.node.full_name, str(declined), declined.node)]
    except Declined as declined:
        return [Reason("graph", str(declined))]
    return Lowered(
        text=str(unit.module),
        kernels=list(unit.kernels.values()),
        tidy=not (unit.has_loops or unit.has_calls),
        sites=unit.sites,
        constants=unit.constants,
        arguments=kinds,
        results=results,
        nests=list(dict.fromkeys(unit.nests)),
    )
