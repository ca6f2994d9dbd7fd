"""Run one operator: values unwrapped, the card's kernel, results wrapped.

`call` is what eager code uses: it tells the observer, if there is one. `run` and
`runner` never do; the interpreter uses them. The observer is how tracing sees the
operators; this module knows nothing of tracing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from jit.ir import types as T
from jit.ir.card import Card
from jit.ir.program import Program
from jit.ir.schema import Argument, FunctionSchema
from jit.runtime import conditions
from jit.runtime.objects import Object
from jit.runtime.return_types import named_result
from jit.runtime.tensor import Tensor, wrap

CompiledRun = Callable[[Sequence[Any]], Any]
"""Runs compiled code on values."""
Runner = Callable[..., Any]
"""Takes all arguments of a schema, in order, and returns the result: one value, a
tuple for several, None for none."""


class Observer(Protocol):
    """Who is told of every operator that eager code calls."""

    def operator(self, card: type[Card], args: Sequence[Any]) -> Any:
        """Do what `run(card, args)` does, and take note of it."""

    def shape(self, tensor: Tensor) -> Sequence[Any]:
        """The sizes that `tensor.shape` shows."""

    def dtype(self, tensor: Tensor, follow: bool = False) -> Any:
        """What `tensor.dtype` shows: the dtype, or what stands for it.

        The runtime gets the dtype of this run, unless it wants one to `follow`.
        """

    def fact(self, tensor: Tensor, kind: str) -> Any:
        """What an operator tells of a tensor's type, which Python goes by."""

    def flag(self, tensor: Tensor, name: str, content: bool) -> None:
        """Take note that Python asks for something that no operator tells."""

    def index(self, tensor: Tensor) -> Any:
        """What stands for the int in a tensor, as a size or a bound."""

    def training(self, module: Any) -> bool:
        """Whether a module whose mode is asked for is in training."""

    def fresh(self, tensor: Tensor) -> None:
        """Take note that Python made a tensor of plain numbers."""

    def length(self, tensor: Tensor, how: str) -> None:
        """Take note that Python asks for the number of rows."""

    def escape(self, tensor: Tensor, how: str) -> None:
        """Take note that Python or NumPy reads the elements."""

    def replaced(self, tensor: Tensor, by: Tensor) -> None:
        """Take note that a tensor is what another one is from now on."""

    def array(self, tensor: Tensor) -> Any:
        """What `tensor.numpy()` gives: an array, or what stands for one."""

    def function(
        self, program: Program, name: str, args: Sequence[Any], run: CompiledRun
    ) -> Any:
        """Do what `run(args)` does, a call of a function of a program."""

    def method(
        self,
        program: Program,
        obj: Object,
        name: str,
        args: Sequence[Any],
        run: CompiledRun,
    ) -> Any:
        """Do what `run(args)` does, a call of a method of an instance."""


observer: Observer | None = None
"""The observer of this process; `observe` sets it."""


def observe(by: Observer | None) -> Observer | None:
    """Set the observer; returns the one before, to be set again."""
    global observer
    before, observer = observer, by
    conditions.note("observed", by is not None)
    return before


recorder: Callable[[type[Card], Sequence[Any]], Any] | None = None
"""What runs operators that are to be differentiated; `record_with` sets it."""


def record_with(by: Callable[[type[Card], Sequence[Any]], Any]) -> None:
    """From now on eager operators run through the tape of `jit.runtime.autograd`."""
    global recorder
    recorder = by
    from jit.runtime.eager import linking

    linking.forget_views()


caster: Callable[[type[Card], Sequence[Any]], Sequence[Any]] | None = None
"""What casts arguments inside of `torch.autocast`; `jit.runtime.autocast` sets it."""


def call(card: type[Card], args: Sequence[Any]) -> Any:
    """Run an operator, through the observer or the tape if there is one."""
    if caster is not None:
        args = caster(card, args)
    if observer is not None:
        return observer.operator(card, args)
    if recorder is not None:
        return recorder(card, args)
    return runner(card)(*args)


def call_uncast(card: type[Card], args: Sequence[Any]) -> Any:
    """Run an operator that `torch.autocast` leaves alone: it writes into `out=`."""
    from jit.runtime.autocast import casting

    with casting(None):
        return call(card, args)


def run(card: type[Card], args: Sequence[Any]) -> Any:
    """Run an operator; no observer sees it."""
    return runner(card)(*args)


_runners: dict[type[Card], Runner] = {}


def runner(card: type[Card]) -> Runner:
    """A fast callable that runs one operator."""
    found = _runners.get(card)
    if found is None:
        found = _runners[card] = _make_runner(card)
    return found


def _make_runner(card: type[Card]) -> Runner:
    if card.on_tape is not None:
        return card.on_tape
    schema = card.schema
    kernel = card.kernel
    if kernel is None:
        raise NotImplementedError(f"`{schema.name}` has no kernel")
    if not any(_holds_elements(a.type) for a in (*schema.arguments, *schema.returns)):
        # numbers, strings and containers go to the kernel as they are
        return kernel
    tensors = [i for i, a in enumerate(schema.arguments) if a.type == T.TENSOR]
    others = [
        (i, convert)
        for i, a in enumerate(schema.arguments)
        if (convert := _UNWRAP.get(str(a.type))) is not None
    ]
    finish = _make_finish(schema)
    quiet = _run_quietly
    computes = not _only_views(schema)

    def run_operator(*args: Any) -> Any:
        values = list(args)
        try:
            for i in tensors:
                values[i] = values[i].array
            for i, convert in others:
                values[i] = convert(values[i])
        except (AttributeError, IndexError, TypeError):
            values = _unwrap_arrays(schema, args)
        result = quiet(kernel, values) if computes else kernel(*values)
        return finish(result, args)

    run_operator.__name__ = schema.name
    return run_operator


