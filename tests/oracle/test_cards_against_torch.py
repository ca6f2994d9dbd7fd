"""Every card of an operator that torch has agrees with torch on its samples."""

from __future__ import annotations

import warnings

import ml_dtypes
import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit.ir import types as T
from jit.ir.dtypes import ALL, DType, bfloat16, dtype_coded, dtype_of
from jit.ir.registry import all_cards
from jit.ir.schema import parse_schema
from jit.runtime.ops.pointwise_family import Pointwise
from jit.runtime.ops.samples import cases_of

torch = pytest.importorskip("torch", reason="torch is not installed (extra `oracle`)")

UNDETERMINED = {"aten::empty", "aten::empty_like", "aten::new_empty"}
"""Operators whose results have no values to compare."""

PYTHON_STR = "strings behave as Python's: they hold characters, not bytes"
OTHER_SCHEMAS = {
    "aten::data": "torch's schema hides that the result shares storage",
    "aten::type_as": "torch's schema hides that the result may be the tensor itself",
    "aten::set": "torch has no sets; this is another operator of the same name",
    "prim::device": "a device may also be made of a string",
    "prim::grad": "there may be no gradient",
    "prim::dtype": "a dtype is a value of its own type, not a number",
    "aten::add_": "of lists: torch's schema does not say that it gives the list itself",
    "aten::sorted": "another name of the argument",
    "aten::update": "torch's schema says that the second dict changes",
    "aten::dict": "another name of the type variable",
} | dict.fromkeys(
    [
        "aten::index", "aten::strip", "aten::lstrip", "aten::rstrip", "aten::rsplit",
        "aten::find", "aten::rfind", "aten::rindex", "aten::count", "aten::startswith",
        "aten::endswith",
    ],
    PYTHON_STR,
)  # fmt: skip
"""Kinds whose schema is not torch's, on purpose, and why."""

OTHER_RESULTS = {
    "aten::Float.str": PYTHON_STR,
    "aten::Int.str": PYTHON_STR,
    "aten::chr": PYTHON_STR,
    "aten::endswith": PYTHON_STR,
    "aten::lstrip": PYTHON_STR,
    "aten::rstrip": PYTHON_STR,
    "aten::strip": PYTHON_STR,
    "aten::rsplit": PYTHON_STR,
    "aten::splitlines": PYTHON_STR,
    "aten::zfill": PYTHON_STR,
    "aten::device": "torch's operator gives a str",
    "aten::device.with_index": "torch's operator fails",
    "aten::pow.int_to_int": "torch's bindings call another overload",
    "aten::round.Scalar": "round of one argument gives an int, as in Python",
    "aten::set": "torch has no sets; this is another operator of the same name",
    "aten::max_pool2d_backward": "torch has no kernel of it for the CPU",
    "prim::max": "the larger of two numbers keeps its type, as in Python",
    "prim::min": "the smaller of two numbers keeps its type, as in Python",
    "prim::dtype": "a dtype is a value of its own type, not a number",
    "prim::rangelist": "a negative length is an empty list, as in Python",
} | dict.fromkeys(
    [
        "aten::log.complex_float", "aten::log.complex_int", "aten::log.float_complex",
        "aten::log.int_complex",
    ],
    "torch takes the logarithm of a negative number as a float: nan",
)  # fmt: skip
"""Operators whose results are not torch's, on purpose, and why."""

COMPARED = {"aten::embedding_bag": 1}
"""How many results are compared, where the others are torch's own notes."""

TOLERANCE = {
    "float64": 1e-12, "float32": 4e-6, "float16": 2e-3, "bfloat16": 1.6e-2,
    "complex64": 4e-6, "complex128": 1e-12,
}  # fmt: skip


def is_compared(card) -> bool:
    kind = card.schema.kind
    return kind.startswith(("aten::", "prim::"))


CARDS = sorted((c for c in all_cards() if is_compared(c)), key=lambda c: c.schema.name)


@pytest.fixture(scope="module", name="torch")
def torch_module():
    return torch


def operation(torch, schema):
    """Torch's operator and its schema; None where torch has none of this name."""
    try:
        found = torch._C._get_operation_overload(schema.kind, schema.overload)
        text = str(torch._C._get_schema(schema.kind, schema.overload))
    except RuntimeError:
        return None
    return None if found is None else (found[0], text)


PYTHON_TYPES = {T.INT: int, T.FLOAT: float, T.COMPLEX: complex, T.BOOL: bool,
                T.DEVICE: str}  # fmt: skip


def fits(schema, arguments) -> bool:
    """Whether numbers have the very type of the schema, as torch's bindings want."""
    return all(
        type(value) is PYTHON_TYPES.get(declared.type, type(value))
        for declared, value in zip(schema.arguments, arguments, strict=False)
    )


def to_torch(torch, value):
    if isinstance(value, np.ndarray):
        if dtype_of(value.dtype) is bfloat16:
            return torch.from_numpy(value.view(np.int16).copy()).view(torch.bfloat16)
        return torch.from_numpy(value.copy())
    if isinstance(value, DType):
        return getattr(torch, value.name)
    if isinstance(value, list):
        return [to_torch(torch, v) for v in value]
    return value


