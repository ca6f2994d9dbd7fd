"""A reader of pickles that knows data only: it builds containers and calls nothing.

A pickle is a program for a small stack machine, whose instructions name any function of
any module and call it. This machine has the same instructions, and no functions: a name
is looked up in a table that the caller gives, and stands on the stack as a `Builder` or
a constant. Whatever else is named ends the reading, with the name. Nothing is imported.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from jit.runtime.archive.problem import COPY_AGAIN, MALFORMED, TRUNCATED, fail

Refusal = Callable[[str, str], NoReturn]
"""Raises the error for a name, given its module and itself."""


@dataclass(frozen=True, eq=False)
class Builder:
    """What a name stands for: a function of ours that makes data of data."""

    name: str
    make: Callable[..., Any]
    least: int
    most: int

    def build(self, args: Any) -> Any:
        """Make the value; ArchiveError for arguments that cannot be."""
        if type(args) is not tuple or not self.least <= len(args) <= self.most:
            _bad(f"`{self.name}` is called with other arguments than torch gives")
        return self.make(*args)


class _Mark:
    """The place on the stack where a container begins."""


_MARK = _Mark()
_SIMPLE = (type(None), bool, int, float, complex, str, bytes)


class PickleReader:
    """Reads one pickle after another from bytes."""

    def __init__(
        self,
        data: memoryview,
        names: Mapping[tuple[str, str], Any],
        refuse: Refusal,
        persistent: Callable[[Any], Any],
        position: int = 0,
    ) -> None:
        self._data = data
        self._names = names
        self._refuse = refuse
        self._persistent = persistent
        self.position = position
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def read(self) -> Any:
        """The next value."""
        self._stack, self._memo = [], {}
        while True:
            code = self._take(1)[0]
            if code == 0x2E:  # STOP
                value = self._pop()
                if self._stack:
                    _bad("values are left over")
                return value
            step = _STEPS.get(code)
            if step is None:
                _bad(f"the instruction {bytes([code])!r} is none that tensors need")
            step(self)

    # bytes

    def _take(self, count: int) -> memoryview:
        end = self.position + count
        if count < 0 or end > len(self._data):
            fail(TRUNCATED, "the file ends inside a pickle", help=COPY_AGAIN)
        found = self._data[self.position : end]
        self.position = end
        return found

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _line(self, encoding: str = "utf-8") -> str:
        # names and numbers as text are short
        piece = bytes(self._data[self.position : self.position + 1000])
        text, found, _ = piece.partition(b"\n")
        if not found:
            _bad("a line of text has no end")
        self.position += len(text) + 1
        return _decoded(text, encoding)

    def _counted(self, form: str) -> memoryview:
        return self._take(self._number(form))

    # the stack

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _pop(self) -> Any:
        if not self._stack or self._stack[-1] is _MARK:
            _bad("it takes a value where there is none")
        return self._stack.pop()

    def _top(self, cls: type) -> Any:
        if not self._stack or not isinstance(self._stack[-1], cls):
            _bad(f"it adds to what is no {cls.__name__}")
        return self._stack[-1]

    def _pop_mark(self) -> list[Any]:
        for i in range(len(self._stack) - 1, -1, -1):
            if self._stack[i] is _MARK:
                items = self._stack[i + 1 :]
                del self._stack[i:]
                return items
        return _bad("a container has no beginning")

    def _tuple(self, count: int) -> None:
        items = [self._pop() for _ in range(count)]
        self._push(tuple(reversed(items)))

    # containers

    def _append(self) -> None:
        item = self._pop()
        self._top(list).append(item)

    def _appends(self) -> None:
        items = self._pop_mark()
        self._top(list).extend(items)

    def _set_items(self, pairs: list[Any]) -> None:
        if len(pairs) % 2:
            _bad("a key has no value")
        target = self._top(dict)
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            target[_checked_key(key)] = value

    def _set_item(self) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([key, value])

    def _new_dict(self) -> None:
        pairs = self._pop_mark()
        self._push({})
        self._set_items(pairs)

    def _add_items(self) -> None:
        items = self._pop_mark()
        self._top(set).update(map(_checked_key, items))

    # names

    def _remember(self, place: int) -> None:
        if not self._stack or self._stack[-1] is _MARK:
            _bad("it remembers a value where there is none")
        self._memo[place] = self._stack[-1]

    def _recall(self, place: int) -> None:
        if place not in self._memo:
            _bad("it recalls what it did not remember")
        self._push(self._memo[place])

    def _name(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            _bad("a name is no text")
        if (module, name) not in self._names:
            self._refuse(module, name)
        self._push(self._names[module, name])

    def _global(self) -> None:
        module = self._line()
        self._name(module, self._line())

    def _global_of_stack(self) -> None:
        name, module = self._pop(), self._pop()
        self._name(module, name)

    def _reduce(self) -> None:
        args, called = self._pop(), self._pop()
        if not isinstance(called, Builder):
            _bad(f"it calls a `{type(called).__name__}`")
        self._push(called.build(args))

    def _build(self) -> None:
        """Attributes of an object: only state dicts have one, `_metadata`."""
        state = self._pop()
        target = self._top(OrderedDict)
        if type(state) is not dict or not state.keys() <= {"_metadata"}:
            _bad(f"a `{type(target).__name__}` is given attributes")
        target.__dict__.update(state)

    def _persist(self) -> None:
        self._push(self._persistent(self._pop()))


def _decoded(text: bytes | memoryview, encoding: str = "utf-8") -> str:
    try:
        return bytes(text).decode(encoding, "surrogatepass")
    except UnicodeDecodeError as error:
        _bad(f"a text is not {encoding}: {error}")


def _checked_key(key: Any) -> Any:
    """A key of plain data; deep tuples could take for ever to hash."""
    if isinstance(key, _SIMPLE) or (
        type(key) is tuple and all(isinstance(k, _SIMPLE) for k in key)
    ):
        return key
    return _bad(f"a `{type(key).__name__}` is a key")


def _text_number(text: str) -> int | bool:
    if text in ("00", "01"):
        return text == "01"
    try:
        return int(text.removesuffix("L"))
    except ValueError:
        _bad("a number is none")


def _text_float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        _bad("a number is none")


def _long(data: memoryview) -> int:
    return int.from_bytes(data, "little", signed=True)


def _skip_protocol(reader: PickleReader) -> None:
    if reader._take(1)[0] > 5:
        _bad("its protocol is newer than 5")


def _bad(problem: str) -> NoReturn:
    fail(MALFORMED, f"the pickle is not one that torch writes: {problem}")


_R = PickleReader
_STEPS: dict[int, Callable[[PickleReader], Any]] = {
    0x80: _skip_protocol,
    0x95: lambda r: r._number("<Q"),  # FRAME
    ord("("): lambda r: r._push(_MARK),
    ord("0"): lambda r: r._pop(),
    ord("1"): lambda r: r._pop_mark(),
    ord("N"): lambda r: r._push(None),
    0x88: lambda r: r._push(True),
    0x89: lambda r: r._push(False),
    ord("I"): lambda r: r._push(_text_number(r._line())),
    ord("L"): lambda r: r._push(_text_number(r._line())),
    ord("F"): lambda r: r._push(_text_float(r._line())),
    ord("J"): lambda r: r._push(r._number("<i")),
    ord("K"): lambda r: r._push(r._number("<B")),
    ord("M"): lambda r: r._push(r._number("<H")),
    0x8A: lambda r: r._push(_long(r._counted("<B"))),
    0x8B: lambda r: r._push(_long(r._counted("<I"))),
    ord("G"): lambda r: r._push(r._number(">d")),
    ord("V"): lambda r: r._push(r._line("raw-unicode-escape")),
    ord("X"): lambda r: r._push(_decoded(r._counted("<I"))),
    0x8C: lambda r: r._push(_decoded(r._counted("<B"))),
    0x8D: lambda r: r._push(_decoded(r._counted("<Q"))),
    ord("T"): lambda r: r._push(_decoded(r._counted("<I"), "latin1")),
    ord("U"): lambda r: r._push(_decoded(r._counted("<B"), "latin1")),
    ord("B"): lambda r: r._push(bytes(r._counted("<I"))),
    ord("C"): lambda r: r._push(bytes(r._counted("<B"))),
    0x8E: lambda r: r._push(bytes(r._counted("<Q"))),
    ord("]"): lambda r: r._push([]),
    ord("a"): _R._append,
    ord("e"): _R._appends,
    ord("l"): lambda r: r._push(r._pop_mark()),
    ord(")"): lambda r: r._push(()),
    ord("t"): lambda r: r._push(tuple(r._pop_mark())),
    0x85: lambda r: r._tuple(1),
    0x86: lambda r: r._tuple(2),
    0x87: lambda r: r._tuple(3),
    ord("}"): lambda r: r._push({}),
    ord("d"): _R._new_dict,
    ord("s"): _R._set_item,
    ord("u"): lambda r: r._set_items(r._pop_mark()),
    0x8F: lambda r: r._push(set()),
    0x90: _R._add_items,
    0x91: lambda r: r._push(frozenset(map(_checked_key, r._pop_mark()))),
    ord("g"): lambda r: r._recall(_text_number(r._line())),
    ord("h"): lambda r: r._recall(r._number("<B")),
    ord("j"): lambda r: r._recall(r._number("<I")),
    ord("p"): lambda r: r._remember(_text_number(r._line())),
    ord("q"): lambda r: r._remember(r._number("<B")),
    ord("r"): lambda r: r._remember(r._number("<I")),
    0x94: lambda r: r._remember(len(r._memo)),
    ord("c"): _R._global,
    0x93: _R._global_of_stack,
    ord("R"): _R._reduce,
    0x81: _R._reduce,  # NEWOBJ: cls.__new__(*args), which a Builder stands for
    ord("b"): _R._build,
    ord("Q"): _R._persist,
}
