"""Every layer beside torch's: results, gradients, state, printed form; and scripted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import jit
from jit import torch
from tests.nn.layers import CALLS, described, make, run

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())["layers"]
layers = pytest.mark.parametrize("name", CALLS)


def assert_near(expected, actual, tolerance):
    for part in ("results", "inputs"):
        assert len(expected[part]) == len(actual[part])
        for e, a in zip(expected[part], actual[part], strict=True):
            assert_same(e, a, tolerance, part)
    for part in ("parameters", "buffers"):
        assert list(expected[part]) == list(actual[part])
        for key, e in expected[part].items():
            assert_same(e, actual[part][key], tolerance, f"{part} {key}")


def assert_same(expected, actual, tolerance, what):
    if expected is None or actual is None:
        assert expected is actual, what
        return
    expected, actual = np.array(expected, float), np.array(actual, float)
    np.testing.assert_allclose(
        actual, expected, rtol=tolerance, atol=tolerance, err_msg=what
    )


@layers
def test_printed_form_and_state_are_those_of_torch(name):
    actual = described(make(torch, name))

    assert RECORDED[name]["text"] == actual["text"]
    assert RECORDED[name]["state"] == actual["state"]


@layers
def test_results_and_gradients_are_those_of_torch(name):
    layer = make(torch, name)

    assert_near(RECORDED[name], run(torch, layer, name), 1e-7)


@layers
def test_a_scripted_layer_gives_the_same(name):
    layer = make(torch, name)
    scripted = jit.script(layer)

    assert_near(RECORDED[name], run(torch, layer, name, scripted), 1e-6)
