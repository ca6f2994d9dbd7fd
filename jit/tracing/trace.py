"""`jit.trace`: run a function or module on examples and keep what it did."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from jit.ir.diagnostic import Diagnostic, TracingError
from jit.ir.graph import Graph
from jit.ir.program import Program
from jit.modules.script_function import ScriptFunction, is_disabled
from jit.modules.script_module import ScriptModule
from jit.runtime import dispatch
from jit.torch.nn import Module
from jit.tracing.bakes import ON_BAKE, Bakes, span_of_frame, user_frame
from jit.tracing.checking import check_inputs as check
from jit.tracing.checking import check_repeats
from jit.tracing.modules import Examples, trace_methods
from jit.tracing.recording import Settings, record
from jit.tracing.rescripting import capture_compiled
from jit.tracing.state import kept, kept_slots


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
    Sizes stay symbolic, dtypes follow the inputs, and `train()` and `eval()` of a traced
    module have their effect. Scripted callees keep their control flow.

    A branch or a number that Python takes from a traced value would be baked in:
    `on_bake="warn"` warns of each with a TracerWarning, `"error"` raises one
    TracingError that lists them all, `"guard"` lets the program look again at each call
    and raise where it would be wrong, `"compile"` scripts the innermost function that
    decides and takes the trace again. Where Python goes by a rank or dtype, the program
    looks again in any case.

    `check_trace` takes the trace twice, and runs it against the function on the examples
    and on each of `check_inputs`, within `check_tolerance` (relative and absolute).
    `strict=False` allows lists and dicts as outputs.

    Returns a ScriptFunction, or a ScriptModule for a module.
    Raises TracingError (E05) with the line at fault.
    """
    owner = getattr(func, "__self__", None)
    if isinstance(owner, Module) and getattr(func, "__name__", "") == "forward":
        func = owner
    if is_disabled() or isinstance(func, ScriptFunction):
        return func
    _refuse_call(func, on_bake)
    args, names = _as_arguments(func, example_inputs, example_kwarg_inputs)
    _check_count(func, args, names)
    settings = Settings(strict, on_bake, names)
    further = [_as_tuple(c) for c in check_inputs or ()]
    tolerance = check_tolerance if check_trace else None
    if isinstance(func, Module):
        methods = {"forward": (args, settings)}
        return _trace_methods(func, methods, {"forward": further}, tolerance)
    return _trace_function(func, args, settings, further, tolerance)


def trace_module(
    mod: Any,
    inputs: Mapping[str, Any],
    *,
    check_trace: bool = True,
    check_inputs: Sequence[Mapping[str, Any]] | None = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    on_bake: str = "warn",
    example_inputs_is_kwarg: bool = False,
) -> Any:
    """Trace several methods of a module: `inputs` has examples for each by its name.

    With `example_inputs_is_kwarg` the examples of a method are a dict by parameters.
    Everything else is as for `trace`. Returns a ScriptModule with these methods.
    """
    if is_disabled() or isinstance(mod, ScriptModule):
        return mod
    if not isinstance(mod, Module):
        raise TypeError(f"jit.trace_module takes a module, not `{type(mod).__name__}`")
    _refuse_call(mod, on_bake)
    methods: dict[str, Examples] = {}
    further: dict[str, list[tuple[Any, ...]]] = {}
    for name, given in inputs.items():
        method = mod if name == "forward" else getattr(mod, name)
        keywords = given if example_inputs_is_kwarg else None
        args, names = _as_arguments(method, None if keywords else given, keywords)
        _check_count(method, args, names)
        methods[name] = (args, Settings(strict, on_bake, names))
        further[name] = [_as_tuple(c[name]) for c in check_inputs or () if name in c]
    tolerance = check_tolerance if check_trace else None
    return _trace_methods(mod, methods, further, tolerance)


def _refuse_call(func: Any, on_bake: str) -> None:
    """Errors for calls of `trace` that cannot be meant."""
    if on_bake not in ON_BAKE:
        raise ValueError(f"on_bake is one of {', '.join(ON_BAKE)}, not {on_bake!r}")
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


