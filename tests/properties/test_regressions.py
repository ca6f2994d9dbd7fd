"""What the laws found: each case is a small program that once went wrong."""

from __future__ import annotations

import pytest

import jit
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
}
"""By what is special: the source of a module, and arguments."""


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
