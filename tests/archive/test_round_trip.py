"""What is saved is what is loaded: programs, tensors, values, sharing, lines."""

from __future__ import annotations

import enum
import io
import math
import struct
from collections import namedtuple
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jit.runtime.ops  # noqa: F401
from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.diagnostic import ArchiveError
from jit.ir.equality import difference
from jit.ir.graph import Graph
from jit.ir.program import ClassDefinition, Function, Program
from jit.ir.schema import Argument, FunctionSchema
from jit.runtime.archive import EntryPoint, LoadedArchive, load_archive, save_archive
from jit.runtime.archive.state_writing import MAX_NESTING
from jit.runtime.device import CHANNELS_LAST, STRIDED, Device
from jit.runtime.executor import Executor
from jit.runtime.objects import Object
from jit.runtime.parameter import Parameter
from jit.runtime.program_values import FunctionReference
from jit.runtime.tensor import Tensor, wrap

DOUBLE = (EntryPoint("double", "m.double"),)


def again(program: Program, root: Object | None = None, **more: Any) -> LoadedArchive:
    """Saved to memory and loaded."""
    buffer = io.BytesIO()
    save_archive(buffer, program, more.pop("entries", ()), root, **more)
    return load_archive(buffer.getvalue(), check_digest=True)


def holding(type: T.Type, value: Any) -> tuple[Program, Object]:
    """A program with one class that has one slot, and an instance."""
    program = Program()
    holder = program.add_class(ClassDefinition("m.Holder", "class"))
    holder.add("slot", type)
    return program, Object(T.ClassType("m.Holder"), {"slot": value})


def through(type: T.Type, value: Any) -> Any:
    """A value that was saved and loaded in a slot of a type."""
    root = again(*holding(type, value)).root
    assert root is not None
    return root.slots["slot"]


def bits(value: Any) -> Any:
    """A value in a form that `==` compares to the bit."""
    match value:
        case bool() | None | str() | enum.Enum():
            return value
        case int():
            return ("int", value)
        case float():
            return ("float", struct.pack(">d", value))
        case complex():
            return ("complex", bits(value.real), bits(value.imag))
        case Tensor():
            return (type(value).__name__, value.requires_grad, bits(value.array))
        case np.ndarray() | np.generic():
            array = np.asarray(value)
            return (type(value), array.dtype, array.shape, array.tobytes())
        case list() | tuple():
            return (type(value).__name__, [bits(v) for v in value])
        case dict():
            return ("dict", [(bits(k), bits(v)) for k, v in value.items()])
        case set():
            return ("set", sorted((bits(v) for v in value), key=repr))
        case Object():
            return (value.type, bits(value.slots))
    return value


# programs


def test_a_program_comes_back_the_same(program, root, entries):
    loaded = again(program, root, entries=entries)

    assert difference(program, loaded.program, names=True, spans=False) is None
    assert loaded.entries == entries


def test_documentation_of_functions_is_kept(program, root, entries):
    loaded = again(program, root, entries=entries)

    assert loaded.program.functions["m.Net.forward"].doc == "Scale x by the weight."
    assert loaded.program.functions["m.double"].doc == ""


def test_lines_of_the_source_are_kept_where_spans_need_them(program, root, entries):
    loaded = again(program, root, entries=entries)

    node = next(loaded.program.functions["m.Net.forward"].graph.nodes)
    assert str(node.span) == "net.py:8:4"
    assert node.span.text == "return x * self.weight + C"
    assert node.span.source.line(7) is None


def test_a_loaded_program_computes_the_same(program, root, entries):
    x = np.array([[1, -2, 0.5]], np.float32)
    loaded = again(program, root, entries=entries)

    before = Executor(program).call("m.double", [wrap(x)])
    after = Executor(loaded.program).call("m.double", [wrap(x)])
    assert bits(before) == bits(after)


