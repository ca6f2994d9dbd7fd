"""The parameters of a function: names, types, defaults, before anything is emitted."""

from __future__ import annotations

import dataclasses
import enum
import types
import weakref
from dataclasses import dataclass
from typing import Any, get_args, get_origin

import numpy as np

from jit.frontend.annotations import (
    HintError,
    evaluate,
    is_callable_hint,
    type_of_annotation,
    type_of_hint,
)
from jit.frontend.assigned import is_only_spread
from jit.frontend.failures import fail, reporting
from jit.frontend.read import read_function
from jit.frontend.scope import Scope, recording_of, undecorated
from jit.frontend.source import function_source
from jit.frontend.tree import Annotation, FunctionTree, Param
from jit.ir import types as T
from jit.ir.constants import NotConstantError, type_of_constant
from jit.ir.schema import REQUIRED, Argument, FunctionSchema
from jit.runtime.enums import enum_type


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a Python function."""

    name: str
    annotation: T.Type | None
    """The type that its annotation gives; None if it has none."""
    default: Any = REQUIRED
    keyword_only: bool = False
    gathers: str = ""
    """`*` or `**` if it takes all further arguments; its type is that of a call."""
    item: T.Type | None = None
    """The type that the annotation of a parameter that gathers gives each of them."""
    takes_function: bool = False
    """Whether it is annotated as a Callable."""
    is_only_spread: bool = False
    """Whether it is `**kwargs` that the function only passes on."""
    takes_any: bool = False
    """Whether it has the type of what a call gives, or of its default."""

    @staticmethod
    def of_tree(
        p: Param, hint: T.Type | Function | None, default: Any, tree: FunctionTree
    ) -> Parameter:
        """A parameter as it is written, with the type of its annotation."""
        if isinstance(hint, Function):
            default = default if p.has_default else REQUIRED
            return Parameter(p.name, None, default, p.keyword_only, takes_function=True)
        if p.gathers == "*":
            return Parameter(p.name, None, (), True, p.gathers, hint)
        if p.gathers == "**":
            passed_on = is_only_spread(tree, p.name)
            return Parameter(
                p.name, None, None, True, p.gathers, hint, is_only_spread=passed_on
            )
        if not p.has_default:
            default = REQUIRED
        if default is None and hint is not None:
            hint = T.optional(hint)
        return Parameter(p.name, hint, default, p.keyword_only)

    @property
    def argument(self) -> Argument:
        """The argument of a schema that it stands for; `*args` keeps its star."""
        name = self.gathers + self.name
        return Argument(name, self.type, self.default, self.keyword_only)

    @property
    def type(self) -> T.Type:
        """Its type if nobody says otherwise: Tensor, or that of its default."""
        if self.annotation is not None:
            return self.annotation
        if self.gathers == "**":
            return T.DictType(T.STR, self.item or T.TENSOR)
        if self.takes_any and self.default is None:
            return T.NONE
        return assumed_type(self.default)


def assumed_type(default: Any) -> T.Type:
    """The type of an unannotated parameter with this default."""
    if default is REQUIRED:
        return T.TENSOR
    if default is None:
        return T.optional(T.TENSOR)
    if isinstance(default, list):
        return T.ListType(type_of_constant(default[0]) if default else T.TENSOR)
    return type_of_constant(default)


@dataclass(frozen=True, slots=True)
class Signature:
    """What can be told of a function without compiling its body."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: T.Type | None
    """The annotated type of the result; None if it is to be inferred."""
    tree: FunctionTree
    records: bool | None = None
    """Whether gradients are recorded, if a decorator says it."""

    @property
    def unannotated(self) -> tuple[str, ...]:
        """The parameters whose types a call decides."""
        return tuple(p.name for p in self.parameters if p.annotation is None)

    @property
    def schema(self) -> FunctionSchema:
        """The schema, unannotated parameters taken for Tensors."""
        returns = self.returns if self.returns is not None else T.ANY
        return make_schema(self.name, self.parameters, {}, returns)


def types_of(overload: Signature, own: Signature) -> dict[str, T.Type]:
    """The types that an overload gives the parameters that have no annotation."""
    pairs = zip(overload.parameters, own.parameters, strict=True)
    return {
        p.name: p.annotation
        for p, before in pairs
        if before.annotation is None and p.annotation is not None
    }


def make_schema(
    name: str,
    parameters: tuple[Parameter, ...],
    arg_types: dict[str, T.Type],
    returns: T.Type,
) -> FunctionSchema:
    """The schema of a version of a function."""
    arguments = []
    for p in parameters:
        type = p.annotation
        if type is None:
            type = arg_types.get(p.name) or p.type
        default = p.default
        if isinstance(default, int) and not isinstance(default, bool):
            base = type.element if isinstance(type, T.OptionalType) else type
            default = float(default) if base == T.FLOAT else default
        arguments.append(Argument(p.gathers + p.name, type, default, p.keyword_only))
    return FunctionSchema(name, "", tuple(arguments), (Argument("", returns),))


_CACHE: weakref.WeakKeyDictionary[types.FunctionType, Signature] = (
    weakref.WeakKeyDictionary()
)


