"""The smallest common type of two, and the values of type variables."""

from __future__ import annotations

from jit.ir import types as T
from jit.ir.subtyping import CLASSES, ancestors, is_subtype


def unify(a: T.Type, b: T.Type) -> T.Type | None:
    """The common type of a name that is `a` on one path and `b` on another.

    None if there is none: `int` and `float` do not mix, as in TorchScript.
    """
    if a == b:
        return a
    match a, b:
        case T.TensorType(d, s), T.TensorType(e, t):
            return T.TensorType(d if d is e else None, _common_sizes(s, t))
        case T.ArrayType(d, s), T.ArrayType(e, t):
            return T.ArrayType(d if d is e else None, _common_sizes(s, t))
        case (T.TensorType(), T.ArrayType()) | (T.ArrayType(), T.TensorType()):
            return None
        case T.SimpleType("NoneType"), other:
            return T.optional(other)
        case other, T.SimpleType("NoneType"):
            return T.optional(other)
        case (T.OptionalType(x), T.OptionalType(y)):
            inner = unify(x, y)
            return None if inner is None else T.optional(inner)
        case (T.OptionalType(x), y) | (y, T.OptionalType(x)):
            inner = unify(x, y)
            return None if inner is None else T.optional(inner)
        case (T.TupleType() | T.NamedTupleType()) as p, (
            T.TupleType() | T.NamedTupleType()
        ) as q:
            if len(p.elements) != len(q.elements):
                return None
            common = [unify(e, f) for e, f in zip(p.elements, q.elements, strict=True)]
            known = tuple(c for c in common if c is not None)
            return T.TupleType(known) if len(known) == len(common) else None
        case T.ListType(x), T.ListType(y) if T.is_tensor_like(x):
            inner = unify(x, y)
            return None if inner is None else T.ListType(inner)
    if is_subtype(a, b):
        return b
    if is_subtype(b, a):
        return a
    if isinstance(a, T.ClassType) and isinstance(b, T.ClassType):
        others = ancestors(b.name)
        shared = [
            name for name in ancestors(a.name) if name in others and name in CLASSES
        ]
        return T.ClassType(shared[0]) if shared else None
    return None


def either(a: T.Type, b: T.Type) -> T.Type:
    """The type of a value that is of one of two: their common one, or a union."""
    common = unify(a, b)
    if common is not None:
        return common
    p, q = T.tuple_elements(a), T.tuple_elements(b)
    if p is not None and q is not None and len(p) == len(q):
        return T.TupleType(tuple(map(either, p, q)))
    return T.union_of((a, b))


def _common_sizes(a: T.Sizes | None, b: T.Sizes | None) -> T.Sizes | None:
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else None for x, y in zip(a, b, strict=True))


def match_variables(
    pattern: T.Type, actual: T.Type, bound: dict[str, T.Type]
) -> T.Type | None:
    """`pattern` with its variables replaced so that it accepts `actual`.

    Variables found on the way are added to `bound`. None if the shapes of the types
    differ; whether `actual` is a subtype of the result is left to the caller.
    """
    if not T.contains_variable(pattern):
        return pattern
    match pattern, actual:
        case T.TypeVariable(name), _:
            if name not in bound:
                bound[name] = actual
            elif not is_subtype(actual, bound[name]):
                common = unify(bound[name], actual)
                if common is None:
                    return None
                bound[name] = common
            return bound[name]
        case T.ListType(p), T.ListType(x):
            inner = match_variables(p, x, bound)
            return None if inner is None else T.ListType(inner)
        case T.SetType(p), T.SetType(x):
            inner = match_variables(p, x, bound)
            return None if inner is None else T.SetType(inner)
        case T.FutureType(p), T.FutureType(x):
            inner = match_variables(p, x, bound)
            return None if inner is None else T.FutureType(inner)
        case T.OptionalType(p), T.OptionalType(x):
            inner = match_variables(p, x, bound)
            return None if inner is None else T.optional(inner)
        case T.OptionalType(p), x:
            if x == T.NONE:
                return substitute(pattern, bound)
            inner = match_variables(p, x, bound)
            return None if inner is None else T.optional(inner)
        case T.DictType(pk, pv), T.DictType(xk, xv):
            key = match_variables(pk, xk, bound)
            value = match_variables(pv, xv, bound)
            if key is None or value is None:
                return None
            return T.DictType(key, value)
        case T.TupleType(ps), (T.TupleType() | T.NamedTupleType()):
            xs = actual.elements
            if len(ps) != len(xs):
                return None
            inner_types = [
                match_variables(p, x, bound) for p, x in zip(ps, xs, strict=True)
            ]
            known = tuple(t for t in inner_types if t is not None)
            return T.TupleType(known) if len(known) == len(ps) else None
    return None


def substitute(pattern: T.Type, bound: dict[str, T.Type]) -> T.Type:
    """`pattern` with its bound variables replaced; unbound ones become `Any`."""
    if isinstance(pattern, T.TypeVariable):
        return bound.get(pattern.name, T.ANY)
    return T.rebuild(pattern, lambda inner: substitute(inner, bound))
