"""Type hints, in every spelling, as types.

`List[int]`, `list[int]`, `Optional[int]`, `int | None`, `"int"`, `torch.Tensor`,
`np.ndarray`, `Final[int]`, and the comments `# type: (int, str) -> bool`.
"""

from __future__ import annotations

import ast
import collections.abc
import enum
import functools
import types
import typing
from typing import Any

import numpy as np

from jit.frontend.failures import fail
from jit.frontend.scope import Scope
from jit.frontend.tree import Annotation
from jit.ir import types as T
from jit.ir.dtypes import DType
from jit.runtime.enums import enum_type
from jit.runtime.futures import Future
from jit.runtime.python_classes import name_of

_PLAIN: dict[Any, T.Type] = {
    None: T.NONE,
    type(None): T.NONE,
    int: T.INT,
    float: T.FLOAT,
    bool: T.BOOL,
    str: T.STR,
    complex: T.COMPLEX,
    Any: T.ANY,
    DType: T.DTYPE,
    np.ndarray: T.ARRAY,
}

_LISTS = (
    list,
    collections.abc.Sequence,
    collections.abc.Iterable,
    collections.abc.Iterator,
    collections.abc.Collection,
)
"""What a list stands for in compiled code: `iter(items)` is `items`."""

COMMENT_NAMES: dict[str, Any] = {
    "List": list,
    "Tuple": tuple,
    "Dict": dict,
    "Set": set,
    "Optional": typing.Optional,
    "Union": typing.Union,
    "Any": Any,
    "Final": typing.Final,
}
"""Names that type comments and strings may use without an import."""


class HintError(Exception):
    """A hint that is no type of ours; the message says why, `help` what to write."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


def type_of_annotation(annotation: Annotation, scope: Scope) -> T.Type:
    """The type of an annotation; CompileError E0308 where it is none."""
    try:
        return type_of_hint(evaluate(annotation.node, scope), scope)
    except HintError as error:
        text = ast.unparse(annotation.node)
        raise fail(
            annotation.span,
            "E0308",
            f"the annotation `{text}` is not a type of compiled code",
            label=str(error),
            help=error.help
            or "use int, float, bool, str, torch.Tensor, np.ndarray, Optional, List,"
            " Tuple, Dict or Set",
        ) from None


def evaluate(node: ast.expr, scope: Scope) -> Any:
    """What an annotation means to Python where the function was defined."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    known: dict[str, Any] = {}
    for name in names:
        found = scope.find(name)
        if found is not None:
            known[name] = found[0]
        elif name in COMMENT_NAMES:
            known[name] = COMMENT_NAMES[name]
        elif name == "Tensor":
            known[name] = _tensor_class()
        else:
            raise HintError(f"the name `{name}` is not known here")
    expression = ast.fix_missing_locations(ast.Expression(node))
    try:
        return eval(compile(expression, "<annotation>", "eval"), {}, known)
    except (TypeError, AttributeError, LookupError, ValueError) as error:
        raise HintError(str(error)) from None


def type_of_hint(hint: Any, scope: Scope | None = None) -> T.Type:
    """The type that a Python type object stands for; HintError if none."""
    if isinstance(hint, T.Type):
        return hint
    if isinstance(hint, str | typing.ForwardRef):
        return _type_of_text(hint, scope)
    try:
        plain = _PLAIN.get(hint)
    except TypeError:
        plain = None
    if plain is not None:
        return plain
    special = _special_classes().get(hint) if isinstance(hint, type) else None
    if special is not None:
        return special
    origin = typing.get_origin(hint)
    if origin is not None:
        return _generic(hint, origin, typing.get_args(hint), scope)
    if isinstance(hint, typing.NewType):
        return type_of_hint(hint.__supertype__, scope)
    if isinstance(hint, type):
        found = type_of_class(hint, scope)
        if found is not None:
            return found
    raise _no_type(hint)


def type_of_class(cls: type, scope: Scope | None) -> T.Type | None:
    """The type of the instances of a user's class: an enum, a named tuple, any other."""
    from jit.frontend.interfaces import is_interface
    from jit.frontend.named_tuples import is_named_tuple
    from jit.frontend.named_tuples import type_of_class as type_of_named_tuple

    if issubclass(cls, enum.Enum):
        found = enum_type(cls)
        if found is None:
            raise HintError(
                f"the values of the enum `{cls.__name__}` are not all ints, floats or"
                " strs",
                "give all members values of one of these types",
            )
        return found
    if is_named_tuple(cls):
        return type_of_named_tuple(cls, scope)
    if is_interface(cls):
        return T.InterfaceType(name_of(cls))
    return T.ClassType(name_of(cls)) if is_script_class(cls) else None


