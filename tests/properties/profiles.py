"""How many examples the laws are tried on: few by default, many on demand.

`HYPOTHESIS_PROFILE=long` tries thirty times as many, drawn differently each time;
give `--hypothesis-seed` to draw the same again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def examples(count: int) -> Callable[[Any], Any]:
    """Try a law on so many examples; the same ones in every run, unless it is long."""
    return settings(
        max_examples=30 * count if LONG else count,
        derandomize=not LONG,
        database=None,
        print_blob=False,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
