"""Weights for the demo's networks, by a few lines of NumPy."""

from __future__ import annotations

import models
import numpy as np
from data import Digits

from jit import torch


def fit_mlp(model: models.MLP, digits: Digits, epochs: int = 60) -> None:
    """Gradient descent with momentum on the cross entropy, written out."""
    x = digits.train_images.reshape(-1, 64)
    wanted = np.eye(10, dtype=np.float32)[digits.train_labels]
    rng = np.random.default_rng(1)
    hidden = model.hidden.weight.shape[0]
    w1 = rng.normal(0, np.sqrt(2 / 64), (hidden, 64)).astype(np.float32)
    w2 = rng.normal(0, np.sqrt(2 / hidden), (10, hidden)).astype(np.float32)
    weights = [w1, np.zeros(hidden, np.float32), w2, np.zeros(10, np.float32)]
    speeds = [np.zeros_like(w) for w in weights]
    for _ in range(epochs):
        for batch in np.array_split(rng.permutation(len(x)), len(x) // 32):
            w1, b1, w2, b2 = weights
            h = np.maximum(x[batch] @ w1.T + b1, 0)
            z = h @ w2.T + b2
            p = np.exp(z - z.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            gz = (p - wanted[batch]) / len(batch)
            gh = (gz @ w2) * (h > 0)
            slopes = [gh.T @ x[batch], gh.sum(0), gz.T @ h, gz.sum(0)]
            for weight, speed, slope in zip(weights, speeds, slopes, strict=True):
                speed *= 0.9
                speed -= 0.1 * slope
                weight += speed
    names = ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]
    model.load_state_dict(
        {n: torch.from_numpy(w) for n, w in zip(names, weights, strict=True)}
    )


def fit_conv_net(model: models.ConvNet, digits: Digits) -> int:
    """Filters from the principal directions of image patches, head by least squares.

    The least squares problem is solved by the scripted `conjugate_gradient`; returns
    its number of steps.
    """
    images = digits.train_images
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    patches = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    patches = patches.reshape(-1, 9)
    _, _, axes = np.linalg.svd(patches[::7] - patches.mean(0), full_matrices=False)
    filters = np.concatenate([axes, -axes])[: model.head.weight.shape[1] // 16]
    convolution, norm = model.features[0], model.features[1]
    responses = patches @ filters.T
    model.load_state_dict(
        {
            "features.0.weight": torch.from_numpy(filters.reshape(-1, 1, 3, 3)),
            "features.0.bias": torch.zeros_like(convolution.bias),
            "features.1.running_mean": torch.from_numpy(responses.mean(0)),
            "features.1.running_var": torch.from_numpy(responses.var(0)),
        },
        strict=False,
    )
    assert not norm.training
    with torch.no_grad():
        found = model.features(torch.from_numpy(images).unsqueeze(1))
    features = torch.flatten(found, 1).numpy()
    rows = np.concatenate([features, np.ones((len(features), 1), np.float32)], axis=1)
    rows = rows.astype(np.float64)
    wanted = np.eye(10)[digits.train_labels]
    normal = rows.T @ rows + 10.0 * np.eye(rows.shape[1])
    solution, steps = models.conjugate_gradient(normal, rows.T @ wanted, 1e-6, 2000)
    model.load_state_dict(
        {
            "head.weight": torch.from_numpy(solution[:-1].T.astype(np.float32)),
            "head.bias": torch.from_numpy(solution[-1].astype(np.float32)),
        },
        strict=False,
    )
    return int(steps)
