"""Methods of modules that list what they consist of: children, parameters, buffers.

The lists are known while compiling, so that loops over them are unrolled.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.failures import fail
from jit.frontend.sugared import Emitted, Sugared, SugaredList, SugaredTuple
from jit.ir import types as T
from jit.ir.program import BUFFER, PARAMETER
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter
    from jit.frontend.module_value import ModuleValue

MODULE_METHODS = (
    "children", "named_children", "modules", "named_modules",
    "parameters", "named_parameters", "buffers", "named_buffers",
)  # fmt: skip
"""Methods of every module."""
DICT_METHODS = ("keys", "values", "items")
"""Those of a ModuleDict or ParameterDict."""

Named = tuple[str, Emitted]


class ModuleMethod(Sugared):
    """A method of a module that lists what the module consists of."""

    def __init__(self, owner: ModuleValue, name: str) -> None:
        self.owner = owner
        self.name = name

    def describe(self) -> str:
        return f"the method `{self.name}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        if call.args or call.keywords:
            raise fail(
                call.span,
                "E0304",
                f"`{self.name}` takes no arguments in compiled code",
                help="leave them out",
            )
        found = list(self._found(e, call.span))
        if self.name == "keys":
            return SugaredList([e.b.constant(name) for name, _ in found])
        if self.name.startswith("named_") or self.name == "items":
            pairs = [SugaredTuple([e.b.constant(n), item]) for n, item in found]
            return SugaredList(pairs)
        return SugaredList([item for _, item in found])

    def _found(self, e: Emitter, span: Span) -> Iterator[Named]:
        owner = self.owner
        match self.name.removeprefix("named_"):
            case "modules":
                for name, module, _ in _modules(e, owner):
                    yield name, module
            case "parameters":
                yield from _tensors(e, span, owner, PARAMETER)
            case "buffers":
                yield from _tensors(e, span, owner, BUFFER)
            case "children":
                for name in owner.info.children:
                    yield name, owner.child(e, name)
            case _:
                for name in owner.names():
                    yield name, owner.attribute(e, span, name)


def _modules(
    e: Emitter, owner: ModuleValue
) -> Iterator[tuple[str, ModuleValue, object]]:
    """Every module once: its full name, and the instance itself.

    Equal modules share what is known of them, so that the instance is asked for apart.
    """
    seen: set[int] = set()
    waiting: list[tuple[str, ModuleValue, object]] = [("", owner, owner.info.instance)]
    while waiting:
        name, module, instance = waiting.pop()
        if id(instance) in seen:
            continue
        seen.add(id(instance))
        yield name, module, instance
        waiting += [
            (_joined(name, child), module.child(e, child), getattr(instance, child))
            for child in reversed(list(module.info.children))
        ]


def _tensors(e: Emitter, span: Span, owner: ModuleValue, role: str) -> Iterator[Named]:
    """The parameters or buffers of a module and of all inside, each once."""
    seen: set[int] = set()
    for prefix, module, instance in _modules(e, owner):
        for name, attribute in module.info.definition.attributes.items():
            if attribute.role != role or attribute.type == T.NONE:
                continue
            tensor = getattr(instance, name)
            if id(tensor) not in seen:
                seen.add(id(tensor))
                yield _joined(prefix, name), module.attribute(e, span, name)


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
