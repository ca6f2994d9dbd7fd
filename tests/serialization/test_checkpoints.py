"""`torch.load` of checkpoints that torch wrote, of broken ones, and of malicious ones."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import random
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from jit import torch
from jit.ir.diagnostic import ArchiveError
from tests.serialization.record import described, everything, trained

FILES = Path(__file__).parent / "files"
EXPECTED = json.loads((FILES / "expected.json").read_text())


def zipped(pickled, **members):
    """A checkpoint with this pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("archive/data.pkl", pickled)
        for name, content in members.items():
            made.writestr(f"archive/data/{name}", content)
    return file.getvalue()


@pytest.mark.parametrize("name", ["everything.pt", "legacy.pt", "protocol5.pt"])
def test_everything_is_read_as_torch_reads_it(name):
    found = torch.load(FILES / name, weights_only=True)

    assert EXPECTED["everything"] == described(torch, found)
    assert isinstance(found["ordered"], OrderedDict)
    # one memory before, one memory after
    found["float32"][1, 2] = 100.0
    assert 100.0 == found["transposed"][2, 1].item() == found["row"][2].item()
    assert found[5]["deeper"][0] is not None
    assert 100.0 == found[5]["deeper"][0][1, 2].item()


def test_a_checkpoint_goes_into_model_and_optimizer():
    found = torch.load(FILES / "trained.pth", map_location="cpu")

    assert EXPECTED["trained"] == described(torch, found)
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.AdamW(model.parameters())
    assert "<All keys matched successfully>" == str(
        model.load_state_dict(found["model"])
    )
    optimizer.load_state_dict(found["optimizer"])
    again = optimizer.state_dict()
    assert (
        found["optimizer"]["param_groups"][0]["params"]
        == (again["param_groups"][0]["params"])
    )
    np.testing.assert_array_equal(
        found["optimizer"]["state"][0]["exp_avg"], again["state"][0]["exp_avg"]
    )


def test_ours_reads_back_what_torch_wrote():
    file = io.BytesIO()
    torch.save(torch.load(FILES / "everything.pt"), file)
    file.seek(0)

    assert EXPECTED["everything"] == described(torch, torch.load(file))


def test_the_recorder_says_the_same_of_our_own_values():
    assert EXPECTED["everything"] == described(torch, everything(torch))
    keys = dict(EXPECTED["trained"]["dict"])["'model'"]["OrderedDict"]
    assert [k for k, _ in keys] == [repr(k) for k in trained(torch)["model"]]


def test_a_pickled_module_is_refused_with_what_to_do():
    with pytest.raises(ArchiveError) as caught:
        torch.load(FILES / "module.pt", weights_only=False)
    assert "E0810" == caught.value.diagnostics[0].code
    assert "torch.nn.modules.linear.Linear" in str(caught.value)
    assert "state_dict()" in str(caught.value)
    assert "jit.save" in str(caught.value)


def test_an_archive_of_torchscript_is_told():
    with pytest.raises(ArchiveError, match="TorchScript archive"):
        torch.load(FILES / "script.pt")


