"""What every card gets without a test of its own.

Run one card with `-k aten::softmax.int`.
"""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit.ir import types as T
from jit.ir.card import UNKNOWN
from jit.ir.dtypes import dtype_of
from jit.ir.registry import all_cards, find_card
from jit.ir.schema import parse_schema
from jit.ir.subtyping import is_subtype
from jit.runtime.ops.numpy_families import Ufunc
from jit.runtime.ops.pointwise_family import Pointwise, compute_dtype
from jit.runtime.ops.samples import Sample, cases_of
from jit.runtime.ops.vocabulary import NUMPY, formula_text

CARDS = sorted(all_cards(), key=lambda c: c.schema.name)
SAMPLED = [c for c in CARDS if c.kernel is not None]
INFERRED = [c for c in SAMPLED if c.infer is not None]


def with_cards_of(cards):
    """One test for each of some cards."""
    return pytest.mark.parametrize("card", cards, ids=lambda c: c.schema.name)


with_cards = with_cards_of(CARDS)
with_sampled = with_cards_of(SAMPLED)
with_inferred = with_cards_of(INFERRED)


HIDDEN_WRITES = {"aten::batch_norm", "aten::native_batch_norm", "aten::instance_norm"}
"""Kinds that change running statistics in training, which torch's schemas hide."""


def run(card, arguments):
    with np.errstate(all="ignore"), warnings.catch_warnings():
        if card.effect:
            warnings.simplefilter("ignore")
        return card.kernel(*arguments)


def fact(declared, value, *, symbolic):
    """What is known of a sample argument: its type and, if not symbolic, its sizes."""
    base = declared.type
    if isinstance(base, T.OptionalType):
        base = base.element
    if isinstance(value, np.ndarray):
        made = T.ArrayType if isinstance(base, T.ArrayType) else T.TensorType
        sizes = (None,) * value.ndim if symbolic else value.shape
        return made(dtype_of(value.dtype), sizes)
    if isinstance(value, list):
        if isinstance(base, T.ListType):
            element = copy.copy(declared)
            object.__setattr__(element, "type", base.element)
            return [fact(element, v, symbolic=symbolic) for v in value]
        return value
    if T.is_tensor_like(base) and value is not None:
        return type(base)(dtype_of(np.asarray(value).dtype), ())
    return value


def facts_of(card, arguments, *, symbolic=False):
    declared = card.schema.arguments
    return [
        fact(declared[i] if i < len(declared) else declared[-1], v, symbolic=symbolic)
        for i, v in enumerate(arguments)
    ]


def type_of(value, wanted):
    """The type of a run-time value, for comparison with an inferred type."""
    if isinstance(value, np.ndarray | np.generic):
        made = T.ArrayType if isinstance(wanted, T.ArrayType) else T.TensorType
        return made(dtype_of(value.dtype), tuple(value.shape))
    return None


def assert_agrees(inferred, value, where):
    """The inferred type says nothing of the value that is not so."""
    if isinstance(inferred, tuple | list):
        assert len(inferred) == len(value), where
        for i, v in zip(inferred, value, strict=True):
            assert_agrees(i, v, where)
    elif T.is_tensor_like(inferred):
        actual = type_of(np.asarray(value), inferred)
        assert is_subtype(actual, inferred), (where, str(actual), str(inferred))
    elif isinstance(inferred, T.ListType):
        for v in value:
            assert_agrees(inferred.element, v, where)


def same(a, b):
    """Whether two results are equal, nan included."""
    if isinstance(a, np.ndarray | np.generic):
        a, b = np.asarray(a), np.asarray(b)
        if a.dtype.kind not in "biufc":
            a, b = a.astype(np.float64), b.astype(np.float64)
        return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or a != a


@with_cards
def test_the_schema_prints_back(card):
    assert card.schema == parse_schema(str(card.schema))


@with_cards
def test_the_card_says_what_the_operator_does(card):
    doc = card.doc()

    assert doc.endswith(".")
    assert len(doc.splitlines()) <= 2


@with_cards
def test_the_card_has_samples(card):
    if card.kernel is None:
        pytest.skip("the operator is carried out by the interpreter")

    assert len(card.samples) > 0


@with_sampled
def test_the_kernel_gives_what_the_schema_declares(card):
    for sample in cases_of(card.samples):
        result = run(card, sample.arguments(card.schema))
        returns = card.schema.returns
        results = result if len(returns) > 1 else (result,)
        if not returns:
            assert result is None, sample
            continue
        assert len(returns) == len(results), sample
        for declared, value in zip(returns, results, strict=True):
            if isinstance(declared.type, T.TensorType):
                assert isinstance(value, np.ndarray | np.generic), sample


@with_cards_of([c for c in SAMPLED if c.schema.kind not in HIDDEN_WRITES])
def test_the_kernel_writes_only_what_the_schema_declares(card):
    for sample in cases_of(card.samples):
        arguments = sample.arguments(card.schema)
        before = copy.deepcopy(arguments)
        run(card, arguments)
        for i, (old, new) in enumerate(zip(before, arguments, strict=True)):
            if i not in card.schema.writes and isinstance(old, np.ndarray | list):
                assert same(old, new), (sample, i)


@with_cards_of([c for c in SAMPLED if not c.schema.has_alias])
def test_results_share_storage_only_as_the_schema_declares(card):
    for sample in cases_of(card.samples):
        arguments = sample.arguments(card.schema)
        result = run(card, arguments)
        results = result if isinstance(result, tuple | list) else [result]
        for value in results:
            for argument in arguments:
                if isinstance(value, np.ndarray) and isinstance(argument, np.ndarray):
                    assert not np.shares_memory(value, argument), sample


