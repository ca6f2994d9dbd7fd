"""What the laws found: each case is a small program that once went wrong."""

from __future__ import annotations

import gc
import sys

import pytest

import jit
from jit import torch
from tests.properties.outcomes import assert_same, loaded, outcome
from tests.properties.programs import HEADER

CASES = {
    "branches that give constant tensors": (
        """
def main(b: bool) -> Tensor:
    v = torch.ones(3) if b else torch.ones(3)
    return v
""",
        "(True,)",
    ),
    "a tensor written to between two multiplications": (
        """
def main(n: int) -> Tensor:
    v = torch.ones(3)
    v.mul_(2)
    v.zero_()
    return v * 1
""",
        "(1,)",
    ),
    "an empty list": (
        """
def main(l: List[int], t: Tuple[List[int], int]) -> int:
    return len(l) + len(t[0])
""",
        "([], ([], 1))",
    ),
    "an index out of range": (
        """
def main(v: Tensor) -> str:
    try:
        v[3] = 1
    except IndexError as e:
        return str(e)
    return ""
""",
        "(torch.ones(2),)",
    ),
    "a slice of a tensor without dimensions": (
        """
def main(v: Tensor) -> Tensor:
    return v.sum()[:]
""",
        "(torch.ones(2),)",
    ),
    "abs of a float": (
        """
def main(f: float) -> float:
    return abs(f)
""",
        "(-0.5,)",
    ),
    "a text that raises when it is made, for a message that is not needed": (
        """
def main(f: float) -> str:
    s = "x y"[7]
    assert f, s
    return "a"
""",
        "(0.5,)",
    ),
    "a view of a new tensor, and then the tensor": (
        """
def main(v: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    m = v + 1
    return m[:1], m, m[0]
""",
        "(torch.ones(2),)",
    ),
    "lists that shrink or grow while `zip` and `reversed` go over them": (
        """
def main(l: List[int], n: int) -> List[int]:
    m: List[int] = []
    for i, j in zip(l, [4, 5, 6]):
        m.append(i * j)
        if n == 0:
            l.clear()
        else:
            l.insert(0, 9)
    for i in reversed(l):
        m.append(i)
        l.pop()
        l.pop()
    return m
""",
        "([1, 2], 1)",
    ),
    "a list that is changed by a call through a list that holds it": (
        """
def clear(r: List[List[int]]):
    r[0].clear()


def main(n: int) -> int:
    l = [1, 2, n]
    r = [l]
    for i in l:
        n += i
        clear(r)
    return n
""",
        "(3,)",
    ),
    "exceptions of numbers, raised from others": (
        """
def main(l: List[int], i: int) -> int:
    try:
        try:
            return l[i]
        except IndexError:
            raise KeyError(i)
    except KeyError as e:
        raise ValueError("key " + str(e)) from e
""",
        "([1], 2)",
    ),
    "optional values are equal": (
        """
def main(o: Optional[int], p: Optional[int]) -> Tuple[bool, bool, bool]:
    return o == p, o != 3, [o] == [p]
""",
        "(3, None)",
    ),
    "a dict that grows while a loop goes over it": (
        """
def grow(d: Dict[str, int]):
    d["new"] = 1


def main(d: Dict[str, int]) -> str:
    try:
        for i, (s, n) in enumerate(d.items()):
            grow(d)
    except RuntimeError as e:
        return str(e)
    return ""
""",
        '({"a": 1},)',
    ),
    "a dict that shrinks in the last round of a loop": (
        """
def main(d: Dict[str, int]) -> int:
    e, n = d, 0
    for s in d:
        n += d[s]
        if n > 2:
            e.clear()
    return n
""",
        '({"a": 1, "b": 2},)',
    ),
    "the keys of a dict in a list, while the dict shrinks": (
        """
def main(d: Dict[str, int]) -> Dict[str, int]:
    for s in list(d.keys()):
        if d[s] > 1:
            del d[s]
    return d
""",
        '({"a": 1, "b": 2},)',
    ),
    "a list that a comprehension walks and shortens": (
        """
def main(q: List[str]) -> Tuple[List[str], List[str]]:
    return [s + q.pop() for s in q], q
""",
        '(["a", "b", "c"],)',
    ),
    "a list that a quantifier walks and shortens": (
        """
def main(l: List[int]) -> Tuple[bool, List[int]]:
    return any(l.pop() == 3 for i in l), l
""",
        "([3, 1, 1, 1],)",
    ),
    "a dict that a comprehension walks and shortens": (
        """
def main(d: Dict[str, int]) -> List[int]:
    return [d.pop(s) for s in d]
""",
        '({"a": 1, "b": 2},)',
    ),
    "a list of one number printed before a constant tensor": (
        """
def main(n: int) -> int:
    print([n], torch.arange(3))
    return n
""",
        "(4,)",
    ),
}
"""By what is special: the source of a module, and arguments."""


BRANCHES = """
def main(d: Dict[str, int]) -> int:
    return int((torch.arange(3) if d else torch.arange(3)).sum())
"""


def test_calls_own_no_constants_that_branches_give() -> None:
    with loaded(HEADER + BRANCHES) as module:
        scripted = jit.script(module.main)
        scripted({})
    before = counts_of_tensors()
    for _ in range(5):
        assert 3 == scripted({})

    assert before == counts_of_tensors()


def counts_of_tensors() -> list[int]:
    """How many references there are to each tensor, the oldest first."""
    gc.collect()
    found = [x for x in gc.get_objects() if isinstance(x, torch.Tensor)]
    return [sys.getrefcount(x) for x in found]


@pytest.mark.parametrize("name", CASES)
def test_scripted_and_loaded_functions_do_what_python_does(name: str) -> None:
    source, given = CASES[name]
    with loaded(HEADER + source) as module:
        scripted = jit.script(module.main)
        stored = jit.load(scripted.save_to_buffer())
        make = eval(f"lambda: {given}", vars(module))
        expected = outcome(module.main, make())

        assert_same(expected, outcome(scripted, make()), lists_are_copied=True)
        assert_same(expected, outcome(stored, make()), lists_are_copied=True)


UNTYPED = """
def main(r) -> int:
    return sum([len(l) for l in r]) + r[1][0]
"""


def test_an_empty_list_among_others_takes_their_type() -> None:
    with loaded(HEADER + UNTYPED) as module:
        scripted = jit.script(module.main)

        assert 4 == scripted([[], [3]]) == module.main([[], [3]])
