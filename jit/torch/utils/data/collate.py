"""Collating: a list of samples becomes one batch of the samples' structure."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from jit.ir import dtypes
from jit.runtime import creation
from jit.runtime.binding import call_operator
from jit.runtime.tensor import Tensor

CollateMap = dict[Any, Callable[..., Any]]


def _refuse(what: Any) -> TypeError:
    return TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or"
        f" lists; found {what}"
    )


def collate(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    """One value for a list of samples; `collate_fn_map` says how for some types."""
    first = batch[0]
    found = _function_for(type(first), first, collate_fn_map or {})
    if found is not None:
        return found(batch, collate_fn_map=collate_fn_map)

    def joined(samples: Any) -> Any:
        return collate(list(samples), collate_fn_map=collate_fn_map)

    match first:
        case Mapping():
            return _like_mapping(first, {k: joined(s[k] for s in batch) for k in first})
        case tuple() if hasattr(first, "_fields"):
            return type(first)(*map(joined, zip(*batch, strict=True)))
        case Sequence():
            if any(len(sample) != len(first) for sample in batch):
                raise RuntimeError(
                    "each element in list of batch should be of equal size"
                )
            columns = [joined(column) for column in zip(*batch, strict=True)]
            return _like_sequence(first, columns)
    raise _refuse(type(first))


def _function_for(cls: type, value: Any, functions: CollateMap) -> Any:
    if cls in functions:
        return functions[cls]
    return next((f for kind, f in functions.items() if isinstance(value, kind)), None)


def _like_mapping(first: Any, values: dict[Any, Any]) -> Any:
    if type(first) is dict:
        return values
    try:
        if isinstance(first, MutableMapping):
            clone = copy.copy(first)
            clone.update(values)
            return clone
        return type(first)(values)
    except TypeError:
        return values  # it is made in another way than of a dict


def _like_sequence(first: Any, values: list[Any]) -> Any:
    if isinstance(first, tuple | list):
        return values
    try:
        if isinstance(first, MutableSequence):
            clone = copy.copy(first)
            for i, value in enumerate(values):
                clone[i] = value
            return clone
        return type(first)(values)
    except TypeError:
        return values


def _tensors(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Tensor:
    made: Tensor = call_operator("aten::stack", (list(batch), 0))
    return made


def _arrays(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    if batch[0].dtype.kind in "SUO":
        raise _refuse(batch[0].dtype)
    tensors = [creation.as_tensor(array) for array in batch]
    return collate(tensors, collate_fn_map=collate_fn_map)


def _numpy_numbers(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Tensor:
    return creation.as_tensor(np.array(batch))


def _floats(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Tensor:
    return creation.make_tensor(list(batch), dtypes.float64)


def _integers(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Tensor:
    return creation.make_tensor(list(batch), None)


def _texts(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    return batch


default_collate_fn_map: CollateMap = {
    Tensor: _tensors,
    np.ndarray: _arrays,
    (np.bool_, np.number): _numpy_numbers,
    float: _floats,
    int: _integers,
    str: _texts,
    bytes: _texts,
}
"""How samples of a type become a batch; may be added to."""


def default_collate(batch: Sequence[Any]) -> Any:
    """A batch of a list of samples: tensors are stacked, containers keep their structure.

    Arrays and numbers become tensors, texts stay a list; tuples become lists.
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def default_convert(data: Any) -> Any:
    """Arrays as tensors, inside containers too; everything else as it is."""
    match data:
        case Tensor() | str() | bytes():
            return data
        case np.ndarray() | np.generic():
            if data.dtype.kind in "SUO":
                return data
            return creation.as_tensor(np.asarray(data))
        case Mapping():
            return _like_mapping(data, {k: default_convert(v) for k, v in data.items()})
        case tuple() if hasattr(data, "_fields"):
            return type(data)(*map(default_convert, data))
        case Sequence():
            return _like_sequence(data, [default_convert(v) for v in data])
    return data
