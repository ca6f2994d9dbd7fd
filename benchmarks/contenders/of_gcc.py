"""gcc -O3: what a C compiler makes of the same loop, called through ctypes."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.case import Case, Inputs
from benchmarks.contenders.ready import Absent, Compile, Ready

_TYPES = {int: ctypes.c_int64, float: ctypes.c_double}


def prepare(case: Case, inputs: Inputs, weights: Inputs, threads: int) -> Compile:
    """A shared library with the function `run` of numbers."""
    if case.c is None:
        raise Absent("no program in C")
    compiler = shutil.which("gcc")
    if compiler is None:
        raise Absent("gcc is not installed")
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "case.c"), Path(folder, "case.so")
        source.write_text("#include <stdint.h>\n#include <stdlib.h>\n" + case.c)
        subprocess.run(
            [
                *(compiler, "-O3", "-march=native", "-shared", "-fPIC"),
                *("-o", str(library), str(source), "-lm"),
            ],
            check=True,
        )
        function: Any = ctypes.CDLL(str(library)).run
    args = tuple(inputs.values())
    function.argtypes = [_TYPES[type(a)] for a in args]
    is_real = case.c.lstrip().startswith("double")
    function.restype = ctypes.c_double if is_real else ctypes.c_int64
    ready = Ready(function, args)
    return lambda: ready
