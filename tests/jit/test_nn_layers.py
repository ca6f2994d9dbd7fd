"""Layers: what they compute, and that scripts and traces compute the same."""

from __future__ import annotations

import warnings
from collections import OrderedDict

import pytest

import jit
from jit import torch
from jit.torch import nn
from jit.torch.nn import functional as F


def ramp(*sizes):
    count = 1
    for n in sizes:
        count *= n
    return (torch.arange(count).reshape(*sizes) - count // 2) / 4.0


IMAGE = (1, 2, 5, 5)
LAYERS = [
    (lambda: nn.Linear(3, 4), [ramp(2, 3)]),
    (lambda: nn.Linear(3, 4, bias=False), [ramp(2, 5, 3)]),
    (lambda: nn.Bilinear(2, 3, 1), [ramp(2), ramp(3)]),
    (lambda: nn.Flatten(), [ramp(2, 3, 4)]),
    (lambda: nn.Unflatten(1, (1, 3)), [ramp(2, 3)]),
    (lambda: nn.Identity(), [ramp(2)]),
    (lambda: nn.ReLU(), [ramp(4)]),
    (lambda: nn.ReLU(inplace=True), [ramp(4)]),
    (lambda: nn.GELU(), [ramp(4)]),
    (lambda: nn.GELU("tanh"), [ramp(4)]),
    (lambda: nn.SiLU(), [ramp(4)]),
    (lambda: nn.Mish(), [ramp(4)]),
    (lambda: nn.SELU(), [ramp(4)]),
    (lambda: nn.CELU(), [ramp(4)]),
    (lambda: nn.ELU(0.5), [ramp(4)]),
    (lambda: nn.LeakyReLU(0.2), [ramp(4)]),
    (lambda: nn.PReLU(), [ramp(4)]),
    (lambda: nn.Hardtanh(-0.5, 0.5), [ramp(4)]),
    (lambda: nn.ReLU6(), [ramp(4)]),
    (lambda: nn.Hardsigmoid(), [ramp(4)]),
    (lambda: nn.Hardswish(), [ramp(4)]),
    (lambda: nn.Threshold(0.1, 2), [ramp(4)]),
    (lambda: nn.Sigmoid(), [ramp(4)]),
    (lambda: nn.Tanh(), [ramp(4)]),
    (lambda: nn.LogSigmoid(), [ramp(4)]),
    (lambda: nn.Softplus(), [ramp(4)]),
    (lambda: nn.Softsign(), [ramp(4)]),
    (lambda: nn.Tanhshrink(), [ramp(4)]),
    (lambda: nn.Hardshrink(), [ramp(4)]),
    (lambda: nn.Softshrink(), [ramp(4)]),
    (lambda: nn.Softmax(-1), [ramp(2, 3)]),
    (lambda: nn.Softmax(), [ramp(2, 3)]),
    (lambda: nn.Softmin(0), [ramp(2, 3)]),
    (lambda: nn.LogSoftmax(-1), [ramp(2, 3)]),
    (lambda: nn.Softmax2d(), [ramp(*IMAGE)]),
    (lambda: nn.GLU(), [ramp(2, 4)]),
    (lambda: nn.Conv1d(2, 4, 3), [ramp(1, 2, 5)]),
    (lambda: nn.Conv2d(2, 4, 3, stride=2, padding=1), [ramp(*IMAGE)]),
    (lambda: nn.Conv2d(2, 4, 3, padding="same"), [ramp(*IMAGE)]),
    (lambda: nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect"), [ramp(*IMAGE)]),
    (lambda: nn.Conv2d(2, 4, 3, groups=2, dilation=2, bias=False), [ramp(*IMAGE)]),
    (lambda: nn.Conv3d(2, 1, 2), [ramp(1, 2, 3, 3, 3)]),
    (lambda: nn.ConvTranspose1d(2, 4, 3, stride=2), [ramp(1, 2, 5)]),
    (lambda: nn.ConvTranspose2d(2, 4, 3, 2, 1, 1), [ramp(*IMAGE)]),
    (lambda: nn.MaxPool1d(2), [ramp(1, 2, 5)]),
    (lambda: nn.MaxPool2d(2), [ramp(*IMAGE)]),
    (lambda: nn.MaxPool2d((3, 2), 1, 1, ceil_mode=True), [ramp(*IMAGE)]),
    (lambda: nn.AvgPool1d(2), [ramp(1, 2, 5)]),
    (lambda: nn.AvgPool2d(2, padding=1, count_include_pad=False), [ramp(*IMAGE)]),
    (lambda: nn.AdaptiveAvgPool1d(2), [ramp(1, 2, 5)]),
    (lambda: nn.AdaptiveAvgPool2d((1, 1)), [ramp(*IMAGE)]),
    (lambda: nn.AdaptiveMaxPool2d(2), [ramp(*IMAGE)]),
    (lambda: nn.ConstantPad1d(1, 2.5), [ramp(1, 2, 5)]),
    (lambda: nn.ZeroPad2d(1), [ramp(*IMAGE)]),
    (lambda: nn.ReflectionPad2d(1), [ramp(*IMAGE)]),
    (lambda: nn.ReplicationPad1d(2), [ramp(1, 2, 5)]),
    (lambda: nn.PixelShuffle(2), [ramp(1, 4, 2, 2)]),
    (lambda: nn.BatchNorm1d(3), [ramp(4, 3)]),
    (lambda: nn.BatchNorm2d(2), [ramp(*IMAGE)]),
    (lambda: nn.BatchNorm2d(2).eval(), [ramp(*IMAGE)]),
    (
        lambda: nn.BatchNorm2d(2, affine=False, track_running_stats=False),
        [ramp(*IMAGE)],
    ),
    (lambda: nn.InstanceNorm1d(2), [ramp(1, 2, 5)]),
    (lambda: nn.InstanceNorm2d(2, affine=True), [ramp(*IMAGE)]),
    (lambda: nn.LayerNorm(3), [ramp(2, 3)]),
    (lambda: nn.LayerNorm((2, 3), elementwise_affine=False), [ramp(2, 3)]),
    (lambda: nn.RMSNorm(3), [ramp(2, 3)]),
    (lambda: nn.GroupNorm(2, 4), [ramp(2, 4, 3)]),
    (lambda: nn.Embedding(3, 4), [torch.tensor([[1, 2], [0, 1]])]),
    (lambda: nn.Embedding(3, 4, padding_idx=-1), [torch.tensor([1, 2])]),
    (lambda: nn.Dropout(0.5).eval(), [ramp(4)]),
    (lambda: nn.Dropout2d(0.5).eval(), [ramp(*IMAGE)]),
    (lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)), [ramp(2, 3)]),
    (lambda: nn.MSELoss(), [ramp(4), ramp(4) + 1]),
    (lambda: nn.L1Loss(reduction="sum"), [ramp(4), ramp(4) + 1]),
    (lambda: nn.SmoothL1Loss(beta=0.5), [ramp(4), ramp(4) * 2]),
    (lambda: nn.HuberLoss(), [ramp(4), ramp(4) * 2]),
    (lambda: nn.KLDivLoss(reduction="batchmean"), [ramp(2, 2), torch.ones(2, 2) / 4]),
    (lambda: nn.NLLLoss(), [ramp(2, 3), torch.tensor([1, 2])]),
    (lambda: nn.CrossEntropyLoss(), [ramp(2, 3), torch.tensor([1, 2])]),
    (
        lambda: nn.CrossEntropyLoss(
            torch.tensor([1.0, 2.0, 0.5]), label_smoothing=0.25
        ),
        [ramp(2, 3), torch.tensor([1, 2])],
    ),
    (lambda: nn.BCELoss(), [torch.ones(3) / 4, torch.ones(3)]),
    (lambda: nn.BCEWithLogitsLoss(), [ramp(3), torch.ones(3)]),
    (lambda: nn.CosineSimilarity(), [ramp(2, 3), ramp(2, 3) + 1]),
    (lambda: nn.PairwiseDistance(), [ramp(2, 3), ramp(2, 3) + 1]),
    (lambda: nn.SoftMarginLoss(), [ramp(4), torch.ones(4)]),
]
NAMES = [f"{i}-{type(make()).__name__}" for i, (make, _) in enumerate(LAYERS)]


