"""EagerOperator: an operator as users call it, a function, a method or a sign of Python.

A call begins in the machine code that is linked for its kinds of arguments, and in Python
where there is none. Python counts, and has code made for what is called often: see
`jit.runtime.eager.linking`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jit.runtime.codegen.calls.callable_type import DirectMethod

Way = Callable[..., Any]

PATIENCE = 50
"""After how many calls in Python code is made. Calls with large tensors count more."""
_LARGE = 12
"""Each 2 to the power of so many elements count as one call more."""


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
        self._left = PATIENCE
        self.__name__ = name
        self.__qualname__ = qualified

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        result = self._way(*args, **kwargs)
        self._left -= 1
        try:
            size = args[0].array.size
        except (AttributeError, IndexError):
            pass
        else:
            if size >> _LARGE:
                self._left -= size >> _LARGE
        if self._left < 0:
            self._left = PATIENCE
            if not kwargs:
                from jit.runtime.eager import linking

                if linking.consider(self, args, result):
                    self._left = 0
        return result

    def __repr__(self) -> str:
        return f"<operator {self.__qualname__}>"

    def __copy__(self) -> EagerOperator:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> EagerOperator:
        return self

    def __reduce__(self) -> str:
        return self.__qualname__
