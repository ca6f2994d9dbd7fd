"""Classes written in Python: their attributes, and methods compiled on demand.

A class has one definition in a program. Its attributes are those that its body
annotates and those that `__init__`, and what that calls, assigns. A method is compiled
for the very class of its `self`, those that are inherited too, so that a call on `self`
always knows what it calls.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from jit.frontend.annotations import is_script_class, type_of_class
from jit.frontend.coerce import LearnedLate
from jit.frontend.compiler import Callee, Compilation, open_parameter_types
from jit.frontend.dataclass_methods import generated, is_frozen, is_generated
from jit.frontend.failures import fail, reporting
from jit.frontend.interfaces import (
    complete_interfaces,
    declare_interface,
    link_all,
)
from jit.frontend.scope import Scope, remember_class
from jit.frontend.signature import plain_function, signature_of
from jit.frontend.sugared import Sugared
from jit.ir import types as T
from jit.ir.diagnostic import CompileError
from jit.ir.graph import Graph, Value
from jit.ir.program import ClassDefinition, Program
from jit.ir.subtyping import CLASSES, declare_bases
from jit.runtime.python_classes import adopters, class_of, name_of

ROUNDS = 8
"""How often `__init__` may be compiled before the types of attributes are given up."""


@dataclass
class ClassInfo:
    """What is known of a class."""

    definition: ClassDefinition
    cls: type
    is_open: bool = False
    """Whether `__init__` is being compiled, so that new attributes may appear."""
    is_widened: bool = False
    """Whether an attribute got a wider type than nodes were made for."""
    guessed: set[str] = field(default_factory=set)
    """Attributes that began as empty lists or dicts, whose types are guesses."""
    is_made: bool = False
    """Whether `__init__` was compiled."""
    versions: dict[Any, Callee] = field(default_factory=dict)

    @property
    def type(self) -> T.ClassType:
        return T.ClassType(self.definition.name)

    @property
    def title(self) -> str:
        return self.cls.__name__


def class_info(compilation: Compilation, cls: type) -> ClassInfo:
    """What is known of a class; it then has a definition in the program."""
    found = compilation.classes.get(cls)
    if found is not None:
        assert isinstance(found, ClassInfo)
        return found
    _refuse(cls)
    program = compilation.program
    name = name_of(cls)
    definition = program.classes.get(name)
    if definition is None:
        bases = tuple(name_of(b) for b in cls.__bases__ if is_script_class(b))
        definition = ClassDefinition(name, "class", bases=bases, python=cls)
        declare_bases(name, bases)
        CLASSES.add(name)
        program.add_class(definition)
    made = compilation.classes[cls] = ClassInfo(definition, cls)
    for owner in reversed(cls.__mro__):
        for method in vars(owner).values():
            for fn in _functions_of(method):
                remember_class(fn, cls)
    _add_annotated(compilation, made)
    link_all(compilation, definition, cls)
    for relative in (*cls.__bases__, *cls.__subclasses__()):
        # instances of the derived classes may come wherever this one is declared
        if is_script_class(relative):
            with suppress(CompileError):  # it is told where one is used
                class_info(compilation, relative)
    return made


def derived_classes(compilation: Compilation, info: ClassInfo) -> list[ClassInfo]:
    """The classes of the program that derive from one, the most derived first."""
    found = [
        other
        for other in compilation.classes.values()
        if other is not info
        and issubclass(other.cls, info.cls)
        and _overrides(other.cls, info.cls)
    ]
    return sorted(found, key=lambda other: -len(other.cls.__mro__))


def _refuse(cls: type) -> None:
    """E0105 for classes whose instances do more than compiled code knows."""
    if type(cls).__module__ not in ("builtins", "abc", "typing"):
        raise fail(
            None,
            "E0105",
            f"the class `{cls.__name__}` has the metaclass `{type(cls).__name__}`",
            help="classes of compiled code are made by `type` or `abc.ABCMeta`",
        )
    for owner in cls.__mro__:
        for name in _UNKNOWN & vars(owner).keys() if owner is not object else ():
            if is_frozen(owner) and name in ("__setattr__", "__delattr__"):
                continue
            raise fail(
                None,
                "E0105",
                f"the class `{cls.__name__}` defines `{name}`, which compiled code does"
                " not call",
                help=_UNKNOWN_HELP.get(name, "leave it out"),
            )


_UNKNOWN_HELP = {
    "__getattr__": "give the class attributes, or a method with a name of its own",
    "__getattribute__": "give the class attributes, or a property",
    "__setattr__": "write a property with a setter",
    "__new__": "do its work in `__init__`, or in a class method",
    "__del__": "write a context, with `__enter__` and `__exit__`",
}
_UNKNOWN = {*_UNKNOWN_HELP, "__delattr__"}
"""Methods that Python calls on its own."""


def info_of(compilation: Compilation, type: T.ClassType) -> ClassInfo:
    """What is known of the class of a type."""
    from jit.runtime.python_classes import class_named

    definition = compilation.program.classes.get(type.name)
    if definition is not None:
        return class_info(compilation, class_of(definition))
    cls = class_named(type.name)
    assert cls is not None, type
    return class_info(compilation, cls)


def prepared(compilation: Compilation, info: ClassInfo) -> ClassInfo:
    """A class whose `__init__` was compiled, so that its attributes are known."""
    if not info.is_made and not info.is_open:
        initialise(compilation, info, {})
    return info


def declare_classes(compilation: Compilation, graph: Graph) -> None:
    """Let the program define the classes whose instances a graph handles."""
    for block in graph.block.all_blocks:
        values = [*block.params, *(v for n in block.nodes for v in n.outputs)]
        for value in values:
            for type in _classes_within(value.type):
                if isinstance(type, T.ClassType):
                    prepared(compilation, info_of(compilation, type))
            declare_type(compilation, value.type)
    complete_interfaces(compilation)


def declare_type(compilation: Compilation, type: T.Type) -> None:
    """Let the program define the classes and interfaces that a type names."""
    for named in _classes_within(type):
        if isinstance(named, T.InterfaceType):
            declare_interface(compilation, named)
        else:
            info_of(compilation, named)


def adopt(program: Program, cls: type) -> None:
    """Let a program know a class whose instance is given for an interface."""
    compilation = Compilation.of(program)
    if cls not in compilation.classes and is_script_class(cls):

        def compile() -> None:
            prepared(compilation, class_info(compilation, cls))
            complete_interfaces(compilation)

        with reporting(cls):
            compilation.attempt(compile)


def compile_class(cls: type) -> None:
    """Compile a class to see whether it can be: `__init__` and all methods.

    Raises CompileError; but not for names that may be defined later, and not for what
    may be due to the assumption that unannotated parameters are Tensors.
    """
    if isinstance(type_of_class(cls, None), _DATA):
        return  # an enum, a named tuple, an interface: nothing to compile
    if issubclass(cls, BaseException):
        return
    compilation = Compilation(Program())

    def compile() -> None:
        info = class_info(compilation, cls)
        for name in ["__init__", *dir(cls)]:
            fn = find_member(cls, name)
            if isinstance(fn, types.FunctionType) and name not in _UNKNOWN:
                _check_method(compilation, info, name, fn)

    with reporting(cls):
        if not is_script_class(cls):
            raise fail(
                None,
                "E0105",
                f"the class `{cls.__name__}` cannot be scripted",
                help="script a function, a class of your own, or an instance of a"
                " torch.nn.Module",
            )
        compilation.attempt(compile)


def _check_method(
    compilation: Compilation, info: ClassInfo, name: str, fn: Any
) -> None:
    is_open = False
    try:
        parameters = signature_of(fn).parameters[1:]
        is_open = any(p.annotation is None for p in parameters)
        with compilation.all_or_nothing():
            if name == "__init__":
                initialise(compilation, info, {})
            else:
                _complete(compilation, prepared(compilation, info), name, fn)
    except CompileError as error:
        if error.code not in _LATER and not is_open:
            raise


_DATA = (T.EnumType, T.NamedTupleType, T.InterfaceType)

_LATER = ("E0202", "E0308", "E0199")
"""Errors that may be gone once everything is defined."""


def complete_classes(program: Program) -> None:
    """Compile the methods that nothing has called yet, for processes without the source.

    What cannot be compiled with the types that it declares is left out.
    """
    compilation = Compilation.of(program)
    for info in list(compilation.classes.values()):
        for name in dir(info.cls):
            fn = find_member(info.cls, name)
            if not isinstance(fn, types.FunctionType) or name == "__init__":
                continue
            try:
                with reporting(fn), compilation.all_or_nothing():
                    _complete(compilation, info, name, fn)
            except (CompileError, LearnedLate):
                continue


def _complete(compilation: Compilation, info: ClassInfo, name: str, fn: Any) -> None:
    """A version of a method, if there is none; operands of operators are instances."""
    if any(key[:2] == (info.type, fn) for key in compilation.versions):
        return
    types: dict[str, T.Type] = {}
    parameters = signature_of(fn).parameters
    if name.startswith("__") and len(parameters) == 2:
        types[parameters[1].name] = info.type
    method_version(compilation, info, name, fn, types)


adopters.append(adopt)


def _classes_within(type: T.Type) -> Iterator[T.ClassType | T.InterfaceType]:
    if isinstance(type, T.ClassType | T.InterfaceType):
        yield type
    for inner in T.children(type):
        yield from _classes_within(inner)


def _functions_of(member: Any) -> Iterator[types.FunctionType]:
    """The functions behind a member of a class."""
    match member:
        case types.FunctionType():
            yield member
        case staticmethod() | classmethod():
            yield from _functions_of(member.__func__)
        case property():
            for fn in (member.fget, member.fset, member.fdel):
                yield from _functions_of(fn)


def _overrides(derived: type, base: type) -> bool:
    """Whether a class changes what a base gives, apart from making instances."""
    return any(
        find_member(derived, name) is not find_member(base, name)
        for name in dir(base)
        if not hasattr(object, name) or name in _COMPARED
        if name not in _OWN and not name.startswith("__dataclass")
    )


_COMPARED = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__",
             "__str__", "__repr__", "__format__")  # fmt: skip
_OWN = ("__dict__", "__weakref__", "__annotations__", "__match_args__", "__slots__",
        "__post_init__", "__abstractmethods__", "_abc_impl")  # fmt: skip
"""What each class has anew."""


# attributes -----------------------------------------------------------------------


def _add_annotated(compilation: Compilation, info: ClassInfo) -> None:
    """The attributes that class bodies annotate."""
    from jit.frontend.modules import class_hints

    for name, (type, is_constant) in class_hints(info.cls).items():
        if type is not None and not (is_constant and name in vars(info.cls)):
            info.definition.add(name, type)
    for (cls, name), type in compilation.learned.items():
        if cls is info.cls:
            info.definition.add(name, type)


def find_member(cls: type, name: str) -> Any:
    """What a class or its bases define under a name; None if nothing."""
    for owner in cls.__mro__:
        if name in vars(owner) and owner is not object:
            return member_of(owner, name)
    return None


def member_of(owner: type, name: str) -> Any:
    """What a class itself defines under a name; methods of dataclasses with source."""
    found = vars(owner)[name]
    return generated(owner, name) if is_generated(owner, name, found) else found


# methods --------------------------------------------------------------------------


def initialise(
    compilation: Compilation, info: ClassInfo, arg_types: dict[str, T.Type]
) -> Callee | None:
    """The version of `__init__` for these types; None if the class has none.

    The first one that is compiled says which attributes there are.
    """
    fn = find_member(info.cls, "__init__")
    if fn is None:
        info.is_made = True
        return None
    if info.is_made or info.is_open:
        return method_version(compilation, info, "__init__", fn, arg_types)
    info.is_open = True
    program = compilation.program
    try:
        for _ in range(ROUNDS):
            functions, versions = dict(program.functions), dict(compilation.versions)
            methods = list(info.definition.methods)
            info.is_widened = False
            made = method_version(compilation, info, "__init__", fn, arg_types)
            if not info.is_widened:
                info.is_made = True
                return made
            program.functions, compilation.versions = functions, versions
            info.definition.methods = methods
    finally:
        info.is_open = False
    raise fail(
        signature_of(fn).tree.span,
        "E0302",
        f"the types of the attributes of `{info.title}` do not settle",
        help="annotate the attributes in the class",
    )


def method_version(
    compilation: Compilation,
    info: ClassInfo,
    name: str,
    fn: Any,
    arg_types: dict[str, T.Type],
    owner: Sugared | None = None,
) -> Callee:
    """A version of a method, compiled if need be; `owner` stands for the first
    parameter of a class method."""
    fn = plain_function(fn)
    signature = signature_of(fn)
    open_types = open_parameter_types(signature.parameters[1:], arg_types)
    key = (info.type, fn, tuple(open_types.items()))
    found = compilation.versions.get(key)
    if found is not None:
        return found
    if not signature.parameters:
        first = "self" if owner is None else "cls"
        raise fail(
            signature.tree.span,
            "E0304",
            f"the method `{name}` takes no `{first}`",
            help=f"write `def {name}({first}, ...)`, or mark it as `@staticmethod`",
        )
    full = compilation.program.unique_name(f"{info.definition.name}.{name}")
    if owner is None:
        info.definition.methods.append(full.removeprefix(f"{info.definition.name}."))
    return compilation.compile(
        key,
        Scope.of(fn),
        signature,
        full,
        open_types,
        self_type=info.type if owner is None else None,
        owner=owner,
    )


def is_instance(value: Value) -> bool:
    """Whether a value is an instance of a class."""
    return isinstance(value.type, T.ClassType)
