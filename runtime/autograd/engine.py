"""The way back along the tape.

Nodes are done from the latest to the earliest, each once all gradients of its results
have come in.
"""

from __future__ import annotations

import heapq
import threading
import traceback
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from jit.ir.dtypes import COMPLEX, FLOATING
from jit.runtime.autograd import anomaly
from jit.runtime.autograd.node import AccumulateGrad, Edge, Node, Result, edge_of
from jit.runtime.autograd.vocabulary import EAGER
from jit.runtime.grad_mode import is_grad_enabled, set_flags
from jit.runtime.tensor import Tensor, wrap

_NOT_SCALAR = "grad can be implicitly created only for scalar outputs"
_NO_GRAD = "element {} of tensors does not require grad and does not have a grad_fn"
_UNUSED = (
    "One of the differentiated Tensors appears to not have been used in the graph. Set"
    " allow_unused=True if this is the desired behavior."
)


class _Running(threading.local):
    final: list[Any] | None = None
    """Callbacks for the end of the way back that this thread is on."""


running = _Running()


def backward(
    tensors: Sequence[Tensor],
    gradients: Sequence[Tensor | None] | None,
    keep: bool | None,
    create: bool,
    inputs: Sequence[Tensor] | None,
) -> None:
    """Add the gradients of the sum of tensors to the `grad` of the leaves."""
    roots = _roots(tensors, gradients)
    keeps = create if keep is None else keep
    if inputs is None:
        _run(roots, keeps, create, {}, True)
        return
    edges = [_input_edge(x) for x in inputs]
    found = _run(roots, keeps, create, dict.fromkeys(edges), False)
    for x, edge in zip(inputs, edges, strict=True):
        gradient = found.get(edge)
        if gradient is not None:
            with _Mode(create):
                _accumulate(x, gradient)


def gradients_of(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    gradients: Sequence[Tensor | None] | None,
    keep: bool | None,
    create: bool,
    allow_unused: bool,
) -> tuple[Tensor | None, ...]:
    """The gradients of the sum of outputs with respect to inputs."""
    roots = _roots(outputs, gradients)
    edges = [_input_edge(x) for x in inputs]
    found = _run(
        roots, create if keep is None else keep, create, dict.fromkeys(edges), False
    )
    result = tuple(found.get(edge) for edge in edges)
    if not allow_unused and any(r is None for r in result):
        raise RuntimeError(_UNUSED)
    return result


def _accumulate(x: Tensor, gradient: Any) -> None:
    x.grad = gradient if x.grad is None else x.grad + gradient


def _input_edge(x: Tensor) -> tuple[Node, int]:
    edge = edge_of(x)
    if edge is None:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return edge


def _roots(
    tensors: Sequence[Tensor], gradients: Sequence[Tensor | None] | None
) -> list[tuple[tuple[Node, int], Tensor]]:
    given = [None] * len(tensors) if gradients is None else list(gradients)
    if len(given) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(given)} gradients")
    roots = []
    for i, (x, g) in enumerate(zip(tensors, given, strict=True)):
        edge = edge_of(x)
        if edge is None:
            raise RuntimeError(_NO_GRAD.format(i))
        if g is None:
            if x.array.size != 1:
                raise RuntimeError(_NOT_SCALAR)
            if x.dtype.category == COMPLEX:
                raise RuntimeError(
                    "grad can be implicitly created only for real scalar outputs but got"
                    f" {x.dtype}"
                )
            g = wrap(np.ones_like(x.array))
        elif g.array.shape != x.array.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{i}] has a shape of"
                f" {g.shape} and output[{i}] has a shape of {x.shape}."
            )
        roots.append((edge, g))
    return roots


