"""Functions of torch, numpy, math and warnings that are not plain operators.

`torch.tensor` and `np.array` read nested literals, `annotate` looks at a type,
functions of `math` take numbers only.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from jit.frontend import tree as t
from jit.frontend.annotations import HintError, type_of_hint
from jit.frontend.arguments import Arguments
from jit.frontend.asked_results import functions_with_flags
from jit.frontend.autocasting import emit_autocast
from jit.frontend.builtins import (
    as_number,
    builtin,
    emit_isinstance,
    list_of,
    name_of,
    values_of,
)
from jit.frontend.call import call_operator
from jit.frontend.coerce import coerce
from jit.frontend.dtype_limits import limits_function
from jit.frontend.exact_types import emit_type
from jit.frontend.failures import a_type, fail
from jit.frontend.forking import emit_fork, emit_wait
from jit.frontend.gradients import (
    emit_backward,
    emit_enable_grad,
    emit_grad,
    emit_inference_mode,
    emit_is_enabled,
    emit_no_grad,
    emit_set_enabled,
    wanting_gradients,
)
from jit.frontend.matrix_functions import emit_norm
from jit.frontend.operators import NUMBERS, apply
from jit.frontend.sized_functions import sized_functions
from jit.frontend.sizes import emit_size
from jit.frontend.sugared import Builtin, Emitted, NoContext, PythonValue
from jit.frontend.walks import as_list
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.registry import has_kind
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


@builtin(warnings.warn)
def emit_warn(e: Emitter, call: t.Call) -> Emitted:
    args = e.arguments(call)
    message = e.as_value(args.positional[0], call.span) if args.positional else None
    if message is None or message.type != T.STR:
        raise fail(call.span, "E0304", "`warnings.warn` takes a message")
    apply(e, call.span, "aten::warn", message)
    return e.none()


def hint_object(x: Emitted) -> Any:
    """The Python object of a type written in code; HintError if it is none."""
    found = getattr(x, "obj", None)
    if found is None:
        raise HintError("not a type")
    return found


def type_given(e: Emitter, call: t.Call) -> T.Type:
    """The type that the first argument of a call is."""
    hint = e.expr(call.args[0])
    try:
        return T.NONE if isinstance(hint, Value) else type_of_hint(hint_object(hint))
    except HintError:
        raise fail(
            call.args[0].span,
            "E0308",
            f"the first argument of `{name_of(call)}` is not a type",
        ) from None


def emit_annotate(e: Emitter, call: t.Call) -> Emitted:
    """`torch.jit.annotate(type, value)`."""
    if len(call.args) != 2:
        raise fail(call.span, "E0304", "`annotate` takes a type and a value")
    type = type_given(e, call)
    value = e.value(call.args[1])
    fitting = coerce(value, type)
    if fitting is None:
        raise fail(
            call.args[1].span,
            "E0310",
            f"a value annotated as `{type}` is {a_type(value.type)}",
        )
    if fitting.type == T.NONE:
        return e.none(type)
    if fitting.type != type and isinstance(type, T.OptionalType):
        return e.b.node("prim::unchecked_cast", [fitting], [type]).output
    return fitting


def emit_true(e: Emitter, call: t.Call) -> Emitted:
    """`torch.jit.is_scripting()`."""
    return e.b.constant(True)


def emit_false(e: Emitter, call: t.Call) -> Emitted:
    """`torch.jit.is_tracing()`."""
    return e.b.constant(False)


def emit_no_context(e: Emitter, call: t.Call) -> Emitted:
    """A context that means nothing to compiled code."""
    e.arguments(call)
    return NoContext(name_of(call))


def emit_assert(e: Emitter, call: t.Call) -> Emitted:
    """`torch._assert(condition, message)`."""
    from jit.frontend.emit_stmt import emit_statement

    if len(call.args) != 2 or call.keywords:
        raise fail(call.span, "E0304", "`_assert` takes a condition and a message")
    emit_statement(e, t.Assert(call.span, call.args[0], call.args[1]))
    return e.none()


def emit_tensor(e: Emitter, call: t.Call) -> Emitted:
    """`torch.tensor(data)`: of a number, or of nested lists and tuples."""
    args = _data_arguments(e, call)
    asked = args.keywords.pop("requires_grad", None)
    return wanting_gradients(e, call.span, _new_tensor(e, call, args), asked)


def _new_tensor(e: Emitter, call: t.Call, args: Arguments) -> Emitted:
    if args.positional:
        data = e.as_value(args.positional[0], call.span)
        if T.is_tensor_like(data.type):
            return _copied(e, call, args)
    return call_operator(e, call.span, "aten::tensor", args, name="torch.tensor")


def emit_as_tensor(e: Emitter, call: t.Call) -> Emitted:
    """`torch.as_tensor(data)`: a Tensor as it is, but for the dtype."""
    if not call.args or isinstance(call.args[0], t.ListExpr | t.TupleExpr):
        return emit_tensor(e, call)
    args = e.arguments(call)
    data = e.as_value(args.positional[0], call.span)
    if not isinstance(data.type, T.TensorType):
        return call_operator(e, call.span, "aten::tensor", args, name="torch.as_tensor")
    for given in (*args.positional[1:2], args.keywords.get("dtype")):
        dtype = None if given is None else e.as_value(given, call.span)
        if dtype is not None and dtype.type != T.NONE:
            return apply(e, call.span, "aten::to", data, dtype)
    return data


def emit_array(e: Emitter, call: t.Call) -> Emitted:
    """`np.array(data)`: of an array, a number, or nested lists and tuples."""
    args = _data_arguments(e, call)
    return call_operator(e, call.span, "np::array", args, name="np.array")


def _data_arguments(e: Emitter, call: t.Call) -> Arguments:
    """The arguments, the first of which may be a nested literal of numbers."""
    if not call.args or not isinstance(call.args[0], t.ListExpr | t.TupleExpr):
        return e.arguments(call)
    leaves = _Leaves(e)
    shape = leaves.read(call.args[0])
    args = e.arguments(t.Call(call.span, call.function, call.args[1:], call.keywords))
    args.positional.insert(0, leaves.build(shape, call.span))
    return args


class _Leaves:
    """The numbers of a nested literal, of which the widest type wins."""

    def __init__(self, e: Emitter) -> None:
        self.e = e
        self.values: list[Value] = []

    def read(self, node: t.Expr) -> Any:
        """The nesting, with positions of numbers as leaves."""
        if isinstance(node, t.ListExpr | t.TupleExpr):
            return [self.read(element) for element in node.elements]
        value = self.e.value(node)
        if value.type == T.NUMBER or T.is_tensor_like(value.type):
            value = as_number(self.e, node.span, value, T.FLOAT)
        self.values.append(value)
        return len(self.values) - 1

    def build(self, shape: Any, span: Span) -> Value:
        """Nested lists of numbers of one type."""
        types = {v.type for v in self.values}
        for wanted in (T.COMPLEX, T.FLOAT, T.INT, T.BOOL):
            if wanted in types and types <= set(NUMBERS):
                self.values = [
                    v if v.type == wanted else self.e.b.convert(v, wanted)
                    for v in self.values
                ]
                break
        return self._build(shape, span)

    def _build(self, shape: Any, span: Span) -> Value:
        if isinstance(shape, int):
            return self.values[shape]
        if not shape:
            return self.e.b.list([], T.FLOAT)
        return as_list(self.e, [self._build(s, span) for s in shape], span)


def _copied(e: Emitter, call: t.Call, args: Arguments) -> Emitted:
    x = e.as_value(args.positional[0], call.span)
    made = apply(e, call.span, "aten::clone", x)
    dtype = args.keywords.get("dtype")
    if dtype is None:
        return made
    return apply(e, call.span, "aten::to", made, e.as_value(dtype, call.span))


def math_function(name: str) -> Builtin | None:
    """A function of `math`; its arguments are numbers. None if there is no operator."""
    kind = {"trunc": "aten::Int", "remainder": "aten::mathremainder"}.get(name, "")
    if not kind:
        own = f"aten::_math_{name}"
        kind = own if has_kind(own) else f"aten::{name}"
    if not has_kind(kind):
        return None

    def emit(e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        for i, x in enumerate(args.positional):
            if name in _OF_LISTS and i < 1 + (name == "dist"):
                args.positional[i] = list_of(e, x, call.span)
            elif isinstance(x, Value) and (
                T.is_tensor_like(x.type) or x.type == T.NUMBER
            ):
                args.positional[i] = as_number(e, call.span, x, T.FLOAT)
            elif isinstance(x, Value) and x.type == T.BOOL:
                args.positional[i] = apply(e, call.span, "aten::Int", x)
        return call_operator(e, call.span, kind, args, name=f"math.{name}")

    return Builtin(f"math.{name}", emit)


_OF_LISTS = ("prod", "fsum", "dist")
"""Functions of `math` that take any iterable of numbers."""

MATH = {
    id(f): n for n, f in vars(math).items() if callable(f) and not n.startswith("_")
}
"""Names of the functions of `math` by identity."""


class DTypeClass(PythonValue):
    """A class that also names a dtype: `np.float32`."""

    def value(self, e: Emitter, span: Span) -> Value:
        from jit.ir.dtypes import dtype_of

        try:
            return e.b.constant(dtype_of(self.obj))
        except TypeError:
            return super().value(e, span)

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        """`np.float64(x)`."""
        (x,) = values_of(e, call, 1, 1)
        if not isinstance(x.type, T.ArrayType):
            x = e.b.convert(x, T.ARRAY)
        return apply(e, call.span, "np::astype", x, self.value(e, call.span))


def emit_device(e: Emitter, call: t.Call) -> Emitted:
    """`torch.device("cpu")`."""
    return call_operator(
        e, call.span, "aten::device", e.arguments(call), name="torch.device"
    )


@functools.cache
def library_builtins() -> dict[int, Builtin]:
    """Functions of other modules whose calls are emitted here, by identity."""
    from jit import torch
    from jit.frontend.class_value import emit_replace, emit_set_attribute
    from jit.frontend.printed_names import emit_cast, emit_uninitialized
    from jit.modules import marks, printed_names, type_tests
    from jit.runtime import futures
    from jit.torch import compiler
    from jit.torch.modes import autocast

    table: dict[Any, Any] = {
        type: emit_type,
        torch.device: emit_device,
        torch.Size: emit_size,
        torch.finfo: limits_function(torch.finfo),
        torch.iinfo: limits_function(torch.iinfo),
        marks.annotate: emit_annotate,
        printed_names.uninitialized: emit_uninitialized,
        printed_names.unchecked_cast: emit_cast,
        printed_names.unchecked_unwrap_optional: emit_cast,
        type_tests.isinstance: emit_isinstance,
        futures.fork: emit_fork,
        futures.wait: emit_wait,
        marks.is_scripting: emit_true,
        compiler.is_compiling: emit_true,
        compiler.is_dynamo_compiling: emit_false,
        compiler.is_exporting: emit_false,
        marks.is_tracing: emit_false,
        torch._assert: emit_assert,
        torch.norm: emit_norm,
        torch.tensor: emit_tensor,
        torch.as_tensor: emit_as_tensor,
        torch.asarray: emit_as_tensor,
        dataclasses.replace: emit_replace,
        object.__setattr__: emit_set_attribute,
        np.array: emit_array,
        torch.no_grad: emit_no_grad,
        torch.enable_grad: emit_enable_grad,
        torch.inference_mode: emit_inference_mode,
        torch.set_grad_enabled: emit_set_enabled,
        torch.is_grad_enabled: emit_is_enabled,
        torch.autograd.grad: emit_grad,
        torch.autograd.backward: emit_backward,
        torch.autograd.profiler.record_function: emit_no_context,
        autocast: emit_autocast,
        contextlib.nullcontext: emit_no_context,
        **sized_functions(),
        **functions_with_flags(),
    }
    return {id(f): Builtin(f.__name__, emit, f) for f, emit in table.items()}
