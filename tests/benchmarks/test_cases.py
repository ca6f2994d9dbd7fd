"""Every benchmark builds its inputs, and ours and NumPy compute what they should."""

from __future__ import annotations

import numpy as np
import pytest

import jit
from benchmarks.case import Case, error_of, inputs_of, reference_of
from benchmarks.contenders import CONTENDERS, OURS, Absent, Ready
from benchmarks.contenders.ours import executor_of
from benchmarks.families import FAMILIES, resnet
from jit import torch

SMALL = [
    pytest.param(case, id=f"{family.name}: {case.name}")
    for family in FAMILIES
    for case in family.cases(True)
]
FULL = {family.name: family.cases(False) for family in FAMILIES}


def ready(case: Case, name: str) -> Ready:
    contender = next(c for c in CONTENDERS if c.name == name)
    return contender.prepare(case, *inputs_of(case), 1)()


def result_of(case: Case, name: str) -> np.ndarray:
    made = ready(case, name)
    return np.asarray(made.result(made.call(*made.args)))


@pytest.mark.parametrize("case", SMALL)
def test_ours_gives_the_reference_result(case: Case) -> None:
    expected = reference_of(case, *inputs_of(case))

    assert expected is not None
    assert error_of(result_of(case, OURS), expected) <= case.tolerance


@pytest.mark.parametrize("case", SMALL)
def test_numpy_and_cpython_give_the_reference_result(case: Case) -> None:
    expected = reference_of(case, *inputs_of(case))
    assert expected is not None

    for name in ("NumPy", "CPython"):
        try:
            result = result_of(case, name)
        except Absent:
            continue
        assert error_of(result, expected) <= case.tolerance


@pytest.mark.parametrize("case", SMALL)
def test_the_work_of_a_case_is_declared(case: Case) -> None:
    inputs, weights = inputs_of(case)
    arrays = [v for v in (*inputs.values(), *weights.values()) if hasattr(v, "nbytes")]
    expected = reference_of(case, inputs, weights)
    assert expected is not None
    size = 8 if any(a.dtype == np.float64 for a in arrays) else 4

    if case.takes == "numbers":
        assert (0, 0) == (case.reads, case.writes)
    else:
        assert sum(a.nbytes for a in arrays) == case.reads
        assert expected.size * size == case.writes


@pytest.mark.parametrize("family", FULL)
def test_small_and_full_cases_have_the_same_names(family: str) -> None:
    small = next(f for f in FAMILIES if f.name == family).cases(True)

    assert [c.name for c in FULL[family]] == [c.name for c in small]


@pytest.mark.parametrize("family", FULL)
def test_names_are_unique(family: str) -> None:
    names = [c.name for c in FULL[family]]

    assert len(set(names)) == len(names)


def test_the_network_for_compile_time_runs() -> None:
    case = resnet.case(size=32)

    assert case.result_shape == result_of(case, OURS).shape


@pytest.mark.parametrize("family", FULL)
def test_the_executor_of_ours_is_known(family: str) -> None:
    small = next(f for f in FAMILIES if f.name == family).cases(True)[0]
    made = ready(small, OURS)
    made.call(*made.args)

    assert made.note() in ("native", "mixed", "interpreter", "eager")


def test_the_executor_of_machine_code_alone_is_native() -> None:
    pytest.importorskip("llvmlite")

    def doubled(x):
        return x + x

    assert "native" == executor_of(jit.script(doubled), (np.ones(3, np.float32),))


def test_machine_code_that_calls_the_interpreter_is_mixed() -> None:
    pytest.importorskip("llvmlite")

    def levels(x):
        return torch.linalg.eigvalsh(torch.outer(x, x))

    call = jit.script(levels)
    args = (torch.tensor([2.0, 1.0]),)
    explained = call.explain(*args)

    assert explained.is_native and explained.boxed
    assert "mixed" == executor_of(call, args)


@pytest.mark.parametrize("peer", ["Numba", "JAX", "ONNX Runtime", "torch"])
def test_a_library_that_is_missing_is_a_reason(
    peer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("importlib.import_module", refuse)
    with pytest.raises(Absent, match="is not installed"):
        ready(FAMILIES[0].cases(True)[0], peer)
