"""`jit.grad` and `jit.value_and_grad`: gradients of functions of arrays."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.dtypes import FLOATING, dtype_of
from jit.ir.graph import NOT_CONSTANT, Graph, Node, Value
from jit.modules.script_function import ScriptFunction
from jit.passes import pipeline
from jit.passes.autodiff import Gradient, differentiate
from jit.passes.gradient_vocabulary import NotDifferentiableError
from jit.passes.runner import run_passes
from jit.runtime.executor import Specialisation
from jit.runtime.tensor import Tensor, wrap

MOST_SIZES = 64
"""For so many sizes of arguments a function is kept ready."""


def grad(
    fn: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
) -> Callable[..., Any]:
    """A function that gives the gradient of `fn` with respect to some arguments.

    `fn` is a function of arrays or Tensors with one floating point number as its result,
    scripted if it is not compiled yet. Arguments may be tuples, lists and dicts of
    arrays. The gradient has the structure, shapes and dtypes of the argument; for
    several `argnums` it is a tuple of them. With `has_aux`, `fn` returns a pair, and the
    second part comes back beside the gradient.

    Raises TypeError for arguments that are not floating point and for results that are no
    single number, RuntimeError if an operator of `fn` has no derivative.
    """
    both = value_and_grad(fn, argnums, has_aux)

    @functools.wraps(fn)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def value_and_grad(
    fn: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
) -> Callable[..., Any]:
    """As `grad`, for a pair of the result of `fn` and the gradient.

    With `has_aux` it is `((result, aux), gradient)`.
    """
    if isinstance(fn, ScriptFunction):
        scripted = fn
    else:
        from jit.modules.script import script

        scripted = script(fn)
        if not isinstance(scripted, ScriptFunction):
            raise TypeError(
                f"jit.grad takes a function, not `{type(fn).__name__}`: for a module, use"
                " torch.autograd or write a function of its parameters"
            )
    several = not isinstance(argnums, int)
    positions = tuple(argnums) if not isinstance(argnums, int) else (argnums,)
    ready = _Ready(scripted, positions, has_aux)

    @functools.wraps(fn)
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = ready.call(args, kwargs)
        return value, (found if several else found[0])

    return value_and_gradient


class _Ready:
    """The gradients of one function that are ready, by the sizes of arguments."""

    def __init__(
        self, function: ScriptFunction, positions: tuple[int, ...], has_aux: bool
    ) -> None:
        self.function = function
        self.positions = positions
        self.has_aux = has_aux
        self._made: dict[Any, _Made] = {}

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = self._bound(args, kwargs)
        for i in self.positions:
            if not -len(given) <= i < len(given):
                raise ValueError(
                    f"argnums={i}, but {self.function.name}() has {len(given)} arguments"
                )
            given[i] = _differentiable(given[i], f"argument {i}")
        name, values = self.function.entry_for(*given)
        leaves = [leaf for v in values for leaf in _leaves(v)]
        key = (name, tuple(map(_key, values)))
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= MOST_SIZES:
                self._made.pop(next(iter(self._made)))
            made = self._made[key] = self._make(name, values)
        result, *kept = made.forward(leaves)
        aux = None
        if self.has_aux:
            result, aux = result
        _check_scalar(result)
        ones = wrap(np.ones(np.shape(_array(result)), _array(result).dtype))
        inputs = [leaves[i] for i in made.gradient.inputs]
        found = made.backward([*inputs, *kept, ones]) if made.gradient.reached else ()
        by_leaf = dict(zip(made.gradient.reached, found, strict=True))
        gradients = tuple(
            _shaped(given[i], iter(made.leaves_of[i % len(given)]), by_leaf)
            for i in self.positions
        )
        arrays = not any(isinstance(leaf, Tensor) for leaf in leaves)
        value = _array(result) if arrays and isinstance(result, Tensor) else result
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        return ((value, aux) if self.has_aux else value), gradients

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        source = self.function.python_function
        if not kwargs or source is None:
            return list(args)
        bound = inspect.signature(source).bind(*args, **kwargs)
        bound.apply_defaults()
        return list(bound.args)

    def _make(self, name: str, values: Sequence[Any]) -> _Made:
        function = self.function.program.functions[name]
        graph, owners = _flattened(function.graph, values)
        run_passes((*pipeline.FRONT, *pipeline.OPEN), graph)
        _read_in_sight(graph)
        pipeline.fixpoint(pipeline.SIMPLIFY, graph)
        wanted = []
        leaves_of: dict[int, list[int]] = {}
        for number, owner in enumerate(owners):
            leaves_of.setdefault(owner, []).append(number)
        for i in self.positions:
            wanted += leaves_of.get(i % len(values), [])
        if self.has_aux and not isinstance(graph.outputs[0].type, T.TupleType):
            raise TypeError("with has_aux=True the function has to return a pair")
        try:
            gradient = differentiate(graph, wanted, 1 if self.has_aux else None)
        except NotDifferentiableError as error:
            raise RuntimeError(
                f"{self.function.name}() has no gradient: {error}"
            ) from None
        executor = self.function._executor
        parts = []
        for word, made in (
            ("forward", gradient.forward),
            ("backward", gradient.backward),
        ):
            types = [v.type for v in made.inputs]
            specialisation = Specialisation(f"{name}.{word}", tuple(types))
            compiled = executor.compile_graph(
                specialisation, pipeline.optimize(made, types)
            )
            parts.append(compiled.run)
        return _Made(parts[0], parts[1], gradient, leaves_of)


class _Made:
    """The compiled gradient of a function for some sizes."""

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        gradient: Gradient,
        leaves_of: dict[int, list[int]],
    ) -> None:
        self.forward = forward
        self.backward = backward
        self.gradient = gradient
        self.leaves_of = leaves_of


# values -----------------------------------------------------------------------------------


def _differentiable(value: Any, what: str) -> Any:
    """A wanted argument with its numbers as arrays; TypeError for integers."""
    if isinstance(value, tuple | list):
        items = [_differentiable(v, what) for v in value]
        if isinstance(value, list):
            return items
        return getattr(type(value), "_make", tuple)(items)
    if isinstance(value, dict):
        return {k: _differentiable(v, what) for k, v in value.items()}
    if isinstance(value, float):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray | np.generic | Tensor):
        raise TypeError(
            f"grad needs arrays of floating point, but {what} is"
            f" `{type(value).__name__}`; choose other argnums"
        )
    dtype = value.dtype if isinstance(value, Tensor) else dtype_of(value.dtype)
    if dtype.category < FLOATING:
        raise TypeError(
            f"grad requires real- or complex-valued inputs, but {what} is {dtype}"
        )
    return np.asarray(value) if isinstance(value, np.generic) else value


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [leaf for v in value for leaf in _leaves(v)]
    if isinstance(value, dict):
        return [leaf for v in value.values() for leaf in _leaves(v)]
    return [value]


def _key(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return (type(value).__name__, *map(_key, value))
    if isinstance(value, dict):
        return tuple((k, _key(v)) for k, v in value.items())
    if isinstance(value, Tensor | np.ndarray):
        array = _array(value)
        return type(value).__name__, array.dtype, array.shape
    return type(value)


def _array(value: Any) -> Any:
    return value.array if isinstance(value, Tensor) else np.asarray(value)


def _check_scalar(result: Any) -> None:
    if isinstance(result, Tensor | np.ndarray | np.generic | float):
        shape = _array(result).shape
        if shape == ():
            return
        raise TypeError(
            f"Gradient only defined for scalar-output functions. Output had shape: {shape}."
        )
    raise TypeError(
        "Gradient only defined for scalar-output functions. Output was"
        f" `{type(result).__name__}`."
    )


def _shaped(value: Any, leaves: Any, found: dict[int, Any]) -> Any:
    """Gradients in the structure of an argument."""
    if isinstance(value, tuple | list):
        items = [_shaped(v, leaves, found) for v in value]
        if isinstance(value, list):
            return items
        return getattr(type(value), "_make", tuple)(items)
    if isinstance(value, dict):
        return {k: _shaped(v, leaves, found) for k, v in value.items()}
    made = found.get(next(leaves))
    array = np.zeros_like(_array(value)) if made is None else _array(made)
    if isinstance(value, Tensor):
        return wrap(array)
    return array if array.ndim else array[()]


# the graph --------------------------------------------------------------------------------


def _flattened(graph: Graph, values: Sequence[Any]) -> tuple[Graph, list[int]]:
    """A copy whose inputs are the leaves of the arguments; whose argument each is."""
    copy = graph.copy()
    owners: list[int] = []
    count = len(values)
    builder = Builder(copy)
    first = next(iter(copy.nodes), None)
    if first is not None:
        builder.before = first
    for i, (given, value) in enumerate(zip(list(copy.inputs), values, strict=True)):
        made = _input(copy, builder, given, value, owners, i)
        given.replace_all_uses_with(made)
    for index in reversed(range(count)):
        copy.block.param.remove_output(index)
    return copy, owners


def _input(
    graph: Graph,
    builder: Builder,
    given: Value,
    value: Any,
    owners: list[int],
    owner: int,
    type: T.Type | None = None,
) -> Value:
    declared = given.type if type is None else type
    if isinstance(declared, T.OptionalType) and value is not None:
        declared = declared.element
    parts = T.tuple_elements(declared)
    if parts is not None:
        items = [
            _input(graph, builder, given, v, owners, owner, t)
            for v, t in zip(value, parts, strict=True)
        ]
        return builder.node("prim::TupleConstruct", items, [declared]).output
    if isinstance(declared, T.ListType):
        items = [
            _input(graph, builder, given, v, owners, owner, declared.element)
            for v in value
        ]
        return builder.list(items, declared.element)
    if isinstance(declared, T.DictType):
        pairs: list[Value] = []
        for key, v in value.items():
            pairs.append(builder.constant(key))
            pairs.append(
                _input(graph, builder, given, v, owners, owner, declared.value)
            )
        return builder.node("prim::DictConstruct", pairs, [declared]).output
    exact = declared
    if isinstance(value, Tensor) and isinstance(declared, T.TensorType):
        exact = T.TensorType(value.dtype, value.array.shape)
    elif isinstance(value, np.ndarray) and isinstance(declared, T.ArrayType):
        exact = T.ArrayType(dtype_of(value.dtype), value.shape)
    owners.append(owner)
    return graph.add_input(exact, given.name)


_READS = (
    "aten::__getitem__",
    "prim::ListUnpack",
    "aten::len",
    "prim::If",
    "prim::Loop",
)


def _read_in_sight(graph: Graph) -> None:
    """Take elements of lists and dicts that are built in sight and never changed."""
    for node in list(graph.all_nodes):
        if node.kind != "aten::__getitem__" or not node.outputs:
            continue
        holder, key = node.inputs[0], node.inputs[1].constant
        if key is NOT_CONSTANT or any(u.node.kind not in _READS for u in holder.uses):
            continue
        found = _element(holder.node, key)
        if found is not None:
            node.output.replace_all_uses_with(found)
            node.destroy()


def _element(node: Node, key: Any) -> Value | None:
    if node.kind == "prim::ListConstruct" and isinstance(key, int):
        inside = -len(node.inputs) <= key < len(node.inputs)
        return node.inputs[key] if inside else None
    if node.kind == "prim::DictConstruct":
        for name, value in zip(node.inputs[::2], node.inputs[1::2], strict=True):
            if name.constant == key:
                return value
    return None
