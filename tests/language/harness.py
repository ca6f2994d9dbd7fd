"""Run the programs of the language corpus and put their values into JSON.

A program is one file under `programs/`. Its docstring says the clause of the language
that it shows, its first line of code is `import torch`, and its function `run()`
yields pairs `(label, value)`. A value is any nest of Tensors, numbers, strs, lists,
tuples, dicts and None. Where the value is a function, the harness calls it: what it
returns is the value, and if it raises, the record says that it raised.

Against this product the line `import torch` becomes `from jit import torch`, and
nothing else changes. Programs under `programs/later/` show clauses that are still to
come; they are recorded, and not counted.
"""

from __future__ import annotations

import importlib.util
import json
import math
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
PROGRAMS = FOLDER / "programs"
RECORD = FOLDER / "recorded.json"

IMPORT_REFERENCE = "import torch"
IMPORT_PRODUCT = "from jit import torch"

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


def program_names() -> list[str]:
    """The counted programs, as paths below `programs/` without their suffix."""
    return sorted(path.stem for path in PROGRAMS.glob("*.py"))


def later_names() -> list[str]:
    """The programs for clauses that are still to come."""
    return sorted(f"later/{path.stem}" for path in (PROGRAMS / "later").glob("*.py"))


def run_program(name: str, import_line: str) -> list[tuple[str, Any]]:
    """Run one program under the given import line: its labels and encoded values."""
    source = (PROGRAMS / f"{name}.py").read_text(encoding="utf-8")
    lines = source.split("\n")
    assert lines.count(IMPORT_REFERENCE) == 1, f"{name}: one line `{IMPORT_REFERENCE}`"
    lines[lines.index(IMPORT_REFERENCE)] = import_line
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Tracing warns of the branches that it bakes in, which some programs are about.
        warnings.simplefilter("ignore")
        path = Path(folder) / Path(name).with_suffix(".py").name
        path.write_text("\n".join(lines), encoding="utf-8")
        return list(_results(path))


def _results(path: Path) -> Iterator[tuple[str, Any]]:
    module_name = f"language_program_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
        for label, value in module.run():
            # Encoded before the program goes on, which may change the value in place.
            yield label, encode(_called(value), module.torch)
    finally:
        del sys.modules[module_name]


class Raised:
    """What a call that raised stands for in a record."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


def _called(value: Any) -> Any:
    if not callable(value):
        return value
    try:
        return value()
    except NOT_RAISED:
        raise
    except Exception as error:
        for base in type(error).__mro__:
            if base.__name__ in NAMED_EXCEPTIONS:
                return Raised(base.__name__)
        return Raised("any")


# Encoding: a value as JSON that keeps every type apart and every float exact.


def encode(value: Any, torch: Any) -> Any:
    """The JSON form of a value.

    None, bool, int, str, finite float and list stand for themselves; everything else
    is an object with one telling key.
    """
    if isinstance(value, Raised):
        return {"raised": value.kind}
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
    if isinstance(value, tuple):
        return {"tuple": [encode(item, torch) for item in value]}
    if isinstance(value, list):
        return [encode(item, torch) for item in value]
    if isinstance(value, dict):
        pairs = [[encode(k, torch), encode(v, torch)] for k, v in value.items()]
        return {"dict": pairs}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    raise TypeError(f"a program yielded a value of type {type(value).__name__}")


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
        return [] if same else [_line(place, expected, actual)]
    if "tensor" in expected:
        return _tensors(expected, actual, place)
    if "tuple" in expected:
        return _items(expected["tuple"], actual["tuple"], place)
    if "dict" in expected:
        return _items(expected["dict"], actual["dict"], place)
    return [] if expected == actual else [_line(place, expected, actual)]


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


# The record: one line for each case, so that a change to it can be read.


def read_record() -> dict[str, list[tuple[str, Any]]]:
    """The recorded labels and values of every program."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    return {
        name: [(label, value) for label, value in cases]
        for name, cases in record["programs"].items()
    }


def write_record(version: str, programs: dict[str, list[tuple[str, Any]]]) -> None:
    """Write the labels and values of every program."""
    lines = ["{", f'"torch": {json.dumps(version)},', '"programs": {']
    for index, (name, cases) in enumerate(sorted(programs.items())):
        rows = ",\n".join(f"  {json.dumps(list(case))}" for case in cases)
        comma = "," if index + 1 < len(programs) else ""
        lines.append(f"{json.dumps(name)}: [\n{rows}\n]{comma}")
    lines += ["}", "}", ""]
    RECORD.write_text("\n".join(lines), encoding="utf-8")
