"""Linked: the base of what is called by users and runs as machine code.

A call goes to the machine code of the first specialisation that takes the arguments.
Where there is none, and where `jit.runtime.conditions` say so, it goes to `__call__`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Collection, Sequence
from typing import Any

from jit.ir.schema import Argument
from jit.runtime import conditions
from jit.runtime.codegen.calls.callable_type import (
    CONDITIONS,
    POSITIONAL,
    DirectCallable,
    write_word,
)
from jit.runtime.enums import default_of
from jit.runtime.executor import Compiled, Executor
from jit.runtime.objects import Object


class Linked(DirectCallable):
    """A callable with the machine code of its specialisations."""

    __slots__ = (
        "__dict__",
        "__weakref__",
        "argument_defaults",
        "argument_names",
        "natives",
    )

    natives: tuple[Any, ...]
    """The machine code, linked; the tuple is replaced and never changed."""

    def __init__(self) -> None:
        self.natives = ()
        self._linked: dict[int, dict[Compiled, Any]] = {}
        """What has been linked, by the conditions that it is for."""
        self._word = conditions.NEVER
        """The conditions of what is tried now."""
        self._evictions = 0
        """How many evictions from the cache are known."""
        self._lock = threading.RLock()

    def link(
        self,
        executor: Executor,
        compiled: Compiled,
        word: int,
        arguments: Sequence[Argument],
        bound: Object | None = None,
        converted: Collection[int] = (),
    ) -> None:
        """Let calls with arguments as those of a call go straight into machine code.

        `word` is that of `conditions` from before the call, `arguments` are those that
        callers give; `bound` is given to the machine code as its first argument. Floats at
        the positions `converted` may be given as ints.
        """
        if not self.is_direct or compiled.machine is None:
            return
        if not conditions.allow_links(word):
            return
        if word == self._word and compiled in self._linked[word]:
            return
        from jit.runtime.codegen.calls.native_function import begin_calls

        with self._lock:
            mine = self._linked.setdefault(word, {})
            if executor.evictions != self._evictions:
                self._evictions = executor.evictions
                for linked in self._linked.values():
                    for old in [c for c in linked if not executor.keeps(c)]:
                        del linked[old]
            if compiled not in mine:
                made = executor.link(compiled, bound, converted)
                if made is not None:
                    mine[compiled] = made
            # nobody may find these under the conditions of the others
            write_word(self, CONDITIONS, conditions.NEVER)
            if self._word == conditions.NEVER:
                self._name(arguments)
            self.natives = tuple(mine.values())
            self._word = word
            begin_calls(self, word)

    def _name(self, arguments: Sequence[Argument]) -> None:
        """Let machine code put named arguments and defaults in their places."""
        names = tuple(sys.intern(a.name) for a in arguments)
        self.argument_names = names
        # a list is made anew for each call
        self.argument_defaults = tuple(
            names
            if a.is_required or isinstance(a.default, list)
            else default_of(a.default, a.type)
            for a in arguments
        )
        count = sum(not a.keyword_only for a in arguments)
        write_word(self, POSITIONAL, count)
