"""Operators that make tensors: filled, counted, like others, from numbers."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import UNKNOWN
from jit.ir.dtypes import DType, dtype_coded
from jit.runtime.device import require_cpu
from jit.runtime.kernels import sizes as S
from jit.runtime.ops import facts as F
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped
from jit.runtime.promotion import (
    default_complex_dtype,
    dtype_of_number,
    get_default_dtype,
)

OPTIONS = (
    "ScalarType? dtype=None, Layout? layout=None, Device? device=None,"
    " bool? pin_memory=None"
)
"""The last arguments of every function that makes a tensor."""

LIKE = OPTIONS + ", MemoryFormat? memory_format=None"


def check_place(device, pin_memory):
    """Raise for memory other than that of the CPU."""
    require_cpu(device)
    if pin_memory:
        raise RuntimeError("pin_memory=True needs an accelerator, and there is none")


def given_dtype(dtype):
    """A dtype given as such, or as TorchScript's number."""
    return dtype_coded(dtype) if isinstance(dtype, int) else dtype


def known_dtype(dtype, default):
    """The dtype of a result from the fact about `dtype`; `default` where it is None."""
    if dtype is None:
        return default
    return given_dtype(dtype) if isinstance(dtype, DType | int) else None


def number_dtype(fact):
    """The dtype of a tensor made from a number, from a fact about it; None if unsure."""
    if isinstance(fact, T.Type):
        known = {
            T.BOOL: dtypes.bool_,
            T.INT: dtypes.int64,
            T.FLOAT: get_default_dtype(),
            T.COMPLEX: default_complex_dtype(),
        }
        return known.get(fact)
    return dtype_of_number(fact) if F.is_known(fact) else None


def check_sizes(name, size):
    """The sizes of a new tensor; RuntimeError if one is negative."""
    if any(n is not None and n < 0 for n in size):
        if name is None:
            worst = next(n for n in size if n is not None and n < 0)
            raise RuntimeError(
                "Trying to create tensor with negative dimension"
                f" {worst}: {S.shown(size)}"
            )
        raise RuntimeError(f"{name}: Dimension size must be non-negative.")
    return tuple(size)


class Creation(Shaped):
    """A new tensor. Calls on devices other than the CPU raise."""


