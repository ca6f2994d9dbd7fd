"""The interpreter agrees with a direct walk over random graphs.

The walk keeps every value in a dict; the interpreter reuses registers, releases what is
dead and turns blocks into jumps. Exceptions are part of the result.
"""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.card import Card
from jit.ir.graph import Block, Graph, Node
from jit.ir.registry import _CARDS, register
from jit.ir.schema import parse_schema
from jit.runtime import bytecode


def digest(*texts: str) -> str:
    return f"{zlib.crc32('/'.join(texts).encode()):08x}"[:4]


def fail_sometimes(text: str) -> str:
    if zlib.crc32(text.encode()) % 4 == 0:
        raise ValueError(text)
    return digest("ok", text)


KERNELS = {
    "probe::one(str a) -> str": lambda a: digest("one", a),
    "probe::mix(str a, str b) -> str": digest,
    "probe::mix3(str a, str b, str c) -> str": digest,
    "probe::two(str a) -> (str, str)": lambda a: (digest("l", a), digest("r", a)),
    "probe::fail(str a) -> str": fail_sometimes,
    "probe::flag(str a) -> bool": lambda a: zlib.crc32(a.encode()) % 2 == 0,
    "probe::see(str a) -> ()": lambda a: SEEN.append(a),
}
SEEN: list[str] = []


@pytest.fixture(autouse=True, scope="module")
def _cards():
    for text, kernel in KERNELS.items():
        blanks = {"schema": parse_schema(text), "kernel": staticmethod(kernel)}
        register(type("probe", (Card,), blanks))
    yield
    for text in KERNELS:
        _CARDS.pop(parse_schema(text).kind)


# random graphs ----------------------------------------------------------------------


@st.composite
def graphs(draw):
    graph = Graph()
    builder = Builder(graph)
    strings = [graph.add_input(T.STR, f"s{i}") for i in range(2)]
    bools = [graph.add_input(T.BOOL, "b")]
    fill(draw, builder, strings, bools, depth=0)
    graph.block.add_return(draw(st.sampled_from(strings)))
    return graph


def fill(draw, b, strings, bools, depth):
    """Add nodes to the current block; new values join the lists."""
    for _ in range(draw(st.integers(1, 4))):
        kinds = ["one", "mix", "mix3", "two", "fail", "flag", "see", "constant", "cast"]
        if depth < 3:
            kinds += ["if", "loop", "try", "fusion"] * 2
        kind = draw(st.sampled_from(kinds))
        pick = lambda: draw(st.sampled_from(strings))  # noqa: E731
        if kind == "constant":
            strings.append(b.constant(draw(st.sampled_from("xyz"))))
        elif kind == "cast":
            strings.append(b.node("prim::unchecked_cast", [pick()], [T.STR]).output)
        elif kind == "see":
            b.node("probe::see", [pick()])
        elif kind == "flag":
            bools.append(b.node("probe::flag", [pick()], [T.BOOL]).output)
        elif kind == "two":
            strings.extend(b.node("probe::two", [pick()], [T.STR, T.STR]).outputs)
        elif kind in ("one", "mix", "mix3", "fail"):
            count = {"mix": 2, "mix3": 3}.get(kind, 1)
            inputs = [pick() for _ in range(count)]
            strings.append(b.node(f"probe::{kind}", inputs, [T.STR]).output)
        else:
            add = {"if": add_if, "loop": add_loop, "try": add_try, "fusion": add_fusion}
            strings.extend(add[kind](draw, b, strings, bools, depth))


def add_block(draw, b, node, strings, bools, depth, returns, parameters=()):
    """A block of the node, with visible values from outside."""
    block = node.add_block()
    inner = [*strings, *(block.add_param(t) for t in parameters if t == T.STR)]
    truths = list(bools)
    with b.inside(block):
        fill(draw, b, inner, truths, depth + 1)
    return block, [draw(st.sampled_from(inner)) for _ in range(returns)], truths


def add_if(draw, b, strings, bools, depth):
    count = draw(st.integers(0, 2))
    node = b.node("prim::If", [draw(st.sampled_from(bools))], [T.STR] * count)
    for _ in range(2):
        block, returns, _ = add_block(draw, b, node, strings, bools, depth, count)
        for value in returns:
            block.add_return(value)
    return node.outputs


def add_try(draw, b, strings, bools, depth):
    count = draw(st.integers(0, 2))
    node = b.node("prim::Try", [], [T.STR] * count)
    for parameters in ((), (T.EXCEPTION,)):
        block = node.add_block()
        caught = [block.add_param(t) for t in parameters]
        inner, truths = list(strings), list(bools)
        with b.inside(block):
            if caught and draw(st.booleans()):
                message = b.node("prim::ExceptionMessage", caught, [T.STR]).output
                inner.append(message)
            fill(draw, b, inner, truths, depth + 1)
        for _ in range(count):
            block.add_return(draw(st.sampled_from(inner)))
    return node.outputs


