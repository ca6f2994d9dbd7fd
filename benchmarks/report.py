"""The measured figures as tables, and which goals they meet.

Raw figures are one JSON file; everything here is computed from it and the declarations.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.case import AtLeast, Case, Family, OfLimit, Within
from benchmarks.compiling import COMPILE_CASES
from benchmarks.contenders import CONTENDERS, OURS, PEERS
from benchmarks.families import FAMILIES
from benchmarks.intervals import (
    Interval,
    best_of,
    geometric_mean,
    median,
    ratio,
    spread,
)
from jit.runtime.codegen.process.limits import Limits

Record = dict[str, Any]
NOISY = 0.12
"""A spread above this is marked."""

METHOD = """\
`make bench` measures and writes this file.

- A case is measured in one process with all contenders, in turns: each round calls every one of them for a slice of time, in an order drawn anew, after a pause and a call that is not timed. Figures are medians over the rounds; `~` marks a spread (the middle half over the median) above 12 %.
- The ratio is the best peer's time over ours, above one where ours is faster; in brackets its 95 % interval, by bootstrap over the rounds, the choice of the best peer included. A goal counts as met if the interval reaches it.
- Everybody's result is compared with a float64 reference before anything is timed; who is wrong takes no part. Results are fresh memory for everybody.
- A limit is the time that the machine needs at the least, by the measured rates below, to read the inputs once, write the results once and do the arithmetic. "Of limit" is that time over ours.
- Compilation is no part of these times; it has a section of its own.
- One thread means one core: processes are bound to as many cores as they have threads."""  # noqa: E501  one sentence a line


# the file of raw figures ----------------------------------------------------------------


def load(path: Path) -> dict[str, Any]:
    """The figures measured so far."""
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    return empty()


def empty() -> dict[str, Any]:
    """No figures yet."""
    return {"machine": {}, "limits": {}, "families": {}, "compile": []}


def save(path: Path, results: Mapping[str, Any]) -> None:
    """Write them whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(results), encoding="utf-8")
    fresh.replace(path)


def merge(
    results: dict[str, Any], family: str, threads: int, records: Sequence[Record]
) -> None:
    """Put new records in the place of older ones of the same cases."""
    kept = results["families"].setdefault(family, {}).setdefault(str(threads), {})
    kept.update({r["case"]: r for r in records})


# the document ---------------------------------------------------------------------------


def text(results: Mapping[str, Any]) -> str:
    """The whole report in Markdown."""
    parts = ["# Benchmarks", METHOD, _machine(results)]
    missed: list[str] = []
    for family in FAMILIES:
        measured = results["families"].get(family.name, {})
        if measured:
            parts.append(_family(family, measured, results, missed))
    if results["compile"]:
        parts.append(_compile(results["compile"], missed))
    head = ["## Missed", "\n".join(missed) if missed else "No goal is missed."]
    return "\n\n".join([*parts[:3], *head, *parts[3:]])


def _machine(results: Mapping[str, Any]) -> str:
    m = results["machine"]
    versions = ", ".join(f"{n} {v}" for n, v in m["versions"].items())
    lines = [
        "## Machine",
        "",
        f"{m['cores']} cores of {m['processor']} (family {m['family']}, {m['vectors']},"
        f" {m['architecture']}), caches {', '.join(m['caches'])},"
        f" {m['memory_gib']} GiB; {m['system']}, huge pages {m['huge_pages']}.",
        f"Python {m['python']}; {versions}.",
    ]
    rows = []
    for threads, data in sorted(results["limits"].items()):
        if data is not None:
            rates = [data["flops"] / 1e9, data["flops64"] / 1e9]
            for level in ("L2", "L3", "memory"):
                rates += [data["read"][level] / 1e9, data["copy"][level] / 1e9]
            rows.append([threads, *(f"{r:.0f}" for r in rates)])
    if rows:
        heads = ["threads", "float32 GFLOP/s", "float64 GFLOP/s"]
        for level in ("L2", "L3", "memory"):
            heads += [f"{level} read GB/s", f"{level} copy GB/s"]
        lines += ["", _table(heads, rows)]
    return "\n".join(lines)


