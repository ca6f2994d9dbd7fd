"""Instructions and code: what a graph becomes before the interpreter runs it.

Registers are numbered: parameters first, then constants, then everything else. An
instruction reads registers, calls a Python function and writes registers:

    CALL1   f a       -> out       out = f(a)
    CALL2   f a b     -> out       out = f(a, b)
    CALL    f a…      -> out       out = f(a…)
    SPREAD  f a…      -> out…      out… = f(a…)
    MOVE    a         -> out       out = a
    MOVES   a…        -> out…      out… = a…, all at once
    UNLESS  a target               if not a: go to target
    JUMP    target                 go to target
    LOOP    n c target -> i        i = 0; if not (c and i < n): go to target
    NEXT    n c target -> i        if c and i + 1 < n: i = i + 1; go to target
    INVOKE  f a…      -> out       out = a function of the program, called with a…
    RETURN  a                      leave the function
    FREE                           nothing but the release of dead registers

Each instruction ends with the registers that nobody reads any more; they are cleared.
Only operators differ between programs, so that the list stays this short: tuples,
lists and attributes are calls as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from operator import itemgetter
from typing import Any

from jit.ir.graph import Node


class Opcode(IntEnum):
    """What an instruction does; the more frequent, the smaller."""

    CALL2 = 0
    CALL1 = 1
    CALL = 2
    MOVE = 3
    NEXT = 4
    UNLESS = 5
    JUMP = 6
    MOVES = 7
    SPREAD = 8
    INVOKE = 9
    RETURN = 10
    LOOP = 11
    FREE = 12


Step = tuple[int, Any, Any, Any, Any, tuple[int, ...]]
"""What the interpreter's loop unpacks: opcode, f, a, b, out, dead. For jumps `f` is the
target; for instructions with any number of inputs `a` picks them from the registers."""


@dataclass(slots=True)
class Instruction:
    """One instruction, for people and for the assembler."""

    opcode: Opcode
    name: str = ""
    """What is called, `aten::add.Tensor`."""
    function: Callable[..., Any] | None = None
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    target: int = -1
    """Where jumps go: the index of an instruction."""
    dead: tuple[int, ...] = ()
    node: Node | None = None
    """The node it comes from."""


@dataclass(frozen=True, slots=True)
class Handler:
    """Exceptions raised in `start:end` continue at `target`, with the exception in
    `register`."""

    start: int
    end: int
    target: int
    register: int


@dataclass(eq=False)
class Code:
    """An assembled function."""

    name: str
    instructions: list[Instruction]
    steps: list[Step]
    """The instructions as the interpreter reads them."""
    handlers: tuple[Handler, ...]
    """Inner handlers before the outer ones."""
    parameter_count: int
    rest: list[Any]
    """Registers behind the parameters as they are when the function starts: the
    constants, then None."""
    names: dict[int, str] = field(default_factory=dict)
    """Names of parameters and texts of constants by register, for disassembly."""

    @property
    def register_count(self) -> int:
        return self.parameter_count + len(self.rest)

    def find_handler(self, index: int) -> Handler | None:
        """The handler of exceptions that an instruction raises."""
        for handler in self.handlers:
            if handler.start <= index < handler.end:
                return handler
        return None


def _gather(registers: tuple[int, ...]) -> Callable[[list[Any]], Sequence[Any]]:
    """A fast function that picks registers."""
    if len(registers) == 1:
        (only,) = registers
        return itemgetter(slice(only, only + 1))
    return itemgetter(*registers) if registers else itemgetter(slice(0, 0))


def step_of(i: Instruction) -> Step:
    """An instruction as the interpreter reads it."""
    opcode, dead = int(i.opcode), i.dead
    out = i.outputs[0] if i.outputs else 0
    match i.opcode:
        case Opcode.CALL2:
            return (opcode, i.function, i.inputs[0], i.inputs[1], out, dead)
        case Opcode.CALL1:
            return (opcode, i.function, i.inputs[0], None, out, dead)
        case Opcode.CALL | Opcode.INVOKE:
            return (opcode, i.function, _gather(i.inputs), None, out, dead)
        case Opcode.SPREAD:
            return (opcode, i.function, _gather(i.inputs), None, i.outputs, dead)
        case Opcode.MOVES:
            return (opcode, None, _gather(i.inputs), None, i.outputs, dead)
        case Opcode.LOOP | Opcode.NEXT:
            return (opcode, i.target, i.inputs[0], i.inputs[1], out, dead)
        case Opcode.UNLESS | Opcode.JUMP:
            return (opcode, i.target, i.inputs[0] if i.inputs else 0, None, out, dead)
        case Opcode.MOVE | Opcode.RETURN:
            return (opcode, None, i.inputs[0], None, out, dead)
        case Opcode.FREE:
            return (opcode, None, None, None, out, dead)
