"""How derivatives on cards read for complex numbers.

The gradient of a real loss with respect to x + iy is that with respect to x, plus i times
that with respect to y. A derivative on a card is written as for real numbers, g * f'(x).
Where f is holomorphic that becomes g * conj(f'(x)), which is the conjugate of what the
card gives for the conjugate of g, and holds for several arguments and linear functions
too. Other functions of complex numbers have derivatives that say themselves what holds;
those that are in neither table have none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jit.ir.card import Card


def _kinds(names: str) -> frozenset[str]:
    return frozenset(f"aten::{n}" for n in names.split())


HOLOMORPHIC = _kinds(
    """
    acos acosh add addbmm addcdiv addcmul addmm addmv addr alias as_strided asin asinh
    atan atanh baddbmm bmm broadcast_tensors broadcast_to cat chunk clone concat
    concatenate constant_pad_nd contiguous copy_ cos cosh cumprod cumsum diag diag_embed
    diagonal div divide dot einsum exp exp2 expand expand_as expm1 fill_ flatten flip
    fliplr flipud gather ger index index_add index_copy index_fill index_put index_put_
    index_select inner inverse kron lerp linalg_inv linalg_inv_ex linalg_lu
    linalg_lu_factor linalg_lu_factor_ex linalg_matrix_exp linalg_matrix_power
    linalg_solve linalg_solve_ex linalg_solve_triangular linear log log10 log1p log2
    logdet lu_unpack mT masked_fill masked_fill_ masked_scatter masked_select matmul
    matrix_exp matrix_power mean mm moveaxis movedim mul multiply mv narrow neg negative
    numpy_T outer permute positive pow prod ravel reciprocal repeat reshape reshape_as
    roll rot90 rsqrt rsub scatter scatter_ scatter_add scatter_add_ select
    select_backward sigmoid sin sinc sinh slice slice_backward split split_with_sizes
    sqrt square squeeze stack sub subtract sum sum_to_size swapaxes swapdims t take
    take_along_dim tan tanh tensor_split tensordot tile to trace transpose tril triu
    triangular_solve true_divide unbind unflatten unfold unfold_backward unsqueeze view
    view_as where zero_
    """
)
"""Functions of complex numbers with a complex derivative, linear ones among them."""

OWN = _kinds(
    """
    _fft_c2c _fft_c2r _fft_r2c abs absolute adjoint angle complex conj conj_physical
    imag linalg_eig linalg_eigvals mH polar real resolve_conj resolve_neg sgn
    view_as_complex view_as_real
    """
)
"""Others, whose derivatives are written for complex numbers."""


def for_complex(card: type[Card]) -> Callable[..., Any]:
    """The derivative of an operator where some operand or result is complex.

    NotImplementedError if there is none.
    """
    grad = card.grad
    assert grad is not None
    kind = getattr(card, "alias_of", None) or card.schema.kind
    if kind in OWN:
        return grad
    if kind not in HOLOMORPHIC:
        raise NotImplementedError(
            f"the derivative of `{card.schema.name}` is not implemented for complex"
            " numbers"
        )

    def conjugated(t: Any, g: Any, out: Any, *arguments: Any) -> Any:
        found = grad(t, _conjugate(t, g), out, *arguments)
        return _conjugate(t, found if isinstance(found, tuple) else (found,))

    return conjugated


def _conjugate(t: Any, value: Any) -> Any:
    """The conjugate of a gradient, of each in a list, of one that is made on demand."""
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(_conjugate(t, v) for v in value)
    if isinstance(value, list):
        return [_conjugate(t, v) for v in value]
    if callable(value) and not hasattr(value, "dtype"):
        return lambda: _conjugate(t, value())
    dtype = value.dtype
    return (
        value if dtype is not None and not dtype.is_complex else t.conj_physical(value)
    )
