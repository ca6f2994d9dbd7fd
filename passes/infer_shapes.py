"""Give tensors the dtypes and sizes that follow from those of the inputs.

    %x : Float(2, 3)                           %x : Float(2, 3)
    %y : Tensor = aten::t(%x)            →     %y : Float(3, 2) = aten::t(%x)
    %z : Tensor = aten::gt(%y, %zero)          %z : Bool(3, 2) = aten::gt(%y, %zero)

Types come from `infer` of the cards. What an `If` gives is common to its branches; a
loop carries what is common to its trips: sizes that change become unknown. Operators
that change the sizes of a tensor in place make all types of the graph doubtful, so
then nothing is refined.

Idempotent.
"""

from __future__ import annotations

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.card import ShapeError
from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.registry import find_card
from jit.ir.subtyping import is_subtype
from jit.ir.unification import substitute, unify
from jit.passes.analysis import effects
from jit.passes.analysis.facts import card_of, facts_of
from jit.passes.reasons import decline

CHANGE_SIZES = {
    "aten::" + name
    for name in (
        "resize_",
        "resize_as_",
        "set_",
        "t_",
        "transpose_",
        "swapaxes_",
        "swapdims_",
        "squeeze_",
        "unsqueeze_",
        "as_strided_",
    )
}
"""Operators after which a tensor has other sizes than before."""


def run(graph: Graph) -> bool:
    """Return whether any type changed."""
    if any(n.kind in CHANGE_SIZES for n in graph.all_nodes):
        return False
    before = [v.type for v in _values(graph.block)]
    _infer_block(graph.block)
    return before != [v.type for v in _values(graph.block)]


def _values(block: Block) -> list[Value]:
    return [
        value
        for inner in block.all_blocks
        for node in (inner.param, *inner.nodes)
        for value in node.outputs
    ]


def _infer_block(block: Block) -> None:
    for node in block.nodes:
        if node.kind == "prim::Loop":
            _infer_loop(node)
        elif node.blocks:
            _infer_branches(node)
        elif node.kind == "prim::FusionGroup":
            _infer_group(node)
        elif find_card(node.kind, node.overload) is not None:
            infer_operator(node)
        else:
            _infer_structural(node)


def infer_operator(node: Node) -> None:
    """Give the results of one operator the types that follow from its inputs."""
    card = card_of(node)
    assert card is not None
    if card.infer is None:
        return
    try:
        found = card.infer(*facts_of(node))
    except ShapeError as error:
        # the node raises on every run, when the program gets there
        decline("infer_shapes", node, str(error))
        return
    types = found if isinstance(found, tuple) else (found,)
    if len(types) != len(node.outputs):
        return
    for value, type, declared in zip(
        node.outputs, types, card.schema.returns, strict=True
    ):
        _refine(value, type, substitute(declared.type, {}))


def _refine(value: Value, type: T.Type, declared: T.Type) -> None:
    """Give a value another type, if that is a kind of what is declared."""
    if isinstance(type, T.Type) and _has_tensor(type) and is_subtype(type, declared):
        value.type = type


def _has_tensor(type: T.Type) -> bool:
    """Whether the type has sizes to be refined.

    Those of lists stay as declared: somebody may put in tensors of other sizes.
    """
    if isinstance(type, T.TupleType | T.NamedTupleType | T.OptionalType):
        return any(map(_has_tensor, T.children(type)))
    return T.is_tensor_like(type)


def _infer_branches(node: Node) -> None:
    for block in node.blocks:
        _infer_block(block)
    for i, output in enumerate(node.outputs):
        common = _common([b.returns[i] for b in node.blocks])
        if (
            common is not None
            and _has_tensor(common)
            and _same_kind(common, output.type)
        ):
            output.type = common
            for block in node.blocks:
                _fit(block, i, common)


def _fit(block: Block, index: int, type: T.Type) -> None:
    """Let a block that never gets there return nothing of the right type."""
    value = block.returns[index]
    if value.node.kind == "prim::Uninitialized" and not is_subtype(value.type, type):
        make = Builder(block)
        make.span, make.stack = value.node.span, value.node.stack
        nothing = make.node("prim::Uninitialized", (), [type])
        block.result.set_input(index, nothing.output)


