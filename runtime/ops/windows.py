"""Operators that make windows for stretches of a signal."""

from __future__ import annotations

import numpy as np

from jit.ir.card import UNKNOWN
from jit.runtime.kernels import windows as W
from jit.runtime.ops.creation import (
    OPTIONS,
    Creation,
    check_place,
    given_dtype,
    known_dtype,
)
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f64
from jit.runtime.promotion import get_default_dtype


class Window(Creation):
    """The card gives `weights(count, steps, *parameters)`.

    Of the arguments that may be left out, `periodic` is true; `parameters` has the
    others.
    """

    unknown = ("window_length", "periodic", "alpha", "beta", "dtype")
    parameters = ()

    @classmethod
    def complete(cls) -> None:
        name = cls.schema.kind.partition("::")[2]
        weights, parameters = cls.weights, cls.parameters

        def check(count, dtype):
            if dtype is not None and not dtype.is_floating_point:
                raise RuntimeError(
                    f"{name} expects floating point dtypes, got: {dtype.title}"
                )
            if count is not UNKNOWN and count < 0:
                raise RuntimeError(
                    f"{name} requires non-negative window_length, got"
                    f" window_length={count}"
                )

        def kernel(count, *rest):
            *given, dtype, _layout, device, pin_memory = rest
            check_place(device, pin_memory)
            dtype = given_dtype(dtype) or get_default_dtype()
            check(count, dtype)
            periodic = given[0] if given else True
            others = [*given[1:], *parameters[len(given[1:]) :]]
            steps = count if periodic else count - 1
            made = weights(count, steps, *others) if count else np.zeros(0)
            return made.astype(dtype.numpy)

        def sizes(count, *rest):
            check(count, None)
            return (None if count is UNKNOWN else count,)

        def dtypes(count, *rest):
            found = known_dtype(rest[-4], get_default_dtype())
            check(0, found)
            return found

        cls.kernel = staticmethod(kernel)
        cls.sizes, cls.dtypes = staticmethod(sizes), staticmethod(dtypes)
        super().complete()


def overloads(name, *arguments):
    """The schemas of a window, with ever more arguments."""
    made = [f"aten::{name}_window(int window_length, *, {OPTIONS}) -> Tensor"]
    given = ""
    for overload, argument in arguments:
        given += f", {argument}"
        made.append(
            f"aten::{name}_window.{overload}(int window_length{given}, *, {OPTIONS})"
            " -> Tensor"
        )
    return made


PERIODIC = ("periodic", "bool periodic")
PLAIN = [case(5), case(1), case(0), case(4, dtype=f64)]
SAMPLES = {"": PLAIN, "periodic": [case(5, False), case(4, True), case(1, False)]}


@op(*overloads("bartlett", PERIODIC))
class bartlett_window(Window):
    """A triangle."""

    samples = SAMPLES

    def weights(count, steps):
        return W.bartlett(count, steps)


@op(*overloads("blackman", PERIODIC))
class blackman_window(Window):
    """Blackman's window, a sum of three cosines."""

    samples = SAMPLES

    def weights(count, steps):
        return W.cosines(count, steps, W.BLACKMAN)


@op(*overloads("hann", PERIODIC))
class hann_window(Window):
    """Hann's window, a raised cosine."""

    samples = SAMPLES

    def weights(count, steps):
        return W.cosines(count, steps, W.HANN)


@op(
    *overloads(
        "hamming",
        PERIODIC,
        ("periodic_alpha", "float alpha"),
        ("periodic_alpha_beta", "float beta"),
    )
)
class hamming_window(Window):
    """Hamming's window, alpha - beta * cos."""

    parameters = (0.54, 0.46)
    samples = SAMPLES | {
        "periodic_alpha": [case(5, False, 0.5)],
        "periodic_alpha_beta": [case(5, True, 0.5, 0.25)],
    }

    def weights(count, steps, alpha, beta):
        return W.cosines(count, steps, (alpha, beta))


@op(*overloads("kaiser", PERIODIC, ("beta", "float beta")))
class kaiser_window(Window):
    """Kaiser's window, a quotient of modified Bessel functions."""

    parameters = (12.0,)
    samples = SAMPLES | {"beta": [case(5, False, 8.0), case(4, True, 0.0)]}

    def weights(count, steps, beta):
        return W.kaiser(count, steps, beta)
