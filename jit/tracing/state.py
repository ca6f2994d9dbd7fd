"""The state of a module while it is traced: what `forward` assigns, and its mode.

Buffers that `forward` assigns are assigned by the program too. Whether a module is in
training is asked of the tracer, so that both modes can be recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jit.modules.script_module import ScriptModule
from jit.runtime.objects import Object
from jit.runtime.tensor import Tensor
from jit.torch.nn import Module

if TYPE_CHECKING:
    from jit.tracing.tracer import Tracer


@contextmanager
def kept(module: Module | None) -> Iterator[None]:
    """Give parameters and buffers back the values that they had before."""
    if module is None:
        yield
        return
    stores: list[dict[str, Any]] = [
        s for m in plain_modules(module) for s in (m._parameters, m._buffers)
    ]
    before = [dict(s) for s in stores]
    tensors = [*module.parameters(), *module.buffers()]
    elements = [t.array.copy() for t in tensors]
    try:
        yield
    finally:
        for store, contents in zip(stores, before, strict=True):
            store.update(contents)
        for tensor, array in zip(tensors, elements, strict=True):
            tensor.array[...] = array


@contextmanager
def kept_slots(traced: Any) -> Iterator[None]:
    """Give a compiled module the attributes back that it had before."""
    objects: list[Object] = []
    if isinstance(traced, ScriptModule):
        objects.append(traced.__script_object__)
    for obj in objects:  # which grows meanwhile
        inner = [v for v in obj.slots.values() if isinstance(v, Object)]
        objects += [v for v in inner if v not in objects]
    before = [dict(obj.slots) for obj in objects]
    try:
        yield
    finally:
        for obj, slots in zip(objects, before, strict=True):
            obj.slots.update(slots)


def plain_modules(module: Module) -> list[Module]:
    """A module and all below it that are not compiled."""
    return [m for m in module.modules() if not isinstance(m, ScriptModule)]


@contextmanager
def followed(tracer: Tracer, module: Module | None) -> Iterator[None]:
    """Let the tracer see what a run does to the attributes of a module."""
    if module is None:
        yield
        return
    modules = plain_modules(module)
    before = [_Attributes(m) for m in modules]
    for m in modules:
        if "training" in m.__dict__:
            # without it, `self.training` asks the tracer
            tracer.flags[id(m)] = m.__dict__.pop("training")
    try:
        yield
    except BaseException:
        for attributes in before:
            attributes.restore()
        raise
    for attributes in before:
        attributes.record(tracer)
        attributes.restore()


class _Attributes:
    """The attributes of one module before a run."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.plain = dict(module.__dict__)
        self.stores = {n: dict(module.__dict__[n]) for n in ("_parameters", "_buffers")}

    def record(self, tracer: Tracer) -> None:
        """Assign in the program what the run assigned; tell what cannot be."""
        for store, contents in self.stores.items():
            for name, content in self.module.__dict__[store].items():
                if content is contents.get(name):
                    continue
                if name in contents and isinstance(content, Tensor):
                    tracer.assign(self.module, name, content)
                else:
                    self._tell(tracer, name, content)
        for name, content in self.module.__dict__.items():
            if name not in self.plain:
                if name != "training":
                    self._tell(tracer, name, content)
            elif content is not self.plain[name]:
                self._tell(tracer, name, content)

    def _tell(self, tracer: Tracer, name: str, content: Any) -> None:
        tracer.bakes.attribute(type(self.module).__name__, name, content)

    def restore(self) -> None:
        for store, contents in self.stores.items():
            kept = self.module.__dict__[store]
            kept.clear()
            kept.update(contents)
        self.module.__dict__.clear()
        self.module.__dict__.update(self.plain)
