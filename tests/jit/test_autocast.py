"""`torch.autocast`: which operators compute in another dtype, eagerly and compiled."""

from __future__ import annotations

import threading
from typing import Optional

import pytest

import jit
from jit import torch
from jit.ir.diagnostic import CompileError
from jit.torch import Tensor

F = torch.nn.functional

X = torch.tensor([[1.0, 2.0], [3.0, 4.0]])


def test_products_take_the_chosen_dtype_and_losses_float32():
    with torch.autocast("cpu"):
        y = X @ X

        assert y.dtype is torch.bfloat16
        assert F.linear(X, X).dtype is torch.bfloat16
        assert torch.einsum("ij,jk->ik", X, X).dtype is torch.bfloat16
        assert F.mse_loss(y, y).dtype is torch.float32
        assert (X + 1).dtype is torch.float32
        assert (X.double() @ X.double()).dtype is torch.float64
        assert torch.is_autocast_enabled()
    assert (X @ X).dtype is torch.float32
    assert not torch.is_autocast_enabled()


V, B = torch.ones(2), torch.ones(2, 2, 2)


@pytest.mark.parametrize(
    "call",
    [
        lambda: X @ V,
        lambda: torch.inner(X, X),
        lambda: torch.addbmm(X, B, B),
        lambda: torch.tensordot(X, X, 1),
        lambda: torch.linalg.matrix_power(X, 2),
        lambda: torch.linalg.multi_dot([X, X]),
        lambda: torch.cov(X),
        lambda: F.conv1d(B, B),
        lambda: F.prelu(X, torch.ones(1)),
        lambda: F.scaled_dot_product_attention(B, B, B),
        lambda: torch.nn.LSTM(2, 2)(X)[0],
    ],
)
def test_what_computes_in_the_chosen_dtype_is_what_torch_chose(call):
    with torch.autocast("cpu"):
        assert call().dtype is torch.bfloat16
    assert call().dtype is torch.float32


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.prod(),
        lambda x: torch.quantile(x, 0.5),
        lambda x: F.nll_loss(x, torch.tensor([0, 1])),
        lambda x: F.kl_div(x, x, reduction="sum"),
        lambda x: F.max_pool3d(x[None, None], (1, 2, 2)),
        lambda x: torch.cdist(x, x),
    ],
)
def test_what_computes_in_float32_is_what_torch_chose(call):
    with torch.autocast("cpu"):
        assert call(X.bfloat16()).dtype is torch.float32


@pytest.mark.parametrize(
    "call",
    [
        lambda x: torch.mv(x, x[0]),
        lambda x: torch.dot(x[0], x[0]),
        lambda x: torch.outer(x[0], x[0]),
        lambda x: F.softmax(x, 0),
        lambda x: F.layer_norm(x, (2,)),
        lambda x: x.exp().sum(),
    ],
)
def test_others_compute_in_the_dtype_that_they_are_given(call):
    with torch.autocast("cpu"):
        assert call(X).dtype is torch.float32
        assert call(X.bfloat16()).dtype is torch.bfloat16


def test_results_that_are_written_keep_their_dtype():
    def f(x):
        with torch.autocast("cpu"):
            return torch.mm(x, x, out=torch.zeros(2, 2)), x.clone().addmm_(x, x)

    expected = [[7.0, 10.0], [15.0, 22.0]]
    for call in (f, jit.script(f)):
        out, changed = call(X)

        assert out.dtype is torch.float32
        assert expected == out.tolist()
        assert changed.dtype is torch.float32


def test_a_final_part_around_a_context_computes_as_outside_of_it():
    def f(x):
        try:
            with torch.autocast("cpu"):
                return x @ x, True
        finally:
            assert (x @ x).dtype == torch.float32

    scripted = jit.script(f)
    for call in (f, scripted, scripted.interpret):
        assert call(X)[0].dtype is torch.bfloat16


def test_contexts_in_contexts_and_as_a_decorator():
    @torch.autocast("cpu", dtype=torch.float16)
    def product(x):
        return x @ x

    with torch.autocast("cpu"):
        with torch.autocast("cpu", enabled=False):
            assert (X @ X).dtype is torch.float32
        assert product(X).dtype is torch.float16
        assert (X @ X).dtype is torch.bfloat16


