"""Operators run in processes of their own, two at a time, each with a time limit.

A process is forked for each operator, so that a crash or a hang fails that operator
alone. What it found is kept in a file, with a digest of the sources it depends on.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "conformance"
"""Where results are kept, unless a run says otherwise."""

Row = dict[str, Any]
Task = Callable[[], dict[str, Any]]


class Kept:
    """Where the results of this run are kept."""

    folder = FOLDER


Known = Callable[[str], Row | None]
"""The row to be taken instead of a run; None to run."""


def run_all(
    tasks: dict[str, Task], *, limit: float, known: Known, processes: int = 2
) -> Iterator[tuple[str, Row]]:
    """Name and row of each task, as they get ready; known ones come first."""
    waiting = []
    for name, task in tasks.items():
        row = known(name)
        if row is not None:
            yield name, row
        else:
            waiting.append((name, task))
    running: dict[Connection, tuple[str, Any, float]] = {}
    context = multiprocessing.get_context("fork")
    while waiting or running:
        while waiting and len(running) < processes:
            name, task = waiting.pop(0)
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(task, sender), daemon=True)
            process.start()
            sender.close()
            running[receiver] = (name, process, time.monotonic())
        ready = wait(list(running), timeout=0.5)
        for receiver, (name, process, start) in list(running.items()):
            if receiver in ready:
                row = _received(receiver)
            elif time.monotonic() - start > limit:
                row = _failed(f"no result within {limit:g} s")
            else:
                continue
            process.kill()
            process.join()
            del running[receiver]
            row["seconds"] = round(time.monotonic() - start, 2)
            write(name, row)
            yield name, row


def _work(task: Task, sender: Connection) -> None:
    try:
        forms = {k: dataclasses.asdict(v) for k, v in task().items()}
    except Exception as error:
        traceback.print_exc()
        told = f"the comparison itself fails: {type(error).__name__}: {error}"
        sender.send(_failed(told))
    else:
        sender.send({"forms": forms, "files": _files_used()})


def _received(receiver: Connection) -> Row:
    try:
        row: Row = receiver.recv()
    except EOFError:
        return _failed("the process ended without a result")
    return row


def _failed(reason: str) -> Row:
    outcome = {"passed": 0, "failed": 1, "skipped": 0, "reason": reason}
    return {"forms": {"function": outcome}, "files": []}


def _files_used() -> list[str]:
    """The sources that decide: those of the cards that were called, and the core."""
    from jit.runtime import dispatch

    modules = {card.__module__ for card in dispatch._runners}
    for card in dispatch._runners:
        base = sys.modules[card.__module__]
        modules |= {
            getattr(v, "__module__", None) or getattr(v, "__name__", "")
            for v in vars(base).values()
        }
    modules |= {"jit.runtime.dispatch", "jit.runtime.binding", "jit.runtime.tensor"}
    found = {str(f.relative_to(ROOT)) for f in Path(__file__).parent.glob("*.py")}
    for module in modules:
        file = getattr(sys.modules.get(module or ""), "__file__", None) or ""
        path = Path(file).resolve()
        if file and path.is_relative_to(ROOT) and ".venv" not in path.parts:
            found.add(str(path.relative_to(ROOT)))
    return sorted(found)


def digest(files: list[str]) -> str:
    """One digest of all files."""
    made = hashlib.sha256()
    for file in files:
        path = ROOT / file
        made.update(path.read_bytes() if path.exists() else b"gone")
    return made.hexdigest()[:16]


def stored(name: str) -> Row | None:
    """The row of the last run, whatever has changed since."""
    path = Kept.folder / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def passed(name: str) -> Row | None:
    """The row of the last run, if everything passed there."""
    row = stored(name)
    if row is None or not row["forms"].get("function", {}).get("passed"):
        return None
    return None if any(f["failed"] for f in row["forms"].values()) else row


def current(name: str) -> Row | None:
    """The row of the last run, if everything passed and its sources are the same."""
    row = passed(name)
    return row if row and row["digest"] == digest(row["files"]) else None


def nothing(name: str) -> Row | None:
    """No row: everything runs again."""
    return None


def write(name: str, row: Row) -> None:
    """Keep a row."""
    Kept.folder.mkdir(parents=True, exist_ok=True)
    row["digest"] = digest(row["files"])
    (Kept.folder / f"{name}.json").write_text(json.dumps(row, indent=1))
