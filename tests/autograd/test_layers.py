"""Layers go back as they go forward: gradients against difference quotients, training."""

from __future__ import annotations

import numpy as np
import pytest

from jit import torch
from jit.torch import nn

STEP = 1e-6
CONTAINERS = {"Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList",
              "Sequential", "Parameter", "RNNBase", "RNNCellBase",
              "LinearCrossEntropyOptions"}  # fmt: skip
"""What `torch.nn` has beside layers, what only holds layers, and bases of layers."""


def classes(*values):
    return torch.tensor(values)


class CTCLoss(nn.CTCLoss):
    """Of scores: its derivative counts on probabilities that sum to one."""

    def forward(self, scores, *rest):
        return super().forward(scores.log_softmax(2), *rest)


class GaussianNLLLoss(nn.GaussianNLLLoss):
    """Of the logarithms of variances, which may be any numbers."""

    def forward(self, input, target, logarithms):
        return super().forward(input, target, logarithms.exp())


def encoder_layer():
    return nn.TransformerEncoderLayer(2, 1, 3, 0.0)


def decoder_layer():
    return nn.TransformerDecoderLayer(2, 1, 3, 0.0)


LAYERS = [
    (nn.CELU, [0.7], [(2, 3)]),
    (nn.ELU, [0.7], [(2, 3)]),
    (nn.GELU, [], [(2, 3)]),
    (nn.GELU, ["tanh"], [(2, 3)]),
    (nn.GLU, [1], [(2, 4)]),
    (nn.SELU, [], [(2, 3)]),
    (nn.Hardshrink, [], [(2, 3)]),
    (nn.Hardsigmoid, [], [(2, 3)]),
    (nn.Hardswish, [], [(2, 3)]),
    (nn.Hardtanh, [], [(2, 3)]),
    (nn.LeakyReLU, [0.2], [(2, 3)]),
    (nn.LogSigmoid, [], [(2, 3)]),
    (nn.LogSoftmax, [1], [(2, 3)]),
    (nn.Mish, [], [(2, 3)]),
    (nn.PReLU, [], [(2, 3)]),
    (nn.PReLU, [3], [(2, 3, 2)]),
    (nn.ReLU, [], [(2, 3)]),
    (nn.ReLU6, [], [(2, 3)]),
    (nn.Sigmoid, [], [(2, 3)]),
    (nn.SiLU, [], [(2, 3)]),
    (nn.Softmax, [0], [(2, 3)]),
    (nn.Softmax2d, [], [(2, 3, 1, 2)]),
    (nn.Softmin, [1], [(2, 3)]),
    (nn.Softplus, [2], [(2, 3)]),
    (nn.Softshrink, [], [(2, 3)]),
    (nn.Softsign, [], [(2, 3)]),
    (nn.Tanh, [], [(2, 3)]),
    (nn.Tanhshrink, [], [(2, 3)]),
    (nn.Threshold, [0.1, 2.0], [(2, 3)]),
    (nn.Linear, [3, 2], [(2, 2, 3)]),
    (nn.Linear, [3, 2, False], [(3,)]),
    (nn.Bilinear, [2, 3, 2], [(3, 2), (3, 3)]),
    (nn.Identity, [], [(2, 3)]),
    (nn.Flatten, [], [(2, 3, 2)]),
    (nn.Unflatten, [1, (2, 2)], [(2, 4)]),
    (nn.Embedding, [4, 2], [classes(3, 1, 3)]),
    (nn.Embedding, [4, 2, 1], [classes(3, 1, 3)]),
    (nn.Dropout, [0.4], [(3, 3)]),
    (nn.Dropout1d, [0.4], [(2, 3, 2)]),
    (nn.Dropout2d, [0.4], [(2, 3, 1, 2)]),
    (nn.AlphaDropout, [0.4], [(3, 3)]),
    (nn.BatchNorm1d, [3], [(4, 3)]),
    (nn.BatchNorm1d, [2, 1e-3, 0.1, False], [(3, 2, 2)]),
    (nn.BatchNorm2d, [2], [(2, 2, 2, 1)]),
    (nn.BatchNorm3d, [2], [(2, 2, 1, 2, 1)]),
    (nn.InstanceNorm1d, [2], [(2, 2, 3)]),
    (nn.InstanceNorm2d, [2, 1e-5, 0.1, True, True], [(2, 2, 2, 2)]),
    (nn.LayerNorm, [3], [(2, 3)]),
    (nn.LayerNorm, [(2, 3)], [(2, 2, 3)]),
    (nn.RMSNorm, [3], [(2, 3)]),
    (nn.GroupNorm, [2, 4], [(2, 4, 2)]),
    (nn.Conv1d, [2, 3, 2], [(2, 2, 4)]),
    (nn.Conv2d, [2, 2, 2, 2, 1, 1, 2], [(1, 2, 3, 4)]),
    (nn.Conv2d, [1, 2, 3, 1, "same", 1, 1, False, "reflect"], [(1, 1, 3, 3)]),
    (nn.Conv2d, [1, 1, 3, 1, 1, 1, 1, True, "circular"], [(1, 1, 3, 3)]),
    (nn.Conv3d, [1, 2, 2], [(1, 1, 2, 3, 2)]),
    (nn.ConvTranspose1d, [2, 1, 3, 2, 1, 1], [(1, 2, 3)]),
    (nn.ConvTranspose2d, [2, 2, 2, 2], [(1, 2, 2, 2)]),
    (nn.AdaptiveAvgPool1d, [2], [(1, 2, 5)]),
    (nn.AdaptiveAvgPool2d, [(2, 1)], [(1, 2, 3, 2)]),
    (nn.AdaptiveMaxPool1d, [2], [(1, 2, 5)]),
    (nn.AdaptiveMaxPool2d, [(2, 1)], [(1, 2, 3, 2)]),
    (nn.AvgPool1d, [2, 1, 1], [(1, 2, 4)]),
    (nn.AvgPool2d, [2], [(1, 2, 4, 3)]),
    (nn.AvgPool3d, [2], [(1, 1, 2, 3, 2)]),
    (nn.MaxPool1d, [2, 1], [(1, 2, 4)]),
    (nn.MaxPool2d, [2], [(1, 2, 4, 3)]),
    (nn.MaxPool2d, [3, 1, 1], [(1, 1, 4, 3)]),
    (nn.MaxPool3d, [2], [(1, 1, 2, 3, 2)]),
    (nn.ConstantPad1d, [(1, 2), 3.0], [(2, 3)]),
    (nn.ConstantPad2d, [(1, -1, 0, 2), 3.0], [(2, 2, 3)]),
    (nn.ZeroPad2d, [1], [(1, 2, 3)]),
    (nn.ReflectionPad1d, [2], [(2, 3)]),
    (nn.ReflectionPad2d, [1], [(1, 2, 3)]),
    (nn.ReplicationPad1d, [2], [(2, 3)]),
    (nn.ReplicationPad2d, [1], [(1, 2, 3)]),
    (nn.PixelShuffle, [2], [(4, 2, 1)]),
    (nn.Upsample, [None, 2.0], [(1, 2, 3)]),
    (nn.Upsample, [(3, 5), None, "bilinear"], [(1, 1, 2, 3)]),
    (nn.MSELoss, [], [(2, 3), (2, 3)]),
    (nn.L1Loss, [None, None, "none"], [(2, 3), (2, 3)]),
    (nn.SmoothL1Loss, [], [(2, 3), (2, 3)]),
    (nn.HuberLoss, ["sum", 0.5], [(2, 3), (2, 3)]),
    (nn.SoftMarginLoss, [], [(2, 3), (2, 3)]),
    (nn.KLDivLoss, [None, None, "batchmean", True], [(2, 3), (2, 3)]),
    (nn.NLLLoss, [], [(2, 3), classes(2, 0)]),
    (nn.CrossEntropyLoss, [], [(2, 3), classes(2, 0)]),
    (nn.CrossEntropyLoss, [None, None, 0, None, "sum", 0.2], [(2, 3), classes(2, 0)]),
    (nn.BCEWithLogitsLoss, [], [(2, 3), (2, 3)]),
    (nn.CosineSimilarity, [], [(2, 3), (2, 3)]),
    (nn.PairwiseDistance, [], [(2, 3), (2, 3)]),
    (nn.RReLU, [], [(2, 3)]),
    (nn.Dropout3d, [0.4], [(2, 3, 1, 2, 1)]),
    (nn.FeatureAlphaDropout, [0.4], [(3, 3, 2)]),
    (nn.InstanceNorm3d, [2], [(1, 2, 2, 1, 2)]),
    (nn.LocalResponseNorm, [3, 0.1], [(1, 4, 2)]),
    (nn.EmbeddingBag, [4, 2], [classes(3, 1, 3), classes(0, 2)]),
    (nn.EmbeddingBag, [4, 2, None, 2.0, False, "sum"], [classes([3, 1], [1, 1])]),
    (nn.EmbeddingBag, [4, 2, None, 2.0, False, "max"], [classes([3, 1], [1, 2])]),
    (nn.ConvTranspose3d, [1, 2, 2, 2], [(1, 1, 1, 2, 2)]),
    (nn.AdaptiveAvgPool3d, [(1, 2, 1)], [(1, 1, 2, 3, 2)]),
    (nn.AdaptiveMaxPool3d, [(1, 2, 1)], [(1, 1, 2, 3, 2)]),
    (nn.FractionalMaxPool2d, [2, (2, 1)], [(1, 2, 4, 3)]),
    (nn.FractionalMaxPool3d, [(1, 2, 2), (1, 2, 1)], [(1, 1, 2, 4, 3)]),
    (nn.LPPool1d, [2, 2], [(1, 2, 4)]),
    (nn.LPPool2d, [4, 2], [(1, 2, 2, 4)]),
    (nn.LPPool3d, [2, (1, 2, 2)], [(1, 1, 2, 2, 4)]),
    (nn.MaxUnpool1d, [2], [(1, 2, 2), classes([[0, 3], [1, 2]])]),
    (nn.MaxUnpool2d, [2], [(1, 1, 1, 2), classes([[[1, 6]]])]),
    (nn.MaxUnpool3d, [2], [(1, 1, 1, 1, 2), classes([[[[1, 14]]]])]),
    (nn.CircularPad1d, [2], [(1, 2, 3)]),
    (nn.CircularPad2d, [(2, 1, 1, 0)], [(1, 1, 2, 3)]),
    (nn.CircularPad3d, [1], [(1, 1, 1, 2, 2)]),
    (nn.ConstantPad3d, [1, 2.5], [(1, 1, 2, 1, 2)]),
    (nn.ZeroPad1d, [(1, -1)], [(1, 2, 3)]),
    (nn.ZeroPad3d, [1], [(1, 1, 2, 1, 2)]),
    (nn.ReflectionPad3d, [1], [(1, 1, 2, 3, 2)]),
    (nn.ReplicationPad3d, [1], [(1, 1, 2, 1, 2)]),
    (nn.ChannelShuffle, [2], [(1, 4, 1, 2)]),
    (nn.PixelUnshuffle, [2], [(1, 2, 4)]),
    (nn.Unfold, [(2, 2), 1, 1], [(1, 2, 2, 3)]),
    (nn.Fold, [(3, 3), (2, 2)], [(1, 4, 4)]),
    (nn.UpsamplingNearest2d, [None, 2], [(1, 1, 2, 3)]),
    (nn.UpsamplingBilinear2d, [(3, 4)], [(1, 1, 2, 3)]),
    (nn.RNNCell, [3, 2], [(2, 3), (2, 2)]),
    (nn.GRUCell, [3, 2], [(2, 3), (2, 2)]),
    (nn.LSTMCell, [3, 2], [(2, 3)]),
    (nn.RNN, [2, 3, 2], [(3, 2, 2), (2, 2, 3)]),
    (nn.RNN, [2, 2, 1, "relu"], [(3, 2, 2)]),
    (nn.GRU, [2, 2, 1, True, True], [(2, 3, 2)]),
    (nn.LSTM, [2, 2, 1, True, False, 0.0, True], [(3, 1, 2)]),
    (nn.LSTM, [2, 3, 1, False, True, 0.0, False, 2], [(2, 2, 2)]),
    (nn.MultiheadAttention, [4, 2], [(2, 1, 4), (3, 1, 4), (3, 1, 4)]),
    (nn.TransformerEncoderLayer, [2, 1, 3, 0.0], [(3, 2, 2)]),
    (nn.TransformerDecoderLayer, [2, 1, 3, 0.0], [(2, 1, 2), (3, 1, 2)]),
    (nn.TransformerEncoder, [encoder_layer, 2], [(3, 1, 2)]),
    (nn.TransformerDecoder, [decoder_layer, 2], [(2, 1, 2), (3, 1, 2)]),
    (nn.Transformer, [2, 1, 1, 1, 3, 0.0], [(3, 1, 2), (2, 1, 2)]),
    (nn.PoissonNLLLoss, [], [(2, 3), (2, 3)]),
    (GaussianNLLLoss, [], [(2, 3), (2, 3), (2, 3)]),
    (GaussianNLLLoss, [], [(2, 3), (2, 3), (2, 1)]),
    (nn.CosineEmbeddingLoss, [0.1], [(3, 2), (3, 2), classes(1, -1, 1)]),
    (nn.HingeEmbeddingLoss, [1.3], [(3,), classes(1, -1, 1)]),
    (nn.MarginRankingLoss, [0.1], [(3,), (3,), classes(1, -1, 1)]),
    (nn.MultiMarginLoss, [2], [(2, 3), classes(2, 0)]),
    (nn.MultiLabelMarginLoss, [], [(2, 3), classes([0, 2, -1], [1, -1, 0])]),
    (nn.MultiLabelSoftMarginLoss, [], [(2, 3), classes([0, 1, 1], [1, 0, 0])]),
    (nn.TripletMarginLoss, [1.0, 2.0, 1e-6, True], [(2, 3), (2, 3), (2, 3)]),
    (nn.TripletMarginWithDistanceLoss, [], [(2, 3), (2, 3), (2, 3)]),
    (
        CTCLoss,
        [],
        [(4, 2, 3), classes([1, 2], [2, 2]), classes(4, 3), classes(1, 2)],
    ),
]


