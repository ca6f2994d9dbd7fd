"""Operators on lists, dicts, sets and tuples are Python's own."""

from __future__ import annotations

import copy
import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jit.runtime.ops  # noqa: F401  declares the cards
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.graph import Graph
from jit.ir.registry import find_card
from jit.runtime import bytecode
from jit.runtime.tensor import wrap

lists = st.lists(st.integers(-4, 4), max_size=6)
indices = st.integers(-8, 8)
optional = st.none() | indices


def kernel(kind, overload="t"):
    return find_card(kind, overload).kernel


def outcome(function, *args):
    """The result and what the arguments became, or type and message of the exception."""
    args = copy.deepcopy(args)
    try:
        result = function(*args)
    except Exception as error:
        return type(error), str(error), args
    return result, args


def set_item(items, index, value):
    items[index] = value
    return items


# lists ------------------------------------------------------------------------------


@given(items=lists, index=indices, value=st.integers(-4, 4))
@settings(max_examples=200)
def test_items_agree_with_python(items, index, value):
    assert outcome(operator.getitem, items, index) == outcome(
        kernel("aten::__getitem__"), items, index
    )
    assert outcome(set_item, items, index, value) == outcome(
        kernel("aten::_set_item"), items, index, value
    )
    assert outcome(operator.delitem, items, index) == outcome(
        kernel("aten::Delete"), items, index
    )
    assert outcome(list.pop, items, index) == outcome(kernel("aten::pop"), items, index)
    assert outcome(list.insert, items, index, value) == outcome(
        kernel("aten::insert"), items, index, value
    )


@given(items=lists, start=optional, end=optional, step=st.integers(-3, 3), new=lists)
@settings(max_examples=200)
def test_slices_agree_with_python(items, start, end, step, new):
    expected = outcome(operator.getitem, items, slice(start, end, step))[0]
    assert expected == outcome(kernel("aten::slice"), items, start, end, step)[0]

    stored = outcome(operator.setitem, items, slice(start, end, step), new)
    actual = outcome(kernel("aten::_set_slice"), items, start, end, step, new)
    assert stored[-1][0] == actual[-1][0]
    assert stored[:-1] == actual[:-1]


@given(items=lists, value=st.integers(-4, 4), reverse=st.booleans())
def test_methods_agree_with_python(items, value, reverse):
    assert outcome(list.remove, items, value) == outcome(
        kernel("aten::remove", "int"), items, value
    )
    assert outcome(list.index, items, value) == outcome(
        kernel("aten::index", "list_int"), items, value
    )
    assert outcome(list.count, items, value) == outcome(
        kernel("aten::count", "int"), items, value
    )
    assert outcome(list.reverse, items) == outcome(kernel("aten::reverse"), items)
    assert outcome(list.clear, items) == outcome(kernel("aten::clear"), items)
    assert (value in items) == kernel("aten::__contains__", "int_list")(items, value)
    assert sorted(items, reverse=reverse) == kernel("aten::sorted", "reverse")(
        items, reverse
    )
    changed = list(items)
    kernel("aten::sort", "int")(changed, reverse)
    assert sorted(items, reverse=reverse) == changed


@given(a=lists, b=lists, n=st.integers(-1, 3))
def test_whole_lists_agree_with_python(a, b, n):
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        for overload in ("int_list", "any_list"):
            function = getattr(operator, name)
            assert function(a, b) == kernel(f"aten::{name}", overload)(a, b)
    assert a + b == kernel("aten::add")(a, b)
    assert a * n == kernel("aten::mul", "left_t")(a, n)
    assert n * a == kernel("aten::mul", "right_")(n, a)
    assert sum(a) == kernel("aten::sum", "int")(a)
    assert any(a) == kernel("aten::any", "int")(a)
    assert all(a) == kernel("aten::all", "int")(a)
    for name, function in (("min", min), ("max", max)):
        assert outcome(function, a) == outcome(kernel(f"prim::{name}", "self_int"), a)
        assert function(a, b) == kernel(f"prim::{name}", "int_list")(a, b)


def test_the_sum_of_ints_overflows():
    with pytest.raises(OverflowError, match="64 bits"):
        kernel("aten::sum", "int")([2**62, 2**62])


def test_in_place_operators_change_the_list_itself():
    items = [1]
    same = items

    assert same is kernel("aten::append")(items, 2)
    assert same is kernel("aten::add_")(items, [3])
    kernel("aten::extend")(items, [4])
    assert [1, 2, 3, 4] == same


def test_copies_are_new_lists():
    items = [1, 2]

    for kind in ("aten::copy", "aten::list"):
        assert items == kernel(kind)(items)
        assert items is not kernel(kind)(items)


def test_rows_of_a_repeated_list_are_the_same_object():
    rows = kernel("aten::mul", "left_t")([[0]], 2)

    assert rows[0] is rows[1]


