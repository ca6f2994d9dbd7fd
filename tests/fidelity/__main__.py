"""The command line: `python -m tests.fidelity run CONTENDER…`, `… report`.

`run` judges every function in every way of a contender and writes `results/<name>.json`;
`report` writes `docs/reference/fidelity.md` of what is recorded there.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.fidelity import corpus, report
from tests.fidelity.outcomes import NO_FORM, Outcome, judge

CONTENDERS = ("ours", "of_torch", "of_jax", "of_numba")


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fidelity", description=__doc__
    )
    parser.add_argument("command", choices=("run", "judge", "report"))
    parser.add_argument("names", nargs="*", default=CONTENDERS)
    parser.add_argument("--only", default="", help="functions with this in their name")
    arguments = parser.parse_args()
    if arguments.command == "report":
        report.write()
    elif arguments.command == "judge":
        judge_all(arguments.names[0], arguments.only)
    else:
        for name in arguments.names:
            # a process each: some of them crash, and they share no state
            subprocess.run([sys.executable, "-m", "tests.fidelity", "judge", name])
    return 0


def judge_all(name: str, only: str) -> None:
    """Judge a contender in all its ways, and record it."""
    contender: Any = importlib.import_module(f"tests.fidelity.contenders.{name}")
    found: dict[str, dict[str, list[str]]] = {}
    for way in contender.WAYS:
        found[way] = {}
        with tempfile.TemporaryDirectory() as folder:
            outcomes = judge_topics(contender, way, Path(folder), only)
        for key, outcome in outcomes.items():
            reason = outcome.reason.replace(f"{folder}/", "")
            found[way][key] = [outcome.kind, reason]
            print(f"{way}: {key}: {outcome.kind} {outcome.reason}", flush=True)
    if not only:
        path = report.RESULTS / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")


def judge_topics(
    contender: Any,
    way: str,
    folder: Path,
    only: str = "",
    topics: Sequence[str] | None = None,
    run: str = "__call__",
) -> dict[str, Outcome]:
    """The outcome of every function, by `topic.name`.

    `run` is the method of what was captured that makes the calls.
    """
    found = {}
    for topic in topics if topics is not None else corpus.topics():
        entries = corpus.load(topic, contender.ARRAYS, contender.TENSORS, folder)
        by_name = {e.name: e for e in entries}
        for name in (n for t, n in corpus.names() if t == topic and only in n):
            entry = by_name.get(name)
            missing = Outcome(NO_FORM, "it is written for tensors")
            found[f"{topic}.{name}"] = (
                judge(contender, way, entry, run) if entry else missing
            )
    return found


if __name__ == "__main__":
    sys.exit(main())
