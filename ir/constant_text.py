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
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jit.ir.dtypes import ALL, DType, dtype_named
from jit.ir.lexer import Cursor, Token
from jit.ir.type_text import format_string, read_dtype, read_string

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
    if array.size > INLINE_ELEMENTS or not _has_text(array.dtype):
        return False
    if array.dtype.kind in "biu":
        return True
    # the text can tell the sign of a nan, not its payload
    elements = [_exact(x) for x in array.reshape(-1)]
    again = array_of(elements, array.dtype, array.shape)
    return again.tobytes() == np.ascontiguousarray(array).tobytes()


def _has_text(dtype: np.dtype[Any]) -> bool:
    return dtype.isnative and dtype.name in _NAMES


def array_of(
    elements: list[Any], dtype: np.dtype[Any], shape: tuple[int, ...]
) -> Array:
    """The array of some elements, which are numbers of Python."""
    with np.errstate(all="ignore"):
        return np.array(elements, dtype).reshape(shape)


def _inline_text(array: Array) -> str:
    name = array.dtype.name
    if array.ndim == 0:
        return f"{name}({_element_text(array[()])})"
    if array.size == 0 and array.ndim > 1:
        return f"{name}({', '.join(map(str, array.shape))})[]"
    return f"{name}{_nested_text(array)}"


def _nested_text(array: Array) -> str:
    if array.ndim == 1:
        return f"[{', '.join(map(_element_text, array))}]"
    return f"[{', '.join(map(_nested_text, array))}]"


def _element_text(x: Any) -> str:
    value = _exact(x)
    if isinstance(value, complex):
        return f"complex({_float_text(value.real)}, {_float_text(value.imag)})"
    return _float_text(value) if isinstance(value, float) else repr(value)


def _exact(x: Any) -> bool | int | float | complex:
    """The number of Python with the shortest text that gives the element back."""
    if np.iscomplexobj(x):
        return complex(_exact(x.real), _exact(x.imag))
    if isinstance(x, np.bool_ | np.integer):
        return bool(x) if isinstance(x, np.bool_) else int(x)
    short = float(str(x))
    if math.isnan(short):
        return math.copysign(math.nan, -1 if np.signbit(x) else 1)
    # `str` is the shortest text for a correctly rounded reader; ours rounds twice
    return short if type(x)(short) == x else float(x)


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "-nan" if math.copysign(1, value) < 0 else "nan"
    return repr(value)


Reference = Callable[[Token], Any]
"""What a name stands for that is no constant, or None."""


def read_constant(
    c: Cursor, table: Mapping[str, Array], reference: Reference = lambda token: None
) -> Any:
    """Read one constant; arrays that are named by digest are looked up in `table`."""
    token = c.token
    if token.kind == "string":
        return read_string(c)
    if token.text == "(":
        return _read_tuple(c, table, reference)
    if token.text == "<":
        return _read_digest(c, table)
    if token.kind != "name":
        return c.number()
    if token.text in _WORDS:
        c.advance()
        return _WORDS[token.text]
    if token.text in ("inf", "nan"):
        return c.number()
    if token.text == "complex":
        return _read_complex(c)
    if token.text in _NAMES:
        return _read_array(c)
    if token.text.startswith("torch.") and token.text[6:] in _NAMES:
        c.advance()
        return dtype_named(token.text[6:])
    found = reference(token)
    if found is None:
        raise c.error(f"`{token.text}` is no constant", token)
    c.advance()
    return found


_WORDS = {"None": None, "True": True, "False": False}
_NAMES = frozenset(d.name for d in ALL)


def _read_tuple(
    c: Cursor, table: Mapping[str, Array], reference: Reference
) -> tuple[Any, ...]:
    values = []
    c.expect("(")
    with c.nested():
        while not c.accept(")"):
            values.append(read_constant(c, table, reference))
            if c.token.text != ")":
                c.expect(",")
    return tuple(values)


def _read_complex(c: Cursor) -> complex:
    c.expect("complex")
    c.expect("(")
    real = c.number()
    c.expect(",")
    imag = c.number()
    c.expect(")")
    return complex(real, imag)


def _read_array(c: Cursor) -> Array:
    start = c.token
    dtype = read_dtype(c).numpy
    elements: list[Any] = []
    shape: tuple[int, ...] = ()
    if c.token.text == "[":
        shape = _read_nested(c, dtype, elements)
    else:
        c.expect("(")
        while not c.accept(")"):
            elements.append(_read_element(c, dtype))
            if c.token.text != ")":
                c.expect(",")
        if c.token.text == "[":
            c.advance()
            c.expect("]")
            shape, elements = tuple(elements), []
    try:
        result = array_of(elements, dtype, shape)
    except (ValueError, OverflowError, TypeError):
        raise c.error("the elements do not make an array of this size", start) from None
    result.setflags(write=False)
    return result


def _read_nested(c: Cursor, dtype: np.dtype[Any], found: list[Any]) -> tuple[int, ...]:
    """Append the elements to `found` and return the sizes."""
    start = c.expect("[")
    count = 0
    inner: tuple[int, ...] | None = None
    with c.nested():
        while not c.accept("]"):
            sizes: tuple[int, ...] = ()
            if c.token.text == "[":
                sizes = _read_nested(c, dtype, found)
            else:
                found.append(_read_element(c, dtype))
            if inner not in (None, sizes):
                raise c.error("the rows of the array differ in length", start)
            inner = sizes
            count += 1
            if c.token.text != "]":
                c.expect(",")
    return (count, *(inner or ()))


def _read_element(c: Cursor, dtype: np.dtype[Any]) -> Any:
    token = c.token
    if dtype.kind == "b" and token.text in ("True", "False"):
        return c.advance().text == "True"
    if token.text == "complex":
        return _read_complex(c)
    if dtype.kind not in "iu":
        return c.number()
    value = c.integer()
    limits = np.iinfo(dtype)
    if not limits.min <= value <= limits.max:
        raise c.error(f"`{value}` is no {dtype.name}", token)
    return value


def _read_digest(c: Cursor, table: Mapping[str, Array]) -> Array:
    start = c.expect("<")
    dtype = c.expect_kind("name").text
    c.expect("(")
    shape = []
    while not c.accept(")"):
        shape.append(c.integer())
        if c.token.text != ")":
            c.expect(",")
    c.expect("sha256")
    c.expect(":")
    first = c.token.start
    while c.token.text != ">" and c.token.kind in ("name", "number"):
        c.advance()
    name = c.text[first : c.token.start]
    c.expect(">")
    if name not in table:
        raise c.error(f"no array with the digest {name[:64]} was given", start)
    array = table[name]
    if array.dtype.name != dtype or array.shape != tuple(shape):
        raise c.error(f"the array {name} is {array.dtype.name}{array.shape}", start)
    if array.flags.writeable:
        array = array.view()
        array.setflags(write=False)
    return array
