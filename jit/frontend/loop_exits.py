"""The `break` and `continue` of a loop, found in its body and told by a flag."""

from __future__ import annotations

from collections.abc import Sequence

from jit.frontend import tree as t


def leaves_loop(body: tuple[t.Stmt, ...]) -> bool:
    """Whether `break` or `continue` of this loop occurs."""
    for s in body:
        match s:
            case t.Break() | t.Continue():
                return True
            case t.If(_, _, then, orelse):
                if leaves_loop(then) or leaves_loop(orelse):
                    return True
            case t.With(_, _, inner):
                if leaves_loop(inner):
                    return True
            case t.Try(_, inner, handlers, orelse, final):
                parts = [inner, orelse, final, *(h.body for h in handlers)]
                if any(map(leaves_loop, parts)):
                    return True
    return False


def flag_breaks(body: Sequence[t.Stmt], flag: str) -> list[t.Stmt]:
    """The statements with `flag = True` before each `break` of their loop."""

    def inside(part: Sequence[t.Stmt]) -> tuple[t.Stmt, ...]:
        return tuple(flag_breaks(part, flag))

    found: list[t.Stmt] = []
    for s in body:
        match s:
            case t.Break(span):
                name = t.Name(span, flag)
                found += [t.Assign(span, (name,), t.Constant(span, True)), s]
            case t.If(span, test, then, orelse):
                found.append(t.If(span, test, inside(then), inside(orelse)))
            case t.With(span, contexts, inner):
                found.append(t.With(span, contexts, inside(inner)))
            case t.Try(span, inner, handlers, orelse, final):
                caught = tuple(
                    t.Handler(h.span, h.type, h.name, inside(h.body)) for h in handlers
                )
                found.append(
                    t.Try(span, inside(inner), caught, inside(orelse), inside(final))
                )
            case _:
                found.append(s)
    return found
