"""Each algebraic rule, by evaluating both sides on random inputs.

Graphs are made from the pattern of the rule itself: names become inputs of every type
that fits, constants are drawn among those that pass the pattern's test.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  registers the cards
from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.diagnostic import GraphError
from jit.ir.graph import Graph, Value
from jit.ir.registry import find_card, overloads_of
from jit.ir.schema import REQUIRED
from jit.ir.verifier import assert_valid
from jit.passes import infer_shapes, set_math
from jit.passes.patterns import Anything, Constant, Op
from jit.passes.peephole import RULES
from jit.passes.rewrite import Rewriter
from jit.passes.rules import arithmetic
from jit.runtime.bytecode import run_graph
from jit.runtime.tensor import Tensor, wrap

DTYPES = (
    dtypes.float32,
    dtypes.float64,
    dtypes.float16,
    dtypes.int64,
    dtypes.int8,
    dtypes.uint8,
    dtypes.bool_,
    dtypes.complex64,
)
INTEGERS = (0, 1, 0, 1, -1, 2, 3, 8, 7, -(2**63), 2**63 - 1)
NUMBERS = (0, 1, 2, 4, 8, 3, -3, 5, 0.5, 1.0, 2.0, 1.5, 3.0, 0.1, -0.0, 0.0)
SPECIAL = (0.0, -0.0, float("inf"), float("-inf"), float("nan"), 5e-324, 1e308, -2.5)


class UnfitError(Exception):
    """The drawn values do not make a valid graph."""


class Side:
    """Makes one side of a rule from its pattern."""

    def __init__(
        self, source: random.Random, dtype: dtypes.DType, special: bool
    ) -> None:
        self.source = source
        self.dtype = dtype
        self.special = special
        self.graph = Graph()
        self.make = Builder(self.graph)
        self.found: dict[str, Value] = {}
        self.args: list[Any] = []

    def input(self, type: T.Type, value: Any) -> Value:
        self.args.append(value)
        return self.graph.add_input(type)

    def value(self, pattern: Any, wanted: T.Type) -> Value:
        name = getattr(pattern, "name", "")
        if name and name in self.found and not isinstance(pattern, Op):
            return self.found[name]
        match pattern:
            case Op():
                return self.node(pattern, wanted).output
            case Constant():
                made = self.constant(pattern, wanted)
            case _:
                made = self.any(pattern, wanted)
        self.found[name] = made
        return made

    def constant(self, pattern: Constant, wanted: T.Type) -> Value:
        base = wanted.element if isinstance(wanted, T.OptionalType) else wanted
        options: dict[T.Type, tuple[Any, ...]] = {
            T.INT: INTEGERS[:6],
            T.FLOAT: tuple(map(float, NUMBERS)),
            T.NUMBER: NUMBERS,
            T.BOOL: (True, False),
            T.DTYPE: DTYPES,
            T.MEMORY_FORMAT: (None,),
        }
        drawn = options.get(base, (None, 0, 1, -1, (1, 2.5, "a")))
        fits = [v for v in drawn if pattern.test is None or pattern.test(v)]
        if not fits:
            raise UnfitError
        return self.make.constant(self.source.choice(fits))

    def any(self, pattern: Anything, wanted: T.Type) -> Value:
        if wanted == T.ListType(T.INT):
            dims = self.source.choice([[1, 0], [0, 1], [-1, 0], [3, 2], [6], [-1]])
            return self.make.list([self.make.constant(d) for d in dims], T.INT)
        tensor = T.TensorType(self.dtype, (2, 3))
        if wanted == T.ANY or isinstance(wanted, T.TypeVariable):
            types = [tensor, T.INT, T.FLOAT, T.BOOL, T.NONE, T.optional(T.INT)]
        elif wanted == T.NUMBER:
            types = [T.INT, T.FLOAT, T.BOOL]
        else:
            types = [tensor if wanted == T.TENSOR else wanted]
        fits = [t for t in types if pattern.type is None or pattern.type(t)]
        if not fits:
            raise UnfitError
        type = self.source.choice(fits)
        if type in (T.INT, T.FLOAT, T.BOOL) and self.source.random() < 0.5:
            return self.make.constant(self.sample(type))
        given = self.input(type, self.sample(type))
        if isinstance(type, T.TensorType) and self.source.random() < 0.5:
            # a tensor that was made in the graph is nobody else's
            made: Value = self.make.op("aten::clone", given)
            return made
        return given

    def sample(self, type: T.Type) -> Any:
        source = self.source
        match type:
            case T.TensorType():
                return self.tensor()
            case T.INT:
                return source.choice(INTEGERS)
            case T.FLOAT | T.NUMBER:
                return source.choice([*SPECIAL, 0.5, source.uniform(-4, 4)])
            case T.BOOL:
                return source.random() < 0.5
            case T.OptionalType():
                return source.choice([None, 1])
        if type in (T.ANY, T.NONE) or isinstance(type, T.TypeVariable):
            return None
        raise UnfitError

    def tensor(self) -> np.ndarray:
        source = np.random.default_rng(self.source.randrange(2**32))
        name = self.dtype.name
        if self.dtype.category < dtypes.FLOATING:
            low, high = (0, 2) if name == "bool" else (-120, 120)
            if name == "uint8":
                low = 0
            return source.integers(low, high, (2, 3)).astype(self.dtype.numpy)
        with np.errstate(all="ignore"):
            made = source.standard_normal((2, 3)) * 10.0 ** source.integers(-3, 4)
            if self.special:
                made[0, 0] = self.source.choice(SPECIAL)
            if name == "complex64":
                made = made + 1j * source.standard_normal((2, 3))
            return made.astype(self.dtype.numpy)

    def node(self, pattern: Op, wanted: T.Type) -> Any:
        if pattern.kind == "prim::TupleUnpack":
            built = self.value(pattern.inputs[0], T.ANY)
            outputs = T.tuple_elements(built.type)
            return self.make.node(pattern.kind, [built], outputs)
        if pattern.kind == "prim::ListUnpack":
            built = self.value(pattern.inputs[0], T.ListType(T.INT))
            return self.make.node(pattern.kind, [built], [T.INT, T.INT])
        if pattern.variadic:
            return self.built(pattern, wanted)
        if pattern.kind.startswith("prim::") and find_card(pattern.kind) is None:
            return self.structural(pattern)
        names = pattern.overloads or [
            c.schema.overload for c in overloads_of(pattern.kind)
        ]
        schema = find_card(pattern.kind, self.source.choice(list(names))).schema
        inputs: list[Value] = []
        for i, argument in enumerate(schema.arguments):
            type = argument.type
            if type == T.TypeVariable("t"):
                type = T.INT
            if type == T.ListType(T.TypeVariable("t")):
                type = T.ListType(T.INT)
            if i < len(pattern.inputs):
                inputs.append(self.value(pattern.inputs[i], type))
            elif argument.default is REQUIRED:
                inputs.append(self.any(Anything(""), type))
            else:
                inputs.append(self.make.default(argument.default, argument.type))
        types = []
        for r in schema.returns:
            variable = T.contains_variable(r.type)
            types.append(
                r.type if not variable else T.INT
                if isinstance(r.type, T.TypeVariable) else T.ListType(T.INT)
            )  # fmt: skip
        return self.make.node(schema.kind, inputs, types, overload=schema.overload)

    def built(self, pattern: Op, wanted: T.Type) -> Any:
        if pattern.kind == "prim::ListConstruct":
            if wanted == T.ListType(T.TENSOR):
                items = [self.any(Anything(""), T.TENSOR)]
            else:
                items = [self.input(T.INT, n) for n in (5, 7)]
            type: T.Type = T.ListType(items[0].type)
        else:
            items = [self.input(T.INT, 5), self.input(T.FLOAT, 2.5)]
            type = T.TupleType((T.INT, T.FLOAT))
            if pattern.kind == "prim::NamedTupleConstruct":
                type = T.NamedTupleType("P", (("a", T.INT), ("b", T.FLOAT)))
        node = self.make.node(pattern.kind, items, [type])
        self.found[pattern.name] = node.output
        return node

    def structural(self, pattern: Op) -> Any:
        kind = pattern.kind
        if kind == "prim::TupleSlice":
            built = self.value(pattern.inputs[0], T.ANY)
            bounds = [self.make.constant(0), self.make.constant(1)]
            return self.make.node(kind, [built, *bounds], [T.TupleType((T.INT,))])
        inputs = [self.value(p, T.ANY) for p in pattern.inputs]
        if kind == "prim::TupleIndex":
            elements = T.tuple_elements(inputs[0].type)
            index = inputs[1].constant
            if not -len(elements) <= index < len(elements):
                raise UnfitError
            return self.make.node(kind, inputs, [elements[index]])
        if kind == "prim::isinstance":
            wanted = self.source.choice([("int",), ("float", "str"), ("Tensor",)])
            return self.make.node(kind, inputs, [T.BOOL], types=wanted)
        if kind in ("prim::unchecked_cast", "prim::unchecked_unwrap_optional"):
            return self.make.node(kind, inputs, [inputs[0].type])
        if kind in ("prim::TensorToArray", "prim::ArrayToTensor"):
            result = T.ARRAY if kind == "prim::TensorToArray" else T.TENSOR
            if kind == "prim::TensorToArray" and not T.is_tensor_like(inputs[0].type):
                raise UnfitError
            return self.make.node(kind, inputs, [result])
        if kind == "prim::NumToTensor":
            if inputs[0].type not in (T.INT, T.BOOL, T.FLOAT):
                raise UnfitError
            return self.make.node(kind, inputs, [T.TENSOR])
        raise AssertionError(f"the test does not know how to make `{kind}`")


def make_graph(rule: Any, source: random.Random) -> tuple[Graph, list[Any]]:
    """A graph that the rule may apply to, and arguments."""
    # what reassociates may overflow where the other side does not
    side = Side(source, source.choice(DTYPES), special=rule.level != "fast")
    node = side.node(rule.pattern, T.ANY)
    results = [
        # a result that leaves the graph has to be new; one that is read may not
        side.make.op("aten::clone", v) if isinstance(v.type, T.TensorType) else v
        for v in node.outputs
    ]
    side.graph.block.add_return(side.make.tuple(results))
    try:
        assert_valid(side.graph)
    except GraphError:
        raise UnfitError from None
    infer_shapes.run(side.graph)
    return side.graph, side.args


def run(graph: Graph, args: list[Any]) -> Any:
    """What a run gives, or the exception."""
    fresh = [wrap(a.copy()) if isinstance(a, np.ndarray) else a for a in args]
    try:
        return run_graph(graph, fresh)
    except Exception as error:
        return type(error), str(error)


def agree(a: Any, b: Any, level: str) -> bool:
    if isinstance(a, tuple | list):
        return (
            type(a) is type(b)
            and len(a) == len(b)
            and all(agree(x, y, level) for x, y in zip(a, b, strict=True))
        )
    if isinstance(a, Tensor):
        a, b = a.array, b.array
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
    elif type(a) is not type(b):
        return False
    elif not isinstance(a, float):
        return bool(a == b)
    a, b = np.asarray(a), np.asarray(b)
    if level == "fast" and a.dtype.kind == "f":
        limit = 8 * np.finfo(a.dtype).eps
        # relative to the constants, which are of the order of one
        return np.allclose(a, b, limit, 4 * limit, equal_nan=True)
    same = np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if level == "strict" and a.dtype.kind == "f":
        zero = a == 0
        same = same and np.array_equal(np.signbit(a[zero]), np.signbit(b[zero]))
    return bool(same)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: f"{r.name} [{r.pattern.kind}]")
def test_both_sides_of_a_rule_are_equal(rule):
    source = random.Random(rule.name)
    before = set_math(rule.level)
    applied = 0
    try:
        for _ in range(400):
            try:
                graph, args = make_graph(rule, source)
            except UnfitError:
                continue
            expected = run(graph, args)
            text = str(graph)
            if not Rewriter([rule]).run(graph):
                continue
            applied += 1
            assert_valid(graph)
            actual = run(graph, args)
            assert agree(expected, actual, rule.level), (
                f"{text}\n{graph}\n{args}\n{expected}\n{actual}"
            )
            if applied == 30:
                break
    finally:
        set_math(before)

    assert applied, "the rule never applied"


@pytest.mark.parametrize("kind", arithmetic.IDEMPOTENT_KINDS)
def test_rules_repeat_what_cards_say_about_idempotence(kind):
    assert find_card(kind).idempotent


def test_names_of_rules_are_unique():
    names = [rule.name for rule in RULES]

    assert sorted(set(names)) == sorted(names)
