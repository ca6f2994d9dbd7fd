"""Small calls of every layer; `record.py` records what torch's give.

Weights and inputs are set by formulas, so that nothing but results is recorded.
"""

from __future__ import annotations

import warnings

import numpy as np


def wave(shape, phase, low=-1.0, high=1.0):
    """Numbers between two, none of them twice."""
    count = int(np.prod(shape))
    made = np.sin(np.arange(count) * 1.37 + phase) * 0.5 + 0.5
    return (low + (high - low) * made).reshape(shape)


class Whole:
    """Whole numbers as an input."""

    def __init__(self, values):
        self.values = values


class Between:
    """An input with numbers in a range."""

    def __init__(self, low, high, *shape):
        self.low, self.high, self.shape = low, high, shape


N, B = Whole, Between
LINE, IMAGE, VOLUME = (2, 4, 6), (2, 4, 5, 6), (1, 4, 3, 4, 4)

ACTIVATIONS = [
    "CELU(0.5)", "ELU(0.5)", "GELU()", "GELU('tanh')", "Hardshrink(0.3)", "Hardsigmoid()",
    "Hardswish()", "Hardtanh(-0.5, 0.6)", "LeakyReLU(0.2)", "LogSigmoid()", "Mish()",
    "PReLU()", "PReLU(4)", "RReLU().eval()", "ReLU()", "ReLU6()", "SELU()", "SiLU()",
    "Sigmoid()", "Softplus(2.0)", "Softshrink(0.3)", "Softsign()", "Tanh()",
    "Tanhshrink()", "Threshold(0.1, 2.0)", "Softmax(1)", "Softmin(1)", "LogSoftmax(1)",
    "GLU(1)", "Identity()", "Dropout().eval()", "AlphaDropout().eval()",
    "Dropout1d().eval()", "FeatureAlphaDropout().eval()", "Dropout(0.0)",
]  # fmt: skip

