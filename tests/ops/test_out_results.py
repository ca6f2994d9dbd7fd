"""`out=`: sizes, dtypes, overlaps, gradients, several results."""

from __future__ import annotations

import pytest

from jit import torch


def test_the_result_is_written_into_out_which_is_returned():
    out = torch.empty(2)
    made = torch.add(torch.tensor([1.0, 2.0]), 1, out=out)

    assert made is out
    assert [2.0, 3.0] == out.tolist()


def test_an_empty_out_takes_the_sizes_of_the_result():
    out = torch.empty(0)
    torch.mm(torch.ones(2, 3), torch.ones(3, 4), out=out)

    assert (2, 4) == out.shape


def test_an_out_of_other_sizes_is_resized_with_a_warning():
    out = torch.ones(2, 2)
    with pytest.warns(UserWarning, match=r"was resized since it had shape \[2, 2\]"):
        torch.add(torch.ones(3), 1, out=out)

    assert [2.0, 2.0, 2.0] == out.tolist()


def test_out_may_be_of_a_higher_dtype_of_an_elementwise_operator():
    out = torch.empty(2, dtype=torch.float64)
    torch.add(torch.ones(2), 1, out=out)

    assert [2.0, 2.0] == out.tolist()


def test_out_of_a_lower_category_is_refused():
    with pytest.raises(RuntimeError, match="can't be cast to the desired output type"):
        torch.add(torch.ones(2), 1, out=torch.empty(2, dtype=torch.int64))


def test_a_product_wants_the_very_dtype():
    with pytest.raises(RuntimeError, match="Expected out tensor to have dtype float"):
        torch.mm(torch.ones(2, 2), torch.ones(2, 2), out=torch.empty(2, 2).double())


def test_out_says_the_dtype_of_what_is_counted_or_summed():
    counted = torch.empty(3, dtype=torch.int32)
    torch.arange(3, out=counted)
    total = torch.empty((), dtype=torch.float64)
    torch.sum(torch.tensor([1, 2]), out=total)

    assert [0, 1, 2] == counted.tolist()
    assert 3.0 == total.item()


def test_several_results_go_into_several_tensors():
    values, places = torch.empty(2), torch.empty(2, dtype=torch.int64)
    torch.max(torch.tensor([[1.0, 3.0], [5.0, 2.0]]), 1, out=(values, places))

    assert [3.0, 5.0] == values.tolist()
    assert [1, 0] == places.tolist()


def test_out_refuses_gradients():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        torch.mul(x, 2, out=torch.empty(2))


def test_out_may_be_the_argument_itself_but_not_a_part_of_it():
    x = torch.tensor([1.0, 2.0, 3.0])
    torch.mul(x, 2, out=x)

    assert [2.0, 4.0, 6.0] == x.tolist()
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        torch.mul(x[:2], 2, out=x[1:])


def test_out_whose_elements_share_one_place_is_refused():
    with pytest.raises(RuntimeError, match="more than one element of the written-to"):
        torch.mul(torch.ones(3), 2, out=torch.ones(1).expand(3))


def test_the_overload_that_writes_into_out_is_found_by_its_name():
    out = torch.empty(2)
    torch.ops.aten.atan2.out(torch.zeros(2), torch.ones(2), out=out)
    torch.ops.aten.add.Tensor_out

    assert [0.0, 0.0] == out.tolist()


def test_a_name_that_no_overload_has_is_refused_with_the_nearest():
    with pytest.raises(AttributeError, match="has no overload `Tensr`; near: Tensor"):
        torch.ops.aten.add.Tensr


def test_what_a_mask_does_not_ask_for_is_none():
    x = torch.ones(2, 3)
    made = torch.ops.aten.native_layer_norm_backward.default(
        x, x, [3], torch.ones(2, 1), torch.ones(2, 1), None, None, [True, False, False]
    )

    assert made[0].shape == (2, 3)
    assert (None, None) == made[1:]


def test_out_is_taken_however_often_it_is_given():
    x, out = torch.ones(1, 1, 4, 4), torch.empty(1, 1, 2, 2)
    for _ in range(300):
        torch.nn.functional.avg_pool2d(x, 2, out=out)
    assert 4.0 == out.sum().item()
