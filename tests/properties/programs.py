"""Hypothesis strategies: small well-typed Python modules as source text.

A module has helper functions, a function `main`, and functions `arguments_0`, ... that
make arguments for it. Every program ends: loops are bounded, and so is recursion.
"""

from __future__ import annotations

from hypothesis import strategies as st

from tests.properties.arguments import arguments, indented, numbered
from tests.properties.expressions import TENSORS, Expressions, Kind

HEADER = """\
from typing import List, Optional, Tuple

from jit import torch
from jit.torch import Tensor
"""
ALL = tuple(Kind)
LEAVING = ("return", "raise", "break", "continue")
ERRORS = ("ZeroDivisionError", "IndexError", "ValueError")


class Case:
    """A generated module and how many sets of arguments it makes."""

    def __init__(self, source: str, calls: int) -> None:
        self.source = source
        self.calls = calls

    def __repr__(self) -> str:
        return f"\n{self.source}"


class FunctionMaker(Expressions):
    """Draws the statements of one function."""

    def __init__(
        self, draw: st.DrawFn, name: str, kinds: list[Kind], budget: int
    ) -> None:
        super().__init__(draw, set())
        self.name = name
        self.kinds = kinds
        """The kinds of most variables: few, so that statements have to do with each
        other."""
        self.budget = budget
        self.result: list[Kind] = []
        self.depth = 0
        self.loops = 0
        self.handlers = 0
        self.counters = 0
        self.iterating = 0
        """Above 0 inside of a loop over a list, where lists must not grow."""

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
        for _ in range(self.draw(st.integers(1, most))):
            if self.budget <= 0 and lines:
                break
            self.budget -= 1
            lines += self.statement()
            if lines[-1].startswith(LEAVING):
                break
        return lines

    def statement(self) -> list[str]:
        simple = [
            self.assign, self.assign, self.assign, self.augment, self.change_list,
            self.write, self.write, self.show, self.check, self.unpack, self.bare,
            self.swap, self.twice,
        ]  # fmt: skip
        leaving = [self.leave] if self.depth > 1 or self.chance(8) else []
        nested = [
            self.branch, self.branch, self.while_, self.for_, self.attempt, self.refine,
        ]  # fmt: skip
        if self.budget <= 0:
            nested = []
        if self.loops > 2:
            nested = [self.branch]
        return self.pick(*simple, *nested, *leaving)()

    # simple statements --------------------------------------------------------------

    def kind(self) -> Kind:
        return self.pick(*(ALL if self.chance(8) else self.kinds))

    def target(self, kind: Kind) -> str:
        return f"{kind.value}{self.draw(st.integers(0, 2))}"

    def assign(self) -> list[str]:
        kind = self.kind()
        made = self.expression(kind)
        name = self.target(kind)
        self.scope.add(name)
        declared = ": Optional[int]" if kind is Kind.MAYBE else ""
        return [f"{name}{declared} = {made}"]

    def augment(self) -> list[str]:
        kind = self.pick(Kind.INT, Kind.FLOAT, Kind.VECTOR, Kind.MATRIX, Kind.WHOLE)
        names = self.names(kind)
        if not names:
            return self.assign()
        name = self.pick(*names)
        if kind is Kind.INT:
            return [f"{name} {self.pick('+=', '-=')} {self.expression(kind)}"]
        if kind is Kind.FLOAT:
            return [f"{name} {self.pick('+=', '*=', '/=')} {self.expression(kind)}"]
        other = self.pick(kind, Kind.INT)
        if kind is Kind.MATRIX:
            other = self.pick(Kind.VECTOR, Kind.INT)
        return [f"{name} {self.pick('+=', '-=', '*=')} {self.expression(other, 1)}"]

    def change_list(self) -> list[str]:
        names = self.names(Kind.INTS)
        if not names:
            return self.assign()
        name, i, j = (
            self.pick(*names),
            self.expression(Kind.INT),
            self.expression(Kind.INT, 1),
        )
        grow = [f"{name}.append({i})", f"{name}.insert({j}, {i})", f"{name} += [{i}]"]
        keep = [
            f"{name}[{j}] = {i}", f"{name}[{j}] += {i}", f"{name}.reverse()",
            f"{name}.sort()", f"del {name}[{j}]", f"{name}.pop()", f"{name}.remove({i})",
        ]  # fmt: skip
        return [self.pick(*(keep if self.iterating else grow + keep))]

    def write(self) -> list[str]:
        """A change of a tensor in place, often through a view."""
        options = [n for k in TENSORS for n in self.names(k)]
        if not options:
            return self.assign()
        name = self.pick(*options)
        i = self.expression(Kind.INT, 1)
        forms = [
            f"{name}.add_({i})",
            f"{name}.mul_(2)",
            f"{name}[...] = {i}",
            f"{name}.zero_()",
        ]
        if name[0] in "vw":
            kind = Kind(name[0])
            forms += [
                f"{name}[0] = {i}", f"{name}[-1] += {i}", f"{name}[1:] = {i}",
                f"{name}[:] = {self.expression(kind, 1)}", f"{name}[{name} > 1] = {i}",
                f"{name}.copy_({self.expression(kind, 1)})", f"{name}[1:] = {name}[:-1]",
                f"{name}.sub_({self.expression(kind, 1)})", f"{name}[{i}] = 1",
            ]  # fmt: skip
        if name[0] == "m":
            forms += [
                f"{name}[0] = {self.expression(Kind.VECTOR, 1)}", f"{name}[:, 0] += {i}",
                f"{name}[0, -1] = {i}", f"{name}.t()[0] = {i}", f"{name}[0].add_({i})",
                f"{name}[:, 1:] *= 2",
            ]  # fmt: skip
        return [self.pick(*forms)]

    def twice(self) -> list[str]:
        """One operator twice, and a write in between: what rewriting must not miss."""
        names = self.names(Kind.VECTOR)
        if not names:
            return self.assign()
        operator = self.pick(
            "{} * 2", "{} + 1", "-{}", "torch.relu({})", "{}.abs()", "{}.clone()",
            "{}.reshape(-1)", "{}.view(-1)", "{}[:]", "{} * {}", "{}.to(torch.float32)",
        )  # fmt: skip
        old, new = self.pick(*names), self.target(Kind.VECTOR)
        self.scope.add(new)
        i = self.expression(Kind.INT, 0)
        return [
            f"{new} = {operator.replace('{}', old)}",
            f"{self.pick(new, old)}{self.pick('[0] = ', ' += ', '[:] = ')}{i}",
            f"{new} = {operator.replace('{}', new)}",
        ]

    def show(self) -> list[str]:
        kinds = [self.kind() for _ in range(self.draw(st.integers(1, 2)))]
        return [f"print({', '.join(self.expression(k, 1) for k in kinds)})"]

    def check(self) -> list[str]:
        message = self.pick("", f", {self.expression(Kind.STR)}")
        return [f"assert {self.condition()}{message}"]

    def unpack(self) -> list[str]:
        pair = self.expression(Kind.PAIR, 1)
        i, f = self.target(Kind.INT), self.target(Kind.FLOAT)
        self.scope |= {i, f}
        return [f"{i}, {f} = {pair}"]

    def swap(self) -> list[str]:
        """Two names that change values, or one value with two names."""
        kind = self.kind()
        names = self.names(kind)
        if len(names) < 2 or kind is Kind.MAYBE:
            return self.assign()
        a, b = names[:2]
        return [
            self.pick(f"{a}, {b} = {b}, {a}", f"{a} = {b} = {self.expression(kind)}")
        ]

    def bare(self) -> list[str]:
        if not self.callables:
            return self.assign()
        name, params, _ = self.pick(*self.callables)
        return [self.call(name, params, 2)]

    def leave(self) -> list[str]:
        options = ["return", "raise"]
        if self.loops:
            options += ["break", "continue", "break", "continue"]
        if self.handlers:
            options.append("reraise")
        match self.pick(*options):
            case "return":
                return [self.give()]
            case "raise":
                return [f"raise {self.pick(*ERRORS)}({self.expression(Kind.STR)})"]
            case "reraise":
                return ["raise"]
            case word:
                return [word]

    def give(self) -> str:
        shown = ", ".join(self.expression(k, 1) for k in self.result)
        return f"return {shown}"

    # compound statements ------------------------------------------------------------

    def branch(self) -> list[str]:
        before = set(self.scope)
        lines: list[str] = []
        ends: list[set[str] | None] = []
        for keyword in ["if", *["elif"] * self.draw(st.integers(0, 1))]:
            lines.append(f"{keyword} {self.condition(2)}:")
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
            return [self.give()]
        self.scope = set.intersection(*alive)
        return []

    def refine(self) -> list[str]:
        """A branch in which an optional int is an int."""
        names = self.names(Kind.MAYBE)
        if not names:
            return self.branch()
        name, before = self.pick(*names), set(self.scope)
        known = f"i{self.draw(st.integers(0, 2))}"
        body, after = self.block(before | {known})
        lines = [f"if {name} is not None:", *indented([f"{known} = {name} + 1", *body])]
        return lines + self._meet([after, before])

    def while_(self) -> list[str]:
        self.counters += 1
        counter = f"k{self.counters}"
        most = self.draw(st.integers(1, 3))
        test = self.pick(f"{counter} < {most} and {self.condition()}", "True")
        body, _ = self._loop_body(set(self.scope))
        stop = [f"if {counter} > {most}:", "    break"] if test == "True" else []
        return [
            f"{counter} = 0",
            f"while {test}:",
            *indented([f"{counter} += 1", *stop, *body]),
        ]

    def _loop_body(self, scope: set[str]) -> tuple[list[str], set[str] | None]:
        self.loops += 1
        self.growing += 1
        made = self.block(scope)
        self.loops -= 1
        self.growing -= 1
        return made

    def for_(self) -> list[str]:
        ints = self.expression(Kind.INTS, 1)
        many = self.pick(
            "range(2)", f"range({self.pick('3, 0, -1', '1, 4', '0')})", ints
        )
        if self.chance(4):
            many = f"range(min({self.expression(Kind.INT)}, 3))"
        target = self.pick("i0", "i1", "i2")
        names, header = {target}, f"for {target} in {many}:"
        if self.chance(4):
            names, header = {target, "i3"}, f"for i3, {target} in enumerate({many}):"
        before = set(self.scope)
        self.iterating += many == ints
        body, _ = self._loop_body(before | names)
        self.iterating -= many == ints
        lines = [header, *indented(body)]
        if self.chance(4):
            otherwise, _ = self.block(before)
            lines += ["else:", *indented(otherwise)]
        return lines

    def attempt(self) -> list[str]:
        before = set(self.scope)
        body, after = self.block(before)
        ends = [after]
        lines = ["try:", *indented(body)]
        for _ in range(self.draw(st.integers(1, 2))):
            classes = self.pick(*ERRORS, f"({', '.join(ERRORS[:2])})", "Exception")
            named = self.chance(2)
            lines.append(f"except {classes}{' as e' if named else ''}:")
            self.handlers += 1
            handler, after = self.block(before | ({"s0"} if named else set()))
            self.handlers -= 1
            lines += indented([*(["s0 = str(e)"] if named else []), *handler])
            ends.append(after)
            if classes == "Exception":
                break
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
            f"{n}: {Kind(n[0]).annotation}" if annotated or n[0] == "o" else n
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
                body.append(f"{result[0].value}0 = {self.name}({again})")
                self.scope.add(f"{result[0].value}0")
            body.append(self.give())
        kinds = [k.annotation for k in result]
        returned = kinds[0] if len(kinds) == 1 else f"Tuple[{', '.join(kinds)}]"
        arrow = f" -> {returned}" if annotated or Kind.MAYBE in result else ""
        head = f"def {self.name}({', '.join(listed)}){arrow}:"
        return "\n".join([head, *indented(body), ""])


