"""The whole life of four programs, on real handwritten digits.

    python examples/digits/demo.py

Capture, print, optimise, save, load in a fresh process that cannot import the source,
predict the held-out images, compare with eager results, and a table at the end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fit
import models
import numpy as np
from data import read_digits

import jit
from jit import torch

FRESH = """
import json, sys, time
import numpy as np
import jit
try:
    import models
except ModuleNotFoundError:
    pass
else:
    sys.exit("the source can be imported here, which proves nothing")
jit.load  # imports are not part of the time to load
started = time.perf_counter()
program = jit.load("program.trs")
loaded = time.perf_counter() - started
inputs = [np.load(f"input{i}.npy") for i in range(int(sys.argv[1]))]
outputs = program(*inputs, *json.loads(sys.argv[2]))
first = outputs[0] if isinstance(outputs, tuple) else outputs
np.save("output.npy", first)
print(json.dumps({"load_ms": loaded * 1000}))
"""
"""What the fresh process runs."""


@dataclass
class Row:
    """One line of the closing table."""

    name: str
    accuracy: str
    nodes: str
    file: str
    save: str
    load: str
    eager: str
    compiled: str
    runs: str


def title(text: str) -> None:
    """A heading between the parts of the output."""
    print(f"\n── {text} {'─' * max(0, 76 - len(text))}\n")


def median_ms(call: Callable[[], Any], seconds: float = 1.0) -> float:
    """Median time of a call in milliseconds, the first calls not counted."""
    call()
    call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end and len(times) < 50:
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1000


def count(graph: Any) -> int:
    """How many nodes a graph has, constants not counted."""
    return sum(node.kind != "prim::Constant" for node in graph.all_nodes)


def shorten(text: str, most: int = 34) -> str:
    """The first lines of a long text."""
    lines = text.split("\n")
    if len(lines) <= most:
        return text
    return "\n".join([*lines[:most], f"  … {len(lines) - most} more lines"])


def live(
    name: str,
    program: Any,
    eager: Callable[..., Any],
    arrays: list[np.ndarray],
    numbers: list[float],
    labels: np.ndarray | None,
) -> Row:
    """One program through its whole life."""
    title(f"{name}: as captured")
    before, after = program.inlined_graph, program.graph_for(*arrays, *numbers)
    print(shorten(str(program.graph)))
    title(f"{name}: optimised for these inputs")
    print(shorten(str(after)))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.trs"
        started = time.perf_counter()
        program.save(path)
        saved = time.perf_counter() - started
        size = path.stat().st_size
        for i, array in enumerate(arrays):
            np.save(path.with_name(f"input{i}.npy"), array)
        command = [sys.executable, "-c", FRESH, str(len(arrays)), json.dumps(numbers)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{name}: the fresh process failed\n{done.stderr}")
        load_ms = json.loads(done.stdout)["load_ms"]
        loaded = np.load(path.with_name("output.npy"))

    expected = eager(*arrays, *numbers)
    expected = np.asarray(expected[0] if isinstance(expected, tuple) else expected)
    worst = float(np.max(np.abs(loaded - expected)))
    print(f"\nloaded elsewhere, it differs from eager by at most {worst:.1e}")
    if worst > 1e-5 * max(1.0, float(np.max(np.abs(expected)))):
        sys.exit(f"{name}: the loaded program does not agree with eager")

    accuracy = "–"
    if labels is not None:
        accuracy = f"{(loaded.argmax(axis=1) == labels).mean():.2%}"
    return Row(
        name,
        accuracy,
        f"{count(before)} → {count(after)}",
        f"{size / 1024:.1f} KiB",
        f"{saved * 1000:.1f} ms",
        f"{load_ms:.1f} ms",
        f"{median_ms(lambda: eager(*arrays, *numbers)):.2f} ms",
        f"{median_ms(lambda: program(*arrays, *numbers)):.2f} ms",
        how(program.explain(*arrays, *numbers)),
    )


def how(explained: Any) -> str:
    """What runs a program."""
    if explained.is_native:
        return "machine code"
    return "both" if explained.regions else "interpreter"


def eager_module(module: Any) -> Callable[[np.ndarray], np.ndarray]:
    """A module called operator by operator, on arrays."""

    def call(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            found: np.ndarray = module(torch.from_numpy(x)).numpy()
        return found

    return call


def main() -> None:
    digits = read_digits()
    images, labels = digits.test_images, digits.test_labels
    example = torch.from_numpy(images[:2])

    mlp = models.MLP(hidden=96).eval()
    fit.fit_mlp(mlp, digits)
    conv_net = models.ConvNet(channels=16).eval()
    steps = fit.fit_conv_net(conv_net, digits)
    print(f"fitted; the scripted solver took {steps} steps")

    pipeline = models.Pipeline(digits.train_images, digits.train_labels, kept=24)
    size = 64
    root = np.random.default_rng(2).normal(size=(size, size))
    matrix = root @ root.T + np.eye(size)
    right = np.ones((size, 1))
    plain_solver = eager_arrays(models.conjugate_gradient.__wrapped__)

    rows = [
        live("MLP, scripted", jit.script(mlp), eager_module(mlp), [images], [], labels),
        live("MLP, traced", jit.trace(mlp, example), eager_module(mlp), [images], [],
             labels),
        live("conv net, scripted", jit.script(conv_net), eager_module(conv_net),
             [images], [], labels),
        live("conv net, traced", jit.trace(conv_net, example), eager_module(conv_net),
             [images], [], labels),
        live("solver, scripted", models.conjugate_gradient, plain_solver,
             [matrix, right], [1e-12, 500], None),
        live("NumPy pipeline, traced", jit.trace(pipeline, images[:2]), pipeline,
             [images], [], labels),
    ]  # fmt: skip

    title(f"{len(images)} held-out images")
    table = [
        ["program", "accuracy", "nodes", "file", "save", "load", "eager", "compiled",
         "runs"]
    ]  # fmt: skip
    table += [list(vars(row).values()) for row in rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for row in table:
        print("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)))
    print("\neager: operator by operator; runs: how the compiled program runs")
    mlp_accuracy = float(rows[0].accuracy.rstrip("%"))
    if mlp_accuracy < 95:
        sys.exit(f"the MLP is right on {mlp_accuracy} % of the images, expected 95 %")


def eager_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of Tensors, called with arrays."""

    def call(*args: Any) -> Any:
        wrapped = [
            torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in args
        ]
        x, steps = function(*wrapped)
        return x.numpy(), steps

    return call


if __name__ == "__main__":
    main()
