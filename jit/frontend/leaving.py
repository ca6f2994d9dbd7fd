"""What `return`, `break` and `continue` run on their way out: final parts and `__exit__`.

    try:                      %left : bool[] = prim::ListConstruct(%false)
        return f(x)           prim::Try()
    except ValueError:          block0():
        ...               →       %y = prim::CallFunction(%f)(%x)
    finally:                      aten::_set_item(%left, %zero, %true)
        g()                       ... g(), then the return
                                block1(%e : Exception):
                                  ... raised again if %left is set

They stand in the block that is left, so what they raise reaches the handlers of that
block. It is not for these: a flag tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.assigned import Names, statements_of
from jit.frontend.refine import Condition
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.graph import Value

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def leaves(*parts: Sequence[t.Stmt]) -> bool:
    """Whether a `return`, `break` or `continue` stands in one of the parts."""
    return any(
        isinstance(s, t.Return | t.Break | t.Continue)
        for part in parts
        for s in statements_of(part)
    )


class Exit:
    """The way out of a block for what leaves it by itself."""

    def __init__(
        self, e: Emitter, is_taken: bool, run: Callable[[], object] | None = None
    ) -> None:
        """`run` emits what is done on the way; `is_taken`: anything leaves so."""
        self.e = e
        self.run = run
        self.records = not e.compilation.are_grads_off
        """Whether gradients are recorded outside of the block."""
        self.casts = e.compilation.autocast
        """The dtype of the `torch.autocast` around the block."""
        self.left: Value | None = None
        if is_taken:
            self.left = e.b.list([e.b.constant(False)], T.BOOL)

    @contextmanager
    def around(self) -> Iterator[None]:
        """While the block is emitted."""
        e, before = self.e, self.e.contexts
        if self.run is not None or self.left is not None:
            e.contexts = [*before, (self._leave, len(e.loops))]
        yield
        e.contexts = before

    def _leave(self) -> None:
        if self.left is not None:
            self.e.op("aten::_set_item", self.left, 0, self.e.b.constant(True))
        if self.run is not None:
            compilation = self.e.compilation
            with compilation.recording(self.records), compilation.casting(self.casts):
                self.run()

    def unless_left(
        self, handle: Callable[[], object], caught: Value, live: Names | None = None
    ) -> None:
        """Handle an exception; raise it again if it comes from what is done on the way
        out."""
        from jit.frontend.emit_control import choose

        if self.left is None:
            handle()
            return

        def handled() -> list[Emitted]:
            handle()
            return []

        left = Condition(self.e.op("aten::__getitem__", self.left, 0))
        choose(self.e, left, lambda: raise_again(self.e, caught), handled, live=live)


def raise_again(e: Emitter, caught: Value) -> list[Emitted]:
    """Nothing follows."""
    e.b.node("prim::ReRaise", [caught])
    e.frame.is_closed = True
    return []
