"""The tracer: an observer of operators that writes them into a graph.

While a function runs, `jit.runtime.dispatch` tells the tracer of every operator. It runs
the operator and appends a node. Tensors are found by identity; in-place operators and
views need no special care, because the node records the very same mutation. Tensors that
no node made are attributes of the traced module, or constants.
"""

from __future__ import annotations

import functools
import sys
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
from jit.ir.overloads import Binding, bind, resolve
from jit.ir.program import Program
from jit.ir.registry import find_card, has_kind, overloads_of
from jit.ir.schema import Argument, FunctionSchema
from jit.ir.span import NOWHERE, Span
from jit.modules.arguments import enter
from jit.passes.analysis import effects
from jit.runtime import dispatch, grad_mode
from jit.runtime.binding import call_operator
from jit.runtime.device import MemoryFormat
from jit.runtime.objects import Object
from jit.runtime.tensor import Tensor
from jit.runtime.traced import Traced, concrete
from jit.runtime.values import tensor_of
from jit.tracing.bakes import Bakes, span_of_frame, user_frame
from jit.tracing.facts import TracedDType, is_asked_by_library, is_asked_inside
from jit.tracing.guards import Guards
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


_TYPES: dict[Any, T.Type] = {
    int: T.INT, float: T.FLOAT, bool: T.BOOL, complex: T.COMPLEX,
}  # fmt: skip


