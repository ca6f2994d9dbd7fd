"""Nodes -> Python expressions: `aten::add(%x, %y, %one)` is `x + y`.

Python's own notation where it has one, else a call: `torch.softmax(x, 1)`,
`np.exp(a)`, `ops.prim.NumToTensor(n)`. Arguments that are their defaults are left out.
"""

from __future__ import annotations

import ast
import keyword
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.dtypes import DType
from jit.ir.graph import NOT_CONSTANT, Node, Value
from jit.ir.registry import find_card
from jit.ir.schema import FunctionSchema
from jit.ir.type_text import parse_type
from jit.runtime.public_names import FUNCTIONAL_ONLY, is_function

BINARY: dict[str, type[ast.operator]] = {
    "add": ast.Add,
    "sub": ast.Sub,
    "mul": ast.Mult,
    "div": ast.Div,
    "floordiv": ast.FloorDiv,
    "floor_divide": ast.FloorDiv,
    "remainder": ast.Mod,
    "pow": ast.Pow,
    "matmul": ast.MatMult,
    "__and__": ast.BitAnd,
    "__or__": ast.BitOr,
    "__xor__": ast.BitXor,
    "__lshift__": ast.LShift,
    "__rshift__": ast.RShift,
    "subtract": ast.Sub,
    "multiply": ast.Mult,
    "divide": ast.Div,
    "true_divide": ast.Div,
    "power": ast.Pow,
}
COMPARE: dict[str, type[ast.cmpop]] = {
    "eq": ast.Eq,
    "ne": ast.NotEq,
    "lt": ast.Lt,
    "le": ast.LtE,
    "gt": ast.Gt,
    "ge": ast.GtE,
    "__is__": ast.Is,
    "__isnot__": ast.IsNot,
}
BUILTINS = {
    "aten::len": "len",
    "aten::Int": "int",
    "aten::Float": "float",
    "aten::Bool": "bool",
    "aten::Complex": "complex",
    "aten::str": "str",
    "aten::repr": "repr",
    "aten::ord": "ord",
    "aten::chr": "chr",
    "aten::hex": "hex",
    "aten::oct": "oct",
    "aten::bin": "bin",
    "aten::divmod": "divmod",
    "aten::round.to_int": "round",
    "aten::round.int_to_int": "round",
    "aten::round.digits": "round",
    "aten::round.int_digits": "round",
    "aten::sorted": "sorted",
    "aten::list": "list",
    "prim::min": "min",
    "prim::max": "max",
    "prim::abs": "abs",
    "prim::Print": "print",
    "prim::ExceptionMessage": "str",
    "aten::grad": "torch.autograd.grad",
    "aten::backward": "torch.autograd.backward",
}
CASTS = ("prim::unchecked_cast", "prim::unchecked_unwrap_optional")
ATTRIBUTES = {
    "prim::dtype": "dtype",
    "prim::device": "device",
    "prim::requires_grad": "requires_grad",
    "prim::grad": "grad",
    "aten::is_leaf": "is_leaf",
    "aten::retains_grad": "retains_grad",
    "prim::is_cuda": "is_cuda",
    "prim::is_sparse": "is_sparse",
    "prim::EnumName": "name",
    "prim::EnumValue": "value",
}


def name(text: str) -> ast.expr:
    return ast.Name(text, ast.Load())


def dotted(text: str) -> ast.expr:
    """`a.b.c` as attributes."""
    head, *rest = text.split(".")
    made = name(head)
    for part in rest:
        made = ast.Attribute(made, part, ast.Load())
    return made


def call(
    function: ast.expr,
    args: Sequence[ast.expr],
    keywords: Sequence[tuple[str, ast.expr]] = (),
) -> ast.expr:
    return ast.Call(function, list(args), [ast.keyword(k, v) for k, v in keywords])


def assign(target: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(target, ast.Store())], value, None)


def member_or_constant(value: Any, type: T.Type) -> ast.expr:
    """A constant as Python writes it; one of an enum is kept as the name of a member."""
    base = type.element if isinstance(type, T.OptionalType) else type
    if isinstance(base, T.EnumType) and isinstance(value, str):
        return dotted(f"{base.name}.{value}")
    return constant(value)


