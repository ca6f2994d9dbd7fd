"""What the families make of a card: promotion, facts, errors, twins."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import UNKNOWN, ShapeError
from jit.ir.registry import find_card, overloads_of
from jit.ir.type_text import parse_type
from jit.runtime.ops.vocabulary import formula_text
from jit.runtime.promotion import set_default_dtype


def card(name):
    kind, _, overload = name.partition(".")
    found = find_card(kind, overload)
    assert found is not None, name
    return found


def run(name, *arguments):
    with np.errstate(all="ignore"):
        return np.asarray(card(name).kernel(*arguments))


def inferred(name, *facts):
    """The type of a result as text; facts are types as text, or constants."""
    read = [parse_type(f) if isinstance(f, str) else f for f in facts]
    return str(card(name).infer(*read))


def may_raise(name, *facts):
    read = [parse_type(f) if isinstance(f, str) else f for f in facts]
    answer = card(name).raises
    return answer(*read) if callable(answer) else answer


f32 = np.float32


class TestPromotion:
    def test_a_number_does_not_widen_a_tensor(self):
        assert run("aten::add.Scalar", np.ones(2, f32), 1.5, 1).dtype == f32

    def test_a_float_makes_integers_floating(self):
        assert run("aten::mul.Scalar", np.ones(2, int), 1.5).dtype == f32

    def test_a_0_dim_tensor_does_not_widen_a_tensor_with_dims(self):
        result = run("aten::add.Tensor", np.ones(2, f32), np.ones((), float), 1)

        assert result.dtype == f32

    def test_quotients_of_integers_are_floating(self):
        assert run("aten::div.Tensor", np.ones(2, int), np.ones(2, int)).dtype == f32

    def test_quotients_of_integers_have_the_default_dtype(self):
        set_default_dtype(dtypes.float64)
        try:
            result = run("aten::div.Tensor", np.ones(2, int), np.ones(2, int))
        finally:
            set_default_dtype(dtypes.float32)

        assert result.dtype == np.float64

    def test_integers_wrap_around(self):
        result = run("aten::add.Scalar", np.array([100], np.int8), 100, 1)

        assert result.tolist() == [-56]

    def test_half_is_computed_in_single_precision(self):
        x = np.array([60000, 2049], np.float16)
        result = run("aten::lerp.Scalar", x, -x, 0.5)

        assert np.isfinite(result).all()
        assert result.dtype == np.float16

    def test_bfloat16_rounds_after_the_operator(self):
        x = np.array([256.0], ml_dtypes.bfloat16)
        result = run("aten::add.Scalar", x, 1.0, 1)

        assert result.astype(float).tolist() == [256.0]


class TestFacts:
    @pytest.mark.parametrize(
        ("facts", "expected"),
        [
            (("Float(2, 3)", "Float(3)", 1), "Float(2, 3)"),
            (("Float(*, 3)", "Long(4, 1)", 1), "Float(4, 3)"),
            (("Float(*)", "Float(1)", 1), "Float(*)"),
            (("Float(*)", "Float(*)", 1), "Float(*)"),
            (("Float(2)", "Double()", 1), "Float(2)"),
            (("Float()", "Double()", 1), "Double()"),
            (("Float", "Double", 1), "Tensor"),
            (("Long", "Float", 1), "Float"),
            (("Float", "Float(2)", 1), "Float"),
            (("Tensor", "Float(2)", 1), "Tensor"),
            (("Tensor(2, 3)", "Float(3)", 1), "Tensor(2, 3)"),
        ],
    )
    def test_sizes_and_dtypes_of_a_sum(self, facts, expected):
        assert expected == inferred("aten::add.Tensor", *facts)

    @pytest.mark.parametrize(
        ("number", "expected"),
        [(1, "Long(2)"), (1.5, "Float(2)"), (T.INT, "Long(2)"), (T.FLOAT, "Float(2)"),
         (UNKNOWN, "Tensor(2)"), (T.NUMBER, "Tensor(2)")],
    )  # fmt: skip
    def test_the_type_of_a_number_decides(self, number, expected):
        assert expected == inferred("aten::add.Scalar", "Long(2)", number, 1)

    def test_comparisons_are_bool_even_of_unknown_operands(self):
        assert inferred("aten::lt.Tensor", "Tensor", "Tensor") == "Bool"

    def test_sizes_that_never_fit_are_an_error(self):
        with pytest.raises(ShapeError, match=r"tensor a \(3\) .* tensor b \(4\)"):
            inferred("aten::add.Tensor", "Float(2, 3)", "Float(*, 4)", 1)

    def test_dtypes_that_are_never_taken_are_an_error(self):
        with pytest.raises(ShapeError, match="with two bool tensors"):
            inferred("aten::sub.Tensor", "Bool(2)", "Bool(2)", 1)

    @pytest.mark.parametrize(
        ("name", "facts", "expected"),
        [
            ("aten::sum", ("Float(2, 3)", None), "Float()"),
            ("aten::sum", ("Int", None), "Long()"),
            ("aten::sum.dim_IntList", ("Float(2, *)", [1], False, None), "Float(2)"),
            ("aten::sum.dim_IntList", ("Float(2, *)", [1], True, None), "Float(2, 1)"),
            ("aten::sum.dim_IntList", ("Float(2, 3)", [UNKNOWN], False, None), "Float(*)"),
            ("aten::sum.dim_IntList", ("Float(2, 3)", UNKNOWN, True, None), "Float(*, *)"),
            ("aten::sum.dim_IntList", ("Float(2, 3)", [0], UNKNOWN, None), "Float"),
            ("aten::mean.dim", ("Long", [0], False, dtypes.float64), "Double"),
            ("aten::argmax", ("Float(2, 3)", None, False), "Long()"),
            ("aten::softmax.int", ("Half(2, *)", -1, None), "Half(2, *)"),
            ("np::add", ("Array[int64](2)", "Array[float32](2)"), "Array[float64](2)"),
            ("np::add.Scalar", ("Array[float32](*)", 1.5), "Array[float32](*)"),
            ("np::sum", ("Array[int32](2, 3)", [0], None, False), "Array[int64](3)"),
            ("np::mean", ("Array[int64](2, 3)", None, None, False), "Array[float64]()"),
            ("np::divide", ("Array[int64]()", "Array"), "Array"),
            ("np::matmul", ("Array[float64](2, *)", "Array[float64](3, 4)"),
             "Array[float64](2, 4)"),
        ],
    )  # fmt: skip
    def test_results_of_other_operators(self, name, facts, expected):
        assert expected == inferred(name, *facts)


class TestRaises:
    @pytest.mark.parametrize(
        ("name", "facts", "expected"),
        [
            ("aten::exp", ("Float(*)",), False),
            ("aten::exp", ("Tensor",), False),
            ("aten::neg", ("Tensor",), True),
            ("aten::neg", ("Float",), False),
            ("aten::mul.Tensor", ("Float(2, 3)", "Float(3)"), False),
            ("aten::mul.Tensor", ("Float(*, 3)", "Float(3)"), False),
            ("aten::mul.Tensor", ("Float(*)", "Float(*)"), True),
            ("aten::mul.Tensor", ("Float(*)", "Float(1)"), False),
            ("aten::mul.Tensor", ("Float(*)", "Float()"), False),
            ("aten::mul.Tensor", ("Float", "Float()"), False),
            ("aten::mul.Tensor", ("Float", "Float"), True),
            ("aten::mul.Scalar", ("Float", UNKNOWN), False),
            ("aten::add.Tensor", ("Float(2)", "Float(2)", 1), False),
            ("aten::add.Tensor", ("Float(2)", "Float(2)", UNKNOWN), True),
            ("aten::floor_divide", ("Float(2)", "Float(2)"), False),
            ("aten::floor_divide", ("Long(2)", "Long(2)"), True),
            ("aten::floor_divide.Scalar", ("Long(2)", 2), False),
            ("aten::floor_divide.Scalar", ("Long(2)", 0), True),
            ("aten::exp_", ("Float(*)",), False),
            ("aten::exp_", ("Long(2)",), True),
            ("aten::add_.Tensor", ("Float(2)", "Float(2, 2)", 1), True),
            ("aten::add_.Tensor", ("Float(2)", "Float(1)", 1), False),
            ("aten::sum", ("Float", None), False),
            ("aten::max", ("Float(2)",), False),
            ("aten::max", ("Float(*)",), True),
            ("aten::mean", ("Long(2)", None), True),
            ("np::add", ("Array[float64](2)", "Array[float64](2)"), False),
            ("np::add", ("Array[float64](2)", "Array[float64](*)"), True),
        ],
    )  # fmt: skip
    def test_a_call_is_known_not_to_raise(self, name, facts, expected):
        assert expected is may_raise(name, *facts)


class TestErrors:
    @pytest.mark.parametrize(
        ("name", "arguments", "error", "message"),
        [
            ("aten::add.Tensor", (np.ones((2, 3)), np.ones((2, 4)), 1), RuntimeError,
             r"The size of tensor a \(3\) must match the size of tensor b \(4\) at"
             r" non-singleton dimension 1"),
            ("aten::add_.Tensor", (np.ones(3), np.ones((2, 3)), 1), RuntimeError,
             r"output with shape \[3\] doesn't match the broadcast shape \[2, 3\]"),
            ("aten::add_.Scalar", (np.ones(3, int), 1.5, 1), RuntimeError,
             "result type Float can't be cast to the desired output type Long"),
            ("aten::add.Scalar", (np.ones(3, int), 1, 1.5), RuntimeError,
             "argument alpha must not be a floating point number"),
            ("aten::floor_divide.Scalar", (np.ones(3, int), 0), RuntimeError,
             "ZeroDivisionError"),
            ("aten::pow.Tensor_Scalar", (np.ones(3, int), -1), RuntimeError,
             "Integers to negative integer powers are not allowed"),
            ("aten::floor", (np.ones(3, bool),), NotImplementedError,
             "\"floor\" not implemented for 'Bool'"),
            ("aten::mean", (np.ones(3, int), None), RuntimeError,
             r"mean\(\): could not infer output dtype.* Got: Long"),
            ("aten::max", (np.ones(0),), RuntimeError,
             r"max\(\): Expected reduction dim to be specified for input.numel\(\) == 0"),
            ("aten::amax", (np.ones((0, 3)), [0], False), IndexError,
             r"amax\(\): Expected reduction dim 0 to have non-zero size"),
            ("aten::sum.dim_IntList", (np.ones((2, 3)), [2], False, None), IndexError,
             r"expected to be in range of \[-2, 1\], but got 2"),
            ("aten::sum.dim_IntList", (np.ones((2, 3)), [1, -1], False, None),
             RuntimeError, "dim 1 appears multiple times"),
            ("aten::Bool.Tensor", (np.ones(2),), RuntimeError,
             "Boolean value of Tensor with more than one value is ambiguous"),
            ("aten::item", (np.ones(2),), RuntimeError,
             "a Tensor with 2 elements cannot be converted to Scalar"),
            ("aten::Int.Tensor", (np.array(np.nan),), RuntimeError,
             "cannot be converted to type int64_t without overflow"),
            ("np::add", (np.ones(2), np.ones(3)), ValueError, "could not be broadcast"),
        ],
    )  # fmt: skip
    def test_the_message_is_the_one_people_know(self, name, arguments, error, message):
        with pytest.raises(error, match=message):
            card(name).kernel(*arguments)

    def test_a_failed_in_place_operator_leaves_its_argument_alone(self):
        x = np.ones(3, int)
        with pytest.raises(RuntimeError):
            card("aten::add_.Scalar").kernel(x, 1.5, 1)

        assert x.tolist() == [1, 1, 1]


class TestTwins:
    def test_an_in_place_operator_returns_its_argument(self):
        x = np.array([-1.0, 2.0], f32)

        assert card("aten::relu_").kernel(x) is x
        assert x.tolist() == [0.0, 2.0]

    def test_an_augmented_assignment_replaces_a_numpy_scalar(self):
        kernel = card("np::add_.Scalar").kernel
        array, scalar = np.ones(2), np.float64(1.0)

        assert kernel(array, 2) is array
        assert kernel(scalar, 2) == 3.0
        assert scalar == 1.0

    def test_other_names_share_the_card(self):
        alias = card("aten::multiply.Tensor")

        assert alias.alias_of == "aten::mul"
        assert alias.kernel is card("aten::mul.Tensor").kernel
        assert card("aten::multiply_.Tensor").alias_of == "aten::mul_"

    def test_a_view_shares_storage(self):
        x = np.ones((2, 3))

        assert np.shares_memory(x, card("np::transpose").kernel(x, None))

    def test_an_operator_that_changes_nothing_still_gives_a_new_tensor(self):
        x = np.ones(3, int)

        assert not np.shares_memory(x, card("aten::floor").kernel(x))

    def test_tensors_come_before_numbers_in_the_order_of_overloads(self):
        names = [c.schema.overload for c in overloads_of("aten::add")]

        assert names[:2] == ["Tensor", "Scalar"]


class TestNumpyKinds:
    def test_a_full_reduction_is_a_numpy_scalar(self):
        result = card("np::sum").kernel(np.ones((2, 3)), None, None, False)

        assert isinstance(result, np.float64)

    def test_an_element_of_a_vector_is_a_numpy_scalar(self):
        assert isinstance(card("np::select").kernel(np.ones(3), 0, 1), np.float64)

    def test_std_divides_by_the_number_of_elements(self):
        x = np.array([1.0, 3.0])

        assert card("np::std").kernel(x, None, None, 0, False) == 1.0
        assert run("aten::std", x, True) == pytest.approx(2**0.5)


class TestFormulas:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("aten::leaky_relu", "where(self > 0, self, self * negative_slope)"),
            ("aten::add.Tensor", "self + other * alpha"),
            ("aten::silu", "self / (1 + exp(-self))"),
            ("aten::gelu", "0.5 * self * (1 + erf(self * 0.7071067811865476))"),
            ("aten::clamp", "minimum(maximum(self, min), max)"),
            ("aten::square", "self * self"),
            ("np::subtract", "x1 - x2"),
        ],
    )
    def test_a_formula_reads_as_one_line(self, name, expected):
        assert expected == formula_text(card(name))

    def test_a_card_without_a_formula_has_no_text(self):
        assert formula_text(card("aten::sum")) is None
