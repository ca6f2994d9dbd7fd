"""Python objects, found through names, as values of the compiler.

Modules and functions are told by identity, so that every alias of them is understood:
`from jit import torch as th`, `F = torch.nn.functional`, `from numpy import exp`.
"""

from __future__ import annotations

import enum
import functools
import math
import types
from typing import TYPE_CHECKING, Any

import numpy as np

import jit.frontend.higher_order
import jit.frontend.sums  # noqa: F401  declare functions
from jit.frontend import library as L
from jit.frontend.annotations import is_script_class
from jit.frontend.builtins import BUILTINS
from jit.frontend.class_value import ClassValue
from jit.frontend.complex_math import CMATH, cmath_function
from jit.frontend.enum_value import EnumClass, member
from jit.frontend.failures import fail, nearest
from jit.frontend.named_tuples import NamedTupleClass, is_named_tuple
from jit.frontend.python_library import is_of_library
from jit.frontend.sugared import (
    Emitted,
    ExceptionClass,
    OperatorFunction,
    PythonFunction,
    PythonModule,
    PythonValue,
    StoredFunction,
    Sugared,
    SugaredTuple,
)
from jit.frontend.tables import emit_table
from jit.ir import types as T
from jit.ir.dtypes import DType, dtype_of
from jit.ir.graph import Value
from jit.ir.registry import has_kind
from jit.ir.span import Span
from jit.runtime.device import Device, Layout, MemoryFormat
from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def resolve_object(e: Emitter, span: Span, obj: Any, name: str) -> Emitted:
    """What a Python object means to compiled code; E0203 if nothing."""
    constant = _constant(e, span, obj, name)
    if constant is not None:
        return constant
    if isinstance(obj, types.ModuleType):
        return PythonModule(obj)  # asked for what it has not, it may search for long
    known = _known_function(obj)
    if known is not None:
        return known
    if isinstance(obj, type):
        return _class(obj)
    if isinstance(obj, types.FunctionType):
        return PythonValue(obj) if is_of_library(obj) else PythonFunction(obj)
    scripted = _scripted(obj)
    if scripted is not None:
        return scripted
    if isinstance(obj, tuple):
        items = [resolve_object(e, span, i, name) for i in obj]
        if all(isinstance(i, Value) for i in items):
            return e.b.tuple([i for i in items if isinstance(i, Value)])
        return SugaredTuple(items)
    if isinstance(obj, list | dict | set):
        table = emit_table(e, span, obj, name)
        if table is not None:
            return table
    is_module = hasattr(obj, "forward")
    of_torch = type(obj).__module__.startswith("jit.torch")
    if not is_module and (_is_type_form(obj) or of_torch or callable(obj)):
        return PythonValue(obj)
    raise _not_capturable(span, obj, name)


def _constant(e: Emitter, span: Span, obj: Any, name: str) -> Value | None:
    """A captured value: numbers and strings as they are, arrays copied."""
    match obj:
        case enum.Enum():
            return member(e, span, obj)
        case int() if not isinstance(obj, bool) and not -(2**63) <= obj < 2**63:
            raise fail(span, "E0104", f"the integer `{name}` does not fit into 64 bits")
        case bool() | int() | float() | complex() | str():
            bases: tuple[Any, ...] = (bool, int, float, complex, str)
            base = next(b for b in bases if isinstance(obj, b))
            return e.b.constant(base(obj))
        case None | DType():
            return e.b.constant(obj)
        case np.dtype():
            return e.b.constant(dtype_of(obj))
        case Tensor():
            if obj.requires_grad and not e.compilation.are_grads_off:
                raise _keeps_gradients(span, name)
            return e.b.constant(obj.array.copy(), T.TENSOR)
        case np.ndarray():
            return e.b.constant(_checked(span, obj, name), T.ARRAY)
        case np.generic():
            return e.b.constant(np.asarray(_checked(span, obj, name)), T.ARRAY)
        case Device():
            return e.op("aten::device", str(obj))
        case Layout():
            return e.b.constant(obj.code, T.LAYOUT)
        case MemoryFormat():
            return e.b.constant(obj.code, T.MEMORY_FORMAT)
    return None


def _keeps_gradients(span: Span, name: str) -> Exception:
    return fail(
        span,
        "E0203",
        f"`{name}`, a Tensor from outside, requires gradients, which no constant gets",
        help="pass it as an argument, make it a parameter of a module, or use"
        " what `.detach()` of it gives",
    )


def _checked(span: Span, array: Any, name: str) -> Any:
    """A copy of an array whose dtype we have."""
    try:
        dtype_of(array.dtype)
    except TypeError as error:
        raise fail(span, "E0203", f"`{name}`: {error}") from None
    return array.copy()


def function_argument(obj: Any) -> Sugared | None:
    """A function that Python gives to a script; None for other objects."""
    if isinstance(obj, type) or hasattr(obj, "forward"):
        return None
    found = _known_function(obj) or _scripted(obj)
    if found is None and isinstance(obj, types.FunctionType):
        found = PythonFunction(obj)
    return found if isinstance(found, Sugared) else None


