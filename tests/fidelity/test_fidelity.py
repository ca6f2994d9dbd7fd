"""The scoreboard's own columns stay what is recorded; the page is made of the record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fidelity import corpus, report
from tests.fidelity.__main__ import judge_topics
from tests.fidelity.contenders import ours
from tests.fidelity.outcomes import SAME, SILENT


@pytest.mark.parametrize("topic", corpus.topics())
@pytest.mark.parametrize("way", ours.WAYS)
def test_functions_do_what_is_recorded(way: str, topic: str, tmp_path: Path) -> None:
    recorded = report.recorded()[f"TraceScript {way}"]
    run = "interpret"

    found = judge_topics(ours, way, tmp_path, topics=(topic,), run=run)

    assert {k: recorded[k][0] for k in found} == {k: o.kind for k, o in found.items()}


def test_every_function_was_asked_of_every_contender() -> None:
    expected = {f"{topic}.{name}" for topic, name in corpus.names()}

    for outcomes in report.recorded().values():
        assert expected == outcomes.keys()
    assert len(expected) >= 150


def test_nothing_of_ours_is_wrong_in_silence() -> None:
    for way in ours.WAYS:
        kinds = [kind for kind, _ in report.recorded()[f"TraceScript {way}"].values()]
        assert SILENT not in kinds


def test_nearly_all_functions_are_the_same_scripted() -> None:
    kinds = [kind for kind, _ in report.recorded()["TraceScript script"].values()]

    assert kinds.count(SAME) >= 0.97 * len(kinds)


def test_the_page_is_what_was_recorded() -> None:
    page = report.page(report.recorded())

    assert page == report.PAGE.read_text(encoding="utf-8"), "run `make fidelity`"
