"""Source text of well-typed expressions over the names in scope.

A name tells its type by its first letter, as in `Kind`. Tensors hold small integers and
halves, so that results are exact.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from hypothesis import strategies as st


class Kind(Enum):
    """The types of variables; the value is the first letter of their names."""

    INT = "i"
    FLOAT = "f"
    BOOL = "b"
    STR = "s"
    INTS = "l"
    PAIR = "p"
    MAYBE = "o"
    VECTOR = "v"
    MATRIX = "m"
    WHOLE = "w"
    TENSOR = "t"

    @property
    def annotation(self) -> str:
        return _ANNOTATIONS[self]

    @property
    def is_tensor(self) -> bool:
        return self in TENSORS


_ANNOTATIONS = {
    Kind.INT: "int",
    Kind.FLOAT: "float",
    Kind.BOOL: "bool",
    Kind.STR: "str",
    Kind.INTS: "List[int]",
    Kind.PAIR: "Tuple[int, float]",
    Kind.MAYBE: "Optional[int]",
    Kind.VECTOR: "Tensor",  # float32, one size for all
    Kind.MATRIX: "Tensor",  # float32, as many columns as vectors are long
    Kind.WHOLE: "Tensor",  # int64, as long as vectors
    Kind.TENSOR: "Tensor",  # floats of any shape
}
TENSORS = (Kind.VECTOR, Kind.MATRIX, Kind.WHOLE, Kind.TENSOR)
SCALARS = (Kind.INT, Kind.FLOAT, Kind.BOOL, Kind.STR)

INT_LITERALS = ("0", "1", "2", "3", "-1", "7")
FLOAT_LITERALS = ("0.0", "1.0", "0.5", "-2.0", "3.0")
STR_LITERALS = ('""', '"a"', '"Bc"', '"x y"', '"7"', '"it\'s"', '"é{}\\n"')


class Expressions:
    """Draws expressions; `scope` holds the names that are defined at this place."""

    def __init__(self, draw: st.DrawFn, scope: set[str]) -> None:
        self.draw = draw
        self.scope = scope
        self.callables: list[tuple[str, list[Kind], Kind]] = []
        """Functions that may be called: name, parameters, result."""
        self.growing = 0
        """Above 0 where the same expression may run many times."""

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(0, one_in - 1)) == one_in - 1

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
        return f"{name}({', '.join(self.expression(k, depth - 1) for k in params)})"

    def condition(self, depth: int = 1) -> str:
        """What may stand after `if` and `while`."""
        options = [Kind.BOOL, Kind.BOOL, Kind.BOOL, Kind.INT, Kind.STR, Kind.INTS]
        if self.names(Kind.VECTOR):
            options.append(Kind.VECTOR)
        kind = self.pick(*options)
        if kind is Kind.VECTOR:
            return (
                f"{self.pick(*self.names(kind))}.sum() > {self._literal(INT_LITERALS)}"
            )
        return self.expression(kind, depth)

    def _literal(self, literals: tuple[str, ...]) -> str:
        return self.pick(*literals)

    def _all(self, depth: int, *kinds: Kind) -> list[str]:
        return [self.expression(k, depth - 1) for k in kinds]

    # scalars ------------------------------------------------------------------------

    def _int(self, depth: int) -> str:
        if depth <= 0:
            return self._literal(INT_LITERALS)
        form = self.pick(
            "literal", "+", "-", "*", "//", "%", "bits", "unary", "len", "[]", "ints",
            "str", "float", "bool", "pair", "maybe", "tensor", "power", "size",
        )  # fmt: skip
        if form == "literal":
            return self._literal(INT_LITERALS)
        if form in ("+", "-", "//", "%", "*"):
            a, b = self._all(depth, Kind.INT, Kind.INT)
            if form == "*" and self.growing:
                b = self._literal(INT_LITERALS)
            return f"({a} {form} {b})"
        if form == "[]":
            return f"{self._name(Kind.INTS)}[{self.expression(Kind.INT, depth - 1)}]"
        (i,) = self._all(depth, Kind.INT)
        return {
            "bits": lambda: self.pick(
                f"({i} & 6)", f"({i} | 5)", f"({i} ^ 3)", f"({i} >> 1)", f"(1 << {i})"
            ),
            "unary": lambda: self.pick(f"(-{i})", f"abs({i})", f"(~{i})"),
            "len": lambda: f"len({self.expression(self.pick(Kind.INTS, Kind.STR), 0)})",
            "ints": lambda: self.pick(
                "sum({0})",
                "max({0})",
                "min({0})",
                "{0}.pop()",
                f"{{0}}.index({i})",
                f"{{0}}.count({i})",
                "{0}.pop(0)",
            ).format(self._name(Kind.INTS)),
            "str": lambda: self.pick(
                "int({0})", '{0}.find("a")', "ord({0})", '{0}.count("b")'
            ).format(self.expression(Kind.STR, depth - 1)),
            "float": lambda: (
                f"{self.pick('int', 'round')}({self.expression(Kind.FLOAT, depth - 1)})"
            ),
            "bool": lambda: f"int({self.expression(Kind.BOOL, depth - 1)})",
            "pair": lambda: f"{self._name(Kind.PAIR)}[0]",
            "maybe": lambda: self._unwrapped(i),
            "tensor": lambda: f"int({self.expression(Kind.WHOLE, 1)}.sum())",
            "power": lambda: self.pick(f"max({i}, 2)", f"min({i}, 3)", f"({i} % 5)"),
            "size": lambda: self._size(),
        }[form]()

    def _unwrapped(self, otherwise: str) -> str:
        names = self.names(Kind.MAYBE)
        if not names:
            return otherwise
        name = self.pick(*names)
        return f"({name} if {name} is not None else {otherwise})"

    def _size(self) -> str:
        names = [n for k in TENSORS for n in self.names(k)]
        if not names:
            return self._literal(INT_LITERALS)
        return self.pick("{0}.numel()", "{0}.dim()").format(self.pick(*names))

    def _name(self, kind: Kind) -> str:
        """A variable of a kind, or a literal where there is none."""
        names = self.names(kind)
        if names:
            return self.pick(*names)
        return self.expression(kind, 0)

    def _float(self, depth: int) -> str:
        if depth <= 0:
            return self._literal(FLOAT_LITERALS)
        form = self.pick(
            "literal", "binary", "binary", "int", "pair", "unary", "tensor"
        )
        if form == "literal":
            return self._literal(FLOAT_LITERALS)
        if form == "binary":
            a, b = self._all(depth, Kind.FLOAT, self.pick(Kind.FLOAT, Kind.INT))
            return f"({a} {self.pick('+', '-', '*', '/', '//', '%')} {b})"
        if form == "int":
            (i,) = self._all(depth, Kind.INT)
            return self.pick(f"float({i})", f"({i} / 2)", f"({i} + 0.5)")
        if form == "pair":
            return f"{self._name(Kind.PAIR)}[1]"
        if form == "unary":
            (f,) = self._all(depth, Kind.FLOAT)
            return self.pick(f"(-{f})", f"abs({f})", f"max({f}, 0.5)", f"min(1.0, {f})")
        return f"float({self.expression(Kind.VECTOR, 1)}.sum())"

    def _bool(self, depth: int) -> str:
        if depth <= 0:
            return self.pick("True", "False")
        form = self.pick(
            "literal", "int", "float", "not", "and", "str", "in", "chain", "maybe",
            "tensor", "ints", "bool",
        )  # fmt: skip
        compare = self.pick("<", "<=", "==", "!=", ">", ">=")
        if form == "literal":
            return self.pick("True", "False")
        if form in ("int", "float", "str"):
            kind = {"int": Kind.INT, "float": Kind.FLOAT, "str": Kind.STR}[form]
            a, b = self._all(depth, kind, kind)
            return f"({a} {compare} {b})"
        if form == "not":
            return f"(not {self.condition(depth - 1)})"
        if form == "and":
            a, b = self._all(depth, Kind.BOOL, Kind.BOOL)
            return f"({a} {self.pick('and', 'or')} {b})"
        if form == "in":
            if self.chance(2):
                a, b = self._all(depth, Kind.INT, Kind.INTS)
            else:
                a, b = self._all(depth, Kind.STR, Kind.STR)
            return f"({a} {self.pick('in', 'not in')} {b})"
        if form == "chain":
            a, b, c = self._all(depth, Kind.INT, Kind.INT, Kind.INT)
            return f"({a} {compare} {b} < {c})"
        if form == "maybe" and self.names(Kind.MAYBE):
            name = self.pick(*self.names(Kind.MAYBE))
            return f"({name} is {self.pick('None', 'not None')})"
        if form == "tensor":
            (v,) = self._all(depth, Kind.VECTOR)
            return f"bool(({v} {compare} 1).{self.pick('any', 'all')}())"
        if form == "ints":
            a, b = self._all(depth, Kind.INTS, Kind.INTS)
            return f"({a} {self.pick('==', '!=')} {b})"
        kind = self.pick(Kind.INT, Kind.STR, Kind.FLOAT, Kind.INTS)
        return f"bool({self.expression(kind, depth - 1)})"

    def _str(self, depth: int) -> str:
        if depth <= 0:
            return self._literal(STR_LITERALS)
        form = self.pick("literal", "f", "add", "method", "[]", "slice", "str", "join")
        if form == "literal":
            return self._literal(STR_LITERALS)
        if form == "f":
            parts = [self.pick("i", "f", "b", "s", "l", "p", "o") for _ in range(2)]
            shown = [self._name(Kind(p)) for p in parts]
            inside = "-".join("{" + n + "}" for n in shown if '"' not in n)
            return f'f"{inside}."'
        if form == "str":
            kind = self.pick(Kind.INT, Kind.FLOAT, Kind.BOOL)
            return f"str({self.expression(kind, depth - 1)})"
        (s,) = self._all(depth, Kind.STR)
        if form == "add":
            (more,) = self._all(depth, Kind.STR)
            return f"({s} + {more})[-9:]" if self.growing else f"({s} + {more})"
        if form == "method":
            return s + self.pick(
                ".upper()", ".strip()", '.replace("a", "bb")[:9]', ".title()",
                ".lower()", ".zfill(3)", ".center(4)",
            )  # fmt: skip
        if form == "join":
            return f'"+".join({s}.split({self.pick("", self._separator())}))'
        (i,) = self._all(depth, Kind.INT)
        return f"{s}[{i}]" if form == "[]" else f"{s}[{self.pick('1:', ':2', f'{i}:')}]"

    def _separator(self) -> str:
        return self.pick('"a"', '" "')

    # containers ---------------------------------------------------------------------

    def _ints(self, depth: int) -> str:
        if depth <= 0:
            return self.pick("[1]", "[3, 1, 2]", "[0, 5]")
        form = self.pick("literal", "slice", "add", "comprehension", "range", "sorted")
        if form == "literal":
            count = self.draw(st.integers(1, 3))
            return f"[{', '.join(self._all(depth, *[Kind.INT] * count))}]"
        if form == "range":
            return f"list(range({self.pick('3', '4, 0, -2', '1, 3')}))"
        (ints,) = self._all(depth, Kind.INTS)
        if form == "slice":
            (i,) = self._all(depth, Kind.INT)
            return f"{ints}[{self.pick('1:', ':-1', '::-1', '::2', f'{i}:', f':{i}')}]"
        if form == "add":
            (i,) = self._all(depth, Kind.INT)
            return f"({ints} + [{i}])"
        if form == "sorted":
            return f"sorted({ints})"
        return f"[j + {self.pick(*INT_LITERALS)} for j in {ints}]"

    def _pair(self, depth: int) -> str:
        i, f = self._all(depth, Kind.INT, Kind.FLOAT)
        return f"({i}, {f})"

    def _maybe(self, depth: int) -> str:
        return self.pick("None", *self._all(depth, Kind.INT))

    # tensors ------------------------------------------------------------------------

    def _vector(self, depth: int) -> str:
        matrices, vectors = self.names(Kind.MATRIX), self.names(Kind.VECTOR)
        if depth <= 0 or not (matrices or vectors):
            return self.base(Kind.VECTOR)
        form = self.pick("binary", "scalar", "unary", "row", "where", "sum", "view")
        if form == "binary":
            other = self.pick(Kind.VECTOR, Kind.WHOLE)
            return self._binary(*self._all(depth, Kind.VECTOR, other))
        if form in ("row", "sum") and matrices:
            m = self.pick(*matrices)
            if form == "sum":
                return self.pick(f"{m}.sum(0)", f"torch.sum({m}, dim=0)")
            return self.pick(f"{m}[0]", f"{m}[-1]", f"{m}.select(0, 0)")
        return self._any_shape(form, Kind.VECTOR, depth)

    def _matrix(self, depth: int) -> str:
        if depth <= 0 or not self.names(Kind.MATRIX):
            return self.base(Kind.MATRIX)
        form = self.pick("binary", "scalar", "unary", "twice", "where", "view")
        if form == "binary":
            other = self.pick(Kind.MATRIX, Kind.VECTOR, Kind.WHOLE)
            if other is Kind.MATRIX:
                m = self.pick(*self.names(Kind.MATRIX))
                return self._binary(m, self._rows_of(m, depth))
            return self._binary(*self._all(depth, Kind.MATRIX, other))
        if form == "twice":
            m = self.pick(*self.names(Kind.MATRIX))
            return self.pick(f"{m}.t().t()", f"{m}.transpose(0, 1).t()", f"{m}.flip(0)")
        return self._any_shape(form, Kind.MATRIX, depth)

    def _rows_of(self, name: str, depth: int) -> str:
        """A matrix with as many rows as another one."""
        return self.pick(f"{name}", f"({name} * 2)", f"{name}[:1]")

    def _whole(self, depth: int) -> str:
        if depth <= 0 or not self.names(Kind.WHOLE):
            return self.base(Kind.WHOLE)
        form = self.pick("binary", "scalar", "unary", "where", "view", "compare")
        if form == "binary":
            return self._binary(*self._all(depth, Kind.WHOLE, Kind.WHOLE))
        if form == "scalar":
            (w,) = self._all(depth, Kind.WHOLE)
            return f"({w} {self.pick('+', '-', '*')} {self.expression(Kind.INT, 0)})"
        if form == "compare":
            a, b = self._all(depth, Kind.WHOLE, Kind.VECTOR)
            return f"({a} {self.pick('<', '==', '>=')} {b}).to(torch.int64)"
        return self._any_shape(form, Kind.WHOLE, depth)

    def _tensor(self, depth: int) -> str:
        if depth <= 0 or not self.names(Kind.TENSOR):
            kind = self.pick(Kind.VECTOR, Kind.MATRIX)
            names = self.names(kind)
            return self.pick(*names) if names else self.base(kind)
        if self.chance(2):
            return self.joined()
        form = self.pick("scalar", "unary", "where", "view")
        return self._any_shape(form, Kind.TENSOR, depth)

    def joined(self) -> str:
        """Tensors of new shapes."""
        v = self.expression(Kind.VECTOR, 1)
        names = self.names(Kind.MATRIX)
        if not names or self.chance(2):
            return self.pick(
                f"torch.cat([{v}, {v}])", f"({v} @ {v})", f"{v}[:-1]", f"{v}[1:]",
                f"torch.stack([{v}, {v}])", f"{v}.unsqueeze(0)", f"{v}.sum()", f"{v}[0]",
                f"{v}[::2]", f"{v}.reshape(-1, 1)",
            )  # fmt: skip
        m = self.pick(*names)
        return self.pick(
            f"({m} @ {v})", f"{m}.t()", f"{m}.reshape(-1)", f"({m}.t() @ {m})",
            f"{m}[:, 0]", f"{m}[:, :1]", f"{m}.sum(1)", f"{m}.sum(1, keepdim=True)",
            f"torch.cat([{m}, {m}], 1)", f"{m}.max()", f"{m}[0, 0]", f"{m}[None]",
            f"{m}.view({m}.shape[1], {m}.size(0))", f"{m}[{m} > 1]",
        )  # fmt: skip

    def _any_shape(self, form: str, kind: Kind, depth: int) -> str:
        (x,) = self._all(depth, kind)
        if form == "where":
            c = self.pick(f"({x} > 0)", f"({x} == {x})")
            return f"torch.where({c}, {x}, {self.pick(x, f'-{x}')})"
        if form == "view":
            return f"{x}[{self.pick(':', '...')}]"
        if form == "scalar" and kind is not Kind.WHOLE:
            number = self.expression(self.pick(Kind.INT, Kind.FLOAT), 0)
            op = self.pick("+", "-", "*")
            return self.pick(f"({x} {op} {number})", f"({number} {op} {x})")
        return self.pick(
            f"(-{x})",
            f"{x}.abs()",
            f"torch.relu({x})",
            f"{x}.clone()",
            f"{x}.clamp(0, 2)",
        )

    def _binary(self, a: str, b: str) -> str:
        return self.pick(
            f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"torch.maximum({a}, {b})",
            f"torch.add({a}, {b}, alpha=2)",
        )  # fmt: skip

    def base(self, kind: Kind) -> str:
        """A tensor where nothing deeper is wanted."""
        names = self.names(kind)
        if names:
            return self.pick(*names)
        return {
            Kind.VECTOR: "torch.ones(3)",
            Kind.MATRIX: "torch.ones(2, 3)",
            Kind.WHOLE: "torch.arange(3)",
        }[kind]