def to_numpy(torch, value):
    if isinstance(value, torch.Tensor):
        value = value.detach().resolve_conj().contiguous()
        if value.dtype is torch.bfloat16:
            return value.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
        return value.numpy()
    if isinstance(value, list | tuple):
        return type(value)(to_numpy(torch, v) for v in value)
    if isinstance(value, torch.dtype):
        return next(d for d in ALL if getattr(torch, d.name) is value)
    if isinstance(value, torch.device):
        return str(value)
    return value


def assert_same(expected, actual, where):
    if expected is None and isinstance(actual, np.ndarray):
        # a tensor that torch leaves undefined has no elements here
        assert actual.size == 0, where
    elif isinstance(expected, np.ndarray):
        actual = np.asarray(actual)
        assert expected.dtype == actual.dtype, where
        assert expected.shape == actual.shape, where
        tolerance = TOLERANCE.get(expected.dtype.name, 0)
        wide = np.complex128 if expected.dtype.kind == "c" else np.float64
        if expected.dtype.kind in "biu":
            np.testing.assert_array_equal(actual, expected, str(where))
        else:
            np.testing.assert_allclose(
                actual.astype(wide), expected.astype(wide), tolerance, tolerance,
                err_msg=str(where),
            )  # fmt: skip
    elif isinstance(actual, DType) and isinstance(expected, int):
        # torch's bindings give the number of a dtype
        assert dtype_coded(expected) is actual, where
    elif isinstance(expected, list | tuple):
        assert len(expected) == len(actual), where
        for e, a in zip(expected, actual, strict=True):
            assert_same(e, a, where)
    elif isinstance(expected, float | complex):
        assert isinstance(actual, type(expected)), (where, actual)
        np.testing.assert_allclose(actual, expected, 1e-6, err_msg=str(where))
    else:
        assert type(expected) is type(actual), (where, expected, actual)
        assert expected == actual, where


@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.schema.name)
def test_the_schema_is_torchs(card, torch):
    found = operation(torch, card.schema)
    if found is None:
        pytest.skip("torch has no operator of this name")

    if parse_schema(found[1]) == card.schema:
        return
    assert card.schema.kind in OTHER_SCHEMAS, found[1]


@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.schema.name)
def test_results_are_torchs(card, torch):
    found = operation(torch, card.schema)
    if found is None:
        pytest.skip("torch has no operator of this name")
    if card.effect:
        pytest.skip("the effect is not a result")
    if card.random or card.schema.kind in UNDETERMINED:
        pytest.skip("results are not determined")
    if card.kernel is None:
        pytest.skip("the operator has no kernel")
    if any(T.contains_variable(a.type) for a in card.schema.arguments):
        pytest.skip("torch takes values of variable type from scripts only")

    if card.schema.is_vararg:
        pytest.skip("torch takes any number of values from scripts only")
    if card.schema.name in OTHER_RESULTS:
        pytest.skip(OTHER_RESULTS[card.schema.name])

    for sample in cases_of(card.samples):
        arguments = sample.arguments(card.schema)
        if not fits(card.schema, arguments):
            continue
        if not all(a.isascii() for a in arguments if isinstance(a, str)):
            continue  # torch's strings are bytes
        ours = list(arguments)
        theirs = [to_torch(torch, a) for a in arguments]
        positional, keywords = [], {}
        for declared, value in zip(card.schema.arguments, theirs, strict=False):
            if declared.keyword_only:
                keywords[declared.name] = value
            else:
                positional.append(value)
        positional += theirs[len(card.schema.arguments) :]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = found[0](*positional, **keywords)
        with np.errstate(all="ignore"):
            actual = card.kernel(*ours)
        returns = card.schema.returns
        if len(returns) == 1 and returns[0].type == T.TENSOR:
            actual = np.asarray(actual)
        if card.schema.kind in COMPARED:
            expected = expected[: COMPARED[card.schema.kind]]
            actual = actual[: COMPARED[card.schema.kind]]
        assert_same(to_numpy(torch, expected), actual, sample)
        for i in card.schema.writes:
            if isinstance(ours[i], np.ndarray):
                assert_same(to_numpy(torch, theirs[i]), ours[i], sample)


def takes_tensors_only(card) -> bool:
    """Whether a call needs nothing but Tensors."""
    required = [a for a in card.schema.arguments if a.is_required]
    return all(a.type == T.TENSOR for a in required)


POINTWISE = [c for c in CARDS if issubclass(c, Pointwise) and takes_tensors_only(c)]
NOT_OF_COMPLEX = {"aten::sgn", "aten::logaddexp"}
"""Kinds that torch has for complex numbers too, and we do not."""


@pytest.mark.parametrize("card", POINTWISE, ids=lambda c: c.schema.name)
@pytest.mark.parametrize("dtype", ["bool", "int64", "float32", "complex64"])
def test_the_same_dtypes_are_taken(card, dtype, torch):
    found = operation(torch, card.schema)
    if found is None:
        pytest.skip("torch has no operator of this name")
    if dtype == "complex64" and card.schema.kind in NOT_OF_COMPLEX:
        pytest.skip("not for complex numbers")
    count = sum(a.is_required for a in card.schema.arguments)
    arrays = [np.ones(2, dtype) for _ in range(count)]
    try:
        found[0](*[to_torch(torch, a) for a in arrays])
    except (RuntimeError, TypeError):
        taken = False
    else:
        taken = True
    defaults = [a.default for a in card.schema.arguments[count:]]
    with np.errstate(all="ignore"):
        if taken:
            card.kernel(*arrays, *defaults)
            return
        with pytest.raises(RuntimeError):
            card.kernel(*arrays, *defaults)
