"""`fn.code`: graphs as Python-like text that parses back."""

from __future__ import annotations

import ast
import types
from pathlib import Path

import pytest

import jit
from jit import torch
from jit.ir.parser import parse_graph
from jit.python_text import code, code_with_constants, format_tree
from tests.golden_format import all_cases
from tests.test_goldens import execute

GOLDENS = Path(__file__).parent.parent / "golden"
CASES = [c for c in all_cases(GOLDENS / "frontend") if not c.errors]


@pytest.mark.parametrize(
    "source",
    [
        "z[1:2, ..., None]",
        "z[:, 0]",
        "z[()]",
        "z[1,]",
        "z[a:b:c]",
        "-x ** -2",
        "(not a) and (b if c else d)",
        "(1).real",
        "'a\"\\n'",
        "f(x + 1, k=-y)[0].m",
        "x < (y == z)",
        "a @ (b - c) // d",
    ],
)
def test_an_expression_prints_as_one_that_means_the_same(source):
    tree = ast.parse(source)

    assert ast.dump(tree) == ast.dump(ast.parse(format_tree(tree)))


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.path.stem}: {c.title}")
def test_the_code_of_every_golden_parses(case):
    _, function = execute(case)
    for version in jit.script(function).program.functions.values():
        ast.parse(code(version))


MEANINGS = {
    "annotate": lambda _, value: value,
    "unchecked_cast": lambda _, value: value,
    "unchecked_unwrap_optional": lambda _, value: value,
    "uninitialized": lambda _: None,
    "contains": lambda owner, item: item in owner,
}
"""What the code's own words mean to Python."""

RUNS = [
    (case, section.argument)
    for case in CASES
    for section in case.sections
    if section.kind == "run"
]


@pytest.mark.parametrize(
    ("case", "expression"), RUNS, ids=[f"{c.title}: {r}" for c, r in RUNS]
)
def test_the_code_of_a_golden_means_what_its_source_means(case, expression):
    names, function = execute(case)
    scripted = jit.script(function)
    classes = {name: c.python for name, c in scripted.program.classes.items()}
    # a class is called otherwise while another one of its name lives
    known = {name.rpartition(".")[2]: cls for name, cls in classes.items()}
    outside = {n: c for n, c in names.items() if isinstance(c, type)}
    namespace = types.SimpleNamespace(**{**outside, **known})
    names.update(MEANINGS, case=namespace)
    for version in scripted.program.functions.values():
        text, names["CONSTANTS"] = code_with_constants(version)
        exec(text, names)
        owner, _, name = version.name.rpartition(".")
        # methods replace those of the source
        holder = classes.get(owner, namespace)
        setattr(holder, name, names[name])

    assert eval(expression, names)


def all_texts():
    for path in sorted((GOLDENS / "passes").glob("*.test")):
        for part in path.read_text().split("\n["):
            if "\ngraph(" in part:
                yield part[part.index("\ngraph(") + 1 :]


@pytest.mark.parametrize("text", list(all_texts()))
def test_the_code_of_optimised_graphs_parses(text):
    ast.parse(code(parse_graph(text)))


def test_a_value_read_once_is_written_where_it_is_read():
    graph = parse_graph("""graph(%x : Tensor, %y : Tensor):
  %one : int = prim::Constant[value=1]()
  %a : Tensor = aten::add(%x, %y, %one)
  %b : Tensor = aten::relu(%a)
  return (%b)
""")

    assert code(graph) == (
        "def graph(x: Tensor, y: Tensor) -> Tensor:\n    return torch.relu(x + y)\n"
    )


def test_what_is_computed_first_is_written_first():
    graph = parse_graph("""graph(%x : Tensor, %y : Tensor):
  %a : Tensor = aten::exp(%x)
  %b : Tensor = aten::relu_(%x)
  %c : Tensor = aten::mul(%b, %a)
  return (%c)
""")

    assert code(graph) == (
        "def graph(x: Tensor, y: Tensor) -> Tensor:\n"
        "    a = torch.exp(x)\n"
        "    return torch.relu_(x) * a\n"
    )


def test_one_item_is_unpacked_and_not_taken_for_the_list():
    def only(xs: list[int], pair: tuple[int]):
        (a,) = xs
        (b,) = pair
        return a * 2 + b

    again = jit.CompilationUnit(jit.script(only).code)

    assert 14 == again.only([5], (4,))


def test_a_loop_assigns_what_it_carries_at_once():
    graph = parse_graph("""graph(%n : int, %x : int, %y : int):
  %true : bool = prim::Constant[value=1]()
  %a : int, %b : int = prim::Loop(%n, %true, %x, %y)
    block0(%i : int, %p : int, %q : int):
      %s : int = aten::add(%p, %q)
      -> (%true, %q, %s)
  return (%b)
""")

    assert code(graph) == (
        "def graph(n: int, x: int, y: int) -> int:\n"
        "    a = x\n"
        "    b = y\n"
        "    for i in range(n):\n"
        "        (a, b) = (b, (a + b))\n"
        "    return b\n"
    )


def test_attributes_that_are_no_names_and_functions_of_functional_parse_back():
    layers = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.SiLU())
    traced = jit.trace(layers, torch.ones(1, 2))

    text = traced.code
    ast.parse(text)
    assert "_0 = getattr(self, '0')" in text
    assert (
        "torch.ops.aten.silu(torch.nn.functional.linear(input, _0.weight, _0.bias))"
        in text
    )