SHAPED = {
    "Softmax2d()": [IMAGE], "Dropout2d().eval()": [IMAGE], "Dropout3d().eval()": [VOLUME],
    "Linear(4, 3)": [(2, 4)], "Linear(4, 3, bias=False)": [(2, 5, 4)],
    "Bilinear(3, 2, 4)": [(2, 3), (2, 2)], "Flatten()": [IMAGE],
    "Flatten(1, 2)": [IMAGE], "Unflatten(1, (2, 2))": [LINE],
    "Conv1d(4, 2, 3, stride=2, padding=1)": [LINE],
    "Conv2d(4, 6, (3, 2), padding=1, dilation=2, groups=2)": [IMAGE],
    "Conv2d(4, 2, 3, padding='same', bias=False)": [IMAGE],
    "Conv2d(4, 2, 3, padding=1, padding_mode='reflect')": [IMAGE],
    "Conv2d(4, 2, 3, padding=1, padding_mode='circular')": [IMAGE],
    "Conv3d(4, 2, 2)": [VOLUME],
    "ConvTranspose1d(4, 2, 3, stride=2, output_padding=1)": [LINE],
    "ConvTranspose2d(4, 2, 3, stride=2, padding=1, groups=2)": [IMAGE],
    "ConvTranspose3d(4, 2, 2, stride=2)": [VOLUME],
    "MaxPool1d(2)": [LINE], "MaxPool2d(2, 1, 1)": [IMAGE], "MaxPool3d(2)": [VOLUME],
    "MaxPool2d(2, return_indices=True)": [IMAGE],
    "MaxPool3d(2, return_indices=True)": [VOLUME],
    "AvgPool1d(2)": [LINE], "AvgPool2d(3, 2, 1, count_include_pad=False)": [IMAGE],
    "AvgPool3d(2)": [VOLUME], "LPPool1d(2, 2)": [LINE], "LPPool2d(2, 2)": [IMAGE],
    "LPPool3d(2, 2)": [VOLUME], "AdaptiveAvgPool1d(4)": [LINE],
    "AdaptiveAvgPool2d((3, 2))": [IMAGE], "AdaptiveAvgPool3d((2, 1, 3))": [VOLUME],
    "AdaptiveMaxPool1d(4)": [LINE], "AdaptiveMaxPool2d((3, 2))": [IMAGE],
    "AdaptiveMaxPool3d((2, 1, 3))": [VOLUME],
    "MaxUnpool1d(2)": [(1, 2, 2), N([[[0, 3], [1, 2]]])],
    "MaxUnpool2d(2)": [(1, 1, 1, 2), N([[[[1, 6]]]])],
    "MaxUnpool3d(2)": [(1, 1, 1, 1, 2), N([[[[[1, 14]]]]])],
    "FractionalMaxPool2d(2, (2, 3), _random_samples=draws(2, 4, 2))": [IMAGE],
    "FractionalMaxPool3d(2, (1, 2, 2), _random_samples=draws(1, 4, 3))": [VOLUME],
    "ConstantPad1d(1, 2.5)": [LINE], "ConstantPad2d((1, 0, -1, 2), 2.5)": [IMAGE],
    "ConstantPad3d(1, 2.5)": [VOLUME], "ZeroPad1d(1)": [LINE], "ZeroPad2d(1)": [IMAGE],
    "ZeroPad3d(1)": [VOLUME], "ReflectionPad1d(2)": [LINE],
    "ReflectionPad2d((2, 1, 1, 0))": [IMAGE], "ReflectionPad3d(1)": [VOLUME],
    "ReplicationPad1d(2)": [LINE], "ReplicationPad2d((2, 1, 1, 0))": [IMAGE],
    "ReplicationPad3d(1)": [VOLUME], "CircularPad1d(2)": [LINE],
    "CircularPad2d((2, 1, 1, 0))": [IMAGE], "CircularPad3d(1)": [VOLUME],
    "BatchNorm1d(4)": [LINE], "BatchNorm1d(6, momentum=None)": [(3, 6)],
    "BatchNorm2d(4)": [IMAGE], "BatchNorm2d(4).eval()": [IMAGE],
    "BatchNorm2d(4, affine=False, track_running_stats=False)": [IMAGE],
    "BatchNorm3d(4)": [VOLUME], "InstanceNorm1d(4)": [LINE],
    "InstanceNorm2d(4, affine=True)": [IMAGE],
    "InstanceNorm3d(4, track_running_stats=True)": [VOLUME],
    "LayerNorm(6)": [LINE], "LayerNorm((4, 6), elementwise_affine=False)": [LINE],
    "RMSNorm(6)": [LINE], "GroupNorm(2, 4)": [IMAGE],
    "LocalResponseNorm(3, 0.1)": [IMAGE],
    "Embedding(5, 3, padding_idx=1)": [N([[0, 4], [1, 4]])],
    "Embedding(5, 3, max_norm=0.5)": [N([0, 4, 4])],
    "EmbeddingBag(5, 3)": [N([0, 4, 2, 2]), N([0, 1])],
    "EmbeddingBag(5, 3, mode='max')": [N([[0, 4], [2, 3]])],
    "EmbeddingBag(5, 3, mode='sum', padding_idx=2)": [N([[0, 4], [2, 3]])],
    "PixelShuffle(2)": [IMAGE], "PixelUnshuffle(2)": [(1, 2, 4, 6)],
    "ChannelShuffle(2)": [IMAGE], "Unfold((2, 3), padding=1)": [IMAGE],
    "Fold((4, 5), (2, 3))": [(1, 12, 9)], "Upsample(3)": [LINE],
    "Upsample(scale_factor=2)": [IMAGE], "Upsample((2, 3, 5))": [VOLUME],
    "Upsample(scale_factor=1.5, mode='linear')": [LINE],
    "Upsample(scale_factor=(2, 0.5), mode='bilinear', align_corners=True)": [IMAGE],
    "Upsample(size=(2, 5, 3), mode='trilinear')": [VOLUME],
    "Upsample(scale_factor=1.7, mode='bicubic')": [IMAGE],
    "Upsample(size=(7, 3), mode='nearest-exact')": [IMAGE],
    "UpsamplingNearest2d(scale_factor=2)": [IMAGE],
    "UpsamplingBilinear2d(size=(3, 8))": [IMAGE],
    "CosineSimilarity()": [(2, 3), (2, 3)], "PairwiseDistance(keepdim=True)":
    [(2, 3), (2, 3)], "RNNCell(3, 4)": [(2, 3), (2, 4)],
    "RNNCell(3, 4, bias=False, nonlinearity='relu')": [(3,)],
    "GRUCell(3, 4)": [(2, 3), (2, 4)], "LSTMCell(3, 4)": [(2, 3), [(2, 4), (2, 4)]],
    "RNN(3, 4, 2)": [(5, 2, 3)], "RNN(3, 4, nonlinearity='relu')": [(5, 3), (1, 4)],
    "GRU(3, 4, 2, bidirectional=True)": [(5, 2, 3), (4, 2, 4)],
    "GRU(3, 4, bias=False, batch_first=True)": [(2, 5, 3)],
    "LSTM(3, 4)": [(5, 2, 3)],
    "LSTM(3, 4, 2, batch_first=True, bidirectional=True)":
    [(2, 5, 3), [(4, 2, 4), (4, 2, 4)]],
    "LSTM(3, 4, 2, bias=False, proj_size=2)": [(5, 3), [(2, 2), (2, 4)]],
    "MultiheadAttention(4, 2)": [(3, 2, 4), (5, 2, 4), (5, 2, 4)],
    "MultiheadAttention(4, 2, batch_first=True, bias=False, kdim=3, vdim=5)":
    [(2, 3, 4), (2, 5, 3), (2, 5, 5)],
    "MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True)":
    [(3, 4), (5, 4), (5, 4)],
    "TransformerEncoderLayer(4, 2, 6, dropout=0.0)": [(3, 2, 4)],
    "TransformerEncoderLayer(4, 2, 6, 0.0, 'gelu', batch_first=True, norm_first=True)":
    [(2, 3, 4)],
    "TransformerDecoderLayer(4, 2, 6, dropout=0.0)": [(3, 2, 4), (5, 2, 4)],
    "TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, 0.0), 2,"
    " nn.LayerNorm(4), enable_nested_tensor=False)": [(3, 2, 4)],
    "TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 6, 0.0), 2)":
    [(3, 2, 4), (5, 2, 4)],
    "Transformer(4, 2, 1, 1, 6, 0.0)": [(3, 2, 4), (2, 2, 4)],
    "Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))": [(2, 3)],
}  # fmt: skip

