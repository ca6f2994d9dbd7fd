"""torch: TorchScript's two ways, torch.export, and torch.compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

ARRAYS, TENSORS = "import torch as xp", "import torch"
WAYS = (
    "torch.jit.script",
    "torch.jit.trace",
    "torch.export",
    "torch.compile",
    "torch.compile, fullgraph",
)


def make_array(rows: Any) -> Any:
    return torch.tensor(rows)


def is_array(x: Any) -> bool:
    return isinstance(x, torch.Tensor)


def capture(way: str, function: Callable[..., Any], example: tuple[Any, ...]) -> Any:
    """The function, captured in one of the ways."""
    if way == "torch.jit.script":
        return torch.jit.script(function)
    if way == "torch.jit.trace":
        return torch.jit.trace(function, example, strict=False)
    if way == "torch.export":
        return _export(function, example)
    torch._dynamo.reset()
    return torch.compile(
        function, backend="aot_eager", fullgraph="fullgraph" in way, dynamic=None
    )


def _export(function: Callable[..., Any], example: tuple[Any, ...]) -> Any:
    """As its documentation says: a module, and every size of a tensor dynamic."""

    class Around(torch.nn.Module):
        def forward(self, *args: Any) -> Any:
            return function(*args)

    def sizes(x: Any) -> Any:
        if isinstance(x, torch.Tensor):
            return [torch.export.Dim.AUTO] * x.ndim
        if isinstance(x, list | tuple):
            return type(x)(sizes(i) for i in x)
        return torch.export.Dim.AUTO if type(x) is int else None

    dynamic = {"args": tuple(sizes(x) for x in example)}
    return torch.export.export(Around(), example, dynamic_shapes=dynamic).module()