class Tracer:
    """Records one function into one graph."""

    def __init__(self, program: Program, graph: Graph, bakes: Bakes) -> None:
        self.program = program
        self.graph = graph
        self.builder = Builder(graph)
        self.bakes = bakes
        self.guards = Guards(self.builder)
        self.modes: dict[int, tuple[Any, bool]] = {}
        """Modules that were asked whether they are in training, by identity."""
        self._modules: dict[int, Callable[[], Value]] = {}
        self.flags: dict[int, bool] = {}
        """Whether the modules of the trace are in training, by identity."""
        self._thread = threading.get_ident()
        self._tensors: dict[int, tuple[Tensor, Value]] = {}
        self._constants: list[Tensor] = []
        """Tensors from outside, of which the graph holds copies."""
        self._copies: list[Value] = []
        """Copies of constants: what Python made of plain numbers in this run."""
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
                if how == "branch":
                    self.branch(node.output, result)
                else:
                    self.number(node.output, how, result)
                return result
            if schema.name in _STATIC:
                if not is_asked_inside():
                    self.rest_on(inputs[0], schema.name, result, node.output)
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
            if isinstance(a, TracedNumber) and argument is not None:
                self._settle(a, argument.type)
            value, content = self.value_of(a, argument), concrete(a)
            if isinstance(a, Traced) and argument is not None:
                if not T.contains_variable(argument.type):
                    value = self.builder.convert(value, argument.type)
                if isinstance(value.type, T.TensorType):
                    content = tensor_of(content)
            if argument is not None and argument.alias and argument.alias.is_write:
                self._check_write(content)
            inputs.append(value)
            values.append(content)
        return inputs, values

    def _check_write(self, target: Any) -> None:
        """TracingError E0509 for a change of what the trace holds as a constant."""
        if not isinstance(target, Tensor):
            return
        for constant in self._constants:
            if np.may_share_memory(constant.array, target.array):
                self.bakes.written()

    def _result_types(
        self, card: type[Card], inputs: list[Value], args: Sequence[Any]
    ) -> list[T.Type]:
        returns = [r.type for r in card.schema.returns]
        if not any(T.contains_variable(r) for r in returns):
            return returns
        found = bind(card.schema, [v.type for v in inputs], {})
        assert isinstance(found, Binding), card.schema
        return list(found.returns)

    def call(self, kind: str, *args: Any) -> Any:
        """Call an operator, with its node."""
        return call_operator(kind, args, {})

    def compute(self, kind: str, *args: Any) -> Any:
        """Call an operator of numbers, its overload chosen by their static types."""
        types = [a.value.type if isinstance(a, TracedNumber) else _TYPES[type(a)]
                 for a in args]  # fmt: skip
        found = resolve(kind, types, {})
        if not isinstance(found, Binding):
            raise TypeError(f"`{kind}` takes no {' and '.join(map(str, types))}")
        card = find_card(found.schema.kind, found.schema.overload)
        assert card is not None
        return self.operator(card, args)

    # what Python learns -----------------------------------------------------------

    def branch(self, value: Value, taken: Any) -> None:
        """Python goes one way because of a value.

        Where a function of the library does, which checks its arguments, the program
        checks them too.
        """
        inside = is_asked_by_library()
        if not inside:
            self.bakes.branch(taken)
        if inside or self.bakes.mode == "guard":
            self._guard(value, bool(taken))

    def number(self, value: Value, how: str, concrete: Any) -> None:
        """Python takes the number of this run."""
        self.bakes.number(how, concrete)
        if self.bakes.mode == "guard":
            self._guard(value, concrete)

    def _guard(self, value: Value, expected: Any) -> None:
        span = span_of_frame(user_frame())
        if isinstance(expected, np.generic):
            expected = expected.item()
        with self.builder.at(span):
            if T.is_tensor_like(value.type):
                value = self._plain(value, expected)
            what = f"`{_expression(span)}`"
            self.guards.expect(value, expected, what, span)

    def _plain(self, value: Value, like: Any) -> Value:
        """The number that a 0-dim tensor or array holds."""
        made = self.builder.op(f"aten::{type(like).__name__.capitalize()}", value)
        assert isinstance(made, Value)
        return made

    def rest_on(
        self, source: Value, kind: str, expected: Any, told: Value | None = None
    ) -> None:
        """Python goes by a fact about the type of a value, told by an operator."""
        if self.guards.is_known(source, kind) or source.node.kind == "prim::Constant":
            return
        span = span_of_frame(user_frame())
        with self.builder.at(span):
            tensor = self.builder.convert(source, T.TENSOR)
            actual = told if told is not None else self.builder.op(kind, tensor)
            name = kind.rpartition("::")[2]
            what = f"`{name}` in `{_expression(span)}`"
            self.guards.expect(actual, expected, what, span)

    def _settle(self, number: TracedNumber, wanted: T.Type) -> None:
        """Give the number of an element its type of this run, where one is wanted."""
        if isinstance(wanted, T.OptionalType):
            wanted = wanted.element
        if wanted in (T.INT, T.FLOAT, T.BOOL):
            number.settle()

    def settled_number(self, value: Value, seen: Any, type: T.Type) -> Value:
        """A number of any type as one of the type that it has in this run."""
        if value.node.kind == "aten::item":
            self.rest_on(
                value.node.inputs[0], "aten::is_floating_point", isinstance(seen, float)
            )
        if type == T.BOOL:
            made = self.builder.op("aten::Bool", value)
            assert isinstance(made, Value)
            return made
        return self.builder.convert(value, type)

    def expect_length(self, container: Value, length: int) -> None:
        """The program takes lists and dicts of as many elements as the example has."""
        count = self.builder.op("aten::len", container)
        assert isinstance(count, Value)
        what = f"the length of `{container.name or 'an input'}`"
        self.guards.expect(count, length, what, NOWHERE)

    # Tensor's own queries ---------------------------------------------------------

    def dtype(self, tensor: Tensor, follow: bool = False) -> Any:
        """The dtype of a tensor: one that follows the input, unless the runtime asks."""
        concrete = dtype_of(tensor.array.dtype)
        if (is_asked_inside() and not follow) or id(tensor) not in self._tensors:
            return concrete
        return TracedDType(self, concrete, self.tensor(tensor))

    def fact(self, tensor: Tensor, kind: str) -> Any:
        """Whether a tensor is of floating point, contiguous, and the like."""
        with self.paused():
            found = call_operator(kind, (tensor,), {})
        if not is_asked_inside():
            self.rest_on(self.tensor(tensor), kind, found)
        return found

    def flag(self, tensor: Tensor, name: str, content: bool) -> None:
        """Python asks for a flag that no operator tells."""
        if not is_asked_inside() and user_frame() is sys._getframe(2):
            self.bakes.flag(name, content)

    def training(self, module: Any) -> bool:
        """Whether a module of the trace is in training; both cases are recorded."""
        found = self.flags[id(module)]
        self.modes[id(module)] = (module, found)
        return found

    def fresh(self, tensor: Tensor) -> None:
        """A tensor of plain numbers: a constant, of which each call gets a copy."""
        with self.builder.at(span_of_frame(user_frame())):
            made = self.builder.constant(tensor.array, T.TENSOR)
            copy = self.builder.op("aten::clone", made)
        assert isinstance(copy, Value)
        self._copies.append(copy)
        self._tensors[id(tensor)] = (tensor, copy)

    def drop_copies(self) -> None:
        """Let constants stand for their copies where nothing is changed in place."""
        if any(effects.written_values(n) for n in self.graph.all_nodes):
            return
        for copy in self._copies:
            copy.replace_all_uses_with(copy.node.inputs[0])
            copy.node.destroy()

    def index(self, tensor: Tensor) -> Any:
        """The int in a tensor that stands for a size or a bound."""
        value = self.tensor(tensor)
        made = self.builder.op("aten::Int", value)
        assert isinstance(made, Value)
        return TracedNumber(self, int(tensor.array.item()), made)

    def shape(self, tensor: Tensor) -> tuple[Any, ...]:
        """The sizes of a tensor: traced numbers, so that they stay symbolic."""
        return tuple(self.call("aten::size", tensor))

    def escape(self, tensor: Tensor, how: str) -> None:
        """The elements of a tensor leave for NumPy or Python."""
        if id(tensor) not in self._tensors and id(tensor) not in self._paths:
            return
        self.bakes.escape(how)
        if self.bakes.mode == "guard":
            span = span_of_frame(user_frame())
            with self.builder.at(span):
                seen = self.builder.constant(tensor.array, T.TENSOR)
                same = self.builder.op("aten::equal", self.tensor(tensor), seen)
                differs = self.builder.op("aten::__not__", same)
                what = f"`{_expression(span)}` had certain elements"
                self.guards.refuse(differs, what, span)

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
            size = self.builder.op("aten::size", self.tensor(tensor), 0)
            assert isinstance(size, Value)
            self.number(size, how, len(tensor.array))

    # values -----------------------------------------------------------------------

    def value_of(self, x: Any, argument: Argument | None = None) -> Value:
        """The Value of something that an operator is called with."""
        if isinstance(x, TracedNumber | TracedArray):
            return x.value
        if isinstance(x, TracedDType):
            made = self.builder.op("prim::dtype", x.value)
            assert isinstance(made, Value)
            return made
        if isinstance(x, Tensor):
            return self.tensor(x)
        if isinstance(x, np.ndarray | np.generic):
            if x.dtype == object:
                self.bakes.stored()
            return self.builder.constant(x, T.ArrayType())
        if isinstance(x, Object):
            return self._reach(x)
        wanted = argument.type if argument is not None else None
        if isinstance(wanted, T.OptionalType) and x is not None:
            wanted = wanted.element
        if isinstance(x, list) or (
            isinstance(x, tuple) and isinstance(wanted, T.ListType)
        ):
            for i in x:
                if isinstance(i, TracedNumber) and isinstance(wanted, T.ListType):
                    self._settle(i, wanted.element)
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
        if x.requires_grad and grad_mode.is_grad_enabled():
            self.bakes.kept(tuple(x.array.shape))
        value = self.builder.constant(x.array, T.TENSOR)
        self._tensors[id(x)] = (x, value)
        self._constants.append(x)
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
        if isinstance(value.type, T.OptionalType):
            value = self._not_optional(result, value, value.type.element)
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
        if isinstance(result, bool | int | float | complex) and not isinstance(
            result, np.generic
        ):
            return TracedNumber(self, result, value)
        if isinstance(result, str):
            self.number(value, "being text", result)
        elif value.type not in (T.NONE, T.DEVICE, T.DTYPE) and result is not None:
            self.bakes.escape(f"being a plain `{type(result).__name__}`")
        return result

    def _not_optional(self, result: Any, value: Value, element: T.Type) -> Value:
        """What may be None: the program checks that it is, or is not, as in this run."""
        none = self.builder.constant(None)
        kind = "aten::__isnot__" if result is None else "aten::__is__"
        differs = self.builder.op(kind, value, none)
        span = span_of_frame(user_frame())
        is_none = "was None" if result is None else "was not None"
        self.guards.refuse(differs, f"`{_expression(span)}` {is_none}", span)
        if result is None:
            return value
        return self.builder.node(
            "prim::unchecked_unwrap_optional", [value], [element]
        ).output

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

    def attach(
        self, obj: Object, make: Callable[[], Value], module: Any = None
    ) -> None:
        """Let the tensors and objects below an instance be reached as attributes.

        `module` is the module whose state it is.
        """
        self._paths[id(obj)] = (obj, make)
        if module is not None:
            self._modules.setdefault(id(module), make)
        definition = self.program.class_of(obj.type)
        for name, attribute in definition.attributes.items():
            content = obj.slots[name]

            # read once: what a trace assigns it assigns at its end
            @functools.cache
            def reach(name: str = name, type: T.Type = attribute.type) -> Value:
                return self.builder.node(
                    "prim::GetAttr", [make()], [type], name=name
                ).output

            if isinstance(content, Object):
                child = getattr(module, name, None)
                self.attach(content, reach, child)
            elif isinstance(content, Tensor) and id(content) not in self._paths:
                self._paths[id(content)] = (content, reach)

    def assign(self, module: Any, name: str, content: Tensor) -> None:
        """Record that the run assigned a buffer."""
        self.builder.node(
            "prim::SetAttr",
            [self._modules[id(module)](), self.tensor(content)],
            name=name,
        )

    # arrays -------------------------------------------------------------------------

    def numpy(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Record a call of a NumPy function."""
        kind = f"np::{name}"
        if not has_kind(kind):
            self.bakes.unsupported(f"np.{name}")
        args = [_dtype_or_same(a) for a in args]
        if name == "astype" and len(args) > 1:
            args[1] = _dtype_named(args[1])
        if has_kind(kind):
            args = _with_arrays(kind, args)
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


def _with_arrays(kind: str, args: list[Any]) -> list[Any]:
    """Numbers as arrays where a function of NumPy takes nothing else."""
    wanted = [
        [a.type for a in card.schema.arguments[: len(args)]]
        for card in overloads_of(kind)
    ]
    if len(wanted) != 1:
        return args
    return [
        np.asarray(a) if w == T.ARRAY and type(a) in _TYPES else a
        for a, w in zip(args, wanted[0], strict=False)
    ] + args[len(wanted[0]) :]


def _expression(span: Span) -> str:
    """What is written at a place, or its line."""
    text = span.source.line(span.line) or "the traced code"
    if span.end_line == span.line and span.end_column > span.column:
        text = text[span.column : span.end_column]
    return text.strip()
