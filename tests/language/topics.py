"""Topic files: found, made to import this product, executed, their programs collected."""

from __future__ import annotations

import importlib.util
import re
import sys
import types
from pathlib import Path

from tests.language.corpus import Program, collecting

FOLDER = Path(__file__).parent
IMPORT_REFERENCE = "import torch"
IMPORT_PRODUCT = "from jit import torch"
_REFUSED = re.compile(r"^@refused\n(?:async )?(?:def|class) (\w+)", re.M)


def topic_names(kind: str = "programs") -> list[str]:
    """The topics in a folder, in alphabetical order."""
    return sorted(path.stem for path in (FOLDER / kind).glob("*.py"))


def source_of(topic: str, kind: str = "programs") -> str:
    """The text of a topic file."""
    return (FOLDER / kind / f"{topic}.py").read_text(encoding="utf-8")


def refused_names() -> list[str]:
    """The programs that must be refused, as `topic.program`, without executing a topic."""
    return [
        f"{topic}.{name}"
        for topic in topic_names("refused")
        for name in _REFUSED.findall(source_of(topic, "refused"))
    ]


def load_topic(
    topic: str, folder: Path | None, kind: str = "programs"
) -> tuple[types.ModuleType, list[Program]]:
    """Execute a topic file and collect its programs.

    With a folder, a copy there imports this product instead of torch; line numbers stay.
    """
    path = FOLDER / kind / f"{topic}.py"
    if folder is not None:
        lines = source_of(topic, kind).split("\n")
        lines = [IMPORT_PRODUCT if x == IMPORT_REFERENCE else x for x in lines]
        path = folder / f"{topic}.py"
        path.write_text("\n".join(lines), encoding="utf-8")
    name = f"{kind}_{topic}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses, enums and both compilers look a class's module up by its name
    sys.modules[name] = module
    with collecting() as programs:
        spec.loader.exec_module(module)
    return module, programs
