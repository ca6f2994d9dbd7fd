"""Conversions between dtypes and to Python numbers, copies, and facts about tensors."""

from __future__ import annotations

import math

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import Card, ShapeError
from jit.ir.dtypes import DType, dtype_coded, dtype_of
from jit.runtime.device import CONTIGUOUS_FORMAT
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import check_broadcast, op
from jit.runtime.ops.samples import (
    bf16,
    boolean,
    c64,
    case,
    f16,
    f32,
    f64,
    i32,
    i64,
    u8,
)  # fmt: skip


def converted(x, dtype, copy):
    """The array in another dtype; the array itself where nothing changes."""
    wanted = x.dtype if dtype is None else as_dtype(dtype).numpy
    if x.dtype == wanted and not copy:
        return x
    return x.astype(wanted, copy=True)


def as_dtype(dtype):
    """A dtype, also from TorchScript's number for it."""
    return dtype if isinstance(dtype, DType) else dtype_coded(dtype)


def converted_type(x, dtype):
    """The type of a tensor in another dtype; of facts."""
    if dtype is None:
        return x
    if not F.is_known(dtype):
        return T.TensorType(None, x.sizes)
    return T.TensorType(as_dtype(dtype), x.sizes)


class Conversion(Card):
    """Base of the overloads of `to`."""

    raises = False

    def grad(t, g, out, x, *rest):
        return g


@op(
    "aten::to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False,"
    " bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)"
)
class to_dtype(Conversion):
    """The tensor in another dtype; itself if it has the dtype and no copy is wanted."""

    samples = [
        case(f32[2, 3], f64),
        case(f32[2, 3], f32),
        case(f32[2, 3], f32, copy=True),
        case(f32[3], i64),
        case(f64[3], f16),
        case(f32[3], bf16),
        case(f32[3], boolean),
        case(i64[3], u8),
        case(boolean[3], f32),
        case(f32[3], c64),
        case(f32[()], i32),
    ]

    def kernel(x, dtype, non_blocking, copy, memory_format):
        return converted(x, dtype, copy)

    def infer(x, dtype, non_blocking, copy, memory_format):
        return converted_type(x, dtype)


@op(
    "aten::to.other(Tensor(a) self, Tensor other, bool non_blocking=False,"
    " bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)"
)
class to_other(Conversion):
    """The tensor in the dtype of another one."""

    samples = [case(f32[2, 3], f64[1]), case(f32[3], f32[()]), case(f32[3], i64[0])]

    def kernel(x, other, non_blocking, copy, memory_format):
        return converted(x, dtype_of(other.dtype), copy)

    def infer(x, other, non_blocking, copy, memory_format):
        return T.TensorType(other.dtype, x.sizes)


@op(
    "aten::to.device(Tensor(a) self, Device device, ScalarType dtype,"
    " bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None)"
    " -> Tensor(a)"
)
class to_device(Conversion):
    """The tensor on a device, in another dtype."""

    samples = [case(f32[2, 3], "cpu", f64), case(f32[3], "cpu", f32)]

    def kernel(x, device, dtype, non_blocking, copy, memory_format):
        return converted(x, dtype, copy)

    def infer(x, device, dtype, non_blocking, copy, memory_format):
        return converted_type(x, dtype)


@op(
    "aten::to.dtype_layout(Tensor(a) self, *, ScalarType? dtype=None,"
    " Layout? layout=None, Device? device=None, bool? pin_memory=None,"
    " bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None)"
    " -> Tensor(a)"
)
class to_dtype_layout(Conversion):
    """The tensor in another dtype or layout, on another device."""

    samples = [case(f32[2, 3], dtype=f64), case(f32[3])]

    def kernel(x, dtype, layout, device, pin, non_blocking, copy, memory_format):
        return converted(x, dtype, copy)

    def infer(x, dtype, layout, device, pin, non_blocking, copy, memory_format):
        return converted_type(x, dtype)


