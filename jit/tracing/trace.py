"""`jit.trace`: run a function or module on examples and keep what it did."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from jit.comparison import clone, compare
from jit.ir.diagnostic import Diagnostic, TracingError
from jit.ir.equality import difference
from jit.ir.graph import Graph, Node
from jit.ir.program import Program
from jit.ir.registry import find_card
from jit.modules.script_function import ScriptFunction, is_disabled
from jit.runtime import dispatch
from jit.tracing.bakes import span_of_frame, user_frame
from jit.tracing.recording import Settings, record

ON_BAKE = ("warn", "error")


def trace(
    func: Any,
    example_inputs: Any = None,
    *,
    check_trace: bool = True,
    check_inputs: Sequence[Any] | None = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    on_bake: str = "warn",
    example_kwarg_inputs: Mapping[str, Any] | None = None,
) -> Any:
    """Run `func` on `example_inputs` and capture the operators that it executes.

    `func` is a function of Tensors or NumPy arrays, or a module. `example_inputs` is one
    input or a tuple of them; inputs may be nested tuples, lists and string-keyed dicts.
    Sizes stay symbolic. A branch or a number that Python takes from a traced value is
    baked in and told: `on_bake="warn"` warns with a TracerWarning, `"error"` raises one
    TracingError that lists them all. Scripted callees keep their control flow.

    `check_trace` runs the trace against the function on the examples, and on each of
    `check_inputs`, within `check_tolerance` (relative and absolute). `strict=False`
    allows lists and dicts as outputs.

    Returns a ScriptFunction, or a ScriptModule for a module.
    Raises TracingError (E05) with the line at fault.
    """
    if on_bake not in ON_BAKE:
        raise ValueError(f"on_bake is one of {', '.join(ON_BAKE)}, not {on_bake!r}")
    if is_disabled():
        return func
    if isinstance(func, ScriptFunction):
        return func
    if not callable(func):
        raise TypeError(
            f"jit.trace takes a function or a module, not `{type(func).__name__}`"
        )
    if dispatch.observer is not None:
        raise TracingError(
            Diagnostic(
                "E0508",
                "a trace is started while another one records",
                span_of_frame(user_frame()),
                help="trace the inner function before, and call the result",
            )
        )
    args = _as_arguments(func, example_inputs, example_kwarg_inputs)
    _check_count(func, args)
    settings = Settings(strict, on_bake)
    module = _module_of(func)
    with _state_kept(module):
        traced, graph = _capture(func, module, args, settings)
        if check_trace:
            for inputs in (args, *(_as_tuple(c) for c in check_inputs or ())):
                _check(func, module, traced, inputs, check_tolerance, graph, settings)
    return traced


def _capture(
    func: Any, module: Any, args: tuple[Any, ...], settings: Settings
) -> tuple[Any, Graph]:
    if module is not None:
        from jit.tracing.modules import trace_module_call

        return trace_module_call(module, args, settings)
    return _trace_function(func, args, settings)


@contextmanager
def _state_kept(module: Any) -> Iterator[None]:
    """Give parameters and buffers back the values that they had before."""
    if module is None:
        yield
        return
    tensors = [*module.parameters(), *module.buffers()]
    before = [t.array.copy() for t in tensors]
    try:
        yield
    finally:
        for tensor, array in zip(tensors, before, strict=True):
            tensor.array[...] = array


def _as_tuple(inputs: Any) -> tuple[Any, ...]:
    return tuple(inputs) if isinstance(inputs, tuple) else (inputs,)


def _as_arguments(func: Any, inputs: Any, keywords: Mapping[str, Any] | None) -> Any:
    """Example inputs in the order of the parameters."""
    if keywords is None:
        if inputs is None:
            raise TracingError(
                Diagnostic(
                    "E0507",
                    "there are no example inputs",
                    help="call `jit.trace(f, (x, y))` with one example for each parameter",
                )
            )
        if isinstance(inputs, list):
            inputs = tuple(inputs)
        return _as_tuple(inputs)
    signature = _signature(func)
    given = signature.bind(*_as_tuple(inputs or ()), **keywords)
    if given.kwargs:
        raise TracingError(
            Diagnostic(
                "E0507",
                "keyword-only parameters cannot be traced:"
                f" {', '.join(map(repr, given.kwargs))}",
                help="make them ordinary parameters",
            )
        )
    return given.args


def _check_count(func: Any, args: tuple[Any, ...]) -> None:
    """TracingError E0507 for more or fewer examples than the function takes."""
    try:
        signature = _signature(func)
    except (TypeError, ValueError):
        return  # written in C: it checks its arguments itself
    try:
        signature.bind(*args)
    except TypeError as error:
        name = getattr(func, "__name__", type(func).__name__)
        raise TracingError(
            Diagnostic(
                "E0507",
                f"the {len(args)} example inputs do not fit `{name}{signature}`: {error}",
                help="give a tuple with one example for each parameter, `(x, y)`; a single"
                " list or tuple goes into one, `(items,)`",
            )
        ) from None


def _signature(func: Any) -> inspect.Signature:
    module = _module_of(func)
    return inspect.signature(module.forward if module is not None else func)


def _module_of(func: Any) -> Any:
    from jit.torch.nn import Module

    return func if isinstance(func, Module) else None


def _trace_function(
    func: Callable[..., Any], args: tuple[Any, ...], settings: Settings
) -> tuple[ScriptFunction, Graph]:
    program = Program()
    qualified = getattr(func, "__qualname__", type(func).__name__)
    module = getattr(func, "__module__", None) or "traced"
    name = f"{module}.{qualified}".replace("<locals>.", "").replace(
        "<lambda>", "lambda_"
    )
    function = record(program, name, func, args, settings)
    types = tuple(a.type for a in function.schema.arguments)
    return ScriptFunction(program, {types: name}), function.graph


def _check(
    func: Any,
    module: Any,
    traced: Any,
    args: tuple[Any, ...],
    tolerance: float,
    graph: Graph,
    settings: Settings,
) -> None:
    """Compare the trace with the function on one set of inputs."""
    if any(_is_random(node) for node in graph.all_nodes):
        return  # two runs draw differently; the graph itself says so
    with _state_kept(module):
        eager = func(*clone(args))
    try:
        # what is checked is what was recorded: machine code rounds in other places
        with _state_kept(module):
            found = compare(eager, traced.interpret(*clone(args)), tolerance)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        found = f"the trace raises {type(error).__name__}: {error}"
    if found:
        quiet = Settings(settings.strict, "ignore")
        second = _capture(func, module, args, quiet)[1]
        raise _divergence(found, graph, second)


def _is_random(node: Node) -> bool:
    card = find_card(node.kind, node.overload)
    return card is not None and card.random


def _divergence(what: str, first: Graph, second: Graph) -> TracingError:
    """The error for a trace that another run does not confirm."""
    where = difference(first, second)
    notes = []
    if where:
        notes.append(f"a second trace gives another graph: {where}")
    else:
        notes.append(
            "a second trace gives the same graph, with other constants or draws"
        )
    return TracingError(
        Diagnostic(
            "E0504",
            f"the trace does not repeat what the function does: {what}",
            notes=tuple(notes),
            help="the function depends on something that is no input: a counter, Python's"
            " or NumPy's random numbers, the time; pass it in, or use torch.rand."
            " check_trace=False skips this check",
        )
    )
