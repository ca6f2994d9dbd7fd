"""`jit.script`: compile Python source, its control flow included."""

from __future__ import annotations

import inspect
from typing import Any

from jit.frontend.classes import compile_class
from jit.ir.diagnostic import CompileError, Diagnostic
from jit.modules.script_function import ScriptFunction, is_disabled
from jit.modules.script_module import ScriptModule
from jit.modules.script_operator import script_operator
from jit.runtime.eager.operator import EagerOperator


def script(obj: Any) -> Any:
    """Compile a function, an operator, or the `forward` of a module and what it calls.

    Unannotated parameters are Tensors in `.graph`; a call with arrays, numbers or
    strings compiles the function for these. A list or dict given instead is returned as
    a copy. A class is checked and returned: functions that use it compile it. With
    `JIT_DISABLE=1`, `obj` itself is returned.

    Returns a ScriptFunction or ScriptModule; scripting what is scripted returns it.
    Raises CompileError (E01 to E04) with the line at fault and what to write instead.
    """
    from jit.torch.nn import Module

    if is_disabled() or isinstance(obj, ScriptFunction | ScriptModule):
        return obj
    if isinstance(obj, Module):
        return ScriptModule.compile(obj)
    if isinstance(obj, list | dict):
        return obj.copy()
    if isinstance(obj, EagerOperator):
        return script_operator(obj.kind, obj.__name__)
    if inspect.isfunction(obj):
        return ScriptFunction.compile(obj)
    if inspect.ismethod(obj):
        owner = obj.__self__
        raise CompileError(
            Diagnostic(
                "E0105",
                f"the bound method `{obj.__qualname__}` cannot be scripted",
                help="script the module itself, and mark further methods with"
                " `@jit.export`"
                if isinstance(owner, Module)
                else "write a function, and pass what it needs of the object",
            )
        )
    if inspect.isclass(obj):
        compile_class(obj)
        return obj
    raise CompileError(
        Diagnostic(
            "E0105",
            f"a `{type(obj).__name__}` cannot be scripted",
            help="script a function defined with `def`, or a torch.nn.Module instance",
        )
    )
