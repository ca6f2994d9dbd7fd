"""Dtypes that operators do not take, refused in the words of torch's kernels."""

from __future__ import annotations

from jit.ir import dtypes
from jit.ir.dtypes import DType


def not_implemented(name, dtype):
    """The error for a dtype that the kernel of this name has no code for."""
    return NotImplementedError(f"\"{name}\" not implemented for '{dtype.title}'")


def refuse_bool(name, dtype):
    """NotImplementedError for bools; a dtype that is not known passes."""
    if dtype is dtypes.bool_:
        raise not_implemented(name, dtype)


def refuse_integers(name, dtype):
    """NotImplementedError for all but floats; a dtype that is not known passes."""
    if isinstance(dtype, DType) and not dtype.is_floating_point:
        raise not_implemented(name, dtype)