@op(
    "aten::to.prim_Device(Tensor(a) self, Device? device, int? dtype=None,"
    " bool non_blocking=False, bool copy=False) -> Tensor(b|a)"
)
class to_prim_device(Conversion):
    """The tensor on a device."""

    samples = [case(f32[2, 3], "cpu"), case(f32[3], None), case(f32[3], "cpu", 7)]

    def kernel(x, device, dtype, non_blocking, copy):
        return converted(x, dtype, copy)

    def infer(x, device, dtype, non_blocking, copy):
        return converted_type(x, dtype)


@op(
    "aten::to.prim_dtype(Tensor(a) self, int? dtype=None, bool non_blocking=False,"
    " bool copy=False) -> Tensor(b|a)"
)
class to_prim_dtype(Conversion):
    """The tensor in the dtype of a number of TorchScript."""

    samples = [case(f32[2, 3], 7), case(f32[3], None), case(f32[3], 6, copy=True)]

    def kernel(x, dtype, non_blocking, copy):
        return converted(x, dtype, copy)

    def infer(x, dtype, non_blocking, copy):
        return converted_type(x, dtype)


@op(
    "aten::to.prim_other(Tensor(a) self, bool non_blocking=False, bool copy=False)"
    " -> Tensor(b|a)"
)
class to_prim_other(Conversion):
    """The tensor itself, or a copy."""

    samples = [case(f32[2, 3])]

    def kernel(x, non_blocking, copy):
        return converted(x, None, copy)

    def infer(x, non_blocking, copy):
        return x


@op("aten::type_as(Tensor(a) self, Tensor other) -> Tensor(a)")
class type_as(Conversion):
    """The tensor in the dtype of another one."""

    samples = [case(f32[2, 3], f64[1]), case(f32[3], f32[()])]

    def kernel(x, other):
        return converted(x, dtype_of(other.dtype), False)

    def infer(x, other):
        return T.TensorType(other.dtype, x.sizes)


@op("aten::clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor")
class clone(Card):
    """A copy."""

    raises = False
    samples = [case(f32[2, 3]), case(i64[()]), case(boolean[0])]

    def kernel(x, memory_format):
        # graphs have the number of a format
        return x.copy(order="C" if memory_format in (CONTIGUOUS_FORMAT, 0) else "K")

    def infer(x, memory_format):
        return x

    def grad(t, g, out, x, *rest):
        return g


@op("aten::contiguous(Tensor(a) self, *, MemoryFormat memory_format=0) -> Tensor(a)")
class contiguous(Card):
    """The tensor itself if its rows follow each other in memory, otherwise a copy."""

    raises = False
    samples = [case(f32[2, 3]), case(i64[()]), case(boolean[0])]

    def kernel(x, memory_format):
        return x if x.flags.c_contiguous else x.copy(order="C")

    def infer(x, memory_format):
        return x

    def grad(t, g, out, x, *rest):
        return g


@op(
    "aten::detach(Tensor(a) self) -> Tensor(a)",
    "aten::data(Tensor(a) self) -> Tensor(a)",
)
class detach(Card):
    """The same elements, apart from the gradient."""

    detached = True
    raises = False
    samples = [case(f32[2, 3]), case(f32[()])]

    def kernel(x):
        return x.view()

    def infer(x):
        return x


@op("aten::detach_(Tensor(a!) self) -> Tensor(a!)")
class detach_inplace(Card):
    """The tensor itself, taken from the gradient."""

    detached = True
    raises = False
    samples = [case(f32[2, 3])]

    def kernel(x):
        return x

    def infer(x):
        return x


class Writing(Card):
    """Base of the cards that overwrite their first argument."""

    def infer(x, *rest):
        return x

    infer = staticmethod(infer)


