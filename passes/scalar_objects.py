"""Keep the attributes of an instance that nobody else sees in values of their own.

    %p : Class<P> = prim::CreateObject()
    prim::SetAttr[name="n"](%p, %zero)
    %m = prim::Loop(%k, %true)                  %n = prim::Loop(%k, %true, %zero)
      block0(%i : int):                    →      block0(%i : int, %n.1 : int):
        %a = prim::GetAttr[name="n"](%p)            %b = aten::add(%n.1, %i)
        %b = aten::add(%a, %i)                      -> (%true, %b)
        prim::SetAttr[name="n"](%p, %b)
        -> (%true)

An instance is dissolved if it is made here and only its attributes are read and
assigned, each of them assigned before it is read on every way, outside of any `try`.

Idempotent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.graph import Block, Graph, Node, Value
from jit.passes.reasons import decline

_ENDS = ("prim::RaiseException", "prim::ReRaise")

Known = dict[str, Value]
"""What the attributes hold at some place."""


def run(graph: Graph) -> bool:
    """Return whether any instance was dissolved."""
    changed = False
    for node in graph.find_nodes("prim::CreateObject"):
        instance = _Instance.of(node)
        if instance is None:
            continue
        if instance.is_defined(node.next, set()) is None:
            decline("scalar_objects", node, "an attribute may be read before it is set")
            continue
        instance.dissolve(node.next, {})
        node.destroy()
        changed = True
    return changed


@dataclass(slots=True)
class _Instance:
    """An instance of which only attributes are used."""

    value: Value
    around: set[Node] = field(default_factory=set)
    """The branches and loops in which it is used."""
    types: dict[str, T.Type] = field(default_factory=dict)
    """Types of the attributes as they are assigned."""

    @staticmethod
    def of(node: Node) -> _Instance | None:
        """The instance that a node makes; None if others may see it."""
        found = _Instance(node.output)
        for use in node.output.uses:
            if use.index != 0 or use.node.kind not in (
                "prim::GetAttr",
                "prim::SetAttr",
            ):
                decline("scalar_objects", node, f"`{use.node.kind}` takes the instance")
                return None
            if use.node.kind == "prim::SetAttr":
                name = use.node.attributes["name"]
                found.types.setdefault(name, use.node.inputs[1].type)
            owner = use.node.block.owner
            while owner is not None and use.node.block is not node.block:
                if owner.kind not in ("prim::If", "prim::Loop"):
                    decline("scalar_objects", node, f"it is used in a `{owner.kind}`")
                    return None
                found.around.add(owner)
                if owner.block is node.block:
                    break
                owner = owner.block.owner
        return found

    def reads(self, node: Node) -> bool:
        return node.kind == "prim::GetAttr" and node.inputs[0] is self.value

    def writes(self, node: Node) -> bool:
        return node.kind == "prim::SetAttr" and node.inputs[0] is self.value

    def written_in(self, block: Block) -> list[str]:
        """The attributes that a block assigns, in order."""
        found = {n.attributes["name"]: None for n in block.all_nodes if self.writes(n)}
        return list(found)

    def type_of(self, name: str) -> T.Type:
        """The declared type of an attribute."""
        program = self.value.node.graph.program
        if program is not None:
            return program.class_of(self.value.type).attributes[name].type
        return self.types[name]

    # which attributes are set ---------------------------------------------------

    def is_defined(self, node: Node | None, known: set[str]) -> set[str] | None:
        """The attributes that are set at the end of a block; None if one may be read,
        or carried by a loop, that is not."""
        while node is not None:
            if self.writes(node):
                known.add(node.attributes["name"])
            elif self.reads(node) and node.attributes["name"] not in known:
                return None
            elif node in self.around:
                after = self._after(node, known)
                if after is None:
                    return None
                known = after
            node = node.next
        return known

    def _after(self, node: Node, known: set[str]) -> set[str] | None:
        if node.kind == "prim::Loop":
            (body,) = node.blocks
            if not known.issuperset(self.written_in(body)):
                return None
            return None if self.is_defined(_first(body), set(known)) is None else known
        ends = []
        for block in node.blocks:
            end = self.is_defined(_first(block), set(known))
            if end is None:
                return None
            if not _leaves(block):
                ends.append(end)
        return set.intersection(*ends) if ends else known

    # values in their place ------------------------------------------------------

    def dissolve(self, node: Node | None, known: Known) -> None:
        """Put values in the place of attributes; `known` follows what they hold."""
        while node is not None:
            following = node.next
            if self.writes(node):
                known[node.attributes["name"]] = node.inputs[1]
                node.destroy()
            elif self.reads(node):
                held = known[node.attributes["name"]]
                node.output.replace_all_uses_with(held)
                node.destroy()
            elif node in self.around:
                if node.kind == "prim::Loop":
                    self._through_loop(node, known)
                else:
                    self._through_branches(node, known)
            node = following

    def _through_loop(self, loop: Node, known: Known) -> None:
        (body,) = loop.blocks
        names = self.written_in(body)
        inside = dict(known)
        for name in names:
            loop.add_input(known[name])
            inside[name] = body.add_param(self.type_of(name), name)
        self.dissolve(_first(body), inside)
        for name in names:
            body.add_return(inside[name])
            known[name] = loop.add_output(self.type_of(name), name)

    def _through_branches(self, node: Node, known: Known) -> None:
        names = list(dict.fromkeys(n for b in node.blocks for n in self.written_in(b)))
        ends: list[Known] = []
        for block in node.blocks:
            ends.append(dict(known))
            self.dissolve(_first(block), ends[-1])
        for name in names:
            held = [
                None if _leaves(b) else end.get(name)
                for b, end in zip(node.blocks, ends, strict=True)
            ]
            if any(
                h is None and not _leaves(b)
                for b, h in zip(node.blocks, held, strict=True)
            ):
                known.pop(name, None)
                continue
            for block, value in zip(node.blocks, held, strict=True):
                if value is None:
                    make = Builder(block)
                    make.span, make.stack = node.span, node.stack
                    type = self.type_of(name)
                    value = make.node("prim::Uninitialized", (), [type]).output
                block.add_return(value)
            known[name] = node.add_output(self.type_of(name), name)


def _first(block: Block) -> Node | None:
    return next(block.nodes, None)


def _leaves(block: Block) -> bool:
    """Whether control never reaches the end of a block."""
    return any(node.kind in _ENDS for node in block.nodes)
