"""`python -m tests.properties`: run many generated programs in all ways, and count them.

Sheets of programs run in processes of their own, so that a crash, or a program that does
not end, is one failure more with its source; `--sheet` runs one of them again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.properties.sheets import PROGRAMS, run_sheet, sheet

SHEETS_OF_A_PROCESS = 25
LIMIT = 300.0
"""Seconds without news after which a program counts as one that does not end."""


def main() -> int:
    """Run what the options choose; 1 if anything differs."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.properties", description=__doc__
    )
    parser.add_argument("--count", type=int, default=1000, help="programs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first sheet"
    )
    parser.add_argument("--sheet", type=int, help="run this one here, and show it")
    parser.add_argument(
        "--folder", type=Path, help="where sheets that fail are written"
    )
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work is not None:
        return work(given.seed, given.first, given.work)
    if given.sheet is not None:
        return show(given.seed, given.sheet)
    folder = given.folder or Path(tempfile.mkdtemp(prefix="generated_programs_"))
    folder.mkdir(parents=True, exist_ok=True)
    return Run(given.seed, folder).everything(given.first, given.count, given.jobs)


def show(seed: int, number: int) -> int:
    """One sheet in this process."""
    case = sheet(seed, number)
    print(case.source)
    report = run_sheet(case, lambda what: None)
    print(dict(report.counts), *report.failures, sep="\n")
    return int(bool(report.failures))


def work(seed: int, first: int, count: int) -> int:
    """Some sheets, one line of JSON for each thing that happens."""
    out = os.fdopen(os.dup(1), "w", buffering=1)

    for number in range(first, first + count):

        def tell(what: str, number: int = number) -> None:
            out.write(json.dumps({"sheet": number, "now": what}) + "\n")

        report = run_sheet(sheet(seed, number), tell)
        done = {"counts": report.counts, "failures": report.failures}
        out.write(json.dumps({"sheet": number, "done": done}) + "\n")
    return 0


class Process:
    """A process that runs some sheets, and what it said last."""

    def __init__(self, seed: int, first: int, count: int, folder: Path) -> None:
        self.next, self.end = first, first + count
        self.now = "starting"
        self.heard = time.monotonic()
        self.log = folder / f"process_{first}.log"
        self.errors = folder / f"process_{first}.errors"
        command = [sys.executable, "-X", "faulthandler", "-m", "tests.properties"]
        command += ["--seed", str(seed), "--first", str(first), "--work", str(count)]
        with self.log.open("w") as log, self.errors.open("w") as errors:
            self.process = subprocess.Popen(command, stdout=log, stderr=errors)
        self.place = 0

    def news(self) -> list[dict[str, object]]:
        """What it wrote since this was asked last; whole lines."""
        with self.log.open("rb") as file:
            file.seek(self.place)
            text = file.read()
        text = text[: text.rfind(b"\n") + 1]
        self.place += len(text)
        if text:
            self.heard = time.monotonic()
        return [json.loads(line) for line in text.splitlines()]

    def close(self) -> str:
        """End it; the end of what it complained about."""
        self.process.kill()
        self.process.wait()
        said = self.errors.read_text(encoding="utf-8")[-2000:]
        self.log.unlink()
        self.errors.unlink()
        return said


class Run:
    """Everything that is counted."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self.failures = 0
        self.started = time.monotonic()
        self.shown = 0.0

    def everything(self, first: int, count: int, jobs: int) -> int:
        """Run so many programs in so many processes."""
        end = first + -(-count // PROGRAMS)
        running: list[Process] = []
        while running or first < end:
            while len(running) < jobs and first < end:
                some = min(SHEETS_OF_A_PROCESS, end - first)
                running.append(Process(self.seed, first, some, self.folder))
                first += some
            time.sleep(0.2)
            running = [p for p in map(self.follow, running) if p is not None]
            if time.monotonic() - self.shown > 30:
                self.show()
        self.show()
        print(
            f"sheets that failed are in {self.folder}" if self.failures else "all agree"
        )
        return int(bool(self.failures))

    def follow(self, process: Process) -> Process | None:
        """Count what a process did; the process that goes on with its work, if any."""
        ended = process.process.poll() is not None
        for line in process.news():
            process.now = str(line.get("now", "between two sheets"))
            if "done" in line:
                self.count(int(str(line["sheet"])), line["done"])
                process.next = int(str(line["sheet"])) + 1
        is_silent = time.monotonic() - process.heard > LIMIT
        if not ended and not is_silent:
            return process
        said = process.close()
        if process.next < process.end:
            what = "does not end" if is_silent else "crash"
            failure = f"{what} in {process.now} ({process.process.returncode}): {said}"
            self.count(process.next, {"counts": {what: 1}, "failures": [failure]})
            if process.next + 1 < process.end:
                left = process.end - process.next - 1
                return Process(self.seed, process.next + 1, left, self.folder)
        return None

    def count(self, number: int, done: object) -> None:
        """Add what one sheet gave, and write it down if it failed."""
        assert isinstance(done, dict)
        self.counts.update(done["counts"])
        if not done["failures"]:
            return
        self.failures += len(done["failures"])
        comment = "\n".join(done["failures"])
        print(f"--- sheet {number}\n{comment[:1500]}", flush=True)
        quoted = "\n".join(f"# {line}" for line in comment.splitlines())
        path = self.folder / f"sheet_{self.seed}_{number}.py"
        path.write_text(
            f"{quoted}\n{sheet(self.seed, number).source}", encoding="utf-8"
        )

    def show(self) -> None:
        """A line about how far it is."""
        self.shown = time.monotonic()
        seconds = self.shown - self.started
        rate = self.counts["programs"] / max(seconds, 1e-9) * 60
        told = ", ".join(f"{n} {what}" for what, n in sorted(self.counts.items()))
        print(
            f"{seconds:.0f} s: {told}; {self.failures} failures; {rate:.0f} a minute",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
