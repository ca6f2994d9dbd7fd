"""The examples for torch run here with one import line changed, and train as there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jit import torch
from tests.examples.trainings import MODELS, compile_model, load_example, train

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("name", MODELS)
def test_an_example_trains_as_with_torch(name, compiled):
    expected = RECORDED["trainings"][name]
    example = load_example(name)
    if compiled:
        compile_model(torch, name, example)
    actual = train(torch, name, example)

    close = {"rtol": 1e-3, "atol": 1e-3}
    np.testing.assert_allclose(actual["losses"], expected["losses"], **close)
    for part in ("gradients", "parameters"):
        assert list(expected[part]) == list(actual[part])
        for key, e in expected[part].items():
            a = actual[part][key]
            assert e["shape"] == a["shape"]
            np.testing.assert_allclose(a["norm"], e["norm"], **close, err_msg=key)
            np.testing.assert_allclose(a["some"], e["some"], **close, err_msg=key)
    assert actual["losses"][-1] < actual["losses"][0]
