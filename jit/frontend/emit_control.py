"""Emit branches: `if`, conditional expressions, `and` and `or`.

    if c:                %y : int = prim::If(%c)
        y = 1              block0():
    else:           →        -> (%one)
        y = 2              block1():
    return y                 -> (%two)

A branch returns what it computes and the names that it assigns and that are live after
it. A branch that leaves returns `prim::Uninitialized`, which nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jit.frontend import paths
from jit.frontend import tree as t
from jit.frontend.capturing import transplanted, values_in
from jit.frontend.coerce import common_type
from jit.frontend.environment import Frame, Missing, Variable
from jit.frontend.failures import a_type, fail
from jit.frontend.refine import Condition, Facts, emit_condition, holds
from jit.frontend.sugared import Emitted, Sugared
from jit.ir import types as T
from jit.ir.diagnostic import Label
from jit.ir.graph import Block, Node, Value
from jit.ir.span import Span
from jit.ir.subtyping import is_subtype

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

Emit = Callable[[], Sequence[Emitted]]


@dataclass(slots=True)
class Branch:
    """One block of an `If` or `Try`, emitted, without returns so far."""

    block: Block
    frame: Frame
    results: Sequence[Emitted]
    what: str
    """For messages: "when the condition is true"."""


def emit_if(e: Emitter, node: t.If) -> None:
    """An `if` statement."""
    condition = emit_condition(e, node.test)
    live = e.liveness.after(node)

    def body(statements: tuple[t.Stmt, ...]) -> Emit:
        def emit() -> Sequence[Emitted]:
            e.statements(statements)
            return []

        return emit

    choose(e, condition, body(node.body), body(node.orelse), live=live)


def choose(
    e: Emitter,
    condition: Condition,
    then: Emit,
    orelse: Emit,
    *,
    live: Collection[str] | None = None,
    mixed: Emit | None = None,
) -> list[Emitted]:
    """Run one of two emitters, as the condition says; their results, joined.

    `live` are the names that may be read later; None: all of them. `mixed` tells what
    to do where the results have no common type.
    """
    if condition.static is not None:
        holds(e, condition.then if condition.static else condition.orelse)
        return list(then() if condition.static else orelse())
    span = e.b.span
    node = e.b.node("prim::If", [condition.value])
    branches = []
    ends: list[dict[str, T.Type]] = []
    for emit, facts, what in (
        (then, condition.then, "when the condition is true"),
        (orelse, condition.orelse, "when the condition is false"),
    ):
        block = node.add_block()
        with e.inside(block) as frame:
            holds(e, facts)
            results = emit()
            if not frame.is_closed:
                ends.append(paths.known_paths(e))
        branches.append(Branch(block, frame, results, what))
    joined = join_branches(e, node, branches, live, span, mixed)
    first, second = (b.frame.is_closed for b in branches)
    if first and second:
        e.frame.is_closed = True
    elif first:
        _keep_facts(e, condition.orelse, branches[1].frame)
    elif second:
        _keep_facts(e, condition.then, branches[0].frame)
    paths.join(e, ends)
    return joined


def _keep_facts(e: Emitter, facts: Facts, stays: Frame) -> None:
    """After a branch that left, what holds in the other one goes on holding.

    What is known of paths is kept by `paths.join`.
    """
    assigned = set(stays.assigned())
    kept = {
        n: f for n, f in facts.items() if n not in assigned and not paths.is_path(n)
    }
    holds(e, kept)


def join_branches(
    e: Emitter,
    node: Node,
    branches: list[Branch],
    live: Collection[str] | None,
    span: Span,
    mixed: Emit | None = None,
) -> list[Emitted]:
    """Make the results of branches, and the live names they assign, outputs of a node."""
    staying = [b for b in branches if not b.frame.is_closed]
    count = max((len(b.results) for b in staying), default=0)
    results = [
        _join_result(e, node, branches, staying, i, span, mixed) for i in range(count)
    ]
    names: dict[str, None] = {}
    for branch in branches:
        for name in branch.frame.assigned():
            if live is None or name in live:
                names.setdefault(name)
    for name in names:
        join_name(e, node, branches, staying, name, span)
    return results


def _join_result(
    e: Emitter,
    node: Node,
    branches: list[Branch],
    staying: list[Branch],
    i: int,
    span: Span,
    mixed: Emit | None,
) -> Emitted:
    values = [b.results[i] for b in staying]
    if any(isinstance(v, Sugared) for v in values):
        if all(_is_same(v, values[0]) for v in values):
            return values[0]
        raise fail(
            span, "E0203", "a condition that is known only at run time chooses between"
            " things that are no values",
        )  # fmt: skip
    plain = [v for v in values if isinstance(v, Value)]
    joined = _common(plain)
    if joined is None:
        if mixed is not None:
            mixed()
        types = " and ".join(f"`{v.type}`" for v in plain)
        raise fail(
            span,
            "E0302",
            f"the two alternatives have different types, {types}",
            help="convert one of them",
        )
    return add_output(e, node, branches, {id(b): b.results[i] for b in staying}, joined)


def _is_same(a: Emitted, b: Emitted) -> bool:
    return a.is_same(b) if isinstance(a, Sugared) else a is b


def _common(values: list[Value]) -> T.Type | None:
    joined: T.Type | None = values[0].type
    for value in values[1:]:
        joined = common_type(values[0], value)
    return joined


def add_output(
    e: Emitter,
    node: Node,
    branches: list[Branch],
    values: dict[int, Emitted],
    type: T.Type,
    name: str = "",
) -> Value:
    """An output of a node whose blocks return these values, or nothing that is read."""
    for branch in branches:
        value = values.get(id(branch))
        if not isinstance(value, Value):
            with e.b.inside(branch.block):
                value = e.uninitialized(type)
        branch.block.add_return(value)
    return node.add_output(type, name)


def join_name(
    e: Emitter,
    node: Node,
    branches: list[Branch],
    staying: list[Branch],
    name: str,
    span: Span,
) -> None:
    """Let a name stand for its values in the branches that go on."""
    if not staying:
        return
    found = {id(b): b.frame.find(name) for b in staying}
    lacking = [b for b in staying if not isinstance(found[id(b)], Variable)]
    if lacking:
        e.frame.names[name] = _missing(found[id(lacking[0])], lacking[0], span)
        return
    variables = {k: v for k, v in found.items() if isinstance(v, Variable)}
    chosen = list(variables.values())
    last = chosen[0]
    if any(isinstance(v.value, Sugared) for v in chosen):
        if not all(_is_same(v.value, last.value) for v in chosen):
            e.frame.names[name] = Missing(
                "here: it stands for different things on different paths", span
            )
            return
        e.frame.names[name] = _lifted(e, node, branches, staying, last)
        return
    values = [v.value for v in chosen if isinstance(v.value, Value)]
    if all(v is last for v in chosen) and e.frame.find(name) is last:
        return  # assigned only in a branch that left
    joined = _joined_type(chosen, values)
    if joined is None:
        raise _retyped(name, chosen, span)
    output = add_output(
        e,
        node,
        branches,
        {k: v.value for k, v in variables.items()},
        joined,
        name if name.isidentifier() else "",
    )
    declared = next((v.declared for v in chosen if v.declared is not None), None)
    e.frame.names[name] = Variable(output, last.span, declared)


def _lifted(
    e: Emitter,
    node: Node,
    branches: list[Branch],
    staying: list[Branch],
    variable: Variable,
) -> Variable:
    """A thing that is no value, as it is known after the branch that made it.

    The values that it holds become outputs, where they were made in the branch.
    """

    def lifted(value: Value) -> Value:
        if not _is_inside(value, node):
            return value
        return add_output(e, node, branches, {id(staying[0]): value}, value.type)

    if len(staying) != 1 or not any(
        _is_inside(v, node) for v in values_in(variable.value)
    ):
        return variable
    made = transplanted(variable.value, lifted)
    return Variable(made, variable.span, variable.declared)


def _is_inside(value: Value, node: Node) -> bool:
    """Whether a value was made in a block of a node."""
    block: Block | None = value.node.block
    while block is not None:
        owner = block.owner
        if owner is node:
            return True
        block = None if owner is None else owner.block
    return False


def _joined_type(chosen: list[Variable], values: list[Value]) -> T.Type | None:
    joined = _common(values)
    declared = chosen[0].declared
    if joined is not None or declared is None:
        return joined
    return declared if all(is_subtype(v.type, declared) for v in values) else None


def _missing(found: Variable | Missing | None, branch: Branch, span: Span) -> Missing:
    if isinstance(found, Missing):
        return found
    return Missing(branch.what, span)


def _retyped(name: str, chosen: list[Variable], span: Span) -> Exception:
    first, second = chosen[0], chosen[-1]
    return fail(
        second.span,
        "E0302",
        f"`{name}` is {a_type(first.type)} on one path and {a_type(second.type)} on"
        " the other",
        label=f"`{second.type}` here",
        labels=[Label(first.span, f"`{first.type}` here")],
        help="use two names, or convert one of the values",
    )