def _make_quiet() -> Callable[[Runner, Sequence[Any]], Any]:
    """What runs a kernel without warnings of NumPy.

    To make the state that `np.errstate` sets takes longer than small kernels. Where NumPy
    lets it be made once, it is.
    """
    try:
        from numpy._core.umath import _extobj_contextvar, _make_extobj
    except ImportError:

        def run_in_state(kernel: Runner, values: Sequence[Any]) -> Any:
            with np.errstate(all="ignore"):
                return kernel(*values)

        return run_in_state
    state = _make_extobj(all="ignore")
    enter, leave = _extobj_contextvar.set, _extobj_contextvar.reset

    def run(kernel: Runner, values: Sequence[Any]) -> Any:
        before = enter(state)
        try:
            return kernel(*values)
        finally:
            leave(before)

    return run


_run_quietly = _make_quiet()


def _only_views(schema: FunctionSchema) -> bool:
    """Whether an operator computes nothing that NumPy could warn of."""
    if schema.kind.startswith(("aten::to", "aten::type")) or not schema.returns:
        return False
    return all(r.alias is not None and not r.alias.is_write for r in schema.returns)


def _holds_elements(type: T.Type) -> bool:
    """Whether tensors or arrays are unwrapped, wrapped or computed with."""
    return T.is_tensor_like(type) or any(map(_holds_elements, T.children(type)))


def _unwrap_optional(value: Any) -> Any:
    return None if value is None else value.array


def _unwrap_list(values: Any) -> Any:
    return [v.array for v in values]


def _unwrap_optional_list(values: Any) -> Any:
    return None if values is None else [v.array for v in values]


def _unwrap_list_of_optional(values: Any) -> Any:
    return [None if v is None else v.array for v in values]


_UNWRAP: dict[str, Callable[[Any], Any]] = {
    "Tensor?": _unwrap_optional,
    "Tensor[]": _unwrap_list,
    "Tensor[]?": _unwrap_optional_list,
    "Tensor?[]": _unwrap_list_of_optional,
}


def _unwrap_arrays(schema: FunctionSchema, args: Sequence[Any]) -> list[Any]:
    """Arguments of which some are bare arrays: a traced array given for a Tensor."""
    if len(args) >= len(schema.arguments):
        values = list(args)
        for i, a in enumerate(schema.arguments):
            if a.type != T.TENSOR:
                convert = _UNWRAP.get(str(a.type))
                values[i] = convert(args[i]) if convert else args[i]
            elif isinstance(args[i], Tensor):
                values[i] = args[i].array
            elif isinstance(args[i], np.ndarray):
                values[i] = args[i]
            else:
                raise TypeError(_explain(schema, args))
        return values
    raise TypeError(_explain(schema, args))


def _explain(schema: FunctionSchema, args: Sequence[Any]) -> str:
    """Why arguments do not fit the schema of an operator that was called directly."""
    if len(args) != len(schema.arguments) and not schema.is_vararg:
        return (
            f"`{schema.name}` takes all {len(schema.arguments)} arguments of its"
            f" schema, not {len(args)}: {schema}"
        )
    for argument, value in zip(schema.arguments, args, strict=False):
        if argument.type == T.TENSOR and not isinstance(value, Tensor):
            return (
                f"argument `{argument.name}` of `{schema.name}` is"
                f" `{type(value).__name__}`, expected a Tensor"
            )
    return f"the tensors given to `{schema.name}` are not Tensors: {schema}"


Finish = Callable[[Any, Sequence[Any]], Any]
"""From what a kernel returned, and the arguments, to the result."""


def _make_finish(schema: FunctionSchema) -> Finish:
    parts = [_make_part(r, schema.arguments) for r in schema.returns]
    if not parts:
        return lambda result, args: None
    if len(parts) == 1:
        return parts[0]
    names = [r.name for r in schema.returns]
    kind = schema.kind.rpartition("::")[2]
    make = named_result(kind, tuple(names))._make if all(names) else tuple

    def finish_several(result: Any, args: Sequence[Any]) -> Any:
        return make([part(r, args) for part, r in zip(parts, result, strict=True)])

    return finish_several


def _make_part(returned: Argument, arguments: Sequence[Argument]) -> Finish:
    text = str(returned.type)
    if text == "Tensor[]":
        return lambda result, args: [wrap(np.asarray(r)) for r in result]
    if text == "Tensor?":
        return lambda result, args: None if result is None else wrap(np.asarray(result))
    if text != "Tensor":
        return lambda result, args: result
    if returned.alias is None:
        return _wrap_fresh
    source = next(
        (
            i
            for i, a in enumerate(arguments)
            if a.alias == returned.alias and a.type == T.TENSOR
        ),
        None,
    )
    if source is None:
        return _wrap_fresh
    if returned.alias.is_write:
        return lambda result, args: args[source]
    return _make_view_part(source)


def _wrap_fresh(result: Any, args: Sequence[Any]) -> Any:
    if type(result) is not np.ndarray:
        result = np.asarray(result)
    return wrap(result)


def _make_view_part(source: int) -> Finish:
    """For `aten::to`, `aten::contiguous`…: what returns its argument stays it."""

    def finish_view(result: Any, args: Sequence[Any]) -> Any:
        argument = args[source]
        if result is argument.array:
            return argument
        return _wrap_fresh(result, args)

    return finish_view
