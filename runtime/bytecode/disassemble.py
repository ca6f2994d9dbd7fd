"""Print code: instructions beside the source lines they come from."""

from __future__ import annotations

from jit.ir.span import NOWHERE
from jit.runtime.bytecode.instruction import Code, Instruction, Opcode


def disassemble(code: Code) -> str:
    """The instructions of a function, one a line.

    code f: 2 parameters, 5 registers
      r0 = x    r1 = n    r2 = 1
       0  CALL2   aten::add.int r1 r2 → r3      # model.py:3: n + 1
    """
    lines = [
        f"code {code.name}: {code.parameter_count} parameters,"
        f" {code.register_count} registers"
    ]
    lines += [
        f"  r{register} = {text}" for register, text in sorted(code.names.items())
    ]
    lines += [
        f"  try {h.start} to {h.end}: {h.target} with the exception in r{h.register}"
        for h in code.handlers
    ]
    texts = [_format_instruction(i) for i in code.instructions]
    width = min(max(map(len, texts), default=0), 56)
    place = ""
    for number, (text, instruction) in enumerate(
        zip(texts, code.instructions, strict=True)
    ):
        line = f"{number:>4}  {text:<{width}}"
        here = _format_place(instruction)
        if here and here != place:
            line += f"  # {here}"
            place = here
        lines.append(line.rstrip())
    return "\n".join(lines)


def _format_instruction(i: Instruction) -> str:
    words = [f"{i.opcode.name:<6}"]
    if i.name:
        words.append(i.name)
    words += [f"r{r}" for r in i.inputs]
    if i.outputs:
        words += ["→", *(f"r{r}" for r in i.outputs)]
    if i.opcode in (Opcode.UNLESS, Opcode.JUMP, Opcode.LOOP, Opcode.NEXT):
        words += ["go", str(i.target)]
    if i.dead:
        words.append(f"free {' '.join(f'r{r}' for r in i.dead)}")
    return " ".join(words)


def _format_place(i: Instruction) -> str:
    if i.node is None or i.node.span is NOWHERE:
        return ""
    span = i.node.span
    return f"{span.source.file}:{span.line}: {span.text}"
