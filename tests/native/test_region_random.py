"""Generated programs: the interpreter and machine code agree, script stacks included."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

from hypothesis import given, note
from hypothesis import strategies as st

import jit
from jit.runtime.executor import Executor, enable_native
from tests.properties.outcomes import assert_same, loaded, outcome
from tests.properties.profiles import examples
from tests.properties.programs import Case, programs

INTS = st.sampled_from(
    [0, 1, 2, 3, -1, -2, 7, -9, 40, 2**31, 2**62, -(2**63), 2**63 - 1]
)
FLOATS = st.sampled_from([0.0, -0.0, 0.5, -1.5, 2.0, 1e10, 1e-300, 1e300, 3.75])


class Scalars:
    """Draws the source of a function of two ints and a float."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.lines: list[str] = []
        self.loops = 0
        self.budget = 14

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def whole(self, depth: int = 2) -> str:
        """An expression of an int."""
        if depth == 0 or self.pick(True, False, False):
            if self.pick(True, True, False):
                return self.pick("a", "b", "c", "d")
            return repr(self.draw(st.integers(-5, 9)))
        x, y = self.whole(depth - 1), self.whole(depth - 1)
        return self.pick(
            f"({x} + {y})", f"({x} - {y})", f"({x} * {y})", f"({x} // {y})",
            f"({x} % {y})", f"min({x}, {y})", f"max({x}, {y})", f"abs({x})", f"-({x})",
            f"({x} & {y})", f"({x} ^ {y})", f"({x} >> {self.pick(0, 1, 3)})",
            f"int({self.real(depth - 1)})", f"twice({x}, {self.real(0)})",
        )  # fmt: skip

    def real(self, depth: int = 2) -> str:
        """An expression of a float."""
        if depth == 0 or self.pick(True, False, False):
            return self.pick("x", "y", "0.5", "3.0", "-2.0")
        x, y = self.real(depth - 1), self.real(depth - 1)
        return self.pick(
            f"({x} + {y})", f"({x} - {y})", f"({x} * {y})", f"({x} / {y})",
            f"({x} // {y})", f"({x} % {y})", f"({x} + {self.whole(depth - 1)})",
            f"({self.whole(depth - 1)} / {self.whole(depth - 1)})", f"abs({x})",
            f"max({x}, {y})", f"float({self.whole(depth - 1)})", f"math.sqrt({x})",
        )  # fmt: skip

    def test(self) -> str:
        """An expression of a bool."""
        x, y = self.pick((self.whole, self.whole), (self.real, self.real),
                         (self.whole, self.real))  # fmt: skip
        return f"{x(1)} {self.pick('<', '<=', '==', '!=', '>')} {y(1)}"

    def block(self, indent: str) -> None:
        for _ in range(self.pick(1, 2, 3)):
            self.budget -= 1
            self.statement(indent)

    def statement(self, indent: str) -> None:
        kinds = ["whole", "whole", "real", "augment", "append", "item", "check"]
        if self.budget > 0:
            kinds += ["if", "for", "while"] if self.loops < 2 else ["if"]
        add, deeper = self.lines.append, indent + "    "
        match self.pick(*kinds):
            case "whole":
                add(f"{indent}{self.pick('c', 'd')} = {self.whole()}")
            case "real":
                add(f"{indent}y = {self.real()}")
            case "augment":
                add(f"{indent}c {self.pick('+=', '-=', '*=')} {self.whole(1)}")
            case "append":
                add(f"{indent}items.append({self.whole(1)})")
            case "item":
                add(f"{indent}d = items[{self.whole(1)}] + len(items)")
            case "check":
                add(f"{indent}if {self.test()}:")
                add(deeper + self.pick("return c, y, len(items)",
                                       "raise ValueError(f'{c} {y}')"))  # fmt: skip
            case "if":
                add(f"{indent}if {self.test()}:")
                self.block(deeper)
                add(f"{indent}else:")
                self.block(deeper)
            case "for":
                self.loops += 1
                step = self.pick("3", f"{self.pick(1, 2)}, 7, {self.pick(1, 2, 3)}")
                add(f"{indent}for d in range({step}):")
                self.block(deeper)
                add(f"{deeper}if {self.test()}:")
                add(f"{deeper}    {self.pick('break', 'continue')}")
                add(f"{deeper}c += d")
                self.loops -= 1
            case "while":
                self.loops += 1
                name = f"k{self.loops}"
                add(f"{indent}{name} = 0")
                add(f"{indent}while {name} < 4 and {self.test()}:")
                add(f"{deeper}{name} += 1")
                self.block(deeper)
                self.loops -= 1


@st.composite
def scalar_sources(draw: st.DrawFn) -> str:
    """A module with a function `main` of numbers."""
    made = Scalars(draw)
    made.block("    ")
    return "\n".join(
        [
            "import math",
            "def twice(n: int, z: float) -> int:",
            "    if n > 50:",
            "        return twice(n // 2 - 20, z) + 1",
            "    return n * 2 + int(z)",
            "def main(a: int, b: int, x: float) -> tuple[int, float, int]:",
            "    c, d, y = 1, a, x",
            "    items = [a, 3]",
            *made.lines,
            "    return c + d, y, items[-1]",
            "",
        ]
    )


def both(program: Any) -> tuple[Executor, Executor]:
    return Executor(program), Executor(program)


def run(executor: Executor, name: str, *, native: bool) -> Any:
    """A function that runs a program one way and tells the script's stack as well."""

    def call(*args: Any) -> Any:
        before = enable_native(native)
        try:
            return executor.call(name, args)
        except Exception as error:
            stacks.append(getattr(error, "__notes__", []))
            raise
        finally:
            enable_native(before)

    stacks: list[Any] = []
    call.stacks = stacks  # type: ignore[attr-defined]
    return call


@examples(80)
@given(
    scalar_sources(), st.lists(st.tuples(INTS, INTS, FLOATS), min_size=4, max_size=4)
)
def test_programs_of_numbers_agree(source: str, calls: list[Any]) -> None:
    with loaded(source) as module:
        scripted = jit.script(module.main)
        name = scripted.qualified_name
        slow, fast = both(scripted.program)
        interpreted, compiled = (
            run(slow, name, native=False),
            run(fast, name, native=True),
        )
        for args in calls:
            note(f"{args}")
            assert_same(outcome(interpreted, args), outcome(compiled, args))
        assert interpreted.stacks == compiled.stacks
        before = enable_native(True)
        assert fast.explain(name, calls[0]).is_native, str(fast.explain(name, calls[0]))
        enable_native(before)


@examples(40)
@given(programs())
def test_programs_of_all_kinds_agree(case: Case) -> None:
    with loaded(case.source) as module:
        scripted = jit.script(module.main_0)
        name = scripted.qualified_name
        slow, fast = both(scripted.program)
        interpreted, compiled = (
            run(slow, name, native=False),
            run(fast, name, native=True),
        )
        for number in range(case.calls):
            make = getattr(module, f"arguments_{number}")
            note(f"call {number}")
            assert_same(outcome(interpreted, make()), outcome(compiled, make()))
        assert interpreted.stacks == compiled.stacks
