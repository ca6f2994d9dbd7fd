"""Images of bytes are resampled as torch does; what cannot be is refused."""

from __future__ import annotations

import pytest

from jit import torch
from jit.torch.nn import functional as F


def image(*shape: int):
    count = int(torch.tensor(shape).prod())
    return (torch.arange(count) * 37 % 256).reshape(shape).to(torch.uint8)


# what torch 2.13 gives
BILINEAR = [[0, 13, 34, 56, 77, 98, 111], [59, 72, 93, 115, 129, 91, 68]]
BICUBIC = [[0, 41, 112], [89, 154, 60], [148, 224, 47]]


def test_images_of_bytes_are_rounded_at_each_axis():
    linear = F.interpolate(image(1, 2, 3, 4), (5, 7), mode="bilinear")
    cubic = F.interpolate(image(1, 1, 4, 4), (6, 3), mode="bicubic")

    assert linear.dtype == torch.uint8
    assert BILINEAR == linear[0, 0, :2].tolist()
    assert BICUBIC == cubic[0, 0, :3].tolist()


def test_smaller_images_of_bytes_are_smoothed_in_fixed_point():
    linear = F.interpolate(image(1, 2, 3, 4), (2, 2), mode="bilinear", antialias=True)
    cubic = F.interpolate(image(1, 1, 4, 4), (2, 2), mode="bicubic", antialias=True)

    assert [82, 99, 107, 124, 151, 95, 107, 98] == linear.flatten().tolist()
    assert [93, 110, 136, 90] == cubic.flatten().tolist()


@pytest.mark.parametrize(
    ("mode", "shape", "size", "dtype"),
    [
        ("linear", (1, 2, 5), 7, torch.uint8),
        ("trilinear", (1, 1, 3, 2, 2), 4, torch.uint8),
        ("bilinear", (1, 1, 3, 2), 4, torch.int64),
        ("bicubic", (1, 1, 3, 2), 4, torch.bool),
        ("nearest", (1, 1, 3, 2), 4, torch.int64),
    ],
)
def test_other_integers_are_refused(mode, shape, size, dtype):
    with pytest.raises(NotImplementedError, match="not implemented for"):
        F.interpolate(image(*shape).to(dtype), size, mode=mode)
