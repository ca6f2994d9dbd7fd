"""Archives to run and look into, and the command in this process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401
from jit.cli import main
from jit.ir import types as T
from jit.ir.parser import parse_program
from jit.runtime.archive import EntryPoint, save_archive
from jit.runtime.objects import Object
from jit.runtime.tensor import wrap

FUNCTION = """
def m.scale(Tensor x, float by=2.0) -> Tensor:
  graph(%x : Tensor, %by : float):
    %y : Tensor = aten::mul(%x, %by)
    return (%y)
"""

RAISES = """
def m.refuse(Tensor x) -> Tensor:
  graph(%x : Tensor):
    %message : str = prim::Constant[value="x is refused"]()
    %kind : str = prim::Constant[value="ValueError"]()
     = prim::RaiseException(%message, %kind) # model.py:3:4-9 in refuse
    return (%x)
"""

SEVERAL = """
def m.both(Tensor x, str name, int[] sizes) -> ((Tensor, str, int[])):
  graph(%x : Tensor, %name : str, %sizes : int[]):
    %r : (Tensor, str, int[]) = prim::TupleConstruct(%x, %name, %sizes)
    return (%r)
"""

MODULE = """
module m.Net:
  parameter weight : Tensor
  method forward
  method twice

def m.Net.forward(Module<m.Net> self, Tensor x) -> Tensor:
  graph(%self : Module<m.Net>, %x : Tensor):
    %w : Tensor = prim::GetAttr[name="weight"](%self)
    %y : Tensor = aten::mul(%x, %w)
    return (%y)

def m.Net.twice(Module<m.Net> self, Tensor x) -> Tensor:
  graph(%self : Module<m.Net>, %x : Tensor):
    %y : Tensor = prim::CallMethod[name="forward"](%self, %x)
    %z : Tensor = prim::CallMethod[name="forward"](%self, %y)
    return (%z)
"""


@pytest.fixture
def write(tmp_path):
    """Write the archive of a program's text; returns its path."""

    def write(text: str, **more) -> Path:
        program = parse_program(text)
        path = tmp_path / "model.trs"
        name = next(iter(program.functions))
        entries = [EntryPoint(name.rpartition(".")[2], name)]
        save_archive(path, program, entries, **more)
        return path

    return write


@pytest.fixture
def function(write) -> Path:
    return write(FUNCTION, extra_files={"notes.txt": "n"}, metadata={"author": "me"})


@pytest.fixture
def module(tmp_path) -> Path:
    path = tmp_path / "module.trs"
    names = ("forward", "twice")
    entries = [EntryPoint(n, f"m.Net.{n}") for n in names]
    root = Object(
        T.ModuleType("m.Net"), {"weight": wrap(np.array([1.0, 2.0], np.float32))}
    )
    save_archive(path, parse_program(MODULE), entries, root)
    return path


@pytest.fixture
def array(tmp_path) -> Path:
    path = tmp_path / "x.npy"
    np.save(path, np.array([[1, 2], [3, 4]], np.float32))
    return path


@pytest.fixture
def trs(capsys):
    """Run the command: exit code, standard output, standard error."""

    def trs(*arguments) -> tuple[int, str, str]:
        code = main([str(a) for a in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return trs


@pytest.fixture
def texts() -> dict[str, str]:
    """Programs as text, by what they do."""
    return {"raises": RAISES, "several": SEVERAL}
