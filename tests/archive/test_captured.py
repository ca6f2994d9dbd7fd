"""What `jit.script` and `jit.trace` return comes back from a file and computes the same."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest

import jit
from jit import torch


class Scale(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(3) * 2)
        self.register_buffer("count", torch.zeros(1))
        self.power = 2
        self.name = "scale"

    def forward(self, x):
        for _ in range(self.power):
            x = x * self.weight
        return x + self.count


class Outer(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = Scale()
        self.second = Scale()
        self.same = self.first

    def forward(self, x):
        return self.second(self.first(x)) + self.same(x)


def steps(x, tolerance: float = 0.5):
    n = 0
    while bool((x * x).sum() > tolerance):
        x = x / 2
        n += 1
    if n > 20:
        raise ValueError("too far away")
    return x, n


def again(captured, **more):
    buffer = io.BytesIO()
    captured.save(buffer, **more)
    return jit.load(buffer.getvalue())


@pytest.mark.parametrize("capture", ["script", "trace"])
def test_a_module_comes_back_with_its_state(capture):
    module, x = Outer(), torch.ones(3)
    made = jit.script(module) if capture == "script" else jit.trace(module, x)

    loaded = again(made)

    assert module(x).tolist() == loaded(x).tolist()
    assert made.state_dict().keys() == loaded.state_dict().keys()
    names = [n for n, _ in made.named_parameters()]
    assert names == [n for n, _ in loaded.named_parameters()]
    assert all(p.requires_grad for p in loaded.parameters())


def test_a_module_can_be_saved_again():
    once, twice = io.BytesIO(), io.BytesIO()
    jit.script(Outer()).save(once)

    jit.load(once.getvalue()).save(twice)
    assert once.getvalue() == twice.getvalue()


def test_training_a_loaded_module_does_not_change_another():
    buffer = io.BytesIO()
    jit.script(Scale()).save(buffer)
    first, second = jit.load(buffer.getvalue()), jit.load(buffer.getvalue())

    with torch.no_grad():
        first.weight.mul_(0)
    assert [0.0, 0.0, 0.0] == first(torch.ones(3)).tolist()
    assert [4.0, 4.0, 4.0] == second(torch.ones(3)).tolist()


def test_a_function_comes_back_with_defaults_and_versions():
    made = jit.script(steps)
    arrays = made(np.array([3.0, 4.0]))

    loaded = again(made)

    assert arrays[1] == loaded(np.array([3.0, 4.0]))[1]
    assert isinstance(loaded(np.array([3.0, 4.0]))[0], np.ndarray)
    assert made(torch.ones(2), 0.1)[1] == loaded(torch.ones(2), tolerance=0.1)[1]


def test_an_error_shows_the_line_where_the_source_is_missing():
    loaded = again(jit.script(steps))

    with pytest.raises(ValueError, match="too far away") as caught:
        loaded(torch.ones(2) * 1e20)
    assert 'raise ValueError("too far away")' in "".join(caught.value.__notes__)


def test_a_trace_of_numpy_calls_comes_back():
    def pipeline(x):
        return np.tanh(x - x.mean(axis=0)) @ np.arange(6.0).reshape(3, 2)

    x = np.linspace(0, 1, 12).reshape(4, 3)
    loaded = again(jit.trace(pipeline, x))

    assert np.array_equal(pipeline(x), loaded(x))


def test_extra_files_come_back_by_name():
    buffer = io.BytesIO()
    jit.save(jit.script(steps), buffer, _extra_files={"labels.txt": "a b"})
    files = {"labels.txt": "", "other": ""}

    jit.load(io.BytesIO(buffer.getvalue()), _extra_files=files)
    assert {"labels.txt": b"a b", "other": b""} == files


def test_another_process_needs_no_source(tmp_path):
    path = tmp_path / "model.trs"
    jit.script(Outer()).save(path)
    expected = Outer()(torch.ones(3)).tolist()

    load = f"jit.load({str(path)!r})"
    code = f"import jit, numpy; print({load}(numpy.ones(3, 'f')).tolist())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(expected) == done.stdout.strip()


def test_a_number_calls_the_stored_version_for_numbers(tmp_path):
    def scaled(x, n: int = 2):
        return x * n

    scripted = jit.script(scaled)
    for x in (torch.ones(1), np.ones(1), 2.0):
        scripted(x)
    scripted.save(tmp_path / "f.trs")
    loaded = jit.load(tmp_path / "f.trs")

    assert 6.0 == loaded(3)
    assert 7.0 == loaded(3.5)


def test_a_failed_save_names_the_file_that_was_asked_for(tmp_path):
    traced = jit.trace(lambda x: x + 1, torch.ones(1))

    with pytest.raises(FileNotFoundError, match=r"absent.f\.trs'$"):
        traced.save(tmp_path / "absent" / "f.trs")
    with pytest.raises(TypeError, match="opened in binary mode"):
        traced.save(io.StringIO())
