"""Programs of the corpus that are not taken yet, by what they wait for.

A test fails as soon as one of them gives what it should: the list can only shrink.
"""

from __future__ import annotations

STILL_TO_COME: dict[str, tuple[str, ...]] = {}
"""Names as `topic.program`, by cause."""
