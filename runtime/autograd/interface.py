"""What users ask of the tape: `backward`, `grad`, hooks on tensors."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from jit.runtime.autograd import engine
from jit.runtime.autograd.node import extra_of
from jit.runtime.hooks import RemovableHandle, add_hook
from jit.runtime.tensor import Tensor


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradients of the sum of tensors to the `grad` of their leaves.

    `grad_tensors` are the gradients of something with respect to the tensors; those of
    single elements may be None. With `inputs`, only their `grad` changes.
    RuntimeError if a tensor requires no gradient, or the tape was freed.
    """
    roots = _several(tensors)
    given = None if grad_tensors is None else _several(grad_tensors)
    if inputs is not None:
        inputs = _several(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward` cannot be empty.")
    engine.backward(roots, given, retain_graph, create_graph, inputs)


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of the sum of outputs with respect to each input, shaped as they.

    With `create_graph` they can be differentiated again. An input that the outputs do
    not depend on is a RuntimeError, unless `allow_unused` (None) or `materialize_grads`
    (zeros).
    """
    if not only_inputs or is_grads_batched:
        raise NotImplementedError(
            "torch.autograd.grad takes neither only_inputs=False nor"
            " is_grads_batched=True: call it once for each vector"
        )
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when"
            " materialize_grads=True, but got: allow_unused=False."
        )
    given = None if grad_outputs is None else _several(grad_outputs)
    wanted = _several(inputs)
    found = engine.gradients_of(
        _several(outputs), wanted, given, retain_graph, create_graph,
        bool(allow_unused) or materialize_grads,
    )  # fmt: skip
    if not materialize_grads:
        return found
    from jit.runtime.binding import call_operator

    return tuple(
        call_operator("aten::zeros_like", (x,)) if g is None else g
        for g, x in zip(found, wanted, strict=True)
    )


def register_hook(tensor: Tensor, hook: Callable[[Tensor], Any]) -> RemovableHandle:
    """Call `hook(gradient)` when the gradient of the tensor is known."""
    if not tensor._requires_grad:
        raise RuntimeError(
            "cannot register a hook on a tensor that doesn't require gradient"
        )
    if tensor.grad_fn is None:
        return add_hook(extra_of(tensor).hooks, hook)
    hooks = tensor.grad_fn.result_hooks
    return add_hook(hooks.setdefault(tensor._output or 0, OrderedDict()), hook)


def register_post_accumulate_grad_hook(
    tensor: Tensor, hook: Callable[[Tensor], None]
) -> RemovableHandle:
    """Call `hook(tensor)` each time after its `grad` has changed."""
    if not tensor._requires_grad:
        raise RuntimeError(
            "cannot register a hook on a tensor that doesn't require gradient"
        )
    if tensor.grad_fn is not None:
        raise RuntimeError(
            "post accumulate grad hooks cannot be registered on non-leaf tensors"
        )
    return add_hook(extra_of(tensor).after_accumulation, hook)


def retain_grad(tensor: Tensor) -> None:
    """Keep the gradient of a result of an operator in its `grad`."""
    if not tensor._requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if tensor.grad_fn is not None:
        tensor.grad_fn.retained[tensor._output or 0] = weakref.ref(tensor)
