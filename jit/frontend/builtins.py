"""Python's built-in functions, and the few of other modules that need care.

Most functions of torch, numpy and math are plain operators; see `resolver`. Here is
what chooses among operators, looks at types, or gives a value that only the compiler
sees.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit.frontend import magic
from jit.frontend import tree as t
from jit.frontend.arguments import known_elements
from jit.frontend.call import call_operator
from jit.frontend.emit_comprehension import emit_quantifier
from jit.frontend.emit_control import choose
from jit.frontend.emit_displays import empty_dict, empty_list
from jit.frontend.failures import a_type, fail
from jit.frontend.open_tuples import OpenTuple, opened
from jit.frontend.operators import (
    NUMBERS,
    apply,
    apply_exactly,
    binary,
    compare,
    numpy_kind,
)
from jit.frontend.refine import Condition, plain_truth, truth
from jit.frontend.set_methods import empty_set, set_of
from jit.frontend.sugared import (
    Builtin,
    Emitted,
    EnumerateValue,
    MapValue,
    RangeValue,
    ReversedValue,
    Sugared,
    ZipValue,
)
from jit.frontend.walks import as_list, walk_of
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

Emit = Callable[["Emitter", t.Call], Emitted]

BUILTINS: dict[int, Builtin] = {}
"""By the identity of the Python object."""


def builtin(*objects: Any) -> Callable[[Emit], Emit]:
    """Let calls of Python objects be emitted by a function."""

    def register(emit: Emit) -> Emit:
        for obj in objects:
            BUILTINS[id(obj)] = Builtin(obj.__name__, emit, obj)
        return emit

    return register


def given_to(e: Emitter, call: t.Call, least: int, most: int) -> list[Emitted]:
    """The positional arguments of a call that takes no others."""
    args = e.arguments(call)
    name = name_of(call)
    if args.keywords:
        keyword = next(iter(args.keywords))
        raise fail(
            args.spans[keyword],
            "E0304",
            f"`{name}` does not take the argument `{keyword}` in compiled code",
        )
    if not least <= len(args.positional) <= most:
        count = f"{least}" if least == most else f"{least} to {most}"
        raise fail(
            call.span,
            "E0304",
            f"`{name}` takes {count} arguments and is given {len(args.positional)}",
        )
    return args.positional


def name_of(call: t.Call) -> str:
    match call.function:
        case t.Name(_, id):
            return id
        case t.Attribute(_, _, name):
            return name
    return "this function"


def values_of(e: Emitter, call: t.Call, least: int, most: int) -> list[Value]:
    return [e.as_value(x, call.span) for x in given_to(e, call, least, most)]


# numbers ------------------------------------------------------------------------


@builtin(int)
def emit_int(e: Emitter, call: t.Call) -> Emitted:
    values = values_of(e, call, 0, 1)
    if not values:
        return e.b.constant(0)
    return as_number(e, call.span, values[0], T.INT)


@builtin(float)
def emit_float(e: Emitter, call: t.Call) -> Emitted:
    values = values_of(e, call, 0, 1)
    if not values:
        return e.b.constant(0.0)
    return as_number(e, call.span, values[0], T.FLOAT)


def as_number(e: Emitter, span: Span, x: Value, wanted: T.Type) -> Value:
    """`int(x)` or `float(x)`."""
    if magic.has(e, x, f"__{wanted}__"):
        return magic.number(e, span, x, wanted)
    if x.type == wanted:
        return x
    if isinstance(x.type, T.ArrayType):
        return apply(e, span, f"np::{wanted}", x)
    return apply(e, span, "aten::Int" if wanted == T.INT else "aten::Float", x)


@builtin(complex)
def emit_complex(e: Emitter, call: t.Call) -> Emitted:
    values = values_of(e, call, 1, 2)
    if len(values) == 1 and values[0].type == T.COMPLEX:
        return values[0]
    if magic.is_instance(values[0]):
        return magic.number(e, call.span, values[0], T.COMPLEX)
    return apply(e, call.span, "aten::Complex", *values)


@builtin(bool)
def emit_bool(e: Emitter, call: t.Call) -> Emitted:
    values = given_to(e, call, 0, 1)
    if not values:
        return e.b.constant(False)
    return truth(e, values[0], t.Constant(call.span, None)).value


@builtin(abs)
def emit_abs(e: Emitter, call: t.Call) -> Emitted:
    (x,) = values_of(e, call, 1, 1)
    if magic.has(e, x, "__abs__"):
        return magic.need_magic(e, call.span, x, "__abs__", "has no `abs`")
    if isinstance(x.type, T.ArrayType):
        return apply(e, call.span, numpy_kind("absolute"), x)
    if isinstance(x.type, T.TensorType):
        return apply(e, call.span, "aten::abs", x)
    if x.type == T.BOOL:
        x = apply(e, call.span, "aten::Int", x)
    return apply(e, call.span, "prim::abs", x)


@builtin(round)
def emit_round(e: Emitter, call: t.Call) -> Emitted:
    values = values_of(e, call, 1, 2)
    x = values[0]
    if magic.is_instance(x):
        what = "cannot be rounded"
        return magic.need_magic(e, call.span, x, "__round__", what, *values[1:])
    if isinstance(x.type, T.TensorType):
        return apply(e, call.span, "aten::round", *values)
    if isinstance(x.type, T.ArrayType):
        return apply(e, call.span, "np::round", *values)
    if x.type == T.BOOL:
        x = apply(e, call.span, "aten::Int", x)
    if x.type not in (T.INT, T.FLOAT):
        return apply(e, call.span, "aten::round", *values)
    if len(values) == 2 and values[1].type != T.NONE:
        overload = "digits" if x.type == T.FLOAT else "int_digits"
        return apply_exactly(e, call.span, "aten::round", overload, x, values[1])
    if x.type == T.INT:
        return x
    return apply_exactly(e, call.span, "aten::round", "to_int", x)


@builtin(divmod)
def emit_divmod(e: Emitter, call: t.Call) -> Emitted:
    a, b = values_of(e, call, 2, 2)
    found = magic.call_magic(e, call.span, a, "__divmod__", b)
    return apply(e, call.span, "aten::divmod", a, b) if found is None else found


@builtin(pow)
def emit_pow(e: Emitter, call: t.Call) -> Emitted:
    a, b = values_of(e, call, 2, 2)
    return binary(e, call.span, "**", a, b)


@builtin(min)
def emit_min(e: Emitter, call: t.Call) -> Emitted:
    return _extreme(e, call, "min")


@builtin(max)
def emit_max(e: Emitter, call: t.Call) -> Emitted:
    return _extreme(e, call, "max")


def _extreme(e: Emitter, call: t.Call, name: str) -> Emitted:
    args = e.arguments(call)
    if args.keywords and args.positional:
        from jit.frontend.higher_order import emit_extreme

        return emit_extreme(e, call, args, name)
    given = args.positional
    span = call.span
    if not given:
        raise fail(span, "E0304", f"`{name}` needs something to choose from")
    if len(given) == 1:
        items = known_elements(e, given[0], span)
        if items is None:
            x = given[0] if isinstance(given[0], Value) else list_of(e, given[0], span)
            if isinstance(x.type, T.SetType | T.DictType | T.ClassType):
                x = list_of(e, x, span)
            if isinstance(x.type, T.TensorType):
                return apply(e, span, f"aten::{name}", x)
            if isinstance(x.type, T.ArrayType):
                return apply(e, span, f"np::{name}", x)
            return apply(e, span, f"prim::{name}", x)
        given = items
    values = [e.as_value(x, span) for x in given]
    best = values[0]
    for other in values[1:]:
        best = _better(e, span, name, best, other)
    return best


def _better(e: Emitter, span: Span, name: str, a: Value, b: Value) -> Value:
    """Python's choice: the first unless the second is really less, or greater."""
    if a.type in NUMBERS and b.type in NUMBERS:
        if a.type == b.type == T.BOOL:
            a, b = apply(e, span, "aten::Int", a), apply(e, span, "aten::Int", b)
        return apply(e, span, f"prim::{name}", a, b)
    sign = "<" if name == "min" else ">"
    met = plain_truth(e, compare(e, span, sign, b, a), span)
    (value,) = choose(e, Condition(met), lambda: [b], lambda: [a])
    assert isinstance(value, Value)
    return value


