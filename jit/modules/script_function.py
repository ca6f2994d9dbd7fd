"""A captured function: callable, printable, savable.

A function may have several versions. An unannotated parameter is a Tensor in `.graph`;
called with an array, an int or a string there, the function is compiled once more for
that type. A traced or loaded function has the versions that it came with.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import os
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jit.frontend import Parameter, compile_function, signature_of
from jit.frontend.capturing import Bound
from jit.frontend.resolver import function_argument
from jit.frontend.sugared import Sugared
from jit.ir import types as T
from jit.ir.diagnostic import Error
from jit.ir.graph import Graph
from jit.ir.program import Function, Program
from jit.ir.schema import Argument, FunctionSchema
from jit.modules.arguments import (
    bind_arguments,
    enter,
    gathers,
    gives_arrays,
    leave,
    type_given_for,
    type_of_value,
)
from jit.modules.copying import tell_of_copies
from jit.modules.linked import Linked
from jit.python_text import Constants, code_with_constants
from jit.runtime import autocast, conditions, dispatch
from jit.runtime.executor import CacheInfo, Executor, Explanation
from jit.runtime.tensor import Tensor


@dataclass(frozen=True, slots=True)
class FunctionArgument:
    """A function given to a script, which makes a version of its own."""

    function: Any
    found: Sugared = field(compare=False)
    """What it means to the compiler."""


Key = tuple[T.Type | FunctionArgument, ...]
"""The types of the unannotated parameters, and the functions given for them."""


class ScriptFunction(Linked):
    """A compiled function of Tensors, arrays, numbers, strings and containers of them.

    Made by `jit.script`, `jit.trace` and `jit.load`. Arrays in, arrays out; Tensors in,
    Tensors out. Errors keep the type and message that Python would give, with the
    script's own stack as a note.
    """

    __slots__ = ()

    def __init__(
        self,
        program: Program,
        versions: Mapping[Any, str],
        *,
        python_function: Callable[..., Any] | None = None,
        open_parameters: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        self.program = program
        """Everything that was compiled for this function."""
        self._versions: dict[Key, str] = dict(versions)
        self._function = python_function
        self._open = open_parameters
        """Positions of the parameters whose types are free; None: all of them, and
        only the given versions exist."""
        self._executor = Executor(program)
        self._told: set[str] = set()
        """The versions that were called, of which it was told what they copy."""
        self._deferred: Error | None = None
        self._default_key: Key | None = None
        if python_function is not None:
            functools.update_wrapper(self, python_function, updated=())
        elif versions:
            name = next(iter(self._versions.values()))
            self.__name__ = name.rpartition(".")[2]
            self.__qualname__ = self.__name__
            self.__doc__ = program.functions[name].doc or None

    # making ---------------------------------------------------------------------------

    @classmethod
    def compile(cls, function: Callable[..., Any]) -> ScriptFunction:
        """Compile a Python function.

        Raises CompileError at once if the source cannot be compiled. An error that may
        be due to the assumption that unannotated parameters are Tensors waits until
        `.graph`, `.save` or a call needs that version.
        """
        signature = signature_of(function)
        made = cls(
            Program(),
            {},
            python_function=function,
            open_parameters=tuple(
                i for i, p in enumerate(signature.parameters) if p.annotation is None
            ),
        )
        assert made._open is not None
        made._default_key = tuple(signature.parameters[i].type for i in made._open)
        try:
            made._specialise(made._default_key)
        except Error as error:
            if not made._open:
                raise
            made._deferred = error
        return made

    def _specialise(self, key: Key) -> str:
        with self._lock:
            if key in self._versions:
                return self._versions[key]
            assert self._function is not None and self._open is not None
            names = [p.name for p in signature_of(self._function).parameters]
            pairs = [(names[i], t) for i, t in zip(self._open, key, strict=True)]
            types = {n: t for n, t in pairs if isinstance(t, T.Type)}
            bound: Bound = {
                n: t.found for n, t in pairs if isinstance(t, FunctionArgument)
            }
            try:
                compiled = compile_function(
                    self._function, self.program, types, bound=bound
                )
            except Error as error:
                # frames of the compiler say nothing about the user's function
                raise error.with_traceback(None) from error.__cause__
            self._versions[key] = compiled.name
            return compiled.name

    # calling --------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if dispatch.caster is not None:
            autocast.refuse_compiled()
        name, values = self._select(args, kwargs)
        self._tell_once(name, values)
        entered = self._enter(name, values)
        arrays = gives_arrays(values)
        if dispatch.observer is not None:
            run = functools.partial(self._executor.call, name)
            result = dispatch.observer.function(self.program, name, entered, run)
            return leave(result) if arrays else result
        if not arrays and self._executor.wants_gradients(entered):
            return self._executor.call(name, entered)
        word = conditions.current()
        wraps = arrays and any(a is not b for a, b in zip(values, entered, strict=True))
        given = values if wraps else None
        compiled, entered = self._executor.prepare(name, entered, given)
        if compiled.machine is not None and self._is_linkable(name):
            arguments = self.program.functions[name].schema.arguments
            fixed = self._fixed(arguments)
            self.link(self._executor, compiled, word, arguments, converted=fixed)
        if arrays:  # these have no gradients
            return leave(compiled.run_on_arrays(entered, given))
        return compiled.run(entered, given)

    def _is_linkable(self, name: str) -> bool:
        """Whether machine code may take the arguments as they are written."""
        if gathers(self.program.functions[name].schema):
            return False
        return self._function is None or not any(
            p.takes_function for p in signature_of(self._function).parameters
        )

    def _fixed(self, arguments: Sequence[Argument]) -> list[int]:
        """Positions of the arguments for which no other version may fit better."""
        if self._open is None:
            return list(range(len(arguments))) if len(self._versions) == 1 else []
        return [i for i in range(len(arguments)) if i not in self._open]

    def _enter(self, name: str, values: list[Any]) -> list[Any]:
        """The arguments as a function of the program gets them."""
        arguments = self.program.functions[name].schema.arguments
        return [enter(v, a.type) for v, a in zip(values, arguments, strict=True)]

    def _tell_once(self, name: str, values: list[Any]) -> None:
        """Tell at the first call of a version what it copies."""
        if name not in self._told:
            self._told.add(name)
            tell_of_copies(self.program.functions[name], values)

    def entry_for(self, *args: Any, **kwargs: Any) -> tuple[str, list[Any]]:
        """The function of the program that these arguments call, and what it gets."""
        name, values = self._select(args, kwargs)
        return name, self._enter(name, values)

    def interpret(self, *args: Any, **kwargs: Any) -> Any:
        """The same call on the interpreter, whatever the compile mode."""
        name, values = self._select(args, kwargs)
        self._tell_once(name, values)
        result = self._executor.interpret(name, self._enter(name, values))
        return leave(result) if gives_arrays(values) else result

    def cache_info(self) -> CacheInfo:
        """How often it was compiled, and found compiled."""
        return self._executor.cache_info()

    def _select(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[str, list[Any]]:
        """The version for these arguments, and the arguments in order."""
        values = bind_arguments(self._any_schema(), args, kwargs)
        if self._open is None:
            return self._existing(values), values
        assert self._function is not None
        parameters = signature_of(self._function).parameters
        key = tuple(_key_of(parameters[i], values[i]) for i in self._open)
        name = self._versions.get(key) or self._specialise(key)
        if any(isinstance(part, FunctionArgument) for part in key):
            functions = {
                i
                for i, part in zip(self._open, key, strict=True)
                if isinstance(part, FunctionArgument)
            }
            values = [v for i, v in enumerate(values) if i not in functions]
        return name, values

    def _any_schema(self) -> FunctionSchema:
        """Names and defaults of the parameters, which all versions share."""
        if self._function is not None:
            return signature_of(self._function).schema
        return self.program.functions[next(iter(self._versions.values()))].schema

    def _existing(self, values: list[Any]) -> str:
        """The stored version that takes these arguments best."""
        best = None
        for key, name in self._versions.items():
            score = _fit(values, key)
            if score is not None and (best is None or score > best[0]):
                best = (score, name)
        if best is not None:
            return best[1]
        given = [type_of_value(v) for v in values]
        known = "; ".join(
            str(self.program.functions[n].schema) for n in self._versions.values()
        )
        raise TypeError(
            f"{self.__name__}() was captured for {known}; it is called with"
            f" ({', '.join(map(str, given))})"
        )

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    # looking --------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The function's name."""
        return str(self.__name__)

    @property
    def qualified_name(self) -> str:
        """The name of its main version in the program."""
        return self._main().name

    def _main(self) -> Function:
        """The version for Tensors, or the only ones there are."""
        if self._default_key is not None and self._default_key not in self._versions:
            if self._deferred is not None:
                raise self._deferred.with_traceback(None)
            self._specialise(self._default_key)
        key = self._default_key
        name = (
            self._versions[key]
            if key is not None
            else next(iter(self._versions.values()))
        )
        return self.program.functions[name]

    @property
    def python_function(self) -> Callable[..., Any] | None:
        """What it was compiled from; None if it was traced or loaded."""
        return self._function

    @property
    def graph(self) -> Graph:
        """The graph as captured; unannotated parameters are Tensors."""
        return self._main().graph

    @property
    def inlined_graph(self) -> Graph:
        """The graph with all calls replaced by what they do."""
        from jit.passes import inline

        graph = self.graph.copy()
        inline.run(graph)
        return graph

    @property
    def code(self) -> str:
        """The function as Python-like source, which parses back."""
        from jit.python_text import code

        return code(self._main())

    @property
    def code_with_constants(self) -> tuple[str, Constants]:
        """The source, and the `CONSTANTS` that it names."""
        return code_with_constants(self._main())

    @property
    def schema(self) -> FunctionSchema:
        """Names, types and defaults of the arguments."""
        return dataclasses.replace(self._main().schema, kind=self.name)

    def graph_for(self, *args: Any, **kwargs: Any) -> Graph:
        """The optimised graph that runs for these arguments."""
        name, entered = self.entry_for(*args, **kwargs)
        return self._executor.graph_for(name, entered)

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """How a call with these arguments runs: as machine code, or why not."""
        name, entered = self.entry_for(*args, **kwargs)
        return self._executor.explain(name, entered)

    def __repr__(self) -> str:
        return f"<jit.ScriptFunction {self.name}>"

    # keeping --------------------------------------------------------------------------

    def __reduce__(self) -> Any:
        """Pickled by name, as any function of a module; without source, as an archive."""
        if self._function is not None:
            return self.__qualname__
        from jit.serialization import load

        return load, (self.save_to_buffer(),)

    def __copy__(self) -> ScriptFunction:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> ScriptFunction:
        return self

    def entries(self) -> list[tuple[str, str]]:
        """Name and function of what a file of this function offers, main version first.

        Raises the CompileError of the main version if no other was ever called.
        """
        if self._default_key is not None and self._deferred is not None:
            if not self._versions:
                raise self._deferred.with_traceback(None)
        elif self._default_key is not None:
            self._main()
        names = list(self._versions.values())
        return [(self.name, n) for n in names]

    def save(self, f: Any, _extra_files: Mapping[str, Any] | None = None) -> None:
        """Write a `.trs` archive to a path or file object.

        It holds the version for Tensors and those that were called.
        """
        from jit.serialization import save

        save(self, f, _extra_files)

    def save_to_buffer(self, _extra_files: Mapping[str, Any] | None = None) -> bytes:
        """The bytes that `save` would write."""
        buffer = io.BytesIO()
        self.save(buffer, _extra_files)
        return buffer.getvalue()


