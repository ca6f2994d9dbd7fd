"""Sums of products over chosen dims: linear maps, Einstein's notation, tensordot, kron."""

from __future__ import annotations

from string import ascii_letters

import numpy as np

from jit.ir.dtypes import DType, dtype_of, promote_dtypes
from jit.runtime.kernels import einsum as E
from jit.runtime.kernels import products as P
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.linear_algebra import Product, in_one_dtype
from jit.runtime.ops.refusals import refuse_bool
from jit.runtime.ops.samples import case, f16, f32, f64, i64
from jit.runtime.ops.shaped import Shaped


@op("aten::linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor")
class linear(Shaped):
    """`input @ weight.T + bias`."""

    saves = ("input", "weight")

    def kernel(x, weight, bias):
        return P.linear(x, weight, bias)

    def dtypes(x, weight, bias):
        P.check_product_dtypes(x, weight)
        known = [d for d in (x, weight) if d is not None]
        if known and isinstance(bias, DType) and bias is not known[0]:
            raise RuntimeError(
                "self and mat2 must have the same dtype, but got"
                f" {bias.title} and {known[0].title}"
            )
        return known[0] if known else None

    def sizes(x, weight, bias):
        return P.linear_sizes(x, weight, bias)

    samples = [
        case(f32[2, 3], f32[4, 3], f32[4]),
        case(f32[5, 2, 3], f32[4, 3]),
        case(f32[3], f32[4, 3], f32[4]),
        case(f64[0, 3], f64[1, 3], f64[1]),
        case(f32[2, 3], f32[3]),
        case(f16[2, 3], f16[4, 3], f16[4]),
    ]

    def grad(t, g, out, x, weight, bias):
        if weight.ndim == 1:
            column = t.unsqueeze(g, -1)
            return lambda: column * weight, lambda: column * x, g
        if x.ndim == 1:
            return lambda: t.matmul(g, weight), lambda: t.outer(g, x), g
        return (
            lambda: t.linear(g, t.t(weight)),
            lambda: t.mm(t.t(t.flatten(g, 0, -2)), t.flatten(x, 0, -2)),
            g,
        )


@op("aten::bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias=None)"
    " -> Tensor")  # fmt: skip
class bilinear(Shaped):
    """`input1 @ weight[k] @ input2` for each k, plus the bias."""

    saves = ("input1", "input2", "weight")

    def kernel(a, b, weight, bias):
        bilinear.sizes(a.shape, b.shape, weight.shape, bias)
        refuse_bool("bmm", dtype_of(a.dtype))
        out = np.einsum("...i,kij,...j->...k", a, weight, b, optimize=True)
        return out if bias is None else out + bias

    def dtypes(a, *rest):
        refuse_bool("bmm", a)
        return a

    def sizes(a, b, weight, bias):
        if len(weight) != 3:
            raise RuntimeError(f"bilinear(): weight must be 3D, but got {len(weight)}D")
        for i, x in enumerate((a, b)):
            if None not in (x[-1], weight[i + 1]) and x[-1] != weight[i + 1]:
                raise RuntimeError(
                    f"bilinear(): input{i + 1} size does not match weight size: got"
                    f" {x[-1]} but expected {weight[i + 1]}"
                )
        if a[:-1] != b[:-1] and None not in (*a, *b):
            raise RuntimeError(
                "bilinear(): input batch dimensions do not match:"
                f" {S.shown(a[:-1])} and {S.shown(b[:-1])}"
            )
        return (*a[:-1], weight[0])

    samples = [case(f32[2, 3], f32[2, 4], f32[5, 3, 4], f32[5])]

    def grad(t, g, out, a, b, weight, bias):
        return (
            lambda: t.einsum("...k,kij,...j->...i", [g, weight, b]),
            lambda: t.einsum("...k,kij,...i->...j", [g, weight, a]),
            lambda: t.einsum("...k,...i,...j->kij", [g, a, b]),
            g,
        )


