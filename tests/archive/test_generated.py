"""Every program that can be printed can be stored: generated programs come back."""

from __future__ import annotations

import functools
import io
from unittest import mock

from hypothesis import HealthCheck, given, settings

from jit.ir.equality import difference
from jit.ir.parser import parse_program
from jit.ir.program import Program
from jit.runtime.archive import EntryPoint, load_archive, save_archive
from tests import strategies

unverified = functools.partial(parse_program, allow_unknown=True)
"""The operators of generated programs are in no registry."""


def through_a_file(program: Program) -> tuple[Program, bytes]:
    buffer = io.BytesIO()
    entries = [EntryPoint(name, name) for name in program.functions]
    with (
        mock.patch("jit.runtime.archive.save.check_program", lambda program: []),
        mock.patch("jit.runtime.archive.load.check_program", lambda program: []),
        mock.patch("jit.runtime.archive.load.parse_program", unverified),
    ):
        save_archive(buffer, program, entries)
        loaded = load_archive(buffer.getvalue(), check_digest=True)
        assert tuple(entries) == loaded.entries
        return loaded.program, buffer.getvalue()


@settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(strategies.programs().filter(lambda p: p.functions))
def test_a_generated_program_comes_back_the_same(program):
    found, data = through_a_file(program)

    assert difference(program, found, names=True, spans=True) is None
    assert data == through_a_file(found)[1]