def fresh(inputs):
    return [x.clone() for x in inputs]


@pytest.mark.parametrize(("make", "inputs"), LAYERS, ids=NAMES)
def test_a_scripted_layer_computes_what_the_layer_computes(make, inputs):
    torch.manual_seed(0)
    layer = make()
    scripted = jit.script(layer)
    expected = layer(*fresh(inputs))

    made = scripted(*fresh(inputs))

    # machine code sums in another order, and computes elementary functions itself
    torch.testing.assert_close(made, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("make", "inputs"), LAYERS, ids=NAMES)
def test_a_traced_layer_computes_what_the_layer_computes(make, inputs):
    torch.manual_seed(0)
    layer = make()
    expected = layer(*fresh(inputs))

    made = jit.trace(layer, tuple(fresh(inputs)))(*fresh(inputs))

    torch.testing.assert_close(made, expected, rtol=1e-5, atol=1e-6)


def test_max_pool_gives_the_places_when_asked():
    layer = nn.MaxPool2d(2, return_indices=True)
    x = ramp(1, 4, 4)
    values, places = layer(x)

    scripted_values, scripted_places = jit.script(layer)(x)

    assert [[5, 7], [13, 15]] == places[0].tolist()
    assert torch.equal(values, scripted_values)
    assert torch.equal(places, scripted_places)
    assert torch.equal(values, F.max_pool2d(x, 2))


