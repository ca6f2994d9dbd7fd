"""The operators that derivatives on cards are written in, as nodes of a graph.

Operands stand for tensors of known sizes, so that derivatives ask for `shape`, `ndim` and
`dtype` and get Python values; see `grad` in `jit.ir.card`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.dtypes import COMPLEX, DType
from jit.ir.graph import Value
from jit.passes.infer_shapes import infer_operator


class NotDifferentiableError(Exception):
    """Why a graph has no gradient that is a graph; the message says at which node."""


class Operand:
    """A tensor of the graph, with Python's operators."""

    __slots__ = ("t", "value")

    def __init__(self, t: GraphVocabulary, value: Value) -> None:
        self.t = t
        self.value = value

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes, all known."""
        sizes = getattr(self.value.type, "sizes", None)
        if sizes is None or any(s is None for s in sizes):
            raise NotDifferentiableError(
                f"the sizes of %{self.value.name or '?'} are not known"
            )
        return tuple(sizes)

    def _sizes(self) -> tuple[int | None, ...] | None:
        found: tuple[int | None, ...] | None = getattr(self.value.type, "sizes", None)
        return found

    def is_ranked(self) -> bool:
        """Whether dtype and rank are known."""
        has_dtype = getattr(self.value.type, "dtype", None) is not None
        return has_dtype and self._sizes() is not None

    def is_sized(self) -> bool:
        """Whether dtype and all sizes are known."""
        return self.is_ranked() and None not in (self._sizes() or ())

    @property
    def ndim(self) -> int:
        sizes = self._sizes()
        return len(self.shape if sizes is None else sizes)

    @property
    def dtype(self) -> DType:
        found = getattr(self.value.type, "dtype", None)
        if found is None:
            raise NotDifferentiableError(
                f"the dtype of %{self.value.name or '?'} is not known"
            )
        return found  # type: ignore[no-any-return]

    def size(self, dim: int) -> int:
        return self.shape[dim]

    def numel(self) -> int:
        count = 1
        for size in self.shape:
            count *= size
        return count

    def is_complex(self) -> bool:
        return self.dtype.category == COMPLEX

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        call = getattr(self.t, name)
        return lambda *args, **keywords: call(self, *args, **keywords)

    def __neg__(self) -> Any:
        return self.t.neg(self)

    def __getitem__(self, index: int) -> Any:
        return self.t.select(self, 0, index)

    @property
    def mT(self) -> Any:  # noqa: N802  torch's name
        return self.t.transpose(self, -2, -1)


def _operator(kind: str, reflected: bool) -> Callable[[Operand, Any], Any]:
    def method(self: Operand, other: Any) -> Any:
        pair = (other, self) if reflected else (self, other)
        if reflected and not isinstance(other, Operand):
            if kind == "sub":
                return self.t.rsub(self, other)
            if kind == "div":
                return self.t.mul(self.t.reciprocal(self), other)
            if kind in ("add", "mul"):
                pair = (self, other)
        return getattr(self.t, kind)(*pair)

    return method


for _name, _kind in {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "pow": "pow",
    "matmul": "matmul",
}.items():  # fmt: skip
    setattr(Operand, f"__{_name}__", _operator(_kind, False))
    setattr(Operand, f"__r{_name}__", _operator(_kind, True))


class Unknown:
    """A number or a list of the graph that no derivative may look at, only hand on."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def refuse(self, *ignored: Any) -> Any:
        """NotDifferentiableError: the derivative depends on the value."""
        if any(isinstance(x, Operand) for x in ignored):
            return NotImplemented
        raise NotDifferentiableError(
            f"a derivative asks what %{self.value.name or '?'} is, which the run decides"
        )

    __bool__ = __len__ = __iter__ = __getitem__ = __index__ = __float__ = refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = refuse
    __neg__ = __abs__ = __add__ = __radd__ = __sub__ = __rsub__ = refuse
    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = __rpow__ = refuse
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __getattr__ = refuse
    __hash__ = object.__hash__


class GraphVocabulary:
    """Adds nodes where a builder stands."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any, **keywords: Any) -> Any:
            return self.emit(f"aten::{name}", args, keywords)

        return call

    def emit(self, kind: str, args: Sequence[Any], keywords: dict[str, Any]) -> Any:
        """An operator on operands and Python values."""
        b = self._builder
        before = b.before.previous
        given = [self._value(a) for a in args]
        named = {k: self._value(v) for k, v in keywords.items()}
        made = b.bind_op(kind, given, named)
        # conversions may have been put before the node itself
        node = b.before.previous
        while node is not None and node is not before:
            if node.kind.startswith(("aten::", "prim::NumToTensor")):
                infer_operator(node)
            node = node.previous
        if isinstance(made, list):
            return tuple(self._operand(v) for v in made)
        return self._operand(made)

    def _value(self, x: Any) -> Value:
        if isinstance(x, Operand):
            return self._tensor(x.value)
        if isinstance(x, Unknown):
            return x.value
        if isinstance(x, list | tuple):
            items = [self._value(i) for i in x]
            element = items[0].type if items else T.INT
            if any(isinstance(i, Operand) for i in x):
                some = any(i is None for i in x)
                element = T.OptionalType(T.TENSOR) if some else T.TENSOR
            return self._builder.list(items, element)
        return self._builder.value(x)

    def _tensor(self, value: Value) -> Value:
        """A value as a Tensor: gradients are computed with torch's rules."""
        type = value.type
        if not isinstance(type, T.ArrayType):
            return value
        made = T.TensorType(type.dtype, type.sizes)
        return self._builder.node("prim::ArrayToTensor", [value], [made]).output

    def _operand(self, value: Value) -> Any:
        return Operand(self, value) if T.is_tensor_like(value.type) else value

    def tensor(self, value: Any, like: Operand) -> Operand:
        """A number as a tensor without dimensions; a tensor as it is."""
        if isinstance(value, Operand):
            return value
        made = self.full([], value, dtype=like.dtype)
        assert isinstance(made, Operand)
        return made

    def sum_to(self, gradient: Operand, shape: Sequence[int]) -> Operand:
        """The gradient of what was broadcast from `shape`."""
        if gradient.shape == tuple(shape):
            return gradient
        extra = gradient.ndim - len(shape)
        dims = [
            d
            for d, size in enumerate(gradient.shape)
            if d < extra or (shape[d - extra] == 1 and size != 1)
        ]
        summed = self.sum(gradient, dims, True) if dims else gradient
        made = self.reshape(summed, list(shape)) if extra else summed
        assert isinstance(made, Operand)
        return made
