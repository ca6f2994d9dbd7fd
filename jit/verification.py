"""`jit.verify`: run one call in every way there is, and name the first that differs.

The plain Python function is the reference where it is known; then the graph as captured,
the graph after each pass that changed it, its machine code, what calls usually run, and
the function after saving and loading.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Any

from jit.comparison import clone, compare
from jit.first_difference import Run, first_difference
from jit.ir.diagnostic import Diagnostic, Error
from jit.ir.graph import Graph
from jit.modules.arguments import gives_arrays, leave
from jit.modules.script_function import ScriptFunction
from jit.modules.script_module import ScriptModule
from jit.passes import pipeline
from jit.runtime import bytecode
from jit.runtime.executor import Executor
from jit.runtime.executor.native import compile_native
from jit.runtime.random import default_generator
from jit.runtime.tensor import Tensor
from jit.serialization import load


class VerificationError(Error):
    """Two ways to run a program disagree (E0702)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: result or exception, arguments afterwards, output."""

    result: Any
    error: Exception | None
    arguments: Any
    printed: str


@dataclass(slots=True)
class Verification:
    """The ways that were compared, in order; all agree. Prints as a list."""

    ways: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(f"same: {way}" for way in self.ways)


def verify(fn: Any, *args: Any, tolerance: float = 1e-5) -> Verification:
    """Run `fn(*args)` in every way and compare results, errors, mutation and output.

    `fn` is what `jit.script`, `jit.trace` or `jit.load` returned; the arguments are not
    changed. Random draws start from the same state in every run. `tolerance` is relative
    and absolute.

    Returns the list of what was compared. Raises VerificationError E0702 that names the
    first way that differs, and how.
    """
    if not isinstance(fn, ScriptFunction | ScriptModule):
        raise TypeError(
            f"a `{type(fn).__name__}` was not captured: pass what jit.script, jit.trace or"
            " jit.load returned"
        )
    done = Verification()
    reference: Outcome | None = None
    for way in _ways(fn, args):
        outcome = _run(way.call, args)
        if reference is None:
            reference = outcome
        elif found := _difference(reference, outcome, tolerance, way.name):
            notes = [f"the same until then: {', '.join(done.ways)}"]
            if place := way.locate(tolerance):
                notes.append(f"they part at {place}")
            raise VerificationError(
                Diagnostic(
                    "E0702",
                    f"{way.name} does not do what {done.ways[0]} does: {found}",
                    notes=tuple(notes),
                    help="if it is a pass or machine code that differs, please report it;"
                    " a Python function that differs depends on something that is no"
                    " argument",
                )
            )
        done.ways.append(way.name)
    return done


Call = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to run the call."""

    name: str
    call: Call
    locate: Callable[[float], str] = lambda tolerance: ""
    """The first node that differs, if it does; empty if that cannot be told."""


def _ways(fn: Any, args: Sequence[Any]) -> Iterator[Way]:
    plain = fn.python_function if isinstance(fn, ScriptFunction) else None
    if plain is not None:
        yield Way("plain Python", plain)
    name, values, receiver = _entry(fn, args)
    as_captured = Executor(fn.program, optimize=False)

    def run(graph: Graph) -> Any:
        return bytecode.run_graph(
            graph, [*receiver, *_entry(fn, args)[1]], as_captured._find_code
        )

    def interpreted(graph: Graph) -> Call:
        find = as_captured._find_code
        return _entered(
            fn,
            lambda entered: bytecode.run_graph(graph, [*receiver, *entered], find),
        )

    before = fn.program.functions[name].graph
    yield Way("the graph as captured", interpreted(before))
    for label, graph in _after_each_pass(fn, name, [*receiver, *values]):

        def locate(
            tolerance: float, before: Graph = before, after: Graph = graph
        ) -> str:
            return first_difference(before, after, run, run, tolerance)

        yield Way(f"the graph after {label}", interpreted(graph), locate)
        before = graph
    yield from _machine_code(fn, name, [*receiver, *values], receiver, run)
    yield Way("a usual call", fn)
    stored = fn.save_to_buffer()

    def loaded(*again: Any) -> Any:
        return load(stored)(*again)

    yield Way("saved and loaded", loaded)


