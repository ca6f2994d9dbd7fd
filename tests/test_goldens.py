"""What the front end makes of source: the cases of `tests/golden/frontend`."""

from __future__ import annotations

import linecache
import types
from pathlib import Path
from typing import Any

import pytest

import jit
from jit.ir.diagnostic import CompileError
from jit.ir.verifier import check_program
from tests.golden_format import Case, all_cases, update_section

FOLDER = Path(__file__).parent / "golden" / "frontend"

PRELUDE = """\
import math
from typing import *
import numpy as np
import jit
from jit import torch
"""


def execute(case: Case) -> tuple[dict[str, Any], types.FunctionType]:
    """The names that a case defines, and its function."""
    name = f"<{case.path.stem}: {case.title}>"
    # without a time of change, Python keeps the lines for good
    entry = (len(case.source), None, case.source.splitlines(True), name)
    linecache.cache[name] = entry
    names: dict[str, Any] = {"__name__": "case"}
    exec(PRELUDE, names)
    before = set(names)
    exec(compile(case.source, name, "exec"), names)
    functions = [
        v
        for k, v in names.items()
        if k not in before and isinstance(v, types.FunctionType)
    ]
    return names, functions[-1]


CASES = list(all_cases(FOLDER))
IDS = [f"{c.path.stem}: {c.title}" for c in CASES]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_source_becomes_what_the_case_says(case: Case, updates_goldens: bool) -> None:
    names, function = execute(case)
    if case.errors:
        with pytest.raises(CompileError) as caught:
            _ = jit.script(function).graph
        diagnostics = caught.value.diagnostics

        assert case.errors == [
            (d.span.line if d.span else 0, d.code, d.headline) for d in diagnostics
        ]
        return
    scripted = jit.script(function)
    names[function.__name__] = scripted
    for section in case.sections:
        if section.kind == "run":
            assert eval(section.argument, names), section.argument
            continue
        actual = str(getattr(scripted, section.kind)).strip("\n")
        if updates_goldens:
            update_section(case, section.kind, actual)
        else:
            assert section.text == actual
    problems = check_program(scripted.program, specs=("no_exits",), spans=True)

    assert not problems


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_case_expects_something(case: Case) -> None:
    assert case.errors or case.sections
