"""What the machine can do: generated loops that compute, read or copy, and nothing else.

The loops are LLVM text, compiled by the native backend's engine for the host's widest
vectors, and run by as many Python threads as are asked for; they hold no lock while they
run. The best of several runs counts.
"""

from __future__ import annotations

import ctypes
import functools
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

ACCUMULATORS = 12
"""Enough to hide an FMA's latency, and few enough for sixteen registers."""
UNROLL = 8
REPEATS = 9
LEVELS = ("L2", "L3", "memory")


@dataclass(frozen=True)
class Limits:
    """Rates of so many threads together."""

    threads: int
    flops: float
    """float32 operations a second; a fused multiply-add counts as two."""
    flops64: float
    read: dict[str, float]
    """Bytes a second, by the level that holds them."""
    copy: dict[str, float]
    """Bytes read and written a second."""
    cache_bytes: dict[str, int]
    """What the threads' caches of a level hold together."""

    def level_of(self, size_bytes: int) -> str:
        """Where a working set of this size lives."""
        for level in LEVELS[:-1]:
            if size_bytes <= 0.75 * self.cache_bytes[level]:
                return level
        return LEVELS[-1]

    def seconds(self, reads: int, writes: int, flops: float, is_double: bool) -> float:
        """The least time that reading, writing and computing so much takes."""
        level = self.level_of(reads + writes)
        rates = self.copy if 4 * writes > reads else self.read
        moving = (reads + writes) / rates[level]
        return max(moving, flops / (self.flops64 if is_double else self.flops))

    def binding(self, reads: int, writes: int, flops: float, is_double: bool) -> str:
        """What that least time is due to."""
        level = self.level_of(reads + writes)
        computing = flops / (self.flops64 if is_double else self.flops)
        bound = self.seconds(reads, writes, flops, is_double)
        return "arithmetic" if computing >= bound else f"bandwidth of {level}"


