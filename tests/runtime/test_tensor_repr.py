"""The text of tensors is torch's to the character, by recorded strings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jit import torch

RECORDED = json.loads(
    Path(__file__).with_name("recorded_reprs.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", RECORDED, ids=[c["name"] for c in RECORDED])
def test_a_tensor_prints_as_torch_prints_it(case):
    torch.set_printoptions(**case["options"])
    try:
        text = repr(eval(case["expr"], {"torch": torch}))
    finally:
        torch.set_printoptions(profile="default")

    assert case["text"] == text
