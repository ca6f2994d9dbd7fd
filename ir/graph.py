"""The graph: Graph, Block, Node, Value and Use. What a function does, as SSA.

    graph(%x : Tensor, %n : int):                    Graph, whose block has params
      %one : int = prim::Constant[value=1]()         Node with an attribute
      %y : Tensor = prim::Loop(%n, %true, %x)        Node with inputs and a Block
        block0(%i : int, %acc : Tensor):
          %next : Tensor = aten::add(%acc, %x, %one)
          -> (%true, %next)                          returns of the block
      return (%y)

A node owns its outputs and blocks; a block owns its nodes in order, in a linked list
that tolerates insertion and removal while it is walked. Meaning is identity and
topology: names are for people. Nodes are not subclassed per operator.

Control flow has TorchScript's form:

* `prim::If(%cond)` with two blocks without parameters; its outputs are the returns
  of the block that ran.
* `prim::Loop(%max_trips, %cond, %carried...)` with one block
  `(%i, %carried...) -> (%continue, %carried...)`.
* `prim::Try(...)` with a body and a handler `(%e : Exception)`; outputs are the
  returns of the body, or those of the handler if the body raised. What the body
  assigned before it raised reaches the handler only through lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jit.ir import types as T
from jit.ir.span import NOWHERE, Span
from jit.ir.spelling import Members, Walk, word

if TYPE_CHECKING:
    from jit.ir.program import Program


@dataclass(frozen=True, slots=True)
class Use:
    """One place that reads a value: input `index` of `node`."""

    node: Node
    index: int


class Value:
    """One result of a node or parameter of a block, assigned once.

    Printed form: `%x : Tensor`.
    """

    __slots__ = ("index", "name", "node", "type", "uses")

    def __init__(self, node: Node, index: int, type: T.Type, name: str = "") -> None:
        self.node = node
        """The node it is output `index` of; for parameters the block's `param`."""
        self.index = index
        self.type = type
        self.name = name
        """A hint for people; unique names are given when a graph is printed."""
        self.uses: list[Use] = []

    def replace_all_uses_with(self, other: Value) -> None:
        """Let everybody who reads this value read `other` instead."""
        if other is self:
            return
        for use in list(self.uses):
            use.node.set_input(use.index, other)

    @property
    def block(self) -> Block:
        """The block in which it is defined."""
        return self.node.block

    @property
    def constant(self) -> Any:
        """The Python value if a `prim::Constant` defines it, else `NOT_CONSTANT`."""
        if self.node.kind == "prim::Constant" and not isinstance(self.type, T.EnumType):
            return self.node.attributes.get("value")
        return NOT_CONSTANT

    def __repr__(self) -> str:
        return f"%{self.name or f'<{self.node.kind}:{self.index}>'} : {self.type}"


class _NotConstant:
    def __repr__(self) -> str:
        return "NOT_CONSTANT"

    def __bool__(self) -> bool:
        raise TypeError("compare with `is NOT_CONSTANT`")


NOT_CONSTANT: Any = _NotConstant()
"""What `Value.constant` is for values that are known only when the program runs."""


