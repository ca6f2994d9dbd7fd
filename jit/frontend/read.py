"""Python's tree -> our tree; whatever we do not accept is refused here, with advice.

Several independent refusals are reported together. Three constructs disappear on the
way: `elif` (an If inside of an If), the `else` of a loop with `break` (a flag), and
`with a, b` (contexts in a row).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from jit.frontend import tree as t
from jit.frontend.assigned import surely_named, walrus_names
from jit.frontend.loop_exits import flag_breaks
from jit.frontend.read_functions import read_definition, read_lambda
from jit.frontend.read_match import read_match
from jit.frontend.source import FunctionSource
from jit.ir.diagnostic import CompileError, Diagnostic
from jit.ir.span import Span

BINARY = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
}
UNARY = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.Not: "not"}
COMPARE = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}

REFUSED: dict[str, tuple[str, str]] = {
    "AsyncFunctionDef": ("`async` functions are not accepted", "write a plain `def`"),
    "ClassDef": (
        "a class inside of a compiled function is not accepted",
        "move the class out of the function",
    ),
    "Yield": ("`yield` is not accepted", "append to a list and return it"),
    "YieldFrom": ("`yield from` is not accepted", "extend a list and return it"),
    "Await": ("`await` is not accepted", "call a plain function"),
    "AsyncFor": ("`async for` is not accepted", "write a plain `for`"),
    "AsyncWith": ("`async with` is not accepted", "write a plain `with`"),
    "TryStar": ("`except*` is not accepted", "write a plain `except`"),
    "TypeAlias": ("a `type` statement is not accepted here", "move it to the top"),
    "TemplateStr": ("a template string is not accepted", 'use an f-string, f"..."'),
}
"""Constructs that Python has and we do not: what to say, and what to write instead."""


def read_function(source: FunctionSource) -> t.FunctionTree:
    """Our tree of a function; CompileError E0102 with all that is not accepted."""
    return Reader(source).function()


class Reader:
    """Walks Python's tree once and collects refusals."""

    def __init__(self, source: FunctionSource) -> None:
        self.source = source
        self.refusals: list[Diagnostic] = []
        self._hidden = 0

    def function(self) -> t.FunctionTree:
        definition = self.source.definition
        comment = _FunctionComment.parse(definition.type_comment)
        params = self.params(definition.args, comment)
        returns: t.Annotation | None = None
        if definition.returns is not None:
            returns = self.annotation(definition.returns)
        elif comment is not None:
            returns = t.Annotation(self.source.span(definition), comment.returns)
        body = self.statements(definition.body)
        if self.refusals:
            raise CompileError(self.refusals)
        span = self.source.span(definition)
        end = len(self.source.source.line(span.line) or "")
        head = Span(span.source, span.line, span.column, span.line, end, span.function)
        doc = ast.get_docstring(definition) or ""
        return t.FunctionTree(head, self.source.name, params, returns, body, doc)

    def hidden_name(self, what: str) -> str:
        """A name that no source can write."""
        self._hidden += 1
        return f"<{what} {self._hidden}>"

    def params(
        self, args: ast.arguments, comment: _FunctionComment | None = None
    ) -> tuple[t.Param, ...]:
        """The parameters of a function, those that gather others last."""
        positional = [*args.posonlyargs, *args.args]
        first_default = len(positional) - len(args.defaults)
        params = [
            self._param(a, i >= first_default, False) for i, a in enumerate(positional)
        ]
        params += [
            self._param(a, d is not None, True)
            for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True)
        ]
        if comment is not None and comment.params is not None:
            params = self._comment_types(params, comment.params)
        if args.vararg is not None:
            params.append(self._param(args.vararg, True, True, "*"))
        if args.kwarg is not None:
            params.append(self._param(args.kwarg, True, True, "**"))
        return tuple(params)

    def _param(
        self, arg: ast.arg, has_default: bool, keyword_only: bool, gathers: str = ""
    ) -> t.Param:
        annotation = None
        if arg.annotation is not None:
            annotation = self.annotation(arg.annotation)
        elif arg.type_comment:
            annotation = self._comment(arg, arg.type_comment)
        span = self.source.span(arg)
        return t.Param(span, arg.arg, annotation, has_default, keyword_only, gathers)

    def _comment_types(
        self, params: list[t.Param], types: Sequence[ast.expr]
    ) -> list[t.Param]:
        # a method's comment leaves `self` out
        typed = params[len(params) - len(types) :] if len(types) <= len(params) else []
        skipped = params[: len(params) - len(typed)]
        if len(skipped) > 1 or (skipped and skipped[0].name not in ("self", "cls")):
            self.refuse(
                self.source.definition,
                f"the type comment names {len(types)} types for {len(params)} parameters",
                "write one type for each parameter",
                code="E0308",
            )
            return params
        return [
            *skipped,
            *(
                t.Param(
                    p.span,
                    p.name,
                    p.annotation or t.Annotation(p.span, hint),
                    p.has_default,
                    p.keyword_only,
                )
                for p, hint in zip(typed, types, strict=True)
            ),
        ]

    def annotation(self, node: ast.expr) -> t.Annotation:
        """A type hint."""
        return t.Annotation(self.source.span(node), node)

    def _comment(self, node: ast.AST, text: str) -> t.Annotation | None:
        try:
            return t.Annotation(
                self.source.span(node), ast.parse(text.strip(), mode="eval").body
            )
        except SyntaxError:
            self.refuse(
                node,
                f"the type comment `{text}` cannot be read",
                "write a type, as in `# type: List[int]`",
                code="E0308",
            )
            return None

    def refuse(
        self, node: ast.AST, headline: str, help: str = "", *, code: str = "E0102"
    ) -> None:
        """Note a construct that is not accepted, and go on."""
        span = self.source.span(node)
        self.refusals.append(Diagnostic(code, headline, span, help=help))

    def _refuse_kind(self, node: ast.AST) -> None:
        kind = type(node).__name__
        headline, help = REFUSED.get(
            kind, (f"this construct (`{kind}`) is not accepted", "")
        )
        span = self.source.span(node)
        if span.end_line > span.line:
            # a caret under the first line says enough of a whole block
            end = len(self.source.source.line(span.line) or "")
            span = Span(span.source, span.line, span.column, span.line, end)
        self.refusals.append(Diagnostic("E0102", headline, span, help=help))

    # statements ---------------------------------------------------------------

    def statements(self, nodes: Iterable[ast.stmt]) -> tuple[t.Stmt, ...]:
        """Statements in order; a construct may become several."""
        found: list[t.Stmt] = []
        for node in nodes:
            found += self.statement(node)
        return tuple(found)

    def statement(self, node: ast.stmt) -> list[t.Stmt]:
        """One statement as ours."""
        span = self.source.span(node)
        match node:
            case ast.Expr(value):
                return [t.ExprStmt(span, self.expr(value))]
            case ast.Assign(targets, value):
                return [self._assign(node, targets, value)]
            case ast.AnnAssign(target, annotation, value):
                given = None if value is None else self.expr(value)
                return [
                    t.AnnAssign(
                        span, self.target(target), self.annotation(annotation), given
                    )
                ]
            case ast.AugAssign(target, op, value):
                place = self.target(target)
                return [t.AugAssign(span, place, BINARY[type(op)], self.expr(value))]
            case ast.If(test, body, orelse):
                return [
                    t.If(
                        span,
                        self.expr(test),
                        self.statements(body),
                        self.statements(orelse),
                    )
                ]
            case ast.While() | ast.For():
                return self._loop(node)
            case ast.Break():
                return [t.Break(span)]
            case ast.Continue():
                return [t.Continue(span)]
            case ast.Pass():
                return [t.Pass(span)]
            case ast.Return(value):
                return [t.Return(span, None if value is None else self.expr(value))]
            case ast.Raise(exc, cause):
                parts = [None if x is None else self.expr(x) for x in (exc, cause)]
                return [t.Raise(span, *parts)]
            case ast.Assert(test, msg):
                message = None if msg is None else self.expr(msg)
                return [t.Assert(span, self.expr(test), message)]
            case ast.Try():
                return [self._try(node)]
            case ast.With(items, body):
                return [self._with(node, items, body)]
            case ast.Delete(targets):
                return [t.Delete(span, tuple(self.target(x) for x in targets))]
            case ast.Match():
                return read_match(self, node)
            case ast.FunctionDef():
                return read_definition(self, node)
            case ast.Import(names):
                return [_import(span, alias) for alias in names]
            case ast.ImportFrom(module, names, level):
                origin = "." * level + (module or "")
                return [
                    t.Import(span, origin, a.name, a.asname or a.name) for a in names
                ]
            case ast.Global(listed):
                return [t.Outside(span, "global", tuple(listed))]
            case ast.Nonlocal(listed):
                return [t.Outside(span, "nonlocal", tuple(listed))]
        self._refuse_kind(node)
        return []

    def _assign(
        self, node: ast.Assign, targets: list[ast.expr], value: ast.expr
    ) -> t.Stmt:
        span = self.source.span(node)
        places = tuple(self.target(x) for x in targets)
        if node.type_comment and len(places) == 1 and isinstance(places[0], t.Name):
            annotation = self._comment(node, node.type_comment)
            if annotation is not None:
                return t.AnnAssign(span, places[0], annotation, self.expr(value))
        return t.Assign(span, places, self.expr(value))

    def _loop(self, node: ast.While | ast.For) -> list[t.Stmt]:
        span = self.source.span(node)
        body = self.statements(node.body)
        orelse = self.statements(node.orelse)
        before: list[t.Stmt] = []
        after: list[t.Stmt] = []
        flag = ""
        if orelse and _breaks(body):
            # the else runs unless a break ended the loop: a hidden flag remembers
            flag = self.hidden_name("broken")
            name = t.Name(span, flag)
            before = [t.Assign(span, (name,), t.Constant(span, False))]
            body = tuple(flag_breaks(body, flag))
            after = [t.If(span, t.Unary(span, "not", name), orelse, ())]
        else:
            after = list(orelse)
        if isinstance(node, ast.While):
            loop: t.Stmt = _while(span, self.expr(node.test), body, flag)
        else:
            target, iterable = self.target(node.target), self.expr(node.iter)
            loop = t.For(span, target, iterable, body, flag)
        return [*before, loop, *after]

    def _try(self, node: ast.Try) -> t.Stmt:
        handlers = tuple(
            t.Handler(
                self.source.span(h),
                None if h.type is None else self.expr(h.type),
                h.name,
                self.statements(h.body),
            )
            for h in node.handlers
        )
        return t.Try(
            self.source.span(node),
            self.statements(node.body),
            handlers,
            self.statements(node.orelse),
            self.statements(node.finalbody),
        )

    def _with(
        self, node: ast.With, items: list[ast.withitem], body: list[ast.stmt]
    ) -> t.Stmt:
        contexts = tuple(map(self._context, items))
        return t.With(self.source.span(node), contexts, self.statements(body))

    def _context(self, item: ast.withitem) -> t.Expr:
        value = self.expr(item.context_expr)
        if item.optional_vars is None:
            return value
        target = self.target(item.optional_vars)
        return t.Context(value.span, value, target)

    def target(self, node: ast.expr) -> t.Expr:
        """A place that is assigned."""
        span = self.source.span(node)
        match node:
            case ast.Name(id):
                return t.Name(span, id)
            case ast.Tuple(elements) | ast.List(elements):
                return t.TupleExpr(span, tuple(self.target(e) for e in elements))
            case ast.Starred(value):
                return t.Starred(span, self.target(value))
            case ast.Attribute() | ast.Subscript():
                return self.expr(node)
        self._refuse_kind(node)
        return t.Constant(span, None)

    # expressions --------------------------------------------------------------

    def expr(self, node: ast.expr) -> t.Expr:
        """One expression as ours."""
        span = self.source.span(node)
        match node:
            case ast.Name(id):
                return t.Name(span, id)
            case ast.Constant(value):
                return self._constant(node, value)
            case ast.Attribute(value, attr):
                return t.Attribute(span, self.expr(value), attr)
            case ast.Subscript(value, index):
                return t.Subscript(span, self.expr(value), self._index(index))
            case ast.Call():
                return self._call(node)
            case ast.BinOp(left, op, right):
                return t.Binary(
                    span, BINARY[type(op)], self.expr(left), self.expr(right)
                )
            case ast.UnaryOp(ast.USub(), ast.Constant(value)) if isinstance(
                value, int | float | complex
            ) and not isinstance(value, bool):
                return self._constant(node, -value)
            case ast.UnaryOp(op, operand):
                return t.Unary(span, UNARY[type(op)], self.expr(operand))
            case ast.BoolOp(op, values):
                sign = "and" if isinstance(op, ast.And) else "or"
                return t.Logical(span, sign, tuple(map(self.expr, values)))
            case ast.Compare(left, ops, comparators):
                signs = tuple(COMPARE[type(o)] for o in ops)
                operands = tuple(map(self.expr, (left, *comparators)))
                return t.Compare(span, signs, operands)
            case ast.IfExp(test, body, orelse):
                return t.IfExpr(
                    span, self.expr(test), self.expr(body), self.expr(orelse)
                )
            case ast.Tuple(elements):
                return t.TupleExpr(span, tuple(map(self.expr, elements)))
            case ast.List(elements):
                return t.ListExpr(span, tuple(map(self.expr, elements)))
            case ast.Set(elements):
                return t.SetExpr(span, tuple(map(self.expr, elements)))
            case ast.Dict(keys, values):
                return t.DictExpr(
                    span,
                    tuple(None if k is None else self.expr(k) for k in keys),
                    tuple(map(self.expr, values)),
                )
            case ast.Lambda():
                return read_lambda(self, node)
            case ast.Starred(value):
                return t.Starred(span, self.expr(value))
            case ast.NamedExpr(target, value):
                name = t.Name(self.source.span(target), target.id)
                return t.Walrus(span, name, self.expr(value))
            case ast.JoinedStr(values):
                return self._f_string(node, values)
            case ast.ListComp(element, generators):
                return self._comprehension(node, "list", None, element, generators)
            case ast.GeneratorExp(element, generators):
                return self._comprehension(node, "generator", None, element, generators)
            case ast.SetComp(element, generators):
                return self._comprehension(node, "set", None, element, generators)
            case ast.DictComp(key, value, generators):
                return self._comprehension(node, "dict", key, value, generators)
        self._refuse_kind(node)
        return t.Constant(span, None)

    def _constant(self, node: ast.expr, value: object) -> t.Expr:
        if isinstance(value, bytes):
            self.refuse(node, "bytes are not accepted", "use a str or a Tensor")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            self.refuse(
                node,
                "this integer does not fit into 64 bits",
                "integers of compiled code are 64 bits wide; a float may do",
                code="E0104",
            )
            value = 0
        return t.Constant(self.source.span(node), value)

    def _index(self, node: ast.expr) -> t.Expr:
        span = self.source.span(node)
        if isinstance(node, ast.Slice):
            lower, upper, step = (
                None if part is None else self.expr(part)
                for part in (node.lower, node.upper, node.step)
            )
            return t.Slice(span, lower, upper, step)
        if isinstance(node, ast.Tuple):
            return t.TupleExpr(span, tuple(map(self._index, node.elts)))
        return self.expr(node)

    def _call(self, node: ast.Call) -> t.Expr:
        return t.Call(
            self.source.span(node),
            self.expr(node.func),
            tuple(map(self.expr, node.args)),
            tuple(
                t.Keyword(self.source.span(k), k.arg or "", self.expr(k.value))
                for k in node.keywords
            ),
        )

    def _f_string(self, node: ast.expr, values: list[ast.expr]) -> t.FString:
        parts: list[str | t.Field] = []
        for value in values:
            if isinstance(value, ast.Constant):
                parts.append(str(value.value))
            elif isinstance(value, ast.FormattedValue):
                spec = None
                if isinstance(value.format_spec, ast.JoinedStr):
                    spec = self._f_string(value.format_spec, value.format_spec.values)
                conversion = "" if value.conversion < 0 else chr(value.conversion)
                parts.append(t.Field(self.expr(value.value), conversion, spec))
        return t.FString(self.source.span(node), tuple(parts))

    def _comprehension(
        self,
        node: ast.expr,
        kind: str,
        key: ast.expr | None,
        element: ast.expr,
        generators: list[ast.comprehension],
    ) -> t.Expr:
        if any(g.is_async for g in generators):
            self.refuse(node, "`async for` is not accepted", "write a plain `for`")
        return t.Comprehension(
            self.source.span(node),
            kind,
            None if key is None else self.expr(key),
            self.expr(element),
            tuple(
                t.Generator(
                    self.source.span(g.iter),
                    self.target(g.target),
                    self.expr(g.iter),
                    tuple(map(self.expr, g.ifs)),
                )
                for g in generators
            ),
        )


