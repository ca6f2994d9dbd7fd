"""A step of the tape: what was computed, and how gradients go back through it."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from jit.ir.dtypes import DType
from jit.runtime.grad_mode import is_grad_enabled
from jit.runtime.hooks import RemovableHandle, add_hook
from jit.runtime.tensor import Tensor, wrap

Edge: TypeAlias = "tuple[Node, int] | None"
"""Where the gradient of an input goes: a node, and which of its results that is."""
Hook: TypeAlias = Callable[..., Any]

_numbers = itertools.count()

RELEASED = (
    "Trying to backward through the graph a second time (or directly access saved tensors"
    " after they have already been freed). Saved intermediate values of the graph are"
    " freed when you call .backward() or autograd.grad(). Specify retain_graph=True if"
    " you need to backward through the graph a second time or if you need to access saved"
    " tensors after calling backward."
)


class Result:
    """What is known of a result of a node, without keeping it: shape and dtype."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: DType) -> None:
        self.shape = shape
        self.dtype = dtype


class Node:
    """A step of the tape. Its gradient function is `apply`."""

    def __init__(self, edges: Sequence[Edge]) -> None:
        self.number = next(_numbers)
        """Later steps have higher numbers."""
        self.edges: list[Edge] = list(edges)
        self.results: list[Result | None] = []
        """One for each result; None for those without a gradient."""
        self.result_hooks: dict[int, OrderedDict[int, Hook]] = {}
        """By number of the result: what is called with its gradient."""
        self.retained: dict[int, weakref.ref[Tensor]] = {}
        """Results that want to keep their gradient."""
        self.pre_hooks: OrderedDict[int, Hook] = OrderedDict()
        self.post_hooks: OrderedDict[int, Hook] = OrderedDict()
        self.metadata: dict[Any, Any] = {}
        self.made_at: Any = None
        """The Python stack of the forward call, while anomalies are looked for."""

    def apply(self, grads: list[Tensor | None]) -> Sequence[Tensor | None]:
        """Gradients of the inputs, one for each edge, from those of the results."""
        raise NotImplementedError

    def release(self) -> None:
        """Forget what was kept for the way back."""

    def name(self) -> str:
        """Its name in torch's manner: `MulBackward0`."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes that gradients go to, with the number of the result."""
        return tuple((None, 0) if e is None else e for e in self.edges)

    def add_result(self, tensor: Tensor) -> None:
        """Make a tensor the next result of the node."""
        tensor.grad_fn = self
        tensor._output = len(self.results)
        tensor._requires_grad = True
        self.results.append(Result(tensor.array.shape, tensor.dtype))

    def register_hook(self, hook: Hook) -> RemovableHandle:
        """`hook(grad_inputs, grad_outputs)` after the step; may replace the former."""
        return add_hook(self.post_hooks, hook)

    def register_prehook(self, hook: Hook) -> RemovableHandle:
        """`hook(grad_outputs)` before the step; may replace them."""
        return add_hook(self.pre_hooks, hook)

    def __call__(self, *grads: Tensor | None) -> Any:
        found = tuple(self.apply(list(grads)))
        return found[0] if len(found) == 1 else found

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class AccumulateGrad(Node):
    """Where the gradients of a leaf are gathered, into its `grad`."""

    def __init__(self, variable: Tensor) -> None:
        super().__init__(())
        self.variable = variable
        self.results.append(Result(variable.array.shape, variable.dtype))

    def apply(self, grads: list[Tensor | None]) -> Sequence[Tensor | None]:
        gradient = grads[0]
        if gradient is None:
            return ()
        leaf: Any = self.variable
        if leaf.grad is None:
            # gradients may be shared between nodes, and a leaf's may be written
            leaf.grad = gradient if is_grad_enabled() else wrap(gradient.array.copy())
        elif is_grad_enabled():
            leaf.grad = leaf.grad + gradient
        else:
            leaf.grad += gradient
        extra = leaf._autograd
        for hook in list(extra.after_accumulation.values()):
            hook(leaf)
        return ()


class Extra:
    """What a tensor has beside its elements once gradients are about."""

    __slots__ = ("accumulator", "after_accumulation", "hooks", "views")

    def __init__(self) -> None:
        self.accumulator: weakref.ref[AccumulateGrad] | None = None
        self.hooks: OrderedDict[int, Hook] = OrderedDict()
        """Of a leaf; those of other tensors are kept by their node."""
        self.after_accumulation: OrderedDict[int, Hook] = OrderedDict()
        self.views: list[weakref.ref[Tensor]] = []


def extra_of(tensor: Tensor) -> Extra:
    """The record of a tensor, made when it is first asked for."""
    found = tensor._autograd
    if found is None:
        found = tensor._autograd = Extra()
    return found  # type: ignore[no-any-return]


def edge_of(tensor: Any) -> Edge:
    """Where the gradient of a tensor goes; None if it wants none."""
    if not tensor._requires_grad:
        return None
    if tensor.grad_fn is not None:
        return tensor.grad_fn, tensor._output or 0
    extra = extra_of(tensor)
    node = extra.accumulator() if extra.accumulator is not None else None
    if node is None:
        node = AccumulateGrad(tensor)
        node.result_hooks[0] = extra.hooks
        extra.accumulator = weakref.ref(node)
    return node, 0
