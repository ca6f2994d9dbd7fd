"""Lowerings of convolutions, with the pointwise operators behind them."""

from __future__ import annotations

import dataclasses

import llvmlite.ir as ll

from jit.ir.dtypes import DType
from jit.ir.graph import Node
from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.convolution_problem import (
    Problem,
    problem_of,
    times,
)
from jit.runtime.codegen.convolutions.convolution_ways import Call, write_result
from jit.runtime.codegen.convolutions.convolving import Ending, Operand
from jit.runtime.codegen.kinds import Static
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.epilogues import Tail, head
from jit.runtime.codegen.products.products import (
    bias_epilogue,
)
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import tensor
from jit.runtime.codegen.values import I64, Buffer


@head(
    *(f"aten::conv{axes}d{kind}" for axes in (1, 2, 3) for kind in ("", ".padding")),
    "aten::conv_transpose1d",
    "aten::conv_transpose2d.input",
    "aten::convolution",
    "aten::_convolution",
    "aten::_convolution.deprecated",
)
def convolution(region: Region, node: Node, tail: Tail | None = None) -> Buffer:
    """Any convolution, and the pointwise operators behind it."""
    problem = problem_of(region, node)
    bias = bias_ending(region, node, problem.dtype)

    def plain() -> Buffer:
        return convolve(region, node, problem, bias, problem.dtype)

    if tail is None:
        return plain()
    if not tail.begin(problem.dtype, len(problem.sizes)):
        return tail.apart(plain())
    operands, flat = _tail_operands(region.b, problem, tail)

    def fused() -> Buffer:
        epilogue = tail.after(bias.epilogue, problem.dtype)
        ending = Ending(epilogue, (*bias.operands, *operands))
        return convolve(region, node, problem, ending, tail.dtype)

    return tail.finish(problem.sizes, fused, plain, flat)


def bias_ending(region: Region, node: Node, dtype: DType) -> Ending:
    """The bias of the convolution itself."""
    bias = region.value(node.inputs[2])
    if isinstance(bias, Static) and bias.value is None:
        return Ending()
    found = tensor(region, node.inputs[2])
    operand = Operand(found.data, I64(0), found.strides[0], I64(0))
    # the result may have another dtype, after what follows
    own = (T.Operand(dtype=dtype),)
    return Ending(dataclasses.replace(bias_epilogue(dtype), operands=own), (operand,))


def convolve(
    region: Region, node: Node, problem: Problem, ending: Ending, result: DType
) -> Buffer:
    """The result of a convolution, of some dtype after its epilogue."""
    made = region.allocate(result, problem.sizes)
    problem.placed(made)
    types = T.Numbers(problem.dtype, result)
    write_result(Call(region, node, problem, ending, types, made))
    return made


def _tail_operands(
    b: ll.IRBuilder, problem: Problem, tail: Tail
) -> tuple[list[Operand], ll.Value]:
    """The operands of a tail, and whether the pixels of each are evenly apart."""
    axes = problem.geometry.axes
    counts = problem.sizes[-axes:]
    operands, flat = [], B.true()
    for given in tail.operands_for(problem.sizes):
        steps = list(given.strides)
        pixel = steps[-1]
        image = steps[0] if len(steps) > axes + 1 else I64(0)
        operands.append(Operand(given.data, pixel, steps[-axes - 1], image))
        expected = pixel
        for place in range(axes - 1, 0, -1):
            step = steps[-axes - 1 + place]
            expected = times(b, expected, counts[place])
            if isinstance(step, ll.Constant) and isinstance(expected, ll.Constant):
                assert step.constant == expected.constant == 0
                continue
            alone = b.icmp_signed("==", counts[place - 1], I64(1))
            even = b.or_(alone, b.icmp_signed("==", step, expected))
            flat = b.and_(flat, even)
    return operands, flat
