"""Nested inputs and outputs of traced functions: tuples, lists, dicts of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.diagnostic import Diagnostic, TracingError
from jit.ir.graph import Value
from jit.runtime.tensor import Tensor
from jit.runtime.traced import Traced
from jit.tracing.tracer import Tracer


def input_type(x: Any, place: str) -> T.Type:
    """The type of an example input; TracingError E0507 for what a trace cannot take."""
    if isinstance(x, Tensor):
        return T.TENSOR
    if isinstance(x, np.ndarray):
        return T.ARRAY
    if isinstance(x, dict) and x:
        keys = {type(k) for k in x}
        values = {input_type(v, f"{place}[{k!r}]") for k, v in x.items()}
        if keys <= {str} and len(values) == 1:
            return T.DictType(T.STR, values.pop())
    elif isinstance(x, list) and x:
        types = {input_type(v, f"{place}[{i}]") for i, v in enumerate(x)}
        if len(types) == 1:
            return T.ListType(types.pop())
    elif hasattr(x, "_fields"):
        fields = zip(x._fields, x, strict=True)
        return T.NamedTupleType(
            type(x).__name__,
            tuple((n, input_type(v, f"{place}.{n}")) for n, v in fields),
        )
    elif isinstance(x, tuple):
        return T.TupleType(
            tuple(input_type(v, f"{place}[{i}]") for i, v in enumerate(x))
        )
    elif isinstance(x, bool | int | float | np.generic):
        scalar = {bool: T.BOOL, int: T.INT, float: T.FLOAT}.get(type(x))
        return scalar if scalar is not None else T.ARRAY
    raise TracingError(
        Diagnostic(
            "E0507",
            f"example input `{place}` is a `{type(x).__name__}`"
            + ("" if not isinstance(x, list | dict) else " of unlike or no elements"),
            help="pass tensors, arrays, numbers, or tuples, lists and string-keyed dicts"
            " of them; bind everything else beforehand, with a lambda or"
            " functools.partial",
        )
    )


def bind_input(tracer: Tracer, x: Any, value: Value) -> Any:
    """What the traced function gets for one example input."""
    if isinstance(x, Tensor):
        # a fresh Tensor of the same storage, so that one input given twice is two
        return tracer.adopt(x.detach() if not x.requires_grad else x, value)
    if isinstance(x, dict):
        tracer.expect_length(value, len(x))
        items = {k: tracer._item(value, k) for k in x}
        return {k: bind_input(tracer, v, items[k]) for k, v in x.items()}
    if isinstance(x, list):
        tracer.expect_length(value, len(x))
        parts = tracer._unpack_list(value, len(x))
        return [bind_input(tracer, v, p) for v, p in zip(x, parts, strict=True)]
    if isinstance(x, tuple):
        parts = tracer.builder.unpack(value)
        made = [bind_input(tracer, v, p) for v, p in zip(x, parts, strict=True)]
        return type(x)._make(made) if hasattr(x, "_make") else tuple(made)
    return tracer.adopt(x, value)


def output_value(tracer: Tracer, x: Any, *, strict: bool) -> Value:
    """The Value of what the traced function returned."""
    if isinstance(x, Tensor | Traced):
        return tracer.value_of(x)
    if hasattr(x, "_fields"):
        parts = [output_value(tracer, v, strict=strict) for v in x]
        made = T.NamedTupleType(
            type(x).__name__,
            tuple((n, p.type) for n, p in zip(x._fields, parts, strict=True)),
        )
        return tracer.builder.node("prim::NamedTupleConstruct", parts, [made]).output
    if isinstance(x, tuple):
        return tracer.builder.tuple([output_value(tracer, v, strict=strict) for v in x])
    if isinstance(x, list | dict):
        if strict:
            kind = type(x).__name__
            raise TracingError(
                Diagnostic(
                    "E0505",
                    f"the traced function returns a {kind}, whose length and keys"
                    " would be the same for all inputs",
                    help="return a tuple; or pass strict=False if they are the same",
                )
            )
        return _container(tracer, x)
    if isinstance(x, np.ndarray | np.generic):
        return tracer.value_of(x)
    if x is None or isinstance(x, bool | int | float | str):
        return tracer.value_of(x)
    raise TracingError(
        Diagnostic(
            "E0505",
            f"the traced function returns a `{type(x).__name__}`",
            help="return tensors, arrays, numbers, or tuples of them",
        )
    )


def _container(tracer: Tracer, x: list[Any] | dict[str, Any]) -> Value:
    contents = x.values() if isinstance(x, dict) else x
    parts = [output_value(tracer, v, strict=False) for v in contents]
    types = {p.type for p in parts}
    if len(types) > 1 or not parts:
        raise TracingError(
            Diagnostic(
                "E0505",
                f"the traced function returns a {type(x).__name__} of"
                f" {'unlike' if parts else 'no'} elements",
                help="return a tuple",
            )
        )
    if isinstance(x, list):
        return tracer.builder.list(parts, types.pop())
    flat = [
        v
        for k, p in zip(x, parts, strict=True)
        for v in (tracer.builder.constant(k), p)
    ]
    made = T.DictType(T.STR, types.pop())
    return tracer.builder.node("prim::DictConstruct", flat, [made]).output
