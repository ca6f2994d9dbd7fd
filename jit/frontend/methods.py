"""Attributes and methods of values: Tensors, arrays, strings, lists, dicts, tuples."""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable
from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.arguments import Arguments
from jit.frontend.asked_results import (
    nonzero_method,
    unique_consecutive_method,
    unique_method,
)
from jit.frontend.call import gradient_there, maybe_none
from jit.frontend.failures import a_type, fail, nearest
from jit.frontend.operators import (
    COMPARE,
    SPELLED,
    apply,
    apply_exactly,
    binary,
    compare,
    numpy_kind,
    reflected,
)
from jit.frontend.set_methods import SET_METHODS
from jit.frontend.sizes import may_be_size
from jit.frontend.sugared import BoundBuiltin, BoundOperator, Emitted
from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.dtypes import DType
from jit.ir.graph import Value
from jit.ir.registry import all_cards, find_card, has_kind
from jit.ir.span import Span
from jit.runtime.device import STRIDED

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

TENSOR_ATTRIBUTES = {
    "shape": "aten::size",
    "dtype": "prim::dtype",
    "device": "prim::device",
    "ndim": "aten::dim",
    "T": "aten::numpy_T",
    "mT": "aten::mT",
    "mH": "aten::mH",
    "real": "aten::real",
    "imag": "aten::imag",
    "data": "aten::detach",
    "requires_grad": "prim::requires_grad",
    "is_leaf": "aten::is_leaf",
    "grad": "prim::grad",
    "retains_grad": "aten::retains_grad",
    "is_cpu": "prim::is_cpu",
    "is_cuda": "prim::is_cuda",
    "is_meta": "prim::is_meta",
    "is_mkldnn": "prim::is_mkldnn",
    "is_mps": "prim::is_mps",
    "is_nested": "prim::is_nested",
    "is_quantized": "prim::is_quantized",
    "is_sparse": "prim::is_sparse",
    "is_xpu": "prim::is_xpu",
}
"""Attributes of a Tensor that are operators without further arguments."""

ARRAY_ATTRIBUTES = {
    "shape": "np::shape",
    "dtype": "np::dtype",
    "ndim": "np::ndim",
    "size": "np::size",
    "T": "np::transpose",
    "real": "np::real",
    "imag": "np::imag",
}

CONVERSIONS = {
    "float": dtypes.float32,
    "double": dtypes.float64,
    "half": dtypes.float16,
    "bfloat16": dtypes.bfloat16,
    "byte": dtypes.uint8,
    "char": dtypes.int8,
    "short": dtypes.int16,
    "int": dtypes.int32,
    "long": dtypes.int64,
    "bool": dtypes.bool_,
    "cfloat": dtypes.complex64,
    "cdouble": dtypes.complex128,
}
"""Methods of a Tensor that only change the dtype."""

DEVICE_ATTRIBUTES = {"type": "prim::type", "index": "prim::index"}
COMPLEX_ATTRIBUTES = {"real": "aten::real", "imag": "aten::imag"}