SCORES, SIGNS = (3, 4), N([1, -1, 1])
LOSSES = {
    "MSELoss()": [SCORES, SCORES], "L1Loss(reduction='sum')": [SCORES, SCORES],
    "SmoothL1Loss(beta=0.5)": [SCORES, SCORES], "HuberLoss()": [SCORES, SCORES],
    "SoftMarginLoss()": [(3,), SIGNS],
    "KLDivLoss(reduction='batchmean')": [SCORES, B(0.1, 0.9, 3, 4)],
    "NLLLoss()": [SCORES, N([0, 3, 1])],
    "NLLLoss(draws(4), ignore_index=3)": [SCORES, N([0, 3, 1])],
    "CrossEntropyLoss(label_smoothing=0.1)": [SCORES, N([0, 3, 1])],
    "CrossEntropyLoss(draws(4), reduction='none')": [SCORES, N([0, 3, 1])],
    "BCELoss()": [B(0.1, 0.9, 3, 4), B(0, 1, 3, 4)],
    "BCEWithLogitsLoss(pos_weight=draws(4))": [SCORES, B(0, 1, 3, 4)],
    "PoissonNLLLoss(full=True)": [SCORES, B(0.5, 3, 3, 4)],
    "GaussianNLLLoss(full=True)": [SCORES, SCORES, B(0.1, 1, 3, 4)],
    "CosineEmbeddingLoss(0.1)": [SCORES, SCORES, SIGNS],
    "MarginRankingLoss(0.1)": [(3,), (3,), SIGNS],
    "HingeEmbeddingLoss()": [(3,), SIGNS],
    "MultiMarginLoss(p=2, weight=draws(4))": [SCORES, N([0, 3, 1])],
    "MultiLabelMarginLoss()": [SCORES, N([[0, 3, -1, 1], [1, -1, 0, 0], [3, 2, 1, 0]])],
    "MultiLabelSoftMarginLoss()": [SCORES, N([[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 0]])],
    "TripletMarginLoss(swap=True)": [SCORES, SCORES, SCORES],
    "TripletMarginWithDistanceLoss()": [SCORES, SCORES, SCORES],
    "CTCLoss()": [B(-3, 0, 5, 2, 4), N([[1, 2], [3, 3]]), N([5, 4]), N([2, 2])],
    "CTCLoss(reduction='sum', zero_infinity=True)":
    [B(-3, 0, 3, 2, 4), N([1, 2, 3, 3]), N([3, 2]), N([2, 2])],
}  # fmt: skip

