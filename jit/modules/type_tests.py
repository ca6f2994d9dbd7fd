"""`jit.isinstance`: the test of a value for a type, with what containers hold."""

from __future__ import annotations

import builtins
from typing import Any


def isinstance(obj: Any, target_type: Any) -> bool:
    """Whether a value is of a type such as `List[int]`, or of one of a tuple of types.

    Elements are looked at. Compiled code knows afterwards which type the value has.
    """
    from jit.frontend.annotations import type_of_hint
    from jit.runtime.program_values import is_instance

    wanted = target_type if builtins.isinstance(target_type, tuple) else (target_type,)
    return any(is_instance(obj, type_of_hint(hint)) for hint in wanted)