def test_extra_files_and_metadata_are_kept(program, root, entries):
    metadata = {"a": [1, 2.5, None, "ü"], "b": {"c": True}}
    files = {"deep/er/name.txt": "text ☃", "raw": b"\x00\xff", "empty": ""}

    loaded = again(program, root, extra_files=files, metadata=metadata)

    assert {
        "deep/er/name.txt": "text ☃".encode(),
        "raw": b"\x00\xff",
        "empty": b"",
    } == loaded.extra_files
    assert metadata == loaded.manifest.metadata


def test_equal_contents_give_equal_bytes(program, root, entries):
    first, second = io.BytesIO(), io.BytesIO()

    save_archive(first, program, entries, root)
    save_archive(second, program.copy(), entries, root)
    assert first.getvalue() == second.getvalue()


def test_a_loaded_archive_saves_to_the_same_bytes(archive):
    loaded = load_archive(archive)
    buffer = io.BytesIO()

    save_archive(
        buffer,
        loaded.program,
        loaded.entries,
        loaded.root,
        loaded.extra_files,
        loaded.manifest.metadata,
    )
    assert archive == buffer.getvalue()


def test_what_offers_nothing_is_not_saved():
    with pytest.raises(ArchiveError, match="nothing to save"):
        again(Program())


def test_a_function_needs_no_module(program):
    loaded = again(program, entries=DOUBLE)

    assert loaded.root is None
    assert ["double"] == [e.name for e in loaded.entries]


# values


def test_every_kind_of_slot_comes_back(program, root, entries):
    loaded = again(program, root, entries=entries)

    assert bits(root) == bits(loaded.root)


NAN_WITH_PAYLOAD = struct.unpack(">d", bytes.fromhex("fff8000000000123"))[0]
Point = namedtuple("Point", ["x", "y"])
POINT = T.NamedTupleType("m.Point", (("x", T.INT), ("y", T.TENSOR)))
COLOR = T.EnumType("m.Color", T.INT, (("RED", 1), ("BLUE", 2), ("ALSO_RED", 1)))


@pytest.mark.parametrize(
    ("type", "value"),
    [
        (T.INT, 10**400),
        (T.DictType(T.INT, T.TENSOR), {10**5000: wrap(np.ones(1))}),
        (T.INT, -(2**63) - 1),
        (T.FLOAT, float("nan")),
        (T.FLOAT, NAN_WITH_PAYLOAD),
        (T.FLOAT, 5e-324),
        (T.COMPLEX, complex(-0.0, -math.inf)),
        (T.STR, "\ud800 lone surrogate \x00"),
        (T.NUMBER, True),
        (T.LAYOUT, STRIDED),
        (T.MEMORY_FORMAT, CHANNELS_LAST),
        (T.DEVICE, Device("cpu")),
        (T.ARRAY, np.arange(4.0)),
        (T.ARRAY, np.float64(2.5)),
        (T.ARRAY, np.bool_(True)),
        (T.ListType(T.TENSOR), [wrap(np.ones(2)), wrap(np.array(3))]),
        (T.DictType(T.INT, T.ListType(T.STR)), {2: ["a"], 1: []}),
        (T.SetType(T.FLOAT), {0.5, math.inf}),
        (T.TupleType(()), ()),
        (T.TensorType(dtypes.float32, (2, None)), wrap(np.ones((2, 5), np.float32))),
        (T.UnionType((T.ListType(T.INT), T.ListType(T.STR))), ["a"]),
        (T.TENSOR, Parameter(wrap(np.ones(2)))),
        (T.TENSOR, Parameter(wrap(np.ones(2)), requires_grad=False)),
        (T.optional(T.DictType(T.STR, T.INT)), {"a": 1}),
    ],
    ids=lambda x: str(type(x).__name__),
)
def test_a_value_comes_back_to_the_bit(type, value):
    assert bits(value) == bits(through(type, value))


def test_a_named_tuple_comes_back_with_its_fields():
    found = through(POINT, Point(1, wrap(np.ones(2))))

    assert ("x", "y") == found._fields
    assert "Point" == type(found).__name__
    assert bits((1, wrap(np.ones(2)))) == bits(tuple(found))


def test_an_enum_member_comes_back_with_name_and_value():
    color = enum.Enum("Color", COLOR.members)

    found = through(COLOR, color.BLUE)

    assert ("BLUE", 2) == (found.name, found.value)
    assert found is through(COLOR, color.BLUE)


