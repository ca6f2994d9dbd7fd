"""Tokens of the text forms: graphs, types and schemas share one lexer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jit.ir.diagnostic import Diagnostic, GraphError
from jit.ir.span import Source, Span

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t]+)
  | (?P<comment>\#[^\n]*)
  | (?P<newline>\n)
  | (?P<value>%[A-Za-z0-9_.]+)
  | (?P<kind>[A-Za-z_][A-Za-z0-9_]*::[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>-?(?:0x[0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?p[+-]?\d+
                 |(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)j?|-(?:inf|nan)j?)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<arrow>->)
  | (?P<dots>\.\.\.)
  | (?P<sign>[()\[\]{}<>,:=?*!|+.])
    """,
    re.VERBOSE,
)


DEEPEST = 100
"""How deep blocks, types and tuples may nest, lest a text exhaust Python's stack."""

LONGEST_INTEGER = 1000
"""How many digits an integer may have, for reading one is not linear in them."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `kind` is the name of its group in the table above."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: str, *, name: str = "<text>") -> list[Token]:
    """Tokens of `text`, without white space and line ends; comments are kept.

    The last token has kind "end". Raises GraphError E0601 at other characters.
    """
    tokens = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            message = f"unexpected character {text[position]!r}"
            raise syntax_error(text, position, position + 1, message, name=name)
        kind = found.lastgroup or ""
        if kind not in ("space", "newline"):
            tokens.append(Token(kind, found.group(), position, found.end()))
        position = found.end()
    tokens.append(Token("end", "", position, position))
    return tokens


def syntax_error(
    text: str, start: int, end: int, message: str, *, name: str = "<text>"
) -> GraphError:
    """The error for one stretch of a text form."""
    return GraphError(Diagnostic("E0601", message, _span(text, start, end, name)))


def _span(text: str, start: int, end: int, name: str) -> Span:
    line = text.count("\n", 0, start) + 1
    line_start = text.rfind("\n", 0, start) + 1
    return Span(Source(name, text), line, start - line_start, line, end - line_start)


class Cursor:
    """A position in a list of tokens; the base of the recursive-descent parsers."""

    def __init__(self, text: str, *, name: str = "<text>") -> None:
        self.text = text
        self.name = name
        self.tokens = tokenize(text, name=name)
        self.index = 0
        self.depth = 0
        self.height = 0
        """How deep the type that was read last is."""
        self._skip_comments()

    def _skip_comments(self) -> None:
        while self.tokens[self.index].kind == "comment":
            self.index += 1

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def peek(self, offset: int = 1) -> Token:
        """The token `offset` places on, comments not counted."""
        index = self.index
        for _ in range(offset):
            index = min(index + 1, len(self.tokens) - 1)
            while self.tokens[index].kind == "comment":
                index += 1
        return self.tokens[index]

    def advance(self) -> Token:
        """Take the token."""
        token = self.token
        if token.kind != "end":
            self.index += 1
            self._skip_comments()
        return token

    def accept(self, text: str) -> bool:
        """Take the token if it reads `text`."""
        if self.token.text == text and self.token.kind != "string":
            self.advance()
            return True
        return False

    def expect(self, text: str) -> Token:
        """Take the token, which must read `text`."""
        if self.token.text != text or self.token.kind == "string":
            raise self.error(f"expected `{text}`, found {self.found}")
        return self.advance()

    def expect_kind(self, kind: str) -> Token:
        """Take the token, which must be of a kind."""
        if self.token.kind != kind:
            raise self.error(f"expected a {kind}, found {self.found}")
        return self.advance()

    @property
    def found(self) -> str:
        """The token for messages."""
        text = self.token.text
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        return f"`{shown}`" if text else "the end"

    def number(self) -> int | float:
        """Take the token, which must be a real number, `inf` or `nan`."""
        token = self.token
        if token.text in ("inf", "nan", "-inf", "-nan"):
            self.advance()
            return float(token.text)
        self.expect_kind("number")
        text = token.text
        if text.lstrip("-").isdecimal():
            if len(text) > LONGEST_INTEGER:
                raise self.error("the integer has too many digits", token)
            return int(text)
        if "0x" in text and not text.endswith("j"):
            return _from_hex(self, token)
        try:
            return float(text)
        except ValueError:
            raise self.error(f"`{text}` is not a real number", token) from None

    def integer(self) -> int:
        """Take the token, which must be an integer."""
        token = self.token
        value = self.number()
        if not isinstance(value, int):
            raise self.error(f"expected an integer, found `{token.text}`", token)
        return value

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level deeper. GraphError E0601 where the nesting is too deep."""
        self.check_depth(self.depth)
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def check_depth(self, depth: int) -> None:
        """GraphError E0601 if `depth` levels are too many."""
        if depth >= DEEPEST:
            raise self.error(f"nested more than {DEEPEST} levels deep")

    def error(self, message: str, token: Token | None = None) -> GraphError:
        """The syntax error at a token, by default the current one."""
        token = token or self.token
        return syntax_error(self.text, token.start, token.end, message, name=self.name)

    def span(self, token: Token) -> Span:
        """Where a token stands in the text."""
        return _span(self.text, token.start, token.end, self.name)


def _from_hex(c: Cursor, token: Token) -> float:
    try:
        return float.fromhex(token.text)
    except OverflowError:
        raise c.error(f"`{token.text}` is too large", token) from None
