"""Values that only the compiler sees: modules, functions, types, ranges.

An expression is emitted as a graph Value, or as a Sugared value that knows what an
attribute, a call or an index of it means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from jit.frontend import tree as t
from jit.frontend.failures import fail
from jit.frontend.python_library import instead_of
from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.ir.graph import Value
from jit.ir.span import Span
from jit.ir.types import Type

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter
    from jit.frontend.environment import Frame


class Sugared:
    """A value known to the compiler alone."""

    stays_itself = False
    """Whether it stays a function when it is passed to another."""

    def contents(self) -> dict[str, Any]:
        """What it consists of, by the names of attributes that may be replaced."""
        return vars(self)

    def settle(self, frame: Frame) -> None:
        """Let what it reads be found in the outermost frame of a callee."""

    def describe(self) -> str:
        """What it is, for messages: "the function `f`"."""
        raise NotImplementedError

    def is_same(self, other: object) -> bool:
        """Whether another sugared value means the same wherever it is used."""
        return self is other

    def value(self, e: Emitter, span: Span) -> Value:
        """The value as one of the graph, if it can be."""
        raise fail(
            span,
            "E0203",
            f"{self.describe()} is not a value of a compiled function",
            help="call it, or use what it holds: compiled code keeps numbers, strings,"
            " Tensors, arrays, lists, tuples and dicts",
        )

    def declared(self, e: Emitter, span: Span, wanted: Type) -> Emitted:
        """What a name of a declared type stands for after it was assigned this."""
        return self.value(e, span)

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        """What `.name` of it means."""
        raise fail(span, "E0204", f"{self.describe()} has no attribute `{name}`")

    def computes(self, name: str) -> bool:
        """Whether reading `.name` of it runs code: a property does."""
        return False

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        """What calling it means; the arguments are not emitted yet."""
        raise fail(call.span, "E0311", f"{self.describe()} cannot be called")

    def index(self, e: Emitter, node: t.Subscript) -> Emitted:
        """What `[...]` of it means."""
        raise fail(node.span, "E0301", f"{self.describe()} cannot be indexed")

    def elements(self, e: Emitter, span: Span) -> list[Emitted] | None:
        """Its elements if they are known one by one; None if it is no such thing."""
        return None


Emitted = Value | Sugared
"""What an expression becomes."""


class PythonValue(Sugared):
    """A Python object that is looked at while compiling: a type, a special form."""

    def __init__(self, obj: Any) -> None:
        self.obj = obj

    def is_same(self, other: object) -> bool:
        return isinstance(other, PythonValue) and self.obj is other.obj

    def describe(self) -> str:
        name = getattr(self.obj, "__name__", None) or repr(self.obj)
        if isinstance(self.obj, type):
            return f"the class `{name}`"
        return (
            f"the function `{name}`" if callable(self.obj) else f"the object `{name}`"
        )

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        from jit.frontend.resolver import attribute_of_object

        return attribute_of_object(e, span, self.obj, name)

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        raise fail(
            call.span,
            "E0205",
            f"{self.describe()} cannot be called in compiled code",
            help=instead_of(self.obj)
            or "call functions written in Python, functions of torch, numpy and math,"
            " or compute it outside and pass the result in",
        )

    def index(self, e: Emitter, node: t.Subscript) -> Emitted:
        index = e.expr(node.index)
        try:
            return PythonValue(self.obj[_object_of(index)])
        except (TypeError, LookupError, ValueError):
            return super().index(e, node)


def _object_of(x: Emitted) -> Any:
    """The Python object of a sugared value, for subscripts such as `List[int]`."""
    match x:
        case PythonValue():
            return x.obj
        case Builtin():
            return x.obj
        case SugaredTuple():
            return tuple(_object_of(i) for i in x.items)
        case Value():
            constant = x.constant
            if constant is None or isinstance(constant, str | int):
                return constant
    raise TypeError("not a Python object")


class PythonModule(PythonValue):
    """An imported module: a namespace."""

    def describe(self) -> str:
        return f"the module `{self.obj.__name__}`"


class Builtin(Sugared):
    """A function whose calls the compiler emits itself."""

    stays_itself = True

    def __init__(
        self, name: str, emit: Callable[[Emitter, t.Call], Emitted], obj: Any = None
    ) -> None:
        self.name = name
        self.emit = emit
        self.obj = obj
        """The Python function or class that it stands for."""

    def describe(self) -> str:
        return f"the function `{self.name}`"

    def value(self, e: Emitter, span: Span) -> Value:
        """`dtype=float` means a dtype."""
        if self.obj in PYTHON_DTYPES:
            return e.b.constant(PYTHON_DTYPES[self.obj])
        return super().value(e, span)

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        if self.obj is dict and name == "fromkeys":
            from jit.frontend.emit_displays import emit_from_keys

            return Builtin(f"dict.{name}", emit_from_keys)
        if self.obj in (str, list, dict, set) and callable(
            getattr(self.obj, name, None)
        ):
            return UnboundMethod(name)
        return super().attribute(e, span, name)

    def index(self, e: Emitter, node: t.Subscript) -> Emitted:
        """`list[int]`, a type."""
        if isinstance(self.obj, type):
            return PythonValue(self.obj).index(e, node)
        return super().index(e, node)

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        return self.emit(e, call)


PYTHON_DTYPES: dict[Any, DType] = {
    float: dtypes.float64,
    int: dtypes.int64,
    bool: dtypes.bool_,
    complex: dtypes.complex128,
}
"""What Python's number classes mean where a dtype is wanted."""