def drawn(shape, rng):
    """Data away from integers and halves, where many layers have no derivative."""
    data = rng.uniform(-1.5, 1.5, shape)
    near = np.abs(data * 2 - np.round(data * 2)) < 0.05
    data = np.where(near, data + 0.07, data)
    return torch.tensor(data, requires_grad=True)


def quotient(function, leaf):
    """The difference quotient of a number by each element of a tensor."""
    found = np.zeros(leaf.shape)
    data = leaf.detach().numpy()
    with torch.no_grad():
        for i in np.ndindex(*data.shape):
            before = data[i]
            sides = []
            for step in (STEP, -STEP):
                data[i] = before + step
                sides.append(function().item())
            data[i] = before
            found[i] = (sides[0] - sides[1]) / (2 * STEP)
    return found


def results_of(made):
    """The tensors of a result; recurrent layers give tuples of them."""
    if isinstance(made, tuple):
        return [r for m in made for r in results_of(m)]
    return [made]


def compare(module, inputs):
    """Compare the gradients to inputs and parameters with difference quotients."""
    rng = np.random.default_rng(1)
    with torch.no_grad():
        shapes = [r.shape for r in results_of(module(*inputs))]
    weights = [torch.tensor(rng.standard_normal(shape)) for shape in shapes]

    def total():
        torch.manual_seed(0)
        found = results_of(module(*inputs))
        return sum((r * w).sum() for r, w in zip(found, weights, strict=True))

    floating = [x for x in inputs if x.is_floating_point()]
    leaves = [*floating, *module.parameters()]
    found = torch.autograd.grad(total(), leaves)
    for leaf, gradient in zip(leaves, found, strict=True):
        np.testing.assert_allclose(
            gradient.numpy(), quotient(total, leaf), rtol=1e-4, atol=2e-6
        )