def constant(value: Any) -> ast.expr:
    """A literal; dtypes by name, infinities and NaN through `float`."""
    if isinstance(value, float) and not math.isfinite(value):
        return call(name("float"), [ast.Constant(repr(value))])
    if isinstance(value, complex) and not (
        math.isfinite(value.real) and math.isfinite(value.imag)
    ):
        return call(name("complex"), [constant(value.real), constant(value.imag)])
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    if isinstance(value, DType):
        return dotted(repr(value))
    if isinstance(value, tuple):
        return ast.Tuple([constant(v) for v in value], ast.Load())
    return ast.Constant(value)


def _method_name(node: Node) -> str:
    """The name of a method in its class: versions for other types are numbered."""
    full: str = node.attributes["name"]
    program, type = node.graph.program, node.inputs[0].type
    if program is None or not isinstance(type, T.ClassType):
        return full
    cls = program.class_of(type).python
    base, _, number = full.rpartition("_")
    is_version = number.isdigit() and hasattr(cls, base) and not hasattr(cls, full)
    return base if is_version else full


def annotation(type: T.Type) -> ast.expr:
    """A type as Python's hints write it."""

    def generic(head: str, *parts: T.Type) -> ast.expr:
        inner = [annotation(p) for p in parts]
        index = inner[0] if len(inner) == 1 else ast.Tuple(inner, ast.Load())
        return ast.Subscript(name(head), index, ast.Load())

    match type:
        case T.TensorType():
            return name("Tensor")
        case T.ArrayType():
            return dotted("np.ndarray")
        case T.SimpleType("NoneType"):
            return ast.Constant(None)
        case T.SimpleType("ScalarType"):
            return dotted("torch.dtype")
        case T.SimpleType("Device"):
            return dotted("torch.device")
        case T.SimpleType("Scalar"):
            return name("number")
        case T.SimpleType(text):
            return name(text)
        case T.ListType(element):
            return generic("List", element)
        case T.OptionalType(element):
            return generic("Optional", element)
        case T.DictType(key, value):
            return generic("Dict", key, value)
        case T.SetType(element):
            return generic("Set", element)
        case T.FutureType(element):
            return generic("Future", element)
        case T.UnionType(members):
            return generic("Union", *members)
        case T.TupleType(()):
            empty = ast.Tuple([ast.Tuple([], ast.Load())], ast.Load())
            return ast.Subscript(name("Tuple"), empty.elts[0], ast.Load())
        case T.TupleType(elements):
            return generic("Tuple", *elements)
        case T.FunctionType(text) | T.ClassType(text) | T.ModuleType(text):
            return dotted(text)
        case T.NamedTupleType(text) | T.EnumType(text) | T.InterfaceType(text):
            return dotted(text)
    return name(str(type))


@dataclass(slots=True)
class _Index:
    """A subscript that later indexes of the same expression may still extend."""

    items: list[ast.expr]
    dim: int
    """The dim of the result that the next item indexes."""


