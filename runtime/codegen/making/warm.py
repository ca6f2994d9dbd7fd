"""Machine code of whole graphs from disk, without lowering them.

A process that meets a graph for the first time, but whose machine has made code of an
equal one, takes it by a key of the graph's own text: no lowering, no LLVM. What belongs
to the code, such as the sites that may fail, is made when it is asked for, by lowering
the graph after all.

The key holds the text of the graph, in which large arrays are named by dtype and shape
alone, because no code depends on what they hold; how they lie in memory; where inputs are
gathered; the sources of this package, versions, and the
machine. A graph that calls other functions, or whose operators are defined elsewhere, has
no key: what these mean is not in its text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jit.ir import printer
from jit.ir import types as T
from jit.ir.graph import Block, Graph, Node
from jit.ir.registry import find_card
from jit.runtime.bytecode.constants import runtime_constant
from jit.runtime.codegen import host
from jit.runtime.codegen.calls.attributes import Names, names_of
from jit.runtime.codegen.making import cache, engine
from jit.runtime.codegen.making.collecting import collection_paused
from jit.runtime.codegen.native_code import Lowered, NativeCode, seconds_of
from jit.runtime.gathering import Gathering
from jit.runtime.promotion import get_default_dtype

if TYPE_CHECKING:
    from jit.runtime.codegen.lowering import Reason

FindGraph = Callable[[str, Sequence[T.Type]], Graph]


def compile_graph(
    graph: Graph,
    name: str,
    find_graph: FindGraph,
    gathering: Gathering | None = None,
    takes_arrays: bool = False,
) -> NativeCode | list[Reason]:
    """As that of `jit.runtime.codegen.program`, with code from disk if there is some."""
    with collection_paused():
        return _compile_graph(graph, name, find_graph, gathering, takes_arrays)


def _compile_graph(
    graph: Graph,
    name: str,
    find_graph: FindGraph,
    gathering: Gathering | None,
    takes_arrays: bool,
) -> NativeCode | list[Reason]:
    def lower() -> Lowered | list[Reason]:
        from jit.runtime.codegen.program import lower_graph

        return lower_graph(graph, name, find_graph, gathering, takes_arrays)

    with seconds_of("cache") as seconds:
        key = _key(graph, name, gathering, takes_arrays)
        found = None if key is None else _find(key, graph, gathering)
    if found is not None:
        library, constants, digest = found
        return NativeCode(name, library, constants, _again(lower, digest), seconds)
    from jit.runtime.codegen import program

    made = program.compile_graph(graph, name, find_graph, gathering, takes_arrays)
    if key is not None and isinstance(made, NativeCode):
        _store(key, made.lowered, graph)
    return made


def _again(
    lower: Callable[[], Lowered | list[Reason]], digest: str
) -> Callable[[], Lowered]:
    """What makes the module of code that was found."""

    def make() -> Lowered:
        lowered = lower()
        if not isinstance(lowered, Lowered) or _module_digest(lowered.text) != digest:
            raise RuntimeError(
                "the machine code from the cache is not what would be made now;"
                " `trs cache --clear` empties the cache"
            )
        return lowered

    return make


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _module_digest(text: str) -> str:
    """The digest of a module, whatever places the slots have in this process."""
    return _digest(host.with_names_of_slots(text))


# the key ----------------------------------------------------------------------------


def _key(
    graph: Graph, name: str, gathering: Gathering | None, takes_arrays: bool
) -> str | None:
    """What the code depends on; None if that cannot be told."""
    layouts = []
    for node in _nodes(graph.block):
        if node.kind.startswith("prim::Call") or "name" in node.attributes:
            return None
        card = find_card(node.kind, node.overload)
        if card is not None and not card.__module__.startswith("jit.runtime.ops."):
            return None
        layouts += [(a.strides, a.flags.writeable) for a in _arrays(node)]
    words = [
        printer.format_graph(_without_numbers(graph), overloads=True),
        repr(layouts), repr(_sharing(graph)), name,
        f"{takes_arrays} {get_default_dtype()!r}",
    ]  # fmt: skip
    if gathering is not None:
        names, places = names_of(gathering)
        kinds = [type(n).__name__ for n in names.objects]
        roots = [(index, str(type)) for index, type in gathering.roots]
        words.append(
            f"{gathering.count} {roots} {gathering.steps} {gathering.inputs}"
            f" {[guard.slot for guard in gathering.guards]} {places} {kinds}"
        )
    return _digest("\0".join(words))


_FEW = 1024
"""Elements of a constant that are part of the key. What larger ones hold, code never
depends on: it reads them by their address, or packs them when it runs."""


def _without_numbers(graph: Graph) -> Graph:
    """A copy to be printed, in which large constants are named by dtype and shape: to
    digest the weights of a network takes longer than to load its code."""
    copy = graph.copy()
    for node in _constant_nodes(copy):
        array = node.attributes["value"]
        if array.size > _FEW:
            node.attributes["value"] = f"{array.dtype!r} {array.shape}"
    return copy


def _sharing(graph: Graph) -> list[tuple[int, int]]:
    """Which constants are one array, and which lie at one place: for each of them the
    first that is or does so. Code reads such numbers, and has them packed, once."""
    objects: dict[int, int] = {}
    places: dict[Any, int] = {}
    found = []
    for index, node in enumerate(_constant_nodes(graph)):
        array = node.attributes["value"]
        place = array.__array_interface__["data"][0], array.shape, array.strides
        first = objects.setdefault(id(array), index)
        found.append((first, places.setdefault(place, index)))
    return found


def _nodes(block: Block) -> Iterator[Node]:
    """All nodes, also those of graphs that are attributes."""
    for node in block.all_nodes:
        yield node
        for value in node.attributes.values():
            if isinstance(value, Graph):
                yield from _nodes(value.block)


def _arrays(node: Node) -> Iterator[np.ndarray]:
    pending = list(node.attributes.values())
    while pending:
        value = pending.pop()
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, tuple):
            pending += value


# constants --------------------------------------------------------------------------


def _constant_nodes(graph: Graph) -> list[Node]:
    return [
        node
        for node in _nodes(graph.block)
        if isinstance(node.attributes.get("value"), np.ndarray)
    ]


def _described(lowered: Lowered, graph: Graph) -> list[Any] | None:
    """How the constants of the code are found again; None if they cannot be."""
    # only what lowers, or has packed constants, needs the generators of products
    from jit.runtime.codegen.products.packed_constants import Panels, describe

    arrays = [node.attributes["value"] for node in _constant_nodes(graph)]
    places = {id(array): index for index, array in enumerate(arrays)}
    found: list[Any] = []
    for array, holder in lowered.constants:
        if isinstance(holder, Names):
            found.append("names")
        elif id(array) in places:
            found.append([places[id(array)], holder is not None])
        elif isinstance(array, Panels):
            described = describe(array, arrays)
            if described is None:
                return None
            found.append(["packed", described])
        elif holder is None and array.dtype == np.uint8 and not array.any():
            found.append(["zeros", array.size])
        else:
            return None
    return found


def _constants(
    described: list[Any], graph: Graph, gathering: Gathering | None
) -> list[tuple[np.ndarray, Any]]:
    nodes = _constant_nodes(graph)
    found: list[tuple[np.ndarray, Any]] = []
    for entry in described:
        match entry:
            case "names":
                assert gathering is not None
                names, _ = names_of(gathering)
                found.append((names.addresses, names))
            case ["packed", way]:
                from jit.runtime.codegen.products.packed_constants import make_again

                arrays = [node.attributes["value"] for node in nodes]
                found.append((make_again(way, arrays), None))
            case ["zeros", size]:
                found.append((np.zeros(size, np.uint8), None))
            case [index, is_held]:
                array = nodes[index].attributes["value"]
                holder = runtime_constant(nodes[index]) if is_held else None
                found.append((array, holder))
    return found


# disk -------------------------------------------------------------------------------


def _store(key: str, lowered: Lowered, graph: Graph) -> None:
    constants = _described(lowered, graph)
    if constants is None:
        return
    places = host.places_of(host.slots_of(lowered.text))
    recipe = {
        "code": engine.key_of(lowered.text, tidy=lowered.tidy),
        "text": _module_digest(lowered.text),
        "places": [(name, p.index, p.home) for name, p in places.items()],
        "kernels": [(k.symbol, k.typed_key) for k in lowered.kernels],
        "constants": constants,
    }
    cache.store(engine.full_key(f"graph {key}"), json.dumps(recipe).encode())


def _find(
    key: str, graph: Graph, gathering: Gathering | None
) -> tuple[engine.Library, list[tuple[np.ndarray, Any]], str] | None:
    """The code of a graph, its constants, and the digest of its module."""
    stored = cache.find(engine.full_key(f"graph {key}"))
    if stored is None:
        return None
    recipe = json.loads(stored)
    uses = {}
    for symbol, kernel in recipe["kernels"]:
        library = engine.find_made(kernel, [symbol])
        if library is None:
            return None
        uses[symbol] = library
    places = {name: host.Place(index, home) for name, index, home in recipe["places"]}
    code = engine.find_code(recipe["code"], ["entry"], places, uses)
    if code is None:
        return None
    return code, _constants(recipe["constants"], graph, gathering), recipe["text"]
