"""Source text of well-typed expressions over the names in scope."""

from __future__ import annotations

import random

from tests.properties.containers import ContainerExpressions
from tests.properties.kinds import PLAIN, TENSORS, Kind
from tests.properties.tensor_expressions import TensorExpressions

INT_LITERALS = ("0", "1", "2", "3", "-1", "7")
WIDE_INTS = (
    "9223372036854775807", "(-9223372036854775807 - 1)", "4611686018427387904",
    "3037000500", "-2", "63",
)  # fmt: skip
FLOAT_LITERALS = ("0.0", "1.0", "0.5", "-2.0", "3.0")
WIDE_FLOATS = ('float("inf")', 'float("nan")', "-0.0", "1e308", "5e-324", "2.5", "1e16")
STR_LITERALS = ('""', '"a"', '"Bc"', '"x y"', '"7"', '"it\'s"', '"é{}\\n"')


class Expressions(ContainerExpressions, TensorExpressions):
    """Draws expressions; `scope` holds the names that are defined at this place."""

    def __init__(
        self, source: random.Random, scope: set[str], wide: bool = False
    ) -> None:
        super().__init__(source)
        self.scope = scope
        self.wide = wide
        """Whether there are ints near the end of 64 bits and all kinds of floats."""
        self.callables: list[tuple[str, list[Kind], Kind]] = []
        """Functions that may be called: name, parameters, result."""
        self.growing = 0
        """Above 0 where the same expression may run many times."""

    def names(self, kind: Kind) -> list[str]:
        return sorted(n for n in self.scope if n[0] == kind.value)

    def expression(self, kind: Kind, depth: int = 2) -> str:
        """An expression of a kind, at most `depth` operators deep."""
        names = self.names(kind)
        if names and (depth <= 0 or not self.chance(3)):
            return self.pick(*names)
        fitting = [c for c in self.callables if c[2] is kind]
        if depth > 0 and fitting and self.chance(6):
            return self.call(*self.pick(*fitting)[:2], depth)
        if depth > 0 and self.chance(12):
            return (
                f"({self.expression(kind, depth - 1)} if {self.condition(depth - 1)}"
                f" else {self.expression(kind, depth - 1)})"
            )
        return getattr(self, f"_{kind.name.lower()}")(depth)

    def call(self, name: str, params: list[Kind], depth: int) -> str:
        given = [self.expression(k, depth - 1) for k in params]
        return f"{name}({', '.join(given)})"

    def condition(self, depth: int = 1) -> str:
        """What may stand after `if` and `while`."""
        others = [Kind.INT, Kind.STR, Kind.INTS, Kind.VECTOR, Kind.DICT, Kind.FLOAT]
        kind = self.pick(Kind.BOOL, *(k for k in others if self.names(k)))
        if kind is Kind.VECTOR:
            return f"{self.pick(*self.names(kind))}.sum() > {self.pick(*INT_LITERALS)}"
        return self.expression(kind, depth)

    def known(self, *kinds: Kind) -> Kind:
        """One of these kinds, of which there are variables if that can be."""
        return self.pick(*([k for k in kinds if self.names(k)] or kinds))

    def all_of(self, depth: int, *kinds: Kind) -> list[str]:
        return [self.expression(k, depth - 1) for k in kinds]

    def name_of(self, kind: Kind) -> str:
        """A variable of a kind, or a literal where there is none."""
        names = self.names(kind)
        if names:
            return self.pick(*names)
        return self.expression(kind, 0)

    # numbers ------------------------------------------------------------------------

    def int_literal(self) -> str:
        return self.pick(*(WIDE_INTS if self.wide and self.chance(3) else INT_LITERALS))

    def float_literal(self) -> str:
        wide = self.wide and self.chance(3)
        return self.pick(*(WIDE_FLOATS if wide else FLOAT_LITERALS))

    def _int(self, depth: int) -> str:
        if depth <= 0:
            return self.int_literal()
        if self.chance(3):
            a, b = self.all_of(depth, Kind.INT, Kind.INT)
            if self.growing:
                b = self.int_literal()
            return f"({a} {self.pick('+', '-', '*', '//', '%')} {b})"
        form = self.pick(
            "literal", "bits", "unary", "len", "[]", "ints",
            "str", "float", "bool", "pair", "maybe", "tensor", "power", "size", "dict",
            "rows", "set",
        )  # fmt: skip
        if form == "literal":
            return self.int_literal()
        if form == "[]":
            return f"{self.name_of(Kind.INTS)}[{self.expression(Kind.INT, depth - 1)}]"
        (i,) = self.all_of(depth, Kind.INT)
        return {
            "bits": lambda: self.pick(
                f"({i} & 6)", f"({i} | 5)", f"({i} ^ 3)", f"({i} >> 1)", f"(1 << {i})"
            ),
            "unary": lambda: self.pick(f"(-{i})", f"abs({i})", f"(~{i})"),
            "len": lambda: f"len({self.expression(self.pick(Kind.INTS, Kind.STR), 0)})",
            "ints": lambda: self._int_of_ints(i),
            "str": lambda: self.pick(
                "int({0})", '{0}.find("a")', "ord({0})", '{0}.count("b")',
                '{0}.rfind("a", 1)', '{0}.index("a")',
            ).format(self.expression(Kind.STR, depth - 1)),
            "float": lambda: (
                self.pick("int({})", "round({})", "math.floor({})", "math.ceil({})")
            ).format(self.expression(Kind.FLOAT, depth - 1)),
            "bool": lambda: f"int({self.expression(Kind.BOOL, depth - 1)})",
            "pair": lambda: f"{self.name_of(Kind.PAIR)}[0]",
            "maybe": lambda: self._unwrapped(Kind.MAYBE, i),
            "tensor": lambda: self._int_of_tensor(i),
            "power": lambda: self.pick(
                f"max({i}, 2)", f"min({i}, 3)", f"({i} % 5)", f"({i} ** 2)",
                f"divmod({i}, 3)[1]", f"math.gcd({i}, 6)", f"(2 ** ({i} % 9))",
            ),
            "size": lambda: self._size(),
            "dict": lambda: self._int_of_dict(depth, i),
            "rows": lambda: self.pick(
                "len({0})", "{0}[0][0]", "len({0}[-1])", "sum([len(j) for j in {0}])",
            ).format(self.name_of(Kind.ROWS)),
            "set": lambda: self.pick("len({})", "len({})", "max({})", "min({})").replace(
                "{}", self.name_of(Kind.SET)
            ),
        }[form]()  # fmt: skip

    def _int_of_ints(self, i: str) -> str:
        ints = self.name_of(Kind.INTS)
        return self.pick(
            f"sum({ints})", f"max({ints})", f"min({ints})", f"{ints}.pop()",
            f"{ints}.index({i})", f"{ints}.count({i})", f"{ints}.pop(0)",
            f"len([j for j in {ints} if j > 0])", f"sum([j * 2 for j in {ints}])",
        )  # fmt: skip

    def _int_of_dict(self, depth: int, i: str) -> str:
        table, key = self.name_of(Kind.DICT), self.expression(Kind.STR, depth - 1)
        return self.pick(
            f"{table}[{key}]", f"{table}.get({key}, {i})", f"len({table})",
            f"sum({table}.values())", f"{table}.pop({key}, {i})", f"{table}.pop({key})",
            f"max({table}.values())", f"{table}.setdefault({key}, {i})",
        )  # fmt: skip

    def _int_of_tensor(self, otherwise: str) -> str:
        if self.wide:
            return otherwise  # sums of what is not exact have any order
        return f"int({self.expression(Kind.WHOLE, 1)}.sum())"

    def _unwrapped(self, kind: Kind, otherwise: str) -> str:
        names = self.names(kind)
        if not names:
            return otherwise
        name = self.pick(*names)
        return self.pick(
            f"({name} if {name} is not None else {otherwise})",
            f"({name} or {otherwise})",
        )

    def _size(self) -> str:
        names = [n for k in TENSORS for n in self.names(k)]
        if not names:
            return self.pick(*INT_LITERALS)
        return self.pick("{0}.numel()", "{0}.dim()").format(self.pick(*names))

    def _float(self, depth: int) -> str:
        if depth <= 0:
            return self.float_literal()
        form = self.pick(
            "literal", "binary", "binary", "int", "pair", "unary", "tensor", "str"
        )
        if form == "literal":
            return self.float_literal()
        if form == "binary":
            a, b = self.all_of(depth, Kind.FLOAT, self.pick(Kind.FLOAT, Kind.INT))
            return f"({a} {self.pick('+', '-', '*', '/', '//', '%')} {b})"
        if form == "int":
            (i,) = self.all_of(depth, Kind.INT)
            return self.pick(f"float({i})", f"({i} / 2)", f"({i} + 0.5)")
        if form == "pair":
            return f"{self.name_of(Kind.PAIR)}[1]"
        if form == "str":
            return f"float({self.expression(Kind.STR, depth - 1)})"
        if form == "unary":
            (f,) = self.all_of(depth, Kind.FLOAT)
            return self.pick(
                f"(-{f})", f"abs({f})", f"max({f}, 0.5)", f"min(1.0, {f})",
                f"math.sqrt({f})", f"round({f}, 1)", f"math.copysign({f}, -1.0)",
                f"max({f}, {self.expression(Kind.FLOAT, 0)})",
            )  # fmt: skip
        if self.wide:
            return self.float_literal()
        return f"float({self.expression(Kind.VECTOR, 1)}.sum())"

    def _bool(self, depth: int) -> str:
        if depth <= 0:
            return self.pick("True", "False")
        form = self.pick(
            "literal", "number", "number", "not", "and", "in", "chain", "none",
            "tensor", "equal", "bool", "any", "test",
        )  # fmt: skip
        compare = self.pick("<", "<=", "==", "!=", ">", ">=")
        if form == "literal":
            return self.pick("True", "False")
        if form == "number":
            kind = self.known(Kind.INT, Kind.FLOAT, Kind.STR)
            a, b = self.all_of(depth, kind, kind)
            return f"({a} {compare} {b})"
        if form == "not":
            return f"(not {self.condition(depth - 1)})"
        if form == "and":
            a, b = self.all_of(depth, Kind.BOOL, Kind.BOOL)
            return f"({a} {self.pick('and', 'or')} {b})"
        if form == "in":
            items = {
                Kind.INTS: Kind.INT, Kind.STR: Kind.STR, Kind.WORDS: Kind.STR,
                Kind.DICT: Kind.STR, Kind.ROWS: Kind.INTS, Kind.SET: Kind.INT,
            }  # fmt: skip
            right = self.known(*items)
            left = items[right]
            a, b = self.all_of(depth, left, right)
            return f"({a} {self.pick('in', 'not in')} {b})"
        if form == "chain":
            a, b, c = self.all_of(depth, Kind.INT, Kind.INT, Kind.INT)
            return f"({a} {compare} {b} < {c})"
        if form == "none":
            names = self.names(Kind.MAYBE) + self.names(Kind.NOTE)
            if names:
                return f"({self.pick(*names)} is {self.pick('None', 'not None')})"
        if form == "tensor" and not self.wide:
            (v,) = self.all_of(depth, Kind.VECTOR)
            return f"bool(({v} {compare} 1).{self.pick('any', 'all')}())"
        if form == "equal":
            kind = self.known(
                Kind.INTS,
                Kind.ROWS,
                Kind.WORDS,
                Kind.DICT,
                Kind.PAIR,
                Kind.NOTE,
                Kind.SET,
            )
            a, b = self.all_of(depth, kind, kind)
            if kind is Kind.SET:
                compare = self.pick("<=", "<", "==", "!=")
                return f"({a} {compare} {b})"
            return f"({a} {self.pick('==', '!=')} {b})"
        if form == "any":
            (ints,) = self.all_of(depth, Kind.INTS)
            number = self.pick(*INT_LITERALS)
            return f"{self.pick('any', 'all')}([j {compare} {number} for j in {ints}])"
        if form == "test":
            return self.pick(
                "{}.isdigit()", '{}.startswith("a")', "{}.isupper()", '{}.endswith("")'
            ).format(self.expression(Kind.STR, depth - 1))
        kind = self.known(Kind.INT, Kind.STR, Kind.FLOAT, Kind.INTS, Kind.DICT)
        return f"bool({self.expression(kind, depth - 1)})"

    # strings ------------------------------------------------------------------------

    def _str(self, depth: int) -> str:
        if depth <= 0:
            return self.pick(*STR_LITERALS)
        form = self.pick(
            "literal", "f", "f", "add", "method", "[]", "slice", "str", "join", "words",
            "note", "%", "times",
        )  # fmt: skip
        if form == "literal":
            return self.pick(*STR_LITERALS)
        if form == "f":
            return self._formatted()
        if form == "str":
            kind = self.known(Kind.INT, Kind.FLOAT, Kind.BOOL)
            made = self.expression(kind, depth - 1)
            return self.pick(f"str({made})", f"repr({made})")
        if form == "words":
            words, (i,) = self.name_of(Kind.WORDS), self.all_of(depth, Kind.INT)
            return self.pick(
                f"{words}[{i}]", f'" ".join({words})[:9]', f"{words}.pop()",
                f"max({words})",
            )  # fmt: skip
        (s,) = self.all_of(depth, Kind.STR)
        if form == "add":
            (more,) = self.all_of(depth, Kind.STR)
            return f"({s} + {more})[-9:]" if self.growing else f"({s} + {more})"
        if form == "method":
            return s + self.pick(
                ".upper()", ".strip()", '.replace("a", "bb")[:9]', ".title()",
                ".lower()", ".zfill(3)", ".center(4)", ".swapcase()", ".ljust(3)",
                '.partition("a")[2]', '.strip("a")', ".capitalize()", '.rjust(3, "*")',
            )  # fmt: skip
        if form == "join":
            return f'"+".join({s}.split({self.pick("", self._separator())}))[:9]'
        if form == "note":
            return self._unwrapped(Kind.NOTE, s)
        (i,) = self.all_of(depth, Kind.INT)
        if form == "%":
            return f'("%03d" % {i})' if self.growing else f'("%d/%s" % ({i}, {s}))'
        if form == "times":
            return f"({s}[:3] * ({i} % 3))"
        if form == "[]":
            return f"{s}[{i}]"
        return f"{s}[{self.pick('1:', ':2', f'{i}:', '::-1', f':{i}', '::2')}]"

    def _formatted(self) -> str:
        kinds = [k for k in PLAIN if self.names(k) and k is not Kind.SET] or [
            Kind.INT,
            Kind.STR,
        ]
        shown = []
        for name in [self.name_of(self.pick(*kinds)) for _ in range(2)]:
            if '"' in name or "{" in name or "\\" in name:
                continue
            specs = {
                "i": ("", ":>4", ":03d", ":x", "!r"),
                "f": ("", ":.2f", ":8.1f", ":g", "!r", ":e"),
                "s": ("", "!r", ":>3", ":*^5", "!s"),
            }
            is_name = name[0] in specs and name[1:].isdigit()
            spec = self.pick(*specs[name[0]]) if is_name else ""
            shown.append(f"{{{name}{spec}}}")
        made = f'f"{"-".join(shown)}."'
        return f"{made}[:12]" if self.growing else made

    def _separator(self) -> str:
        return self.pick('"a"', '" "')
