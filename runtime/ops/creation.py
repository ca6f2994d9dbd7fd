"""Operators that make tensors: filled, counted, like others, from numbers."""

from __future__ import annotations

import math

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

    kernel, sizes, dtypes = _like(0)

    samples = [f32[2, 3], f32[()], case(i64[0], dtype=f64)]


@op(f"aten::ones_like(Tensor self, *, {LIKE}) -> Tensor")
class ones_like(Creation):
    """Ones with the sizes and the dtype of a tensor."""

    kernel, sizes, dtypes = _like(1)

    samples = zeros_like.samples


@op(f"aten::empty_like(Tensor self, *, {LIKE}) -> Tensor")
class empty_like(Creation):
    """A tensor to be filled, of the sizes and the dtype of another; it holds zeros."""

    kernel, sizes, dtypes = _like(0)

    samples = zeros_like.samples


@op(f"aten::full_like(Tensor self, Scalar fill_value, *, {LIKE}) -> Tensor")
class full_like(Creation):
    """One number everywhere, with the sizes and the dtype of a tensor."""

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

    kernel, sizes, dtypes = _new(0)

    samples = [case(f64[2], [2, 3]), case(f32[()], [], dtype=i64), case(i64[1], [0])]


@op(f"aten::new_ones(Tensor self, SymInt[] size, *, {OPTIONS}) -> Tensor")
class new_ones(Creation):
    """Ones with the dtype of a tensor."""

    kernel, sizes, dtypes = _new(1)

    samples = new_zeros.samples


@op(f"aten::new_empty(Tensor self, SymInt[] size, *, {OPTIONS}) -> Tensor")
class new_empty(Creation):
    """A tensor to be filled, with the dtype of another; it holds zeros."""

    kernel, sizes, dtypes = _new(0)

    samples = new_zeros.samples


@op(
    "aten::new_full(Tensor self, SymInt[] size, Scalar fill_value, *,"
    f" {OPTIONS}) -> Tensor"
)
class new_full(Creation):
    """One number everywhere, with the dtype of a tensor."""

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


