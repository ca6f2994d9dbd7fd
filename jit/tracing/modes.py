"""One graph of what a module does in training and of what it does in evaluation.

    if self.dropout.training:
        … what was recorded in training …
    else:
        … what was recorded in evaluation …

Only modules that were asked for their mode are looked at. Modes that were not recorded
are refused when the program runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.clone import clone_nodes
from jit.ir.equality import equal
from jit.ir.graph import Graph, Value
from jit.ir.program import Function, Program
from jit.torch.nn import Module

Modes = tuple[tuple[Module, bool], ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """What was recorded while modules were in certain modes."""

    modes: Modes
    function: Function


def merge(module: Module, variants: list[Variant], program: Program) -> Graph:
    """The graph that does what the variant for the modes of this call does."""
    first = variants[0].function.graph
    type = first.outputs[0].type
    others = [v for v in variants[1:] if v.function.graph.outputs[0].type == type]
    complete = len(others) == (1 if _is_uniform(variants[0].modes) else 2)
    if complete and all(equal(first, v.function.graph) for v in others):
        return first
    graph = Graph(program)
    inputs = [graph.add_input(i.type, i.name) for i in first.inputs]
    builder = Builder(graph)
    flags = _Flags(builder, module, inputs[0])
    kept = [variants[0], *others]
    asked = {id(m) for v in kept for m, _ in v.modes}
    covered = len(asked) == 1 and len(kept) == 2
    graph.block.add_return(_choose(builder, flags, kept, inputs, covered))
    return graph


def _is_uniform(modes: Modes) -> bool:
    return len({mode for _, mode in modes}) == 1


def _choose(
    b: Builder,
    flags: _Flags,
    variants: list[Variant],
    inputs: list[Value],
    covered: bool,
) -> Value:
    """What the first variant that fits gives; `covered`: one of them fits surely."""
    variant, *rest = variants
    graph = variant.function.graph
    if covered and not rest:
        mapping = dict(zip(graph.inputs, inputs, strict=True))
        return clone_nodes(graph.block, b.before, mapping)[0]
    type = graph.outputs[0].type
    branch = b.node("prim::If", [flags.match(variant.modes)], [type])
    with b.inside(branch.add_block()) as block:
        mapping = dict(zip(graph.inputs, inputs, strict=True))
        block.add_return(clone_nodes(graph.block, block.result, mapping)[0])
    with b.inside(branch.add_block()) as block:
        if rest:
            block.add_return(_choose(b, flags, rest, inputs, covered))
        else:
            message = (
                "the trace was recorded with other modes of its modules: call train()"
                " or eval() on the whole module, or trace it in these modes"
            )
            b.node(
                "prim::RaiseException",
                [b.constant(message), b.constant("RuntimeError")],
            )
            block.add_return(b.node("prim::Uninitialized", (), [type]).output)
    return branch.output


class _Flags:
    """What modules say of their modes when the program runs."""

    def __init__(self, b: Builder, module: Module, self_value: Value) -> None:
        self._builder = b
        self._paths = {id(m): path for path, m in module.named_modules()}
        self._values: dict[str, Value] = {"": self_value}
        self._training: dict[int, Value] = {}
        self._module = module

    def match(self, modes: Modes) -> Value:
        """Whether all these modules are in these modes."""
        found: Value | None = None
        for module, training in modes:
            value = self._flag(module)
            if not training:
                value = self._builder.op("aten::__not__", value)
            if found is not None:
                value = self._builder.op("aten::__and__", found, value)
            found = value
        assert found is not None
        return found

    def _flag(self, module: Module) -> Value:
        known = self._training.get(id(module))
        if known is None:
            owner = self._reach(self._paths[id(module)])
            known = self._attribute(owner, "training", T.BOOL)
            self._training[id(module)] = known
        return known

    def _reach(self, path: str) -> Value:
        if path not in self._values:
            outer, _, name = path.rpartition(".")
            owner = self._reach(outer)
            assert owner.type is not None
            self._values[path] = self._attribute(owner, name, self._type(owner, name))
        return self._values[path]

    def _type(self, owner: Value, name: str) -> T.Type:
        program = self._builder.block.graph.program
        assert program is not None
        return program.class_of(owner.type).attributes[name].type

    def _attribute(self, owner: Value, name: str, type: T.Type) -> Value:
        return self._builder.node("prim::GetAttr", [owner], [type], name=name).output
