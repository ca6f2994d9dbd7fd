"""Every page of docs/errors shows code that fails with that code, and a repair."""

from __future__ import annotations

import importlib.util
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import jit

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "errors").glob("E*.md"))


def blocks(page: Path) -> list[str]:
    """The Python blocks of a page: the failing one, then the repair."""
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)


@contextmanager
def executed(code: str, path: Path) -> Iterator[Any]:
    """Run code as a file, so that it has source."""
    path.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        yield lambda: spec.loader.exec_module(module)  # type: ignore[union-attr]
    finally:
        del sys.modules[path.stem]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_the_example_of_an_error_page_fails_with_its_code(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with (
        executed(blocks(page)[0], tmp_path / f"failing_{page.stem}.py") as run,
        warnings.catch_warnings(),
        pytest.raises(jit.Error) as caught,
    ):
        warnings.simplefilter("ignore", jit.TracerWarning)
        run()

    assert page.stem in [d.code for d in caught.value.diagnostics]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_the_repair_of_an_error_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with executed(blocks(page)[1], tmp_path / f"good_{page.stem}.py") as run:
        run()


def test_every_code_that_the_sources_use_has_a_page() -> None:
    used = {
        code
        for folder in ("ir", "passes", "runtime", "jit")
        for path in (ROOT / folder).rglob("*.py")
        for code in re.findall(r'"(E0[1-8]\d\d)"', path.read_text(encoding="utf-8"))
    }

    assert used == {page.stem for page in PAGES}


def test_the_title_of_a_page_is_its_code() -> None:
    titles = {page.stem: page.read_text(encoding="utf-8")[:7] for page in PAGES}

    assert titles == {page.stem: f"# {page.stem}" for page in PAGES}
