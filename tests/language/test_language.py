"""Every program gives the same plain, interpreted, native, loaded, and under torch.

What torch gave was recorded by `record.py`. Where torch refuses a program, or answers
wrongly, plain Python is the measure; `corpus.py` says how a program tells so.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jit import torch
from jit.runtime.executor import enable_native, executor
from tests.language import results
from tests.language.corpus import Program
from tests.language.running import Archives, captured, made, outcomes
from tests.language.still_to_come import STILL_TO_COME
from tests.language.topics import load_topic, source_of, topic_names

RECORDED = results.read_record()
WAITING = {name for names in STILL_TO_COME.values() for name in names}
HAS_NATIVE = importlib.util.find_spec("llvmlite") is not None

NOT_WHOLE: dict[str, str] = {}
"""Programs that are not compiled to machine code as a whole, and why."""

OTHER_ERRORS: dict[str, str] = {
    "functions.argument_types": "Python counts the parameters",
    "functions.defaults": "Python counts what is missing",
    "statements.for_tensor_count": "Python says that it iterates",
    "tensors.implicit_number_caller": "Python calls a method for an index",
    "tensors.item_and_conversions_numbers": "Python calls a method of the Tensor",
}
"""Programs that raise an exception of other words or type than plain Python, and why."""

NOT_SAVED: dict[str, str] = {}
"""Programs that no file can hold, and why."""


class Corpus:
    """The topics with this product's namespace as torch, executed when first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.topics: dict[str, dict[str, Program]] = {}

    def topic(self, topic: str) -> dict[str, Program]:
        """The programs of a topic by name."""
        if topic not in self.topics:
            _, programs = load_topic(topic, self.folder)
            self.topics[topic] = {program.name: program for program in programs}
        return self.topics[topic]

    def __getitem__(self, name: str) -> Program:
        topic, _, short = name.partition(".")
        return self.topic(topic)[short]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Corpus:
    """All programs by their names."""
    return Corpus(tmp_path_factory.mktemp("programs"))


def names() -> list[str]:
    """The names of all programs, without executing a topic: those that are recorded."""
    return [f"{t}.{p}" for t, programs in RECORDED.items() for p in programs]


PROGRAMS = [name for name in names() if not name.startswith("refused.")]


@pytest.fixture
def interpreted() -> Iterator[None]:
    """Without machine code."""
    before = enable_native(False)
    yield
    enable_native(before)


def expected(name: str, program: Program) -> list[Any]:
    """What every way must give: torch's answers, or plain Python's."""
    topic, _, short = name.partition(".")
    recorded = RECORDED[topic][short]
    if program.capture == "scenario":
        assert recorded != "refused"
        return recorded
    plain = outcomes(program, made(program, torch), torch)
    if name in OTHER_ERRORS:
        plain = results.without_messages(plain)
    if program.python_differs:
        assert results.differences(recorded, plain), "Python does not differ"
        return recorded
    if recorded in ("refused", "dies"):
        return plain
    differences = results.differences(recorded, plain, "torch, plain Python")
    if program.torch_is_wrong:
        assert differences, "torch gives the same"
    else:
        assert not differences, "\n" + "\n".join(differences)
    return plain


def check(name: str, program: Program) -> None:
    """Run a program captured, and compare."""
    wanted = expected(name, program)
    subject = program.subject
    if program.capture != "scenario":
        subject = captured(program, torch)
    actual = outcomes(program, subject, torch)
    differences = results.differences(wanted, actual, name)
    assert not differences, "\n" + "\n".join(differences)


def check_or_wait(name: str, program: Program) -> None:
    """Check a program; one that is still to come must fail."""
    if name not in WAITING:
        check(name, program)
        return
    with pytest.raises(Exception) as failure:
        check(name, program)
    assert not isinstance(failure.value, SyntaxError)


@pytest.mark.parametrize("name", PROGRAMS)
def test_interpreted(name: str, corpus, interpreted) -> None:
    check_or_wait(name, corpus[name])


@pytest.mark.skipif(not HAS_NATIVE, reason="llvmlite is not installed (extra `native`)")
@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in WAITING])
def test_native(name: str, corpus, monkeypatch) -> None:
    explanations = []
    compile_native = executor.compile_native

    def watched(*args, **options):
        compiled = compile_native(*args, **options)
        explanations.append(compiled.explanation)
        return compiled

    monkeypatch.setattr(executor, "compile_native", watched)
    check(name, corpus[name])
    parts = [str(e) for e in explanations if not e.is_native]
    assert (name in NOT_WHOLE) == bool(parts), "\n".join(parts)


def test_loaded_in_a_process_without_the_source(
    corpus, interpreted, tmp_path_factory
) -> None:
    archives = Archives(tmp_path_factory.mktemp("archives"))
    failed, saved = [], []
    for name in PROGRAMS:
        program = corpus[name]
        if program.capture == "scenario" or name in WAITING or name in NOT_SAVED:
            continue
        try:
            archives.add(name, program, torch)
        except Exception as error:
            failed.append(f"{name}: {type(error).__name__}: {error}")
        else:
            saved.append(name)
    given = archives.run()
    for name in saved:
        failed += results.differences(expected(name, corpus[name]), given[name], name)
    assert not failed, "\n" + "\n".join(failed)


def test_every_program_is_recorded(corpus) -> None:
    for topic in topic_names():
        assert sorted(corpus.topic(topic)) == sorted(RECORDED[topic])
    assert set(PROGRAMS) >= WAITING | {*NOT_WHOLE, *NOT_SAVED, *OTHER_ERRORS}
    assert len(PROGRAMS) >= 1200


@pytest.mark.parametrize("topic", topic_names())
def test_a_topic_begins_with_what_it_is_about(topic: str) -> None:
    assert source_of(topic).startswith('"""')
