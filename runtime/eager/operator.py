"""EagerOperator: an operator as users call it, a function, a method or a sign of Python.

A call begins in the machine code that is linked for its kinds of arguments, and in Python
where there is none. Python counts, and has code made for what is called often: see
`jit.runtime.eager.linking`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jit.ir.card import Card
from jit.runtime.codegen.calls.callable_type import DirectMethod

Way = Callable[..., Any]

PATIENCE = 50
"""After how many calls in Python code is made. Calls with large tensors count more."""
LARGE = 12
"""Each 2 to the power of so many elements count as one call more."""


MISSED: Any = object()
"""What machine code gives for arguments that do not fit, where Python does not go on."""


class NamedCalls(DirectMethod):
    """The machine code of calls with named arguments, which it takes by position.

    Calls that have none give MISSED. The tape keeps such code too.
    """

    __slots__ = ("__dict__", "__weakref__", "kind", "linked", "natives", "places")

    natives: tuple[Any, ...]

    def __init__(self, kind: str | type[Card]) -> None:
        self.kind = kind
        """An operator, or the card of one overload that is given all its arguments."""
        self.natives = ()
        self.linked: Any = None
        self.places: dict[tuple[Any, ...], tuple[tuple[str, Any], ...]] = {}
        """For the number of positional arguments and the names of the others: the names
        that follow by position, and their defaults."""

    def __call__(self, /, *args: Any) -> Any:
        return MISSED


class EagerOperator(DirectMethod):
    """A callable for users with the machine code of some of its calls."""

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_left",
        "_way",
        "kind",
        "linked",
        "natives",
    )

    natives: tuple[Any, ...]
    """The machine code, linked; the tuple is replaced and never changed."""

    def __init__(self, kind: str, way: Way, name: str, qualified: str) -> None:
        self.kind = kind
        """The operator that it is, with the arguments in the order they are given."""
        self.natives = ()
        self.linked: Any = None
        """What `linking` knows of it, once it was called often."""
        self._way = way
        self._named: NamedCalls | None = None
        self._left = PATIENCE
        self.__name__ = name
        self.__qualname__ = qualified

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        if kwargs and self._named is not None:
            following = self._named.places.get((len(args), *kwargs))
            if following is not None:
                values = [kwargs.get(name, default) for name, default in following]
                found = self._named(*args, *values)
                if found is not MISSED:
                    return found
        result = self._way(*args, **kwargs)
        self._left -= 1
        try:
            size = args[0].array.size
        except (AttributeError, IndexError):
            pass
        else:
            if size >> LARGE:
                self._left -= size >> LARGE
        if self._left < 0:
            self._left = 0 if self._consider(args, kwargs, result) else PATIENCE
        return result

    def _consider(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> bool:
        """Whether the next call is to be looked at, too."""
        from jit.runtime.eager import linking

        if not kwargs:
            return linking.consider(self, args, result)
        if "out" in kwargs:  # no argument of the operator
            return False
        if self._named is None:
            self._named = NamedCalls(self.kind)
        following = linking.place_names(self._named, args, kwargs)
        if following is None:
            return False
        values = [kwargs.get(name, default) for name, default in following]
        return linking.consider(self._named, (*args, *values), result)

    def __repr__(self) -> str:
        return f"<operator {self.__qualname__}>"

    def __copy__(self) -> EagerOperator:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> EagerOperator:
        return self

    def __reduce__(self) -> str:
        return self.__qualname__
