"""Cards of operators on Python values: numbers, strings, lists, tuples, dicts.

Their kernels are Python's own functions; `declare` makes a card of one row:

    declare("aten::upper(str self) -> str", str.upper, "The string in upper case.")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from jit.runtime.ops.declare import Family, LazySamples, op
from jit.runtime.ops.samples import typed_samples

INT_MIN, INT_MAX = -(2**63), 2**63 - 1


class PythonOperator(Family):
    """An operator whose values are neither unwrapped nor wrapped."""

    raises = False

    @classmethod
    def complete(cls) -> None:
        if not cls.samples:
            cls.samples = LazySamples(lambda: typed_samples(cls))


def declare(
    schemas: str | Sequence[str],
    kernel: Callable[..., Any],
    doc: str,
    *,
    raises: bool | Callable[..., bool] = False,
    samples: Sequence[Any] = (),
    **blanks: Any,
) -> None:
    """Declare one card for each schema, all with the same kernel."""
    texts = [schemas] if isinstance(schemas, str) else list(schemas)
    name = texts[0].partition("(")[0].partition("::")[2].partition(".")[0]
    blanks |= {
        "kernel": staticmethod(kernel),
        "raises": staticmethod(raises) if callable(raises) else raises,
        "samples": samples,
        "__doc__": doc,
        "__module__": __name__,
    }
    op(*texts)(type(name, (PythonOperator,), blanks))


def overflow(expression: str) -> NoReturn:
    """Raise for a result that an int cannot hold."""
    raise OverflowError(f"{expression} does not fit into an int of 64 bits")


def check_int(value: int) -> int:
    """An int that has 64 bits; OverflowError for others."""
    if INT_MIN <= value <= INT_MAX:
        return value
    return overflow("the result")


def check_number(value: Any) -> Any:
    """A number; OverflowError for an int of more than 64 bits."""
    return check_int(value) if type(value) is int else value
