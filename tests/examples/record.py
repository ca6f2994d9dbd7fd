"""Record how the examples train with torch: `python tests/examples/record.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.examples.trainings import MODELS, load_example, train  # noqa: E402


def main() -> None:
    """Write `recorded.json`."""
    import torch

    found = {name: train(torch, name, load_example(name, torch)) for name in MODELS}
    text = json.dumps({"torch": torch.__version__, "trainings": found}, indent=1)
    (HERE / "recorded.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
