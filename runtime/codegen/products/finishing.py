"""How sums of a tile leave it: the one part of a product that knows its epilogue.

A kernel calls it by address, so that products with different epilogues, and results of
different dtypes, share all the rest. The operands of the epilogue are a table, three
words for each: where it is, the bytes from one row of the result to the next, and those
from one column to the next.
"""

from __future__ import annotations

import llvmlite.ir as ll

from jit.runtime.codegen import building as B
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.tile import Epilogue, Numbers, Shape
from jit.runtime.codegen.values import I64, POINTER

_ARGUMENTS: list[tuple[str, ll.Type]] = [
    *T.FINISH_ARGUMENTS,
    ("operands", POINTER),
    ("row", I64),  # of the result, where the tile begins
    ("column", I64),
]

FINISH = ll.FunctionType(ll.VoidType(), [kind for _, kind in _ARGUMENTS])

OPERAND_WORDS = 3
MOST_OPERANDS = 16


def finish_key(shape: Shape, types: Numbers, epilogue: Epilogue) -> str:
    """What says all of the code of `emit_finish_at`."""
    kinds = f"{types.source.name}_{types.result.name}"
    return f"finish_{kinds}_{shape.lanes}x{shape.vectors}_{epilogue.name or 'plain'}"


def emit_finish_at(
    module: ll.Module, name: str, shape: Shape, types: Numbers, epilogue: Epilogue
) -> ll.Function:
    """A function of type `FINISH`."""
    finish = T.emit_finish(module, shape, types, epilogue)
    b, given = B.new_function(module, name, _ARGUMENTS, internal=False)
    call = [given[n] for n, _ in T.FINISH_ARGUMENTS]
    for place, operand in enumerate(epilogue.operands):
        record = B.at(b, given["operands"], 8 * OPERAND_WORDS * place)
        pointer = B.load(b, record, POINTER)
        row, column = (B.load(b, B.at(b, record, 8 * w), I64) for w in (1, 2))
        moved = B.at(b, pointer, b.mul(given["row"], row))
        if operand.along_columns:
            call += [B.at(b, moved, b.mul(given["column"], column)), row, column]
        else:
            call += [moved, row]
    b.call(finish, call)
    b.ret_void()
    return b.function
