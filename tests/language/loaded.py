"""Load saved programs, call them, and write what they give: a process without sources."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

from jit import torch
from jit.runtime.executor.modes import enable_native
from tests.language.running import CALLS, calls


def main(folder: Path) -> None:
    """Answer with a pickle of the outcomes, or an exception's text, by name."""
    # machine code of the same graphs is compared where their sources are
    enable_native(False)
    found: dict[str, Any] = {}
    for name, given, gradients in pickle.loads((folder / CALLS).read_bytes()):
        try:
            subject = torch.jit.load(folder / f"{name}.trs")
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error}"
        else:
            found[name] = calls(given, gradients, subject, torch)
    sys.stdout.buffer.write(pickle.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
