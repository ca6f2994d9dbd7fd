"""A program: functions, and class and module types, with the calls between them.

    module model.Linear:
      parameter weight : Tensor
      attribute eps : float

    def model.f(Tensor x, int n=2) -> Tensor:
      graph(%x : Tensor, %n : int):
        …
        return (%y)

Methods are functions named `<class>.<method>` whose first argument is `self`. There is
one definition for each type, however many instances there are, and recursion is
allowed. `jit.ir.printer.format_program` and `jit.ir.parser.parse_program` are
inverses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jit.ir import types as T
from jit.ir.graph import Graph
from jit.ir.schema import FunctionSchema


@dataclass
class Function:
    """A named graph with a schema: argument names, types, defaults."""

    name: str
    graph: Graph
    schema: FunctionSchema
    doc: str = ""


PARAMETER, BUFFER, ATTRIBUTE, SUBMODULE = (
    "parameter",
    "buffer",
    "attribute",
    "submodule",
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A slot of the instances of a class or module."""

    name: str
    type: T.Type
    role: str = ATTRIBUTE
    """parameter, buffer, attribute or submodule."""


@dataclass
class ClassDefinition:
    """A class, module or interface type; its methods are functions of the program."""

    name: str
    kind: str
    """"class", "module" or "interface"."""
    attributes: dict[str, Attribute] = field(default_factory=dict)
    methods: list[str] = field(default_factory=list)
    """Names without the class; the function is `<name>.<method>`."""
    bases: tuple[str, ...] = ()
    python: Any = field(default=None, compare=False, repr=False)
    """The Python class of its instances, if it is known in this process."""

    def add(self, name: str, type: T.Type, role: str = ATTRIBUTE) -> None:
        """Add a slot."""
        self.attributes[name] = Attribute(name, type, role)

    @property
    def type(self) -> T.Type:
        """The type of its instances."""
        kinds: dict[str, Any] = {
            "class": T.ClassType,
            "module": T.ModuleType,
            "interface": T.InterfaceType,
        }
        made = kinds[self.kind](self.name)
        assert isinstance(made, T.Type)
        return made


class Program:
    """Functions and classes by name."""

    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}
        self.classes: dict[str, ClassDefinition] = {}
        self.compilation: Any = None
        """What the front end that compiles into it knows; it goes with the program."""

    def add_function(self, function: Function) -> Function:
        """Add a function; its graph then belongs to this program."""
        self.functions[function.name] = function
        function.graph.program = self
        return function

    def add_class(self, definition: ClassDefinition) -> ClassDefinition:
        self.classes[definition.name] = definition
        return definition

    def class_of(self, type: T.Type) -> ClassDefinition:
        """The definition of a class, module or interface type; KeyError if unknown."""
        assert isinstance(type, T.ClassType | T.ModuleType | T.InterfaceType)
        return self.classes[type.name]

    def method(self, type: T.Type, name: str) -> Function:
        """The function of a method; KeyError if unknown."""
        return self.functions[f"{self.class_of(type).name}.{name}"]

    def unique_name(self, name: str) -> str:
        """`name`, or `name_1`, `name_2`… if that is taken."""
        taken = self.functions.keys() | self.classes.keys()
        if name not in taken:
            return name
        number = 1
        while f"{name}_{number}" in taken:
            number += 1
        return f"{name}_{number}"

    def graphs(self) -> Iterator[Graph]:
        """The graphs of all functions."""
        for function in self.functions.values():
            yield function.graph

    def copy(self) -> Program:
        """A copy that shares nothing but constants."""
        from jit.ir.clone import clone_program

        return clone_program(self)

    def __str__(self) -> str:
        from jit.ir.printer import format_program

        return format_program(self)
