"""The tracer: an observer of operators that writes them into a graph.

While a function runs, `jit.runtime.dispatch` tells the tracer of every operator. It runs
the operator and appends a node. Tensors are found by identity; in-place operators and
views need no special care, because the node records the very same mutation. Tensors that
no node made are attributes of the traced module, or constants.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.card import Card
from jit.ir.constants import NotConstantError
from jit.ir.diagnostic import Diagnostic, TracingError
from jit.ir.dtypes import dtype_of
from jit.ir.graph import Graph, Value
from jit.ir.linking import link, link_class
from jit.ir.program import Program
from jit.ir.registry import has_kind
from jit.ir.schema import Argument, FunctionSchema
from jit.modules.arguments import enter
from jit.runtime import dispatch
from jit.runtime.binding import call_operator
from jit.runtime.device import MemoryFormat
from jit.runtime.objects import Object
from jit.runtime.tensor import Tensor
from jit.runtime.traced import Traced, concrete
from jit.runtime.values import tensor_of
from jit.tracing.bakes import Bakes, span_of_frame, user_frame
from jit.tracing.values import TracedArray, TracedNumber

_ENTERS_PYTHON = {
    "aten::Bool.Tensor": "branch",
    "aten::is_nonzero": "branch",
    "aten::Int.Tensor": "int(...)",
    "aten::Float.Tensor": "float(...)",
    "aten::Complex.Tensor": "complex(...)",
    "np::bool": "branch",
    "np::int": "int(...)",
    "np::float": "float(...)",
}
"""Operators whose result is a plain number in Python, and how that is told."""

_STATIC = ("aten::dim", "np::ndim")
"""Operators whose result depends on ranks only, which a trace may keep."""


class Tracer:
    """Records one function into one graph."""

    def __init__(self, program: Program, graph: Graph, on_bake: str) -> None:
        self.program = program
        self.graph = graph
        self.builder = Builder(graph)
        self.bakes = Bakes(on_bake)
        self._thread = threading.get_ident()
        self._tensors: dict[int, tuple[Tensor, Value]] = {}
        self._paths: dict[int, tuple[Any, Callable[[], Value]]] = {}
        """How to reach tensors and objects of the traced module, by identity."""

    # the observer -----------------------------------------------------------------

    @contextmanager
    def active(self) -> Iterator[None]:
        """Observe for a while."""
        saved = dispatch.observe(self)
        try:
            yield
        finally:
            dispatch.observe(saved)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let operators run unseen for a while."""
        saved = dispatch.observe(None)
        try:
            yield
        finally:
            dispatch.observe(saved)

    def operator(self, card: type[Card], args: Sequence[Any]) -> Any:
        """Run an operator and append its node."""
        if threading.get_ident() != self._thread:
            return dispatch.run(card, args)
        schema = card.schema
        with self.builder.at(span_of_frame(user_frame())):
            inputs, values = self._operands(schema, args)
            with self.paused():
                result = dispatch.run(card, values)
            node = self.builder.node(
                schema.kind,
                inputs,
                self._result_types(card, inputs, args),
                overload=schema.overload,
            )
            how = _ENTERS_PYTHON.get(schema.name)
            if how is not None:
                # what Python took is told below; the program has no use for it
                node.destroy()
                if how == "branch":
                    self.bakes.branch(result)
                else:
                    self.bakes.number(how, result)
                return result
            if schema.name in _STATIC:
                return result
            if not node.outputs:
                return result
            if len(node.outputs) == 1:
                return self.adopt(result, node.output)
            parts = [
                self.adopt(r, o) for r, o in zip(result, node.outputs, strict=True)
            ]
            return (
                type(result)._make(parts) if hasattr(result, "_make") else tuple(parts)
            )

    def _operands(
        self, schema: FunctionSchema, args: Sequence[Any]
    ) -> tuple[list[Value], list[Any]]:
        """The Values of the arguments, and what they stand for in this run."""
        inputs, values = [], []
        for i, a in enumerate(args):
            argument = schema.arguments[i] if i < len(schema.arguments) else None
            value, content = self.value_of(a, argument), concrete(a)
            if isinstance(a, Traced) and argument is not None:
                if not T.contains_variable(argument.type):
                    value = self.builder.convert(value, argument.type)
                if isinstance(value.type, T.TensorType):
                    content = tensor_of(content)
            inputs.append(value)
            values.append(content)
        return inputs, values

    def _result_types(
        self, card: type[Card], inputs: list[Value], args: Sequence[Any]
    ) -> list[T.Type]:
        returns = [r.type for r in card.schema.returns]
        if not any(T.contains_variable(r) for r in returns):
            return returns
        from jit.ir.overloads import Binding, bind

        found = bind(card.schema, [v.type for v in inputs], {})
        assert isinstance(found, Binding), card.schema
        return list(found.returns)

    def call(self, kind: str, *args: Any) -> Any:
        """Call an operator on traced numbers, with its node."""
        return call_operator(kind, args, {})

    # Tensor's own queries ---------------------------------------------------------

    def shape(self, tensor: Tensor) -> tuple[Any, ...]:
        """The sizes of a tensor: traced numbers, so that they stay symbolic."""
        return tuple(self.call("aten::size", tensor))

    def escape(self, tensor: Tensor, how: str) -> None:
        """The elements of a tensor leave for NumPy or Python."""
        if id(tensor) in self._tensors:
            self.bakes.escape(how)

    def replaced(self, tensor: Tensor, by: Tensor) -> None:
        """Let a tensor stand for the Value of another one from now on."""
        self._tensors[id(tensor)] = (tensor, self.tensor(by))

    def array(self, tensor: Tensor) -> Any:
        """`tensor.numpy()`: traced as the tensor is."""
        if id(tensor) not in self._tensors:
            return tensor.array.view()
        return self.call("prim::TensorToArray", tensor)

    def length(self, tensor: Tensor, how: str) -> None:
        """Python asks for the number of rows."""
        if id(tensor) in self._tensors:
            self.bakes.number(how, len(tensor.array))

    # values -----------------------------------------------------------------------

    def value_of(self, x: Any, argument: Argument | None = None) -> Value:
        """The Value of something that an operator is called with."""
        if isinstance(x, TracedNumber | TracedArray):
            return x.value
        if isinstance(x, Tensor):
            return self.tensor(x)
        if isinstance(x, np.ndarray | np.generic):
            return self.builder.constant(x, T.ArrayType())
        if isinstance(x, Object):
            return self._reach(x)
        wanted = argument.type if argument is not None else None
        if isinstance(wanted, T.OptionalType) and x is not None:
            wanted = wanted.element
        if isinstance(x, list) or (
            isinstance(x, tuple) and isinstance(wanted, T.ListType)
        ):
            items = [self.value_of(i) for i in x]
            element = self._element_type(items, wanted)
            if T.is_tensor_like(element):
                items = [self.builder.convert(i, element) for i in items]
            return self.builder.list(items, element)
        if isinstance(x, tuple):
            return self.builder.tuple([self.value_of(i) for i in x])
        if wanted == T.FLOAT and isinstance(x, int):
            x = float(x)
        if wanted == T.DEVICE and x is not None:
            return self.builder.constant(str(x), T.DEVICE)
        if isinstance(x, MemoryFormat):
            x = x.code  # graphs have TorchScript's numbers
        try:
            return self.builder.constant(x)
        except NotConstantError:
            raise TracingError(
                Diagnostic(
                    "E0507",
                    f"a `{type(x).__name__}` cannot stand in a traced program",
                    span_of_frame(user_frame()),
                    help="pass tensors, arrays, numbers, strings, and tuples, lists or"
                    " dicts of them",
                )
            ) from None

    @staticmethod
    def _element_type(items: list[Value], wanted: T.Type | None) -> T.Type:
        if isinstance(wanted, T.ListType) and not T.contains_variable(wanted):
            return wanted.element
        types = {T.TENSOR if T.is_tensor_like(i.type) else i.type for i in items}
        if any(isinstance(i.type, T.ArrayType) for i in items):
            return T.ARRAY
        if len(types) == 1:
            return types.pop()
        return T.TENSOR if not types else T.NUMBER

    def tensor(self, x: Tensor) -> Value:
        """The Value of a tensor: computed, an attribute of the module, or a constant."""
        known = self._tensors.get(id(x))
        if known is not None:
            return known[1]
        if id(x) in self._paths:
            return self._reach(x)
        value = self.builder.constant(x.array, T.TENSOR)
        self._tensors[id(x)] = (x, value)
        return value

    def _reach(self, x: Any) -> Value:
        found = self._paths.get(id(x))
        if found is None:
            raise TracingError(
                Diagnostic(
                    "E0506",
                    "a scripted module is called that does not belong to what is traced",
                    span_of_frame(user_frame()),
                    help="trace the module that holds it as a submodule",
                )
            )
        return found[1]()

    def adopt(self, result: Any, value: Value) -> Any:
        """Let Python's result stand for a Value from now on."""
        if isinstance(result, Tensor):
            self._tensors[id(result)] = (result, value)
            return result
        if isinstance(value.type, T.ArrayType):
            return TracedArray(self, result, value)
        if isinstance(value.type, T.ListType):
            items = self._unpack_list(value, len(result))
            return [self.adopt(r, i) for r, i in zip(result, items, strict=True)]
        elements = T.tuple_elements(value.type)
        if elements is not None:
            items = self.builder.unpack(value)
            parts = [self.adopt(r, i) for r, i in zip(result, items, strict=True)]
            made = type(result)
            return made._make(parts) if hasattr(result, "_make") else made(parts)
        if isinstance(value.type, T.DictType):
            return {k: self.adopt(r, self._item(value, k)) for k, r in result.items()}
        if isinstance(result, bool | int | float) and not isinstance(
            result, np.generic
        ):
            return TracedNumber(self, result, value)
        return result

    def _unpack_list(self, value: Value, length: int) -> list[Value]:
        assert isinstance(value.type, T.ListType)
        types = [value.type.element] * length
        return list(self.builder.node("prim::ListUnpack", [value], types).outputs)

    def _item(self, value: Value, key: Any) -> Value:
        made = self.builder.op("aten::__getitem__", value, key)
        assert isinstance(made, Value)
        return made

    # scripted callees ---------------------------------------------------------------

    def function(
        self, program: Program, name: str, args: Sequence[Any], run: Any
    ) -> Any:
        """Record a call of a compiled function; `run` runs it on concrete values."""
        if threading.get_ident() != self._thread:
            return run(args)
        with self.builder.at(span_of_frame(user_frame())):
            schema = program.functions[name].schema
            inputs, values = self._entering(schema.arguments, args)
            linked = link(self.program, program, name)
            function = self.builder.node(
                "prim::Constant", (), [T.FunctionType(linked)], name=linked
            )
            with self.paused():
                result = run(values)
            returned = self.program.functions[linked].schema.returns[0].type
            node = self.builder.node(
                "prim::CallFunction", [function.output, *inputs], [returned]
            )
            return self.adopt(result, node.output)

    def _entering(
        self, arguments: Sequence[Argument], args: Sequence[Any]
    ) -> tuple[list[Value], list[Any]]:
        """As `_operands`, for a compiled function: arrays given as Tensors become some."""
        inputs, values = [], []
        for x, argument in zip(args, arguments, strict=True):
            value = self.value_of(x, argument)
            if isinstance(x, Traced):
                value = self.builder.convert(value, argument.type)
            inputs.append(value)
            values.append(enter(concrete(x), argument.type))
        return inputs, values

    def method(
        self, program: Program, obj: Object, name: str, args: Sequence[Any], run: Any
    ) -> Any:
        """Record a call of a method of a scripted module that is traced over."""
        if threading.get_ident() != self._thread:
            return run(args)
        with self.builder.at(span_of_frame(user_frame())):
            schema = program.method(obj.type, name).schema
            inputs, values = self._entering(schema.arguments[1:], args)
            linked = link_class(self.program, program, obj.type)
            returned = self.program.method(linked, name).schema.returns[0].type
            with self.paused():
                result = run(values)
            node = self.builder.node(
                "prim::CallMethod", [self._reach(obj), *inputs], [returned], name=name
            )
            return self.adopt(result, node.output)

    # the traced module ----------------------------------------------------------------

    def attach(self, obj: Object, make: Callable[[], Value]) -> None:
        """Let the tensors and objects below an instance be reached as attributes."""
        self._paths[id(obj)] = (obj, make)
        definition = self.program.class_of(obj.type)
        for name, attribute in definition.attributes.items():
            content = obj.slots[name]

            # read once: a trace assigns no attributes, it changes tensors in place
            @functools.cache
            def reach(name: str = name, type: T.Type = attribute.type) -> Value:
                return self.builder.node(
                    "prim::GetAttr", [make()], [type], name=name
                ).output

            if isinstance(content, Object):
                self.attach(content, reach)
            elif isinstance(content, Tensor) and id(content) not in self._paths:
                self._paths[id(content)] = (content, reach)

    # arrays -------------------------------------------------------------------------

    def numpy(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Record a call of a NumPy function."""
        kind = f"np::{name}"
        if not has_kind(kind):
            self.bakes.unsupported(f"np.{name}")
        args = [_dtype_or_same(a) for a in args]
        if name == "astype" and len(args) > 1:
            args[1] = _dtype_named(args[1])
        if "dtype" in kwargs:
            kwargs = {**kwargs, "dtype": _dtype_named(kwargs["dtype"])}
        return call_operator(kind, args, kwargs)

    def array_method(self, array: TracedArray, name: str) -> Any:
        """A method of ndarray, `x.sum`."""
        if not has_kind(f"np::{name}"):
            if not hasattr(array.concrete, name):
                raise AttributeError(f"'ndarray' has no attribute {name!r}")
            self.bakes.unsupported(f"ndarray.{name}")

        def method(*args: Any, **kwargs: Any) -> Any:
            many = name in ("reshape", "transpose") and len(args) > 1
            return self.numpy(name, (array, args) if many else (array, *args), kwargs)

        return method

    def array_item(self, array: TracedArray, index: Any) -> Any:
        """`array[index]`."""
        from jit.tracing.array_indexing import get_item

        return get_item(self, array, index)

    def set_array_item(self, array: TracedArray, index: Any, item: Any) -> None:
        """`array[index] = item`."""
        from jit.tracing.array_indexing import set_item

        set_item(self, array, index, item)

    def write_array(self, target: Any, result: Any) -> Any:
        """`np.add(a, b, out=target)`, also `a += b`."""
        if not isinstance(target, TracedArray):
            self.bakes.stored()
        self.set_array_item(target, Ellipsis, result)
        return target


def _dtype_or_same(x: Any) -> Any:
    """A dtype for what NumPy takes as one: `np.float32`, `np.dtype("f4")`."""
    if isinstance(x, np.dtype) or (isinstance(x, type) and issubclass(x, np.generic)):
        return dtype_of(np.dtype(x))
    return x


def _dtype_named(x: Any) -> Any:
    """As `_dtype_or_same`, where a text can only be the name of a dtype."""
    return dtype_of(np.dtype(x)) if isinstance(x, str) else _dtype_or_same(x)
