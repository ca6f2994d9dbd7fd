"""Source text of statements without blocks."""

from __future__ import annotations

import random

from tests.properties.expressions import Expressions
from tests.properties.kinds import OPTIONALS, PLAIN, TENSORS, Kind

ERRORS = ("ZeroDivisionError", "IndexError", "ValueError", "KeyError", "OverflowError")


class Statements(Expressions):
    """Draws statements that follow each other."""

    def __init__(
        self, source: random.Random, kinds: list[Kind], wide: bool = False
    ) -> None:
        super().__init__(source, set(), wide)
        self.kinds = kinds
        """The kinds of most variables: few, so that statements have to do with each
        other."""
        self.result: list[Kind] = []
        self.loops = 0
        self.handlers: list[str] = []
        """The name of the exception, or nothing, of each handler around."""
        self.sealed = 0
        """Above 0 where no statement may leave but by raising."""
        self.inners = 0
        self.iterating = 0
        """Above 0 inside of a loop over a container, where none must grow."""

    def simple(self) -> list[str]:
        """One statement, or a few lines that belong together."""
        return self.pick(
            self.assign, self.assign, self.assign, self.augment, self.change_list,
            self.change_container, self.change_container, self.write, self.write,
            self.show, self.check, self.unpack, self.bare, self.swap, self.twice,
            self.alias, self.slices, self.inner,
        )()  # fmt: skip

    def kind(self) -> Kind:
        others = PLAIN if self.wide else tuple(Kind)
        return self.pick(*(others if self.chance(8) else self.kinds))

    def target(self, kind: Kind) -> str:
        return f"{kind.value}{self.count(0, 2)}"

    def declared(self, name: str, kind: Kind) -> str:
        return f"{name}: {kind.annotation}" if kind in OPTIONALS else name

    def assign(self) -> list[str]:
        kind = self.kind()
        made = self.expression(kind)
        name = self.target(kind)
        if kind.is_container and name not in self.scope and self.chance(3):
            made = {Kind.DICT: "{}", Kind.SET: "set()"}.get(kind, "[]")
            self.scope.add(name)
            return [f"{name}: {kind.annotation} = {made}"]
        self.scope.add(name)
        return [f"{self.declared(name, kind)} = {made}"]

    def augment(self) -> list[str]:
        kind = self.pick(
            Kind.INT, Kind.FLOAT, Kind.STR, Kind.VECTOR, Kind.MATRIX, Kind.WHOLE
        )
        names = self.names(kind)
        if not names:
            return self.assign()
        name = self.pick(*names)
        if kind is Kind.INT:
            signs = ["+=", "-=", "//=", "%=", "&=", "|="]
            return [f"{name} {self.pick(*signs)} {self.expression(kind)}"]
        if kind is Kind.FLOAT:
            return [f"{name} {self.pick('+=', '*=', '/=')} {self.expression(kind)}"]
        if kind is Kind.STR:
            return [f"{name} += {self.expression(kind)}", f"{name} = {name}[-9:]"]
        other = self.pick(kind, Kind.INT)
        if kind is Kind.MATRIX:
            other = self.pick(Kind.VECTOR, Kind.INT)
        return [f"{name} {self.pick('+=', '-=', '*=')} {self.expression(other, 1)}"]

    def change_list(self) -> list[str]:
        names = self.names(Kind.INTS)
        if not names:
            return self.assign()
        name = self.pick(*names)
        i, j = self.expression(Kind.INT), self.expression(Kind.INT, 1)
        grow = [
            f"{name}.append({i})", f"{name}.insert({j}, {i})", f"{name} += [{i}]",
            f"{name}.extend({name}[:2])",
        ]  # fmt: skip
        keep = [
            f"{name}[{j}] = {i}", f"{name}[{j}] += {i}", f"{name}.reverse()",
            f"{name}.sort()", f"del {name}[{j}]", f"{name}.pop()", f"{name}.remove({i})",
            f"{name}.clear()", f"{name}.sort(reverse=True)", f"{name}[0] -= 1",
        ]  # fmt: skip
        return [self.pick(*(keep if self.iterating else grow + keep))]

    def change_container(self) -> list[str]:
        """A change of a list of lists, of words or of tensors, or of a dict."""
        kinds = [Kind.ROWS, Kind.WORDS, Kind.DICT, Kind.STACK, Kind.SET]
        names = [n for k in kinds for n in self.names(k)]
        if not names:
            return self.change_list()
        name = self.pick(*names)
        make = {
            Kind.ROWS: self._change_rows,
            Kind.WORDS: self._change_words,
            Kind.DICT: self._change_dict,
            Kind.STACK: self._change_stack,
            Kind.SET: self._change_set,
        }[Kind(name[0])]
        grow, keep = make(name)
        return [self.pick(*(keep if self.iterating else grow + keep))]

    def _change_rows(self, name: str) -> tuple[list[str], list[str]]:
        row, (i, j) = self.expression(Kind.INTS, 1), self.all_of(1, Kind.INT, Kind.INT)
        grow = [
            f"{name}.append({row})",
            f"{name}[{j}].append({i})",
            f"{name} += [{row}]",
        ]
        keep = [
            f"{name}[{j}] = {row}", f"{name}[0][{j}] = {i}", f"{name}.pop()",
            f"{name}[0].sort()", f"{name}[-1][0] += {i}", f"{name}.reverse()",
            f"del {name}[{j}]", f"{name}[{j}].clear()",
        ]  # fmt: skip
        return grow, keep

    def _change_words(self, name: str) -> tuple[list[str], list[str]]:
        s, (i,) = self.expression(Kind.STR, 1), self.all_of(1, Kind.INT)
        grow = [f"{name}.append({s})", f"{name}.insert({i}, {s})", f"{name} += [{s}]"]
        keep = [
            f"{name}[{i}] = {s}", f"{name}.remove({s})", f"{name}.sort()",
            f"{name}.reverse()", f"{name}[0] = {name}[0] + {s}[:2]", f"del {name}[{i}]",
        ]  # fmt: skip
        return grow, keep

    def _change_dict(self, name: str) -> tuple[list[str], list[str]]:
        s, (i,) = self.expression(Kind.STR, 1), self.all_of(1, Kind.INT)
        other = self.name_of(Kind.DICT)
        grow = [
            f"{name}[{s}] = {i}", f"{name}.update({other})", f"{name}.setdefault({s}, {i})",
        ]  # fmt: skip
        keep = [
            f"{name}[{s}] += {i}", f"del {name}[{s}]", f"{name}.pop({s})",
            f"{name}.popitem()", f"{name}.clear()",
        ]  # fmt: skip
        return grow, keep

    def _change_stack(self, name: str) -> tuple[list[str], list[str]]:
        v, i = self.expression(Kind.VECTOR, 1), self.expression(Kind.INT, 0)
        grow = [f"{name}.append({v})", f"{name} += [{v}]"]
        keep = [
            f"{name}[{i}] = {v}", f"{name}[0].add_({i})", f"{name}[-1][0] = {i}",
            f"{name}[0] += 1", f"{name}.pop()", f"{name}.reverse()", f"{name}[{i}].zero_()",
        ]  # fmt: skip
        return grow, keep

    def _change_set(self, name: str) -> tuple[list[str], list[str]]:
        i, j = self.all_of(1, Kind.INT, Kind.INT)
        other = self.name_of(Kind.SET)
        grow = [
            f"{name}.add({i})",
            f"{name}.update({other})",
            f"{name} |= {{{i}, {j}}}",
        ]
        keep = [f"{name}.discard({i})", f"{name}.remove({i})", f"{name} -= {other}"]
        return grow, keep

    def slices(self) -> list[str]:
        """Parts of a list that are assigned, deleted, or taken apart."""
        names = self.names(Kind.INTS)
        if not names or self.iterating:
            return self.assign()
        name, other = self.pick(*names), self.expression(Kind.INTS, 1)
        if self.chance(3):
            first, rest = self.target(Kind.INT), self.target(Kind.INTS)
            self.scope |= {first, rest}
            return [f"{first}, *{rest} = {other}"]
        part = self.pick(":1", "1:", "1:2", ":", "-1:", "5:", "::2")
        return [self.pick(f"{name}[{part}] = {other}", f"del {name}[{part}]")]

    def inner(self) -> list[str]:
        """A function inside of the function, which reads its variables."""
        self.inners += 1
        name, target = f"h{self.inners}", self.target(Kind.INT)
        outer, self.scope = self.scope, self.scope | {"i9"}
        made, given = self.expression(Kind.INT), self.expression(Kind.INT, 1)
        self.scope = outer
        if "i9" in given:
            given = "2"
        self.scope.add(target)
        if self.chance(2):
            return [f"{name} = lambda i9: {made}", f"{target} = {name}({given})"]
        return [
            f"def {name}(i9: int) -> int:",
            f"    return {made}",
            f"{target} = {name}({given})",
        ]

    def write(self) -> list[str]:
        """A change of a tensor in place, often through a view."""
        options = [n for k in TENSORS for n in self.names(k)]
        if not options:
            return self.assign()
        name = self.pick(*options)
        i = self.expression(Kind.INT, 1)
        forms = [
            f"{name}.add_({i})", f"{name}.mul_(2)", f"{name}[...] = {i}", f"{name}.zero_()",
        ]  # fmt: skip
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

    def alias(self) -> list[str]:
        """One list with two names, changed by one of them."""
        names = self.names(Kind.INTS) or self.names(Kind.DICT)
        if not names or self.iterating:
            return self.swap()
        old = self.pick(*names)
        new = self.target(Kind(old[0]))
        self.scope.add(new)
        i = self.expression(Kind.INT, 1)
        if new[0] == "d":
            change = self.pick(
                f'{new}["a"] = {i}', f"{old}.clear()", f'{old}["b"] = {i}'
            )
        else:
            change = self.pick(
                f"{new}.append({i})", f"{old} += [{i}]", f"{new}[0] = {i}"
            )
        return [f"{new} = {old}", change]

    def show(self) -> list[str]:
        found = [self.kind() for _ in range(self.count(1, 2))]
        kinds = [Kind.INT if k is Kind.SET else k for k in found]
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
        if len(names) < 2 or kind in OPTIONALS:
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
        """A statement after which control goes elsewhere."""
        options = ["raise"] if self.sealed else ["return", "raise"]
        if self.loops and not self.sealed:
            options += ["break", "continue", "break", "continue"]
        if self.handlers:
            options += ["reraise", "from"]
        match self.pick(*options):
            case "return":
                return [self.give()]
            case "raise":
                return [self._raised()]
            case "reraise":
                return ["raise"]
            case "from":
                cause = self.pick("None", self.handlers[-1] or "None")
                return [f"{self._raised()} from {cause}"]
            case word:
                return [word]

    def _raised(self) -> str:
        message = self.expression(self.pick(Kind.STR, Kind.STR, Kind.INT))
        return f"raise {self.pick(*ERRORS)}({message})"

    def give(self) -> str:
        shown = ", ".join(self.expression(k, 1) for k in self.result)
        return f"return {shown}"