def _family(
    family: Family,
    measured: Mapping[str, Mapping[str, Record]],
    results: Mapping[str, Any],
    missed: list[str],
) -> str:
    parts = [f"## {family.title}", family.about]
    judged = max(measured, key=int)
    single = measured.get("1", {})
    for threads in sorted(measured, key=int, reverse=True):
        data = results["limits"].get(threads)
        limits = Limits(**data) if data is not None else None
        rows, misses = [], []
        for case in family.cases(False):
            record = measured[threads].get(case.name)
            if record is None:
                continue
            alone = single.get(case.name) if threads != "1" else None
            rows.append(_row(case, record, limits, alone))
            if threads == judged:
                misses += judge(case, record, limits)
        names = _columns(measured[threads].values())
        heads = ["case", *names, "best peer ÷ ours", "of limit", "executor"]
        if threads != "1":
            heads.append("1 thread ÷ ours")
        shown = [[r.get(h, "–") for h in heads] for r in rows]
        parts.append(f"### {threads} thread{'s' if threads != '1' else ''}")
        parts.append(_table(heads, shown))
        means = _means(family, measured[threads].values())
        parts += [line for line, _ in means]
        if threads == judged:
            missed += [f"- {family.title}, {m}" for m in misses]
            missed += [f"- {family.title}: {line}" for line, ok in means if not ok]
        if _disturbed(measured[threads].values()):
            parts.append(_disturbed(measured[threads].values()))
    parts.append(_absences(measured[judged].values()))
    return "\n\n".join(filter(None, parts))


def _columns(records: Iterable[Record]) -> list[str]:
    """Contenders that have a figure somewhere."""
    present = {name for r in records for name in r["times"]}
    return [c.name for c in CONTENDERS if c.name in present]


def _row(
    case: Case, record: Record, limits: Limits | None, alone: Record | None
) -> dict[str, str]:
    times = record["times"]
    row = {"case": case.name}
    for name, found in times.items():
        noisy = "~" if spread(found) > NOISY else ""
        row[name] = duration(median(found)) + noisy
    row["executor"] = record.get("notes", {}).get(OURS, "–")
    interval = ratio_to_best(record)
    if interval is not None:
        best = best_of({n: t for n, t in times.items() if n in PEERS})
        row["best peer ÷ ours"] = f"{_interval(interval)} {best}"
    part = part_of_limit(case, record, limits)
    if part is not None:
        row["of limit"] = f"{part:.0%}"
    if alone is not None and OURS in alone["times"] and OURS in times:
        speedup = median(alone["times"][OURS]) / median(times[OURS])
        row["1 thread ÷ ours"] = f"{speedup:.2f}"
    return row


def ratio_to_best(record: Record, peer: str | None = None) -> Interval | None:
    """The best peer's time over ours, or one peer's; None without both."""
    times = record["times"]
    peers = {n: t for n, t in times.items() if (n == peer if peer else n in PEERS)}
    if peer == "Numba" and "Numba parallel" in times:
        peers["Numba parallel"] = times["Numba parallel"]
    if OURS not in times or not peers:
        return None
    return ratio(peers, times[OURS])


def part_of_limit(case: Case, record: Record, limits: Limits | None) -> float | None:
    """The least possible time over ours."""
    if limits is None or OURS not in record["times"] or not case.reads:
        return None
    least = limits.seconds(case.reads, case.writes, case.flops, record["is_double"])
    return least / median(record["times"][OURS])


def judge(case: Case, record: Record, limits: Limits | None) -> list[str]:
    """What is to be said of the goals that are missed."""
    if OURS not in record["times"]:
        return [f"{case.name}: not measured, {record['absent'].get(OURS, 'unknown')}"]
    said = []
    for goal in case.goals:
        match goal:
            case AtLeast(figure, against):
                found = ratio_to_best(record, against)
                if found is not None and not found.reaches(figure):
                    whom = against or "the best peer"
                    said.append(f"{_interval(found)} of {figure:g} × {whom}")
            case Within(seconds):
                reached = median(record["times"][OURS])
                if reached > seconds:
                    said.append(f"{duration(reached)} of {duration(seconds)}")
            case OfLimit(part):
                reached_part = part_of_limit(case, record, limits)
                if reached_part is not None and reached_part < part:
                    said.append(f"{reached_part:.0%} of {part:.0%} of the limit")
    if not said:
        return []
    return [f"{case.name}: {'; '.join(said)}. {_why(case, record, limits)}"]


