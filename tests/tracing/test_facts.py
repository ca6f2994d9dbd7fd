"""Rank, dtype and memory layout: they follow the input, or the program checks them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jit
from jit import torch
from jit.torch import nn

F32 = torch.ones(3)
OTHER_DTYPES = [torch.float64, torch.bfloat16, torch.int64]


@pytest.mark.parametrize("dtype", OTHER_DTYPES, ids=str)
@pytest.mark.parametrize(
    "f",
    [
        lambda x: x + torch.zeros(3, dtype=x.dtype),
        lambda x: torch.arange(3).to(x.dtype) * x,
        lambda x: torch.arange(3).to(x) * x,
        lambda x: torch.arange(3).type_as(x) * x,
        lambda x: x.new_tensor([1, 2, 3]) + x,
        lambda x: torch.full((2,), 3, dtype=x.dtype) * x[0],
        lambda x: torch.tensor([1, 2, 3], dtype=torch.int32).to(dtype=x.dtype) + x,
        lambda x: torch.zeros_like(x) + torch.ones(1, dtype=x.dtype, device=x.device),
        lambda x: torch.tensor(x) * 2,
    ],
)
def test_dtypes_follow_the_input(f: Any, dtype: Any) -> None:
    traced = jit.trace(f, F32, on_bake="error")
    x = torch.tensor([3, 2, 1], dtype=dtype)

    assert f(x).dtype is traced(x).dtype
    assert f(x).tolist() == traced(x).tolist()


@pytest.mark.parametrize("dtype", OTHER_DTYPES, ids=str)
@pytest.mark.parametrize("convert", ["float", "double", "long"])
def test_a_conversion_that_was_not_needed_is_one_for_other_inputs(
    convert: str, dtype: Any
) -> None:
    def f(x: Any) -> Any:
        return getattr(x, convert)()

    traced = jit.trace(f, f(F32))

    assert (
        f(torch.ones(2, dtype=dtype)).dtype is traced(torch.ones(2, dtype=dtype)).dtype
    )


def by_dtype(x: Any) -> Any:
    return x / 2 if x.dtype == torch.float32 else x * 2


def by_set_of_dtypes(x: Any) -> Any:
    return x / 2 if x.dtype in (torch.float32, torch.float16) else x * 2


def by_kind(x: Any) -> Any:
    return x / 2 if x.is_floating_point() else x * 2


def by_limits(x: Any) -> Any:
    return x + torch.finfo(x.dtype).eps


def by_name(x: Any) -> Any:
    return x * {"torch.float32": 2}.get(str(x.dtype), 3)


def by_rank(x: Any) -> Any:
    return x.sum(-1) if x.ndim == 1 else x * 2


def by_layout(x: Any) -> Any:
    return x * 2 if x.is_contiguous() else x


OTHERS = {
    by_rank: torch.ones(2, 3),
    by_layout: torch.ones(3, 2)[:, 0],
    by_kind: torch.ones(3, dtype=torch.int64),
}


@pytest.mark.parametrize(
    "f", [by_dtype, by_set_of_dtypes, by_kind, by_limits, by_name, by_rank, by_layout]
)
def test_a_trace_that_goes_by_a_fact_raises_for_another_one(f: Any) -> None:
    traced = jit.trace(f, F32)
    other = OTHERS.get(f, torch.ones(3, dtype=torch.float64))

    assert f(torch.ones(3) * 5).tolist() == traced(torch.ones(3) * 5).tolist()
    for run in (traced, traced.interpret):
        with pytest.raises(RuntimeError, match="the trace was recorded where"):
            run(other)


def test_facts_of_arrays_are_checked_too() -> None:
    traced = jit.trace(lambda x: np.zeros(3, dtype=x.dtype) + x.ndim + x, np.ones(3))

    assert [3.0] * 3 == traced(np.ones(3) * 2).tolist()
    with pytest.raises(RuntimeError, match=r"`dtype` in `x.dtype` was torch.float64"):
        traced(np.ones(3, np.float32))
    with pytest.raises(RuntimeError, match=r"`ndim` in `x.ndim` was 1"):
        traced(np.ones((2, 3)))


def test_strides_are_those_of_the_input() -> None:
    traced = jit.trace(
        lambda x: x * x.stride(0) + x.stride()[1], torch.ones(2, 3), on_bake="error"
    )

    assert [[6.0] * 5] * 2 == traced(torch.ones(2, 5)).tolist()


def test_a_fact_costs_a_call_nothing_once_the_kind_of_input_is_known() -> None:
    graph = jit.trace(by_rank, F32).graph_for(F32)

    assert not graph.find_nodes("prim::If")


@pytest.mark.parametrize("length", [1, 3])
def test_containers_of_another_length_are_refused(length: int) -> None:
    of_list = jit.trace(lambda xs: xs[0] * len(xs), ([F32, F32],))
    of_dict = jit.trace(lambda d: d["a"] * len(d), ({"a": F32, "b": F32},))

    with pytest.raises(RuntimeError, match="the length of `xs` was 2"):
        of_list([F32] * length)
    with pytest.raises(RuntimeError, match="the length of `d` was 2"):
        of_dict(dict(zip("abc"[:length], [F32] * length, strict=True)))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_recurrent_layers_follow_the_dtype(dtype: Any) -> None:
    layer = nn.LSTM(2, 3)
    traced = jit.trace(layer, torch.ones(4, 1, 2))
    x = torch.ones(5, 2, 2, dtype=dtype)

    assert dtype is layer.to(dtype)(x)[0].dtype is traced(x)[0].dtype
