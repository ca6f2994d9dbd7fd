"""Attention layers: MultiheadAttention and the layers of transformers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Optional, Tuple  # noqa: UP035

from jit.runtime.tensor import Tensor
from jit.torch.nn import functional as F
from jit.torch.nn import init
from jit.torch.nn.containers import ModuleList
from jit.torch.nn.embeddings import Dropout
from jit.torch.nn.linear import Linear
from jit.torch.nn.module import Module
from jit.torch.nn.normalizations import LayerNorm
from jit.torch.nn.parameter import Parameter

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch


class NonDynamicallyQuantizableLinear(Linear):
    """The last product of an attention: a `Linear` under torch's name."""


class MultiheadAttention(Module):
    """Attention of queries to keys and values in several heads."""

    __constants__: ClassVar[list[str]] = [
        "batch_first", "embed_dim", "num_heads", "head_dim", "dropout",
        "add_zero_attn", "_qkv_same_embed_dim",
    ]  # fmt: skip

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                "embed_dim and num_heads must be greater than 0, got"
                f" embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        super().__init__()
        place = {"device": device, "dtype": dtype}
        self.embed_dim = embed_dim
        self.kdim = kdim if kdim is not None else embed_dim
        self.vdim = vdim if vdim is not None else embed_dim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = float(dropout)
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")
        if self._qkv_same_embed_dim:
            made = torch.empty((3 * embed_dim, embed_dim), **place)
            self.in_proj_weight = Parameter(made)
            self.register_parameter("q_proj_weight", None)
            self.register_parameter("k_proj_weight", None)
            self.register_parameter("v_proj_weight", None)
        else:
            widths = {"q": embed_dim, "k": self.kdim, "v": self.vdim}
            for name, width in widths.items():
                made = torch.empty((embed_dim, width), **place)
                self.register_parameter(f"{name}_proj_weight", Parameter(made))
            self.register_parameter("in_proj_weight", None)
        if bias:
            self.in_proj_bias = Parameter(torch.empty(3 * embed_dim, **place))
        else:
            self.register_parameter("in_proj_bias", None)
        self.out_proj = NonDynamicallyQuantizableLinear(
            embed_dim, embed_dim, bias=bias, **place
        )
        if add_bias_kv:
            self.bias_k = Parameter(torch.empty((1, 1, embed_dim), **place))
            self.bias_v = Parameter(torch.empty((1, 1, embed_dim), **place))
        else:
            self.register_parameter("bias_k", None)
            self.register_parameter("bias_v", None)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for name in ("in_proj", "q_proj", "k_proj", "v_proj"):
            weight = getattr(self, f"{name}_weight")
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Optional[Tensor] = None,  # noqa: UP045
        need_weights: bool = True,
        attn_mask: Optional[Tensor] = None,  # noqa: UP045
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> Tuple[Tensor, Optional[Tensor]]:  # noqa: UP006, UP045
        turned = self.batch_first and query.dim() == 3
        if turned:
            query = query.transpose(1, 0)
            key, value = key.transpose(1, 0), value.transpose(1, 0)
        out, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight,
            self.in_proj_bias, self.bias_k, self.bias_v, self.add_zero_attn,
            self.dropout, self.out_proj.weight, self.out_proj.bias, self.training,
            key_padding_mask, need_weights, attn_mask, not self._qkv_same_embed_dim,
            self.q_proj_weight, self.k_proj_weight, self.v_proj_weight, None, None,
            average_attn_weights, is_causal,
        )  # fmt: skip
        return (out.transpose(1, 0) if turned else out), weights


def _activation(given: Any) -> Any:
    if given == "relu":
        return F.relu
    if given == "gelu":
        return F.gelu
    if isinstance(given, str):
        raise RuntimeError(f"activation should be relu/gelu, not {given}")
    return given


