"""Gradients through views, in-place writes, indexing and ties, as users meet them."""

from __future__ import annotations

import pytest

from jit import torch


def leaf(*values):
    return torch.tensor(list(values), dtype=torch.float64, requires_grad=True)


def counted(*sizes):
    """A leaf with the numbers 1, 2, 3, ... in it."""
    count = torch.Size(sizes).numel()
    data = torch.arange(1, count + 1, dtype=torch.float64).reshape(sizes)
    return data.requires_grad_()


def grad_of(result, leaf):
    return torch.autograd.grad(result, leaf)[0].tolist()


# writing into views --------------------------------------------------------------------


def test_an_element_that_is_overwritten_has_no_gradient():
    x = leaf(1, 2, 3)
    y = x * 2
    y[0] = 7.0
    y.sum().backward()

    assert x.grad.tolist() == [0, 2, 2]


def test_writing_into_a_view_changes_the_gradient_of_its_base():
    x = leaf(1, 2, 3)
    y = x.clone()
    y[1:].mul_(3)

    assert grad_of(y.sum(), x) == [1, 3, 3]


def test_writing_into_the_base_changes_the_gradient_of_views_made_before():
    x = counted(2, 3)
    y = x.clone()
    column = y[:, 1]
    y.mul_(5)

    assert grad_of(column.sum(), x) == [[0, 5, 0], [0, 5, 0]]


def test_writing_into_one_view_changes_the_gradient_of_another():
    x = leaf(1, 2, 3, 4)
    y = x.clone()
    table, tail = y.view(2, 2), y[2:]
    tail.mul_(10)

    assert grad_of(table[1].sum() + table[0].sum(), x) == [1, 1, 10, 10]


def test_a_view_of_a_view_is_written():
    x = counted(2, 3)
    y = x.clone()
    y.t()[1].view(2, 1)[1] *= 4

    assert grad_of((y * y.detach()).sum(), x) == [[1, 2, 3], [4, 80, 6]]


def test_a_value_that_is_written_gets_the_gradient_of_its_places():
    x, value = counted(2, 3), leaf(10, 20)
    y = x * 1
    y[:, 0] = value
    weights = torch.tensor([[1.0, 2, 3], [4, 5, 6]], dtype=torch.float64)
    to_x, to_value = torch.autograd.grad((y * weights).sum(), (x, value))

    assert to_x.tolist() == [[0, 2, 3], [0, 5, 6]]
    assert to_value.tolist() == [1, 4]


def test_a_value_that_is_broadcast_gets_the_sum():
    x, value = counted(2, 3), leaf(10)
    y = x * 1
    y[:, 1:] = value[0]

    assert grad_of(y.sum(), value) == [4]


def test_a_buffer_that_is_filled_bit_by_bit_carries_gradients():
    x = leaf(1, 2, 3)
    out = torch.zeros(3, dtype=torch.float64)
    total = torch.zeros((), dtype=torch.float64)
    for i in range(3):
        total = total + x[i] * x[i]
        out[i] = total

    assert out.requires_grad
    assert grad_of(out.sum(), x) == [6, 8, 6]


def test_augmented_assignment_reads_what_was_there():
    x = leaf(1, 2, 3)
    y = x * x
    y[0] += x[2] * x[1]

    assert grad_of(y[0], x) == [2, 3, 2]


def test_zero_and_fill_leave_a_gradient_of_zero():
    for write in (lambda y: y.zero_(), lambda y: y.fill_(3), lambda y: y.normal_()):
        x = leaf(1, 2)
        y = x * 2
        write(y)
        y.sum().backward()

        assert x.grad.tolist() == [0, 0]


def test_the_diagonal_is_a_view_that_may_be_written():
    x = counted(2, 2)
    y = x * 1
    y.diagonal().mul_(3)

    assert grad_of(y.sum(), x) == [[3, 1], [1, 3]]


def test_a_leaf_and_its_views_are_written_without_gradients_only():
    x = leaf(1, 2, 3)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        x[0] = 5.0
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        x.view(3, 1).mul_(2)
    with torch.no_grad():
        x[0] = 5.0

    assert x.tolist() == [5, 2, 3]
    assert grad_of((x * x).sum(), x) == [10, 4, 6]


def test_an_expanded_tensor_is_not_written():
    x = leaf(1)
    y = (x * 1).expand(3)
    with pytest.raises(RuntimeError, match="more than one element of the written-to"):
        y.add_(1)


def test_an_expanded_tensor_may_be_filled():
    x = leaf(1)
    y = x * 2
    y.expand(3).fill_(4)

    assert grad_of(y.sum(), x) == [0]


PIECES = {"split": 1, "chunk": 4}


@pytest.mark.parametrize("cut", ["unbind", "split", "chunk"])
def test_one_of_several_views_is_written(cut):
    x = leaf(1, 2, 3, 4)
    y = x * 1
    parts = y.unbind() if cut == "unbind" else getattr(y, cut)(PIECES[cut])
    parts[1].mul_(parts[2] * 2)

    assert y.tolist() == [1, 12, 3, 4]
    assert grad_of(y.sum() + parts[0].sum(), x) == [2, 6, 5, 1]


