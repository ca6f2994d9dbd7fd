"""torch.nn beside torch's: printed form, state, results, messages."""

from __future__ import annotations

import inspect
import warnings
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from jit import torch as ours
from jit.torch.nn import functional as our_functional

real_torch = pytest.importorskip(
    "torch", reason="torch is not installed (extra `oracle`)"
)

HERE = Path(__file__).parent
LAYERS = (HERE / "layers.txt").read_text().splitlines()
EXPRESSIONS = (HERE / "expressions_nn.txt").read_text().splitlines()

IMAGE = (2, 2, 6, 6)
INPUTS = {
    "Bilinear": [(4, 2), (4, 3)],
    "Unflatten": [(2, 6)],
    "GLU": [(2, 4)],
    "PixelShuffle": [(1, 4, 3, 3)],
    "InstanceNorm1d": [(2, 3, 4)],
    "BatchNorm3d": [(2, 3, 2, 2, 2)],
    "BatchNorm1d": [(4, 3)],
    "BatchNorm2d": [(2, 3, 4, 4)],
    "InstanceNorm2d": [(2, 3, 4, 4)],
    "LayerNorm": [(2, 3)],
    "RMSNorm": [(2, 3)],
    "GroupNorm": [(2, 4, 3)],
    "Linear": [(2, 3)],
    "Conv1d": [(1, 2, 5)],
    "ConvTranspose1d": [(1, 2, 5)],
    "Conv3d": [(1, 2, 4, 4, 4)],
    "MaxPool3d": [(1, 2, 4, 4, 4)],
    "AvgPool3d": [(1, 2, 4, 4, 4)],
}
ONE_DIM = ("MaxPool1d", "AvgPool1d", "AdaptiveAvgPool1d", "ConstantPad1d",
           "ReflectionPad1d")  # fmt: skip
NO_RESULT = ("ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "Embedding",
             "AlphaDropout", "Dropout")  # fmt: skip
"""Layers that compute nothing, draw, or take other inputs."""


@pytest.fixture(scope="module", name="torch")
def torch_module():
    return real_torch


def both(torch, line):
    """The layer of a line, in ours and in torch."""
    made = []
    for library in (ours, torch):
        names = {"nn": library.nn, "torch": library, "OrderedDict": OrderedDict}
        made.append(eval(line, names))
    return made


def share_state(torch, mine, theirs):
    """Give both layers the same numbers."""
    source = np.random.default_rng(0)
    state = {}
    for name, tensor in theirs.state_dict().items():
        if tensor.dtype == torch.int64:
            continue
        low = 0.5 if name.endswith("var") else -1.0
        values = source.uniform(low, 2, tuple(tensor.shape)).astype(np.float32)
        state[name] = values
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()}, False)
    mine.load_state_dict({k: ours.from_numpy(v) for k, v in state.items()}, False)


@pytest.mark.parametrize("line", LAYERS)
def test_printed_form_and_state_are_torchs(torch, line):
    mine, theirs = both(torch, line)

    def described(layer):
        return [
            (k, tuple(v.shape), str(v.dtype)) for k, v in layer.state_dict().items()
        ]

    assert repr(theirs) == repr(mine)
    assert described(theirs) == described(mine)
    assert [n for n, _ in theirs.named_parameters()] == [
        n for n, _ in mine.named_parameters()
    ]


def inputs_of(line, kind):
    source = np.random.default_rng(1)
    if "Loss" in kind or kind in ("CosineSimilarity", "PairwiseDistance"):
        shapes = [(4, 3), (4, 3)]
    elif kind in ONE_DIM:
        shapes = [(1, 2, 8)]
    elif "(3,4)" in line and kind == "LayerNorm":
        shapes = [(2, 3, 4)]
    elif "Sequential(" in line:
        shapes = [(4, 2)]
    else:
        shapes = INPUTS.get(kind, [IMAGE])
    if kind in ("NLLLoss", "CrossEntropyLoss"):
        scores = source.normal(size=(4, 3)).astype(np.float32)
        return [scores, np.array([0, 2, 1, 1])]
    low, high = (0.05, 0.95) if kind in ("BCELoss", "KLDivLoss") else (-3, 3)
    return [source.uniform(low, high, s).astype(np.float32) for s in shapes]


COMPUTING = [
    line for line in LAYERS if not any(f"nn.{name}" in line for name in NO_RESULT)
]


@pytest.mark.parametrize("line", COMPUTING)
def test_results_and_statistics_are_torchs(torch, line):
    mine, theirs = both(torch, line)
    share_state(torch, mine, theirs)
    kind = type(mine).__name__
    arrays = inputs_of(line, kind)

    for train in (True, False):
        mine.train(train)
        theirs.train(train)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = theirs(*(torch.from_numpy(a.copy()) for a in arrays))
        made = mine(*(ours.from_numpy(a.copy()) for a in arrays))

        wanted_array, array = wanted.detach().numpy(), made.array
        assert wanted_array.dtype == array.dtype
        assert wanted_array.shape == array.shape
        np.testing.assert_allclose(array, wanted_array, rtol=2e-5, atol=2e-6)
    for name, tensor in theirs.state_dict().items():
        mine_array = mine.state_dict()[name].array
        np.testing.assert_allclose(mine_array, tensor.numpy(), rtol=1e-5, atol=1e-6)


def outcome(library, functional, expression):
    names = {
        "torch": library,
        "F": functional,
        "x": library.arange(12.0).reshape(3, 4),
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return repr(eval(expression, names))
    except Exception as e:
        return type(e).__name__, str(e).split("\nException raised")[0]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_outcomes_and_messages_are_torchs(torch, expression):
    wanted = outcome(torch, torch.nn.functional, expression)

    made = outcome(ours, our_functional, expression)

    if isinstance(wanted, str) and "rand" in expression:
        assert isinstance(made, str)
        return
    assert wanted == made


OTHER_SIGNATURES = {
    "normalize": "no `out`",
    "mse_loss": "no `weight`",
    "l1_loss": "no `weight`",
    "huber_loss": "no `weight`",
}
"""Functions that take less than torch's, and what."""


def test_functions_take_the_arguments_of_torchs(torch):
    differing = {}
    for name in dir(our_functional):
        mine = getattr(our_functional, name)
        theirs = getattr(torch.nn.functional, name, None)
        if not inspect.isfunction(mine) or not inspect.isfunction(theirs):
            continue
        wanted = [p for p in inspect.signature(theirs).parameters if p != "kwargs"]
        if wanted == ["args"]:
            continue  # torch chooses between two functions by a flag
        found = list(inspect.signature(mine).parameters)
        if hasattr(mine, "operator_kind") and found == ["args", "kwargs"]:
            continue
        if wanted != found:
            differing[name] = set(wanted) ^ set(found)

    assert set(OTHER_SIGNATURES) == set(differing), differing


def test_module_lists_the_methods_of_torchs(torch):
    wanted = {n for n in dir(torch.nn.Module) if not n.startswith("_")}
    lacking = wanted - {n for n in dir(ours.nn.Module) if not n.startswith("_")}

    assert {
        "T_destination", "call_super_init", "compile", "dump_patches",
        "get_extra_state", "ipu", "mtia", "register_backward_hook",
        "register_load_state_dict_post_hook", "register_load_state_dict_pre_hook",
        "register_state_dict_post_hook", "register_state_dict_pre_hook",
        "set_extra_state", "share_memory", "to_empty", "type", "xpu",
    } == lacking  # fmt: skip
