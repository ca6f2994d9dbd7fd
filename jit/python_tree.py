"""Graph -> Python's syntax tree: statements, names, and what is written inside of what.

    %1 : Tensor = aten::add(%x, %y, %one)
    %2 : Tensor = aten::relu(%1)             →      return torch.relu(x + y)
    return (%2)

A value that is read once is written where it is read, unless something would then run
in another order. `prim::If`, `prim::Loop` and `prim::Try` become statements again.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator, Sequence

from jit.ir import types as T
from jit.ir.graph import NOT_CONSTANT, Block, Graph, Node, Value
from jit.ir.naming import names_of
from jit.ir.program import Function
from jit.ir.schema import REQUIRED, Argument
from jit.python_expressions import (
    Expressions,
    annotation,
    assign,
    call,
    constant,
    member_or_constant,
    name,
)

FOREVER = 9223372036854775807
UNPACKING = ("prim::TupleUnpack", "prim::ListUnpack")
"""Kinds that give all items at once, also where there is only one."""
WRITTEN_WHERE_READ = ("prim::Constant", "prim::Uninitialized")
RESERVED = frozenset({"torch", "np", "ops", "CONSTANTS", "range", "self", "Tensor"})


def function_tree(source: Function | Graph) -> tuple[ast.Module, list[Value]]:
    """The definition of a function as Python's tree, after its fusion groups, and the
    constants that it calls `CONSTANTS.c0`, `CONSTANTS.c1`, ..."""
    graph = source.graph if isinstance(source, Function) else source
    writer = _Writer(graph)
    definition = writer.definition(source)
    module = ast.Module([*writer.groups, definition], [])
    return module, list(writer.expressions.arrays)


def _define(
    title: str, args: ast.arguments, returns: ast.expr, body: list[ast.stmt]
) -> ast.stmt:
    made = ast.FunctionDef(
        name=title,
        args=args,
        body=body or [ast.Pass()],
        decorator_list=[],
        returns=returns,
        type_comment=None,
    )
    setattr(made, "type_params", [])  # noqa: B010  a field since Python 3.12
    return made


class _Writer:
    """Writes the blocks of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.names = _python_names(graph)
        self.groups: list[ast.stmt] = []
        """Definitions of fusion groups, which the function calls."""
        self.expressions = Expressions(self._text, self._group_name)
        self.pending: list[tuple[Value, ast.expr]] = []
        """Values that were computed and not written yet, in order."""
        self.aliases: dict[Value, str] = {}
        """Names of values that live in the variable of another."""
        self.body: list[ast.stmt] = []

    def definition(self, source: Function | Graph) -> ast.stmt:
        """The whole function."""
        for value in self.graph.inputs:
            self.aliases[value] = self.names[value]
        if isinstance(source, Function):
            title = source.name.rpartition(".")[2]
            args = _arguments(self, source.schema.arguments)
            returns = annotation(source.schema.returns[0].type)
        else:
            title = "graph"
            inputs = [Argument(self.names[v], v.type) for v in self.graph.inputs]
            args = _arguments(self, inputs)
            outputs = [annotation(v.type) for v in self.graph.outputs]
            returns = (
                outputs[0] if len(outputs) == 1 else ast.Tuple(outputs, ast.Load())
            )
        body = self.block(self.graph.block)
        results = self.take(self.graph.outputs)
        self.flush(body)
        result = results[0] if len(results) == 1 else ast.Tuple(results, ast.Load())
        if self.ends_by_raising(self.graph.block):
            return _define(title, args, returns, body)
        return _define(title, args, returns, [*body, ast.Return(result)])

    # blocks -------------------------------------------------------------------

    def block(self, block: Block) -> list[ast.stmt]:
        """The statements of a block; what its end reads may still be pending."""
        saved, self.body = self.body, []
        body = self.body
        for node in block.nodes:
            self.node(node)
        self.body = saved
        return body

    def inner(self, block: Block, targets: Sequence[Value]) -> list[ast.stmt]:
        """A nested block that leaves its returns in the variables of other values."""
        assert not self.pending
        body = self.block(block)
        if self.ends_by_raising(block):
            self.flush(body)
            return body
        wanted = [
            (self.text(target), value)
            for target, value in zip(targets, block.returns, strict=True)
        ]
        saved, self.body = self.body, body
        values = self.take([v for _, v in wanted])
        self.flush(body)
        pairs = [
            (target, value)
            for (target, _), value in zip(wanted, values, strict=True)
            if not (isinstance(value, ast.Name) and value.id == target)
        ]
        body += _together(pairs)
        self.body = saved
        return body

    def ends_by_raising(self, block: Block) -> bool:
        """Whether the end of a block is never reached."""
        last = block.result.previous
        while last is not None and last.kind == "prim::Uninitialized":
            last = last.previous
        return last is not None and last.kind in (
            "prim::RaiseException",
            "prim::ReRaise",
        )

    def node(self, node: Node) -> None:
        """One node: a statement, or an expression that may wait for its reader."""
        match node.kind:
            case kind if kind in WRITTEN_WHERE_READ:
                return
            case "prim::If":
                self.branches(node)
            case "prim::Loop":
                self.loop(node)
            case "prim::Try":
                self.attempt(node)
            case _:
                self.plain(node)

    def plain(self, node: Node) -> None:
        """A node without blocks."""
        inputs = self.take(node.inputs)
        if not any(v.uses for v in node.outputs):
            statement = self.expressions.statement(node, inputs)
            self.flush(self.body)
            self.body.append(statement)
            return
        made = self.expressions.expression(node, inputs)
        if len(node.outputs) > 1 or node.kind in UNPACKING:
            self.flush(self.body)
            targets: list[ast.expr] = [
                ast.Name(self.text(v), ast.Store()) for v in node.outputs
            ]
            self.body.append(ast.Assign([ast.Tuple(targets, ast.Store())], made, None))
            return
        (value,) = node.outputs
        if self.can_wait(value):
            self.pending.append((value, made))
        else:
            self.flush(self.body)
            self.body.append(assign(self.text(value), made))

    def can_wait(self, value: Value) -> bool:
        """Whether a value is read once, in its own block."""
        if len(value.uses) != 1:
            return False
        return value.uses[0].node.block is value.block

    # names and order -----------------------------------------------------------

    def text(self, value: Value) -> str:
        """The name of the variable that holds a value."""
        return self.aliases.get(value) or self.names[value]

    def _text(self, value: Value) -> str:
        return self.text(value)

    def take(self, values: Sequence[Value]) -> list[ast.expr]:
        """The expressions of values that are read now, pending ones among them.

        Pending values may be taken only if nothing that waits behind them stays
        waiting, and in the order in which they were computed.
        """
        known = [v for v, _ in self.pending]
        wanted = [v for v in values if v in known]
        count = len(wanted)
        if wanted != known[len(known) - count :]:
            keep = self._longest_tail(known, wanted)
            self.flush(self.body, len(known) - keep)
        waiting = dict(self.pending)
        self.pending = [(v, x) for v, x in self.pending if v not in values]
        return [
            waiting[v] if v in waiting else self.expressions.read(v) for v in values
        ]

    def _longest_tail(self, known: list[Value], wanted: list[Value]) -> int:
        """How many of the last pending values may be taken."""
        for count in range(min(len(known), len(wanted)), 0, -1):
            tail = known[len(known) - count :]
            if [v for v in wanted if v in tail] == tail:
                return count
        return 0

    def flush(self, body: list[ast.stmt], count: int | None = None) -> None:
        """Write pending values down as assignments, oldest first."""
        count = len(self.pending) if count is None else count
        for value, expression in self.pending[:count]:
            body.append(assign(self.text(value), expression))
        del self.pending[:count]

    # control flow ----------------------------------------------------------------

    def branches(self, node: Node) -> None:
        (test,) = self.take(node.inputs)
        short = self.choice(node)
        if short is not None:
            then, orelse = short
            made = ast.IfExp(test, then, orelse)
            (value,) = node.outputs
            if self.can_wait(value):
                self.pending.append((value, made))
            else:
                self.flush(self.body)
                self.body.append(assign(self.text(value), made))
            return
        self.flush(self.body)
        then_body = self.inner(node.blocks[0], node.outputs)
        else_body = self.inner(node.blocks[1], node.outputs)
        if not then_body and else_body:
            test = ast.UnaryOp(ast.Not(), test)
            then_body, else_body = else_body, then_body
        self.body.append(ast.If(test, then_body or [ast.Pass()], else_body))

    def choice(self, node: Node) -> tuple[ast.expr, ast.expr] | None:
        """The two values of an `If` that computes nothing else."""
        if len(node.outputs) != 1 or not node.outputs[0].uses:
            return None
        if any(
            n.kind not in WRITTEN_WHERE_READ
            for block in node.blocks
            for n in block.nodes
        ):
            return None
        waiting = {v for v, _ in self.pending}
        values = [b.returns[0] for b in node.blocks]
        if any(v in waiting for v in values):
            return None
        first, second = (self.expressions.read(v) for v in values)
        return first, second

    def loop(self, node: Node) -> None:
        """`for` if only the count ends it, `while` if only the condition does."""
        trips, start, *initial = node.inputs
        (block,) = node.blocks
        number, *params = block.params
        counts = trips.constant != FOREVER
        goes_on = block.returns[0]
        tests = not (_is_true(start) and _is_true(goes_on))
        values = self.take([trips, start, *initial])
        self.flush(self.body)
        for param, output in zip(params, node.outputs, strict=True):
            self.aliases[param] = self.text(output)
        wanted = [
            (self.text(o), x) for o, x in zip(node.outputs, values[2:], strict=True)
        ]
        self.body += _together(wanted)
        flag = self.fresh("go") if tests else ""
        if tests:
            self.body.append(assign(flag, values[1]))
        targets = list(node.outputs)
        body = self._loop_body(block, targets, flag)
        index = self.text(number)
        if counts:
            if tests:
                leave = ast.If(ast.UnaryOp(ast.Not(), name(flag)), [ast.Break()], [])
                body.insert(0, leave)
            each = call(name("range"), [values[0]])
            target = ast.Name(index, ast.Store())
            self.body.append(ast.For(target, each, body or [ast.Pass()], [], None))
            return
        if number.uses:
            self.body.append(assign(index, constant(0)))
            step = ast.BinOp(name(index), ast.Add(), constant(1))
            body.append(assign(index, step))
        test = name(flag) if tests else constant(True)
        self.body.append(ast.While(test, body or [ast.Pass()], []))

    def _loop_body(
        self, block: Block, targets: list[Value], flag: str
    ) -> list[ast.stmt]:
        """The body, which leaves the carried values and the condition in variables."""
        body = self.block(block)
        saved, self.body = self.body, body
        pairs = [
            (self.text(t), v) for t, v in zip(targets, block.returns[1:], strict=True)
        ]
        if flag:
            pairs.insert(0, (flag, block.returns[0]))
        values = self.take([v for _, v in pairs])
        self.flush(body)
        body += _together(
            [
                (target, value)
                for (target, _), value in zip(pairs, values, strict=True)
                if not (isinstance(value, ast.Name) and value.id == target)
            ]
        )
        self.body = saved
        return body

    def attempt(self, node: Node) -> None:
        """`try` and `except`."""
        self.flush(self.body)
        body = self.inner(node.blocks[0], node.outputs)
        handler = self.inner(node.blocks[1], node.outputs)
        caught = self.text(node.blocks[1].params[0])
        self.body.append(
            ast.Try(
                body or [ast.Pass()],
                [
                    ast.ExceptHandler(
                        name("BaseException"), caught, handler or [ast.Pass()]
                    )
                ],
                [],
                [],
            )
        )

    def fresh(self, wanted: str) -> str:
        """A name that no value has."""
        taken = {*self.names.values(), *self.aliases.values()}
        found = wanted
        number = 1
        while found in taken:
            found = f"{wanted}_{number}"
            number += 1
        self.aliases[Value(Node("prim::Param"), 0, T.BOOL)] = found
        return found

    def _group_name(self, node: Node) -> ast.expr:
        """The name of a fusion group, whose definition is written before."""
        group = node.attributes["Subgraph"]
        title = f"{node.kind.partition('::')[2]}_{len(self.groups)}"
        inner = _Writer(group)
        made = inner.definition(group)
        assert isinstance(made, ast.FunctionDef)
        made.name = title
        self.groups += [*inner.groups, made]
        return name(title)


