"""Our compiler for graphs of a real torch: `torch.compile(f, backend="tracescript")`.

torch captures a graph of ATen operators, and another for the gradient; each is traced
here on our operators of the same names, and runs on the memory of torch's tensors. What
we lack of a graph is told by a warning, and torch runs that graph itself.

torch finds the backend by the entry point in pyproject.toml. This is the only module
that imports torch, and it does so when torch calls it.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np

from jit.ir import dtypes, registry
from jit.ir.diagnostic import Error
from jit.runtime import device
from jit.runtime.tensor import Tensor, wrap
from jit.torch.ops import OpOverload


class BackendWarning(UserWarning):
    """A graph, or all of a function, is run by torch itself, for the reason told."""


def tracescript(module: Any, example_inputs: Sequence[Any], **options: Any) -> Any:
    """What torch calls with a graph of torch.fx; returns what runs in its place."""
    from torch._dynamo.backends.common import aot_autograd
    from torch.nn.attention import SDPBackend, sdpa_kernel

    compile_both = aot_autograd(
        fw_compiler=_compile, bw_compiler=_compile, decompositions=_decompositions()
    )
    # attention by kernels of one library has no operators that others know
    with sdpa_kernel(SDPBackend.MATH):
        return compile_both(module, example_inputs)


def _decompositions() -> dict[Any, Any]:
    """torch's own decompositions of the operators that we have not.

    That of attention makes no sums for the operator that goes back, which has none.
    """
    from torch._decomp import core_aten_decompositions

    return {
        target: function
        for target, function in core_aten_decompositions().items()
        if _card(target) is None and "attention" not in str(target)
    }


def _card(target: Any) -> Any:
    """Our card for an overload of torch; None if there is none."""
    import jit.runtime.ops  # noqa: F401  declares the cards

    schema = getattr(target, "_schema", None)
    if schema is None:
        return None
    return registry.find_card(schema.name, schema.overload_name)


def _compile(module: Any, example_inputs: Sequence[Any]) -> Any:
    from functorch.compile import make_boxed_func

    reason = _reason_against(module, example_inputs)
    if reason is None:
        try:
            return make_boxed_func(_compiled(module, example_inputs))
        except (Error, NotImplementedError) as error:
            reason = str(error)
    warnings.warn(
        f"torch runs a graph itself that TraceScript was to compile: {reason}",
        BackendWarning,
        stacklevel=2,
    )
    return make_boxed_func(module.forward)


def _reason_against(module: Any, inputs: Sequence[Any]) -> str | None:
    """What in a graph we lack."""
    import torch

    for i, value in enumerate(inputs):
        if not isinstance(value, torch.Tensor):
            return f"its input {i} is no tensor: sizes are symbolic, pass dynamic=False"
        if value.device.type != "cpu" or value.layout != torch.strided:
            return f"its input {i} is on {value.device}, with the layout {value.layout}"
    lacking = set()
    for node in module.graph.nodes:
        if node.op in ("call_module", "call_method"):
            lacking.add(str(node.target))
        if node.op != "call_function" or node.target is operator.getitem:
            continue
        card = _card(node.target)
        if card is None:
            lacking.add(str(node.target))
        elif card.random:
            return f"`{node.target}` draws random numbers, which are torch's own"
    if lacking:
        return f"there is no {', '.join(f'`{name}`' for name in sorted(lacking))}"
    unknown = {str(v.dtype) for v in inputs if _dtype(v.dtype) is None}
    return f"there is no dtype {', '.join(sorted(unknown))}" if unknown else None


def _compiled(module: Any, inputs: Sequence[Any]) -> Callable[..., Any]:
    """A function of torch's tensors that runs our trace of a graph."""
    from jit.tracing.trace import trace

    (last,) = (n for n in module.graph.nodes if n.op == "output")
    results = last.args[0]
    alone = not isinstance(results, tuple | list)
    results = [results] if alone else list(results)
    tensors = [n for n in results if _is_node(n)]
    steps = _Steps(module, tensors)
    if not tensors:
        raise NotImplementedError("it gives no tensor")
    examples = tuple(wrap(np.zeros(tuple(v.shape), _numpy(v.dtype))) for v in inputs)
    traced = trace(steps.run, examples, check_trace=False, on_bake="error")
    strides = [tuple(n.meta["val"].stride()) for n in tensors]

    def run(*args: Any) -> Any:
        made = traced(*map(_ours, args))
        made = [made] if isinstance(made, Tensor) else list(made)
        found = iter(map(_theirs, made, strides))
        whole = [next(found) if _is_node(n) else n for n in results]
        return whole[0] if alone else whole

    return run


class _Steps:
    """The calls of a graph of torch.fx, on our operators."""

    def __init__(self, module: Any, results: list[Any]) -> None:
        self._module = module
        self._results = results
        self._functions = {
            node.target: OpOverload(_card(node.target))
            for node in module.graph.nodes
            if node.op == "call_function" and node.target is not operator.getitem
        }

    def run(self, *inputs: Any) -> Any:
        values: dict[Any, Any] = {}
        waiting = iter(inputs)
        for node in self._module.graph.nodes:
            if node.op == "placeholder":
                values[node] = next(waiting)
            elif node.op == "get_attr":
                values[node] = _ours(getattr(self._module, node.target))
            elif node.op == "call_function":
                args = _converted(node.args, values)
                kwargs = {k: _converted(v, values) for k, v in node.kwargs.items()}
                function = self._functions.get(node.target, operator.getitem)
                values[node] = function(*args, **kwargs)
        return tuple(values[n] for n in self._results)


def _is_node(value: Any) -> bool:
    from torch.fx import Node

    return isinstance(value, Node)


def _converted(value: Any, values: dict[Any, Any]) -> Any:
    """An argument of a node, in our terms."""
    import torch

    match value:
        case torch.dtype():
            return _dtype(value)
        case torch.device():
            return device.Device(str(value))
        case torch.layout():
            return None  # there is one layout here, and traces name none
        case torch.memory_format():
            name = str(value).removeprefix("torch.")
            return device._named(name)
        case tuple() | list():
            return type(value)(_converted(v, values) for v in value)
    return values[value] if _is_node(value) else value


def _dtype(dtype: Any) -> Any:
    name = str(dtype).removeprefix("torch.")
    return next((d for d in dtypes.ALL if d.name == name), None)


def _numpy(dtype: Any) -> Any:
    return _dtype(dtype).numpy


def _ours(tensor: Any) -> Tensor:
    """A tensor of torch as ours, over the same memory."""
    import torch

    plain = tensor.detach().resolve_conj().resolve_neg()
    if plain.dtype == torch.bfloat16:
        return wrap(plain.view(torch.int16).numpy().view(ml_dtypes.bfloat16))
    return wrap(plain.numpy())


def _theirs(tensor: Tensor, strides: tuple[int, ...]) -> Any:
    """Our tensor as torch's, with the strides that torch reckons with."""
    import torch

    array = tensor.array
    if not array.flags.writeable or any(s < 0 for s in array.strides):
        array = array.copy()
    if array.dtype == ml_dtypes.bfloat16:
        made = torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    else:
        made = torch.from_numpy(array)
    if made.stride() == strides or made.numel() < 2:
        return made
    return torch.empty_strided(made.shape, strides, dtype=made.dtype).copy_(made)
