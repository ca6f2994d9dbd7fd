"""`trs cache`, and what `trs doctor` says of it."""

from __future__ import annotations

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    from jit.runtime.codegen.making import cache

    path = tmp_path / "objects"
    monkeypatch.setenv("JIT_CACHE_DIR", str(path))
    monkeypatch.delenv("JIT_CACHE", raising=False)
    cache.store("key", b"code")
    return path


def test_cache_says_where_it_is_and_what_it_holds(trs, folder):
    code, out, err = trs("cache")

    assert (0, "") == (code, err)
    assert out.startswith(f"{folder}: 1 objects, 44 bytes of at most ")


def test_cache_can_be_cleared(trs, folder):
    code, out, _ = trs("cache", "--clear")

    assert 0 == code
    assert f"removed 1 objects, 44 bytes, from {folder}\n" == out
    assert [] == list(folder.iterdir())


def test_cache_says_why_it_is_not_used(trs, monkeypatch):
    monkeypatch.setenv("JIT_CACHE", "0")

    assert (0, "not used: JIT_CACHE is 0\n", "") == trs("cache")


def test_doctor_names_the_cache_and_the_number_of_threads(trs, folder, monkeypatch):
    _, out, _ = trs("doctor")

    assert f"cache        {folder}\n" in out
    assert "for a call of compiled code\n" in out

    monkeypatch.setenv("JIT_CACHE", "0")
    _, out, _ = trs("doctor")

    assert "cache        not used: JIT_CACHE is 0\n" in out
