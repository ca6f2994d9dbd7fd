"""The script's own stack: which of the user's lines were running when one raised.

A suspended frame is a tuple `(code, steps, registers, index, out)`: where to go on, and
the register for the result of the call. An exception that leaves the interpreter gets
one note:

    script stack, innermost last:
      File "model.py", line 12, in f
        return g(x) + 1
      File "model.py", line 7, in g
        return 10 // x
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from jit.ir.graph import Node
from jit.ir.span import NOWHERE, Span
from jit.runtime.bytecode.instruction import Code, Handler, Step

Frame = tuple[Code, list[Step], list[Any], int, int]

_HEADLINE = "script stack, innermost last:"
_SHOWN = 20
"""How many places a note shows at each end of a deep stack."""

_STACK = "__script_stack__"
"""The attribute of an exception in which the lines of its stack are kept until it
leaves the interpreter."""

_RECORDED = ("prim::ReRaise", "prim::NativeRegion")
"""Kinds whose place has been recorded before they raise."""


def find_handler(frames: Sequence[Frame]) -> tuple[int, Handler | None]:
    """The innermost frame with a handler where it stands; the outermost if none has."""
    for depth in range(len(frames) - 1, -1, -1):
        code, _, _, index, _ = frames[depth]
        handler = code.find_handler(index - 1)
        if handler is not None:
            return depth, handler
    return 0, None


def record_stack(error: BaseException, frames: Sequence[Frame]) -> None:
    """Keep, with the exception, where frames stand; `frames` has the raising one last.

    What inner interpreters recorded stays, below. An exception that is raised again has
    recorded the frame of the handler already.
    """
    inner: tuple[str, ...] = getattr(error, _STACK, ())
    code, _, _, index, _ = frames[-1]
    again = inner and code.instructions[index - 1].name in _RECORDED
    lines = [
        line
        for code, _, _, index, _ in (frames[:-1] if again else frames)
        for line in _lines_of(code, index - 1)
    ]
    setattr(error, _STACK, (*lines, *inner))


def record_lines(error: BaseException, lines: Sequence[str]) -> None:
    """Keep, with the exception, lines of a stack that is not the interpreter's."""
    setattr(error, _STACK, (*lines, *getattr(error, _STACK, ())))


def add_stack_note(error: BaseException) -> None:
    """Show the recorded stack as the exception's one note of this kind."""
    lines = getattr(error, _STACK, ())
    notes: list[str] = getattr(error, "__notes__", [])
    notes[:] = [note for note in notes if not note.startswith(_HEADLINE)]
    if len(lines) > 2 * _SHOWN:
        left_out = f"  … {len(lines) - 2 * _SHOWN} more …"
        lines = (*lines[:_SHOWN], left_out, *lines[-_SHOWN:])
    if lines:
        error.add_note("\n".join([_HEADLINE, *lines]))


def set_script_stack(error: BaseException, lines: Sequence[str]) -> None:
    """Let an exception that is raised again start with the stack it had then."""
    setattr(error, _STACK, tuple(lines))


def script_stack(error: BaseException) -> tuple[str, ...]:
    """The lines of the script that were running, innermost last."""
    return getattr(error, _STACK, ())


def _lines_of(code: Code, index: int) -> Iterator[str]:
    """The places of one frame, calls that were inlined before what they called."""
    node = code.instructions[index].node
    if node is not None:
        yield from places_of(node, code.name)


def places_of(node: Node, name: str) -> Iterator[str]:
    """The places of a node in the function `name`, the innermost last."""
    for span in (*reversed(node.stack), node.span):
        if span is NOWHERE:
            yield f'  In graph "{name}", at {node.full_name}'
        else:
            yield _format_place(span, name)


def _format_place(span: Span, name: str) -> str:
    function = span.function or name
    place = f'  File "{span.source.file}", line {span.line}, in {function}'
    return f"{place}\n    {span.text}" if span.text else place
