"""The text of a function: found, parsed by Python, with the user's own line numbers.

Files and notebook cells work, because both register their lines with `linecache`.
Text that came through `exec` or an old interactive prompt exists nowhere: E0101.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import linecache
import textwrap
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType

from jit.frontend.failures import fail
from jit.ir.span import Source, Span


@dataclass(frozen=True, slots=True)
class FunctionSource:
    """A function as Python parsed it, and how its positions map to the file."""

    source: Source
    """The lines of the function as they stand in the file, indented as there."""
    definition: ast.FunctionDef
    indent: int
    """Columns that were taken off each line before parsing."""
    name: str

    def span(self, node: ast.AST) -> Span:
        """The stretch of the file that a Python node covers."""
        line = getattr(node, "lineno", 1)
        end_line = getattr(node, "end_lineno", None) or line
        column = self._column(line, getattr(node, "col_offset", 0))
        end_column = self._column(end_line, getattr(node, "end_col_offset", None) or 0)
        shift = self.source.first_line - 1
        return Span(
            self.source, line + shift, column, end_line + shift, end_column, self.name
        )

    def _column(self, line: int, offset: int) -> int:
        """Characters before a position that Python counts in UTF-8 bytes."""
        text = self.source.line(line + self.source.first_line - 1) or ""
        if text.isascii():
            return offset + self.indent
        encoded = text.encode()[: offset + self.indent]
        return len(encoded.decode(errors="replace"))


def function_source(fn: FunctionType) -> FunctionSource:
    """The source of a function; CompileError E0101 or E0103 where there is none."""
    name = fn.__qualname__.rpartition("<locals>.")[2]
    if fn.__name__ == "<lambda>":
        raise fail(
            _definition_place(fn.__code__),
            "E0103",
            "a lambda cannot be compiled",
            help="write a function with `def` and give it a name",
        )
    lines, first_line = _source_lines(fn)
    text = "".join(lines)
    source = Source(_shown_file(fn.__code__.co_filename), text.rstrip("\n"), first_line)
    definition, indent = _parse(fn, text, source)
    return FunctionSource(source, definition, indent, name)


_texts = itertools.count(1)


def keep_source(text: str) -> str:
    """Keep a text where Python looks for source; the name of its file."""
    file = f"<text {next(_texts)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    return file


def _source_lines(fn: FunctionType) -> tuple[list[str], int]:
    # as `inspect.getsourcelines` does for a code object, but without its search through
    # all modules for the one that a function names
    code = fn.__code__
    linecache.checkcache(code.co_filename)
    try:
        file = inspect.getsourcefile(code) or code.co_filename
        lines = linecache.getlines(file, fn.__globals__)
        first_line = code.co_firstlineno
        if not 0 < first_line <= len(lines):
            raise OSError("could not get source code")
        return inspect.getblock(lines[first_line - 1 :]), first_line
    except (OSError, TypeError, IndexError, SyntaxError) as error:
        raise _no_source(fn) from error


def _parse(fn: FunctionType, text: str, source: Source) -> tuple[ast.FunctionDef, int]:
    dedented = textwrap.dedent(text)
    if dedented[:1].isspace():
        # a line of a string or comment stands further left than the function
        dedented = _dedent_by_first_line(text)
    first = text.split("\n", 1)[0]
    indent = len(first) - len(dedented.split("\n", 1)[0])
    try:
        module = ast.parse(dedented, type_comments=True)
    except SyntaxError:
        try:
            # a comment that only looks like a type comment
            module = ast.parse(dedented)
        except SyntaxError as error:
            raise _no_source(fn) from error
    for statement in module.body:
        if isinstance(statement, ast.AsyncFunctionDef):
            raise fail(
                _first_line_of(statement, source, indent),
                "E0102",
                "`async` functions are not accepted",
                help="write a plain `def`",
            )
        if isinstance(statement, ast.FunctionDef) and statement.name == fn.__name__:
            return statement, indent
    for statement in module.body:
        # a function that was renamed after its definition
        if isinstance(statement, ast.FunctionDef):
            return statement, indent
    raise _no_source(fn)


def _first_line_of(node: ast.stmt, source: Source, indent: int) -> Span:
    line = source.first_line + node.lineno - 1
    return Span(source, line, indent, line, len(source.line(line) or ""))


def _dedent_by_first_line(text: str) -> str:
    lines = text.split("\n")
    lead = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    return "\n".join(line.removeprefix(lead) for line in lines)


def _no_source(fn: FunctionType) -> Exception:
    file = fn.__code__.co_filename
    return fail(
        None,
        "E0101",
        f"the source of `{fn.__qualname__}` cannot be found",
        notes=(f"Python says that it was defined in `{file}`",),
        help="put the function into a file or a notebook cell; text given to `exec`"
        " or typed at a bare prompt is not kept anywhere",
    )


def _definition_place(code: CodeType) -> Span | None:
    line = linecache.getline(code.co_filename, code.co_firstlineno).rstrip("\n")
    if not line:
        return None
    number = code.co_firstlineno
    source = Source(_shown_file(code.co_filename), line, number)
    start = max(line.find("lambda"), 0)
    return Span(source, number, start, number, start + len("lambda"))


def _shown_file(name: str) -> str:
    """A path below the working folder relative to it; other names as they are."""
    path = Path(name)
    if not path.is_absolute():
        return name
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return name