def attribute_of_value(e: Emitter, span: Span, x: Value, name: str) -> Emitted:
    """`x.name`; CompileError E0204 if there is no such thing."""
    x = gradient_there(e, x)
    match x.type:
        case T.TensorType():
            return _of_tensor(e, span, x, name)
        case T.ArrayType():
            return _of_array(e, span, x, name)
        case T.ClassType():
            from jit.frontend.class_value import instance_attribute

            return instance_attribute(e, span, x, name)
        case T.OptionalType():
            raise maybe_none(span, x)
        case T.NamedTupleType():
            from jit.frontend.named_tuples import field_attribute

            return field_attribute(e, span, x, name)
        case T.InterfaceType():
            from jit.frontend.interfaces import interface_attribute

            return interface_attribute(e, span, x, name)
        case T.EnumType():
            from jit.frontend.enum_value import member_attribute

            return member_attribute(e, span, x, name)
        case T.SimpleType("int" | "float" | "bool") if name in NUMBER_METHODS:
            return _of_number(e, span, x, name)
        case T.SimpleType("Device") if name in DEVICE_ATTRIBUTES:
            return apply(e, span, DEVICE_ATTRIBUTES[name], x)
        case T.SimpleType("complex"):
            if name in COMPLEX_ATTRIBUTES:
                return apply(e, span, COMPLEX_ATTRIBUTES[name], x)
            if name == "conjugate":
                return BoundOperator(name, "aten::conj", x)
        case T.FutureType():
            from jit.frontend.forking import future_method

            found = future_method(e, x, name)
            if found is not None:
                return found
        case T.SetType():
            if name in SET_METHODS:
                return BoundBuiltin(name, x, SET_METHODS[name])
            raise _unknown(span, x, name, [*SET_METHODS])
        case T.SimpleType("str") | T.ListType() | T.DictType():
            if name == "format" and x.type == T.STR:
                return BoundBuiltin(name, x, _format)
            if name == "sort" and isinstance(x.type, T.ListType):
                from jit.frontend.higher_order import emit_sort

                return BoundBuiltin(name, x, emit_sort)
            if _has_method(x.type, name):
                return BoundOperator(name, f"aten::{name}", x)
            if name == "numel" and may_be_size(x):
                return BoundOperator(name, "aten::_math_prod", x)
    raise _unknown(span, x, name, _methods_of(x.type))


NUMBER_METHODS = {
    "is_integer": "aten::is_integer",
    "bit_length": "aten::bit_length",
    "bit_count": "aten::bit_count",
    "conjugate": "",
    "real": "",
    "imag": "",
    "numerator": "",
    "denominator": "",
}
"""Attributes and methods of numbers; those without an operator are the number itself."""


def _of_number(e: Emitter, span: Span, x: Value, name: str) -> Emitted:
    is_float = x.type == T.FLOAT
    if x.type == T.BOOL:
        x = apply(e, span, "aten::Int", x)
    if name in ("bit_length", "bit_count", "numerator", "denominator") and is_float:
        raise _unknown(span, x, name, list(NUMBER_METHODS))
    match name:
        case "real" | "numerator":
            return x
        case "imag":
            return e.b.constant(0.0 if is_float else 0)
        case "denominator":
            return e.b.constant(1)
        case "conjugate":
            return BoundBuiltin(name, x, _itself)
        case "is_integer" if not is_float:
            raise _unknown(span, x, name, list(NUMBER_METHODS))
    return BoundOperator(name, NUMBER_METHODS[name], x)


def _unknown(span: Span, x: Value, name: str, known: list[str]) -> Exception:
    return fail(
        span,
        "E0204",
        f"{a_type(x.type)} has no attribute `{name}` in compiled code",
        help="rule the other types out first, with `isinstance`"
        if isinstance(x.type, T.UnionType) or x.type == T.ANY
        else nearest(name, known),
    )


def _of_tensor(e: Emitter, span: Span, x: Value, name: str) -> Emitted:
    if name in TENSOR_ATTRIBUTES:
        return apply(e, span, TENSOR_ATTRIBUTES[name], x)
    if name == "layout":
        return e.b.constant(STRIDED.code, T.LAYOUT)
    if name in CONVERSIONS:
        return BoundBuiltin(name, x, _conversion(CONVERSIONS[name]))
    if name in TENSOR_METHODS:
        return BoundBuiltin(name, x, TENSOR_METHODS[name])
    if not name.startswith("_") and has_kind(f"aten::{name}"):
        return BoundOperator(name, f"aten::{name}", x)
    known = ["layout", *TENSOR_ATTRIBUTES, *CONVERSIONS, *TENSOR_METHODS]
    known += _kinds("aten")
    raise _unknown(span, x, name, list(dict.fromkeys(known)))


def _kinds(namespace: str) -> list[str]:
    found = {c.schema.kind for c in all_cards()}
    return [k[len(namespace) + 2 :] for k in found if k.startswith(f"{namespace}::")]


