"""What a file is that is not a `.trs` archive, so that people are told what to do."""

from __future__ import annotations

from dataclasses import dataclass

from jit.runtime.archive.problem import FOREIGN, fail


@dataclass(frozen=True)
class Recognised:
    """A kind of file, as people know it."""

    what: str
    help: str = ""


_SAVE = "save the model with `jit.save(model, path)` and load that file"
_WEIGHTS = (
    "a file of weights holds no program: build the model, give it the weights with"
    " `load_state_dict`, then compile and save it"
)

_EMPTY = Recognised("an empty file", "the copy or the download was interrupted")
_TORCHSCRIPT = Recognised(
    "a TorchScript archive of torch.jit.save",
    "this release reads `.trs` archives only; " + _SAVE,
)
_CHECKPOINT = Recognised("a checkpoint of torch.save", _WEIGHTS)
_EXPORTED = Recognised("an exported program of torch.export", _SAVE)
_NPZ = Recognised("a .npz file of NumPy arrays", _WEIGHTS)
_KERAS = Recognised("a .keras archive", _SAVE)
_ZIP = Recognised("a zip archive of something else", _SAVE)
_SAFETENSORS = Recognised("a safetensors file", _WEIGHTS)

_STARTS = {
    b"\x93NUMPY": Recognised("a .npy file of one NumPy array", _WEIGHTS),
    b"\x80\x02\x8a\nl\xfc\x9c": Recognised(
        "a checkpoint of an old torch.save", _WEIGHTS
    ),
    b"\x80": Recognised("a pickle", "pickles are programs and are never executed"),
    b"\x89HDF\r\n": Recognised("an HDF5 file", _WEIGHTS),
    b"\x1f\x8b": Recognised("a file packed by gzip", "unpack it first: gunzip"),
    b"BZh": Recognised("a file packed by bzip2", "unpack it first: bunzip2"),
    b"\xfd7zXZ": Recognised("a file packed by xz", "unpack it first: unxz"),
    b"\x28\xb5\x2f\xfd": Recognised("a file packed by zstd", "unpack it first: unzstd"),
    b"GGUF": Recognised("a GGUF file", _WEIGHTS),
    b"\x08": Recognised("an ONNX model, perhaps", _SAVE),
    b"\x7fELF": Recognised("a native program or library"),
    b"<": Recognised(
        "an HTML or XML text", "a download often saves a page of errors like this"
    ),
    b"version https://git-lfs": Recognised(
        "a pointer of git-lfs", "fetch the real file: git lfs pull"
    ),
}

_INSIDE_ZIP = (
    (b"constants.pkl", _TORCHSCRIPT),
    (b"data.pkl", _CHECKPOINT),
    (b"exported_program.json", _EXPORTED),
    (b"config.json", _KERAS),
    (b".npy", _NPZ),
)
_TAIL = 1 << 20
"""Bytes at the end of a zip file in which its directory is looked for."""


def refuse(data: memoryview) -> None:
    """Raise ArchiveError E0801, naming what the file seems to be."""
    found = recognise(data)
    if found is None:
        fail(
            FOREIGN,
            "this is not a `.trs` archive",
            f"it begins with {bytes(data[:16])!r}",
            help=_SAVE,
        )
    fail(FOREIGN, f"this is not a `.trs` archive but {found.what}", help=found.help)


def recognise(data: memoryview) -> Recognised | None:
    """What a file seems to be, from its first and last bytes; None if unknown."""
    if not len(data):
        return _EMPTY
    head = bytes(data[:64])
    if head.startswith(b"PK\x03\x04"):
        # names stand as they are in the directory; nothing needs to be parsed
        directory = bytes(data[-_TAIL:])
        return next((k for name, k in _INSIDE_ZIP if name in directory), _ZIP)
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < len(data):
        return _SAFETENSORS
    return next((k for start, k in _STARTS.items() if head.startswith(start)), None)
