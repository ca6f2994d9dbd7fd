"""A region: one function of machine code while it is made from a graph.

    define internal {i64, leaves...} @f(ptr %state, i64 %depth, leaves...)

The result is a status, 0 if all went well, and the leaves of the results. `state` is a
block of words in which a check that fails leaves its number and operands, see
`jit.runtime.codegen.failures`; `depth` is how many more calls may be nested.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll
import numpy as np

from jit.ir import types as T
from jit.ir.dtypes import DType, dtype_of
from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.registry import find_card
from jit.passes.analysis.effects import may_raise
from jit.runtime.bytecode.constants import runtime_constant
from jit.runtime.bytecode.registers import Deaths
from jit.runtime.codegen import failures, lowering
from jit.runtime.codegen.building import at, load, new_function
from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.kinds import (
    Declined,
    Kind,
    Lazy,
    Static,
    Tuple,
    Unset,
    kind_of,
    kind_of_type,
    leaves_of,
)
from jit.runtime.codegen.objects.slots import Slots
from jit.runtime.codegen.process.ownership import Owner, owners_of
from jit.runtime.codegen.values import F64, I1, I64, POINTER, Buffer
from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    from jit.runtime.codegen.program import Unit

LIKELY = (1 << 20, 1)
VOID = ll.VoidType()


class NodeDeclined(Declined):
    """A lowering declined: the reason, and the node."""

    def __init__(self, node: Node, why: str) -> None:
        super().__init__(why)
        self.node = node


class Region:
    """Makes the body of one LLVM function."""

    def __init__(
        self, unit: Unit, name: str, function: ll.Function, results: list[Kind] | None
    ) -> None:
        self.unit = unit
        self.name = name
        """The function of the program, for the script's stack."""
        self.function_being_made = function
        self.results = results
        self.state, self.depth = function.args[:2]
        self.entry = function.append_basic_block("entry")
        """Holds what is allocated on the stack, and jumps to the start."""
        start = function.append_basic_block("start")
        self.b = ll.IRBuilder(start)
        self._entry_end = ll.IRBuilder(self.entry).branch(start)
        self._failed: ll.Block | None = None
        self.values: dict[Value, Any] = {}
        self.node: Node | None = None
        """The node whose code is being made."""
        self.dying: list[Value] = []
        """Values that the node being made reads last. Nodes with blocks take them over,
        and leave an empty list."""
        self._held: list[Any] | None = None
        self._fresh: list[Owner] = []
        """Owners made for the node whose code is being made, not claimed yet."""

        self.slots = Slots(self) if unit.objects else None
        """What the function owns, where Python objects may be among it."""
        self.loop_kinds: dict[Node, list[Kind]] = {}
        """What loops carry that had to be made again."""
        self.raised_at: dict[Value, ll.Value] = {}
        """The only place that led to an exception, -1 if it notes its places itself."""
        self.loop_results: list[Any] = []
        self.landings: list[ll.Block] = []
        """Where failures go in the bodies of `try` around."""

    @property
    def module(self) -> ll.Module:
        return self.unit.module

    # whole functions ------------------------------------------------------------------

    def emit(self, graph: Graph, arguments: Sequence[Any]) -> list[Kind]:
        """Make the code of a graph whose inputs have these values; the kinds of its
        results."""
        for value, given in zip(graph.inputs, arguments, strict=True):
            self.values[value] = given
        found = self.emit_block(graph.block)
        if self.results is None:
            pairs = zip(found, graph.outputs, strict=True)
            self.results = [self.kind_of(v, declared.type) for v, declared in pairs]
            set_returned_type(self.function_being_made, self.results)
        leaves: list[ll.Value] = []
        for kind, value, declared in zip(
            self.results, found, graph.outputs, strict=True
        ):
            value = self.converted(value, kind)
            if not isinstance(value, Unset) and kind_of(value, declared.type) != kind:
                raise Declined(f"the result is not always `{kind}`")
            leaves += leaves_of(value, kind)
        self._return(I64(0), leaves)
        self._finish()
        return self.results

    def _return(self, status: ll.Value, leaves: Sequence[ll.Value]) -> None:
        made = ll.Constant(self.function_being_made.ftype.return_type, ll.Undefined)
        made = self.b.insert_value(made, status, 0)
        for index, leaf in enumerate(leaves):
            made = self.b.insert_value(made, leaf, index + 1)
        self.b.ret(made)

    def _finish(self) -> None:
        if self._failed is not None:
            self._make_failed(self._failed)
        if self.slots is not None:
            self.slots.finish()

    def _make_failed(self, block: ll.Block) -> None:
        self.b.position_at_end(block)
        if self.slots is not None:
            from jit.runtime.codegen.objects import objects

            objects.settle(self, again=False)
            self.slots.release_all()
        self._return(I64(1), [])

    # blocks and nodes -----------------------------------------------------------------

    def emit_block(self, block: Block, owned: Sequence[Value] = ()) -> list[Any]:
        """Make the code of a block; the values that it returns, each with an owner more.

        `owned` are parameters and values from outside that nobody reads afterwards.
        """
        deaths = Deaths(block, owned)
        for value in deaths.at_start:
            self.release_value(value)
        for node in block.nodes:
            if node.kind in ("prim::Constant", "prim::Uninitialized"):
                continue
            self.dying = deaths.at_node[node]
            self.emit_node(node, deaths.unread)
        self.dying = []
        # a constant belongs to the code, wherever it is written
        mine = {v for v in deaths.at_end if v.node.kind != "prim::Constant"}
        returned = []
        for value in block.returns:
            found = self.value(value)
            returned.append(found)
            if value in mine:
                mine.discard(value)
            else:
                self.retain(found)
        return returned

    def emit_node(self, node: Node, unread: Collection[Value] = ()) -> None:
        """Make the code of a node, keep the values of its outputs, release what dies.

        Outputs that nobody reads, `unread`, get no owner.
        """
        self.node = node
        try:
            made = self._lower(node)
        except NodeDeclined:
            raise
        except Declined as declined:
            raise NodeDeclined(node, str(declined)) from None
        count = len(node.outputs)
        if made is None:
            made = ()
        elif not isinstance(made, tuple | list):
            made = (made,)
        assert len(made) in (count, 0), (node, made)
        if self.slots is not None:
            from jit.runtime.codegen.objects import conversions

            pairs = zip(made, node.outputs, strict=False)
            made = [conversions.settled(self, v, o) for v, o in pairs]
        self.values.update(zip(node.outputs, made, strict=False))
        for value, output in zip(made, node.outputs, strict=False):
            if output in unread:
                continue
            for owner in owners_of(value):
                if not self._take_fresh(owner):
                    self._retain(owner)
        for owner in self._fresh:
            self._release(owner)
        self._fresh = []
        for dying in self.dying:
            self.release_value(dying)

    # owners ---------------------------------------------------------------------------

    def claim(self, value: Any, *, noted: bool = False) -> Any:
        """Say that a value has been made for the node: it has an owner already, which
        stands in a slot already if it is `noted`."""
        for owner in owners_of(value):
            self._fresh.append(owner)
            if self.slots is not None and not noted:
                self.slots.take(owner)
        return value

    def _take_fresh(self, owner: Owner) -> bool:
        for index, fresh in enumerate(self._fresh):
            if fresh.word is owner.word:
                del self._fresh[index]
                return True
        return False

    def moved(self, value: Any) -> None:
        """Say that a value which was made for the node is part of another value now."""
        for owner in owners_of(value):
            taken = self._take_fresh(owner)
            assert taken, value
            if self.slots is not None:
                self.slots.drop(owner)

    def claim_all(
        self, values: list[Any], node: Node, *, noted: bool = True
    ) -> list[Any]:
        """The same for all outputs of a node with blocks, or, not `noted`, of a call."""
        self.node = node
        for value in values:
            self.claim(value, noted=noted)
        return values

    def retain(self, value: Any) -> None:
        """One owner more for all parts of a value."""
        for owner in owners_of(value):
            self._retain(owner)

    def _retain(self, owner: Owner) -> None:
        if self.slots is None:
            self._call("retain", VOID, [owner.word])
        else:
            name = "count_up" if owner.is_object else "retain_any"
            self._call(name, VOID, [owner.word])
            self.slots.take(owner)

    def release_value(self, value: Value) -> None:
        """One owner less for all parts of a value of the graph."""
        if value.node.kind not in ("prim::Constant", "prim::Uninitialized"):
            self.release(self.values[value])

    def release(self, value: Any) -> None:
        """One owner less for all parts of a value."""
        for owner in owners_of(value):
            self._release(owner)

    def _release(self, owner: Owner) -> None:
        if self.slots is None:
            self._call("release", VOID, [self.state, owner.word])
            return
        self.slots.drop(owner)
        if owner.is_object:
            self._call("count_down", VOID, [owner.word])
        else:
            self._call("release_any", VOID, [self.state, owner.word])

    def _call(
        self, name: str, result: ll.Type, arguments: Sequence[ll.Value]
    ) -> ll.Value:
        """Call a function of `jit.runtime.codegen.process.ownership`."""
        return self.b.call(self.unit.ownership(name), arguments)

    def new_block(self, bytes: ll.Value) -> ll.Value:
        """A block with one owner; the node that asks for it has to claim it."""
        block = self._call("new_block", POINTER, [self.state, bytes])
        self.need_memory(block)
        return block

    def need_memory(self, block: ll.Value) -> None:
        """Leave the region with a MemoryError if an address is null."""
        null = ll.Constant(POINTER, None)
        self.need_room(self.b.icmp_unsigned("!=", block, null))

    def need_room(self, holds: ll.Value) -> None:
        """Leave the region unless memory that the node needs can exist: with the
        exception of the reference kernel, or a MemoryError."""
        assert self.node is not None
        operands: list[Any] | None = []
        if find_card(self.node.kind, self.node.overload) is not None:
            operands = None
        self.fail_unless(holds, self.node, operands, MemoryError())

    def allocate(self, dtype: DType, sizes: Sequence[ll.Value]) -> Buffer:
        """A new tensor of the region, contiguous; its elements are not set."""
        b = self.b
        count: ll.Value = I64(1)
        strides: list[ll.Value] = []
        is_over: ll.Value = I1(0)
        for size in reversed(sizes):
            strides.insert(0, b.mul(count, I64(dtype.itemsize)))
            product = b.smul_with_overflow(count, size)
            is_over = b.or_(is_over, b.extract_value(product, 1))
            count = b.extract_value(product, 0)
        bytes = b.smul_with_overflow(count, I64(dtype.itemsize))
        is_over = b.or_(is_over, b.extract_value(bytes, 1))
        # nobody has so many bytes: one check tells all
        block = self.new_block(b.select(is_over, I64(-1), b.extract_value(bytes, 0)))
        return self.claim(Buffer(dtype, block, tuple(sizes), tuple(strides), block))

    def _lower(self, node: Node) -> Any:
        if is_text(node) and self._is_lazy(node):
            return Lazy(node, tuple(self.operand(v) for v in node.inputs))
        if self.slots is None:
            return lowering.lower(self, node)
        mark = self.checkpoint()
        try:
            return lowering.lower(self, node)
        except NodeDeclined:
            raise
        except Declined as declined:
            self.back_to(mark)
            from jit.runtime.codegen.objects import boxed

            return boxed.call(self, node, str(declined))

    def _is_lazy(self, node: Node) -> bool:
        """Whether a text is made only where it is the message of an exception."""
        if self.slots is None:
            return lowering.find(node) is None
        users = [use.node for use in node.output.uses]
        return bool(users) and all(
            user.kind == "prim::RaiseException"
            or (is_text(user) and self._is_lazy(user))
            for user in users
        )

    def checkpoint(self) -> Any:
        """What must be remembered to take back the code that is made from now on."""
        assert self.slots is not None
        function, block = self.function_being_made, self.b.block
        return (
            len(function.blocks), block, len(block.instructions), list(self._fresh),
            self.slots.copy(), list(self.dying),
        )  # fmt: skip

    def back_to(self, mark: Any) -> None:
        """Take back the code that was made since a checkpoint.

        Its sites keep their numbers: functions made since then have sites among them.
        """
        assert self.slots is not None
        blocks, block, count, fresh, slots, dying = mark
        removed = self.function_being_made.blocks[blocks:]
        if self._failed in removed:
            self._failed = None
        del self.function_being_made.blocks[blocks:]
        del block.instructions[count:]
        block.terminator = None
        self.b.position_at_end(block)
        self._fresh, self.dying = fresh, dying
        self.slots.restore(slots)

    def kind_of(self, value: Any, type: T.Type) -> Kind:
        """How a value is handed on."""
        if self.slots is None:
            return kind_of(value, type)
        from jit.runtime.codegen.objects import conversions

        return conversions.kind_of(self, value, type)

    def converted(self, value: Any, kind: Kind) -> Any:
        """A value, with what it owns, as another kind; the same where there are no
        objects."""
        if self.slots is None or isinstance(value, Unset):
            return value
        from jit.runtime.codegen.objects import conversions

        return conversions.convert(self, value, kind)

    def value(self, value: Value) -> Any:
        """What a value of the graph is: an LLVM value, a Buffer, a Tuple, …"""
        found = self.values.get(value)
        if found is None:
            node = value.node
            if node.kind == "prim::Constant":
                found = self.constant(runtime_constant(node), value.type)
            elif node.kind == "prim::Uninitialized":
                found = Unset(value.type)
            else:
                raise Declined(f"{value!r} has no value here")
            self.values[value] = found
        return found

    def inputs(self, node: Node) -> list[Any]:
        """What the inputs of a node are."""
        return [self.value(v) for v in node.inputs]

    def number(self, value: Value) -> ll.Value:
        """An int, float or bool; Declined for anything else."""
        return self.as_number(self.value(value), value)

    def as_number(self, found: Any, value: Value) -> ll.Value:
        """The same, of what a value of the graph is."""
        if isinstance(found, Unset):
            # nobody gets here: any number will do
            (found,) = leaves_of(found, kind_of_type(found.type))
        if not isinstance(found, ll.Value):
            raise Declined(f"{value!r} is not held as a number")
        return found

    def numbers(self, node: Node) -> list[ll.Value]:
        """The inputs of a node, all of them numbers."""
        return [self.number(v) for v in node.inputs]

    def numbers_of(self, values: Sequence[Value]) -> list[ll.Value]:
        """Values that are all numbers."""
        return [self.number(v) for v in values]

    def constant(self, value: Any, type: T.Type) -> Any:
        """A Python value as machine code holds it."""
        if isinstance(type, T.EnumType):
            return Static(value)
        if isinstance(value, bool):
            return I1(int(value))
        if isinstance(value, int) and type != T.FLOAT:
            return I64(value)
        if isinstance(value, int | float):
            return ll.Constant(F64, float(value))
        if isinstance(value, Tensor):
            return self.constant_data(value.array, value)
        if isinstance(value, np.ndarray):
            return self.constant_data(value, value)
        if isinstance(value, tuple):
            types = T.tuple_elements(type) or (T.ANY,) * len(value)
            return Tuple(tuple(map(self.constant, value, types)))
        return Static(value)

    def constant_data(self, array: np.ndarray, holder: Any = None) -> Buffer:
        """An array that is known when code is made, read through the table of the call.

        `holder` is the Tensor or array that a program which returns it gives; without
        it, nobody outside may see the memory.
        """
        dtype = dtype_of(array.dtype)
        b = self.in_entry()
        place = at(b, self.state, 8 * failures.TABLE)
        table = load(b, place, POINTER)
        index = self.unit.add_constant(array, holder)
        sizes = tuple(I64(n) for n in array.shape)
        strides = tuple(I64(n) for n in array.strides)
        data = load(b, at(b, table, 16 * index), POINTER)
        owner = load(b, at(b, table, 16 * index + 8), POINTER)
        return Buffer(dtype, data, sizes, strides, owner)

    # memory of the function -----------------------------------------------------------

    def stack(self, type: ll.Type, name: str = "") -> ll.Value:
        """Room for one value in the frame of the function."""
        builder = ll.IRBuilder()
        builder.position_before(self._entry_end)
        return builder.alloca(type, name=name)

    def in_entry(self) -> ll.IRBuilder:
        """A builder that appends to what runs once, when the function starts."""
        builder = ll.IRBuilder()
        builder.position_before(self._entry_end)
        return builder

    # checks ---------------------------------------------------------------------------

    def fail_unless(
        self,
        holds: ll.Value,
        node: Node,
        operands: Sequence[Any] | None = None,
        error: Exception | None = None,
    ) -> None:
        """Leave the region unless a condition holds.

        The caller of the region runs the reference kernel of `node` on the operands,
        its inputs unless given, which raises the exception. `error` is raised where the
        kernel does not raise, or where there are no operands.
        """
        if isinstance(holds, ll.Constant) and holds.constant == 1:
            return
        if self._held is not None:
            self._held.append((holds, node, operands, error))
            return
        go_on = self.append_block("ok")
        failing = self.append_block("fail")
        self.b.cbranch(holds, go_on, failing).set_weights(LIKELY)
        self.b.position_at_end(failing)
        self.fail(node, operands, error)
        self.b.position_at_end(go_on)

    @contextmanager
    def held_checks(self) -> Iterator[list[Any]]:
        """Collect the checks of a branch instead of leaving the region by them."""
        before, self._held = self._held, []
        try:
            yield self._held
        finally:
            self._held = before

    def fail(
        self,
        node: Node,
        operands: Sequence[Any] | None = None,
        error: Exception | None = None,
    ) -> None:
        """Leave the region; the code that follows is never reached."""
        types: Sequence[T.Type | None] = [v.type for v in node.inputs]
        if operands is None:
            operands = [self.operand(v) for v in node.inputs]
        elif len(operands) != len(types):
            types = [None] * len(operands)
        site = self.unit.add_site(node, self.name)
        site.error = error
        words: list[ll.Value] = []
        site.operands = [
            failures.recipe(operand, words, type)
            for operand, type in zip(operands, types, strict=True)
        ]
        if len(words) > failures.MOST_WORDS:
            raise Declined("it has too many operands")
        state = self.b.bitcast(self.state, I64.as_pointer())
        for index, word in enumerate(words):
            place = self.b.gep(state, [I64(failures.OPERANDS + index)], inbounds=True)
            self.b.store(self._as_word(word), place)
        number = site.number
        if error is None and node.kind in ("prim::CallFunction", "prim::CallMethod"):
            number |= failures.RECURSION
        self.b.store(I64(number), state)
        self.b.branch(self.failed_block())

    def hand_on_failure(self, status: ll.Value, node: Node) -> None:
        """Leave the region if a call failed; `node` is what called."""
        go_on = self.append_block("returned")
        failing = self.append_block("called_fail")
        self.b.cbranch(
            self.b.icmp_signed("==", status, I64(0)), go_on, failing
        ).set_weights(LIKELY)
        self.b.position_at_end(failing)
        site = self.unit.add_site(node, self.name)
        record = self.function("record_call", failures.make_record_call)
        self.b.call(record, [self.state, I64(site.number)])
        self.b.branch(self.failed_block())
        self.b.position_at_end(go_on)

    def operand(self, value: Value) -> Any:
        """What an input of a node is, for its reference kernel."""
        if value.node.kind == "prim::Constant":
            return Static(runtime_constant(value.node))
        return self.value(value)

    def _as_word(self, value: ll.Value) -> ll.Value:
        if value.type == F64:
            return self.b.bitcast(value, I64)
        if value.type == I1:
            return self.b.zext(value, I64)
        if isinstance(value.type, ll.PointerType):
            return self.b.ptrtoint(value, I64)
        return value

    def failed_block(self) -> ll.Block:
        """Where failures go: to the end of the function, or to a handler."""
        if self.landings:
            return self.landings[-1]
        if self._failed is None:
            self._failed = self.append_block("failed")
        return self._failed

    # control --------------------------------------------------------------------------

    def append_block(self, name: str) -> ll.Block:
        """A new basic block of the function."""
        return self.function_being_made.append_basic_block(name)

    @contextmanager
    def loop(self, start: ll.Value, end: ll.Value, step: int = 1) -> Iterator[ll.Value]:
        """Code for each index of a range; `step` is positive."""
        b = self.b
        before = b.block
        body, done = self.append_block("loop"), self.append_block("done")
        b.cbranch(b.icmp_signed("<", start, end), body, done)
        b.position_at_end(body)
        index = b.phi(I64, "i")
        index.add_incoming(start, before)
        yield index
        following = b.add(index, I64(step), flags=["nsw"])
        index.add_incoming(following, b.block)
        b.cbranch(b.icmp_signed("<", following, end), body, done)
        b.position_at_end(done)

    def merge(
        self,
        branches: Sequence[tuple[ll.Block, Sequence[Any]]],
        types: Sequence[T.Type],
    ) -> list[Any]:
        """Values that come from several blocks; the builder is where they meet."""
        if self.slots is not None:
            self.slots.forget(branches)
        merged = []
        for position, type in enumerate(types):
            values = [given[position] for _, given in branches]
            merged.append(self._merge([b for b, _ in branches], values, type))
        return merged

    def _merge(
        self, blocks: Sequence[ll.Block], values: Sequence[Any], type: T.Type
    ) -> Any:
        kind = self.common_kind(values, type)
        if kind is None:
            return values[0]
        columns = zip(*(leaves_of(v, kind) for v in values), strict=True)
        leaves = []
        for leaf_type, column in zip(kind.leaf_types(), columns, strict=False):
            phi = self.b.phi(leaf_type)
            for block, leaf in zip(blocks, column, strict=True):
                phi.add_incoming(leaf, block)
            leaves.append(phi)
        return kind.build(leaves)

    def common_kind(self, values: Sequence[Any], type: T.Type) -> Kind | None:
        """The kind that all values have; None if none of them has a value."""
        kinds = {kind_of(v, type) for v in values if not isinstance(v, Unset)}
        if not kinds:
            return None
        if len(kinds) > 1:
            raise Declined("a variable is " + " or ".join(sorted(map(str, kinds))))
        return kinds.pop()

    def parallel(
        self,
        total: ll.Value,
        grain: ll.Value,
        kernel: ll.Function,
        captured: Sequence[ll.Value],
    ) -> None:
        """Call `kernel(captured..., begin, end)` for parts of a range, on all threads.

        A range up to the grain is one part, on this thread.
        """
        b = self.b
        task = self.function(
            f"task.{kernel.name}", lambda m, n: _make_task(m, n, kernel)
        )
        types = [value.type for value in captured]
        closure = self.stack(ll.LiteralStructType(types or [I64]))
        for index, value in enumerate(captured):
            zero, place = ll.IntType(32)(0), ll.IntType(32)(index)
            b.store(value, b.gep(closure, [zero, place], inbounds=True))
        with b.if_else(b.icmp_signed("<=", total, grain)) as (alone, together):
            with alone:
                b.call(kernel, [*captured, I64(0), total])
            with together:
                pointer = b.bitcast(task, POINTER)
                arguments = [pointer, b.bitcast(closure, POINTER), total, grain]
                self.host("parallel", VOID, arguments)

    # functions of the module ----------------------------------------------------------

    def function(
        self, key: str, build: Callable[[ll.Module, str], ll.Function]
    ) -> ll.Function:
        """A function of the module that is made once for each key."""
        return self.unit.function(key, build)

    def kernel(
        self,
        key: str,
        type: ll.FunctionType,
        build: Callable[[ll.Module, str], ll.Function],
    ) -> ll.Function:
        """A function in a library of its own, made once for each key by all programs and
        processes; see `jit.runtime.codegen.making.kernels`."""
        return self.unit.kernel(key, type, build)

    def host(self, slot: str, result: ll.Type, arguments: Sequence[ll.Value]) -> Any:
        """Call a function of the host table."""
        type = ll.FunctionType(result, [a.type for a in arguments])
        return self.b.call(host_function(self.b, slot, type), arguments)