def _common(values: list[Value]) -> T.Type | None:
    """The common type of values; those that are never initialised do not count."""
    common: T.Type | None = None
    for value in values:
        if value.node.kind == "prim::Uninitialized":
            continue
        common = value.type if common is None else unify(common, value.type)
        if common is None:
            return None
    return common


def _infer_loop(loop: Node) -> None:
    """Widen what the loop carries until a trip gives what it takes."""
    (body,) = loop.blocks
    carried = body.params[1:]
    declared = [_unrefined(p.type) for p in carried]
    for param, value, plain in zip(carried, loop.inputs[2:], declared, strict=True):
        if value.node.kind == "prim::Uninitialized":
            param.type = plain
        elif _has_tensor(value.type) and is_subtype(value.type, plain):
            param.type = value.type
    while True:
        _infer_block(body)
        stable = True
        for param, value, plain in zip(
            carried, body.returns[1:], declared, strict=True
        ):
            common = _common([param, value])
            if common is None or not is_subtype(common, plain):
                common = plain
            if _has_tensor(common) and common != param.type:
                param.type = common
                stable = False
        if stable:
            break
    for i, param in enumerate(carried):
        _take_result(loop, i, param)
    for output, param in zip(loop.outputs, carried, strict=True):
        if _has_tensor(param.type):
            output.type = param.type
    for i, param in enumerate(carried):
        _fit(body, i + 1, param.type)


def _take_result(loop: Node, index: int, param: Value) -> None:
    """What is carried from nothing, and only out of the loop, is what a trip gives."""
    value, start = loop.blocks[0].returns[index + 1], loop.inputs[index + 2]
    if param.uses or start.node.kind != "prim::Uninitialized":
        return
    if _has_tensor(value.type) and is_subtype(value.type, param.type):
        param.type = value.type
        if not is_subtype(start.type, value.type):
            nothing = Builder(loop).node("prim::Uninitialized", (), [value.type])
            loop.set_input(index + 2, nothing.output)


def _infer_group(node: Node) -> None:
    graph = effects.subgraph(node)
    for inner, outer in zip(graph.inputs, node.inputs, strict=True):
        if _has_tensor(outer.type):
            inner.type = outer.type
    _infer_block(graph.block)
    for output, result in zip(node.outputs, graph.outputs, strict=True):
        if _has_tensor(result.type):
            output.type = result.type


def _infer_structural(node: Node) -> None:
    """Tuples and lists have the types of their elements."""
    match node.kind:
        case "prim::TupleConstruct":
            type: T.Type = T.TupleType(tuple(v.type for v in node.inputs))
            if _has_tensor(type):
                node.output.type = type
        case "prim::TupleUnpack":
            elements = T.tuple_elements(node.inputs[0].type)
            for value, element in zip(node.outputs, elements or (), strict=False):
                if _has_tensor(element):
                    value.type = element
        case "prim::unchecked_unwrap_optional" | "prim::unchecked_cast":
            (source,) = node.inputs
            plain = _unrefined(node.output.type)
            if T.is_tensor_like(plain) and is_subtype(source.type, plain):
                node.output.type = source.type
        case "prim::NumToTensor":
            # of floats it is the default dtype, which may change until it runs
            known: dict[T.Type, dtypes.DType] = {
                T.INT: dtypes.int64,
                T.BOOL: dtypes.bool_,
            }
            dtype = known.get(node.inputs[0].type)
            node.output.type = T.TensorType(dtype, ())


def _unrefined(type: T.Type) -> T.Type:
    """The type with nothing said about dtypes and sizes."""
    match type:
        case T.TensorType():
            return T.TENSOR
        case T.ArrayType():
            return T.ARRAY
        case T.ListType(e):
            return T.ListType(_unrefined(e))
        case T.OptionalType(e):
            return T.optional(_unrefined(e))
        case T.TupleType(es):
            return T.TupleType(tuple(map(_unrefined, es)))
    return type


def _same_kind(a: T.Type, b: T.Type) -> bool:
    return is_subtype(a, _unrefined(b))
