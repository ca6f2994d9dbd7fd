"""Inputs from the command line and results to files and to the terminal."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import numpy as np

from jit.cli.failure import UsageError
from jit.cli.models import unknown
from jit.ir import types as T
from jit.ir.dtypes import ALL, DType
from jit.ir.schema import Argument
from jit.runtime.tensor import Tensor


def read_inputs(
    texts: list[str], arguments: tuple[Argument, ...]
) -> tuple[list[Any], dict[str, Any]]:
    """Positional and named inputs of a call.

    Each text is a `.npy` or `.npz` file, a JSON value, or dtype and sizes of made-up
    elements, or `name=` and one of these.
    An `.npz` file whose arrays have the names of parameters gives these, another one
    gives its arrays in order.
    """
    by_name = {a.name: a for a in arguments}
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for text in texts:
        name, sign, rest = text.partition("=")
        if sign and name in by_name:
            named[name] = read_value(rest, by_name[name].type)
        elif text.endswith(".npz"):
            arrays = _read_npz(text)
            if arrays.keys() <= by_name.keys():
                named |= {n: _number(a, by_name[n].type) for n, a in arrays.items()}
            else:
                wanted_types = [a.type for a in arguments[len(positional) :]]
                wanted_types += [T.ANY] * len(arrays)
                positional += map(_number, arrays.values(), wanted_types)
        else:
            place = len(positional)
            wanted = arguments[place].type if place < len(arguments) else T.ANY
            positional.append(read_value(text, wanted))
    return positional, named


def read_value(text: str, wanted: T.Type) -> Any:
    """One input: the array of a `.npy` file, or a JSON value as its type wants it."""
    if text.endswith((".npy", ".npz")):
        if text.endswith(".npz"):
            raise UsageError(f"{text}: an .npz file is not one value")
        return _number(_read_npy(text), wanted)
    if isinstance(wanted, T.OptionalType):
        wanted = wanted.element
    if wanted == T.STR and not text.startswith('"'):
        return text
    if made_up := _MADE_UP.fullmatch(text):
        return _number(_make_up(*made_up.groups()), wanted)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if os.path.exists(text):
            raise UsageError(
                f"{text}: inputs are read from .npy and .npz files"
            ) from None
        raise UsageError(
            f"the input {text!r} is neither a .npy or .npz file nor a JSON value"
        ) from None
    return _as_type(value, wanted, text)


_MADE_UP = re.compile(r"([a-z]+[0-9]*)\[([0-9, ]*)\]")


def _make_up(name: str, sizes: str) -> np.ndarray:
    """The same elements for the same text: normal floats, ints from 0 to 9, bools."""
    dtype = next((d for d in ALL if d.name == name), None)
    if dtype is None:
        raise UsageError(unknown("dtype", name, [d.name for d in ALL]))
    shape = tuple(int(n) for n in sizes.split(",") if n.strip())
    random = np.random.default_rng(0)
    if dtype.is_floating_point or dtype.is_complex:
        return random.standard_normal(shape).astype(dtype.numpy)
    most = 2 if dtype.name == "bool" else 10
    return random.integers(0, most, shape).astype(dtype.numpy)


def _number(array: Any, wanted: T.Type) -> Any:
    """The number in an array without dimensions, where a number is wanted."""
    if wanted in (T.INT, T.FLOAT, T.BOOL, T.COMPLEX, T.NUMBER) and array.ndim == 0:
        return _as_type(array.item(), wanted, "")
    return array


def _as_type(value: Any, wanted: T.Type, text: str) -> Any:
    """A JSON value as an argument: arrays of numbers where tensors are wanted."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if wanted == T.FLOAT and number:
        return float(value)
    elements = T.tuple_elements(wanted)
    if elements is not None and isinstance(value, list):
        pairs = zip(value, elements, strict=False)
        return tuple(_as_type(v, t, text) for v, t in pairs)
    if isinstance(wanted, T.ListType) and isinstance(value, list):
        return [_as_type(v, wanted.element, text) for v in value]
    if isinstance(wanted, T.DictType) and isinstance(value, dict):
        return {k: _as_type(v, wanted.value, text) for k, v in value.items()}
    if T.is_tensor_like(wanted) and not isinstance(value, dict | str | None):
        return _array(value, wanted, text)
    return value


def _array(value: Any, wanted: Any, text: str) -> np.ndarray:
    try:
        array = np.array(value)
    except ValueError as error:
        raise UsageError(f"the input {text!r} is no array: {error}") from None
    if array.dtype.kind not in "bif":
        raise UsageError(f"the input {text!r} is no array of numbers")
    if wanted.dtype is not None:
        return array.astype(wanted.dtype.numpy)
    if isinstance(wanted, T.TensorType) and array.dtype.kind == "f":
        return array.astype(np.float32)  # what torch.tensor makes of Python floats
    return array