def is_script_class(cls: type) -> bool:
    """Whether instances of a class can be values: a class written by the user."""
    home = cls.__module__.partition(".")[0]
    return not (
        home in ("builtins", "typing", "types", "numpy", "jit", "collections", "abc")
        or cls.__flags__ & _HEAP_TYPE == 0
        or issubclass(cls, BaseException | enum.Enum | tuple | _plain_bases())
    )


_HEAP_TYPE = 1 << 9
"""The flag of CPython's classes that were made while it ran."""


@functools.cache
def _plain_bases() -> Any:
    """Classes whose instances are values of another kind."""
    from jit.torch.nn import Module

    return int | float | str | list | dict | set | bytes | complex | Module


def is_callable_hint(hint: Any) -> bool:
    """Whether a hint says that something is a function."""
    return hint in (typing.Callable, collections.abc.Callable) or (
        typing.get_origin(hint) is collections.abc.Callable
    )


def _no_type(hint: Any) -> HintError:
    if hint in (list, typing.List):  # noqa: UP006
        return HintError("a list needs the type of its items", "write `List[int]`")
    if hint in (tuple, typing.Tuple):  # noqa: UP006
        return HintError(
            "a tuple needs the types of its items", "write `Tuple[int, str]`"
        )
    if hint in (set, typing.Set):  # noqa: UP006
        return HintError("a set needs the type of its items", "write `Set[int]`")
    if hint in (dict, typing.Dict):  # noqa: UP006
        return HintError("a dict needs its types", "write `Dict[str, int]`")
    name = getattr(hint, "__name__", None) or repr(hint)
    return HintError(f"`{name}` is not a type of compiled code")


def _type_of_text(hint: str | typing.ForwardRef, scope: Scope | None) -> T.Type:
    text = hint if isinstance(hint, str) else hint.__forward_arg__
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise HintError(f"`{text}` cannot be read as a type") from None
    return type_of_hint(evaluate(node, scope or Scope.empty()), scope)


def _generic(
    hint: Any, origin: Any, args: tuple[Any, ...], scope: Scope | None
) -> T.Type:
    if origin in (typing.Union, types.UnionType):
        return T.union_of([type_of_hint(a, scope) for a in args])
    if origin in (typing.Final, typing.Annotated, typing.ClassVar):
        return type_of_hint(args[0], scope)
    if origin is typing.Literal:
        return T.union_of([type_of_hint(type(a), scope) for a in args])
    if origin is Future:
        return T.FutureType(type_of_hint(args[0], scope))
    if origin in (set, frozenset, collections.abc.Set, collections.abc.MutableSet):
        return T.SetType(type_of_hint(args[0], scope))
    if origin is np.ndarray:
        return T.ARRAY
    if origin in _LISTS:
        return T.ListType(type_of_hint(args[0], scope))
    if origin in (dict, collections.abc.Mapping):
        key = type_of_hint(args[0], scope)
        if isinstance(key, T.ListType | T.DictType | T.SetType):
            raise HintError(f"`{key}` cannot be the key of a dict")
        return T.DictType(key, type_of_hint(args[1], scope))
    if origin is tuple:
        if args and args[-1] is Ellipsis:
            raise HintError(
                "a tuple of any length is not a type of compiled code",
                "write a list, `List[int]`, or name each item, `Tuple[int, int]`",
            )
        if args == ((),):
            args = ()
        return T.TupleType(tuple(type_of_hint(a, scope) for a in args))
    raise _no_type(hint)


def _tensor_class() -> type:
    from jit.runtime.tensor import Tensor

    return Tensor


def _special_classes() -> dict[Any, T.Type]:
    """Classes of the runtime, imported only when a hint needs them."""
    from jit.runtime.device import Device
    from jit.runtime.random import Generator
    from jit.runtime.size import Size

    return {
        _tensor_class(): T.TENSOR,
        Device: T.DEVICE,
        Generator: T.GENERATOR,
        Size: T.ListType(T.INT),
    }
