"""`torch.save` and `torch.load`: tensors and containers of them, as data.

Nothing that is loaded is executed, whoever wrote it: files of ours, `.trs` archives,
safetensors, and checkpoints that torch wrote, whose pickles are read by a machine that
knows data only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jit.ir import dtypes
from jit.ir.diagnostic import ArchiveError
from jit.runtime.archive.checkpoint import LEGACY, load_checkpoint
from jit.runtime.archive.container import first_name
from jit.runtime.archive.files import display_name, read_source, write_target
from jit.runtime.archive.foreign import recognise
from jit.runtime.archive.manifest import MEMBER as PROGRAM
from jit.runtime.archive.problem import FOREIGN, MALFORMED, fail, named
from jit.runtime.archive.values import MEMBER as VALUES
from jit.runtime.archive.values import read_values, write_values
from jit.runtime.device import Device
from jit.runtime.tensor import Tensor, wrap

__all__ = ["load", "save"]


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write a tensor, a state dict, or nested containers to a path or a binary file.

    Tensors keep dtype, sizes, strides and what they share; lists, tuples, dicts, sets,
    numbers and texts keep their structure. The file is a container of JSON and
    safetensors (docs/reference/archive.md) and no pickle, so `pickle_protocol` means
    nothing. A path is written atomically.

    Raises ArchiveError E0809 for modules and other objects; nothing is written then.
    """
    if pickle_module is not None:
        raise ValueError("pickle_module: nothing is pickled here, leave it out")
    write_target(f, lambda file: write_values(file, obj))


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read what `save` wrote; a `.trs` archive; safetensors; or a checkpoint of torch.

    Goes by the content, not by the name. Tensors are put in the memory of the CPU; for a
    checkpoint with tensors of another device, say so: `map_location="cpu"`. Of whatever
    `weights_only` says, only tensors, containers, numbers and texts are read. Large files
    are mapped, `mmap` or not.

    Raises ArchiveError (E08) for a file that is truncated, altered or of another format,
    E0810 for a checkpoint that holds pickled modules or other objects, by their names.
    """
    if pickle_module is not None:
        raise ValueError("pickle_module: nothing is unpickled here, leave it out")
    place = _placing(map_location)
    name = display_name(f)
    data = read_source(f)
    try:
        return _load(f, data, place)
    except ArchiveError as error:
        if name is None or _is_program(data):
            raise
        raise named(error, name) from error.__cause__


def _is_program(data: memoryview) -> bool:
    return first_name(data) == PROGRAM


def _load(source: Any, data: memoryview, place: Callable[[str], None]) -> Any:
    if _is_program(data):
        from jit.serialization import load as load_program

        return load_program(data if hasattr(source, "read") else source)
    if first_name(data) == VALUES:
        return read_values(data)
    head = bytes(data[:64])
    if head.startswith(LEGACY):
        return load_checkpoint(data, place)
    if head.startswith(b"PK\x03\x04") and b"/data.pkl" in head:
        return load_checkpoint(data, place)
    found = recognise(data)
    if found is not None and found.what == "a checkpoint of torch.save":
        return load_checkpoint(data, place)
    if found is not None and found.what == "a safetensors file":
        return _load_safetensors(data)
    if found is None:
        fail(
            FOREIGN,
            "this is no file of tensors",
            f"it begins with {bytes(data[:16])!r}",
            help="torch.load reads what torch.save wrote, `.trs` and safetensors",
        )
    return fail(
        FOREIGN, f"this is no file of tensors but {found.what}", help=found.help
    )


def _placing(map_location: Any) -> Callable[[str], None]:
    """A function that raises RuntimeError for devices that nothing maps to the CPU."""
    if callable(map_location):
        return lambda location: None  # all that it can choose is the CPU
    if map_location is not None and not isinstance(map_location, Mapping):
        if Device(map_location).type != "cpu":
            raise RuntimeError(
                f"map_location={str(map_location)!r}: tensors live in the memory of the"
                " CPU, pass 'cpu'"
            )
        return lambda location: None

    def place(location: str) -> None:
        target = str((map_location or {}).get(location, location))
        if target != "cpu":
            raise RuntimeError(
                f"Attempting to deserialize object on the device {target!r}, which is not"
                " available: pass map_location='cpu' to map your storages to the CPU"
            )

    return place


_SAFETENSORS = {
    "BOOL": dtypes.bool_,
    "U8": dtypes.uint8,
    "I8": dtypes.int8,
    "I16": dtypes.int16,
    "I32": dtypes.int32,
    "I64": dtypes.int64,
    "F16": dtypes.float16,
    "BF16": dtypes.bfloat16,
    "F32": dtypes.float32,
    "F64": dtypes.float64,
    "C64": dtypes.complex64,
}


def _load_safetensors(data: memoryview) -> dict[str, Tensor]:
    from safetensors import SafetensorError, deserialize

    try:
        found = deserialize(bytes(data))
    except SafetensorError as error:
        fail(MALFORMED, f"safetensors cannot read it: {error}")
    made = {}
    for name, entry in found:
        dtype = _SAFETENSORS.get(entry["dtype"])
        if dtype is None:
            fail(
                MALFORMED,
                f"the tensor {name[:80]!r} has the dtype {entry['dtype']}, which there is"
                " not here",
            )
        content = np.frombuffer(bytearray(entry["data"]), dtype.numpy)
        made[name] = wrap(content.reshape(entry["shape"]))
    return made