class TransformerEncoderLayer(Module):
    """Self attention and a network of two layers, each with a norm and a way past."""

    __constants__: ClassVar[list[str]] = ["norm_first"]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        place = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **place
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **place)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = _activation(activation)

    def forward(
        self,
        src: Tensor,
        src_mask: Optional[Tensor] = None,  # noqa: UP045
        src_key_padding_mask: Optional[Tensor] = None,  # noqa: UP045
        is_causal: bool = False,
    ) -> Tensor:
        x = src
        if self.norm_first:
            x = x + self._sa_block(
                self.norm1(x), src_mask, src_key_padding_mask, is_causal
            )
            return x + self._ff_block(self.norm2(x))
        attended = self._sa_block(x, src_mask, src_key_padding_mask, is_causal)
        x = self.norm1(x + attended)
        return self.norm2(x + self._ff_block(x))

    def _sa_block(
        self,
        x: Tensor,
        attn_mask: Optional[Tensor],  # noqa: UP045
        key_padding_mask: Optional[Tensor],  # noqa: UP045
        is_causal: bool = False,
    ) -> Tensor:
        found = self.self_attn(
            x, x, x, attn_mask=attn_mask, key_padding_mask=key_padding_mask,
            need_weights=False, is_causal=is_causal,
        )  # fmt: skip
        return self.dropout1(found[0])

    def _ff_block(self, x: Tensor) -> Tensor:
        inner = self.dropout(self.activation(self.linear1(x)))
        return self.dropout2(self.linear2(inner))


class TransformerDecoderLayer(Module):
    """As an encoder layer, with attention to a memory between."""

    __constants__: ClassVar[list[str]] = ["norm_first"]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        place = {"device": device, "dtype": dtype}
        attention: Any = {"dropout": dropout, "batch_first": batch_first, "bias": bias}
        self.self_attn = MultiheadAttention(d_model, nhead, **attention, **place)
        self.multihead_attn = MultiheadAttention(d_model, nhead, **attention, **place)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **place)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
        self.norm3 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = _activation(activation)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Optional[Tensor] = None,  # noqa: UP045
        memory_mask: Optional[Tensor] = None,  # noqa: UP045
        tgt_key_padding_mask: Optional[Tensor] = None,  # noqa: UP045
        memory_key_padding_mask: Optional[Tensor] = None,  # noqa: UP045
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        x = tgt
        if self.norm_first:
            x = x + self._sa_block(
                self.norm1(x), tgt_mask, tgt_key_padding_mask, tgt_is_causal
            )
            x = x + self._mha_block(
                self.norm2(x), memory, memory_mask, memory_key_padding_mask,
                memory_is_causal,
            )  # fmt: skip
            return x + self._ff_block(self.norm3(x))
        attended = self._sa_block(x, tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        x = self.norm1(x + attended)
        attended = self._mha_block(
            x, memory, memory_mask, memory_key_padding_mask, memory_is_causal
        )
        x = self.norm2(x + attended)
        return self.norm3(x + self._ff_block(x))

    def _sa_block(
        self,
        x: Tensor,
        attn_mask: Optional[Tensor],  # noqa: UP045
        key_padding_mask: Optional[Tensor],  # noqa: UP045
        is_causal: bool = False,
    ) -> Tensor:
        found = self.self_attn(
            x, x, x, attn_mask=attn_mask, key_padding_mask=key_padding_mask,
            is_causal=is_causal, need_weights=False,
        )  # fmt: skip
        return self.dropout1(found[0])

    def _mha_block(
        self,
        x: Tensor,
        mem: Tensor,
        attn_mask: Optional[Tensor],  # noqa: UP045
        key_padding_mask: Optional[Tensor],  # noqa: UP045
        is_causal: bool = False,
    ) -> Tensor:
        found = self.multihead_attn(
            x, mem, mem, attn_mask=attn_mask, key_padding_mask=key_padding_mask,
            is_causal=is_causal, need_weights=False,
        )  # fmt: skip
        return self.dropout2(found[0])

    def _ff_block(self, x: Tensor) -> Tensor:
        inner = self.dropout(self.activation(self.linear1(x)))
        return self.dropout3(self.linear2(inner))


def _is_causal(mask: Tensor | None) -> bool:
    """Whether a mask hides from each position what follows it, and nothing else."""
    if mask is None or mask.dim() < 2:
        return False
    size = mask.size(-1)
    if mask.size(-2) != size:
        return False
    wanted = Transformer.generate_square_subsequent_mask(size).to(mask.dtype)
    return bool((mask == wanted).all())


def _copies(layer: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


class TransformerEncoder(Module):
    """Encoder layers one behind the other."""

    __constants__: ClassVar[list[str]] = ["norm"]

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self,
        src: Tensor,
        mask: Optional[Tensor] = None,  # noqa: UP045
        src_key_padding_mask: Optional[Tensor] = None,  # noqa: UP045
        is_causal: Optional[bool] = None,  # noqa: UP045
    ) -> Tensor:
        causal = False
        if is_causal is not None:
            causal = is_causal
        elif not torch.jit.is_scripting() and not torch.jit.is_tracing():
            causal = _is_causal(mask)
        out = src
        for layer in self.layers:
            out = layer(
                out, src_mask=mask, src_key_padding_mask=src_key_padding_mask,
                is_causal=causal,
            )  # fmt: skip
        if self.norm is not None:
            out = self.norm(out)
        return out


class TransformerDecoder(Module):
    """Decoder layers one behind the other."""

    __constants__: ClassVar[list[str]] = ["norm"]

    def __init__(
        self, decoder_layer: Module, num_layers: int, norm: Module | None = None
    ) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Optional[Tensor] = None,  # noqa: UP045
        memory_mask: Optional[Tensor] = None,  # noqa: UP045
        tgt_key_padding_mask: Optional[Tensor] = None,  # noqa: UP045
        memory_key_padding_mask: Optional[Tensor] = None,  # noqa: UP045
        tgt_is_causal: Optional[bool] = None,  # noqa: UP045
        memory_is_causal: bool = False,
    ) -> Tensor:
        causal = False
        if tgt_is_causal is not None:
            causal = tgt_is_causal
        elif not torch.jit.is_scripting() and not torch.jit.is_tracing():
            causal = _is_causal(tgt_mask)
        out = tgt
        for layer in self.layers:
            out = layer(
                out, memory, tgt_mask=tgt_mask, memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal, memory_is_causal=memory_is_causal,
            )  # fmt: skip
        if self.norm is not None:
            out = self.norm(out)
        return out


