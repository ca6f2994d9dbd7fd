"""A program with a module of every kind of slot, and archives of it."""

from __future__ import annotations

import io
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.dtypes import float16
from jit.ir.graph import Graph
from jit.ir.program import (
    BUFFER,
    PARAMETER,
    SUBMODULE,
    ClassDefinition,
    Function,
    Program,
)
from jit.ir.schema import Argument, FunctionSchema
from jit.ir.span import Source, Span
from jit.runtime.archive import EntryPoint, save_archive
from jit.runtime.device import Device
from jit.runtime.objects import Object
from jit.runtime.tensor import wrap

SOURCE = Source("net.py", "def forward(self, x):\n    return x * self.weight + C", 7)

OPTIONS: dict[str, tuple[T.Type, Any]] = {
    "training": (T.BOOL, True),
    "count": (T.INT, -3),
    "rate": (T.FLOAT, -0.0),
    "limit": (T.FLOAT, float("inf")),
    "phase": (T.COMPLEX, complex(float("nan"), -0.0)),
    "title": (T.STR, 'quote " newline \n snowman ☃'),
    "nothing": (T.NONE, None),
    "maybe": (T.optional(T.INT), 4),
    "missing": (T.optional(T.TENSOR), None),
    "sizes": (T.ListType(T.INT), [1, 2, 3]),
    "pair": (T.TupleType((T.INT, T.STR)), (1, "two")),
    "names": (T.DictType(T.STR, T.FLOAT), {"b": 1.0, "a": 2.5}),
    "seen": (T.SetType(T.STR), {"p", "q"}),
    "either": (T.UnionType((T.INT, T.STR)), "text"),
    "dtype": (T.DTYPE, float16),
    "place": (T.DEVICE, Device("cuda:1")),
    "anything": (T.ANY, [1, None, {"k": (2.0,)}]),
}


def arrays() -> dict[str, np.ndarray]:
    """One array of each dtype, with zero, one and several dimensions."""
    made = {
        "weight": np.arange(6, dtype=np.float32).reshape(2, 3) / 4,
        "half": np.array([1, -0.0, np.inf], np.float16),
        "brain": np.array([1.5, np.nan], ml_dtypes.bfloat16),
        "double": np.array(-2.5),
        "flag": np.array([True, False]),
        "byte": np.zeros((0, 4), np.uint8),
        "char": np.array(-7, np.int8),
        "short": np.array([[1], [2]], np.int16),
        "int": np.array([2**31 - 1], np.int32),
        "long": np.array([-(2**63)]),
        "cfloat": np.array([1 - 2j], np.complex64),
        "cdouble": np.array([[1j]], np.complex128),
    }
    return {name: np.asarray(a) for name, a in made.items()}


def make_program() -> Program:
    program = Program()
    net = program.add_class(ClassDefinition("m.Net", "module", methods=["forward"]))
    for name in arrays():
        net.add(name, T.TENSOR, PARAMETER if name == "weight" else BUFFER)
    for name, (type, _) in OPTIONS.items():
        net.add(name, type)
    part = program.add_class(ClassDefinition("m.Part", "module"))
    part.add("bias", T.TENSOR, PARAMETER)
    net.add("first", part.type, SUBMODULE)
    net.add("second", part.type, SUBMODULE)
    program.add_function(_forward(net.type))
    program.add_function(_double())
    return program


def _forward(self_type: T.Type) -> Function:
    graph = Graph()
    this = graph.add_input(self_type, "self")
    x = graph.add_input(T.TENSOR, "x")
    scale = graph.add_input(T.FLOAT, "scale")
    b = Builder(graph)
    b.span = Span(SOURCE, 8, 4, 8, 30, "forward")
    weight = b.node("prim::GetAttr", [this], [T.TENSOR], name="weight").output
    large = b.constant(np.arange(300, dtype=np.float32).reshape(100, 3), T.TENSOR)
    product = b.op("aten::mul", x, weight)
    graph.block.add_return(b.op("aten::add", b.op("aten::mul", product, scale), large))
    schema = FunctionSchema(
        "m.Net.forward",
        "",
        (
            Argument("self", self_type),
            Argument("x", T.TENSOR),
            Argument("scale", T.FLOAT, 2.0),
        ),
        (Argument("", T.TENSOR),),
    )
    return Function("m.Net.forward", graph, schema, doc="Scale x by the weight.")


def _double() -> Function:
    graph = Graph()
    x = graph.add_input(T.TENSOR, "x")
    b = Builder(graph)
    graph.block.add_return(b.op("aten::add", x, x))
    arguments = (Argument("x", T.TENSOR),)
    schema = FunctionSchema("m.double", "", arguments, (Argument("", T.TENSOR),))
    return Function("m.double", graph, schema)


def make_root() -> Object:
    slots: dict[str, Any] = {name: wrap(a) for name, a in arrays().items()}
    slots["weight"].requires_grad = True
    slots |= {name: value for name, (_, value) in OPTIONS.items()}
    bias = wrap(np.ones(3, np.float32))
    part = T.ModuleType("m.Part")
    slots["first"] = Object(part, {"bias": bias})
    slots["second"] = Object(part, {"bias": bias})
    return Object(T.ModuleType("m.Net"), slots)


ENTRIES = (EntryPoint("forward", "m.Net.forward"),)


@pytest.fixture
def program() -> Program:
    return make_program()


@pytest.fixture
def root() -> Object:
    return make_root()


@pytest.fixture
def entries() -> tuple[EntryPoint, ...]:
    return ENTRIES


@pytest.fixture(scope="session")
def archive() -> bytes:
    """An archive with a module, extra files and metadata."""
    buffer = io.BytesIO()
    save_archive(
        buffer,
        make_program(),
        ENTRIES,
        make_root(),
        extra_files={"notes/readme.txt": "hello", "raw": b"\0\1"},
        metadata={"author": "someone", "tags": [1, 2.5, None]},
    )
    return buffer.getvalue()
