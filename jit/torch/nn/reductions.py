"""How losses are reduced: by name, or by torch's two old flags."""

from __future__ import annotations


def reduction_number(
    reduction: str, size_average: bool | None = None, reduce: bool | None = None
) -> int:
    """Torch's number for a reduction; the two old flags win if they are given."""
    if size_average is not None or reduce is not None:
        if reduce is not None and not reduce:
            return 0
        if size_average is not None and not size_average:
            return 2
        return 1
    if reduction == "none":
        return 0
    if reduction == "mean":
        return 1
    if reduction == "sum":
        return 2
    raise ValueError(f"{reduction} is not a valid value for reduction")
