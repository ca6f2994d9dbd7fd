"""Write the checkpoints that the tests read: `python tests/serialization/record.py`.

It needs torch. `expected.json` says what is in them, as torch reads it.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path

FILES = Path(__file__).resolve().parent / "files"


def everything(torch):
    """A value of each kind that checkpoints hold."""
    base = torch.arange(12.0).reshape(3, 4)
    return {
        "float32": base,
        "transposed": base.t(),
        "row": base[1],
        "strided": base[:, ::2],
        "expanded": torch.ones(1).expand(3),
        "float64": torch.tensor([0.1, float("nan")], dtype=torch.float64),
        "float16": torch.tensor([1.5, -2.0], dtype=torch.float16),
        "bfloat16": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        "int64": torch.tensor([2**40, -1]),
        "int32": torch.tensor([1, 2], dtype=torch.int32),
        "int16": torch.tensor([1, 2], dtype=torch.int16),
        "int8": torch.tensor([1, -2], dtype=torch.int8),
        "uint8": torch.tensor([1, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
        "complex64": torch.tensor([1 + 2j], dtype=torch.complex64),
        "complex128": torch.tensor([1 + 2j], dtype=torch.complex128),
        "number": torch.tensor(7),
        "empty": torch.zeros(0, 3),
        "needs": torch.zeros(2, requires_grad=True),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "frozen": torch.nn.Parameter(torch.ones(2), requires_grad=False),
        "plain": [1, -2.5, "text", None, True, (1, 2), 3 - 4j, b"bytes", 2**70],
        "set": {1, 2},
        "dtype": torch.bfloat16,
        "device": torch.device("cpu"),
        "size": torch.Size([2, 3]),
        "ordered": OrderedDict(b=1, a=2),
        5: {"deeper": [base]},
    }


def described(torch, value):
    """A value as JSON, with torch's own words for tensors."""
    if isinstance(value, torch.Tensor):
        wide = value.detach()
        if wide.is_complex():
            wide = torch.stack([wide.real, wide.imag])
        return {
            "tensor": repr(wide.to(torch.float64).tolist()),
            "dtype": str(value.dtype),
            "shape": list(value.shape),
            "strides": list(value.stride()),
            "requires_grad": value.requires_grad,
            "parameter": isinstance(value, torch.nn.Parameter),
        }
    if isinstance(value, dict):
        pairs = [[repr(k), described(torch, v)] for k, v in value.items()]
        return {type(value).__name__: pairs}
    if isinstance(value, torch.Size):
        return repr(value)
    if isinstance(value, list | tuple):
        return {type(value).__name__: [described(torch, v) for v in value]}
    return repr(value)


def trained(torch):
    """The state of a small model and of its optimizer after a step."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(4, 3) * torch.arange(4.0)[:, None]).square().sum().backward()
    optimizer.step()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict()}


def main() -> None:
    """Write all files."""
    import torch

    FILES.mkdir(exist_ok=True)
    whole, state = everything(torch), trained(torch)
    torch.save(whole, FILES / "everything.pt")
    torch.save(whole, FILES / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(whole, FILES / "protocol5.pt", pickle_protocol=5)
    torch.save(state, FILES / "trained.pth")
    torch.save(torch.nn.Linear(2, 2), FILES / "module.pt")
    torch.jit.script(torch.nn.Linear(2, 2)).save(FILES / "script.pt")
    expected = {
        "torch": torch.__version__,
        "everything": described(torch, whole),
        "trained": described(torch, state),
    }
    text = json.dumps(expected, indent=1)
    (FILES / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