# strings ------------------------------------------------------------------------


@builtin(str)
def emit_str(e: Emitter, call: t.Call) -> Emitted:
    from jit.frontend.emit_raise import as_text

    values = values_of(e, call, 0, 1)
    return as_text(e, values[0], call.span) if values else e.b.constant("")


def _plain(name: str, kind: str, least: int = 1, most: int = 1) -> None:
    def emit(e: Emitter, call: t.Call) -> Emitted:
        values = values_of(e, call, least, most)
        of_instance = {"hash": magic.hash, "repr": magic.repr}.get(name)
        if of_instance is not None and magic.has(e, values[0], f"__{name}__"):
            return of_instance(e, call.span, values[0])
        return apply(e, call.span, kind, *values)

    BUILTINS[id(getattr(builtins, name))] = Builtin(name, emit)


for _name in ("ord", "chr", "hex", "oct", "bin", "hash", "repr"):
    _plain(_name, f"aten::{_name}")


@builtin(format)
def emit_format(e: Emitter, call: t.Call) -> Emitted:
    values = values_of(e, call, 1, 2)
    if magic.has(e, values[0], *magic.TEXT):
        values[0] = magic.text(e, call.span, values[0])
    template = e.b.constant("{:{}}" if len(values) == 2 else "{}")
    return apply(e, call.span, "aten::format", template, *values)