CALLS = {name: [LINE] for name in ACTIVATIONS} | SHAPED | LOSSES


def make(torch, name):
    """The layer of a text, in float64, its state set by a formula."""

    def draws(*shape):
        return torch.tensor(wave(shape, 0.3, 0.1, 0.9))

    names = {"nn": torch.nn, "draws": draws}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = eval(f"nn.{name}", names).double()
    state = {
        key: torch.tensor(
            wave(tuple(value.shape), i, 0.1 if "var" in key else -0.8, 0.9)
        )
        for i, (key, value) in enumerate(layer.state_dict().items())
        if value.is_floating_point() and "random" not in key
    }
    layer.load_state_dict(state, strict=False)
    return layer


def inputs(torch, name):
    """The arguments, and those of them that have a gradient."""
    leaves = []

    def made(spec):
        if isinstance(spec, Whole):
            return torch.tensor(spec.values)
        if isinstance(spec, list):
            return tuple(map(made, spec))
        low, high, shape = -1.5, 1.5, spec
        if isinstance(spec, Between):
            low, high, shape = spec.low, spec.high, spec.shape
        leaf = torch.tensor(wave(shape, 2.0 + len(leaves), low, high))
        leaves.append(leaf.requires_grad_())
        return leaf

    return [made(spec) for spec in CALLS[name]], leaves


def tensors(result):
    """The tensors of a result, those in tuples too."""
    if result is None:
        return []
    if isinstance(result, tuple | list):
        return [t for r in result for t in tensors(r)]
    return [result]


def rounded(tensor):
    """Nested lists of numbers as they are recorded."""
    if tensor is None:
        return None
    array = tensor.detach().numpy()
    if array.dtype.kind != "f":
        return array.tolist()
    return np.vectorize(lambda x: float(f"{x:.9g}"), otypes=[object])(array).tolist()


def run(torch, layer, name, called=None):
    """Results, gradients of inputs and parameters, and the state afterwards."""
    arguments, leaves = inputs(torch, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = tensors((called or layer)(*arguments))
    total = None
    for i, result in enumerate(r for r in found if r.is_floating_point()):
        weights = torch.tensor(wave(tuple(result.shape), 5.0 + i))
        part = (result * weights).sum()
        total = part if total is None else total + part
    if total.requires_grad:
        total.backward()
    return {
        "results": [rounded(r) for r in found],
        "inputs": [rounded(x.grad) for x in leaves],
        "parameters": {n: rounded(p.grad) for n, p in layer.named_parameters()},
        "buffers": {n: rounded(b) for n, b in layer.named_buffers()},
    }


def described(layer):
    """The printed form, and the keys, sizes and dtypes of the state."""
    return {
        "text": repr(layer),
        "state": [
            [k, list(v.shape), str(v.dtype)] for k, v in layer.state_dict().items()
        ],
    }
