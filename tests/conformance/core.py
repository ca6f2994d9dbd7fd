"""Calls of the core ATen overloads: taken from samples of the database, or made here.

An operator of the database is run while a dispatch mode listens for the overload, its
backward too where the overload is a derivative; and the overload is called with the
samples themselves, where torch takes them.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.conformance import finding, operators
from tests.conformance.calling import Call
from tests.conformance.converting import Copies, mapped
from tests.conformance.finding import MissingError
from tests.conformance.forms import chosen_of, run_captured
from tests.conformance.operators import DTYPES
from tests.conformance.running import Outcome, calls, compared, eager, reference

MOST = 300
"""So many calls of an overload in one dtype are compared."""

SOURCES = {
    "_adaptive_avg_pool2d": ["nn.functional.adaptive_avg_pool2d"],
    "_adaptive_avg_pool2d_backward": ["nn.functional.adaptive_avg_pool2d"],
    "_adaptive_avg_pool3d": ["nn.functional.adaptive_avg_pool3d"],
    "_cdist_forward": ["cdist"],
    "_embedding_bag": ["nn.functional.embedding_bag"],
    "_fft_c2r": ["fft.irfft", "fft.irfftn"],
    "_fft_r2c": ["fft.rfft", "fft.rfftn"],
    "_local_scalar_dense": ["item"],
    "_log_softmax": ["log_softmax"],
    "_pdist_forward": ["nn.functional.pdist"],
    "_softmax": ["softmax"],
    "_to_copy": ["to", "double", "long"],
    "alias": ["clone"],
    "avg_pool2d_backward": ["nn.functional.avg_pool2d"],
    "col2im": ["nn.functional.unfold"],
    "convolution": ["nn.functional.conv1d", "nn.functional.conv2d",
                    "nn.functional.conv_transpose2d"],
    "convolution_backward": ["nn.functional.conv1d", "nn.functional.conv2d"],
    "embedding_dense_backward": ["nn.functional.embedding"],
    "index": ["__getitem__", "index_put"],
    "max_pool2d_with_indices": ["nn.functional.max_pool2d"],
    "max_pool2d_with_indices_backward": ["nn.functional.max_pool2d"],
    "max_pool3d_with_indices": ["nn.functional.max_pool3d"],
    "native_group_norm_backward": ["nn.functional.group_norm"],
    "native_layer_norm_backward": ["native_layer_norm"],
    "rand": ["randn"],
    "reflection_pad1d": ["nn.functional.pad"],
    "reflection_pad2d": ["nn.functional.pad"],
    "reflection_pad3d": ["nn.functional.pad"],
    "replication_pad2d": ["nn.functional.pad"],
    "replication_pad3d": ["nn.functional.pad"],
}  # fmt: skip
"""Entries whose samples reach an overload, where the entry has another name."""


def _image(dtype: torch.dtype) -> torch.Tensor:
    values = torch.arange(96).reshape(2, 3, 4, 4) % 17
    return (values - 8).to(dtype)


def _batch_norm(dtype: torch.dtype) -> tuple[Any, ...]:
    channel = torch.tensor([0.5, 1.0, 2.0], dtype=dtype)
    return (_image(dtype), channel, channel, channel, channel, 0.1, 1e-5)


def _bags(mode: int, padding: int = -1) -> Callable[[torch.dtype], tuple[Any, ...]]:
    """Bags of rows: sums, means or maxima; one row may count for nothing."""
    rows, starts = torch.tensor([0, 4, 2, 2, 1]), torch.tensor([0, 2, 2])

    def arguments(dtype: torch.dtype) -> tuple[Any, ...]:
        table = _image(dtype).reshape(8, 12)[:5]
        return (table, rows, starts, False, mode, False, None, False, padding)

    return arguments


MADE: dict[str, list[Callable[[torch.dtype], tuple[Any, ...]]]] = {
    "aten._embedding_bag.default": [_bags(0), _bags(1), _bags(2), _bags(0, 2)],
    "aten._native_batch_norm_legit_no_training.default": [_batch_norm],
    "aten._native_batch_norm_legit.no_stats": [
        lambda t: (*_batch_norm(t)[:3], True, 0.1, 1e-5)
    ],
    "aten.clamp.default": [
        lambda t: (_image(t), -2, 3),
        lambda t: (_image(t), None, 3.5),
        lambda t: (_image(t), -2.5),
    ],
    "aten.col2im.default": [
        lambda t: (_image(t).reshape(1, 12, 8)[..., :6], [4, 3], [2, 2], 1, 0, 1)
    ],
    "aten.copy.default": [
        lambda t: (_image(t), _image(torch.float32)),
        lambda t: (_image(t), _image(torch.int64)[0]),
    ],
    "aten.native_dropout.default": [
        lambda t: (_image(t), 0.5, True),
        lambda t: (_image(t), 0.5, False),
    ],
    "aten.pow.Scalar": [lambda t: (2, _image(t)), lambda t: (1.5, _image(t))],
    "aten.pow.Tensor_Scalar": [
        lambda t: (_image(t), 3),
        lambda t: (_image(t), 0.5),
        lambda t: (_image(t), 2.0),
    ],
    "aten.randperm.default": [lambda t: (9,), lambda t: (0,)],
    "aten.rand.default": [lambda t: ([2, 3],), lambda t: ([],)],
    "aten.sym_is_contiguous.default": [
        lambda t: (_image(t),),
        lambda t: (_image(t).mT,),
    ],
    "aten.sym_numel.default": [lambda t: (_image(t),)],
    "aten.sym_size.int": [lambda t: (_image(t), 1), lambda t: (_image(t), -1)],
    "aten.sym_storage_offset.default": [lambda t: (_image(t)[1],)],
    "aten.sym_stride.int": [lambda t: (_image(t).mT, 3)],
    "aten.upsample_bilinear2d.vec": [
        lambda t: (_image(t), [7, 9], False, None),
        lambda t: (_image(t), [7, 9], True, None),
        lambda t: (_image(t), None, False, [2.0, 1.5]),
    ],
    "aten.upsample_nearest2d.vec": [
        lambda t: (_image(t), [7, 9], None),
        lambda t: (_image(t), None, [2.0, 1.5]),
    ],
}
"""Arguments for overloads that no sample reaches."""


NUMBERS: dict[str, Any] = {"float32": 1.5, "float64": -0.75, "int64": 3, "bool": True}
"""What stands in place of the second tensor for overloads of a number."""


class Listener(TorchDispatchMode):
    """Keeps the arguments of all calls of one overload."""

    def __init__(self, overload: Any) -> None:
        super().__init__()
        self.overload = overload
        self.heard: list[Call] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is self.overload and len(self.heard) < MOST:
            kept, named = Copies().torch((list(args), kwargs))
            self.heard.append(Call(tuple(kept), named, lambda result: result))
        return func(*args, **kwargs)


def calls_of(name: str, overload: Any, dtype: str) -> Iterator[Call]:
    """Calls of an overload that torch takes."""
    for make in MADE.get(name, ()):
        call = Call(make(getattr(torch, dtype)), {}, lambda result: result)
        if not reference(overload, call)[1]:
            yield call
    base = name.split(".")[1]
    for source in SOURCES.get(base, [base, f"nn.functional.{base}"]):
        for entry in operators.entries(source).get(source, ()):
            yield from _from_entry(entry, overload, dtype)


def _from_entry(entry: Any, overload: Any, dtype: str) -> Iterator[Call]:
    listener = Listener(overload)
    derivative = "backward" in str(overload)
    for call in calls(entry, dtype):
        arguments = Copies().torch((list(call.args), call.kwargs))
        direct = call
        if ".Scalar" in str(overload) and len(call.args) > 1:
            number = NUMBERS[dtype]
            direct = Call(
                (call.args[0], number, *call.args[2:]), call.kwargs, call.finish
            )
        if "out" in str(overload).split(".")[-1]:
            result, refusal, _ = reference(entry.op, call)
            if not refusal:
                out = torch.empty_like(result)
                direct = Call(call.args, {**call.kwargs, "out": out}, call.finish)
        if _fits(overload, direct) and not reference(overload, direct)[1]:
            yield direct
            continue
        if derivative:
            arguments = mapped(arguments, _requiring)
        with warnings.catch_warnings(), listener:
            warnings.simplefilter("ignore")
            torch.default_generator.manual_seed(0)
            result = _tried(entry.op, arguments)
            if derivative:
                _go_back(result)
    yield from listener.heard


def _fits(overload: Any, call: Call) -> bool:
    """Whether values are what the schema says: torch takes True for the list [1]."""
    for declared, value in zip(overload._schema.arguments, call.args, strict=False):
        text = str(declared.type)
        if isinstance(value, bool) and "int" in text:
            return False
        tensors = text.endswith("Tensor") or text == "Optional[Tensor]"
        if isinstance(value, torch.Tensor) and not tensors:
            return False
    return True


def _tried(function: Callable[..., Any], arguments: Any) -> Any:
    try:
        return function(*arguments[0], **arguments[1])
    except (RuntimeError, TypeError, ValueError, IndexError):
        return None  # the sample is one that torch refuses


def _requiring(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.requires_grad_() if tensor.is_floating_point() else tensor


def _go_back(result: Any) -> None:
    parts = result if isinstance(result, list | tuple) else [result]
    for part in parts:
        if isinstance(part, torch.Tensor) and part.requires_grad:
            with contextlib.suppress(RuntimeError):  # torch has no such derivative
                part.sum().backward(retain_graph=True)


def run_overload(name: str, overload: Any, samples: int = 0) -> dict[str, Outcome]:
    """Compare an overload, called by its full name, with torch's; `samples` captured."""
    outcome = Outcome()
    found = {"function": outcome}
    try:
        mine = finding.by_path(f"ops.{name}")
    except MissingError as error:
        outcome.note(f"missing: {error}", "")
        return found
    base = name.split(".")[1]
    passed: list[Call] = []
    for dtype in DTYPES:
        for count, call in enumerate(calls_of(name, overload, dtype)):
            if count >= MOST:
                break
            reason = compared(overload, eager(mine), call, base)
            outcome.note(reason, str(call))
            if not reason:
                passed.append(call)
    if samples and passed:
        chosen = chosen_of(passed, samples)
        run_captured(base, overload, mine, f"ops.{name}", chosen, found)
    return found
