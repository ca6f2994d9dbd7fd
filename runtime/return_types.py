"""Types of the results of operators that return several named tensors.

`torch.max(x, dim=0)` returns `torch.return_types.max(values=…, indices=…)`: a tuple
whose elements have names.
"""

from __future__ import annotations

import collections
from functools import cache
from typing import Any

_make_base: Any = collections.namedtuple


@cache
def named_result(kind: str, fields: tuple[str, ...]) -> Any:
    """The type of the results of an operator."""
    # torch's own name for results of the in-place and plain forms is the same
    base = _make_base(kind, fields, rename=True)

    class Result(base):  # type: ignore[misc, valid-type]
        __slots__ = ()

        def __repr__(self) -> str:
            values: tuple[Any, ...] = tuple(self)
            named = zip(fields, values, strict=True)
            parts = ",\n".join(f"{n}={v!r}" for n, v in named)
            return f"torch.return_types.{kind}(\n{parts})"

        def __reduce__(self) -> tuple[Any, ...]:
            return (_restore, (kind, fields, tuple(self)))

    Result.__name__ = Result.__qualname__ = kind
    Result.__module__ = "torch.return_types"
    return Result


def _restore(kind: str, fields: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    return named_result(kind, fields)._make(values)