def name_of(kind, arguments):
    texts = [a.__name__ if callable(a) else repr(a) for a in arguments]
    return f"{kind.__name__}({', '.join(texts)})"


def made(kind, arguments, inputs):
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    module = kind(*[a() if callable(a) else a for a in arguments]).double()
    given = [drawn(x, rng) if isinstance(x, tuple) else x for x in inputs]
    return module, given


@pytest.mark.parametrize(
    ("kind", "arguments", "inputs"),
    LAYERS,
    ids=[name_of(kind, arguments) for kind, arguments, _ in LAYERS],
)
def test_gradients_of_a_layer_are_difference_quotients(kind, arguments, inputs):
    module, given = made(kind, arguments, inputs)
    if kind is nn.Embedding and module.padding_idx is not None:
        pytest.skip("the row of the padding has no gradient, on purpose")

    compare(module, given)


@pytest.mark.parametrize("kind", [nn.BCELoss])
def test_losses_of_probabilities(kind):
    rng = np.random.default_rng(0)
    given = [torch.tensor(rng.uniform(0.1, 0.9, (2, 3)), requires_grad=True)
             for _ in range(2)]  # fmt: skip

    compare(kind(), given)


@pytest.mark.parametrize(
    ("kind", "arguments", "inputs"),
    [row for row in LAYERS if "Norm" in row[0].__name__ or "Drop" in row[0].__name__],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_gradients_of_a_layer_in_evaluation(kind, arguments, inputs):
    module, given = made(kind, arguments, inputs)
    module(*given)
    module.eval()

    compare(module, given)


def test_every_layer_is_compared():
    layers = {
        name
        for name in nn.__all__
        if isinstance(getattr(nn, name), type) and name not in CONTAINERS
    }

    assert layers == {kind.__name__ for kind, _, _ in LAYERS} | {"BCELoss"}


@pytest.mark.parametrize(
    "loss",
    [
        lambda x, y, z: nn.functional.cosine_embedding_loss(
            x, y, torch.tensor([1, -1])
        ),
        lambda x, y, z: nn.functional.margin_ranking_loss(x, y, torch.ones(2, 3), 0.3),
        lambda x, y, z: nn.functional.hinge_embedding_loss(
            x, torch.tensor([1, -1, 1]), 2.0
        ),
        lambda x, y, z: nn.functional.triplet_margin_loss(x, y, z, swap=True),
        lambda x, y, z: nn.functional.normalize(x, dim=1),
        lambda x, y, z: nn.functional.scaled_dot_product_attention(
            x, y, z, is_causal=True
        ),
        lambda x, y, z: nn.functional.scaled_dot_product_attention(
            x, y, z, dropout_p=0.4
        ),
        lambda x, y, z: nn.functional.fold(
            nn.functional.unfold(x[None, None], 2), (2, 3), 2
        ),
        lambda x, y, z: nn.functional.dropout(x * 1.0, 0.4, inplace=True),
    ],
)
def test_gradients_of_functions(loss):
    rng = np.random.default_rng(0)

    class Function(nn.Module):
        def forward(self, x, y, z):
            return loss(x, y, z)

    given = [drawn((2, 3), rng) for _ in range(3)]
    module = Function()
    with torch.no_grad():
        shape = module(*given).shape
    weights = torch.tensor(rng.standard_normal(shape))

    def number():
        torch.manual_seed(0)
        return (module(*given) * weights).sum()

    found = torch.autograd.grad(number(), given, allow_unused=True)
    for leaf, gradient in zip(given, found, strict=True):
        actual = np.zeros(leaf.shape) if gradient is None else gradient.numpy()
        np.testing.assert_allclose(actual, quotient(number, leaf), rtol=1e-4, atol=2e-6)


def test_the_row_of_the_padding_has_no_gradient():
    layer = nn.Embedding(4, 2, padding_idx=1)
    layer(torch.tensor([3, 1, 3])).sum().backward()

    np.testing.assert_array_equal(
        [[0, 0], [0, 0], [0, 0], [2, 2]], layer.weight.grad.numpy()
    )


def test_gradients_divided_by_how_often_a_row_is_looked_up():
    layer = nn.Embedding(4, 2, scale_grad_by_freq=True)
    layer(torch.tensor([3, 1, 3])).sum().backward()

    np.testing.assert_array_equal(
        [[0, 0], [1, 1], [0, 0], [1, 1]], layer.weight.grad.numpy()
    )


def test_equal_elements_of_a_window_give_the_gradient_to_the_first():
    x = torch.zeros(1, 1, 2, 2, requires_grad=True)
    nn.functional.max_pool2d(x, 2).sum().backward()

    np.testing.assert_array_equal([[[[1, 0], [0, 0]]]], x.grad.numpy())


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Conv2d(2, 2, 2, 1, 1).double(),
        lambda: nn.Conv2d(2, 2, 2, 1, 1).double().eval(),
        lambda: nn.ConvTranspose2d(2, 1, 2, 2).double(),
        lambda: nn.MaxPool2d(2, 1),
        lambda: nn.AvgPool2d(2, 1, 1),
        lambda: nn.BatchNorm2d(2).double(),
        lambda: nn.GroupNorm(1, 2).double(),
        lambda: nn.Upsample(scale_factor=2.0, mode="bilinear"),
        lambda: nn.ReflectionPad2d(1),
        lambda: nn.Softmax(1),
    ],
)
def test_second_derivatives(make):
    torch.manual_seed(0)
    layer = make()
    x = drawn((1, 2, 2, 3), np.random.default_rng(0))

    assert torch.autograd.gradgradcheck(lambda y: layer(y * y), (x,))


