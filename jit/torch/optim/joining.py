"""Updates of several parameters as one compiled function.

A rule of `updates.py` is about one parameter. Here it is written out for some of them, one
after the other, with the same options, so that a step of an optimizer is a few calls of
machine code. Tensors are flat: rank and sizes make no difference, and places that are left
over at the end take tensors without elements.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from jit.runtime import autocast, dispatch
from jit.runtime.autograd import saved
from jit.runtime.tensor import wrap

WIDTH = 4
"""How many parameters one call changes; code for more takes longer to make."""


class Update(NamedTuple):
    """How one parameter is to be changed."""

    rule: Callable[..., Any]
    p: Any
    gradient: Any
    state: dict[str, Any]
    names: Sequence[str | None]
    """Of the tensors in the state that the rule gives anew; None for one to forget."""
    held: Sequence[Any]
    """The tensors that the rule takes."""
    options: tuple[float, ...]


def run(updates: Sequence[Update]) -> None:
    """Write parameters and their state, in their own dtypes."""
    if dispatch.caster is None:
        _run(updates)
        return
    with autocast.casting(None):
        _run(updates)


def _run(updates: Sequence[Update]) -> None:
    together: dict[Any, list[tuple[Update, list[Any]]]] = {}
    for update in updates:
        flat = _flat(update)
        if flat is None:
            _run_one(update)
            continue
        key = (update.rule, update.options, *[x.dtype for x in flat])
        together.setdefault(key, []).append((update, flat))
    for group in together.values():
        for start in range(0, len(group), WIDTH):
            _run_some(group[start : start + WIDTH])


def _flat(update: Update) -> list[Any] | None:
    """Parameter, gradient and state as flat arrays; None if they cannot be seen so."""
    target = update.p.array
    arrays = [target, *[x.array for x in update.held]]
    if not all(a.flags.c_contiguous for a in arrays) or not target.flags.writeable:
        return None
    if any(a.shape != target.shape for a in (update.gradient.array, *arrays)):
        return None
    arrays.insert(1, update.gradient.array)
    return [a.reshape(-1) for a in arrays]


def _run_some(group: Sequence[tuple[Update, list[Any]]]) -> None:
    first, flat = group[0]
    tensors = [wrap(a) for _, arrays in group for a in arrays]
    missing = WIDTH - len(group)
    tensors += [wrap(a[:0].copy()) for _ in range(missing) for a in flat]
    found = _joined(first.rule)(*tensors, *first.options)
    count = len(first.names)
    for place, (update, _) in enumerate(group):
        saved.note_write(update.p.array)
        own = found[place * count : place * count + count] if count else ()
        shape = update.p.array.shape
        _keep(update, [wrap(x.array.reshape(shape)) for x in own])


def _run_one(update: Update) -> None:
    """Change a parameter as it lies."""
    found = _compiled(update.rule)(
        update.p.detach(), update.gradient, *update.held, *update.options
    )
    made, *state = found if isinstance(found, tuple) else (found,)
    update.p.detach().copy_(made)
    _keep(update, state)


def _keep(update: Update, made: Sequence[Any]) -> None:
    for name, tensor in zip(update.names, made, strict=True):
        if name is not None:
            update.state[name] = tensor


@functools.cache
def _compiled(rule: Callable[..., Any]) -> Any:
    """An update rule as compiled code."""
    from jit.modules.script import script

    return script(rule)


@functools.cache
def _joined(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule for several parameters: their tensors one after the other, then options."""
    from jit.ir import types as T
    from jit.ir.builder import Builder
    from jit.ir.clone import clone_nodes
    from jit.ir.graph import Graph
    from jit.ir.program import Function, Program
    from jit.ir.schema import parse_schema
    from jit.modules.script_function import ScriptFunction

    source = _compiled(rule).graph
    kinds = [v.type for v in source.inputs]
    count = kinds.count(T.TENSOR)
    graph = Graph()
    tensors = [
        graph.add_input(T.TENSOR, f"{v.name}{place}")
        for place in range(WIDTH)
        for v in source.inputs[:count]
    ]
    options = [graph.add_input(v.type, v.name) for v in source.inputs[count:]]
    builder = Builder(graph)
    results = []
    for place in range(WIDTH):
        own = tensors[place * count : (place + 1) * count]
        mapping: dict[Any, Any] = dict(
            zip(source.inputs, [*own, *options], strict=True)
        )
        (made,) = clone_nodes(source.block, graph.block.result, mapping)
        parts = builder.unpack(made) if made.type != T.TENSOR else [made]
        builder.op("aten::copy_", own[0], parts[0])
        results += parts[1:]
    graph.block.add_return(builder.tuple(results))
    name = f"{rule.__name__}_of_{WIDTH}"
    arguments = ", ".join(f"{v.type} {v.name}" for v in graph.inputs)
    schema = parse_schema(f"{name}({arguments}) -> {graph.outputs[0].type}")
    program = Program()
    program.add_function(Function(name, graph, schema))
    return ScriptFunction(program, {tuple(v.type for v in graph.inputs): name})
