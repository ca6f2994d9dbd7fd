"""SGD, Adam and its kin: which state they keep, and what their updates are given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from jit.torch.optim import updates
from jit.torch.optim.joining import Update
from jit.torch.optim.optimizer import Group, Optimizer


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


def _held(state: dict[str, Any], names: Sequence[str], p: Any) -> list[Any]:
    """Tensors of the state, zeros where there are none yet."""
    return [state[n] if n in state else _zeros(p) for n in names]


def _update(
    rule: Callable[..., Any],
    p: Any,
    gradient: Any,
    state: dict[str, Any],
    names: Sequence[str],
    options: tuple[float, ...],
) -> Update:
    """An update whose state begins with zeros."""
    return Update(rule, p, gradient, state, names, _held(state, names, p), options)


def _one_step(state: dict[str, Any]) -> int:
    """Count a step, in a tensor like torch's; returns the number."""
    if "step" not in state:
        from jit.runtime.creation import make_tensor

        state["step"] = make_tensor(0.0)
    count = state["step"].array
    count += 1
    return int(count)


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

    def _update(self, p: Any, gradient: Any, group: Group) -> Update:
        slope = _slope(gradient, group)
        options = [float(group["lr"]), float(group["weight_decay"])]
        momentum = float(group["momentum"])
        if not momentum:
            return Update(updates.sgd, p, slope, {}, (), (), tuple(options))
        state = self.state[p]
        buffer = state.get("momentum_buffer")
        options.append(momentum)
        nesterov = group["nesterov"]
        rule: Callable[..., Any]
        held = []
        if buffer is None:
            rule = updates.sgd_first_nesterov if nesterov else updates.sgd_first
        else:
            rule = updates.sgd_nesterov if nesterov else updates.sgd_momentum
            options.append(1.0 - float(group["dampening"]))
            held = [buffer]
        names = ["momentum_buffer"]
        return Update(rule, p, slope, state, names, held, tuple(options))


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

    def _update(self, p: Any, gradient: Any, group: Group) -> Update:
        state = self.state[p]
        count = _one_step(state)
        names = ["exp_avg", "exp_avg_sq"]
        if group["amsgrad"]:
            names.append("max_exp_avg_sq")
        beta1, beta2 = map(float, group["betas"])
        lr, decay = float(group["lr"]), float(group["weight_decay"])
        is_decoupled = group["decoupled_weight_decay"]
        options = (
            beta1, beta2, float(group["eps"]), 0.0 if is_decoupled else decay,
            1.0 - lr * decay if is_decoupled else 1.0, lr / (1 - beta1**count),
            math.sqrt(1 - beta2**count),
        )  # fmt: skip
        rule = updates.amsgrad if group["amsgrad"] else updates.adam
        return _update(rule, p, _slope(gradient, group), state, names, options)


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

    def _update(self, p: Any, gradient: Any, group: Group) -> Update:
        state = self.state[p]
        _one_step(state)
        options = [
            float(group[k]) for k in ("lr", "alpha", "eps", "weight_decay", "momentum")
        ]
        names = ["square_avg"]
        rule: Callable[..., Any] = updates.rmsprop
        if group["centered"]:
            names, rule = ["square_avg", "grad_avg"], updates.rmsprop_centered
        elif group["momentum"] > 0:
            rule = updates.rmsprop_momentum
        else:
            options.pop()
        held = _held(state, names, p)
        kept: list[str | None] = [*names]
        if rule is not updates.rmsprop:
            held += _held(state, ["momentum_buffer"], p)
            kept.append("momentum_buffer" if group["momentum"] > 0 else None)
        slope = _slope(gradient, group)
        return Update(rule, p, slope, state, kept, held, tuple(options))


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

    def _update(self, p: Any, gradient: Any, group: Group) -> Update:
        state = self.state[p]
        count = _one_step(state)
        rate = float(group["lr"]) / (1 + (count - 1) * group["lr_decay"])
        options = (rate, float(group["eps"]), float(group["weight_decay"]))
        slope = _slope(gradient, group)
        return _update(updates.adagrad, p, slope, state, ["sum"], options)


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

    def _update(self, p: Any, gradient: Any, group: Group) -> Update:
        state = self.state[p]
        _one_step(state)
        names = ["square_avg", "acc_delta"]
        options = tuple(float(group[k]) for k in ("lr", "rho", "eps", "weight_decay"))
        slope = _slope(gradient, group)
        return _update(updates.adadelta, p, slope, state, names, options)


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

    def _update(self, p: Any, gradient: Any, group: Group) -> Update:
        state = self.state[p]
        count = _one_step(state)
        names = ["exp_avg", "exp_inf"]
        beta1, beta2 = map(float, group["betas"])
        options = (
            float(group["lr"]) / (1 - beta1**count), beta1, beta2,
            float(group["eps"]), float(group["weight_decay"]),
        )  # fmt: skip
        slope = _slope(gradient, group)
        return _update(updates.adamax, p, slope, state, names, options)
