"""`torch.nn.utils.rnn`: sequences of several lengths, packed or padded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from jit.runtime.tensor import Tensor
from jit.torch.nn import operations

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """The steps of sequences one behind the other, and how many each step has.

    `sorted_indices` says in which order the sequences came.
    """

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Tensor,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        made: PackedSequence = super().__new__(
            cls, data, batch_sizes, sorted_indices, unsorted_indices
        )
        return made

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """With converted data."""
        return PackedSequence(self.data.to(*args, **kwargs), *self[1:])

    def cpu(self) -> PackedSequence:
        """Itself: tensors live in the memory of the CPU."""
        return self

    def float(self) -> PackedSequence:
        """With data of float32."""
        return self.to(torch.float32)

    def double(self) -> PackedSequence:
        """With data of float64."""
        return self.to(torch.float64)

    @property
    def is_cuda(self) -> bool:
        """Whether the data are on a GPU: never."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The order that undoes another."""
    if permutation is None:
        return None
    made = torch.empty_like(permutation)
    made.scatter_(0, permutation, torch.arange(permutation.numel()))
    return made


def pack_padded_sequence(
    input: Tensor,
    lengths: Any,
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """Padded sequences, `input[T, N, *]`, without the padding."""
    if not isinstance(lengths, Tensor):
        lengths = torch.tensor(list(lengths), dtype=torch.int64)
    order = None
    if not enforce_sorted:
        lengths, order = torch.sort(lengths, stable=True, descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    data, batch_sizes = operations._pack_padded_sequence(input, lengths, batch_first)
    return PackedSequence(data, batch_sizes, order)


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Packed sequences with padding behind the shorter ones, and their lengths."""
    longest = sequence.batch_sizes.size(0)
    if total_length is not None and total_length < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in"
            f" input, but got total_length={total_length} and max sequence length being"
            f" {longest}"
        )
    padded, lengths = operations._pad_packed_sequence(
        sequence.data,
        sequence.batch_sizes,
        batch_first,
        padding_value,
        longest if total_length is None else total_length,
    )
    back = sequence.unsorted_indices
    if back is not None:
        dim = 0 if batch_first else 1
        return padded.index_select(dim, back), lengths[back]
    return padded, lengths


def pad_sequence(
    sequences: Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences of several lengths as one tensor, `[T, N, *]`."""
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"expected padding_side to be 'left' or 'right', but got {padding_side!r}"
        )
    given = list(sequences)
    if not given:
        raise RuntimeError("received an empty list of sequences")
    longest = max(s.size(0) for s in given)
    rows = []
    for s in given:
        missing = longest - s.size(0)
        ends = [missing, 0] if padding_side == "left" else [0, missing]
        pad = [0] * (2 * (s.dim() - 1)) + ends
        rows.append(operations.constant_pad_nd(s, pad, padding_value))
    made: Tensor = torch.stack(rows, 0 if batch_first else 1)
    return made


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """Padded sequences as a list of sequences of their lengths."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [
        s[: int(n)]
        for s, n in zip(padded_sequences.unbind(0), lengths.tolist(), strict=True)
    ]


def pack_sequence(
    sequences: Sequence[Tensor], enforce_sorted: bool = True
) -> PackedSequence:
    """Sequences of several lengths, packed."""
    lengths = torch.tensor([s.size(0) for s in sequences])
    padded = pad_sequence(sequences)
    return pack_padded_sequence(padded, lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a pack."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