def _why(case: Case, record: Record, limits: Limits | None) -> str:
    """What limits a case, as far as it is known."""
    executor = record.get("notes", {}).get(OURS, "")
    if executor and executor != "native":
        return f"Executor: {executor}."
    if case.note:
        return case.note
    part = part_of_limit(case, record, limits)
    if limits is None or part is None:
        return "What limits it is not known."
    work = (case.reads, case.writes, case.flops, record["is_double"])
    return f"At {part:.0%} of what {limits.binding(*work)} allows."


def _means(family: Family, records: Iterable[Record]) -> list[tuple[str, bool]]:
    """Geometric means over the family, and whether each is reached."""
    said = []
    records = list(records)
    for peer, figure in family.geometric_means.items():
        ratios = [
            median(r["times"][peer]) / median(r["times"][OURS])
            for r in records
            if peer in r["times"] and OURS in r["times"]
        ]
        if ratios:
            mean = geometric_mean(ratios)
            line = f"Geometric mean of {peer} ÷ ours: {mean:.2f} (goal {figure:g})."
            said.append((line, mean >= figure))
    return said


def _disturbed(records: Iterable[Record]) -> str:
    loads = [(r.get("foreign_cores") or 0.0, r["case"]) for r in records]
    found = [f"{name} ({load:.1f} cores)" for load, name in loads if load > 0.1]
    if not found:
        return ""
    return f"Other processes were busy during: {', '.join(found)}."


def _absences(records: Iterable[Record]) -> str:
    """Who did not run what, and why; the same reasons together."""
    records = list(records)
    reasons: dict[tuple[str, str], list[str]] = {}
    for record in records:
        for name, reason in record["absent"].items():
            if name not in (OURS, *PEERS):
                continue  # a mark beside the peers
            reasons.setdefault((name, reason), []).append(record["case"])
    lines = []
    for (name, reason), cases in reasons.items():
        where = "" if len(cases) == len(records) else f" ({_some(cases)})"
        lines.append(f"- {name}: {reason}{where}")
    return "Not run:\n\n" + "\n".join(lines) if lines else ""


def _some(cases: Sequence[str]) -> str:
    return ", ".join(cases) if len(cases) <= 3 else f"{cases[0]} … {len(cases)} cases"


def _compile(records: Sequence[Record], missed: list[str]) -> str:
    rows = []
    for record in records:
        goals = COMPILE_CASES[record["case"]]
        for name, figures in record["figures"].items():
            fields = ("cold", "warm", "cold second call", "imports")
            rows.append(
                [record["case"], name, *(duration(median(figures[f])) for f in fields)]
            )
        ours = record["figures"].get(OURS)
        if ours is None:
            reason = record["absent"].get(OURS, "unknown")
            missed.append(f"- Compile time, {record['case']}: not measured, {reason}")
            continue
        for field, goal in (("cold", goals.cold_seconds), ("warm", goals.warm_seconds)):
            if median(ours[field]) > goal:
                reached = duration(median(ours[field]))
                missed.append(
                    f"- Compile time, {record['case']}, {field}:"
                    f" {reached} of {duration(goal)}."
                )
    about = (
        "From a function or module to its first result, libraries imported, in a new"
        " process. Cold: caches on disk are empty; warm: as the cold process left them."
    )
    heads = ["case", "contender", "cold", "warm", "second call", "imports"]
    parts = ["## Compile time", about, _table(heads, rows), _absences(records)]
    return "\n\n".join(filter(None, parts))


# words and numbers ----------------------------------------------------------------------


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, factor in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= factor:
            number = seconds / factor
            decimals = 0 if number >= 100 else 1 if number >= 10 else 2
            return f"{number:.{decimals}f} {unit}"
    return f"{seconds * 1e6:.3f} µs"


def _interval(interval: Interval) -> str:
    return f"{interval.middle:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
