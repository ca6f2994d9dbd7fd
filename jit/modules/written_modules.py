"""Modules written as subclasses of ScriptModule: compiled when they have been made.

    class M(jit.ScriptModule):            Written: the same class over nn.Module
        def __init__(self): ...           M: what instances are once they are compiled
        @jit.script_method
        def forward(self, x): ...

`M(...)` makes a Written, which is an ordinary module, and compiles it. Methods marked
`script_method`, and `forward`, are compiled; the others stay Python.
"""

from __future__ import annotations

import types
from typing import Any

from jit.torch.nn import Module


class WrittenModule(Module):
    """Base of the ordinary modules that are compiled at the end of `__init__`."""

    def define(self, src: str) -> None:
        """Give this module methods as text; they are compiled with the others."""
        from jit.modules.marks import script_method
        from jit.modules.texts import functions_in, words

        found = functions_in(src, words())
        methods = {name: script_method(fn) for name, fn in found.items()}
        cls = type(self)
        body = {
            "__module__": cls.__module__,
            "__qualname__": cls.__qualname__,
            **methods,
        }
        self.__class__ = type(cls.__name__, (cls,), body)


class ScriptMeta(type):
    """The type of ScriptModule and its subclasses."""

    written: type[WrittenModule]
    """The class over `nn.Module`, of subclasses that users write."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], **named: Any
    ) -> ScriptMeta:
        if not any(isinstance(base, ScriptMeta) for base in bases):
            return super().__new__(mcs, name, bases, body, **named)
        own = {n: v for n, v in body.items() if not _is_compiled(n, v)}
        cls = super().__new__(mcs, name, bases, {**own, "__slots__": ()}, **named)
        cell = types.CellType()
        inner = {n: _seen_as(v, cell) for n, v in body.items() if n not in _OF_CLASS}
        cls.written = type(name, tuple(map(_written, bases)), inner)
        cell.cell_contents = cls.written
        return cls

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if "written" not in vars(cls):
            return super().__call__(*args, **kwargs)
        from jit.modules.script import script

        made = script(cls.written(*args, **kwargs))
        if isinstance(made, Module) and isinstance(type(made), ScriptMeta):
            object.__setattr__(made, "__class__", cls)
        return made


def _is_compiled(name: str, member: Any) -> bool:
    """Whether a member belongs to the written module alone."""
    if name in ("__init__", "forward"):
        return True
    return getattr(member, "_jit_mark", None) == "export"


def _written(base: type) -> type:
    if not isinstance(base, ScriptMeta):
        return base
    written: type = vars(base).get("written", WrittenModule)
    return written


_OF_CLASS = ("__classcell__", "__slots__")
"""Names in the body of a class that belong to that one class."""


def _seen_as(member: Any, cell: types.CellType) -> Any:
    """A member whose `super()` means the class in a cell."""
    match member:
        case types.FunctionType():
            return _with_class(member, cell)
        case staticmethod() | classmethod():
            return type(member)(_seen_as(member.__func__, cell))
        case property():
            get, put, drop = (
                _seen_as(part, cell) for part in (member.fget, member.fset, member.fdel)
            )
            return property(get, put, drop, member.__doc__)
    return member


def _with_class(fn: types.FunctionType, cell: types.CellType) -> types.FunctionType:
    names = fn.__code__.co_freevars
    if "__class__" not in names:
        return fn
    old = fn.__closure__ or ()
    cells = (cell if n == "__class__" else c for n, c in zip(names, old, strict=True))
    made = types.FunctionType(
        fn.__code__, fn.__globals__, fn.__name__, fn.__defaults__, tuple(cells)
    )
    made.__kwdefaults__ = fn.__kwdefaults__
    made.__annotations__ = fn.__annotations__
    made.__qualname__, made.__doc__ = fn.__qualname__, fn.__doc__
    made.__dict__.update(fn.__dict__)
    return made
