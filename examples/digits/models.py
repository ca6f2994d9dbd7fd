"""The programs of the demo: two networks, a solver, and a pipeline in plain NumPy."""

from __future__ import annotations

import numpy as np

import jit
from jit import torch
from jit.torch import nn


class MLP(nn.Module):
    """Two layers: 64 pixels to `hidden` units to 10 classes."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.hidden = nn.Linear(64, hidden)
        self.relu = nn.ReLU()
        self.out = nn.Linear(hidden, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.hidden(self.flatten(x)))
        return torch.softmax(self.out(x), dim=1)


class ConvNet(nn.Module):
    """Convolution, batch norm, pooling, and a linear layer on what is left."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, channels, kernel_size=3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.head = nn.Linear(channels * 16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.features(x.unsqueeze(1))
        return self.head(torch.flatten(x, 1))


@jit.script
def conjugate_gradient(
    a: torch.Tensor, b: torch.Tensor, tolerance: float, most: int
) -> tuple[torch.Tensor, int]:
    """Solve `a @ x = b` for a positive definite `a`; also the number of steps.

    Source: Hestenes and Stiefel, 1952. It stops when the squared residual is below
    `tolerance`, which depends on the data: a trace could not keep this.
    """
    x = torch.zeros_like(b)
    residual = b - a @ x
    direction = residual
    error = (residual * residual).sum()
    for step in range(most):
        if error.item() <= tolerance:
            return x, step
        image = a @ direction
        length = error / (direction * image).sum()
        x = x + length * direction
        residual = residual - length * image
        following = (residual * residual).sum()
        if not torch.isfinite(following).item():
            raise ArithmeticError("the matrix is not positive definite")
        direction = residual + (following / error) * direction
        error = following
    return x, most


class Pipeline:
    """Nearest mean after whitening, as people write it in plain NumPy."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, kept: int) -> None:
        flat = images.reshape(len(images), -1).astype(np.float64)
        self.mean = flat.mean(axis=0)
        _, scale, axes = np.linalg.svd(flat - self.mean, full_matrices=False)
        self.axes = (axes[:kept] / scale[:kept, None]).T * np.sqrt(len(flat))
        white = (flat - self.mean) @ self.axes
        self.centres = np.stack([white[labels == k].mean(axis=0) for k in range(10)])

    def __call__(self, images: np.ndarray) -> np.ndarray:
        flat = images.reshape(images.shape[0], 64)
        white = np.dot(flat - self.mean, self.axes)
        difference = white[:, None, :] - self.centres[None, :, :]
        distances = np.sqrt((difference * difference).sum(axis=2))
        return np.exp(-distances) / np.exp(-distances).sum(axis=1, keepdims=True)