def _machine_code(
    fn: Any, name: str, values: list[Any], receiver: list[Any], interpret: Run
) -> Iterator[Way]:
    """Machine code, where it is made: of the whole, or of regions."""
    executor = Executor(fn.program)
    compiled = executor.compiled_for(name, values)
    if not compiled.explanation.is_native and not compiled.explanation.regions:
        return

    def run(graph: Graph) -> Any:
        made = compile_native(graph, name, executor._find_graph, _misses)
        if made.function is None:
            raise ValueError("machine code is made of parts of it only")
        return made.function(*clone(tuple(values)))

    def locate(tolerance: float) -> str:
        graph = compiled.graph
        return first_difference(graph, graph, interpret, run, tolerance)

    yield Way(
        "machine code",
        _entered(
            fn,
            lambda entered: executor.compiled_for(name, [*receiver, *entered]).run(
                [*receiver, *entered]
            ),
        ),
        locate,
    )


def _misses(*args: Any) -> Any:
    raise ValueError("the arguments do not fit the machine code")


def _entry(fn: Any, args: Sequence[Any]) -> tuple[str, list[Any], list[Any]]:
    """Function, arguments as they enter it, and the instance that comes before them."""
    if isinstance(fn, ScriptFunction):
        name, entered = fn.entry_for(*clone(tuple(args)))
        return name, entered, []
    method = fn.forward
    return (
        method.function.name,
        method.enter(*clone(tuple(args))),
        [fn.__script_object__],
    )


def _entered(fn: Any, run: Callable[[list[Any]], Any]) -> Call:
    """A call that takes what users pass and gives what they get."""

    def call(*args: Any) -> Any:
        if isinstance(fn, ScriptFunction):
            entered = fn.entry_for(*args)[1]
        else:
            entered = fn.forward.enter(*args)
        result = run(entered)
        return leave(result) if gives_arrays(args) else result

    return call


def _after_each_pass(
    fn: Any, name: str, values: list[Any]
) -> Iterator[tuple[str, Graph]]:
    executor = Executor(fn.program)
    types = executor.compiled_for(name, values).specialisation.types
    graph = fn.program.functions[name].graph.copy()
    counts: dict[str, int] = {}
    for pass_name in pipeline.optimizing(graph, list(types)):
        counts[pass_name] = counts.get(pass_name, 0) + 1
        again = f" ({counts[pass_name]})" if counts[pass_name] > 1 else ""
        yield f"`{pass_name}`{again}", graph.copy()


def _run(call: Call, args: Sequence[Any]) -> Outcome:
    given = clone(tuple(args))
    state = default_generator.get_state()
    output = io.StringIO()
    result, error = None, None
    try:
        with redirect_stdout(output):
            result = call(*given)
    except Exception as raised:
        error = raised
    finally:
        default_generator.set_state(state)
    return Outcome(result, error, given, output.getvalue())


def _difference(a: Outcome, b: Outcome, tolerance: float, how: str) -> str:
    if a.error is not None or b.error is not None:
        if type(a.error) is type(b.error) and str(a.error) == str(b.error):
            return ""
        return f"{_told(a.error)} against {_told(b.error)}"
    if a.printed != b.printed:
        return f"the output {a.printed!r} against {b.printed!r}"
    return compare(a.result, b.result, tolerance, how=how) or compare(
        _tensors(a.arguments), _tensors(b.arguments), tolerance, "argument", how
    )


def _tensors(arguments: Any) -> Any:
    """The arguments whose changes a caller would see."""
    return tuple(a for a in arguments if isinstance(a, Tensor | list | dict))


def _told(error: Exception | None) -> str:
    return "a result" if error is None else f"{type(error).__name__}: {error}"
