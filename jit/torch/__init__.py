"""`from jit import torch`: the torch API as TorchScript knows it, over NumPy.

Dtypes, tensors, creation, a few hundred operators as functions and methods, `torch.nn`.
A function that is an operator is found when it is used: `torch.exp` calls the card of
`aten::exp`.
"""

from __future__ import annotations

import difflib as _difflib
import importlib as _importlib
import math as _math
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

import jit.runtime.methods as _methods  # noqa: F401  gives Tensor its methods
from jit.ir import dtypes as _dtypes
from jit.runtime import device as _devices
from jit.runtime import legacy_tensors as _legacy_tensors
from jit.runtime.grad_mode import is_grad_enabled, is_inference_mode_enabled
from jit.runtime.public_names import is_function as _is_function
from jit.runtime.random import Generator, default_generator
from jit.runtime.size import Size
from jit.runtime.tensor import Tensor
from jit.torch.functions import *  # noqa: F403
from jit.torch.limits import finfo, iinfo
from jit.torch.matrix_functions import (  # noqa: F401  names of torch
    cdist,
    pca_lowrank,
    svd_lowrank,
)
from jit.torch.modes import (
    autocast,
    enable_grad,
    inference_mode,
    is_autocast_enabled,
    no_grad,
    set_grad_enabled,
)
from jit.torch.operators import find_function as _find_function
from jit.torch.operators import public_names as _public_names
from jit.torch.settings import *  # noqa: F403

if _TYPE_CHECKING:
    from jit.torch import (
        autograd,
        backends,
        compiler,
        cuda,
        fft,
        futures,
        linalg,
        nn,
        ops,
        optim,
        profiler,
        return_types,
        signal,
        special,
        testing,
        utils,
    )
    from jit.torch.compiling import compile
    from jit.torch.serialization import load, save

__version__ = "2.13.0+tracescript"

dtype = _dtypes.DType
uint8 = _dtypes.uint8
int8 = _dtypes.int8
int16 = short = _dtypes.int16
int32 = int = _dtypes.int32
int64 = long = _dtypes.int64
float16 = half = _dtypes.float16
bfloat16 = _dtypes.bfloat16
float32 = float = _dtypes.float32
float64 = double = _dtypes.float64
complex64 = cfloat = _dtypes.complex64
complex128 = cdouble = _dtypes.complex128
bool = _dtypes.bool_

device = _devices.Device
layout = _devices.Layout
memory_format = _devices.MemoryFormat
strided = _devices.STRIDED
contiguous_format = _devices.CONTIGUOUS_FORMAT
preserve_format = _devices.PRESERVE_FORMAT
channels_last = _devices.CHANNELS_LAST

e = _math.e
inf = _math.inf
nan = _math.nan
pi = _math.pi
newaxis = None

_SUBMODULES = (
    "autograd",
    "backends",
    "compiler",
    "cuda",
    "fft",
    "futures",
    "jit",
    "linalg",
    "nn",
    "ops",
    "optim",
    "profiler",
    "return_types",
    "serialization",
    "signal",
    "special",
    "testing",
    "utils",
)
_HOMES = {
    "compile": "jit.torch.compiling",
    "load": "jit.torch.serialization",
    "save": "jit.torch.serialization",
}
"""Where functions are defined whose modules are loaded when they are used."""

__all__ = [
    "Generator",
    "Size",
    "Tensor",
    "autocast",
    "autograd",
    "backends",
    "compile",
    "compiler",
    "cuda",
    "default_generator",
    "enable_grad",
    "fft",
    "finfo",
    "futures",
    "iinfo",
    "inference_mode",
    "is_autocast_enabled",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "linalg",
    "load",
    "nn",
    "no_grad",
    "ops",
    "optim",
    "profiler",
    "return_types",
    "save",
    "set_grad_enabled",
    "signal",
    "special",
    "testing",
    "utils",
]


def _find(name: str) -> _Any:
    if name in _SUBMODULES:
        return _importlib.import_module(f"jit.torch.{name}")
    if name in _HOMES:
        return getattr(_importlib.import_module(_HOMES[name]), name)
    if name in _legacy_tensors.TYPES:
        return _legacy_tensors.TYPES[name]
    if name.startswith("_") or not _is_function(name):
        return None
    return _find_function(name)


def __getattr__(name: str) -> _Any:
    found = _find(name)
    if found is None:
        message = f"module 'torch' has no attribute {name!r}"
        if not name.startswith("_"):
            near = _difflib.get_close_matches(name, __dir__(), 3, 0.7)
            if near:
                message += f"; near: {', '.join(f'torch.{n}' for n in near)}"
        raise AttributeError(message, name=name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    shown = {n for n in globals() if not n.startswith("_") and n != "annotations"}
    return sorted(shown | {*_SUBMODULES, *_HOMES} | set(_public_names()))