class OperatorFunction(Sugared):
    """A function of a library that is an operator: `torch.relu`, `np.exp`.

    With an `overload` it is that alone: `torch.ops.aten.add.Tensor`.
    """

    stays_itself = True

    def __init__(self, name: str, kind: str, overload: str | None = None) -> None:
        self.name = name
        self.kind = kind
        self.overload = overload

    def is_same(self, other: object) -> bool:
        return isinstance(other, OperatorFunction) and (
            (self.kind, self.overload) == (other.kind, other.overload)
        )

    def describe(self) -> str:
        return f"the function `{self.name}`"

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        from jit.ir.registry import find_card

        full = f"{self.name}.{name}"
        if self.overload is None:
            overload = "" if name == "default" else name
            if find_card(self.kind, overload) is not None:
                return OperatorFunction(full, self.kind, overload)
            if name == "out":
                return OperatorFunction(full, self.kind)
            made = name.removesuffix("_out")
            if made != name and find_card(self.kind, made) is not None:
                return OperatorFunction(full, self.kind, made)
        return super().attribute(e, span, name)

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        from jit.frontend.call import call_operator
        from jit.frontend.gradients import wanting_gradients

        args = e.arguments(call)
        asked = None
        if "requires_grad" in args.keywords and _makes_tensors(self.kind):
            asked = args.keywords.pop("requires_grad")
        made = call_operator(
            e, call.span, self.kind, args, name=self.name, overload=self.overload
        )
        return wanting_gradients(e, call.span, made, asked)


def _makes_tensors(kind: str) -> bool:
    """Whether an operator takes a layout, and so makes a tensor of sizes or numbers."""
    from jit.ir.registry import overloads_of

    return any("layout" in c.schema.index_of for c in overloads_of(kind))


class BoundOperator(Sugared):
    """A method of a value that is an operator: `x.sum`, `s.upper`."""

    stays_itself = True

    def __init__(self, name: str, kind: str, owner: Value) -> None:
        self.name = name
        self.kind = kind
        self.owner = owner

    def describe(self) -> str:
        return f"the method `{self.name}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        from jit.frontend.call import call_operator

        args = e.arguments(call, first=self.owner)
        return call_operator(e, call.span, self.kind, args, name=self.name)


class BoundBuiltin(Sugared):
    """A method of a value whose calls the compiler emits itself."""

    stays_itself = True

    def __init__(
        self,
        name: str,
        owner: Value,
        emit: Callable[[Emitter, t.Call, Value], Emitted],
    ) -> None:
        self.name = name
        self.owner = owner
        self.emit = emit

    def describe(self) -> str:
        return f"the method `{self.name}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        return self.emit(e, call, self.owner)


class PythonFunction(Sugared):
    """A function written in Python, compiled when it is called."""

    stays_itself = True

    def __init__(self, fn: Any) -> None:
        self.fn = fn

    def is_same(self, other: object) -> bool:
        return isinstance(other, PythonFunction) and self.fn is other.fn

    def describe(self) -> str:
        return f"the function `{self.fn.__name__}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        from jit.frontend.call_python import call_function

        return call_function(e, call, self.fn)


class StoredFunction(Sugared):
    """A function that was captured before and has no Python source: a traced one."""

    stays_itself = True

    def __init__(self, scripted: Any) -> None:
        self.scripted = scripted

    def describe(self) -> str:
        return f"the compiled function `{self.scripted.name}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        from jit.frontend.call_python import call_stored

        return call_stored(e, call, self.scripted)


class ExceptionClass(PythonValue):
    """A class of exceptions, to be raised or caught."""

    def describe(self) -> str:
        return f"the exception class `{self.obj.__name__}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        from jit.frontend.emit_raise import message_of

        return MadeException(self, message_of(e, call))


class MadeException(Sugared):
    """An exception that was made, to be raised by its name: `raise error`."""

    def __init__(self, cls: ExceptionClass, message: Value) -> None:
        self.cls = cls
        self.message = message

    def describe(self) -> str:
        return f"an exception of the class `{self.cls.obj.__name__}`"


