"""Two networks learn handwritten digits, eagerly and compiled.

    python examples/digits/train.py

A loader shuffles, autograd differentiates, AdamW steps. Both ways start from the same
seed; a table at the end compares their losses, their times, and what they got right.

Numbers are float64. In float32 sums in another order differ in the seventh digit, and now
and then such a digit decides which of two elements is the maximum of a window: from there
on two trainings are two trainings, by threads as much as by compilation.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from data import Digits, read_digits

from jit import torch
from jit.torch import nn
from jit.torch.nn import functional as F
from jit.torch.utils.data import DataLoader, TensorDataset


class MLP(nn.Module):
    """Two layers: 64 pixels to `hidden` units to 10 classes."""

    def __init__(self, hidden: int = 128) -> None:
        super().__init__()
        self.hidden = nn.Linear(64, hidden)
        self.out = nn.Linear(hidden, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(F.relu(self.hidden(x.flatten(1))))


class ConvNet(nn.Module):
    """Three convolutions, pooling between them, and a linear layer."""

    def __init__(self, channels: int = 16) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        self.third = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1)
        self.out = nn.Linear(8 * channels, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.first(x.unsqueeze(1)))
        x = F.max_pool2d(F.relu(self.second(x)), 2)
        x = F.max_pool2d(F.relu(self.third(x)), 2)
        return self.out(x.flatten(1))


def train(
    make: Callable[[], nn.Module],
    digits: Digits,
    epochs: int,
    rate: float,
    compiled: bool,
) -> tuple[nn.Module, list[float]]:
    """A trained model, and the loss of each step; all of it decided by one seed."""
    torch.manual_seed(0)
    model = make().double()
    runs = torch.compile(model, fullgraph=True) if compiled else model
    data = TensorDataset(
        torch.from_numpy(digits.train_images).double(),
        torch.from_numpy(digits.train_labels),
    )
    loader = DataLoader(
        data,
        64,
        shuffle=True,
        drop_last=True,
        generator=torch.Generator().manual_seed(1),
    )
    optimizer = torch.optim.AdamW(model.parameters(), rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, epochs=epochs, steps_per_epoch=len(loader)
    )
    losses = []
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(runs(images), labels)
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
    return model, losses


def accuracy(model: nn.Module, digits: Digits) -> float:
    """The share of held-out images that are told rightly."""
    model.eval()
    with torch.no_grad():
        found = model(torch.from_numpy(digits.test_images).double()).argmax(1)
    return float((found == torch.from_numpy(digits.test_labels)).float().mean())


TASKS: list[tuple[str, Callable[[], nn.Module], int, float, float]] = [
    ("MLP", MLP, 20, 0.01, 0.97),
    ("conv net", ConvNet, 15, 0.01, 0.985),
]
"""Name, model, epochs, learning rate, and the accuracy that is expected."""


def main() -> None:
    digits = read_digits()
    print(
        f"{len(digits.train_labels)} images to learn, {len(digits.test_labels)} to test"
    )
    wrong: list[Any] = []
    for name, make, epochs, rate, expected in TASKS:
        losses = {}
        for way in ("eager", "compiled"):
            started = time.perf_counter()
            model, losses[way] = train(make, digits, epochs, rate, way == "compiled")
            seconds = time.perf_counter() - started
            right = accuracy(model, digits)
            print(
                f"{name:8}  {way:8}  {len(losses[way])} steps in {seconds:5.1f} s"
                f"  last loss {losses[way][-1]:.4f}  right {right:.2%}"
            )
            if right < expected:
                wrong.append(f"{name}, {way}: {right:.2%} is less than {expected:.1%}")
        apart = max(
            abs(a - b) for a, b in zip(losses["eager"], losses["compiled"], strict=True)
        )
        print(f"{name:8}  the losses differ by at most {apart:.1e}")
        if apart > 1e-4:
            wrong.append(f"{name}: compiled and eager losses differ by {apart:.1e}")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
