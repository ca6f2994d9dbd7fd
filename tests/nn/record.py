"""Record what torch's layers do: `python tests/nn/record.py`, with torch."""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.nn.layers import CALLS, described, make, run  # noqa: E402


def main() -> None:
    """Write `recorded.json`."""
    import torch

    lines = []
    for name in CALLS:
        layer = make(torch, name)
        found = {**described(layer), **run(torch, layer, name)}
        lines.append(f"{json.dumps(name)}: {json.dumps(found)}")
    text = ",\n".join(lines)
    (HERE / "recorded.json").write_text(
        f'{{"torch": {json.dumps(torch.__version__)},\n"layers": {{\n{text}\n}}}}\n'
    )


if __name__ == "__main__":
    main()
