"""The interpreter: the portable, simple meaning of every program."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from jit.ir.graph import Graph
from jit.runtime.bytecode.assemble import FindCode, assemble
from jit.runtime.bytecode.frame import (
    Frame,
    add_stack_note,
    find_handler,
    record_stack,
)
from jit.runtime.bytecode.instruction import Code, Opcode

CALL2, CALL1, CALL, MOVE, NEXT, UNLESS, JUMP, MOVES, SPREAD, INVOKE, RETURN, LOOP = map(
    int, list(Opcode)[:12]
)


def run_graph(
    graph: Graph, args: Sequence[Any], find_code: FindCode | None = None
) -> Any:
    """Assemble any valid graph and run it once."""
    return run(assemble(graph, find_code=find_code), args)


def run(code: Code, args: Sequence[Any]) -> Any:
    """Run assembled code.

    Exceptions are those of the operators; a note shows the script's own stack.
    """
    if len(args) != code.parameter_count:
        raise TypeError(
            f"{code.name}() takes {code.parameter_count} arguments, not {len(args)}"
        )
    deepest = sys.getrecursionlimit()
    frames: list[Frame] = []
    steps, index, r = code.steps, 0, [*args, *code.rest]
    while True:
        try:
            while True:
                opcode, f, a, b, out, dead = steps[index]
                index += 1
                if opcode == CALL2:
                    r[out] = f(r[a], r[b])
                elif opcode == CALL1:
                    r[out] = f(r[a])
                elif opcode == CALL:
                    r[out] = f(*a(r))
                elif opcode == MOVE:
                    r[out] = r[a]
                elif opcode == NEXT:
                    i = r[out] + 1
                    if i < r[a] and r[b]:
                        r[out] = i
                        index = f
                elif opcode == UNLESS:
                    if not r[a]:
                        index = f
                elif opcode == JUMP:
                    index = f
                elif opcode == MOVES:
                    for register, value in zip(out, a(r)):  # noqa: B905
                        r[register] = value
                elif opcode == SPREAD:
                    for register, value in zip(out, f(*a(r))):  # noqa: B905
                        r[register] = value
                elif opcode == INVOKE:
                    if len(frames) >= deepest:
                        raise RecursionError("maximum recursion depth exceeded")
                    called = f(r)
                    inner = [*a(r), *called.rest]
                    for register in dead:
                        r[register] = None
                    frames.append((code, steps, r, index, out))
                    code, steps, index, r = called, called.steps, 0, inner
                    continue
                elif opcode == RETURN:
                    result = r[a]
                    if not frames:
                        return result
                    code, steps, r, index, out = frames.pop()
                    r[out] = result
                    continue
                elif opcode == LOOP:
                    r[out] = 0
                    if r[a] <= 0 or not r[b]:
                        index = f
                if dead:
                    for register in dead:
                        r[register] = None
        except Exception as error:
            frames.append((code, steps, r, index, 0))
            depth, handler = find_handler(frames)
            record_stack(error, frames[depth:])
            if handler is None:
                add_stack_note(error)
                raise
            code, steps, r, _, _ = frames[depth]
            del frames[depth:]
            r[handler.register] = error
            index = handler.target
