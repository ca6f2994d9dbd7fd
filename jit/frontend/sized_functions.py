"""Functions of torch whose Python form takes more than the operator they stand for.

One number for all dims, None for "as it is", dims in two lists: what is given is put
into the operator's form while compiling.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.arguments import Arguments
from jit.frontend.call import call_operator
from jit.frontend.call_python import call_function
from jit.frontend.failures import a_type, fail
from jit.frontend.operators import apply
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

Emit = Callable[["Emitter", t.Call], Emitted]


def _taken(
    e: Emitter, args: Arguments, position: int, name: str, span: Span
) -> Value | None:
    """An argument by position or name; None if it is not given, or is None."""
    found = args.keywords.get(name)
    if found is None and len(args.positional) > position:
        found = args.positional[position]
    if found is None:
        return None
    value = e.as_value(found, args.spans.get(name, span))
    return None if value.type == T.NONE else value


def _replace(args: Arguments, position: int, name: str, value: Value) -> None:
    if name in args.keywords:
        args.keywords[name] = value
    else:
        args.positional[position] = value


def _items(e: Emitter, value: Value) -> list[Value] | None:
    """The elements of a tuple, or of a list as it is written; None for other values."""
    if T.tuple_elements(value.type) is not None:
        return list(e.b.unpack(value))
    if value.node.kind == "prim::ListConstruct":
        return list(value.node.inputs)
    return None


def emit_tensordot(e: Emitter, call: t.Call) -> Emitted:
    """`torch.tensordot`: dims are a literal number, or two lists."""
    args = e.arguments(call)
    dims = _taken(e, args, 2, "dims", call.span)
    args.keywords.pop("dims", None)
    del args.positional[2:]
    count = 2 if dims is None else dims.constant
    pair = None if dims is None else _items(e, dims)
    if isinstance(count, int):
        pair = [_ints(e, range(-count, 0)), _ints(e, range(count))]
    if pair is None or len(pair) != 2:
        raise fail(
            call.span,
            "E0304",
            "`dims` of `tensordot` must be a number as it is written, or two lists",
        )
    for side, name in zip(pair, ("dims_self", "dims_other"), strict=True):
        args.keywords[name] = side
    for name in ("a", "b"):
        if name in args.keywords:
            args.positional.append(args.keywords.pop(name))
    return call_operator(e, call.span, "aten::tensordot", args, name="torch.tensordot")


def _ints(e: Emitter, numbers: Any) -> Value:
    return e.b.list([e.b.constant(n) for n in numbers], T.INT)


def emit_unravel_index(e: Emitter, call: t.Call) -> Emitted:
    """`torch.unravel_index`: as many tensors as the sizes that are written."""
    args = e.arguments(call)
    indices = _taken(e, args, 0, "indices", call.span)
    shape = _taken(e, args, 1, "shape", call.span)
    sizes = None
    if shape is not None:
        sizes = [shape] if shape.type == T.INT else _items(e, shape)
    if indices is None or sizes is None:
        raise fail(
            call.span,
            "E0304",
            "`unravel_index` takes a Tensor and sizes whose number is known: a number,"
            " a tuple, or a list as it is written",
        )
    found: list[Value] = []
    rest = indices
    for size in reversed(sizes):
        found.insert(0, apply(e, call.span, "aten::remainder", rest, size))
        rest = apply(e, call.span, "aten::floor_divide", rest, size)
    return e.b.tuple(found)


def adaptive_pool(name: str) -> Emit:
    """Calls of a pool where None keeps a size: `adaptive_avg_pool2d(x, [5, None])`."""

    def emit(e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        keep_sizes(e, call.span, args)
        return call_operator(e, call.span, f"aten::{name}", args, name=name)

    return emit


def keep_sizes(e: Emitter, span: Span, args: Arguments) -> None:
    """Put the input's sizes where the sizes of an adaptive pool are None."""
    x = _taken(e, args, 0, "input", span)
    wanted = _taken(e, args, 1, "output_size", span)
    sizes = None if wanted is None else _items(e, wanted)
    if x is None or sizes is None or all(v.type != T.NONE for v in sizes):
        return
    kept = [
        v if v.type != T.NONE
        else apply(e, span, "aten::size", x, e.b.constant(i - len(sizes)))
        for i, v in enumerate(sizes)
    ]  # fmt: skip
    _replace(args, 1, "output_size", e.b.list(kept, T.INT))


def _each(e: Emitter, value: Value, axes: int) -> Value:
    """A list of one number for each dim; one number stands for all."""
    if value.type in (T.INT, T.FLOAT):
        return e.b.list([value] * axes, value.type)
    return value


SIZES = ("kernel_size", "stride", "padding", "output_size", "output_ratio")


def windowed(core: Any, axes: int) -> Emit:
    """Calls of a pool over windows, as those of a function that takes lists."""

    def emit(e: Emitter, call: t.Call) -> Emitted:
        return call_windowed(e, call, e.arguments(call), core, axes)

    return emit


