"""Scripted functions of arrays give what NumPy gives."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import jit

CASES: list[tuple[Any, tuple[Any, ...]]] = []


def case(*calls):
    """Add a function with the arguments of some calls."""

    def add(function):
        CASES.extend((function, arguments) for arguments in calls)
        return function

    return add


A = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
J = np.arange(6).reshape(2, 3)
V = np.array([3.0, 1.0, 2.0])
F4 = A.astype(np.float32)


@case((A,), (F4,), (J,))
def arith(a):
    return (
        a + 1,
        2 * a,
        1 - a,
        a / 2,
        3 / (a + 1),
        a**2,
        2**a,
        a // 2,
        7 % (a + 1),
        -a,
        a > 2,
        2 <= a,
        a == 2,
        abs(a - 3),
        a @ a.T,
        a * a + a,
    )


@case((A,), (J,))
def index(a):
    return (
        a[0],
        a[:, 1],
        a[..., 0],
        a[None].shape,
        a[0, 1],
        a[1, 1:],
        a[-1, ::-1],
        a[a > 2],
        a[[0, 1, 0]],
        a[:, np.newaxis, 0],
        a[::-1],
    )


@case((A,), (J,))
def setitem(a):
    a[0] = 5
    a[:, 1] = a[:, 2]
    a[a > 5.5] = 0
    a[1, 1:] += 3
    a[[1]] *= 2
    a += 1
    return a


@case((A,))
def reduce(a):
    return (
        a.sum(),
        a.mean(axis=0),
        np.sum(a, axis=1),
        a.max(),
        np.argmax(a),
        a.std(),
        np.mean(a),
        a.min(axis=1),
        np.linalg.norm(a),
        a.sum(axis=0, keepdims=True),
        np.cumsum(a),
        a.prod(),
    )


@case((A,))
def shapes(a):
    n, m = a.shape
    return (
        n,
        m,
        a.shape[0],
        a.ndim,
        a.size,
        len(a),
        a.T,
        a.reshape(3, 2),
        a.reshape((3, 2)),
        a.reshape(-1),
        a.ravel(),
        np.transpose(a),
        a.astype(np.float32),
        a.astype(int),
        a.dtype,
    )


@case((A,))
def create(a):
    n = a.shape[0]
    return (
        np.zeros(3),
        np.zeros((n, 2)),
        np.ones(2, dtype=np.int64),
        np.arange(5),
        np.arange(1, 7, 2),
        np.linspace(0, 1, 5),
        np.eye(2),
        np.full((2, 2), 7.0),
        np.array([1, 2]),
        np.array([[1, 2.5], [3, 4]]),
        np.zeros_like(a),
        np.empty((0,)).shape,
    )


@case((A,))
def funcs(a):
    return (
        np.exp(a),
        np.sqrt(a),
        np.where(a > 2, a, 0),
        np.maximum(a, 2),
        np.clip(a, 2, 4),
        np.concatenate([a, a]),
        np.stack([a, a]),
        np.dot(a, a.T),
        np.log(a),
        np.sort(a[0]),
        np.outer(a[0], a[1]),
        np.minimum(a, a.T.T),
        np.tanh(a),
        np.abs(-a),
        np.floor(a / 2),
        np.any(a > 5),
        np.all(a > 0),
        np.isnan(a),
    )


@case((V,))
def loops(v):
    s = 0.0
    for i in range(len(v)):
        s += float(v[i])
    t = 0.0
    for x in v:
        if x > 2:
            break
        t += float(x)
    k = int(v[0])
    return s, t, k, v[0] if v[1] > 0 else v[2], math.sqrt(v[0])


@case((V, 1e-10))
def newton(v, tol: float):
    x = v
    while True:
        y = 0.5 * (x + v / x)
        if np.abs(y - x).max() < tol:
            break
        x = y
    return y


@case((np.array([3, 1, 2, 5, 4]),))
def bubble(a):
    n = len(a)
    for i in range(n):
        for j in range(n - 1 - i):
            if a[j] > a[j + 1]:
                t = a[j].copy()
                a[j] = a[j + 1]
                a[j + 1] = t
    return a


W = np.array([1.0, 2.0, 3.0])


@case((V,))
def captured(v):
    return v * W, np.pi * v, np.float64(3), np.float32(2) * v


@case((V,))
def norm(x):
    n = np.linalg.norm(x)
    if n > 0:
        return x / n
    return x


@case((V,))
def cond(x):
    if (x > 0).all() and x.any():
        return "pos"
    return "neg"


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@case((A,))
def call(a):
    return softmax(a)


@case(
    (V, 2.0),
)
def mixed(v, k: float):
    return v * k, k * v.sum(), v.sum() > k, max(v), sum(v), min(v)


def check_same(expected, actual):
    """Compare results; a number and an array without axes are one thing here."""
    if isinstance(expected, tuple | list):
        assert len(expected) == len(actual)
        for left, right in zip(expected, actual, strict=True):
            check_same(left, right)
    elif isinstance(expected, np.dtype):
        assert expected.name == actual.name
    elif isinstance(expected, np.ndarray | np.generic):
        assert expected.dtype == np.asarray(actual).dtype
        np.testing.assert_allclose(expected, actual, rtol=1e-6)
    else:
        assert expected == actual


@pytest.mark.parametrize(
    ("function", "arguments"),
    CASES,
    ids=[f"{f.__name__}: {a[0].dtype}" for f, a in CASES],
)
def test_a_script_gives_what_numpy_gives(function, arguments):
    expected = function(*copy.deepcopy(arguments))

    check_same(expected, jit.script(function)(*copy.deepcopy(arguments)))
