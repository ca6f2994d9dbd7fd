"""`jit.freeze`: a copy of a module whose parameters are constants of its program."""

from __future__ import annotations

from collections.abc import Sequence

from jit.ir import types as T
from jit.ir.program import ClassDefinition
from jit.modules.script_module import ScriptModule, copy_object
from jit.passes import freeze as pass_freeze
from jit.runtime.objects import Object


def freeze(
    mod: ScriptModule,
    preserved_attrs: Sequence[str] | None = None,
    optimize_numerics: bool = True,
) -> ScriptModule:
    """A copy of a compiled module with parameters, buffers and flags as constants.

    Calls of submodules are inlined, batch normalisation is folded into convolutions
    (unless `optimize_numerics` is False, because results differ in rounding), dropout
    goes, and weights are packed once for all calls. What `forward` sets or changes in
    place stays state, as do the attributes that `preserved_attrs` names, which may name
    further methods too. Later changes of `mod` do not reach the copy.

    Raises RuntimeError for a module in training mode, AttributeError for a name that it
    does not have, TypeError for what is not compiled.
    """
    if not isinstance(mod, ScriptModule):
        raise TypeError(
            f"a `{type(mod).__name__}` cannot be frozen: pass what jit.script, jit.trace"
            " or jit.load returned for a module"
        )
    root = mod.__script_object__
    assert isinstance(root.type, T.ModuleType)
    definition = mod.program.class_of(root.type)
    names = list(preserved_attrs or ())
    for name in names:
        if name not in definition.attributes and name not in definition.methods:
            raise AttributeError(f"`{mod.original_name}` has no attribute `{name}`")
    if mod.training:
        raise RuntimeError(
            "a module in training mode cannot be frozen: call .eval() on it first"
        )
    methods = [n for n in definition.methods if n == "forward" or n in names]
    if not methods:
        raise RuntimeError(f"`{mod.original_name}` has no compiled `forward` to freeze")
    program = pass_freeze.freeze(
        mod.program,
        root.type,
        root.slots,
        methods=methods,
        preserved=[n for n in names if n in definition.attributes],
        numerics=optimize_numerics,
    )
    kept = _needed(root, program.classes, {})
    return ScriptModule(program, copy_object(kept, {}))


def optimize_for_inference(
    mod: ScriptModule, other_methods: Sequence[str] | None = None
) -> ScriptModule:
    """A frozen copy of a module in evaluation mode, as fast as it can be.

    `other_methods` are kept beside `forward`. What depends on the arguments, as fusion
    and the layout of weights in memory, is decided when it is called.
    """
    if not isinstance(mod, ScriptModule):
        return freeze(mod)  # raises
    return freeze(mod.copy().eval(), preserved_attrs=other_methods)


def _needed(
    obj: Object, classes: dict[str, ClassDefinition], known: dict[int, Object]
) -> Object:
    """An instance with those slots only that its class still has."""
    found = known.get(id(obj))
    if found is None:
        found = known[id(obj)] = Object(obj.type)
        for name in classes[obj.type.name].attributes:
            held = obj.slots[name]
            if isinstance(held, Object) and held.type.name in classes:
                held = _needed(held, classes, known)
            found.slots[name] = held
    return found
