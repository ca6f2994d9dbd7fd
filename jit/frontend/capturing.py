"""What a function takes from the function around it, or gets as a function argument.

Values of one graph cannot be read in another: a captured value becomes a parameter of
the callee, and an argument at each call. A thing that only the compiler sees stays what
it is; the values that it holds, as `x` in the method `x.append`, become parameters.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Any

from jit.frontend.environment import Missing, Variable
from jit.frontend.shared_variables import shared_name
from jit.frontend.sugared import Emitted, Sugared
from jit.ir.graph import Value

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

Bound = dict[str, "Emitted | Missing"]
"""Names that a callee finds bound to what its caller gives."""


def values_in(x: Any) -> Iterator[Value]:
    """The values of the graph that something holds, in order."""
    if isinstance(x, Value):
        yield x
    elif isinstance(x, Sugared):
        for content in x.contents().values():
            yield from values_in(content)
    elif isinstance(x, list | tuple):
        for item in x:
            yield from values_in(item)
    elif isinstance(x, dict):
        for item in x.values():
            yield from values_in(item)


def transplanted(x: Any, change: Callable[[Value], Value]) -> Any:
    """The same thing with its values replaced, asked for in the order of `values_in`."""
    if isinstance(x, Value):
        return change(x)
    if isinstance(x, Sugared):
        made = copy.copy(x)
        for name, content in x.contents().items():
            setattr(made, name, transplanted(content, change))
        return made
    if isinstance(x, list | tuple):
        return type(x)([transplanted(item, change) for item in x])
    if isinstance(x, dict):
        return {name: transplanted(item, change) for name, item in x.items()}
    return x


def identity(x: Any) -> Hashable:
    """What two things share if a function compiled for one may be used for the other."""
    if isinstance(x, Value):
        return ("value", x.type)
    if isinstance(x, Sugared):
        contents = ((n, identity(c)) for n, c in x.contents().items())
        return (type(x), *contents)
    if isinstance(x, Missing):
        return Missing
    if isinstance(x, list | tuple):
        return (type(x), *map(identity, x))
    if isinstance(x, dict):
        return tuple((n, identity(i)) for n, i in x.items())
    if x is None or isinstance(x, str | bool | int | float):
        return (type(x), x)
    return _Same(x)


class _Same:
    """An object compared by identity, and kept alive as long as it is compared."""

    def __init__(self, obj: Any) -> None:
        self.obj = obj

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.obj is other.obj

    def __hash__(self) -> int:
        return id(self.obj)


def bind(emitter: Emitter, bound: Bound) -> None:
    """Give a function that is about to be emitted what its caller binds."""
    span = emitter.tree.span
    for name, x in bound.items():
        shared = shared_name(name)
        if shared is not None:
            emitter.shared |= {shared}
        if isinstance(x, Missing):
            emitter.frame.names[name] = x
            continue

        def parameter(value: Value, name: str = name) -> Value:
            shown = name if name.isidentifier() else ""
            made = emitter.graph.add_input(value.type, shown)
            emitter.compilation.passed[made] = value
            return made

        made = transplanted(x, parameter)
        if isinstance(made, Sugared):
            made.settle(emitter.frame)
        emitter.frame.names[name] = Variable(made, span)
