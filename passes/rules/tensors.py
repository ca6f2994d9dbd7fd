"""Rules about tensors: views that undo each other, sizes and dtypes that are known."""

from __future__ import annotations

from jit.ir import types as T
from jit.ir.constants import constant_values
from jit.passes.analysis.facts import constant_of
from jit.passes.patterns import Anything, Constant, build, op
from jit.passes.rewrite import SAME, VIEW, Match, New, Replacement, Rule, rule

X = Anything("x")
TENSOR = Anything("x", lambda t: isinstance(t, T.TensorType))
FALSE = Constant("false", lambda v: v is False)
NONE = Constant("none", lambda v: v is None)


def the_tensor(m: Match) -> Replacement:
    return m["x"]


def undone(kind: str) -> Rule:
    """A view that gives the tensor back when taken twice."""
    name = kind.rpartition("::")[2]
    return rule(
        f"{name} twice = x", op(kind, op(kind, X)), the_tensor, sharing=VIEW,
        covers_raising=True,
    )  # fmt: skip


def undone_dims(m: Match) -> Replacement:
    """transpose(transpose(x, a, b), a, b) = x, also with a and b exchanged."""
    outer, inner = m.node, m.node.inputs[0].node
    first = constant_values(outer.inputs[1:])
    second = constant_values(inner.inputs[1:])
    if first is None or second is None or sorted(first) != sorted(second):
        return m.decline("the dims may differ")
    return m["x"]


def undone_permutation(m: Match) -> Replacement:
    """permute(permute(x, p), q) = x where q puts everything back."""
    outer = constant_of(m["q"])
    inner = constant_of(m["p"])
    if not isinstance(outer, list) or not isinstance(inner, list):
        return m.decline("the dims are not constant")
    rank = len(outer)
    if len(inner) != rank or not all(-rank <= d < rank for d in (*outer, *inner)):
        return m.decline("the dims do not fit")
    if [inner[d] % rank for d in outer] != [*range(rank)]:
        return m.decline("the permutations do not undo each other")
    return m["x"]


def reshaped_once(m: Match) -> Replacement:
    """reshape(reshape(x, a), b) = reshape(x, b)."""
    known = m.aliases()
    if not known.is_private(m.node.output) or known.may_change(m["x"]):
        return m.decline("it may matter whether the result is a copy")
    made: Replacement = m.make.op("aten::reshape", m["x"], m["sizes"])
    return made


def same_dtype(m: Match) -> Replacement:
    """to(x, d) = x where x has this dtype."""
    dtype = m.dtype("x")
    if dtype is None or m.constant("dtype") is not dtype:
        return m.decline("the dtype may be another")
    return m["x"]


def only_part(m: Match) -> Replacement:
    """cat([x]) = x."""
    items = m.unchanged_list("l")
    if items is None or len(items) != 1:
        return m.decline("it has several parts")
    return items[0]


# what is known ------------------------------------------------------------------


def rank(m: Match) -> Replacement:
    sizes = _sizes(m)
    return m.decline("the rank is unknown") if sizes is None else New(len(sizes))


def size(m: Match) -> Replacement:
    """The size along one axis, if it is known."""
    sizes, dim = _sizes(m), m.constant("dim")
    if sizes is None or not -len(sizes) <= dim < len(sizes) or sizes[dim] is None:
        return m.decline("the size is unknown")
    return New(sizes[dim])


def all_sizes(m: Match) -> Replacement:
    sizes = _sizes(m)
    if sizes is None or None in sizes:
        return m.decline("a size is unknown")
    return m.make.list([m.make.constant(s) for s in sizes], T.INT)


def count(m: Match) -> Replacement:
    sizes = _sizes(m)
    if sizes is None or None in sizes:
        return m.decline("a size is unknown")
    total = 1
    for s in sizes:
        assert s is not None
        total *= s
    return New(total)


def dtype(m: Match) -> Replacement:
    known = m.dtype("x")
    return m.decline("the dtype is unknown") if known is None else New(known)


def whether_floating(m: Match) -> Replacement:
    known = m.dtype("x")
    if known is None:
        return m.decline("the dtype is unknown")
    return New(known.is_floating_point)


def _sizes(m: Match) -> T.Sizes | None:
    type = m["x"].type
    return type.sizes if isinstance(type, T.TensorType | T.ArrayType) else None


RULES = (
    *map(undone, ("aten::t", "aten::numpy_T", "aten::mT")),
    rule("transpose twice = x",
         op("aten::transpose.int", op("aten::transpose.int", X)),
         undone_dims, sharing=VIEW, covers_raising=True),
    rule("permute and back = x",
         op("aten::permute", op("aten::permute", X, Anything("p")), Anything("q")),
         undone_permutation, sharing=VIEW, covers_raising=True),
    rule("reshape twice = once",
         op("aten::reshape", op("aten::reshape", X), Anything("sizes")),
         reshaped_once, covers_raising=True),
    rule("to(x, its dtype) = x",
         op("aten::to.dtype", TENSOR, Constant("dtype"), Anything("blocking"), FALSE, NONE),
         same_dtype, sharing=SAME),
    rule("cat([x]) = x", op("aten::cat", build("prim::ListConstruct", "l")), only_part),
    rule("dropout(x, p, False) = x",
         op("aten::dropout", X, Constant("p", lambda p: 0 <= p <= 1), FALSE), the_tensor,
         covers_raising=True),
    rule("dim(x) = n", op("aten::dim", TENSOR), rank),
    rule("size(x, dim) = n",
         op("aten::size.int", TENSOR, Constant("dim", lambda v: type(v) is int)), size,
         covers_raising=True),
    rule("size(x) = [m, n]", op("aten::size.default", TENSOR), all_sizes),
    rule("numel(x) = n", op("aten::numel", TENSOR), count),
    rule("x.dtype = d", op("prim::dtype", TENSOR), dtype),
    rule("is_floating_point(x)", op("aten::is_floating_point", TENSOR),
         whether_floating),
)  # fmt: skip
