"""Run the functions of a program on the interpreter."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jit import passes
from jit.ir import types as T
from jit.ir.graph import Graph, Node
from jit.ir.program import Function, Program
from jit.ir.schema import FunctionSchema
from jit.runtime import bytecode
from jit.runtime.bytecode import Code, FindRunner
from jit.runtime.enums import default_of
from jit.runtime.executor import background
from jit.runtime.executor.differentiable import Gradients, is_wanted
from jit.runtime.executor.explanation import (
    INTERPRETED,
    Explanation,
    print_stages,
)
from jit.runtime.executor.gradient_questions import find_question
from jit.runtime.executor.gradient_questions import why_interpreted as why_taped
from jit.runtime.executor.instances import Versions, interpreter, takes_modules
from jit.runtime.executor.modes import CALLS_BEFORE, get_compile_mode
from jit.runtime.executor.native import compile_native, native_enabled, why_interpreted
from jit.runtime.executor.specialisation import (
    Specialisation,
    key_of,
    type_of_argument,
)
from jit.runtime.executor.specialisation_cache import CacheInfo, SpecialisationCache
from jit.runtime.gathering import Gathering
from jit.runtime.grad_mode import detached
from jit.runtime.objects import Object
from jit.runtime.program_values import RefusedError, convert
from jit.runtime.promotion import get_default_dtype
from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    from jit.runtime.codegen.calls.native_function import NativeFunction
    from jit.runtime.codegen.native_code import NativeCode


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A function made ready for some types of arguments."""

    specialisation: Specialisation
    graph: Graph
    """The graph that runs: optimised, or as it was captured."""
    code: Code
    interpret: Callable[..., Any]
    """Runs the code."""
    native: Callable[..., Any] | None = None
    """The machine code, if there is any."""
    explanation: Explanation = INTERPRETED
    gathering: Gathering | None = None
    """Where the inputs of the graph are, if they are not the arguments."""
    machine: NativeCode | None = None
    """The machine code of the whole graph, to make callables of."""
    takes_arrays: bool = False
    """Whether machine code takes arrays for Tensors, and gives them."""
    writes_tape: bool = False
    """Whether its operators write the tape, for the function asks about gradients."""

    def run(self, values: Sequence[Any], given: Sequence[Any] | None = None) -> Any:
        """Call it. `given` are the values as they were before arrays became Tensors:
        with them, Tensors of the result may come back as arrays."""
        if self.native is None:
            return self.interpret(*values)
        if not self.takes_arrays:
            return self.native(*values)
        assert given is not None
        # numbers have been converted to what is declared
        pairs = zip(given, values, strict=True)
        result = self.native(*[v if type(v) in _NUMBERS else g for g, v in pairs])
        return self.interpret(*values) if result is MISSED else result

    def run_on_arrays(
        self, values: Sequence[Any], given: Sequence[Any] | None = None
    ) -> Any:
        """The same where no argument has a gradient, and no result is asked for one."""
        if self.writes_tape:
            return self.run(values, given)
        return detached(self.run, values, given)


_NUMBERS = (int, float, bool)

MISSED: Any = object()
"""What machine code that takes arrays gives for arguments that do not fit."""

MOST_WAITING = 1000
"""How many specialisations that were called once are remembered."""

_INTERPRETED, _MACHINE, _ARRAYS = range(3)
"""How a function is made ready: the first part of a key."""


