"""Values as JSON that keeps every type apart, how two differ, and torch's record."""

from __future__ import annotations

import enum
import json
import math
from pathlib import Path
from typing import Any

RECORD = Path(__file__).parent / "recorded.json"

# An exception of one of these types must have that type here as well. torch raises its
# own `torch.jit.Error`, or a bare RuntimeError, for most others: any type will do.
NAMED_EXCEPTIONS = ("IndexError", "KeyError", "ZeroDivisionError")

# Never what a program means by "raises": these tell of something that is not there.
NOT_RAISED = (NotImplementedError, NameError, AttributeError, ImportError, SyntaxError)

RELATIVE_TOLERANCE = {
    "float16": 1e-3,
    "bfloat16": 1e-2,
    "float32": 1e-5,
    "float64": 1e-9,
}
ABSOLUTE_TOLERANCE = {"float16": 1e-3, "bfloat16": 1e-2, "float32": 1e-6}


class Raised:
    """What a call that raised stands for."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    @property
    def recorded(self) -> str:
        """The type as far as torch tells it."""
        for base in type(self.error).__mro__:
            if base.__name__ in NAMED_EXCEPTIONS:
                return base.__name__
        return "any"


# Encoding: a value as JSON that keeps every type apart and every float exact.


def encode(value: Any, torch: Any) -> Any:
    """The JSON form of a value.

    None, bool, int, str, finite float and list stand for themselves; everything else
    is an object with one telling key.
    """
    if isinstance(value, Raised):
        told = f"{type(value.error).__name__}: {value.error}"
        return {"raised": value.recorded, "as": told}
    if isinstance(value, torch.Tensor):
        return {
            "tensor": str(value.dtype).removeprefix("torch."),
            "shape": [int(size) for size in value.shape],
            "values": _encode_numbers(value.tolist()),
        }
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if type(value) is complex:
        return {"complex": [_encode_numbers(part) for part in (value.real, value.imag)]}
    if isinstance(value, enum.Enum):
        return {"enum": str(value), "value": encode(value.value, torch)}
    if isinstance(value, torch.Size):
        # what a script returns as a list
        return list(value)
    if isinstance(value, tuple):
        return {"tuple": [encode(item, torch) for item in value]}
    if isinstance(value, list):
        return [encode(item, torch) for item in value]
    if isinstance(value, dict):
        pairs = [[encode(k, torch), encode(v, torch)] for k, v in value.items()]
        return {"dict": pairs}
    if isinstance(value, set | frozenset):
        return {"set": sorted((encode(item, torch) for item in value), key=json.dumps)}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if isinstance(value, torch.device | torch.layout):
        return {type(value).__name__: str(value)}
    raise TypeError(f"a program gave a value of type {type(value).__name__}")


def _encode_numbers(values: Any) -> Any:
    if isinstance(values, list):
        return [_encode_numbers(item) for item in values]
    if isinstance(values, float) and not math.isfinite(values):
        return repr(values)
    return values


# Comparison: of two encoded values, with a place for every difference.


def differences(expected: Any, actual: Any, place: str = "value") -> list[str]:
    """How `actual` differs from `expected`, one line for each difference."""
    if type(expected) is not type(actual) or _tag(expected) != _tag(actual):
        return [_line(place, expected, actual)]
    if isinstance(expected, list):
        return _items(expected, actual, place)
    if isinstance(expected, float):
        return _floats(expected, actual, "float64", place)
    if not isinstance(expected, dict):
        return [] if expected == actual else [_line(place, expected, actual)]
    if "raised" in expected:
        same = expected["raised"] in ("any", actual["raised"])
        if "as" in expected and "as" in actual:
            same = expected["as"] == actual["as"]
        return [] if same else [_line(place, expected, actual)]
    if "call" in expected:
        return _call(expected["call"], actual["call"], place)
    if "complex" in expected:
        parts = expected["complex"], actual["complex"]
        return _numbers(*parts, "float64", place)
    if "tensor" in expected:
        return _tensors(expected, actual, place)
    if "tuple" in expected:
        return _items(expected["tuple"], actual["tuple"], place)
    if "dict" in expected:
        return _items(expected["dict"], actual["dict"], place)
    return [] if expected == actual else [_line(place, expected, actual)]


def _call(expected: Any, actual: Any, place: str) -> list[str]:
    if expected.keys() != actual.keys():
        return [_line(place, expected, actual)]
    found = []
    for key in expected:
        found += differences(expected[key], actual[key], f"{place}, {key}")
    return found


def _tag(encoded: Any) -> str | None:
    return next(iter(encoded)) if isinstance(encoded, dict) else None


def _line(place: str, expected: Any, actual: Any) -> str:
    return f"{place}: expected {json.dumps(expected)}, got {json.dumps(actual)}"


def _items(expected: list[Any], actual: list[Any], place: str) -> list[str]:
    if len(expected) != len(actual):
        lengths = f"expected {len(expected)} items, got {len(actual)}"
        return [f"{place}: {lengths}", _line(place, expected, actual)]
    found = []
    for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
        found += differences(left, right, f"{place}[{index}]")
    return found


def _tensors(expected: Any, actual: Any, place: str) -> list[str]:
    found = []
    if expected["tensor"] != actual["tensor"]:
        found.append(_line(f"{place}.dtype", expected["tensor"], actual["tensor"]))
    if expected["shape"] != actual["shape"]:
        found.append(_line(f"{place}.shape", expected["shape"], actual["shape"]))
    if found:
        return found
    dtype = expected["tensor"]
    left, right = expected["values"], actual["values"]
    return _numbers(left, right, dtype, f"{place}.values")


def _numbers(expected: Any, actual: Any, dtype: str, place: str) -> list[str]:
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return [_line(place, expected, actual)]
        found = []
        for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
            found += _numbers(left, right, dtype, f"{place}[{index}]")
        return found
    if type(expected) is float and type(actual) is float:
        return _floats(expected, actual, dtype, place)
    same = type(expected) is type(actual) and expected == actual
    return [] if same else [_line(place, expected, actual)]


def _floats(expected: float, actual: float, dtype: str, place: str) -> list[str]:
    close = math.isclose(
        expected,
        actual,
        rel_tol=RELATIVE_TOLERANCE[dtype],
        abs_tol=ABSOLUTE_TOLERANCE.get(dtype, 1e-12),
    )
    return [] if close else [_line(place, expected, actual)]


# The record: one line for each call, so that a change to it can be read.

Record = dict[str, dict[str, Any]]
"""By topic and program: the outcomes of the calls, or the word `refused`."""


def without_messages(encoded: Any) -> Any:
    """What is recorded: of an exception the type alone, as messages are torch's own."""
    if isinstance(encoded, list):
        return [without_messages(item) for item in encoded]
    if isinstance(encoded, dict):
        return {k: without_messages(v) for k, v in encoded.items() if k != "as"}
    return encoded


def read_record() -> Record:
    """What torch gave."""
    record: Record = json.loads(RECORD.read_text(encoding="utf-8"))["topics"]
    return record


def write_record(version: str, record: Record) -> None:
    """Write what torch gave."""
    topics = []
    for topic, programs in sorted(record.items()):
        rows = [
            f"  {json.dumps(name)}: {_rows(outcomes)}"
            for name, outcomes in sorted(programs.items())
        ]
        body = ",\n".join(rows)
        topics.append(f" {json.dumps(topic)}: {{\n{body}\n }}")
    head = f'{{"torch": {json.dumps(version)}, "topics": {{\n'
    text = head + ",\n".join(topics) + "\n}}\n"
    RECORD.write_text(text, encoding="utf-8")


def _rows(outcomes: Any) -> str:
    if not isinstance(outcomes, list):
        return json.dumps(outcomes)
    return "[\n" + ",\n".join(f"   {json.dumps(one)}" for one in outcomes) + "\n  ]"
