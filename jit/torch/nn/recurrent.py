"""Recurrent layers and their cells: RNN, LSTM, GRU."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Optional, Tuple  # noqa: UP035

from jit.runtime.tensor import Tensor
from jit.torch.nn import init
from jit.torch.nn.module import Module
from jit.torch.nn.parameter import Parameter
from jit.torch.nn.utils.rnn import PackedSequence

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


class RNNBase(Module):
    """Layers of a recurrent network, in one direction or both.

    Layer k has the parameters `weight_ih_lk`, `weight_hh_lk`, `bias_ih_lk`,
    `bias_hh_lk` and, with a projection, `weight_hr_lk`; those of the other direction
    end in `_reverse`.
    """

    __constants__: ClassVar[list[str]] = [
        "mode", "input_size", "hidden_size", "num_layers", "bias", "batch_first",
        "dropout", "bidirectional", "proj_size", "_flat_weights_names",
    ]  # fmt: skip

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_options(hidden_size, num_layers, dropout, proj_size)
        if proj_size and mode != "LSTM":
            raise ValueError("proj_size argument is only supported for LSTM, not RNN"
                             " or GRU")  # fmt: skip
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        directions = 2 if bidirectional else 1
        rows = _GATES[mode] * hidden_size
        width = proj_size or hidden_size
        names = []
        for layer in range(num_layers):
            inner = input_size if layer == 0 else width * directions
            for end in ("", "_reverse")[:directions]:
                shapes: dict[str, tuple[int, ...]] = {
                    "weight_ih": (rows, inner),
                    "weight_hh": (rows, width),
                }
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                for name, shape in shapes.items():
                    made = torch.empty(shape, device=device, dtype=dtype)
                    names.append(f"{name}_l{layer}{end}")
                    self.register_parameter(names[-1], Parameter(made))
        self._flat_weights_names = tuple(names)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """First values: uniform between ±1 / sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0.0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: parameters need no common memory here."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        each = 2 + 2 * self.bias + bool(self.proj_size)
        names = self._flat_weights_names
        return [
            [getattr(self, n) for n in names[i : i + each]]
            for i in range(0, len(names), each)
        ]

    def _check_rank(self, input: Tensor, kind: str) -> None:
        rank = input.dim()
        if rank != 2 and rank != 3:
            raise ValueError(
                f"{kind}: Expected input to be 2D or 3D, got {rank}D instead"
            )
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. Expected"
                f" {self.input_size}, got {input.size(-1)}"
            )

    def _check_state(self, hx: Tensor, batch: int, width: int) -> None:
        rows = self.num_layers * (2 if self.bidirectional else 1)
        found = hx.size()
        if found[0] != rows or found[1] != batch or found[2] != width:
            raise RuntimeError(
                f"Expected hidden size ({rows}, {batch}, {width}), got {list(found)}"
            )

    def _no_state(self, input: Tensor, batch: int, width: int) -> Tensor:
        rows = self.num_layers * (2 if self.bidirectional else 1)
        return torch.zeros([rows, batch, width], dtype=input.dtype, device=input.device)

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        plain = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0,
            "bidirectional": False,
        }
        for name, usual in plain.items():
            value = getattr(self, name)
            if value != usual:
                parts.append(f"{name}={value}")
        return ", ".join(parts)


def _check_options(
    hidden_size: int, num_layers: int, dropout: float, proj_size: int
) -> None:
    if isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of"
            " an element being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so"
            f" non-zero dropout expects num_layers greater than 1, but got"
            f" dropout={dropout} and num_layers={num_layers}",
            stacklevel=5,
        )
    if not isinstance(hidden_size, int):
        raise TypeError(
            f"hidden_size should be of type int, got: {type(hidden_size).__name__}"
        )
    if hidden_size <= 0:
        raise ValueError("hidden_size must be greater than zero")
    if num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")
    if proj_size < 0:
        raise ValueError(
            "proj_size should be a positive integer or zero to disable projections"
        )
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")