def _einsum_slope(t, g, equation, tensors, position):
    """The gradient of `einsum` to one operand."""
    spelled, result = E.spell_all(equation, [(None,) * x.ndim for x in tensors])
    letters = dict(
        zip(dict.fromkeys(sum(spelled, result)), ascii_letters, strict=False)
    )
    wanted = list(dict.fromkeys(spelled[position]))
    others = [(s, x) for i, (s, x) in enumerate(zip(spelled, tensors, strict=True))
              if i != position]  # fmt: skip
    given = set(result).union(*(s for s, _ in others))
    present = [name for name in wanted if name in given]

    def spell(names):
        return "".join(letters[name] for name in names)

    inputs = ",".join(spell(names) for names in [result, *(s for s, _ in others)])
    made = t.einsum(f"{inputs}->{spell(present)}", [g, *(x for _, x in others)])
    # what is summed over in this operand alone gets the same for each element
    for place, name in enumerate(wanted):
        if name not in given:
            made = t.unsqueeze(made, place)
    own, shape = spelled[position], tensors[position].shape
    if len(wanted) < len(own):
        return _on_diagonals(t, made, wanted, own, shape, spell)
    fixed = set(result).union(*(
        [name for name, n in zip(s, x.shape, strict=True) if n != 1] for s, x in others
    ))  # fmt: skip
    if fixed.issuperset(wanted):
        return made
    sizes = [-1 if name in fixed else shape[d] for d, name in enumerate(wanted)]
    return t.expand(made, sizes)


def _on_diagonals(t, made, wanted, own, shape, spell):
    """Spread over an operand of which a subscript takes several dims: its diagonal."""
    factors, subscripts, result = [made], [spell(wanted)], []
    spare = iter(letter for letter in ascii_letters if letter not in spell(wanted))
    seen = set()
    for d, name in enumerate(own):
        if name not in seen:
            seen.add(name)
            result.append(spell([name]))
            continue
        letter = next(spare)
        factors.append(t.eye(shape[d], dtype=made.dtype))
        subscripts.append(spell([name]) + letter)
        result.append(letter)
    return t.einsum(f"{','.join(subscripts)}->{''.join(result)}", factors)


@op("aten::einsum(str equation, Tensor[] tensors, *, int[]? path=None) -> Tensor")
class einsum(Shaped):
    """Sums of products, as an equation of subscripts such as "ij,jk->ik" says."""

    saves = ("tensors",)
    unknown = ("path",)

    def kernel(equation, tensors, path):
        einsum.dtypes(equation, [dtype_of(x.dtype) for x in tensors])
        return E.einsum(equation, tensors)

    def dtypes(equation, tensors, *rest):
        known = {d for d in tensors if d is not None}
        if len(known) > 1:
            first, second = list(dict.fromkeys(d for d in tensors if d))[:2]
            raise RuntimeError(
                f"expected scalar type {first.title} but found {second.title}"
            )
        return tensors[0] if tensors else None

    def sizes(equation, tensors, path):
        return E.einsum_sizes(equation, tensors)

    samples = [
        case("ij,jk->ik", [f32[2, 3], f32[3, 4]]),
        case("bij, bjk", [f32[2, 2, 3], f32[2, 3, 1]]),
        case("ii->i", [i64[3, 3]]),
        case("...i,i->...", [f64[2, 0, 3], f64[3]]),
        case("ij->", [f32[2, 3]]),
        case("i,j", [f32[2], f32[3]]),
        case("ij,jk->ik", [f32[2, 1], f32[3, 4]]),
    ]

    def grad(t, g, out, equation, tensors, path):
        return (
            None,
            lambda: [
                _einsum_slope(t, g, equation, tensors, i) for i in range(len(tensors))
            ],
        )


def _in_order(t, x, dims):
    """`x`, whose dims are `dims` of the result, with them in order."""
    return t.permute(x, [dims.index(d) for d in range(len(dims))])


def _stretched(t, x, dims, other, others):
    """`x` with its dims of one element expanded to those that they meet."""
    sizes = list(x.shape)
    for i, j in zip(dims, others, strict=True):
        if isinstance(sizes[i], int) and sizes[i] == 1:
            sizes[i] = other.shape[j]
    return x if sizes == list(x.shape) else t.expand(x, sizes)


