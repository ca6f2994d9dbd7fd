"""From Python source to typed graphs.

    source.py      the text of a function
    read.py        Python's tree -> ours (`tree.py`); refuses the rest helpfully
    assigned.py    which names live where
    emit.py        a function, top to bottom; `emit_*.py` its parts

`compile_function` and `compile_module` are the two doors; `signature_of` tells the
parameters of a function without compiling it.
"""

from __future__ import annotations

from jit.frontend.compiler import compile_function
from jit.frontend.modules import add_methods, compile_module
from jit.frontend.signature import Parameter, Signature, signature_of

__all__ = [
    "Parameter",
    "Signature",
    "add_methods",
    "compile_function",
    "compile_module",
    "signature_of",
]