def test_a_function_in_a_slot_comes_back(program):
    program.add_class(ClassDefinition("m.Holder", "class")).add(
        "slot", T.FunctionType("m.double")
    )
    root = Object(T.ClassType("m.Holder"), {"slot": FunctionReference("m.double")})

    assert FunctionReference("m.double") == again(program, root).root.slots["slot"]


def test_numpy_numbers_in_slots_become_the_numbers_that_are_declared():
    found = through(T.FLOAT, np.float64(0.1))

    assert float is type(found)
    assert 0.1 == found


def numbers_and_texts() -> st.SearchStrategy[Any]:
    return (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.complex_numbers()
        | st.text(st.characters(codec=None, exclude_categories=()))
    )


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.recursive(
        numbers_and_texts(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.lists(inner, max_size=4).map(tuple)
            | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
            | st.sets(st.text(max_size=3), max_size=4)
        ),
        max_leaves=20,
    )
)
def test_any_nested_value_comes_back_to_the_bit(value):
    assert bits(value) == bits(through(T.ANY, value))


@settings(max_examples=60)
@given(
    st.sampled_from(dtypes.ALL),
    st.lists(st.integers(0, 5), max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_any_tensor_comes_back_to_the_bit(dtype, shape, seed):
    count = math.prod(shape) * dtype.itemsize
    raw = np.random.default_rng(seed).integers(0, 256, count, np.uint8)
    if dtype is dtypes.bool_:
        raw &= 1
    array = raw.view(dtype.numpy).reshape(shape)

    assert bits(wrap(array)) == bits(through(T.TENSOR, wrap(array)))


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.T,
        lambda x: x[::-1, 1:],
        lambda x: np.broadcast_to(x[:1], (3, 4)),
        lambda x: x.astype(">f4"),
    ],
)
def test_views_of_any_layout_come_back_with_their_elements(view):
    tensor = wrap(view(np.arange(12, dtype=np.float32).reshape(3, 4)))

    found = through(T.TENSOR, tensor)

    assert found.array.dtype == np.float32
    assert np.array_equal(tensor.array, found.array)


# sharing


def test_shared_tensors_stay_shared_and_are_stored_once():
    weight = wrap(np.arange(1000.0))
    program, root = holding(T.ListType(T.TENSOR), [weight, weight])

    loaded = again(program, root)

    first, second = loaded.root.slots["slot"]
    assert first is second
    assert 1 == len(loaded.manifest.tensors)


def test_two_tensors_of_one_memory_still_share_it():
    array = np.arange(4.0)
    first, second = through(T.ListType(T.TENSOR), [wrap(array), wrap(array)])

    first.array[0] = 9
    assert first is not second
    assert 9 == second.array[0]


def test_tensors_of_equal_content_stay_apart():
    first, second = through(T.ListType(T.TENSOR), [wrap(np.ones(3)), wrap(np.ones(3))])

    first.array[0] = 9
    assert 1 == second.array[0]


def test_a_shared_list_stays_shared():
    inner = [1]
    outer = through(T.ListType(T.ListType(T.INT)), [inner, inner, [1]])

    assert outer[0] is outer[1]
    assert outer[0] is not outer[2]


def test_a_list_that_holds_itself_comes_back():
    cycle: list[Any] = [1]
    cycle.append(cycle)

    found = through(T.ANY, cycle)

    assert found[1] is found
    assert 1 == found[0]


def test_objects_that_hold_each_other_come_back():
    program = Program()
    node = program.add_class(ClassDefinition("m.Node", "class"))
    node.add("next", T.optional(T.ClassType("m.Node")))
    first, second = (Object(T.ClassType("m.Node"), {}) for _ in range(2))
    first.slots["next"], second.slots["next"] = second, first

    found = again(program, first).root

    assert found.slots["next"] is not found
    assert found.slots["next"].next is found


