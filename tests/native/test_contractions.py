"""einsum and its kin in machine code: the interpreter's results and exceptions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

from jit import torch
from jit.ir import dtypes
from tests.native.agreement import Array, Both


def numbers(*shape: int, dtype: Any = np.float32, seed: int = 0) -> Array:
    made = np.random.default_rng(seed).standard_normal(shape)
    return (
        (5 * made).astype(dtype) if np.dtype(dtype).kind == "i" else made.astype(dtype)
    )


def check(function: Any, *arrays: Array, tolerance: float = 1e-4) -> None:
    """The results of the machine code are those of the interpreter."""
    Both(function).check(*arrays, relative=tolerance, absolute=tolerance)


SIZES = {"b": 3, "h": 2, "i": 5, "j": 7, "k": 33, "l": 4, "n": 1}

EQUATIONS = [
    "ij,jk->ik", "ij,jk->ki", "ij,kj->ik", "ji,jk", "bij,bjk->bik", "bij,bjk->bki",
    "bij,jk->bik", "ij,bjk->bik", "bhij,bhkj->bhik", "bihj,bkhj->bhik",
    "bhik,bkhj->bihj", "bij,bjk->ikb", "ijl,jlk->ik", "jil,ljk->ik", "ij,ij->",
    "bi,bi->b", "i,i", "i,j->ij", "i,j", "ij,ij->ij", "bi,bj->bij", "ij->ji", "ij->",
    "ij->j", "bij->jb", "ii->i", "ii", "ij,j->i", "j,ij->i", "ij,jk,kl->il",
    "i,j,k->kji", "ij,jk,k->i", "nj,jk->nk", "ij,kl->ij", "bi,bij,bj->b", "in,nk->ik",
    "ij,jl,kl,b->bki",
]  # fmt: skip


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """For each equation a function; scripting needs their source in a file."""
    lines = ["from jit import torch", ""]
    for place, equation in enumerate(EQUATIONS):
        count = equation.partition("->")[0].count(",") + 1
        names = ", ".join("xyzw"[:count])
        lines += [
            f"def f{place}({names}):",
            f"    return torch.einsum({equation!r}, [{names}])",
            "",
        ]
    path = tmp_path_factory.mktemp("equations") / "equations.py"
    path.write_text("\n".join(lines), encoding="utf-8")
    space: dict[str, Any] = {"__name__": "equations", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), space)
    return {e: space[f"f{place}"] for place, e in enumerate(EQUATIONS)}


def operands(equation: str, sizes: dict[str, int], dtype: Any) -> list[Array]:
    left = equation.partition("->")[0].split(",")
    return [
        numbers(*(sizes[x] for x in part), dtype=dtype, seed=place)
        for place, part in enumerate(left)
    ]


@pytest.mark.parametrize("equation", EQUATIONS)
def test_equations(equation: str, functions: dict[str, Any]) -> None:
    function = functions[equation]
    check(function, *operands(equation, SIZES, np.float32))
    empty = {**SIZES, "j": 0}
    check(function, *operands(equation, empty, np.float32))
    turned = [np.asfortranarray(x) for x in operands(equation, SIZES, np.float32)]
    check(function, *turned)


@pytest.mark.parametrize(
    "equation", ["ij,jk->ik", "ij,ij->", "i,j->ij", "bij,bjk->ikb"]
)
@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.int32])
def test_other_dtypes(equation: str, dtype: Any, functions: dict[str, Any]) -> None:
    check(functions[equation], *operands(equation, SIZES, dtype))


@pytest.mark.parametrize("dtype", [dtypes.bfloat16, dtypes.float16])
def test_half_types(dtype: dtypes.DType, functions: dict[str, Any]) -> None:
    for equation in ("ij,jk->ik", "bi,bi->b"):
        args = operands(equation, SIZES, dtype.numpy)
        check(functions[equation], *args, tolerance=3e-2)


def test_labels_of_size_one_are_broadcast(functions: dict[str, Any]) -> None:
    for equation in ("ij,jk->ik", "bij,bjk->bik", "ij,ij->ij", "ijl,jlk->ik"):
        args = operands(equation, SIZES, np.float32)
        axis = equation.partition(",")[0].index("j")
        args[0] = args[0].take([0], axis=axis)
        check(functions[equation], *args)


def test_sizes_that_differ_raise(functions: dict[str, Any]) -> None:
    for equation in ("ij,jk->ik", "bij,bjk->bik", "ij,ij->ij"):
        first, second = operands(equation, SIZES, np.float32)
        bad = np.repeat(second, 2, axis=equation.partition(",")[2].index("j"))
        check(functions[equation], first, bad)
    check(functions["ii"], numbers(3, 4))


def hidden(x, y):
    return torch.einsum("...ij,...jk->...ik", [x, y])


def traced(x, y):
    return torch.einsum("...i,i->...", [x, y])


def test_dims_without_names() -> None:
    check(hidden, numbers(2, 3, 4), numbers(2, 4, 5))
    check(hidden, numbers(3, 4), numbers(2, 4, 5))
    check(hidden, numbers(7, 1, 3, 4), numbers(2, 4, 5))
    check(traced, numbers(7, 2, 3), numbers(3))


def inner(x, y):
    return torch.inner(x, y)


def outer(x, y):
    return torch.outer(x, y)


def vdot(x, y):
    return torch.vdot(x, y)


def tensordot(x, y):
    return torch.tensordot(x, y, ([1, 2], [0, 1]))


def test_kin() -> None:
    check(inner, numbers(5), numbers(5))
    check(inner, numbers(2, 3, 5), numbers(4, 5))
    check(inner, numbers(2, 5), numbers(5))
    check(inner, numbers(2, 5), numbers(4, 6))
    check(outer, numbers(5), numbers(40))
    check(vdot, numbers(5), numbers(5))
    check(vdot, numbers(5), numbers(6))
    check(tensordot, numbers(2, 3, 4), numbers(3, 4, 5))
    check(tensordot, numbers(2, 3, 4), numbers(3, 5, 5))
    check(tensordot, numbers(2, 1, 4), numbers(3, 4, 5))
