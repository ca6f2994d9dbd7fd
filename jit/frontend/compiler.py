"""Compile functions into a program, each version once, callees on the way.

A version is a function together with the types of its unannotated parameters. While it
is being compiled its schema is known already if its result is annotated; this is what
makes recursion possible.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import jit.runtime.ops  # noqa: F401  declares the operators
from jit.frontend import tree as t
from jit.frontend.assigned import returns_value
from jit.frontend.capturing import Bound, bind, identity, values_in
from jit.frontend.coerce import UNTYPED, LearnedLate
from jit.frontend.emit import Emitter
from jit.frontend.environment import Variable
from jit.frontend.failures import fail, reporting
from jit.frontend.local_functions import LocalFunction
from jit.frontend.retyping import ORIGIN, GuessedWrongError
from jit.frontend.scope import Scope
from jit.frontend.signature import (
    Parameter,
    Signature,
    make_schema,
    plain_function,
    signature_of,
    types_of,
)
from jit.frontend.sugared import Emitted, Sugared
from jit.ir import types as T
from jit.ir.diagnostic import CompileError
from jit.ir.dtypes import DType
from jit.ir.graph import Graph, Value
from jit.ir.program import Function, Program
from jit.ir.schema import FunctionSchema
from jit.ir.span import Span
from jit.passes import remove_exits
from jit.runtime.python_classes import qualified_name

Found = TypeVar("Found")

MOST_ATTEMPTS = 100
"""How often something is compiled before the types of attributes are given up."""

SelfMaker = Callable[[Value], Sugared]
"""Makes what `self` stands for in a method."""


@dataclass(slots=True)
class Callee:
    """A version of a function: compiled, or being compiled."""

    name: str
    schema: FunctionSchema
    is_finished: bool
    declared: T.Type | None
    span: Span
    """The head of its definition."""
    returned: Emitted | None = None
    """The function that it returns, if it does; its result are the values in it."""
    returned_at: Span | None = None

    @property
    def result(self) -> T.Type:
        """The type of its result; E0305 while that is not known yet."""
        if self.is_finished:
            return self.schema.returns[0].type
        if self.declared is not None:
            return self.declared
        shown = self.name.rpartition(".")[2]
        raise fail(
            self.span,
            "E0305",
            f"`{shown}` calls itself, and the type of its result is not annotated",
            help=f"annotate it: `def {shown}(...) -> int:`",
        )


@dataclass
class Compilation:
    """What was compiled into one program so far."""

    program: Program
    versions: dict[Any, Callee] = field(default_factory=dict)
    are_grads_off: bool = False
    """Whether what is emitted stands in `torch.no_grad()`, or is called there."""
    autocast: DType | None = None
    """What `torch.autocast` chose where what is emitted stands, or is called."""
    other_versions: dict[Any, dict[Any, Callee]] = field(default_factory=dict)
    """The versions of functions for other states of `are_grads_off` and `autocast`."""
    tried: dict[t.Expr, int] = field(default_factory=dict)
    """How often literals were given another type because of their uses."""
    passed: dict[Value, Value] = field(default_factory=dict)
    """Parameters of functions inside of others, and the values that they stand for."""
    modules: dict[Any, Any] = field(default_factory=dict)
    """Module types by what modules must share to be of one type."""
    classes: dict[type, Any] = field(default_factory=dict)
    """What is known of Python classes."""
    learned: dict[tuple[type, str], T.Type] = field(default_factory=dict)
    """Types of attributes that their first use told."""

    @staticmethod
    def of(program: Program) -> Compilation:
        """The compilation of a program, the same for each call."""
        if program.compilation is None:
            program.compilation = Compilation(program)
        found = program.compilation
        assert isinstance(found, Compilation)
        return found

    @contextmanager
    def calling(self, span: Span) -> Iterator[None]:
        """Errors inside are due to the call at this place."""
        try:
            yield
        except CompileError as error:
            raise _called_from(error, span) from error.__cause__

    @contextmanager
    def recording(self, grads: bool | None) -> Iterator[None]:
        """What is emitted inside records gradients, or not; None: as outside."""
        before = self.are_grads_off
        self._switch(before if grads is None else not grads, self.autocast)
        try:
            yield
        finally:
            self._switch(before, self.autocast)

    @contextmanager
    def casting(self, dtype: DType | None) -> Iterator[None]:
        """What is emitted inside computes in a dtype; None: in those of its operands."""
        before = self.autocast
        self._switch(self.are_grads_off, dtype)
        try:
            yield
        finally:
            self._switch(self.are_grads_off, before)

    def _switch(self, are_grads_off: bool, dtype: DType | None) -> None:
        state = are_grads_off, dtype
        if state != (self.are_grads_off, self.autocast):
            self.other_versions[self.are_grads_off, self.autocast] = self.versions
            self.are_grads_off, self.autocast = state
            self.versions = self.other_versions.pop(state, {})

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """After an error the program is what it was before."""
        program = self.program
        functions, classes = dict(program.functions), dict(program.classes)
        methods = {n: list(c.methods) for n, c in classes.items()}
        slots = {n: dict(c.attributes) for n, c in classes.items()}
        versions, modules = dict(self.versions), dict(self.modules)
        others = {k: dict(v) for k, v in self.other_versions.items()}
        known = dict(self.classes)
        try:
            yield
        except BaseException:
            program.functions, program.classes = functions, classes
            for name, definition in classes.items():
                definition.methods = methods[name]
                definition.attributes = slots[name]
            self.versions, self.modules = versions, modules
            self.other_versions = others
            self.classes = known
            raise
        finally:
            self.tried.clear()
            self.passed.clear()

    def attempt(self, compile: Callable[[], Found]) -> Found:
        """What something compiles, or nothing at all; compiled again where the type of
        an attribute was learned too late."""
        before = dict(self.learned)
        try:
            for _ in range(MOST_ATTEMPTS):
                try:
                    with self.all_or_nothing():
                        return compile()
                except LearnedLate as late:
                    self.learned[late.cls, late.name] = late.type
        except BaseException:
            self.learned = before
            raise
        raise fail(
            None,
            "E0302",
            "the types of the attributes do not settle",
            help="annotate them in the class",
        )

    def function(
        self,
        fn: Any,
        arg_types: Mapping[str, T.Type] | None = None,
        *,
        name: str | None = None,
        bound: Bound | None = None,
        overload: Signature | None = None,
    ) -> Callee:
        """The version of a function for these types, compiled if need be.

        `bound` gives the parameters that stand for functions, `overload` the types of
        a declared overload.
        """
        fn = plain_function(fn)
        signature = signature_of(fn)
        if overload is not None:
            arg_types = {**types_of(overload, signature), **(arg_types or {})}
            signature = dataclasses.replace(signature, returns=overload.returns)
        signature = without_bound(signature, bound or {})
        open_types = open_parameter_types(signature.parameters, arg_types or {})
        key = (fn, tuple(open_types.items()), identity(bound or {}))
        found = self.versions.get(key)
        if found is not None:
            return found
        _require_functions(signature)
        chosen = self.program.unique_name(name or qualified_name(fn))
        return self.compile(
            key, Scope.of(fn), signature, chosen, open_types, bound=bound
        )

    def local(
        self,
        fn: LocalFunction,
        signature: Signature,
        owner: str,
        arg_types: Mapping[str, T.Type],
        bound: Bound,
    ) -> Callee:
        """The version of a local function for these types and what it captures."""
        signature = without_bound(signature, bound)
        open_types = open_parameter_types(signature.parameters, arg_types)
        key = (fn.tree, tuple(open_types.items()), identity(bound))
        found = self.versions.get(key)
        if found is not None:
            return found
        name = "lambda_" if fn.tree.name == "<lambda>" else fn.tree.name
        chosen = self.program.unique_name(f"{owner}.{name}")
        return self.compile(key, fn.scope, signature, chosen, open_types, bound=bound)

    def compile(
        self,
        key: Any,
        scope: Scope,
        signature: Signature,
        name: str,
        open_types: dict[str, T.Type],
        self_type: T.Type | None = None,
        make_self: SelfMaker | None = None,
        owner: Sugared | None = None,
        bound: Bound | None = None,
    ) -> Callee:
        """Emit one version and add it to the program.

        `owner` is what the first parameter of a class method stands for.
        """
        from jit.frontend.classes import declare_classes, declare_type

        captured = captured_parameters(bound or {})
        parameters = (*captured, *signature.parameters)
        if owner is not None:
            parameters = parameters[1:]
        if self_type is not None:
            first = dataclasses.replace(parameters[0], annotation=self_type)
            parameters = (first, *parameters[1:])
        expected = signature.returns if signature.returns is not None else T.ANY
        schema = make_schema(name, parameters, open_types, expected)
        for argument in (*schema.arguments, *schema.returns):
            declare_type(self, argument.type)
        declared = signature.returns
        if declared is None and not returns_value(signature.tree.body):
            declared = T.NONE
        callee = Callee(name, schema, False, declared, signature.tree.span)
        self.versions[key] = callee
        doc = signature.tree.doc
        is_method = isinstance(self_type, T.ClassType)

        def emit(hints: dict[t.Expr, T.Type]) -> tuple[Graph, T.Type, Emitter]:
            graph = Graph(self.program)
            # the name is taken from now on, also for functions compiled on the way
            self.program.functions[name] = Function(name, graph, schema, doc)
            emitter = Emitter(self, signature.tree, scope, graph, signature.returns)
            emitter.owner, emitter.hints = name, hints
            emitter.may_return_function = self_type is None and owner is None
            spans = {p.name: p.span for p in signature.tree.params}
            if owner is not None:
                name_of_owner = signature.parameters[0].name
                at = spans[name_of_owner]
                emitter.frame.names[name_of_owner] = Variable(owner, at)
            params = [
                (a.name.lstrip("*"), a.type, spans[a.name.lstrip("*")])
                for a in schema.arguments[len(captured) :]
            ]
            bind(emitter, bound or {})
            if make_self is not None:
                _bind_self(emitter, params[0], make_self)
                params = params[1:]
            try:
                with self.recording(signature.records):
                    result = emitter.emit_function(params, is_method=is_method)
                return graph, result, emitter
            except GuessedWrongError as again:
                if again.graph is graph:
                    return emit({**hints, again.node: again.type})
                # a literal of a caller
                self.versions.pop(key, None)
                self.program.functions.pop(name, None)
                raise

        graph, result, emitter = emit({})
        callee.returned = emitter.returned_function
        callee.returned_at = emitter.returned_at
        for node in graph.all_nodes:
            node.attributes.pop(UNTYPED, None)
            node.attributes.pop(ORIGIN, None)
        remove_exits.run(graph)
        callee.schema = make_schema(name, parameters, open_types, result)
        callee.is_finished = True
        self.program.functions.pop(name)  # callees come first in the text
        function = Function(name, graph, callee.schema, doc)
        self.program.add_function(function)
        declare_classes(self, graph)
        return callee


def _bind_self(
    emitter: Emitter, param: tuple[str, T.Type, Span], make_self: SelfMaker
) -> None:
    name, type, span = param
    value = emitter.graph.add_input(type, name)
    emitter.frame.names[name] = Variable(make_self(value), span)


def without_bound(signature: Signature, bound: Bound) -> Signature:
    """The signature without the parameters that are bound to functions."""
    parameters = tuple(p for p in signature.parameters if p.name not in bound)
    return dataclasses.replace(signature, parameters=parameters)


def _require_functions(signature: Signature) -> None:
    """Refuse a version in which a parameter stands for no function yet."""
    spans = {p.name: p.span for p in signature.tree.params}
    for p in signature.parameters:
        if p.takes_function:
            raise fail(
                spans[p.name],
                "E0312",
                f"`{signature.name}` has no version without a function for `{p.name}`",
                help="call it with a function: each makes a version of its own",
            )


def captured_parameters(bound: Bound) -> tuple[Parameter, ...]:
    """The parameters through which a function gets the values that are bound."""
    names: dict[str, T.Type] = {}
    for name, x in bound.items():
        for value in values_in(x):
            chosen, number = name, 0
            while chosen in names:
                number += 1
                chosen = f"{name}_{number}"
            names[chosen] = value.type
    return tuple(Parameter(name, type) for name, type in names.items())


def open_parameter_types(
    parameters: tuple[Parameter, ...], given: Mapping[str, T.Type]
) -> dict[str, T.Type]:
    """The types of the parameters that no annotation fixes."""
    return {
        p.name: given.get(p.name) or p.type for p in parameters if p.annotation is None
    }


def _called_from(error: CompileError, span: Span) -> CompileError:
    return CompileError(
        [dataclasses.replace(d, stack=(*d.stack, span)) for d in error.diagnostics]
    )


def compile_function(
    fn: Any,
    program: Program,
    arg_types: Mapping[str, T.Type] | None = None,
    *,
    name: str | None = None,
    bound: Bound | None = None,
) -> Function:
    """Compile a Python function and all it calls into a program.

    `arg_types` gives the types of unannotated parameters, which are Tensors otherwise,
    `bound` the parameters that stand for functions.
    Raises CompileError (E01 to E04); the program is then as before.
    """
    compilation = Compilation.of(program)
    with reporting(fn):
        callee = compilation.attempt(
            lambda: compilation.function(fn, arg_types, name=name, bound=bound)
        )
        if isinstance(callee.returned, Sugared):
            raise fail(
                callee.returned_at,
                "E0203",
                f"the script returns {callee.returned.describe()}, which Python cannot"
                " call",
                help="call it, and return what it gives",
            )
        return program.functions[callee.name]
