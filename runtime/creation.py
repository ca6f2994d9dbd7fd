"""Tensors from Python numbers, lists, NumPy arrays and other libraries' tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.dtypes import COMPLEX, FLOATING, DType, dtype_of, promote_dtypes
from jit.runtime import dispatch
from jit.runtime.promotion import dtype_of_number, get_default_dtype
from jit.runtime.size import Size
from jit.runtime.tensor import Tensor, following_dtype, wrap, wrap_as
from jit.runtime.traced import Traced, concrete


def make_tensor(data: Any, dtype: DType | None = None) -> Tensor:
    """`torch.tensor`: a new tensor of a copy of the data.

    Python floats give the default dtype, ints int64; NumPy values and tensors keep
    their dtype, mixtures are promoted.
    """
    if isinstance(data, Traced):
        return _of_traced(data, dtype)
    if dispatch.observer is not None:
        return _observed(data, dtype)
    return _make(data, dtype)


def _make(data: Any, dtype: DType | None) -> Tensor:
    if isinstance(data, Tensor):
        data = data.array
    if isinstance(data, np.ndarray | np.generic):
        array = np.array(data)  # a copy
        found = dtype_of(array.dtype)
        native = array.astype(found.numpy, copy=False)
        return wrap(native if dtype in (None, found) else _convert(native, dtype))
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    values: list[Any] = []
    shape = _shape(data)
    _flatten(data, shape, 0, values)
    found = dtype_of_values(values)
    wide = {FLOATING: np.float64, COMPLEX: np.complex128}
    target = dtype or found
    if found.category in wide:
        flat: np.ndarray = np.array(values, dtype=wide[found.category])
    else:
        flat = _integers(values)
    return wrap(_convert(flat, target).reshape(shape))


def _observed(data: Any, dtype: DType | None) -> Tensor:
    """A tensor whose elements an observer follows where tensors are among the data."""
    from jit.runtime.binding import call_operator

    assert dispatch.observer is not None
    made: Tensor
    if isinstance(data, Tensor):
        wanted = following_dtype(data) if dtype is None else dtype
        made = call_operator("aten::to", (data, wanted), {"copy": True})
    elif any(isinstance(v, Tensor | Traced) for v in _leaves(data)):
        plain = concrete(data)
        wanted = dtype or _make(plain, None).dtype
        rows = [make_tensor(d, wanted) for d in data]
        made = call_operator("aten::stack", (rows, 0))
    elif isinstance(dtype, Traced):
        made = call_operator("aten::to", (_observed(data, None), dtype))
    else:
        made = _make(data, dtype)
        dispatch.observer.fresh(made)
    return made


def _leaves(data: Any) -> Iterator[Any]:
    if isinstance(data, list | tuple):
        for element in data:
            yield from _leaves(element)
    else:
        yield data


def _of_traced(value: Traced, dtype: DType | None) -> Tensor:
    """The tensor of a traced array or number; the operators are recorded."""
    from jit.runtime.binding import call_operator

    if isinstance(value.type, T.ArrayType):
        shared = from_numpy(value)
        wanted = following_dtype(shared) if dtype is None else dtype
        made = call_operator("aten::to", (shared, wanted), {"copy": True})
        assert isinstance(made, Tensor)
        return made
    if dtype is None:
        dtype = dtype_of_number(value.concrete)
    made = call_operator("aten::full", ([], value), {"dtype": dtype})
    assert isinstance(made, Tensor)
    return made


def _is_traced_array(x: Any) -> bool:
    return isinstance(x, Traced) and isinstance(x.type, T.ArrayType)


def _is_sequence(x: Any) -> bool:
    if isinstance(x, Tensor):
        return x.array.ndim > 0
    if isinstance(x, np.ndarray):
        return x.ndim > 0
    return isinstance(x, Sequence) and not isinstance(x, str | bytes)


def _shape(data: Any) -> tuple[int, ...]:
    """The sizes of nested sequences, going by the first elements."""
    sizes = []
    while _is_sequence(data):
        sizes.append(len(data))
        if not sizes[-1]:
            break
        if isinstance(data, np.ndarray):
            sizes[-1:] = data.shape
            break
        data = data[0]
    return tuple(sizes)


def _flatten(data: Any, shape: tuple[int, ...], depth: int, out: list[Any]) -> None:
    if depth == len(shape):
        out.append(_leaf(data, shape))
        return
    if not _is_sequence(data):
        raise TypeError(f"expected a sequence of length {shape[depth]} at dim {depth}")
    if len(data) != shape[depth]:
        raise ValueError(
            f"expected sequence of length {shape[depth]} at dim {depth}"
            f" (got {len(data)})"
        )
    if isinstance(data, Tensor):
        data = data.array
    for element in data:
        _flatten(element, shape, depth + 1, out)


def _leaf(x: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(x, Tensor | np.ndarray):
        array = x.array if isinstance(x, Tensor) else x
        if array.size != 1:
            raise ValueError(
                "only one element tensors can be converted to Python scalars"
            )
        return array.reshape(())[()]
    if isinstance(x, bool | int | float | complex | np.generic):
        return x
    if isinstance(x, str):
        raise ValueError("too many dimensions 'str'")
    if _is_sequence(x):
        raise ValueError(
            f"expected a number at dim {len(shape)}, got a sequence: all rows must have"
            " the same depth"
        )
    raise RuntimeError(f"Could not infer dtype of {type(x).__name__}")


def dtype_of_values(values: Sequence[Any]) -> DType:
    """The dtype of a tensor of these numbers."""
    found: DType | None = None
    for t in {_kind(v): v for v in values}.values():
        dtype = dtype_of(t.dtype) if isinstance(t, np.generic) else dtype_of_number(t)
        found = dtype if found is None else promote_dtypes(found, dtype)
    return found or get_default_dtype()


def _kind(value: Any) -> Any:
    return value.dtype if isinstance(value, np.generic) else type(value)


def _integers(values: list[Any]) -> np.ndarray:
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        raise ValueError("Overflow when unpacking long long") from None


def _convert(array: np.ndarray, dtype: DType) -> np.ndarray:
    """`array` in a dtype; RuntimeError for integers that cannot hold the values."""
    if array.dtype.kind == "c" and dtype.category != COMPLEX:
        raise TypeError("must be real number, not complex")
    with np.errstate(all="ignore"):
        converted = array.astype(dtype.numpy)
    if dtype.category == dtypes.INTEGER and array.size:
        low, high = np.iinfo(dtype.numpy).min, np.iinfo(dtype.numpy).max
        if dtype is dtypes.uint8:
            low = -high  # negative numbers wrap, as in torch
            converted = array.astype(np.int64).astype(np.uint8)
        if not bool(((array >= low) & (array <= high)).all()):
            raise RuntimeError(
                f"value cannot be converted to type {dtype.name} without overflow"
            )
    return converted


def as_tensor(data: Any, dtype: DType | None = None) -> Tensor:
    """`torch.as_tensor`: the data itself where it can be shared, otherwise a copy."""
    if isinstance(data, np.ndarray) or _is_traced_array(data):
        data = from_numpy(data)
    if isinstance(data, Tensor):
        known = dtype is data.dtype and dispatch.observer is None
        if dtype is None or known:
            return data
        from jit.runtime.binding import call_operator

        made = call_operator("aten::to", (data, dtype))
        assert isinstance(made, Tensor)
        return made
    return make_tensor(data, dtype)


def from_numpy(array: Any) -> Tensor:
    """A tensor that shares the memory of a NumPy array."""
    if _is_traced_array(array):
        from jit.runtime.binding import call_operator

        made = call_operator("prim::ArrayToTensor", (array,))
        assert isinstance(made, Tensor)
        return made
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    if not array.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order."
            " Conversion between byte orders is currently not supported."
        )
    dtype_of(array.dtype)
    return wrap(array.view(np.ndarray))


def from_dlpack(source: Any) -> Tensor:
    """A tensor that shares the memory of another library's CPU tensor."""
    return from_numpy(np.from_dlpack(source))


def make_legacy(cls: type[Tensor], *args: Any) -> Tensor:
    """`torch.Tensor(…)`: sizes, or data, which become the default dtype."""
    dtype = get_default_dtype()
    if not args:
        return wrap_as(cls, np.empty(0, dtype.numpy))
    first = args[0]
    if len(args) == 1 and isinstance(first, Size):
        return wrap_as(cls, np.zeros(tuple(first), dtype.numpy))
    if len(args) == 1 and isinstance(first, Tensor):
        return wrap_as(cls, first.array)
    if len(args) == 1 and _is_sequence(first):
        return wrap_as(cls, make_tensor(first, dtype).array)
    if all(isinstance(a, int | np.integer) for a in args):
        return wrap_as(cls, np.zeros(args, dtype.numpy))
    raise TypeError(
        f"new(): data must be a sequence (got {type(first).__name__}); use"
        " torch.tensor(...)"
    )
