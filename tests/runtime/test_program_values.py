"""Values inside of programs: their types, and how they come in."""

from __future__ import annotations

import enum
import math

import numpy as np
import pytest

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.program import ClassDefinition, Program
from jit.ir.type_text import parse_type
from jit.runtime.device import Device
from jit.runtime.objects import Object
from jit.runtime.program_values import (
    FunctionReference,
    RefusedError,
    convert,
    describe,
    is_instance,
    named_tuple_class,
    type_of,
)
from jit.runtime.tensor import Tensor, wrap

MATRIX = wrap(np.ones((2, 3), np.float32))

INSTANCES = [
    (1, "int"),
    (True, "bool"),
    (1.5, "float"),
    (1j, "complex"),
    ("x", "str"),
    (None, "NoneType"),
    (None, "int?"),
    (1, "int?"),
    (1, "Scalar"),
    (1, "Any"),
    ([1, 2], "int[]"),
    ([], "int[]"),
    ({1}, "Set(int)"),
    ({"a": 1}, "Dict(str, int)"),
    ((1, "x"), "(int, str)"),
    ("x", "Union[int, str]"),
    (MATRIX, "Tensor"),
    (MATRIX, "Float"),
    (MATRIX, "Float(*, 3)"),
    (np.ones(2), "Array[float64](2)"),
    (np.float64(1), "Array"),
    (Device("cpu"), "Device"),
    (dtypes.float32, "ScalarType"),
    (FunctionReference("m.f"), "Function<m.f>"),
    (Object(T.ClassType("m.C")), "Class<m.C>"),
]


@pytest.mark.parametrize(("value", "text"), INSTANCES, ids=lambda x: str(x)[:20])
def test_values_are_of_their_types(value, text):
    assert is_instance(value, parse_type(text))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "int"),
        (1, "float"),
        (1, "bool"),
        (None, "int"),
        ([1, "x"], "int[]"),
        ((1,), "int[]"),
        ({"a": "b"}, "Dict(str, int)"),
        ((1, 2), "(int, str)"),
        ((1,), "(int, int)"),
        (MATRIX, "Double"),
        (MATRIX, "Float(2)"),
        (MATRIX, "Array"),
        (np.ones(1), "Tensor"),
        (FunctionReference("m.g"), "Function<m.f>"),
        (Object(T.ClassType("m.D")), "Class<m.C>"),
    ],
    ids=lambda x: str(x)[:20],
)
def test_values_are_of_no_other_type(value, text):
    assert not is_instance(value, parse_type(text))


def test_instances_are_instances_of_bases_and_interfaces():
    program = Program()
    program.add_class(ClassDefinition("m.Shape", "interface", methods=["area"]))
    program.add_class(ClassDefinition("m.Base", "class", methods=["area", "name"]))
    program.add_class(ClassDefinition("m.Round", "class", bases=("m.Base",)))
    base, derived = (Object(T.ClassType(f"m.{n}")) for n in ("Base", "Round"))

    assert is_instance(derived, T.ClassType("m.Base"), program)
    assert not is_instance(base, T.ClassType("m.Round"), program)
    assert is_instance(base, T.InterfaceType("m.Shape"), program)


def test_members_of_enums_are_known_by_name_and_value():
    class Color(enum.Enum):
        RED = 1

    assert is_instance(Color.RED, parse_type("Enum[m.Color, int](RED=1)"))
    assert not is_instance(Color.RED, parse_type("Enum[m.Color, int](RED=2)"))


# coming in ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (1, "float", 1.0),
        (1.5, "complex", 1.5 + 0j),
        (np.int64(3), "int", 3),
        (np.float32(0.5), "float", 0.5),
        ((1, 2), "int[]", [1, 2]),
        ([1, 2], "(int, float)", (1, 2.0)),
        ([[1], []], "float[][]", [[1.0], []]),
        ({"a": (1,)}, "Dict(str, float[])", {"a": [1.0]}),
        ("cpu", "Device", Device("cpu")),
        (2, "Union[float, str]", 2.0),
        (None, "float?", None),
    ],
    ids=str,
)
def test_values_are_converted(value, text, expected):
    converted = convert(value, parse_type(text))

    assert expected == converted
    assert type(expected) is type(converted)


def test_arrays_and_tensors_share_memory():
    array = np.ones(2)
    tensor = convert(array, T.TENSOR)

    assert Tensor is type(tensor)
    assert array is tensor.array
    assert array is convert(tensor, T.ARRAY)


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        (1.5, "int", "float"),
        (True, "float", "bool"),
        ("1", "int", "str"),
        (None, "Tensor", "NoneType"),
        (1, "Tensor", "int"),
        ([1, "x"], "int[]", r"Any\[\]"),
        ((1, 2, 3), "(int, int)", r"\(int, int, int\)"),
        (object(), "Tensor", "object"),
        (MATRIX, "Double", "Tensor"),
    ],
)
def test_other_values_are_refused(value, text, found):
    wanted = text.replace("[", r"\[").replace("]", r"\]")
    wanted = wanted.replace("(", r"\(").replace(")", r"\)")
    message = f"Expected a value of type '{wanted}' but instead found type '{found}'"

    with pytest.raises(RefusedError, match=message):
        convert(value, parse_type(text))


def test_ints_have_64_bits():
    assert 2**63 - 1 == convert(2**63 - 1, T.INT)
    with pytest.raises(OverflowError, match="does not fit into an int of 64 bits"):
        convert(2**63, T.INT)


def test_nan_stays():
    assert math.isnan(convert(math.nan, T.FLOAT))


def test_named_tuples_get_the_class_of_their_type():
    point = parse_type("NamedTuple[m.Point](x : int, y : float)")
    value = convert((1, 2), point)

    assert (1, 2.0) == (value.x, value.y)
    assert named_tuple_class(point) is type(value)
    assert is_instance(value, point)


# types of values ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "int"),
        (True, "bool"),
        ([1.0], "float[]"),
        ([], "Tensor[]"),
        ([1, None], "int?[]"),
        ((1, "x"), "(int, str)"),
        ({"a": 1.0}, "Dict(str, float)"),
        (MATRIX, "Float(*, *)"),
        (np.ones(2), "Array[float64](*)"),
        (Object(T.ModuleType("m.M")), "Module<m.M>"),
    ],
    ids=str,
)
def test_the_type_of_a_value_is_as_narrow_as_it_is_known(value, text):
    assert text == str(type_of(value))


def test_a_value_that_no_program_takes_has_no_type():
    with pytest.raises(TypeError, match="no program takes a value of type `object`"):
        type_of(object())

    assert "object" == describe(object())
