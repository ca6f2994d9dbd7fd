"""Generated programs: a script and plain Python give, raise and change the same."""

from __future__ import annotations

import copy
import linecache
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import jit
from jit.ir.verifier import check_program

NAMES = ("a", "b", "c", "d")
HANDLED = (
    "ZeroDivisionError",
    "IndexError",
    "ValueError",
    "(KeyError, ValueError)",
    "Exception",
    "LookupError as error",
)
ITERABLES = (
    "range(3)",
    "range({} % 4)",
    "range(4, {} % 3, -1)",
    "xs[:3]",
    "out[:4]",
    "xs[:2] + out[:2]",
    "reversed(xs[:3])",
    "[2 * x for x in xs[:4] if x > 0]",
)
HEAD = """\
from typing import List

def helper(p: int, q: int):
    if p == q:
        return p * 2
    return p - q

def f(a: int, b: int, xs: List[int]):
    c = a + 1
    d = 0
    out: List[int] = []
    log: List[str] = []
"""
TAIL = "    return a, b, c, d, xs, out, log\n"
CALLS = ((1, 2, [1, 2, 3]), (0, 0, []), (-3, 5, [4, -1]))


class Writer:
    """Writes a random function whose loops end and whose ints stay small."""

    def __init__(self, choose: random.Random) -> None:
        self.choose = choose
        self.lines: list[str] = []
        self.counters = 0

    def pick(self, *options: str) -> str:
        return self.choose.choice(options)

    def name(self) -> str:
        return self.pick(*NAMES)

    def value(self, depth: int = 0) -> str:
        """An expression of type int."""
        if depth > 2:
            return self.name()
        x, y = (lambda: self.value(depth + 1)), (lambda: self.value(depth + 1))
        match self.choose.randrange(14):
            case 0 | 1 | 2:
                return self.name()
            case 3 | 4:
                return str(self.choose.randint(-3, 5))
            case 5 | 6 | 7:
                return f"({x()} {self.pick('+', '-', '*', '//', '%')} {y()})"
            case 8:
                return f"({x()} if {self.test(depth + 1)} else {y()})"
            case 9:
                return f"xs[{x()}]"
            case 10:
                return f"({x()} {self.pick('and', 'or')} {y()})"
            case 11:
                return f"{self.pick('min', 'max', 'helper')}({x()}, {y()})"
            case 12:
                return f"abs({x()})"
        return "len(xs)"

    def test(self, depth: int = 0) -> str:
        """An expression of type bool, or an int for its truth."""
        x, y = (lambda: self.value(depth + 1)), (lambda: self.value(depth + 1))
        match self.choose.randrange(8):
            case 0 | 1 | 2:
                return f"{x()} {self.pick('<', '<=', '==', '!=', '>')} {y()}"
            case 3:
                return f"{x()} < {y()} <= {self.value(depth + 1)}"
            case 4 if depth < 2:
                tests = self.test(depth + 1), self.test(depth + 1)
                return f"({tests[0]} {self.pick('and', 'or')} {tests[1]})"
            case 5 if depth < 2:
                return f"not {self.test(depth + 1)}"
            case 6:
                return f"{x()} in xs"
        return x()

    def line(self, indent: int, text: str) -> None:
        self.lines.append("    " * indent + text)

    def block(self, indent: int, in_loop: bool) -> None:
        for _ in range(self.choose.randint(1, 3)):
            self.statement(indent, in_loop)

    def statement(self, indent: int, in_loop: bool) -> None:
        kind = self.choose.randrange(11 if indent > 3 else 20)
        match kind:
            case 0 | 1 | 2:
                self.line(indent, f"{self.name()} = ({self.value()}) % 1009")
            case 3:
                sign = self.pick("+=", "-=", "%=")
                self.line(indent, f"{self.name()} {sign} {self.value(2)}")
            case 4:
                targets = f"{self.name()}, {self.name()}"
                self.line(indent, f"{targets} = {self.value(2)}, {self.value(2)}")
            case 5:
                self.line(indent, f"xs.append({self.value()} % 1009)")
            case 6:
                self.line(indent, f"out.append({self.value()} % 1009)")
            case 7:
                self.line(indent, self.pick("break", "continue") if in_loop else "pass")
            case 8:
                self.line(indent, f"return a, b, c, {self.value()}, xs, out, log")
            case 9:
                error = self.pick("ValueError", "KeyError", "IndexError")
                self.line(indent, f'raise {error}(f"is {{{self.name()}}}")')
            case 10:
                self.line(indent, f"assert {self.test()}, 'asserted'")
            case 11 | 12 | 13 | 14:
                self.branch(indent, in_loop)
            case 15 | 16:
                self.walk(indent, in_loop)
            case 17:
                self.repeat(indent, in_loop)
            case _:
                self.attempt(indent, in_loop)

    def branch(self, indent: int, in_loop: bool) -> None:
        self.line(indent, f"if {self.test()}:")
        self.block(indent + 1, in_loop)
        if self.choose.random() < 0.3:
            self.line(indent, f"elif {self.test()}:")
            self.block(indent + 1, in_loop)
        if self.choose.random() < 0.5:
            self.line(indent, "else:")
            self.block(indent + 1, in_loop)

    def walk(self, indent: int, in_loop: bool) -> None:
        iterable = self.pick(*ITERABLES).format(self.name())
        self.line(indent, f"for {self.name()} in {iterable}:")
        self.block(indent + 1, True)
        if self.choose.random() < 0.2:
            self.line(indent, "else:")
            self.block(indent + 1, in_loop)

    def repeat(self, indent: int, in_loop: bool) -> None:
        self.counters += 1
        turn = f"turn{self.counters}"
        self.line(indent, f"{turn} = 0")
        self.line(indent, f"while {self.pick('True', self.test())}:")
        self.line(indent + 1, f"{turn} += 1")
        self.line(indent + 1, f"if {turn} > 3:")
        self.line(indent + 2, "break")
        self.block(indent + 1, True)

    def attempt(self, indent: int, in_loop: bool) -> None:
        self.line(indent, "try:")
        self.block(indent + 1, in_loop)
        for _ in range(self.choose.randint(1, 2)):
            handled = self.pick(*HANDLED)
            self.line(indent, f"except {handled}:")
            if " as " in handled:
                self.line(indent + 1, "log.append(str(error))")
            self.block(indent + 1, in_loop)
        if self.choose.random() < 0.3:
            self.line(indent, "else:")
            self.block(indent + 1, in_loop)


def write(choose: random.Random) -> str:
    writer = Writer(choose)
    for _ in range(choose.randint(2, 6)):
        writer.statement(1, False)
    return HEAD + "\n".join(writer.lines) + "\n" + TAIL


def load(text: str) -> Any:
    name = "<generated>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    names: dict[str, Any] = {"__name__": "generated"}
    exec(compile(text, name, "exec"), names)
    return names["f"]


def outcome(function: Any, arguments: tuple[Any, ...]) -> Any:
    try:
        return ("gives", function(*copy.deepcopy(arguments)))
    except Exception as error:
        return ("raises", type(error).__name__, str(error))


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.randoms(use_true_random=False))
def test_a_generated_script_gives_what_python_gives(choose):
    text = write(choose)
    function = load(text)
    scripted = jit.script(function)

    assert not check_program(scripted.program, spans=True, specs=("no_exits",))
    for arguments in CALLS:
        expected = outcome(function, arguments)
        assert expected == outcome(scripted, arguments), text
