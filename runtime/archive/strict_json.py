"""JSON members: written in one way, read with bounds.

Numbers past int64, infinities, nans, repeated names and deep nesting are refused;
`jit.runtime.archive.state` writes such numbers as text.
"""

from __future__ import annotations

import json
from typing import Any

from jit.runtime.archive.problem import MALFORMED, OVERSIZED, fail

MAX_DEPTH = 200
"""Of lists and objects; the values that a program can hold nest less."""
_MAX_DIGITS = 20


class _RefusedError(ValueError):
    """Text that is JSON, perhaps, but none that is written here."""


def write_json(value: Any) -> bytes:
    """The text of a value; equal values give equal bytes."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, indent=1)
    return text.encode("ascii") + b"\n"


def read_json(data: memoryview, member: str, *, limit: int) -> Any:
    """The value of a member's text; ArchiveError if it is not what `write_json` writes.

    `limit` bounds the bytes of the text.
    """
    if len(data) > limit:
        fail(OVERSIZED, f"`{member}` has {len(data)} bytes, more than {limit}")
    try:
        value = _DECODER.decode(bytes(data).decode("ascii"))
    except (ValueError, RecursionError) as error:
        # UnicodeDecodeError and JSONDecodeError are ValueErrors; the decoder recurses
        fail(MALFORMED, f"`{member}` cannot be read as JSON: {error}")
    if _depth(value) > MAX_DEPTH:
        fail(OVERSIZED, f"`{member}` nests deeper than {MAX_DEPTH} levels")
    return value


def _depth(value: Any) -> int:
    depth = 0
    level = [value]
    while level:
        depth += 1
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        level = inner
    return depth - 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedError("a name is repeated")
    return found


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise _RefusedError("a number is too long")
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _RefusedError("a number is too large")
    return value


def _constant(text: str) -> Any:
    raise _RefusedError(f"`{text}` is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_number,
    parse_constant=_constant,
)