class Expressions:
    """Makes expressions of the nodes of one graph."""

    def __init__(
        self, text: Callable[[Value], str], group: Callable[[Node], ast.expr]
    ) -> None:
        self._text = text
        self._group = group
        self.arrays: dict[Value, int] = {}
        """Numbers of constants that are too long to be written."""
        self._indexes: dict[int, _Index] = {}
        """Open subscripts by the identity of their expression."""

    def read(self, value: Value) -> ast.expr:
        """A value that is not written in place: a constant, or a variable."""
        node = value.node
        if node.kind == "prim::Uninitialized":
            return call(name("uninitialized"), [annotation(value.type)])
        if node.kind != "prim::Constant":
            return name(self._text(value))
        if "name" in node.attributes:
            return dotted(node.attributes["name"])
        content = node.attributes.get("value")
        if isinstance(content, np.ndarray):
            number = self.arrays.setdefault(value, len(self.arrays))
            return dotted(f"CONSTANTS.c{number}")
        if value.type == T.BOOL:
            return ast.Constant(bool(content))
        return member_or_constant(content, value.type)

    def statement(self, node: Node, inputs: list[ast.expr]) -> ast.stmt:
        """A node whose value nobody reads."""
        match node.kind:
            case "prim::SetAttr":
                field = node.attributes["name"]
                if not _is_name(field):
                    given = [inputs[0], ast.Constant(field), inputs[1]]
                    return ast.Expr(call(name("setattr"), given))
                target = ast.Attribute(inputs[0], field, ast.Store())
                return ast.Assign([target], inputs[1], None)
            case "prim::RaiseException":
                cls = node.inputs[1].constant
                shown = cls if isinstance(cls, str) and cls else "Exception"
                args = [] if node.inputs[0].type == T.NONE else [inputs[0]]
                cause = inputs[2] if len(inputs) > 2 else None
                return ast.Raise(call(dotted(shown), args), cause)
            case "prim::ReRaise":
                return ast.Raise(inputs[0], None)
            case "aten::_set_item" | "aten::Delete" if all(
                isinstance(i, ast.Name | ast.Constant) for i in inputs[:2]
            ):
                # Python evaluates what is assigned first, which matters to calls only
                if node.kind == "aten::Delete":
                    return ast.Delete([ast.Subscript(inputs[0], inputs[1], ast.Del())])
                item = ast.Subscript(inputs[0], inputs[1], ast.Store())
                return ast.Assign([item], inputs[2], None)
        return ast.Expr(self.expression(node, inputs))

    def expression(self, node: Node, inputs: list[ast.expr]) -> ast.expr:
        """What a node computes."""
        kind = node.kind
        namespace, _, short = kind.partition("::")
        builtin = BUILTINS.get(kind) or BUILTINS.get(node.full_name)
        if builtin is not None:
            return call(name(builtin), self._without_defaults(node, inputs)[0])
        structural = self._structural(node, inputs)
        if structural is not None:
            return structural
        if namespace == "aten":
            special = self._operator(node, short, inputs)
            if special is not None:
                return special
        if namespace == "np" and short in BINARY and len(inputs) == 2:
            return ast.BinOp(inputs[0], BINARY[short](), inputs[1])
        args, keywords = self._without_defaults(node, inputs)
        return call(_function(namespace, short), args, keywords)

    def _structural(self, node: Node, inputs: list[ast.expr]) -> ast.expr | None:
        attributes = node.attributes
        match node.kind:
            case "prim::TupleConstruct":
                return ast.Tuple(inputs, ast.Load())
            case "prim::ListConstruct":
                made: ast.expr = ast.List(inputs, ast.Load())
                if inputs:
                    return made
                return call(name("annotate"), [annotation(node.output.type), made])
            case "prim::DictConstruct":
                pairs = ast.Dict(list(inputs[::2]), inputs[1::2])
                if inputs:
                    return pairs
                return call(name("annotate"), [annotation(node.output.type), pairs])
            case "prim::NamedTupleConstruct":
                type = node.output.type
                assert isinstance(type, T.NamedTupleType)
                fields = [f for f, _ in type.fields]
                given = list(zip(fields, inputs, strict=True))
                return call(dotted(type.name), [], given)
            case "prim::TupleUnpack" | "prim::ListUnpack":
                return inputs[0]
            case "prim::TupleIndex":
                return ast.Subscript(inputs[0], inputs[1], ast.Load())
            case "prim::TupleSlice":
                bounds = ast.Slice(inputs[1], inputs[2], None)
                return ast.Subscript(inputs[0], bounds, ast.Load())
            case "prim::GetAttr":
                field = attributes["name"]
                if not _is_name(field):  # `0` of a Sequential
                    return call(name("getattr"), [inputs[0], ast.Constant(field)])
                return ast.Attribute(inputs[0], field, ast.Load())
            case "prim::CallFunction":
                return call(inputs[0], inputs[1:])
            case "prim::fork":
                return call(dotted("torch.jit.fork"), inputs)
            case "aten::wait":
                return call(dotted("torch.jit.wait"), inputs)
            case "prim::CallMethod":
                method = ast.Attribute(inputs[0], _method_name(node), ast.Load())
                return call(method, inputs[1:])
            case "prim::CreateObject":
                made_type = annotation(node.output.type)
                return call(
                    ast.Attribute(made_type, "__new__", ast.Load()), [made_type]
                )
            case "prim::isinstance":
                types = [annotation(parse_type(x)) for x in attributes["types"]]
                listed = types[0] if len(types) == 1 else ast.Tuple(types, ast.Load())
                return call(name("isinstance"), [inputs[0], listed])
            case "prim::ExceptionMatches":
                classes = [dotted(n) for n in attributes["names"]]
                which = (
                    classes[0]
                    if len(classes) == 1
                    else ast.Tuple(list(classes), ast.Load())
                )
                return call(name("isinstance"), [inputs[0], which])
        if node.kind in CASTS and node.inputs[0].node.kind == "aten::grad":
            return inputs[0]  # the type of its result is told by its arguments
        if node.kind in CASTS:
            short = node.kind.partition("::")[2]
            return call(name(short), [annotation(node.output.type), inputs[0]])
        if node.kind in ATTRIBUTES:
            return ast.Attribute(inputs[0], ATTRIBUTES[node.kind], ast.Load())
        if "Subgraph" in attributes:
            return call(self._group(node), inputs)
        return None

    def _operator(
        self, node: Node, short: str, inputs: list[ast.expr]
    ) -> ast.expr | None:
        plain = len(inputs) == 2 or (
            len(inputs) == 3
            and short in ("add", "sub")
            and node.inputs[2].constant == 1
        )
        if short in BINARY and plain:
            return ast.BinOp(inputs[0], BINARY[short](), inputs[1])
        if short in COMPARE and len(inputs) == 2:
            return ast.Compare(inputs[0], [COMPARE[short]()], [inputs[1]])
        match short:
            case "rsub" if node.inputs[2].constant == 1:
                # the operands change places: only values without effect may
                if all(v.node.kind == "prim::Constant" for v in node.inputs[1:]):
                    return ast.BinOp(inputs[1], ast.Sub(), inputs[0])
            case "__range_length":
                return call(name("len"), [call(name("range"), inputs)])
            case "__derive_index":
                steps = ast.BinOp(inputs[0], ast.Mult(), inputs[2])
                return ast.BinOp(inputs[1], ast.Add(), steps)
            case "neg" if len(inputs) == 1:
                return ast.UnaryOp(ast.USub(), inputs[0])
            case "bitwise_not" if len(inputs) == 1:
                return ast.UnaryOp(ast.Invert(), inputs[0])
            case "__not__":
                return ast.UnaryOp(ast.Not(), inputs[0])
            case "__contains__" if all(
                isinstance(i, ast.Name | ast.Constant) for i in inputs
            ):
                # Python looks at the item first, which matters to calls only
                return ast.Compare(inputs[1], [ast.In()], [inputs[0]])
            case "percentFormat":
                values = ast.Tuple(inputs[1:], ast.Load())
                return ast.BinOp(inputs[0], ast.Mod(), values)
            case "__getitem__":
                return ast.Subscript(inputs[0], inputs[1], ast.Load())
            case "select" | "slice" | "unsqueeze" | "index":
                return self._subscript(node, short, inputs)
        if not inputs:
            return None
        args, keywords = self._without_defaults(node, inputs)
        first = node.inputs[0].type
        if hasattr(_python_class(first), short):
            return call(ast.Attribute(args[0], short, ast.Load()), args[1:], keywords)
        is_method = not is_function(short) and short not in FUNCTIONAL_ONLY
        if isinstance(first, T.TensorType) and is_method:
            return call(ast.Attribute(args[0], short, ast.Load()), args[1:], keywords)
        if first in (T.INT, T.FLOAT) and hasattr(math, short):
            return call(dotted(f"math.{short}"), args, keywords)
        return None

    def _subscript(
        self, node: Node, short: str, inputs: list[ast.expr]
    ) -> ast.expr | None:
        """Indexes as Python writes them: `x[i, 1:, None]`."""
        if short == "slice" and not isinstance(node.inputs[0].type, T.TensorType):
            return ast.Subscript(
                inputs[0], _slice(node.inputs[1:], inputs[1:]), ast.Load()
            )
        if not isinstance(node.inputs[0].type, T.TensorType):
            return None
        if short == "index":
            return self._gather(node, inputs)
        dim = node.inputs[1].constant
        if dim is NOT_CONSTANT or dim < 0:
            return None
        item: ast.expr
        if short == "select":
            item = inputs[2]
        elif short == "unsqueeze":
            item = ast.Constant(None)
        else:
            item = _slice(node.inputs[2:], inputs[2:])
        found = self._indexes.pop(id(inputs[0]), None)
        base = inputs[0]
        if found is not None and dim >= found.dim:
            assert isinstance(base, ast.Subscript)
            base, items, first = base.value, list(found.items), found.dim
        else:
            items, first = [], 0
        items += [ast.Slice(None, None, None) for _ in range(dim - first)]
        items.append(item)
        index = items[0] if len(items) == 1 else ast.Tuple(items, ast.Load())
        made = ast.Subscript(base, index, ast.Load())
        following = dim if short == "select" else dim + 1
        self._indexes[id(made)] = _Index(items, following)
        self._kept.append(made)
        return made

    @property
    def _kept(self) -> list[ast.expr]:
        """Open subscripts, kept alive so that their identities stay theirs."""
        kept: list[ast.expr] = self.__dict__.setdefault("_alive", [])
        return kept

    def _gather(self, node: Node, inputs: list[ast.expr]) -> ast.expr | None:
        listed = inputs[1]
        if not isinstance(listed, ast.List):
            return None
        items: list[ast.expr] = [
            ast.Slice(None, None, None)
            if isinstance(i, ast.Constant) and i.value is None
            else i
            for i in listed.elts
        ]
        index = items[0] if len(items) == 1 else ast.Tuple(items, ast.Load())
        return ast.Subscript(inputs[0], index, ast.Load())

    def _without_defaults(
        self, node: Node, inputs: list[ast.expr]
    ) -> tuple[list[ast.expr], list[tuple[str, ast.expr]]]:
        """Positional and keyword arguments, those that are their defaults left out."""
        card = find_card(node.kind, node.overload)
        if card is None or card.schema.is_vararg:
            return inputs, []
        schema = card.schema
        count = len(inputs)
        while count and _is_default(schema, count - 1, node):
            count -= 1
        positional: list[ast.expr] = []
        keywords: list[tuple[str, ast.expr]] = []
        for i, argument in enumerate(schema.arguments[:count]):
            if argument.keyword_only:
                if not _is_default(schema, i, node):
                    keywords.append((argument.name, inputs[i]))
            else:
                positional.append(inputs[i])
        return positional, keywords


