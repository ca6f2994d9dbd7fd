"""Our compiler as a backend of torch's own `torch.compile`."""

from __future__ import annotations

import tomllib
import warnings
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

real_torch = pytest.importorskip(
    "torch", reason="torch is not installed (extra `oracle`)"
)
nn = real_torch.nn

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
# torch's capture warns about its own deprecated parts
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.*"),
]


@pytest.fixture
def compiled():
    """Compiles for real by our backend, as the entry point names it."""
    groups = tomllib.loads(PROJECT.read_text())["project"]["entry-points"]
    value = groups["torch_dynamo_backends"]["tracescript"]
    backend = EntryPoint("tracescript", value, "torch_dynamo_backends").load()
    real_torch._dynamo.reset()

    def compile(model):
        return real_torch.compile(model, backend=backend, dynamic=False)

    yield compile
    real_torch._dynamo.reset()


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)

    def forward(self, x):
        parts = [
            p.view(*x.shape[:2], 2, 4).transpose(1, 2)
            for p in self.qkv(x).split(8, dim=2)
        ]
        y = nn.functional.scaled_dot_product_attention(*parts, is_causal=True)
        return y.transpose(1, 2).contiguous().view(x.shape)


def close(expected, actual, tolerance=1e-5):
    np.testing.assert_allclose(
        actual.detach().numpy(), expected.detach().numpy(), tolerance, tolerance
    )


def test_a_function_gives_what_torch_gives(compiled):
    def f(x, y):
        z = (x @ y).softmax(-1) + x.sin().sum(1, keepdim=True)
        return z.t(), z[:, ::2].clone()

    x, y = real_torch.randn(4, 5), real_torch.randn(5, 6)
    expected, actual = f(x, y), compiled(f)(x, y)

    for e, a in zip(expected, actual, strict=True):
        close(e, a)
        assert e.stride() == a.stride()


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.LayerNorm(8)), (3, 6)),
        (
            lambda: nn.Sequential(
                nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
            ),
            (2, 1, 6, 6),
        ),
        (Attending, (2, 5, 8)),
    ],
)
def test_a_model_is_trained(compiled, make, shape):
    real_torch.manual_seed(0)
    plain = make()
    model = make()
    model.load_state_dict(plain.state_dict())
    runs = compiled(model)
    x = real_torch.randn(shape)
    for _ in range(2):
        for net, call in ((plain, plain), (model, runs)):
            net.zero_grad()
            call(x).square().mean().backward()
            with real_torch.no_grad():
                for parameter in net.parameters():
                    parameter -= 0.1 * parameter.grad
    for e, a in zip(plain.parameters(), model.parameters(), strict=True):
        close(e.grad, a.grad)
        close(e, a)


def test_what_we_lack_is_told_and_runs(compiled):
    from jit.torch.compiler_backend import BackendWarning

    def f(x):
        return real_torch.bernoulli(x) + 1

    with pytest.warns(BackendWarning, match="bernoulli.*draws random numbers"):
        actual = compiled(f)(real_torch.ones(3))
    assert [2.0, 2.0, 2.0] == actual.tolist()


def test_operators_run_here(compiled, monkeypatch):
    from jit.torch import compiler_backend

    seen = []
    original = compiler_backend._Steps.run
    monkeypatch.setattr(
        compiler_backend._Steps, "run", lambda s, *a: seen.append(1) or original(s, *a)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", compiler_backend.BackendWarning)
        close(
            real_torch.full((2,), 3.0),
            compiled(lambda x: x * 2 + 1)(real_torch.ones(2)),
        )
    assert [1] == seen