def test_scripted_batch_norm_keeps_its_statistics():
    layer, other = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    scripted = jit.script(other)
    x = ramp(4, 2)

    for _ in range(3):
        layer(x)
        scripted(x)

    assert 3 == scripted.num_batches_tracked.item()
    assert torch.equal(layer.running_mean, scripted.running_mean)
    assert torch.equal(layer.running_var, scripted.running_var)


def test_two_norms_of_one_input_count_twice():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(2)

        def forward(self, x):
            self.norm(x)
            return self.norm(x)

    plain, scripted = Twice(), jit.script(Twice())
    x = ramp(4, 2)

    plain(x)
    scripted(x)

    assert torch.equal(plain.norm.running_mean, scripted.norm.running_mean)


def test_batch_norm_without_momentum_averages():
    layer = nn.BatchNorm1d(1, momentum=None)
    batches = [torch.tensor([[1.0], [3.0]]), torch.tensor([[5.0], [11.0]])]

    for batch in batches:
        layer(batch)

    assert [5.0] == layer.running_mean.tolist()


def test_one_value_a_channel_cannot_be_normalised():
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        nn.BatchNorm1d(3)(torch.ones(1, 3))
    with pytest.raises(ValueError, match=r"expected 4D input \(got 2D input\)"):
        nn.BatchNorm2d(3)(torch.ones(2, 3))


def test_dropout_acts_in_training_only_and_in_place_when_told():
    torch.manual_seed(0)
    layer = nn.Dropout(0.5, inplace=True)
    x = torch.ones(1000)

    made = layer(x)

    assert made is x
    assert 300 < (x == 0).sum().item() < 700
    assert [1.0] == layer.eval()(torch.ones(1)).tolist()
    with pytest.raises(ValueError, match=r"between 0 and 1, but got 1\.5"):
        nn.Dropout(1.5)


def test_embedding_row_of_padding_starts_at_zero():
    layer = nn.Embedding(3, 2, padding_idx=-1)

    assert 2 == layer.padding_idx
    assert [0, 0] == layer.weight[2].tolist()
    made = nn.Embedding.from_pretrained(torch.ones(2, 2))
    assert not made.weight.requires_grad


@pytest.mark.parametrize(
    ("make", "bound"),
    [
        (lambda: nn.Linear(16, 64), 1 / 4),
        (lambda: nn.Conv2d(4, 32, 2), 1 / 4),
    ],
)
def test_first_weights_are_as_wide_as_torchs(make, bound):
    torch.manual_seed(0)
    layer = make()

    for parameter in layer.parameters():
        largest = parameter.abs().max().item()
        assert 0.9 * bound < largest <= bound