@builtin(print)
def emit_print(e: Emitter, call: t.Call) -> Emitted:
    args = e.arguments(call)
    values = [e.as_value(x, call.span) for x in args.positional]
    texts = {
        k: _literal_text(e, call, args.keywords.pop(k), k)
        for k in ("sep", "end")
        if k in args.keywords
    }
    args.keywords.pop("flush", None)
    if args.keywords:
        keyword = next(iter(args.keywords))
        raise fail(
            args.spans[keyword],
            "E0304",
            f"`print` does not take the argument `{keyword}` in compiled code",
            help="leave it out: compiled code prints to `sys.stdout`",
        )
    values = [
        magic.text(e, call.span, v) if magic.has(e, v, *magic.TEXT) else v
        for v in values
    ]
    node = e.b.node("prim::Print", values)
    node.attributes |= {k: text for k, text in texts.items() if text is not None}
    return e.none()


def _literal_text(e: Emitter, call: t.Call, x: Emitted, name: str) -> str | None:
    """`sep` or `end` of `print`, which must be literal."""
    found = e.as_value(x, call.span).constant
    if found is None or isinstance(found, str):
        return found
    raise fail(
        call.span,
        "E0304",
        f"`{name}` of `print` must be a literal str",
        help="put the text together with an f-string or `join`",
    )


# containers and what loops walk -----------------------------------------------------


@builtin(len)
def emit_len(e: Emitter, call: t.Call) -> Emitted:
    (x,) = given_to(e, call, 1, 1)
    if isinstance(x, RangeValue | OpenTuple):
        return walk_of(e, x, call.span).length()
    if isinstance(x, Sugared):
        items = x.elements(e, call.span)
        if items is None:
            raise fail(call.span, "E0301", f"{x.describe()} has no length")
        return e.b.constant(len(items))
    elements = T.tuple_elements(x.type)
    if elements is not None:
        return e.b.constant(len(elements))
    refuse_number(x, call.span)
    if magic.is_instance(x):
        return magic.need_magic(e, call.span, x, "__len__", "has no length")
    return apply(e, call.span, "aten::len", x)


def refuse_number(x: Emitted, span: Span) -> None:
    """A number has no items; operators on Tensors would take it as one."""
    if isinstance(x, Value) and x.type in NUMBERS:
        raise fail(
            span,
            "E0306",
            f"{a_type(x.type)} has no items",
            help="give a list, a tuple, a str, a dict, a Tensor or an array",
        )


@builtin(range)
def emit_range(e: Emitter, call: t.Call) -> Emitted:
    values = []
    for x in values_of(e, call, 1, 3):
        if T.is_tensor_like(x.type) or x.type == T.BOOL:
            x = as_number(e, call.span, x, T.INT)
        if x.type != T.INT:
            raise fail(
                call.span,
                "E0304",
                f"`range` takes ints and is given {a_type(x.type)}",
                help="convert it with `int(...)`",
            )
        values.append(x)
    if len(values) == 1:
        return RangeValue(None, values[0], None)
    return RangeValue(values[0], values[1], values[2] if len(values) == 3 else None)


@builtin(enumerate)
def emit_enumerate(e: Emitter, call: t.Call) -> Emitted:
    args = e.arguments(call)
    start = args.keywords.pop("start", None)
    if len(args.positional) == 2:
        start = args.positional.pop()
    if len(args.positional) != 1 or args.keywords:
        raise fail(call.span, "E0304", "`enumerate` takes an iterable and a start")
    first = None if start is None else e.as_value(start, call.span)
    return EnumerateValue(args.positional[0], first)


