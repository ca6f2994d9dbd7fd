"""`from jit import torch`: the torch API as TorchScript knows it, over NumPy.

Dtypes, tensors, creation, a few hundred operators as functions and methods, `torch.nn`.
A function that is an operator is found when it is used: `torch.exp` calls the card of
`aten::exp`.
"""

from __future__ import annotations

import difflib
import importlib
import math
from typing import TYPE_CHECKING, Any

import jit.runtime.methods  # noqa: F401  gives Tensor its methods
from jit.ir.dtypes import DType as dtype  # noqa: N813
from jit.ir.dtypes import (
    bfloat16,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from jit.ir.dtypes import bool_ as bool  # noqa: A004
from jit.ir.dtypes import complex64 as cfloat
from jit.ir.dtypes import complex128 as cdouble
from jit.ir.dtypes import float16 as half
from jit.ir.dtypes import float32 as float  # noqa: A004
from jit.ir.dtypes import float64 as double
from jit.ir.dtypes import int16 as short
from jit.ir.dtypes import int32 as int  # noqa: A004
from jit.ir.dtypes import int64 as long
from jit.runtime.device import CHANNELS_LAST as channels_last
from jit.runtime.device import CONTIGUOUS_FORMAT as contiguous_format
from jit.runtime.device import PRESERVE_FORMAT as preserve_format
from jit.runtime.device import STRIDED as strided
from jit.runtime.device import Device as device
from jit.runtime.device import Layout as layout
from jit.runtime.device import MemoryFormat as memory_format
from jit.runtime.grad_mode import is_grad_enabled, is_inference_mode_enabled
from jit.runtime.random import Generator, default_generator
from jit.runtime.size import Size
from jit.runtime.tensor import Tensor
from jit.torch.functions import *  # noqa: F403
from jit.torch.functions import __all__ as _functions
from jit.torch.limits import finfo, iinfo
from jit.torch.modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from jit.torch.operators import find_function, public_names
from jit.runtime.public_names import is_function

__version__ = "2.13.0+tracescript"

e = math.e
inf = math.inf
nan = math.nan
pi = math.pi
newaxis = None

_SUBMODULES = (
    "cuda",
    "jit",
    "linalg",
    "nn",
    "ops",
    "return_types",
    "special",
    "testing",
)

if TYPE_CHECKING:
    from jit.torch import cuda, linalg, nn, ops, return_types, special, testing
    from jit.torch import jit as jit


def _find(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"jit.torch.{name}")
    if name.startswith("__") or not name or not is_function(name):
        return None
    return find_function(name)


def __getattr__(name: str) -> Any:
    found = _find(name)
    if found is None:
        message = f"module 'torch' has no attribute {name!r}"
        near = difflib.get_close_matches(name, __dir__(), 3, 0.7)
        if near and not name.startswith("__"):
            message += f"; near: {', '.join(f'torch.{n}' for n in near)}"
        raise AttributeError(message, name=name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    shown = {n for n in globals() if not n.startswith("_")}
    hidden = {"annotations", "difflib", "importlib", "math", "TYPE_CHECKING", "Any"}
    return sorted((shown - hidden) | set(_SUBMODULES) | set(public_names()))