def add_loop(draw, b, strings, bools, depth):
    count, flags = draw(st.integers(0, 3)), draw(st.integers(0, 2))
    types = [T.STR] * count + [T.BOOL] * flags
    trips = b.constant(draw(st.integers(0, 3)))
    initial = [draw(st.sampled_from(strings)) for _ in range(count)]
    initial += [draw(st.sampled_from(bools)) for _ in range(flags)]
    node = b.node("prim::Loop", [trips, draw(st.sampled_from(bools)), *initial], types)
    block = node.add_block()
    block.add_param(T.INT)
    parameters = [block.add_param(t) for t in types]
    inner, truths = [*strings, *parameters[:count]], [*bools, *parameters[count:]]
    with b.inside(block):
        fill(draw, b, inner, truths, depth + 1)
    block.add_return(draw(st.sampled_from(truths)))
    for type in types:
        block.add_return(draw(st.sampled_from(inner if type == T.STR else truths)))
    bools.extend(node.outputs[count:])
    return node.outputs[:count]


def add_fusion(draw, b, strings, bools, depth):
    inner_graph = Graph()
    inputs = [draw(st.sampled_from(strings)) for _ in range(draw(st.integers(1, 3)))]
    inner = [inner_graph.add_input(T.STR) for _ in inputs]
    inner_builder = Builder(inner_graph)
    for _ in range(draw(st.integers(1, 3))):
        operands = [draw(st.sampled_from(inner)) for _ in range(2)]
        inner.append(inner_builder.node("probe::mix", operands, [T.STR]).output)
    count = draw(st.integers(1, 2))
    for _ in range(count):
        inner_graph.block.add_return(draw(st.sampled_from(inner)))
    node = b.node("prim::FusionGroup", inputs, [T.STR] * count, Subgraph=inner_graph)
    return node.outputs


# the direct walk --------------------------------------------------------------------


def walk_graph(graph, args):
    values = dict(zip(graph.inputs, args, strict=True))
    (result,) = walk(graph.block, values)
    return result


def walk(block: Block, values):
    for node in block.nodes:
        for output, value in zip(node.outputs, evaluate(node, values), strict=True):
            values[output] = value
    return [values[v] for v in block.returns]


def evaluate(node: Node, values):
    inputs = [values[v] for v in node.inputs]
    match node.kind:
        case "prim::Constant":
            return [node.attributes["value"]]
        case "prim::unchecked_cast":
            return inputs
        case "prim::ExceptionMessage":
            return [str(inputs[0])]
        case "prim::If":
            return walk(node.blocks[0 if inputs[0] else 1], values)
        case "prim::Loop":
            return evaluate_loop(node, inputs, values)
        case "prim::Try":
            try:
                return walk(node.blocks[0], values)
            except ValueError as error:
                values[node.blocks[1].params[0]] = error
            return walk(node.blocks[1], values)
        case "prim::FusionGroup":
            block = node.attributes["Subgraph"].block
            return walk(block, dict(zip(block.params, inputs, strict=True)))
    schemas = {parse_schema(text).kind: text for text in KERNELS}
    result = KERNELS[schemas[node.kind]](*inputs)
    if node.kind == "probe::two":
        return list(result)
    return [result] if node.outputs else []


def evaluate_loop(node, inputs, values):
    trips, go_on, *carried = inputs
    (block,) = node.blocks
    for i in range(trips):
        if not go_on:
            break
        for parameter, value in zip(block.params, [i, *carried], strict=True):
            values[parameter] = value
        go_on, *carried = walk(block, values)
    return carried


def observe(run):
    """The result of a run, exceptions included, and what it showed on the way."""
    SEEN.clear()
    try:
        result = run()
    except ValueError as error:
        result = repr(error)
    return result, list(SEEN)


@settings(max_examples=300)
@given(graphs(), st.booleans())
def test_the_interpreter_agrees_with_a_direct_walk(graph, flag):
    args = ["p", "q", flag]
    expected = observe(lambda: walk_graph(graph, args))

    actual = observe(lambda: bytecode.run_graph(graph, args))

    assert expected == actual


@settings(max_examples=50)
@given(graphs())
def test_code_can_run_again_after_it_ran(graph):
    code = bytecode.assemble(graph)
    first = observe(lambda: bytecode.run(code, ["p", "q", True]))

    second = observe(lambda: bytecode.run(code, ["p", "q", True]))

    assert first == second
