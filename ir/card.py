"""The interface of an operator card: all that is declared about one operator.

Cards live in `jit.runtime.ops`; this layer knows the blanks, not the operators. A
card is a class without instances and its functions take no `self`: the schema gives
their parameters, all of them, in order.

    @op("aten::leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor")
    class leaky_relu(Pointwise):
        '''x where x > 0, otherwise negative_slope * x.'''

        def formula(m, x, slope):
            return m.where(x > 0, x, x * slope)

        samples = [case(f32[2, 3]), case(f64[4], negative_slope=-1.5)]

A blank that is not filled in is None and visible: no `grad`, not differentiable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from jit.ir.schema import FunctionSchema


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Any = _Unknown()
"""A fact about an argument that is not a tensor and not a constant."""

Fact = Any
"""What is known of an argument before the program runs: a `TensorType` or `ArrayType`
for tensors, a list of facts for a list built in sight, the Python value of a constant,
otherwise UNKNOWN."""


class Card:
    """The blanks of a card. Subclass families in `jit.runtime.ops.families`."""

    schema: ClassVar[FunctionSchema]
    """The only signature: names, types, defaults, aliasing, mutation."""

    kernel: ClassVar[Callable[..., Any] | None] = None
    """Runtime values in, runtime value out: the reference meaning. Tensors come as
    `ndarray`, dtypes as `DType`; a tuple for several results. In-place operators write
    into their argument and return it. Views return NumPy views."""

    infer: ClassVar[Callable[..., Any] | None] = None
    """Facts in, type out, or a tuple of types; raises `ShapeError` for calls that fail
    on every run. None: the types of the schema, without sizes."""

    formula: ClassVar[Callable[..., Any] | None] = None
    """Scalar meaning of a pointwise operator in the vocabulary `m`."""

    grad: ClassVar[Callable[..., Any] | None] = None
    """Gradients of the inputs, in terms of operators: `grad(t, g, out, *arguments)`.

    `t` has the operators, `g` is the gradient of the result `out`; both are tuples if
    there are several results. Returns one entry for each argument of the schema, in
    order; None where there is none, and entries at the end may be left out. An entry
    may be a function without arguments: it is called if that gradient is wanted. What
    was broadcast need not be summed: that is done for every entry whose shape is not
    the argument's. Of arguments that are not named in `saves` there are only `shape`,
    `ndim` and `dtype`."""

    saves: ClassVar[tuple[str, ...]] = ()
    """Names of the arguments whose values `grad` needs; "out" for the result."""

    detached: ClassVar[bool] = False
    """Whether no gradient goes through: the result counts as a constant."""

    composite: ClassVar[Callable[..., Any] | None] = None
    """The operator in terms of others that have derivatives: `composite(t, *arguments)`.

    It stands in place of a `grad`, and runs in place of the kernel where gradients are
    wanted: what the way back needs is then a result of one of the others, such as the
    mask of a dropout."""

    lower: ClassVar[Callable[..., Any] | None] = None
    """Loop nest; without it the kernel runs."""

    decompose: ClassVar[Callable[..., Any] | None] = None
    """Builder function that expands the operator into others."""

    raises: ClassVar[bool | Callable[..., bool]] = True
    """Whether a call may raise; a function of the facts, or one answer for all. Passes
    do not delete, speculate or reorder nodes that may raise."""

    random: ClassVar[bool] = False
    """Whether the result depends on the state of a generator."""

    effect: ClassVar[bool] = False
    """Whether a call is seen outside: prints, raises on purpose."""

    on_tape: ClassVar[Callable[..., Any] | None] = None
    """Stands in place of the kernel of an operator that asks about gradients, or says
    where they are wanted: it gets Tensors as they are. Functions that call such an
    operator are interpreted, and write the tape while they run."""

    hidden_writes: ClassVar[Callable[..., Sequence[int]] | None] = None
    """Positions of arguments that a call writes although the schema, which is torch's,
    does not say so; a function of the facts. Batch norm in training."""

    commutative: ClassVar[bool] = False
    associative: ClassVar[bool] = False
    idempotent: ClassVar[bool] = False

    samples: ClassVar[Sequence[Any] | Mapping[str, Sequence[Any]]] = ()
    """Sample arguments, for the tests that every card gets."""

    def __init__(self) -> None:
        raise TypeError("cards have no instances")

    @classmethod
    def doc(cls) -> str:
        """The first sentence about the operator."""
        return (cls.__doc__ or "").strip().split("\n\n")[0]


class ShapeError(ValueError):
    """Arguments whose sizes, dtypes or dims can never fit; the message says which."""