@op("aten::copy_(Tensor(a!) self, Tensor src, bool non_blocking=False) -> Tensor(a!)")
class copy_(Writing):
    """The elements of src, broadcast and converted, written into self."""

    samples = [
        case(f32[2, 3], f32[3]),
        case(i64[3], f32[3]),
        case(f32[2, 3], f64[()]),
        case(f16[3], f32[3]),
        case(f32[0], f32[1]),
    ]

    def kernel(x, source, non_blocking):
        write(x, source)
        return x

    def infer(x, source, non_blocking):
        if x.sizes is not None and source.sizes is not None:
            F.broadcast_sizes(x.sizes, source.sizes)
        return x

    def grad(t, g, out, x, source, non_blocking):
        return lambda: t.zeros_like(g), g


def write(target, source):
    """Copy with conversion; RuntimeError in torch's words if sizes do not fit."""
    try:
        np.copyto(target, source, casting="unsafe")
    except ValueError:
        check_broadcast((target, source))
        common = np.broadcast_shapes(target.shape, np.shape(source))
        if common == target.shape:
            raise
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape"
            f" {list(common)}"
        ) from None


@op(
    "aten::copy_.Tensor(Tensor(a!) self, Tensor other) -> Tensor(a!)",
    "aten::copy_.int(Tensor(a!) self, int other) -> Tensor(a!)",
    "aten::copy_.float(Tensor(a!) self, float other) -> Tensor(a!)",
)
class copy_value(Writing):
    """A tensor or number, broadcast and converted, written into self."""

    samples = {
        "Tensor": [case(f32[2, 3], f32[3])],
        "int": [case(f32[2, 3], 2)],
        "float": [case(f32[2, 3], 2.5), case(i64[3], 2.5)],
    }

    def kernel(x, other):
        write(x, other)
        return x

    def grad(t, g, out, x, other):
        return lambda: t.zeros_like(g), g


@op(
    "aten::fill_.Scalar(Tensor(a!) self, Scalar value) -> Tensor(a!)",
    "aten::fill_.Tensor(Tensor(a!) self, Tensor value) -> Tensor(a!)",
)
class fill_(Writing):
    """One number written into all elements."""

    samples = {
        "Scalar": [case(f32[2, 3], 2), case(i64[3], 2.5), case(f32[0], 1)],
        "Tensor": [case(f32[2, 3], f32[()]), case(i64[3], f32[()])],
    }

    def kernel(x, value):
        check_zero_dim("fill_", value)
        np.copyto(x, np.asarray(value).astype(x.dtype), casting="unsafe")
        return x

    def infer(x, value):
        try:
            check_zero_dim("fill_", value)
        except RuntimeError as e:
            raise ShapeError(str(e)) from None
        return x

    def raises(x, value):
        return F.is_tensor(value) and F.rank_seen(value) != 0

    def grad(t, g, out, x, value):
        return lambda: t.zeros_like(g), g


def check_zero_dim(name, value):
    """RuntimeError for a tensor of several elements in the place of a number."""
    rank = F.rank_seen(value)
    if rank:
        raise RuntimeError(
            f"{name} only supports 0-dimension value tensor but got tensor with {rank}"
            " dimensions."
        )


@op(
    "aten::fill.Scalar(Tensor self, Scalar value) -> Tensor",
    "aten::fill.Tensor(Tensor self, Tensor value) -> Tensor",
)
class fill(Card):
    """A tensor like self with one number in all elements."""

    samples = {
        "Scalar": [case(f32[2, 3], 2), case(i64[3], 2.5), case(f32[0], 1)],
        "Tensor": [case(f32[2, 3], f32[()]), case(i64[3], f32[()])],
    }
    infer = fill_.infer
    raises = fill_.raises

    def kernel(x, value):
        return fill_.kernel(np.empty_like(x), value)

    def grad(t, g, out, x, value):
        return lambda: t.zeros_like(g), g


@op("aten::zero_(Tensor(a!) self) -> Tensor(a!)")
class zero_(Writing):
    """Zero written into all elements."""

    raises = False
    samples = [case(f32[2, 3]), case(i64[()]), case(boolean[0])]

    def kernel(x):
        x.fill(0)
        return x

    def grad(t, g, out, x):
        return t.zeros_like(g)


ONE = [case(f32[()]), case(i64[1, 1]), case(boolean[1])]


