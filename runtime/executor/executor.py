"""Run the functions of a program on the interpreter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jit import passes
from jit.ir import types as T
from jit.ir.graph import Graph
from jit.ir.program import Function, Program
from jit.ir.schema import FunctionSchema
from jit.runtime import bytecode
from jit.runtime.bytecode import Code
from jit.runtime.executor.explanation import (
    INTERPRETED,
    Explanation,
    print_stages,
)
from jit.runtime.executor.native import compile_native, native_enabled
from jit.runtime.executor.specialisation import (
    Specialisation,
    key_of,
    type_of_argument,
)
from jit.runtime.program_values import RefusedError, convert
from jit.runtime.promotion import get_default_dtype
from jit.runtime.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Compiled:
    """A function made ready for some types of arguments."""

    specialisation: Specialisation
    graph: Graph
    """The graph that runs: optimised, or as it was captured."""
    code: Code
    native: Callable[..., Any] | None = None
    """The machine code, if there is any."""
    explanation: Explanation = INTERPRETED


class Executor:
    """Runs the functions of one program, from any number of threads.

    A function is optimised and assembled when it is called first, and again when the
    dtype or rank of a tensor argument is new. With `optimize=False` graphs run as they
    were captured.
    """

    def __init__(self, program: Program, *, optimize: bool = True) -> None:
        self.program = program
        self.optimize = optimize
        self._compiled: dict[tuple[Any, ...], Compiled] = {}
        self._codes: dict[tuple[str, str], Code] = {}
        self._lock = threading.RLock()

    def call(self, name: str, args: Sequence[Any] = ()) -> Any:
        """Run a function; missing arguments get their defaults.

        Raises TypeError for arguments that do not have the declared types, NameError
        for a function that the program does not have.
        """
        values = self._enter(self._function(name).schema, args)
        compiled = self._find(name, values)
        if compiled.native is not None:
            return compiled.native(*values)
        return bytecode.run(compiled.code, values)

    def graph_for(self, name: str, args: Sequence[Any] = ()) -> Graph:
        """The graph that `call` runs for these arguments."""
        return self.compiled_for(name, args).graph

    def code_for(self, name: str, args: Sequence[Any] = ()) -> Code:
        """The bytecode that `call` runs for these arguments."""
        return self.compiled_for(name, args).code

    def explain(self, name: str, args: Sequence[Any] = ()) -> Explanation:
        """Whether `call` runs machine code for these arguments, and why if not."""
        values = self._enter(self._function(name).schema, args)
        compiled = self._find(name, values)
        return compiled.explanation.about(name, compiled.graph, values)

    def compiled_for(self, name: str, args: Sequence[Any] = ()) -> Compiled:
        """What `call` runs for these arguments; compiled if it was not yet."""
        return self._find(name, self._enter(self._function(name).schema, args))

    def specialisations(self, name: str) -> list[Specialisation]:
        """For which types a function has been compiled so far, the first one first."""
        return [
            c.specialisation
            for c in list(self._compiled.values())
            if c.specialisation.function == name
        ]

    def _function(self, name: str) -> Function:
        function = self.program.functions.get(name)
        if function is None:
            raise NameError(f"the program has no function `{name}`")
        return function

    # arguments --------------------------------------------------------------------

    def _enter(self, schema: FunctionSchema, args: Sequence[Any]) -> list[Any]:
        """The values with which a function starts."""
        arguments = schema.arguments
        if len(args) > len(arguments):
            raise TypeError(
                f"{_title(schema)}() takes {len(arguments)} arguments, not {len(args)}"
            )
        values = []
        for position, argument in enumerate(arguments):
            if position < len(args):
                value = args[position]
            elif argument.is_required:
                raise TypeError(
                    f"{_title(schema)}() is missing a value for argument"
                    f" '{argument.name}'. Declaration: {schema}"
                )
            else:
                value = argument.default
            # most arguments are Tensors for Tensor
            if type(value) is not Tensor or argument.type != T.TENSOR:
                try:
                    value = convert(value, argument.type, self.program)
                except RefusedError as error:
                    error.argument = argument.name
                    raise TypeError(
                        f"{_title(schema)}() {error}."
                        f"\nPosition: {position}\nValue: {_short(value)}"
                        f"\nDeclaration: {schema}"
                    ) from None
            values.append(value)
        return values

    # compiling ----------------------------------------------------------------------

    def _find(self, name: str, values: Sequence[Any]) -> Compiled:
        key = (name, passes.math_level(), get_default_dtype(), *key_of(values))
        found = self._compiled.get(key)
        if found is None:
            with self._lock:
                found = self._compiled.get(key)
                if found is None:
                    found = self._compiled[key] = self._compile(name, values)
        return found

    def _compile(self, name: str, values: Sequence[Any]) -> Compiled:
        graph = self._function(name).graph
        declared = [a.type for a in self._function(name).schema.arguments]
        types = tuple(map(type_of_argument, values, declared))
        graph = self._optimized(graph, types)
        specialisation = Specialisation(name, types)
        code = bytecode.assemble(graph, name, self._find_code)
        if not native_enabled():
            return Compiled(specialisation, graph, code)
        made = compile_native(
            graph, name, self._find_graph, lambda *args: bytecode.run(code, args)
        )
        print_stages(made.explanation, name)
        if made.natives:
            graph = made.graph
            code = bytecode.assemble(graph, name, self._find_code, made.natives)
        return Compiled(specialisation, graph, code, made.function, made.explanation)

    def _find_graph(self, name: str, types: Sequence[T.Type]) -> Graph:
        """The graph of a function for arguments of some types."""
        return self._optimized(self._function(name).graph, types)

    def _optimized(self, graph: Graph, types: Sequence[T.Type]) -> Graph:
        if not self.optimize:
            return graph
        from jit.passes import pipeline

        return pipeline.optimize(graph, list(types))

    def _find_code(self, name: str) -> Code:
        """The code of a function that another one calls, for its declared types."""
        key = (name, passes.math_level())
        found = self._codes.get(key)
        if found is None:
            with self._lock:
                found = self._codes.get(key)
                if found is None:
                    function = self._function(name)
                    types = [a.type for a in function.schema.arguments]
                    graph = self._optimized(function.graph, types)
                    found = bytecode.assemble(graph, name, self._find_code)
                    self._codes[key] = found
        return found


def _title(schema: FunctionSchema) -> str:
    return schema.kind.rpartition(".")[2]


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:79]}…"
