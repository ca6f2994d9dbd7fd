"""Cards by name. Importing `jit.runtime.ops` fills it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from jit.ir.card import Card

_CARDS: dict[str, dict[str, type[Card]]] = {}


def register(card: type[Card]) -> type[Card]:
    """Add a card; ValueError if its name is taken."""
    overloads = _CARDS.setdefault(card.schema.kind, {})
    if card.schema.overload in overloads:
        raise ValueError(f"`{card.schema.name}` is declared twice")
    overloads[card.schema.overload] = card
    return card


def find_card(kind: str, overload: str = "") -> type[Card] | None:
    """The card of an operator; None if there is none."""
    return _CARDS.get(kind, {}).get(overload)


def overloads_of(kind: str) -> list[type[Card]]:
    """All cards of one kind, in the order of their declaration."""
    return list(_CARDS.get(kind, {}).values())


def all_cards() -> Iterator[type[Card]]:
    """Every card."""
    for overloads in _CARDS.values():
        yield from overloads.values()


def has_kind(kind: str) -> bool:
    """Whether any card is of this kind."""
    return kind in _CARDS


def nearest_kinds(kind: str, count: int = 3) -> list[str]:
    """Kinds with names like this one, of the same namespace first, for messages."""
    space, _, name = kind.rpartition("::")
    kinds: dict[str, list[str]] = {}
    for known in _CARDS:
        kinds.setdefault(known.rpartition("::")[2], []).append(known)
    found = [
        known
        for near in difflib.get_close_matches(name, kinds, count, 0.6)
        for known in kinds[near]
    ]
    return sorted(found, key=lambda k: not k.startswith(f"{space}::"))[:count]
