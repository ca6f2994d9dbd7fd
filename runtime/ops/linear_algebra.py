"""Products of vectors and matrices."""

from __future__ import annotations

from string import ascii_letters

import numpy as np

from jit.ir.dtypes import FLOATING, DType, dtype_of, int64, promote_dtypes
from jit.runtime.kernels import einsum as E
from jit.runtime.kernels import products as P
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.refusals import refuse_bool
from jit.runtime.ops.samples import bf16, c64, case, f16, f32, f64, i64
from jit.runtime.ops.shaped import Shaped


class Product(Shaped):
    """The operands have one dtype, which the result has too."""

    def dtypes(a, b, *rest):
        P.check_product_dtypes(a, b)
        return a or b


def _turned(t, x):
    """The last two dims swapped."""
    return t.transpose(x, -2, -1)


def _matmul_left(t, g, a, b):
    """The gradient of `matmul` to its first operand."""
    if b.ndim == 1:
        return g * b if a.ndim == 1 else t.unsqueeze(g, -1) * b
    if a.ndim == 1:
        return t.squeeze(t.matmul(t.unsqueeze(g, -2), _turned(t, b)), -2)
    # `linear` makes one product of a batch
    return t.linear(g, b) if b.ndim == 2 else t.matmul(g, _turned(t, b))


def _matmul_right(t, g, a, b):
    """The gradient of `matmul` to its second operand."""
    if a.ndim == 1:
        if b.ndim == 1:
            return g * a
        return t.unsqueeze(a, -1) * t.unsqueeze(g, -2)
    if b.ndim == 1:
        return t.squeeze(t.matmul(_turned(t, a), t.unsqueeze(g, -1)), -1)
    if b.ndim == 2 and a.ndim > 2:
        return t.matmul(t.t(t.flatten(a, 0, -2)), t.flatten(g, 0, -2))
    return t.matmul(_turned(t, a), g)


@op("aten::matmul(Tensor self, Tensor other) -> Tensor")
class matmul(Product):
    """The matrix product; vectors count as one row or column, leading dims as batches."""

    saves = ("self", "other")

    def kernel(a, b):
        return P.matmul(a, b)

    def sizes(a, b):
        return S.matmul(a, b)

    samples = [
        case(f32[2, 3], f32[3, 4]),
        case(f32[3], f32[3]),
        case(f32[2, 3], f32[3]),
        case(f32[3], f32[3, 2]),
        case(f64[5, 2, 3], f64[3, 4]),
        case(i64[2, 1, 2, 3], i64[4, 3, 1]),
        case(f32[2, 0], f32[0, 3]),
        case(f16[2, 3], f16[3, 4]),
        case(bf16[2, 3], bf16[3, 4]),
        case(c64[2, 2], c64[2, 2]),
    ]

    def grad(t, g, out, a, b):
        return lambda: _matmul_left(t, g, a, b), lambda: _matmul_right(t, g, a, b)


def _check_matrices(a, b):
    if len(a) != 2:
        raise RuntimeError("self must be a matrix")
    if len(b) != 2:
        raise RuntimeError("mat2 must be a matrix")
    return S.matmul(a, b)


@op("aten::mm(Tensor self, Tensor mat2) -> Tensor")
class mm(Product):
    """The product of two matrices."""

    saves = ("self", "mat2")

    def kernel(a, b):
        _check_matrices(a.shape, b.shape)
        return P.matmul(a, b)

    def sizes(a, b):
        return _check_matrices(a, b)

    samples = [case(f32[2, 3], f32[3, 4]), case(i64[1, 1], i64[1, 2]),
               case(f32[0, 3], f32[3, 2])]  # fmt: skip

    def grad(t, g, out, a, b):
        return lambda: t.mm(g, t.t(b)), lambda: t.mm(t.t(a), g)


def _check_batches(a, b):
    for name, x in (("batch1", a), ("batch2", b)):
        if len(x) != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    known = None not in (a[0], a[2], b[0], b[1])
    if known and (a[0], a[2]) != (b[0], b[1]):
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be:"
            f" {S.shown((a[0], a[2]))} but got: {S.shown(b[:2])}."
        )
    return (a[0], a[1], b[2])


