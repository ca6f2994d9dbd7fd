"""`jit.grad` and `jit.value_and_grad`: gradients of functions of arrays."""

from __future__ import annotations

import numpy as np
import pytest

import jit
from jit import torch


def loss(w, b, x, y):
    h = np.tanh(x @ w + b)
    return np.mean((h[:, 0] - y) ** 2) + np.sum(w * w) * 0.1 + np.max(h)


def arrays():
    rng = np.random.default_rng(0)
    return [rng.standard_normal(s) for s in ((3, 2), (2,), (5, 3), (5,))]


def quotients(function, args, position):
    """The gradient by central differences."""
    found = np.zeros_like(args[position])
    for k in range(found.size):
        sides = []
        for step in (1e-6, -1e-6):
            moved = [a.copy() for a in args]
            moved[position].flat[k] += step
            sides.append(float(function(*moved)))
        found.flat[k] = (sides[0] - sides[1]) / 2e-6
    return found


def test_a_gradient_has_the_shape_of_its_argument():
    args = arrays()
    found = jit.grad(loss)(*args)

    assert isinstance(found, np.ndarray)
    np.testing.assert_allclose(found, quotients(loss, args, 0), atol=1e-7)


def test_several_arguments_have_a_tuple_of_gradients():
    args = arrays()
    value, found = jit.value_and_grad(loss, argnums=(1, 2))(*args)

    assert value == pytest.approx(loss(*args))
    for position, gradient in zip((1, 2), found, strict=True):
        np.testing.assert_allclose(gradient, quotients(loss, args, position), atol=1e-7)


def test_a_number_has_a_number():
    def cube(x):
        return x * x * x

    assert 27.0 == jit.grad(cube)(3.0)


def test_branches_and_loops_are_followed():
    def power(x, n: int):
        y = x
        for i in range(n):
            if i % 2 == 0:
                y = y * x
            else:
                y = y + x
        return np.sum(y)

    x = np.array([0.5, 2.0])
    found = jit.grad(power)(x, 4)

    # ((x * x + x) * x + x) has the gradient 3 x^2 + 2 x + 1
    np.testing.assert_allclose(found, 3 * x**2 + 2 * x + 1)


def test_lists_and_dicts_of_arrays_have_gradients_of_their_structure():
    def of_list(params: list[tuple[np.ndarray, np.ndarray]], x):
        for w, b in params:
            x = np.tanh(x @ w + b)
        return np.sum(x)

    def of_dict(params: dict[str, np.ndarray], x):
        return np.sum(np.tanh(x @ params["w"] + params["b"]))

    w, b, x, _ = arrays()
    expected = [
        quotients(lambda w, b: np.sum(np.tanh(x @ w + b)), [w, b], i) for i in (0, 1)
    ]
    as_dict = jit.grad(of_dict)({"w": w, "b": b}, x)
    np.testing.assert_allclose(as_dict["w"], expected[0], atol=1e-7)
    np.testing.assert_allclose(as_dict["b"], expected[1], atol=1e-7)
    ((dw, db),) = jit.grad(of_list)([(w, b)], x)
    np.testing.assert_allclose(dw, expected[0], atol=1e-7)
    np.testing.assert_allclose(db, expected[1], atol=1e-7)


def test_what_else_is_returned_comes_back():
    def with_aux(x):
        y = np.exp(x)
        return np.sum(y), y

    x = np.array([0.0, 1.0])
    gradient, aux = jit.grad(with_aux, has_aux=True)(x)

    np.testing.assert_allclose(gradient, np.exp(x))
    np.testing.assert_allclose(np.asarray(aux), np.exp(x))


def test_tensors_have_tensors():
    def f(x):
        return (x * x).sum()

    found = jit.grad(f)(torch.tensor([1.0, 2.0]))

    assert isinstance(found, torch.Tensor)
    assert [2.0, 4.0] == found.tolist()


def test_a_new_size_is_another_gradient():
    def f(x):
        return np.sum(x * x)

    gradient = jit.grad(f)
    for size in (3, 5, 1):
        x = np.arange(float(size))
        np.testing.assert_allclose(gradient(x), 2 * x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: jit.grad(f)(np.arange(3)), "real- or complex-valued inputs"),
        (lambda f: jit.grad(f)(3), "`int`; choose other argnums"),
        (lambda f: jit.grad(f, argnums=2)(np.ones(3)), "argnums=2"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    def f(x):
        return np.sum(x * x)

    with pytest.raises((TypeError, ValueError), match=message):
        call(f)


def test_only_single_numbers_have_a_gradient():
    def f(x):
        return x * x

    with pytest.raises(TypeError, match=r"scalar-output functions.*\(3,\)"):
        jit.grad(f)(np.ones(3))


def test_an_operator_without_a_derivative_is_named():
    def f(x):
        return np.sum(np.sort(x))

    with pytest.raises(RuntimeError, match=r"f\(\) has no gradient: `np::sort`"):
        jit.grad(f)(np.ones(3))
