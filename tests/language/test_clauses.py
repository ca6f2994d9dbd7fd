"""Every clause of the language is shown by a program of the corpus."""

from __future__ import annotations

import pytest

from tests.language.clauses import Clause, read_clauses
from tests.language.results import read_record
from tests.language.topics import refused_names

CLAUSES = read_clauses()

PROGRAMS = {f"refused.{name}" for name in refused_names()} | {
    f"{topic}.{name}"
    for topic, programs in read_record().items()
    if topic != "refused"
    for name in programs
}


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda c: f"{c.section}: {c.text}")
def test_a_clause_has_programs(clause: Clause) -> None:
    assert clause.programs
    assert len(set(clause.programs)) == len(clause.programs)
    assert set(clause.programs) <= PROGRAMS


def test_no_clause_stands_twice() -> None:
    places = [(c.part, c.section, c.text) for c in CLAUSES]

    assert len(set(places)) == len(places)


def test_the_clauses_name_a_good_part_of_the_corpus() -> None:
    named = {name for clause in CLAUSES for name in clause.programs}

    assert len(CLAUSES) >= 700
    assert len(named) >= len(PROGRAMS) // 2