class Executor:
    """Runs the functions of one program, from any number of threads.

    A function is optimised and assembled when it is called first, and again when the
    dtype or rank of a tensor argument is new. With `optimize=False` graphs run as they
    were captured.
    """

    def __init__(self, program: Program, *, optimize: bool = True) -> None:
        self.program = program
        self.optimize = optimize
        self._cache = SpecialisationCache()
        self._waiting: dict[tuple[Any, ...], int] = {}
        """Calls of what will be compiled later."""
        self._codes: dict[tuple[str, str], Code] = {}
        self._questions: dict[tuple[str, int], Node | None] = {}
        """By functions, and how many there were, what in them asks about gradients."""
        self._lock = threading.RLock()
        self.gradients = Gradients(self, self._cache)
        """What runs calls whose results are to be differentiated."""

    @classmethod
    def of(cls, program: Program) -> Executor:
        """The executor that runs what a program forks, the same for each call."""
        with _LOCK:
            found = _FORKING.get(program)
            if found is None:
                found = _FORKING[program] = cls(program)
            return found

    def call(self, name: str, args: Sequence[Any] = ()) -> Any:
        """Run a function; missing arguments get their defaults.

        Raises TypeError for arguments that do not have the declared types, NameError
        for a function that the program does not have.
        """
        values = self._enter(self._function(name).schema, args)
        if is_wanted(values) and self._question(name) is None:
            return self.gradients.call(name, values)
        return self._find(name, values, self._how(name, values)).run(values)

    def wants_gradients(self, values: Sequence[Any]) -> bool:
        """Whether a call with these arguments has to be differentiable."""
        return is_wanted(values)

    def interpret(self, name: str, args: Sequence[Any] = ()) -> Any:
        """As `call`, but on the interpreter, whose kernels are those of eager calls."""
        values = self._enter(self._function(name).schema, args)
        if is_wanted(values):
            return self.gradients.interpret(name, values)
        return self._find(name, values, _INTERPRETED).run(values)

    def prepare(
        self, name: str, args: Sequence[Any], given: Sequence[Any] | None = None
    ) -> tuple[Compiled, list[Any]]:
        """What runs for these arguments in this mode, and the values that it gets.

        `given` are the arguments as they were before arrays became Tensors, if only
        arrays were given.
        """
        values = self._enter(self._function(name).schema, args)
        how = self._how(name, values, _MACHINE if given is None else _ARRAYS)
        return self._find(name, values, how), values

    def link(
        self,
        compiled: Compiled,
        bound: Object | None = None,
        converted: Collection[int] = (),
    ) -> NativeFunction | None:
        """The machine code of what `prepare` gave, as one of several functions that are
        tried in turn; None if there is none, or if it is not kept any more.

        `bound` is the module that the function then has as its first argument. Floats at
        the positions `converted` may be given as ints.
        """
        entry = self._cache.entry_of(compiled)
        if entry is None or compiled.machine is None:
            return None
        made = compiled.machine.function(None, bound, converted)
        entry.count_calls_of(made)
        return made

    def keeps(self, compiled: Compiled) -> bool:
        """Whether something is still in the cache."""
        return self._cache.entry_of(compiled) is not None

    @property
    def evictions(self) -> int:
        """How many specialisations have gone from the cache."""
        return self._cache.evictions

    def cache_info(self) -> CacheInfo:
        """How often functions were compiled, and found compiled."""
        return self._cache.info()

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
        gathering = compiled.gathering
        found = values if gathering is None else gathering.gather(values) or values
        return compiled.explanation.about(name, compiled.graph, found)

    def compiled_for(self, name: str, args: Sequence[Any] = ()) -> Compiled:
        """What `call` runs for these arguments; compiled if it was not yet."""
        return self._find(name, self._enter(self._function(name).schema, args))

    def specialisations(self, name: str) -> list[Specialisation]:
        """For which types a function has been compiled so far, the first one first."""
        found: list[Specialisation] = []
        for entry in self._cache.entries():
            made = entry.made
            each = made.all if isinstance(made, Versions) else [made]
            found += [c.specialisation for c in each]
        return [s for s in found if s.function == name]

    def _question(self, name: str) -> Node | None:
        """What in a function asks about gradients."""
        key = name, len(self.program.functions)
        if key not in self._questions:
            self._questions[key] = find_question(self.program, name)
        return self._questions[key]

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
                value = default_of(argument.default, argument.type)
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

    def _how(self, name: str, values: Sequence[Any], wanted: int = _MACHINE) -> int:
        """How a call runs now; what comes later is noted, or begun."""
        if not native_enabled():
            return _INTERPRETED
        mode = get_compile_mode()
        if mode == "eager":
            return wanted
        key = self._key(name, values, wanted)
        if self._cache.get(key) is not None:
            return wanted
        if len(self._waiting) > MOST_WAITING:
            self._waiting.clear()
        count = self._waiting[key] = self._waiting.get(key, 0) + 1
        if mode == "lazy" and count > CALLS_BEFORE:
            self._waiting.pop(key, None)
            return wanted
        if mode == "background" and count == 1:
            background.submit(lambda: self._find_later(key, name, values, wanted))
        return _INTERPRETED

    def _find_later(
        self, key: tuple[Any, ...], name: str, values: Sequence[Any], how: int
    ) -> None:
        self._find(name, values, how)
        self._waiting.pop(key, None)

    def _key(self, name: str, values: Sequence[Any], how: int) -> tuple[Any, ...]:
        level, dtype = passes.math_level(), get_default_dtype()
        return (how, name, level, dtype, *key_of(values))

    def _find(
        self, name: str, values: Sequence[Any], how: int | None = None
    ) -> Compiled:
        """What is ready for these values; made ready if it is not."""
        if how is None:
            how = _MACHINE if native_enabled() else _INTERPRETED
        key = self._key(name, values, how)
        entry = self._cache.get(key)
        if entry is None:
            entry = self._cache.find(key, lambda: self._compile(name, values, how))
        else:
            entry.hits += 1
        if isinstance(entry.made, Versions):
            with self._lock:
                made: Compiled = entry.made.find(values)
            return made
        found: Compiled = entry.made
        return found

    def _compile(
        self, name: str, values: Sequence[Any], how: int
    ) -> tuple[Specialisation, Compiled | Versions]:
        graph = self._function(name).graph
        arguments = self._function(name).schema.arguments
        types = tuple(map(type_of_argument, values, [a.type for a in arguments]))
        specialisation = Specialisation(name, types, tuple(a.name for a in arguments))
        question = self._question(name)
        if question is not None:
            return specialisation, self._taped(specialisation, graph, question)
        if how != _INTERPRETED and self.optimize and takes_modules(values):
            return specialisation, Versions(
                graph,
                self._optimized,
                lambda *lifted: self._make_ready(specialisation, how, *lifted),
            )
        graph = self._optimized(graph, types)
        return specialisation, self._make_ready(specialisation, how, graph)

    def _taped(
        self, specialisation: Specialisation, graph: Graph, question: Node
    ) -> Compiled:
        """A graph as it was captured; its operators write the tape while they run."""
        code = self.gradients.taped(specialisation.function)
        return Compiled(
            specialisation,
            graph,
            code,
            lambda *args: bytecode.run(code, args),
            explanation=Explanation(False, (why_taped(question),)),
            writes_tape=True,
        )

    def _make_ready(
        self,
        specialisation: Specialisation,
        how: int,
        graph: Graph,
        gathering: Gathering | None = None,
    ) -> Compiled:
        """Assemble an optimised graph, and make machine code of it."""
        name = specialisation.function
        code = bytecode.assemble(graph, name, self._find_code)

        def again(*args: Any) -> Any:
            return self.call(name, args)

        interpret = interpreter(code, gathering, again)
        if how == _INTERPRETED:
            why = why_interpreted()
            return Compiled(specialisation, graph, code, interpret, None, why)

        def miss(*given: Any) -> Any:
            return MISSED

        takes_arrays = how == _ARRAYS
        slow = miss if takes_arrays else interpret
        made = compile_native(
            graph, name, self._find_graph, slow, gathering, takes_arrays
        )
        print_stages(made.explanation, name)
        if made.natives:
            graph = made.graph
            code = bytecode.assemble(graph, name, self._find_code, made.natives)
            interpret = interpreter(code, gathering, again)
        return Compiled(
            specialisation,
            graph,
            code,
            interpret,
            made.function,
            made.explanation,
            gathering,
            made.machine,
            takes_arrays,
        )

    def run_watched(self, name: str, args: Sequence[Any], runner: FindRunner) -> Any:
        """As `interpret`, on the graphs as captured; `runner` gives what runs a node."""
        values = self._enter(self._function(name).schema, args)
        codes: dict[str, Code] = {}

        def code_of(called: str) -> Code:
            if called not in codes:
                graph = self._function(called).graph
                codes[called] = bytecode.assemble(graph, called, code_of, runner=runner)
            return codes[called]

        return bytecode.run(code_of(name), values)

    def compile_graph(self, specialisation: Specialisation, graph: Graph) -> Compiled:
        """An optimised graph, ready to run as calls run now."""
        how = _MACHINE if native_enabled() else _INTERPRETED
        return self._make_ready(specialisation, how, graph)

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


_FORKING: weakref.WeakKeyDictionary[Program, Executor] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def _title(schema: FunctionSchema) -> str:
    return schema.kind.rpartition(".")[2]


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:79]}…"
