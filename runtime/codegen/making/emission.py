"""From the text of a module to its object code: LLVM parses, optimises and emits it.

`object_codes` does so for several modules at once, one thread for each processor core:
each module has a context and a target machine of its own, which is what LLVM asks for.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import llvmlite.binding as llvm
import llvmlite.ir as ll
from llvmlite.binding import ffi

from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.process.forking import llvm_lock

PIPELINE = "4"
"""To be changed when other code is made of the same text."""

_TIDYING = (
    "always_inliner",
    "sroa",
    "instruction_combine",
    "simplify_cfg",
    "loop_rotate",
    "new_gvn",
    "dead_store_elimination",
    "instruction_combine",
    "simplify_cfg",
)
"""Passes for code that is written loop by loop as it should be.

On kernels they make code as fast as LLVM's usual ones, in a tenth of the time: these
vectorise, unroll, inline and move out of loops, which the generators have done.
"""

_TIDYING_MUCH = ("always_inliner", "sroa", "instruction_combine", "simplify_cfg")
"""Passes for modules above `_MUCH`: whole networks, whose time is spent in kernels."""
_MUCH = 300_000
"""Characters. Other passes take more than their share of time for functions so long."""


PLAIN = "; plain\n"
"""What the text of a module begins with whose code shall be made quickly.

Locks, calls of other functions and the system take its time, so that it is as fast with
the least that LLVM can do, which is a quarter of the work.
"""

_LEAST = ("always_inliner", "sroa", "simplify_cfg")
_LIGHT = "tidied.lightly"


def tidy_lightly(module: ll.Module) -> None:
    """Have the least done to a module before it becomes machine code.

    That is as fast where nothing is computed twice as it is written: for products it is
    a quarter of the time of LLVM less.
    """
    module.add_named_metadata(_LIGHT)


def optimize(
    text: str, *, tidy: bool = False, machine: llvm.TargetMachine | None = None
) -> llvm.ModuleRef:
    """Parse, verify and optimise a module. RuntimeError if it is not well formed.

    With `tidy` the code is only tidied, which is enough for kernels.
    """
    if machine is None:
        machine = _machine_for(text)
    module = llvm.parse_assembly(_with_target(text, machine), llvm.create_context())
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    builder = llvm.create_pass_builder(machine, options)
    if tidy or text.startswith(PLAIN):
        passes = llvm.create_new_module_pass_manager()
        for name in _tidying(text):
            getattr(passes, f"add_{name}_pass")()
    else:
        passes = builder.getModulePassManager()
    _unlocked("LLVMPY_RunNewModulePassManager")(passes, module, builder)
    return module


def _tidying(text: str) -> tuple[str, ...]:
    if text.startswith(PLAIN) or f"\n!{_LIGHT} = " in text:
        return _LEAST
    return _TIDYING if len(text) < _MUCH else _TIDYING_MUCH


def _machine_for(text: str) -> llvm.TargetMachine:
    return targets.machine(level=0 if text.startswith(PLAIN) else 3)


_TARGET_LINE = re.compile(r'^target (triple|datalayout) = ".*"$', re.MULTILINE)


def _with_target(text: str, machine: llvm.TargetMachine) -> str:
    """The module with this machine's triple and layout of data, whatever it had.

    They are needed when the text is read: accesses that do not name their alignment get
    that of the layout, and without one LLVM takes a layout that no machine has.
    """
    header = f'target triple = "{targets.host().triple}"\n'
    header += f'target datalayout = "{machine.target_data}"\n'
    return header + _TARGET_LINE.sub("", text, count=2)


def _unlocked(name: str) -> Callable[..., Any]:
    """A function of llvmlite's library without llvmlite's lock, which is there for what
    threads share; with it if llvmlite has changed."""
    function = getattr(ffi.lib, name)
    bare: Callable[..., Any] = getattr(function, "_cfn", function)
    return bare


def _emit(text: str, tidy: bool, machine: llvm.TargetMachine) -> bytes:
    module = optimize(text, tidy=tidy, machine=machine)
    with ffi.OutputString() as problem:
        emit = _unlocked("LLVMPY_TargetMachineEmitToMemory")
        buffer = emit(machine, module, 1, problem)
        if not buffer:
            raise RuntimeError(str(problem))
    try:
        start = ffi.lib.LLVMPY_GetBufferStart(buffer)
        return ctypes.string_at(start, ffi.lib.LLVMPY_GetBufferSize(buffer))
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(buffer)


def object_code(text: str, *, tidy: bool = False) -> bytes:
    """The object file of a module, for this machine."""
    with llvm_lock:
        return _emit(text, tidy, _machine_for(text))


def object_codes(
    modules: Sequence[tuple[Callable[[], str], bool]],
) -> list[tuple[str, bytes]]:
    """Texts and object files of modules, given by what makes the text and by whether it
    is only tidied. Texts are made on this thread, while others run LLVM."""
    with llvm_lock:  # nobody forks meanwhile; the threads below do not ask for it
        if len(modules) == 1 or (os.cpu_count() or 1) == 1:
            texts = [(build(), tidy) for build, tidy in modules]
            return [(t, _emit(t, tidy, _machine_for(t))) for t, tidy in texts]
        made: list[tuple[str, Future[bytes]]] = []
        with (
            _turns_taken_soon(),
            ThreadPoolExecutor(os.cpu_count(), "jit-llvm") as pool,
        ):
            for build, tidy in modules:
                text = build()
                machine = _machine_for(text)
                made.append((text, pool.submit(_emit, text, tidy, machine)))
            return [(text, future.result()) for text, future in made]


_SECONDS_OF_A_TURN = 2e-4


@contextmanager
def _turns_taken_soon() -> Iterator[None]:
    """Let threads of Python take turns sooner than they usually do.

    Between two calls of LLVM a thread needs Python's global lock for a moment, and would
    wait five milliseconds for it each time while another one writes the next text.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, _SECONDS_OF_A_TURN))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def assembly_of(text: str, *, tidy: bool = False) -> str:
    """The assembly of a module, for people."""
    with llvm_lock:
        machine = _machine_for(text)
        return str(machine.emit_assembly(optimize(text, tidy=tidy, machine=machine)))
