"""`multi_head_attention_forward`: attention in several heads, as a function."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Optional, Tuple  # noqa: UP035

from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch


def canonical_mask(mask: Optional[Tensor], like: Tensor, name: str) -> Optional[Tensor]:  # noqa: UP045
    """A mask to be added to scores: minus infinity where a mask of bools is True."""
    if mask is None:
        return None
    if mask.dtype == torch.bool:
        made = torch.zeros(mask.size(), dtype=like.dtype)
        return made.masked_fill(mask, -math.inf)
    if not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported")
    return mask


def _check_shapes(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Optional[Tensor],  # noqa: UP045
    attn_mask: Optional[Tensor],  # noqa: UP045
    num_heads: int,
) -> None:
    rank = query.dim()
    if rank != 2 and rank != 3:
        raise AssertionError(
            "query should be unbatched 2D or batched 3D tensor but received"
            f" {rank}-D query tensor"
        )
    if key.dim() != rank or value.dim() != rank:
        kind = "batched" if rank == 3 else "unbatched"
        raise AssertionError(
            f"For {kind} (3-D) `query`, expected `key` and `value` to be {rank}-D but"
            f" found {key.dim()}-D and {value.dim()}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.dim() != rank - 1:
        raise AssertionError(
            f"For {rank}-D `query`, expected `key_padding_mask` to be `None` or"
            f" {rank - 1}-D but found {key_padding_mask.dim()}-D tensor instead"
        )
    if attn_mask is not None and attn_mask.dim() != 2 and attn_mask.dim() != 3:
        raise AssertionError(
            "expected `attn_mask` to be `None`, 2-D or 3-D but found"
            f" {attn_mask.dim()}-D tensor instead"
        )


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Optional[Tensor],  # noqa: UP045
    in_proj_bias: Optional[Tensor],  # noqa: UP045
    bias_k: Optional[Tensor],  # noqa: UP045
    bias_v: Optional[Tensor],  # noqa: UP045
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Optional[Tensor],  # noqa: UP045
    training: bool = True,
    key_padding_mask: Optional[Tensor] = None,  # noqa: UP045
    need_weights: bool = True,
    attn_mask: Optional[Tensor] = None,  # noqa: UP045
    use_separate_proj_weight: bool = False,
    q_proj_weight: Optional[Tensor] = None,  # noqa: UP045
    k_proj_weight: Optional[Tensor] = None,  # noqa: UP045
    v_proj_weight: Optional[Tensor] = None,  # noqa: UP045
    static_k: Optional[Tensor] = None,  # noqa: UP045
    static_v: Optional[Tensor] = None,  # noqa: UP045
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> Tuple[Tensor, Optional[Tensor]]:  # noqa: UP006, UP045
    """Attention of `query[L, N, E]` to `key[S, N, *]` and `value[S, N, *]` in heads.

    Gives the output and, if `need_weights`, how much each position counted.
    """
    _check_shapes(query, key, value, key_padding_mask, attn_mask, num_heads)
    batched = query.dim() == 3
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    tgt_len, bsz, embed_dim = query.size(0), query.size(1), query.size(2)
    key_padding_mask = canonical_mask(key_padding_mask, query, "key_padding_mask")
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the"
            " Transformer module method `generate_square_subsequent_mask` to create"
            " this mask."
        )
    use_causal = is_causal and key_padding_mask is None and not need_weights
    if use_causal:
        attn_mask = None
    else:
        attn_mask = canonical_mask(attn_mask, query, "attn_mask")
    if embed_dim != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got"
            f" {embed_dim}"
        )
    head_dim = embed_dim // num_heads
    if head_dim * num_heads != embed_dim:
        raise AssertionError(
            f"embed_dim {embed_dim} not divisible by num_heads {num_heads}"
        )
    b_q: Optional[Tensor] = None  # noqa: UP045
    b_k: Optional[Tensor] = None  # noqa: UP045
    b_v: Optional[Tensor] = None  # noqa: UP045
    if in_proj_bias is not None:
        b_q = in_proj_bias[:embed_dim]
        b_k = in_proj_bias[embed_dim : 2 * embed_dim]
        b_v = in_proj_bias[2 * embed_dim :]
    if use_separate_proj_weight:
        if q_proj_weight is None or k_proj_weight is None or v_proj_weight is None:
            raise AssertionError(
                "use_separate_proj_weight is True but a projection weight is None"
            )
        q = torch.nn.functional.linear(query, q_proj_weight, b_q)
        k = torch.nn.functional.linear(key, k_proj_weight, b_k)
        v = torch.nn.functional.linear(value, v_proj_weight, b_v)
    else:
        if in_proj_weight is None:
            raise AssertionError(
                "use_separate_proj_weight is False but in_proj_weight is None"
            )
        q = torch.nn.functional.linear(query, in_proj_weight[:embed_dim], b_q)
        k = torch.nn.functional.linear(
            key, in_proj_weight[embed_dim : 2 * embed_dim], b_k
        )
        v = torch.nn.functional.linear(value, in_proj_weight[2 * embed_dim :], b_v)
    if attn_mask is not None and attn_mask.dim() == 2:
        attn_mask = attn_mask.unsqueeze(0)
    if bias_k is not None and bias_v is not None:
        k = torch.cat([k, bias_k.expand(1, bsz, embed_dim)])
        v = torch.cat([v, bias_v.expand(1, bsz, embed_dim)])
        if attn_mask is not None:
            attn_mask = torch.nn.functional.pad(attn_mask, [0, 1])
        if key_padding_mask is not None:
            key_padding_mask = torch.nn.functional.pad(key_padding_mask, [0, 1])
    q = q.reshape(tgt_len, bsz * num_heads, head_dim).transpose(0, 1)
    if static_k is None:
        k = k.reshape(k.size(0), bsz * num_heads, head_dim).transpose(0, 1)
    else:
        k = static_k
    if static_v is None:
        v = v.reshape(v.size(0), bsz * num_heads, head_dim).transpose(0, 1)
    else:
        v = static_v
    if add_zero_attn:
        nothing = torch.zeros([bsz * num_heads, 1, head_dim], dtype=k.dtype)
        k, v = torch.cat([k, nothing], 1), torch.cat([v, nothing], 1)
        if attn_mask is not None:
            attn_mask = torch.nn.functional.pad(attn_mask, [0, 1])
        if key_padding_mask is not None:
            key_padding_mask = torch.nn.functional.pad(key_padding_mask, [0, 1])
    src_len = k.size(1)
    if key_padding_mask is not None:
        hidden = key_padding_mask.view(bsz, 1, 1, src_len)
        hidden = hidden.expand(bsz, num_heads, 1, src_len)
        hidden = hidden.reshape(bsz * num_heads, 1, src_len)
        attn_mask = hidden if attn_mask is None else attn_mask + hidden
    p = dropout_p if training else 0.0
    if need_weights:
        scores = torch.bmm(q * math.sqrt(1.0 / float(head_dim)), k.transpose(-2, -1))
        if attn_mask is not None:
            scores = scores + attn_mask
        weights = torch.softmax(scores, -1)
        if p > 0.0:
            weights = torch.dropout(weights, p, True)
        out = torch.bmm(weights, v).transpose(0, 1).reshape(tgt_len * bsz, embed_dim)
        out = torch.nn.functional.linear(out, out_proj_weight, out_proj_bias)
        out = out.view(tgt_len, bsz, embed_dim)
        weights = weights.view(bsz, num_heads, tgt_len, src_len)
        if average_attn_weights:
            weights = weights.mean(1)
        if not batched:
            return out.squeeze(1), weights.squeeze(0)
        return out, weights
    if attn_mask is not None:
        if attn_mask.size(0) == 1:
            attn_mask = attn_mask.unsqueeze(0)
        else:
            attn_mask = attn_mask.view(bsz, num_heads, -1, src_len)
    out = torch.nn.functional.scaled_dot_product_attention(
        q.view(bsz, num_heads, tgt_len, head_dim),
        k.view(bsz, num_heads, src_len, head_dim),
        v.view(bsz, num_heads, src_len, head_dim),
        attn_mask,
        p,
        use_causal,
    )
    out = out.permute(2, 0, 1, 3).reshape(tgt_len * bsz, embed_dim)
    out = torch.nn.functional.linear(out, out_proj_weight, out_proj_bias)
    out = out.view(tgt_len, bsz, embed_dim)
    return (out if batched else out.squeeze(1)), None