class _OneState(RNNBase):
    """A recurrent network whose state is one tensor."""

    def _run(self, input: Tensor, hx: Tensor) -> Tuple[Tensor, Tensor]:  # noqa: UP006
        params = [getattr(self, name) for name in self._flat_weights_names]
        if self.mode == "GRU":
            return torch.gru(
                input, hx, params, self.bias, self.num_layers, self.dropout,
                self.training, self.bidirectional, self.batch_first,
            )  # fmt: skip
        if self.mode == "RNN_TANH":
            return torch.rnn_tanh(
                input, hx, params, self.bias, self.num_layers, self.dropout,
                self.training, self.bidirectional, self.batch_first,
            )  # fmt: skip
        return torch.rnn_relu(
            input, hx, params, self.bias, self.num_layers, self.dropout,
            self.training, self.bidirectional, self.batch_first,
        )  # fmt: skip

    def _run_packed(self, input: PackedSequence, hx: Tensor | None) -> Any:
        data, batch_sizes, order, back = input
        if hx is None:
            hx = self._no_state(data, int(batch_sizes[0]), self.hidden_size)
        elif order is not None:
            hx = hx.index_select(1, order)
        self._check_state(hx, int(batch_sizes[0]), self.hidden_size)
        run = {"GRU": torch.gru, "RNN_TANH": torch.rnn_tanh}.get(
            self.mode, torch.rnn_relu
        )
        params = [getattr(self, name) for name in self._flat_weights_names]
        out, h = run(
            data, batch_sizes, hx, params, self.bias, self.num_layers, self.dropout,
            self.training, self.bidirectional,
        )  # fmt: skip
        made = PackedSequence(out, batch_sizes, order, back)
        return made, h if back is None else h.index_select(1, back)

    def forward(self, input, hx: Optional[Tensor] = None):  # type: ignore[no-untyped-def] # noqa: UP045
        if not torch.jit.is_scripting():  # noqa: SIM102
            if isinstance(input, PackedSequence):
                return self._run_packed(input, hx)
        self._check_rank(input, "GRU" if self.mode == "GRU" else "RNN")
        if input.dim() == 2:
            lone = input.unsqueeze(0 if self.batch_first else 1)
            if hx is None:
                state = self._no_state(input, 1, self.hidden_size)
            else:
                if hx.dim() != 2:
                    raise RuntimeError(
                        "For unbatched 2-D input, hx should also be 2-D but got"
                        f" {hx.dim()}-D tensor"
                    )
                state = hx.unsqueeze(1)
            self._check_state(state, 1, self.hidden_size)
            out, last = self._run(lone, state)
            return out.squeeze(0 if self.batch_first else 1), last.squeeze(1)
        batch = input.size(0 if self.batch_first else 1)
        if hx is None:
            hx = self._no_state(input, batch, self.hidden_size)
        elif hx.dim() != 3:
            raise RuntimeError(
                f"For batched 3-D input, hx should also be 3-D but got {hx.dim()}-D"
                " tensor"
            )
        self._check_state(hx, batch, self.hidden_size)
        return self._run(input, hx)


class RNN(_OneState):
    """Layers of `tanh(W_ih x + b_ih + W_hh h + b_hh)`, or relu in place of tanh."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        super().__init__(
            f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias,
            batch_first, dropout, bidirectional, 0, device, dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity


class GRU(_OneState):
    """Layers of gated recurrent units."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, 0, device, dtype,
        )  # fmt: skip


