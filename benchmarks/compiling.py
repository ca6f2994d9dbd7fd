"""Compile time: from a function or module to its first result, in fresh processes.

Each figure is one new process. A cold one starts with empty caches on disk, a warm one
with those that the cold one left. Libraries are imported and modules built before; the
byte code of Python sources is there for all, as it is after an install.
"""

from __future__ import annotations

import compileall
import importlib
import itertools
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jit
from benchmarks.case import Case, inputs_of
from benchmarks.contenders import CONTENDERS, OURS, Absent
from benchmarks.contenders.of_onnx import OPENVINO_CACHE
from benchmarks.families import networks, pointwise, resnet

CACHES = (
    "XDG_CACHE_HOME",
    "JIT_CACHE_DIR",
    "TORCHINDUCTOR_CACHE_DIR",
    "JAX_COMPILATION_CACHE_DIR",
    "NUMBA_CACHE_DIR",
    OPENVINO_CACHE,
)
"""Variables that say where compiled code is kept."""

CACHE_ALL = {
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
}

COMPILER = ("jit.frontend", "jit.modules", "jit.passes", "jit.runtime.codegen")

LIBRARIES: dict[str, tuple[str, ...]] = {
    OURS: ("jit.torch", "jit.modules.script", *COMPILER),
    "torch.jit": ("torch",),
    "torch.jit ofi": ("torch",),
    "torch.compile": ("torch", "torch._dynamo", "torch._inductor.compile_fx"),
    "JAX": ("jax", "jax.numpy"),
    "ONNX Runtime": ("onnxruntime",),
    "OpenVINO": ("openvino",),
    "Numba": ("numba",),
}
"""Who takes part, and what is imported before the clock starts: all that compiling needs,
for everybody. Packages of `COMPILER` are imported with all their modules, as PyTorch
imports its compiler whole; a program of ours imports them when it first compiles."""


@dataclass(frozen=True)
class CompileCase:
    """A case, and how long ours may take to compile it."""

    case: Callable[[], Case]
    cold_seconds: float
    warm_seconds: float = 0.05


def _named(cases: Iterable[Case], name: str) -> Case:
    return next(c for c in cases if c.name == name)


COMPILE_CASES = {
    "ten-operator chain": CompileCase(
        lambda: _named(pointwise.cases(False), "sigmoid chain 10⁶"), 0.1
    ),
    "MLP, batch 128": CompileCase(
        lambda: _named(networks.cases(False), "MLP 1000-1000-100, batch 128"), 0.2
    ),
    "ResNet-18": CompileCase(resnet.case, 1.5),
}


def measure(
    repetitions: int,
    threads: int,
    environment: dict[str, str],
    *,
    only: str = "",
    without: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """A record for each case, of all contenders in turns."""
    _keep_byte_code()
    records = []
    for case_name in COMPILE_CASES:
        if only not in case_name:
            continue
        figures: dict[str, dict[str, list[float]]] = {}
        absent = dict.fromkeys(without, "left out on request")
        for _ in range(repetitions):
            for name in LIBRARIES:
                if name in absent:
                    continue
                pair = _cold_and_warm(case_name, name, threads, environment)
                if isinstance(pair, str):
                    absent[name] = pair
                    continue
                kept = figures.setdefault(name, {})
                for field, seconds in pair.items():
                    kept.setdefault(field, []).append(seconds)
                print(f"{case_name}: {name} {pair}", file=sys.stderr, flush=True)
        records.append({"case": case_name, "figures": figures, "absent": absent})
    return records


def _keep_byte_code() -> None:
    """What an install does, for this checkout: otherwise a cold process would measure how
    long Python takes to compile our sources."""
    home = Path(jit.__file__).parents[1]
    for folder in ("ir", "passes", "runtime", "jit", "benchmarks"):
        compileall.compile_dir(home / folder, quiet=2)


def _cold_and_warm(
    case_name: str, contender: str, threads: int, environment: dict[str, str]
) -> dict[str, float] | str:
    """Seconds of a cold and of a warm process; or why there are none."""
    with tempfile.TemporaryDirectory() as folder:
        places = {name: os.path.join(folder, name.lower()) for name in CACHES}
        env = {**environment, **CACHE_ALL, **places}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        env.pop("PYTHONPYCACHEPREFIX", None)
        made = {}
        for temperature in ("cold", "warm"):
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "benchmarks", "compile-one"),
                    *(case_name, contender, str(threads)),
                ],
                env=env,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                last = done.stderr.strip().splitlines()[-1:]
                return f"its process failed: {' '.join(last)[:160]}"
            record = json.loads(done.stdout.strip().splitlines()[-1])
            if "absent" in record:
                return str(record["absent"])
            made[temperature] = record["first"]
            made[f"{temperature} second call"] = record["second"]
        made["imports"] = record["imports"]
        return made


def _import(library: str) -> None:
    """Import a library; if it is part of our compiler, all modules in it."""
    found = importlib.import_module(library)
    if library in COMPILER:
        for module in pkgutil.walk_packages(found.__path__, f"{library}."):
            importlib.import_module(module.name)


def compile_one(case_name: str, contender_name: str, threads: int) -> None:
    """What the new process does: print one line of JSON."""
    start = time.perf_counter()
    contender = next(c for c in CONTENDERS if c.name == contender_name)
    try:
        for library in LIBRARIES[contender_name]:
            _import(library)
    except ImportError as error:
        if contender_name != OURS or not str(error.name).startswith("llvmlite"):
            print(json.dumps({"absent": f"{error.name} is not installed"}))
            return
    imports = time.perf_counter() - start
    case = COMPILE_CASES[case_name].case()
    if contender_name == "Numba":
        case = replace(case, numba_options={**case.numba_options, "cache": True})
    inputs, weights = inputs_of(case)
    try:
        compiles = contender.prepare(case, inputs, weights, threads)
    except Absent as reason:
        print(json.dumps({"absent": case.absent.get(contender_name, str(reason))}))
        return
    times = [time.perf_counter()]
    ready = compiles()
    for _ in range(2):
        ready.call(*ready.args)
        times.append(time.perf_counter())
    first, second = (b - a for a, b in itertools.pairwise(times))
    print(json.dumps({"imports": imports, "first": first, "second": second}))
