"""Constants as text: what stands behind the `=` of a node's attribute.

    None  True  1  -2.5  1e-07  inf  nan  complex(0.0, -0.0)  "any\\ntext"
    torch.float32
    (1, "two")  (3,)  ()
    float32[[1.0, 2.0], [3.0, 4.0]]   int64(7)   bool[]   float32(0, 3)[]
    <float32(512, 784) sha256:03ac674216f3e15c…>

The text is exact to the bit. An array of more than `INLINE_ELEMENTS` elements, or with
nan payloads that no text can tell, is named by its digest; its bytes are found in a
table beside the text. Only the payload of a nan outside of an array is lost.

    constant = "None" | "True" | "False" | number | string | array
             | "torch." dtype | "complex" "(" number "," number ")"
             | "(" constant,* ")"
    array    = dtype "(" element ")" | dtype nested | dtype "(" size,* ")" "[" "]"
             | "<" dtype "(" size,* ")" "sha256" ":" hex ">"
    nested   = "[" (nested | element),* "]"
    element  = number | "True" | "False" | "complex" "(" number "," number ")"
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from jit.ir.dtypes import DType
from jit.ir.type_text import format_string

Array = np.ndarray[Any, Any]

INLINE_ELEMENTS = 16
"""Arrays of up to this many elements are written out."""


def format_constant(value: Any) -> str:
    """The text of a constant; TypeError for values that are none."""
    match value:
        case None | bool():
            return repr(value)
        case np.ndarray():
            return format_array(value)
        case np.generic():
            raise TypeError(f"a NumPy scalar, {value!r}, is no constant")
        case int() | float():
            return repr(value)
        case complex():
            return f"complex({value.real!r}, {value.imag!r})"
        case str():
            return format_string(value)
        case DType():
            return repr(value)
        case tuple():
            inner = ", ".join(map(format_constant, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
    raise TypeError(f"`{type(value).__name__}` is no constant")


def format_array(array: Array) -> str:
    """The text of an array: its elements if they are few, else its digest."""
    if is_inline(array):
        return _inline_text(array)
    sizes = ", ".join(map(str, array.shape))
    return f"<{array.dtype.name}({sizes}) sha256:{digest(array)}>"


def digest(array: Array) -> str:
    """The SHA-256, in hexadecimal, of dtype, sizes and elements."""
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    found = hashlib.sha256(f"{plain.dtype.name}{array.shape}".encode())
    found.update(plain.reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def is_inline(array: Array) -> bool:
    """Whether the elements of an array stand in the text itself."""
    if array.size > INLINE_ELEMENTS or array.dtype.kind not in "biufcV":
        return False
    if array.dtype.kind == "V" and array.dtype.name != "bfloat16":
        return False
    if array.dtype.kind not in "fcV":
        return True
    # the text can tell the sign of a nan, not its payload
    again = np.array(
        [parse_element(element_text(x), array.dtype) for x in array.reshape(-1)],
        array.dtype,
    )
    return again.tobytes() == np.ascontiguousarray(array).tobytes()


def _inline_text(array: Array) -> str:
    name = array.dtype.name
    if array.ndim == 0:
        return f"{name}({element_text(array[()])})"
    if array.size == 0 and array.ndim > 1:
        return f"{name}({', '.join(map(str, array.shape))})[]"
    return name + _nested_text(array)


def _nested_text(array: Array) -> str:
    if array.ndim == 1:
        return f"[{', '.join(map(element_text, array))}]"
    return f"[{', '.join(map(_nested_text, array))}]"


def element_text(x: Any) -> str:
    """The shortest text that gives the very element back."""
    kind = np.asarray(x).dtype.kind
    if kind in "bui":
        return repr(x.item())
    if kind == "c":
        return f"complex({_float_text(x.real)}, {_float_text(x.imag)})"
    return _float_text(x)


def _float_text(x: Any) -> str:
    if np.isnan(x):
        return "-nan" if np.signbit(x) else "nan"
    short = float(str(x))
    # `str` is the shortest text for a correctly rounded reader; ours rounds twice
    exact = short if type(x)(short) == x else float(x)
    return repr(exact)


def parse_element(text: str, dtype: np.dtype[Any]) -> Any:
    """The element of a text by `element_text`."""
    if dtype.kind == "b":
        return text == "True"
    if dtype.kind in "ui":
        return int(text)
    if dtype.kind == "c":
        real, imag = text.removeprefix("complex(").removesuffix(")").split(", ")
        return complex(float(real), float(imag))
    return float(text)