@op("aten::bmm(Tensor self, Tensor mat2) -> Tensor")
class bmm(Product):
    """The products of matrices, one for each place along dim 0."""

    saves = ("self", "mat2")

    def kernel(a, b):
        _check_batches(a.shape, b.shape)
        return P.matmul(a, b)

    def sizes(a, b):
        return _check_batches(a, b)

    samples = [case(f32[2, 2, 3], f32[2, 3, 4]), case(f64[1, 1, 1], f64[1, 1, 1]),
               case(f32[0, 2, 3], f32[0, 3, 1])]  # fmt: skip

    def grad(t, g, out, a, b):
        return lambda: t.bmm(g, _turned(t, b)), lambda: t.bmm(_turned(t, a), g)


def _check_vector(a, b):
    if len(a) != 2 or len(b) != 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got 1, {len(a)}, {len(b)}"
        )
    return S.matmul(a, b)


@op("aten::mv(Tensor self, Tensor vec) -> Tensor")
class mv(Product):
    """The product of a matrix and a vector."""

    saves = ("self", "vec")

    def kernel(a, b):
        _check_vector(a.shape, b.shape)
        return P.matmul(a, b)

    def sizes(a, b):
        return _check_vector(a, b)

    samples = [case(f32[2, 3], f32[3]), case(i64[1, 0], i64[0])]

    def grad(t, g, out, a, b):
        return lambda: t.outer(g, b), lambda: t.mv(t.t(a), g)


def _check_vectors(a, b):
    if len(a) != 1 or len(b) != 1:
        raise RuntimeError(
            f"1D tensors expected, but got {len(a)}D and {len(b)}D tensors"
        )
    return S.matmul(a, b)


class VectorProduct(Shaped):
    """The operands are vectors of one dtype."""

    def dtypes(a, b):
        P.check_product_dtypes(a, b, 1, 1)
        return a or b


@op("aten::dot(Tensor self, Tensor tensor) -> Tensor")
class dot(VectorProduct):
    """The sum of the products of two vectors' elements."""

    saves = ("self", "tensor")

    def kernel(a, b):
        _check_vectors(a.shape, b.shape)
        return P.matmul(a, b)

    def sizes(a, b):
        return _check_vectors(a, b)

    samples = [case(f32[3], f32[3]), case(i64[0], i64[0]), case(c64[2], c64[2])]

    def grad(t, g, out, a, b):
        return lambda: g * b, lambda: g * a


@op("aten::vdot(Tensor self, Tensor other) -> Tensor")
class vdot(VectorProduct):
    """As `dot`, with the first vector conjugated."""

    saves = ("self", "other")

    def kernel(a, b):
        _check_vectors(a.shape, b.shape)
        return P.matmul(a.conj(), b)

    def sizes(a, b):
        return _check_vectors(a, b)

    samples = dot.samples

    def grad(t, g, out, a, b):
        return lambda: g * b, lambda: g * a


@op("aten::inner(Tensor self, Tensor other) -> Tensor")
class inner(Product):
    """The sums of products along the last dims of both."""

    saves = ("self", "other")

    def kernel(a, b):
        inner.sizes(a.shape, b.shape)
        P.check_same_dtype(a, b)
        if not a.ndim or not b.ndim:
            return a * b
        wide = np.inner(P.widened(a), P.widened(b))
        return wide.astype(a.dtype, copy=False)

    def sizes(a, b):
        if not a or not b:
            return a or b
        if None not in (a[-1], b[-1]) and a[-1] != b[-1]:
            raise RuntimeError(
                "inner() the last dimension must match on both input tensors but got"
                f" shapes {S.shown(a)} and {S.shown(b)}"
            )
        return (*a[:-1], *b[:-1])

    samples = [case(f32[3], f32[3]), case(f32[2, 3], f32[4, 3]), case(f32[()], f32[2])]

    def grad(t, g, out, a, b):
        if not a.ndim or not b.ndim:
            return lambda: g * b, lambda: g * a
        rest = [list(range(a.ndim - 1)), list(range(a.ndim - 1, g.ndim))]
        return (
            lambda: t.tensordot(g, b, rest[1], list(range(b.ndim - 1))),
            lambda: t.tensordot(g, a, rest[0], list(range(a.ndim - 1))),
        )


