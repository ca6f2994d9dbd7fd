"""Strategy: functions of tensors without control flow, for traces."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.properties.arguments import indented, numbered, value
from tests.properties.kinds import TENSORS, Choices, Kind
from tests.properties.programs import HEADER, Case, FunctionMaker

SIZES = 3
"""How many sets of arguments there are, each of its own sizes; the first is traced."""


class LineMaker(FunctionMaker):
    """Draws assignments and writes whose numbers are literals or sizes."""

    def _int(self, depth: int) -> str:
        names = [n for k in TENSORS for n in self.names(k)]
        if names and self.chance(4):
            return self.pick("{0}.numel()", "{0}.dim()").format(self.pick(*names))
        return self.pick("0", "1", "2", "-1")

    def _float(self, depth: int) -> str:
        return self.pick("0.5", "1.0", "-2.0")

    def expression(self, kind: Kind, depth: int = 2) -> str:
        """Without Python's branches: a trace keeps one side of them."""
        names = self.names(kind)
        if names and (depth <= 0 or not self.chance(3)):
            return self.pick(*names)
        return getattr(self, f"_{kind.name.lower()}")(depth)

    def base(self, kind: Kind) -> str:
        """Made of what is there, so that sizes follow those of the arguments."""
        names = self.names(kind)
        if names:
            return self.pick(*names)
        size = "v0.shape[0]"
        return {
            Kind.MATRIX: f"torch.ones(2, {size})",
            Kind.WHOLE: f"torch.arange({size})",
        }[kind]

    def statement(self) -> list[str]:
        if self.chance(3):
            return self.pick(self.write, self.twice)()
        kind = self.pick(Kind.VECTOR, *TENSORS)
        made = getattr(self, f"_{kind.name.lower()}")(self.pick(1, 2))
        name = f"{kind.value}{self.pick(0, 1)}"
        self.scope.add(name)
        return [f"{name} = {made}"]


@st.composite
def straight_lines(draw: st.DrawFn) -> Case:
    """Modules with a straight `main_0` of tensors, and arguments of several sizes."""
    source = draw(st.randoms(use_true_random=False))
    choose = Choices(source)
    others = choose.some([Kind.VECTOR, Kind.MATRIX, Kind.WHOLE], 0, 2)
    params = [Kind.VECTOR, *others]
    names = [f"{k.value}{i}" for i, k in numbered(params)]
    maker = LineMaker(source, "main_0", [*TENSORS], 0)
    maker.scope = set(names)
    body = [line for _ in range(choose.count(1, 12)) for line in maker.statement()]
    body.append(f"return {', '.join(choose.some(sorted(maker.scope), 1, 3))}")
    listed = ", ".join(f"{n}: Tensor" for n in names)
    parts = [HEADER, "\n".join([f"def main_0({listed}):", *indented(body), ""])]
    for number in range(SIZES):
        rows, columns = choose.count(2, 4), choose.count(2, 4)
        made = [value(choose, kind, rows, columns) for kind in params]
        parts.append(f"def arguments_{number}():\n    return ({', '.join(made)},)\n")
    return Case("\n\n".join(parts), SIZES)
