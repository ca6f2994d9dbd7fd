"""Convolutions: every layer of ResNet-18 and of MobileNetV2, batch one.

As inference runs them: batch norm folded into weights and bias, the activation behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.case import Case, Family, Inputs
from benchmarks.families import resnet

if TYPE_CHECKING:  # given to the functions below by their contender
    import jax
    import jax.numpy as jnp
    from jax import lax


@dataclass(frozen=True)
class Layer:
    """A convolution over a square image, with bias and activation."""

    inputs: int
    outputs: int
    size: int
    kernel: int
    stride: int = 1
    groups: int = 1
    activation: str = ""
    """"ReLU", "ReLU6" or none."""

    def __str__(self) -> str:
        depthwise = " depthwise" if self.groups > 1 else ""
        stride = f" / {self.stride}" if self.stride > 1 else ""
        channels = f"{self.inputs}→{self.outputs}"
        window = f"{self.kernel}×{self.kernel}{stride}{depthwise}"
        return f"{channels} {window} at {self.size}² {self.activation}".rstrip()

    @property
    def padding(self) -> int:
        return self.kernel // 2

    @property
    def output_size(self) -> int:
        return (self.size + 2 * self.padding - self.kernel) // self.stride + 1


def resnet18() -> Iterator[Layer]:
    """The different layers; the sum with the shortcut is left out."""
    yield Layer(3, 64, 224, 7, 2, activation="ReLU")
    yield Layer(64, 64, 56, 3, activation="ReLU")
    for inputs, outputs, size in ((64, 128, 56), (128, 256, 28), (256, 512, 14)):
        yield Layer(inputs, outputs, size, 3, 2, activation="ReLU")
        yield Layer(inputs, outputs, size, 1, 2)
        yield Layer(outputs, outputs, size // 2, 3, activation="ReLU")


def mobilenet_v2() -> Iterator[Layer]:
    """The different layers: of each block widen, depthwise, narrow."""
    yield Layer(3, 32, 224, 3, 2, activation="ReLU6")
    inputs, size = 32, 112
    blocks = (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    )  # factor, outputs, repetitions, stride of the first
    for factor, outputs, repetitions, first_stride in blocks:
        for repetition in range(repetitions):
            stride = first_stride if repetition == 0 else 1
            wide = inputs * factor
            if factor > 1:
                yield Layer(inputs, wide, size, 1, activation="ReLU6")
            yield Layer(wide, wide, size, 3, stride, groups=wide, activation="ReLU6")
            size //= stride
            yield Layer(wide, outputs, size, 1)
            inputs = outputs
    yield Layer(320, 1280, 7, 1, activation="ReLU6")


def module_of(layer: Layer) -> Any:
    def make(torch: Any) -> Any:
        convolution = torch.nn.Conv2d(
            layer.inputs,
            layer.outputs,
            layer.kernel,
            stride=layer.stride,
            padding=layer.padding,
            groups=layer.groups,
        )
        if not layer.activation:
            return torch.nn.Sequential(convolution)
        return torch.nn.Sequential(convolution, getattr(torch.nn, layer.activation)())

    return make


def activated(y: Any, activation: str) -> Any:
    if not activation:
        return y
    return np.clip(y, 0, 6 if activation == "ReLU6" else None)


def reference_of(layer: Layer) -> Any:
    def run(x: Any, weight: Any, bias: Any) -> Any:
        pad, stride, groups = layer.padding, layer.stride, layer.groups
        x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        window = (layer.kernel, layer.kernel)
        view = np.lib.stride_tricks.sliding_window_view(x, window, axis=(2, 3))
        view = view[:, :, ::stride, ::stride]  # [N, C, H, W, kernel, kernel]
        if groups == 1:
            y = np.tensordot(view, weight, ((1, 4, 5), (1, 2, 3)))  # [N, H, W, C]
            y = np.moveaxis(y, -1, 1)
        else:  # depthwise
            y = np.einsum("nchwij,cij->nchw", view, weight[:, 0], optimize=True)
        return activated(y + bias[:, None, None], layer.activation)

    return run


def jax_function(layer: Layer) -> Any:
    stride, pad, groups = layer.stride, layer.padding, layer.groups
    activation = layer.activation

    def run(x: Any, weight: Any, bias: Any) -> Any:
        y = lax.conv_general_dilated(
            x,
            weight,
            (stride, stride),
            ((pad, pad), (pad, pad)),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=groups,
        )
        y = y + bias
        if activation == "ReLU":
            return jnp.maximum(y, 0)
        return jax.nn.relu6(y) if activation else y

    return run


def onnx_of(layer: Layer) -> str:
    pad, stride, kernel = layer.padding, layer.stride, layer.kernel
    name = "y" if layer.activation else "out"
    nodes = (
        f"{name} = Conv <kernel_shape = [{kernel}, {kernel}], group = {layer.groups},"
        f" pads = [{pad}, {pad}, {pad}, {pad}], strides = [{stride}, {stride}]>"
        " (x, w_0_weight, w_0_bias)"
    )
    match layer.activation:
        case "ReLU":
            return nodes + " out = Relu(y)"
        case "ReLU6":
            return (
                nodes
                + " low = Constant <value_float = 0.0> ()"
                + " high = Constant <value_float = 6.0> () out = Clip(y, low, high)"
            )
    return nodes


def case_of(layer: Layer, label: str) -> Case:
    per_group = layer.inputs // layer.groups
    weight_shape = (layer.outputs, per_group, layer.kernel, layer.kernel)
    fan_in = per_group * layer.kernel**2
    points = layer.outputs * layer.output_size**2

    def inputs(rng: np.random.Generator) -> Inputs:
        shape = (1, layer.inputs, layer.size, layer.size)
        return {"x": rng.standard_normal(shape, dtype=np.float32)}

    def weights(rng: np.random.Generator) -> Inputs:
        weight = rng.standard_normal(weight_shape, dtype=np.float32)
        return {
            "0.weight": weight / np.float32(fan_in**0.5),
            "0.bias": rng.standard_normal(layer.outputs, dtype=np.float32),
        }

    return Case(
        name=label,
        inputs=inputs,
        weights=weights,
        module=module_of(layer),
        reference=reference_of(layer),
        jax=jax_function(layer),
        jax_layout=resnet.jax_layout,
        jax_result=lambda y: np.moveaxis(y, -1, 1),
        onnx=onnx_of(layer),
        absent={"NumPy": "no convolution", "Numba": "no convolution"},
        reads=4 * (layer.inputs * layer.size**2 + layer.outputs * (fan_in + 1)),
        writes=4 * points,
        flops=2.0 * points * fan_in,
    )


def shrunk(layer: Layer) -> Layer:
    """The same kind of layer, small."""
    groups = 4 if layer.groups > 1 else 1
    inputs = groups if groups > 1 else min(layer.inputs, 5)
    outputs = groups if groups > 1 else min(layer.outputs, 6)
    return Layer(
        inputs,
        outputs,
        min(layer.size, 9),
        layer.kernel,
        layer.stride,
        groups,
        layer.activation,
    )


def cases(tiny: bool) -> list[Case]:
    made = {}
    for network, layers in (("ResNet-18", resnet18()), ("MobileNetV2", mobilenet_v2())):
        for layer in layers:
            label = f"{network} {layer}"
            made[label] = case_of(shrunk(layer) if tiny else layer, label)
    return list(made.values())


FAMILY = Family(
    name="convolutions",
    title="Convolutions",
    about=(
        "float32, batch one, channels before and after, window / stride, size of the"
        " image; with bias and activation. JAX gets NHWC images, everybody else NCHW."
        " Operations are those of direct convolution, so a faster algorithm may exceed"
        " the machine's limit."
    ),
    cases=cases,
)
