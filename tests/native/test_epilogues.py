"""Products with the pointwise operators that follow: one kernel, the same results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

from jit import torch
from jit.ir import dtypes
from tests.native.agreement import Both, numbers, wrapped

F = torch.nn.functional


class Program(Both):
    """A function on both executors, and the groups of its graph."""

    def groups(self, *args: Any) -> list[list[str]]:
        """The kinds of the operators of each fusion group."""
        graph = self.fast.graph_for(self.name, wrapped(args))
        return [
            [n.kind for n in g.attributes["Subgraph"].block.nodes
             if not n.kind.startswith("prim::")]
            for g in graph.find_nodes("prim::FusionGroup")
        ]  # fmt: skip

    def compare(self, *args: Any, tolerance: float = 1e-4) -> None:
        """Both executors give the same."""
        self.check(*args, relative=tolerance, absolute=tolerance)


def linear_relu(x, w, b):
    return F.relu(F.linear(x, w, b))


def linear_gelu(x, w, b):
    return F.gelu(F.linear(x, w, b))


def linear_silu(x, w, b):
    y = F.linear(x, w, b)
    return y * torch.sigmoid(y)


def mm_scaled(x, w, b):
    return torch.mm(x, w.t()) * 0.5 + b


def clamped(x, w, b):
    return torch.clamp(F.linear(x, w) + 1.0, -1.0, 1.0)


@pytest.mark.parametrize(
    "function", [linear_relu, linear_gelu, linear_silu, mm_scaled, clamped]
)
def test_tails_of_all_sizes(function: Any) -> None:
    program = Program(function)
    for m, n, k in [(1, 1, 1), (1, 70, 33), (3, 40, 7), (33, 65, 50), (0, 5, 3),
                    (5, 0, 3), (20, 33, 0)]:  # fmt: skip
        program.compare(numbers(m, k), numbers(n, k, seed=1), numbers(n, seed=2))
    (group,) = program.groups(numbers(3, 5), numbers(4, 5), numbers(4))
    assert group[0] in ("aten::linear", "aten::mm")
    assert len(group) > 1


def residual(x, w, r):
    return torch.relu(F.linear(x, w) + r)


@pytest.mark.parametrize(
    "shape", [(), (1,), (33,), (1, 33), (20, 1), (20, 33), (1, 1), (2, 20, 33)]
)
def test_residuals_are_broadcast(shape: tuple[int, ...]) -> None:
    Program(residual).compare(numbers(20, 7), numbers(33, 7), numbers(*shape, seed=3))


@pytest.mark.parametrize("shape", [(33,), (20, 33), (20, 1)])
def test_residuals_that_make_the_product_larger(shape: tuple[int, ...]) -> None:
    program = Program(residual)
    program.compare(numbers(1, 7), numbers(1, 7), numbers(*shape, seed=3))
    program.compare(numbers(1, 7), numbers(33, 7), numbers(*shape, seed=3))
    program.compare(numbers(20, 7), numbers(1, 7), numbers(*shape, seed=3))


def test_residuals_that_do_not_fit_raise() -> None:
    program = Program(residual)
    program.compare(numbers(20, 7), numbers(33, 7), numbers(34))
    program.compare(numbers(20, 7), numbers(33, 8), numbers(33))
    assert program.groups(numbers(2, 7), numbers(3, 7), numbers(3))


def test_residuals_with_any_strides() -> None:
    program = Program(residual)
    x, w = numbers(20, 7), numbers(33, 7)
    program.compare(x, w, np.asfortranarray(numbers(20, 33)))
    program.compare(x, w, numbers(40, 99)[::2, ::3])
    program.compare(x, w, numbers(20, 33)[::-1, ::-1])


def test_batches_with_a_residual() -> None:
    program = Program(residual)
    x, w = numbers(4, 5, 7), numbers(33, 7)
    for r in (numbers(4, 5, 33), numbers(5, 33), numbers(4, 1, 33), numbers(33),
              numbers(4, 5, 1), numbers(5, 4, 33).transpose(1, 0, 2)):  # fmt: skip
        program.compare(x, w, r)
    program.compare(x.transpose(1, 0, 2), w, numbers(5, 4, 33))
    program.compare(numbers(4, 1, 7), w, numbers(4, 1, 33))


def batched(x, y, r):
    return torch.tanh(torch.bmm(x, y)) * r


def test_batches_of_both_operands() -> None:
    program = Program(batched)
    x, y = numbers(3, 5, 7), numbers(3, 7, 40, seed=1)
    for r in (numbers(3, 5, 40), numbers(40), numbers(3, 1, 1), numbers(5, 1)):
        program.compare(x, y, r)


def vectors(x, y, r):
    return torch.matmul(x, y) + r


def test_vectors() -> None:
    program = Program(vectors)
    program.compare(numbers(7), numbers(7, 40), numbers(40))
    program.compare(numbers(5, 7), numbers(7), numbers(5))
    program.compare(numbers(3, 5, 7), numbers(7), numbers(3, 5))
    program.compare(numbers(3, 5, 7), numbers(7), numbers(5))
    program.compare(numbers(7), numbers(7), numbers())
    program.compare(numbers(7), numbers(3, 7, 8), numbers(3, 8))


def added(x, y, r):
    return torch.relu(torch.addmm(r, x, y, beta=0.5, alpha=2.0)) + r


def test_a_head_with_an_epilogue_of_its_own() -> None:
    program = Program(added)
    for r in (numbers(20, 33), numbers(33), numbers(20, 1)):
        program.compare(numbers(20, 7), numbers(7, 33), r)


def scaled(x, y, a: float, n: int):
    return torch.mm(x, y) * a + n


def test_numbers_that_are_known_when_the_code_runs() -> None:
    program = Program(scaled)
    program.compare(numbers(20, 7), numbers(7, 33), 2.5, 3)
    program.compare(numbers(2, 7), numbers(7, 33), -0.5, 0)


def doubled(x, y, r):
    return torch.mm(x, y) + r


def is_positive(x, y, r):
    return torch.mm(x, y) > 0


def cast(x, y, r):
    return torch.where(r > 0, torch.mm(x, y), 0.0).to(torch.float64)


@pytest.mark.parametrize("function", [doubled, is_positive, cast])
@pytest.mark.parametrize("kind", [np.float64, np.int64, np.bool_, np.float32])
def test_other_dtypes_in_the_tail(function: Any, kind: Any) -> None:
    r = (10 * numbers(20, 33, seed=5)).astype(kind)
    Program(function).compare(numbers(20, 7), numbers(7, 33), r)


@pytest.mark.parametrize("dtype", [dtypes.bfloat16, dtypes.float16])
def test_half_types_round_after_every_operator(dtype: dtypes.DType) -> None:
    program = Program(residual)
    x, w, r = (numbers(*s, dtype=dtype.numpy) for s in ((20, 7), (33, 7), (20, 33)))
    program.compare(x, w, r, tolerance=2e-2)
    program.compare(x, w, r.astype(np.float32), tolerance=2e-2)


def test_float64() -> None:
    args = [numbers(*s, dtype=np.float64) for s in ((20, 700), (33, 700), (20, 33))]
    Program(residual).compare(*args, tolerance=1e-12)


def read_twice(x, y, r):
    product = torch.mm(x, y)
    return torch.relu(product), product


def test_what_others_read_is_no_part_of_a_tail() -> None:
    args = (numbers(20, 7), numbers(7, 33), numbers(1))
    assert Program(read_twice).groups(*args) == []


def deep(x, y, r):
    return torch.relu(torch.mm(x, y)) + r


def test_sums_that_are_cut_along_the_depth_are_complete_before_the_tail() -> None:
    program = Program(deep)
    program.compare(numbers(30, 5000), numbers(5000, 40), numbers(40), tolerance=1e-3)


def test_two_products_in_a_row() -> None:
    def network(x, w, b, v):
        return F.linear(F.relu(F.linear(x, w, b)), v)

    program = Program(network)
    args = (numbers(9, 20), numbers(40, 20), numbers(40), numbers(3, 40))
    program.compare(*args)
    assert program.groups(*args) == [["aten::linear", "aten::relu"]]
