"""`torch.ops.aten.add.Tensor(x, y, alpha=2)`: one overload, by its full name."""

from __future__ import annotations

from typing import Any

from jit.ir import registry
from jit.ir.card import Card
from jit.runtime import dispatch
from jit.runtime.binding import NoOverloadError, Signature, call_operator


class OpOverload:
    """One overload of an operator."""

    def __init__(self, card: type[Card]) -> None:
        self._signature = Signature(card)
        self.schema = card.schema
        self.operator_kind = card.schema.kind
        self.__doc__ = card.doc()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        signature = self._signature
        bound = signature.bind(args, kwargs, False)
        if bound is None:
            bound = signature.bind(args, kwargs, True)
        if bound is None:
            _, reason = signature.explain(args, kwargs)
            raise NoOverloadError(f"{self.schema.name}(): {reason}\n  {self.schema}")
        result = dispatch.call(signature.card, bound)
        return tuple(result) if signature.gives_tensors else result

    def __repr__(self) -> str:
        namespace, _, name = self.schema.kind.partition("::")
        overload = self.schema.overload or "default"
        return f"<OpOverload(op='{namespace}.{name}', overload='{overload}')>"


class OpOverloadPacket:
    """All overloads of one kind; called, it chooses one."""

    def __init__(self, kind: str) -> None:
        self.operator_kind = kind

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return call_operator(self.operator_kind, args, kwargs)

    def __getattr__(self, overload: str) -> OpOverload:
        name = "" if overload == "default" else overload
        card = registry.find_card(self.operator_kind, name)
        if card is None:
            raise AttributeError(
                f"`{self.operator_kind}` has no overload `{overload}`; it has:"
                f" {', '.join(self.overloads())}"
            )
        found = OpOverload(card)
        setattr(self, overload, found)
        return found

    def overloads(self) -> list[str]:
        """The names of the overloads."""
        cards = registry.overloads_of(self.operator_kind)
        return [c.schema.overload or "default" for c in cards]

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='{self.operator_kind.replace('::', '.')}')>"


class Namespace:
    """The operators of one namespace, `torch.ops.aten`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> OpOverloadPacket:
        import jit.runtime.ops  # noqa: F401  declares the cards

        kind = f"{self._name}::{name}"
        if not registry.has_kind(kind):
            near = ", ".join(registry.nearest_kinds(kind))
            raise AttributeError(
                f"there is no operator `{kind}`" + (f"; near: {near}" if near else "")
            )
        found = OpOverloadPacket(kind)
        setattr(self, name, found)
        return found


aten = Namespace("aten")
prim = Namespace("prim")
np = Namespace("np")