@builtin(callable)
def emit_callable(e: Emitter, call: t.Call) -> Emitted:
    """Decided while compiling: values are no functions."""
    (x,) = given_to(e, call, 1, 1)
    return e.b.constant(isinstance(x, Sugared) and x.stays_itself)


@builtin(zip)
def emit_zip(e: Emitter, call: t.Call) -> Emitted:
    args = e.arguments(call)
    strict = args.keywords.pop("strict", None)
    if args.keywords or not args.positional:
        raise fail(call.span, "E0304", "`zip` takes iterables")
    if isinstance(strict, Value) and strict.constant is not False:
        _require_equal_lengths(e, call, args.positional)
    return ZipValue(args.positional)


def _require_equal_lengths(e: Emitter, call: t.Call, parts: list[Emitted]) -> None:
    """`zip(..., strict=True)`: told before the first round."""
    from jit.frontend.emit_raise import raise_now

    lengths = [walk_of(e, x, call.span).length() for x in parts]
    for i, length in enumerate(lengths[1:]):
        for kind, word in (("lt", "shorter"), ("gt", "longer")):
            before = "argument 1" if i == 0 else f"arguments 1-{i + 1}"
            text = f"zip() argument {i + 2} is {word} than {before}"
            met = Condition(e.op(f"aten::{kind}", length, lengths[0]))
            choose(
                e,
                met,
                lambda text=text: raise_now(e, e.b.constant(text), "ValueError"),  # type: ignore[misc]
                list,
            )


@builtin(reversed)
def emit_reversed(e: Emitter, call: t.Call) -> Emitted:
    return ReversedValue(given_to(e, call, 1, 1)[0])


@builtin(list)
def emit_list(e: Emitter, call: t.Call) -> Emitted:
    given = given_to(e, call, 0, 1)
    if not given:
        return empty_list(e, call)
    return list_of(e, given[0], call.span)


def list_of(e: Emitter, x: Emitted, span: Span) -> Value:
    """A new list of what a loop over `x` would give."""
    x = opened(x)
    if isinstance(x, Value) and (
        isinstance(x.type, T.ListType | T.SetType) or x.type == T.STR
    ):
        return apply(e, span, "aten::list", x)
    items = None if isinstance(x, RangeValue) else known_or_none(e, x, span)
    if items is not None:
        return as_list(e, [e.as_value(i, span) for i in items], span)
    walk = walk_of(e, x, span)
    made = e.b.list([], T.TENSOR)
    loop = e.b.node("prim::Loop", [walk.length(), e.b.constant(True)])
    block = loop.add_block()
    number = block.add_param(T.INT, "i")
    with e.inside(block):
        item = e.as_value(walk.item(number), span)
        made.type = T.ListType(item.type)
        apply(e, span, "aten::append", made, item)
        block.add_return(e.b.constant(True))
    return made


def known_or_none(e: Emitter, x: Emitted, span: Span) -> list[Emitted] | None:
    """The elements of a tuple or of modules."""
    if isinstance(x, EnumerateValue | ZipValue | ReversedValue | MapValue):
        return None
    return known_elements(e, x, span)


@builtin(set)
def emit_set(e: Emitter, call: t.Call) -> Emitted:
    given = given_to(e, call, 0, 1)
    return set_of(e, given[0], call.span) if given else empty_set(e, call)


@builtin(tuple)
def emit_tuple(e: Emitter, call: t.Call) -> Emitted:
    given = given_to(e, call, 0, 1)
    if given and isinstance(given[0], OpenTuple):
        return given[0]
    items = known_or_none(e, given[0], call.span) if given else []
    if items is None:
        return OpenTuple(list_of(e, given[0], call.span))
    return e.b.tuple([e.as_value(i, call.span) for i in items])


@builtin(dict)
def emit_dict(e: Emitter, call: t.Call) -> Emitted:
    args = e.arguments(call)
    if args.positional:
        x = args.positional[0]
        if isinstance(x, Sugared):
            args.positional[0] = list_of(e, x, call.span)
        return call_operator(e, call.span, "aten::dict", args, name="dict")
    inputs: list[Value] = []
    for key, value in args.keywords.items():
        inputs += [e.b.constant(key), e.as_value(value, call.span)]
    if not inputs:
        return empty_dict(e, call)
    type = T.DictType(T.STR, inputs[1].type)
    return e.b.node("prim::DictConstruct", inputs, [type]).output