class Node:
    """One operation.

    Printed form: `%y : Tensor = aten::add(%x, %one, %one)`.
    """

    __slots__ = (
        "_next",
        "_previous",
        "attributes",
        "block",
        "blocks",
        "inputs",
        "kind",
        "outputs",
        "overload",
        "span",
        "stack",
    )

    def __init__(self, kind: str, overload: str = "") -> None:
        self.kind = word(kind)
        """Qualified name, `aten::add`."""
        self.overload = overload
        """`Tensor` for `aten::add.Tensor`; printed only where types do not tell."""
        self.inputs: Members[Value] = Members()
        """Change through `add_input`, `set_input`, `remove_input`."""
        self.outputs: Members[Value] = Members()
        self.attributes: dict[str, Any] = {}
        """Constant data: None, bool, int, float, complex, str, DType, ndarray, Graph,
        or a tuple of these."""
        self.blocks: Members[Block] = Members()
        self.span: Span = NOWHERE
        """Where in the source it comes from."""
        self.stack: tuple[Span, ...] = ()
        """Calls that led here, innermost first; filled by inlining."""
        self.block: Block = None  # type: ignore[assignment]
        """The block it stands in; None while it stands nowhere."""
        self._previous: Node = self
        self._next: Node = self

    # inputs -----------------------------------------------------------------

    def add_input(self, value: Value) -> None:
        """Append an input."""
        value.uses.append(Use(self, len(self.inputs)))
        self.inputs.append(value)

    def set_input(self, index: int, value: Value) -> None:
        """Replace one input."""
        self.inputs[index].uses.remove(Use(self, index))
        self.inputs[index] = value
        value.uses.append(Use(self, index))

    def insert_input(self, index: int, value: Value) -> None:
        """Insert an input before position `index`."""
        rest = self.inputs[index:]
        while len(self.inputs) > index:
            self.remove_input(len(self.inputs) - 1)
        for v in (value, *rest):
            self.add_input(v)

    def remove_input(self, index: int) -> None:
        """Remove one input; later ones move up."""
        for i in range(index, len(self.inputs)):
            self.inputs[i].uses.remove(Use(self, i))
        del self.inputs[index]
        for i in range(index, len(self.inputs)):
            self.inputs[i].uses.append(Use(self, i))

    def remove_all_inputs(self) -> None:
        """Remove all inputs."""
        while self.inputs:
            self.remove_input(len(self.inputs) - 1)

    # outputs and blocks -------------------------------------------------------

    def add_output(self, type: T.Type, name: str = "") -> Value:
        """Append an output."""
        value = Value(self, len(self.outputs), type, name)
        self.outputs.append(value)
        return value

    def remove_output(self, index: int) -> None:
        """Remove an output that nobody uses; later ones move up."""
        if self.outputs[index].uses:
            raise ValueError(f"output {index} of {self.kind} is still used")
        del self.outputs[index]
        for i, value in enumerate(self.outputs):
            value.index = i

    @property
    def output(self) -> Value:
        """The only output."""
        (value,) = self.outputs
        return value

    def add_block(self) -> Block:
        """Append an empty block."""
        block = Block(None, self)
        self.blocks.append(block)
        return block

    @property
    def graph(self) -> Graph:
        return self.block.graph

    # place --------------------------------------------------------------------

    @property
    def next(self) -> Node | None:
        """The following node of the block; None at its end."""
        return None if self._next is self.block.result else self._next

    @property
    def previous(self) -> Node | None:
        """The preceding node of the block; None at its start."""
        return None if self._previous is self.block.result else self._previous

    def insert_before(self, place: Node) -> Node:
        """Put this node, which stands nowhere, before another."""
        assert self.block is None, "the node stands in a block already"
        self.block = place.block
        self._previous, self._next = place._previous, place
        place._previous._next = self
        place._previous = self
        return self

    def insert_after(self, place: Node) -> Node:
        """Put this node, which stands nowhere, after another."""
        return self.insert_before(place._next)

    def detach(self) -> Node:
        """Take the node out of its block; inputs and uses stay."""
        self._previous._next = self._next
        self._next._previous = self._previous
        # neighbours stay known, so that a walk can go on from here
        self.block = None  # type: ignore[assignment]
        return self

    def move_before(self, place: Node) -> None:
        """Move the node, with its blocks, before another, maybe of another block."""
        self.detach()
        self.insert_before(place)

    def destroy(self) -> None:
        """Remove the node. Raises ValueError while its outputs are used."""
        for value in self.outputs:
            if value.uses:
                raise ValueError(f"{value!r} is still used by {value.uses[0].node}")
        for block in self.blocks:
            block.clear()
        self.remove_all_inputs()
        if self.block is not None:
            self.detach()

    def is_before(self, other: Node) -> bool:
        """Whether this node begins before another of the same graph.

        A node begins before the nodes of its blocks; of nodes in different blocks of
        one node neither is before the other.
        """
        around: dict[Block, Node] = {}
        place: Node | None = self
        while place is not None:
            around[place.block] = place
            place = place.block.owner
        place = other
        while place is not None and place.block not in around:
            place = place.block.owner
        if place is None:
            raise ValueError("the nodes share no block")
        mine = around[place.block]
        if mine is place:
            return mine is self and other is not self
        end = place.block.result
        while mine is not end and mine is not place:
            mine = mine._next
        return mine is place

    def is_inside(self, block: Block) -> bool:
        """Whether the node stands in a block, however deep."""
        place: Block | None = self.block
        while place is not None:
            if place is block:
                return True
            place = place.owner.block if place.owner is not None else None
        return False

    @property
    def full_name(self) -> str:
        """Kind and overload, `aten::add.Tensor`."""
        return f"{self.kind}.{self.overload}" if self.overload else self.kind

    def __str__(self) -> str:
        from jit.ir.printer import format_node

        return format_node(self)

    def __repr__(self) -> str:
        return f"<Node {self.full_name}>"


