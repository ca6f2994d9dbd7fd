"""What a traced function holds in place of numbers and NumPy arrays.

Tensors are themselves while they are traced. A size or another number that depends on
an input is a `TracedNumber`: arithmetic on it is recorded. It is no `int`: where Python
needs one, it becomes the number of this run and the tracer reports the decision. A NumPy
array is a `TracedArray`, which records through NumPy's own protocols.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from jit.ir import types as T
from jit.ir.dtypes import dtype_of
from jit.ir.graph import Value
from jit.runtime.creation import from_numpy
from jit.runtime.tensor import Tensor
from jit.runtime.traced import Traced
from jit.tracing.facts import is_asked_inside

if TYPE_CHECKING:
    from jit.tracing.tracer import Tracer


_OF_NUMBERS: dict[Any, T.Type] = {int: T.INT, float: T.FLOAT, bool: T.BOOL}


class TracedNumber(Traced):
    """An int, float or bool that depends on an input of the trace."""

    __slots__ = ("concrete", "tracer", "value")

    def __init__(self, tracer: Tracer, concrete: Any, value: Value) -> None:
        self.tracer = tracer
        self.concrete = concrete
        self.value = value

    @property
    def type(self) -> T.Type:
        """The type in this run: a number of any type, of `item()`, counts as that."""
        if self.value.type == T.NUMBER:
            return _OF_NUMBERS.get(type(self.concrete), T.NUMBER)
        return self.value.type

    def settled(self) -> Any:
        return self._leave("a function that needs a number")

    def settle(self) -> Value:
        """Its Value in the type of this run, which the program checks in others."""
        if self.value.type == T.NUMBER and self.type != T.NUMBER:
            self.value = self.tracer.settled_number(
                self.value, self.concrete, self.type
            )
        return self.value

    def __repr__(self) -> str:
        return f"traced({self.concrete!r})"

    # Python wants the number itself: the trace keeps the one of this run

    def _leave(self, how: str) -> Any:
        self.tracer.number(self.value, how, self.concrete)
        return self.concrete

    def __bool__(self) -> bool:
        concrete = bool(self.concrete)
        told = self.tracer.builder.op("aten::Bool", self.value)
        self.tracer.branch(told, concrete)
        return concrete

    def __int__(self) -> int:
        return int(self._leave("int(...)"))

    def __float__(self) -> float:
        return float(self._leave("float(...)"))

    def __index__(self) -> int:
        concrete = self._leave("an index or range(...)")
        return int(concrete.__index__())

    def __hash__(self) -> int:
        return hash(self._leave("a key"))

    def __str__(self) -> str:
        return str(self._leave("text"))

    def __format__(self, spec: str) -> str:
        return format(self._leave("text"), spec)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self._leave("round(...)"), digits)

    def _binary(self, kind: str, a: Any, b: Any) -> Any:
        if not isinstance(a, int | float | complex | TracedNumber):
            return NotImplemented
        if not isinstance(b, int | float | complex | TracedNumber):
            return NotImplemented
        return self.tracer.compute(kind, a, b)

    def __neg__(self) -> Any:
        return self.tracer.compute("aten::neg", self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.tracer.compute("prim::abs", self)

    def __invert__(self) -> Any:
        return -self - 1

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __ceil__(self) -> Any:
        return self.tracer.compute("aten::ceil", self)

    def __floor__(self) -> Any:
        return self.tracer.compute("aten::floor", self)

    def is_integer(self) -> bool:
        """Whether it is a whole number, which Python goes by."""
        whole: bool = self._leave("is_integer()").is_integer()
        return whole


def _forward(name: str, kind: str) -> None:
    def method(self: TracedNumber, other: Any) -> Any:
        return self._binary(kind, self, other)

    def reflected(self: TracedNumber, other: Any) -> Any:
        return self._binary(kind, other, self)

    setattr(TracedNumber, f"__{name}__", method)
    if name not in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(TracedNumber, f"__r{name}__", reflected)


_NUMBER_OPERATORS = {
    "add": "aten::add",
    "sub": "aten::sub",
    "mul": "aten::mul",
    "truediv": "aten::div",
    "floordiv": "aten::floordiv",
    "mod": "aten::remainder",
    "pow": "aten::pow",
    "eq": "aten::eq",
    "ne": "aten::ne",
    "lt": "aten::lt",
    "le": "aten::le",
    "gt": "aten::gt",
    "ge": "aten::ge",
    "and": "aten::__and__",
    "or": "aten::__or__",
    "xor": "aten::__xor__",
    "lshift": "aten::__lshift__",
    "rshift": "aten::__rshift__",
}
for _name, _kind in _NUMBER_OPERATORS.items():
    _forward(_name, _kind)


class TracedArray(Traced, np.lib.mixins.NDArrayOperatorsMixin):
    """A NumPy array or scalar that depends on an input of the trace.

    It is no `ndarray`: storing it in one is an error, because the trace could not see
    what becomes of it.
    """

    __slots__ = ("concrete", "tracer", "value")
    __array_priority__ = 1000

    def __init__(self, tracer: Tracer, concrete: Any, value: Value) -> None:
        self.tracer = tracer
        self.concrete = concrete
        self.value = value

    @property
    def type(self) -> T.Type:
        return T.ARRAY

    def __repr__(self) -> str:
        return f"traced({self.concrete!r})"

    def __array__(self, *_: Any, **__: Any) -> Any:
        self.tracer.bakes.stored()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kw: Any) -> Any:
        if any(isinstance(x, Tensor) for x in inputs):
            return self._with_tensor(ufunc.__name__, inputs)
        out = kw.pop("out", None)
        if method == "reduce":
            name = _REDUCTIONS.get(ufunc.__name__)
        else:
            name = ufunc.__name__ if method == "__call__" else None
        if name is None:
            self.tracer.bakes.unsupported(f"np.{ufunc.__name__}.{method}")
        result = self.tracer.numpy(str(name), inputs, kw)
        if out is not None and not isinstance(self.concrete, np.generic):
            return self.tracer.write_array(out[0], result)
        return result

    def _with_tensor(self, name: str, inputs: tuple[Any, ...]) -> Any:
        """An operator on an array and a Tensor: a Tensor, as outside of a trace."""
        operate = _OPERATORS.get(name)
        if operate is None:
            self.tracer.bakes.unsupported(f"np.{name} of a Tensor")
        return operate(*(from_numpy(x) if x is self else x for x in inputs))

    def __array_function__(self, func: Any, _: Any, args: Any, kwargs: Any) -> Any:
        module = getattr(func, "__module__", "numpy").removeprefix("numpy").strip(".")
        prefix = "" if module in ("", "core", "_core", "lib") else f"{module}_"
        return self.tracer.numpy(prefix + func.__name__, args, kwargs)

    @property
    def shape(self) -> Any:
        return tuple(self.tracer.numpy("shape", (self,), {}))

    @property
    def ndim(self) -> int:
        return int(self.tracer.numpy("ndim", (self,), {}))

    @property
    def dtype(self) -> Any:
        dtype = self.concrete.dtype
        if not is_asked_inside():
            self.tracer.rest_on(self.value, "prim::dtype", dtype_of(dtype))
        return dtype

    @property
    def size(self) -> Any:
        return self.tracer.numpy("size", (self,), {})

    @property
    def T(self) -> Any:  # noqa: N802 - NumPy's name
        return self.tracer.numpy("transpose", (self,), {})

    def __len__(self) -> int:
        self._count("len(...)")
        return len(self.concrete)

    def _count(self, how: str) -> None:
        size = self.tracer.builder.op("np::shape", self.value)
        size = self.tracer.builder.op("aten::__getitem__", size, 0)
        self.tracer.number(size, how, len(self.concrete))

    def __iter__(self) -> Any:
        self._count("iteration over an array")
        return iter([self[i] for i in range(len(self.concrete))])

    def __bool__(self) -> bool:
        self.tracer.branch(self.value, bool(self.concrete))
        return bool(self.concrete)

    def __int__(self) -> int:
        self.tracer.number(self.value, "int(...)", self.concrete)
        return int(self.concrete)

    def __float__(self) -> float:
        self.tracer.number(self.value, "float(...)", self.concrete)
        return float(self.concrete)

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, index: Any) -> Any:
        return self.tracer.array_item(self, index)

    def __setitem__(self, index: Any, item: Any) -> None:
        self.tracer.set_array_item(self, index, item)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.tracer.array_method(self, name)


_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "power": operator.pow,
    "matmul": operator.matmul,
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "bitwise_xor": operator.xor,
}
"""Python's operators by NumPy's names for them."""

_REDUCTIONS = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "all",
    "logical_or": "any",
}
