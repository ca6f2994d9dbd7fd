"""Tokens of the text forms: graphs, types and schemas share one lexer."""

from __future__ import annotations

import re
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
            raise syntax_error(
                text, position, position + 1, f"unexpected character {text[position]!r}",
                name=name,
            )  # fmt: skip
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
    line = text.count("\n", 0, start) + 1
    line_start = text.rfind("\n", 0, start) + 1
    span = Span(Source(name, text), line, start - line_start, line, end - line_start)
    return GraphError(Diagnostic("E0601", message, span))


class Cursor:
    """A position in a list of tokens; the base of the recursive-descent parsers."""

    def __init__(self, text: str, *, name: str = "<text>") -> None:
        self.text = text
        self.name = name
        self.tokens = tokenize(text, name=name)
        self.index = 0
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
            raise self.error(f"expected `{text}`, found `{self.token.text or 'the end'}`")
        return self.advance()

    def expect_kind(self, kind: str) -> Token:
        """Take the token, which must be of a kind."""
        if self.token.kind != kind:
            raise self.error(f"expected a {kind}, found `{self.token.text or 'the end'}`")
        return self.advance()

    def error(self, message: str, token: Token | None = None) -> GraphError:
        """The syntax error at a token, by default the current one."""
        token = token or self.token
        return syntax_error(self.text, token.start, token.end, message, name=self.name)