def _conversion(dtype: DType) -> Callable[[Emitter, t.Call, Value], Emitted]:
    def emit(e: Emitter, call: t.Call, x: Value) -> Emitted:
        e.arguments(call)
        return to_dtype(e, call.span, x, e.b.constant(dtype))

    return emit


def to_dtype(e: Emitter, span: Span, x: Value, dtype: Value) -> Value:
    """A Tensor in another dtype."""
    return apply(e, span, "aten::to", x, dtype)


def _to(e: Emitter, call: t.Call, x: Value) -> Emitted:
    """`x.to(...)`: a dtype, a device, both, or a Tensor to be like."""
    from jit.frontend.call import call_operator

    args = e.arguments(call, first=x)
    return call_operator(e, call.span, "aten::to", args, name="to")


def _type(e: Emitter, call: t.Call, x: Value) -> Emitted:
    args = e.arguments(call)
    if len(args.positional) != 1:
        raise fail(call.span, "E0304", "`type` takes a dtype in compiled code")
    return to_dtype(e, call.span, x, e.as_value(args.positional[0], call.span))


def _itself(e: Emitter, call: t.Call, x: Value) -> Emitted:
    e.arguments(call)
    return x


def _where(e: Emitter, call: t.Call, x: Value) -> Emitted:
    args = e.arguments(call)
    if len(args.positional) != 2:
        raise fail(call.span, "E0304", "`where` takes a condition and another value")
    condition, other = (e.as_value(a, call.span) for a in args.positional)
    return apply(e, call.span, "aten::where", condition, x, other)


def _polygamma(e: Emitter, call: t.Call, x: Value) -> Emitted:
    from jit.frontend.call import call_operator

    args = e.arguments(call)
    args.keywords["self"] = x
    return call_operator(e, call.span, "aten::polygamma", args, name="polygamma")


def _new_tensor(e: Emitter, call: t.Call, x: Value) -> Emitted:
    from jit.frontend.call import call_operator

    args = e.arguments(call)
    args.keywords.setdefault("dtype", apply(e, call.span, "prim::dtype", x))
    return call_operator(e, call.span, "aten::tensor", args, name="new_tensor")


def _tolist(e: Emitter, call: t.Call, x: Value) -> Emitted:
    """`r: List[int] = x.tolist()`: the annotation tells the nesting and the elements."""
    if e.expected is None or e.expected[0] is not call:
        raise fail(
            call.span,
            "E0301",
            "the type of `tolist()` cannot be told before the program runs",
            help="assign it to an annotated name: `values: List[float] = x.tolist()`",
        )
    e.arguments(call)
    depth, element = 0, e.expected[1]
    while isinstance(element, T.ListType):
        depth, element = depth + 1, element.element
    overload = f"{element}_{depth}"
    if find_card("aten::tolist", overload) is None:
        raise fail(
            call.span, "E0301", f"`tolist()` does not give a `{e.expected[1]}`",
            help="annotate nested lists of int, float or bool",
        )  # fmt: skip
    return apply_exactly(e, call.span, "aten::tolist", overload, x)


def _written_out(
    make: Callable[[Emitter, Span, str, Value, Value], Emitted], op: str
) -> Callable[[Emitter, t.Call, Value], Emitted]:
    """The method that an operator of Python stands for: `x.__rsub__(2)`."""

    def emit(e: Emitter, call: t.Call, x: Value) -> Emitted:
        args = e.arguments(call)
        if len(args.positional) != 1 or args.keywords:
            raise fail(
                call.span, "E0304", "the method of an operator takes one operand"
            )
        operand = e.as_value(args.positional[0], call.span)
        return make(e, call.span, op, x, operand)

    return emit


def _mirrored(e: Emitter, span: Span, op: str, x: Value, other: Value) -> Value:
    return reflected(e, span, op, other, x)


def _operator_methods() -> dict[str, Callable[[Emitter, t.Call, Value], Emitted]]:
    found = {}
    for op, name in SPELLED.items():
        found[f"__{name}__"] = _written_out(binary, op)
        found[f"__r{name}__"] = _written_out(_mirrored, op)
    for op, name in COMPARE.items():
        found[f"__{name}__"] = _written_out(compare, op)
    return found | {"__rdiv__": found["__rtruediv__"]}


