"""Operators that ask about gradients, or say where they are wanted.

They look at Tensors themselves: arrays know nothing of gradients. A function that calls
one of them is interpreted, and its operators write the tape.
"""

from __future__ import annotations

from jit.ir.card import Card
from jit.runtime import grad_mode
from jit.runtime.ops.declare import op


class OfGradients(Card):
    """An operator that is about gradients, not about elements."""

    effect = True


@op("prim::requires_grad(Tensor a) -> bool")
class requires_grad(OfGradients):
    """Whether gradients with respect to a tensor are wanted."""

    raises = False

    def on_tape(x):
        return x.requires_grad


@op("aten::is_leaf(Tensor self) -> bool")
class is_leaf(OfGradients):
    """Whether no operator made a tensor, as far as gradients are concerned."""

    raises = False

    def on_tape(x):
        return x.is_leaf


@op("prim::grad(Tensor a) -> Tensor?")
class grad_of_leaf(OfGradients):
    """The gradient that was added up in a tensor; None before there is one."""

    raises = False

    def on_tape(x):
        return x.grad


@op("aten::retains_grad(Tensor self) -> bool")
class retains_grad(OfGradients):
    """Whether a result of an operator keeps its gradient."""

    raises = False

    def on_tape(x):
        return x.retains_grad


@op("aten::requires_grad_(Tensor(a!) self, bool requires_grad=True) -> Tensor(a!)")
class requires_grad_(OfGradients):
    """Say whether gradients with respect to a tensor are wanted; returns it."""

    def on_tape(x, requires_grad):
        return x.requires_grad_(requires_grad)


@op("aten::retain_grad(Tensor(a!) self) -> ()")
class retain_grad(OfGradients):
    """Keep the gradient of a result of an operator too."""

    def on_tape(x):
        x.retain_grad()


@op("aten::is_grad_enabled() -> bool")
class is_grad_enabled(OfGradients):
    """Whether operators are recorded for gradients now."""

    raises = False

    def on_tape():
        return grad_mode.is_grad_enabled()


@op("aten::set_grad_enabled(bool val) -> ()")
class set_grad_enabled(OfGradients):
    """Let operators be recorded for gradients from now on, or not."""

    raises = False

    def on_tape(val):
        grad_mode.set_flags(val)


@op(
    "aten::grad(Tensor[] outputs, Tensor[] inputs, Tensor?[]? grad_outputs=None,"
    " bool? retain_graph=None, bool create_graph=False, bool allow_unused=False)"
    " -> Tensor?[]"
)
class grad(OfGradients):
    """The gradients of the sum of outputs with respect to each input."""

    def on_tape(outputs, inputs, given, retain_graph, create_graph, allow_unused):
        from jit.runtime.autograd import interface

        found = interface.grad(
            outputs,
            inputs,
            given,
            retain_graph,
            create_graph,
            allow_unused=allow_unused,
        )
        return list(found)


@op(
    "aten::backward(Tensor self, Tensor? gradient=None, bool? retain_graph=None,"
    " bool create_graph=False) -> ()"
)
class backward(OfGradients):
    """Add the gradients of a tensor to the `grad` of the leaves it was made of."""

    def on_tape(x, gradient, retain_graph, create_graph):
        from jit.runtime.autograd import interface

        interface.backward(x, gradient, retain_graph, create_graph)


@op(
    "aten::backward.TensorList(Tensor[] tensors, Tensor?[]? grad_tensors=None,"
    " bool? retain_graph=None, bool create_graph=False) -> ()"
)
class backward_of_list(OfGradients):
    """Add the gradients of the sum of tensors to the `grad` of their leaves."""

    def on_tape(tensors, grad_tensors, retain_graph, create_graph):
        from jit.runtime.autograd import interface

        interface.backward(tensors, grad_tensors, retain_graph, create_graph)
