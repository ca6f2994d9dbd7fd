"""Compare gradients with difference quotients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jit.ir.dtypes import FLOATING
from jit.runtime.autograd.interface import grad
from jit.runtime.tensor import Tensor, wrap


class GradcheckError(RuntimeError):
    """A gradient that differs from the difference quotient."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    **options: Any,
) -> bool:
    """Whether the gradients of a function agree with central difference quotients.

    Inputs that require gradients should be float64: the quotient of `eps` is no better
    than the square root of their precision. Raises GradcheckError with the input and
    the two Jacobians, or returns False if `raise_exception` is False.
    """
    args = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    checked = [
        i for i, a in enumerate(args) if isinstance(a, Tensor) and a.requires_grad
    ]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none"
            " of the them have requires_grad=True."
        )
    try:
        outputs = _outputs(func(*args))
        if not outputs:
            raise GradcheckError("no output of the function requires a gradient")
        for number in range(len(outputs)):
            for i in checked:
                _compare(func, args, i, number, eps, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Sequence[Tensor] | None = None,
    **options: Any,
) -> bool:
    """As `gradcheck`, for the gradients of the gradients."""
    args = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    if grad_outputs is None:
        rng = np.random.default_rng(0)
        grad_outputs = [
            wrap(rng.standard_normal(o.array.shape).astype(o.array.dtype))
            for o in _outputs(func(*args))
        ]
    given = [g.detach().requires_grad_() for g in grad_outputs]
    count = len(args)

    def first(*values: Any) -> tuple[Any, ...]:
        inner = list(values[:count])
        wanted = [a for a in inner if isinstance(a, Tensor) and a.requires_grad]
        found = grad(
            _outputs(func(*inner)), wanted, list(values[count:]), create_graph=True,
            allow_unused=True,
        )  # fmt: skip
        return tuple(g for g in found if g is not None and g.requires_grad)

    return gradcheck(first, [*args, *given], **options)


def _outputs(result: Any) -> list[Tensor]:
    results = result if isinstance(result, list | tuple) else [result]
    return [r for r in results if isinstance(r, Tensor) and r.requires_grad]


def _compare(
    func: Callable[..., Any],
    args: list[Any],
    position: int,
    number: int,
    eps: float,
    atol: float,
    rtol: float,
) -> None:
    """Compare the Jacobian of one output by one input, a row for an output element."""
    x = args[position]
    if x.dtype.category > FLOATING:
        raise NotImplementedError("gradcheck takes real inputs only")
    output = _outputs(func(*args))[number]
    analytic = np.zeros((output.array.size, x.array.size))
    for row in range(output.array.size):
        one = np.zeros(output.array.shape, output.array.dtype)
        one.flat[row] = 1
        (found,) = grad(output, x, wrap(one), retain_graph=True, allow_unused=True)
        if found is not None:
            analytic[row] = found.array.reshape(-1)
    numeric = np.zeros_like(analytic)
    original = x.array
    for column in range(original.size):
        sides = []
        for step in (eps, -eps):
            moved = original.copy()
            moved.flat[column] += step
            other = list(args)
            other[position] = wrap(moved).requires_grad_()
            sides.append(_outputs(func(*other))[number].array.reshape(-1).copy())
        numeric[:, column] = (sides[0] - sides[1]) / (2 * eps)
    if not np.allclose(analytic, numeric, rtol=rtol, atol=atol, equal_nan=True):
        raise GradcheckError(
            f"Jacobian mismatch for output {number} with respect to input {position},\n"
            f"numerical:{numeric}\nanalytical:{analytic}"
        )