class LSTM(RNNBase):
    """Layers of long short-term memory; its state is `(h, c)`."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, proj_size, device, dtype,
        )  # fmt: skip

    def _width(self) -> int:
        return self.proj_size if self.proj_size > 0 else self.hidden_size

    def _run(
        self, input: Tensor, h: Tensor, c: Tensor
    ) -> Tuple[Tensor, Tensor, Tensor]:  # noqa: UP006
        params = [getattr(self, name) for name in self._flat_weights_names]
        return torch.lstm(
            input, [h, c], params, self.bias, self.num_layers, self.dropout,
            self.training, self.bidirectional, self.batch_first,
        )  # fmt: skip

    def _run_packed(self, input: PackedSequence, hx: Any) -> Any:
        data, batch_sizes, order, back = input
        batch = int(batch_sizes[0])
        if hx is None:
            h = self._no_state(data, batch, self._width())
            c = self._no_state(data, batch, self.hidden_size)
        else:
            h, c = hx
            if order is not None:
                h, c = h.index_select(1, order), c.index_select(1, order)
        self._check_state(h, batch, self._width())
        self._check_state(c, batch, self.hidden_size)
        params = [getattr(self, name) for name in self._flat_weights_names]
        out, h, c = torch.lstm(
            data, batch_sizes, [h, c], params, self.bias, self.num_layers, self.dropout,
            self.training, self.bidirectional,
        )  # fmt: skip
        if back is not None:
            h, c = h.index_select(1, back), c.index_select(1, back)
        return PackedSequence(out, batch_sizes, order, back), (h, c)

    def forward(self, input, hx: Optional[Tuple[Tensor, Tensor]] = None):  # type: ignore[no-untyped-def] # noqa: UP006, UP045
        if not torch.jit.is_scripting():  # noqa: SIM102
            if isinstance(input, PackedSequence):
                return self._run_packed(input, hx)
        self._check_rank(input, "LSTM")
        lone = input.dim() == 2
        x = input.unsqueeze(0 if self.batch_first else 1) if lone else input
        batch = x.size(0 if self.batch_first else 1)
        if hx is None:
            h = self._no_state(input, batch, self._width())
            c = self._no_state(input, batch, self.hidden_size)
        else:
            h, c = hx
            if h.dim() != input.dim() or c.dim() != input.dim():
                kind = "unbatched 2-D" if lone else "batched 3-D"
                raise RuntimeError(
                    f"For {kind} input, hx and cx should also be {input.dim()}-D but"
                    f" got ({h.dim()}-D, {c.dim()}-D) tensors"
                )
            if lone:
                h, c = h.unsqueeze(1), c.unsqueeze(1)
        self._check_state(h, batch, self._width())
        self._check_state(c, batch, self.hidden_size)
        out, h, c = self._run(x, h, c)
        if lone:
            out = out.squeeze(0 if self.batch_first else 1)
            h, c = h.squeeze(1), c.squeeze(1)
        return out, (h, c)


class RNNCellBase(Module):
    """One step of a recurrent network."""

    __constants__: ClassVar[list[str]] = ["input_size", "hidden_size", "bias"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        place = {"device": device, "dtype": dtype}
        self.weight_ih = Parameter(torch.empty((rows, input_size), **place))
        self.weight_hh = Parameter(torch.empty((rows, hidden_size), **place))
        if bias:
            self.bias_ih = Parameter(torch.empty(rows, **place))
            self.bias_hh = Parameter(torch.empty(rows, **place))
        else:
            self.register_parameter("bias_ih", None)
            self.register_parameter("bias_hh", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """First values: uniform between ±1 / sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0.0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def _check_ranks(self, input: Tensor, hx: Tensor | None, kind: str) -> None:
        if input.dim() != 1 and input.dim() != 2:
            raise ValueError(
                f"{kind}: Expected input to be 1D or 2D, got {input.dim()}D instead"
            )
        if hx is not None and hx.dim() != 1 and hx.dim() != 2:
            raise ValueError(
                f"{kind}: Expected hidden to be 1D or 2D, got {hx.dim()}D instead"
            )

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if not self.bias:
            parts.append(f"bias={self.bias}")
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            parts.append(f"nonlinearity={self.nonlinearity}")
        return ", ".join(parts)


class RNNCell(RNNCellBase):
    """`tanh(W_ih x + b_ih + W_hh h + b_hh)`, or relu in place of tanh."""

    __constants__: ClassVar[list[str]] = [
        "input_size", "hidden_size", "bias", "nonlinearity",
    ]  # fmt: skip

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Optional[Tensor] = None) -> Tensor:  # noqa: UP045
        self._check_ranks(input, hx, "RNNCell")
        x = input if input.dim() == 2 else input.unsqueeze(0)
        if hx is None:
            h = torch.zeros(
                [x.size(0), self.hidden_size], dtype=input.dtype, device=input.device
            )
        else:
            h = hx if input.dim() == 2 else hx.unsqueeze(0)
        if self.nonlinearity == "tanh":
            made = torch.rnn_tanh_cell(
                x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
            )
        elif self.nonlinearity == "relu":
            made = torch.rnn_relu_cell(
                x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
            )
        else:
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return made if input.dim() == 2 else made.squeeze(0)


class GRUCell(RNNCellBase):
    """One step of gated recurrent units."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Optional[Tensor] = None) -> Tensor:  # noqa: UP045
        self._check_ranks(input, hx, "GRUCell")
        x = input if input.dim() == 2 else input.unsqueeze(0)
        if hx is None:
            h = torch.zeros(
                [x.size(0), self.hidden_size], dtype=input.dtype, device=input.device
            )
        else:
            h = hx if input.dim() == 2 else hx.unsqueeze(0)
        made = torch.gru_cell(
            x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        )
        return made if input.dim() == 2 else made.squeeze(0)


class LSTMCell(RNNCellBase):
    """One step of long short-term memory; its state is `(h, c)`."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(
        self,
        input: Tensor,
        hx: Optional[Tuple[Tensor, Tensor]] = None,  # noqa: UP006, UP045
    ) -> Tuple[Tensor, Tensor]:  # noqa: UP006
        self._check_ranks(input, None, "LSTMCell")
        x = input if input.dim() == 2 else input.unsqueeze(0)
        if hx is None:
            h = torch.zeros(
                [x.size(0), self.hidden_size], dtype=input.dtype, device=input.device
            )
            c = h
        else:
            h, c = hx
            if input.dim() == 1:
                h, c = h.unsqueeze(0), c.unsqueeze(0)
        h, c = torch.lstm_cell(
            x, [h, c], self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        )
        if input.dim() == 1:
            return h.squeeze(0), c.squeeze(0)
        return h, c
