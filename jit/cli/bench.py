"""How long calls of a model take, beside what this machine could do.

The first call compiles; it is told apart, and followed by calls that warm caches. Then
calls are timed for some seconds: the median, the fastest, and the middle half. Memory is
the most that a call had in use at a time, besides its arguments.

examples:
  trs bench model.trs --input x.npy
  trs bench model.trs --input 'float32[1, 3, 224, 224]' --threads 1 --json
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from jit.cli.calls import Call, add_call_arguments, read_call
from jit.cli.explain import limits_here, set_threads
from jit.cli.failure import UsageError
from jit.runtime import codegen
from jit.runtime.executor.costs import quantity
from jit.runtime.executor.explanation import duration

_SLICE = 1e-4
"""Shorter calls are timed several at a time, in seconds."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_call_arguments(parser)
    parser.add_argument("--threads", type=int, metavar="N", help="how many may work")
    parser.add_argument(
        "--seconds",
        type=float,
        default=2.0,
        metavar="S",
        help="how long; 2 if not said",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, in seconds")


def run(options: argparse.Namespace) -> None:
    if not options.seconds > 0:
        raise UsageError("--seconds: it must be more than 0")
    set_threads(options.threads)
    call = read_call(options)
    found = measure(call, options.seconds)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        print("\n".join(_lines(found)))


def measure(call: Call, seconds: float) -> dict[str, Any]:
    """Times in seconds, bytes and operations."""
    import jit

    start = time.perf_counter()
    call.run()
    first = time.perf_counter() - start
    explained = call.method.explain(*call.args, **call.named)
    peak = _peak_bytes(call)
    times = _times(call, seconds)
    quarters = np.percentile(times, (25, 75))
    found: dict[str, Any] = {
        "executor": str(explained).partition("\n")[0].partition(": ")[2],
        "threads": jit.get_num_threads(),
        "first_call": first,
        "median": statistics.median(times),
        "fastest": min(times),
        "middle_half": [float(q) for q in quarters],
        "samples": len(times),
        "peak_bytes": peak,
    }
    work = explained.work()
    if work is not None:
        reads, writes, flops, _ = work
        found |= {"bytes_moved": reads + writes, "flops": flops}
        limits = limits_here()
        if limits is not None:
            found["bound"] = explained.bound(limits)
            found["bound_by"] = limits.binding(*work)
    return found


def _times(call: Call, seconds: float) -> list[float]:
    """Seconds for each call, one figure for each slice of time."""
    method, args, named = call.method, call.args, call.named
    start = time.perf_counter()
    call.run()
    once = time.perf_counter() - start
    number = max(1, round(_SLICE / max(once, 1e-9)))
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(number):
            method(*args, **named)
        times.append((time.perf_counter() - start) / number)
    return times


def _peak_bytes(call: Call) -> int | None:
    """The most bytes that a call has in use at a time; None without machine code."""
    if not codegen.is_available():
        return None
    from jit.runtime.codegen.process import memory

    memory.reset_peak()
    before = memory.statistics().current
    call.run()
    return memory.statistics().peak - before


def _lines(found: dict[str, Any]) -> Iterator[str]:
    low, high = found["middle_half"]
    yield f"executor     {found['executor']}, {found['threads']} threads"
    yield f"first call   {duration(found['first_call'])}, compiling"
    yield (
        f"a call       {duration(found['median'])}, median of {found['samples']};"
        f" fastest {duration(found['fastest'])},"
        f" middle half {duration(low)} to {duration(high)}"
    )
    if found["peak_bytes"] is not None:
        yield f"memory       {quantity(found['peak_bytes'])}B at the most"
    if "flops" in found:
        moved, flops = found["bytes_moved"], found["flops"]
        yield (
            f"work         moves {quantity(moved)}B, computes {quantity(flops)}flop:"
            f" {quantity(moved / found['median'])}B/s,"
            f" {quantity(flops / found['median'])}flop/s"
        )
    if found.get("bound"):
        part = found["bound"] / found["median"]
        yield (
            f"bound        {duration(found['bound'])} by {found['bound_by']}:"
            f" {part:.0%} of what this machine can do"
        )