def test_a_context_is_for_its_thread():
    found = []
    with torch.autocast("cpu"):
        thread = threading.Thread(target=lambda: found.append((X @ X).dtype))
        thread.start()
        thread.join()

    assert found == [torch.float32]


@pytest.mark.parametrize("arguments", [("cuda",), ("cpu", torch.float64)])
def test_what_is_not_to_be_had_is_disabled_with_a_warning(arguments):
    with pytest.warns(UserWarning, match="disabled"):
        context = torch.autocast(*arguments)
    with context:
        assert (X @ X).dtype is torch.float32


def test_gradients_have_the_dtype_of_what_they_belong_to():
    x = X.clone().requires_grad_()
    with torch.autocast("cpu"):
        y = x @ x
    y.float().sum().backward()

    assert x.grad.dtype is torch.float32
    assert x.grad.tolist() == [[7.0, 11.0], [9.0, 13.0]]


def callee(x):
    return x @ x


def outer(x):
    with torch.autocast("cpu"):
        inside = callee(x)
        with torch.autocast("cpu", enabled=False):
            off = callee(x)
    return inside, off, callee(x)


def test_callees_have_a_version_for_the_context():
    f = jit.script(outer)
    expected = [torch.bfloat16, torch.float32, torch.float32]

    assert expected == [y.dtype for y in outer(X)]
    assert expected == [y.dtype for y in f(X)]
    assert "aten::_autocast" not in str(f.graph)
    assert "aten::_autocast_to_reduced_precision" in str(f.inlined_graph)


def test_compiled_gradients():
    def f(x):
        with torch.autocast("cpu"):
            y = x @ x
        return y.float().sum()

    x = X.clone().requires_grad_()
    jit.script(f)(x).backward()

    assert x.grad.tolist() == [[7.0, 11.0], [9.0, 13.0]]


def test_a_trace_holds_the_casts():
    def f(x):
        with torch.autocast("cpu"):
            return x @ x

    traced = jit.trace(f, X)

    assert traced(X * 2).dtype is torch.bfloat16


def test_compiled_code_refuses_to_be_called_inside():
    f = jit.script(callee)
    f(X)
    with (
        torch.autocast("cpu"),
        pytest.raises(RuntimeError, match="compiled code does not see"),
    ):
        f(X)

    assert f(X).dtype is torch.float32


def test_what_may_be_none_is_not_cast():
    def f(x, bias: Optional[Tensor]):  # noqa: UP045
        with torch.autocast("cpu"):
            return F.linear(x, x, bias)

    with pytest.raises(CompileError, match="cannot be cast") as error:
        jit.script(f).graph
    assert error.value.diagnostics[0].code == "E0301"


def test_the_context_is_known_while_compiling():
    def f(x, on: bool):
        with torch.autocast("cpu", enabled=on):
            return x @ x

    with pytest.raises(CompileError, match="as literals"):
        jit.script(f).graph


def test_what_came_compiled_is_not_called_inside():
    traced = jit.trace(callee, X)

    def f(x):
        with torch.autocast("cpu"):
            return traced(x)

    with pytest.raises(CompileError, match="came compiled"):
        jit.script(f).graph


@pytest.mark.parametrize("kind", ["function", "module"])
def test_calls_beside_a_context_of_another_thread_are_not_linked(kind):
    class Product(torch.nn.Module):
        def forward(self, x):
            return x @ x

    f = jit.script(callee if kind == "function" else Product())
    entered, done = threading.Event(), threading.Event()

    def elsewhere():
        with torch.autocast("cpu"):
            entered.set()
            done.wait()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    entered.wait()
    try:
        for _ in range(5):
            assert f(X).dtype is torch.float32
        with torch.autocast("cpu"), pytest.raises(RuntimeError, match="does not see"):
            f(X)
    finally:
        done.set()
        thread.join()


def test_optimizers_may_step_inside():
    layer = torch.nn.Linear(2, 2)
    torch.nn.init.zeros_(layer.weight)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
    with torch.autocast("cpu"):
        for _ in range(3):
            optimizer.zero_grad()
            layer(X).float().sum().backward()
            optimizer.step()

    assert layer.weight.dtype is torch.float32
    assert layer.weight.tolist() == [[-6.0, -9.0], [-6.0, -9.0]]
