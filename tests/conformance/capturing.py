"""The forms of a captured call: traced and scripted, interpreted and as machine code.

A call is taken apart into its tensors, which become parameters, and the rest, which
becomes constants: baked in by a trace, written out in the source of a script.
"""

from __future__ import annotations

import linecache
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jit
from jit import torch as ours
from jit.ir.dtypes import DType
from jit.runtime.device import Device, Layout, MemoryFormat
from jit.runtime.executor.modes import enable_native
from jit.runtime.tensor import Tensor
from tests.conformance.calling import Call, describe
from tests.conformance.converting import Copies, UnconvertibleError, mapped

Made = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a tensor in the arguments of a call."""

    index: int

    def __str__(self) -> str:
        return f"x{self.index}"


def apart(given: Any) -> tuple[Any, list[Tensor]]:
    """Arguments with slots in place of tensors, and the tensors."""
    tensors: list[Tensor] = []

    def take(tensor: Tensor) -> Slot:
        for i, known in enumerate(tensors):
            if known is tensor:
                return Slot(i)
        tensors.append(tensor)
        return Slot(len(tensors) - 1)

    return mapped(given, take), tensors


def together(template: Any, tensors: Any) -> Any:
    """The arguments with tensors in their slots."""
    return mapped(
        template,
        lambda tensor: tensor,
        lambda leaf: tensors[leaf.index] if isinstance(leaf, Slot) else leaf,
    )


def traced(mine: Made, template: Any, tensors: list[Tensor]) -> Made:
    """The call as a trace on these tensors."""

    def call(*inputs: Any) -> Any:
        args, kwargs = together(template, inputs)
        return mine(*args, **kwargs)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made: Made = jit.trace(call, tuple(tensors), check_trace=False, strict=False)
        return made


def scripted(path: str, template: Any, tensors: list[Tensor]) -> Made:
    """The call as a script, of a source that is made for it."""
    names: dict[str, Any] = {"torch": ours}
    source = source_of(path, template, len(tensors))
    file = f"<conformance {hash(source)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    exec(compile(source, file, "exec"), names)
    made: Made = jit.script(names["call"])
    return made


def source_of(path: str, template: Any, count: int) -> str:
    """A function that makes the call."""
    args, kwargs = template
    parameters = ", ".join(f"x{i}: torch.Tensor" for i in range(count))
    given = [literal(a) for a in args]
    if path.startswith("Tensor."):
        function = f"{given.pop(0)}.{path.removeprefix('Tensor.')}"
    else:
        function = f"torch.{path.removeprefix('torch.')}"
    given += [f"{k}={literal(v)}" for k, v in kwargs.items()]
    return f"def call({parameters}):\n    return {function}({', '.join(given)})\n"


def literal(value: Any) -> str:
    """The text of a constant."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    if isinstance(value, DType | Layout | MemoryFormat):
        text = str(value)
        return text if text.startswith("torch.") else f"torch.{text}"
    if isinstance(value, Device):
        return repr(str(value))
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    if value is None or isinstance(value, bool | int | float | str | complex):
        return repr(value)
    if isinstance(value, Slot):
        return str(value)
    raise UnconvertibleError(f"a {type(value).__name__} in a script")


def attempt(
    capture: Callable[[Any, list[Tensor]], Made], native: bool, call: Call
) -> tuple[Any, str, Any]:
    """The result of the captured call, why there is none, the arguments afterwards."""
    template, tensors = apart(Copies().ours((list(call.args), call.kwargs)))
    try:
        made = capture(template, tensors)
    except UnconvertibleError:
        raise
    except Exception as error:
        return None, f"capture {describe(error)}", ()
    again = Copies().ours((list(call.args), call.kwargs))
    before = enable_native(native)
    try:
        return made(*apart(again)[1]), "", again
    except Exception as error:
        return None, describe(error), again
    finally:
        enable_native(before)


def is_machine_code(capture: Callable[[Any, list[Tensor]], Made], call: Call) -> str:
    """Why the traced call is not all machine code; empty if it is."""
    template, tensors = apart(Copies().ours((list(call.args), call.kwargs)))
    found = capture(template, tensors).explain(*tensors)  # type: ignore[attr-defined]
    reasons = " ".join(str(r) for r in found.reasons)
    return "" if found.is_native else f"interpreted: {reasons[:150]}"
