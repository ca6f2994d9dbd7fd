"""SGD, Adam and its kin: which state they keep, and what their updates are given."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from jit.runtime.tensor import Tensor
from jit.torch.optim import updates
from jit.torch.optim.optimizer import Group, Optimizer


@functools.cache
def _compiled(rule: Callable[..., Any]) -> Callable[..., Any]:
    """An update rule as compiled code."""
    from jit.modules.script import script

    return script(rule)


def _apply(rule: Callable[..., Any], p: Any, gradient: Any, *rest: Any) -> None:
    """Run an update rule on flat views; what cannot be viewed flat goes as it is."""
    tensors = [p.detach(), gradient.detach()]
    tensors += [t for t in rest if isinstance(t, Tensor)]
    options = [t for t in rest if not isinstance(t, Tensor)]
    if all(t.is_contiguous() for t in tensors):
        tensors = [t.view(-1) for t in tensors]
    _compiled(rule)(*tensors, *options)


def _check(**bounds: Any) -> None:
    """ValueError in torch's words for options below zero."""
    for name, value in bounds.items():
        if not float(value) >= 0.0:
            raise ValueError(f"Invalid {name.replace('_', ' ')}: {value}")


def _check_betas(betas: tuple[float, float]) -> None:
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}")


def _slope(gradient: Any, group: Group) -> Any:
    return -gradient if group["maximize"] else gradient


def _zeros(p: Any) -> Any:
    from jit.runtime.binding import call_operator

    return call_operator("aten::zeros_like", (p.detach(),))


def _one_step(state: dict[str, Any]) -> int:
    """Count a step, as a tensor like torch's; returns the number."""
    from jit.runtime.creation import make_tensor

    count = int(state["step"].item()) + 1 if "step" in state else 1
    state["step"] = make_tensor(float(count))
    return count


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum, in Nesterov's form if wanted."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        _check(
            learning_rate=lr, momentum_value=momentum, weight_decay_value=weight_decay
        )
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening,
            "weight_decay": weight_decay, "nesterov": nesterov, "maximize": maximize,
            "foreach": foreach, "differentiable": differentiable, "fused": fused,
        })  # fmt: skip

    def _update(self, p: Any, gradient: Any, group: Group) -> None:
        state = self.state[p] if group["momentum"] else {}
        is_first = state.get("momentum_buffer") is None
        buffer = _zeros(p) if is_first else state["momentum_buffer"]
        _apply(
            updates.sgd, p, _slope(gradient, group), buffer, float(group["lr"]),
            float(group["momentum"]), float(group["dampening"]),
            float(group["weight_decay"]), group["nesterov"], is_first,
        )  # fmt: skip
        if group["momentum"]:
            state["momentum_buffer"] = buffer


class Adam(Optimizer):
    """Adam (D. P. Kingma, J. Ba, 2015), and its AMSGrad form."""

    _is_decoupled = False

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        _check(learning_rate=lr, epsilon_value=eps, weight_decay_value=weight_decay)
        _check_betas(betas)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "amsgrad": amsgrad, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay or self._is_decoupled,
        })  # fmt: skip

    def _update(self, p: Any, gradient: Any, group: Group) -> None:
        state = self.state[p]
        count = _one_step(state)
        if "exp_avg" not in state:
            state["exp_avg"], state["exp_avg_sq"] = _zeros(p), _zeros(p)
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = _zeros(p)
        beta1, beta2 = map(float, group["betas"])
        _apply(
            updates.adam, p, _slope(gradient, group), state["exp_avg"],
            state["exp_avg_sq"], state.get("max_exp_avg_sq", state["exp_avg_sq"]),
            float(group["lr"]), beta1, beta2, float(group["eps"]),
            float(group["weight_decay"]), group["decoupled_weight_decay"],
            group["amsgrad"], 1 - beta1**count, math.sqrt(1 - beta2**count),
        )  # fmt: skip


