"""What is installed, what is missing, and how to get it."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

_NEEDED = ("numpy", "ml_dtypes", "safetensors", "astunparse", "graphviz")
_NATIVE = "compiled code runs on the interpreter: pip install 'tracescript[native]'"
_DOT = "no pictures of graphs: apt install graphviz, or brew install graphviz"


_VARIABLES = (
    "JIT_DISABLE", "PYTORCH_JIT", "JIT_CHECK", "JIT_DEBUG",
    "JIT_NATIVE", "JIT_COMPILE_MODE", "JIT_NUM_THREADS", "JIT_CACHE", "JIT_CACHE_DIR",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(options: argparse.Namespace) -> None:
    for line in findings():
        print(line)


def findings() -> Iterator[str]:
    """One line for each thing that was looked at."""
    import jit

    yield _line("tracescript", jit.__version__)
    yield _line("python", f"{platform.python_version()} on {platform.platform()}")
    yield _line("processors", str(os.cpu_count()))
    yield _line("threads", f"{jit.get_num_threads()} for a call of compiled code")
    for name in _NEEDED:
        yield _line(name, _version(name) or "MISSING: pip install tracescript")
    yield _line("llvmlite", _version("llvmlite") or f"not installed; {_NATIVE}")
    yield _line("native code", _machine_code())
    yield _line("cache", _cache())
    yield _line("dot", shutil.which("dot") or f"not found; {_DOT}")
    for variable in _VARIABLES:
        if variable in os.environ:
            yield _line(variable, f"is set to {os.environ[variable]!r}")


def _machine_code() -> str:
    """For which processor it is made, or why there is none."""
    from jit.runtime import codegen

    if not codegen.is_available():
        return "none: llvmlite is not installed"
    from jit.runtime.codegen.calls import calling
    from jit.runtime.codegen.making import target

    if problem := calling.problem():
        return f"not called: {problem}"
    host = target.host()
    caches = "/".join(f"{n >> 10}K" for n in host.cache_bytes)
    return f"for {host.cpu}, vectors of {host.vector_bytes} bytes, caches {caches}"


def _cache() -> str:
    from jit.runtime.codegen.making import cache

    place = cache.place()
    return str(place.folder) if place.folder else f"not used: {place.reason}"


def _line(name: str, value: str) -> str:
    return f"{name:12} {value}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
