"""Constant matrices are packed once, and only if nobody can change them."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.ir import dtypes
from jit.runtime.codegen.convolutions import convolution_packing
from jit.runtime.codegen.convolutions.convolution import Convolution
from jit.runtime.codegen.convolutions.winograd import Winograd
from jit.runtime.codegen.making import target
from jit.runtime.codegen.process.memory import HUGE_PAGE
from jit.runtime.codegen.products import packed_constants
from jit.runtime.codegen.products.gemm import Gemm
from jit.runtime.codegen.products.tile import numbers
from jit.runtime.tensor import wrap

F = torch.nn.functional
Array = np.ndarray[Any, Any]


def matrix(rows: int, columns: int, seed: int = 0) -> Array:
    made = np.random.default_rng(seed).standard_normal((rows, columns))
    return made.astype(np.float32)


def frozen(array: Array) -> Array:
    made = array.copy()
    made.setflags(write=False)
    return made


def test_arrays_that_somebody_may_write_to_change() -> None:
    array = matrix(3, 4)
    view = array[1:]
    view.setflags(write=False)

    assert not packed_constants.never_changes(array)
    assert not packed_constants.never_changes(view)
    assert packed_constants.never_changes(frozen(array))
    assert packed_constants.never_changes(frozen(array).T)
    assert packed_constants.never_changes(np.frombuffer(b"12345678", np.float32))
    assert not packed_constants.never_changes(np.frombuffer(bytearray(8), np.float32))


def test_a_panel_holds_the_rows_of_some_columns_one_after_the_other() -> None:
    gemm = Gemm(target.host(), numbers(dtypes.float32))
    width = gemm.shape.width
    source = frozen(matrix(5, width + 3))
    panels = packed_constants.packed_matrix(source, gemm)

    found = panels.view(np.ndarray).view(np.float32).reshape(2, 5, width)

    assert (source[:, :width] == found[0]).all()
    assert (source[:, width:] == found[1, :, :3]).all()
    assert not found[1, :, 3:].any()
    assert panels.ctypes.data % 64 == 0


def test_equal_kernels_share_what_is_packed_and_it_goes_with_the_last() -> None:
    gemm = Gemm(target.host(), numbers(dtypes.float32))
    gc.collect()
    before = packed_constants.statistics()
    source = frozen(matrix(70, 40))
    first = packed_constants.packed_matrix(source, gemm)

    assert packed_constants.packed_matrix(source, gemm) is first
    assert packed_constants.packed_matrix(source.T.T, gemm) is first
    assert packed_constants.packed_matrix(source.T, gemm) is not first
    gc.collect()
    assert packed_constants.statistics().count == before.count + 1
    assert packed_constants.statistics().bytes == before.bytes + first.nbytes

    del first
    gc.collect()
    assert before == packed_constants.statistics()


@pytest.mark.parametrize("rows", [1, 3, 6, 33])
def test_programs_multiply_by_what_was_packed(rows: int) -> None:
    weight, bias = wrap(matrix(45, 70, 1)), wrap(matrix(1, 45, 2)[0])
    traced = jit.trace(
        lambda x: F.linear(x, weight, bias), (wrap(matrix(2, 70)),), check_trace=False
    )
    gc.collect()
    before = packed_constants.statistics().count
    x = wrap(matrix(rows, 70, 3))

    found = traced(x).array

    assert packed_constants.statistics().count == before + 1
    expected = x.array @ weight.array.T + bias.array
    np.testing.assert_allclose(expected, found, rtol=1e-4, atol=1e-4)


def test_what_happens_to_the_weights_afterwards_does_not_matter() -> None:
    weight = wrap(matrix(45, 70, 1))
    x = wrap(matrix(6, 70))
    traced = jit.trace(lambda x: F.linear(x, weight), (x,), check_trace=False)
    expected = x.array @ weight.array.T
    traced(x)
    weight.array[:] = 0

    np.testing.assert_allclose(expected, traced(x).array, rtol=1e-4, atol=1e-4)


def test_weights_that_are_arguments_are_read_each_time() -> None:
    @jit.script
    def product(x, y):
        return torch.mm(x, y)

    x, y = wrap(matrix(20, 30)), wrap(matrix(30, 40))
    product(x, y)
    y.array[:] = 1

    expected = x.array.sum(axis=1, keepdims=True) + np.zeros(40)
    np.testing.assert_allclose(expected, product(x, y).array, rtol=1e-4, atol=1e-4)


def test_what_is_packed_can_be_described_and_made_again() -> None:
    gemm = Gemm(target.host(), numbers(dtypes.float32))
    arrays = [frozen(matrix(3, 4)), frozen(matrix(50, 40)), frozen(matrix(50, 40, 1))]
    for source in (arrays[2], arrays[2].T):
        panels = packed_constants.packed_matrix(source, gemm)
        described = packed_constants.describe(panels, arrays)
        assert described is not None

        copies = [frozen(a) for a in arrays]
        again = packed_constants.make_again(described, copies)

        assert again is not panels
        assert (panels == again).all()
        assert packed_constants.describe(panels, arrays[:2]) is None


def test_weights_of_convolutions_are_described_by_how_they_are_packed() -> None:
    kind, host = numbers(dtypes.float32), target.host()
    source = frozen(matrix(40 * 33, 9).reshape(40, 33, 3, 3))
    others = [frozen(matrix(3, 4)), source]
    conv = Convolution(host, kind)
    for panels in (
        convolution_packing.window_panels(source, conv, 1, turned=False),
        convolution_packing.window_panels(source, conv, 3, turned=True),
        convolution_packing.patch_panels(source, Winograd(host, kind)),
        packed_constants.packed_tiles(source, (8, 4, 1)),
    ):
        described = packed_constants.describe(panels, others)
        assert described is not None
        stored = json.loads(json.dumps(described))

        assert packed_constants.make_again(stored, others) is panels
        again = packed_constants.make_again(stored, [frozen(a) for a in others])
        assert again is not panels
        assert panels.nbytes == again.nbytes
        assert packed_constants.describe(panels, others[:1]) is None


def test_programs_whose_convolutions_come_from_disk_pack_at_first_use(
    tmp_path: Path,
) -> None:
    code = """
        import numpy as np
        import jit
        from jit import torch
        from jit.runtime.codegen import program
        made = []
        lower = program.lower_graph
        program.lower_graph = lambda *args: made.append(1) or lower(*args)
        rng = np.random.default_rng(0)
        layers = []
        for inputs, outputs, size in ((3, 40, 3), (40, 50, 3), (50, 33, 2)):
            layer = torch.nn.Conv2d(inputs, outputs, size)
            for name in ("weight", "bias"):
                array = getattr(layer, name).array
                array[:] = rng.standard_normal(array.shape)
            layers += [layer, torch.nn.ReLU()]
        module = torch.nn.Sequential(*layers).eval()
        f = jit.freeze(jit.script(module))
        for edge in (9, 30):
            x = torch.from_numpy(rng.standard_normal((2, 3, edge, edge), np.float32))
            expected = module(x).array
            for _ in range(2):
                np.testing.assert_allclose(expected, f(x).array, 1e-3, 1e-2)
        print(len(made), float(f(x).array.sum()))
    """
    found = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "JIT_CACHE_DIR": str(tmp_path / "objects")},
            timeout=200,
        ).stdout.split()
        for _ in range(2)
    ]

    assert ["1", "0"] == [lowered for lowered, _ in found]
    assert found[0][1] == found[1][1]


def test_large_panels_begin_a_huge_page_and_small_ones_a_line() -> None:
    source = np.zeros(1, np.float32)

    assert 0 == packed_constants.new_panels(source, 3 << 20).ctypes.data % HUGE_PAGE
    assert 0 == packed_constants.new_panels(source, 100).ctypes.data % 64