def test_overwriting_what_the_way_back_needs_is_refused():
    x = leaf(1, 2)
    y = x.exp()
    y.view(2, 1)[0] = 0.0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_writing_through_a_detached_tensor_is_noticed():
    x = leaf(1, 2)
    y = x * 1
    z = y * y
    y.detach().zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


# indexing ------------------------------------------------------------------------------


def test_reading_an_element_twice_adds_its_gradients():
    x = leaf(1, 2, 3)
    y = x[torch.tensor([2, 0, 2])]
    weights = torch.tensor([1.0, 10, 100], dtype=torch.float64)

    assert grad_of((y * weights).sum(), x) == [10, 0, 101]


def test_assignment_to_indices_moves_the_gradient():
    x, value = leaf(1, 2, 3, 4), leaf(5, 6)
    y = x * 1
    y[torch.tensor([3, 1])] = value
    weights = torch.tensor([1.0, 2, 3, 4], dtype=torch.float64)
    to_x, to_value = torch.autograd.grad((y * weights).sum(), (x, value))

    assert to_x.tolist() == [1, 0, 3, 0]
    assert to_value.tolist() == [4, 2]


def test_assignment_under_a_mask_moves_the_gradient():
    x, value = leaf(1, -2, 3), leaf(5)
    y = x * 2
    y[x < 0] = value * 3
    to_x, to_value = torch.autograd.grad(y.sum(), (x, value))

    assert to_x.tolist() == [2, 0, 2]
    assert to_value.tolist() == [3]


def test_values_added_at_repeated_indices_get_the_same_gradient():
    x, value = leaf(1, 2), leaf(5, 6, 7)
    y = x.index_put((torch.tensor([1, 1, 0]),), value, accumulate=True)
    weights = torch.tensor([10.0, 100], dtype=torch.float64)
    to_x, to_value = torch.autograd.grad((y * weights).sum(), (x, value))

    assert y.tolist() == [8, 13]
    assert to_x.tolist() == [10, 100]
    assert to_value.tolist() == [100, 100, 10]


def test_a_mask_may_select_nothing():
    x = leaf(1, 2)

    assert grad_of(x[x > 5].sum(), x) == [0, 0]


def test_indices_and_masks_may_be_mixed_with_slices():
    x = counted(2, 3, 2)
    y = x[:, torch.tensor([0, 2]), 1:]

    assert grad_of(y.sum(), x) == [[[0, 1], [0, 0], [0, 1]]] * 2


def test_filling_under_a_mask_hides_infinite_slopes():
    x = leaf(0, 4)
    y = x.sqrt()
    found = torch.autograd.grad(y.masked_fill(x == 0, 0).sum(), x)[0]

    assert found[1].item() == 0.25
    assert grad_of((x * 2).masked_fill(x == 0, float("inf"))[1], x) == [0, 2]


def test_scatter_and_gather_are_each_others_gradient():
    x, source = leaf(1, 2, 3), leaf(4, 5)
    places = torch.tensor([2, 0])
    weights = torch.tensor([1.0, 10, 100], dtype=torch.float64)
    y = (x.scatter(0, places, source) * weights).sum()
    to_x, to_source = torch.autograd.grad(y, (x, source))

    assert to_x.tolist() == [0, 10, 0]
    assert to_source.tolist() == [100, 1]
    assert grad_of(x.gather(0, torch.tensor([1, 1, 2])).sum(), x) == [0, 2, 1]


def test_the_unread_part_of_a_scattered_tensor_has_no_gradient():
    x, source = leaf(1, 2, 3), leaf(4, 5, 6)
    y = x.scatter_add(0, torch.tensor([1]), source)

    assert y.tolist() == [1, 6, 3]
    assert grad_of(y.sum(), source) == [1, 0, 0]


# ties ----------------------------------------------------------------------------------


def test_equal_largest_elements_share_the_gradient():
    x = leaf(1, 3, 3)

    assert grad_of(x.max(), x) == [0, 0.5, 0.5]
    assert grad_of(x.amax(0), x) == [0, 0.5, 0.5]
    assert grad_of(x.aminmax()[1], x) == [0, 0.5, 0.5]
    assert grad_of(torch.maximum(x, x.detach()).sum(), x) == [0.5, 0.5, 0.5]


def test_the_largest_element_along_a_dim_is_one_of_the_equals():
    x = leaf(3, 1, 3)
    values, indices = x.max(dim=0)

    assert indices.item() == 0
    assert grad_of(values, x) == [1, 0, 0]


def test_order_takes_the_gradient_to_where_elements_came_from():
    x = leaf(2, 3, 1)
    weights = torch.tensor([1.0, 10, 100], dtype=torch.float64)

    assert grad_of((x.sort()[0] * weights).sum(), x) == [10, 100, 1]
    assert grad_of((x.sort(descending=True)[0] * weights).sum(), x) == [10, 1, 100]
    assert grad_of((x.topk(2)[0] * weights[:2]).sum(), x) == [10, 1, 0]
    assert grad_of(x.median(), x) == [1, 0, 0]
    assert grad_of(x.kthvalue(1)[0], x) == [0, 0, 1]


