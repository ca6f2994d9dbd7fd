"""Which values may share storage, and what of it is written.

    %v : Tensor = aten::view(%x, %sizes)     %v and %x in one class: the schema says (a)
    %l : Tensor[] = prim::ListConstruct(%x)  %x in the class of the contents of %l
    %r : Tensor = aten::add_(%v, %y, %one)   writes to the storage of %x and %v

The analysis does not follow the order of nodes: a class is written or not. Arguments
may overlap, so all that comes from outside (inputs, slots of objects, results of calls)
is one class, the wildcard, whose contents are the wildcard. A write is to a tensor's
storage or to a container, so that appending to a list does not touch tensors.

Method: unification of classes, each with the class of its contents.
Source: Steensgaard 1996, points-to analysis in almost linear time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from jit.ir import types as T
from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.schema import Argument, FunctionSchema
from jit.passes.analysis import effects
from jit.passes.analysis.facts import card_of

STORAGE, CONTAINER = "storage", "container"
"""What a write changes."""

MAY_RETURN_ARGUMENT = {
    "aten::" + name
    for name in (
        "broadcast_tensors",
        "meshgrid",
        "atleast_1d",
        "atleast_2d",
        "atleast_3d",
        "type_as",
        "einsum",
        "cartesian_prod",
        "block_diag",
    )
}
"""Operators whose schemas, which are the reference implementation's, do not say that
the result may share storage with an argument."""


GIVE_WHAT_THEY_GOT = (
    "prim::GetAttr",
    "prim::TupleIndex",
    "prim::TupleUnpack",
    "prim::unchecked_cast",
    "prim::unchecked_unwrap_optional",
)
"""Kinds whose results exist already: doing it once or often makes nothing new."""


def is_mutable(type: T.Type) -> bool:
    """Whether a value of a type can be changed, or holds something that can."""
    match type:
        case T.SimpleType():
            return type == T.ANY
        case T.OptionalType(element):
            return is_mutable(element)
        case T.UnionType(elements) | T.TupleType(elements):
            return any(map(is_mutable, elements))
        case T.NamedTupleType():
            return any(map(is_mutable, type.elements))
        case T.EnumType() | T.FunctionType():
            return False
    return True


def written_part(type: T.Type) -> str | None:
    """What a write to a value of a type changes; None if it may be either."""
    if isinstance(type, T.OptionalType):
        return written_part(type.element)
    if T.is_tensor_like(type):
        return STORAGE
    if isinstance(
        type,
        T.ListType | T.DictType | T.SetType | T.ClassType | T.ModuleType
        | T.InterfaceType,
    ):  # fmt: skip
        return CONTAINER
    return None


@dataclass(eq=False, slots=True)
class _Class:
    """Values that may share storage."""

    parent: _Class | None = None
    contents: _Class | None = None
    members: list[Value] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    writers: list[Node] = field(default_factory=list)
    escapes: bool = False
    """Whether somebody holds it after the graph has run."""


class Aliases:
    """The classes of a graph; made by `aliases`."""

    def __init__(self) -> None:
        self.wildcard = _Class(escapes=True)
        self.wildcard.contents = self.wildcard
        self._of: dict[Value, _Class] = {}

    # questions ------------------------------------------------------------------

    def may_alias(self, a: Value, b: Value) -> bool:
        """Whether two values may share storage or be the same container."""
        if not (is_mutable(a.type) and is_mutable(b.type)):
            return False
        return self.find(a) is self.find(b)

    def may_change(self, value: Value) -> bool:
        """Whether what a value holds is written anywhere in the graph."""
        return bool(self.changes(value))

    def changes(self, value: Value) -> set[str]:
        """Which parts of what a value holds are written: storage, containers."""
        if not is_mutable(value.type):
            return set()
        here = self.find(value)
        part = written_part(value.type)
        found = here.written & ({part} if part else {STORAGE, CONTAINER})
        if part != STORAGE:
            for inner in self._inside(here):
                found |= inner.written
        return found

    def escapes(self, value: Value) -> bool:
        """Whether somebody outside may hold what a value holds."""
        return is_mutable(value.type) and self.find(value).escapes

    def is_wildcard(self, value: Value) -> bool:
        """Whether a value comes from outside, or may."""
        return is_mutable(value.type) and self.find(value) is _root(self.wildcard)

    def is_private(self, value: Value) -> bool:
        """Whether nobody writes what a value holds and nobody outside gets it."""
        return not self.escapes(value) and not self.may_change(value)

    def may_escape_for(self, value: Value, other: Value) -> bool:
        """Whether a value may be given away in place of another, equal one.

        It has to be as new as the other: made as often, kept by nobody, no constant.
        """
        return (
            self.is_private(value)
            and value.block is other.block
            and all(_is_made(member) for member in self.members(value))
        )

    def reads_changing(self, node: Node) -> bool:
        """Whether a node reads what is written anywhere in the graph."""
        return any(self.may_change(v) for v in node.inputs)

    def members(self, value: Value) -> list[Value]:
        """All values that may share storage with one, itself included."""
        return self.find(value).members

    def writers(self, value: Value) -> list[Node]:
        """The nodes that write to what a value holds, contents included."""
        if not is_mutable(value.type):
            return []
        here = self.find(value)
        return [*here.writers, *(n for c in self._inside(here) for n in c.writers)]

    # classes --------------------------------------------------------------------

    def find(self, value: Value) -> _Class:
        """The class of a value of a mutable type."""
        found = self._of.get(value)
        if found is None:
            found = self._of[value] = _Class(members=[value])
        return _root(found)

    def contents(self, of: _Class) -> _Class:
        """The class of what a container of a class holds."""
        of = _root(of)
        if of.contents is None:
            of.contents = _Class()
        return _root(of.contents)

    def _inside(self, of: _Class) -> Iterable[_Class]:
        seen = {id(of)}
        while of.contents is not None:
            of = _root(of.contents)
            if id(of) in seen:
                return
            seen.add(id(of))
            yield of

    def unify(self, a: _Class, b: _Class) -> None:
        """Make two classes one, and their contents one."""
        a, b = _root(a), _root(b)
        if a is b:
            return
        if b is _root(self.wildcard):
            a, b = b, a
        b.parent = a
        a.members += b.members
        a.written |= b.written
        a.writers += b.writers
        a.escapes |= b.escapes
        inner, a_inner = b.contents, a.contents
        b.members, b.writers = [], []
        if inner is None:
            return
        if a_inner is None:
            a.contents = inner
        else:
            self.unify(a_inner, inner)

    def join(self, *values: Value) -> None:
        """Put values of mutable types into one class."""
        mutable = [v for v in values if is_mutable(v.type)]
        for value in mutable[1:]:
            self.unify(self.find(mutable[0]), self.find(value))

    def make_wild(self, *values: Value) -> None:
        """Put values into the wildcard: anybody may hold them."""
        for value in values:
            if is_mutable(value.type):
                self.unify(self.wildcard, self.find(value))

    def put(self, container: _Class, *values: Value) -> None:
        """Let values be among the contents of a container."""
        for value in values:
            if is_mutable(value.type):
                self.unify(self.contents(container), self.find(value))

    def write(self, node: Node, value: Value) -> None:
        """Note that a node changes what a value is, not its contents."""
        if not is_mutable(value.type):
            return
        here = self.find(value)
        part = written_part(value.type)
        here.written |= {part} if part else {STORAGE, CONTAINER}
        here.writers.append(node)

    def write_wild(self, node: Node) -> None:
        """Note that a node may change anything that anybody holds."""
        wild = _root(self.wildcard)
        wild.written |= {STORAGE, CONTAINER}
        wild.writers.append(node)

    def add(self, node: Node) -> None:
        """Follow a change of the graph: a node without blocks was inserted."""
        _add_node(self, node)

    def replace(self, old: Value, new: Value) -> None:
        """Follow a change of the graph: one value took the place of another.

        The classes stay true, though they may be larger than those of a new analysis.
        """
        self.join(old, new)

    def escape(self, value: Value) -> None:
        """Note that somebody holds a value after the graph has run."""
        if is_mutable(value.type):
            here = self.find(value)
            here.escapes = True
            for inner in self._inside(here):
                inner.escapes = True


def _is_made(value: Value) -> bool:
    return value.node.kind not in ("prim::Constant", "prim::Param")


def _root(of: _Class) -> _Class:
    while of.parent is not None:
        if of.parent.parent is not None:
            of.parent = of.parent.parent
        of = of.parent
    return of


def aliases(graph: Graph) -> Aliases:
    """The alias classes of a graph."""
    found = Aliases()
    found.make_wild(*graph.inputs)
    _add_block(found, graph.block)
    for value in graph.outputs:
        found.escape(value)
    return found


def _add_block(a: Aliases, block: Block) -> None:
    for node in block.nodes:
        _add_node(a, node)
        for inner in node.blocks:
            _add_block(a, inner)


_SAME = ("prim::unchecked_cast", "prim::unchecked_unwrap_optional",
         "prim::ArrayToTensor", "prim::TensorToArray")  # fmt: skip
_BUILD = ("prim::ListConstruct", "prim::TupleConstruct", "prim::NamedTupleConstruct",
          "prim::DictConstruct")  # fmt: skip
_TAKE = ("prim::TupleUnpack", "prim::TupleIndex", "prim::ListUnpack")
_READ = ("prim::Print", "prim::isinstance", "prim::device", "prim::RaiseException",
         "prim::ReRaise", "prim::ExceptionMatches", "prim::ExceptionMessage",
         "prim::Constant", "prim::Uninitialized", "prim::CreateObject",
         "prim::NumToTensor", "prim::NumToArray", "prim::FusionGroup",
         "prim::EnumName", "prim::EnumValue")  # fmt: skip


def _add_node(a: Aliases, node: Node) -> None:
    card = card_of(node)
    if card is not None:
        _add_operator(a, node, card.schema)
    elif node.kind == "prim::Loop":
        (body,) = node.blocks
        for i, output in enumerate(node.outputs):
            a.join(output, node.inputs[i + 2], body.params[i + 1], body.returns[i + 1])
    elif node.blocks:
        for i, output in enumerate(node.outputs):
            a.join(output, *(b.returns[i] for b in node.blocks))
    elif node.kind in _SAME:
        a.join(node.output, node.inputs[0])
    elif node.kind in _BUILD:
        a.put(a.find(node.output), *node.inputs)
    elif node.kind in _TAKE:
        if is_mutable(node.inputs[0].type):
            a.put(a.find(node.inputs[0]), *node.outputs)
    elif node.kind == "prim::TupleSlice":
        if is_mutable(node.output.type):
            a.unify(a.contents(a.find(node.output)), a.contents(a.find(node.inputs[0])))
    elif node.kind not in _READ:
        # slots of objects, calls, and what nobody declared
        a.make_wild(*node.inputs, *node.outputs)
        if node.kind != "prim::GetAttr":
            a.write_wild(node)


def _add_operator(a: Aliases, node: Node, schema: FunctionSchema) -> None:
    if schema.kind in MAY_RETURN_ARGUMENT:
        _mix(a, [*node.inputs, *node.outputs])
    elif schema.is_generic:
        _add_container_operator(a, node, schema)
    for i, returned in enumerate(schema.returns):
        for value, argument in zip(node.inputs, schema.arguments, strict=False):
            names = [x.alias.name for x in (returned, argument) if x.alias]
            if len(names) == 2 and names[0] == names[1]:
                _share(a, node.outputs[i], returned, value, argument)
        if returned.alias and returned.alias.name == "*" and not schema.is_generic:
            a.make_wild(node.outputs[i])
    for value in effects.written_values(node):
        a.write(node, value)


def _share(
    a: Aliases, output: Value, returned: Argument, value: Value, argument: Argument
) -> None:
    """Let a result share storage with an argument: `Tensor(a)`, `Tensor(a)[]`."""
    if not (is_mutable(output.type) and is_mutable(value.type)):
        return
    ours, theirs = a.find(output), a.find(value)
    if _is_list(returned.type) and not _is_list(argument.type):
        ours = a.contents(ours)
    if _is_list(argument.type) and not _is_list(returned.type):
        theirs = a.contents(theirs)
    a.unify(ours, theirs)


def _is_list(type: T.Type) -> bool:
    return isinstance(type, T.ListType | T.DictType | T.SetType)


def _add_container_operator(a: Aliases, node: Node, schema: FunctionSchema) -> None:
    """The elements of all containers of the call, and single ones, may be the same."""
    elements: list[_Class] = []
    for value in (*node.inputs, *node.outputs):
        if not is_mutable(value.type):
            continue
        if written_part(value.type) == CONTAINER and _is_container(value, node, schema):
            elements.append(a.contents(a.find(value)))
        else:
            elements.append(a.find(value))
    for other in elements[1:]:
        a.unify(elements[0], other)


def _is_container(value: Value, node: Node, schema: FunctionSchema) -> bool:
    """Whether a value is a container of the call, and not an element: `t[]`, not `t`."""
    declared: list[T.Type] = [
        x.type
        for values, arguments in (
            (node.inputs, schema.arguments),
            (node.outputs, schema.returns),
        )
        for v, x in zip(values, arguments, strict=False)
        if v is value
    ]
    return bool(declared) and not any(
        isinstance(t, T.TypeVariable) or t == T.ANY for t in declared
    )


def _mix(a: Aliases, values: list[Value]) -> None:
    """Let all tensors among values, and in lists among them, share storage."""
    found = [
        a.contents(a.find(v)) if _is_list(v.type) else a.find(v)
        for v in values
        if is_mutable(v.type)
    ]
    for other in found[1:]:
        a.unify(found[0], other)