# training ------------------------------------------------------------------------------


def trained(network, inputs, targets, loss, rate, steps=30):
    """The losses of plain gradient descent."""
    losses = []
    for _ in range(steps):
        found = loss(network(inputs), targets)
        losses.append(found.item())
        network.zero_grad()
        found.backward()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.sub_(rate * parameter.grad)
    return losses


def test_a_small_perceptron_learns():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Linear(4, 16), nn.Tanh(), nn.LayerNorm(16), nn.Linear(16, 1)
    )
    inputs = torch.randn(32, 4)
    targets = (inputs[:, :1] * inputs[:, 1:2]).sin()

    losses = trained(network, inputs, targets, nn.MSELoss(), 0.1)

    assert losses[-1] < 0.5 * losses[0]


def test_a_small_convolutional_net_learns():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 8, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(0.1),
        nn.Linear(8 * 4, 3),
    )  # fmt: skip
    targets = torch.arange(24) % 3
    inputs = torch.randn(24, 1, 8, 8) * 0.3
    for i in range(24):
        inputs[i, 0, 2 * (i % 3)] += 1

    losses = trained(network, inputs, targets, nn.CrossEntropyLoss(), 0.2)

    assert losses[-1] < 0.3 * losses[0]


class Block(nn.Module):
    """Attention and a perceptron, each beside what goes past it."""

    def __init__(self, width):
        super().__init__()
        self.before = nn.LayerNorm(width)
        self.mixed = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.after = nn.LayerNorm(width)
        self.inner = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x):
        q, k, v = self.mixed(self.before(x)).chunk(3, -1)
        seen = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen)
        return x + self.inner(self.after(x))


def test_a_small_language_model_learns():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Embedding(7, 8), Block(8), nn.Linear(8, 7))
    text = torch.arange(33) * 3 % 7
    inputs, targets = text[:-1].reshape(4, 8), text[1:].reshape(-1)

    def loss(scores, wanted):
        return nn.functional.cross_entropy(scores.flatten(0, 1), wanted)

    losses = trained(network, inputs, targets, loss, 0.5)

    assert losses[-1] < 0.3 * losses[0]
