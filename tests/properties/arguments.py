"""Source text of values, and of functions that make the arguments of a call."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.properties.expressions import Kind


def numbered(kinds: list[Kind]) -> list[tuple[int, Kind]]:
    """Each kind with how many of it came before: the parameters `i0, i1, v0`."""
    return [(kinds[:place].count(kind), kind) for place, kind in enumerate(kinds)]


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def arguments(draw: st.DrawFn, number: int, params: list[Kind], annotated: bool) -> str:
    """A function that makes the arguments of one call, some of them aliases."""
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    lines: list[str] = []
    for i, kind in numbered(params):
        values = [value(draw, kind, rows, columns)]
        if values == ["[]"] and not annotated:
            values = ["[2]"]  # an empty list tells no type
        if kind.is_tensor:
            values += [f"{kind.value}{j}" for j in range(i)]
            if kind is Kind.VECTOR:
                values += [f"m{j}[0]" for j in range(5) if f"m{j} " in " ".join(lines)]
        lines.append(f"{kind.value}{i} = {draw(st.sampled_from(values))}")
    names = [f"{k.value}{i}" for i, k in numbered(params)]
    return "\n".join(
        [
            f"def arguments_{number}():",
            *indented([*lines, f"return ({', '.join(names)},)"]),
            "",
        ]
    )


def value(draw: st.DrawFn, kind: Kind, rows: int, columns: int) -> str:
    """Source of a value of a kind."""
    ints = st.integers(-2, 4)
    if kind is Kind.INT:
        return str(draw(ints))
    if kind is Kind.FLOAT:
        return str(draw(ints) / 2)
    if kind is Kind.BOOL:
        return str(draw(st.booleans()))
    if kind is Kind.STR:
        return repr(draw(st.sampled_from(["", "a", "4", "ab cd", "Éa'\""])))
    if kind is Kind.INTS:
        return repr(draw(st.lists(ints, max_size=3)))
    if kind is Kind.PAIR:
        return repr((draw(ints), draw(ints) / 2))
    if kind is Kind.MAYBE:
        return repr(draw(st.none() | ints))
    row = st.lists(ints, min_size=columns, max_size=columns)
    if kind is Kind.WHOLE:
        return f"torch.tensor({draw(row)})"
    floats = st.lists(ints.map(lambda n: n / 2), min_size=columns, max_size=columns)
    if kind is Kind.MATRIX:
        matrix = draw(st.lists(floats, min_size=rows, max_size=rows))
        return f"torch.tensor({matrix})"
    return f"torch.tensor({draw(floats)})"
