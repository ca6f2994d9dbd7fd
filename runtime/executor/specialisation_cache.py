"""What an executor keeps: one entry for each specialisation, bounded.

Machine code counts its own calls, so that what is used stays and `CacheInfo` is right
although those calls never come here.
"""

from __future__ import annotations

import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from jit.ir import types as T
from jit.ir.type_text import format_type
from jit.runtime.executor.specialisation import Specialisation

Key = tuple[Any, ...]

_limit = 64


class CacheWarning(UserWarning):
    """A function is compiled again and again, because an argument keeps changing."""


class CacheInfo(NamedTuple):
    """How often a function was compiled, and found compiled."""

    hits: int
    """Calls that found their specialisation, those in machine code included."""
    misses: int
    """Specialisations that were made."""
    maxsize: int
    """How many are kept."""
    currsize: int
    """How many there are."""
    compile_seconds: float
    """How long it took to make them."""


def set_cache_limit(limit: int) -> int:
    """Choose how many specialisations of a function are kept; returns the limit before.

    What was used least recently goes first. Raises ValueError for less than 1.
    """
    global _limit
    if limit < 1:
        raise ValueError(f"a limit of {limit} specialisations keeps nothing")
    before, _limit = _limit, limit
    return before


class Entry:
    """One specialisation, and how it is used."""

    def __init__(self, specialisation: Specialisation, made: Any) -> None:
        self.specialisation = specialisation
        self.made = made
        self.hits = 0
        self._linked: list[Any] = []
        """Machine code that takes calls without coming here."""
        self.stamp = 0
        self._seen = 0

    def count(self) -> int:
        """How many calls there were."""
        direct: int = sum(made.hits for made in self._linked)
        return self.hits + direct

    def count_calls_of(self, linked: Any) -> None:
        """Count the hits of machine code as hits."""
        self._linked.append(linked)

    def touch(self, now: int) -> None:
        """Note whether it was called since it was asked last."""
        count = self.count()
        if count != self._seen:
            self._seen, self.stamp = count, now


class SpecialisationCache:
    """The specialisations of the functions of one program; for any thread."""

    def __init__(self) -> None:
        self._entries: dict[Key, Entry] = {}
        self._lock = threading.Lock()
        self._making: dict[Key, threading.RLock] = {}
        self._misses = 0
        self._gone_hits = 0
        self._seconds = 0.0
        self._clock = 0
        self._is_warned = False
        self.evictions = 0
        """How many entries have gone; what was made of them must not be used."""

    def get(self, key: Key) -> Entry | None:
        """What was made for a key."""
        return self._entries.get(key)

    def find(self, key: Key, make: Callable[[], tuple[Specialisation, Any]]) -> Entry:
        """What was made for a key; made now, by one of the threads that ask."""
        found = self._entries.get(key)
        if found is not None:
            return found
        with self._lock:
            own = self._making.setdefault(key, threading.RLock())
        with own:
            found = self._entries.get(key)
            if found is None:
                start = time.perf_counter()
                found = Entry(*make())
                self._add(key, found, time.perf_counter() - start)
        return found

    def entries(self) -> list[Entry]:
        """All that is kept, the first one made first."""
        with self._lock:
            return list(self._entries.values())

    def entry_of(self, made: Any) -> Entry | None:
        """The entry of what was made; None if it has gone."""
        for entry in self.entries():
            if entry.made is made or made in getattr(entry.made, "all", ()):
                return entry
        return None

    def info(self) -> CacheInfo:
        """How often it was asked, and what it has."""
        with self._lock:
            kept = self._entries.values()
            hits = self._gone_hits + sum(e.count() for e in kept)
            # versions for what modules hold are made later than their entry
            more = sum(getattr(e.made, "later", 0) for e in kept)
            seconds = sum(getattr(e.made, "seconds", 0.0) for e in kept)
            return CacheInfo(
                hits - more,
                self._misses + more,
                _limit,
                len(self._entries),
                self._seconds + seconds,
            )

    def _add(self, key: Key, entry: Entry, seconds: float) -> None:
        changing = ""
        with self._lock:
            self._misses += 1
            self._seconds += seconds
            self._clock += 1
            entry.stamp = self._clock
            self._making.pop(key, None)
            for other in self._entries.values():
                other.touch(self._clock)
            while len(self._entries) >= _limit:
                changing = changing or self._story(entry)
                oldest = min(self._entries, key=lambda k: self._entries[k].stamp)
                self._gone_hits += self._entries.pop(oldest).count()
                self.evictions += 1
            self._entries[key] = entry
            if not changing or self._is_warned:
                return
            self._is_warned = True
        warnings.warn(changing, CacheWarning, stacklevel=_depth_of_caller())

    def _story(self, new: Entry) -> str:
        """Which argument keeps changing, and what it was."""
        made = [e.specialisation for e in self._entries.values()]
        return story_of([*made, new.specialisation], _limit)


def _depth_of_caller() -> int:
    """How far up the stack the code is that called us: the first that is not ours."""
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals["__name__"].startswith("jit."):
        depth, frame = depth + 1, frame.f_back
    return depth


def story_of(made: Sequence[Specialisation], limit: int) -> str:
    """What to tell of a function that has too many specialisations."""
    name = made[-1].function.rpartition(".")[2]
    count = len(made[-1].types)
    kinds: list[dict[T.Type, None]] = [
        dict.fromkeys(s.types[i] for s in made if len(s.types) == count)
        for i in range(count)
    ]
    text = f"{name}() was compiled for more than {limit} kinds of arguments"
    if kinds:
        index = max(range(count), key=lambda i: len(kinds[i]))
        last = [f"`{format_type(t)}`" for t in list(kinds[index])[-4:]]
        which = made[-1].names[index] if made[-1].names else str(index)
        text += f"; argument `{which}` keeps changing its {_what(kinds[index])}:"
        text += f" it was {', '.join(last[:-1])} and {last[-1]}"
    return (
        f"{text}. What was used least recently is compiled again when it comes back;"
        " jit.set_cache_limit() keeps more"
    )


def _what(kinds: dict[T.Type, None]) -> str:
    """What differs between the types of an argument."""
    tensors = [t for t in kinds if isinstance(t, T.TensorType | T.ArrayType)]
    if len(tensors) < len(kinds):
        return "type"
    found = []
    if len({t.dtype for t in tensors}) > 1:
        found.append("dtype")
    if len({t.rank for t in tensors}) > 1:
        found.append("rank")
    elif len({t.sizes for t in tensors}) > 1:
        found.append("sizes")
    return " and ".join(found) or "type"
