"""Call overhead: programs of so little work that only the call is seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.case import Case, Family, Inputs, Within


def two_operators(x, y):  # type: ignore[no-untyped-def]
    return (x + y) * 2.0


def twenty_operators(x, y):  # type: ignore[no-untyped-def]
    a = (x + y) * 0.5 - y
    b = (a + x) * 0.5 - y
    c = (b + y) * 0.5 - x
    d = (c + x) * 0.5 - y
    e = (d + y) * 0.5 - x
    f = (e + x) * 0.5 - y
    return f * 0.5 + a


TWO_IN_ONNX = "two = Constant <value_float = 2.0> () s = Add(x, y) out = Mul(s, two)"

TWENTY_IN_ONNX = """
half = Constant <value_float = 0.5> ()
a1 = Add(x, y)  a2 = Mul(a1, half)  a = Sub(a2, y)
b1 = Add(a, x)  b2 = Mul(b1, half)  b = Sub(b2, y)
c1 = Add(b, y)  c2 = Mul(c1, half)  c = Sub(c2, x)
d1 = Add(c, x)  d2 = Mul(d1, half)  d = Sub(d2, y)
e1 = Add(d, y)  e2 = Mul(e1, half)  e = Sub(e2, x)
f1 = Add(e, x)  f2 = Mul(f1, half)  f = Sub(f2, y)
g = Mul(f, half)  out = Add(g, a)
"""


def inputs_of_size(size: int) -> Any:
    def make(rng: np.random.Generator) -> Inputs:
        return {n: rng.standard_normal(size, dtype=np.float32) for n in ("x", "y")}

    return make


def cases(tiny: bool) -> list[Case]:
    made = []
    for takes in ("arrays", "tensors"):
        for name, program, nodes, size in (
            ("two operators, 4 floats", two_operators, TWO_IN_ONNX, 4),
            ("twenty operators, 32 floats", twenty_operators, TWENTY_IN_ONNX, 32),
        ):
            limit = 0.12e-6 if takes == "arrays" else 0.2e-6
            made.append(
                Case(
                    name=f"{name}, {takes}",
                    inputs=inputs_of_size(size),
                    program=program,
                    numpy=program,
                    jax=program,
                    numba=program,
                    onnx=nodes,
                    takes=takes,
                    reads=8 * size,
                    writes=4 * size,
                    goals=(Within(limit),) if program is two_operators else (),
                )
            )
    return made


FAMILY = Family(
    name="calls",
    title="Call overhead",
    about=(
        "Small programs called in a loop, the loop's own 0.01–0.02 µs included."
        " Ours is called with arrays or with Tensors; the peers with what they take."
    ),
    cases=cases,
    thread_counts=(1, 2),
)
