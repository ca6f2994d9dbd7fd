"""What the tests of the front end share."""

from __future__ import annotations

import copy

import pytest

import jit


def _outcome(call, arguments):
    """What a call gives or raises."""
    given = copy.deepcopy(arguments)
    try:
        result = call(*given)
    except jit.Error:
        raise
    except Exception as error:
        return ("raises", type(error).__name__, str(error))
    return ("gives", repr(result))


@pytest.fixture
def same_everywhere():
    """Compare a function's outcome in Python with all ways to run its script."""

    def check(function, arguments):
        expected = _outcome(function, arguments)
        scripted = jit.script(function)
        assert expected == _outcome(scripted, arguments)
        assert expected == _outcome(scripted.interpret, arguments)
        loaded = jit.load(scripted.save_to_buffer())
        assert expected == _outcome(loaded, arguments)

    return check
