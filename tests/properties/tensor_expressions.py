"""Source text of expressions that give tensors, or lists of them.

Tensors hold small integers and halves, so that results are exact.
"""

from __future__ import annotations

from tests.properties.kinds import Choices, Kind


class TensorExpressions(Choices):
    """Draws tensors; `names`, `expression` and `all_of` are those of `Expressions`."""

    def _vector(self, depth: int) -> str:
        matrices, vectors = self.names(Kind.MATRIX), self.names(Kind.VECTOR)
        stacks = self.names(Kind.STACK)
        if stacks and self.chance(4):
            return f"{self.pick(*stacks)}[{self.pick('0', '-1', '1')}]"
        if depth <= 0 or not (matrices or vectors):
            return self.base(Kind.VECTOR)
        form = self.pick("binary", "scalar", "unary", "row", "where", "sum", "view")
        if form == "binary":
            other = self.pick(Kind.VECTOR, Kind.WHOLE)
            return self._binary(*self.all_of(depth, Kind.VECTOR, other))
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
                return self._binary(m, self._rows_of(m))
            return self._binary(*self.all_of(depth, Kind.MATRIX, other))
        if form == "twice":
            m = self.pick(*self.names(Kind.MATRIX))
            return self.pick(f"{m}.t().t()", f"{m}.transpose(0, 1).t()", f"{m}.flip(0)")
        return self._any_shape(form, Kind.MATRIX, depth)

    def _rows_of(self, name: str) -> str:
        """A matrix with as many rows as another one."""
        return self.pick(f"{name}", f"({name} * 2)", f"{name}[:1]")

    def _whole(self, depth: int) -> str:
        if depth <= 0 or not self.names(Kind.WHOLE):
            return self.base(Kind.WHOLE)
        form = self.pick("binary", "scalar", "unary", "where", "view", "compare")
        if form == "binary":
            return self._binary(*self.all_of(depth, Kind.WHOLE, Kind.WHOLE))
        if form == "scalar":
            (w,) = self.all_of(depth, Kind.WHOLE)
            return f"({w} {self.pick('+', '-', '*')} {self.expression(Kind.INT, 0)})"
        if form == "compare":
            a, b = self.all_of(depth, Kind.WHOLE, Kind.VECTOR)
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

    def _stack(self, depth: int) -> str:
        names = self.names(Kind.STACK)
        if depth <= 0 or not names or self.chance(2):
            vectors = [self.expression(Kind.VECTOR, 1) for _ in range(self.count(1, 3))]
            return f"[{', '.join(vectors)}]"
        x = self.pick(*names)
        return self.pick(
            f"({x} + [{self.expression(Kind.VECTOR, 1)}])", f"{x}[:-1]", f"{x}[::-1]",
            f"[j * 2 for j in {x}]", f"[j for j in {x} if j.sum() > 1]", f"list({x})",
        )  # fmt: skip

    def joined(self) -> str:
        """Tensors of new shapes."""
        stacks = self.names(Kind.STACK)
        if stacks and self.chance(3):
            x = self.pick(*stacks)
            return self.pick(f"torch.cat({x})", f"torch.stack({x})", f"{x}[0][1:]")
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
        (x,) = self.all_of(depth, kind)
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
