"""Bytecode: a flat register program assembled from a graph, and its interpreter."""

from __future__ import annotations

from jit.runtime.bytecode.assemble import FindRunner, assemble
from jit.runtime.bytecode.disassemble import disassemble
from jit.runtime.bytecode.instruction import Code, Instruction, Opcode
from jit.runtime.bytecode.interpreter import run, run_graph

__all__ = [
    "Code",
    "FindRunner",
    "Instruction",
    "Opcode",
    "assemble",
    "disassemble",
    "run",
    "run_graph",
]
