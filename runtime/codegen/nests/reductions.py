"""Lowerings of reductions and normalisations.

A reduction is a short program on the nest of what it reads: `softmax` is max, sub, exp,
sum and a quotient. The nest knows in which pass along the reduced axes each of these is
computed, so producers are fused in, whatever the program.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import BOOL, FLOATING, DType
from jit.ir.graph import Node, Value
from jit.ir.registry import overloads_of
from jit.ir.schema import FunctionSchema
from jit.ir.types import is_tensor_like
from jit.runtime.bytecode.constants import runtime_constant
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.nests.build_nest import Builder, Operand
from jit.runtime.codegen.nests.pointwise import (
    Group,
    Memory,
    Sizes,
    card_of,
    group_of,
)
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I1, I64, Buffer
from jit.runtime.ops import facts as F
from jit.runtime.ops.pointwise_family import compute_dtype, type_letter
from jit.runtime.promotion import to_floating

Result = tuple[Operand, DType]
"""What a program gives: a value of the nest, and the dtype in which it is kept."""


@dataclass(frozen=True)
class Program:
    """How one kind of reduction is computed."""

    make: Callable[..., Sequence[Result]]
    """`make(build, x, arguments)`: x is the operand, arguments are by name."""
    needs_elements: Callable[[dict[str, Any]], bool]
    """Whether the reduction of no elements raises."""
    keeps_sizes: bool = False
    """Whether the result has the sizes of the operand."""


PROGRAMS: dict[str, Program] = {}
"""By kind."""


def program(
    *kinds: str,
    needs_elements: bool | Callable[[dict[str, Any]], bool] = False,
    keeps_sizes: bool = False,
) -> Callable[[Any], Any]:
    """Declare the program of some kinds."""
    raises = needs_elements
    asks = raises if callable(raises) else lambda arguments: bool(raises)

    def declare(make: Any) -> Any:
        for kind in kinds:
            PROGRAMS[kind] = Program(make, asks, keeps_sizes)
        return make

    return declare


def _summed(x: DType, given: dict[str, Any]) -> DType:
    wanted: DType | None = given.get("dtype")
    if wanted is not None:
        return wanted
    if given["is_numpy"] and x is dtypes.uint8:
        raise Declined("NumPy sums uint8 as uint64")
    return x if x.category >= FLOATING else dtypes.int64


def _computed(build: Builder, x: Operand, dtype: DType) -> Operand:
    """The operand in the dtype to compute in."""
    return build.cast(x, compute_dtype(dtype))


@program("aten::sum", "np::sum")
def _sum(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    dtype = _summed(x.dtype, given)
    return [(build.reduce("sum", _accumulated(build, x, dtype)), dtype)]


def _accumulated(build: Builder, x: Operand, dtype: DType) -> Operand:
    """The operand in the dtype of its sum; bools are added as numbers."""
    if dtype.category == BOOL:
        raise Declined("a sum that is kept as bool")
    if dtype.category < FLOATING <= x.dtype.category:
        raise Declined("a sum of floats that is kept as an integer")
    return _computed(build, x, dtype)


@program("aten::prod", "np::prod")
def _prod(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    dtype = _summed(x.dtype, given)
    return [(build.reduce("prod", _accumulated(build, x, dtype)), dtype)]


def _without_nan(build: Builder, x: Operand) -> tuple[Operand, Operand]:
    """The elements with nan as 0, and 1 where there is a number."""
    missing = build.apply("aten::isnan", [x], x.dtype, dtypes.bool_)
    kinds = (None, x.dtype, x.dtype)
    name = "aten::where.ScalarSelf"
    known = build.apply(name, [missing, 0.0, x], kinds, x.dtype)
    there = build.apply("aten::logical_not", [missing], dtypes.bool_)
    return known, build.cast(there, dtypes.int64)


@program("aten::nansum")
def _nansum(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    dtype = _summed(x.dtype, given)
    x = _accumulated(build, x, dtype)
    if x.dtype.category == FLOATING:
        x, _ = _without_nan(build, x)
    return [(build.reduce("sum", x), dtype)]


@program("aten::nanmean")
def _nanmean(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    dtype = given.get("dtype") or x.dtype
    if dtype.category < FLOATING:
        raise Declined("the mean of integers")
    known, there = _without_nan(build, _computed(build, x, dtype))
    total, count = build.reduce("sum", known), build.reduce("sum", there)
    made = build.apply("aten::div.Tensor", [total, count], dtypes.float64)
    return [(made, dtype)]


def _average(build: Builder, x: Operand) -> Operand:
    total = build.reduce("sum", x)
    return build.apply("aten::div.Tensor", [total, build.count()], dtypes.float64)


@program("aten::mean", "np::mean")
def _mean(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    dtype = given.get("dtype") or x.dtype
    if dtype.category < FLOATING:
        if not given["is_numpy"] or given.get("dtype"):
            raise Declined("the mean of integers")
        dtype = dtypes.float64
    return [(_average(build, _computed(build, x, dtype)), dtype)]


def _moments(build: Builder, x: Operand) -> tuple[Operand, Operand, Operand]:
    """The mean, the distances from it, and the sum of their squares.

    The mean is rounded before it is subtracted; the sum of the distances, which would
    be zero otherwise, corrects the squares.
    """
    dtype = x.dtype
    mean = _average(build, x)
    distance = build.apply("aten::sub.Tensor", [x, mean, 1], dtype)
    square = build.apply("aten::mul.Tensor", [distance, distance], dtype)
    squares, rest = build.reduce("sum", square), build.reduce("sum", distance)
    lost = build.apply("aten::mul.Tensor", [rest, rest], dtypes.float64)
    lost = build.apply("aten::div.Tensor", [lost, build.count()], dtypes.float64)
    squares = build.apply("aten::sub.Tensor", [squares, lost, 1], dtypes.float64)
    squares = build.apply("aten::clamp_min", [squares, 0.0], dtypes.float64)
    return mean, distance, squares


def _variance(
    build: Builder, x: Operand, given: dict[str, Any]
) -> tuple[Operand, Operand, DType]:
    dtype = given.get("dtype") or x.dtype
    if dtype.category < FLOATING:
        if not given["is_numpy"] or given.get("dtype"):
            raise Declined("the variance of integers")
        dtype = dtypes.float64
    correction = given.get("ddof", given.get("correction"))
    if correction is None:
        correction = 1 if given.get("unbiased", True) else 0
    mean, _, squares = _moments(build, _computed(build, x, dtype))
    count = build.apply(
        "aten::sub.Tensor", [build.count(), correction, 1], dtypes.float64
    )
    count = build.apply("aten::clamp_min", [count, 0.0], dtypes.float64)
    spread = build.apply("aten::div.Tensor", [squares, count], dtypes.float64)
    return spread, mean, dtype


@program("aten::var", "np::var")
def _var(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    spread, _, dtype = _variance(build, x, given)
    return [(spread, dtype)]


@program("aten::std", "np::std")
def _std(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    spread, _, dtype = _variance(build, x, given)
    return [(build.apply("aten::sqrt", [spread], dtypes.float64), dtype)]


@program("aten::var_mean")
def _var_mean(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    spread, mean, dtype = _variance(build, x, given)
    return [(spread, dtype), (mean, dtype)]


@program("aten::std_mean")
def _std_mean(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    spread, mean, dtype = _variance(build, x, given)
    return [(build.apply("aten::sqrt", [spread], dtypes.float64), dtype), (mean, dtype)]


def _ordered(build: Builder, x: Operand) -> Operand:
    """The operand in a dtype that has extremes: bools are compared as int8."""
    dtype = dtypes.int8 if x.dtype.category == BOOL else compute_dtype(x.dtype)
    return build.cast(x, dtype)


def _extreme(*kinds: str) -> Callable[..., list[Result]]:
    def make(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
        ordered = _ordered(build, x)
        return [
            (
                build.reduce(kind, ordered),
                dtypes.int64 if kind.startswith("arg") else x.dtype,
            )
            for kind in kinds
        ]

    return make


for _name in ("max", "min"):
    _kinds = [f"aten::{_name}", f"aten::a{_name}", f"np::{_name}"]
    program(*_kinds, needs_elements=True)(_extreme(_name))
    program(f"aten::{_name}.dim", needs_elements=True)(_extreme(_name, f"arg{_name}"))
    _kinds = [f"aten::arg{_name}", f"np::arg{_name}"]
    program(*_kinds, needs_elements=True)(_extreme(f"arg{_name}"))
program("aten::aminmax", needs_elements=True)(_extreme("min", "max"))


def _true(build: Builder, x: Operand) -> Operand:
    """1 where an element is not zero, as uint8."""
    computed = compute_dtype(x.dtype)
    truth = build.apply("aten::ne.Scalar", [x, 0], computed, dtypes.bool_)
    return build.cast(truth, dtypes.uint8)


def _truth(kind: str) -> Callable[..., list[Result]]:
    def make(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
        if given.get("dim") == [] and not given["is_numpy"]:
            raise Declined("an empty list of dims reduces none of them")
        found = build.reduce(kind, _true(build, x))
        truth = build.apply("aten::ne.Scalar", [found, 0], dtypes.uint8, dtypes.bool_)
        is_byte = x.dtype is dtypes.uint8 and not given["is_numpy"]
        return [(truth, dtypes.uint8 if is_byte else dtypes.bool_)]

    return make


program("aten::any", "np::any")(_truth("max"))
program("aten::all", "np::all")(_truth("min"))


@program("aten::count_nonzero", "np::count_nonzero")
def _count_nonzero(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    ones = build.cast(_true(build, x), dtypes.int64)
    return [(build.reduce("sum", ones), dtypes.int64)]


def _power(given: dict[str, Any]) -> Any:
    power = given.get("ord", 2)
    return given["p"] if "p" in given and given["p"] != 2 else power


def _is_extreme_norm(given: dict[str, Any]) -> bool:
    return _power(given) in (math.inf, -math.inf)


@program("aten::linalg_vector_norm", "aten::norm", needs_elements=_is_extreme_norm)
def _norm(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    dtype = given.get("dtype") or x.dtype
    if dtype.category < FLOATING:
        raise Declined("the norm of integers")
    p = _power(given)
    x = _computed(build, x, dtype)
    size = build.apply("aten::abs", [x], x.dtype)
    if p is None or p == 2:
        square = build.apply("aten::mul.Tensor", [size, size], x.dtype)
        total = build.reduce("sum", square)
        return [(build.apply("aten::sqrt", [total], dtypes.float64), dtype)]
    if p in (math.inf, -math.inf):
        return [(build.reduce("max" if p > 0 else "min", size), dtype)]
    if p == 0:
        ones = build.cast(_true(build, size), dtypes.int64)
        return [(build.reduce("sum", ones), dtype)]
    if p == 1:
        return [(build.reduce("sum", size), dtype)]
    powers = build.apply("aten::pow.Tensor_Scalar", [size, float(p)], x.dtype)
    total = build.reduce("sum", powers)
    name = "aten::pow.Tensor_Scalar"
    return [(build.apply(name, [total, 1.0 / p], dtypes.float64), dtype)]


@program("aten::logsumexp")
def _logsumexp(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    dtype = to_floating(x.dtype)
    x = _computed(build, x, dtype)
    top = build.reduce("max", x)
    # an infinite top is not subtracted from itself
    is_finite = build.apply("aten::isfinite", [top], x.dtype, dtypes.bool_)
    kinds = (None, x.dtype, x.dtype)
    finite = build.apply("aten::where.ScalarOther", [is_finite, top, 0], kinds, x.dtype)
    shifted = build.apply("aten::sub.Tensor", [x, finite, 1], x.dtype)
    total = build.reduce("sum", build.apply("aten::exp", [shifted], x.dtype))
    logarithm = build.apply("aten::log", [total], dtypes.float64)
    made = build.apply("aten::add.Tensor", [logarithm, finite, 1], dtypes.float64)
    return [(made, dtype)]


def _softmax_parts(
    build: Builder, x: Operand, given: dict[str, Any]
) -> tuple[Operand, Operand, Operand, DType]:
    """Elements less the largest one, their exponentials, the sum of these."""
    dtype = given.get("dtype") or x.dtype
    if dtype.category < FLOATING:
        raise Declined("the softmax of integers")
    x = _computed(build, x, dtype)
    top = build.reduce("max", x)
    shifted = build.apply("aten::sub.Tensor", [x, top, 1], x.dtype)
    powers = build.apply("aten::exp", [shifted], x.dtype)
    return shifted, powers, build.reduce("sum", powers), dtype


@program("aten::softmax", keeps_sizes=True)
def _softmax(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    _, powers, total, dtype = _softmax_parts(build, x, given)
    inverse = build.apply("aten::reciprocal", [total], dtypes.float64)
    return [(build.apply("aten::mul.Tensor", [powers, inverse], powers.dtype), dtype)]


@program("aten::log_softmax", keeps_sizes=True)
def _log_softmax(build: Builder, x: Operand, given: dict[str, Any]) -> list[Result]:
    shifted, _, total, dtype = _softmax_parts(build, x, given)
    logarithm = build.apply("aten::log", [total], dtypes.float64)
    made = build.apply("aten::sub.Tensor", [shifted, logarithm, 1], shifted.dtype)
    return [(made, dtype)]


# --- from nodes


def arguments_of(node: Node, skipped: Sequence[str] = ()) -> dict[str, Any]:
    """The constant arguments of a reduction by name, as torch names them.

    The first one is what is reduced; those in `skipped` are no constants.
    """
    card = card_of(node)
    found: dict[str, Any] = {"is_numpy": node.kind.startswith("np::")}
    renamed = {"axis": "dim", "keepdims": "keepdim"}
    pairs = zip(card.schema.arguments[1:], node.inputs[1:], strict=True)
    for argument, value in pairs:
        if argument.name in skipped:
            continue
        found[renamed.get(argument.name, argument.name)] = static_value(value)
    return found


def static_value(value: Value) -> Any:
    """A constant, or a list of constants."""
    node = value.node
    if node.kind == "prim::Constant":
        return runtime_constant(node)
    if node.kind == "prim::ListConstruct":
        return [static_value(v) for v in node.inputs]
    raise Declined(f"{value!r} is not a constant")


def program_of(node: Node) -> Program | None:
    """How a node is computed, if it is a reduction that has a program."""
    return PROGRAMS.get(node.full_name) or PROGRAMS.get(node.kind)


@dataclass
class Reduced:
    """A reduction that has been put into the nest of a group."""

    results: list[Result]
    axes: list[int]
    """Axes of the nest."""
    sizes: Sizes
    """Sizes of the operand."""
    dims: tuple[int, ...]
    keepdim: bool
    keeps_sizes: bool

    @property
    def result_sizes(self) -> Sizes:
        """Sizes of the result."""
        if self.keeps_sizes:
            return self.sizes
        if self.keepdim:
            one = I64(1)
            return tuple(one if d in self.dims else n for d, n in enumerate(self.sizes))
        return tuple(n for d, n in enumerate(self.sizes) if d not in self.dims)


_NEED_AXES = ("np::mean", "np::var", "np::std")


def reduce_in(group: Group, node: Node) -> Reduced:
    """Put the reduction of a node into the nest of its group."""
    found = program_of(node)
    assert found is not None
    given = arguments_of(node)
    made = group.made[node.inputs[0]]
    rank = len(made.sizes)
    check_dtype(node, made.operand, given)
    try:
        dims = F.wrap_dims(given.get("dim"), rank)
    except (IndexError, RuntimeError) as e:
        raise Declined(str(e)) from None
    if rank == 0:
        if given.get("dim") is not None and node.kind in _NEED_AXES:
            raise Declined("NumPy refuses an axis here")
        dims = ()
    offset = group.rank - rank
    axes = [offset + d for d in dims] if rank else [group.rank - 1]
    if found.needs_elements(given):
        check_elements(group, node, made.sizes, dims, given)
    results = list(found.make(group.build, made.operand, given))
    return Reduced(
        results, axes, made.sizes, dims, bool(given.get("keepdim")), found.keeps_sizes
    )


def check_dtype(node: Node, x: Operand, given: dict[str, Any]) -> None:
    """Declined for a dtype that the card refuses."""
    card: Any = card_of(node)
    if not hasattr(card, "taken"):
        return
    try:
        card.taken(x.dtype, given.get("dtype"))
    except RuntimeError as e:
        raise Declined(str(e)) from None
    wanted = given.get("dtype")
    if wanted is not None and wanted.category != FLOATING:
        narrower = wanted.category < x.dtype.category
        if narrower or type_letter(wanted) == "c":
            raise Declined(f"it computes in {wanted.name}")


def check_elements(
    group: Group, node: Node, sizes: Sizes, dims: Sequence[int], given: dict[str, Any]
) -> None:
    """Fail where a reduction that has no first value finds no elements."""
    b = group.region.b
    if not sizes:
        return
    empty: ll.Value = I1(0)
    for d in dims:
        empty = b.or_(empty, b.icmp_signed("==", sizes[d], I64(0)))
    if given["is_numpy"] and "arg" not in node.kind:
        # NumPy minds only if there is a result
        for d, size in enumerate(sizes):
            if d not in dims:
                empty = b.and_(empty, b.icmp_signed("!=", size, I64(0)))
    operands = [group.stand_in(v) for v in node.inputs]
    group.region.fail_unless(b.not_(empty), node, operands)


def outputs_of(group: Group, reduced: Reduced) -> tuple[list[Buffer], list[Memory]]:
    """The results of a reduction, and how the nest writes them."""
    sizes = reduced.sizes
    dims = () if reduced.keeps_sizes else reduced.dims
    one = I64(1)
    wide = [one if d in dims else size for d, size in enumerate(sizes)]
    final = [size for d, size in enumerate(wide) if d not in dims or reduced.keepdim]
    buffers, memories = [], []
    for _, dtype in reduced.results:
        lost = [] if reduced.keepdim or reduced.keeps_sizes else reduced.axes
        made = group.in_order(group.region.allocate(dtype, final), lost)
        steps = iter(made.strides)
        strides: list[ll.Value] = []
        for d in range(len(sizes)):
            gone = d in dims and not reduced.keepdim
            step = I64(0) if gone else next(steps)
            strides.append(I64(0) if d in dims else step)
        buffers.append(made)
        memories.append(Memory(made.data, tuple(wide), tuple(strides)))
    return buffers, memories


def _reduction(region: Region, node: Node) -> Any:
    """One reduction or normalisation."""
    if not is_tensor_like(card_of(node).schema.arguments[0].type):
        raise Declined("it reduces a list")  # an overload of the same kind
    group = reducing_group(region, [node], {})
    reduced = reduce_in(group, node)
    dtypes = [dtype for _, dtype in reduced.results]
    operands = [x for x, _ in reduced.results]
    nest = group.build.finish(operands, dtypes, reduced.axes)
    buffers, memories = outputs_of(group, reduced)
    group.run(nest, memories, group.whole([reduced.sizes]))
    return buffers


def reducing_group(
    region: Region, nodes: Sequence[Node], known: dict[Value, Any]
) -> Group:
    """As `group_of`, with one axis at least."""
    return group_of(region, nodes, known, least_rank=1)


def _register() -> None:
    """Lowerings for the overloads on tensors of all kinds that have a program."""
    for kind in PROGRAMS:
        if "." in kind.partition("::")[2]:
            lowering(kind)(_reduction)
            continue
        for card in overloads_of(kind):
            first = card.schema.arguments[0]
            has_own = card.schema.overload and card.schema.name in PROGRAMS
            if is_tensor_like(first.type) and not has_own and _is_known(card.schema):
                lowering(card.schema.name)(_reduction)


def _is_known(schema: FunctionSchema) -> bool:
    """Whether all arguments are ones that programs read."""
    known = {"dim", "axis", "keepdim", "keepdims", "dtype", "unbiased", "correction",
             "ddof", "ord", "p"}  # fmt: skip
    return all(a.name in known for a in schema.arguments[1:])


_register()