class _Mode:
    """Whether operators are recorded inside."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled

    def __enter__(self) -> None:
        self._before = is_grad_enabled()
        set_flags(self._enabled)

    def __exit__(self, *exception: object) -> None:
        set_flags(self._before)


def _run(
    roots: list[tuple[tuple[Node, int], Tensor]],
    keep: bool,
    create: bool,
    wanted: dict[tuple[Node, int], None],
    accumulates: bool,
) -> dict[tuple[Node, int], Tensor]:
    """Go back; returns the gradients that were asked for."""
    waiting, useful = _dependencies([e[0] for e, _ in roots], {n for n, _ in wanted})
    buffers: dict[Node, list[Tensor | None]] = {}
    found: dict[tuple[Node, int], Tensor] = {}
    before = running.final
    if before is None:
        running.final = []
    with _Mode(create):
        for edge, gradient in roots:
            _add(buffers, edge, gradient)
        ready = [(-n.number, n) for n in buffers if not waiting.get(n)]
        heapq.heapify(ready)
        while ready:
            _, node = heapq.heappop(ready)
            grads = _hooked(node, buffers.pop(node))
            for number, came in enumerate(grads):
                if came is not None and (node, number) in wanted:
                    found[node, number] = came
            runs = node in useful if wanted else accumulates
            if runs and not (isinstance(node, AccumulateGrad) and not accumulates):
                inputs = _applied(node, grads)
            else:
                inputs = [None] * len(node.edges)
            if not keep:
                node.release()
            for target, made in zip(node.edges, inputs, strict=True):
                if target is None:
                    continue
                if made is not None:
                    _add(buffers, target, _fitting(made, target, node))
                waiting[target[0]] -= 1
                if not waiting[target[0]]:
                    if target[0] not in buffers:
                        buffers[target[0]] = [None] * len(target[0].results)
                    heapq.heappush(ready, (-target[0].number, target[0]))
    if before is None:
        callbacks, running.final = running.final or [], None
        for callback in callbacks:
            callback()
    return found


def _dependencies(
    roots: Iterable[Node], wanted: set[Node]
) -> tuple[dict[Node, int], set[Node]]:
    """How many gradients each node waits for, and which lead to the wanted ones."""
    counts: dict[Node, int] = {}
    order: list[Node] = []
    seen = set(roots)
    queue = deque(seen)
    while queue:
        node = queue.popleft()
        order.append(node)
        for edge in node.edges:
            if edge is None:
                continue
            counts[edge[0]] = counts.get(edge[0], 0) + 1
            if edge[0] not in seen:
                seen.add(edge[0])
                queue.append(edge[0])
    useful = set()
    for node in sorted(order, key=lambda n: n.number):
        if any(
            e is not None and (e[0] in wanted or e[0] in useful) for e in node.edges
        ):
            useful.add(node)
    return counts, useful


def _add(
    buffers: dict[Node, list[Tensor | None]], edge: tuple[Node, int], gradient: Tensor
) -> None:
    node, number = edge
    held = buffers.get(node)
    if held is None:
        held = buffers[node] = [None] * len(node.results)
    before: Any = held[number]
    held[number] = gradient if before is None else before + gradient


def _hooked(node: Node, grads: list[Tensor | None]) -> list[Tensor | None]:
    """The gradients of a node's results after their hooks."""
    for number, hooks in node.result_hooks.items():
        gradient = grads[number]
        if gradient is None:
            continue
        for hook in list(hooks.values()):
            replaced = hook(gradient)
            if replaced is not None:
                gradient = replaced
        grads[number] = gradient
    for number, reference in node.retained.items():
        tensor = reference()
        gradient = grads[number]
        if tensor is not None and gradient is not None:
            _accumulate(tensor, gradient)
    if node.pre_hooks:
        for hook in list(node.pre_hooks.values()):
            replaced = hook(tuple(grads))
            if replaced is not None:
                grads = list(_as_tuple(replaced))
    return grads


def _applied(node: Node, grads: list[Tensor | None]) -> Sequence[Tensor | None]:
    """The gradients of a node's inputs after its hooks."""
    if all(g is None for g in grads):
        return [None] * len(node.edges)
    try:
        inputs = node.apply(grads)
    except Exception as error:
        _tell_where(node, error)
        raise
    if anomaly.checks_nan():
        _refuse_nan(node, inputs)
    for hook in list(node.post_hooks.values()):
        replaced = hook(tuple(inputs), tuple(grads))
        if replaced is not None:
            inputs = _as_tuple(replaced)
    return inputs


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _fitting(gradient: Tensor, target: tuple[Node, int], node: Node) -> Tensor:
    """A gradient in the shape and dtype of what it is the gradient of."""
    result: Result | None = target[0].results[target[1]]
    if result is None:
        return gradient
    if gradient.array.shape != result.shape:
        try:
            fits = np.broadcast_shapes(gradient.array.shape, result.shape)
        except ValueError:
            fits = None
        if fits != gradient.array.shape:
            raise RuntimeError(
                f"{node.name()} returned a gradient of shape"
                f" {list(gradient.array.shape)} for a tensor of shape"
                f" {list(result.shape)}"
            )
        gradient = EAGER.sum_to(gradient, result.shape)
    if gradient.dtype is not result.dtype:
        if gradient.dtype.category == COMPLEX and result.dtype.category == FLOATING:
            gradient = EAGER.real(gradient)
        if gradient.dtype is not result.dtype:
            gradient = EAGER.to(gradient, result.dtype)
    return gradient


def _refuse_nan(node: Node, inputs: Sequence[Tensor | None]) -> None:
    for i, gradient in enumerate(inputs):
        if gradient is not None and np.isnan(gradient.array).any():
            error = RuntimeError(
                f"Function '{node.name()}' returned nan values in its {i}th output."
            )
            _tell_where(node, error)
            raise error


def _tell_where(node: Node, error: Exception) -> None:
    """Add the place of the forward call to an error, where it is known."""
    if node.made_at is not None:
        stack = "".join(traceback.format_list(node.made_at[:-3]))
        error.add_note(f"{node.name()} was made here:\n{stack}")


__all__ = ["Edge", "backward", "gradients_of", "running"]
