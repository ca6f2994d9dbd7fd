"""How a call of a model runs: what is machine code, what is not, and why.

Operators are listed in the order in which they run, fused ones in one line, with the
bytes that they read and write, and their arithmetic. The last line says how long this
machine needs for that at the least, by its measured rates.

examples:
  trs explain model.trs --input x.npy
  trs explain model.trs --input 'float32[64, 784]' --loops
  trs explain model.trs --input x.npy --asm > model.s
"""

from __future__ import annotations

import argparse

from jit.cli.calls import add_call_arguments, read_call
from jit.cli.failure import UsageError, printable
from jit.runtime.codegen.process.limits import Limits

_STAGES = {
    "loops": "the loop nests, before they become LLVM",
    "llvm": "the LLVM modules, before LLVM optimises them",
    "asm": "the assembly",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_call_arguments(parser)
    parser.add_argument("--threads", type=int, metavar="N", help="how many may work")
    chosen = parser.add_mutually_exclusive_group()
    for name, summary in _STAGES.items():
        chosen.add_argument(f"--{name}", action="store_true", help=f"print {summary}")


def run(options: argparse.Namespace) -> None:
    set_threads(options.threads)
    call = read_call(options)
    found = call.method.explain(*call.args, **call.named)
    if options.loops:
        shown = "\n\n".join(found.nests) or "no loop nests"
    elif options.llvm:
        shown = "\n".join(found.llvm) or "no machine code"
    elif options.asm:
        shown = found.assembly() or "no machine code"
    else:
        shown = "\n".join(found.lines(limits_here()))
    print(printable(shown))


def set_threads(count: int | None) -> None:
    """Let so many threads work, if it is said how many."""
    import jit

    if count is None:
        return
    try:
        jit.set_num_threads(count)
    except ValueError as error:
        raise UsageError(f"--threads: {error}") from None


def limits_here() -> Limits | None:
    """What this machine can do with the threads that may work; None without llvmlite."""
    import jit
    from jit.runtime.codegen.process import limits

    return limits.quickly(jit.get_num_threads())
