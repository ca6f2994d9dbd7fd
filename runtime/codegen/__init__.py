"""Machine code: from specialised graphs through LLVM to callables.

Only this package imports llvmlite, which comes with the extra `native`. Ask
`is_available()` before importing anything else from it.
"""

from __future__ import annotations

import functools
import importlib.util


@functools.cache
def is_available() -> bool:
    """Whether llvmlite is installed."""
    return importlib.util.find_spec("llvmlite") is not None
