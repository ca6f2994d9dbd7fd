"""Source text of expressions that give lists, dicts, tuples and optional values."""

from __future__ import annotations

from tests.properties.kinds import Choices, Kind


class ContainerExpressions(Choices):
    """Draws containers; `names`, `expression` and `all_of` are those of `Expressions`."""

    def _ints(self, depth: int) -> str:
        if depth <= 0:
            return self.pick("[1]", "[3, 1, 2]", "[0, 5]")
        form = self.pick(
            "literal", "slice", "add", "comprehension", "range", "sorted", "row", "of",
        )  # fmt: skip
        if form == "literal":
            count = self.count(1, 3)
            return f"[{', '.join(self.all_of(depth, *[Kind.INT] * count))}]"
        if form == "range":
            return f"list(range({self.pick('3', '4, 0, -2', '1, 3')}))"
        if form == "row" and self.names(Kind.ROWS):
            return f"{self.pick(*self.names(Kind.ROWS))}[{self.pick('0', '-1', '1')}]"
        if form == "of":
            return self._ints_of(depth)
        (ints,) = self.all_of(depth, Kind.INTS)
        if form == "slice":
            (i,) = self.all_of(depth, Kind.INT)
            return f"{ints}[{self.pick('1:', ':-1', '::-1', '::2', f'{i}:', f':{i}')}]"
        if form == "add":
            (i,) = self.all_of(depth, Kind.INT)
            return self.pick(f"({ints} + [{i}])", f"([{i}] * 2)", f"{ints}.copy()")
        if form == "sorted":
            return self.pick(
                f"sorted({ints})", f"sorted({ints}, reverse=True)",
                f"list(reversed({ints}))", f"sorted({ints}, key=lambda j: -j)",
                f"sorted({ints}, key=lambda j: j % 3)",
                f"list(map(lambda j: j + 1, {ints}))",
                f"list(filter(lambda j: j > 0, {ints}))",
                f"sorted({self.name_of(Kind.SET)})",
            )  # fmt: skip
        return self._comprehension(ints)

    def _comprehension(self, ints: str) -> str:
        number = self._literal()
        return self.pick(
            f"[j + {number} for j in {ints}]",
            f"[j for j in {ints} if j {self.pick('>', '!=', '<=')} {number}]",
            f"[j * h for j in range(3) for h in {ints} if h < 3]",
            f"[j - h for j, h in zip({ints}, range(2))]",
            f"[h for j, h in enumerate({ints}) if j > 0]",
            f"[1 if j > 0 else {number} for j in {ints}]",
        )

    def _literal(self) -> str:
        return self.pick("0", "1", "2", "-1")

    def _ints_of(self, depth: int) -> str:
        """Ints out of other containers."""
        words = self.name_of(Kind.WORDS)
        table = self.name_of(Kind.DICT)
        (s,) = self.all_of(depth, Kind.STR)
        return self.pick(
            f"[len(j) for j in {words}]", f"list({table}.values())",
            f"[{table}[j] for j in {table} if j != {s}]", f"[ord(j) for j in {s}]",
            f"[h for _, h in {table}.items()]",
        )  # fmt: skip

    def _rows(self, depth: int) -> str:
        names = self.names(Kind.ROWS)
        if depth <= 0 or not names or self.chance(2):
            count = self.count(1, 2)
            return f"[{', '.join(self.all_of(depth, *[Kind.INTS] * count))}]"
        r, (i,) = self.pick(*names), self.all_of(depth, Kind.INT)
        return self.pick(
            f"{r}[1:]", f"{r}[::-1]", f"({r} + [[{i}]])", f"[[j, {i}] for j in range(2)]",
            f"[j + [1] for j in {r}]", f"[j for j in {r} if len(j) > 1]", f"sorted({r})",
            f"[[h * 2 for h in j] for j in {r}]",
        )  # fmt: skip

    def _words(self, depth: int) -> str:
        if depth <= 0:
            return self.pick('["a"]', '["b c", ""]', '["x", "a", "b"]')
        s, t = self.all_of(depth, Kind.STR, Kind.STR)
        words, table = self.name_of(Kind.WORDS), self.name_of(Kind.DICT)
        (i,) = self.all_of(depth, Kind.INT)
        return self.pick(
            f"[{s}, {t}]", f"{s}.split()", f"{s}.split(\"a\")", f"list({s})",
            f"sorted({words})", f"[j.upper() for j in {words} if j]", f"{words}[{i}:]",
            f"({words} + [{s}])", f"list({table}.keys())", f"[j for j in {table}]",
            f"[j + {s} for j in {words}]", f"{s}.rsplit(\" \", 1)", f"sorted({table})",
            f"[f\"{{j}}{{h}}\" for j, h in zip({words}, range(3))]", f"{words}[::-1]",
        )  # fmt: skip

    def _dict(self, depth: int) -> str:
        if depth <= 0:
            return self.pick('{"a": 1}', '{"b": 2, "": 0}')
        names = self.names(Kind.DICT)
        s, t = self.all_of(depth, Kind.STR, Kind.STR)
        i, j = self.all_of(depth, Kind.INT, Kind.INT)
        words = self.name_of(Kind.WORDS)
        if not names or self.chance(3):
            return self.pick(
                f"{{{s}: {i}}}", f"{{{s}: {i}, {t}: {j}}}",
                f"{{j: len(j) for j in {words}}}",
                f"{{str(j): j for j in {self.name_of(Kind.INTS)}}}",
                f"{{j: {i} for j in {s}}}",
            )  # fmt: skip
        d = self.pick(*names)
        return self.pick(
            f"{d}.copy()", f"dict({d})", f"{{j: h for j, h in {d}.items() if h > 0}}",
            f"{{j: h + 1 for j, h in {d}.items()}}", f"({d} | {{{s}: {i}}})",
        )  # fmt: skip

    def _set(self, depth: int) -> str:
        if depth <= 0:
            return self.pick("{1}", "{0, 2, 3}")
        names = self.names(Kind.SET)
        i, j = self.all_of(depth, Kind.INT, Kind.INT)
        ints = self.name_of(Kind.INTS)
        if not names or self.chance(3):
            return self.pick(
                f"{{{i}, {j}}}", f"set({ints})", f"{{j % 3 for j in {ints}}}",
                f"{{len(j) for j in {self.name_of(Kind.WORDS)}}}",
            )  # fmt: skip
        c = self.pick(*names)
        sign = self.pick("|", "&", "-", "^")
        return self.pick(
            f"{c}.copy()", f"({c} {sign} {{{i}}})", f"({c} {sign} {self.pick(*names)})",
            f"{c}.union({ints})", f"{{j for j in {c} if j > 0}}",
        )  # fmt: skip

    def _pair(self, depth: int) -> str:
        i, f = self.all_of(depth, Kind.INT, Kind.FLOAT)
        return f"({i}, {f})"

    def _maybe(self, depth: int) -> str:
        return self.pick("None", *self.all_of(depth, Kind.INT))

    def _note(self, depth: int) -> str:
        return self.pick("None", *self.all_of(depth, Kind.STR))