@op(
    "aten::tensordot(Tensor self, Tensor other, int[] dims_self, int[] dims_other)"
    " -> Tensor"
)
class tensordot(Product):
    """The sums of products over pairs of dims."""

    saves = ("self", "other")

    def kernel(a, b, left, right):
        tensordot.sizes(a.shape, b.shape, left, right)
        P.check_same_dtype(a, b)
        for i, j in zip(left, right, strict=True):
            # a dim of one element stands for as many as the other has
            if a.shape[i] == 1:
                b = b.sum(j, keepdims=True, dtype=b.dtype)
            elif b.shape[j] == 1:
                a = a.sum(i, keepdims=True, dtype=a.dtype)
        wide = np.tensordot(P.widened(a), P.widened(b), (left, right))
        return np.asarray(wide).astype(a.dtype, copy=False)

    def sizes(a, b, left, right):
        if len(left) != len(right):
            raise RuntimeError(
                "both dimension lists should have same length, got"
                f" {S.shown(left)} and {S.shown(right)}"
            )
        taken_a = [S.wrap_dim(d, len(a)) for d in left]
        taken_b = [S.wrap_dim(d, len(b)) for d in right]
        for i, j, p, q in zip(taken_a, taken_b, left, right, strict=True):
            known = None not in (a[i], b[j])
            if known and a[i] != b[j] and 1 not in (a[i], b[j]):
                raise RuntimeError(
                    "contracted dimensions need to match, but first has size"
                    f" {a[i]} in dim {p} and second has size {b[j]} in dim {q}"
                )
        rest_a = [n for d, n in enumerate(a) if d not in taken_a]
        rest_b = [n for d, n in enumerate(b) if d not in taken_b]
        return (*rest_a, *rest_b)

    samples = [
        case(f32[2, 3, 4], f32[3, 4, 5], [1, 2], [0, 1]),
        case(f32[2], f32[3], [], []),
        case(f32[2, 3], f32[2, 3], [0, 1], [0, 1]),
        case(f64[2, 1], f64[1, 4], [0, 1], [0, 1]),
    ]

    def grad(t, g, out, a, b, left, right):
        left, right = [d % a.ndim for d in left], [d % b.ndim for d in right]
        a, b = _stretched(t, a, left, b, right), _stretched(t, b, right, a, left)
        rest_a = [d for d in range(a.ndim) if d not in left]
        rest_b = [d for d in range(b.ndim) if d not in right]
        count = len(rest_a)

        def of_left():
            made = t.tensordot(g, b, list(range(count, g.ndim)), rest_b)
            return _in_order(
                t, made, rest_a + [x for _, x in sorted(zip(right, left, strict=True))]
            )

        def of_right():
            made = t.tensordot(g, a, list(range(count)), rest_a)
            return _in_order(
                t, made, rest_b + [x for _, x in sorted(zip(left, right, strict=True))]
            )

        return of_left, of_right


@op("aten::kron(Tensor self, Tensor other) -> Tensor")
class kron(Shaped):
    """The Kronecker product: `other` times each element of `self`, side by side."""

    saves = ("self", "other")

    def kernel(a, b):
        return in_one_dtype(np.kron, a, b)

    def dtypes(a, b):
        return None if a is None or b is None else promote_dtypes(a, b)

    def sizes(a, b):
        rank = max(len(a), len(b))
        left, right = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
        return tuple(S.product(pair) for pair in zip(left, right, strict=True))

    samples = [case(f32[2, 3], f32[1, 4]), case(i64[2], i64[2, 2])]

    def grad(t, g, out, a, b):
        rank = max(a.ndim, b.ndim)
        left = [1] * (rank - a.ndim) + list(a.shape)
        right = [1] * (rank - b.ndim) + list(b.shape)
        pairs = [n for pair in zip(left, right, strict=True) for n in pair]
        parts = t.reshape(g, pairs)
        outer, inner = list(range(0, 2 * rank, 2)), list(range(1, 2 * rank, 2))

        def slope(other, sizes, dims, shape):
            other = t.reshape(other, [n for size in sizes for n in size])
            made = parts * other
            made = t.sum(made, dims) if dims else made
            return t.reshape(made, list(shape))

        return (
            lambda: slope(b, [(1, n) for n in right], inner, a.shape),
            lambda: slope(a, [(n, 1) for n in left], outer, b.shape),
        )
