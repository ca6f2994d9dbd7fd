"""What eager gradients do: accumulation, leaves, in-place operators, views, hooks."""

from __future__ import annotations

import numpy as np
import pytest

from jit import torch


def leaf(*numbers):
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)


def numbers(tensor):
    return tensor.detach().numpy().tolist()


def test_gradients_are_added_to_the_leaves():
    x = leaf(1.0, 2.0)

    (x * x).sum().backward()
    (3 * x).sum().backward()

    assert [5.0, 7.0] == numbers(x.grad)


def test_what_was_broadcast_gets_the_sum():
    x, w = leaf(1.0, 2.0), torch.ones(3, 1, dtype=torch.float64, requires_grad=True)

    (x * w).sum().backward()

    assert [3.0, 3.0] == numbers(x.grad)
    assert [[3.0]] * 3 == numbers(w.grad)


def test_results_tell_what_made_them():
    y = leaf(1.0) * 2

    assert "MulBackward0" == y.grad_fn.name()
    assert "AccumulateGrad" == y.grad_fn.next_functions[0][0].name()
    assert "tensor([2.], dtype=torch.float64, grad_fn=<MulBackward0>)" == repr(y)
    assert (False, True) == (y.is_leaf, y.requires_grad)


def test_a_tape_is_used_once_unless_it_is_kept():
    x = leaf(2.0)
    y = (x.exp() * x).sum()

    y.backward(retain_graph=True)
    y.backward()

    with pytest.raises(RuntimeError, match="a second time"):
        y.backward()


def test_only_single_elements_have_a_gradient_of_their_own():
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        (leaf(1.0, 2.0) * 2).backward()


def test_constants_have_no_gradient():
    with pytest.raises(RuntimeError, match="does not require grad"):
        torch.ones(1).backward()
    with pytest.raises(RuntimeError, match="floating point"):
        torch.ones(1, dtype=torch.int64).requires_grad_()


def test_no_grad_writes_no_tape():
    x = leaf(1.0)
    with torch.no_grad():
        assert not (x * 2).requires_grad
    with torch.inference_mode():
        assert not (x * 2).requires_grad

    assert not (x.detach() * 2).requires_grad
    assert (x * 2).requires_grad


def test_gradients_can_be_differentiated_again():
    x = leaf(2.0)

    (first,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)

    assert ([12.0], [12.0]) == (numbers(first), numbers(second))


def test_an_input_that_was_not_used_is_told():
    x, unused = leaf(1.0), leaf(1.0)

    with pytest.raises(RuntimeError, match="not have been used"):
        torch.autograd.grad((x * 2).sum(), [x, unused])

    found = torch.autograd.grad((x * 2).sum(), [x, unused], allow_unused=True)
    assert found[1] is None
    zeros = torch.autograd.grad((x * 2).sum(), [x, unused], materialize_grads=True)
    assert [0.0] == numbers(zeros[1])


# in place -------------------------------------------------------------------------------


def test_an_operator_in_place_is_a_step_of_the_tape():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 2

    y.mul_(x)
    y.sum().backward()

    assert [4.0, 8.0, 12.0] == numbers(x.grad)


def test_a_write_through_a_view_is_a_step_of_its_base():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    y[0].mul_(5)
    y.sum().backward()

    assert [5.0, 1.0, 1.0] == numbers(x.grad)


def test_a_view_sees_what_is_written_to_its_base():
    x = leaf(1.0, 2.0)
    y = x * 1
    view = y[0]
    y.mul_(x)
    view.backward()

    assert [2.0, 0.0] == numbers(x.grad)


def test_what_was_kept_must_not_be_written():
    y = leaf(1.0).exp()
    y.add_(1)

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_what_nobody_needs_may_be_written():
    x = leaf(1.0)
    y = x + 1
    y.add_(1)
    y.sum().backward()

    assert [1.0] == numbers(x.grad)


def test_leaves_are_written_without_a_tape_only():
    x = leaf(1.0)

    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        x.add_(1)
    with pytest.raises(RuntimeError, match="view of a leaf"):
        x[0].add_(1)
    with torch.no_grad():
        x.add_(1)
    assert [2.0] == numbers(x)


# hooks ----------------------------------------------------------------------------------


def test_a_hook_sees_the_gradient_and_may_replace_it():
    x = leaf(1.0, 2.0)
    seen = []
    y = x * 3
    y.register_hook(lambda g: seen.append(numbers(g)))
    handle = x.register_hook(lambda g: g * 10)
    y.sum().backward()
    handle.remove()
    (x * 3).sum().backward()

    assert [[1.0, 1.0]] == seen
    assert [33.0, 33.0] == numbers(x.grad)


def test_a_result_keeps_its_gradient_on_request():
    x = leaf(2.0)
    y = x * x
    y.retain_grad()
    (y * 3).sum().backward()

    assert [3.0] == numbers(y.grad)


def test_a_hook_runs_after_the_gradient_was_added():
    x = leaf(2.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(numbers(p.grad)))
    (x * x).sum().backward()

    assert [[4.0]] == seen


def test_steps_of_the_tape_have_hooks():
    x = leaf(2.0)
    y = x * 3
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 2, *inputs[1:]))
    y.sum().backward()

    assert [6.0] == numbers(x.grad)


# functions in Python --------------------------------------------------------------------


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x)
        ctx.scale = scale
        return x * x * x * scale

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x * x * ctx.scale * g, None


def test_an_operator_may_have_a_gradient_in_python():
    x = leaf(2.0)
    y = Cube.apply(x, 2.0)
    y.sum().backward()

    assert "CubeBackward" == y.grad_fn.name()
    assert [24.0] == numbers(x.grad)
    assert torch.autograd.gradcheck(lambda v: Cube.apply(v, 2.0), leaf(0.5, -1.0))
    assert torch.autograd.gradgradcheck(lambda v: Cube.apply(v, 2.0), leaf(0.5, -1.0))


def test_gradcheck_tells_a_wrong_gradient():
    class Wrong(Cube):
        @staticmethod
        def backward(ctx, g):
            return g, None

    with pytest.raises(torch.autograd.GradcheckError, match="Jacobian mismatch"):
        torch.autograd.gradcheck(lambda v: Wrong.apply(v, 2.0), leaf(0.5))


def test_an_anomaly_is_told_with_the_forward_call():
    x = leaf(0.0)
    with torch.autograd.detect_anomaly():
        y = x.sqrt() * 0
        with pytest.raises(
            RuntimeError, match=r"SqrtBackward0.* returned nan"
        ) as caught:
            y.sum().backward()

    assert any("test_tape.py" in note for note in caught.value.__notes__)


def test_jacobians_and_products_with_them():
    functional = torch.autograd.functional
    x = leaf(1.0, 2.0)

    assert [[2.0, 0.0], [0.0, 4.0]] == numbers(functional.jacobian(lambda v: v * v, x))
    assert [[6.0, 0.0], [0.0, 12.0]] == numbers(
        functional.hessian(lambda v: (v**3).sum(), x)
    )
    ones = torch.ones(2, dtype=torch.float64)
    assert [2.0, 4.0] == numbers(functional.jvp(lambda v: v * v, x, ones)[1])
    assert [2.0, 4.0] == numbers(functional.vjp(lambda v: v * v, x, ones)[1])


def test_a_long_tape_needs_no_deep_stack():
    x = leaf(1.0)
    y = x
    for _ in range(5000):
        y = y + 1
    y.sum().backward()

    np.testing.assert_array_equal(1.0, x.grad.numpy())