class Calls:
    """Pickled, it calls a function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 1, 2, 4, 5])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Calls(os.mkdir, "made by a pickle"), "mkdir"),
        (lambda: Calls(eval, "__import__('os').mkdir('made by a pickle')"), "eval"),
        (lambda: Calls(getattr, torch.Size, "__class__"), "getattr"),
        (lambda: Path("x"), "PosixPath"),
        (lambda: np.float64(1.0), "scalar"),
        (lambda: bytearray(b"x"), "bytearray"),
        (lambda: {"a": [np.dtype("float32")]}, "dtype"),
    ],
)
def test_names_that_are_no_data_are_refused(
    tmp_path, monkeypatch, make, name, protocol
):
    monkeypatch.chdir(tmp_path)
    if name == "bytearray" and protocol == 5:
        name = "instruction"
    with pytest.raises(ArchiveError, match=name):
        torch.load(io.BytesIO(zipped(pickle.dumps(make(), protocol))))
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "pickled",
    [
        b"cos\nsystem\n(S'true'\ntR.",  # instructions of protocol 0
        b"(S'true'\nios\nsystem\n.",
        b"\x80\x02ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00aK\x01sb.",
        b"\x80\x02ctorch\nFloatStorage\n.",  # a name as a value
        b"\x80\x02ctorch\nfloat32\n}X\x08\x00\x00\x00itemsizeK\x01sb.",
        b"\x80\x02ctorch\nSize\n}X\x04\x00\x00\x00makeK\x01sb.",
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.",
        b"\x80\x02c__builtin__\nset\n]]a\x85R.",
        b"\x80\x02}]K\x01s.",
        b"\x80\x02K\x01R.",
        b"\x80\x02h\x05.",
        b"\x80\x02(.",
        b"\x80\x02e.",
        b"\x80\x02K\x01K\x02.",
        b"\x80\x02X\xff\xff\xff\xffa.",
        b"\x80\x09N.",
        b"\x80\x02",
        b"\x82\x01.",
        b"I" + b"9" * 5000 + b"\n.",
        b"",
    ],
)
def test_a_pickle_that_torch_does_not_write_is_refused(pickled):
    with pytest.raises(ArchiveError):
        torch.load(io.BytesIO(zipped(pickled)))


def tensor_pickle(sizes, strides, offset=0, count=4, kind="FloatStorage"):
    """A pickle of one tensor over the storage `0`."""
    tail = pickle.dumps((offset, sizes, strides, False), 2)[2:-1]
    return (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n"
        + kind.encode()
        + b"\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
        + pickle.dumps(count, 2)[2:-1]
        + b"tQ"
        # the four numbers, out of their tuple
        + _flat(tail)
        + b"ccollections\nOrderedDict\n)RtR."
    )


def _flat(pickled):
    # `(` items `t` with a memo instruction behind
    assert pickled[:1] == b"("
    return pickled[1 : pickled.rindex(b"t")]


def test_a_tensor_is_built_of_its_storage():
    data = np.arange(4, dtype=np.float32).tobytes()
    found = torch.load(io.BytesIO(zipped(tensor_pickle((2,), (2,), 1), **{"0": data})))

    assert [1.0, 3.0] == found.tolist()


@pytest.mark.parametrize(
    "options",
    [
        {"sizes": (5,), "strides": (1,)},
        {"sizes": (4,), "strides": (1,), "offset": 1},
        {"sizes": (4,), "strides": (1,), "offset": -1},
        {"sizes": (4,), "strides": (-1,), "offset": 3},
        {"sizes": (-1,), "strides": (1,)},
        {"sizes": (2, 2), "strides": (2,)},
        {"sizes": (2,), "strides": (2**62,)},
        {"sizes": (2**40, 2**40), "strides": (0, 0)},
        {"sizes": (4,), "strides": (1,), "count": 5},
        {"sizes": (4,), "strides": (1,), "count": 2**62},
        {"sizes": (4,), "strides": (1,), "kind": "LongStorage"},
        {"sizes": (16,), "strides": (1,), "kind": "BoolStorage", "count": 16},
        {"sizes": (1,) * 100, "strides": (1,) * 100},
        {"sizes": ("4",), "strides": (1,)},
    ],
)
def test_a_tensor_outside_of_its_storage_is_refused(options):
    data = np.arange(4, dtype=np.float32).tobytes()
    with pytest.raises(ArchiveError):
        torch.load(io.BytesIO(zipped(tensor_pickle(**options), **{"0": data})))


def test_a_missing_storage_is_told():
    with pytest.raises(ArchiveError, match="data/0"):
        torch.load(io.BytesIO(zipped(tensor_pickle((4,), (1,)))))


def test_another_device_must_be_mapped():
    data = np.zeros(4, np.float32).tobytes()
    pickled = tensor_pickle((4,), (1,)).replace(
        b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"
    )
    file = zipped(pickled, **{"0": data})

    with pytest.raises(RuntimeError, match="map_location='cpu'"):
        torch.load(io.BytesIO(file))
    for location in (
        "cpu",
        torch.device("cpu"),
        {"cuda:0": "cpu"},
        lambda storage, where: storage,
    ):
        assert 4 == torch.load(io.BytesIO(file), map_location=location).numel()
    with pytest.raises(RuntimeError, match="pass 'cpu'"):
        torch.load(io.BytesIO(file), map_location="cuda")


@pytest.mark.parametrize("name", ["everything.pt", "legacy.pt", "trained.pth"])
def test_a_truncated_checkpoint_is_told(name):
    content = (FILES / name).read_bytes()
    lengths = sorted({0, 1, 3, 13, 60, len(content) - 1, *range(0, len(content), 97)})
    for length in lengths:
        with pytest.raises(ArchiveError):
            torch.load(io.BytesIO(content[:length]))


@pytest.mark.parametrize("name", ["everything.pt", "legacy.pt", "protocol5.pt"])
def test_a_mutated_checkpoint_is_read_or_refused(name):
    content = (FILES / name).read_bytes()
    rng = random.Random(7)
    refused = 0
    for _ in range(600):
        changed = bytearray(content)
        for _ in range(rng.choice([1, 1, 3])):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        try:
            torch.load(io.BytesIO(bytes(changed)))
        except (ArchiveError, RuntimeError):  # RuntimeError: of an unknown device
            refused += 1
    assert refused > 100


def test_a_mutated_pickle_is_read_or_refused():
    with zipfile.ZipFile(FILES / "everything.pt") as file:
        names = [n for n in file.namelist() if "/data/" in n]
        storages = {n.rpartition("/")[2]: file.read(n) for n in names}
        pickled = file.read(next(n for n in file.namelist() if n.endswith(".pkl")))
    rng = random.Random(8)
    for _ in range(1500):
        changed = bytearray(pickled)
        for _ in range(rng.choice([1, 2])):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        with contextlib.suppress(ArchiveError, RuntimeError):
            torch.load(io.BytesIO(zipped(bytes(changed), **storages)))
