"""Which values may share storage, and what is written."""

from __future__ import annotations

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  registers the cards
from jit.ir import types as T
from jit.ir.parser import parse_graph
from jit.ir.registry import all_cards
from jit.passes.analysis.aliases import MAY_RETURN_ARGUMENT, aliases
from jit.passes.analysis.effects import may_raise, written_values
from jit.runtime.ops.samples import cases_of


def analyse(text):
    """The aliases of a graph, and its values by name."""
    graph = parse_graph(text)
    named = {
        v.name: v
        for block in graph.block.all_blocks
        for node in (block.param, *block.nodes)
        for v in node.outputs
    }
    return aliases(graph), named


def test_a_view_shares_with_its_base_and_a_result_with_nothing():
    known, v = analyse("""
graph(%x : Tensor):
  %a : Tensor = aten::exp(%x)
  %b : Tensor = aten::t(%a)
  %c : Tensor = aten::exp(%b)
  return (%c)
""")

    assert known.may_alias(v["a"], v["b"])
    assert not known.may_alias(v["b"], v["c"])
    assert not known.may_alias(v["a"], v["x"])
    assert known.escapes(v["c"])
    assert known.is_private(v["a"])


def test_arguments_may_overlap():
    known, v = analyse("""
graph(%x : Tensor, %y : Tensor):
  %r : Tensor = aten::relu_(%x)
  return (%y)
""")

    assert known.may_alias(v["x"], v["y"])
    assert known.may_change(v["y"])


def test_what_lies_in_a_list_is_found_through_it():
    known, v = analyse("""
graph(%x : Tensor, %i : int):
  %a : Tensor = aten::exp(%x)
  %l : Tensor[] = prim::ListConstruct(%a)
  %b : Tensor = aten::__getitem__(%l, %i)
  %w : Tensor = aten::relu_(%b)
  return (%i)
""")

    assert known.may_alias(v["a"], v["b"])
    assert known.may_change(v["a"])
    assert {"storage"} == known.changes(v["l"])


def test_appending_changes_the_list_and_not_the_tensors():
    known, v = analyse("""
graph(%x : Tensor):
  %a : Tensor = aten::exp(%x)
  %b : Tensor = aten::sin(%x)
  %l : Tensor[] = prim::ListConstruct(%a)
  %m : Tensor[] = aten::append(%l, %b)
  return (%l)
""")

    assert known.may_change(v["l"])
    assert not known.may_change(v["a"])
    assert known.escapes(v["b"])


def test_what_a_loop_carries_is_one_class():
    known, v = analyse("""
graph(%x : Tensor, %n : int):
  %true : bool = prim::Constant[value=True]()
  %a : Tensor = aten::exp(%x)
  %y : Tensor = prim::Loop(%n, %true, %a)
    block0(%i : int, %acc : Tensor):
      %b : Tensor = aten::sin(%acc)
      %w : Tensor = aten::relu_(%acc)
      -> (%true, %b)
  return (%n)
""")

    assert known.may_alias(v["a"], v["y"])
    assert known.may_alias(v["b"], v["acc"])
    assert known.may_change(v["y"])


def test_a_call_may_do_anything_with_what_it_gets():
    known, v = analyse("""
graph(%x : Tensor, %m : Module<M>):
  %a : Tensor = aten::exp(%x)
  %b : Tensor = aten::sin(%x)
  %y : Tensor = prim::CallMethod[name="forward"](%m, %a)
  return (%y)
""")

    assert known.may_change(v["a"])
    assert known.is_private(v["b"])
    assert known.is_wildcard(v["y"])


def test_numbers_share_nothing():
    known, v = analyse("""
graph(%n : int, %m : int):
  return (%n)
""")

    assert not known.may_alias(v["n"], v["m"])


def test_batch_norm_writes_its_statistics_in_training_only():
    text = """
graph(%x : Tensor, %mean : Tensor, %var : Tensor):
  %none : NoneType = prim::Constant()
  %train : bool = prim::Constant[value={}]()
  %f : float = prim::Constant[value=0.1]()
  %y : Tensor = aten::batch_norm(%x, %none, %none, %mean, %var, %train, %f, %f, %train)
  return (%y)
"""
    (training,) = parse_graph(text.format(True)).find_nodes("aten::batch_norm")
    (evaluating,) = parse_graph(text.format(False)).find_nodes("aten::batch_norm")

    assert training.inputs[3:5] == written_values(training)
    assert [] == written_values(evaluating)


CARDS = [card for card in all_cards() if card.kernel is not None]


@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.schema.name)
def test_results_that_share_storage_say_so_in_the_schema(card):
    schema = card.schema
    if schema.kind in MAY_RETURN_ARGUMENT or schema.has_alias or schema.writes:
        return
    for sample in cases_of(card.samples):
        args = sample.arguments(schema)
        given = [a for a in flat(args) if a.size]
        with np.errstate(all="ignore"):
            try:
                result = card.kernel(*args)
            except Exception:
                continue  # samples also show what a card refuses
        for made in flat([result]):
            assert not any(np.shares_memory(made, a) for a in given), sample


def flat(values):
    """The arrays among values and in lists of them."""
    for value in values:
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, list | tuple):
            yield from flat(value)


def test_raising_depends_on_what_is_known():
    graph = parse_graph("""
graph(%x : Float(2), %y : Float(2), %z : Float(*)):
  %a : Tensor = aten::mul(%x, %y)
  %b : Tensor = aten::mul(%x, %z)
  return (%b)
""")

    assert [False, True] == [may_raise(node) for node in graph.nodes]


def test_types_that_cannot_change_are_told_from_those_that_can():
    from jit.passes.analysis.aliases import is_mutable

    assert not is_mutable(T.TupleType((T.INT, T.STR)))
    assert is_mutable(T.TupleType((T.INT, T.TENSOR)))
    assert is_mutable(T.optional(T.ListType(T.INT)))
    assert is_mutable(T.ANY)