class Transformer(Module):
    """An encoder, and a decoder that attends to what it gives."""

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = "relu",
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        place = {"device": device, "dtype": dtype}
        layer = (
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps,
            batch_first, norm_first, bias, device, dtype,
        )  # fmt: skip
        if custom_encoder is not None:
            self.encoder = custom_encoder
        else:
            norm = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
            self.encoder = TransformerEncoder(
                TransformerEncoderLayer(*layer), num_encoder_layers, norm
            )
        if custom_decoder is not None:
            self.decoder = custom_decoder
        else:
            norm = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
            self.decoder = TransformerDecoder(
                TransformerDecoderLayer(*layer), num_decoder_layers, norm
            )
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.dim() > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Optional[Tensor] = None,  # noqa: UP045
        tgt_mask: Optional[Tensor] = None,  # noqa: UP045
        memory_mask: Optional[Tensor] = None,  # noqa: UP045
        src_key_padding_mask: Optional[Tensor] = None,  # noqa: UP045
        tgt_key_padding_mask: Optional[Tensor] = None,  # noqa: UP045
        memory_key_padding_mask: Optional[Tensor] = None,  # noqa: UP045
        src_is_causal: Optional[bool] = None,  # noqa: UP045
        tgt_is_causal: Optional[bool] = None,  # noqa: UP045
        memory_is_causal: bool = False,
    ) -> Tensor:
        batch = 0 if self.batch_first else 1
        if src.dim() == 3 and src.size(batch) != tgt.size(batch):
            raise RuntimeError("the batch number of src and tgt must be equal")
        if src.size(-1) != self.d_model or tgt.size(-1) != self.d_model:
            raise RuntimeError(
                "the feature number of src and tgt must be equal to d_model"
            )
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask,
            memory_key_padding_mask, tgt_is_causal, memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(
        sz: int, device: Any = None, dtype: Any = None
    ) -> Tensor:
        """Minus infinity where a position would see one that follows it."""
        full = torch.full((sz, sz), float("-inf"), dtype=dtype)
        made: Tensor = torch.triu(full, 1)
        return made
