"""What the machine is and which versions ran, in words that name no one's machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from pathlib import Path
from typing import Any

LIBRARIES = (
    "numpy",
    "torch",
    "jax",
    "onnxruntime",
    "openvino",
    "numba",
    "llvmlite",
)


def describe() -> dict[str, Any]:
    """Cores, processor, caches, memory, system and versions."""
    processor = _cpuinfo()
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": processor.get("model name", platform.processor() or "unknown"),
        "family": processor.get("cpu family", ""),
        "architecture": platform.machine(),
        "vectors": _vectors(processor.get("flags", "").split()),
        "caches": _caches(),
        "memory_gib": round(
            os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
        ),
        "huge_pages": _read(Path("/sys/kernel/mm/transparent_hugepage/enabled")),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """The libraries that are installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _cpuinfo() -> dict[str, str]:
    """The first processor's entry; nothing where the system has no such file."""
    entry = _read(Path("/proc/cpuinfo")).partition("\n\n")[0]
    pairs = (line.partition(":") for line in entry.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _vectors(flags: list[str]) -> str:
    for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("asimd", "NEON")):
        if flag in flags:
            return name
    return "SSE2" if "sse2" in flags else "unknown"


def _caches() -> list[str]:
    """Such as "L2 1024K", one entry a cache of the first core."""
    made = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind = _read(folder / "type")
        if kind != "Instruction":
            made.append(f"L{_read(folder / 'level')} {_read(folder / 'size')}")
    return made


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


class ForeignLoad:
    """How many cores others kept busy while we measured."""

    def __init__(self) -> None:
        self._start = self._sample()

    def cores(self) -> float | None:
        """Mean number of cores, since this object was made; None if it is not known."""
        end = self._sample()
        if end is None or self._start is None:
            return None
        elapsed, busy, mine = (b - a for a, b in zip(self._start, end, strict=True))
        return max(0.0, (busy - mine) / elapsed) if elapsed > 0 else None

    @staticmethod
    def _sample() -> tuple[float, float, float] | None:
        line = _read(Path("/proc/stat")).partition("\n")[0].split()
        if not line:
            return None
        ticks = [int(part) for part in line[1:9]]
        idle = ticks[3] + ticks[4]  # idle, and waiting for input
        busy = (sum(ticks) - idle) / os.sysconf("SC_CLK_TCK")
        mine = time.process_time()
        return time.perf_counter(), busy, mine