def test_a_running_maximum_gives_its_gradient_to_the_last_that_reached_it():
    x = leaf(1, 3, 3, 2)

    assert grad_of(x.cummax(0)[0].sum(), x) == [1, 1, 2, 0]


# slopes at difficult places ------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "slopes"),
    [((2, 3, 4), [12, 8, 6]), ((2, 0, 4), [0, 8, 0]), ((0, 3, 0), [0, 0, 0])],
)
def test_a_product_has_a_gradient_where_factors_are_zero(values, slopes):
    x = leaf(*values)

    assert grad_of(x.prod(), x) == slopes
    assert grad_of(x.prod(0), x) == slopes
    assert grad_of(x.cumprod(0)[2], x) == slopes


def test_a_product_has_second_derivatives_where_factors_are_zero():
    x = leaf(0, 3, 0)
    for product in (x.prod(), x.cumprod(0)[2]):
        (first,) = torch.autograd.grad(product, x, create_graph=True)

        assert grad_of(first[0], x) == [0, 0, 3]


def test_a_norm_of_zero_and_a_deviation_of_zero_have_a_slope_of_zero():
    x = leaf(0, 0)

    assert grad_of(x.norm(), x) == [0, 0]
    assert grad_of(torch.linalg.vector_norm(x, 3), x) == [0, 0]
    assert grad_of((leaf(2, 2) + x).std(), x) == [0, 0]


def test_nan_is_left_out_where_the_operator_leaves_it_out():
    x = leaf(1, float("nan"), 3)

    assert grad_of(x.nansum(), x) == [1, 0, 1]
    assert grad_of(x.nanmean(), x) == [0.5, 0, 0.5]


# views and copies ----------------------------------------------------------------------


def test_second_derivatives_go_through_views():
    x = counted(2, 3)
    y = (x**3).t()[1:].reshape(-1)[::2].unsqueeze(0).expand(2, 2)
    (first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    second = grad_of((first * first.detach()).sum(), x)

    assert first.tolist() == [[0, 24, 54], [0, 0, 0]]
    assert second == [[0, 24 * 24, 54 * 36], [0, 0, 0]]


def test_second_derivatives_go_through_indexing():
    x = leaf(1, 2, 3)
    y = (x[torch.tensor([0, 0, 2])] ** 3).sum()
    (first,) = torch.autograd.grad(y, x, create_graph=True)

    assert first.tolist() == [6, 0, 27]
    assert grad_of(first.sum(), x) == [12, 0, 18]


def test_a_window_that_overlaps_adds_up():
    x = leaf(1, 2, 3, 4)

    assert grad_of(x.unfold(0, 2, 1).sum(), x) == [1, 2, 2, 1]
    assert grad_of(x.as_strided((3, 2), (1, 1)).sum(), x) == [1, 2, 2, 1]


def test_strides_are_counted_in_the_storage_of_a_view():
    x = counted(2, 3)
    y = x.t().as_strided((2,), (3,), 1)

    assert y.tolist() == [2, 5]
    assert grad_of(y.sum(), x) == [[0, 1, 0], [0, 1, 0]]


def test_pieces_of_a_tensor_put_together_again():
    x = counted(4, 2)
    a, b = x.split([1, 3])
    c = torch.cat([b, a * 2, a], 0)

    assert grad_of(c.sum(), x) == [[3, 3], [1, 1], [1, 1], [1, 1]]
    assert grad_of(torch.stack(x.unbind(1)[::-1])[0].sum(), x) == [[0, 1]] * 4
    assert grad_of(torch.cat([x.reshape(-1), torch.zeros(0)]).sum(), x) == [[1, 1]] * 4


def test_a_gradient_comes_back_in_the_dtype_of_its_tensor():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x.double() * 2 + x.to(torch.float16)).sum().backward()

    assert x.grad.dtype is torch.float32
    assert x.grad.tolist() == [3, 3]


def test_copies_pass_the_gradient_and_detached_tensors_do_not():
    x = leaf(1, 2)

    assert grad_of((x.clone() + x.contiguous() + x.detach()).sum(), x) == [2, 2]
    assert not torch.zeros_like(x).requires_grad
    assert not x.new_ones(2).requires_grad


def test_a_dropped_element_has_no_gradient_and_a_kept_zero_has_one():
    torch.manual_seed(0)
    x = torch.zeros(200, dtype=torch.float64, requires_grad=True)
    shifted = torch.nn.functional.dropout(x, 0.25, training=True)
    (found,) = torch.autograd.grad(shifted.sum(), x)
    scale = 1 / 0.75

    assert sorted({round(v, 9) for v in found.tolist()}) == [0, round(scale, 9)]
    assert 120 < (found > 0).sum().item() < 180