class SugaredTuple(Sugared):
    """A tuple of which some elements are known to the compiler alone."""

    def __init__(self, items: Sequence[Emitted]) -> None:
        self.items = list(items)

    @property
    def is_plain(self) -> bool:
        """Whether it is a tuple of values after all."""
        return all(isinstance(i, Value) for i in self.items)

    def describe(self) -> str:
        return "this tuple"

    def value(self, e: Emitter, span: Span) -> Value:
        return e.b.tuple([e.as_value(i, span) for i in self.items])

    def elements(self, e: Emitter, span: Span) -> list[Emitted] | None:
        return list(self.items)

    def index(self, e: Emitter, node: t.Subscript) -> Emitted:
        index = e.value(node.index).constant
        if isinstance(index, int) and -len(self.items) <= index < len(self.items):
            return self.items[index]
        return super().index(e, node)


class SugaredList(SugaredTuple):
    """A list of things known to the compiler alone, as a slice of modules."""

    @property
    def is_plain(self) -> bool:
        return False

    def describe(self) -> str:
        return "this list of modules"


class SpreadList(Sugared):
    """`*items` among the arguments of a call, of a length known only at run time."""

    def __init__(self, items: Value) -> None:
        self.items = items

    def describe(self) -> str:
        return "a list spread with `*`"


class KnownOptions(Sugared):
    """`**kwargs` that a function only passes on: each keyword with its argument."""

    stays_itself = True

    def __init__(self, options: dict[str, Emitted]) -> None:
        self.options = options

    def describe(self) -> str:
        return "the keyword arguments of this function"


class RangeValue(Sugared):
    """`range(start, stop, step)`."""

    stays_itself = True

    def __init__(self, start: Value | None, stop: Value, step: Value | None) -> None:
        self.start = start
        self.stop = stop
        self.step = step

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        defaults = {
            "start": (self.start, 0),
            "stop": (self.stop, 0),
            "step": (self.step, 1),
        }
        if name not in defaults:
            return super().attribute(e, span, name)
        found, default = defaults[name]
        return e.b.constant(default) if found is None else found

    def index(self, e: Emitter, node: t.Subscript) -> Emitted:
        """`range(n)[i]`, `range(n)[1:]`: of the list that it stands for."""
        from jit.frontend.builtins import list_of
        from jit.frontend.operators import apply

        if isinstance(node.index, t.Slice):
            return super().index(e, node)
        items = list_of(e, self, node.span)
        return apply(e, node.span, "aten::__getitem__", items, e.value(node.index))

    def describe(self) -> str:
        return "a range"


class EnumerateValue(Sugared):
    """`enumerate(iterable, start)`."""

    def __init__(self, iterable: Emitted, start: Value | None) -> None:
        self.iterable = iterable
        self.start = start

    def describe(self) -> str:
        return "an enumeration"


class ZipValue(Sugared):
    """`zip(...)`."""

    def __init__(self, iterables: Sequence[Emitted]) -> None:
        self.iterables = list(iterables)

    def describe(self) -> str:
        return "a zip"


class MapValue(Sugared):
    """`map(function, ...)`."""

    def __init__(self, function: Emitted, iterables: Sequence[Emitted]) -> None:
        self.function = function
        self.iterables = list(iterables)

    def describe(self) -> str:
        return "a map"


class UnboundMethod(Sugared):
    """`str.upper`: a method that gets its owner as its first argument."""

    stays_itself = True

    def __init__(self, name: str) -> None:
        self.name = name

    def describe(self) -> str:
        return f"the method `{self.name}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        if not call.args or isinstance(call.args[0], t.Starred):
            raise fail(call.span, "E0304", f"{self.describe()} needs its owner")
        method = t.Attribute(call.function.span, call.args[0], self.name)
        return e.expr(t.Call(call.span, method, call.args[1:], call.keywords))


class ReversedValue(Sugared):
    """`reversed(iterable)`."""

    def __init__(self, iterable: Emitted) -> None:
        self.iterable = iterable

    def describe(self) -> str:
        return "a reversed sequence"


class NoContext(Sugared):
    """A context that only the compiler knows: `torch.no_grad()`, `record_function`."""

    def __init__(
        self,
        name: str,
        grads: Value | Literal[False] | None = None,
        switch: Value | None = None,
        casts: DType | Literal[False] | None = None,
    ) -> None:
        self.name = name
        self.casts = casts
        """What `torch.autocast` chooses inside of it: nothing, or (None) as outside."""
        self.grads = grads
        """Whether gradients are recorded inside of it: never, as a value tells while the
        program runs, or (None) as outside."""
        self.switch = switch
        """What is switched from here on where it is no context, but a statement."""

    def describe(self) -> str:
        return f"the context `{self.name}`"
