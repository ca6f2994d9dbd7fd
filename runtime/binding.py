"""Which overload a call on runtime values means, and the arguments it then gets.

Two rounds over the overloads of a kind, in the order of their declaration; the first
that takes the values wins. In the first round values count as what they are: a number
is no Tensor, a Tensor no number. In the second, an array may stand for a Tensor, a
one-element Tensor for a number, a bool for an int, and in sums, differences, products
and quotients a number for a 0-dim Tensor. Calls whose types alone decide are remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jit.ir import registry
from jit.ir import types as T
from jit.ir.card import Card
from jit.ir.schema import REQUIRED, Argument
from jit.runtime import dispatch, values
from jit.runtime.eager.operator import EagerOperator
from jit.runtime.public_names import mentions_tensors
from jit.runtime.tensor import Tensor
from jit.runtime.values import REFUSED, Accept


class NoOverloadError(TypeError):
    """No overload takes the values of a call."""


OTHER_NAMES = {
    "self": ("input", "x", "a", "x1"),
    "input": ("self",),
    "other": ("x2",),
    "dim": ("axis",),
    "dims": ("axis", "dim"),
    "keepdim": ("keepdims",),
    "split_size": ("split_size_or_sections",),
    "split_sizes": ("split_size_or_sections",),
}
"""Keywords that torch takes in place of the names in a schema."""


NUMBERS_AS_TENSORS = frozenset(
    f"aten::{name}{end}"
    for name in (
        "add", "sub", "subtract", "mul", "multiply", "div", "divide", "true_divide",
        "floor_divide", "bucketize", "searchsorted", "__lshift__", "__rshift__",
    )
    for end in ("", "_")
)  # fmt: skip
"""Operators that take a number where the schema says Tensor; torch refuses it elsewhere."""


class Parameter:
    """One argument of a schema, ready to take values."""

    __slots__ = (
        "convert",
        "default",
        "exact",
        "keyword_only",
        "name",
        "names",
        "spread",
    )

    def __init__(self, argument: Argument, spread: bool, numbers: bool) -> None:
        self.name = argument.name
        self.names = (argument.name, *OTHER_NAMES.get(argument.name, ()))
        self.default = argument.default
        self.keyword_only = argument.keyword_only
        self.spread = spread
        """Whether it takes all remaining positional numbers: `x.view(2, 3)`."""
        self.exact: Accept = values.exact(argument)
        self.convert: Accept = values.convertible(argument, numbers)


class Signature:
    """A card, ready to be bound."""

    __slots__ = ("card", "count", "gives_tensors", "parameters", "positional", "run")

    def __init__(self, card: type[Card]) -> None:
        self.card = card
        schema = card.schema
        arguments = schema.arguments
        spread = _spread_position(arguments)
        of_torch = schema.kind.startswith("aten::")
        numbers = not of_torch or schema.kind in NUMBERS_AS_TENSORS
        self.parameters = [
            Parameter(a, i == spread, numbers) for i, a in enumerate(arguments)
        ]
        self.count = len(arguments)
        self.positional = sum(not a.keyword_only for a in arguments)
        self.gives_tensors = [str(r.type) for r in schema.returns] == ["Tensor[]"]
        self.run: dispatch.Runner | None = None
        """What runs the card where nobody watches, once it was needed."""

    def bind(
        self, args: Sequence[Any], kwargs: Mapping[str, Any] | None, converting: bool
    ) -> list[Any] | None:
        """The arguments of the schema, in order; None if the call does not fit."""
        given = len(args)
        bound: list[Any] = []
        used = 0
        for position, p in enumerate(self.parameters):
            if position < given and not p.keyword_only:
                value = args[position]
                if p.spread and not isinstance(value, list | tuple):
                    # all that is left, unless one number is enough
                    value = args[position:]
                    given = position + 1
            elif kwargs:
                name = next((n for n in p.names if n in kwargs), None)
                if name is not None:
                    value = kwargs[name]
                    used += 1
                elif p.default is REQUIRED:
                    return None
                else:
                    bound.append(p.default)
                    continue
            elif p.default is REQUIRED:
                return None
            else:
                bound.append(p.default)
                continue
            taken = p.exact(value)
            if taken is REFUSED and converting:
                taken = p.convert(value)
            if taken is REFUSED:
                return None
            bound.append(taken)
        if kwargs and used < len(kwargs):
            return None
        if given > self.positional:
            if not self.card.schema.is_vararg:
                return None
            bound.extend(args[self.count :])
        return bound

    def explain(
        self, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[int, str]:
        """How many arguments fit, and why the next does not."""
        known = set()
        for depth, p in enumerate(self.parameters):
            name = next((n for n in p.names if n in kwargs), None)
            if depth < len(args) and not p.keyword_only:
                if name is not None:
                    return depth, f"argument `{name}` is given twice"
                value = args[depth]
                if p.spread and not isinstance(value, list | tuple):
                    value, args = args[depth:], args[: depth + 1]
            elif name is not None:
                known.add(name)
                value = kwargs[name]
            elif p.default is REQUIRED:
                return depth, f"argument `{p.name}` is missing"
            else:
                continue
            if p.exact(value) is REFUSED and p.convert(value) is REFUSED:
                wanted = self.card.schema.arguments[depth].type
                # one value that was no size is told as it was given
                shown = (
                    value[0] if isinstance(value, tuple) and len(value) == 1 else value
                )
                return depth + 1, (
                    f"argument `{p.name}` is {values.describe(shown)}, expected"
                    f" `{wanted}`"
                )
        fitted = sum(not p.keyword_only for p in self.parameters[: len(args)])
        for name in kwargs:
            if name not in known:
                return fitted, f"there is no argument `{name}`"
        return fitted, (
            f"{len(args)} positional arguments are given, it takes {self.positional}"
        )


def _spread_position(arguments: Sequence[Argument]) -> int | None:
    """The position of an `int[]` that may be given as separate numbers."""
    positional = [a for a in arguments if not a.keyword_only]
    starts = 1 if positional and positional[0].type == T.TENSOR else 0
    if len(positional) != starts + 1 or positional[starts].length is not None:
        return None  # for `int[2]`, one number stands for both
    return starts if str(positional[starts].type) in ("int[]", "int[]?") else None


class Resolver:
    """Finds the overload of one kind that a call means."""

    __slots__ = ("count", "kind", "known", "signatures", "tensors_only")

    def __init__(self, kind: str, tensors_only: bool = False) -> None:
        self.kind = kind
        self.tensors_only = tensors_only
        """Whether overloads on lists and numbers alone are left out."""
        self.signatures: list[Signature] = []
        self.count = 0
        """How many overloads were declared when they were read."""
        self.known: dict[tuple[type, ...], tuple[Signature, tuple[Any, ...]]] = {}
        """Types of positional arguments, where they decide → the overload, and the
        defaults that follow."""

    def call(self, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> Any:
        """Call the overload that takes these values."""
        if not kwargs:
            known = self.known.get(tuple(map(type, args)))
            if known is not None:
                signature, defaults = known
                if (
                    dispatch.observer is None
                    and dispatch.recorder is None
                    and dispatch.caster is None
                ):
                    if signature.run is None:
                        signature.run = dispatch.runner(signature.card)
                    result = signature.run(*args, *defaults)
                else:
                    result = dispatch.call(signature.card, (*args, *defaults))
                return tuple(result) if signature.gives_tensors else result
        elif "out" in kwargs:
            return self._call_with_out(args, dict(kwargs))
        signature, bound = self.choose(args, kwargs)
        if not kwargs:
            self._remember(args, signature, bound)
        result = dispatch.call(signature.card, bound)
        return tuple(result) if signature.gives_tensors else result

    def choose(
        self, args: Sequence[Any], kwargs: Mapping[str, Any] | None
    ) -> tuple[Signature, list[Any]]:
        """The overload that takes these values, and all its arguments."""
        is_current = self.count and self.count == len(registry.overloads_of(self.kind))
        signatures = self.signatures if is_current else self._read()
        for converting in (False, True):
            for signature in signatures:
                bound = signature.bind(args, kwargs, converting)
                if bound is not None:
                    return signature, bound
        raise NoOverloadError(_nearest_miss(self.kind, signatures, args, kwargs or {}))

    def _read(self) -> list[Signature]:
        """The overloads, from the registry; AttributeError if there are none."""
        kind = self.kind
        if not registry.has_kind(kind):
            import jit.runtime.ops  # noqa: F401  declares the cards
        cards = registry.overloads_of(kind)
        count = len(cards)
        if self.tensors_only:
            cards = [c for c in cards if mentions_tensors(c.schema)]
        if not cards:
            near = ", ".join(f"`{k}`" for k in registry.nearest_kinds(kind))
            raise AttributeError(
                f"there is no operator `{kind}`" + (f"; near: {near}" if near else "")
            )
        made = [Signature(card) for card in cards]
        # other threads believe the signatures once the count fits
        self.signatures = made
        self.count = count
        return made

    def _remember(
        self, args: Sequence[Any], signature: Signature, bound: list[Any]
    ) -> None:
        """Note the overload if the types of the arguments alone decided."""
        for given, taken in zip(args, bound, strict=False):
            plain = type(given) in _DECIDED_BY_TYPE or isinstance(given, Tensor)
            if given is not taken or not plain:
                return
        defaults = tuple(bound[len(args) :])
        self.known[tuple(map(type, args))] = (signature, defaults)

    def _call_with_out(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        out = kwargs.pop("out")
        if out is None:
            return self.call(args, kwargs)
        signature, bound = self.choose(args, kwargs)
        from jit.runtime import out_results

        out_results.refuse_gradients(self.kind, bound, out)
        out_results.refuse_overlap(self.kind, bound, out)
        out_results.take_dtype(signature.card, bound, out)
        run = dispatch.call if dispatch.caster is None else dispatch.call_uncast
        result = run(signature.card, bound)
        out_results.store_result(self.kind, out, result)
        return None if signature.gives_tensors else out


_DECIDED_BY_TYPE = frozenset((bool, int, float, complex, str, type(None)))

_resolvers: dict[str, Resolver] = {}


def resolver_of(kind: str) -> Resolver:
    """What chooses among all overloads of a kind."""
    found = _resolvers.get(kind)
    if found is None:
        found = _resolvers[kind] = Resolver(kind)
    return found


def call_operator(
    kind: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
) -> Any:
    """Call the overload of `kind` that takes these values.

    `out=` copies the result into a tensor and returns that. Lists of tensors come as
    tuples. Raises NoOverloadError, a TypeError, if no overload takes the values, and
    AttributeError if there is no such operator.
    """
    return resolver_of(kind).call(args, kwargs)


def _nearest_miss(
    kind: str,
    signatures: Sequence[Signature],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> str:
    misses = [(s.explain(args, kwargs), s.card.schema) for s in signatures]
    (_, reason), schema = max(misses, key=lambda m: m[0][0])
    name = kind.rpartition("::")[2]
    given = ", ".join(
        [values.describe(a) for a in args]
        + [f"{n}={values.describe(v)}" for n, v in kwargs.items()]
    )
    return f"{name}(): {reason}\n  given: ({given})\n  nearest: {schema}"


Operator = Callable[..., Any]


def make_operator(kind: str) -> Operator:
    """A function that calls the overloads of an operator that are about tensors."""

    resolver = Resolver(kind, tensors_only=True)

    def operator(*args: Any, **kwargs: Any) -> Any:
        return resolver.call(args, kwargs)

    name = kind.rpartition("::")[2]
    return EagerOperator(kind, operator, name, name)


def is_number(value: Any) -> bool:
    """Whether it is a Python or NumPy number."""
    return isinstance(value, int | float | complex | np.number | np.bool_)