def _is_true(value: Value) -> bool:
    known = value.constant
    return known is not NOT_CONSTANT and bool(known)


def _together(pairs: list[tuple[str, ast.expr]]) -> list[ast.stmt]:
    """Assignments that happen at once; one by one where that is the same."""
    read_later: list[set[str]] = []
    for i in range(len(pairs)):
        later: set[str] = set()
        for _, value in pairs[i + 1 :]:
            later |= {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
        read_later.append(later)
    if all(target not in read_later[i] for i, (target, _) in enumerate(pairs)):
        return [assign(target, value) for target, value in pairs]
    targets: list[ast.expr] = [ast.Name(target, ast.Store()) for target, _ in pairs]
    values = [value for _, value in pairs]
    return [
        ast.Assign(
            [ast.Tuple(targets, ast.Store())], ast.Tuple(values, ast.Load()), None
        )
    ]


def _python_names(graph: Graph) -> dict[Value, str]:
    """Names of the values that are identifiers and differ from each other."""
    found: dict[Value, str] = {}
    taken = set(RESERVED)
    shown = names_of(graph)
    for value in [*graph.inputs, *_values(graph.block)]:
        if value in found:
            continue
        wanted = shown[value].replace(".", "_")
        if not wanted.isidentifier():
            wanted = f"_{wanted}"
        if wanted == "self" and value in graph.inputs:
            found[value] = wanted
            continue
        unique, number = wanted, 1
        while unique in taken or keyword.iskeyword(unique):
            unique = f"{wanted}_{number}"
            number += 1
        taken.add(unique)
        found[value] = unique
    return found


def _values(block: Block) -> Iterator[Value]:
    for inner in block.all_blocks:
        yield from inner.params
        for node in inner.nodes:
            yield from node.outputs


def _arguments(writer: _Writer, arguments: Sequence[Argument]) -> ast.arguments:
    def made(index: int, a: Argument) -> ast.arg:
        shown = writer.names[writer.graph.inputs[index]]
        return ast.arg(shown, annotation(a.type) if shown != "self" else None, None)

    def default(a: Argument) -> ast.expr:
        if isinstance(a.default, list):
            return ast.List([constant(v) for v in a.default], ast.Load())
        return member_or_constant(a.default, a.type)

    positional = [(i, a) for i, a in enumerate(arguments) if not a.keyword_only]
    keyword_only = [(i, a) for i, a in enumerate(arguments) if a.keyword_only]
    return ast.arguments(
        posonlyargs=[],
        args=[made(i, a) for i, a in positional],
        vararg=None,
        kwonlyargs=[made(i, a) for i, a in keyword_only],
        kw_defaults=[
            None if a.default is REQUIRED else default(a) for _, a in keyword_only
        ],
        kwarg=None,
        defaults=[default(a) for _, a in positional if a.default is not REQUIRED],
    )