def _make_task(module: ll.Module, name: str, kernel: ll.Function) -> ll.Function:
    """`(closure, begin, end)`: call a kernel with what a closure holds."""
    arguments = [("closure", POINTER), ("begin", I64), ("end", I64)]
    b, a = new_function(module, name, arguments)
    types = [argument.type for argument in kernel.args[:-2]]
    struct = ll.LiteralStructType(types or [I64])
    closure = b.bitcast(a["closure"], struct.as_pointer())
    i32 = ll.IntType(32)
    captured = [
        b.load(b.gep(closure, [i32(0), i32(index)], inbounds=True))
        for index in range(len(types))
    ]
    b.call(kernel, [*captured, a["begin"], a["end"]])
    b.ret_void()
    return b.function


def returned_type(results: Sequence[Kind]) -> ll.LiteralStructType:
    """A status and the leaves of the results."""
    leaves = [t for kind in results for t in kind.leaf_types()]
    return ll.LiteralStructType([I64, *leaves])


def set_returned_type(function: ll.Function, results: Sequence[Kind]) -> None:
    """Give a function, which nobody calls yet, the type of results that its code has."""
    type = ll.FunctionType(returned_type(results), function.ftype.args)
    function.ftype = type
    function.type = type.as_pointer()
    function.value_type = type
    function.return_value = ll.values.ReturnValue(function, type.return_type)


def is_text(node: Node) -> bool:
    """Whether a node makes a text of what never changes, and does nothing else, not even
    raise."""
    card = find_card(node.kind, node.overload)
    return (
        card is not None
        and not card.effect
        and not may_raise(node)
        and len(node.outputs) == 1
        and node.output.type == T.STR
        and all(v.type in _UNCHANGING for v in node.inputs)
    )


_UNCHANGING = (T.INT, T.FLOAT, T.BOOL, T.STR, T.NONE)