@op(
    "aten::outer(Tensor self, Tensor vec2) -> Tensor",
    "aten::ger(Tensor self, Tensor vec2) -> Tensor",
)
class outer(Shaped):
    """All products of the elements of two vectors."""

    saves = ("self", "vec2")

    def kernel(a, b):
        outer.sizes(a.shape, b.shape)
        return _scaled(np.multiply.outer, a, b)

    def dtypes(a, b):
        return None if a is None or b is None else promote_dtypes(a, b)

    def sizes(a, b):
        for name, x in (("self", a), ("vec2", b)):
            if len(x) != 1:
                raise RuntimeError(
                    f"outer: Expected 1-D argument {name}, but got {len(x)}-D"
                )
        return (a[0], b[0])

    samples = [case(f32[2], f32[3]), case(i64[2], f32[0]), case(f32[1], f64[1])]

    def grad(t, g, out, a, b):
        return lambda: t.sum(g * b, [1]), lambda: t.sum(g * t.unsqueeze(a, 1), [0])


def _scaled(function, a, b):
    """A product of arrays of any dtypes, in the dtype that they promote to."""
    wanted = promote_dtypes(dtype_of(a.dtype), dtype_of(b.dtype)).numpy
    return function(a.astype(wanted), b.astype(wanted))


def _number(value, dtype):
    """`alpha` or `beta` in the dtype of a product; integers are truncated."""
    return np.asarray(value).astype(dtype)


def _added(x, product, beta, alpha):
    """`beta * x + alpha * product`; with beta 0, nan and inf in `x` do not count."""
    wide = P.widened(product)
    if alpha != 1:
        wide = wide * _number(alpha, wide.dtype)
    if beta != 0:
        scaled = P.widened(x)
        if beta != 1:
            scaled = scaled * _number(beta, wide.dtype)
        wide = scaled + wide
    return wide.astype(product.dtype, copy=False)


class AddedProduct(Shaped):
    """`beta * self` plus `alpha` times a product."""

    def dtypes(x, a, b, *rest):
        P.check_product_dtypes(a, b)
        made = a or b
        if x is not None and made is not None and x is not made:
            raise RuntimeError(
                "self and mat2 must have the same dtype, but got"
                f" {x.title} and {made.title}"
            )
        return made or x


def _scaled_by(x, factor):
    """`factor * x`; the usual factor 1 costs nothing."""
    return x if isinstance(factor, int | float) and factor == 1 else x * factor


def _add_to_product(card, x, product, beta, alpha):
    card.dtypes(dtype_of(x.dtype), dtype_of(product.dtype), None)
    S.expand(x.shape, product.shape)
    return _added(x, product, beta, alpha)


def _sum_sizes(x, product):
    S.expand(x, product)
    return product


@op(
    "aten::addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1,"
    " Scalar alpha=1) -> Tensor"
)
class addmm(AddedProduct):
    """A matrix plus the product of two matrices, with factors."""

    saves = ("mat1", "mat2")
    unknown = ("beta", "alpha")

    def kernel(x, a, b, beta, alpha):
        return _add_to_product(addmm, x, mm.kernel(a, b), beta, alpha)

    def sizes(x, a, b, beta, alpha):
        return _sum_sizes(x, _check_matrices(a, b))

    samples = [
        case(f32[4], f32[2, 3], f32[3, 4]),
        case(f32[2, 4], f32[2, 3], f32[3, 4], beta=0.5, alpha=2),
        case(i64[()], i64[2, 1], i64[1, 2], alpha=2),
    ]

    def grad(t, g, out, x, a, b, beta, alpha):
        return (
            lambda: _scaled_by(g, beta),
            lambda: _scaled_by(t.mm(g, t.t(b)), alpha),
            lambda: _scaled_by(t.mm(t.t(a), g), alpha),
        )


