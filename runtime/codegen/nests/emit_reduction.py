"""From a nest with reduced axes to an LLVM function, of the type of all kernels.

The span that a kernel computes counts elements along the axes that are kept. There are two
forms, after the innermost axis: `reduce_rows` where it is reduced, `reduce_columns` where
it is kept.
"""

from __future__ import annotations

import llvmlite.ir as ll

from jit.runtime.codegen.nests.emit_nest import kernel_builder, new_kernel
from jit.runtime.codegen.nests.nest import Nest
from jit.runtime.codegen.nests.reduce_columns import Columnwise
from jit.runtime.codegen.nests.reduce_rows import Rowwise, Whole
from jit.runtime.codegen.nests.reducing import Reducing
from jit.runtime.codegen.nests.reduction_plan import is_whole


def emit_reduction(b: ll.IRBuilder, nest: Nest, function: ll.Function) -> None:
    """Emit the body of the kernel of a nest with reduced axes."""
    form: type[Reducing] = Rowwise if nest.rank - 1 in nest.reduced else Columnwise
    if is_whole(nest):
        form = Whole
    form(b, nest, function).emit()


def emit_end(module: ll.Module, nest: Nest, name: str) -> ll.Function:
    """The function that makes the results of a whole reduction from those of its parts.

    It takes what the kernel takes; its span are all parts.
    """
    function = new_kernel(module, name)
    b = kernel_builder(function)
    Whole(b, nest, function).emit_end()
    b.ret_void()
    return function
