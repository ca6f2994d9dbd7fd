"""The examples' trainings, with weights that any library can make; `record.py` records
torch's."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MODELS = {"lenet": "LeNet", "gpt": "GPT", "text_classifier": "Classifier"}
STEPS = 20
_LINE = "from jit import torch  # with torch: import torch\n"


def load_example(name, torch=None):
    """An example as a module; with `torch`, its import line is changed."""
    path = EXAMPLES / f"{name}.py"
    source = path.read_text()
    assert 1 == source.count(_LINE)
    if torch is not None:
        source = source.replace(_LINE, "import torch\n")
        assert not re.search(r"\bjit\b", source)
    module = types.ModuleType(f"example_{name}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


def compile_model(torch, name, example):
    """Have an example make its model by torch.compile."""
    make = getattr(example, MODELS[name])

    def make_compiled(*args):
        return torch.compile(make(*args), fullgraph=True)

    setattr(example, MODELS[name], make_compiled)


def fill(torch, model):
    """Weights from NumPy's generator: the same in every library."""
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            shape = tuple(parameter.shape)
            spread = 0.3 if "embedding" in name or len(shape) < 2 else (
                1 / np.sqrt(np.prod(shape[1:]))
            )  # fmt: skip
            values = rng.uniform(-spread, spread, shape).astype(np.float32)
            if "norm" in name and name.endswith("weight"):
                values += 1
            parameter.copy_(torch.tensor(values))


def train(torch, name, example):
    """Losses of the steps, the first gradients, and the parameters at the end."""
    torch.manual_seed(0)
    model, optimizer, loss_of = example.make()
    fill(torch, model)
    losses, gradients = [], {}
    named = list(model.named_parameters())
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(step)
        loss.backward()
        if step == 0:
            gradients = {_plain(n): summary(p.grad) for n, p in named}
        optimizer.step()
        losses.append(loss.item())
    return {
        "losses": losses,
        "gradients": gradients,
        "parameters": {_plain(n): summary(p) for n, p in named},
    }


def _plain(name):
    return name.removeprefix("_orig_mod.")


def summary(tensor):
    """Sizes, norm, and some of the elements."""
    values = tensor.detach().numpy().astype(np.float64)
    flat = values.reshape(-1)
    return {
        "shape": list(values.shape),
        "norm": float(np.sqrt((flat**2).sum())),
        "some": [float(v) for v in flat[:: max(1, flat.size // 8)][:8]],
    }