class Block:
    """Parameters, nodes in order, returns.

    Printed form: `block0(%i : int, %acc : Tensor):` … `-> (%true, %next)`.
    """

    __slots__ = ("_graph", "owner", "param", "result")

    def __init__(self, graph: Graph | None, owner: Node | None) -> None:
        self._graph = graph
        self.owner = owner
        """The node it belongs to; None for the block of a graph."""
        self.param = Node("prim::Param")
        """Its outputs are the parameters of the block; it is not among the nodes."""
        self.param.block = self
        self.result = Node("prim::Return")
        """Its inputs are the returns; the sentinel of the node list."""
        self.result.block = self

    @property
    def graph(self) -> Graph:
        """The graph around it; a block moves between graphs with its node."""
        block = self
        while block.owner is not None:
            block = block.owner.block
        assert block._graph is not None
        return block._graph

    @property
    def params(self) -> Members[Value]:
        return self.param.outputs

    @property
    def returns(self) -> Members[Value]:
        return self.result.inputs

    def add_param(self, type: T.Type, name: str = "") -> Value:
        """Append a parameter."""
        return self.param.add_output(type, name)

    def add_return(self, value: Value) -> None:
        """Append a return."""
        self.result.add_input(value)

    def append(self, node: Node) -> Node:
        """Put a node, which stands nowhere, at the end."""
        return node.insert_before(self.result)

    def prepend(self, node: Node) -> Node:
        """Put a node, which stands nowhere, at the start."""
        return node.insert_after(self.result)

    @property
    def nodes(self) -> Walk[Node]:
        """The nodes in order. The walk survives insertion and removal around it."""
        return Walk(self._nodes())

    def _nodes(self) -> Iterator[Node]:
        node = self.result._next
        while node is not self.result:
            following = node._next
            yield node
            if node.block is self:
                following = node._next
            else:
                # the node was removed; what followed it may be gone as well
                while following is not self.result and following.block is not self:
                    following = following._next
            node = following

    @property
    def reversed_nodes(self) -> Iterator[Node]:
        """The nodes, last first. The walk survives removal of the current node."""
        node = self.result._previous
        while node is not self.result:
            following = node._previous
            yield node
            if node.block is self:
                following = node._previous
            else:
                while following is not self.result and following.block is not self:
                    following = following._previous
            node = following

    @property
    def all_nodes(self) -> Iterator[Node]:
        """The nodes in order, each followed by the nodes of its blocks."""
        for node in self.nodes:
            yield node
            for block in node.blocks:
                yield from block.all_nodes

    @property
    def all_blocks(self) -> Iterator[Block]:
        """This block and the blocks of its nodes, however deep."""
        yield self
        for node in self.nodes:
            for block in node.blocks:
                yield from block.all_blocks

    def clear(self) -> None:
        """Destroy all nodes."""
        self.result.remove_all_inputs()
        for node in self.reversed_nodes:
            node.destroy()

    def is_inside(self, block: Block) -> bool:
        """Whether it is `block` or lies in it."""
        return self is block or (self.owner is not None and self.owner.is_inside(block))


class Graph:
    """The body of a function.

    Printed form: `graph(%x : Tensor):` … `return (%y)`.
    """

    __slots__ = ("__weakref__", "block", "program")

    def __init__(self, program: Program | None = None) -> None:
        self.program = program
        """Where the functions and classes that it names are defined."""
        self.block = Block(self, None)

    @property
    def inputs(self) -> Members[Value]:
        return self.block.params

    @property
    def outputs(self) -> Members[Value]:
        return self.block.returns

    @property
    def nodes(self) -> Walk[Node]:
        return self.block.nodes

    @property
    def all_nodes(self) -> Iterator[Node]:
        """All nodes, those of nested blocks after their owner."""
        return self.block.all_nodes

    def add_input(self, type: T.Type, name: str = "") -> Value:
        return self.block.add_param(type, name)

    def find_nodes(self, kind: str) -> list[Node]:
        """All nodes of a kind, however deep."""
        return [n for n in self.all_nodes if n.kind == kind]

    def copy(self) -> Graph:
        """A copy that shares nothing but constants with this graph."""
        from jit.ir.clone import clone_graph

        return clone_graph(self)

    def draw(self, path: str) -> str:
        """Write a drawing: `.svg`, `.png` or `.pdf` through Graphviz, `.dot` as text.

        Returns the path written: the DOT text beside it where `dot` is missing.
        """
        from jit.ir.dot import draw

        return draw(self, path)

    def __str__(self) -> str:
        from jit.ir.printer import format_graph

        return format_graph(self)

    __repr__ = __str__

    def _repr_svg_(self) -> str | None:
        from jit.ir.dot import render_svg

        return render_svg(self)

    def _repr_html_(self) -> str:
        from jit.ir.dot import render_html

        return render_html(self)


def outer_values(blocks: Iterable[Block]) -> list[Value]:
    """Values that blocks read but do not define, in the order of their first use."""
    blocks = list(blocks)
    found: dict[int, Value] = {}
    for block in blocks:
        for inner in block.all_blocks:
            for node in (*inner.nodes, inner.result):
                for value in node.inputs:
                    if not any(value.block.is_inside(b) for b in blocks):
                        found.setdefault(id(value), value)
    return list(found.values())
