"""Hypothesis strategies: types, constants, graphs and programs that are well formed.

The operators of the generated graphs are of the namespace `test`, which has no cards:
parse and verify them with `allow_unknown=True`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.graph import Graph, Value
from jit.ir.program import (
    ATTRIBUTE,
    BUFFER,
    PARAMETER,
    SUBMODULE,
    ClassDefinition,
    Function,
    Program,
)
from jit.ir.schema import REQUIRED, Argument, FunctionSchema
from jit.ir.span import Source, Span

Draw = st.DrawFn

# names and texts ------------------------------------------------------------------

any_text = st.text(st.characters(), max_size=12)
"""Text with any character, lone surrogates included."""

names = st.one_of(
    st.from_regex(r"[a-z][a-z0-9_]{0,5}(\.[a-z0-9]{1,3})?", fullmatch=True),
    any_text.filter(bool),
)
"""Names as programs may have them: mostly plain, sometimes of any character."""

hints = st.one_of(
    st.sampled_from(["", "", "x", "y", "x.1", "7", "acc", "two words", "é", "."]),
    any_text,
)
"""Names as hints of values."""

# types ----------------------------------------------------------------------------

all_dtypes = st.sampled_from(dtypes.ALL)
sizes = st.one_of(
    st.none(),
    st.lists(st.one_of(st.none(), st.integers(0, 2**40)), max_size=4).map(tuple),
)
tensor_types = st.builds(T.TensorType, st.none() | all_dtypes, sizes)
array_types = st.builds(T.ArrayType, st.none() | all_dtypes, sizes)
simple_types = st.sampled_from(list(T.SIMPLE.values()))
named_types = st.builds(
    lambda make, name: make(name),
    st.sampled_from([T.ClassType, T.ModuleType, T.InterfaceType, T.FunctionType]),
    names,
)
enum_types = st.builds(
    T.EnumType,
    names,
    st.sampled_from([T.INT, T.FLOAT, T.STR]),
    st.lists(
        st.tuples(
            names,
            st.integers() | st.floats(allow_nan=False) | any_text,
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
)


def _compound(inner: st.SearchStrategy[T.Type]) -> st.SearchStrategy[T.Type]:
    few = st.lists(inner, max_size=3)
    return st.one_of(
        inner.map(T.ListType),
        inner.map(T.optional),
        inner.map(T.SetType),
        inner.map(T.FutureType),
        st.builds(T.DictType, inner, inner),
        few.map(lambda x: T.TupleType(tuple(x))),
        st.lists(inner, min_size=1, max_size=3).map(lambda x: T.UnionType(tuple(x))),
        st.builds(
            T.NamedTupleType, names, st.lists(st.tuples(names, inner)).map(tuple)
        ),
    )


types = st.recursive(
    st.one_of(tensor_types, array_types, simple_types, named_types, enum_types),
    _compound,
    max_leaves=6,
)
"""All types of values."""

# constants ------------------------------------------------------------------------

int64s = st.integers(-(2**63), 2**63 - 1)
floats = st.floats() | st.sampled_from([-0.0, math.inf, -math.inf, math.nan, 5e-324])


@st.composite
def arrays(draw: Draw) -> np.ndarray[Any, Any]:
    """Read-only arrays of every dtype: any bytes, long ones and empty ones too."""
    dtype = draw(all_dtypes).numpy
    shape = draw(
        st.lists(st.integers(0, 4), max_size=3).map(tuple)
        | st.sampled_from([(), (17,), (0, 3), (3, 0, 2), (1, 1, 1, 2)])
    )
    count = math.prod(shape) * dtype.itemsize
    raw = draw(st.binary(min_size=count, max_size=count))
    if dtype == np.bool_:
        raw = bytes(b & 1 for b in raw)
    return np.frombuffer(raw, dtype).reshape(shape)


plain_constants = st.one_of(
    st.none(),
    st.booleans(),
    int64s,
    floats,
    st.complex_numbers() | st.sampled_from([complex(-0.0, 1), complex(0, math.nan)]),
    any_text,
    all_dtypes,
    arrays(),
)
constants = st.recursive(
    plain_constants,
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=5,
)
"""Everything that an attribute can hold, graphs aside."""

# graphs ---------------------------------------------------------------------------

spans = st.builds(
    lambda file, line, column, lines, more, function: Span(
        Source(file), line, column, line + lines, column + more, function
    ),
    st.sampled_from(["model.py", "a b.py", "<cell 3>", 'q"uote.py', "C:\\x.py"]),
    st.integers(1, 500),
    st.integers(0, 80),
    st.integers(0, 2),
    st.integers(0, 20),
    st.sampled_from(["", "f", "Model.forward", "f.<locals>.<lambda>", "two words"]),
)

_VALUE_TYPES = (T.TENSOR, T.INT, T.FLOAT, T.BOOL, T.STR, T.ListType(T.INT), T.ARRAY)


class GraphMaker:
    """Draws nodes into a graph; keeps the values that are visible."""

    def __init__(self, draw: Draw, graph: Graph, budget: int) -> None:
        self.draw = draw
        self.b = Builder(graph)
        self.budget = budget
        self.visible: list[Value] = list(graph.inputs)

    def type(self) -> T.Type:
        return self.draw(st.sampled_from(_VALUE_TYPES))

    def value(self, type: T.Type) -> Value:
        """A visible value of a type, or a new one."""
        fitting = [v for v in self.visible if v.type == type]
        if fitting and self.draw(st.integers(0, 3)):
            return self.draw(st.sampled_from(fitting))
        if type == T.BOOL:
            made = self.b.constant(self.draw(st.booleans()))
        elif type == T.INT:
            made = self.b.constant(self.draw(int64s))
        else:
            made = self.b.node("test::make", [], [type]).output
        made.name = self.draw(hints)
        self.visible.append(made)
        return made

    def nodes(self) -> None:
        """Some nodes at the place of the builder."""
        for _ in range(self.draw(st.integers(0, 4))):
            if self.budget <= 0:
                return
            self.budget -= 1
            make = self.draw(
                st.sampled_from(
                    [
                        self.operator,
                        self.operator,
                        self.constant,
                        self.branch,
                        self.loop,
                        self.attempt,
                        self.group,
                    ]
                )
            )
            make()

    def operator(self) -> None:
        inputs = [self.value(self.type()) for _ in range(self.draw(st.integers(0, 3)))]
        outputs = [self.type() for _ in range(self.draw(st.integers(0, 2)))]
        node = self.b.node(
            self.draw(st.sampled_from(["test::f", "test::g_2", "prim::Print"]))
            if not outputs
            else "test::h",
            inputs,
            outputs,
            overload=self.draw(st.sampled_from(["", "", "Tensor", "out_2"])),
            output_names=[self.draw(hints) for _ in outputs],
        )
        if node.kind == "prim::Print":
            node.overload = ""
        else:
            for _ in range(self.draw(st.integers(0, 2))):
                node.attributes[self.draw(names)] = self.draw(constants)
        if self.draw(st.booleans()):
            node.span = self.draw(spans)
            node.stack = tuple(self.draw(st.lists(spans, max_size=2)))
        self.visible += node.outputs

    def constant(self) -> None:
        value = self.b.constant(self.draw(constants))
        value.name = self.draw(hints)
        self.visible.append(value)

    def outputs(self) -> list[T.Type]:
        return [self.type() for _ in range(self.draw(st.integers(0, 2)))]

    def fill(self, node: Any, params: list[T.Type], returns: list[T.Type]) -> None:
        """A block of a node with some nodes in it."""
        block = node.add_block()
        kept = list(self.visible)
        for type in params:
            self.visible.append(block.add_param(type, self.draw(hints)))
        with self.b.inside(block):
            self.nodes()
            for type in returns:
                block.add_return(self.value(type))
        self.visible = kept

    def branch(self) -> None:
        types = self.outputs()
        node = self.b.node("prim::If", [self.value(T.BOOL)], types)
        self.fill(node, [], types)
        self.fill(node, [], types)
        self.visible += node.outputs

    def loop(self) -> None:
        types = self.outputs()
        inputs = [self.value(t) for t in (T.INT, T.BOOL, *types)]
        node = self.b.node("prim::Loop", inputs, types)
        self.fill(node, [T.INT, *types], [T.BOOL, *types])
        self.visible += node.outputs

    def attempt(self) -> None:
        types = self.outputs()
        node = self.b.node("prim::Try", [], types)
        self.fill(node, [], types)
        self.fill(node, [T.EXCEPTION], types)
        self.visible += node.outputs

    def group(self) -> None:
        """A node that holds a graph."""
        inner = self.draw(graphs(budget=2, inputs=st.sampled_from(_VALUE_TYPES)))
        inputs = [self.value(v.type) for v in inner.inputs]
        node = self.b.node(
            "prim::FusionGroup",
            inputs,
            [v.type for v in inner.outputs],
            Subgraph=inner,
        )
        self.visible += node.outputs


@st.composite
def graphs(
    draw: Draw, budget: int = 12, inputs: st.SearchStrategy[T.Type] = types
) -> Graph:
    """Well-formed graphs with nested control flow, constants, groups and names."""
    graph = Graph()
    for _ in range(draw(st.integers(0, 3))):
        graph.add_input(draw(st.sampled_from(_VALUE_TYPES) | inputs), draw(hints))
    maker = GraphMaker(draw, graph, budget)
    maker.nodes()
    for _ in range(draw(st.integers(0, 2))):
        graph.block.add_return(maker.value(maker.type()))
    return graph


# programs -------------------------------------------------------------------------

_DEFAULTS: dict[T.Type, st.SearchStrategy[Any]] = {
    T.INT: int64s,
    T.FLOAT: floats,
    T.BOOL: st.booleans(),
    T.STR: any_text,
    T.COMPLEX: st.complex_numbers(),
    T.DTYPE: all_dtypes,
    T.ListType(T.INT): st.lists(int64s, max_size=3),
    T.TupleType((T.INT,)): st.tuples(int64s),
}


@st.composite
def schemas(draw: Draw, name: str = "model.f") -> FunctionSchema:
    """Schemas of functions: one result, defaults, keyword-only arguments."""
    arguments = []
    keyword_only = False
    for argument in draw(st.lists(names, max_size=4, unique=True)):
        type = draw(st.sampled_from(list(_DEFAULTS)) | types)
        default = REQUIRED
        if type in _DEFAULTS and draw(st.booleans()):
            default = draw(_DEFAULTS[type])
        keyword_only = keyword_only or draw(st.integers(0, 4)) == 0
        arguments.append(Argument(argument, type, default, keyword_only))
    returns = (Argument("", draw(st.sampled_from(_VALUE_TYPES) | types)),)
    return FunctionSchema(name, "", tuple(arguments), returns)


@st.composite
def programs(draw: Draw) -> Program:
    """Well-formed programs: classes with slots and methods, functions that call."""
    program = Program()
    chosen = draw(st.lists(names, min_size=2, max_size=5, unique=True))
    class_names = chosen[: len(chosen) // 2]
    for name in class_names:
        definition = ClassDefinition(name, draw(st.sampled_from(["class", "module"])))
        bases = [c for c in program.classes if draw(st.booleans())]
        definition.bases = tuple(bases)
        program.add_class(definition)
        for slot in draw(st.lists(names, max_size=3, unique=True)):
            _add_slot(draw, program, definition, slot)
    for name in chosen[len(chosen) // 2 :]:
        _add_function(draw, program, name, [])
    for definition in list(program.classes.values()):
        for method in draw(st.lists(names, max_size=2, unique=True)):
            name = f"{definition.name}.{method}"
            if name not in program.functions:
                definition.methods.append(method)
                self = Argument("self", definition.type)
                _add_function(draw, program, name, [self])
    return program


def _add_slot(
    draw: Draw, program: Program, definition: ClassDefinition, name: str
) -> None:
    role = draw(st.sampled_from([PARAMETER, BUFFER, ATTRIBUTE, SUBMODULE]))
    modules = [c.type for c in program.classes.values() if c.kind == "module"]
    if role == SUBMODULE and not modules:
        role = ATTRIBUTE
    if role == SUBMODULE:
        definition.add(name, draw(st.sampled_from(modules)), role)
    elif role in (PARAMETER, BUFFER):
        definition.add(name, draw(tensor_types), role)
    else:
        own = [c.type for c in program.classes.values()]
        definition.add(name, draw(st.sampled_from([*_VALUE_TYPES, *own])), role)


def _add_function(
    draw: Draw, program: Program, name: str, leading: list[Argument]
) -> None:
    """A function that reads slots and calls functions that are defined already."""
    drawn = draw(schemas(name))
    plain = [
        Argument(a.name, a.type, a.default, a.keyword_only)
        for a in drawn.arguments
        if a.type in _DEFAULTS and a.name not in [x.name for x in leading]
    ]
    result = draw(st.sampled_from(_VALUE_TYPES))
    schema = FunctionSchema(name, "", (*leading, *plain), (Argument("", result),))
    graph = Graph(program)
    for argument in schema.arguments:
        graph.add_input(argument.type, argument.name)
    maker = GraphMaker(draw, graph, 4)
    for argument, value in zip(schema.arguments, graph.inputs, strict=True):
        if argument in leading:
            _read_slots(draw, program, maker, value)
    callees = list(program.functions.values())
    if callees:
        _call(maker, draw(st.sampled_from(callees)))
    maker.nodes()
    graph.block.add_return(maker.value(result))
    program.add_function(Function(name, graph, schema))


def _read_slots(draw: Draw, program: Program, maker: GraphMaker, value: Value) -> None:
    for slot in program.class_of(value.type).attributes.values():
        if draw(st.booleans()):
            node = maker.b.node("prim::GetAttr", [value], [slot.type], name=slot.name)
            maker.visible += node.outputs


def _call(maker: GraphMaker, callee: Function) -> None:
    types = [a.type for a in callee.schema.arguments]
    result = callee.schema.returns[0].type
    if types and isinstance(types[0], T.ClassType | T.ModuleType):
        owner = maker.b.node("test::make", [], [types[0]]).output
        rest = [maker.value(t) for t in types[1:]]
        name = callee.name.removeprefix(f"{types[0].name}.")
        node = maker.b.node("prim::CallMethod", [owner, *rest], [result], name=name)
    else:
        constant = maker.b.node(
            "prim::Constant", [], [T.FunctionType(callee.name)], name=callee.name
        )
        inputs = [constant.output, *map(maker.value, types)]
        node = maker.b.node("prim::CallFunction", inputs, [result])
    maker.visible += node.outputs
