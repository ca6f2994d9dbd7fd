"""Groups of pointwise operators and reductions: as few nests as go, and right ones."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.runtime.codegen.nests.groups import parts_of


def rms_norm(x, w):
    return x * torch.rsqrt((x * x).mean(dim=1, keepdim=True) + 1e-5) * w


def layer_norm(x, w):
    distance = x - x.mean(dim=-1, keepdim=True)
    spread = (distance * distance).mean(dim=-1, keepdim=True)
    return distance * torch.rsqrt(spread + 1e-5) * w + w


def standard(x):
    return (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True)


def moments(x):
    return x.mean(1), x.var(1), (x * x).sum(1)


def attention(x, mask):
    return torch.softmax(x * 0.125 + mask, dim=-1) * 2.0


def columns(x):
    return (x - x.mean(0)) / (x.std(0) + 1e-3)


def longer(x, y):
    return x.sum(1, keepdim=True) * y + x.mean(1, keepdim=True)


def two_sizes(x, y):
    return torch.exp(x.sum(1, keepdim=True) * 0.1) * y, x * 2.0


def of_all(x):
    return (x - x.mean()) * 2.0


def without_dims(x):
    return torch.sqrt((x * x).sum(1)) * 2.0 + x.mean(1)


def outer(x):
    total = x.sum(1)
    return total + x.sum(1, keepdim=True)


def halves(x):
    y = x.to(torch.float16)
    return y - y.mean(1, keepdim=True)


CASES = {
    rms_norm: [((5, 7), (7,)), ((5, 1), (7,)), ((1, 7), (1,)), ((30, 1100), (1100,)),
               ((4, 0), (0,)), ((4, 5), (6,))],
    layer_norm: [((5, 70), (70,)), ((2, 3, 70), (70,)), ((3, 1), (9,))],
    standard: [((5, 33),), ((5, 1),)],
    moments: [((50, 33),), ((0, 3),)],
    attention: [((6, 33), (33,)), ((2, 6, 33), (6, 33)), ((2, 6, 1), (6, 33))],
    columns: [((40, 600),), ((1, 6),)],
    longer: [((6, 5), (6, 9)), ((6, 5), (1, 9)), ((1, 5), (6, 9)), ((3, 4), (5, 6))],
    two_sizes: [((6, 5), (6, 9)), ((6, 9), (6, 9))],
    of_all: [((40, 5),)],
    without_dims: [((40, 5),), ((0, 5),)],
    outer: [((4, 9),)],
    halves: [((4, 9),)],
}  # fmt: skip


def outcome(f, arguments):
    try:
        results = f(*arguments)
    except Exception as error:
        return type(error), str(error)
    return results if isinstance(results, tuple) else (results,)


@pytest.mark.parametrize("program", CASES, ids=lambda f: f.__name__)
def test_a_group_computes_what_its_operators_do(program):
    scripted = jit.script(program)
    rng = np.random.default_rng(1)
    for sizes in CASES[program]:
        given = [torch.from_numpy(rng.normal(size=s).astype("f4")) for s in sizes]
        expected, got = outcome(program, given), outcome(scripted, given)
        if isinstance(expected[0], type):
            assert expected == got
            continue
        for want, found in zip(expected, got, strict=True):
            want, found = want.numpy(), found.numpy()
            assert want.dtype == found.dtype
            assert want.shape == found.shape
            rtol = 2e-3 if want.dtype == "f2" else 1e-5
            assert np.allclose(want, found, rtol, 1e-5, equal_nan=True), sizes


@pytest.mark.parametrize(
    ("program", "sizes", "expected"),
    [
        (rms_norm, ((5, 7), (7,)), [6]),
        (layer_norm, ((5, 7), (7,)), [9]),
        (standard, ((5, 7),), [4]),
        (moments, ((5, 7),), [4]),
        (attention, ((5, 7), (7,)), [4]),
        (columns, ((5, 7),), [5]),
        (outer, ((5, 7),), [2, 1]),
    ],
    ids=lambda given: getattr(given, "__name__", None),
)
def test_operators_that_fit_together_are_one_nest(program, sizes, expected):
    given = [torch.from_numpy(np.ones(s, "f4")) for s in sizes]
    graph = jit.script(program).graph_for(*given)
    groups = [n for n in graph.all_nodes if n.kind == "prim::FusionGroup"]
    found = []
    for group in groups:
        inner = group.attributes["Subgraph"]
        static = ("prim::Constant", "prim::ListConstruct")
        nodes = [n for n in inner.block.nodes if n.kind not in static]
        ranks = {v: v.type.rank for v in inner.inputs}
        found += [len(p.nodes) for p in parts_of(nodes, ranks)]
    assert expected == found
