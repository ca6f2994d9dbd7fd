"""What is told where no machine code is made."""

from __future__ import annotations

import logging

import pytest

import jit
from jit.runtime import codegen, conditions
from jit.runtime.executor import native


@pytest.fixture
def without_llvmlite(monkeypatch):
    monkeypatch.setattr(codegen, "is_available", lambda: False)
    native._tell_what_is_missing.cache_clear()
    yield
    native._tell_what_is_missing.cache_clear()


def test_the_log_says_once_what_would_make_programs_fast(without_llvmlite, caplog):
    @jit.script
    def f(x: int):
        return x + 1

    with caplog.at_level(logging.INFO, logger="jit"):
        assert 3 == f(2)
        assert 3.0 == jit.script(lambda_of())(2.0)
    assert 1 == caplog.text.count("pip install 'tracescript[native]'")
    assert "llvmlite is not installed" in str(f.explain(2))


def lambda_of():
    def g(x: float):
        return x + 1.0

    return g


def test_modes_can_be_chosen_without_machine_code(without_llvmlite):
    before = jit.set_compile_mode("background")
    try:

        @jit.script
        def f(x: int):
            return x * 2

        assert [4, 4, 4] == [f(2) for _ in range(3)]
    finally:
        jit.set_compile_mode(before)


def test_the_word_of_conditions_says_what_holds():
    plain = conditions.current()
    before = jit.set_compile_mode("off")
    try:
        assert plain != conditions.current() or before == "off"
    finally:
        jit.set_compile_mode(before)
    assert plain == conditions.current()
