"""Lowerings of losses: a loss for each element or row, and its mean or sum.

Losses of classes pick the element of the right class out of a row that is in cache, so
cross entropy reads its input from memory once. What is wrong with the numbers of classes
is found before, in a pass over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING, DType
from jit.ir.graph import Node
from jit.ir.registry import find_card
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.nests.build_nest import Operand
from jit.runtime.codegen.nests.casts import tensor_at
from jit.runtime.codegen.nests.nest import Step
from jit.runtime.codegen.nests.normalizations import optional
from jit.runtime.codegen.nests.pointwise import Group, Memory, group_of
from jit.runtime.codegen.nests.reductions import arguments_of
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import ELEMENT, I1, I64, POINTER, Buffer
from jit.runtime.ops.loss import MEAN, NONE, SUM
from jit.runtime.ops.pointwise_family import compute_dtype

Sizes = tuple[ll.Value, ...]


def _finish(
    group: Group, loss: Operand, sizes: Sizes, reduction: int, dtype: DType
) -> Buffer:
    """The losses of all elements, their mean or their sum."""
    build, region = group.build, group.region
    if reduction == NONE:
        nest = build.finish([loss], [dtype])
        made = group.new(dtype, sizes)
        outputs = [Memory(made.data, made.sizes, made.strides)]
        group.run(nest, outputs, group.whole([sizes]))
        return made
    if reduction not in (MEAN, SUM):
        raise Declined("it always fails: there is no such reduction")
    total = build.reduce("sum", loss)
    if reduction == MEAN:
        total = build.apply("aten::div.Tensor", [total, build.count()], dtypes.float64)
    nest = build.finish([total], [dtype], range(group.rank))
    made = region.allocate(dtype, ())
    whole = group.whole([sizes])
    outputs = [Memory(made.data, (I64(1),) * group.rank, (I64(0),) * group.rank)]
    group.run(nest, outputs, whole)
    return made


class _Pairs:
    """Two operands that broadcast, in a floating dtype, while a nest is made of them."""

    def __init__(self, region: Region, node: Node) -> None:
        self.region, self.node = region, node
        self.given = arguments_of(node, skipped=_TENSORS)
        self.group = group_of(region, [node], {}, least_rank=1)
        self.made = [self.group.made[v] for v in node.inputs[:2]]
        x, y = (m.operand.dtype for m in self.made)
        self.common = _promoted(x, y)
        self.sizes = self.group.broadcast(node, [m.sizes for m in self.made])
        self.dtype = compute_dtype(self.common)
        if self.dtype.category != FLOATING:
            raise Declined("it refuses integers")
        # both are rounded to the dtype that they share
        self.x, self.y = (self.cast(m.operand) for m in self.made)

    def cast(self, x: Operand) -> Operand:
        """An operand in the dtype to compute in."""
        return self.group.build.cast(x, self.dtype)

    def apply(self, name: str, *operands: Operand | float) -> Operand:
        """The formula of a card in the dtype of the loss."""
        return self.group.build.apply(name, operands, self.dtype)

    def choose(self, condition: Operand, x: Any, y: Any) -> Operand:
        """x where a condition holds, otherwise y."""
        kinds = (None, self.dtype, self.dtype)
        name = {
            (True, True): "aten::where.self", (True, False): "aten::where.ScalarOther",
            (False, True): "aten::where.ScalarSelf",
        }[isinstance(x, Operand), isinstance(y, Operand)]  # fmt: skip
        return self.group.build.apply(name, [condition, x, y], kinds, self.dtype)

    def compare(self, name: str, x: Operand, y: float) -> Operand:
        """Whether elements compare so with a number."""
        build = self.group.build
        return build.apply(f"aten::{name}.Scalar", [x, y], self.dtype, dtypes.bool_)

    def vector(self, place: int) -> Operand | None:
        """An argument that is a tensor or None, broadcast to the sizes of the loss."""
        value = self.node.inputs[place]
        if optional(self.region, value) is None:
            return None
        made = self.group.made[value]
        wider = self.group.broadcast(self.node, [self.sizes, made.sizes])
        if len(wider) != len(self.sizes):
            raise Declined("a weight has more dims than the loss")
        fits = _equal(self.region, wider, self.sizes)
        self.region.fail_unless(fits, self.node)
        return self.cast(made.operand)

    def finish(self, loss: Operand, dtype: DType | None = None) -> Buffer:
        """The losses, their mean or their sum."""
        reduction = self.given["reduction"]
        return _finish(self.group, loss, self.sizes, reduction, dtype or self.common)


_TENSORS = ("target", "weight", "pos_weight")


def _equal(region: Region, left: Sequence[Any], right: Sequence[Any]) -> ll.Value:
    holds: ll.Value = I1(1)
    for x, y in zip(left, right, strict=True):
        if x is not y:
            holds = region.b.and_(holds, region.b.icmp_signed("==", x, y))
    return holds


def _promoted(x: DType, y: DType) -> DType:
    from jit.ir.dtypes import promote_dtypes

    common = promote_dtypes(x, y)
    if common.category != FLOATING:
        raise Declined("it refuses integers")
    return common


def _formula(pairs: _Pairs, kind: str, *rest: float) -> Operand:
    """The formula of a card, whose operands come before its other arguments."""
    card = find_card(kind)
    assert card is not None and card.formula is not None
    refs = (pairs.x.ref, pairs.y.ref, *rest)
    step = Step(card, refs, (pairs.dtype,) * len(refs), pairs.dtype)
    return pairs.group.build._append(step, pairs.dtype, pairs.group.rank)


@lowering("aten::mse_loss", "aten::l1_loss")
def difference_loss(region: Region, node: Node) -> Buffer:
    """Squares or sizes of differences."""
    pairs = _Pairs(region, node)
    return pairs.finish(_formula(pairs, node.kind))


@lowering("aten::smooth_l1_loss")
def smooth_l1_loss(region: Region, node: Node) -> Buffer:
    """Squared below `beta`, absolute above."""
    pairs = _Pairs(region, node)
    beta = pairs.given["beta"]
    if beta < 0:
        raise Declined("it always fails: beta is negative")
    if beta == 0:
        return pairs.finish(_formula(pairs, "aten::l1_loss"))
    return pairs.finish(_formula(pairs, node.kind, float(beta)))


def _own_dtype(pairs: _Pairs) -> DType:
    dtype = pairs.made[0].operand.dtype
    if dtype.category != FLOATING:
        raise Declined("it refuses integers")
    return dtype


@lowering("aten::huber_loss")
def huber_loss(region: Region, node: Node) -> Buffer:
    """Squared below `delta`, absolute above."""
    pairs = _Pairs(region, node)
    delta = pairs.given["delta"]
    if delta <= 0:
        raise Declined("it always fails: delta is not positive")
    loss = _formula(pairs, node.kind, float(delta))
    return pairs.finish(loss, _own_dtype(pairs))


@lowering("aten::soft_margin_loss")
def soft_margin_loss(region: Region, node: Node) -> Buffer:
    """log(1 + exp(-target * input))."""
    pairs = _Pairs(region, node)
    return pairs.finish(_formula(pairs, node.kind), _own_dtype(pairs))


@lowering("aten::kl_div")
def kl_div(region: Region, node: Node) -> Buffer:
    """target * (log target - input); 0 log 0 counts as 0."""
    pairs = _Pairs(region, node)
    x, y = pairs.x, pairs.y
    if pairs.given["log_target"]:
        distance = pairs.apply("aten::sub.Tensor", y, x, 1)
        return pairs.finish(
            pairs.apply("aten::mul.Tensor", pairs.apply("aten::exp", y), distance)
        )
    nothing = pairs.compare("eq", y, 0.0)
    logarithm = pairs.apply("aten::log", pairs.choose(nothing, 1.0, y))
    entropy = pairs.choose(
        nothing,
        pairs.apply("aten::mul.Scalar", y, 0.0),
        pairs.apply("aten::mul.Tensor", y, logarithm),
    )
    product = pairs.apply("aten::mul.Tensor", y, x)
    return pairs.finish(pairs.apply("aten::sub.Tensor", entropy, product, 1))


@lowering("aten::binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(region: Region, node: Node) -> Buffer:
    """Of the sigmoid of the input, without overflow."""
    pairs = _Pairs(region, node)
    x, y = pairs.x, pairs.y
    dtype = _own_dtype(pairs)
    weight, factor = pairs.vector(2), pairs.vector(3)
    size = pairs.apply("aten::neg", pairs.apply("aten::abs", x))
    tail = pairs.apply("aten::log1p", pairs.apply("aten::exp", size))
    front = pairs.apply("aten::clamp_min", pairs.apply("aten::neg", x), 0.0)
    softplus = pairs.apply("aten::add.Tensor", tail, front, 1)
    if factor is not None:
        less = pairs.apply("aten::sub.Scalar", factor, 1.0, 1)
        scaled = pairs.apply("aten::mul.Tensor", less, y)
        scaled = pairs.apply("aten::add.Scalar", scaled, 1.0, 1)
        softplus = pairs.apply("aten::mul.Tensor", scaled, softplus)
    rest = pairs.apply("aten::rsub.Scalar", y, 1.0, 1)
    loss = pairs.apply("aten::mul.Tensor", rest, x)
    loss = pairs.apply("aten::add.Tensor", loss, softplus, 1)
    if weight is not None:
        loss = pairs.apply("aten::mul.Tensor", loss, weight)
    return pairs.finish(loss, dtype)


@lowering("aten::binary_cross_entropy")
def binary_cross_entropy(region: Region, node: Node) -> Buffer:
    """-(target log input + (1 - target) log(1 - input)), logarithms above -100."""
    x, y = (tensor_at(region, v) for v in node.inputs[:2])
    if x.rank != y.rank:
        raise Declined("it always fails: the sizes differ")
    region.fail_unless(_equal(region, x.sizes, y.sizes), node)
    region.fail_unless(_are_shares(region, x), node)
    pairs = _Pairs(region, node)
    dtype = _own_dtype(pairs)
    p, t = pairs.x, pairs.y
    weight = pairs.vector(2)
    positive = pairs.apply("aten::clamp_min", pairs.apply("aten::log", p), -100.0)
    negative = pairs.apply("aten::log1p", pairs.apply("aten::neg", p))
    negative = pairs.apply("aten::clamp_min", negative, -100.0)
    less = pairs.apply("aten::sub.Scalar", t, 1.0, 1)
    loss = pairs.apply("aten::mul.Tensor", less, negative)
    product = pairs.apply("aten::mul.Tensor", t, positive)
    loss = pairs.apply("aten::sub.Tensor", loss, product, 1)
    if weight is not None:
        loss = pairs.apply("aten::mul.Tensor", loss, weight)
    return pairs.finish(loss, dtype)


def whole_of(region: Region, x: Buffer) -> Group:
    """A nest on one tensor, and maybe numbers."""
    group = Group(region, max(x.rank, 1), {})
    group.read.append(Memory(x.data, x.sizes, x.strides))
    return group


def numbers_of(group: Group, x: Buffer, results: Sequence[Operand]) -> list[ll.Value]:
    """Run a nest that reduces all of a tensor; the results as LLVM values."""
    region, b = group.region, group.region.b
    kinds = [ELEMENT[r.dtype] for r in results]
    places = [region.stack(kind) for kind in kinds]
    rank = group.rank
    outputs = [
        Memory(b.bitcast(p, POINTER), (I64(1),) * rank, (I64(0),) * rank)
        for p in places
    ]
    nest = group.build.finish(results, [r.dtype for r in results], range(rank))
    group.run(nest, outputs, group.whole([x.sizes]))
    return [b.load(p) for p in places]


def _are_shares(region: Region, x: Buffer) -> ll.Value:
    """Whether all elements are between 0 and 1."""
    group = whole_of(region, x)
    build, dtype = group.build, compute_dtype(x.dtype)
    given = build.input(x.dtype, x.rank)
    above = build.apply("aten::ge.Scalar", [given, 0.0], dtype, dtypes.bool_)
    below = build.apply("aten::le.Scalar", [given, 1.0], dtype, dtypes.bool_)
    both = build.apply("aten::logical_and", [above, below], dtypes.bool_)
    truth = build.reduce("min", build.cast(both, dtypes.uint8))
    (found,) = numbers_of(group, x, [truth])
    return region.b.icmp_unsigned("!=", found, found.type(0))


# --- losses of classes


class _Classes:
    """The nest of a loss of class numbers: rows of classes, and the right one of each."""

    def __init__(self, region: Region, node: Node) -> None:
        self.region, self.node = region, node
        self.given = arguments_of(node, skipped=_TENSORS)
        self.x, self.target = (tensor_at(region, v) for v in node.inputs[:2])
        if self.x.dtype.category != FLOATING:
            raise Declined("it refuses integers")
        self.dtype = compute_dtype(self.x.dtype)
        if self.given["reduction"] not in (NONE, MEAN, SUM):
            raise Declined("it always fails: there is no such reduction")
        if not self.x.rank:
            raise Declined("it always fails: there is no dim of classes")
        self.axis = min(self.x.rank - 1, 1)
        sizes = self.x.sizes
        self.classes = sizes[self.axis]
        self.kept = (*sizes[: self.axis], *sizes[self.axis + 1 :])
        self.weight = optional(region, node.inputs[2])
        if self.weight is not None:
            self._check_weight(self.weight)
        self.group = Group(region, self.x.rank, {})
        self.build = self.group.build
        self.scores = self.read(self.x, self.x.strides)

    def _check_weight(self, weight: Buffer) -> None:
        if weight.rank != 1 or weight.dtype.category != FLOATING:
            raise Declined("its weight is no vector of floats")
        fits = _equal(self.region, weight.sizes, [self.classes])
        self.region.fail_unless(fits, self.node)

    def read(
        self, tensor: Buffer, strides: Sequence[ll.Value], is_row: bool = False
    ) -> Operand:
        """An input of the nest, which has all its axes."""
        self.group.read.append(Memory(tensor.data, self.x.sizes, tuple(strides)))
        return self.build.input(tensor.dtype, self.x.rank, is_row=is_row)

    def read_weight(self) -> Operand | None:
        """The weights along the axis of the classes."""
        if self.weight is None:
            return None
        strides: list[ll.Value] = [I64(0)] * self.x.rank
        strides[self.axis] = self.weight.strides[0]
        return self.read(self.weight, strides)

    def read_target(self) -> tuple[Operand, Operand]:
        """The numbers of the classes, 0 for those that do not count, and who counts."""
        target, region = self.target, self.region
        if target.dtype not in (dtypes.int64, dtypes.uint8):
            raise Declined("it always fails: the targets are no class numbers")
        if target.rank != self.x.rank - 1:
            raise Declined("the targets have other dims than the input")
        region.fail_unless(_equal(region, target.sizes, self.kept), self.node)
        region.fail_unless(self._in_range(), self.node)
        strides = list(target.strides)
        strides.insert(self.axis, I64(0))
        given = self.read(target, strides, is_row=True)
        return given, given

    def _in_range(self) -> ll.Value:
        """Whether all classes that count are ones of the input."""
        group, b = whole_of(self.region, self.target), self.region.b
        numbers = group.build.input(self.target.dtype, self.target.rank)
        used, _ = self.used(group, numbers)
        least, most = (group.build.reduce(kind, used) for kind in ("min", "max"))
        low, high = numbers_of(group, self.target, [least, most])
        low_fits = b.icmp_signed(">=", low, I64(0))
        return b.and_(low_fits, b.icmp_signed("<", high, self.classes))

    def used(self, group: Group, numbers: Operand) -> tuple[Operand, Operand]:
        """Numbers of classes, 0 for those that do not count, and who counts."""
        build, ignored = group.build, self.given["ignore_index"]
        wide = dtypes.int64
        counts = build.apply("aten::ne.Scalar", [numbers, ignored], wide, dtypes.bool_)
        name = "aten::where.ScalarOther"
        return build.apply(name, [counts, numbers, 0], (None, wide, wide), wide), counts

    def apply(self, name: str, *operands: Operand | float) -> Operand:
        """The formula of a card in the dtype of the loss."""
        return self.build.apply(name, operands, self.dtype)

    def where(self, condition: Operand, x: Operand) -> Operand:
        """x where a condition holds, otherwise 0."""
        kinds = (None, self.dtype, self.dtype)
        name = "aten::where.ScalarOther"
        return self.build.apply(name, [condition, x, 0.0], kinds, self.dtype)

    def finish(self, results: Sequence[Operand]) -> list[Buffer]:
        """Run the nest; results have an element for each row."""
        wanted = self.given["reduction"] == NONE
        dtype = self.x.dtype if wanted else self.dtype
        nest = self.build.finish(results, [dtype] * len(results), [self.axis])
        buffers = [self.region.allocate(dtype, self.kept) for _ in results]
        memories = []
        for made in buffers:
            strides, sizes = list(made.strides), list(made.sizes)
            strides.insert(self.axis, I64(0))
            sizes.insert(self.axis, I64(1))
            memories.append(Memory(made.data, tuple(sizes), tuple(strides)))
        self.group.run(nest, memories, self.x.sizes)
        return buffers

    def total(self, rows: Sequence[Buffer], shares: Sequence[float]) -> Buffer:
        """The weighted sum or mean of the losses of rows.

        `rows` are losses, one for each share, and then what each row counts.
        """
        group = Group(self.region, max(rows[0].rank, 1), {})
        build, wide = group.build, dtypes.float64
        given = []
        for row in rows:
            group.read.append(Memory(row.data, row.sizes, row.strides))
            given.append(build.input(row.dtype, row.rank))
        sums = [build.reduce("sum", x) for x in given]
        total: Operand | None = None
        for share, x in zip(shares, sums, strict=False):
            part = x
            if share != 1:
                part = build.apply("aten::mul.Scalar", [x, share], wide)
            total = part if total is None else build.apply(
                "aten::add.Tensor", [total, part, 1], wide
            )  # fmt: skip
        assert total is not None
        if self.given["reduction"] == MEAN:
            # no weight at all is nan, whatever the losses
            count = sums[-1]
            none = build.apply("aten::eq.Scalar", [count, 0.0], wide, dtypes.bool_)
            mean = build.apply("aten::div.Tensor", [total, count], wide)
            kinds = (None, wide, wide)
            total = build.apply(
                "aten::where.ScalarSelf", [none, float("nan"), mean], kinds, wide
            )
        rank = group.rank
        nest = build.finish([total], [self.x.dtype], range(rank))
        made = self.region.allocate(self.x.dtype, ())
        outputs = [Memory(made.data, (I64(1),) * rank, (I64(0),) * rank)]
        group.run(nest, outputs, group.whole([rows[0].sizes]))
        return made


def _class_loss(region: Region, node: Node, *, is_logarithm: bool) -> Buffer:
    """Minus the logarithm of the probability of the right class."""
    loss = _Classes(region, node)
    weights = loss.read_weight()
    numbers, _ = loss.read_target()
    smoothing = loss.given.get("label_smoothing", 0.0)
    if not 0 <= smoothing <= 1:
        raise Declined("it always fails: label_smoothing is out of range")
    used, counts = loss.used(loss.group, numbers)
    # inputs are picked before they are rounded to anything
    picked = loss.build.cast(loss.build.pick(loss.scores, used), loss.dtype)
    scores = loss.build.cast(loss.scores, loss.dtype)
    if not is_logarithm:
        picked, top, logarithm = _log_softmax(loss, scores, picked)
    scale = loss.build.cast(counts, loss.dtype)
    if weights is not None:
        chosen = loss.build.cast(loss.build.pick(weights, used), loss.dtype)
        scale = loss.apply("aten::mul.Tensor", scale, chosen)
    negative = loss.apply("aten::neg", picked)
    row = loss.where(counts, loss.apply("aten::mul.Tensor", negative, scale))
    results, shares = [row], [1.0]
    if smoothing:
        shifted = loss.apply("aten::sub.Tensor", scores, top, 1)
        spread = loss.apply("aten::sub.Tensor", logarithm, shifted, 1)
        if weights is not None:
            each = loss.build.cast(weights, loss.dtype)
            spread = loss.apply("aten::mul.Tensor", spread, each)
        spread = loss.build.reduce("sum", spread)
        count = loss.build.apply(
            "aten::div.Tensor", [spread, loss.build.count()], dtypes.float64
        )
        results.append(loss.where(counts, count))
        shares = [1 - smoothing, smoothing]
    if loss.given["reduction"] != NONE:
        return loss.total(loss.finish([*results, scale]), shares)
    if smoothing:
        parts = [
            loss.build.apply("aten::mul.Scalar", [x, s], loss.dtype)
            for x, s in zip(results, shares, strict=True)
        ]
        results = [loss.apply("aten::add.Tensor", *parts, 1)]
    (made,) = loss.finish(results)
    return made


def _log_softmax(
    loss: _Classes, scores: Operand, picked: Operand
) -> tuple[Operand, Operand, Operand]:
    """The logarithm of the picked probability, the top score, the logarithm of all."""
    top = loss.build.reduce("max", scores)
    shifted = loss.apply("aten::sub.Tensor", scores, top, 1)
    total = loss.build.reduce("sum", loss.apply("aten::exp", shifted))
    logarithm = loss.build.apply("aten::log", [total], dtypes.float64)
    made = loss.apply("aten::sub.Tensor", picked, top, 1)
    made = loss.build.apply("aten::sub.Tensor", [made, logarithm, 1], loss.dtype)
    return made, top, logarithm


@lowering("aten::nll_loss", "aten::nll_loss2d", "aten::nll_loss_nd")
def nll_loss(region: Region, node: Node) -> Buffer:
    """Minus the score of the right class."""
    return _class_loss(region, node, is_logarithm=True)


@lowering("aten::cross_entropy_loss")
def cross_entropy_loss(region: Region, node: Node) -> Buffer:
    """Minus the logarithm of the softmax of the right class."""
    x, target = (tensor_at(region, v) for v in node.inputs[:2])
    if x.rank == target.rank:
        raise Declined("its targets are probabilities")
    return _class_loss(region, node, is_logarithm=False)
