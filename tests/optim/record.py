"""Record what torch's optimizers do: `python tests/optim/record.py`, with torch."""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.optim.trajectories import all_trainings, train  # noqa: E402


def main() -> None:
    """Write `recorded.json`."""
    import torch

    found = [
        {"optimizer": o, "scheduler": s, **train(torch, o, s)}
        for o, s in all_trainings()
    ]
    text = json.dumps({"torch": torch.__version__, "trainings": found}, indent=1)
    (HERE / "recorded.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
