"""The networks of `examples/digits/train.py` learn, and compiled as eagerly."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "digits"


@pytest.fixture(scope="module")
def example():
    sys.path.insert(0, str(FOLDER))  # as running the file does
    try:
        spec = importlib.util.spec_from_file_location("train", FOLDER / "train.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(FOLDER))


def test_a_perceptron_learns_digits_eagerly_and_compiled(example):
    digits = example.read_digits()
    name, make, epochs, rate, expected = example.TASKS[0]
    losses = []
    for compiled in (False, True):
        model, found = example.train(make, digits, epochs, rate, compiled)
        losses.append(found)
        assert "MLP" == name
        assert example.accuracy(model, digits) >= expected >= 0.97

    np.testing.assert_allclose(losses[1], losses[0], rtol=0, atol=1e-4)


def test_a_convolutional_network_learns_digits(example):
    digits = example.read_digits()
    name, make, epochs, rate, expected = example.TASKS[1]
    model, losses = example.train(make, digits, epochs, rate, False)

    assert "conv net" == name
    assert example.accuracy(model, digits) >= expected >= 0.985
    compiled = example.train(make, digits, epochs, rate, True)[1]
    np.testing.assert_allclose(compiled, losses, rtol=0, atol=1e-4)
    assert losses[-1] < 0.1
