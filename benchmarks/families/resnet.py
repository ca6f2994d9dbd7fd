"""ResNet-18 for the measurement of compile time, in each way of writing it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.case import Case, Inputs

if TYPE_CHECKING:  # given to the functions for JAX by their contender
    import jax.numpy as jnp
    from jax import lax

STAGES = ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))
"""Channels before and after, and the stride of the first of two blocks."""
CLASSES = 1000


def module(torch: Any) -> Any:
    """With batch norm folded: convolutions have a bias."""
    nn = torch.nn

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, inputs: int, outputs: int, stride: int) -> None:
            super().__init__()
            self.first = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
            self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
            if stride > 1:
                self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride)
            else:
                self.shortcut = nn.Identity()
            self.relu = nn.ReLU()

        def forward(self, x):  # type: ignore[no-untyped-def]
            y = self.second(self.relu(self.first(x)))
            return self.relu(y + self.shortcut(x))

    layers = [
        nn.Conv2d(3, 64, 7, stride=2, padding=3),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]
    for inputs, outputs, stride in STAGES:
        layers += [Block(inputs, outputs, stride), Block(outputs, outputs, 1)]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, CLASSES)]
    return nn.Sequential(*layers)


def blocks() -> Iterator[tuple[str, int, int, int]]:
    """Name in the state, channels before and after, stride; of each block."""
    index = 3
    for inputs, outputs, stride in STAGES:
        yield str(index), inputs, outputs, stride
        yield str(index + 1), outputs, outputs, 1
        index += 2


def shapes() -> dict[str, tuple[int, ...]]:
    """The weights' shapes by their names in the state."""
    found: dict[str, tuple[int, ...]] = {"0.weight": (64, 3, 7, 7), "0.bias": (64,)}
    for name, inputs, outputs, stride in blocks():
        found[f"{name}.first.weight"] = (outputs, inputs, 3, 3)
        found[f"{name}.first.bias"] = (outputs,)
        found[f"{name}.second.weight"] = (outputs, outputs, 3, 3)
        found[f"{name}.second.bias"] = (outputs,)
        if stride > 1:
            found[f"{name}.shortcut.weight"] = (outputs, inputs, 1, 1)
            found[f"{name}.shortcut.bias"] = (outputs,)
    return found | {"13.weight": (CLASSES, 512), "13.bias": (CLASSES,)}


def weights(rng: np.random.Generator) -> Inputs:
    """Weights that keep the size of what flows through."""
    made = {}
    for name, shape in shapes().items():
        fan_in = float(np.prod(shape[1:]))
        values = rng.standard_normal(shape, dtype=np.float32)
        made[name] = values / np.float32(fan_in**0.5)
    return made


def in_jax(x: Any, *state: Any) -> Any:
    """Images NHWC; convolutions HWIO, the last matrix as it is."""
    left = iter(state)

    def convolve(x: Any, stride: int, pad: int) -> Any:
        y = lax.conv_general_dilated(
            x,
            next(left),
            (stride, stride),
            ((pad, pad), (pad, pad)),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        return y + next(left)

    x = jnp.maximum(convolve(x, 2, 3), 0)
    pads = ((0, 0), (1, 1), (1, 1), (0, 0))
    x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), pads)
    for _, _, _, stride in blocks():
        y = jnp.maximum(convolve(x, stride, 1), 0)
        y = convolve(y, 1, 1)
        shortcut = convolve(x, stride, 0) if stride > 1 else x
        x = jnp.maximum(y + shortcut, 0)
    return x.mean(axis=(1, 2)) @ next(left).T + next(left)


def onnx_nodes() -> str:
    """The nodes, one line a layer."""

    def convolution(out: str, x: str, name: str, size: int, stride: int) -> str:
        pad = size // 2
        return (
            f"{out} = Conv <kernel_shape = [{size}, {size}],"
            f" pads = [{pad}, {pad}, {pad}, {pad}], strides = [{stride}, {stride}]>"
            f" ({x}, w_{name}_weight, w_{name}_bias)"
        )

    lines = [
        convolution("c", "x", "0", 7, 2),
        "r = Relu(c)",
        "x2 = MaxPool <kernel_shape = [3, 3], pads = [1, 1, 1, 1], strides = [2, 2]> (r)",
    ]
    x = "x2"
    for name, _, _, stride in blocks():
        a, b, s = f"a{name}", f"b{name}", f"s{name}"
        lines.append(convolution(a, x, f"{name}_first", 3, stride))
        lines.append(f"{a}r = Relu({a})")
        lines.append(convolution(b, f"{a}r", f"{name}_second", 3, 1))
        if stride > 1:
            lines.append(convolution(s, x, f"{name}_shortcut", 1, stride))
        lines.append(f"y{name} = Add({b}, {s if stride > 1 else x})")
        x = f"x{name}"
        lines.append(f"{x} = Relu(y{name})")
    lines.append(f"p = GlobalAveragePool({x})")
    lines.append("f = Flatten(p)")
    lines.append("out = Gemm <transB = 1> (f, w_13_weight, w_13_bias)")
    return "\n".join(lines)


def jax_layout(array: np.ndarray) -> np.ndarray:
    """Images to NHWC, weights of convolutions to HWIO."""
    if array.ndim != 4:
        return array
    axes = (0, 2, 3, 1) if array.shape[0] == 1 else (2, 3, 1, 0)
    return np.ascontiguousarray(array.transpose(axes))


def case(size: int = 224) -> Case:
    """Batch one."""
    return Case(
        name="ResNet-18",
        inputs=lambda rng: {
            "x": rng.standard_normal((1, 3, size, size), dtype=np.float32)
        },
        weights=weights,
        module=module,
        jax=in_jax,
        jax_layout=jax_layout,
        onnx=onnx_nodes(),
        result_shape=(1, CLASSES),
        absent={"Numba": "no convolution"},
    )
