"""Exception classes by the names that programs store.

A built-in class is stored by its name, `ValueError`. A user's class is stored with its
bases, so that a program finds them again where the class itself is not to be had:

    model.TooLarge(model.Refused(ValueError))

`register_exception` makes a class known and returns its name; `resolve` gives the
class, or makes one with the same name and bases. A stored program can name no other
class than those below and its own: none is imported on its behalf.
"""

from __future__ import annotations

import builtins
from typing import Any

BUILT_IN = {
    name: getattr(builtins, name)
    for name in (
        "Exception", "ArithmeticError", "AssertionError", "AttributeError",
        "BufferError", "EOFError", "FileExistsError", "FileNotFoundError",
        "FloatingPointError", "ImportError", "IndexError", "InterruptedError",
        "IsADirectoryError", "KeyError", "LookupError", "MemoryError",
        "ModuleNotFoundError", "NameError", "NotADirectoryError", "NotImplementedError",
        "OSError", "OverflowError", "PermissionError", "ProcessLookupError",
        "RecursionError", "ReferenceError", "RuntimeError", "StopAsyncIteration",
        "StopIteration", "SyntaxError", "SystemError", "TimeoutError", "TypeError",
        "UnboundLocalError", "UnicodeError", "ValueError", "ZeroDivisionError",
        "ConnectionError", "BrokenPipeError", "ConnectionAbortedError",
        "ConnectionRefusedError", "ConnectionResetError", "Warning", "UserWarning",
        "DeprecationWarning", "RuntimeWarning", "FutureWarning",
    )
}  # fmt: skip
"""Classes that a program may raise and catch; all derive from Exception."""

_ALIASES = {"IOError": "OSError", "EnvironmentError": "OSError"}
_known: dict[str, type[Exception]] = {}


def register_exception(cls: type[Exception]) -> str:
    """Make a class known by its name, which is returned.

    Raises TypeError for what no program can catch: classes that are not exceptions, or
    beside them, such as KeyboardInterrupt.
    """
    if not (isinstance(cls, type) and issubclass(cls, Exception)):
        raise TypeError(f"`{cls!r}` does not derive from Exception")
    name = exception_name(cls)
    if name not in BUILT_IN:
        _known[name] = cls
    return name


def exception_name(cls: type[Exception]) -> str:
    """The name of a class, with those of its bases."""
    name: str = cls.__name__
    if BUILT_IN.get(name) is cls:
        return name
    bases = ", ".join(
        exception_name(base) for base in cls.__bases__ if issubclass(base, Exception)
    )
    return f"{cls.__module__}.{cls.__qualname__}({bases})"


def resolve(name: str) -> type[Exception]:
    """The class of a name.

    A name that nobody registered gets a class of its own, derived from the bases that
    it lists, else from Exception. Raises ValueError for text that is no such name.
    """
    name = _ALIASES.get(name, name)
    found = BUILT_IN.get(name) or _known.get(name)
    if found is None:
        found = _known[name] = _declare(name)
    return found


def make(name: str, message: str | int | float | tuple[Any, ...] | None) -> Exception:
    """An exception of the named class; without arguments if there is no message."""
    cls = resolve(name)
    if isinstance(message, tuple):
        return cls(*message)
    return cls() if message is None else cls(message)


def _declare(text: str) -> type[Exception]:
    name, parenthesis, rest = text.partition("(")
    if parenthesis and not rest.endswith(")"):
        raise ValueError(f"`{text}` is not the name of an exception class")
    bases = tuple(map(resolve, _split(rest[:-1]))) if rest else (Exception,)
    module, _, qualname = name.rpartition(".")
    if not all(part.isidentifier() or part == "<locals>" for part in name.split(".")):
        raise ValueError(f"`{text}` is not the name of an exception class")
    made = type(qualname, bases, {"__module__": module or "jit"})
    assert issubclass(made, Exception)
    return made


def _split(text: str) -> list[str]:
    """Names separated by commas outside of parentheses."""
    parts, depth = [""], 0
    for sign in text:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]