def test_init_schemes():
    torch.manual_seed(0)
    weight = torch.empty(200, 300)

    uniform = nn.init.xavier_uniform_(weight).abs().max().item()
    assert uniform == pytest.approx((6 / 500) ** 0.5, rel=1e-2)
    assert weight is nn.init.kaiming_normal_(weight, nonlinearity="relu")
    assert weight.std().item() == pytest.approx((2 / 300) ** 0.5, rel=2e-2)
    nn.init.trunc_normal_(weight, mean=1.0, std=2.0, a=-1.0, b=3.0)
    assert -1 <= weight.min().item() < -0.9 and 2.9 < weight.max().item() <= 3
    nn.init.constant_(weight, 3)
    assert 3 == weight.mean().item()
    assert torch.equal(torch.eye(2, 3), nn.init.eye_(torch.empty(2, 3)))
    with pytest.raises(ValueError, match="Unsupported nonlinearity foo"):
        nn.init.calculate_gain("foo")


def test_containers_hold_modules_in_order():
    layers = nn.ModuleList([nn.Linear(2, 2), nn.ReLU()])
    layers.append(nn.Tanh()).insert(1, nn.Identity())
    del layers[0]

    assert ["Identity", "ReLU", "Tanh"] == [type(m).__name__ for m in layers]
    assert 3 == len(layers)
    assert isinstance(layers[-1], nn.Tanh)
    assert isinstance(layers[:2], nn.ModuleList)
    with pytest.raises(IndexError, match="index 3 is out of range"):
        layers[3]
    both = nn.Sequential(nn.ReLU()) + nn.Sequential(nn.Tanh())
    assert isinstance(both[1], nn.Tanh)
    assert ["a"] == [
        n for n, _ in nn.Sequential(OrderedDict(a=nn.ReLU())).named_children()
    ]


def test_dicts_of_modules_and_lists_of_parameters():
    modules = nn.ModuleDict({"a": nn.ReLU()})
    modules.update({"b": nn.Tanh()})
    parameters = nn.ParameterList([torch.ones(2), nn.Parameter(torch.ones(3))])
    named = nn.ParameterDict({"w": torch.ones(2)})

    assert ["a", "b"] == list(modules) == list(modules.keys())
    assert "a" in modules and isinstance(modules.pop("a"), nn.ReLU)
    assert 1 == len(modules)
    assert all(isinstance(p, nn.Parameter) for p in parameters)
    assert ["0", "1"] == list(parameters.state_dict())
    assert ["w"] == [n for n, _ in named.named_parameters()]


def test_a_list_of_layers_says_how_often_one_repeats():
    expected = (
        "ModuleList(\n  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)\n"
        "  (2): ReLU()\n)"
    )
    layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()])

    assert expected == repr(layers)


def test_functions_find_operators_by_name():
    assert "aten::conv2d" == F.conv2d.operator_kind
    with pytest.raises(AttributeError, match="no attribute 'convolve'"):
        F.convolve


def test_old_flags_of_reductions_still_count():
    x, y = ramp(4), ramp(4) + 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 4.0 == F.l1_loss(x, y, size_average=False).item()
        assert (4,) == tuple(F.l1_loss(x, y, reduce=False).shape)
    assert "sum" == nn.L1Loss(size_average=False).reduction
    with pytest.raises(ValueError, match="max is not a valid value for reduction"):
        F.l1_loss(x, y, reduction="max")


def test_images_are_resampled_to_sizes_and_by_factors():
    x = ramp(1, 1, 2, 2)

    assert (1, 1, 4, 4) == tuple(F.interpolate(x, scale_factor=2).shape)
    made = F.interpolate(x, size=(3, 3), mode="bilinear", align_corners=True)
    assert x[0, 0, 0].mean().item() == made[0, 0, 0, 1].item()
    assert (1, 1, 6, 6) == tuple(nn.Upsample(scale_factor=3)(x).shape)
    with pytest.raises(ValueError, match="either size or scale_factor"):
        F.interpolate(x)
    assert (1, 1, 3, 3) == tuple(F.interpolate(x, size=3, mode="bicubic").shape)
    with pytest.raises(NotImplementedError, match="quintic"):
        F.interpolate(x, size=3, mode="quintic")