@op("aten::item(Tensor self) -> Scalar")
class item(Card):
    """The one element as a Python number."""

    samples = [*ONE, case(c64[1]), case(f16[()])]

    def kernel(x):
        return only_element(x)

    def infer(x):
        check_one_element(x)
        return python_type(x.dtype)

    def raises(x):
        return x.sizes is None or F.numel(x.sizes) != 1


def python_type(dtype):
    """The type of an element as a Python number."""
    if dtype is None:
        return T.NUMBER
    return (T.BOOL, T.INT, T.FLOAT, T.COMPLEX)[dtype.category]


def only_element(x):
    """The one element as a Python number; RuntimeError if there are not one."""
    if x.size != 1:
        raise RuntimeError(
            f"a Tensor with {x.size} elements cannot be converted to Scalar"
        )
    value = x.reshape(())[()]
    return float(value) if x.dtype.kind not in "biufc" else value.item()


def check_one_element(x):
    """ShapeError if a tensor is known to have another number of elements than one."""
    count = F.numel(x.sizes)
    if count is not None and count != 1:
        raise ShapeError(
            f"a Tensor with {count} elements cannot be converted to Scalar"
        )


class Number(Card):
    """Base of the conversions to one Python number."""

    def raises(x):
        return x.sizes is None or F.numel(x.sizes) != 1

    raises = staticmethod(raises)


@op("aten::Bool.Tensor(Tensor a) -> bool", "aten::is_nonzero(Tensor self) -> bool")
class truth(Number):
    """Whether the one element is nonzero."""

    samples = [*ONE, case(f32.of([0.0]))]

    def kernel(x):
        if x.size != 1:
            count = "more than one value" if x.size else "no values"
            raise RuntimeError(f"Boolean value of Tensor with {count} is ambiguous")
        return bool(only_element(x))

    def infer(x):
        count = F.numel(x.sizes)
        if count is not None and count != 1:
            words = "more than one value" if count else "no values"
            raise ShapeError(f"Boolean value of Tensor with {words} is ambiguous")
        return T.BOOL


@op("aten::Int.Tensor(Tensor a) -> int")
class to_int(Number):
    """The one element as an int, without its fraction."""

    samples = [*ONE, case(f32.of(-2.75))]

    def kernel(x):
        return as_int(only_element(x))

    def infer(x):
        check_one_element(x)
        return T.INT

    def raises(x):
        if x.dtype is None or x.dtype.category > dtypes.INTEGER:
            return True
        return Number.raises(x)


def as_int(value):
    """A number as an int64; RuntimeError, as torch's, where it does not fit."""
    if isinstance(value, complex):
        value = value.real
    if isinstance(value, float) and not (math.isfinite(value) and abs(value) < 2**63):
        raise RuntimeError("value cannot be converted to type int64_t without overflow")
    return int(value)


@op("aten::Float.Tensor(Tensor a) -> float")
class to_float(Number):
    """The one element as a float."""

    samples = ONE

    def kernel(x):
        return float(only_element(x))

    def infer(x):
        check_one_element(x)
        return T.FLOAT


@op("aten::Complex.Tensor(Tensor a) -> complex")
class to_complex(Number):
    """The one element as a complex number."""

    samples = [*ONE, case(c64[1])]

    def kernel(x):
        return complex(only_element(x))

    def infer(x):
        check_one_element(x)
        return T.COMPLEX


def check_scalar_argument(x, category, kind):
    """RuntimeError if a tensor cannot stand where a number is wanted."""
    if x.ndim != 0:
        raise RuntimeError(
            "Cannot input a tensor of dimension other than 0 as a scalar argument"
        )
    if dtype_of(x.dtype).category > category:
        raise RuntimeError(
            f"Cannot input a tensor of type {dtype_of(x.dtype).title} as"
            f" {kind} argument"
        )


class Implicit(Card):
    """Base of the conversions of a tensor that is given where a number is wanted."""

    def raises(x):
        return x.sizes != () or x.dtype is None or x.dtype.category > dtypes.INTEGER

    raises = staticmethod(raises)