def _known_function(obj: Any) -> Emitted | None:
    found = BUILTINS.get(id(obj)) or L.library_builtins().get(id(obj))
    if found is not None:
        return found
    if id(obj) in L.MATH:
        return L.math_function(L.MATH[id(obj)]) or PythonValue(obj)
    if id(obj) in CMATH:
        return cmath_function(CMATH[id(obj)]) or PythonValue(obj)
    kind = getattr(obj, "operator_kind", None)
    if isinstance(kind, str):
        return OperatorFunction(getattr(obj, "__name__", kind), kind)
    module = getattr(obj, "__module__", None) or ""
    name = getattr(obj, "__name__", "")
    if module == "jit.torch.functions" and has_kind(f"aten::{name}"):
        return OperatorFunction(f"torch.{name}", f"aten::{name}")
    numpy_kind = _numpy_kind(obj)
    if numpy_kind is not None:
        return OperatorFunction(f"np.{name}", numpy_kind)
    return None


def _numpy_kind(obj: Any) -> str | None:
    """The operator of a NumPy function, under any of its names."""
    if not callable(obj) or isinstance(obj, type):
        return None
    for name in _numpy_names().get(id(obj), ()):
        kind = f"np::{name}"
        if has_kind(kind):
            return kind
    return None


@functools.cache
def _numpy_names() -> dict[int, list[str]]:
    """All names of NumPy's functions by identity; `linalg_norm` for `linalg.norm`."""
    found: dict[int, list[str]] = {}
    for prefix, module in (("", np), ("linalg_", np.linalg), ("fft_", np.fft)):
        for name, value in vars(module).items():
            if callable(value) and not isinstance(value, type) and name[0] != "_":
                found.setdefault(id(value), []).append(prefix + name)
    return found


def _class(cls: type) -> Emitted:
    if issubclass(cls, BaseException):
        return ExceptionClass(cls)
    if issubclass(cls, np.generic):
        return L.DTypeClass(cls)
    if issubclass(cls, enum.Enum):
        return EnumClass(cls)
    if is_named_tuple(cls) and not cls.__module__.startswith("jit."):
        return NamedTupleClass(cls)
    if is_script_class(cls):
        return ClassValue(cls)
    return PythonValue(cls)


def _scripted(obj: Any) -> Emitted | None:
    """A function that was scripted, traced or loaded."""
    from jit.modules.script_function import ScriptFunction

    if not isinstance(obj, ScriptFunction):
        return None
    if obj.python_function is not None:
        return PythonFunction(obj.python_function)
    return StoredFunction(obj)


def _is_type_form(obj: Any) -> bool:
    """Whether it is something of the typing module, `List[int]`."""
    module = type(obj).__module__
    return (
        module in ("typing", "types", "builtins") and hasattr(obj, "__origin__")
    ) or (module == "typing")


def _not_capturable(span: Span, obj: Any, name: str) -> Exception:
    kind = type(obj).__name__
    help = "pass it to the function as an argument"
    contents = obj.values() if isinstance(obj, dict) else obj
    if isinstance(obj, list | tuple | dict) and any(
        hasattr(content, "forward") for content in contents
    ):
        container = "ModuleDict" if isinstance(obj, dict) else "ModuleList"
        help = f"keep modules in a `torch.nn.{container}`"
    elif isinstance(obj, list | set):
        help = (
            "use a tuple, or pass it as an argument: compiled code sees no change of it"
        )
    elif isinstance(obj, dict):
        help = "pass it as an argument: compiled code sees no change of it"
    elif hasattr(obj, "forward"):
        help = "make it an attribute of the module that uses it"
    return fail(
        span,
        "E0203",
        f"`{name}`, a `{kind}` from outside, is not a value of compiled code",
        help=help,
    )


def attribute_of_object(e: Emitter, span: Span, obj: Any, name: str) -> Emitted:
    """An attribute of a module or class that is looked up while compiling."""
    try:
        found = getattr(obj, name)
    except AttributeError:
        owner = getattr(obj, "__name__", str(obj)).removeprefix("jit.")
        raise fail(
            span,
            "E0204",
            f"`{owner}` has no attribute `{name}`",
            help=nearest(name, dir(obj)),
        ) from None
    if obj is math and id(found) in L.MATH and L.math_function(name) is None:
        raise fail(
            span, "E0204", f"`math.{name}` is not among what compiled code knows"
        )
    is_function = callable(found) and not isinstance(found, type | types.ModuleType)
    if obj in (np, np.linalg) and is_function and _known_function(found) is None:
        raise fail(
            span,
            "E0204",
            f"`np.{name}` is not among the operators that can be compiled",
            help="compute it outside, or write it with other functions of NumPy",
        )
    return resolve_object(e, span, found, name)
