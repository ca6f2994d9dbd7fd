"""The command line: `python -m benchmarks run|report`, see `--help`."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import compiling, machine, report, worker
from benchmarks.contenders import OURS
from benchmarks.families import FAMILIES
from benchmarks.measuring import QUICK, Effort
from jit.runtime.codegen.process import limits

ROOT = Path(__file__).resolve().parents[1]
FULL_RUN = ROOT / "build" / "benchmarks" / "full.json"
QUICK_RUN = ROOT / "build" / "benchmarks" / "quick.json"
COMPILE = "compile"
NAMES = (*(f.name for f in FAMILIES), COMPILE)

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "JIT_NUM_THREADS",
)


def main() -> int:
    """Run one command."""
    arguments = _parser().parse_args()
    match arguments.command:
        case "run":
            return run(arguments)
        case "report":
            return write_report(arguments)
        case "worker":
            return work(arguments)
        case "limits":
            found = limits.measure(arguments.threads)
            print(json.dumps(limits.as_data(found) if found is not None else None))
        case "compile-one":
            compiling.compile_one(
                arguments.case, arguments.contender, arguments.threads
            )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="measure")
    running.add_argument("families", nargs="*", metavar="family", help=", ".join(NAMES))
    running.add_argument("--threads", default="1,2", help="such as 1,2")
    running.add_argument("--quick", action="store_true", help="few, short rounds")
    running.add_argument("--only", default="", help="cases whose names contain this")
    running.add_argument("--without", default="", help="contenders to leave out: a,b")
    reporting = commands.add_parser("report", help="write RESULTS.md from the last run")
    reporting.add_argument("--quick", action="store_true", help="print the quick run")
    working = commands.add_parser("worker", help="one family; used by `run`")
    working.add_argument("family")
    working.add_argument("threads", type=int)
    working.add_argument("out")
    working.add_argument("--quick", action="store_true")
    working.add_argument("--only", default="")
    working.add_argument("--without", default="")
    working.add_argument("--skip", default="[]")
    limiting = commands.add_parser("limits", help="what the machine can do")
    limiting.add_argument("threads", type=int)
    one = commands.add_parser("compile-one", help="compile once; used by `run`")
    one.add_argument("case")
    one.add_argument("contender")
    one.add_argument("threads", type=int)
    return parser


# run ------------------------------------------------------------------------------------


def run(arguments: argparse.Namespace) -> int:
    """Measure families, each on each number of threads in a process of its own."""
    unknown = set(arguments.families) - set(NAMES)
    if unknown:
        print(f"no family {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
        return 2
    place = QUICK_RUN if arguments.quick else FULL_RUN
    # a report of everything is of one run
    is_whole = not arguments.families and not arguments.only
    results = report.empty() if is_whole else report.load(place)
    results["machine"] = machine.describe()
    counts = [int(n) for n in arguments.threads.split(",")]
    available = len(os.sched_getaffinity(0))
    for threads in counts:
        if threads > available:
            print(f"{threads} threads are more than the {available} cores: left out")
            continue
        with bound_to(threads):
            results["limits"][str(threads)] = _limits(threads)
        for family in FAMILIES:
            wanted = not arguments.families or family.name in arguments.families
            if wanted and threads in family.thread_counts:
                records = measure_family(family.name, threads, arguments)
                report.merge(results, family.name, threads, records)
                report.save(place, results)
    if not arguments.families or COMPILE in arguments.families:
        threads = min(max(counts), available)
        with bound_to(threads):
            results["compile"] = compiling.measure(
                1 if arguments.quick else 3,
                threads,
                environment(threads),
                only=arguments.only,
                without=_listed(arguments.without),
            )
        report.save(place, results)
    if arguments.quick:
        print(report.text(results))
    return 0


def _limits(threads: int) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "limits", str(threads)],
        env=environment(threads),
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def measure_family(
    family: str, threads: int, arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    """The records of a family. If a case brings its process down, the next one goes on."""
    records: list[dict[str, Any]] = []
    crashed: list[dict[str, Any]] = []
    while True:
        skip = [r["case"] for r in (*records, *crashed)]
        with tempfile.TemporaryDirectory() as folder, bound_to(threads):
            out = Path(folder, "records")
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks", "worker", family, str(threads)]
                + [str(out), "--only", arguments.only, "--skip", json.dumps(skip)]
                + ["--without", arguments.without]
                + (["--quick"] if arguments.quick else []),
                env=environment(threads),
            )
            lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
        found = [json.loads(line) for line in lines]
        records += [r for r in found if "case" in r]
        if done.returncode == 0:
            return records + crashed
        if not found or "started" not in found[-1]:
            raise RuntimeError(f"the process of family {family} failed before any case")
        name = found[-1]["started"]
        reason = f"its process ended with status {done.returncode}"
        print(f"{name}: {reason}", file=sys.stderr)
        crashed.append(
            {"case": name, "threads": threads, "times": {}, "absent": {OURS: reason}}
        )


def environment(threads: int) -> dict[str, str]:
    """The variables of a process that measures on so many threads."""
    return {
        **os.environ,
        **dict.fromkeys(THREAD_VARIABLES, str(threads)),
        "JIT_NATIVE": "1",
        "JAX_PLATFORMS": "cpu",
        "TORCHINDUCTOR_CACHE_DIR": str(FULL_RUN.parent / "inductor"),
        "PYTHONPATH": os.pathsep.join(
            filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
        ),
    }


@contextlib.contextmanager
def bound_to(threads: int) -> Iterator[None]:
    """Processes started in here run on so many cores, and see no more."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(before)[:threads]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _listed(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def work(arguments: argparse.Namespace) -> int:
    """Measure one family in this process."""
    family = next(f for f in FAMILIES if f.name == arguments.family)
    with open(arguments.out, "w", encoding="utf-8") as out:
        worker.run(
            family,
            arguments.threads,
            QUICK if arguments.quick else Effort(),
            out,
            only=arguments.only,
            skip=json.loads(arguments.skip),
            without=_listed(arguments.without),
        )
    return 0


# report ---------------------------------------------------------------------------------


def write_report(arguments: argparse.Namespace) -> int:
    """Write RESULTS.md, or print what a quick run found."""
    results = report.load(QUICK_RUN if arguments.quick else FULL_RUN)
    if not results["families"] and not results["compile"]:
        print("nothing was measured yet: python -m benchmarks run")
        return 1
    if arguments.quick:
        print(report.text(results))
        return 0
    path = ROOT / "benchmarks" / "RESULTS.md"
    path.write_text(report.text(results) + "\n", encoding="utf-8")
    print("benchmarks/RESULTS.md is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