@op("aten::ScalarImplicit(Tensor a) -> Scalar")
class scalar_implicit(Implicit):
    """The element of a 0-dim tensor, where a number is wanted."""

    samples = [case(f32[()]), case(i64[()]), case(boolean[()])]

    def kernel(x):
        check_scalar_argument(x, dtypes.COMPLEX, "a")
        return only_element(x)

    def infer(x):
        return python_type(x.dtype)


@op("aten::IntImplicit(Tensor a) -> int")
class int_implicit(Implicit):
    """The element of a 0-dim tensor, where an int is wanted."""

    samples = [case(i64[()]), case(i32[()])]

    def kernel(x):
        check_scalar_argument(x, dtypes.INTEGER, "an integral")
        return int(only_element(x))

    def infer(x):
        return T.INT


@op("aten::FloatImplicit(Tensor a) -> float")
class float_implicit(Implicit):
    """The element of a 0-dim tensor, where a float is wanted."""

    samples = [case(f32[()]), case(i64[()])]

    def kernel(x):
        check_scalar_argument(x, dtypes.FLOATING, "a float")
        return float(only_element(x))

    def infer(x):
        return T.FLOAT


@op("aten::ComplexImplicit(Tensor a) -> complex")
class complex_implicit(Implicit):
    """The element of a 0-dim tensor, where a complex number is wanted."""

    samples = [case(c64[()]), case(f32[()])]

    def kernel(x):
        check_scalar_argument(x, dtypes.COMPLEX, "a complex")
        return complex(only_element(x))

    def infer(x):
        return T.COMPLEX


class Fact(Card):
    """Base of the questions about a tensor that its type answers."""

    raises = False
    samples = [case(f32[2, 3]), case(i64[()]), case(boolean[0]), case(c64[1]),
               case(f16[1]), case(u8[2])]  # fmt: skip


@op("aten::is_floating_point(Tensor self) -> bool")
class is_floating_point(Fact):
    """Whether the elements are floating-point numbers."""

    def kernel(x):
        return dtype_of(x.dtype).is_floating_point

    def infer(x):
        return T.BOOL


@op("aten::is_complex(Tensor self) -> bool")
class is_complex(Fact):
    """Whether the elements are complex numbers."""

    def kernel(x):
        return dtype_of(x.dtype).is_complex

    def infer(x):
        return T.BOOL


@op("aten::is_signed(Tensor self) -> bool")
class is_signed(Fact):
    """Whether the elements may be negative."""

    def kernel(x):
        return dtype_of(x.dtype).is_signed

    def infer(x):
        return T.BOOL


@op("aten::dim(Tensor self) -> int")
class dim(Fact):
    """The number of dims."""

    def kernel(x):
        return x.ndim

    def infer(x):
        return T.INT


@op("aten::numel(Tensor self) -> int")
class numel(Fact):
    """The number of elements."""

    def kernel(x):
        return x.size

    def infer(x):
        return T.INT


@op("aten::element_size(Tensor self) -> int", "prim::itemsize(Tensor a) -> int")
class element_size(Fact):
    """The bytes of one element."""

    def kernel(x):
        return x.dtype.itemsize

    def infer(x):
        return T.INT


@op("aten::size(Tensor self) -> int[]")
class size(Fact):
    """The sizes of all dims."""

    def kernel(x):
        return list(x.shape)

    def infer(x):
        return T.ListType(T.INT)


@op("aten::size.int(Tensor self, int dim) -> int")
class size_int(Card):
    """The size of one dim."""

    samples = [case(f32[2, 3], 0), case(f32[2, 3], -1)]

    def kernel(x, dim):
        return x.shape[known_dim(dim, x.ndim)]

    def infer(x, dim):
        if x.sizes is not None and F.is_known(dim):
            known_dim(dim, len(x.sizes), ShapeError)
        return T.INT

    def raises(x, dim):
        return may_lack_dim(x, dim)


