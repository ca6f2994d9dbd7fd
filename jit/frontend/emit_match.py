"""Emit the tests of `match`: whether a value matches a pattern, and what that defines.

    case [0, y, *_]:       len(s) >= 2 and s[0] == 0, then y = s[1]

A test is written with what follows if it holds, so that names are defined only once all
of the pattern has matched. What the types decide is decided while compiling: a `str` is
never a `case int()`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.arguments import known_elements
from jit.frontend.assigned import pattern_names
from jit.frontend.emit_control import choose
from jit.frontend.failures import fail
from jit.frontend.methods import attribute_of_value
from jit.frontend.operators import NUMBERS, apply, compare, contains
from jit.frontend.refine import (
    Condition,
    combined,
    instance_test,
    is_none,
    known,
    matching_type,
    members_of,
    plain_truth,
    types_of,
)
from jit.frontend.sugared import Emitted, Sugared
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

Then = Callable[[], Condition]
"""What is to be tested, or defined, once a pattern has matched."""


def emit_pattern_test(e: Emitter, node: t.PatternTest) -> Condition:
    """Whether the subject of a `match` matches a pattern."""
    subject = e.expr(node.subject)
    assert isinstance(node.subject, t.Name)
    tester = _Tester(e, frozenset(pattern_names(node.pattern)))
    return tester.test(node.pattern, subject, lambda: known(e, True), node.subject.id)


class _Tester:
    """The tests of one pattern."""

    def __init__(self, e: Emitter, names: frozenset[str]) -> None:
        self.e = e
        self.names = names
        """All names that the pattern may define."""

    def both(self, first: Condition, then: Then) -> Condition:
        """`first and then`."""
        return combined(self.e, "and", first, then, self.names)

    def test(
        self, pattern: t.Pattern, subject: Emitted, then: Then, name: str | None = None
    ) -> Condition:
        """Whether a subject matches, and what follows holds; `name` stands for it."""
        e = self.e
        match pattern:
            case t.CapturePattern(_, inner, target):
                return self._capture(inner, target, subject, then, name)
            case t.OrPattern():
                return self._any_of(pattern, subject, then, name)
            case t.ValuePattern(span, value):
                return self.both(self._equals(subject, e.expr(value), span), then)
            case t.SamePattern():
                return self.both(self._is_constant(pattern, subject, name), then)
            case t.SequencePattern():
                return self._sequence(pattern, subject, then, name)
            case t.MappingPattern():
                return self._mapping(pattern, subject, then, name)
            case t.ClassPattern():
                return self._instance(pattern, subject, then, name)
        raise AssertionError(pattern)

    def _capture(
        self,
        inner: t.Pattern | None,
        target: t.Name | None,
        subject: Emitted,
        then: Then,
        name: str | None,
    ) -> Condition:
        e = self.e

        def define() -> Condition:
            if target is not None:
                now = e.find(name, target.span) if name is not None else subject
                e.assign(target.id, now, target.span)
            return then()

        if inner is None:
            return define()
        return self.test(inner, subject, define, name)

    def _any_of(
        self, pattern: t.OrPattern, subject: Emitted, then: Then, name: str | None
    ) -> Condition:
        e = self.e
        names = sorted(set(pattern_names(pattern)))
        if not names:

            def either(i: int) -> Condition:
                found = self.test(
                    pattern.patterns[i], subject, lambda: known(e, True), name
                )
                if i == len(pattern.patterns) - 1:
                    return found
                return combined(e, "or", found, lambda: either(i + 1))

            return self.both(either(0), then)
        return self._alternatives(pattern, names, subject, then, name)

    def _alternatives(
        self,
        pattern: t.OrPattern,
        names: list[str],
        subject: Emitted,
        then: Then,
        name: str | None,
    ) -> Condition:
        """`case [x] | [x, _]`: each alternative defines the same names."""
        e = self.e
        types: list[T.Type] = []

        def values() -> list[Emitted]:
            found = [e.as_value(e.find(n, pattern.span), pattern.span) for n in names]
            types[:] = types or [v.type for v in found]
            return [e.b.constant(True), *found]

        def attempt(i: int) -> list[Emitted]:
            if i == len(pattern.patterns):
                return [e.b.constant(False), *map(e.uninitialized, types)]
            met = self.test(pattern.patterns[i], subject, lambda: known(e, True), name)
            return choose(e, met, values, lambda: attempt(i + 1), live=())

        matched, *parts = attempt(0)
        assert isinstance(matched, Value)

        def define() -> Condition:
            for part_name, part in zip(names, parts, strict=True):
                e.assign(part_name, part, pattern.span)
            return then()

        return self.both(Condition(matched), define)

    # values ---------------------------------------------------------------------------

    def _equals(self, subject: Emitted, value: Emitted, span: Span) -> Condition:
        """`subject == value`, for the members of the subject's type that may be."""
        e = self.e
        wanted = e.as_value(value, span)
        x = e.as_value(subject, span)
        if not isinstance(x.type, T.OptionalType | T.UnionType) and x.type != T.ANY:
            if not _comparable(x.type, wanted.type):
                return known(e, False)
            return Condition(plain_truth(e, compare(e, span, "==", x, wanted), span))
        members = [m for m in members_of(x.type) if _comparable(m, wanted.type)]
        if x.type == T.ANY:
            members = [wanted.type]
            if wanted.type in NUMBERS:
                members = [T.INT, T.FLOAT, T.BOOL]

        def either(i: int) -> Condition:
            if i == len(members):
                return known(e, False)
            met = self.both(
                instance_test(e, x, [members[i]], None),
                lambda: self._equals(narrowed(e, x, members[i]), wanted, span),
            )
            return combined(e, "or", met, lambda: either(i + 1))

        return either(0)

    def _is_constant(
        self, pattern: t.SamePattern, subject: Emitted, name: str | None
    ) -> Condition:
        e = self.e
        if pattern.value.value is None:
            return is_none(e, subject, name)
        x = e.as_value(subject, pattern.span)
        wanted = e.b.constant(pattern.value.value)
        return self.both(
            instance_test(e, x, [T.BOOL], None)
            if T.BOOL in members_of(x.type) or x.type == T.ANY
            else known(e, False),
            lambda: Condition(e.op("aten::eq", narrowed(e, x, T.BOOL), wanted)),
        )

    # parts ----------------------------------------------------------------------------

    def _sequence(
        self,
        pattern: t.SequencePattern,
        subject: Emitted,
        then: Then,
        name: str | None,
    ) -> Condition:
        e = self.e
        if isinstance(subject, Sugared):
            items = subject.elements(e, pattern.span)
            if items is None:
                return known(e, False)
            return self._known_items(pattern, items, then)
        return self._members(
            pattern,
            subject,
            lambda m: isinstance(m, T.ListType) or T.tuple_elements(m) is not None,
            lambda x: self._items(pattern, x, then),
            name,
        )

    def _members(
        self,
        pattern: t.Pattern,
        subject: Value,
        fits: Callable[[T.Type], bool],
        test: Callable[[Value], Condition],
        name: str | None,
    ) -> Condition:
        """Test a subject as each member of its type that fits."""
        e = self.e
        if subject.type == T.ANY:
            raise fail(
                pattern.span,
                "E0301",
                "a pattern with parts cannot look into an `Any`",
                help="declare the type of the value",
            )
        members = [m for m in members_of(subject.type) if fits(m)]
        if members == [subject.type]:
            return test(subject)

        def either(i: int) -> Condition:
            if i == len(members):
                return known(e, False)
            met = self.both(
                instance_test(e, subject, [members[i]], name),
                lambda: test(narrowed(e, subject, members[i])),
            )
            if i == len(members) - 1:
                return met
            return combined(e, "or", met, lambda: either(i + 1), self.names)

        return either(0)

    def _items(self, pattern: t.SequencePattern, x: Value, then: Then) -> Condition:
        e = self.e
        if not isinstance(x.type, T.ListType):
            items = known_elements(e, x, pattern.span)
            assert items is not None
            return self._known_items(pattern, items, then)
        count = len(pattern.before) + len(pattern.after)
        length = e.op("aten::len", x)
        kind = "aten::eq" if pattern.star is None else "aten::ge"
        enough = Condition(e.op(kind, length, count))

        def parts() -> Condition:
            return self._each(
                [*pattern.before, *pattern.after],
                [
                    *(
                        lambda i=i: e.op("aten::__getitem__", x, i)
                        for i in range(len(pattern.before))
                    ),
                    *(
                        lambda i=i: e.op("aten::__getitem__", x, i)
                        for i in range(-len(pattern.after), 0)
                    ),
                ],
                self._rest(pattern, lambda: self._middle(pattern, x, length), then),
            )

        return self.both(enough, parts)

    def _middle(self, pattern: t.SequencePattern, x: Value, length: Value) -> Emitted:
        e = self.e
        end = e.op("aten::sub", length, len(pattern.after))
        return e.op("aten::slice", x, len(pattern.before), end, 1)

    def _known_items(
        self, pattern: t.SequencePattern, items: list[Emitted], then: Then
    ) -> Condition:
        from jit.frontend.emit_assign import gather_rest

        e = self.e
        first, last = len(pattern.before), len(items) - len(pattern.after)
        if last < first or (pattern.star is None and last > first):
            return known(e, False)
        chosen = [*items[:first], *items[last:]]
        return self._each(
            [*pattern.before, *pattern.after],
            [lambda i=i: i for i in chosen],  # type: ignore[misc]
            self._rest(
                pattern,
                lambda: gather_rest(e, items[first:last], pattern.span),
                then,
            ),
        )

    def _rest(
        self, pattern: t.SequencePattern, get: Callable[[], Emitted], then: Then
    ) -> Then:
        star = pattern.star
        if star is None or star.target is None:
            return then
        target = star.target

        def define() -> Condition:
            self.e.assign(target.id, get(), target.span)
            return then()

        return define

    def _each(
        self,
        patterns: Sequence[t.Pattern],
        items: Sequence[Callable[[], Emitted]],
        then: Then,
    ) -> Condition:
        """All of some patterns match their items; names are bound after all tests."""
        captures: list[tuple[t.CapturePattern, Emitted]] = []

        def rest(i: int) -> Condition:
            if i == len(patterns):
                return define(0)
            item, pattern = items[i](), patterns[i]
            if isinstance(pattern, t.CapturePattern) and pattern.pattern is None:
                captures.append((pattern, item))
                return rest(i + 1)
            return self.test(pattern, item, lambda: rest(i + 1))

        def define(i: int) -> Condition:
            if i == len(captures):
                return then()
            pattern, item = captures[i]
            return self.test(pattern, item, lambda: define(i + 1))

        return rest(0)

    def _mapping(
        self,
        pattern: t.MappingPattern,
        subject: Emitted,
        then: Then,
        name: str | None,
    ) -> Condition:
        if isinstance(subject, Sugared):
            return known(self.e, False)
        return self._members(
            pattern,
            subject,
            lambda m: isinstance(m, T.DictType),
            lambda x: self._entries(pattern, x, then),
            name,
        )

    def _entries(self, pattern: t.MappingPattern, x: Value, then: Then) -> Condition:
        e = self.e
        keys = [e.value(k) for k in pattern.keys]

        def value(key: Value) -> Emitted:
            return apply(e, pattern.span, "aten::__getitem__", x, key)

        def has(i: int) -> Condition:
            if i == len(keys):
                values = [partial(value, k) for k in keys]
                return self._each(pattern.patterns, values, rest)
            met = Condition(contains(e, pattern.span, keys[i], x))
            return self.both(met, lambda: has(i + 1))

        def rest() -> Condition:
            if pattern.rest is not None:
                left = apply(e, pattern.span, "aten::copy", x)
                for key in keys:
                    apply(e, pattern.span, "aten::Delete", left, key)
                e.assign(pattern.rest.id, left, pattern.rest.span)
            return then()

        return has(0)

    def _instance(
        self, pattern: t.ClassPattern, subject: Emitted, then: Then, name: str | None
    ) -> Condition:
        e = self.e
        cls = e.expr(pattern.cls)
        types = types_of(e, cls, pattern.cls.span)
        if isinstance(subject, Sugared):
            raise fail(
                pattern.span, "E0301", f"a pattern cannot look at {subject.describe()}"
            )
        met = instance_test(e, subject, types, name)
        names = self._attribute_names(pattern, getattr(cls, "obj", None))
        patterns = [*pattern.patterns, *(p for _, p in pattern.keywords)]

        def part(x: Value, attribute: str | None) -> Emitted:
            if attribute is None:
                return x
            return attribute_of_value(e, pattern.span, x, attribute)

        def parts() -> Condition:
            type = matching_type(subject.type, types)
            if type is None:
                return then()
            x = narrowed(e, subject, type)
            values = [partial(part, x, n) for n in names]
            return self._each(patterns, values, then)

        return self.both(met, parts if patterns else then)

    def _attribute_names(self, pattern: t.ClassPattern, cls: Any) -> list[str | None]:
        """The attributes that the parts of a class pattern look at; None: the value."""
        count = len(pattern.patterns)
        keywords: list[str | None] = [n for n, _ in pattern.keywords]
        if count == 1 and cls in (bool, dict, float, int, list, set, str, tuple):
            return [None, *keywords]
        known_names = getattr(cls, "__match_args__", ())
        if count > len(known_names):
            shown = getattr(cls, "__name__", "this class")
            raise fail(
                pattern.span,
                "E0304",
                f"`{shown}` takes {len(known_names)} positional patterns and is given"
                f" {count}",
                help="name the attributes: `case Point(x=0)`",
            )
        return [*known_names[:count], *keywords]


def _comparable(a: T.Type, b: T.Type) -> bool:
    """Whether values of two types may be equal."""
    if a in NUMBERS or b in NUMBERS:
        return (a in NUMBERS or T.is_tensor_like(a)) and b in NUMBERS
    return type(a) is type(b) and (not isinstance(a, T.SimpleType) or a == b)


def narrowed(e: Emitter, x: Value, type: T.Type) -> Value:
    """A value as one of the narrower type that a test has found."""
    if x.type == type:
        return x
    if isinstance(x.type, T.OptionalType) and x.type.element == type:
        return e.b.node("prim::unchecked_unwrap_optional", [x], [type]).output
    return e.b.node("prim::unchecked_cast", [x], [type]).output
