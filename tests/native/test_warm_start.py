"""Code of whole graphs from disk: found without their weights, but right for them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

CODE = """
    import sys
    import numpy as np
    import jit
    from jit import torch
    from jit.runtime.codegen import program
    made = []
    lower = program.lower_graph
    program.lower_graph = lambda *args: made.append(1) or lower(*args)

    def two(seed, tied):
        rng = np.random.default_rng(seed)
        layers = [torch.nn.Linear(40, 40) for _ in range(2)]
        for layer in layers:
            layer.weight.array[:] = rng.standard_normal((40, 40))
            layer.bias.array[:] = 0.5
        return torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[not tied])

    x = torch.from_numpy(np.random.default_rng(9).standard_normal((7, 40), np.float32))
    for seed, tied in eval(sys.argv[1]):
        module = two(seed, tied).eval()
        result = jit.freeze(jit.script(module))(x).array
        np.testing.assert_allclose(module(x).array, result, 1e-3, 1e-3)
        print(len(made))
"""


def lowered(folder: Path, modules: list[tuple[int, bool]]) -> list[int]:
    """How often graphs had been lowered after each module, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CODE), repr(modules)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "JIT_CACHE_DIR": str(folder)},
        timeout=100,
    )
    return [int(word) for word in done.stdout.split()]


def test_weights_of_one_shape_share_code(tmp_path: Path) -> None:
    assert [1, 1] == lowered(tmp_path, [(0, False), (1, False)])


def test_a_weight_in_two_places_is_not_two_weights(tmp_path: Path) -> None:
    assert [1, 2, 2, 2] == lowered(
        tmp_path, [(0, True), (1, False), (2, True), (3, False)]
    )