def _range_count(start, end, step):
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if any(isinstance(v, float) and not math.isfinite(v) for v in (start, end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if all(isinstance(v, int) for v in (start, end, step)):
        return len(range(start, end, step))
    return math.ceil((end - start) / step)


def _range_dtype(*numbers):
    found = [number_dtype(n) for n in numbers]
    if any(d is not None and d.is_floating_point for d in found):
        return get_default_dtype()
    return None if None in found else dtypes.int64


def _arange(start, end, step, dtype, device, pin_memory):
    check_place(device, pin_memory)
    dtype = given_dtype(dtype) or _range_dtype(start, end, step)
    if not dtype.is_floating_point:
        start, end, step = int(start), int(end), int(step)
    count = _range_count(start, end, step)
    places = np.arange(count, dtype=np.float64 if dtype.is_floating_point else np.int64)
    return (start + places * step).astype(dtype.numpy)


def _arange_sizes(start, end, step, dtype):
    if not F.is_known(start, end, step):
        return (None,)
    if dtype is UNKNOWN:
        return (None,)
    dtype = given_dtype(dtype) or _range_dtype(start, end, step)
    if not dtype.is_floating_point:
        start, end, step = int(start), int(end), int(step)
    return (_range_count(start, end, step),)


@op(f"aten::arange(Scalar end, *, {OPTIONS}) -> Tensor")
class arange(Creation):
    """The numbers from 0 to before `end`."""

    unknown = ("end", "dtype")

    def kernel(end, dtype, layout, device, pin_memory):
        return _arange(0, end, 1, dtype, device, pin_memory)

    def sizes(end, dtype, *rest):
        return _arange_sizes(0, end, 1, dtype)

    def dtypes(end, dtype, *rest):
        return known_dtype(dtype, _range_dtype(end))

    samples = [case(5), case(2.5), case(0), case(3, dtype=f64)]


@op(f"aten::arange.start(Scalar start, Scalar end, *, {OPTIONS}) -> Tensor")
class arange_start(Creation):
    """The numbers from `start` to before `end`."""

    unknown = ("start", "end", "dtype")

    def kernel(start, end, dtype, layout, device, pin_memory):
        return _arange(start, end, 1, dtype, device, pin_memory)

    def sizes(start, end, dtype, *rest):
        return _arange_sizes(start, end, 1, dtype)

    def dtypes(start, end, dtype, *rest):
        return known_dtype(dtype, _range_dtype(start, end))

    samples = [case(2, 5), case(-1.5, 2), case(3, 3)]


@op(
    "aten::arange.start_step(Scalar start, Scalar end, Scalar step=1, *,"
    f" {OPTIONS}) -> Tensor"
)
class arange_step(Creation):
    """The numbers from `start` to before `end`, `step` apart."""

    unknown = ("start", "end", "step", "dtype")

    def kernel(start, end, step, dtype, layout, device, pin_memory):
        return _arange(start, end, step, dtype, device, pin_memory)

    def sizes(start, end, step, dtype, *rest):
        return _arange_sizes(start, end, step, dtype)

    def dtypes(start, end, step, dtype, *rest):
        return known_dtype(dtype, _range_dtype(start, end, step))

    samples = [case(2, 9, 3), case(9, 2, -2), case(0, 1, 0.25), case(1, 1, 2)]


def _check_steps(steps):
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    return (steps,)


def _linspace(start, end, steps, dtype):
    """Evenly spaced from both ends, so that the last is exactly `end`."""
    wanted = dtype.numpy
    work = wanted if wanted.kind in "fc" and wanted.itemsize > 2 else np.float64
    if steps == 1:
        return np.full(1, start).astype(wanted)
    first, last = np.asarray(start, work), np.asarray(end, work)
    if not dtype.is_floating_point and not dtype.is_complex:
        first, last = np.trunc(first), np.trunc(last)
    step = (last - first) / np.asarray(max(steps - 1, 1), work)
    i = np.arange(steps, dtype=work)
    made = np.where(i < steps // 2, first + step * i, last - step * (steps - 1 - i))
    return made.astype(wanted)


@op(f"aten::linspace(Scalar start, Scalar end, int steps, *, {OPTIONS}) -> Tensor")
class linspace(Creation):
    """`steps` numbers from `start` to `end`, evenly spaced."""

    unknown = ("start", "end")

    def kernel(start, end, steps, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        _check_steps(steps)
        dtype = given_dtype(dtype) or get_default_dtype()
        return _linspace(start, end, steps, dtype)

    def sizes(start, end, steps, *rest):
        return _check_steps(steps)

    def dtypes(start, end, steps, dtype, *rest):
        if isinstance(start, complex) or isinstance(end, complex):
            return None
        return known_dtype(dtype, get_default_dtype())

    samples = [
        case(0, 1, 5),
        case(-1.5, 2, 4, dtype=f64),
        case(3, 7, 1),
        case(0, 1, 0),
        case(0, 9, 4, dtype=i64),
    ]


@op(
    "aten::logspace(Scalar start, Scalar end, int steps, float base=10., *,"
    f" {OPTIONS}) -> Tensor"
)
class logspace(Creation):
    """Powers of `base` with evenly spaced exponents."""

    unknown = ("start", "end", "base")

    def kernel(start, end, steps, base, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        _check_steps(steps)
        dtype = given_dtype(dtype) or get_default_dtype()
        exponents = _linspace(start, end, steps, dtypes.float64)
        return np.power(base, exponents).astype(dtype.numpy)

    def sizes(start, end, steps, *rest):
        return _check_steps(steps)

    def dtypes(start, end, steps, base, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    samples = [case(0, 2, 5), case(0, 3, 4, base=2.0, dtype=f64), case(1, 2, 0)]


def _check_eye(name, n):
    if n is not None and n is not UNKNOWN and n < 0:
        raise RuntimeError(f"{name} must be greater or equal to 0, got {n}")
    return None if n is UNKNOWN else n


@op(f"aten::eye(SymInt n, *, {OPTIONS}) -> Tensor")
class eye(Creation):
    """The identity matrix."""

    unknown = ("n",)

    def kernel(n, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or get_default_dtype()
        return np.eye(_check_eye("n", n), dtype=dtype.numpy)

    def sizes(n, *rest):
        return (_check_eye("n", n),) * 2

    def dtypes(n, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    samples = [case(3), case(0), case(1, dtype=i64)]


@op(f"aten::eye.m(SymInt n, SymInt m, *, {OPTIONS}) -> Tensor")
class eye_m(Creation):
    """The first rows and columns of an identity matrix."""

    unknown = ("n", "m")

    def kernel(n, m, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or get_default_dtype()
        return np.eye(_check_eye("n", n), _check_eye("m", m), dtype=dtype.numpy)

    def sizes(n, m, *rest):
        return (_check_eye("n", n), _check_eye("m", m))

    def dtypes(n, m, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    samples = [case(3, 2), case(0, 2), case(1, 4, dtype=i64)]


TRIANGLE = (
    "int row, int col, int offset=0, *, ScalarType? dtype=4, Layout? layout=None,"
    " Device? device=None, bool? pin_memory=None"
)


@op(f"aten::tril_indices({TRIANGLE}) -> Tensor")
class tril_indices(Creation):
    """The places on and below a diagonal of a matrix, row by row."""

    def kernel(row, col, offset, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or dtypes.int64
        return np.stack(np.tril_indices(row, offset, col)).astype(dtype.numpy)

    def sizes(row, col, offset, *rest):
        return (2, int(np.tri(row, col, offset, dtype=bool).sum()))

    def dtypes(row, col, offset, dtype, *rest):
        return known_dtype(dtype, dtypes.int64)

    samples = [case(3, 3), case(2, 4, -1), case(0, 2)]


@op(f"aten::triu_indices({TRIANGLE}) -> Tensor")
class triu_indices(Creation):
    """The places on and above a diagonal of a matrix, row by row."""

    def kernel(row, col, offset, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or dtypes.int64
        return np.stack(np.triu_indices(row, offset, col)).astype(dtype.numpy)

    def sizes(row, col, offset, *rest):
        return (2, row * col - int(np.tri(row, col, offset - 1, dtype=bool).sum()))

    def dtypes(row, col, offset, dtype, *rest):
        return known_dtype(dtype, dtypes.int64)

    samples = tril_indices.samples


def _grid_sizes(tensors, indexing):
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing not in ("xy", "ij"):
        raise RuntimeError(
            'torch.meshgrid: indexing must be one of "xy" or "ij", but received:'
            f" {indexing}"
        )
    shape = []
    for x in tensors:
        if len(x) > 1:
            raise RuntimeError(
                "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got:"
                f" {S.shown(x)}"
            )
        shape.append(x[0] if x else 1)
    if indexing == "xy" and len(shape) > 1:
        shape[0], shape[1] = shape[1], shape[0]
    return [tuple(shape)] * len(tensors)


class Grid(Creation):
    """One tensor for each axis of a grid."""

    def dtypes(tensors, *rest):
        if not isinstance(tensors, list | tuple) or not tensors:
            return None
        if len(set(tensors) - {None}) > 1:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
        return tensors[0]


@op("aten::meshgrid(Tensor[] tensors) -> Tensor[]")
class meshgrid(Grid):
    """The coordinates of the points of a grid, the first axis along dim 0."""

    def kernel(tensors):
        return meshgrid_indexing.kernel(tensors, "ij")

    def sizes(tensors):
        return _grid_sizes(tensors, "ij")

    samples = [case([f32[2], f32[3]]), case([f32[()]])]


@op("aten::meshgrid.indexing(Tensor[] tensors, *, str indexing) -> Tensor[]")
class meshgrid_indexing(Grid):
    """The coordinates of the points of a grid; "xy" exchanges the first two dims."""

    def kernel(tensors, indexing):
        _grid_sizes([x.shape for x in tensors], indexing)
        if len({x.dtype for x in tensors}) > 1:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
        flat = [x.reshape(-1) for x in tensors]
        return list(np.meshgrid(*flat, indexing=indexing))

    def sizes(tensors, indexing):
        return _grid_sizes(tensors, indexing)

    samples = [
        case([f32[2], f32[3], f32[1]], indexing="xy"),
        case([i64[2], i64[0]], indexing="ij"),
    ]


@op("aten::cartesian_prod(Tensor[] tensors) -> Tensor")
class cartesian_prod(Grid):
    """All combinations of the elements of vectors, one row each."""

    def kernel(tensors):
        cartesian_prod.sizes([x.shape for x in tensors])
        if len(tensors) == 1:
            return tensors[0].copy()
        return np.stack(np.meshgrid(*tensors, indexing="ij"), -1).reshape(
            -1, len(tensors)
        )

    def sizes(tensors):
        for x in tensors:
            if len(x) != 1:
                raise RuntimeError(f"Expect a 1D vector, but got shape {S.shown(x)}")
        if len(tensors) == 1:
            return tensors[0]
        return (S.product([x[0] for x in tensors]), len(tensors))

    samples = [case([i64[2], i64[3]]), case([f32[2]])]


@op("aten::one_hot(Tensor self, int num_classes=-1) -> Tensor")
class one_hot(Creation):
    """Each class number as a row of zeros with a single one."""

    fails = VALUES
    unknown = ("num_classes",)

    def kernel(x, num_classes):
        if x.dtype != np.int64:
            raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
        if x.size and x.min() < 0:
            raise RuntimeError("Class values must be non-negative.")
        if num_classes == -1:
            if not x.size:
                raise RuntimeError("Can not infer total number of classes from empty tensor.")
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
