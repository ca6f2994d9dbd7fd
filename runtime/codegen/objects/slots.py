"""Slots: where a function of machine code notes what it owns, Python objects too.

A function that works with objects has an array in its frame. Each owner, a reference to
an object or a count of a block, stands in a slot from when it is taken until it is
released or moved; otherwise the slot is null. A failure releases what stands there:

    all slots                       the function is left
    the slots of a `try` body       its handler goes on; what was owned before stays

Which slot holds which owner is known while code is made, except where ways meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.runtime.codegen.building import at, store
from jit.runtime.codegen.kinds import kind_of_type
from jit.runtime.codegen.process.ownership import ARGUMENT, NULL, Owner, owners_of
from jit.runtime.codegen.values import I8, I64, POINTER

if TYPE_CHECKING:
    from jit.runtime.codegen.region import Region

State = tuple[dict[int, Owner], int]


class Slots:
    """The slots of one function, while it is made."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.held: dict[int, Owner] = {}
        """What each slot holds here."""
        self.first = 0
        """Slots below are not taken: they belong to what is outside of a `try`."""
        self.count = 0
        """How many slots there are."""
        entry = ll.IRBuilder()
        entry.position_before(region.entry.terminator)
        self._frame = entry.alloca(POINTER, I64(1))
        self._room = entry.alloca(POINTER, I64(1))
        self._room_count = 1
        self._numbers: dict[T.Type, ll.Value] = {}

    # one owner ------------------------------------------------------------------------

    def take(self, owner: Owner) -> None:
        """Note one owner more."""
        if isinstance(owner.word, ll.Constant):
            return
        index = self.first
        while index in self.held:
            index += 1
        self.count = max(self.count, index + 1)
        self.put(index, owner)

    def put(self, index: int, owner: Owner) -> None:
        """Note an owner in a certain slot."""
        self.held[index] = owner
        b = self.region.b
        word = at(b, owner.word, ARGUMENT) if owner.is_object else owner.word
        store(b, word, self.place(index))

    def find(self, owner: Owner) -> int | None:
        """The slot that got an owner last: what is outside of a `try` keeps its own."""
        found = [i for i, held in self.held.items() if held.word is owner.word]
        mine = [i for i in found if i >= self.first]
        return max(mine or found, default=None, key=found.index)

    def drop(self, owner: Owner) -> None:
        """Forget one owner; it has been released, or stands elsewhere."""
        index = self.find(owner)
        if index is not None:
            del self.held[index]
            store(self.region.b, NULL, self.place(index))

    def move(self, index: int, to: int) -> None:
        """Note what stands in a slot in another one."""
        self.count = max(self.count, to + 1)
        self.put(to, self.held.pop(index))
        store(self.region.b, NULL, self.place(index))

    def place(self, index: int) -> ll.Value:
        """The address of a slot."""
        return at(self.region.b, self.region.b.bitcast(self._frame, POINTER), 8 * index)

    # many owners ----------------------------------------------------------------------

    def arrange(self, wanted: dict[int, Owner]) -> None:
        """Move the owners that are held here to the slots that another way has them in."""

        def words(held: dict[int, Owner]) -> list[int]:
            return sorted(id(owner.word) for owner in held.values())

        assert words(self.held) == words(wanted), (self.held, wanted)

        def apart(these: dict[int, Owner], those: dict[int, Owner]) -> dict[int, Owner]:
            return {
                i: owner
                for i, owner in these.items()
                if i not in those or those[i].word is not owner.word
            }

        misplaced, missing = apart(self.held, wanted), apart(wanted, self.held)
        for index in misplaced:
            del self.held[index]
            if index not in missing:
                store(self.region.b, NULL, self.place(index))
        for index, owner in missing.items():
            self.put(index, owner)

    def copy(self) -> State:
        """What is held here."""
        return dict(self.held), self.first

    def restore(self, state: State) -> None:
        """Go back to what was held at another place."""
        self.held, self.first = dict(state[0]), state[1]

    def forget(self, branches: Sequence[tuple[ll.Block, Sequence[Any]]]) -> None:
        """Owners at the ends of branches, which have been left, stand elsewhere."""
        b = self.region.b
        here = b.block
        for block, values in branches:
            for value in values:
                for owner in owners_of(value):
                    b.position_before(block.terminator)
                    self.drop(owner)
        b.position_at_end(here)

    def release_from(self, first: int) -> None:
        """Release what stands in slots from one on."""
        region = self.region
        count = I64(self.count - first)
        if self.count > first:
            function = region.unit.ownership("release_slots")
            region.b.call(function, [region.state, self.place(first), count])

    def release_all(self) -> None:
        """Release everything that the function owns."""
        self.release_from(0)

    def finish(self) -> None:
        """Give the frame its size; all slots are null when the function starts."""
        self._frame.operands[0] = I64(max(self.count, 1))
        self._room.operands[0] = I64(self._room_count)
        b = self.region.in_entry()
        fill = self.region.module.declare_intrinsic("llvm.memset", [POINTER, I64])
        bytes = I64(8 * self.count)
        frame = b.bitcast(self._frame, POINTER)
        b.call(fill, [frame, I8(0), bytes, ll.IntType(1)(0)])

    # arguments of calls -----------------------------------------------------------------

    def room(self, count: int) -> ll.Value:
        """Room for the arguments of a call, used by all calls of the function."""
        self._room_count = max(self._room_count, count)
        return self.region.b.bitcast(self._room, POINTER)

    def number_room(self, type: T.Type) -> ll.Value:
        """Room for the number of an object."""
        if type not in self._numbers:
            held = kind_of_type(type).leaf_types()[0]
            self._numbers[type] = self.region.stack(held)
        return self._numbers[type]
