"""What a program of the corpus is: the decorators that topic files are written with.

    @program("a b", "")
    def split_at_white_space(s: str):
        return s.split()

is one program with two calls. Each argument of `program` is a call: a tuple holds the
arguments, any other value is the only argument, `call` gives keywords or another method.
A decorated class is a module: it is made, and the calls reach one instance in turn.
Decorators give back what they were given, so that programs may call one another.

A topic file runs under torch as it stands. Against this product its line `import torch`
becomes `from jit import torch`, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Call:
    """Arguments, and the method they are for."""

    args: tuple[Any, ...]
    keywords: dict[str, Any]
    method: str = "forward"


def call(*args: Any, **keywords: Any) -> Call:
    """A call with keywords, or with a tuple as its only argument."""
    return Call(args, keywords)


def method(name: str, *args: Any, **keywords: Any) -> Call:
    """A call of another method than `forward`."""
    return Call(args, keywords, name)


@dataclass(frozen=True)
class Program:
    """A function or module, how it is captured, and the calls that are compared."""

    name: str
    subject: Callable[..., Any]
    capture: str
    """`script`, `trace`, `refused`, or `scenario`: it captures by itself, and yields."""
    calls: tuple[Call, ...] = ()
    example: tuple[Any, ...] = ()
    """What a trace is made with."""
    gradients: bool = False
    """Whether calls are recorded for gradients, which are compared too."""
    python_differs: str = ""
    """Why plain Python gives another answer than torch does, where that is meant."""
    torch_is_wrong: str = ""
    """Why torch's own answer is not the right one; plain Python's is."""
    torch_dies: str = ""
    """How torch's process ends at a call; plain Python's answer is the measure."""


_collected: list[Program] | None = None


@contextmanager
def collecting() -> Iterator[list[Program]]:
    """The programs that are defined meanwhile, in their order."""
    global _collected
    before, _collected = _collected, []
    try:
        yield _collected
    finally:
        _collected = before


def _define(subject: Any, capture: str, **facts: Any) -> None:
    if _collected is not None:
        _collected.append(Program(subject.__name__, subject, capture, **facts))


def _calls(given: tuple[Any, ...]) -> tuple[Call, ...]:
    if not given:
        return (Call((), {}),)
    return tuple(_call(one) for one in given)


def _call(given: Any) -> Call:
    if isinstance(given, Call):
        return given
    # a named tuple is a value
    return Call(given if type(given) is tuple else (given,), {})


def program(
    *calls: Any,
    gradients: bool = False,
    python_differs: str = "",
    torch_is_wrong: str = "",
    torch_dies: str = "",
) -> Callable[[Subject], Subject]:
    """A function or module class that is scripted."""

    def define(subject: Subject) -> Subject:
        _define(
            subject,
            "script",
            calls=_calls(calls),
            gradients=gradients,
            python_differs=python_differs,
            torch_is_wrong=torch_is_wrong,
            torch_dies=torch_dies,
        )
        return subject

    return define


def traced(
    example: Any,
    *calls: Any,
    gradients: bool = False,
    python_differs: str = "",
    torch_is_wrong: str = "",
    torch_dies: str = "",
) -> Callable[[Subject], Subject]:
    """A function or module class that is traced with an example, and called with others."""

    def define(subject: Subject) -> Subject:
        _define(
            subject,
            "trace",
            calls=_calls(calls),
            example=_call(example).args,
            gradients=gradients,
            python_differs=python_differs,
            torch_is_wrong=torch_is_wrong,
            torch_dies=torch_dies,
        )
        return subject

    return define


def scenario(subject: Subject) -> Subject:
    """A function about the interface around programs: it yields labels and values.

    A value that is a function stands for what it returns, or that it raises.
    """
    _define(subject, "scenario")
    return subject


def refused(subject: Subject) -> Subject:
    """A function, module class or function that compiles something, to be refused.

    Each line that is to be shown bears a comment with the code of the error and words
    of its message: `# E0301: cannot add`.
    """
    _define(subject, "refused")
    return subject
