"""Operators that `torch.special` has under a name of its own."""

from __future__ import annotations

from jit.ir.card import Card
from jit.ir.registry import find_card
from jit.runtime.ops.declare import also_named, op
from jit.runtime.ops.rounding import round_decimals
from jit.runtime.ops.samples import case, f32, f64

SAME = {
    "digamma": ("digamma", "psi"),
    "erf": ("erf",),
    "erfc": ("erfc",),
    "erfinv": ("erfinv",),
    "exp2": ("exp2",),
    "expm1": ("expm1",),
    "igamma": ("gammainc",),
    "igammac": ("gammaincc",),
    "lgamma": ("gammaln",),
    "log1p": ("log1p",),
    "log_softmax.int": ("log_softmax.",),
    "logit": ("logit",),
    "logsumexp": ("logsumexp",),
    "mvlgamma": ("multigammaln",),
    "sigmoid": ("expit",),
    "sinc": ("sinc",),
    "softmax.int": ("softmax.",),
    "xlogy.Scalar_Other": ("xlogy.other_scalar",),
    "xlogy.Scalar_Self": ("xlogy.self_scalar",),
    "xlogy.Tensor": ("xlogy.",),
}
"""Name and overload of an operator → what `torch.special` calls it."""


def named(name: str) -> type[Card]:
    """The card of an operator by name and overload."""
    kind, _, overload = name.partition(".")
    found = find_card(f"aten::{kind}", overload)
    assert found is not None, name
    return found


for _name, _others in SAME.items():
    for _other in _others:
        also_named(named(_name), f"aten::special_{_other}", inplace=False)


@op("aten::special_round(Tensor self, *, int decimals=0) -> Tensor")
class special_round(round_decimals):
    """self rounded to a number of decimals; negative counts round to tens, hundreds."""

    inplace = False
    accepts = "if"
    samples = [case(f32.of([1.25, -0.5, 2.5])), case(f64[3], decimals=2)]

    def formula(m, x, decimals):
        if decimals == 0:
            return m.round(x)
        return round_decimals.formula(m, x, decimals)
