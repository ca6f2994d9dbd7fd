"""The page of the scoreboard, written from what was recorded."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fidelity.corpus import names
from tests.fidelity.outcomes import (
    NO_FORM,
    OTHER_EXCEPTION,
    OUTCOMES,
    REFUSED,
    SAME,
    SILENT,
    WARNED,
)

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "reference" / "fidelity.md"
ORDER = ("ours", "of_torch", "of_jax", "of_numba")
MARKS = {
    SAME: "same", OTHER_EXCEPTION: "exception", REFUSED: "–", WARNED: "warned",
    SILENT: "**wrong**", NO_FORM: "",
}  # fmt: skip

Recorded = dict[str, dict[str, tuple[str, str]]]
"""For each way, outcome and reason of every function."""


def recorded() -> Recorded:
    """All that was recorded, our own ways first."""
    found: Recorded = {}
    for name in ORDER:
        path = RESULTS / f"{name}.json"
        if path.exists():
            ways = json.loads(path.read_text(encoding="utf-8"))
            for way, outcomes in ways.items():
                shown = f"TraceScript {way}" if name == "ours" else way
                found[shown] = {k: (v[0], v[1]) for k, v in outcomes.items()}
    return found


def write() -> None:
    """Write the page."""
    PAGE.write_text(page(recorded()), encoding="utf-8")


def page(found: Recorded) -> str:
    """The text of the page."""
    count = len(names())
    lines = [
        "# Same Python, same answer?",
        "",
        f"{count} small functions, on tensors and on plain values, are run by Python as"
        " they stand, and captured by TraceScript and by others. Each is called with"
        " inputs that take its other paths. Results, what is left of the arguments, and"
        " exceptions are compared.",
        "",
        "- **same**: every call gives what Python gives, or raises the same exception.",
        "- **other exception type**: it raises where Python does, but another one.",
        "- **refused**: capturing it, or a call of what was captured, raises although"
        " Python gives a result.",
        "- **wrong with a warning**, **wrong in silence**: another result, or none of an"
        " exception; whether anything was said while it was captured or called.",
        "- **no such form**: functions of tensors, whose methods JAX and Numba do not"
        " have, are not asked of them.",
        "",
        "A trace is made with the first call's inputs. Functions are written once: `xp`"
        " is torch, `jax.numpy` or NumPy, and only names that all three have are used."
        " torch.export is given all sizes as `Dim.AUTO`; torch.compile runs with the"
        ' backend "aot_eager", so that capture is judged and not code generation, as'
        " users have it and with `fullgraph=True`; what it makes cannot be saved."
        " `jax.jit` has strings as static arguments, and 64-bit types.",
        "",
        "`make fidelity` runs it again: the functions stand in"
        " `tests/fidelity/programs`, what was found in `tests/fidelity/results`.",
        "",
        "| | " + " | ".join(OUTCOMES) + " |",
        "| --- |" + " ---: |" * len(OUTCOMES),
    ]
    for way, outcomes in found.items():
        kinds = [kind for kind, _ in outcomes.values()]
        lines.append(
            f"| {way} | " + " | ".join(str(kinds.count(o)) for o in OUTCOMES) + " |"
        )
    lines += ["", *_wrong(found), *_own(found), *_table(found)]
    return "\n".join(lines) + "\n"


def _wrong(found: Recorded) -> list[str]:
    lines = ["## Wrong in silence", ""]
    for way, outcomes in found.items():
        for key, (kind, reason) in sorted(outcomes.items()):
            if kind == SILENT:
                lines.append(f"- {way}, `{key}`: {reason}")
    return [*lines, ""]


def _own(found: Recorded) -> list[str]:
    """What TraceScript's own ways leave to be done, with the reasons."""
    lines = ["## Where TraceScript's script differs", ""]
    for key, (kind, reason) in sorted(found.get("TraceScript script", {}).items()):
        if kind != SAME:
            lines.append(f"- `{key}`, {kind}: {reason}")
    return [*lines, ""]


def _table(found: Recorded) -> list[str]:
    lines = [
        "## Each function",
        "",
        "`–` refused, `exception` another exception type, `warned` wrong with a warning.",
        "",
        "| function | " + " | ".join(found) + " |",
        "| --- |" + " --- |" * len(found),
    ]
    for topic, name in names():
        cells = [
            MARKS[found[way].get(f"{topic}.{name}", (NO_FORM, ""))[0]] for way in found
        ]
        lines.append(f"| {topic}.{name} | " + " | ".join(cells) + " |")
    return lines
