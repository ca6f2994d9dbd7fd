"""The innermost loop of products, as assembly for machines that need not be this one."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import llvmlite.binding as llvm
import llvmlite.ir as ll

import jit.runtime.ops  # noqa: F401 - formulas of cards
from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.runtime.codegen.making.target import Target
from jit.runtime.codegen.products import tile

_CACHES = (32 << 10, 1 << 20, 16 << 20)
_LINUX, _ARM = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"

MACHINES = {
    "AVX-512": Target(_LINUX, "skylake-avx512", "", 64, 32, True, _CACHES),
    "AVX2": Target(_LINUX, "haswell", "", 32, 16, True, _CACHES),
    "SSE2": Target(_LINUX, "x86-64", "", 16, 16, False, _CACHES),
    "NEON": Target(_ARM, "generic", "+neon", 16, 32, True, _CACHES),
}

_MULTIPLY = {
    "AVX-512": r"\tvfn?madd\d+p[sd]\t",
    "AVX2": r"\tvfn?madd\d+p[sd]\t",
    "SSE2": r"\tmulp[sd]\t",
    "NEON": r"\tfmla\t",
}


def innermost_loop(machine: str, dtype: DType) -> tuple[str, tile.Shape]:
    """The block of the tile's assembly that multiplies."""
    target = MACHINES[machine]
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        found = llvm.Target.from_triple(target.triple)
    except RuntimeError:
        pytest.skip(f"this LLVM makes no code for {target.triple}")
    emitter = found.create_target_machine(
        cpu=target.cpu, features=target.features, opt=3
    )
    types = tile.numbers(dtype)
    shape = tile.shape_for(target, types.sums)
    module = ll.Module("tile")
    module.triple, module.data_layout = target.triple, str(emitter.target_data)
    tile.emit_tile(module, shape, shape.height, types).linkage = "external"
    text = emitter.emit_assembly(llvm.parse_assembly(str(module)))
    blocks = re.split(r"\n(?=\.LBB)", text)
    return max(blocks, key=lambda x: len(re.findall(_MULTIPLY[machine], x))), shape


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.float64])
def test_sums_stay_in_registers(machine: str, dtype: DType) -> None:
    loop, shape = innermost_loop(machine, dtype)

    multiplied = len(re.findall(_MULTIPLY[machine], loop))
    assert shape.height * shape.vectors == multiplied
    on_stack = r".*(?:[xyz]mm|\b[qdv]\d+\b).*(?:rsp|\[sp).*|.*(?:rsp|\[sp).*[xyz]mm.*"
    assert re.findall(on_stack, loop) == []


def test_masks_are_not_made_again_in_each_turn() -> None:
    loop, shape = innermost_loop("AVX-512", dtypes.float32)

    assert "vpcmp" not in loop
    assert loop.count("{z}") == shape.vectors


@pytest.mark.parametrize("machine", MACHINES)
def test_each_step_asks_for_one_line_of_what_comes_next(machine: str) -> None:
    loop, _ = innermost_loop(machine, dtypes.float32)

    assert 1 == len(re.findall(r"\t(?:prefetcht1|prfm)\t", loop))
