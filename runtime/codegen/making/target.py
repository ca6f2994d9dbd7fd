"""The machine that code is made for: CPU, features, vector width, cache sizes."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass

import llvmlite.binding as llvm

from jit.runtime.codegen.process.forking import llvm_lock


@dataclass(frozen=True)
class Target:
    """What the generators need to know of a machine."""

    triple: str
    cpu: str
    features: str
    vector_bytes: int
    """Width of the widest vectors that are worth using: 64, 32 or 16."""
    vector_registers: int
    has_fma: bool
    cache_bytes: tuple[int, int, int]
    """Data caches of one core and the shared one: level 1, 2, 3."""

    def lanes(self, itemsize: int) -> int:
        """How many elements of a size one vector holds."""
        return self.vector_bytes // itemsize


@functools.cache
def initialize() -> None:
    """Make LLVM ready for this machine, once."""
    with llvm_lock:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()


@functools.cache
def host() -> Target:
    """This machine."""
    with llvm_lock:
        found = llvm.get_host_cpu_features()
        triple, cpu = llvm.get_process_triple(), llvm.get_host_cpu_name()
        flattened = found.flatten()
    features = dict(found)
    wide = features.get("avx512f", False)
    middle = features.get("avx2", False)
    return Target(
        triple=triple,
        cpu=cpu,
        features=flattened,
        vector_bytes=64 if wide else 32 if middle else 16,
        vector_registers=32 if wide else 16,
        has_fma=bool(features.get("fma", False)),
        cache_bytes=_cache_sizes(),
    )


_USUAL_CACHES = (32 << 10, 1 << 20, 16 << 20)


def _cache_sizes() -> tuple[int, int, int]:
    """Sizes as the kernel tells them; usual ones where it does not."""
    found = list(_USUAL_CACHES)
    folder = "/sys/devices/system/cpu/cpu0/cache"
    if os.path.isdir(folder):
        for entry in sorted(os.listdir(folder)):
            path = os.path.join(folder, entry)
            if not entry.startswith("index") or _read(path, "type") == "Instruction":
                continue
            level, size = _read(path, "level"), _read(path, "size")
            if level.isdigit() and 1 <= int(level) <= 3 and size.endswith("K"):
                found[int(level) - 1] = int(size[:-1]) << 10
    return found[0], found[1], found[2]


def _read(folder: str, name: str) -> str:
    try:
        with open(os.path.join(folder, name), encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def machine(target: Target | None = None, *, level: int = 3) -> llvm.TargetMachine:
    """A new LLVM target machine, which makes code with a level of optimisation; an
    execution engine owns the one it is given."""
    initialize()
    target = target if target is not None else host()
    with llvm_lock:
        return llvm.Target.from_triple(target.triple).create_target_machine(
            cpu=target.cpu, features=target.features, opt=level, jit=True
        )
