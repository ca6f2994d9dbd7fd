"""Calls whose results are to be differentiated.

A function is made ready for the sizes of its arguments: a graph that goes forward and one
that goes back (`passes/autodiff.py`), each compiled as any graph. The call is one step of
the tape. Functions without such graphs are interpreted, and write the tape as eager code
does; `reason` says why.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from jit import passes
from jit.ir import types as T
from jit.ir.dtypes import FLOATING, dtype_of
from jit.ir.graph import Graph
from jit.passes import pipeline
from jit.passes.autodiff import Gradient, differentiate
from jit.passes.gradient_vocabulary import NotDifferentiableError
from jit.passes.runner import run_passes
from jit.runtime import bytecode, dispatch, grad_mode
from jit.runtime.autograd.node import Result
from jit.runtime.bytecode import Code
from jit.runtime.executor.instances import Versions, takes_modules
from jit.runtime.executor.specialisation import Specialisation, type_of_argument
from jit.runtime.executor.specialisation_cache import SpecialisationCache
from jit.runtime.gathering import Gathering
from jit.runtime.objects import Object
from jit.runtime.promotion import get_default_dtype
from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    from jit.runtime.executor.executor import Compiled, Executor


def is_wanted(values: Sequence[Any]) -> bool:
    """Whether a call with these arguments has to be differentiable."""
    if dispatch.recorder is None or not grad_mode.flags.enabled:
        return False
    return any(map(_wants, values))


def _wants(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value._requires_grad
    if isinstance(value, Object):
        return any(map(_wants, value.slots.values()))
    if isinstance(value, list | tuple):
        return any(map(_wants, value))
    if isinstance(value, dict):
        return any(map(_wants, value.values()))
    return False


class Gradients:
    """What one executor has made ready for differentiable calls."""

    def __init__(self, executor: Executor, cache: SpecialisationCache) -> None:
        self._executor = executor
        self._cache = cache
        self._codes: dict[str, Code] = {}
        self._lock = threading.RLock()

    def call(self, name: str, values: Sequence[Any]) -> Any:
        """Call a function; its result is on the tape."""
        return self.ready(name, values).call(values)

    def ready(self, name: str, values: Sequence[Any]) -> Differentiable:
        """What runs such a call; made if there is nothing yet."""
        level, dtype = passes.math_level(), get_default_dtype()
        key = ("gradient", name, level, dtype, *map(_part, values))
        entry = self._cache.get(key)
        if entry is None:
            entry = self._cache.find(key, lambda: self._make(name, values))
        else:
            entry.hits += 1
        found = entry.made
        if isinstance(found, Versions):
            with self._lock:
                found = found.find(values)
        made: Differentiable = found
        return made

    def _make(self, name: str, values: Sequence[Any]) -> tuple[Specialisation, Any]:
        function = self._executor.program.functions[name]
        arguments = function.schema.arguments
        types = tuple(
            _exact(v, type_of_argument(v, a.type))
            for v, a in zip(values, arguments, strict=True)
        )
        specialisation = Specialisation(name, types, tuple(a.name for a in arguments))
        taped = Taped(self.taped(name))

        def make(graph: Graph, gathering: Gathering | None) -> Differentiable:
            return Differentiable(
                self._executor, specialisation, graph, gathering, taped
            )

        if takes_modules(values):
            return specialisation, Versions(
                function.graph,
                lambda graph, found: _simplified(graph, found, types),
                make,
            )
        return specialisation, make(_simplified(function.graph, types), None)

    def interpret(self, name: str, values: Sequence[Any]) -> Any:
        """The same on the interpreter: each operator writes the tape."""
        return bytecode.run(self.taped(name), values)

    def taped(self, name: str) -> Code:
        """The code of a function as captured, whose operators write the tape."""
        found = self._codes.get(name)
        if found is None:
            from jit.runtime.autograd.recording import recorder_of

            graph = self._executor.program.functions[name].graph
            found = self._codes[name] = bytecode.assemble(
                graph, name, self.taped, runner=lambda card, node: recorder_of(card)
            )
        return found


def _part(value: Any) -> Any:
    """What must be equal for two calls to share graphs: sizes too."""
    if isinstance(value, Tensor):
        return value.array.dtype, value.array.shape
    if isinstance(value, tuple | list):
        return tuple(map(_part, value))
    return value is None


def _exact(value: Any, type: T.Type) -> T.Type:
    """A type with the sizes of the value."""
    if isinstance(value, Tensor) and isinstance(type, T.TensorType):
        return T.TensorType(dtype_of(value.array.dtype), value.array.shape)
    return type


def _simplified(
    graph: Graph, types: Sequence[T.Type], exact: Sequence[T.Type] = ()
) -> Graph:
    """An optimised copy without groups of operators."""
    copy = graph.copy()
    for value, type in zip(copy.inputs, types, strict=True):
        value.type = type
    for value, type in zip(copy.inputs, exact, strict=False):
        if isinstance(type, T.TensorType):
            value.type = type
    run_passes((*pipeline.FRONT, *pipeline.OPEN), copy)
    pipeline.fixpoint(pipeline.SIMPLIFY, copy)
    return copy


class Taped:
    """A function that is interpreted, each operator writing the tape."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def call(self, values: Sequence[Any]) -> Any:
        """Run it."""
        return bytecode.run(self.code, values)


