"""The comparison with torch sees what is wrong: values, shapes, dtypes, missing names."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (extra `oracle`)")
pytest.importorskip("expecttest", reason="the database needs it (extra `oracle`)")

from jit import torch as ours  # noqa: E402
from tests.conformance import (  # noqa: E402
    capturing,
    finding,
    forms,
    gradients,
    operators,
    refusing,
    reporting,
)
from tests.conformance.calling import Call  # noqa: E402
from tests.conformance.comparing import difference  # noqa: E402
from tests.conformance.converting import (  # noqa: E402
    Copies,
    UnconvertibleError,
    convert_leaf,
    plain,
)
from tests.conformance.finding import MissingError  # noqa: E402
from tests.conformance.running import Outcome, compared, eager  # noqa: E402


def call(*args, **kwargs):
    return Call(args, kwargs, lambda result: result)


def test_equal_results_do_not_differ():
    a = np.array([1.0, np.nan, np.inf])

    assert difference(a, a.copy()) == ""
    assert difference((a, None, 3), [a.copy(), None, 3]) == ""


@pytest.mark.parametrize(
    ("actual", "kind"),
    [
        (np.array([1.0, 2.5]), "values"),
        (np.array([1.0, 2.0], np.float32), "dtype"),
        (np.array([[1.0, 2.0]]), "shape"),
        ((np.array([1.0, 2.0]),), "structure"),
        (1.0, "structure"),
    ],
)
def test_a_wrong_result_is_seen(actual, kind):
    assert difference(np.array([1.0, 2.0]), actual).startswith(kind)


def test_values_may_be_left_out():
    assert difference(np.zeros(2), np.ones(2), values=False) == ""
    assert difference(np.zeros(2), np.ones(3), values=False).startswith("shape")


def test_a_right_function_passes():
    assert compared(torch.exp, eager(ours.exp), call(torch.ones(3)), "exp") == ""


def test_a_wrong_function_fails():
    found = compared(torch.exp, eager(ours.expm1), call(torch.ones(3)), "exp")

    assert found.startswith("values")


def test_an_argument_that_should_not_change_is_seen():
    found = compared(torch.exp, eager(ours.exp_), call(torch.ones(3)), "exp")

    assert found.startswith("arguments afterwards")


def test_what_torch_refuses_must_be_refused():
    wrong = call(torch.ones(2), torch.ones(3))

    assert compared(torch.add, eager(ours.add), wrong, "add") == ""
    accepted = compared(torch.add, eager(lambda a, b: ours.zeros(2)), wrong, "add")
    assert accepted.startswith("accepts what torch refuses")


def entry_of(name):
    return operators.entries(name)[name][0]


def test_gradients_are_compared():
    x = torch.linspace(-1, 2, 6, dtype=torch.float64)
    times = call(x, x.flip(0))

    assert gradients.compared(torch.mul, ours.mul, times, []) == ""
    wrong = gradients.compared(torch.mul, lambda a, b: a * b * b, times, [])
    assert wrong.startswith("gradients: of tensor 0: values")
    cut = gradients.compared(torch.mul, lambda a, b: a.detach() * b, times, [])
    assert cut.startswith("gradients: of tensor 0: there is none")


def test_a_call_without_gradients_is_not_compared():
    assert gradients.compared(torch.abs, ours.abs, call(torch.arange(3)), []) is None


def test_a_gradient_that_random_numbers_decide_is_not_compared():
    x = torch.ones(40, dtype=torch.float64)
    dropout = torch.nn.functional.dropout
    mine = ours.nn.functional.dropout

    assert gradients.compared(dropout, mine, call(x, 0.5), []) == ""


def test_what_is_accepted_and_should_not_be_is_seen():
    found = {}
    refusing.run_refusals(entry_of("gather"), lambda *args, **kwargs: None, found)

    assert found["refusals"].passed == 0
    assert found["refusals"].failed > 3
    assert found["refusals"].reason.startswith("accepts what torch refuses")


def test_another_exception_is_a_refusal_of_another_type():
    found = {}
    refusing.run_refusals(entry_of("gather"), lambda *args: 1 / 0, found)

    assert found["refusals"].failed == 0
    assert found["refusals, same type"].passed == 0
    assert "ZeroDivisionError" in found["refusals, same type"].reason


def test_a_result_that_is_not_in_the_given_tensor_is_seen():
    entry = entry_of("add")
    samples = [call(torch.ones(2), torch.ones(2))]
    found, wrong = {}, {}
    forms.run_with_out(entry, ours.add, samples, found)
    forms.run_with_out(entry, lambda a, b, out: a + b, samples, wrong)

    assert found["out"].ok
    assert wrong["out"].reason.startswith("arguments afterwards")


def test_random_results_are_compared_by_shape_and_dtype():
    x = torch.ones(50)
    half = call(x, 0.5)

    def smaller(input, p):
        return ours.zeros(3)

    dropout = torch.nn.functional.dropout
    mine = ours.nn.functional.dropout
    assert compared(dropout, eager(mine), half, "dropout") == ""
    assert compared(dropout, eager(smaller), half, "dropout").startswith("shape")


def test_a_missing_name_is_missing(monkeypatch):
    monkeypatch.setattr(torch, "not_here", lambda x: x, raising=False)

    with pytest.raises(MissingError, match=r"torch\.not_here"):
        finding.counterpart(torch.not_here, "not_here")
    with pytest.raises(MissingError):
        finding.by_path("ops.aten.not_here.default")


@pytest.mark.parametrize(
    "path", ["add", "Tensor.view", "nn.functional.relu", "linalg.det", "softmax"]
)
def test_public_functions_are_found_by_their_names(path):
    function = torch
    for part in path.split("."):
        function = getattr(function, part)

    assert finding.public_path(function, path) == path


def test_strides_and_shared_memory_are_kept():
    base = torch.arange(12.0).reshape(3, 4)
    copies = Copies()
    turned, row = copies.ours([base.T, base[1]])
    row.zero_()

    assert turned.stride() == (1, 4)
    assert plain(turned)[:, 1].tolist() == [0, 0, 0, 0]
    assert base[1].tolist() == [4, 5, 6, 7]


def test_layers_without_weights_are_converted():
    made = convert_leaf(torch.nn.PairwiseDistance(p=1.0))
    assert 1.0 == made.norm
    with pytest.raises(UnconvertibleError, match="a Linear"):
        convert_leaf(torch.nn.Linear(1, 1))


def test_calls_are_written_as_source():
    given = ([ours.ones(2), [ours.ones(2), 1.5]], {"dtype": ours.float64, "n": None})
    template, tensors = capturing.apart(given)

    assert len(tensors) == 2
    assert capturing.source_of("f", template, 2) == (
        "def call(x0: torch.Tensor, x1: torch.Tensor):\n"
        "    return torch.f(x0, [x1, 1.5], dtype=torch.float64, n=None)\n"
    )


@pytest.mark.parametrize("native", [False, True])
def test_a_captured_call_gives_the_results_of_the_call(native):
    given = call(torch.arange(4.0), torch.ones(4), alpha=2)

    for capture in (
        lambda template, tensors: capturing.traced(ours.add, template, tensors),
        lambda template, tensors: capturing.scripted("add", template, tensors),
    ):
        found, failure, _ = capturing.attempt(capture, native, given)
        assert failure == ""
        assert plain(found).tolist() == [2, 3, 4, 5]


def test_an_operator_passes_when_all_its_samples_do():
    good, bad = Outcome(), Outcome()
    good.note("", "")
    bad.note("", "")
    bad.note("values: 1, not 2", "(x)")
    rows = {
        "exp": {"forms": {"function": vars_of(good)}},
        "sin": {"forms": {"function": vars_of(bad)}},
        "fft.fft": {"forms": {"function": vars_of(Outcome())}},
    }

    table = reporting.table(rows)
    assert "| torch, Tensor | 1/2 50 % |" in table
    assert "| fft | 0/1 0 % |" in table
    assert "sin [function] 1/2: values: 1, not 2 | (x)" in reporting.failures(rows)


def vars_of(outcome):
    return {name: getattr(outcome, name) for name in Outcome.__slots__}


def test_the_core_set_is_the_one_of_torch_2_13():
    names = operators.core_overloads()

    assert len(names) == 193
    assert len({n.split(".")[1] for n in names}) == 164


def test_names_are_chosen_whole_or_by_pattern():
    assert operators.chosen("add", "add")
    assert not operators.chosen("add", "addmm")
    assert operators.chosen("sub,add.*", "addmm")


def test_functions_of_the_database_run_over_our_namespace():
    from torch.testing._internal.common_methods_invocations import op_db

    entry: SimpleNamespace = next(e for e in op_db if e.name == "T")
    mine = finding.counterpart(entry.op, entry.name)

    assert list(mine(ours.zeros(2, 3)).shape) == [3, 2]