def test_a_chain_of_objects_may_be_long():
    program = Program()
    node = program.add_class(ClassDefinition("m.Node", "class"))
    node.add("next", T.optional(T.ClassType("m.Node")))
    chain = None
    for _ in range(5000):
        chain = Object(T.ClassType("m.Node"), {"next": chain})

    found, length = again(program, chain).root.slots["next"], 1
    while found is not None:
        found, length = found.next, length + 1
    assert 5000 == length


def test_writing_to_a_loaded_tensor_changes_no_other_load(archive):
    first = load_archive(archive).root
    first.slots["weight"].array[...] = 0

    assert 1.25 == load_archive(archive).root.slots["weight"].array[1, 2]


# what cannot be saved


class Unknown:
    pass


@pytest.mark.parametrize(
    ("type", "value", "why"),
    [
        (T.INT, 1.5, "declared as `int` and holds `float`"),
        (T.INT, True, "declared as `int` and holds `bool`"),
        (T.TENSOR, np.ones(2), "declared as `Tensor` and holds `ndarray`"),
        (T.TensorType(dtypes.float32), wrap(np.ones(2)), "declared as `Float`"),
        (T.ListType(T.INT), [1, "a"], r"slot\[1\]` is declared as `int`"),
        (T.DictType(T.STR, T.INT), {1: 1}, "declared as `str`"),
        (T.optional(T.INT), "a", "declared as `int`"),
        (T.UnionType((T.INT, T.STR)), 1.5, r"declared as `Union\[int, str\]`"),
        (T.ANY, Unknown(), "it is a `Unknown`"),
        (T.ANY, [Point(1, 2)], r"slot\[0\]` is declared as `Any` and holds `Point`"),
        (T.ANY, Object(T.ClassType("m.Else")), "declared as `Any` and holds"),
        (T.ARRAY, np.array(["text"]), "no tensor dtype"),
        (T.ClassType("m.Holder"), None, "declared as `Class<m.Holder>`"),
    ],
    ids=lambda x: str(type(x).__name__),
)
def test_a_value_that_could_not_be_loaded_is_not_saved(type, value, why):
    program, root = holding(type, value)

    with pytest.raises(ArchiveError, match=why) as caught:
        save_archive(io.BytesIO(), program, (), root)
    assert "E0809" == caught.value.code


def test_values_nested_too_deep_are_not_saved():
    value: Any = 1
    for _ in range(MAX_NESTING + 2):
        value = (value,)

    program, root = holding(T.ANY, value)

    with pytest.raises(ArchiveError, match="nests deeper"):
        save_archive(io.BytesIO(), program, (), root)


def test_a_missing_attribute_is_named():
    program, root = holding(T.INT, 1)
    root.slots.clear()

    with pytest.raises(ArchiveError, match=r"`self\.slot` is missing"):
        save_archive(io.BytesIO(), program, (), root)


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../up", "a//b", "a\\b", "c:x", "a/./b", "x" * 600, "\n"],
)
def test_names_of_extra_files_cannot_lead_elsewhere(program, name):
    with pytest.raises(ArchiveError, match="may not be named") as caught:
        save_archive(io.BytesIO(), program, DOUBLE, extra_files={name: "x"})
    assert "E0809" == caught.value.code


def test_metadata_must_be_json(program):
    with pytest.raises(ArchiveError, match="metadata"):
        save_archive(io.BytesIO(), program, DOUBLE, metadata={"a": object()})


# constants


def constant_function(array: np.ndarray) -> Program:
    program, graph = Program(), Graph()
    graph.block.add_return(Builder(graph).constant(array, T.TENSOR))
    schema = FunctionSchema("m.f", "", (), (Argument("", T.TENSOR),))
    program.add_function(Function("m.f", graph, schema))
    return program


@pytest.mark.parametrize("count", [3, 100])
def test_bfloat16_constants_come_back(count):
    array = np.linspace(-1, 1, count).astype(ml_dtypes.bfloat16)

    loaded = again(constant_function(array), entries=(EntryPoint("f", "m.f"),))

    (node,) = loaded.program.functions["m.f"].graph.nodes
    assert bits(array) == bits(node.attributes["value"])
    assert not node.attributes["value"].flags.writeable