class Differentiable:
    """A function made ready for arguments of some sizes."""

    def __init__(
        self,
        executor: Executor,
        specialisation: Specialisation,
        graph: Graph,
        gathering: Gathering | None,
        taped: Taped,
    ) -> None:
        self.executor = executor
        self.specialisation = specialisation
        self.name = specialisation.function
        self.graph = graph
        self.gathering = gathering
        self.taped = taped
        self.reason = ""
        """Why there is no gradient that is compiled; empty if there is."""
        self.seconds = 0.0
        """How long it took to make the pairs of graphs."""
        self._pairs: dict[tuple[bool, ...], _Pair | None] = {}

    def call(self, values: Sequence[Any]) -> Any:
        """Run it forward; the result is on the tape."""
        inputs = list(values)
        if self.gathering is not None:
            found = self.gathering.gather(values)
            assert found is not None  # it was found by what it gathers
            inputs = found
        wanted = tuple(isinstance(v, Tensor) and v._requires_grad for v in inputs)
        pair = self._pair(wanted)
        if pair is None:
            return self.taped.call(values)
        from jit.runtime.autograd.compiled import CompiledNode

        # machine code takes tensors that require gradients where no gradients are wanted
        grad_mode.set_flags(False)
        try:
            result, *kept = pair.forward(inputs)
        finally:
            grad_mode.set_flags(True)
        node = CompiledNode(self, pair, values, inputs, kept)
        return _with_results(result, iter(range(1 << 30)), pair.gradient, node, inputs)

    def _pair(self, wanted: tuple[bool, ...]) -> _Pair | None:
        if wanted not in self._pairs:
            start = time.perf_counter()
            try:
                positions = [i for i, w in enumerate(wanted) if w]
                made = _Pair(self, differentiate(self.graph, positions))
                self._pairs[wanted] = made
            except NotDifferentiableError as error:
                self.reason = str(error)
                self._pairs[wanted] = None
            self.seconds += time.perf_counter() - start
        return self._pairs[wanted]


class _Pair:
    """The two graphs of a function, compiled."""

    def __init__(self, owner: Differentiable, gradient: Gradient) -> None:
        self.gradient = gradient
        self.forward = _compiled(owner, gradient.forward, "forward")
        self.backward = _compiled(owner, gradient.backward, "backward")


def _compiled(
    owner: Differentiable, graph: Graph, word: str
) -> Callable[[Sequence[Any]], Any]:
    name = f"{owner.name}.{word}"
    types = [v.type for v in graph.inputs]
    made: Compiled = owner.executor.compile_graph(
        Specialisation(name, tuple(types)), pipeline.optimize(graph, types)
    )
    return made.run


def _with_results(
    value: Any,
    numbers: Iterable[int],
    gradient: Gradient,
    node: Any,
    inputs: Sequence[Any],
) -> Any:
    """A result whose tensors are on the tape, met in the order of the graph's."""
    if isinstance(value, Tensor):
        number = next(iter(numbers))
        if number not in gradient.results or value.dtype.category < FLOATING:
            return value
        if any(value is given for given in inputs):
            # its gradient goes on from itself, not through this step
            node.results.append(Result(value.array.shape, value.dtype))
        else:
            node.add_result(value)
        return value
    if isinstance(value, list):
        return [_with_results(v, numbers, gradient, node, inputs) for v in value]
    if isinstance(value, tuple):
        made = [_with_results(v, numbers, gradient, node, inputs) for v in value]
        make = getattr(type(value), "_make", tuple)
        return make(made)
    if isinstance(value, dict):
        return {
            k: _with_results(v, numbers, gradient, node, inputs)
            for k, v in value.items()
        }
    return value