@op(
    "aten::addmv(Tensor self, Tensor mat, Tensor vec, *, Scalar beta=1,"
    " Scalar alpha=1) -> Tensor"
)
class addmv(AddedProduct):
    """A vector plus the product of a matrix and a vector, with factors."""

    saves = ("mat", "vec")
    unknown = ("beta", "alpha")

    def kernel(x, a, b, beta, alpha):
        return _add_to_product(addmv, x, mv.kernel(a, b), beta, alpha)

    def sizes(x, a, b, beta, alpha):
        return _sum_sizes(x, _check_vector(a, b))

    samples = [case(f32[2], f32[2, 3], f32[3], beta=2)]

    def grad(t, g, out, x, a, b, beta, alpha):
        return (
            lambda: _scaled_by(g, beta),
            lambda: _scaled_by(t.outer(g, b), alpha),
            lambda: _scaled_by(t.mv(t.t(a), g), alpha),
        )


@op(
    "aten::addr(Tensor self, Tensor vec1, Tensor vec2, *, Scalar beta=1,"
    " Scalar alpha=1) -> Tensor"
)
class addr(AddedProduct):
    """A matrix plus all products of two vectors' elements, with factors."""

    saves = ("vec1", "vec2")
    unknown = ("beta", "alpha")

    def kernel(x, a, b, beta, alpha):
        return _add_to_product(addr, x, outer.kernel(a, b), beta, alpha)

    def sizes(x, a, b, beta, alpha):
        return _sum_sizes(x, outer.sizes(a, b))

    samples = [case(f32[2, 3], f32[2], f32[3], alpha=-1)]

    def grad(t, g, out, x, a, b, beta, alpha):
        return (
            lambda: _scaled_by(g, beta),
            lambda: _scaled_by(t.mv(g, b), alpha),
            lambda: _scaled_by(t.mv(t.t(g), a), alpha),
        )


@op(
    "aten::baddbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1,"
    " Scalar alpha=1) -> Tensor"
)
class baddbmm(AddedProduct):
    """Matrices plus the products of matrices along dim 0, with factors."""

    saves = ("batch1", "batch2")
    unknown = ("beta", "alpha")

    def kernel(x, a, b, beta, alpha):
        return _add_to_product(baddbmm, x, bmm.kernel(a, b), beta, alpha)

    def sizes(x, a, b, beta, alpha):
        return _sum_sizes(x, _check_batches(a, b))

    samples = [case(f32[2, 4], f32[3, 2, 3], f32[3, 3, 4], alpha=2)]

    def grad(t, g, out, x, a, b, beta, alpha):
        return (
            lambda: _scaled_by(g, beta),
            lambda: _scaled_by(t.bmm(g, _turned(t, b)), alpha),
            lambda: _scaled_by(t.bmm(_turned(t, a), g), alpha),
        )


@op(
    "aten::addbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1,"
    " Scalar alpha=1) -> Tensor"
)
class addbmm(AddedProduct):
    """A matrix plus the sum of the products of matrices along dim 0, with factors."""

    saves = ("batch1", "batch2")
    unknown = ("beta", "alpha")

    def kernel(x, a, b, beta, alpha):
        product = P.widened(bmm.kernel(a, b)).sum(0).astype(a.dtype)
        return _add_to_product(addbmm, x, product, beta, alpha)

    def sizes(x, a, b, beta, alpha):
        return _sum_sizes(x, _check_batches(a, b)[1:])

    samples = [case(f32[2, 4], f32[3, 2, 3], f32[3, 3, 4], beta=2)]

    def grad(t, g, out, x, a, b, beta, alpha):
        return (
            lambda: _scaled_by(g, beta),
            lambda: _scaled_by(t.matmul(g, _turned(t, b)), alpha),
            lambda: _scaled_by(t.matmul(_turned(t, a), g), alpha),
        )


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
        return _scaled(np.kron, a, b)

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