@builtin(any)
def emit_any(e: Emitter, call: t.Call) -> Emitted:
    return _quantified(e, call, is_any=True)


@builtin(all)
def emit_all(e: Emitter, call: t.Call) -> Emitted:
    return _quantified(e, call, is_any=False)


def _quantified(e: Emitter, call: t.Call, *, is_any: bool) -> Emitted:
    name = "any" if is_any else "all"
    match call.args:
        case (t.Comprehension(kind="generator") as generator,):
            return emit_quantifier(e, generator, is_any=is_any)
    (x,) = given_to(e, call, 1, 1)
    refuse_number(x, call.span)
    items = known_or_none(e, x, call.span)
    values = x if isinstance(x, Value) else None
    if values is not None and isinstance(values.type, T.SetType | T.ClassType):
        values = list_of(e, values, call.span)
    if items is not None:
        bools = [truth(e, i, t.Constant(call.span, None)).value for i in items]
        values = e.b.list(bools, T.BOOL)
    elif values is None:
        values = list_of(e, x, call.span)
    if T.is_tensor_like(values.type):
        kind = "np" if isinstance(values.type, T.ArrayType) else "aten"
        return plain_truth(e, apply(e, call.span, f"{kind}::{name}", values), call.span)
    return apply(e, call.span, f"aten::{name}", values)


# looking at types and attributes ------------------------------------------------------


@builtin(isinstance)
def emit_isinstance(e: Emitter, call: t.Call) -> Emitted:
    from jit.frontend.refine import emit_condition

    if len(call.args) != 2:
        raise fail(call.span, "E0304", "`isinstance` takes a value and a type")
    return emit_condition(e, call).value


@builtin(hasattr)
def emit_hasattr(e: Emitter, call: t.Call) -> Emitted:
    from jit.frontend.module_value import ModuleValue

    owner, name = given_to(e, call, 2, 2)
    text = name.constant if isinstance(name, Value) else None
    if not isinstance(text, str) or not isinstance(owner, ModuleValue):
        raise fail(call.span, "E0301", "`hasattr` takes a module and a literal name")
    return e.b.constant(owner.has(text))


@builtin(getattr)
def emit_getattr(e: Emitter, call: t.Call) -> Emitted:
    from jit.frontend.methods import attribute_of_value
    from jit.frontend.module_value import ModuleValue

    given = given_to(e, call, 2, 3)
    text = given[1].constant if isinstance(given[1], Value) else None
    if not isinstance(text, str):
        raise fail(call.span, "E0301", "`getattr` takes a literal name")
    owner = given[0]
    if len(given) == 3:
        if not isinstance(owner, ModuleValue):
            raise fail(call.span, "E0301", "`getattr` takes a default for modules only")
        if not owner.has(text):
            return given[2]
    if isinstance(owner, Sugared):
        return owner.attribute(e, call.span, text)
    return attribute_of_value(e, call.span, owner, text)


@builtin(super)
def emit_super(e: Emitter, call: t.Call) -> Emitted:
    """`super()` in a method of a module or class."""
    from jit.frontend.class_value import SuperOfInstance
    from jit.frontend.classes import info_of
    from jit.frontend.environment import Variable
    from jit.frontend.module_value import ModuleValue, SuperValue

    found = e.scope.find("__class__")
    first = e.tree.params[0].name if e.tree.params else ""
    owner = e.frame.find(first)
    value = owner.value if isinstance(owner, Variable) else None
    if found is not None and isinstance(value, ModuleValue) and not call.args:
        return SuperValue(value, found[0])
    type = value.type if isinstance(value, Value) else None
    if found is not None and isinstance(type, T.ClassType) and not call.args:
        assert isinstance(value, Value)
        return SuperOfInstance(info_of(e.compilation, type), value, found[0])
    raise fail(
        call.span,
        "E0205",
        "`super` is accepted only without arguments, in a method",
    )


@builtin(iter)
def emit_iter(e: Emitter, call: t.Call) -> Emitted:
    """`iter(x)` stands for `x`: only loops and what `__iter__` returns take it."""
    (x,) = given_to(e, call, 1, 1)
    return x