def _read_npy(path: str) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise UsageError(f"{path}: cannot be read as .npy: {error}") from None


def _read_npz(path: str) -> dict[str, Any]:
    from zipfile import BadZipFile

    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, EOFError, BadZipFile, AttributeError) as error:
        # np.load gives an array, which has no files, for a .npy file by another name
        raise UsageError(f"{path}: cannot be read as .npz: {error}") from None


# results


def as_arrays(value: Any) -> Any:
    """A result with its Tensors replaced by arrays."""
    match value:
        case Tensor():
            return value.array
        case list():
            return [as_arrays(v) for v in value]
        case dict():
            return {k: as_arrays(v) for k, v in value.items()}
        case tuple():
            parts = [as_arrays(v) for v in value]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def as_json(value: Any) -> Any:
    """A result as JSON; arrays are objects with dtype, shape and data."""
    match value:
        case np.ndarray() | np.generic():
            plain = np.asarray(value)
            return {
                "dtype": plain.dtype.name,
                "shape": list(plain.shape),
                "data": _plain_list(plain),
            }
        case bool() | int() | str() | None:
            return value
        case float():
            return value if np.isfinite(value) else repr(value)
        case complex():
            return [as_json(value.real), as_json(value.imag)]
        case tuple() if hasattr(value, "_fields"):
            return {n: as_json(v) for n, v in zip(value._fields, value, strict=True)}
        case list() | tuple():
            return [as_json(v) for v in value]
        case set():
            return sorted((as_json(v) for v in value), key=repr)
        case dict():
            return {str(k): as_json(v) for k, v in value.items()}
    return str(value)


def _plain_list(array: np.ndarray) -> Any:
    if array.dtype.kind not in "biuf":
        narrow = array.dtype.kind != "c"  # bfloat16
        if narrow:
            array = array.astype(np.float32)
    items = array.tolist()
    return _finite(items) if array.dtype.kind in "fc" else items


def _finite(items: Any) -> Any:
    """JSON has no nan, no infinities and no complex numbers."""
    return [_finite(i) for i in items] if isinstance(items, list) else as_json(items)


def as_text(value: Any, name: str = "") -> str:
    """A result as people read it: dtype and sizes above the elements of an array."""
    lead = f"{name}: " if name else ""
    inside = f"{name}." if name else ""
    match value:
        case np.ndarray() | np.generic():
            plain = np.asarray(value)
            sizes = ", ".join(map(str, plain.shape))
            return f"{lead}{plain.dtype.name}[{sizes}]\n{plain}"
        case dict() if value:
            return "\n".join(as_text(v, f"{inside}{k}") for k, v in value.items())
        case tuple() | list() if any(_holds_array(v) for v in value):
            names = getattr(value, "_fields", range(len(value)))
            parts = zip(names, value, strict=True)
            return "\n".join(as_text(v, f"{inside}{n}") for n, v in parts)
        case DType():
            return f"{lead}{value!r}"
    return f"{lead}{value}" if isinstance(value, str) else f"{lead}{value!r}"


def _holds_array(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_holds_array, value))
    return isinstance(value, np.ndarray | np.generic | dict)


def write_result(path: str, value: Any) -> None:
    """A result to a `.npy` file, to a `.npz` file if it is several, or as JSON text."""
    if path.endswith(".json"):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(as_json(value), file)
            file.write("\n")
    elif path.endswith(".npy"):
        with open(path, "wb") as binary:
            np.save(binary, _storable(value, path), allow_pickle=False)
    elif path.endswith(".npz"):
        arrays = {n: _storable(v, path) for n, v in _named_parts(value)}
        with open(path, "wb") as binary:
            np.savez(binary, **arrays)  # type: ignore[arg-type]
    else:
        raise UsageError(f"{path}: results are written as .npy, .npz or .json")


def _named_parts(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(str(k), v) for k, v in value.items()]
    if isinstance(value, tuple | list):
        names = getattr(value, "_fields", [f"output_{i}" for i in range(len(value))])
        return list(zip(names, value, strict=True))
    return [("output_0", value)]


def _storable(value: Any, path: str) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.name == "bfloat16":
        return array.astype(np.float32)  # the format has no name for bfloat16
    if array.dtype.kind not in "biufc" or isinstance(value, tuple | list | dict):
        help = "use .npz or .json" if path.endswith(".npy") else "use .json"
        raise UsageError(f"{path}: the result is not an array; {help}")
    return array
