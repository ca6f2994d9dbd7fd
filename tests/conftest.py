"""Options of all tests."""

from __future__ import annotations

import gc

import pytest
from hypothesis import settings

settings.register_profile("same every time", derandomize=True, deadline=None)
settings.load_profile("same every time")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="write what comes out into tests/golden; read the diff afterwards",
    )


def pytest_collection_finish() -> None:
    """Who looks through all objects, the garbage collector too, passes the tests by."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def updates_goldens(request: pytest.FixtureRequest) -> bool:
    """Whether expected texts are to be rewritten."""
    return bool(request.config.getoption("--update-goldens"))


@pytest.fixture(autouse=True, scope="session")
def eager_operators_stay_in_python() -> None:
    """Tests call hundreds of operators often; to compile them all takes minutes."""
    from jit.runtime.eager import linking

    linking._made = linking.MOST_MADE
