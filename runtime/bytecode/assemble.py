"""Assemble a graph: nested blocks become jumps, values become registers.

    %y : int = prim::If(%c)           UNLESS  r0 → 3
      block0():                       CALL2   aten::add.int   r1 r2 → r3
        %a : int = aten::add(…)   →   JUMP    → 4
        -> (%a)                       MOVE    r1 → r3
      block1():                       RETURN  r3
        -> (%x)
    return (%y)

Constants are preloaded, the subgraph of a `prim::FusionGroup` is assembled in place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jit.ir import types as T
from jit.ir.card import Card
from jit.ir.diagnostic import Diagnostic, GraphError
from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.program import Program
from jit.ir.registry import find_card
from jit.ir.span import NOWHERE
from jit.runtime import dispatch
from jit.runtime.bytecode import structural
from jit.runtime.bytecode.constants import runtime_constant, short_text
from jit.runtime.bytecode.instruction import (
    Code,
    Handler,
    Instruction,
    Opcode,
    step_of,
)
from jit.runtime.bytecode.registers import Deaths, Registers, values_read
from jit.runtime.python_classes import method_named

FindCode = Callable[[str], Code]
"""The code of a function of the program, by name."""

_NOTHING = ("prim::Constant", "prim::Uninitialized")
_SHARED = (bool, int, float, complex, str, type(None))


Natives = Mapping[Node, Callable[..., Any]]
"""What runs the `prim::NativeRegion` nodes of a graph."""


FindRunner = Callable[[type[Card], Node], Callable[..., Any]]
"""Gives what runs the operator of a node."""


def assemble(
    graph: Graph,
    name: str = "graph",
    find_code: FindCode | None = None,
    natives: Natives | None = None,
    runner: FindRunner | None = None,
) -> Code:
    """The code of a graph, optimised or not.

    `find_code` gives the functions that it calls. A `prim::NativeRegion` is interpreted
    unless `natives` has a function for it. `runner` gives what runs the operator of a
    node, if it is not what eager code runs.
    Raises GraphError E0701 if the graph holds a node that nothing executes.
    """
    return _Assembler(graph, name, find_code, natives or {}, runner).assemble()


class _Assembler:
    def __init__(
        self,
        graph: Graph,
        name: str,
        find_code: FindCode | None,
        natives: Natives,
        runner: FindRunner | None,
    ) -> None:
        self.runner = runner
        self.graph = graph
        self.natives = natives
        self.name = name
        self.find_code = find_code or _no_functions
        self.registers = Registers()
        self.instructions: list[Instruction] = []
        self.handlers: list[Handler] = []
        self.constants: dict[int, Any] = {}
        self.shared: dict[tuple[type, str], int] = {}
        """Registers of simple constants by type and text."""
        self.names: dict[int, str] = {}

    def assemble(self) -> Code:
        graph, registers = self.graph, self.registers
        for value in graph.inputs:
            registers.of[value] = registers.new()
            self.names[registers.of[value]] = value.name
        self.preload(graph)
        deaths = Deaths(graph.block, graph.inputs)
        self.emit_nodes(graph.block, deaths)
        results = tuple(registers.of[v] for v in graph.outputs)
        if len(results) != 1:
            packed = registers.new()
            make = structural.make_tuple
            self.emit(Opcode.CALL, "prim::TupleConstruct", make, results, (packed,))
            results = (packed,)
        self.emit(Opcode.RETURN, inputs=results)
        count = len(graph.inputs)
        rest: list[Any] = [None] * (registers.count - count)
        for register, value in self.constants.items():
            rest[register - count] = value
        return Code(
            self.name,
            self.instructions,
            [step_of(i) for i in self.instructions],
            tuple(self.handlers),
            count,
            rest,
            self.names,
        )

    def preload(self, graph: Graph) -> None:
        """Give a register to every constant, and to what is never initialised.

        Equal numbers, strings and Nones share one.
        """
        registers = self.registers
        for node in graph.all_nodes:
            if node.kind in _NOTHING:
                value = runtime_constant(node)
                simple = isinstance(value, _SHARED)
                key = type(value), repr(value) if simple else ""
                register = self.shared.get(key, -1)
                if register < 0:
                    register = registers.new()
                    registers.constant.add(register)
                    self.constants[register] = value
                    self.names[register] = short_text(value)
                    if simple:
                        self.shared[key] = register
                registers.of[node.output] = register
            for attribute in node.attributes.values():
                if isinstance(attribute, Graph):
                    self.preload(attribute)

    # instructions ---------------------------------------------------------------

    def emit(
        self,
        opcode: Opcode,
        name: str = "",
        function: Callable[..., Any] | None = None,
        inputs: Sequence[int] = (),
        outputs: Sequence[int] = (),
        *,
        dead: Sequence[int] = (),
        node: Node | None = None,
    ) -> Instruction:
        """Append an instruction."""
        made = Instruction(
            opcode, name, function, tuple(inputs), tuple(outputs), -1, tuple(dead), node
        )
        self.instructions.append(made)
        return made

    @property
    def here(self) -> int:
        """The index of the next instruction."""
        return len(self.instructions)

    def emit_nodes(self, block: Block, deaths: Deaths) -> None:
        """The nodes of a block in order."""
        dead = self.registers.release(deaths.at_start)
        if dead:
            self.emit(Opcode.FREE, dead=dead)
        for node in block.nodes:
            if node.kind in _NOTHING:
                continue
            self.emit_node(node, deaths.at_node[node])
            dead = self.registers.release(v for v in node.outputs if v in deaths.unread)
            if dead:
                last = self.instructions[-1] if self.instructions else None
                if last and last.node is node and last.opcode in _CALLING:
                    last.dead += tuple(dead)
                else:
                    self.emit(Opcode.FREE, dead=dead, node=node)

    def emit_node(self, node: Node, dying: list[Value]) -> None:
        match node.kind:
            case "prim::If":
                self.emit_if(node, dying)
            case "prim::Loop":
                self.emit_loop(node, dying)
            case "prim::Try":
                self.emit_try(node, dying)
            case "prim::FusionGroup" | "prim::NativeRegion" if node not in self.natives:
                self.emit_fusion_group(node, dying)
            case "prim::CallFunction" | "prim::CallMethod":
                name, resolve = self.callee(node)
                inputs: list[Value] = node.inputs
                if node.kind == "prim::CallFunction":
                    inputs = inputs[1:]
                self.emit_call(Opcode.INVOKE, node, name, resolve, inputs, dying)
            case kind if kind in structural.CASTS:
                self.emit_cast(node, dying)
            case _:
                function = self.function(node)
                opcode = _CALLS.get(len(node.inputs), Opcode.CALL)
                if len(node.outputs) > 1 or node.kind in structural.SPREADS:
                    opcode = Opcode.SPREAD
                self.emit_call(
                    opcode, node, node.full_name, function, node.inputs, dying
                )

    def emit_call(
        self,
        opcode: Opcode,
        node: Node,
        name: str,
        function: Callable[..., Any],
        inputs: Sequence[Value],
        dying: list[Value],
    ) -> None:
        """A call whose outputs may take the registers of the inputs that die."""
        registers = self.registers
        read = [registers.of[v] for v in inputs]
        dead = registers.release(dying)
        if node.outputs or opcode is Opcode.SPREAD:
            written = [registers.assign(v) for v in node.outputs]
        else:
            # what it returns goes to a register that is free again at once
            written = [registers.take()]
            registers.give_back(written[0])
        dead = [r for r in dead if r not in written]
        self.emit(opcode, name, function, read, written, dead=dead, node=node)

    def emit_cast(self, node: Node, dying: list[Value]) -> None:
        """The output takes over the register of an input that dies."""
        registers = self.registers
        source = registers.of[node.inputs[0]]
        if node.inputs[0] in dying or source in registers.constant:
            registers.of[node.output] = source
            return
        dead = registers.release(dying)
        target = registers.assign(node.output)
        self.emit_moves([source], [target], dead, node)

    def emit_moves(
        self,
        sources: Sequence[int],
        targets: Sequence[int],
        dead: Sequence[int] = (),
        node: Node | None = None,
    ) -> None:
        """Copy registers, all at once; nothing for those that stay."""
        pairs = [(s, t) for s, t in zip(sources, targets, strict=True) if s != t]
        dead = [r for r in dead if r not in targets]
        if not pairs:
            if dead:
                self.emit(Opcode.FREE, dead=dead, node=node)
            return
        opcode = Opcode.MOVE if len(pairs) == 1 else Opcode.MOVES
        moved, into = zip(*pairs, strict=True)
        self.emit(opcode, "", None, moved, into, dead=dead, node=node)

    # control flow -----------------------------------------------------------------

    def emit_branch(
        self, block: Block, targets: Sequence[int], owned: Sequence[Value]
    ) -> None:
        """A block whose returns go to `targets`; it releases what it owns."""
        registers = self.registers
        registers.open.update(targets)
        registers.want(block, targets)
        deaths = Deaths(block, owned)
        self.emit_nodes(block, deaths)
        registers.open.difference_update(targets)
        self.emit_returns(block.returns, targets, deaths, block.owner)

    def emit_returns(
        self,
        returns: Sequence[Value],
        targets: Sequence[int],
        deaths: Deaths,
        node: Node | None,
    ) -> None:
        """Move the returns of a block; those that were computed in place stay."""
        registers = self.registers
        sources = [registers.of[v] for v in returns]
        done = [v for v in deaths.at_end if registers.of[v] not in targets]
        self.emit_moves(sources, targets, registers.release(done), node)

    def emit_if(self, node: Node, dying: list[Value]) -> None:
        registers = self.registers
        condition = registers.of[node.inputs[0]]
        targets = [registers.assign(v) for v in node.outputs]
        unless = self.emit(Opcode.UNLESS, inputs=(condition,), node=node)
        before = registers.snapshot()
        self.emit_branch(node.blocks[0], targets, dying)
        jump = self.emit(Opcode.JUMP, node=node)
        unless.target = self.here
        registers.rewind(before)
        self.emit_branch(node.blocks[1], targets, dying)
        if unless.target == self.here:
            self.instructions.pop()
            unless.target = self.here
        else:
            jump.target = self.here

    def emit_try(self, node: Node, dying: list[Value]) -> None:
        registers = self.registers
        body, handler = node.blocks
        (error,) = handler.params
        targets = [registers.assign(v) for v in node.outputs]
        caught = registers.assign(error)
        before = registers.snapshot()
        needed = values_read(handler)
        start = self.here
        self.emit_branch(body, targets, [v for v in dying if v not in needed])
        end = self.here
        jump = self.emit(Opcode.JUMP, node=node)
        registers.rewind(before)
        self.handlers.append(Handler(start, end, self.here, caught))
        self.emit_branch(handler, targets, [*dying, error])
        jump.target = self.here

    def emit_loop(self, node: Node, dying: list[Value]) -> None:
        registers = self.registers
        (body,) = node.blocks
        trips, condition = (registers.of[v] for v in node.inputs[:2])
        initial = [registers.of[v] for v in node.inputs[2:]]
        carried, dying = self.carry(node, dying)
        needed = values_read(body) | set(node.inputs[:2])
        dead = registers.release(v for v in dying if v not in needed)
        self.emit_moves(initial, carried, dead, node)
        counter = registers.take()
        added = set(carried) - registers.carried
        registers.carried |= added
        registers.constant.add(counter)
        enter = self.emit(
            Opcode.LOOP, inputs=(trips, condition), outputs=(counter,), node=node
        )
        start = self.here
        for value, register in zip(body.params, (counter, *carried), strict=True):
            registers.of[value] = register
        registers.want(body, carried)
        deaths = Deaths(body, body.params)
        self.emit_nodes(body, deaths)
        registers.open.difference_update(carried)
        go_on = self.emit_carried(body, carried, deaths, node)
        again = self.emit(
            Opcode.NEXT, inputs=(trips, go_on), outputs=(counter,), node=node
        )
        again.target, enter.target = start, self.here
        registers.carried -= added
        registers.constant.discard(counter)
        registers.give_back(counter)
        dead = registers.release(v for v in dying if v in needed)
        if dead:
            self.emit(Opcode.FREE, dead=dead, node=node)

    def carry(self, node: Node, dying: list[Value]) -> tuple[list[int], list[Value]]:
        """The registers that a loop carries, and what still dies.

        An initial value that nobody else reads gives its register.
        """
        registers = self.registers
        needed = values_read(node.blocks[0]) | set(node.inputs[:2])
        initial = node.inputs[2:]
        carried = []
        for value, output in zip(initial, node.outputs, strict=True):
            register = registers.of[value]
            if (
                value in dying
                and value not in needed
                and initial.count(value) == 1
                and register not in registers.constant
            ):
                registers.of[output] = register
                dying = [v for v in dying if v is not value]
            else:
                register = registers.assign(output)
            carried.append(register)
        return carried, dying

    def emit_carried(
        self, body: Block, carried: list[int], deaths: Deaths, node: Node
    ) -> int:
        """Move what an iteration hands to the next; the register of the condition."""
        registers = self.registers
        go_on, *sources = (registers.of[v] for v in body.returns)
        targets = list(carried)
        temporary = []
        overwritten = {t for s, t in zip(sources, targets, strict=True) if s != t}
        if go_on in overwritten:
            temporary = [registers.take()]
            sources.append(go_on)
            targets += temporary
            go_on = temporary[0]
        done = [v for v in deaths.at_end if registers.of[v] not in carried]
        self.emit_moves(sources, targets, registers.release(done), node)
        for register in temporary:
            registers.give_back(register)
        return go_on

    def emit_fusion_group(self, node: Node, dying: list[Value]) -> None:
        """The subgraph in place, its parameters being the registers of the inputs."""
        registers = self.registers
        block = node.attributes["Subgraph"].block
        targets = [registers.assign(v) for v in node.outputs]
        owned = []
        for value, parameter in zip(node.inputs, block.params, strict=True):
            registers.of[parameter] = registers.of[value]
            if value in dying and node.inputs.count(value) == 1:
                owned.append(parameter)
                dying = [v for v in dying if v is not value]
        self.emit_branch(block, targets, owned)
        dead = registers.release(dying)
        if dead:
            self.emit(Opcode.FREE, dead=dead, node=node)

    # what is called -----------------------------------------------------------------

    def function(self, node: Node) -> Callable[..., Any]:
        """The Python function that a node calls."""
        if node.kind == "prim::fork":
            return self.fork
        found = self.natives.get(node) or structural.function_of(node)
        if found is not None:
            return found
        card = find_card(node.kind, node.overload)
        if card is None or (card.kernel is None and card.on_tape is None):
            raise GraphError(_not_executable(node))
        return dispatch.runner(card) if self.runner is None else self.runner(card, node)

    def fork(self, target: Any, *args: Any) -> Any:
        """Start a function of the program on another thread."""
        from jit.runtime import futures
        from jit.runtime.bytecode.interpreter import run

        find_code = self.find_code
        return futures.fork(lambda: run(find_code(target.name), args))

    def callee(self, node: Node) -> tuple[str, Callable[[list[Any]], Code]]:
        """What a call node is called in listings, and the code it means."""
        find_code = self.find_code
        callee = node.inputs[0]
        name = _function_name(callee)
        if node.kind == "prim::CallFunction" and name:
            return name, lambda registers: find_code(name)
        register = self.registers.of[callee]
        if node.kind == "prim::CallFunction":
            return "prim::CallFunction", lambda registers: find_code(
                registers[register].name
            )
        method = node.attributes["name"]
        if isinstance(callee.type, T.ClassType | T.ModuleType):
            name = f"{callee.type.name}.{method}"
            return name, lambda registers: find_code(name)
        program = self.graph.program or Program()
        return f"prim::CallMethod {method}", lambda registers: find_code(
            method_named(program, registers[register], method)
        )


_CALLING = (Opcode.CALL, Opcode.CALL1, Opcode.CALL2, Opcode.SPREAD)
_CALLS = {1: Opcode.CALL1, 2: Opcode.CALL2}


def _function_name(value: Value) -> str:
    """The name of the function that a constant stands for; empty for other values."""
    node = value.node
    return node.attributes.get("name", "") if node.kind == "prim::Constant" else ""


def _no_functions(name: str) -> Code:
    raise NameError(f"function `{name}` is not defined: the graph is run by itself")


def _not_executable(node: Node) -> Diagnostic:
    notes: tuple[str, ...] = ()
    if node.kind in ("prim::ReturnStmt", "prim::BreakStmt", "prim::ContinueStmt"):
        notes = ("run `jit.passes.remove_exits` on the graph first",)
    return Diagnostic(
        "E0701",
        f"nothing executes `{node.full_name}`",
        None if node.span is NOWHERE else node.span,
        notes=notes,
        stack=node.stack,
    )
