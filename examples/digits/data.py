"""Handwritten digits: 1,797 images of 8 x 8 grey levels.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998
(CC BY 4.0; examples/data/README.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

FILE = Path(__file__).resolve().parents[1] / "data" / "digits.npz"


class Digits(NamedTuple):
    """Images [N, 8, 8] in 0…1 as float32, labels [N] as int64; a third is held out."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def read_digits() -> Digits:
    """The digits in a fixed shuffled order, two thirds to fit and one to test."""
    with np.load(FILE) as file:
        images = (file["images"] / 16).astype(np.float32)
        labels = file["labels"].astype(np.int64)
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], labels[order]
    cut = 2 * len(images) // 3
    return Digits(images[:cut], labels[:cut], images[cut:], labels[cut:])
