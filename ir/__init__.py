"""What a program is: types, graphs, functions, text. It knows no operator by name.

The front door of the layer. Types are in `jit.ir.types`, imported as `T`, and dtypes in
`jit.ir.dtypes`.

* `Graph`, `Block`, `Node`, `Value`, `Use`: what a function does, as SSA.
* `Program`, `Function`, `ClassDefinition`, `Attribute`: functions and classes by name.
* `Builder`: makes nodes that fit their schema.
* `make_constant`, `same_constant`, `NOT_CONSTANT`: Python values as constants.
* `FunctionSchema`, `Argument`, `Alias`, `parse_schema`: declared signatures.
* `Card`, `ShapeError`, `UNKNOWN`: all that is declared about one operator.
* `find_card`, `overloads_of`, `has_kind`, `register`: cards by name.
* `resolve`, `Binding`, `Mismatch`: the overload that a call means, or why none fits.
* `is_subtype`, `unify`: may this value be used there; the common type of two.
* `format_graph`, `format_program`, `format_type`: objects as text.
* `parse_graph`, `parse_program`, `parse_type`: objects of a text.
* `difference`, `equal`: where two graphs or programs first differ.
* `clone_graph`, `clone_program`, `clone_node`, `clone_block`, `clone_nodes`: copies.
* `check`, `check_program`, `assert_valid`, `Problem`: is it well formed?
* `to_dot`: the drawing of a graph as text; `graph.draw(path)` writes a picture.
* `Span`, `Source`, `NOWHERE`: where something was written.
* `Diagnostic`, `Label` and the errors: what people are told.
"""

from jit.ir.builder import Builder
from jit.ir.card import UNKNOWN, Card, ShapeError
from jit.ir.clone import (
    clone_block,
    clone_graph,
    clone_node,
    clone_nodes,
    clone_program,
)
from jit.ir.constants import NotConstantError, make_constant, same_constant
from jit.ir.diagnostic import (
    ArchiveError,
    CompileError,
    Diagnostic,
    Error,
    GraphError,
    Label,
    TracerWarning,
    TracingError,
)
from jit.ir.dot import to_dot
from jit.ir.equality import difference, equal
from jit.ir.graph import NOT_CONSTANT, Block, Graph, Node, Use, Value
from jit.ir.overloads import Binding, Mismatch, resolve
from jit.ir.parser import parse_graph, parse_program
from jit.ir.printer import format_graph, format_program
from jit.ir.program import Attribute, ClassDefinition, Function, Program
from jit.ir.registry import find_card, has_kind, overloads_of, register
from jit.ir.schema import Alias, Argument, FunctionSchema, parse_schema
from jit.ir.span import NOWHERE, Source, Span
from jit.ir.subtyping import is_subtype
from jit.ir.type_text import format_type, parse_type
from jit.ir.unification import unify
from jit.ir.verifier import Problem, assert_valid, check, check_program

__all__ = [
    "NOT_CONSTANT",
    "NOWHERE",
    "UNKNOWN",
    "Alias",
    "ArchiveError",
    "Argument",
    "Attribute",
    "Binding",
    "Block",
    "Builder",
    "Card",
    "ClassDefinition",
    "CompileError",
    "Diagnostic",
    "Error",
    "Function",
    "FunctionSchema",
    "Graph",
    "GraphError",
    "Label",
    "Mismatch",
    "Node",
    "NotConstantError",
    "Problem",
    "Program",
    "ShapeError",
    "Source",
    "Span",
    "TracerWarning",
    "TracingError",
    "Use",
    "Value",
    "assert_valid",
    "check",
    "check_program",
    "clone_block",
    "clone_graph",
    "clone_node",
    "clone_nodes",
    "clone_program",
    "difference",
    "equal",
    "find_card",
    "format_graph",
    "format_program",
    "format_type",
    "has_kind",
    "is_subtype",
    "make_constant",
    "overloads_of",
    "parse_graph",
    "parse_program",
    "parse_schema",
    "parse_type",
    "register",
    "resolve",
    "same_constant",
    "to_dot",
    "unify",
]
