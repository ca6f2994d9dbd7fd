"""Where the inputs of a graph are found: among the arguments, or in modules among them.

A graph whose attributes are lifted takes weights as inputs. A call still gives modules:
their attributes are read anew each time, so that weights may be trained or replaced.

    gathering = Gathering(roots, steps, inputs, guards)
    gathering.gather([module, x])        [x, module.layer.weight], or None
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jit.ir import types as T
from jit.runtime.objects import Object


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of an owner, which is given by its position among all owners."""

    owner: int
    name: str


@dataclass(frozen=True, slots=True)
class Guard:
    """A slot that has to hold a value, the very object or an equal one."""

    slot: Slot
    value: Any


Fits = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Gathering:
    """How the inputs of a graph are gathered. Owners are the roots, then the steps."""

    count: int
    """How many arguments a call has."""
    roots: tuple[tuple[int, T.Type], ...]
    """The arguments that are modules: their positions and types."""
    steps: tuple[Slot, ...]
    """Submodules, each in a slot of an owner before it."""
    inputs: tuple[int | Slot, ...]
    """The position of an argument, or an attribute."""
    types: tuple[T.Type, ...]
    """The types of the inputs."""
    fits: tuple[Fits | None, ...]
    """For each input that is an attribute, whether a value may be given."""
    guards: tuple[Guard, ...]

    def gather(self, args: Sequence[Any]) -> list[Any] | None:
        """The inputs for a call; None if its modules hold something else."""
        owners = self._owners(args)
        if owners is None:
            return None
        for guard in self.guards:
            held = owners[guard.slot.owner][guard.slot.name]
            if held is not guard.value and not is_same(held, guard.value):
                return None
        found = []
        for place, fits in zip(self.inputs, self.fits, strict=True):
            if isinstance(place, int):
                found.append(args[place])
                continue
            held = owners[place.owner][place.name]
            if fits is not None and not fits(held):
                return None
            found.append(held)
        return found

    def _owners(self, args: Sequence[Any]) -> list[dict[str, Any]] | None:
        owners: list[dict[str, Any]] = []
        for index, type in self.roots:
            if args[index].type != type:
                return None
            owners.append(args[index].slots)
        for step in self.steps:
            held = owners[step.owner].get(step.name)
            if not isinstance(held, Object):
                return None
            owners.append(held.slots)
        return owners


def is_same(a: Any, b: Any) -> bool:
    """Whether two immutable values are equal in type and in every bit that matters."""
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(is_same, a, b))
    if isinstance(a, float):
        return bool(a.hex() == b.hex())
    return bool(a == b)
