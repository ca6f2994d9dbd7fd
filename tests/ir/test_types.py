"""Which types stand for which: subtypes, common types, values of type variables."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from jit.ir import types as T
from jit.ir.diagnostic import GraphError
from jit.ir.subtyping import is_subtype
from jit.ir.type_text import format_type, parse_type
from jit.ir.unification import match_variables, substitute, unify
from tests import strategies

ALL = [
    "Tensor", "Float", "Float(2, *)", "Array", "Array[float64](*, 3)", "Long()",
    "int", "float", "bool", "str", "complex", "NoneType", "Device", "ScalarType",
    "Scalar", "Any", "Exception", "int[]", "Tensor?[]", "int[]?", "Dict(str, int[])",
    "Set(int)", "Future(Tensor)", "()", "(int,)", "(int, (str, float)?)",
    "Union[int, str]", "NamedTuple[Point](x : int, y : Tensor)",
    'Enum[Color, str](RED="r", BLUE="b")', "Enum[E, float](A=1.5, B=inf)",
    "Class<model.Counter>", "Module<model.MLP>", "Interface<model.Op>",
    "Function<model.f>", 'Class<"model.f.<locals>.C">',
]  # fmt: skip


@pytest.mark.parametrize("text", ALL)
def test_the_text_of_a_type(text: str) -> None:
    assert text == format_type(parse_type(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Tensr", "unknown type `Tensr`"),
        ("int]", "unexpected `]` after the type"),
        ("Array[float99]", "unknown dtype `float99`"),
        ("Dict(int)", "expected `,`, found `)`"),
        ("Float(2, x)", "expected a number, found `x`"),
        ("Float(2, 1.5)", "expected an integer, found `1.5`"),
        ("Enum[E, int](A=B)", "expected a number, found `B`"),
        ("", "expected a name, found the end"),
    ],
)
def test_a_text_that_is_no_type(text: str, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        parse_type(text)

    assert message == caught.value.diagnostics[0].headline


SUBTYPES = [
    ("int", "int"),
    ("int", "Any"),
    ("int", "int?"),
    ("NoneType", "int?"),
    ("int?", "int??"),
    ("int", "Scalar"),
    ("bool", "Scalar"),
    ("int", "Union[int, str]"),
    ("Union[int, str]", "Union[str, int, float]"),
    ("Float(2, 3)", "Tensor"),
    ("Float(2, 3)", "Float(2, *)"),
    ("Float(2, 3)", "Float?"),
    ("Array[float64](2)", "Array"),
    ("Float(2)[]", "Tensor[]"),
    ("(int, Float)", "(Any, Tensor)"),
    ("NamedTuple[P](x : int)", "(int,)"),
    ("NamedTuple[P](x : Float)", "NamedTuple[P](x : Tensor)"),
]


@pytest.mark.parametrize(("lower", "upper"), SUBTYPES)
def test_a_subtype(lower: str, upper: str) -> None:
    assert is_subtype(parse_type(lower), parse_type(upper))


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("int", "float"),
        ("bool", "int"),
        ("int?", "int"),
        ("Tensor", "Float"),
        ("Tensor", "Array"),
        ("Float(*)", "Float(2)"),
        ("Float(2)", "Float(2, 2)"),
        ("Float", "Double"),
        ("int[]", "Any[]"),
        ("int[]", "int?[]"),
        ("Dict(str, Float)", "Dict(str, Tensor)"),
        ("(int, str)", "(int,)"),
        ("(int,)", "NamedTuple[P](x : int)"),
        ("NamedTuple[P](x : int)", "NamedTuple[P](y : int)"),
        ("Union[int, str]", "int"),
        ("Class<A>", "Class<B>"),
    ],
)
def test_no_subtype(lower: str, upper: str) -> None:
    assert not is_subtype(parse_type(lower), parse_type(upper))


@pytest.mark.parametrize(
    ("a", "b", "common"),
    [
        ("int", "int", "int"),
        ("int", "NoneType", "int?"),
        ("int?", "int", "int?"),
        ("NoneType", "NoneType", "NoneType"),
        ("int", "float", None),
        ("int", "Any", "Any"),
        ("Float(2, 3)", "Float(2, 4)", "Float(2, *)"),
        ("Float(2)", "Float(2, 2)", "Float"),
        ("Float(2)", "Double(2)", "Tensor(2)"),
        ("Array[bool](1)", "Array", "Array"),
        ("Tensor", "Array", None),
        ("Float", "Double?", "Tensor?"),
        ("Float[]", "Double[]", "Tensor[]"),
        ("int[]", "float[]", None),
        ("(int, Float)", "(int, Double)", "(int, Tensor)"),
        ("(int, str)", "(int,)", None),
        ("NamedTuple[P](x : int)", "(int,)", "(int,)"),
        ("Class<A>", "Class<B>", None),
    ],
)
def test_the_common_type_of_two(a: str, b: str, common: str | None) -> None:
    expected = None if common is None else parse_type(common)

    assert expected == unify(parse_type(a), parse_type(b))
    assert expected == unify(parse_type(b), parse_type(a))


@settings(max_examples=200)
@given(strategies.types, strategies.types)
def test_the_common_type_is_above_both(a: T.Type, b: T.Type) -> None:
    common = unify(a, b)

    if common is not None:
        assert is_subtype(a, common)
        assert is_subtype(b, common)


@settings(max_examples=100)
@given(strategies.types)
def test_a_type_is_its_own_subtype_and_common_type(type: T.Type) -> None:
    assert is_subtype(type, type)
    assert type == unify(type, type)


@pytest.mark.parametrize(
    ("pattern", "actual", "result", "t"),
    [
        ("t", "int", "int", "int"),
        ("t[]", "int[]", "int[]", "int"),
        ("t?", "int", "int?", "int"),
        ("t?", "NoneType", "Any", None),
        ("Dict(str, t)", "Dict(str, Float)", "Dict(str, Float)", "Float"),
        ("(t, t)", "(Float, Double)", "(Float, Tensor)", "Tensor"),
        ("(t, int)", "(str, int)", "(str, int)", "str"),
        ("t[]", "int", None, None),
        ("(t, t)", "(int, str)", None, "int"),
        ("int", "str", "int", None),
    ],
)
def test_type_variables_are_fixed_by_what_is_given(
    pattern: str, actual: str, result: str | None, t: str | None
) -> None:
    bound: dict[str, T.Type] = {}

    found = match_variables(parse_type(pattern), parse_type(actual), bound)

    assert (None if result is None else parse_type(result)) == found
    assert ({} if t is None else {"t": parse_type(t)}) == bound


def test_unbound_variables_become_any() -> None:
    assert parse_type("(int, Any[])") == substitute(
        parse_type("(t, u[])"), {"t": T.INT}
    )