def _trace_methods(
    module: Module,
    methods: Mapping[str, Examples],
    further: Mapping[str, list[tuple[Any, ...]]],
    tolerance: float | None,
) -> ScriptModule:
    """Trace methods of a module; `tolerance` is None where nothing is checked."""
    on_bake = next(iter(methods.values()))[1].on_bake

    def capture(bakes: Bakes) -> tuple[ScriptModule, dict[str, Graph]]:
        return trace_methods(module, methods, bakes)

    with kept(module), ExitStack() as stack:
        if on_bake == "compile":
            captured = capture_compiled(module, capture)
            if isinstance(captured, ScriptModule):
                return captured
            traced, graphs = captured
        else:
            traced, graphs = capture(Bakes(on_bake))
        if tolerance is None:
            return traced
        stack.enter_context(kept_slots(traced))
        for name, (args, settings) in methods.items():

            def again(args: Any, name: str = name, settings: Any = settings) -> Graph:
                examples = {name: (args, settings)}
                return trace_methods(module, examples, Bakes(on_bake, True))[1][name]

            if on_bake != "compile":
                check_repeats(graphs[name], again, args)
            method = getattr(traced, name)
            function = _called(module if name == "forward" else getattr(module, name),
                               settings.names)  # fmt: skip
            for given in (args, *further[name]):
                check(
                    function, module, _called(method.interpret, settings.names), given,
                    tolerance, graphs[name], again,
                )  # fmt: skip
    return traced


def _called(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    """A function whose last arguments are given by keyword."""
    if not names:
        return function

    def call(*args: Any) -> Any:
        count = len(args) - len(names)
        return function(*args[:count], **dict(zip(names, args[count:], strict=True)))

    return call


def _trace_function(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    settings: Settings,
    further: list[tuple[Any, ...]],
    tolerance: float | None,
) -> ScriptFunction:
    """Trace a function; `tolerance` is None where nothing is checked."""

    def capture(bakes: Bakes, args: Any = args) -> tuple[ScriptFunction, Graph]:
        return _capture_function(func, args, settings, bakes)

    def again(args: tuple[Any, ...]) -> Graph:
        return capture(Bakes(settings.on_bake, True), args)[1]

    if settings.on_bake == "compile":
        captured = capture_compiled(None, capture)
        assert isinstance(captured, tuple)
        traced, graph = captured
    else:
        traced, graph = capture(Bakes(settings.on_bake))
    if tolerance is not None:
        if settings.on_bake != "compile":
            check_repeats(graph, again, args)
        function = _called(func, settings.names)
        run = _called(traced.interpret, settings.names)
        for given in (args, *further):
            check(function, None, run, given, tolerance, graph, again)
    return traced


def _capture_function(
    func: Callable[..., Any], args: tuple[Any, ...], settings: Settings, bakes: Bakes
) -> tuple[ScriptFunction, Graph]:
    program = Program()
    qualified = getattr(func, "__qualname__", type(func).__name__)
    module = getattr(func, "__module__", None) or "traced"
    name = f"{module}.{qualified}".replace("<locals>.", "").replace(
        "<lambda>", "lambda_"
    )
    function = record(program, name, func, args, settings, bakes=bakes).function
    types = tuple(a.type for a in function.schema.arguments)
    return ScriptFunction(program, {types: name}), function.graph


def _as_tuple(inputs: Any) -> tuple[Any, ...]:
    return tuple(inputs) if isinstance(inputs, tuple) else (inputs,)


Arguments = tuple[tuple[Any, ...], tuple[str, ...]]
"""Values, and the names of those last ones that are given by keyword."""


def _as_arguments(
    func: Any, inputs: Any, keywords: Mapping[str, Any] | None
) -> Arguments:
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
        return _as_tuple(inputs), ()
    signature = _signature(func)
    positional = _as_tuple(inputs) if inputs is not None else ()
    given = signature.bind(*positional, **keywords)
    return (*given.args, *given.kwargs.values()), tuple(given.kwargs)


def _check_count(func: Any, args: tuple[Any, ...], names: tuple[str, ...]) -> None:
    """TracingError E0507 for more or fewer examples than the function takes."""
    try:
        signature = _signature(func)
    except (TypeError, ValueError):
        return  # written in C: it checks its arguments itself
    count = len(args) - len(names)
    try:
        signature.bind(*args[:count], **dict(zip(names, args[count:], strict=True)))
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
    return inspect.signature(func.forward if isinstance(func, Module) else func)
