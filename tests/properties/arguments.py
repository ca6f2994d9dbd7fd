"""Source text of values, and of functions that make the arguments of a call."""

from __future__ import annotations

from tests.properties.kinds import Choices, Kind

EDGES = (
    "9223372036854775807", "-9223372036854775808", "4611686018427387904", "4294967296",
    "-1", "0", "2", "-3",
)  # fmt: skip
FLOATS = (
    "0.0",
    "-0.0",
    'float("inf")',
    'float("-inf")',
    'float("nan")',
    "1e308",
    "0.1",
)
WORDS = ("", "a", "4", "ab cd", "Éa'\"", " 7\n", "aXb")


def numbered(kinds: list[Kind]) -> list[tuple[int, Kind]]:
    """Each kind with how many of it came before: the parameters `i0, i1, v0`."""
    return [(kinds[:place].count(kind), kind) for place, kind in enumerate(kinds)]


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def arguments(
    choose: Choices, number: int, params: list[Kind], annotated: bool, wide: bool
) -> str:
    """A function that makes the arguments of one call, some of them aliases."""
    rows, columns = choose.count(1, 3), choose.count(1, 3)
    lines: list[str] = []
    for i, kind in numbered(params):
        values = [value(choose, kind, rows, columns, wide)]
        if (
            values[0] in ("[]", "{}", "[[]]", "[[], []]", "set()", "set([])")
            and not annotated
        ):
            values = [FILLED[kind]]  # what is empty tells no type
        if kind.is_tensor:
            values += [f"{kind.value}{j}" for j in range(i)]
            if kind is Kind.VECTOR:
                values += [f"m{j}[0]" for j in range(5) if f"m{j} " in " ".join(lines)]
        lines.append(f"{kind.value}{i} = {choose.pick(*values)}")
    names = [f"{k.value}{i}" for i, k in numbered(params)]
    return "\n".join(
        [
            f"def arguments_{number}():",
            *indented([*lines, f"return ({', '.join(names)},)"]),
            "",
        ]
    )


FILLED = {
    Kind.INTS: "[2]",
    Kind.ROWS: "[[2]]",
    Kind.WORDS: '["a"]',
    Kind.DICT: '{"a": 1}',
    Kind.SET: "{1}",
    Kind.STACK: "[torch.ones(2)]",
}


def value(
    choose: Choices, kind: Kind, rows: int, columns: int, wide: bool = False
) -> str:
    """Source of a value of a kind."""

    def whole() -> int:
        return choose.count(-2, 4)

    def row() -> list[int]:
        return [whole() for _ in range(columns)]

    def halves() -> list[float]:
        return [n / 2 for n in row()]

    def number() -> str:
        return str(choose.pick(*EDGES) if wide and choose.chance(2) else whole())

    def real() -> str:
        return str(choose.pick(*FLOATS) if wide and choose.chance(2) else whole() / 2)

    def word() -> str:
        return repr(choose.pick(*WORDS))

    def ints(most: int = 3) -> str:
        return f"[{', '.join(number() for _ in range(choose.count(0, most)))}]"

    match kind:
        case Kind.INT:
            return number()
        case Kind.FLOAT:
            return real()
        case Kind.BOOL:
            return str(choose.pick(True, False))
        case Kind.STR:
            return word()
        case Kind.INTS:
            return ints()
        case Kind.ROWS:
            return f"[{', '.join(ints() for _ in range(choose.count(0, 2)))}]"
        case Kind.WORDS:
            return f"[{', '.join(word() for _ in range(choose.count(0, 3)))}]"
        case Kind.DICT:
            items = [f"{word()}: {number()}" for _ in range(choose.count(0, 3))]
            return f"{{{', '.join(items)}}}"
        case Kind.SET:
            return choose.pick("set()", f"set({ints()})")
        case Kind.PAIR:
            return f"({number()}, {real()})"
        case Kind.MAYBE:
            return choose.pick("None", number())
        case Kind.NOTE:
            return choose.pick("None", word())
        case Kind.WHOLE:
            return f"torch.tensor({row()})"
        case Kind.MATRIX:
            return f"torch.tensor({[halves() for _ in range(rows)]})"
        case Kind.STACK:
            made = [f"torch.tensor({halves()})" for _ in range(choose.count(1, 3))]
            return f"[{', '.join(made)}]"
    return f"torch.tensor({halves()})"
