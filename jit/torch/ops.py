"""`torch.ops.aten.add.Tensor(x, y, alpha=2)`: one overload, by its full name."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from jit.ir import registry
from jit.ir.card import Card
from jit.runtime import dispatch, inplace_views
from jit.runtime.binding import NoOverloadError, Signature, call_operator
from jit.runtime.out_results import store_result


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
        if signature.gives_tensors:
            return tuple(result)
        mask = self.schema.index_of.get("output_mask")
        if mask is None:
            return result
        # in a program what is not asked for is an empty tensor, in Python none
        return tuple(r if w else None for r, w in zip(result, bound[mask], strict=True))

    def __repr__(self) -> str:
        namespace, _, name = self.schema.kind.partition("::")
        overload = self.schema.overload or "default"
        return f"<OpOverload(op='{namespace}.{name}', overload='{overload}')>"


class OutOverload:
    """The overload that writes into `out`: `torch.ops.aten.atan2.out`."""

    def __init__(self, kind: str, overload: str, card: type[Card] | None) -> None:
        self.operator_kind = kind
        self._overload = overload
        self._card = card
        """The overload that makes a new tensor; None: the one that the values fit."""

    def __call__(self, *args: Any, out: Any, **kwargs: Any) -> Any:
        if self._card is None:
            return call_operator(self.operator_kind, args, {**kwargs, "out": out})
        return store_result(
            self.operator_kind, out, OpOverload(self._card)(*args, **kwargs)
        )

    def __repr__(self) -> str:
        name = self.operator_kind.replace("::", ".")
        return f"<OpOverload(op='{name}', overload='{self._overload}')>"


class MethodOverload:
    """An operator that is a method in Python's terms: `torch.ops.aten.resize_`."""

    def __init__(self, kind: str, method: Callable[..., Any]) -> None:
        self.operator_kind = kind
        self.default = method

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.default(*args, **kwargs)


class OpOverloadPacket:
    """All overloads of one kind; called, it chooses one."""

    def __init__(self, kind: str) -> None:
        self.operator_kind = kind

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return call_operator(self.operator_kind, args, kwargs)

    def __getattr__(self, overload: str) -> OpOverload | OutOverload:
        name = "" if overload == "default" else overload
        card = registry.find_card(self.operator_kind, name)
        found = OpOverload(card) if card is not None else self._with_out(name)
        if found is None:
            names = self.overloads()
            near = difflib.get_close_matches(overload, names, 3, 0.5)
            raise AttributeError(
                f"`{self.operator_kind}` has no overload `{overload}`; "
                + (f"near: {', '.join(near)}; " if near else "")
                + f"it has: {', '.join(names)}"
            )
        setattr(self, overload, found)
        return found

    def _with_out(self, overload: str) -> OutOverload | None:
        """The overload that writes what another one gives; None if there is none."""
        kind = self.operator_kind
        if overload == "out":
            cards = registry.overloads_of(kind)
            makes = any(not c.schema.has_alias and c.schema.returns for c in cards)
            return OutOverload(kind, overload, None) if makes else None
        if not overload.endswith("_out"):
            return None
        card = registry.find_card(kind, overload.removesuffix("_out"))
        if card is None or card.schema.has_alias:
            return None
        return OutOverload(kind, overload, card)

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

    def __getattr__(self, name: str) -> OpOverloadPacket | MethodOverload:
        import jit.runtime.ops  # noqa: F401  declares the cards

        kind = f"{self._name}::{name}"
        if self._name == "aten" and name in inplace_views.METHODS:
            return MethodOverload(kind, inplace_views.METHODS[name])
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
