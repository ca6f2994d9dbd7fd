"""Reading by index, and scans: machine code agrees with the kernels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
import jit.runtime.ops
from jit import torch
from jit.ir.registry import all_cards, find_card
from jit.runtime.codegen import lowering
from jit.runtime.codegen.nests import gathers, scans
from jit.runtime.tensor import wrap
from tests.operator_graphs import (
    assert_agree,
    check_samples,
    graph_of,
    native_of,
    outcome,
)

lowering._load_families()
HOMES = (gathers.__name__, scans.__name__)
CARDS = {
    card.schema.name: card
    for card in all_cards()
    if getattr(lowering._table.get(card.schema.name), "__module__", "") in HOMES
    and "index" not in card.schema.kind.partition("::")[2][:6]
}
DECLINING = {
    "its tensor or its index is a 0-dim tensor",
    "its index has another number of dims",
    "it takes single elements",
    "a scan of bools",
}


@pytest.mark.parametrize("name", CARDS)
def test_samples_agree_with_the_kernel(name):
    check_samples(CARDS[name], DECLINING.__contains__)


@pytest.mark.parametrize("name", ["aten::cumsum", "aten::cummax", "aten::logcumsumexp"])
def test_scans_of_any_layout(name):
    card = find_card(name)
    rng = np.random.default_rng(0)
    for sizes in ((5, 700), (700, 5), (3, 17, 9), (1, 40), (0, 3)):
        x = rng.normal(size=sizes).astype("f4")
        for layout in (x, x.T, x[::-1], np.broadcast_to(x[:1], x.shape)):
            for dim in (0, -1):
                arguments = [layout, dim, *([None] if "sum" in name[-3:] else [])]
                arguments = arguments[: len(card.schema.arguments)]
                native = native_of(graph_of(card, arguments))
                expected = outcome(card.kernel, arguments)
                got = outcome(native, [wrap(layout)])
                assert_agree(expected, got, (sizes, dim), 1e-4)


def rows(table, index):
    return torch.embedding(table, index)


def by_lists(x, i, j):
    return x[i], x[:, j], x[i, j], x[i, :, j]


def selected(x, i):
    return torch.index_select(x, 1, i), torch.index_select(x, -1, i)


def gathered(x, i):
    return torch.gather(x, 1, i)


def test_indices_read_what_they_read_in_the_interpreter():
    rng = np.random.default_rng(1)
    table = torch.from_numpy(rng.normal(size=(50, 33)).astype("f4"))
    x = torch.from_numpy(rng.normal(size=(4, 4, 4)).astype("f4").transpose(2, 0, 1))
    i = torch.from_numpy(np.array([3, 0, 0, 2, 1]))
    j = torch.from_numpy(np.array([-1, 2, 0, -4, 1]))
    wide = torch.from_numpy(rng.integers(0, 4, (4, 2, 3)))
    many = torch.from_numpy(rng.integers(0, 50, (20, 30)))
    for program, given in (
        (rows, (table, many)),
        (by_lists, (x, i, j)),
        (selected, (x, i)),
        (gathered, (x, wide)),
    ):
        expected, got = program(*given), jit.script(program)(*given)
        pairs = [(expected, got)]
        if isinstance(expected, tuple):
            pairs = list(zip(expected, got, strict=True))
        for want, found in pairs:
            assert np.array_equal(want.numpy(), found.numpy())


@pytest.mark.parametrize("program", [rows, selected])
@pytest.mark.parametrize("wrong", [[0, 99], [-1, 0]])
def test_an_index_out_of_range_raises_what_the_kernel_raises(program, wrong):
    given = torch.from_numpy(np.ones((5, 4), "f4")), torch.from_numpy(np.array(wrong))
    found = []
    for f in (program, jit.script(program)):
        with pytest.raises(IndexError) as caught:
            f(*given)
        found.append(str(caught.value))
    assert found[0] == found[1]


def test_programs_that_index_are_machine_code():
    given = (
        torch.from_numpy(np.ones((4, 4, 4), "f4")),
        torch.from_numpy(np.ones(4, int)),
    )
    report = str(jit.script(by_lists).explain(*given, given[1]))
    assert "not machine code" not in report, report