def _numpy(e: Emitter, call: t.Call, x: Value) -> Emitted:
    e.arguments(call)
    return e.b.node("prim::TensorToArray", [x], [T.ARRAY]).output


def _also_named(kind: str) -> Callable[[Emitter, t.Call, Value], Emitted]:
    def emit(e: Emitter, call: t.Call, x: Value) -> Emitted:
        e.arguments(call)
        return apply(e, call.span, kind, x)

    return emit


TENSOR_METHODS: dict[str, Callable[[Emitter, t.Call, Value], Emitted]] = {
    "to": _to,
    "type": _type,
    "cpu": _itself,
    "where": _where,
    "polygamma": _polygamma,
    "new_tensor": _new_tensor,
    "tolist": _tolist,
    "numpy": _numpy,
    "nelement": _also_named("aten::numel"),
    "ndimension": _also_named("aten::dim"),
    "nonzero": nonzero_method,
    "unique": unique_method,
    "unique_consecutive": unique_consecutive_method,
    **_operator_methods(),
}
"""Methods of a Tensor that are not the operator of the same name."""


def _of_array(e: Emitter, span: Span, x: Value, name: str) -> Emitted:
    if name in ARRAY_ATTRIBUTES:
        kind = ARRAY_ATTRIBUTES[name]
        if not has_kind(kind) and name in TENSOR_ATTRIBUTES:
            kind = TENSOR_ATTRIBUTES[name]
        return apply(e, span, kind, x)
    kind = numpy_kind(name)
    if not name.startswith("_") and has_kind(kind):
        return BoundOperator(name, kind, x)
    raise _unknown(span, x, name, [*ARRAY_ATTRIBUTES, *_kinds("np")])


def _format(e: Emitter, call: t.Call, owner: Value) -> Emitted:
    """`s.format(...)`; keywords are accepted for a literal `s`."""
    from jit.frontend.call import call_operator

    args = e.arguments(call, first=owner)
    if args.keywords:
        args.positional[0] = _numbered(e, call.span, owner, args)
    return call_operator(e, call.span, "aten::format", args, name="format")


def _numbered(e: Emitter, span: Span, owner: Value, args: Arguments) -> Value:
    """The template with numbers for the names of keywords, which become positional."""
    text = owner.constant
    if not isinstance(text, str):
        raise fail(
            span, "E0304", "`format` takes keywords only for a literal",
            help="use an f-string, or number the fields",
        )  # fmt: skip
    count = len(args.positional) - 1
    numbers = {name: str(count + i) for i, name in enumerate(args.keywords)}
    automatic = itertools.count()

    def rewritten(template: str) -> str:
        made = ""
        for literal, field, spec, conversion in string.Formatter().parse(template):
            made += literal.replace("{", "{{").replace("}", "}}")
            if field is None:
                continue
            number = numbers.get(field, field) or str(next(automatic))
            shown = f"!{conversion}" if conversion else ""
            inner = f":{rewritten(spec)}" if spec else ""
            made += f"{{{number}{shown}{inner}}}"
        return made

    template = e.b.constant(rewritten(text))
    for value in args.keywords.values():
        args.add(value, span)
    args.keywords = {}
    return template


def _python_class(type: T.Type) -> type | None:
    """Python's class of the values of a type that has methods."""
    match type:
        case T.ListType():
            return list
        case T.DictType():
            return dict
        case T.SimpleType("str"):
            return str
    return None


def _methods_of(type: T.Type) -> list[str]:
    python = _python_class(type)
    return [] if python is None else [n for n in dir(python) if _has_method(type, n)]


def _has_method(type: T.Type, name: str) -> bool:
    """Whether Python's class of this type has the method, and we its operator."""
    python = _python_class(type)
    has = hasattr(python, name) and not name.startswith("_")
    return has and has_kind(f"aten::{name}")
