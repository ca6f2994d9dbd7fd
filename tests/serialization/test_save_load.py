"""`torch.save` and `torch.load` of our own files, `.trs` archives and safetensors."""

from __future__ import annotations

import io
import random
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
import safetensors.numpy

import jit
from jit import torch
from jit.ir.diagnostic import ArchiveError
from jit.torch import nn
from tests.serialization.record import described, everything


def saved(value):
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def again(value):
    return torch.load(io.BytesIO(saved(value)))


def test_everything_comes_back():
    value = everything(torch)

    assert described(torch, value) == described(torch, again(value))


def test_equal_values_give_equal_bytes():
    assert saved(everything(torch)) == saved(everything(torch))


def test_what_shares_memory_goes_on_sharing():
    base = torch.arange(6.0)
    found = again(
        {"a": base[:4].view(2, 2), "b": base[2:], "c": base[3:].view(torch.int32)}
    )

    found["a"][1, 1] = -1.0
    assert [2.0, -1.0, 4.0, 5.0] == found["b"].tolist()
    assert -1.0 == found["c"].view(torch.float32)[0].item()


def test_one_object_stays_one_object():
    weight, items = nn.Parameter(torch.ones(2)), [1]
    found = again({"a": weight, "b": weight, "c": items, "d": (items,)})

    assert found["a"] is found["b"]
    assert found["c"] is found["d"][0]


def test_a_container_may_hold_itself():
    items = [1]
    items.append(items)
    found = again(items)

    assert found is found[1]


def test_only_the_part_of_a_memory_that_is_seen_is_saved():
    large = torch.zeros(100_000)

    assert len(saved([large[10:20], large[15:30]])) < 4000


def test_strides_stay():
    images = torch.zeros(2, 3, 4, 5).permute(0, 2, 3, 1)

    assert images.stride() == again(images).stride()
    assert (0,) == again(torch.ones(1).expand(5)).stride()


def test_a_model_goes_on_from_its_file(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    torch.save(model.state_dict(), tmp_path / "model.pt")
    other = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    state = torch.load(tmp_path / "model.pt", weights_only=True, mmap=True)
    other.load_state_dict(state)

    assert isinstance(state, OrderedDict)
    x = torch.randn(5, 3)
    assert torch.equal(model(x), other(x))
    assert [tmp_path / "model.pt"] == list(tmp_path.iterdir())


def test_a_failed_save_leaves_the_old_file(tmp_path):
    torch.save(torch.ones(2), tmp_path / "x.pt")
    with pytest.raises(ArchiveError):
        torch.save([torch.zeros(2), object()], tmp_path / "x.pt")

    assert [1.0, 1.0] == torch.load(tmp_path / "x.pt").tolist()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (nn.Linear(2, 2), r"save `model.state_dict\(\)`"),
        ({"a": {"b": lambda x: x}}, r"`\.?a\.b` cannot be saved: it is a `function`"),
        (jit.script(nn.ReLU()), r"jit\.save\(model, path\)"),
        (torch.optim.SGD([torch.ones(1)], 0.1), r"save its `state_dict\(\)`"),
        (namedtuple("Point", "x")(1), "plain tuple"),
    ],
)
def test_what_is_no_data_is_refused(value, message):
    with pytest.raises(ArchiveError, match=message) as caught:
        saved(value)
    assert "E0809" == caught.value.diagnostics[0].code


def test_an_archive_of_a_program_is_opened(tmp_path):
    @jit.script
    def double(x):
        return x + x

    double.save(tmp_path / "double.trs")

    content = (tmp_path / "double.trs").read_bytes()
    for source in (tmp_path / "double.trs", io.BytesIO(content)):
        assert [2.0] == torch.load(source)(torch.ones(1)).tolist()


def test_safetensors_are_opened(tmp_path):
    arrays = {"a": np.arange(6, dtype=np.int16).reshape(2, 3), "b": np.ones(2)}
    safetensors.numpy.save_file(arrays, tmp_path / "x.safetensors")
    found = torch.load(tmp_path / "x.safetensors")

    assert {"a", "b"} == set(found)
    np.testing.assert_array_equal(arrays["a"], found["a"].numpy())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"\x80\x04N.", "a pickle"),
        (b"\x93NUMPY\x01\x00", "NumPy"),
        (b"what is this?", "no file of tensors"),
    ],
)
def test_another_file_is_told(content, message):
    with pytest.raises(ArchiveError, match=message):
        torch.load(io.BytesIO(content))


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        torch.load(tmp_path / "nothing.pt")
    with pytest.raises(TypeError, match="binary mode"):
        torch.save(1, io.StringIO())
    with pytest.raises(ValueError, match="leave it out"):
        torch.load(tmp_path / "nothing.pt", pickle_module=random)


def test_a_broken_file_is_refused():
    content = saved(everything(torch))
    for length in range(0, len(content), 61):
        with pytest.raises(ArchiveError):
            torch.load(io.BytesIO(content[:length]))
    rng = random.Random(3)
    for _ in range(300):
        changed = bytearray(content)
        place = rng.randrange(len(changed))
        changed[place] ^= 1 << rng.randrange(8)
        with pytest.raises(ArchiveError):
            torch.load(io.BytesIO(bytes(changed)))
