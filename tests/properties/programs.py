"""Small well-typed Python modules as source text.

A module has helper functions, functions `main_0`, ... of the same parameters, and functions
`arguments_0`, ... that make arguments for them. Every program ends: loops are bounded, and
so is recursion.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.properties.arguments import arguments, indented, numbered
from tests.properties.kinds import OPTIONALS, PLAIN, Choices, Kind
from tests.properties.statements import ERRORS, Statements

HEADER = """\
import math
from typing import Dict, List, Optional, Set, Tuple

from jit import torch
from jit.torch import Tensor
"""
LEAVING = ("return", "raise", "break", "continue")


@dataclass
class Case:
    """A generated module, its programs and how many sets of arguments it makes."""

    source: str
    calls: int
    programs: int = 1
    """How many there are; with more than one, `main` calls the one of a number."""

    def __repr__(self) -> str:
        return f"\n{self.source}"


class FunctionMaker(Statements):
    """Draws the statements of one function."""

    def __init__(
        self,
        source: random.Random,
        name: str,
        kinds: list[Kind],
        budget: int,
        wide: bool = False,
    ) -> None:
        super().__init__(source, kinds, wide)
        self.name = name
        self.budget = budget
        self.depth = 0
        self.counters = 0

    # blocks -------------------------------------------------------------------------

    def block(
        self, scope: set[str], most: int = 5
    ) -> tuple[list[str], set[str] | None]:
        """Statements, and the names defined after them; None: control never gets there."""
        outer, self.scope = self.scope, set(scope)
        self.depth += 1
        lines = self._lines(most)
        self.depth -= 1
        after, self.scope = self.scope, outer
        return lines, None if lines[-1].startswith(LEAVING) else after

    def _lines(self, most: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.count(1, most)):
            if self.budget <= 0 and lines:
                break
            self.budget -= 1
            lines += self.statement()
            if lines[-1].startswith(LEAVING):
                break
        return lines

    def statement(self) -> list[str]:
        if (self.depth > 1 or self.chance(8)) and self.chance(12):
            return self.leave()
        nested = [
            self.branch, self.branch, self.while_, self.for_, self.for_, self.attempt,
            self.attempt, self.refine, self.match,
        ]  # fmt: skip
        if self.loops > 2:
            nested = [self.branch]
        if self.budget <= 0 or self.chance(2) or self.chance(4):
            return self.simple()
        return self.pick(*nested)()

    # compound statements ------------------------------------------------------------

    def branch(self) -> list[str]:
        before = set(self.scope)
        lines: list[str] = []
        ends: list[set[str] | None] = []
        for keyword in ["if", *["elif"] * self.count(0, 1)]:
            condition = self.condition(2)
            if keyword == "if" and self.chance(6):
                name = self.target(Kind.INT)
                condition = (
                    f"({name} := {self.expression(Kind.INT)}) {self.pick('>', '!=')} 1"
                )
                before.add(name)
            lines.append(f"{keyword} {condition}:")
            body, after = self.block(before)
            lines += indented(body)
            ends.append(after)
        if self.chance(2):
            body, after = self.block(before)
            lines += ["else:", *indented(body)]
            ends.append(after)
        else:
            ends.append(before)
        return lines + self._meet(ends)

    def _meet(self, ends: list[set[str] | None]) -> list[str]:
        """Go on with the names that all ends define."""
        alive = [e for e in ends if e is not None]
        if not alive:
            return self.leave()
        self.scope = set.intersection(*alive)
        return []

    def refine(self) -> list[str]:
        """A branch in which an optional value is there."""
        names = [n for k in OPTIONALS for n in self.names(k)]
        if not names:
            return self.branch()
        name, before = self.pick(*names), set(self.scope)
        known = self.target(Kind.INT if name[0] == "o" else Kind.STR)
        body, after = self.block(before | {known})
        test = self.pick(f"{name} is not None", name)
        first = f"{known} = {name}"
        if self.chance(3):
            otherwise, end = self.block(before)
            lines = [f"if {name} is None:", *indented(otherwise), "else:"]
            lines += indented([first, *body])
            return lines + self._meet([after, end])
        lines = [f"if {test}:", *indented([first, *body])]
        return lines + self._meet([after, before])

    def while_(self) -> list[str]:
        self.counters += 1
        counter = f"k{self.counters}"
        most = self.count(1, 3)
        test = self.pick(f"{counter} < {most} and {self.condition()}", "True")
        before = set(self.scope)
        body, _ = self._loop_body(before)
        stop = [f"if {counter} > {most}:", "    break"] if test == "True" else []
        lines = [
            f"{counter} = 0",
            f"while {test}:",
            *indented([f"{counter} += 1", *stop, *body]),
        ]
        return lines + self._otherwise(before)

    def _otherwise(self, before: set[str]) -> list[str]:
        """What comes after a loop that was not left by `break`."""
        if not self.chance(4):
            return []
        lines, _ = self.block(before)
        return ["else:", *indented(lines)]

    def _loop_body(self, scope: set[str]) -> tuple[list[str], set[str] | None]:
        self.loops += 1
        self.growing += 1
        sealed, self.sealed = self.sealed, self.sealed
        made = self.block(scope)
        self.sealed = sealed
        self.loops -= 1
        self.growing -= 1
        return made

    def for_(self) -> list[str]:
        target, many, is_container = self._iterable()
        names, header = {target}, f"for {target} in {many}:"
        if target == "items":
            names = {"s0", "i0"}
            header = f"for s0, i0 in {many}:"
        elif self.chance(4):
            names = {target, "i3"}
            header = f"for i3, {target} in enumerate({many}):"
        elif self.chance(8) and target[0] == "i":
            names = {target, "s0"}
            header = f"for {target}, s0 in zip({many}, {self.name_of(Kind.WORDS)}):"
        before = set(self.scope)
        self.iterating += is_container
        body, _ = self._loop_body(before | names)
        self.iterating -= is_container
        return [header, *indented(body), *self._otherwise(before)]

    def _iterable(self) -> tuple[str, str, bool]:
        """The variable of a loop, what it goes over, and whether that is a container."""
        target = self.pick("i0", "i1", "i2")
        if self.chance(2):
            many = self.pick(
                "range(2)", f"range({self.pick('3, 0, -1', '1, 4', '0')})",
                f"range(min({self.expression(Kind.INT)}, 3))",
            )  # fmt: skip
            return target, many, False
        kind = self.known(
            Kind.INTS, Kind.WORDS, Kind.DICT, Kind.ROWS, Kind.STACK, Kind.STR
        )
        if kind is Kind.STACK and not self.names(kind):
            kind = Kind.INTS  # there are no literals of tensors
        many = self.name_of(kind) if self.chance(2) else self.expression(kind, 1)
        match kind:
            case Kind.INTS:
                form = self.pick("{}", "{}", "reversed({})", "sorted({})", "{}[:3]")
                return target, form.format(many), True
            case Kind.DICT:
                form = self.pick("{}", "{}.items()", "{}.keys()", "sorted({})")
                listed = form.format(many)
                return "items" if form.endswith("items()") else "s0", listed, True
            case Kind.ROWS:
                return "l0", many, True
            case Kind.STACK:
                return "v0", many, True
        return "s0", f"{many}[:3]" if kind is Kind.STR else many, True

    def attempt(self) -> list[str]:
        before = set(self.scope)
        has_finally = self.chance(4)
        body, after = self.block(before)
        lines = ["try:", *indented(body)]
        ends: list[set[str] | None] = []
        handlers = 0 if has_finally and self.chance(2) else self.count(1, 2)
        for _ in range(handlers):
            classes = self.pick(
                *ERRORS, f"({', '.join(ERRORS[:2])})", "LookupError", "ArithmeticError",
                "Exception",
            )  # fmt: skip
            named = self.chance(2)
            # a name of its own: the end of a handler takes it from what is around
            caught = f"e{len(self.handlers) or ''}" if named else ""
            lines.append(f"except {classes}{f' as {caught}' if named else ''}:")
            self.handlers.append(caught)
            handler, end = self.block(before | ({"s0"} if named else set()))
            self.handlers.pop()
            lines += indented([*([f"s0 = str({caught})"] if named else []), *handler])
            ends.append(end)
            if classes == "Exception":
                break
        if handlers and after is not None and self.chance(3):
            otherwise, after = self.block(after)
            lines += ["else:", *indented(otherwise)]
        ends.append(after)
        if has_finally:
            self.sealed += 1
            last, end = self.block(before)
            self.sealed -= 1
            lines += ["finally:", *indented(last)]
            added = set() if end is None else end - before
            ends = [None if e is None or end is None else e | added for e in ends]
        return lines + self._meet(ends)

    def match(self) -> list[str]:
        kind = self.known(Kind.INT, Kind.STR, Kind.PAIR)
        name = self.target(Kind.INT)
        number = self.pick("0", "2", "-1")
        patterns = {
            Kind.INT: ("0 | 1", number, f"{name} if {name} > 2", "-1 | 3"),
            Kind.STR: ('"a" | "b"', '""', f"_ if {self.condition()}", '"ab cd"'),
            Kind.PAIR: (
                "(0, _)",
                f"({name}, 0.5)",
                f"({name}, _) if {name} > {number}",
            ),
        }[kind]
        before = set(self.scope)
        lines = [f"match {self.expression(kind, 1)}:"]
        ends: list[set[str] | None] = []
        for pattern in self.random.sample(patterns, self.count(1, 2)):
            bound = {name} if name in pattern else set()
            body, end = self.block(before | bound)
            lines += indented([f"case {pattern}:", *indented(body)])
            ends.append(end)
        if self.chance(2):
            body, end = self.block(before)
            lines += indented(["case _:", *indented(body)])
            ends.append(end)
        else:
            ends.append(before)
        return lines + self._meet(ends)

    # functions ----------------------------------------------------------------------

    def function(
        self,
        params: list[Kind],
        result: list[Kind],
        recursive: bool,
        annotated: bool = True,
    ) -> str:
        names = [f"{k.value}{i}" for i, k in numbered(params)]
        self.result = result
        self.scope = set(names)
        body: list[str] = []
        listed = [
            f"{n}: {Kind(n[0]).annotation}"
            if annotated or Kind(n[0]) in OPTIONALS
            else n
            for n in names
        ]
        if recursive:
            self.growing += 1
            body += ["if n <= 0:", f"    {self.give()}"]
            listed.insert(0, "n: int")
        statements, after = self.block(self.scope, max(5, self.budget))
        body += statements
        if after is not None:
            self.scope = after
            if recursive and len(result) == 1:
                again = ", ".join(["n - 1", *(self.expression(k, 1) for k in params)])
                name = f"{result[0].value}0"
                body.append(f"{self.declared(name, result[0])} = {self.name}({again})")
                self.scope.add(name)
            body.append(self.give())
        told = annotated or any(k in OPTIONALS for k in result)
        arrow = f" -> {returned(result)}" if told else ""
        head = f"def {self.name}({', '.join(listed)}){arrow}:"
        return "\n".join([head, *indented(body), ""])


def returned(result: list[Kind]) -> str:
    """The annotation of a function that gives these."""
    kinds = [k.annotation for k in result]
    return kinds[0] if len(kinds) == 1 else f"Tuple[{', '.join(kinds)}]"


def program(
    source: random.Random,
    most: int = 16,
    annotated: bool = True,
    count: int = 1,
    calls: int = 2,
) -> Case:
    """A module of so many programs, each of at most so many statements.

    Without annotations, the parameters take the types of what is given.
    """
    choose = Choices(source)
    wide = choose.chance(4)
    kinds = choose.random.sample(PLAIN if wide else tuple(Kind), choose.count(2, 5))
    params = choose.some(kinds, 2, 5)
    result = choose.some(kinds, 1, 3)
    callables: list[tuple[str, list[Kind], Kind]] = []
    parts = [HEADER]
    for number in range(choose.count(0, 2)):
        given = choose.some(kinds, 1, 2)
        maker = FunctionMaker(source, f"g{number}", kinds, 4, wide)
        maker.callables = list(callables)
        maker.iterating = 1  # a caller may loop over a container that it gives
        made = choose.pick(*kinds)
        recursive = choose.chance(2)
        parts.append(maker.function(given, [made], recursive))
        name = f"g{number}_" if recursive else f"g{number}"
        callables.append((name, given, made))
        if recursive:
            parts.append(_stopped(f"g{number}", given, made))
    for number in range(count):
        budget = choose.count(2, most)
        maker = FunctionMaker(source, f"main_{number}", kinds, budget, wide)
        maker.callables = callables
        parts.append(maker.function(params, result, False, annotated))
    if count > 1:
        parts.append(_chosen(count, params, result))
    parts += [arguments(choose, i, params, annotated, wide) for i in range(calls)]
    return Case("\n\n".join(parts), calls, count)


@st.composite
def programs(draw: st.DrawFn, annotated: bool = True) -> Case:
    """Modules with one program, and arguments for it."""
    source = draw(st.randoms(use_true_random=False))
    return program(source, most=10, annotated=annotated)


def _stopped(name: str, params: list[Kind], result: Kind) -> str:
    """A function that starts a recursion of a bounded depth."""
    names = [f"{k.value}{i}" for i, k in numbered(params)]
    listed = ", ".join(f"{n}: {Kind(n[0]).annotation}" for n in names)
    return (
        f"def {name}_({listed}) -> {result.annotation}:\n"
        f"    return {name}({', '.join(['3', *names])})\n"
    )


def _chosen(count: int, params: list[Kind], result: list[Kind]) -> str:
    """A function that calls one of many programs."""
    names = [f"{k.value}{i}" for i, k in numbered(params)]
    listed = ", ".join(f"{n}: {Kind(n[0]).annotation}" for n in names)
    lines = [f"def main(which: int, {listed}) -> {returned(result)}:"]
    for number in range(count - 1):
        lines += [
            f"    if which == {number}:",
            f"        return main_{number}({', '.join(names)})",
        ]
    return "\n".join([*lines, f"    return main_{count - 1}({', '.join(names)})", ""])
