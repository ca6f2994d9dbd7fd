"""The table of how many operators pass, and the list of those that fail."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.conformance import finding, operators
from tests.conformance.finding import MissingError

Row = dict[str, Any]


def passes(form: dict[str, Any]) -> bool:
    """Whether all samples of a form passed."""
    return not form["failed"] and form["passed"] > 0


def any_failed(rows: dict[str, Row]) -> bool:
    """Whether some operator failed in some form."""
    return any(f["failed"] for row in rows.values() for f in row["forms"].values())


def kinds_of(row: Row) -> dict[str, bool]:
    """Whether each kind of form passes; several aliases count as one."""
    found: dict[str, bool] = {}
    for label, form in row["forms"].items():
        kind = label.partition(" ")[0] if label.startswith("alias") else label
        found[kind] = found.get(kind, True) and not form["failed"]
        if kind == "function" and not form["passed"]:
            found[kind] = False
    return found


def table(rows: dict[str, Row]) -> str:
    """How many names pass, by namespace and form."""
    total: Counter[tuple[str, str]] = Counter()
    passed: Counter[tuple[str, str]] = Counter()
    for name, row in rows.items():
        space = operators.namespace(name)
        for label in {space, "public" if space in operators.PUBLIC else space}:
            for kind, ok in kinds_of(row).items():
                total[label, kind] += 1
                passed[label, kind] += ok
    forms = list(dict.fromkeys(k for _, k in total))
    seen = {space for space, _ in total}
    spaces = [s for s in (*operators.PUBLIC, "public") if s in seen]
    spaces += sorted(seen - set(spaces))
    lines = ["| | " + " | ".join(forms) + " |", "|---" * (len(forms) + 1) + "|"]
    for space in spaces:
        cells = []
        for form in forms:
            count = total[space, form]
            share = f"{100 * passed[space, form] / count:.0f} %" if count else ""
            cells.append(f"{passed[space, form]}/{count} {share}" if count else "")
        lines.append(f"| {space} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def names() -> str:
    """Public names of torch that we have, by namespace, and those that we have not."""
    wanted: dict[str, list[str]] = {}
    missing: dict[str, list[str]] = {}
    for place, name in operators.public_names():
        wanted.setdefault(place, []).append(name)
        path = name if place == "torch" else f"{place}.{name}"
        try:
            finding.by_path(path)
        except MissingError:
            missing.setdefault(place, []).append(name)
    lines = []
    for place, known in wanted.items():
        absent = missing.get(place, [])
        lines.append(f"{place}: {len(known) - len(absent)} of {len(known)}")
        if absent:
            lines.append("  missing: " + ", ".join(sorted(absent)))
    return "\n".join(lines)


def machine_code() -> str:
    """How many overloads of core ATen have machine code, and those that have not."""
    from jit.ir.registry import find_card
    from jit.runtime.ops.reference import executors

    without = []
    wanted = operators.core_overloads()
    for name in wanted:
        _, kind, overload = name.split(".")
        card = find_card(f"aten::{kind}", overload.replace("default", ""))
        if card is None or executors(card) != "machine code":
            without.append(name)
    count = len(wanted) - len(without)
    return f"machine code: {count} of {len(wanted)}\n  without: {', '.join(without)}"


def failures(rows: dict[str, Row]) -> str:
    """What fails, by family: names that are missing, then reasons of first samples."""
    missing: dict[str, list[str]] = {}
    wrong: dict[str, list[str]] = {}
    for name, row in sorted(rows.items()):
        family = operators.family(name)
        for (reason, count), labels in _reasons(row).items():
            if reason.startswith("missing: "):
                short = (
                    reason.removeprefix("missing: ")
                    .removeprefix("torch.")
                    .removeprefix("ops.aten.")
                )
                missing.setdefault(family, []).append(short)
            else:
                text = f"  {name} [{', '.join(labels)}] {count}: {reason}"
                wrong.setdefault(family, []).append(text)
    lines = []
    for family, _ in operators.FAMILIES:
        absent, failing = missing.get(family, []), wrong.get(family, [])
        if absent or failing:
            lines.append(f"\n## {family}: {len(absent)} missing, {len(failing)} wrong")
        if absent:
            lines.append("  missing: " + ", ".join(dict.fromkeys(absent)))
        lines += failing
    return "\n".join(lines)


def _reasons(row: Row) -> dict[tuple[str, str], list[str]]:
    """The reasons of the forms that fail, and which forms have them."""
    found: dict[tuple[str, str], list[str]] = {}
    for label, form in row["forms"].items():
        if passes(form) or (label != "function" and not form["failed"]):
            continue
        count = f"{form['failed']}/{form['passed'] + form['failed']}"
        reason = form["reason"] or "no sample could be compared"
        found.setdefault((reason, count), []).append(label)
    return found
