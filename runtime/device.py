"""Devices, layouts and memory formats: values that torch signatures mention.

Tensors here live in the memory of the CPU, strided; other devices can be named, so
that programs which choose one compile and compare, but nothing can be put there.
"""

from __future__ import annotations

from typing import Any

_KNOWN = ("cpu", "cuda", "mps", "xpu", "meta")


class Device:
    """A place for tensors, `torch.device("cpu")`; equal by type and index."""

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: str | Device = "cpu", index: int | None = None) -> None:
        if isinstance(type, Device):
            index = type.index
            type = type.type
        elif not isinstance(type, str):
            raise TypeError(
                f"device() takes a name such as 'cpu', not `{_type_name(type)}`"
            )
        name, colon, number = type.partition(":")
        if name not in _KNOWN:
            expected = ", ".join(_KNOWN)
            raise RuntimeError(
                f"Expected one of {expected} device type at start of device string:"
                f" {name}"
            )
        if colon:
            if index is not None:
                raise RuntimeError(
                    f"type (string) must not include an index because index was passed"
                    f" explicitly: {type}"
                )
            if not number.isdigit():
                raise RuntimeError(f"Invalid device string: '{type}'")
            index = int(number)
        object.__setattr__(self, "type", name)
        object.__setattr__(self, "index", index)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"attribute '{name}' of 'torch.device' is not writable")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Device):
            return NotImplemented
        return (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (Device, (self.type, self.index))


class Named:
    """A value that is nothing but its name, such as `torch.strided`."""

    __slots__ = ("_name", "code")

    def __init__(self, name: str, code: int) -> None:
        self._name = name
        self.code = code
        """TorchScript's number."""

    def __repr__(self) -> str:
        return f"torch.{self._name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_named, (self._name,))


class Layout(Named):
    """How the elements of a tensor are stored."""

    __slots__ = ()


class MemoryFormat(Named):
    """The order of dimensions in memory that an operator is asked for."""

    __slots__ = ()


CPU = Device("cpu")
STRIDED = Layout("strided", 0)
CONTIGUOUS_FORMAT = MemoryFormat("contiguous_format", 0)
PRESERVE_FORMAT = MemoryFormat("preserve_format", 1)
CHANNELS_LAST = MemoryFormat("channels_last", 2)


def _named(name: str) -> Named:
    values = (STRIDED, CONTIGUOUS_FORMAT, PRESERVE_FORMAT, CHANNELS_LAST)
    return next(v for v in values if v._name == name)


def require_cpu(device: Any) -> None:
    """Raise RuntimeError, with what to do instead, for any device but the CPU."""
    if device is None or device is CPU:
        return
    if not isinstance(device, Device):
        device = Device(device)
    if device.type != "cpu":
        raise RuntimeError(
            f"cannot put a tensor on device `{device}`: tensors live in the memory of"
            " the CPU here, and torch.cuda.is_available() is False; write"
            ' `device="cpu"` or choose the device by what is available'
        )


def _type_name(value: object) -> str:
    return value.__class__.__name__
