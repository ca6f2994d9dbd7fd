"""A failing program made smaller, as long as it fails in the same way.

`python -m tests.properties.reducing SHEET.py` prints what is left of a sheet that failed.
"""

from __future__ import annotations

import ast
import copy
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.properties.programs import Case
from tests.properties.sheets import CALLS, run_sheet

PROBLEM = re.compile(r"# (?:main_(\d+)\(|compiling all)")


def symptom(case: Case) -> str:
    """What goes wrong, without values; nothing if all is well."""
    try:
        report = run_sheet(case, lambda what: None)
    except (SyntaxError, NameError, TypeError, AttributeError, KeyError):
        return ""
    found = [f for f in report.failures if not f.startswith("compiling all")]
    return re.sub(
        r"[^a-zA-Z ]|arguments_", "", "".join(found[:1]).split("expected")[0]
    )[:60] + "".join(re.findall(r"error\[E\d+\]", "".join(found[:1]))[:1])


def without(tree: ast.Module) -> Iterator[ast.Module]:
    """The module with one thing left out, the largest things first."""
    for path in sorted(_places(tree), key=lambda p: -p[3]):
        smaller = copy.deepcopy(tree)
        if _leave_out(smaller, path):
            yield smaller


def _places(tree: ast.Module) -> list[tuple[int, str, int, int, int]]:
    """Node number, field, index in the field, size, and which way to leave it out."""
    found = []
    for number, node in enumerate(ast.walk(tree)):
        for field, value in ast.iter_fields(node):
            items = value if isinstance(value, list) else [value]
            for index, item in enumerate(items):
                if isinstance(item, ast.stmt | ast.expr | ast.ExceptHandler):
                    size = sum(1 for _ in ast.walk(item))
                    parts = [
                        c for c in ast.iter_child_nodes(item) if isinstance(c, ast.expr)
                    ]
                    ways = 2 if isinstance(item, ast.stmt) else 1 + len(parts)
                    found += [(number, field, index, size, w) for w in range(ways)]
    return found


def _leave_out(tree: ast.Module, path: tuple[int, str, int, int, int]) -> bool:
    """Do it; False if there is nothing to do."""
    number, field, index, _, way = path
    node = list(ast.walk(tree))[number]
    value = getattr(node, field)
    if isinstance(value, list):
        item = value[index]
        if way == 0:
            del value[index]
            if not value and field == "body":
                value.append(ast.Pass())
            return not isinstance(item, ast.Pass)
        if isinstance(item, ast.stmt):
            inner = [
                s
                for name in ("body", "orelse", "finalbody")
                for s in getattr(item, name, [])
            ]
            if isinstance(item, ast.FunctionDef) or not inner:
                return False
            value[index : index + 1] = inner
            return True
    item = value[index] if isinstance(value, list) else value
    if not isinstance(item, ast.expr) or way == 0:
        return False
    part = [c for c in ast.iter_child_nodes(item) if isinstance(c, ast.expr)][way - 1]
    if isinstance(value, list):
        value[index] = part
    else:
        setattr(node, field, part)
    return True


def reduced(source: str) -> str:
    """The smallest source found that has the same symptom."""
    numbers = [n for n in PROBLEM.findall(source) if n]
    tree = ast.parse(source)
    if numbers:
        kept = f"main_{numbers[0]}"
        tree.body = [
            s
            for s in tree.body
            if not (isinstance(s, ast.FunctionDef) and s.name.startswith("main"))
            or s.name == kept
        ]
        for s in tree.body:
            if isinstance(s, ast.FunctionDef) and s.name == kept:
                s.name = "main_0"
        params = next(s for s in tree.body if getattr(s, "name", "") == "main_0").args
        call = ", ".join(a.arg for a in params.args)
        given = ", ".join(f"{a.arg}: {ast.unparse(a.annotation)}" for a in params.args)
        made = f"def main(which: int, {given}):\n    return main_0({call})"
        tree.body.append(ast.parse(made).body[0])
    wanted = symptom(_case(tree))
    if not wanted:
        return source
    again, tried = True, {ast.unparse(tree)}
    while again:
        again = False
        for smaller in without(tree):
            text = ast.unparse(smaller)
            if text in tried:
                continue
            tried.add(text)
            if symptom(_case(smaller)) == wanted:
                tree, again = smaller, True
                break
    return ast.unparse(tree)


def _case(tree: ast.Module) -> Case:
    return Case(ast.unparse(ast.fix_missing_locations(tree)), CALLS)


if __name__ == "__main__":
    print(reduced(Path(sys.argv[1]).read_text(encoding="utf-8")))
