"""What an archive holds, without running it.

Entry points with their signatures, nodes of each function, constants, parameters with
dtype, sizes and bytes, extra files, who wrote it. --check compares the SHA-256 of the
whole content as well.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from typing import Any

from jit.cli.failure import printable
from jit.cli.models import read_archive
from jit.ir.graph import Graph
from jit.ir.program import Function
from jit.ir.type_text import format_type
from jit.runtime.archive import LoadedArchive
from jit.runtime.archive.tensors import CONSTANT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a .trs archive")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--check", action="store_true", help="compare the SHA-256 of the whole content"
    )


def run(options: argparse.Namespace) -> None:
    archive = read_archive(options.model, check=options.check)
    found = describe(archive, options.model)
    if options.check:
        found["checked"] = True
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        print(printable("\n".join(_lines(found))))


def describe(archive: LoadedArchive, path: str) -> dict[str, Any]:
    """What an archive holds, as JSON."""
    manifest = archive.manifest
    functions = archive.program.functions
    stored: list[dict[str, Any]] = [
        {
            "name": t.name,
            "dtype": t.dtype.name,
            "shape": list(t.shape),
            "bytes": t.nbytes,
        }
        for t in manifest.tensors
    ]
    tensors = [t for t in stored if not t["name"].startswith(CONSTANT)]
    constants = [t for t in stored if t["name"].startswith(CONSTANT)]
    return {
        "file": path,
        "size": os.path.getsize(path),
        "format": manifest.version,
        "producer": manifest.producer,
        "sha256": manifest.sha256,
        "entries": [
            {
                "name": e.name,
                "function": e.function,
                "signature": signature(functions[e.function]),
            }
            for e in archive.entries
        ],
        "functions": [
            {"name": f.name, "nodes": count_nodes(f.graph), "constants": _constants(f)}
            for f in functions.values()
        ],
        "classes": [
            {"name": c.name, "kind": c.kind, "attributes": len(c.attributes)}
            for c in archive.program.classes.values()
        ],
        "tensors": tensors,
        "tensor_bytes": sum(t["bytes"] for t in tensors),
        "constants": {
            "count": len(constants),
            "bytes": sum(t["bytes"] for t in constants),
        },
        "extra": {name: len(content) for name, content in archive.extra_files.items()},
        "metadata": manifest.metadata,
    }


def signature(function: Function) -> str:
    """Arguments and result as people write them, without `self`."""
    parts = []
    for a in function.schema.arguments:
        if a.name == "self":
            continue
        default = "" if a.is_required else f" = {a.default!r}"
        parts.append(f"{a.name} : {format_type(a.type)}{default}")
    returns = ", ".join(format_type(r.type) for r in function.schema.returns)
    return f"({', '.join(parts)}) -> {returns}"


def count_nodes(graph: Graph) -> int:
    """Nodes that do something: constants are not counted."""
    return sum(n.kind != "prim::Constant" for n in graph.all_nodes)


def _constants(function: Function) -> int:
    return len(function.graph.find_nodes("prim::Constant"))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['file']}: {_bytes(found['size'])}, format {found['format']}"
    yield f"written by  {found['producer']}"
    checked = ", compared with the content" if found.get("checked") else ""
    yield f"sha256      {found['sha256']}{checked}"
    yield ""
    yield "entry points"
    for entry in found["entries"]:
        yield f"  {entry['name']}{entry['signature']}"
    yield ""
    yield from _table(
        "functions",
        ["nodes", "constants", "name"],
        [[f["nodes"], f["constants"], f["name"]] for f in found["functions"]],
    )
    if found["tensors"]:
        total = _bytes(found["tensor_bytes"])
        yield ""
        yield from _table(
            f"tensors: {len(found['tensors'])}, {total}",
            ["bytes", "dtype", "name"],
            [
                [t["bytes"], f"{t['dtype']}{t['shape']}", t["name"]]
                for t in found["tensors"]
            ],
        )
    constants = found["constants"]
    if constants["count"]:
        yield ""
        count, size = constants["count"], _bytes(constants["bytes"])
        yield f"constants of the program, stored as tensors: {count}, {size}"
    if found["extra"]:
        yield ""
        yield "extra files"
        for name, size in found["extra"].items():
            yield f"  {name}, {_bytes(size)}"
    if found["metadata"]:
        yield ""
        yield "metadata"
        for name, value in found["metadata"].items():
            yield f"  {name}: {json.dumps(value, ensure_ascii=False)}"


def _table(title: str, heads: list[str], rows: list[list[Any]]) -> Iterator[str]:
    """Rows below their heads; numbers end, and texts begin, at one place."""
    yield title
    texts = [heads, *([str(c) for c in row] for row in rows)]
    widths = [max(len(row[i]) for row in texts) for i in range(len(heads))]
    for row in texts:
        cells = [
            cell.rjust(width) if heads[i] in ("nodes", "constants", "bytes") else
            cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]  # fmt: skip
        yield f"  {'  '.join(cells)}".rstrip()


def _bytes(count: int) -> str:
    """A size as people read it, `12.3 kB`."""
    if count < 1000:
        return f"{count} bytes"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.5 or unit == "GB":
            return f"{value:.3g} {unit}" if value < 999.5 else f"{value:.0f} {unit}"
    raise AssertionError("unreachable")