def _while(span: Span, test: t.Expr, body: tuple[t.Stmt, ...], flag: str) -> t.While:
    """A `while`; a test that defines a name only sometimes moves into the body."""
    if set(walrus_names(test)) <= set(surely_named(test)):
        return t.While(span, test, body, flag)
    leave = t.If(test.span, test, (t.Pass(span),), (t.Break(span),))
    return t.While(span, t.Constant(span, True), (leave, *body), flag)


def _import(span: Span, alias: ast.alias) -> t.Import:
    """`import a.b` binds `a`, `import a.b as c` means `from a import b as c`."""
    package, _, member = alias.name.rpartition(".")
    if alias.asname is not None and package:
        return t.Import(span, package, member, alias.asname)
    target = alias.asname or alias.name.partition(".")[0]
    return t.Import(span, alias.name, None, target)


class _FunctionComment:
    """`# type: (int, str) -> bool`, or `(...) -> bool` beside comments per line."""

    def __init__(self, params: list[ast.expr] | None, returns: ast.expr) -> None:
        self.params = params
        self.returns = returns

    @staticmethod
    def parse(text: str | None) -> _FunctionComment | None:
        if not text:
            return None
        try:
            parsed = ast.parse(text, mode="func_type")
        except SyntaxError:
            return None
        dots = len(parsed.argtypes) == 1 and (
            isinstance(parsed.argtypes[0], ast.Constant)
            and parsed.argtypes[0].value is Ellipsis
        )
        return _FunctionComment(None if dots else parsed.argtypes, parsed.returns)


def _breaks(body: Sequence[t.Stmt]) -> bool:
    """Whether a `break` in these statements ends the loop around them."""
    for s in body:
        match s:
            case t.Break():
                return True
            case t.If(_, _, then, orelse):
                if _breaks(then) or _breaks(orelse):
                    return True
            case t.With(_, _, inner):
                if _breaks(inner):
                    return True
            case t.Try(_, inner, handlers, orelse, final):
                parts = [inner, orelse, final, *(h.body for h in handlers)]
                if any(map(_breaks, parts)):
                    return True
    return False
