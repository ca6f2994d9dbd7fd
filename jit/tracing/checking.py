"""Does a trace repeat what the function does? Found out by running both again."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from jit.comparison import clone, compare
from jit.ir.diagnostic import Diagnostic, TracingError
from jit.ir.equality import difference, parting
from jit.ir.graph import Graph
from jit.ir.span import NOWHERE
from jit.runtime import random
from jit.tracing.state import kept

LONGEST = 12
"""Lines of the difference of two graphs that are shown."""

Again = Callable[[tuple[Any, ...]], Graph]
"""Traces the function once more, on these inputs."""


def check_repeats(graph: Graph, again: Again, args: tuple[Any, ...]) -> None:
    """TracingError E0504 unless a second trace of the same inputs is the same."""
    second = again(args)
    if difference(graph, second) is not None:
        raise _divergence("two traces of the same inputs differ", graph, second)


def check_inputs(
    func: Callable[..., Any],
    module: Any,
    traced: Callable[..., Any],
    args: tuple[Any, ...],
    tolerance: float,
    graph: Graph,
    again: Again,
) -> None:
    """TracingError E0504 unless function and trace agree on one set of inputs."""
    state = random.default_generator.get_state()
    eager = _run(func, module, args)
    random.default_generator.set_state(state)
    found = _run(traced, module, args)
    random.default_generator.set_state(state)
    if isinstance(eager, Exception):
        if not isinstance(found, Exception):
            raise eager
        return
    if isinstance(found, Exception):
        problem = f"the trace raises {type(found).__name__}: {found}"
    else:
        problem = compare(eager, found, tolerance)
    if problem:
        raise _divergence(problem, graph, again(args))


def _run(function: Callable[..., Any], module: Any, args: tuple[Any, ...]) -> Any:
    """A result, or the exception that was raised instead."""
    with kept(module):
        try:
            return function(*clone(args))
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError) as error:
            return error


def _divergence(what: str, first: Graph, second: Graph) -> TracingError:
    """The error for a trace that another run does not confirm."""
    where = difference(first, second)
    span = None
    label = ""
    if where:
        notes = [f"a second trace gives another graph: {where}", _diff(first, second)]
        nodes = [n for n in parting(first, second) if n is not None]
        span = next((n.span for n in nodes if n.span is not NOWHERE), None)
        label = "the traces part here" if span is not None else ""
    else:
        notes = ["a second trace gives the same graph, with other constants or draws"]
    return TracingError(
        Diagnostic(
            "E0504",
            f"the trace does not repeat what the function does: {what}",
            span,
            label,
            notes=tuple(notes),
            help="the function depends on something that is no input: a counter, a cache,"
            " Python's or NumPy's random numbers, the time; pass it in, or use"
            " torch.rand. check_trace=False skips this check",
        )
    )


def _diff(first: Graph, second: Graph) -> str:
    """What differs between the texts of two graphs."""
    texts = [str(g).splitlines() for g in (first, second)]
    changes = difflib.unified_diff(
        texts[0], texts[1], "first trace", "second trace", n=1, lineterm=""
    )
    lines = list(changes)
    if len(lines) > LONGEST:
        lines[LONGEST:] = [f"… and {len(lines) - LONGEST} lines more"]
    return "\n     ".join(["the graphs:", *lines])
