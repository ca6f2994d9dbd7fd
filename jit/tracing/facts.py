"""What Python asks of a tensor's type while it is traced: rank, dtype, memory layout.

Such facts are properties of the inputs. A dtype flows through the program as the dtype
of its tensor, so that `torch.zeros(n, dtype=x.dtype)` follows the input; where Python
goes by a fact, the program checks it at each call.
"""

from __future__ import annotations

import functools
import os
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any

from jit.ir import types as T
from jit.ir.dtypes import DType
from jit.ir.graph import Value
from jit.runtime.traced import Traced

if TYPE_CHECKING:
    from jit.tracing.tracer import Tracer

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_ROOMS = tuple(
    os.path.realpath(os.path.join(_PACKAGE, room)) + os.sep
    for room in ("ir", "passes", "runtime", "modules", "frontend", "tracing")
)
_LIBRARY = os.path.realpath(os.path.join(_PACKAGE, "torch")) + os.sep


class TracedDType(Traced):
    """The dtype of a tensor of the trace, whichever that is in a later run."""

    __slots__ = ("concrete", "tracer", "value")

    def __init__(self, tracer: Tracer, concrete: DType, value: Value) -> None:
        self.tracer = tracer
        self.concrete = concrete
        self.value = value

    @property
    def type(self) -> T.Type:
        return T.DTYPE

    def settled(self) -> DType:
        """The dtype of this run; the program checks that it is the same in others."""
        self.tracer.rest_on(self.value, "prim::dtype", self.concrete)
        concrete: DType = self.concrete
        return concrete

    def __eq__(self, other: object) -> bool:
        other = other.settled() if isinstance(other, TracedDType) else other
        return self.settled() == other

    def __hash__(self) -> int:
        return hash(self.settled())

    def __repr__(self) -> str:
        return repr(self.settled())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.settled(), name)


def is_asked_inside() -> bool:
    """Whether TraceScript's own machinery asks for a fact, not a function of the trace."""
    frame = _asking_frame()
    return frame is None or _is_inside(frame.f_code.co_filename)


def is_asked_by_library() -> bool:
    """Whether a function of the torch namespace asks, whose decisions are checks."""
    frame = _asking_frame()
    return frame is not None and _is_library(frame.f_code.co_filename)


def _asking_frame() -> FrameType | None:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and _is_asking(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


@functools.cache
def _is_asking(file: str) -> bool:
    real = os.path.realpath(file)
    if real.startswith(_ROOMS[-1]):
        return True
    return real in (
        _ROOMS[2] + name for name in ("tensor.py", "binding.py", "dispatch.py")
    )


@functools.cache
def _is_library(file: str) -> bool:
    return os.path.realpath(file).startswith(_LIBRARY)


@functools.cache
def _is_inside(file: str) -> bool:
    return os.path.realpath(file).startswith(_ROOMS)