@with_inferred
def test_infer_agrees_with_the_kernel(card):
    for sample in cases_of(card.samples):
        arguments = sample.arguments(card.schema)
        inferred = card.infer(*facts_of(card, arguments))

        assert_agrees(inferred, run(card, arguments), sample)


@with_inferred
def test_infer_agrees_with_the_kernel_where_sizes_are_unknown(card):
    for sample in cases_of(card.samples):
        arguments = sample.arguments(card.schema)
        inferred = card.infer(*facts_of(card, arguments, symbolic=True))

        assert_agrees(inferred, run(card, arguments), sample)


@with_inferred
def test_infer_agrees_with_the_kernel_where_nothing_is_known(card):
    for sample in cases_of(card.samples):
        arguments = sample.arguments(card.schema)
        facts = [
            type(f)() if T.is_tensor_like(f)
            else [type(x)() if T.is_tensor_like(x) else UNKNOWN for x in f]
            if isinstance(f, list)
            else f if f is None
            else UNKNOWN
            for f in facts_of(card, arguments)
        ]  # fmt: skip
        inferred = card.infer(*facts)

        assert_agrees(inferred, run(card, arguments), sample)


@with_sampled
def test_raises_can_be_asked_about_every_sample(card):
    for sample in cases_of(card.samples):
        facts = facts_of(card, sample.arguments(card.schema))
        for known in (
            facts,
            facts_of(card, sample.arguments(card.schema), symbolic=True),
        ):
            answer = card.raises(*known) if callable(card.raises) else card.raises

            assert isinstance(answer, bool), sample


INPLACE = [
    c for c in SAMPLED if hasattr(c, "pure") and c.schema.writes and not c.random
]


@with_cards_of(INPLACE)
def test_an_in_place_operator_stores_what_its_twin_gives(card):
    twin = card.pure
    for sample in cases_of(card.samples):
        arguments = sample.arguments(card.schema)
        kernel = getattr(card, "ufunc", None) or twin.kernel
        with np.errstate(all="ignore"):
            expected = np.asarray(kernel(*sample.arguments(card.schema)))
        result = run(card, arguments)

        assert result is arguments[0], sample
        assert same(expected.astype(result.dtype), result), sample


COMMUTATIVE = [
    c
    for c in SAMPLED
    if c.commutative
    and len(c.samples)
    and c.schema.arguments[0].type == c.schema.arguments[1].type
]


@with_cards_of(COMMUTATIVE)
def test_a_commutative_operator_commutes(card):
    for sample in cases_of(card.samples):
        x, y, *rest = sample.arguments(card.schema)
        if rest and rest[0] != 1:
            continue  # a factor of one operand

        assert same(run(card, [x, y, *rest]), run(card, [y, x, *rest])), sample


def is_unary(card) -> bool:
    required = [a for a in card.schema.arguments if a.is_required]
    return len(required) == 1 and not card.schema.writes


IDEMPOTENT = [c for c in SAMPLED if c.idempotent]


@pytest.mark.parametrize("card", IDEMPOTENT, ids=lambda c: c.schema.name)
def test_an_idempotent_operator_changes_nothing_the_second_time(card):
    for sample in cases_of(card.samples):
        x, *rest = sample.arguments(card.schema)
        if is_unary(card):
            once = np.asarray(run(card, [x, *rest]))
            twice = run(card, [once, *rest])
        elif len(card.schema.arguments) == 2:
            once, twice = x, run(card, [x, x])
        else:
            continue

        assert same(once, twice), sample


FORMULAS = [
    c for c in CARDS if c.formula is not None and issubclass(c, Pointwise | Ufunc)
]


@pytest.mark.parametrize("card", FORMULAS, ids=lambda c: c.schema.name)
def test_a_formula_reads_as_text(card):
    text = formula_text(card)

    for argument in card.schema.arguments:
        if argument.is_required and T.is_tensor_like(argument.type):
            assert argument.name in text


TWINS = [c for c in CARDS if issubclass(c, Ufunc) and not c.schema.writes]


@pytest.mark.parametrize("card", TWINS, ids=lambda c: c.schema.name)
def test_a_formula_gives_what_numpys_function_gives(card):
    for sample in cases_of(card.samples):
        arguments = sample.arguments(card.schema)
        expected = run(card, arguments)
        facts = facts_of(card, arguments)
        computed = card.operand_dtypes(*facts)
        operands = [
            np.asarray(a).astype(compute_dtype(dtype_of(d)).numpy)
            for a, d in zip(arguments, computed, strict=True)
        ]
        with np.errstate(all="ignore"):
            actual = np.asarray(card.formula(NUMPY, *operands)).astype(expected.dtype)
        if expected.dtype.kind in "biu":
            assert np.array_equal(expected, actual), sample
            continue
        precision = np.finfo(expected.dtype).eps
        np.testing.assert_allclose(
            actual, expected, rtol=8 * precision, atol=precision, err_msg=str(sample)
        )


def test_samples_are_the_same_every_time():
    sample = find_card("aten::add", "Tensor").samples[0]
    schema = find_card("aten::add", "Tensor").schema

    assert same(sample.arguments(schema), sample.arguments(schema))
    assert isinstance(sample.keywords["self"], Sample)