@st.composite
def programs(draw: st.DrawFn, most: int = 16, annotated: bool = True) -> Case:
    """Modules with `main` of at most so many statements, its helpers and arguments.

    Without annotations, the parameters of `main` take the types of what is given.
    """
    kinds = draw(st.lists(st.sampled_from(ALL), min_size=2, max_size=4, unique=True))
    some = st.sampled_from(kinds)
    callables: list[tuple[str, list[Kind], Kind]] = []
    parts = [HEADER]
    for number in range(draw(st.integers(0, 2))):
        params = draw(st.lists(some, min_size=1, max_size=2))
        maker = FunctionMaker(draw, f"g{number}", kinds, budget=4)
        maker.callables = list(callables)
        maker.iterating = 1  # a caller may loop over a list that it gives
        result = draw(some)
        recursive = draw(st.booleans())
        parts.append(maker.function(params, [result], recursive))
        name = f"g{number}_" if recursive else f"g{number}"
        callables.append((name, params, result))
        if recursive:
            parts.append(_stopped(f"g{number}", params, result))
    params = draw(st.lists(some, min_size=2, max_size=5))
    maker = FunctionMaker(draw, "main", kinds, budget=draw(st.integers(2, most)))
    maker.callables = callables
    result = draw(st.lists(some, min_size=1, max_size=3))
    parts.append(maker.function(params, result, False, annotated))
    calls = 2
    parts += [arguments(draw, number, params, annotated) for number in range(calls)]
    return Case("\n\n".join(parts), calls)


def _stopped(name: str, params: list[Kind], result: Kind) -> str:
    """A function that starts a recursion of a bounded depth."""
    names = [f"{k.value}{i}" for i, k in numbered(params)]
    listed = ", ".join(f"{n}: {Kind(n[0]).annotation}" for n in names)
    return (
        f"def {name}_({listed}) -> {result.annotation}:\n"
        f"    return {name}({', '.join(['3', *names])})\n"
    )
