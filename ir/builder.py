"""Make nodes: an insertion point, a current span, and nodes that fit their schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jit.ir import types as T
from jit.ir.constants import make_constant
from jit.ir.diagnostic import Diagnostic, GraphError
from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.overloads import Binding, resolve
from jit.ir.registry import nearest_kinds
from jit.ir.span import NOWHERE, Span

Values = list[Value]
"""The name `list` is a method below."""


class Builder:
    """Appends nodes to a block, or inserts them before a node.

    Shared by the front ends and the passes. `b.op("aten::add", x, 1)` chooses the
    overload, fills in defaults and makes constants of Python values; `b.node` makes a
    node as it is told.
    """

    def __init__(self, place: Graph | Block | Node) -> None:
        if isinstance(place, Graph):
            place = place.block
        self.block: Block = place.block if isinstance(place, Node) else place
        self.before: Node = place if isinstance(place, Node) else place.result
        self.span: Span = place.span if isinstance(place, Node) else NOWHERE
        self.stack: tuple[Span, ...] = place.stack if isinstance(place, Node) else ()

    @contextmanager
    def inside(self, block: Block) -> Iterator[Block]:
        """Append to another block for a while."""
        saved = self.block, self.before
        self.block, self.before = block, block.result
        try:
            yield block
        finally:
            self.block, self.before = saved

    @contextmanager
    def at(self, span: Span) -> Iterator[None]:
        """Give new nodes another span for a while."""
        saved, self.span = self.span, span
        try:
            yield
        finally:
            self.span = saved

    def insert(self, node: Node) -> Node:
        """Put a node at the insertion point, with the current span if it has none."""
        if node.span is NOWHERE:
            node.span, node.stack = self.span, self.stack
        return node.insert_before(self.before)

    def node(
        self,
        kind: str,
        inputs: Sequence[Value] = (),
        outputs: Sequence[T.Type] = (),
        *,
        overload: str = "",
        output_names: Sequence[str] = (),
        **attributes: Any,
    ) -> Node:
        """A node as told, inserted."""
        node = Node(kind, overload)
        for value in inputs:
            node.add_input(value)
        for i, type in enumerate(outputs):
            node.add_output(type, output_names[i] if i < len(output_names) else "")
        node.attributes.update(attributes)
        return self.insert(node)

    def constant(self, value: Any, type: T.Type | None = None) -> Value:
        """A constant; NotConstantError for values that cannot be one."""
        return self.insert(make_constant(value, type)).output

    def value(self, x: Any) -> Value:
        """`x` itself if it is a Value; a list of what it holds; else a constant."""
        if isinstance(x, Value):
            return x
        if isinstance(x, list):
            items = [self.value(i) for i in x]
            element = items[0].type if items else T.INT
            return self.list(items, element)
        return self.constant(x)

    def op(self, kind: str, *args: Any, **keywords: Any) -> Any:
        """An operator, its overload chosen by the types of the arguments.

        Returns its Value, a list of Values for several results, None for no result.
        Conversions from number to tensor and back are inserted.
        Raises GraphError E0602 if there is no such operator or overload.
        """
        return self.bind_op(
            kind,
            [self.value(a) for a in args],
            {k: self.value(v) for k, v in keywords.items()},
        )

    def bind_op(
        self, kind: str, args: Sequence[Value], keywords: dict[str, Value]
    ) -> Any:
        """As `op`, for arguments that are Values already."""
        found = resolve(
            kind, [a.type for a in args], {k: v.type for k, v in keywords.items()}
        )
        if isinstance(found, Binding):
            return self.bound(found, args, keywords)
        if not found:
            near = ", ".join(f"`{k}`" for k in nearest_kinds(kind))
            raise GraphError(
                Diagnostic(
                    "E0602",
                    f"there is no operator `{kind}`",
                    self.span,
                    help=f"the nearest are {near}" if near else "",
                )
            )
        raise GraphError(
            Diagnostic(
                "E0602",
                f"no overload of `{kind}` takes these arguments: {found[0].reason}",
                self.span,
                notes=(f"the nearest is `{found[0].schema}`",),
            )
        )

    def bound(
        self, binding: Binding, args: Sequence[Value], keywords: dict[str, Value]
    ) -> Any:
        """The node of a call that was matched with a schema."""
        schema = binding.schema
        inputs = []
        for i, source in enumerate(binding.sources):
            if isinstance(source, int):
                value = args[source]
            elif source is not None:
                value = keywords[source]
            else:
                argument = schema.arguments[i]
                value = self.default(argument.default, argument.type)
                inputs.append(value)
                continue
            wanted = binding.types[i]
            length = schema.arguments[i].length if i < len(schema.arguments) else None
            if length is not None and not isinstance(
                value.type, T.ListType | T.TupleType | T.NamedTupleType | T.OptionalType
            ) and value.type != T.NONE:  # fmt: skip
                base = wanted.element if isinstance(wanted, T.OptionalType) else wanted
                assert isinstance(base, T.ListType)
                element = self.convert(value, base.element)
                inputs.append(self.list([element] * length, base.element))
                continue
            inputs.append(self.convert(value, wanted))
        node = self.node(schema.kind, inputs, binding.returns, overload=schema.overload)
        if not node.outputs:
            return None
        return node.output if len(node.outputs) == 1 else list(node.outputs)

    def default(self, value: Any, type: T.Type) -> Value:
        """The value of a default: a constant, or a fresh list."""
        if isinstance(value, list):
            base = type.element if isinstance(type, T.OptionalType) else type
            assert isinstance(base, T.ListType)
            return self.list([self.constant(v) for v in value], base.element)
        base = type.element if isinstance(type, T.OptionalType) else type
        if isinstance(base, T.EnumType) and value is not None:
            return self.constant(value, base)  # the name of a member
        return self.constant(value)

    def convert(self, value: Value, wanted: T.Type) -> Value:
        """`value` as the type that an argument wants, by an implicit conversion."""
        from jit.ir.subtyping import is_subtype

        if is_subtype(value.type, wanted):
            return value
        base = wanted.element if isinstance(wanted, T.OptionalType) else wanted
        actual = value.type
        if isinstance(base, T.ListType):
            parts = [self.convert(p, base.element) for p in self.unpack(value)]
            return self.list(parts, base.element)
        if T.is_tensor_like(base):
            if isinstance(actual, T.ArrayType):
                return self.node("prim::ArrayToTensor", [value], [T.TENSOR]).output
            kind = "NumToTensor" if isinstance(base, T.TensorType) else "NumToArray"
            return self.node(f"prim::{kind}", [value], [base]).output
        to = {"int": "Int", "float": "Float", "complex": "Complex", "bool": "Bool"}
        if base in (T.INT, T.FLOAT, T.COMPLEX):
            assert isinstance(base, T.SimpleType)
            result = self.bind_op(f"aten::{to[base.name]}", [value], {})
            assert isinstance(result, Value)
            return result
        if base == T.NUMBER and T.is_tensor_like(actual):
            result = self.bind_op("aten::item", [value], {})
            assert isinstance(result, Value)
            return result
        if base == T.DEVICE:
            return self.node("prim::device", [value], [T.DEVICE]).output
        raise GraphError(
            Diagnostic("E0602", f"cannot convert `{actual}` to `{wanted}`", self.span)
        )

    def list(self, items: Sequence[Value], element: T.Type) -> Value:
        """A new list."""
        return self.node("prim::ListConstruct", items, [T.ListType(element)]).output

    def tuple(self, items: Sequence[Value]) -> Value:
        """A tuple."""
        made = T.TupleType(tuple(i.type for i in items))
        return self.node("prim::TupleConstruct", items, [made]).output

    def unpack(self, value: Value) -> Values:
        """The elements of a tuple."""
        elements = T.tuple_elements(value.type)
        assert elements is not None, value.type
        return self.node("prim::TupleUnpack", [value], elements).outputs[:]
