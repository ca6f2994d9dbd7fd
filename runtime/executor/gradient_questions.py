"""Which functions ask about gradients: `x.requires_grad`, `torch.autograd.grad(...)`.

What they are told must be what eager code would be told, so every operator in them writes
the tape while it runs. They are interpreted as they were captured.
"""

from __future__ import annotations

from collections.abc import Iterator

from jit.ir import types as T
from jit.ir.graph import Graph, Node
from jit.ir.program import Program
from jit.ir.registry import find_card
from jit.passes.analysis.effects import subgraph


def why_interpreted(question: Node) -> str:
    """Why a function with such a node is interpreted, for its explanation."""
    place = ""
    if question.span.text:
        place = f"  [{question.span.source.file}:{question.span.line}]"
    return (
        f"{question.full_name}: it asks about gradients, so all operators write the"
        f" tape as they run{place}"
    )


def find_question(program: Program, name: str) -> Node | None:
    """A node that asks about gradients, in what a call of a function may run."""
    seen: set[str] = set()
    pending = [name]
    while pending:
        found = pending.pop()
        if found in seen or found not in program.functions:
            continue
        seen.add(found)
        for node in _nodes_of(program.functions[found].graph):
            card = find_card(node.kind, node.overload)
            if card is not None and card.on_tape is not None:
                return node
            pending += _called(program, node)
    return None


def _nodes_of(graph: Graph) -> Iterator[Node]:
    for node in graph.all_nodes:
        yield node
        if node.kind == "prim::FusionGroup":
            yield from _nodes_of(subgraph(node))


def _called(program: Program, node: Node) -> list[str]:
    """The functions that a node may call, or name for others to call."""
    match node.kind:
        case "prim::Constant" if isinstance(node.output.type, T.FunctionType):
            return [node.output.type.name]
        case "prim::CallMethod":
            owner, method = node.inputs[0].type, node.attributes["name"]
            if isinstance(owner, T.ModuleType | T.ClassType):
                return [f"{owner.name}.{method}"]
            return [n for n in program.functions if n.endswith(f".{method}")]
    return []