def _is_default(schema: FunctionSchema, i: int, node: Node) -> bool:
    argument = schema.arguments[i]
    if argument.is_required:
        return False
    value = node.inputs[i]
    if isinstance(argument.default, list):
        made = value.node
        items = [v.constant for v in made.inputs]
        return made.kind == "prim::ListConstruct" and items == argument.default
    given = value.constant
    if given is NOT_CONSTANT or isinstance(given, np.ndarray):
        return False
    return type(given) is type(argument.default) and given == argument.default


def _slice(values: Sequence[Value], inputs: Sequence[ast.expr]) -> ast.expr:
    """`a:b:c` of the bounds of a slice, those left out that mean nothing."""
    lower, upper, step = (
        None if v.constant in skipped else x
        for v, x, skipped in zip(
            values, inputs, ((None, 0), (None, 9223372036854775807), (1,)), strict=True
        )
    )
    return ast.Slice(lower, upper, step)


def _python_class(type: T.Type) -> type | None:
    """Python's class of the values of a type whose methods are operators."""
    match type:
        case T.ListType():
            return list
        case T.DictType():
            return dict
        case T.SimpleType("str"):
            return str
    return None


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


def _function(namespace: str, short: str) -> ast.expr:
    if namespace == "aten":
        if short not in FUNCTIONAL_ONLY:
            return dotted(f"torch.{short}")
        from jit.torch.nn import functional

        function = getattr(functional, short, None)
        same = getattr(function, "operator_kind", None) == f"aten::{short}"
        return dotted(f"torch.{'nn.functional' if same else 'ops.aten'}.{short}")
    if namespace == "np":
        for prefix in ("linalg_", "fft_"):
            if short.startswith(prefix):
                return dotted(f"np.{prefix[:-1]}.{short.removeprefix(prefix)}")
        return dotted(f"np.{short}")
    return dotted(f"ops.{namespace}.{short}")