def _key_of(p: Parameter, value: Any) -> T.Type | FunctionArgument:
    """What of an argument decides which version of a function runs."""
    if p.gathers == "**" and not value:
        return p.type
    if callable(value) and not isinstance(value, Tensor):
        found = function_argument(value)
        if found is not None:
            return FunctionArgument(value, found)
    if p.takes_function:
        raise TypeError(f"'{p.name}' is a function that no script can call: {value!r}")
    return type_of_value(value)


def _fit(values: list[Any], key: Key) -> int | None:
    """How well arguments fit a version: exact matches count; None if one does not."""
    from jit.ir.subtyping import is_subtype

    if len(values) != len(key):
        return None
    score = 0
    for value, wanted in zip(values, key, strict=True):
        assert isinstance(wanted, T.Type)
        actual = type_given_for(value, wanted)
        if is_subtype(actual, wanted):
            score += 2
        elif _is_converted(actual, wanted) or _arrays_fit(actual, wanted):
            score += 1
        else:
            return None
    return score


def _is_converted(actual: T.Type, wanted: T.Type) -> bool:
    """Whether a call converts the value; numbers do not become Tensors."""
    from jit.ir.overloads import is_convertible

    element = wanted.element if isinstance(wanted, T.OptionalType) else wanted
    return not T.is_tensor_like(element) and is_convertible(actual, wanted)


