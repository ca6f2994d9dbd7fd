"""`python -m tests.conformance`: compare operators with torch, print what fails."""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

from tests.conformance import operators, reporting, workers

KNOWN = {
    "changed": workers.current,
    "failed": workers.passed,
    "new": workers.stored,
    "all": workers.nothing,
}
"""Which results of the last run are taken, by what is to run."""


def main() -> int:
    """Run what the options choose, print the table and what fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("--only", default="", help="names, or patterns: add,linalg.*")
    parser.add_argument(
        "--run",
        choices=list(KNOWN),
        default="changed",
        help="what runs again: what failed or changed (default), what failed, what has"
        " no result, all",
    )
    parser.add_argument("--limit", type=float, default=60, help="seconds per operator")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--budget", type=float, default=0, help="stop after seconds")
    parser.add_argument(
        "--samples",
        type=int,
        default=0,
        help="so many samples of each dtype are captured as well; -1: all",
    )
    parser.add_argument("--folder", type=Path, help="where results are kept")
    parser.add_argument("--report", action="store_true", help="run nothing")
    parser.add_argument("--names", action="store_true", help="public names alone")
    parser.add_argument("--native", action="store_true", help="the share of core ATen")
    parser.add_argument("--strict", action="store_true", help="1 if something failed")
    given = parser.parse_args()
    if given.folder:
        workers.Kept.folder = given.folder
    import torch

    from tests.conformance.forms import run_operator

    warnings.simplefilter("ignore")
    if given.names:
        print(reporting.names())
        return 0
    if given.native:
        print(reporting.machine_code())
        return 0
    torch.set_num_threads(1)
    chosen = operators.entries(given.only)
    tasks = {
        name: lambda name=name, variants=variants: run_operator(
            name, variants, given.samples
        )
        for name, variants in chosen.items()
    }
    # loaded once, before processes are forked
    import jit.runtime.ops  # noqa: F401  declares the cards
    from tests.conformance.core import run_overload

    core = {
        name: overload
        for name, overload in operators.core_overloads().items()
        if operators.chosen(given.only, name)
    }
    tasks |= {
        name: lambda name=name, overload=overload: run_overload(
            name, overload, given.samples
        )
        for name, overload in core.items()
    }
    rows = {}
    if given.report:
        rows = {name: row for name in tasks if (row := workers.stored(name))}
        tasks = {}
    if len(tasks) > 1:
        # once, so that what it loads is there in every process that is forked
        run_operator("neg", operators.entries("neg")["neg"], given.samples)
    start = time.monotonic()
    for name, row in workers.run_all(
        tasks, limit=given.limit, known=KNOWN[given.run], processes=given.processes
    ):
        rows[name] = row
        if given.budget and time.monotonic() - start > given.budget:
            break
    print(reporting.table(rows))
    print(reporting.failures(rows))
    return int(given.strict and reporting.any_failed(rows))


if __name__ == "__main__":
    sys.exit(main())
