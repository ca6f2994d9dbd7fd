"""Python's operators: which operator of the graph each means for which types.

Tensor follows torch, Array follows NumPy; an Array beside a Tensor becomes a Tensor.
Numbers follow Python: `/` gives a float, `//` and `%` round down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import magic
from jit.frontend.arguments import Arguments, known_elements
from jit.frontend.call import call_operator, maybe_none
from jit.frontend.enum_value import as_plain
from jit.frontend.exact_types import same_class
from jit.frontend.failures import a_type, fail
from jit.frontend.open_tuples import OpenTuple, beside, opened
from jit.frontend.sizes import added, is_size
from jit.frontend.sugared import Emitted, RangeValue, Sugared
from jit.ir import types as T
from jit.ir.diagnostic import CompileError
from jit.ir.graph import NOT_CONSTANT, Value
from jit.ir.overloads import Binding, bind
from jit.ir.registry import find_card, has_kind
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

BINARY = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "//": "floordiv",
    "%": "remainder",
    "**": "pow",
    "@": "matmul",
    "<<": "__lshift__",
    ">>": "__rshift__",
    "&": "__and__",
    "|": "__or__",
    "^": "__xor__",
}
BITS = ("<<", ">>", "&", "|", "^")
WHOLE = (T.BOOL, T.INT)

SPELLED = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod",
    "**": "pow", "@": "matmul", "<<": "lshift", ">>": "rshift", "&": "and", "|": "or",
    "^": "xor",
}  # fmt: skip
"""How Python spells an operator as a method: `__add__`, `__radd__`."""

COMPARE = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
UNARY = {"-": "neg", "~": "bitwise_not"}

NUMPY = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "true_divide",
    "//": "floor_divide",
    "%": "remainder",
    "**": "power",
    "@": "matmul",
    "<<": "left_shift",
    ">>": "right_shift",
    "&": "bitwise_and",
    "|": "bitwise_or",
    "^": "bitwise_xor",
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}
NUMPY_UNARY = {"-": "negative", "~": "invert", "+": "positive"}

VERBS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "//": "divide",
    "%": "take the remainder of",
    "**": "raise",
    "@": "multiply",
}
NUMBERS = (T.INT, T.FLOAT, T.BOOL, T.COMPLEX, T.NUMBER)


def numpy_kind(name: str) -> str:
    """The kind of a NumPy function, under whichever of its names there is a card."""
    aliases = {"true_divide": "divide", "invert": "bitwise_not", "absolute": "abs"}
    kind = f"np::{name}"
    if not has_kind(kind) and name in aliases:
        return f"np::{aliases[name]}"
    return kind


def apply(e: Emitter, span: Span, kind: str, *values: Value) -> Value:
    """Call an operator on values."""
    args = Arguments()
    for value in values:
        args.add(value, span)
    return e.as_value(call_operator(e, span, kind, args), span)


def apply_exactly(
    e: Emitter, span: Span, kind: str, overload: str, *values: Value
) -> Value:
    """Call one overload of an operator."""
    card = find_card(kind, overload)
    assert card is not None, f"{kind}.{overload}"
    found = bind(card.schema, [v.type for v in values], {})
    assert isinstance(found, Binding), f"{kind}.{overload}"
    result = e.b.bound(found, values, {})
    assert isinstance(result, Value)
    return result


def binary(e: Emitter, span: Span, op: str, a: Emitted, b: Emitted) -> Emitted:
    """`a op b`."""
    a, b = as_plain(e, a), as_plain(e, b)
    if op == "+":
        a, b = added(e, a, b)
    joined: Emitted | None = magic.binary(e, span, op, a, b)
    if joined is None:
        joined = _tuples(e, span, op, a, b)
    if joined is not None:
        return joined
    left, right = e.as_value(a, span), e.as_value(b, span)
    if left.type == T.STR and op == "%":
        parts = known_elements(e, right, span)
        values = [e.as_value(p, span) for p in parts] if parts is not None else [right]
        return apply(e, span, "aten::percentFormat", left, *values)
    try:
        return _binary(e, span, op, left, right)
    except CompileError as error:
        raise _explained(error, span, op, left, right) from None


def _binary(e: Emitter, span: Span, op: str, left: Value, right: Value) -> Value:
    types = (left.type, right.type)
    if T.ArrayType in map(type, types) and T.TensorType not in map(type, types):
        return apply(e, span, numpy_kind(NUMPY[op]), left, right)
    if isinstance(right.type, T.TensorType) and left.type in NUMBERS:
        return reflected(e, span, op, left, right)
    if isinstance(left.type, T.TensorType) or isinstance(right.type, T.TensorType):
        name = "floor_divide" if op == "//" else BINARY[op]
        return apply(e, span, f"aten::{name}", left, right)
    if op == "**" and all(x in (T.INT, T.BOOL) for x in types):
        return _int_power(e, span, left, right)
    if op in BITS and all(x in NUMBERS for x in types) and not set(types) <= {*WHOLE}:
        shown = f"`{left.type}` and `{right.type}`"
        raise fail(
            span,
            "E0301",
            f"`{op}` does not take {shown}",
            help="convert the operands with `int(...)`",
        )
    if op == "*" and right.type == T.STR and left.type in (T.INT, T.BOOL):
        left, right = right, left
    return apply(e, span, f"aten::{BINARY[op]}", left, right)


def _int_power(e: Emitter, span: Span, base: Value, exponent: Value) -> Value:
    """int to the power of int: an int, but a float for a negative literal."""
    known = exponent.constant
    negative = known is not NOT_CONSTANT and known < 0
    if negative:
        return apply_exactly(e, span, "aten::pow", "int", base, exponent)
    return apply_exactly(e, span, "aten::pow", "int_to_int", base, exponent)


def reflected(e: Emitter, span: Span, op: str, n: Value, x: Value) -> Value:
    """A number on the left of a Tensor, as torch computes it eagerly.

    `x.__rsub__(n)` and its like take a Tensor as well.
    """
    match op:
        case "+" | "*" | "&" | "|" | "^":
            return apply(e, span, f"aten::{BINARY[op]}", x, n)
        case "-":
            return apply(e, span, "aten::rsub", x, n)
        case "/":
            inverse = apply(e, span, "aten::reciprocal", x)
            return apply(e, span, "aten::mul", inverse, n)
        case "//":
            return apply(e, span, "aten::floor_divide", n, x)
    return apply(e, span, f"aten::{BINARY[op]}", n, x)


def _tuples(e: Emitter, span: Span, op: str, a: Emitted, b: Emitted) -> Emitted | None:
    """`t + u`, and `t * n` for a literal n; None for other operands."""
    if op not in ("+", "*"):
        return None
    joined = beside(e, a, b) if op == "+" else None
    if joined is not None:
        return OpenTuple(apply(e, span, "aten::add", *joined))
    left, right = _items(e, a, span), _items(e, b, span)
    if op == "+" and left is not None and right is not None:
        return e.b.tuple([e.as_value(i, span) for i in (*left, *right)])
    if op == "*" and (left is None) is not (right is None):
        items, other = (left, b) if left is not None else (right, a)
        times = other.constant if isinstance(other, Value) else None
        if items is not None and isinstance(times, int):
            return e.b.tuple([e.as_value(i, span) for i in items * times])
    return None


def _items(e: Emitter, x: Emitted, span: Span) -> list[Emitted] | None:
    if isinstance(x, Value) and T.tuple_elements(x.type) is None:
        return None
    if isinstance(x, Sugared) and x.elements(e, span) is None:
        return None
    return known_elements(e, x, span)


def unary(e: Emitter, span: Span, op: str, x: Value) -> Value:
    """`-x`, `+x`, `~x`."""
    if magic.has(e, x, f"__{magic.UNARY[op]}__"):
        return magic.unary(e, span, op, x)
    if isinstance(x.type, T.ArrayType):
        return apply(e, span, numpy_kind(NUMPY_UNARY[op]), x)
    if op == "+":
        if x.type == T.BOOL:
            return apply(e, span, "aten::Int", x)
        if x.type in NUMBERS or isinstance(x.type, T.TensorType):
            return x
        raise fail(span, "E0301", f"`+` does not take {a_type(x.type)}")
    if x.type == T.BOOL:
        x = apply(e, span, "aten::Int", x)
    return apply(e, span, f"aten::{UNARY[op]}", x)


def compare(e: Emitter, span: Span, op: str, a: Emitted, b: Emitted) -> Value:
    """One comparison of a chain, `is` apart."""
    if op in ("in", "not in"):
        found = contains(e, span, a, b)
        return found if op == "in" else e.op("aten::__not__", found)
    if isinstance(a, RangeValue) and isinstance(b, RangeValue):
        from jit.frontend.builtins import list_of

        a, b = list_of(e, a, span), list_of(e, b, span)
    known = same_class(a, b) if op in ("==", "!=") else None
    if known is not None:
        return e.b.constant(known is (op == "=="))
    a, b = beside(e, a, b) or (as_plain(e, a), as_plain(e, b))
    of_instances = magic.compare(e, span, op, a, b)
    if of_instances is not None:
        return of_instances
    left, right = e.as_value(a, span), e.as_value(b, span)
    if op in ("==", "!="):
        decided = _equality(e, span, op, left, right)
        if decided is not None:
            return decided
    try:
        return _compare(e, span, op, left, right)
    except CompileError as error:
        raise _explained(error, span, op, left, right) from None


def _compare(e: Emitter, span: Span, op: str, left: Value, right: Value) -> Value:
    types = (left.type, right.type)
    if T.ArrayType in map(type, types) and T.TensorType not in map(type, types):
        return apply(e, span, numpy_kind(NUMPY[op]), left, right)
    if isinstance(right.type, T.TensorType) and left.type in NUMBERS:
        return apply(e, span, f"aten::{COMPARE[MIRRORED[op]]}", right, left)
    if left.type == T.BOOL and right.type == T.BOOL and op not in ("==", "!="):
        left, right = (
            apply(e, span, "aten::Int", left),
            apply(e, span, "aten::Int", right),
        )
    return apply(e, span, f"aten::{COMPARE[op]}", left, right)


def _equality(
    e: Emitter, span: Span, op: str, left: Value, right: Value
) -> Value | None:
    """`==` and `!=` of what is compared part by part, or never equal."""
    if isinstance(left.type, T.EnumType) and isinstance(right.type, T.EnumType):
        if left.type != right.type:
            return e.b.constant(op == "!=")
        return e.op("aten::__is__" if op == "==" else "aten::__isnot__", left, right)
    if left.type == right.type == T.LAYOUT:
        return e.b.constant((left.constant == right.constant) is (op == "=="))
    a, b = T.tuple_elements(left.type), T.tuple_elements(right.type)
    if a is not None and b is not None:
        equal = _tuple_equality(e, span, left, right)
        return equal if op == "==" else e.op("aten::__not__", equal)
    if a is not None and isinstance(right.type, T.ListType) and is_size(right):
        items = e.b.list(e.b.unpack(left), right.type.element)
        return compare(e, span, op, items, right)
    if b is not None and isinstance(left.type, T.ListType) and is_size(left):
        return compare(
            e, span, op, left, e.b.list(e.b.unpack(right), left.type.element)
        )
    if T.NONE in (left.type, right.type):
        other = right if left.type == T.NONE else left
        if isinstance(other.type, T.OptionalType):
            kind = "aten::__is__" if op == "==" else "aten::__isnot__"
            return e.op(kind, other, e.none())
        if not T.is_tensor_like(other.type):
            return e.b.constant((other.type == T.NONE) is (op == "=="))
        return None
    if T.OptionalType in (type(left.type), type(right.type)):
        return _optional_equality(e, span, op, left, right)
    mixed = T.STR in (left.type, right.type) and left.type != right.type
    kinds = (type(left.type), type(right.type))
    if mixed and T.OptionalType not in kinds and T.UnionType not in kinds:
        return e.b.constant(op == "!=")
    return None


def _optional_equality(
    e: Emitter, span: Span, op: str, left: Value, right: Value
) -> Value | None:
    """`==` and `!=` where one side or both may be None, which equals None alone."""
    from jit.frontend.emit_control import choose
    from jit.frontend.refine import Condition

    inner = [_within(x.type) for x in (left, right)]
    if any(T.is_tensor_like(x) for x in inner):
        return None  # it gives a Tensor, unless it is None

    def is_none(x: Value) -> Value:
        if isinstance(x.type, T.OptionalType):
            return e.op("aten::__is__", x, e.none())
        return e.b.constant(False)

    def there(x: Value, type: T.Type) -> Value:
        if not isinstance(x.type, T.OptionalType):
            return x
        return e.b.node("prim::unchecked_unwrap_optional", [x], [type]).output

    def equal() -> list[Emitted]:
        known = [there(x, type) for x, type in zip((left, right), inner, strict=True)]
        return [compare(e, span, "==", *known)]

    def with_left() -> list[Emitted]:
        if not isinstance(right.type, T.OptionalType):
            return equal()
        return choose(
            e, Condition(is_none(right)), lambda: [e.b.constant(False)], equal
        )

    if isinstance(left.type, T.OptionalType):
        (found,) = choose(
            e, Condition(is_none(left)), lambda: [is_none(right)], with_left
        )
    else:
        (found,) = with_left()
    assert isinstance(found, Value)
    return found if op == "==" else e.op("aten::__not__", found)


def _within(type: T.Type) -> T.Type:
    return type.element if isinstance(type, T.OptionalType) else type


def _tuple_equality(e: Emitter, span: Span, left: Value, right: Value) -> Value:
    from jit.frontend.emit_control import choose
    from jit.frontend.refine import Condition, truth
    from jit.frontend.tree import Constant

    xs, ys = e.b.unpack(left), e.b.unpack(right)
    if len(xs) != len(ys):
        return e.b.constant(False)

    def rest(i: int) -> list[Emitted]:
        if i == len(xs):
            return [e.b.constant(True)]
        equal = compare(e, span, "==", xs[i], ys[i])
        met = truth(e, equal, Constant(span, None))
        if i == len(xs) - 1:
            return [met.value]
        return choose(
            e, Condition(met.value), lambda: rest(i + 1), lambda: [e.b.constant(False)]
        )

    (value,) = rest(0)
    assert isinstance(value, Value)
    return value


def contains(e: Emitter, span: Span, item: Emitted, container: Emitted) -> Value:
    """`item in container`."""
    from jit.frontend.builtins import list_of
    from jit.frontend.emit_control import choose
    from jit.frontend.refine import Condition, plain_truth

    items = None
    container = opened(container)
    if isinstance(container, RangeValue):
        from jit.frontend.builtins import list_of

        container = list_of(e, container, span)
    if isinstance(container, Sugared) or T.tuple_elements(container.type) is not None:
        items = known_elements(e, container, span)
    x = e.as_value(item, span)
    if items is None:
        owner = e.as_value(container, span)
        if magic.is_instance(owner):
            found = magic.contains(e, span, owner, item)
            owner = list_of(e, owner, span) if found is None else owner
            if found is not None:
                return found
        if owner.type == T.STR:
            return apply(e, span, "aten::__contains__", owner, x)
        if T.is_tensor_like(owner.type):
            is_tensor = isinstance(owner.type, T.TensorType)
            met = apply(e, span, "aten::eq" if is_tensor else "np::equal", owner, x)
            return plain_truth(
                e, apply(e, span, "aten::any" if is_tensor else "np::any", met), span
            )
        if isinstance(owner.type, T.ListType) and T.is_tensor_like(x.type):
            return plain_truth(e, apply(e, span, "aten::__contains__", owner, x), span)
        return apply(e, span, "aten::__contains__", owner, x)

    def rest(i: int) -> list[Emitted]:
        if i == len(items):
            return [e.b.constant(False)]
        equal = plain_truth(e, compare(e, span, "==", x, items[i]), span)
        if i == len(items) - 1:
            return [equal]
        return choose(
            e, Condition(equal), lambda: [e.b.constant(True)], lambda: rest(i + 1)
        )

    (value,) = rest(0)
    assert isinstance(value, Value)
    return value


def _explained(
    error: CompileError, span: Span, op: str, left: Value, right: Value
) -> CompileError:
    """The refusal of an operator in the words of the source."""
    for x in (left, right):
        if isinstance(x.type, T.OptionalType):
            found = maybe_none(span, x)
            assert isinstance(found, CompileError)
            return found
    if error.code not in ("E0301", "E0304", "E0204"):
        return error
    if op in COMPARE:
        headline = f"cannot compare `{left.type}` and `{right.type}` with `{op}`"
    elif op in VERBS:
        headline = f"cannot {VERBS[op]} `{left.type}` and `{right.type}`"
        if op == "**":
            headline = f"cannot raise `{left.type}` to the power of `{right.type}`"
    else:
        headline = f"`{op}` does not take `{left.type}` and `{right.type}`"
    help = ""
    if any(isinstance(x.type, T.UnionType) or x.type == T.ANY for x in (left, right)):
        help = "rule the other types out first, with `isinstance`"
    elif T.STR in (left.type, right.type) and op == "+":
        help = "convert the other operand with `str(...)`"
    return fail(span, "E0301", headline, help=help)