def known_dim(dim, rank, error=IndexError):
    """A dim counted from the front; a 0-dim tensor has none."""
    if rank == 0:
        raise error(f"Dimension specified as {dim} but tensor has no dimensions")
    return F.wrap_dim(dim, rank, error)


def may_lack_dim(x, dim):
    """Whether a dim may be out of range; of facts."""
    if x.sizes is None or not F.is_known(dim):
        return True
    return not -len(x.sizes) <= dim < len(x.sizes)


@op("aten::stride(Tensor self) -> int[]")
class stride(Fact):
    """The steps in memory along each dim, in elements."""

    def kernel(x):
        return [s // x.itemsize for s in x.strides]

    def infer(x):
        return T.ListType(T.INT)


@op("aten::stride.int(Tensor self, int dim) -> int")
class stride_int(Card):
    """The step in memory along one dim, in elements."""

    samples = [case(f32[2, 3], 0), case(f32[2, 3], -1)]

    def kernel(x, dim):
        return x.strides[known_dim(dim, x.ndim)] // x.itemsize

    def infer(x, dim):
        return size_int.infer(x, dim)

    def raises(x, dim):
        return may_lack_dim(x, dim)


@op("aten::is_contiguous(Tensor self) -> bool")
class is_contiguous(Fact):
    """Whether rows follow each other in memory."""

    def kernel(x):
        return x.flags.c_contiguous

    def infer(x):
        return T.BOOL


@op("prim::dtype(Tensor a) -> ScalarType")
class dtype(Fact):
    """The type of the elements."""

    def kernel(x):
        return dtype_of(x.dtype)

    def infer(x):
        return T.DTYPE


@op(
    "prim::is_cuda(Tensor a) -> bool",
    "prim::is_mps(Tensor a) -> bool",
    "prim::is_xpu(Tensor a) -> bool",
    "prim::is_meta(Tensor a) -> bool",
    "prim::is_mkldnn(Tensor a) -> bool",
    "prim::is_quantized(Tensor a) -> bool",
    "prim::is_sparse(Tensor a) -> bool",
    "prim::is_nested(Tensor a) -> bool",
)
class is_of_another_kind(Fact):
    """Whether the elements are on a GPU, or kept in another way: they never are."""

    def kernel(x):
        return False

    def infer(x):
        return T.BOOL


@op("prim::is_cpu(Tensor a) -> bool")
class is_cpu(Fact):
    """Whether the elements are in the memory of the machine, which they always are."""

    def kernel(x):
        return True

    def infer(x):
        return T.BOOL


@op("aten::is_same_size(Tensor self, Tensor other) -> bool")
class is_same_size(Card):
    """Whether two tensors have the same shape."""

    samples = [case(f32[2, 3], f32[2, 3]), case(f32[2, 3], f32[3, 2])]
    raises = False

    def kernel(x, other):
        return x.shape == other.shape

    def infer(x, other):
        return T.BOOL


def _nested_list(element, category, depth):
    """A card for `x.tolist()` where the program says what it gives."""

    def kernel(x):
        if x.ndim != depth:
            raise RuntimeError(
                "Output annotation list dimension and runtime tensor dimension must"
                " match for tolist()"
            )
        if dtype_of(x.dtype).category != category:
            raise RuntimeError(
                "Output annotation element type and runtime tensor element type must"
                " match for tolist()"
            )
        return x.tolist()

    made = {dtypes.BOOL: boolean, dtypes.INTEGER: i64, dtypes.FLOATING: f32}[category]
    blanks = {
        "kernel": staticmethod(kernel),
        "samples": [case(made[(2,) * depth])],
        "__doc__": "The elements as nested lists of Python numbers.",
    }
    brackets = "[]" * depth
    schema = f"aten::tolist.{element}_{depth}(Tensor self) -> {element}{brackets}"
    op(schema)(type("tolist", (Card,), blanks))


for _element, _category in (
    ("bool", dtypes.BOOL),
    ("int", dtypes.INTEGER),
    ("float", dtypes.FLOATING),
):
    for _depth in range(5):
        _nested_list(_element, _category, _depth)
