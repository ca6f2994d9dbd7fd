"""Who takes part: for each, how a case is made ready to be called.

`prepare(case, inputs, weights, threads)` gives a function that compiles and gives a
`Ready`, or raises `Absent` with the reason why this contender does not run this case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.contenders import (
    of_gcc,
    of_jax,
    of_numba,
    of_onnx,
    of_torch,
    ours,
    plain,
)
from benchmarks.contenders.ready import Absent, Compile, Ready

__all__ = ["CONTENDERS", "OURS", "PEERS", "Absent", "Compile", "Contender", "Ready"]


@dataclass(frozen=True)
class Contender:
    """A way to run cases."""

    name: str
    prepare: Callable[..., Compile]
    is_peer: bool = True
    """Whether it counts for the best peer; others are marks."""


OURS = "ours"

CONTENDERS = (
    Contender(OURS, ours.prepare, is_peer=False),
    Contender("CPython", plain.prepare_cpython),
    Contender("NumPy", plain.prepare_numpy),
    Contender("torch", of_torch.prepare_eager),
    Contender("torch.jit", of_torch.prepare_script),
    Contender("torch.jit ofi", of_torch.prepare_optimized),
    Contender("torch.compile", of_torch.prepare_compile),
    Contender("JAX", of_jax.prepare),
    Contender("ONNX Runtime", of_onnx.prepare_onnxruntime),
    Contender("OpenVINO", of_onnx.prepare_openvino),
    Contender("Numba", of_numba.prepare),
    Contender("Numba parallel", of_numba.prepare_parallel),
    Contender("gcc -O3", of_gcc.prepare, is_peer=False),
)

PEERS = tuple(c.name for c in CONTENDERS if c.is_peer)