def signature_of(fn: Any) -> Signature:
    """The signature of a Python function.

    Raises CompileError: E0101 without source, E0102 for constructs that are not
    accepted, E0308 for annotations that are not types.
    """
    fn = plain_function(fn)
    found = _CACHE.get(fn)
    if found is None:
        with reporting(fn):
            found = _CACHE[fn] = _read_signature(fn)
    return found


def plain_function(fn: Any) -> types.FunctionType:
    """The function to compile; CompileError E0105 for other callables."""
    if isinstance(fn, types.MethodType):
        raise fail(
            None,
            "E0105",
            f"the method `{fn.__name__}` is bound to an object and cannot be compiled"
            " alone",
            help="compile the module, and mark the method with `jit.export`",
        )
    if isinstance(fn, staticmethod):
        fn = fn.__func__
    if isinstance(fn, types.FunctionType):
        plain: types.FunctionType = getattr(fn, "_jit_plain", fn)
        return plain
    name = getattr(fn, "__name__", type(fn).__name__)
    raise fail(
        None,
        "E0105",
        f"`{name}` is not a function written in Python",
        help="compile a function defined with `def`",
    )


def _read_signature(fn: types.FunctionType) -> Signature:
    records = recording_of(fn)
    fn = undecorated(fn)
    tree = read_function(function_source(fn))
    if records:
        raise fail(
            tree.span,
            "E0105",
            f"`{tree.name}` is decorated with `torch.enable_grad`",
            help="write `with torch.enable_grad():` in its body",
        )
    scope = Scope.of(fn)
    defaults = _defaults(fn)
    parameters = tuple(_parameter(fn, p, scope, defaults, tree) for p in tree.params)
    returns = None
    if tree.returns is not None and not _takes_function(tree.returns, scope):
        returns = _hint(fn, "return", tree.returns, scope)
    if _is_told_by_use(fn, returns):
        returns = None
    return Signature(tree.name, parameters, returns, tree, records)


def _defaults(fn: types.FunctionType) -> dict[str, Any]:
    code = fn.__code__
    names = code.co_varnames[: code.co_argcount]
    given = fn.__defaults__ or ()
    found = dict(zip(names[len(names) - len(given) :], given, strict=True))
    return found | (fn.__kwdefaults__ or {})


class Function:
    """What `Callable[...]` stands for: the parameter is bound to a function."""


def hint_of_parameter(annotation: Annotation, scope: Scope) -> T.Type | Function:
    """The type of a parameter's annotation; Function for a Callable."""
    if _takes_function(annotation, scope):
        return Function()
    return type_of_annotation(annotation, scope)


def _has_any_length(annotation: Annotation, scope: Scope) -> bool:
    """Whether it is `Tuple[int, ...]`: each call decides the length."""
    try:
        hint = evaluate(annotation.node, scope)
    except HintError:
        return False
    return get_origin(hint) is tuple and get_args(hint)[-1:] == (Ellipsis,)


def _takes_function(annotation: Annotation, scope: Scope) -> bool:
    try:
        return is_callable_hint(evaluate(annotation.node, scope))
    except HintError:
        return False  # told when it is asked for a type


def _parameter(
    fn: types.FunctionType,
    p: Param,
    scope: Scope,
    defaults: dict[str, Any],
    tree: FunctionTree,
) -> Parameter:
    annotation: T.Type | Function | None = None
    if p.annotation is not None:
        if _takes_function(p.annotation, scope):
            annotation = Function()
        elif not _has_any_length(p.annotation, scope):
            annotation = _hint(fn, p.name, p.annotation, scope)
    default = None
    if p.has_default and not p.gathers:
        default = _default(p, defaults.get(p.name))
        if annotation is None and isinstance(defaults.get(p.name), enum.Enum):
            annotation = enum_type(type(defaults[p.name]))
    if _is_told_by_use(fn, annotation):
        found = Parameter.of_tree(p, None, default, tree)
        return dataclasses.replace(found, takes_any=True)
    return Parameter.of_tree(p, annotation, default, tree)


def _is_told_by_use(fn: types.FunctionType, hint: T.Type | Function | None) -> bool:
    """Whether `Any` means one type a call, as it does in the functions of `torch`."""
    return hint == T.ANY and (fn.__module__ or "").startswith("jit.torch.")


def _default(p: Param, value: Any) -> Any:
    """A default as a schema keeps it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, enum.Enum) and enum_type(type(value)) is not None:
        return value.name
    items = value if isinstance(value, list) else [value]
    try:
        for item in items:
            if isinstance(type_of_constant(item), T.TensorType):
                raise NotConstantError("a Tensor can change")
    except NotConstantError:
        raise fail(
            p.span,
            "E0203",
            f"the default of `{p.name}`, a `{type(value).__name__}`, cannot be kept",
            help="use None, a number, a string or a tuple of them as the default",
        ) from None
    return value


def _hint(
    fn: types.FunctionType, name: str, annotation: Annotation, scope: Scope
) -> T.Type:
    # what Python evaluated at the definition knows names that are gone by now
    try:
        evaluated = fn.__annotations__.get(name, "")
    except NameError:  # annotations are evaluated late since Python 3.14
        evaluated = ""
    if not isinstance(evaluated, str):
        try:
            return type_of_hint(evaluated, scope)
        except HintError:
            pass  # reported below, with the text
    return type_of_annotation(annotation, scope)