def _arrays_fit(actual: T.Type, wanted: T.Type) -> bool:
    """Whether a value fits once its arrays are Tensors, or its Tensors arrays."""
    match actual, wanted:
        case T.OptionalType(), _:
            return False
        case _, T.OptionalType(w):
            return _arrays_fit(actual, w)
        case T.ListType(a), T.ListType(w):
            return _arrays_fit(a, w) or a == w
        case T.DictType(ak, av), T.DictType(wk, wv):
            return ak == wk and (_arrays_fit(av, wv) or av == wv)
        case (T.ArrayType(), T.TensorType()):
            return True
    given, asked = T.tuple_elements(actual), T.tuple_elements(wanted)
    if given is None or asked is None or len(given) != len(asked):
        return False
    return all(x == y or _arrays_fit(x, y) for x, y in zip(given, asked, strict=True))


def cache_info(fn: Any) -> CacheInfo:
    """How often a compiled function or module was compiled, and found compiled.

    New sizes of arguments never compile: other dtypes, ranks and kinds of arguments do.
    Raises TypeError for what is not compiled.
    """
    owner = getattr(fn, "_owner", fn)  # a method belongs to its module
    executor = getattr(owner, "_executor", None)
    if not isinstance(executor, Executor):
        raise TypeError(f"a `{type(fn).__name__}` is not compiled: script or trace it")
    return executor.cache_info()


def is_disabled() -> bool:
    """Whether `JIT_DISABLE=1` or `PYTORCH_JIT=0` lets decorators return plain Python."""
    return os.environ.get("JIT_DISABLE") == "1" or os.environ.get("PYTORCH_JIT") == "0"
