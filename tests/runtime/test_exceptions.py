"""Exception classes are found by name, and made where they are not to be had."""

from __future__ import annotations

import pytest

from jit.runtime import exceptions


class RefusedError(ValueError):
    """A class of this module."""


class TooLargeError(RefusedError, OverflowError):
    """A class with two bases."""


REFUSED = f"{__name__}.RefusedError(ValueError)"


def test_built_in_classes_have_short_names():
    assert "KeyError" == exceptions.register_exception(KeyError)
    assert KeyError is exceptions.resolve("KeyError")
    assert OSError is exceptions.resolve("IOError")


def test_registered_classes_come_back():
    name = exceptions.register_exception(TooLargeError)

    assert f"{__name__}.TooLargeError({REFUSED}, OverflowError)" == name
    assert TooLargeError is exceptions.resolve(name)


def test_unknown_classes_are_made_with_their_bases():
    made = exceptions.resolve("elsewhere.Gone(elsewhere.Base(KeyError), TypeError)")

    assert "Gone" == made.__qualname__
    assert "elsewhere" == made.__module__
    assert issubclass(made, KeyError)
    assert issubclass(made, TypeError)
    assert issubclass(made, exceptions.resolve("elsewhere.Base(KeyError)"))


def test_a_class_is_made_once():
    name = "elsewhere.Once(ValueError)"

    assert exceptions.resolve(name) is exceptions.resolve(name)


def test_a_name_without_bases_derives_from_exception():
    made = exceptions.resolve("elsewhere.Plain")

    assert (Exception,) == made.__bases__


def test_nothing_is_imported_for_a_name():
    made = exceptions.resolve("subprocess.CalledProcessError")

    import subprocess

    assert made is not subprocess.CalledProcessError


def test_exceptions_have_their_message():
    assert ("x",) == exceptions.make("ValueError", "x").args
    assert ("",) == exceptions.make("ValueError", "").args
    assert () == exceptions.make("ValueError", None).args


@pytest.mark.parametrize("cls", [KeyboardInterrupt, SystemExit, int, "ValueError"])
def test_what_no_program_can_catch_is_refused(cls):
    with pytest.raises(TypeError, match="does not derive from Exception"):
        exceptions.register_exception(cls)


@pytest.mark.parametrize("name", ["a b", "", "x.Y(", "x.Y(ValueError", "x.(E)", "1x"])
def test_text_that_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="is not the name of an exception class"):
        exceptions.resolve(name)
