"""Functions of matrices that choose their operators by constants, in scripts."""

from __future__ import annotations

import pytest

import jit
from jit import torch


def test_norms_by_name():
    @jit.script
    def norms(x):
        return (
            torch.norm(x),
            torch.norm(x, "fro", 1),
            torch.norm(x, "nuc"),
            torch.norm(x, p="nuc", dim=(0, 1), keepdim=True),
            torch.norm(x, 1, 0),
        )

    x = torch.tensor([[3.0, 0], [0, 4]])

    assert [5, [3, 4], 7, [[7]], [3, 4]] == [v.tolist() for v in norms(x)]


def test_factors_with_and_without_infos():
    @jit.script
    def factored(x):
        packed, pivots = torch.lu(x)
        _, _, info = torch.lu(x, True, True)
        return packed, pivots, info

    packed, pivots, info = factored(torch.tensor([[0.0, 2], [4, 8]]))

    assert [[4, 8], [0, 2]] == packed.tolist()
    assert [2, 2] == pivots.tolist()
    assert 0 == info


def test_whether_infos_are_wanted_is_written():
    def factored(x, wanted: bool):
        return torch.lu(x, True, wanted)

    with pytest.raises(jit.CompileError, match="must be `True` or `False`"):
        jit.script(factored)(torch.ones(2, 2), True)


def test_distances_and_low_rank_factors():
    @jit.script
    def distances(x):
        _, s, _ = torch.svd_lowrank(x, 2)
        _, centred, _ = torch.pca_lowrank(x, 1)
        mode = "donot_use_mm_for_euclid_dist"
        return torch.cdist(x, x), torch.cdist(x, x, 1.0, mode), s, centred

    x = torch.tensor([[3.0, 0], [0, 4]])
    near, far, s, centred = distances(x)

    assert [[0, 5], [5, 0]] == near.tolist()
    assert [[0, 7], [7, 0]] == far.tolist()
    assert torch.allclose(torch.tensor([4.0, 3]), s)
    assert torch.allclose(torch.tensor([12.5]).sqrt(), centred)


def test_a_singular_matrix_is_caught_in_a_script():
    @jit.script
    def inverted(x):
        try:
            return torch.linalg.inv(x)
        except RuntimeError:
            return torch.zeros_like(x)

    assert [[0, 0], [0, 0]] == inverted(torch.ones(2, 2)).tolist()
    assert [[0.5]] == inverted(torch.tensor([[2.0]])).tolist()
