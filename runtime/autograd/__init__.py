"""Gradients of eager code: the tape that operators write, and the walk back along it.

    node.py         a step of the tape, and where gradients of leaves are gathered
    recording.py    operators that write the tape when gradients are wanted
    saved.py        tensors kept for the way back, and whether memory was written since
    views.py        in-place operators on tensors that share memory
    engine.py       the way back: `backward` and `grad`
    vocabulary.py   the operators that derivatives on cards are written in

The derivative of an operator is the blank `grad` of its card (`jit.ir.card`), which the
compiled gradients read too. Nothing here is imported before a tensor requires gradients.
"""
