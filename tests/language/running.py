"""A program run in one of its ways: plain, captured, or loaded in another process."""

from __future__ import annotations

import contextlib
import copy
import io
import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.language.corpus import Call, Program
from tests.language.results import Raised, encode


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without warnings: tracing warns of what it bakes in, torch of what is old."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def made(program: Program, torch: Any) -> Any:
    """What is called: the function itself, or a new instance of the module."""
    if not isinstance(program.subject, type):
        return program.subject
    torch.manual_seed(0)
    return program.subject()


def captured(program: Program, torch: Any) -> Any:
    """The program, scripted or traced."""
    subject = made(program, torch)
    with quiet():
        if program.capture == "trace":
            example = copy.deepcopy(program.example)
            return torch.jit.trace(subject, example, check_trace=False)
        return torch.jit.script(subject)


def outcomes(program: Program, subject: Any, torch: Any) -> list[Any]:
    """What the calls of a program give, encoded."""
    if program.capture == "scenario":
        return list(_yielded(subject, torch))
    return calls(program.calls, program.gradients, subject, torch)


def calls(
    given: tuple[Call, ...], gradients: bool, subject: Any, torch: Any
) -> list[Any]:
    """What calls give on one subject, in turn."""
    return [_outcome(one, gradients, subject, torch) for one in given]


def _outcome(call: Call, gradients: bool, subject: Any, torch: Any) -> Any:
    args, keywords = copy.deepcopy((call.args, call.keywords))
    tensors = list(_tensors(args, torch))
    before = [encode(tensor, torch) for tensor in tensors]
    function = subject
    if call.method != "forward":
        function = getattr(subject, call.method)
    printed = io.StringIO()
    torch.manual_seed(0)
    with (
        quiet(),
        contextlib.redirect_stdout(printed),
        torch.set_grad_enabled(gradients),
    ):
        try:
            result = function(*args, **keywords)
        except Exception as error:
            result = Raised(error)
        facts = {"result": encode(result, torch)}
        if gradients and isinstance(result, torch.Tensor) and result.requires_grad:
            result.sum().backward()
            facts["gradients"] = [encode(x.grad, torch) for x in tensors]
    if printed.getvalue():
        facts["printed"] = printed.getvalue()
    after = [encode(tensor, torch) for tensor in tensors]
    if after != before:
        facts["arguments"] = after
    return facts["result"] if len(facts) == 1 else {"call": facts}


def _tensors(value: Any, torch: Any) -> Iterator[Any]:
    """The tensors of arguments: what a caller sees changed (plain lists are copied)."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _tensors(item, torch)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()), torch)


def _yielded(subject: Any, torch: Any) -> Iterator[Any]:
    with quiet():
        for label, value in subject():
            if callable(value) and not isinstance(value, torch.Tensor | type):
                try:
                    value = value()
                except Exception as error:
                    value = Raised(error)
            yield [label, encode(value, torch)]


# Saved and loaded: archives in a folder, and one process that calls them all.

CALLS = "calls.pickle"


class Archives:
    """A folder of saved programs and of the calls that they are for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.waiting: list[tuple[str, tuple[Call, ...], bool]] = []

    def add(self, name: str, program: Program, torch: Any) -> None:
        """Save a program: a module before its first call, a function after all.

        The types of a function's unannotated parameters are those of its calls.
        """
        subject = captured(program, torch)
        if not isinstance(program.subject, type):
            outcomes(program, subject, torch)
        torch.jit.save(subject, self.folder / f"{name}.trs")
        self.waiting.append((name, program.calls, program.gradients))

    def run(self) -> dict[str, Any]:
        """What the calls give in a process that has no sources."""
        (self.folder / CALLS).write_bytes(pickle.dumps(self.waiting))
        done = subprocess.run(
            [sys.executable, "-m", "tests.language.loaded", str(self.folder)],
            capture_output=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        assert done.returncode == 0, done.stderr.decode()
        found: dict[str, Any] = pickle.loads(done.stdout)
        return found
