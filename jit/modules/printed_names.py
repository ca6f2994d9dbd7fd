"""What the code of graphs says for which Python has no word.

`f.code` names them, and `CompilationUnit` knows them. In plain Python they do nothing.
"""

from __future__ import annotations

from typing import Any


def uninitialized(the_type: Any) -> Any:
    """A value of a type that nobody reads: what a branch that leaves does not define."""
    return None


def unchecked_cast(the_type: Any, value: Any) -> Any:
    """A value that is known to be of a type, because it was tested before."""
    return value


def unchecked_unwrap_optional(the_type: Any, value: Any) -> Any:
    """A value of a type that is known not to be None, because it was tested before."""
    return value
