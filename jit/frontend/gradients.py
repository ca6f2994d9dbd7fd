"""What scripts ask about gradients, and say of them.

    torch.autograd.grad(y, x)          %1 : Tensor[] = prim::ListConstruct(%y)
                                       %2 : Tensor[] = prim::ListConstruct(%x)
                                  →    %3 : Tensor?[] = aten::grad(%1, %2, ...)
                                       %4 : Tensor[] = prim::unchecked_cast(%3)

Where no gradient may be missing, the gradients are Tensors and no Optionals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.arguments import Arguments
from jit.frontend.builtins import list_of, name_of
from jit.frontend.call import call_operator
from jit.frontend.coerce import coerce
from jit.frontend.failures import fail
from jit.frontend.operators import apply
from jit.frontend.sugared import Emitted, NoContext
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

TENSORS = T.ListType(T.TENSOR)
MAYBE_TENSORS = T.ListType(T.optional(T.TENSOR))


def emit_no_grad(e: Emitter, call: t.Call) -> Emitted:
    """`torch.no_grad()`."""
    e.arguments(call)
    return NoContext(name_of(call), False)


def emit_enable_grad(e: Emitter, call: t.Call) -> Emitted:
    """`torch.enable_grad()`."""
    e.arguments(call)
    return NoContext(name_of(call), e.b.constant(True))


def emit_inference_mode(e: Emitter, call: t.Call) -> Emitted:
    """`torch.inference_mode()`; with False, gradients are recorded inside."""
    mode = _mode(e, call)
    if mode is None or mode.constant is True:
        return NoContext(name_of(call), False)
    if mode.constant is False:
        return NoContext(name_of(call), e.b.constant(True))
    raise fail(
        call.span,
        "E0304",
        f"the mode of `{name_of(call)}` must be `True` or `False`",
        help="choose with an `if` around two blocks",
    )


def emit_set_enabled(e: Emitter, call: t.Call) -> Emitted:
    """`torch.set_grad_enabled(mode)`, as a context or as a statement."""
    mode = _mode(e, call)
    if mode is not None and (mode.type == T.INT or T.is_tensor_like(mode.type)):
        mode = apply(e, call.span, "aten::Bool", mode)
    if mode is None or mode.type != T.BOOL:
        raise fail(call.span, "E0304", f"`{name_of(call)}` takes a bool")
    is_off = mode.constant is False
    return NoContext(name_of(call), False if is_off else mode, switch=mode)


def _mode(e: Emitter, call: t.Call) -> Value | None:
    args = e.arguments(call)
    given = [*args.positional, *args.keywords.values()]
    return e.as_value(given[0], call.span) if given else None


def switch_gradients(e: Emitter, span: Span, mode: Value) -> None:
    """`torch.set_grad_enabled(mode)` as a statement: from here on, also in callers."""
    if e.compilation.are_grads_off:
        raise fail(
            span,
            "E0102",
            "gradients cannot be switched by a statement inside of `torch.no_grad()`",
            help="write `with torch.set_grad_enabled(mode):`",
        )
    e.b.op("aten::set_grad_enabled", mode)


def emit_is_enabled(e: Emitter, call: t.Call) -> Emitted:
    """`torch.is_grad_enabled()`: what the caller says, unless a `with` says it."""
    e.arguments(call)
    if e.compilation.are_grads_off:
        return e.b.constant(False)
    return e.op("aten::is_grad_enabled")


def emit_grad(e: Emitter, call: t.Call) -> Emitted:
    """`torch.autograd.grad(outputs, inputs, ...)`."""
    args = e.arguments(call)
    if len(args.positional) > len(_OF_GRAD):
        raise fail(
            call.span,
            "E0304",
            f"`{name_of(call)}` takes the rest of its arguments by name",
            help="write `allow_unused=...`",
        )
    for name in ("outputs", "inputs"):
        _as_list(e, call.span, args, name, _OF_GRAD.index(name))
    _as_list(e, call.span, args, "grad_outputs", 2, MAYBE_TENSORS)
    found = call_operator(e, call.span, "aten::grad", args, name=name_of(call))
    allowed = args.keywords.get("allow_unused")
    may_miss = isinstance(allowed, Value) and allowed.constant is not False
    assert isinstance(found, Value)
    if may_miss or _is_expected(e, call, MAYBE_TENSORS):
        return found
    return e.b.node("prim::unchecked_cast", [found], [TENSORS]).output


_OF_GRAD = ("outputs", "inputs", "grad_outputs", "retain_graph", "create_graph")
"""The arguments that are given by position, as torch has them."""


def emit_backward(e: Emitter, call: t.Call) -> Emitted:
    """`torch.autograd.backward(tensors, grad_tensors, ...)`."""
    args = e.arguments(call)
    _as_list(e, call.span, args, "tensors", 0)
    _as_list(e, call.span, args, "grad_tensors", 1, MAYBE_TENSORS)
    return call_operator(e, call.span, "aten::backward", args, name=name_of(call))


def wanting_gradients(
    e: Emitter, span: Span, made: Emitted, asked: Emitted | None
) -> Emitted:
    """A new tensor, with what its maker was given as `requires_grad`."""
    if asked is None:
        return made
    flag = e.as_value(asked, span)
    if flag.constant is False:
        return made
    return apply(e, span, "aten::requires_grad_", e.as_value(made, span), flag)


def _is_expected(e: Emitter, call: t.Call, type: T.Type) -> bool:
    return e.expected is not None and e.expected == (call, type)


def _as_list(
    e: Emitter,
    span: Span,
    args: Arguments,
    name: str,
    place: int,
    type: T.Type = TENSORS,
) -> None:
    """Replace an argument that is one tensor, or a tuple of them, by a list."""
    if name in args.keywords:
        args.keywords[name] = _listed(e, span, args.keywords[name], type)
    elif place < len(args.positional):
        at = args.spans.get(place, span)
        args.positional[place] = _listed(e, at, args.positional[place], type)


def _listed(e: Emitter, span: Span, given: Emitted, type: T.Type) -> Value:
    value = e.as_value(given, span)
    if value.type == T.NONE or isinstance(value.type, T.OptionalType):
        return value
    if isinstance(value.type, T.TensorType):
        value = e.b.list([value], T.TENSOR)
    elif T.tuple_elements(value.type) is not None:
        value = list_of(e, value, span)
    fitting = coerce(value, type)
    if fitting is None and value.type == TENSORS:
        return e.b.node("prim::unchecked_cast", [value], [type]).output
    return value if fitting is None else fitting
