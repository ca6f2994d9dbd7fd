"""Rules about tuples, lists, None and types: what is in sight need not be asked."""

from __future__ import annotations

from jit.ir import types as T
from jit.ir.graph import NOT_CONSTANT, Value
from jit.ir.subtyping import is_subtype
from jit.ir.type_text import parse_type
from jit.passes.patterns import Anything, Constant, build, op
from jit.passes.rewrite import SAME, VIEW, Match, New, Replacement, rule

X = Anything("x")
INDEX = Constant("i", lambda v: type(v) is int)
TUPLE = build("prim::TupleConstruct", "t")
NAMED = build("prim::NamedTupleConstruct", "t")
LIST = build("prim::ListConstruct", "l")
OTHER = build("prim::ListConstruct", "other")
CONSTANT_TUPLE = Constant("t", lambda v: isinstance(v, tuple))
NONE = Constant("none", lambda v: v is None)


def element_of_tuple(m: Match) -> Replacement:
    items, index = m["t"].node.inputs, m.constant("i")
    if not -len(items) <= index < len(items):
        return m.decline("the index is out of range")
    found: Value = items[index]
    return found


def element_of_constant(m: Match) -> Replacement:
    items, index = m.constant("t"), m.constant("i")
    if not -len(items) <= index < len(items):
        return m.decline("the index is out of range")
    return New(items[index])


def elements_of_tuple(m: Match) -> Replacement:
    return m["t"].node.inputs


def elements_of_constant(m: Match) -> Replacement:
    return [m.make.constant(item) for item in m.constant("t")]


def part_of_tuple(m: Match) -> Replacement:
    """t[a:b] of a tuple in sight."""
    start, end = (v.constant for v in m.node.inputs[1:3])
    if start is NOT_CONSTANT or end is NOT_CONSTANT:
        return m.decline("the bounds are not constant")
    return m.make.tuple(m["t"].node.inputs[start:end])


def length(m: Match) -> Replacement:
    items = m.unchanged_list("l")
    return m.decline(CHANGED) if items is None else New(len(items))


CHANGED = "somebody may change the list"


def element_of_list(m: Match) -> Replacement:
    items, index = m.unchanged_list("l"), m.constant("i")
    if items is None:
        return m.decline(CHANGED)
    if not -len(items) <= index < len(items):
        return m.decline("the index is out of range")
    found: Value = items[index]
    return found


def elements_of_list(m: Match) -> Replacement:
    items = m.unchanged_list("l")
    if items is None:
        return m.decline(CHANGED)
    if len(items) != len(m.node.outputs):
        return m.decline("the list has another length")
    return items


def joined_list(m: Match) -> Replacement:
    """[a] + [b] = [a, b]."""
    first, second = m.unchanged_list("l"), m.unchanged_list("other")
    if first is None or second is None:
        return m.decline(CHANGED)
    type = m.node.output.type
    assert isinstance(type, T.ListType)
    return m.make.list([*first, *second], type.element)


def is_certain(type: T.Type) -> bool:
    """Whether a value of a type is an instance of just that type."""
    return not (
        isinstance(type, T.OptionalType | T.UnionType | T.InterfaceType)
        or type in (T.ANY, T.NUMBER, T.NONE)
    )


def whether_none(m: Match) -> Replacement:
    """Whether x is None, if its type tells."""
    type = m["x"].type
    positive = m.node.kind == "aten::__is__"
    if type == T.NONE:
        return New(positive)
    if is_certain(type):
        return New(not positive)
    return m.decline(f"`{type}` may be None")


def whether_instance(m: Match) -> Replacement:
    """Whether x is of some types, if its own type tells."""
    type = m["x"].type
    wanted = [parse_type(text) for text in m.node.attributes["types"]]
    if type != T.ANY and any(is_subtype(type, w) for w in wanted):
        return New(True)
    # a bool is an int to Python, and tuples are compared by their elements
    plain = is_certain(type) and type != T.BOOL and not T.tuple_elements(type)
    if plain and all(is_certain(w) and _is_apart(type, w) for w in wanted):
        return New(False)
    return m.decline(f"`{type}` does not tell")


def _is_apart(a: T.Type, b: T.Type) -> bool:
    """Whether no value is of both types."""
    simple = isinstance(a, T.SimpleType) or isinstance(b, T.SimpleType)
    return a != b and (simple or type(a) is not type(b))


def without_cast(m: Match) -> Replacement:
    """x itself, where its type already is what the cast promises."""
    (value,) = m.node.inputs
    return value


def number_of_tensor(m: Match) -> Replacement:
    """n, taken out of the tensor that holds it."""
    number: Value = m["x"]
    if number.type not in (T.INT, T.BOOL):
        return m.decline("a tensor of a float has the default dtype")
    return number


HELD = op("prim::NumToTensor", X)

RULES = (
    rule("(a, b)[i] = a", op("prim::TupleIndex", TUPLE, INDEX), element_of_tuple,
         sharing=SAME),
    rule("P(a, b)[i] = a", op("prim::TupleIndex", NAMED, INDEX), element_of_tuple,
         sharing=SAME),
    rule("constant[i] = element", op("prim::TupleIndex", CONSTANT_TUPLE, INDEX),
         element_of_constant),
    rule("unpack (a, b) = a, b", op("prim::TupleUnpack", TUPLE), elements_of_tuple,
         sharing=SAME),
    rule("unpack P(a, b) = a, b", op("prim::TupleUnpack", NAMED), elements_of_tuple,
         sharing=SAME),
    rule("unpack constant = elements", op("prim::TupleUnpack", CONSTANT_TUPLE),
         elements_of_constant),
    rule("(a, b, c)[i:j] = (a, b)", op("prim::TupleSlice", TUPLE), part_of_tuple,
         sharing=SAME),
    rule("len([a, b]) = 2", op("aten::len.t", LIST), length),
    rule("[a, b][i] = a", op("aten::__getitem__.t", LIST, INDEX), element_of_list,
         sharing=SAME, covers_raising=True),
    rule("unpack [a, b] = a, b", op("prim::ListUnpack", LIST), elements_of_list,
         sharing=SAME, covers_raising=True),
    rule("[a] + [b] = [a, b]", op("aten::add.t", LIST, OTHER), joined_list,
         covers_raising=True),
    rule("x is None", op("aten::__is__", X, NONE), whether_none),
    rule("x is not None", op("aten::__isnot__", X, NONE), whether_none),
    rule("isinstance(x, t)", op("prim::isinstance", X), whether_instance),
    rule("unwrap x = x", op("prim::unchecked_unwrap_optional", X), without_cast,
         sharing=SAME),
    rule("cast x = x", op("prim::unchecked_cast", X), without_cast, sharing=SAME),
    rule("int(tensor(n)) = n", op("aten::Int.Tensor", HELD), number_of_tensor,
         covers_raising=True),
    rule("tensor(n).item() = n", op("aten::item", HELD), number_of_tensor,
         covers_raising=True),
    rule("array(tensor) and back = x", op("prim::ArrayToTensor",
         op("prim::TensorToArray", X)), lambda m: m["x"], sharing=VIEW,
         covers_raising=True),
)  # fmt: skip