def call_windowed(
    e: Emitter, call: t.Call, args: Arguments, core: Any, axes: int
) -> Emitted:
    """Call a function that takes lists, where one number stands for all dims.

    The stride is that of the window, the padding none, if they are not given.
    """
    names = list(inspect.signature(core).parameters)
    given = {n: _taken(e, args, i, n, call.span) for i, n in enumerate(names)}
    usual = {"stride": given["kernel_size"], "padding": e.b.constant(0)}
    whole: dict[str, Emitted] = {}
    for name in names:
        value = given[name] or usual.get(name)
        if value is not None:
            whole[name] = _each(e, value, axes) if name in SIZES else value
    return call_function(e, call, core, Arguments([], whole, args.spans))


def columns(kind: str, names: Sequence[str]) -> Emit:
    """Calls of `unfold` and `fold`, whose last three sizes may be left out."""

    def emit(e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        given = [_taken(e, args, i, n, call.span) for i, n in enumerate(names)]
        usual = {"dilation": 1, "padding": 0, "stride": 1}
        whole = Arguments()
        for name, value in zip(names, given, strict=True):
            if value is None and name not in usual:
                raise fail(call.span, "E0304", f"the argument `{name}` is missing")
            whole.add(value or e.b.constant(usual[name]), call.span)
        return call_operator(e, call.span, kind, whole)

    return emit


def average_pool(name: str) -> Emit:
    """Calls of a pool whose stride may be None, for that of the window."""

    def emit(e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        use_window(e, call.span, args)
        return call_operator(e, call.span, f"aten::{name}", args, name=name)

    return emit


def use_window(e: Emitter, span: Span, args: Arguments) -> None:
    """Put an empty list in the place of a stride that is None: the window's own."""
    given = len(args.positional) > 2 or "stride" in args.keywords
    if given and _taken(e, args, 2, "stride", span) is None:
        _replace(args, 2, "stride", e.b.list([], T.INT))


def resampling(fn: Any) -> Emit:
    """Calls of a function where one size or factor stands for all dims but two."""

    def emit(e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        x = _taken(e, args, 0, "input", call.span)
        for position, name, element in (
            (1, "size", T.INT),
            (2, "scale_factor", T.FLOAT),
        ):
            value = _taken(e, args, position, name, call.span)
            if x is None or value is None or value.type not in (T.INT, T.FLOAT):
                continue
            if value.type != element:
                value = e.b.convert(value, element)
            rank = apply(e, call.span, "aten::dim", x)
            axes = apply(e, call.span, "aten::sub", rank, e.b.constant(2))
            one = e.b.list([value], element)
            every = apply(e, call.span, "aten::mul", one, axes)
            _replace(args, position, name, every)
        return call_function(e, call, fn, args)

    return emit


def emit_broadcast_shapes(e: Emitter, call: t.Call) -> Emitted:
    """`torch.broadcast_shapes`: of tuples and lists of numbers, and numbers."""
    args = e.arguments(call)
    shapes = []
    for i, x in enumerate(args.positional):
        value = e.as_value(x, args.spans.get(i, call.span))
        if value.type == T.INT:
            value = e.b.list([value], T.INT)
        elif T.tuple_elements(value.type) is not None:
            value = e.b.list(list(e.b.unpack(value)), T.INT)
        if value.type != T.ListType(T.INT):
            raise fail(
                call.span,
                "E0304",
                f"`broadcast_shapes` takes sizes and is given {a_type(value.type)}",
            )
        shapes.append(value)
    listed = e.b.list(shapes, T.ListType(T.INT))
    return apply(e, call.span, "prim::broadcast_shapes", listed)


@functools.cache
def sized_functions() -> dict[Any, Emit]:
    """The functions, with what emits their calls."""
    from jit import torch
    from jit.torch.nn.pool_forms import lp_pool, max_unpool

    table: dict[Any, Emit] = {
        torch.broadcast_shapes: emit_broadcast_shapes,
        torch.tensordot: emit_tensordot,
        torch.unravel_index: emit_unravel_index,
    }
    functional = torch.nn.functional
    for name in ("adaptive_avg_pool2d", "adaptive_avg_pool3d"):
        table[getattr(functional, name)] = adaptive_pool(name)
    for name in ("interpolate", "upsample", "upsample_nearest", "upsample_bilinear"):
        fn = getattr(functional, name)
        table[fn] = resampling(fn)
    sizes = ["kernel_size", "dilation", "padding", "stride"]
    table[functional.unfold] = columns("aten::im2col", ["input", *sizes])
    table[functional.fold] = columns("aten::col2im", ["input", "output_size", *sizes])
    for axes in (1, 2, 3):
        name = f"avg_pool{axes}d"
        table[getattr(functional, name)] = average_pool(name)
        table[getattr(functional, f"max_unpool{axes}d")] = windowed(max_unpool, axes)
        table[getattr(functional, f"lp_pool{axes}d")] = windowed(lp_pool, axes)
    return table
