"""Which names statements assign, and which are live after them.

A name is *live* where its value may still be read. An `if` returns the names that it
assigns and that are live after it; a loop carries the names that it assigns and that
are live at its start or after it.

    while n > 0:        assigned {n, s, t}     exposed {n, s}: read before assigned
        t = n * n                              live after {s}
        s = s + t       carried {n, s}
        n = n - 1
    return s
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from jit.frontend import tree as t

Names = frozenset[str]
NO_NAMES: Names = frozenset()


def target_names(target: t.Expr) -> Iterator[str]:
    """The names that an assignment to a target defines."""
    match target:
        case t.Name(_, id):
            yield id
        case t.TupleExpr(_, elements):
            for e in elements:
                yield from target_names(e)
        case t.Starred(_, value):
            yield from target_names(value)


def walrus_names(*roots: t.Expr | None) -> Iterator[str]:
    """The names that expressions define with `:=`."""
    for root in roots:
        if root is not None:
            for e in sub_expressions(root):
                if isinstance(e, t.Walrus):
                    yield e.target.id
                elif isinstance(e, t.PatternTest):
                    yield from pattern_names(e.pattern)


def pattern_names(pattern: t.Pattern) -> Iterator[str]:
    """The names that a pattern defines if it matches."""
    match pattern:
        case t.CapturePattern(_, inner, target):
            if target is not None:
                yield target.id
            if inner is not None:
                yield from pattern_names(inner)
        case t.MappingPattern(_, _, _, rest):
            if rest is not None:
                yield rest.id
    for part in _sub_patterns(pattern):
        yield from pattern_names(part)


def _sub_patterns(pattern: t.Pattern) -> Sequence[t.Pattern]:
    match pattern:
        case t.OrPattern(_, patterns) | t.MappingPattern(_, _, patterns, _):
            return patterns
        case t.SequencePattern(_, before, star, after):
            return (*before, *([star] if star is not None else []), *after)
        case t.ClassPattern(_, _, patterns, keywords):
            return (*patterns, *(p for _, p in keywords))
    return ()


def _pattern_expressions(pattern: t.Pattern) -> list[t.Expr | None]:
    """The expressions that a pattern compares with."""
    found: list[t.Expr | None] = []
    match pattern:
        case t.ValuePattern(_, value):
            found.append(value)
        case t.MappingPattern(_, keys, _, _):
            found += keys
        case t.ClassPattern(_, cls, _, _):
            found.append(cls)
        case t.CapturePattern(_, t.Pattern() as inner, _):
            found += _pattern_expressions(inner)
    for part in _sub_patterns(pattern):
        found += _pattern_expressions(part)
    return found


def assigned(body: Iterable[t.Stmt]) -> Names:
    """The names that statements may define, however deep."""
    found: set[str] = set()
    for s in body:
        found.update(walrus_names(*own_expressions(s)))
        match s:
            case t.Assign(_, targets, _):
                for target in targets:
                    found.update(target_names(target))
            case t.AnnAssign(_, target, _, _) | t.AugAssign(_, target, _, _):
                found.update(target_names(target))
            case t.If(_, _, then, orelse):
                found |= assigned(then) | assigned(orelse)
            case t.While(_, _, inner):
                found |= assigned(inner)
            case t.For(_, target, _, inner):
                found |= assigned(inner)
                found.update(target_names(target))
            case t.With(_, contexts, inner):
                found |= assigned(inner)
                for c in contexts:
                    if isinstance(c, t.Context):
                        found.update(target_names(c.target))
            case t.Try(_, inner, handlers, orelse, final):
                found |= assigned(inner) | assigned(orelse) | assigned(final)
                for h in handlers:
                    found |= assigned(h.body)
                    if h.name:
                        found.add(h.name)
            case t.Delete(_, targets):
                for target in targets:
                    found.update(target_names(target))
            case t.Import(_, _, _, target):
                found.add(target)
            case t.Define(_, function, _):
                found.add(function.name)
    return frozenset(found)


def outside_names(body: Iterable[t.Stmt], kind: str) -> Names:
    """The names that statements declare as `global` or `nonlocal`."""
    return frozenset(
        name
        for s in statements_of(body)
        if isinstance(s, t.Outside) and s.kind == kind
        for name in s.names
    )


def statements_of(body: Iterable[t.Stmt]) -> Iterator[t.Stmt]:
    """All statements, however deep, but those of inner functions."""
    for s in body:
        yield s
        match s:
            case t.If(_, _, first, second):
                parts = [first, second]
            case t.While(_, _, inner) | t.For(_, _, _, inner) | t.With(_, _, inner):
                parts = [inner]
            case t.Try(_, inner, handlers, orelse, final):
                parts = [inner, *(h.body for h in handlers), orelse, final]
            case _:
                parts = []
        for part in parts:
            yield from statements_of(part)


def inner_functions(body: Iterable[t.Stmt]) -> Iterator[t.FunctionTree]:
    """The functions and lambdas directly inside of a function."""
    for s in statements_of(body):
        if isinstance(s, t.Define):
            yield s.function
        for root in own_expressions(s):
            if root is not None:
                for e in sub_expressions(root):
                    if isinstance(e, t.Lambda):
                        yield e.function


def shared_names(body: Iterable[t.Stmt]) -> Names:
    """The names that inner functions, however deep, assign in an outer one."""
    found: set[str] = set()
    for inner in inner_functions(body):
        found |= outside_names(inner.body, "nonlocal") | shared_names(inner.body)
    return frozenset(found)


def free_names(function: t.FunctionTree) -> Names:
    """The names that a function reads or assigns and that are not its own."""
    own = {p.name for p in function.params} | assigned(function.body)
    outside = outside_names(function.body, "nonlocal")
    own -= outside
    read: set[str] = set(outside)
    for s in statements_of(function.body):
        read |= _used_by(s)
    for inner in inner_functions(function.body):
        read |= free_names(inner)
    return frozenset(read - own)


def returns_value(body: Iterable[t.Stmt]) -> bool:
    """Whether some `return` gives a value."""
    return any(
        isinstance(s, t.Return) and s.value is not None for s in statements_of(body)
    )


def own_expressions(s: t.Stmt) -> list[t.Expr | None]:
    """The expressions that a statement holds directly, in order of evaluation."""
    match s:
        case t.Assign(_, targets, value):
            return [value, *(x for x in targets if not isinstance(x, t.Name))]
        case t.AnnAssign(_, target, _, value):
            return [value, None if isinstance(target, t.Name) else target]
        case t.AugAssign(_, target, _, value):
            return [target, value]
        case t.ExprStmt(_, value) | t.Return(_, value):
            return [value]
        case t.Raise(_, exception, cause):
            return [exception, cause]
        case t.If(_, test, _, _) | t.While(_, test, _):
            return [test]
        case t.For(_, target, iterable, _):
            return [iterable, None if isinstance(target, t.Name) else target]
        case t.Assert(_, test, message):
            return [test, message]
        case t.With(_, contexts, _):
            return list(contexts)
        case t.Delete(_, targets):
            return [x for x in targets if not isinstance(x, t.Name)]
        case t.Try(_, _, handlers, _, _):
            return [h.type for h in handlers]
        case t.Define(_, _, defaults):
            return [value for _, value in defaults]
    return []


def children(e: t.Expr) -> list[t.Expr | None]:
    """The expressions directly inside of one."""
    match e:
        case t.Attribute(_, value, _) | t.Starred(_, value) | t.Context(_, value, _):
            return [value]
        case t.Subscript(_, value, index):
            return [value, index]
        case t.Slice(_, lower, upper, step):
            return [lower, upper, step]
        case t.Call(_, function, args, keywords):
            return [function, *args, *(k.value for k in keywords)]
        case t.Binary(_, _, left, right):
            return [left, right]
        case t.Unary(_, _, operand):
            return [operand]
        case t.Logical(_, _, operands) | t.Compare(_, _, operands):
            return list(operands)
        case t.IfExpr(_, test, then, orelse):
            return [test, then, orelse]
        case (
            t.TupleExpr(_, elements) | t.ListExpr(_, elements) | t.SetExpr(_, elements)
        ):
            return list(elements)
        case t.Lambda(_, _, defaults):
            return [value for _, value in defaults]
        case t.PatternTest(_, subject, pattern):
            return [subject, *_pattern_expressions(pattern)]
        case t.DictExpr(_, keys, values):
            return [*keys, *values]
        case t.Walrus(_, _, value):
            return [value]
        case t.FString(_, parts):
            found: list[t.Expr | None] = []
            for part in parts:
                if isinstance(part, t.Field):
                    found += [part.value, part.spec]
            return found
        case t.Comprehension(_, _, key, element, generators):
            inner: list[t.Expr | None] = []
            for g in generators:
                inner += [g.iterable, *g.conditions]
            return [*inner, key, element]
    return []


def sub_expressions(root: t.Expr) -> Iterator[t.Expr]:
    """An expression and all inside of it."""
    yield root
    for child in children(root):
        if child is not None:
            yield from sub_expressions(child)


def used(*roots: t.Expr | None) -> Names:
    """The names that expressions read."""
    found: set[str] = set()
    for e in roots:
        if e is None:
            continue
        if isinstance(e, t.Name):
            found.add(e.id)
        elif isinstance(e, t.Comprehension):
            own = {n for g in e.generators for n in target_names(g.target)}
            # its first iterable is evaluated outside of its scope
            found |= used(*children(e)) - own | used(e.generators[0].iterable)
        else:
            found |= used(*children(e))
    return frozenset(found)


def _used_by(s: t.Stmt) -> Names:
    """The names that the expressions of a statement read, targets apart."""
    match s:
        case t.Assign(_, targets, value):
            return used(value, *map(_read_target, targets))
        case t.AnnAssign(_, target, _, value):
            return used(value, _read_target(target))
        case t.For(_, target, iterable, _):
            return used(iterable, _read_target(target))
        case t.Delete(_, targets):
            return used(*map(_read_target, targets))
    return used(*own_expressions(s))


def _read_target(target: t.Expr) -> t.Expr | None:
    """What a target reads: `x` and `i` of `x[i] = v`, nothing of a plain name."""
    match target:
        case t.Name():
            return None
        case t.Starred(_, value):
            return _read_target(value)
        case t.TupleExpr(span, elements):
            read = tuple(r for r in map(_read_target, elements) if r is not None)
            return t.TupleExpr(span, read)
    return target


def surely_named(test: t.Expr) -> Iterator[str]:
    """The names that evaluating a test always defines."""
    if isinstance(test, t.Walrus):
        yield test.target.id
    if isinstance(test, t.Logical | t.Compare):
        yield from surely_named(test.operands[0])
    elif not isinstance(test, t.IfExpr | t.Comprehension | t.PatternTest):
        for part in children(test):
            if part is not None:
                yield from surely_named(part)


class Liveness:
    """The answers for one function.

    Statements are known by identity: `after(s)` is what is live after a statement,
    `exposed(s)` what is live at the start of a loop's body, or of any handler of a try.
    """

    def __init__(self, body: Sequence[t.Stmt]) -> None:
        self._after: dict[int, Names] = {}
        self._exposed: dict[int, Names] = {}
        self.added: list[Sequence[t.Stmt]] = []
        """Kept, since statements are known by identity."""
        self.captured = frozenset(
            n for f in inner_functions(body) for n in free_names(f)
        )
        """What inner functions read whenever they are called: always live."""
        self._live(body, NO_NAMES, NO_NAMES, NO_NAMES, NO_NAMES)

    def add(self, body: Sequence[t.Stmt], after: Names) -> None:
        """Answer for statements made later, in place of others."""
        self.added.append(body)
        self._live(body, after, after, after, after)

    def after(self, s: t.Stmt) -> Names:
        return self._after.get(id(s), NO_NAMES) | self.captured

    def exposed(self, s: t.Stmt) -> Names:
        return self._exposed.get(id(s), NO_NAMES) | self.captured

    def _live(
        self,
        body: Sequence[t.Stmt],
        after: Names,
        at_break: Names,
        at_continue: Names,
        at_raise: Names,
    ) -> Names:
        live = after
        for s in reversed(body):
            live |= at_raise
            self._after[id(s)] = live
            live = self._before(s, live, at_break, at_continue, at_raise)
        return live

    def _before(
        self,
        s: t.Stmt,
        after: Names,
        at_break: Names,
        at_continue: Names,
        at_raise: Names,
    ) -> Names:
        read = _used_by(s)
        match s:
            case t.Assign() | t.AnnAssign() | t.AugAssign() | t.Delete():
                value = getattr(s, "value", None)
                if isinstance(s, t.AnnAssign) and value is None:
                    return after | read
                gone = assigned([s])
                return (after - gone) | read
            case t.If(_, _, then, orelse):
                live = self._live(then, after, at_break, at_continue, at_raise)
                live |= self._live(orelse, after, at_break, at_continue, at_raise)
                return (live - set(surely_named(s.test))) | read
            case t.While() | t.For():
                return self._loop(s, after, at_raise, read)
            case t.Break():
                return at_break | at_raise
            case t.Continue():
                return at_continue | at_raise
            case t.Return() | t.Raise():
                return read | at_raise
            case t.With(_, _, inner):
                # what leaves by an exception may be held back, and go on behind
                raised = at_raise | after
                self._exposed[id(s)] = raised
                live = self._live(inner, after, at_break, at_continue, raised)
                return read | live
            case t.Try():
                return read | self._try(s, after, at_break, at_continue, at_raise)
        return (after - assigned([s])) | read

    def _loop(
        self, s: t.While | t.For, after: Names, at_raise: Names, read: Names
    ) -> Names:
        targets: Names = NO_NAMES
        if isinstance(s, t.For):
            targets = frozenset(target_names(s.target))
        head = after | at_raise
        while True:
            # one more round carries what the next iteration reads
            start = self._live(s.body, head, after, head, at_raise)
            at_head = (start - targets) | after
            if isinstance(s, t.While):
                at_head |= read
            if at_head <= head:
                break
            head |= at_head
        self._exposed[id(s)] = head
        return head | read

    def _try(
        self,
        s: t.Try,
        after: Names,
        at_break: Names,
        at_continue: Names,
        at_raise: Names,
    ) -> Names:
        end = self._live(s.final, after, at_break, at_continue, at_raise)
        # an exception that no handler takes runs the final part as well
        raised = at_raise | (end if s.final else NO_NAMES)
        caught = raised
        for h in s.handlers:
            own = {h.name} if h.name else set()
            caught |= self._live(h.body, end, at_break, at_continue, raised) - own
        self._exposed[id(s)] = caught
        orelse = self._live(s.orelse, end, at_break, at_continue, raised)
        return caught | self._live(s.body, orelse, at_break, at_continue, caught)


def is_only_spread(function: t.FunctionTree, name: str) -> bool:
    """Whether all that a function does with a parameter is to spread it: `**name`."""
    reads = spreads = 0
    for s in statements_of(function.body):
        for root in own_expressions(s):
            for e in sub_expressions(root) if root is not None else ():
                if isinstance(e, t.Name) and e.id == name:
                    reads += 1
                if isinstance(e, t.Call):
                    spreads += sum(
                        not k.name
                        and isinstance(k.value, t.Name)
                        and k.value.id == name
                        for k in e.keywords
                    )
    captured = any(name in free_names(f) for f in inner_functions(function.body))
    changed = name in assigned(function.body)
    return spreads > 0 and reads == spreads and not captured and not changed
