"""Writes `docs/reference/ops.md` from the cards.

    python -m jit.runtime.ops.reference > docs/reference/ops.md

Needs llvmlite, to tell which operators have machine code.
"""

from __future__ import annotations

from collections import defaultdict
from types import ModuleType
from typing import Any

import numpy as np

import jit.runtime.ops as ops
from jit.ir.card import Card
from jit.ir.dtypes import COMPLEX, dtype_of
from jit.ir.graph import Node
from jit.ir.registry import all_cards
from jit.runtime.ops.samples import cases_of

HEAD = """# Operators, one by one

Made from the cards in `runtime/ops` by `python -m jit.runtime.ops.reference`; do not edit.

- **Dtypes**, those of the card's samples: `b` bool, `i` integers, `f` floating point,
  `c` complex numbers.
- **Derivative**: `yes`; `by others`, in terms of operators that have one; `constant`, no
  gradient goes through; `–`, none.
- **Executors**: every operator runs on the interpreter. `machine code`: it has code of
  its own, or expands into operators that have. `kernel`: machine code calls the
  interpreter's function. `interpreter`: a function that calls it is interpreted.

In-place twins (`aten::exp_`) and other names of an operator are listed with it.
"""


def text() -> str:
    """The whole page."""
    cards = [c for c in all_cards() if _is_listed(c)]
    others = defaultdict(list)
    for card in all_cards():
        original = getattr(card, "pure", None) or _original(card)
        if original is not None and original is not card:
            others[original.schema.name].append(card.schema.name)
    rooms: dict[str, list[type[Card]]] = defaultdict(list)
    for card in cards:
        rooms[_home(card)].append(card)
    parts = [HEAD]
    for name in sorted(rooms):
        parts.append(f"\n## {_title(name)}\n")
        parts.append("| operator | meaning | dtypes | derivative | executors |")
        parts.append("| --- | --- | --- | --- | --- |")
        rows = sorted(rooms[name], key=lambda c: c.schema.name)
        parts += [_row(c, sorted(others[c.schema.name])) for c in rows]
    return "\n".join(parts) + "\n"


def _is_listed(card: type[Card]) -> bool:
    """Operators on tensors and arrays that are no other's twin or other name."""
    takes = (*card.schema.arguments, *card.schema.returns)
    on_tensors = any("Tensor" in str(a.type) or "Array" in str(a.type) for a in takes)
    is_twin = getattr(card, "pure", None) is not None and "np::" not in card.schema.kind
    return on_tensors and not is_twin and getattr(card, "alias_of", None) is None


def _original(card: type[Card]) -> Any:
    kind = getattr(card, "alias_of", None)
    if kind is None:
        return None
    from jit.ir.registry import find_card

    return find_card(kind, card.schema.overload)


_BLANKS = ("formula", "reduce", "scan", "kernel", "sizes", "grad", "composite", "infer")
_FAMILIES = ("declare", "families", "inplace", "numpy_families", "pointwise_family",
             "reduction_families", "shaped", "composed")  # fmt: skip


def _home(card: type[Card]) -> str:
    """The module in which a card is written: overloads share the blanks of the first."""
    pure = getattr(card, "pure", None)
    if pure is not None:
        return _home(pure)
    blanks = [vars(card).get(name) for name in _BLANKS]
    modules = [card.__module__, *(getattr(b, "__module__", "") for b in blanks)]
    names = [m.rpartition(".")[2] for m in modules if m.startswith(ops.__name__)]
    return next((n for n in names if n not in _FAMILIES), names[0])


def _title(name: str) -> str:
    module: ModuleType | None = getattr(ops, name, None)
    first = ((module.__doc__ if module else "") or "").strip().partition("\n")[0]
    return first.rstrip(".") or name


def _row(card: type[Card], others: list[str]) -> str:
    signature = f"`{card.schema}`".replace("|", "\\|")
    if others:
        signature += f"<br>also {', '.join(f'`{o}`' for o in others)}"
    meaning = card.doc().replace("\n", " ").replace("|", "\\|")
    cells = [signature, meaning, _dtypes(card), _derivative(card), executors(card)]
    return f"| {' | '.join(cells)} |"


def _dtypes(card: type[Card]) -> str:
    accepts = getattr(card, "accepts", None)
    if isinstance(accepts, str):
        return accepts
    found = set()
    for sample in cases_of(card.samples):
        for value in _arrays(sample.arguments(card.schema)):
            category = dtype_of(value.dtype).category
            found.add("bifc"[min(category, COMPLEX)])
    return "".join(letter for letter in "bifc" if letter in found) or "–"


def _arrays(values: Any) -> Any:
    for value in values:
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, list):
            yield from _arrays(value)


def _derivative(card: type[Card]) -> str:
    if card.detached:
        return "constant"
    meaning = getattr(card, "pure", None) or card
    if meaning.grad is not None:
        return "yes"
    return "by others" if card.composite is not None else "–"


def executors(card: type[Card]) -> str:
    """Whether an operator has machine code, or is called from it."""
    if card.on_tape is not None:
        return "interpreter"
    from jit.runtime.codegen import lowering

    node = Node(card.schema.kind, card.schema.overload)
    has_code = lowering.find(node) is not None or card.decompose is not None
    return "machine code" if has_code else "kernel"


if __name__ == "__main__":
    print(text(), end="")
