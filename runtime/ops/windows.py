"""Operators that make windows for stretches of a signal.

Those named `aten::…_window` are the functions of `torch`, those named `signal::…` are the
functions of `torch.signal.windows`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from jit.ir import dtypes
from jit.ir.card import UNKNOWN
from jit.runtime.device import STRIDED
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
from jit.runtime.ops.shaped import VALUES
from jit.runtime.promotion import get_default_dtype


class Window(Creation):
    """The card gives `weights(count, steps, *parameters)`.

    Of the arguments that may be left out, `periodic` is true; `parameters` has the
    others.
    """

    unknown = ("window_length", "periodic", "alpha", "beta", "dtype")
    parameters = ()
    weights: ClassVar[Callable[..., Any]]

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


# the functions of torch.signal.windows --------------------------------------------------

REST = (
    "bool sym=True, ScalarType? dtype=None, Layout? layout=None, Device? device=None,"
    " bool requires_grad=False"
)


class SignalWindow(Creation):
    """The card gives `weights(count, steps, *parameters)`, and `check` of parameters."""

    fails = VALUES
    unknown = ("M", "a", "alpha", "beta", "center", "std", "sym", "tau", "dtype")
    weights: ClassVar[Callable[..., Any]]

    def check(sym, *parameters):
        """Raise ValueError for parameters that do not fit."""

    @classmethod
    def complete(cls) -> None:
        name = cls.schema.kind.partition("::")[2]
        weights, check = cls.weights, cls.check

        def kernel(count, *rest):
            *parameters, sym, dtype, layout, device, requires_grad = rest
            check(sym, *parameters)
            dtype = given_dtype(dtype) or get_default_dtype()
            if count < 0:
                raise ValueError(
                    f"{name} requires non-negative window length, got M={count}"
                )
            if layout not in (None, STRIDED):
                raise ValueError(
                    f"{name} is implemented for strided tensors only, got: {layout}"
                )
            if dtype not in (dtypes.float32, dtypes.float64):
                raise ValueError(
                    f"{name} expects float32 or float64 dtypes, got: {dtype}"
                )
            check_place(device, False)
            if requires_grad:
                raise RuntimeError(
                    f"{name}(requires_grad=True) is not supported in compiled programs:"
                    " call .requires_grad_() on the tensor outside"
                )
            steps = count - 1 if sym or count <= 1 else count
            made = weights(count, steps, *parameters) if count else np.zeros(0)
            return made.astype(dtype.numpy)

        def sizes(count, *rest):
            return (None if count is UNKNOWN or count < 0 else count,)

        def infer_dtypes(count, *rest):
            return known_dtype(rest[-4], get_default_dtype())

        cls.kernel = staticmethod(kernel)
        cls.sizes, cls.dtypes = staticmethod(sizes), staticmethod(infer_dtypes)
        super().complete()


def of_signals(name, parameters=""):
    """The schema of a window of `torch.signal.windows`."""
    return f"signal::{name}(int M, *, {parameters}{REST}) -> Tensor"


WINDOWS = [case(5), case(1), case(0), case(4, sym=False, dtype=f64)]


@op(of_signals("bartlett"))
class bartlett(SignalWindow):
    """A triangle."""

    samples = WINDOWS

    def weights(count, steps):
        return W.bartlett(count, steps)


@op(of_signals("blackman"))
class blackman(SignalWindow):
    """Blackman's window, a sum of three cosines."""

    samples = WINDOWS

    def weights(count, steps):
        return W.cosines(count, steps, W.BLACKMAN)


@op(of_signals("cosine"))
class cosine(SignalWindow):
    """Half a wave of a sine."""

    samples = WINDOWS

    def weights(count, steps):
        return W.cosine(count, steps)


@op(of_signals("exponential", "float? center=None, float tau=1., "))
class exponential(SignalWindow):
    """A decay from the centre to both sides, with time constant tau."""

    samples = [*WINDOWS, case(5, center=1.0, sym=False, tau=2.5)]

    def check(sym, center, tau):
        if tau <= 0:
            raise ValueError(f"Tau must be positive, got: {tau} instead.")
        if sym and center is not None:
            raise ValueError("Center must be None for symmetric windows")

    def weights(count, steps, center, tau):
        return W.exponential(count, steps / 2 if center is None else center, tau)


@op(of_signals("gaussian", "float std=1., "))
class gaussian(SignalWindow):
    """The bell curve with a standard deviation, in weights."""

    samples = [*WINDOWS, case(5, std=2.5)]

    def check(sym, std):
        if std <= 0:
            raise ValueError(
                f"Standard deviation must be positive, got: {std} instead."
            )

    def weights(count, steps, std):
        return W.gaussian(count, steps, std)


@op(of_signals("general_cosine", "float[] a, "))
class general_cosine(SignalWindow):
    """A sum of cosines with coefficients `a`, of alternating signs."""

    samples = [case(5, a=[0.5, 0.25, 0.25]), case(1, a=[1.0])]

    def check(sym, a):
        if not a:
            raise ValueError("Coefficients cannot be empty")

    def weights(count, steps, a):
        return W.cosines(count, steps, a)


@op(of_signals("general_hamming", "float alpha=0.54, "))
class general_hamming(SignalWindow):
    """alpha - (1 - alpha) * cos."""

    samples = [*WINDOWS, case(5, alpha=0.25)]

    def weights(count, steps, alpha):
        return W.cosines(count, steps, (alpha, 1 - alpha))


@op(of_signals("hamming"))
class hamming(SignalWindow):
    """Hamming's window, a raised cosine that does not reach zero."""

    samples = WINDOWS

    def weights(count, steps):
        return W.cosines(count, steps, W.HAMMING)


@op(of_signals("hann"))
class hann(SignalWindow):
    """Hann's window, a raised cosine."""

    samples = WINDOWS

    def weights(count, steps):
        return W.cosines(count, steps, W.HANN)


@op(of_signals("kaiser", "float beta=12., "))
class kaiser(SignalWindow):
    """Kaiser's window, a quotient of modified Bessel functions."""

    samples = [*WINDOWS, case(5, beta=0.0)]

    def check(sym, beta):
        if beta < 0:
            raise ValueError(f"beta must be non-negative, got: {beta} instead.")

    def weights(count, steps, beta):
        return W.kaiser(count, steps, beta)


@op(of_signals("nuttall"))
class nuttall(SignalWindow):
    """Nuttall's window of least side lobes, a sum of four cosines."""

    samples = WINDOWS

    def weights(count, steps):
        return W.cosines(count, steps, W.NUTTALL)
