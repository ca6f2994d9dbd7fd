"""`torch.autograd.functional`: Jacobians and products with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jit.runtime.autograd.interface import grad
from jit.runtime.binding import call_operator
from jit.runtime.tensor import Tensor

Inputs = Tensor | tuple[Tensor, ...]


def _prepared(inputs: Inputs) -> tuple[tuple[Tensor, ...], bool]:
    several = isinstance(inputs, tuple)
    held = inputs if isinstance(inputs, tuple) else (inputs,)
    return tuple(x.detach().requires_grad_() for x in held), several


def _one_or_all(values: tuple[Any, ...], several: bool) -> Any:
    return values if several else values[0]


def vjp(
    func: Callable[..., Any], inputs: Inputs, v: Any = None, create_graph: bool = False
) -> tuple[Any, Any]:
    """The results of a function, and the product of `v` with its Jacobian."""
    held, several = _prepared(inputs)
    output = func(*held)
    found = grad(output, held, v, create_graph=create_graph, materialize_grads=True)
    if not create_graph:
        output = _detached(output)
    return output, _one_or_all(found, several)


def _detached(output: Any) -> Any:
    if isinstance(output, tuple):
        return tuple(o.detach() for o in output)
    return output.detach()


def jvp(
    func: Callable[..., Any], inputs: Inputs, v: Any = None, create_graph: bool = False
) -> tuple[Any, Any]:
    """The results of a function, and the product of its Jacobian with `v`.

    By differentiating twice: the product with a vector is linear in the vector.
    """
    held, _ = _prepared(inputs)
    output = func(*held)
    several = isinstance(output, tuple)
    outputs = output if several else (output,)
    weights = tuple(
        call_operator("aten::zeros_like", (o,)).requires_grad_() for o in outputs
    )
    back: Any = grad(outputs, held, weights, create_graph=True, materialize_grads=True)
    if v is None:
        v = tuple(call_operator("aten::ones_like", (x,)) for x in held)
    given = v if isinstance(v, tuple) else (v,)
    found = grad(
        back, weights, given, create_graph=create_graph, materialize_grads=True
    )
    return (
        output if create_graph else _detached(output),
        _one_or_all(found, several),
    )


def jacobian(
    func: Callable[..., Any], inputs: Inputs, create_graph: bool = False
) -> Any:
    """The Jacobian: `output.shape + input.shape`, a tuple for several inputs."""
    held, several = _prepared(inputs)
    output = func(*held)
    if isinstance(output, tuple):
        return tuple(
            jacobian(lambda *x, i=i: func(*x)[i], inputs, create_graph)
            for i in range(len(output))
        )
    rows: list[list[Tensor]] = [[] for _ in held]
    flat = output.reshape([-1])
    for k in range(flat.shape[0]):
        found = grad(
            flat[k], held, retain_graph=True, create_graph=create_graph,
            materialize_grads=True,
        )  # fmt: skip
        for row, gradient in zip(rows, found, strict=True):
            row.append(gradient)  # type: ignore[arg-type]
    made = tuple(
        call_operator("aten::stack", (row,)).reshape([*output.shape, *x.shape])
        for row, x in zip(rows, held, strict=True)
    )
    return _one_or_all(made, several)


def hessian(
    func: Callable[..., Any], inputs: Inputs, create_graph: bool = False
) -> Any:
    """The second derivatives of a function with one result element."""

    def gradient(*held: Tensor) -> Any:
        found = grad(func(*held), held, create_graph=True, materialize_grads=True)
        return _one_or_all(found, isinstance(inputs, tuple))

    return jacobian(gradient, inputs, create_graph)
