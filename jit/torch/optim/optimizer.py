"""Optimizer: the base of all, with parameter groups, state, hooks and `state_dict`."""

from __future__ import annotations

import copy
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any

from jit.runtime.grad_mode import is_grad_enabled, set_flags
from jit.runtime.hooks import RemovableHandle, add_hook
from jit.runtime.tensor import Tensor
from jit.torch.optim.joining import Update, run

Group = dict[str, Any]


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required: Any = _Required()


class Optimizer:
    """Changes parameters by their gradients. Subclasses say how, in `_update`.

    `params` are tensors, or dicts with `params` and options of their own; names may come
    with them as pairs. Raises TypeError for anything else and ValueError for tensors that
    are no leaves or appear twice.
    """

    def __init__(self, params: Any, defaults: Group) -> None:
        self.defaults = defaults
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors"
                f" or dicts, but got {type(params).__name__}"
            )
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[Group] = []
        self._step_pre_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self._step_post_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(dict(group))

    def add_param_group(self, param_group: Group) -> None:
        """Let further parameters be changed, with options of their own."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        given = param_group["params"]
        if isinstance(given, Tensor):
            given = [given]
        elif isinstance(given, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but"
                " the ordering of tensors in sets will change between runs. Please use a"
                " list instead."
            )
        given = list(given)
        if given and all(isinstance(p, tuple) for p in given):
            param_group["param_names"] = [name for name, _ in given]
            given = [p for _, p in given]
        known = {id(p) for g in self.param_groups for p in g["params"]}
        for p in given:
            if not isinstance(p, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is"
                    f" {type(p).__name__}"
                )
            if p.grad_fn is not None:
                raise ValueError("can't optimize a non-leaf Tensor")
            if id(p) in known:
                raise ValueError(
                    "some parameters appear in more than one parameter group"
                )
        if len({id(p) for p in given}) != len(given):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in"
                " future, this will cause an error",
                stacklevel=3,
            )
        param_group["params"] = given
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    f"parameter group didn't specify a value of required optimization"
                    f" parameter {name}"
                )
            param_group.setdefault(name, default)
        self.param_groups.append(param_group)

    # steps ----------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters once; returns the loss of `closure`, if it is given.

        `closure` computes the loss anew and its gradients.
        """
        for hook in list(self._step_pre_hooks.values()):
            hook(self, (closure,), {})
        loss = None
        before = is_grad_enabled()
        if closure is not None:
            set_flags(True)
            try:
                loss = closure()
            finally:
                set_flags(before)
        set_flags(False)
        try:
            run([
                self._update(p, p.grad, group)
                for group in self.param_groups
                for p in group["params"]
                if p.grad is not None
            ])  # fmt: skip
        finally:
            set_flags(before)
        for hook in list(self._step_post_hooks.values()):
            hook(self, (closure,), {})
        return loss

    def _update(self, p: Any, gradient: Any, group: Group) -> Update:
        """How one parameter is to be changed."""
        raise NotImplementedError(f"{type(self).__name__} has no update")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for p in self._parameters():
            if p.grad is None:
                continue
            if set_to_none:
                p.grad = None
            else:
                p.grad = p.grad.detach().zero_()

    def _parameters(self) -> Iterable[Any]:
        return chain.from_iterable(g["params"] for g in self.param_groups)

    # hooks ----------------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step."""
        return add_hook(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return add_hook(self._step_post_hooks, hook)

    # state ----------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """State by number of the parameter, and the groups with such numbers."""
        numbers = {id(p): i for i, p in enumerate(self._parameters())}
        groups = []
        for group in self.param_groups:
            packed = {k: v for k, v in group.items() if k != "params"}
            packed["params"] = [numbers[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {numbers[id(p)]: s for p, s in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave; ValueError if the groups differ."""
        groups = copy.deepcopy(state_dict["param_groups"])
        if len(groups) != len(self.param_groups):
            raise ValueError(
                "loaded state dict has a different number of parameter groups"
            )
        for mine, given in zip(self.param_groups, groups, strict=True):
            if len(mine["params"]) != len(given["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the"
                    " size of optimizer's group"
                )
        by_number: dict[int, Any] = {}
        for mine, given in zip(self.param_groups, groups, strict=True):
            by_number.update(zip(given["params"], mine["params"], strict=True))
            given["params"] = mine["params"]
        self.param_groups = groups
        self.state = defaultdict(dict)
        for number, held in state_dict["state"].items():
            p = by_number[number]
            self.state[p] = {k: _taken(k, v, p) for k, v in held.items()}

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [
                f"    {k}: {group[k]}"
                for k in sorted(group)
                if k not in ("params", "param_names")
            ]
        return "\n".join([*lines, ")"])


def _taken(key: str, value: Any, p: Any) -> Any:
    """A loaded piece of state; tensors in the dtype of the parameter."""
    if not isinstance(value, Tensor):
        return copy.deepcopy(value)
    loaded: Any = value
    if key != "step" and p.is_floating_point():
        loaded = loaded.to(p.dtype)
    return loaded.clone()