def _filled(name, value):
    """Kernel, size rule and dtype rule of `zeros` and `ones`."""

    def kernel(size, dtype, layout, device, pin_memory, *memory_format):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or get_default_dtype()
        return np.full(check_sizes(name, size), value, dtype.numpy)

    def sizes(size, *rest):
        return check_sizes(name, size)

    def dtype(size, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    return kernel, sizes, dtype


@op(f"aten::zeros(SymInt[] size, *, {OPTIONS}) -> Tensor")
class zeros(Creation):
    """Zeros."""

    kernel, sizes, dtypes = _filled("zeros", 0)

    samples = [case([2, 3]), case([]), case([0]), case([1], dtype=i64)]


@op(f"aten::ones(SymInt[] size, *, {OPTIONS}) -> Tensor")
class ones(Creation):
    """Ones."""

    kernel, sizes, dtypes = _filled(None, 1)

    samples = zeros.samples


@op(
    f"aten::empty.memory_format(SymInt[] size, *, {OPTIONS},"
    " MemoryFormat? memory_format=None) -> Tensor"
)
class empty(Creation):
    """A tensor to be filled; it holds zeros, so that every run gives the same."""

    kernel, sizes, dtypes = _filled("empty", 0)

    samples = zeros.samples


@op(f"aten::full(SymInt[] size, Scalar fill_value, *, {OPTIONS}) -> Tensor")
class full(Creation):
    """One number everywhere; its type gives the dtype."""

    unknown = ("fill_value",)

    def kernel(size, value, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or dtype_of_number(value)
        return np.full(check_sizes("full", size), value).astype(dtype.numpy)

    def sizes(size, *rest):
        return check_sizes("full", size)

    def dtypes(size, value, dtype, *rest):
        return known_dtype(dtype, number_dtype(value))

    samples = [
        case([2, 3], 1.5),
        case([2], 7),
        case([], True),
        case([0], 1, dtype=f64),
    ]


def _like(value):
    """Kernel, size rule and dtype rule of `zeros_like` and its sisters."""

    def kernel(x, dtype, layout, device, pin_memory, memory_format):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype)
        return np.full_like(x, value, dtype=dtype and dtype.numpy)

    def sizes(x, *rest):
        return x

    def dtype(x, dtype, *rest):
        return known_dtype(dtype, x)

    return kernel, sizes, dtype


@op(f"aten::zeros_like(Tensor self, *, {LIKE}) -> Tensor")
class zeros_like(Creation):
    """Zeros with the sizes and the dtype of a tensor."""

    detached = True
    kernel, sizes, dtypes = _like(0)

    samples = [f32[2, 3], f32[()], case(i64[0], dtype=f64)]


@op(f"aten::ones_like(Tensor self, *, {LIKE}) -> Tensor")
class ones_like(Creation):
    """Ones with the sizes and the dtype of a tensor."""

    detached = True
    kernel, sizes, dtypes = _like(1)

    samples = zeros_like.samples


@op(f"aten::empty_like(Tensor self, *, {LIKE}) -> Tensor")
class empty_like(Creation):
    """A tensor to be filled, of the sizes and the dtype of another; it holds zeros."""

    detached = True
    kernel, sizes, dtypes = _like(0)

    samples = zeros_like.samples


@op(f"aten::full_like(Tensor self, Scalar fill_value, *, {LIKE}) -> Tensor")
class full_like(Creation):
    """One number everywhere, with the sizes and the dtype of a tensor."""

    detached = True
    unknown = ("fill_value",)

    def kernel(x, value, dtype, layout, device, pin_memory, memory_format):
        check_place(device, pin_memory)
        wanted = given_dtype(dtype).numpy if dtype is not None else x.dtype
        return np.full_like(x, np.asarray(value).astype(wanted), dtype=wanted)

    def sizes(x, *rest):
        return x

    def dtypes(x, value, dtype, *rest):
        return known_dtype(dtype, x)

    samples = [case(f32[2, 3], 2), case(i64[()], 2.5), case(i64[0], 2, dtype=f64)]


def _new(value):
    """Kernel, size rule and dtype rule of `new_zeros` and its sisters."""

    def kernel(x, size, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        wanted = given_dtype(dtype).numpy if dtype is not None else x.dtype
        return np.full(check_sizes(None, size), value, wanted)

    def sizes(x, size, *rest):
        return check_sizes(None, size)

    def dtype(x, size, dtype, *rest):
        return known_dtype(dtype, x)

    return kernel, sizes, dtype


@op(f"aten::new_zeros(Tensor self, SymInt[] size, *, {OPTIONS}) -> Tensor")
class new_zeros(Creation):
    """Zeros with the dtype of a tensor."""

    detached = True
    kernel, sizes, dtypes = _new(0)

    samples = [case(f64[2], [2, 3]), case(f32[()], [], dtype=i64), case(i64[1], [0])]


@op(f"aten::new_ones(Tensor self, SymInt[] size, *, {OPTIONS}) -> Tensor")
class new_ones(Creation):
    """Ones with the dtype of a tensor."""

    detached = True
    kernel, sizes, dtypes = _new(1)

    samples = new_zeros.samples


@op(f"aten::new_empty(Tensor self, SymInt[] size, *, {OPTIONS}) -> Tensor")
class new_empty(Creation):
    """A tensor to be filled, with the dtype of another; it holds zeros."""

    detached = True
    kernel, sizes, dtypes = _new(0)

    samples = new_zeros.samples


@op(
    "aten::new_full(Tensor self, SymInt[] size, Scalar fill_value, *,"
    f" {OPTIONS}) -> Tensor"
)
class new_full(Creation):
    """One number everywhere, with the dtype of a tensor."""

    detached = True
    unknown = ("fill_value",)

    def kernel(x, size, value, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        wanted = given_dtype(dtype).numpy if dtype is not None else x.dtype
        return np.full(check_sizes(None, size), value).astype(wanted)

    def sizes(x, size, *rest):
        return check_sizes(None, size)

    def dtypes(x, size, value, dtype, *rest):
        return known_dtype(dtype, x)

    samples = [case(f64[2], [2, 3], 7), case(i64[()], [], 2.5), case(i64[1], [0], 1)]


@op(f"aten::scalar_tensor(Scalar s, *, {OPTIONS}) -> Tensor")
class scalar_tensor(Creation):
    """A number as a 0-dim tensor of the default floating dtype."""

    unknown = ("s",)

    def kernel(s, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or get_default_dtype()
        return np.asarray(s).astype(dtype.numpy)

    def sizes(*rest):
        return ()

    def dtypes(s, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    samples = [case(2), case(2.5, dtype=f64)]


@op("aten::one_hot(Tensor self, int num_classes=-1) -> Tensor")
class one_hot(Creation):
    """Each class number as a row of zeros with a single one."""

    fails = VALUES
    unknown = ("num_classes",)

    def kernel(x, num_classes):
        if x.dtype != np.int64:
            raise RuntimeError(
                "one_hot is only applicable to index tensor of type LongTensor."
            )
        if x.size and x.min() < 0:
            raise RuntimeError("Class values must be non-negative.")
        if num_classes == -1:
            if not x.size:
                raise RuntimeError(
                    "Can not infer total number of classes from empty tensor."
                )
            num_classes = int(x.max()) + 1
        elif num_classes < 1:
            raise RuntimeError("num_classes should be positive")
        elif x.size and x.max() >= num_classes:
            raise RuntimeError("Class values must be smaller than num_classes.")
        return (x[..., None] == np.arange(num_classes)).astype(np.int64)

    def sizes(x, num_classes):
        known = num_classes is not UNKNOWN and num_classes != -1
        return (*x, num_classes if known else None)

    samples = [case(i64.of([0, 2, 1])), case(i64.of([[1]]), 3), case(i64[0], 2)]


def _check_literal(device, requires_grad):
    check_place(device, False)
    if requires_grad:
        raise RuntimeError(
            "torch.tensor(requires_grad=True) is not supported in compiled programs:"
            " call .requires_grad_() on the tensor outside"
        )


@op(
    "aten::tensor.bool(bool t, *, ScalarType? dtype=None, Device? device=None,"
    " bool requires_grad=False) -> Tensor",
    "aten::tensor.float(float t, *, ScalarType? dtype=None, Device? device=None,"
    " bool requires_grad=False) -> Tensor",
    "aten::tensor.int(int t, *, ScalarType? dtype=None, Device? device=None,"
    " bool requires_grad=False) -> Tensor",
    "aten::tensor.complex(complex t, *, ScalarType? dtype=None, Device? device=None,"
    " bool requires_grad=False) -> Tensor",
)
class tensor_number(Creation):
    """A number as a 0-dim tensor of the dtype that goes with its type."""

    unknown = ("t",)

    def kernel(t, dtype, device, requires_grad):
        _check_literal(device, requires_grad)
        dtype = given_dtype(dtype) or dtype_of_number(t)
        return np.asarray(t).astype(dtype.numpy)

    def sizes(*rest):
        return ()

    def dtypes(t, dtype, *rest):
        return known_dtype(dtype, number_dtype(t))

    samples = [case(True), case(True, dtype=f32)]


@op(
    "aten::as_tensor.bool(bool t, *, ScalarType? dtype=None, Device? device=None)"
    " -> Tensor",
    "aten::as_tensor.float(float t, *, ScalarType? dtype=None, Device? device=None)"
    " -> Tensor",
    "aten::as_tensor.int(int t, *, ScalarType? dtype=None, Device? device=None)"
    " -> Tensor",
    "aten::as_tensor.complex(complex t, *, ScalarType? dtype=None,"
    " Device? device=None) -> Tensor",
)
class as_tensor_number(Creation):
    """A number as a 0-dim tensor of the dtype that goes with its type."""

    unknown = ("t",)

    def kernel(t, dtype, device):
        return tensor_number.kernel(t, dtype, device, False)

    def sizes(*rest):
        return ()

    def dtypes(t, dtype, *rest):
        return known_dtype(dtype, number_dtype(t))

    samples = tensor_number.samples


def _literal(data, dtype):
    from jit.runtime.creation import make_tensor

    return make_tensor(data, given_dtype(dtype)).array


def _literal_type(data, dtype):
    """The type of a tensor made from a list, from a fact about the list."""
    if isinstance(data, list) and F.is_known(data):
        made = _literal(data, None)
        return T.TensorType(known_dtype(dtype, dtypes.dtype_of(made.dtype)), made.shape)
    element, sizes = data, None
    if isinstance(data, T.ListType):
        # a list of lists may be empty and then has one dim only
        element = data.element
        sizes = None if isinstance(element, T.ListType) else (None,)
        while isinstance(element, T.ListType):
            element = element.element
    # an empty list of ints makes a tensor of floats
    known = number_dtype(element) if element == T.FLOAT else None
    return T.TensorType(known_dtype(dtype, known), sizes)


@op(
    "aten::tensor(t[] data, *, ScalarType? dtype=None, Device? device=None,"
    " bool requires_grad=False) -> Tensor"
)
class tensor(Creation):
    """The numbers of nested lists, all of one length at each depth."""

    fails = VALUES

    def kernel(data, dtype, device, requires_grad):
        _check_literal(device, requires_grad)
        return _literal(data, dtype)

    def infer(data, dtype, device, requires_grad):
        return _literal_type(data, dtype)

    samples = [case([1, 2]), case([[1.5], [2.5]]), case([True], dtype=f64), case([])]


@op(
    "aten::as_tensor.list(t[] data, *, ScalarType? dtype=None, Device? device=None)"
    " -> Tensor"
)
class as_tensor(Creation):
    """The numbers of nested lists, all of one length at each depth."""

    fails = VALUES

    def kernel(data, dtype, device):
        return tensor.kernel(data, dtype, device, False)

    def infer(data, dtype, device):
        return _literal_type(data, dtype)

    samples = tensor.samples