@op("aten::trace(Tensor self) -> Tensor")
class trace(Shaped):
    """The sum of the diagonal of a matrix."""

    def kernel(x):
        trace.sizes(x.shape)
        trace.dtypes(dtype_of(x.dtype))
        wide = P.widened(x).trace()
        return np.asarray(wide).astype(np.int64 if x.dtype.kind in "bui" else x.dtype)

    def dtypes(x):
        if x is not None and x.name == "bool":
            raise NotImplementedError("\"trace\" not implemented for 'Bool'")
        return None if x is None else int64 if x.category < FLOATING else x

    def sizes(x):
        if len(x) != 2:
            raise RuntimeError(
                f"trace: expected a matrix, but got tensor with dim {len(x)}"
            )
        return ()

    samples = [f32[3, 2], i64[2, 2], f32[0, 0]]

    def grad(t, g, out, x):
        rows, columns = x.shape
        return g * t.eye(rows, columns, dtype=g.dtype)


def _cross_dim(name, a, b, dim):
    if len(a) != len(b):
        raise RuntimeError(f"{name}: inputs must have the same number of dimensions.")
    shape = S.broadcast(a, b)
    if dim is None:
        dim = next((d for d, n in enumerate(shape) if n == 3), None)
        if dim is None:
            if None in shape:
                return None, shape
            raise RuntimeError("no dimension of size 3 in input")
        return dim, shape
    at = S.wrap_dim(dim, len(shape))
    if any(x[at] not in (None, 3) for x in (a, b)):
        raise RuntimeError(
            f"{name}: inputs dimension {dim} must have length 3. Got {a[at]} and {b[at]}"
        )
    return at, shape


def _dim_of_three(shape, dim):
    """The dim of a vector product: the first of three where none is given."""
    return list(shape).index(3) if dim is None else dim


def _cross(a, b, dim, shape):
    if a.dtype == b.dtype == np.bool_:
        raise NotImplementedError("\"cross\" not implemented for 'Bool'")
    if a.dtype == np.bool_ and b.dtype == np.bool_:
        raise NotImplementedError("\"cross\" not implemented for 'Bool'")
    a, b = np.broadcast_to(a, shape), np.broadcast_to(b, shape)
    return _scaled(lambda x, y: np.cross(x, y, axis=dim), a, b)


@op("aten::cross(Tensor self, Tensor other, int? dim=None) -> Tensor")
class cross(Shaped):
    """The vector product along a dim of three, the first such by default."""

    saves = ("self", "other")

    def kernel(a, b, dim):
        return _cross(a, b, *_cross_dim("linalg.cross", a.shape, b.shape, dim))

    def dtypes(a, b, dim):
        return None if a is None or b is None else promote_dtypes(a, b)

    def sizes(a, b, dim):
        return _cross_dim("linalg.cross", a, b, dim)[1]

    samples = [case(f32[2, 3], f32[2, 3]), case(f32[3, 2], f32[3, 1], 0)]

    def grad(t, g, out, a, b, dim):
        at = _dim_of_three(out.shape, dim)
        return (
            lambda: t.linalg_cross(t.expand_as(b, g), g, dim=at),
            lambda: t.linalg_cross(g, t.expand_as(a, g), dim=at),
        )


@op("aten::linalg_cross(Tensor self, Tensor other, *, int dim=-1) -> Tensor")
class linalg_cross(Shaped):
    """The vector product along a dim of three."""

    saves = ("self", "other")

    def kernel(a, b, dim):
        return _cross(a, b, *_cross_dim("linalg.cross", a.shape, b.shape, dim))

    def dtypes(a, b, dim):
        return None if a is None or b is None else promote_dtypes(a, b)

    def sizes(a, b, dim):
        return _cross_dim("linalg.cross", a, b, dim)[1]

    samples = [case(f32[2, 3], f32[2, 3]), case(i64[3], i64[3])]

    def grad(t, g, out, a, b, dim):
        at = _dim_of_three(out.shape, dim)
        return (
            lambda: t.linalg_cross(t.expand_as(b, g), g, dim=at),
            lambda: t.linalg_cross(g, t.expand_as(a, g), dim=at),
        )
