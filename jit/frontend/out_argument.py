"""`out=` in compiled code: the result copied into the tensors that are given.

The operator runs without `out`, and what it gives is copied, after the checks that an
eager call makes; but a tensor is not made larger here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend.arguments import Arguments
from jit.frontend.call import call_operator
from jit.frontend.failures import a_type, fail
from jit.frontend.parameters import called
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span
from jit.runtime.out_results import SAME_DTYPE
from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def store_into(out: Tensor, result: Tensor, same_dtype: bool) -> Tensor:
    """`result` copied into `out`; compiled into the programs that use `out=`."""
    if same_dtype and out.dtype != result.dtype:
        raise RuntimeError(
            f"Expected out tensor to have dtype {result.dtype}, but got {out.dtype}"
            " instead"
        )
    whole = not out.is_floating_point() and not out.is_complex()
    if (result.is_complex() and not out.is_complex()) or (
        result.is_floating_point() and whole
    ):
        raise RuntimeError(
            f"result type {result.dtype} can't be cast to the desired output type"
            f" {out.dtype}"
        )
    if out.size() != result.size():
        raise RuntimeError(
            f"`out` has sizes {out.size()}, the result has {result.size()}; give a"
            " tensor of these sizes"
        )
    out.copy_(result)
    return out


def call_with_out(
    e: Emitter, span: Span, kind: str, args: Arguments, name: str, overload: str | None
) -> Emitted:
    """Call an operator with `out=` among the arguments."""
    given = e.as_value(args.keywords["out"], args.spans.get("out", span))
    rest = {k: v for k, v in args.keywords.items() if k != "out"}
    plain = Arguments(args.positional, rest, args.spans)
    made = call_operator(e, span, kind, plain, name=name, overload=overload)
    if given.type == T.NONE:
        return made
    if kind.startswith("np::"):
        raise fail(
            args.spans.get("out", span),
            "E0304",
            f"`{name or kind}` takes no `out` in compiled code",
            help="write the result into the array: `y[...] = np.add(a, b)`",
        )
    result = e.as_value(made, span)
    results = _parts(e, result)
    outs = _parts(e, given)
    if len(results) != len(outs) or any(v.type != T.TENSOR for v in outs + results):
        raise fail(
            args.spans.get("out", span),
            "E0304",
            f"`out` of `{name or kind}` is {a_type(given.type)} and the result is"
            f" {a_type(result.type)}",
        )
    stored = [_store(e, kind, o, r) for o, r in zip(outs, results, strict=True)]
    return stored[0] if result.type == T.TENSOR else e.b.tuple(stored)


def _parts(e: Emitter, value: Value) -> list[Value]:
    return [value] if T.tuple_elements(value.type) is None else e.b.unpack(value)


def _store(e: Emitter, kind: str, out: Value, result: Value) -> Value:
    callee = e.compilation.function(store_into)
    same = e.b.constant(kind in SAME_DTYPE)
    inputs = [e.b.function(callee.name), out, result, same]
    return called(e, "prim::CallFunction", inputs, callee.result)
