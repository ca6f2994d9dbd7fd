"""Lowerings of convolutions: checks, the plan, and its kernels on all threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import llvmlite.ir as ll

from jit.ir.dtypes import DType
from jit.ir.graph import Node
from jit.runtime.codegen import building as B
from jit.runtime.codegen import convolution as C
from jit.runtime.codegen import target as targets
from jit.runtime.codegen import tile as T
from jit.runtime.codegen.convolution import AXES, PLAN, Convolution
from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.kinds import Declined, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.products import (
    Words,
    bias_epilogue,
    common_dtype,
)
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I64, POINTER, Buffer
from jit.runtime.codegen.views import constant_int, constant_ints, tensor

_LEAST_WORK = 1 << 19
"""Multiplications of a part that are worth another thread."""


def _names(conv: Convolution) -> list[str]:
    operands = [n for n, _ in T.operand_arguments(conv.epilogue)]
    return [*PLAN, "x", "weights", "out", "padded", "packed", "failed", *operands]


def _emit_pad_task(module: ll.Module, conv: Convolution) -> ll.Function:
    pad = C.emit_pad(module, conv)
    pad.linkage = "internal"
    arguments = [("words", POINTER), ("first", I64), ("last", I64)]
    b, given = B.new_function(module, f"{pad.name}_task_{conv.name}", arguments)
    words = Words(b, given["words"], _names(conv))
    b.call(pad, [
        given["words"], words.pointer("x"), words.pointer("padded"), given["first"],
        given["last"],
    ])  # fmt: skip
    b.ret_void()
    return b.function


def _emit_task(module: ll.Module, conv: Convolution) -> ll.Function:
    """`(words, first, last)`: makes some units."""
    kernel = C.emit_convolve(module, conv)
    kernel.linkage = "internal"
    arguments = [("words", POINTER), ("first", I64), ("last", I64)]
    b, given = B.new_function(module, f"{conv.name}_task", arguments)
    words = Words(b, given["words"], _names(conv))
    bytes = C.work_bytes(b, conv, words)
    allocate = host_function(b, "allocate", ll.FunctionType(POINTER, [I64]))
    work = b.call(allocate, [bytes])
    with b.if_then(b.icmp_unsigned("==", work, ll.Constant(POINTER, None))):
        words["failed"] = B.index(1)
        b.ret_void()
    call = [
        given["words"], words.pointer("padded"), words.pointer("packed"),
        words.pointer("out"), given["first"], given["last"], work,
    ]  # fmt: skip
    for name, kind in T.operand_arguments(conv.epilogue):
        call.append(words.pointer(name) if kind == POINTER else words[name])
    b.call(kernel, call)
    release = ll.FunctionType(ll.VoidType(), [POINTER, I64])
    b.call(host_function(b, "release", release), [work, bytes])
    b.ret_void()
    return b.function


def _emit_run(module: ll.Module, name: str, conv: Convolution) -> ll.Function:
    """`(words)`: lays out the operands, and makes all units."""
    pack = C.emit_pack_weights(module, conv)
    pack.linkage = "internal"
    pad, task = _emit_pad_task(module, conv), _emit_task(module, conv)
    b, given = B.new_function(module, name, [("words", POINTER)])
    words = Words(b, given["words"], _names(conv))
    b.call(pack, [given["words"], words.pointer("weights"), words.pointer("packed")])
    kind = ll.FunctionType(ll.VoidType(), [POINTER, POINTER, I64, I64])
    parallel = host_function(b, "parallel", kind)

    def share(task: ll.Function, total: ll.Value, each: ll.Value) -> None:
        """Give units to the threads if there is work for several."""
        each = B.larger(b, each, B.index(1))
        grain = B.ceil_div(b, B.index(_LEAST_WORK), each)
        with b.if_else(b.icmp_signed("<=", total, grain)) as (small, large):
            with small:
                b.call(task, [given["words"], B.index(0), total])
            with large:
                call = [b.bitcast(task, POINTER), given["words"], total, grain]
                b.call(parallel, call)

    lines = b.mul(words["images"], b.mul(words["full_d"], words["full_h"]))
    # an element of the input takes about as long as so many multiplications
    line = b.mul(b.mul(words["full_w"], words["channels"]), B.index(8))
    share(pad, lines, line)
    taps = b.mul(words["kernel_d"], b.mul(words["kernel_h"], words["kernel_w"]))
    inner = B.index(1)
    if not conv.depthwise:
        inner = b.udiv(words["channels"], words["groups"])
    pixels = b.mul(words["out_d"], b.mul(words["out_h"], words["out_w"]))
    pixels = B.smaller(b, pixels, B.index(conv.pixels))
    unit = b.mul(b.mul(taps, inner), b.mul(pixels, B.index(conv.shape.width)))
    share(task, C.units(b, conv, words), unit)
    b.ret_void()
    return b.function


def spread(values: Sequence[int], axes: int, name: str) -> list[int]:
    """A number for each axis, where one may stand for all."""
    if len(values) not in (1, axes):
        raise Declined(f"{name} has a number of items that does not fit")
    return list(values) if len(values) == axes else list(values) * axes


def _convolution(
    region: Region,
    node: Node,
    axes: int,
    before: Sequence[int],
    after: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    groups: int,
) -> Buffer:
    b = region.b
    x, weight = (tensor(region, v) for v in node.inputs[:2])
    if x.rank not in (axes + 1, axes + 2) or weight.rank != axes + 2:
        raise Declined("an operand has another rank")
    dtype = common_dtype(x, weight)
    if groups < 1 or min(stride) < 1 or min(dilation) < 1 or min(before) < 0:
        raise Declined("the arguments are not those of a convolution")
    bias = region.value(node.inputs[2])
    has_bias = not (isinstance(bias, Static) and bias.value is None)
    outer, inner = weight.sizes[:2]
    channels = x.sizes[-axes - 1]
    holds = b.icmp_signed("==", b.mul(inner, I64(groups)), channels)
    holds = b.and_(holds, b.icmp_signed(">=", outer, I64(groups)))
    whole = b.icmp_signed("==", b.urem(outer, I64(groups)), I64(0))
    holds = b.and_(holds, whole)
    operand = None
    if has_bias:
        operand = tensor(region, node.inputs[2])
        common_dtype(x, operand)
        if operand.rank != 1:
            raise Declined("the bias is not a vector")
        holds = b.and_(holds, b.icmp_signed("==", operand.sizes[0], outer))
    full, counts = [], []
    for axis in range(axes):
        size = b.add(x.sizes[-axes + axis], I64(before[axis] + after[axis]))
        reach = b.mul(b.sub(weight.sizes[2 + axis], I64(1)), I64(dilation[axis]))
        room = b.sub(b.sub(size, reach), I64(1))
        holds = b.and_(holds, b.icmp_signed(">=", room, I64(0)))
        holds = b.and_(holds, b.icmp_signed(">", weight.sizes[2 + axis], I64(0)))
        full.append(size)
        counts.append(b.add(b.sdiv(room, I64(stride[axis])), I64(1)))
    region.fail_unless(holds, node)
    lead = list(x.sizes[: -axes - 1])
    made = region.allocate(dtype, [*lead, outer, *counts])
    plan: dict[str, ll.Value] = {
        "images": lead[0] if lead else I64(1),
        "channels": channels,
        "outer": outer,
        "groups": I64(groups),
        "x_image": x.strides[0] if lead else I64(0),
        "x_channel": x.strides[-axes - 1],
        "weight_outer": weight.strides[0],
        "weight_inner": weight.strides[1],
        "out_channel": made.strides[-axes - 1],
        "out_pixel": I64(dtype.itemsize),
        "out_image": made.strides[0] if lead else I64(0),
    }
    one, none = I64(1), I64(0)
    for name, values, missing in (
        ("in", x.sizes[-axes:], one),
        ("pad", [I64(v) for v in before], none),
        ("full", full, one),
        ("spread", [], one),
        ("kernel", weight.sizes[2:], one),
        ("stride", [I64(v) for v in stride], one),
        ("dilation", [I64(v) for v in dilation], one),
        ("out", counts, one),
        ("x", x.strides[-axes:], none),
        ("weight", weight.strides[2:], none),
    ):
        given = [missing] * (3 - len(values)) + list(values)
        plan.update((f"{name}_{axis}", v) for axis, v in zip(AXES, given, strict=True))
    nothing = b.icmp_signed("==", b.mul(plan["images"], outer), I64(0))
    go, past = region.append_block("convolve"), region.append_block("convolved")
    b.cbranch(nothing, past, go)
    b.position_at_end(go)
    epilogue = bias_epilogue(dtype) if operand is not None else T.PLAIN
    if groups == 1:
        _run(region, node, dtype, plan, x, weight, made, epilogue, operand, False)
    else:
        each = b.icmp_signed("==", channels, I64(groups))
        each = b.and_(each, b.icmp_signed("==", outer, I64(groups)))
        with b.if_else(each) as (depthwise, grouped):
            with depthwise:
                _run(
                    region, node, dtype, plan, x, weight, made, epilogue, operand, True
                )
            with grouped:
                _run(
                    region, node, dtype, plan, x, weight, made, epilogue, operand, False
                )
    b.branch(past)
    b.position_at_end(past)
    return made


def _run(
    region: Region,
    node: Node,
    dtype: DType,
    plan: dict[str, ll.Value],
    x: Buffer,
    weight: Buffer,
    out: Buffer,
    epilogue: T.Epilogue,
    bias: Buffer | None,
    depthwise: bool,
) -> None:
    """Call the kernels with memory of their own."""
    b = region.b
    conv = Convolution(targets.host(), T.numbers(dtype), epilogue, depthwise)
    run = region.function(f"run_{conv.name}", lambda m, n: _emit_run(m, n, conv))
    names = _names(conv)
    memory = region.stack(ll.ArrayType(I64, len(names)), "convolution")
    words = Words(b, b.bitcast(memory, POINTER), names)
    for name, value in plan.items():
        words[name] = value
    words["failed"] = I64(0)
    pointers = {"x": x.data, "weights": weight.data, "out": out.data}
    if bias is not None:
        pointers["operand0"] = bias.data
        words["operand0_row"] = I64(0)
        words["operand0_column"] = bias.strides[0]
    for name, value in pointers.items():
        words[name] = value
    allocate = ll.FunctionType(POINTER, [I64])
    release = ll.FunctionType(ll.VoidType(), [POINTER, I64])
    sizes = [C.padded_bytes(b, conv, words), C.packed_bytes(b, conv, words)]
    total = b.add(*(b.and_(b.add(s, I64(127)), I64(-64)) for s in sizes))
    block = b.call(host_function(b, "allocate", allocate), [total])
    region.need_memory(block)
    words["padded"] = block
    words["packed"] = B.at(b, block, b.and_(b.add(sizes[0], I64(63)), I64(-64)))
    b.call(run, [words.base])
    b.call(host_function(b, "release", release), [block, total])
    done = b.icmp_signed("==", words["failed"], I64(0))
    region.fail_unless(done, node, [], MemoryError())


def _constants(region: Region, node: Node, axes: int) -> tuple[Any, Any, int]:
    stride = spread(constant_ints(region, node.inputs[3]), axes, "stride")
    dilation = spread(constant_ints(region, node.inputs[5]), axes, "dilation")
    return stride, dilation, constant_int(node.inputs[6])


def _numbered(axes: int) -> Any:
    """A convolution whose padding is numbers."""

    def lower(region: Region, node: Node) -> Buffer:
        stride, dilation, groups = _constants(region, node, axes)
        padding = spread(constant_ints(region, node.inputs[4]), axes, "padding")
        return _convolution(
            region, node, axes, padding, padding, stride, dilation, groups
        )

    return lower


for _axes in (1, 2, 3):
    lowering(f"aten::conv{_axes}d")(_numbered(_axes))
