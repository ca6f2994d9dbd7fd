"""The kinds whose meaning is their structure, and the rules that they obey.

They have no card. A rule gives messages about one node of its kind; where it expects a
type it accepts any subtype.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jit.ir import types as T
from jit.ir.constants import constant_fits
from jit.ir.graph import NOT_CONSTANT, Graph, Node, Value
from jit.ir.overloads import EXACT, accepts
from jit.ir.program import Attribute, Function, Program
from jit.ir.schema import FunctionSchema, parse_schema
from jit.ir.subtyping import is_subtype
from jit.ir.unification import substitute

Messages = Iterator[str]
Rule = Callable[[Node], Messages]


def check_structural(node: Node) -> Messages:
    """What is wrong with a node of a structural kind."""
    signature = _SIGNATURES.get(node.kind)
    if signature is not None:
        yield from check_call(signature, node.inputs, node.outputs)
    rule = _RULES.get(node.kind)
    if rule is not None:
        yield from rule(node)
    if node.kind not in _WITH_BLOCKS:
        yield from _count("block", len(node.blocks), 0)


def check_call(
    schema: FunctionSchema, inputs: Sequence[Value], outputs: Sequence[Value]
) -> Messages:
    """What is wrong with a call that lists all arguments of a schema."""
    expected = len(schema.arguments)
    if len(inputs) < expected or (len(inputs) > expected and not schema.is_vararg):
        yield from _count("input", len(inputs), expected)
        return
    bound: dict[str, T.Type] = {}
    for argument, value in zip(schema.arguments, inputs, strict=False):
        if value.type == T.INT and _is_numbered(argument.type):
            continue  # defaults are TorchScript's numbers for these
        if accepts(argument, value.type, bound, level=EXACT) is None:
            wanted = substitute(argument.type, bound) if bound else argument.type
            yield f"argument `{argument.name}` is `{value.type}`, expected `{wanted}`"
    yield from _count("output", len(outputs), len(schema.returns))
    for result, value in zip(schema.returns, outputs, strict=False):
        returned = substitute(result.type, bound)
        if not is_related(value.type, returned):
            yield f"the result is `{value.type}`, expected `{returned}`"


def _is_numbered(type: T.Type) -> bool:
    """Whether TorchScript writes the values of a type as numbers."""
    base = type.element if isinstance(type, T.OptionalType) else type
    return base in (T.DTYPE, T.MEMORY_FORMAT)


def is_related(actual: T.Type, declared: T.Type) -> bool:
    """Whether a result may have a type: it may be refined, and it may forget."""
    plain, wanted = _without_sizes(actual), _without_sizes(declared)
    return is_subtype(plain, wanted) or is_subtype(wanted, plain)


def _without_sizes(type: T.Type) -> T.Type:
    match type:
        case T.TensorType():
            return T.TENSOR
        case T.ArrayType():
            return T.ARRAY
        case T.ListType(e):
            return T.ListType(_without_sizes(e))
        case T.OptionalType(e):
            return T.OptionalType(_without_sizes(e))
        case T.DictType(k, v):
            return T.DictType(k, _without_sizes(v))
        case T.TupleType(elements):
            return T.TupleType(tuple(map(_without_sizes, elements)))
        case T.NamedTupleType(name, fields):
            return T.NamedTupleType(
                name, tuple((n, _without_sizes(t)) for n, t in fields)
            )
    return type


def _count(what: str, actual: int, expected: int) -> Messages:
    if actual != expected:
        yield f"it has {actual} {what}{'' if actual == 1 else 's'}, expected {expected}"


def _expect(what: str, actual: T.Type, expected: T.Type) -> Messages:
    if not is_subtype(actual, expected):
        yield f"{what} is `{actual}`, expected `{expected}`"


def _flow(what: str, sources: Sequence[Value], targets: Sequence[Value]) -> Messages:
    """Values that become others: as many, and of their types."""
    if len(sources) != len(targets):
        yield f"{len(sources)} {what}, expected {len(targets)}"
        return
    for i, (source, target) in enumerate(zip(sources, targets, strict=True)):
        yield from _expect(f"number {i} of the {what}", source.type, target.type)


# constants, control flow ----------------------------------------------------------


def _constant(node: Node) -> Messages:
    yield from _count("input", len(node.inputs), 0)
    yield from _count("output", len(node.outputs), 1)
    if len(node.outputs) != 1:
        return
    type = node.output.type
    if isinstance(type, T.FunctionType):
        yield from _function_constant(node, type)
        return
    odd = node.attributes.keys() - {"value"}
    if odd:
        yield f"a constant has no attribute `{min(odd)}`"
    value = node.attributes.get("value")
    if not constant_fits(value, type):
        yield f"the constant {value!r} is not a `{type}`"


def _function_constant(node: Node, type: T.FunctionType) -> Messages:
    if node.attributes != {"name": type.name}:
        yield f'the constant of `{type}` has the attribute `name="{type.name}"` alone'


def _if(node: Node) -> Messages:
    yield from _count("input", len(node.inputs), 1)
    yield from _count("block", len(node.blocks), 2)
    for value in node.inputs[:1]:
        yield from _expect("the condition", value.type, T.BOOL)
    for i, block in enumerate(node.blocks):
        if block.params:
            yield f"block{i} of a `prim::If` has no parameters"
        yield from _flow(f"returns of block{i}", block.returns, node.outputs)


def _loop(node: Node) -> Messages:
    yield from _count("block", len(node.blocks), 1)
    if len(node.inputs) < 2:
        yield "it lacks the number of trips or the condition"
        return
    trips, condition, *carried = node.inputs
    yield from _expect("the number of trips", trips.type, T.INT)
    yield from _expect("the condition", condition.type, T.BOOL)
    yield from _flow("carried inputs", carried, node.outputs)
    for block in node.blocks[:1]:
        if not block.params or block.params[0].type != T.INT:
            yield "the first parameter of the block is not the `int` of the iteration"
        if not block.returns or block.returns[0].type != T.BOOL:
            yield "the first return of the block is not the `bool` that goes on"
        yield from _flow("carried inputs", carried, block.params[1:])
        yield from _flow("carried returns", block.returns[1:], block.params[1:])
        yield from _flow("carried returns", block.returns[1:], node.outputs)


def _try(node: Node) -> Messages:
    yield from _count("input", len(node.inputs), 0)
    yield from _count("block", len(node.blocks), 2)
    for i, block in enumerate(node.blocks):
        yield from _flow(f"returns of block{i}", block.returns, node.outputs)
    expected: tuple[list[T.Type], ...] = ([], [T.EXCEPTION])
    for i, block in enumerate(node.blocks[:2]):
        if [p.type for p in block.params] != expected[i]:
            wanted = "no parameters" if i == 0 else "one parameter, the `Exception`"
            yield f"block{i} of a `prim::Try` has {wanted}"


def _exit(node: Node) -> Messages:
    yield from _count("output", len(node.outputs), 0)
    if node.next is not None:
        yield "it does not end its block"


def _return(node: Node) -> Messages:
    yield from _exit(node)
    yield from _flow("returned values", node.inputs, node.graph.outputs)


def _leave_loop(node: Node) -> Messages:
    yield from _exit(node)
    owner = node.block.owner
    while owner is not None and owner.kind != "prim::Loop":
        owner = owner.block.owner
    if owner is None:
        yield "it stands in no loop"
    elif owner.blocks:
        params = owner.blocks[0].params
        values: list[Value] = node.inputs
        if node.kind == "prim::ContinueStmt" and values and len(values) == len(params):
            # the condition of the next trip comes first where it was computed anew
            yield from _expect("the condition", values[0].type, T.BOOL)
            values = values[1:]
        yield from _flow("carried values", values, params[1:])


# tuples, lists, dicts -------------------------------------------------------------


def _elements(value: Value) -> tuple[T.Type, ...] | None:
    return T.tuple_elements(value.type)


def _tuple_construct(node: Node) -> Messages:
    yield from _count("output", len(node.outputs), 1)
    for value in node.outputs[:1]:
        elements = _elements(value)
        if elements is None:
            yield f"the result is `{value.type}`, expected a tuple"
            continue
        yield from _count("input", len(node.inputs), len(elements))
        for i, (item, type) in enumerate(zip(node.inputs, elements, strict=False)):
            yield from _expect(f"element {i}", item.type, type)


def _named_tuple_construct(node: Node) -> Messages:
    yield from _tuple_construct(node)
    for value in node.outputs[:1]:
        if not isinstance(value.type, T.NamedTupleType):
            yield f"the result is `{value.type}`, expected a named tuple"


def _tuple_unpack(node: Node) -> Messages:
    yield from _count("input", len(node.inputs), 1)
    for value in node.inputs[:1]:
        elements = _elements(value)
        if elements is None:
            yield f"the input is `{value.type}`, expected a tuple"
            continue
        yield from _count("output", len(node.outputs), len(elements))
        for i, (type, out) in enumerate(zip(elements, node.outputs, strict=False)):
            yield from _result(f"element {i}", type, out)


def _result(what: str, type: T.Type, out: Value) -> Messages:
    if not is_related(out.type, type):
        yield f"{what} is `{type}`, the output is `{out.type}`"


def _tuple_index(node: Node) -> Messages:
    yield from _count("input", len(node.inputs), 2)
    yield from _count("output", len(node.outputs), 1)
    if len(node.inputs) != 2 or len(node.outputs) != 1:
        return
    elements, index = _elements(node.inputs[0]), node.inputs[1]
    if elements is None:
        yield f"the input is `{node.inputs[0].type}`, expected a tuple"
        return
    yield from _expect("the index", index.type, T.INT)
    number = index.constant
    if isinstance(number, int):
        if not -len(elements) <= number < len(elements):
            yield f"there is no element {number} of {len(elements)}"
            return
        yield from _result(f"element {number}", elements[number], node.output)


def _tuple_slice(node: Node) -> Messages:
    yield from _count("input", len(node.inputs), 3)
    yield from _count("output", len(node.outputs), 1)
    if len(node.inputs) != 3 or len(node.outputs) != 1:
        return
    elements = _elements(node.inputs[0])
    if elements is None:
        yield f"the input is `{node.inputs[0].type}`, expected a tuple"
        return
    begin, end = (v.constant for v in node.inputs[1:])
    for value in node.inputs[1:]:
        yield from _expect("a bound", value.type, T.optional(T.INT))
    if begin is not NOT_CONSTANT and end is not NOT_CONSTANT:
        yield from _result("it", T.TupleType(elements[begin:end]), node.output)


def _list_construct(node: Node) -> Messages:
    yield from _count("output", len(node.outputs), 1)
    for value in node.outputs[:1]:
        if not isinstance(value.type, T.ListType):
            yield f"the result is `{value.type}`, expected a list"
            continue
        for i, item in enumerate(node.inputs):
            yield from _expect(f"element {i}", item.type, value.type.element)


def _list_unpack(node: Node) -> Messages:
    yield from _count("input", len(node.inputs), 1)
    for value in node.inputs[:1]:
        if not isinstance(value.type, T.ListType):
            yield f"the input is `{value.type}`, expected a list"
            continue
        for i, out in enumerate(node.outputs):
            yield from _result(f"element {i}", value.type.element, out)


def _dict_construct(node: Node) -> Messages:
    yield from _count("output", len(node.outputs), 1)
    if len(node.inputs) % 2:
        yield "it has a key without a value"
    for value in node.outputs[:1]:
        if not isinstance(value.type, T.DictType):
            yield f"the result is `{value.type}`, expected a dict"
            continue
        types = (value.type.key, value.type.value)
        for i, item in enumerate(node.inputs):
            what = ("key", "value")[i % 2]
            yield from _expect(f"{what} {i // 2}", item.type, types[i % 2])


# objects and calls ----------------------------------------------------------------


def _name(node: Node) -> str | None:
    name = node.attributes.get("name")
    return name if isinstance(name, str) else None


def _receiver(node: Node) -> T.ClassType | T.ModuleType | T.InterfaceType | None:
    if not node.inputs:
        return None
    type = node.inputs[0].type
    if isinstance(type, T.ClassType | T.ModuleType | T.InterfaceType):
        return type
    return None


def lineage(program: Program, name: str) -> list[str]:
    """A class and its bases, each once, nearest first; unknown ones left out."""
    found: dict[str, None] = {}
    pending = [name]
    while pending:
        current = pending.pop(0)
        if current in program.classes and current not in found:
            found[current] = None
            pending += program.classes[current].bases
    return list(found)


def _find_slot(program: Program, type_name: str, name: str) -> Attribute | None:
    for owner in lineage(program, type_name):
        slot = program.classes[owner].attributes.get(name)
        if slot is not None:
            return slot
    return None


def _find_method(program: Program, type_name: str, name: str) -> Function | None:
    for owner in lineage(program, type_name):
        function = program.functions.get(f"{owner}.{name}")
        if function is not None:
            return function
    return None


def _create_object(node: Node) -> Messages:
    yield from _count("input", len(node.inputs), 0)
    yield from _count("output", len(node.outputs), 1)
    for value in node.outputs[:1]:
        if not isinstance(value.type, T.ClassType):
            yield f"the result is `{value.type}`, expected an instance of a class"


def _slot(node: Node) -> Messages:
    """Of GetAttr and SetAttr: the slot exists and the value is of its type."""
    is_read = node.kind == "prim::GetAttr"
    yield from _count("input", len(node.inputs), 1 if is_read else 2)
    yield from _count("output", len(node.outputs), 1 if is_read else 0)
    name, receiver, program = _name(node), _receiver(node), node.graph.program
    if name is None:
        yield "it has no attribute `name`"
        return
    if receiver is None:
        type = node.inputs[0].type if node.inputs else T.NONE
        yield f"`{type}` has no slots"
        return
    if program is None or receiver.name not in program.classes:
        return
    slot = _find_slot(program, receiver.name, name)
    if slot is None:
        yield f"`{receiver}` has no slot `{name}`"
    elif is_read and len(node.outputs) == 1:
        yield from _result(f"`{name}`", slot.type, node.output)
    elif not is_read and len(node.inputs) == 2:
        yield from _expect(f"`{name}`", node.inputs[1].type, slot.type)


def _call_function(node: Node) -> Messages:
    type = node.inputs[0].type if node.inputs else None
    if not isinstance(type, T.FunctionType):
        yield f"it calls `{type}`, expected a function"
        return
    program = node.graph.program
    if program is None:
        return
    function = program.functions.get(type.name)
    if function is None:
        yield f"the program has no function `{type.name}`"
        return
    yield from check_call(function.schema, node.inputs[1:], node.outputs)


def _fork(node: Node) -> Messages:
    """As a call of a function, but that the result is a future."""
    yield from _count("output", len(node.outputs), 1)
    if not node.inputs or not isinstance(node.inputs[0].type, T.FunctionType):
        yield "its first input is no function"
        return
    program, name = node.graph.program, node.inputs[0].type.name
    function = None if program is None else program.functions.get(name)
    for value in node.outputs[:1]:
        if not isinstance(value.type, T.FutureType):
            yield f"the result is `{value.type}`, expected a `Future`"
        elif function is not None:
            made = Value(node, 0, value.type.element)
            yield from check_call(function.schema, node.inputs[1:], [made])


def _python_call(node: Node) -> Messages:
    yield from _count("output", len(node.outputs), 1)
    if not isinstance(node.attributes.get("name"), str):
        yield "it does not name a function"


def _wait(node: Node) -> Messages:
    yield from _count("input", len(node.inputs), 1)
    yield from _count("output", len(node.outputs), 1)
    for value in node.inputs[:1]:
        if not isinstance(value.type, T.FutureType):
            yield f"the input is `{value.type}`, expected a `Future`"
            continue
        for out in node.outputs:
            yield from _result("the value of the future", value.type.element, out)


def _call_method(node: Node) -> Messages:
    name, receiver, program = _name(node), _receiver(node), node.graph.program
    if name is None:
        yield "it has no attribute `name`"
        return
    if receiver is None:
        type = node.inputs[0].type if node.inputs else T.NONE
        yield f"`{type}` has no methods"
        return
    if program is None or receiver.name not in program.classes:
        return
    function = _find_method(program, receiver.name, name)
    if function is not None:
        # a method of a base takes the derived class as well
        schema = function.schema
        rest = FunctionSchema(
            schema.kind, "", schema.arguments[1:], schema.returns, schema.is_vararg
        )
        yield from check_call(rest, node.inputs[1:], node.outputs)
    elif not _declares(program, receiver.name, name):
        yield f"`{receiver}` has no method `{name}`"


def _declares(program: Program, type_name: str, name: str) -> bool:
    """Whether an interface promises a method that has no body."""
    owners = (program.classes[owner] for owner in lineage(program, type_name))
    return any(c.kind == "interface" and name in c.methods for c in owners)


def _isinstance(node: Node) -> Messages:
    yield from _texts(node, "types")


def _exception_matches(node: Node) -> Messages:
    yield from _texts(node, "names")


def _raise_exception(node: Node) -> Messages:
    """A message, another argument, a tuple of several, or None; a class; what it is
    raised from, an exception or None, if anything."""
    types = [v.type for v in node.inputs]
    yield from _count("output", len(node.outputs), 0)
    if len(types) not in (2, 3):
        yield from _count("input", len(types), 2)
        return
    is_one = types[0] in (T.STR, T.INT, T.FLOAT, T.BOOL, T.NONE)
    if not is_one and not isinstance(types[0], T.TupleType):
        yield f"its message is `{types[0]}`"
    yield from _expect("its class", types[1], T.STR)
    if len(types) == 3 and types[2] != T.NONE:
        yield from _expect("what it is raised from", types[2], T.EXCEPTION)


def _texts(node: Node, name: str) -> Messages:
    value = node.attributes.get(name)
    if not isinstance(value, tuple) or not all(isinstance(v, str) for v in value):
        yield f"the attribute `{name}` is not a tuple of strings"


def _print(node: Node) -> Messages:
    yield from _count("output", len(node.outputs), 0)


def _fusion_group(node: Node) -> Messages:
    graph: Any = node.attributes.get("Subgraph")
    if not isinstance(graph, Graph):
        yield "it has no graph `Subgraph`"
        return
    yield from _same_types("inputs", node.inputs, graph.inputs)
    yield from _same_types("outputs", graph.outputs, node.outputs)


def _same_types(
    what: str, sources: Sequence[Value], targets: Sequence[Value]
) -> Messages:
    if len(sources) != len(targets):
        yield f"{len(sources)} {what}, expected {len(targets)}"
        return
    for i, (source, target) in enumerate(zip(sources, targets, strict=True)):
        if not is_related(source.type, target.type):
            yield f"number {i} of the {what} is `{source.type}` and `{target.type}`"


_RULES: dict[str, Rule] = {
    "prim::Constant": _constant,
    "prim::If": _if,
    "prim::Loop": _loop,
    "prim::Try": _try,
    "prim::ReturnStmt": _return,
    "prim::BreakStmt": _leave_loop,
    "prim::ContinueStmt": _leave_loop,
    "prim::TupleConstruct": _tuple_construct,
    "prim::NamedTupleConstruct": _named_tuple_construct,
    "prim::TupleUnpack": _tuple_unpack,
    "prim::TupleIndex": _tuple_index,
    "prim::TupleSlice": _tuple_slice,
    "prim::ListConstruct": _list_construct,
    "prim::ListUnpack": _list_unpack,
    "prim::DictConstruct": _dict_construct,
    "prim::CreateObject": _create_object,
    "prim::GetAttr": _slot,
    "prim::SetAttr": _slot,
    "prim::CallFunction": _call_function,
    "prim::CallMethod": _call_method,
    "prim::fork": _fork,
    "prim::PythonCall": _python_call,
    "aten::wait": _wait,
    "prim::isinstance": _isinstance,
    "prim::RaiseException": _raise_exception,
    "prim::ExceptionMatches": _exception_matches,
    "prim::Print": _print,
    "prim::FusionGroup": _fusion_group,
    "prim::NativeRegion": _fusion_group,
}

_WITH_BLOCKS = frozenset({"prim::If", "prim::Loop", "prim::Try"})

_SIGNATURES = {
    schema.kind: schema
    for schema in map(
        parse_schema,
        (
            "prim::Uninitialized() -> Any",
            "prim::unchecked_cast(Any x) -> Any",
            "prim::unchecked_unwrap_optional(Any x) -> Any",
            "prim::isinstance(Any x) -> bool",
            "prim::ReRaise(Exception e) -> ()",
            "prim::ExceptionMatches(Exception e) -> bool",
            "prim::ExceptionMessage(Exception e) -> str",
            "prim::NumToTensor(Scalar a) -> Tensor",
            "prim::NumToArray(Scalar a) -> Array",
            "prim::ArrayToTensor(Array a) -> Tensor",
            "prim::TensorToArray(Tensor a) -> Array",
            "prim::device(Any a) -> Device",
            "prim::EnumName(Any e) -> str",
            "prim::EnumValue(Any e) -> Any",
        ),
    )
}
"""Kinds whose inputs and outputs a schema describes."""

STRUCTURAL_KINDS = frozenset(_RULES) | frozenset(_SIGNATURES)
"""All structural kinds."""