def test_lists_of_tensors_are_compared_as_python_does():
    a, b = wrap(np.array(1.0)), wrap(np.array(2.0))
    equal, contains = kernel("aten::eq", "any_list"), kernel("aten::__contains__")

    assert equal([a, b], [a, b])
    assert equal([a], [wrap(np.array(1.0))])
    assert not equal([a], [b])
    assert contains([a, b], wrap(np.array(2.0)))
    assert not contains([a], b)


def test_tensors_of_several_elements_have_no_truth():
    many = [wrap(np.ones(2))], [wrap(np.ones(2))]

    with pytest.raises(RuntimeError, match="more than one value is ambiguous"):
        kernel("aten::eq", "any_list")(*many)


def test_lists_share_their_elements_in_a_program():
    graph = Graph()
    x = graph.add_input(T.TENSOR, "x")
    b = Builder(graph)
    items = b.list([x], T.TENSOR)
    b.op("aten::append", items, x)
    first = b.op("aten::__getitem__", items, 1)
    graph.block.add_return(first)
    x_value = wrap(np.ones(2))

    assert x_value is bytecode.run_graph(graph, [x_value])


# dicts ------------------------------------------------------------------------------

dicts = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3), max_size=4)
keys = st.sampled_from("abcde")


@given(items=dicts, key=keys, value=st.integers(0, 3), other=dicts)
@settings(max_examples=200)
def test_dicts_agree_with_python(items, key, value, other):
    rows = [
        ("aten::__getitem__", "Dict_str", operator.getitem, (key,)),
        ("aten::_set_item", "str", operator.setitem, (key, value)),
        ("aten::Delete", "Dict_str", operator.delitem, (key,)),
        ("aten::__contains__", "str", operator.contains, (key,)),
        ("aten::get", "str", dict.get, (key,)),
        ("aten::get", "default_str", dict.get, (key, value)),
        ("aten::setdefault", "str", dict.setdefault, (key, value)),
        ("aten::pop", "Dict_str", dict.pop, (key,)),
        ("aten::pop", "Dict_default_str", dict.pop, (key, value)),
        ("aten::popitem", "str", dict.popitem, ()),
        ("aten::update", "str", dict.update, (other,)),
        ("aten::clear", "str", dict.clear, ()),
        ("aten::len", "Dict_str", len, ()),
        ("aten::eq", "Dict", operator.eq, (other,)),
        ("aten::__or__", "Dict_str", operator.or_, (other,)),
        ("aten::keys", "str", list, ()),
        ("aten::values", "str", lambda d: list(d.values()), ()),
        ("aten::items", "str", lambda d: list(d.items()), ()),
        ("aten::copy", "Dict_str", dict, ()),
    ]
    for kind, overload, function, args in rows:
        expected = outcome(function, items, *args)
        assert expected == outcome(kernel(kind, overload), items, *args), kind


def test_dicts_are_made_of_pairs():
    assert {"a": 1} == kernel("aten::dict", "str")([("a", 1)])
    assert {} == kernel("aten::dict", "")()


def test_keys_of_any_type_find_their_overload():
    graph = Graph()
    key = T.TupleType((T.INT, T.INT))
    items = graph.add_input(T.DictType(key, T.STR), "d")
    index = graph.add_input(key, "k")
    found = Builder(graph).op("aten::__getitem__", items, index)
    graph.block.add_return(found)

    assert T.STR == found.type
    assert "x" == bytecode.run_graph(graph, [{(1, 2): "x"}, (1, 2)])


# sets and tuples --------------------------------------------------------------------


@given(a=lists, b=lists, value=st.integers(-4, 4))
def test_sets_agree_with_python(a, b, value):
    x, y = kernel("aten::set")(a), kernel("aten::set")(b)

    assert (set(a), set(b)) == (x, y)
    rows = [
        ("aten::__or__", operator.or_),
        ("aten::__and__", operator.and_),
        ("aten::__xor__", operator.xor),
        ("aten::sub", operator.sub),
        ("aten::le", operator.le),
        ("aten::eq", operator.eq),
        ("aten::update", set.update),
    ]
    for kind, function in rows:
        assert outcome(function, x, y) == outcome(kernel(kind, "Set"), x, y)
    for kind, method in (
        ("aten::set_add", set.add),
        ("aten::discard", set.discard),
        ("aten::remove", set.remove),
        ("aten::__contains__", operator.contains),
    ):
        assert outcome(method, x, value) == outcome(kernel(kind, "Set"), x, value)


@given(a=lists, b=lists)
def test_tuples_are_compared_as_python_does(a, b):
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        card = find_card(f"prim::Tuple{name.capitalize()}")
        assert getattr(operator, name)(tuple(a), tuple(b)) == card.kernel(
            tuple(a), tuple(b)
        )