class AdamW(Adam):
    """Adam with decoupled weight decay (I. Loshchilov, F. Hutter, 2019)."""

    _is_decoupled = True

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, **options)


class RMSprop(Optimizer):
    """RMSprop (T. Tieleman, G. Hinton, 2012), centered if wanted."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        _check(
            learning_rate=lr, epsilon_value=eps, momentum_value=momentum,
            weight_decay_value=weight_decay, alpha_value=alpha,
        )  # fmt: skip
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps,
            "centered": centered, "weight_decay": weight_decay,
            "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        })  # fmt: skip

    def _update(self, p: Any, gradient: Any, group: Group) -> None:
        state = self.state[p]
        _one_step(state)
        if "square_avg" not in state:
            state["square_avg"] = _zeros(p)
            if group["momentum"] > 0:
                state["momentum_buffer"] = _zeros(p)
            if group["centered"]:
                state["grad_avg"] = _zeros(p)
        square = state["square_avg"]
        _apply(
            updates.rmsprop, p, _slope(gradient, group), square,
            state.get("grad_avg", square), state.get("momentum_buffer", square),
            float(group["lr"]), float(group["alpha"]), float(group["eps"]),
            float(group["weight_decay"]), float(group["momentum"]), group["centered"],
        )  # fmt: skip


class Adagrad(Optimizer):
    """Adagrad (J. Duchi, E. Hazan, Y. Singer, 2011)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        _check(
            learning_rate=lr, lr_decay_value=lr_decay, weight_decay_value=weight_decay,
            initial_accumulator_value_value=initial_accumulator_value, epsilon_value=eps,
        )  # fmt: skip
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "fused": fused,
        })  # fmt: skip
        from jit.runtime.creation import make_tensor

        for group in self.param_groups:
            for p in group["params"]:
                self.state[p] = {
                    "step": make_tensor(0.0),
                    "sum": _zeros(p).fill_(group["initial_accumulator_value"]),
                }

    def _update(self, p: Any, gradient: Any, group: Group) -> None:
        state = self.state[p]
        count = _one_step(state)
        rate = float(group["lr"]) / (1 + (count - 1) * group["lr_decay"])
        _apply(
            updates.adagrad, p, _slope(gradient, group), state["sum"], rate,
            float(group["eps"]), float(group["weight_decay"]),
        )  # fmt: skip


class Adadelta(Optimizer):
    """Adadelta (M. D. Zeiler, 2012)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        _check(learning_rate=lr, epsilon_value=eps, weight_decay_value=weight_decay)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay,
            "maximize": maximize, "capturable": capturable, "foreach": foreach,
            "differentiable": differentiable,
        })  # fmt: skip

    def _update(self, p: Any, gradient: Any, group: Group) -> None:
        state = self.state[p]
        _one_step(state)
        if "square_avg" not in state:
            state["square_avg"], state["acc_delta"] = _zeros(p), _zeros(p)
        _apply(
            updates.adadelta, p, _slope(gradient, group), state["square_avg"],
            state["acc_delta"], float(group["lr"]), float(group["rho"]),
            float(group["eps"]), float(group["weight_decay"]),
        )  # fmt: skip


class Adamax(Optimizer):
    """Adamax (D. P. Kingma, J. Ba, 2015): Adam by the largest gradient."""

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        _check(learning_rate=lr, epsilon_value=eps, weight_decay_value=weight_decay)
        _check_betas(betas)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
            "capturable": capturable,
        })  # fmt: skip

    def _update(self, p: Any, gradient: Any, group: Group) -> None:
        state = self.state[p]
        count = _one_step(state)
        if "exp_avg" not in state:
            state["exp_avg"], state["exp_inf"] = _zeros(p), _zeros(p)
        beta1, beta2 = map(float, group["betas"])
        _apply(
            updates.adamax, p, _slope(gradient, group), state["exp_avg"],
            state["exp_inf"], float(group["lr"]) / (1 - beta1**count), beta1, beta2,
            float(group["eps"]), float(group["weight_decay"]),
        )  # fmt: skip