def measure(threads: int, repeats: int = REPEATS) -> Limits | None:
    """The limits, or None if there is no llvmlite to make the loops with.

    Takes some tenths of a second for each three repeats.
    """
    try:
        from jit.runtime.codegen.making import engine, target
    except ImportError as error:
        if error.name is None or not error.name.startswith("llvmlite"):
            raise
        return None
    host = target.host()
    text = module_text(host.vector_bytes)
    names = ("fma32", "fma64", "read", "copy", "stream")
    library = engine.load(text, names)
    signature = (ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
    loops = {
        n: engine.function_pointer(library.address(n), None, *signature) for n in names
    }
    _, second, third = host.cache_bytes
    cache_bytes = {"L2": second * threads, "L3": third}
    sizes = {"L2": second // 2, "L3": third // (4 * threads), "memory": 4 * third}
    read, copy = {}, {}
    for level, size in sizes.items():
        read[level] = _moving(loops["read"], threads, size, 1, repeats)
        copy[level] = _moving(loops["copy"], threads, size, 2, repeats)
    copy["memory"] = max(
        copy["memory"], _moving(loops["stream"], threads, sizes["memory"], 2, repeats)
    )
    lanes = host.lanes(4)
    return Limits(
        threads,
        _computing(loops["fma32"], threads, lanes, repeats),
        _computing(loops["fma64"], threads, lanes // 2, repeats),
        read,
        copy,
        cache_bytes,
    )


def as_data(limits: Limits) -> dict[str, Any]:
    """For a file; `Limits(**data)` gives it back."""
    return asdict(limits)


@functools.cache
def quickly(threads: int) -> Limits | None:
    """The same from fewer repeats, measured once in a process."""
    return measure(threads, 3)


def _computing(
    loop: Callable[..., None], threads: int, lanes: int, repeats: int
) -> float:
    steps = 400_000
    scratch = [np.zeros(16 * ACCUMULATORS, np.float32) for _ in range(threads)]
    calls = [_call(loop, 1, steps, s.ctypes.data, 0) for s in scratch]
    seconds = _fastest(calls, repeats)
    return threads * steps * ACCUMULATORS * lanes * 2 / seconds


def _moving(
    loop: Callable[..., None], threads: int, size: int, streams: int, repeats: int
) -> float:
    """Bytes a second, through `streams` buffers that together have the size."""
    each = size // streams // 4096 * 4096
    repetitions = max(1, (64 << 20) // (each * streams))
    # ones, because untouched zeros all share one page of memory
    buffers = [[np.ones(each + 64, np.uint8) for _ in range(2)] for _ in range(threads)]
    calls = [
        _call(loop, repetitions, each, *(-(-b.ctypes.data // 64) * 64 for b in pair))
        for pair in buffers
    ]
    return threads * repetitions * each * streams / _fastest(calls, repeats)


def _call(loop: Callable[..., None], *arguments: int) -> Callable[[], None]:
    return lambda: loop(*arguments)


def _fastest(calls: list[Callable[[], None]], repeats: int) -> float:
    """Seconds from the common start to the last one's end; the best of some runs."""
    best = float("inf")
    for _ in range(repeats):
        barrier = threading.Barrier(len(calls))
        spans: list[tuple[float, float]] = []

        def work(
            call: Callable[[], None],
            barrier: threading.Barrier = barrier,
            spans: list[tuple[float, float]] = spans,
        ) -> None:
            barrier.wait()
            start = time.perf_counter()
            call()
            spans.append((start, time.perf_counter()))

        workers = [threading.Thread(target=work, args=(call,)) for call in calls]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        best = min(best, max(e for _, e in spans) - min(s for s, _ in spans))
    return best


# the loops ------------------------------------------------------------------------------


def module_text(vector_bytes: int) -> str:
    """The module. Each function is `(repetitions, count, first, second)`."""
    words = vector_bytes // 4
    return "\n".join(
        (
            _fma_text("fma32", words, "float"),
            _fma_text("fma64", words // 2, "double"),
            _moving_text("read", words, vector_bytes),
            _moving_text("copy", words, vector_bytes),
            _moving_text("stream", words, vector_bytes),
            f"declare <{words} x float> @llvm.fma.v{words}f32"
            f"(<{words} x float>, <{words} x float>, <{words} x float>)",
            f"declare <{words // 2} x double> @llvm.fma.v{words // 2}f64"
            f"(<{words // 2} x double>, <{words // 2} x double>,"
            f" <{words // 2} x double>)",
            "!0 = !{i32 1}",
        )
    )


def _fma_text(name: str, lanes: int, scalar: str) -> str:
    """Independent chains of acc * factor + factor; the factor is read from memory."""
    vector = f"<{lanes} x {scalar}>"
    intrinsic = f"@llvm.fma.v{lanes}f{32 if scalar == 'float' else 64}"
    phis = "\n".join(
        f"  %a{i} = phi {vector} [ %factor, %entry ], [ %b{i}, %loop ]"
        for i in range(ACCUMULATORS)
    )
    steps = "\n".join(
        f"  %b{i} = call {vector} {intrinsic}"
        f"({vector} %a{i}, {vector} %factor, {vector} %factor)"
        for i in range(ACCUMULATORS)
    )
    stores = "\n".join(
        f"  %p{i} = getelementptr {vector}, ptr %first, i64 {i}\n"
        f"  store {vector} %b{i}, ptr %p{i}, align 4"
        for i in range(ACCUMULATORS)
    )
    return f"""
define void @{name}(i64 %repetitions, i64 %count, ptr %first, ptr %second) {{
entry:
  %factor = load {vector}, ptr %first, align 4
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
{phis}
{steps}
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %loop, label %done
done:
{stores}
  ret void
}}"""


def _moving_text(name: str, words: int, vector_bytes: int) -> str:
    """Read `count` bytes, or also write them elsewhere, `repetitions` times."""
    vector = f"<{words} x i32>"
    body, carried, results = [], [], []
    for i in range(UNROLL):
        body.append(f"  %o{i} = add i64 %at, {i * vector_bytes}")
        body.append(f"  %p{i} = getelementptr i8, ptr %first, i64 %o{i}")
        body.append(f"  %v{i} = load {vector}, ptr %p{i}, align {vector_bytes}")
        if name == "read":
            carried.append(
                f"  %a{i} = phi {vector} [ %s{i}, %outer ], [ %x{i}, %inner ]"
            )
            body.append(f"  %x{i} = xor {vector} %a{i}, %v{i}")
            results.append(f"  %q{i} = getelementptr {vector}, ptr %second, i64 {i}")
            results.append(f"  store {vector} %x{i}, ptr %q{i}, align {vector_bytes}")
        else:
            # changed on the way, lest it become a call of memcpy
            body.append(f"  %w{i} = xor {vector} %v{i}, splat (i32 1)")
            body.append(f"  %q{i} = getelementptr i8, ptr %second, i64 %o{i}")
            hint = ", !nontemporal !0" if name == "stream" else ""
            body.append(
                f"  store {vector} %w{i}, ptr %q{i}, align {vector_bytes}{hint}"
            )
    kept = "\n".join(
        f"  %s{i} = phi {vector} [ zeroinitializer, %entry ], [ %x{i}, %again ]"
        for i in range(UNROLL)
        if name == "read"
    )
    return f"""
define void @{name}(i64 %repetitions, i64 %count, ptr %first, ptr %second) {{
entry:
  br label %outer
outer:
  %r = phi i64 [ 0, %entry ], [ %r1, %again ]
{kept}
  br label %inner
inner:
  %at = phi i64 [ 0, %outer ], [ %at1, %inner ]
{chr(10).join(carried)}
{chr(10).join(body)}
  %at1 = add i64 %at, {UNROLL * vector_bytes}
  %more = icmp slt i64 %at1, %count
  br i1 %more, label %inner, label %again
again:
  %r1 = add i64 %r, 1
  %repeat = icmp slt i64 %r1, %repetitions
  br i1 %repeat, label %outer, label %done
done:
{chr(10).join(results)}
  ret void
}}"""
