"""`torch.autocast` in compiled code: operands are cast where an operator wants it.

    with torch.autocast("cpu"):       %1 : Tensor =
        y = x @ x                       aten::_autocast_to_reduced_precision(%x, ...)
                                 →    %y : Tensor = aten::matmul(%1, %1)

The context is known while compiling, for callees too: they have versions of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.failures import a_type, fail
from jit.frontend.sugared import Emitted, NoContext
from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.dtypes import DType
from jit.ir.graph import Value
from jit.ir.overloads import Binding
from jit.ir.span import Span
from jit.runtime.autocast import DTYPES, dtype_for

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

_PARAMETERS = ("device_type", "dtype", "enabled", "cache_enabled")


def emit_autocast(e: Emitter, call: t.Call) -> Emitted:
    """`torch.autocast(device_type, dtype=None, enabled=True)`."""
    from jit.frontend.builtins import name_of

    args = e.arguments(call)
    given = dict(zip(_PARAMETERS, args.positional, strict=False)) | args.keywords
    found = {"dtype": None, "enabled": True} | {
        name: e.as_value(x, call.span).constant for name, x in given.items()
    }
    device, dtype, enabled = (found.get(name) for name in _PARAMETERS[:3])
    known = isinstance(device, str) and isinstance(enabled, bool)
    if not known or not found.keys() <= set(_PARAMETERS):
        raise fail(
            call.span,
            "E0304",
            f"`{name_of(call)}` takes a device, a dtype and whether it is enabled, as"
            " literals",
            help='write `torch.autocast("cpu", dtype=torch.bfloat16)`',
        )
    if not enabled or device != "cpu":
        return NoContext(name_of(call), casts=False)
    if dtype is not None and dtype not in DTYPES:
        raise fail(
            call.span,
            "E0304",
            f"`{name_of(call)}` does not compute in `{dtype}`",
            help="choose `torch.bfloat16` or `torch.float16`",
        )
    return NoContext(name_of(call), casts=dtype or DTYPES[0])


def cast_operands(
    b: Builder,
    binding: Binding,
    chosen: DType,
    args: Sequence[Value],
    keywords: Mapping[str, Value],
) -> tuple[list[Value], dict[str, Value]]:
    """The operands of an operator in the dtype that it computes in."""
    dtype = dtype_for(binding.schema, chosen)
    if dtype is None:
        return list(args), dict(keywords)
    return (
        [_cast(b, x, dtype) for x in args],
        {name: _cast(b, x, dtype) for name, x in keywords.items()},
    )


def _cast(b: Builder, x: Value, dtype: DType) -> Value:
    if x.type == T.ListType(T.TENSOR) and x.node.kind == "prim::ListConstruct":
        return b.list([_cast(b, item, dtype) for item in x.node.inputs], T.TENSOR)
    if x.type in (T.ListType(T.TENSOR), T.optional(T.TENSOR)):
        raise fail(
            b.span,
            "E0301",
            f"{a_type(x.type)} cannot be cast as `torch.autocast` wants it",
            help="rule None out first, and write lists of tensors where they are used",
        )
    if not isinstance(x.type, T.TensorType):
        return x
    if dtype is dtypes.float32:
        found = b.op("aten::_autocast_to_full_precision", x, False, True)
    else:
        kind = "aten::_autocast_to_reduced_precision"
        found = b.op(kind, x, False, True, dtypes.float16, dtype)
    assert isinstance(found, Value)
    return found


def refuse_stored(e: Emitter, name: str, span: Span) -> None:
    """CompileError E0102 for what came compiled, and has no casts for the context."""
    if e.compilation.autocast is not None:
        raise fail(
            span,
            "E0102",
            f"`{name}` came compiled, and cannot be called inside of `torch.autocast`",
            help="call it outside, or compile it from source",
        )
