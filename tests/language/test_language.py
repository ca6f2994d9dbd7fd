"""Every program of the corpus gives what the reference implementation gave.

The results were recorded by `record.py`. The import line is all that changes between
the two; `harness.py` says what a program looks like.
"""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location(
    "language_harness", Path(__file__).parent / "harness.py"
)
assert _spec is not None and _spec.loader is not None
harness = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(harness)

RECORDED = harness.read_record()
PROGRAMS = harness.program_names()


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_gives_the_recorded_results(name: str) -> None:
    expected = RECORDED[name]

    actual = harness.run_program(name, harness.IMPORT_PRODUCT)

    assert [label for label, _ in actual] == [label for label, _ in expected]
    found = []
    for (label, left), (_, right) in zip(expected, actual, strict=True):
        found += harness.differences(left, right, f"{name}, {label!r}")
    assert not found, "\n" + "\n".join(found)


def test_there_is_a_program_for_each_clause() -> None:
    assert len(PROGRAMS) >= 80


def test_every_program_has_a_record_and_every_record_a_program() -> None:
    assert sorted(RECORDED) == sorted(PROGRAMS + harness.later_names())


@pytest.mark.parametrize("name", PROGRAMS + harness.later_names())
def test_program_has_the_form_of_the_corpus(name: str) -> None:
    source = (harness.PROGRAMS / f"{name}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    code = [
        node
        for node in tree.body[1:]
        if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")
    ]

    assert ast.get_docstring(tree)
    assert ast.unparse(code[0]) == harness.IMPORT_REFERENCE
    assert source.split("\n").count(harness.IMPORT_REFERENCE) == 1


def test_differences_are_told_apart() -> None:
    tensor = {"tensor": "float32", "shape": [2], "values": [1.0, "nan"]}

    assert not harness.differences(tensor, tensor)
    assert not harness.differences(1.0, 1.0 + 1e-12)
    assert not harness.differences({"raised": "any"}, {"raised": "IndexError"})
    assert harness.differences({"raised": "IndexError"}, {"raised": "any"})
    assert harness.differences(1, 1.0)
    assert harness.differences(1, True)
    assert harness.differences([1], {"tuple": [1]})
    assert harness.differences(1.0, 1.0 + 1e-6)
    assert harness.differences(tensor, {**tensor, "tensor": "float64"})
    assert harness.differences(tensor, {**tensor, "shape": [1, 2]})
    assert harness.differences(tensor, {**tensor, "values": [1.0, 2.0]})
