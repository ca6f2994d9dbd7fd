"""Emit a function, top to bottom: parameters, statements, the value it returns.

An Emitter holds what belongs to one function while it is emitted: where nodes go, the
frames of names, the loops around. What each construct becomes is told elsewhere:
`emit_expr`, `emit_stmt`, `emit_control`, `emit_try`, `emit_comprehension`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jit.frontend import paths
from jit.frontend import tree as t
from jit.frontend.assigned import Liveness, assigned, outside_names, shared_names
from jit.frontend.coerce import coerce
from jit.frontend.environment import Frame, Missing, Variable
from jit.frontend.failures import a_type, fail, nearest
from jit.frontend.no_gradients import RecordingBuilder
from jit.frontend.scope import Scope
from jit.frontend.shared_variables import read_shared, share
from jit.frontend.sugared import Emitted, Sugared, SugaredTuple
from jit.ir import types as T
from jit.ir.diagnostic import CompileError, Diagnostic, Label
from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.span import Span
from jit.ir.subtyping import is_subtype
from jit.ir.unification import unify

if TYPE_CHECKING:
    from jit.frontend.arguments import Arguments
    from jit.frontend.compiler import Compilation
    from jit.frontend.refine import Facts


@dataclass(frozen=True, slots=True)
class Returned:
    """One place where the function returns."""

    type: T.Type
    span: Span


@dataclass(slots=True)
class LoopExit:
    """A `break` or `continue`: its node, and the names as they are there."""

    node: Node
    names: dict[str, Variable | Missing | None]
    is_break: bool


@dataclass(slots=True)
class Loop:
    """A loop whose body is being emitted."""

    carried: dict[str, T.Type]
    """The names it carries, in order, with their types."""
    condition: Callable[[], Value] | None = None
    """Emits the condition of the next round, at its end and at each `continue`."""
    watched: list[str] = field(default_factory=list)
    """Names whose state the exits note down."""
    exits: list[LoopExit] = field(default_factory=list)


@dataclass(slots=True)
class Cells:
    """Lists of one element that hold what a `try` body assigns, for its handlers."""

    lists: dict[str, Value]
    types: dict[str, T.Type]
    """What they ought to hold; wider than what they do if the body must be redone."""


class Emitter:
    """The state of one function while it is emitted."""

    def __init__(
        self,
        compilation: Compilation,
        tree: t.FunctionTree,
        scope: Scope,
        graph: Graph,
        returns: T.Type | None,
    ) -> None:
        self.compilation = compilation
        self.tree = tree
        self.scope = scope
        self.graph = graph
        self.b = RecordingBuilder(graph, compilation)
        self.b.span = tree.span
        self.frame = Frame(None)
        self.local_names = assigned(tree.body) - outside_names(tree.body, "global")
        """What the function assigns anywhere: such names are never global."""
        self.shared = shared_names(tree.body) | outside_names(tree.body, "nonlocal")
        """Names that a function and others inside of it assign."""
        self.liveness = Liveness(tree.body)
        self.declared_return = returns
        self.returned: list[Returned] = []
        self.loops: list[Loop] = []
        self.cells: list[Cells] = []
        self.contexts: list[tuple[Callable[[], None], int]] = []
        """What is done on the way out of the blocks around, innermost last, and how many
        loops were around these."""
        self.epoch = 0
        """How often something may have assigned attributes."""
        self.item_epoch = 0
        """How often a list or dict has changed."""
        self.exact: set[Value] = set()
        """Instances of the very class of their type, and of no derived one."""
        self.left_by: dict[str, Facts] = {}
        """What holds where a loop was left by a `break`, by the flag that tells so."""
        self.handlers: list[Value] = []
        """The exceptions of the handlers around, innermost last."""
        self.resized: list[Value] = []
        """Lists whose length the nodes emitted so far may change, and dicts."""
        self.handed: list[Value] = []
        """What calls got: lists and dicts in it may change, too."""
        self.expected: tuple[t.Expr, T.Type] | None = None
        """An expression and the type of what it is assigned to, for `tolist`."""
        self.hints: dict[t.Expr, T.Type] = {}
        """Types of empty literals that were guessed wrong before."""
        self.may_return_function = False
        """Whether its callers know what to do with a function."""
        self.returned_at = tree.span
        self.returned_function: Emitted | None = None
        """The function that this function returns."""
        self.declared: dict[str, T.Type] = {}
        """Types of names that were annotated without a value."""
        self.owner = tree.name
        """The name of the function in its program, which local functions extend."""
        self.refusals: list[Diagnostic] = []
        """What is wrong with statements so far; nothing is emitted in the end."""
        self.rounds = 0
        """How many unrolled loops have rounds that are told apart by hidden names."""
        self.depth = 0
        """How many blocks are around: 0 at the level of the function."""

    # expressions --------------------------------------------------------------

    def expr(self, node: t.Expr) -> Emitted:
        """Emit an expression."""
        from jit.frontend.emit_expr import emit_expr

        saved, self.b.span = self.b.span, node.span
        try:
            return emit_expr(self, node)
        except CompileError as error:
            raise _placed(error, node.span) from error.__cause__
        finally:
            self.b.span = saved

    def value(self, node: t.Expr) -> Value:
        """Emit an expression that must be a value of the graph."""
        return self.as_value(self.expr(node), node.span)

    def as_value(self, x: Emitted, span: Span) -> Value:
        """An emitted expression as a value of the graph."""
        return x.value(self, span) if isinstance(x, Sugared) else x

    def arguments(self, call: t.Call, first: Value | None = None) -> Arguments:
        """Emit the arguments of a call, in Python's order."""
        from jit.frontend.arguments import emit_arguments

        return emit_arguments(self, call, first)

    def op(self, kind: str, *args: Any, **keywords: Any) -> Value:
        """An operator with one result, of arguments known to fit."""
        result = self.b.op(kind, *args, **keywords)
        assert isinstance(result, Value), kind
        return result

    def none(self, type: T.Type = T.NONE) -> Value:
        """The constant None, maybe as an Optional."""
        return self.b.constant(None, type)

    def uninitialized(self, type: T.Type) -> Value:
        """A value that nobody reads."""
        return self.b.node("prim::Uninitialized", (), [type]).output

    # names ----------------------------------------------------------------------

    def assign(
        self, name: str, value: Emitted, span: Span, declared: T.Type | None = None
    ) -> None:
        """Let a name stand for a value from here on."""
        paths.rebound(self, name)
        found = self.frame.find(name)
        if isinstance(value, SugaredTuple) and value.is_plain:
            value = value.value(self, span)
        if declared is None and isinstance(found, Variable):
            declared = found.declared
        elif declared is None:
            declared = self.declared.get(name)
        if declared is not None:
            if isinstance(value, Sugared):
                value = value.declared(self, span, declared)
            if isinstance(value, Value):
                value = self._as_declared(name, value, declared, span)
        if name in self.shared:
            share(self, name, self.as_value(value, span), span, declared)
            return
        if isinstance(value, Value) and value.node.kind != "prim::Constant":
            value.name = value.name or (name if name.isidentifier() else "")
        self.frame.names[name] = Variable(value, span, declared)
        self._store_in_cells(name, value, span)

    def _as_declared(
        self, name: str, value: Value, declared: T.Type, span: Span
    ) -> Value:
        fitting = coerce(value, declared)
        if fitting is None:
            raise fail(
                span,
                "E0310",
                f"`{name}` was declared `{declared}` and is assigned {a_type(value.type)}",
                help=f"convert the value, or declare `{name}` with its type",
            )
        if fitting.type == T.NONE and declared != T.NONE:
            return self.none(declared)
        return fitting

    def _store_in_cells(self, name: str, value: Emitted, span: Span) -> None:
        for cells in self.cells:
            cell = cells.lists.get(name)
            if cell is None:
                continue
            stored = self.as_value(value, span)
            assert isinstance(cell.type, T.ListType)
            if is_subtype(stored.type, cell.type.element):
                inputs = [cell, self.b.constant(0), stored]
                self.b.node("aten::_set_item", inputs, [cell.type], overload="t")
                continue
            joined = unify(cells.types[name], stored.type)
            if joined is None:
                raise fail(
                    span,
                    "E0302",
                    f"`{name}` changes its type from `{cells.types[name]}` to"
                    f" `{stored.type}` in `try`",
                    help="give the two values two names",
                )
            cells.types[name] = joined

    def refine(self, name: str, type: T.Type) -> None:
        """Let a name have a narrower type from here on."""
        found = self.frame.find(name)
        if not isinstance(found, Variable) or not isinstance(found.value, Value):
            return
        old = found.value.type
        if old == type or not is_subtype(type, old):
            return
        value = found.value
        if type == T.NONE:
            narrow = self.none()
        elif isinstance(old, T.OptionalType) and old.element == type:
            narrow = self.b.node(
                "prim::unchecked_unwrap_optional", [value], [type]
            ).output
        else:
            narrow = self.b.node("prim::unchecked_cast", [value], [type]).output
        if narrow.node.kind != "prim::Constant":
            narrow.name = value.name or name
        self.frame.names[name] = Variable(
            narrow,
            found.span,
            found.declared,
            is_refinement=self.keeps_refinement(name),
        )

    def keeps_refinement(self, name: str) -> bool:
        """Whether narrowing leaves a name unassigned in this block."""
        here = self.frame.names.get(name)
        return here is None or (isinstance(here, Variable) and here.is_refinement)

    def find(self, name: str, span: Span) -> Emitted:
        """What a name stands for; CompileError E0201 or E0202 if nothing."""
        from jit.frontend.resolver import resolve_object

        if name in self.shared:
            shared = read_shared(self, name)
            if shared is not None:
                return shared
        found = self.frame.find(name)
        if isinstance(found, Variable):
            return found.value
        if isinstance(found, Missing) and found.is_refused:
            raise CompileError([])
        if isinstance(found, Missing):
            raise fail(
                span,
                "E0201",
                f"`{name}` is not defined {found.reason}",
                label=f"`{name}` is read here",
                labels=[Label(found.span, "this leaves it undefined")],
                help=f"assign `{name}` before, so that every path defines it",
            )
        if name in self.local_names:
            raise fail(
                span,
                "E0201",
                f"`{name}` is not defined before it is read",
                help=f"assign `{name}` before",
            )
        outside = self.scope.find(name)
        if outside is not None:
            return resolve_object(self, span, outside[0], name)
        names = [*self.frame.known_names(), *self.scope.names()]
        raise fail(
            span, "E0202", f"the name `{name}` is unknown", help=nearest(name, names)
        )

    # blocks ---------------------------------------------------------------------

    @contextmanager
    def inside(self, block: Block) -> Iterator[Frame]:
        """Emit into a block, with a frame of its own."""
        saved = self.frame
        frame = self.frame = Frame(saved)
        self.depth += 1
        try:
            with self.b.inside(block):
                yield frame
        finally:
            self.frame = saved
            self.depth -= 1

    def statements(self, body: tuple[t.Stmt, ...]) -> None:
        """Emit statements up to the first that leaves."""
        from jit.frontend.emit_stmt import emit_statement

        for statement in body:
            if self.frame.is_closed:
                return
            saved, self.b.span = self.b.span, statement.span
            try:
                emit_statement(self, statement)
            except CompileError as error:
                if self.depth > 0 or any(d.stack for d in error.diagnostics):
                    raise
                self._refused(statement, error)
            finally:
                self.b.span = saved

    def _refused(self, statement: t.Stmt, error: CompileError) -> None:
        """Go on after a statement, to find errors that do not depend on it."""
        self.refusals += error.diagnostics
        for name in assigned([statement]):
            self.frame.names[name] = Missing("", statement.span, is_refused=True)

    # the function -----------------------------------------------------------------

    def emit_function(
        self, params: list[tuple[str, T.Type, Span]], *, is_method: bool = False
    ) -> T.Type:
        """Emit everything; returns the type of the result.

        A method is compiled for the very class of its first argument.
        """
        for name, type, span in params:
            value = self.graph.add_input(type, name)
            declared = self._declared(type, name)
            if name in self.shared:
                share(self, name, value, span, declared)
            else:
                self.frame.names[name] = Variable(value, span, declared)
        if is_method:
            self.exact.add(self.graph.inputs[0])
        self.statements(self.tree.body)
        if self.refusals:
            raise CompileError(self.refusals)
        if not self.frame.is_closed:
            self.returned.append(Returned(T.NONE, self.tree.span))
            self._check_return(T.NONE, self.tree.span)
            self.graph.block.add_return(self.none())
        result = self._result_type()
        if not self.graph.outputs:
            self.graph.block.add_return(self.uninitialized(result))
        self.b.remove_unused()
        from jit.frontend.tables import refuse_changes

        refuse_changes(self.graph, self.tree.span)
        return result

    def _declared(self, type: T.Type, name: str) -> T.Type | None:
        """Parameters may change their type, unless they were annotated as Optional."""
        return type if isinstance(type, T.OptionalType | T.UnionType) else None

    def emit_return(self, found: Emitted, span: Span) -> None:
        """Leave the function with a value."""
        from jit.frontend.call import gradient_there
        from jit.frontend.returned_functions import returned_values

        value = (
            found if isinstance(found, Value) else returned_values(self, found, span)
        )
        if T.LAYOUT in (value.type, *T.children(value.type)):
            raise fail(
                span,
                "E0203",
                "a layout is not given to Python",
                help="compare it in the script: `x.layout == torch.strided`",
            )
        self.leave_contexts(0)
        if self.frame.is_closed:
            return
        if self.declared_return == T.TENSOR:
            value = gradient_there(self, value)
        if self.declared_return is not None:
            fitting = coerce(value, self.declared_return)
            if fitting is None:
                self._check_return(value.type, span)
            else:
                value = self._as_union(fitting, self.declared_return)
        self.returned.append(Returned(value.type, span))
        if self.depth == 0:
            self.graph.block.add_return(value)
        else:
            self.b.node("prim::ReturnStmt", [value])
        self.frame.is_closed = True

    def _as_union(self, value: Value, declared: T.Type) -> Value:
        """A result of several types: what the returns give has the declared one."""
        base = declared.element if isinstance(declared, T.OptionalType) else declared
        if value.type == declared or not (
            isinstance(base, T.UnionType) or base == T.ANY
        ):
            return value
        return self.b.node("prim::unchecked_cast", [value], [declared]).output

    def leave_contexts(self, loops: int) -> None:
        """Leave the contexts that were entered inside of so many loops, and run the
        final parts of the `try` statements there."""
        saved = self.contexts
        while self.contexts and self.contexts[-1][1] >= loops:
            run, self.contexts = self.contexts[-1][0], self.contexts[:-1]
            run()
            if self.frame.is_closed:
                break  # a `finally` has left by itself
        self.contexts = saved

    def _check_return(self, type: T.Type, span: Span) -> None:
        declared = self.declared_return
        if declared is None or is_subtype(type, declared):
            return
        returned = (
            "returns nothing at its end"
            if span is self.tree.span
            else (f"returns {a_type(type)}")
        )
        raise fail(
            span,
            "E0303",
            f"`{self.tree.name}` is declared to return `{declared}` and {returned}",
            labels=[Label(self.tree.returns.span, "declared here")]
            if self.tree.returns is not None and span is not self.tree.span
            else [],
            help=_return_help(type, declared),
        )

    def _result_type(self) -> T.Type:
        if self.declared_return is not None:
            return self.declared_return
        if not self.returned:
            return T.NONE
        first = self.returned[0]
        result = first.type
        for other in self.returned[1:]:
            joined = unify(result, other.type)
            if joined is None:
                raise fail(
                    other.span,
                    "E0303",
                    f"`{self.tree.name}` returns {a_type(other.type)} here and"
                    f" {a_type(first.type)} elsewhere",
                    label=f"`{other.type}`",
                    labels=[Label(first.span, f"`{first.type}`")],
                    help="return values of one type, or a value and None",
                )
            result = joined
        return result


def _return_help(type: T.Type, declared: T.Type) -> str:
    if declared == T.FLOAT and type in (T.INT, T.BOOL):
        return "convert it with `float(...)`"
    if isinstance(type, T.OptionalType) and type.element == declared:
        return "rule None out first, with `if ... is not None`"
    if type == T.NONE:
        return f"return a value on every path, or declare `Optional[{declared}]`"
    return "convert the value, or change the declared type"


def _placed(error: CompileError, span: Span) -> CompileError:
    """The error with a place for each problem that has none of its own."""
    if all(d.span is not None for d in error.diagnostics):
        return error
    return CompileError(
        [d if d.span else dataclasses.replace(d, span=span) for d in error.diagnostics]
    )
