"""How a program runs: tensors, operator cards, interpreter, archives.

Importing this package puts the Tensor together, from modules that know each other;
cards are declared when `jit.runtime.ops` is imported, which the first call of an
operator does.
"""

from __future__ import annotations

from jit.runtime.tensor import Tensor, wrap

__all__ = ["Tensor", "wrap"]
