"""Tests that compare with torch; skipped where torch is not installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


def pytest_collection_modifyitems(items):
    if importlib.util.find_spec("torch") is not None:
        return
    here = Path(__file__).parent
    mark = pytest.mark.skip(reason="torch is not installed (extra `oracle`)")
    for item in items:
        if here in item.path.parents:
            item.add_marker(mark)
