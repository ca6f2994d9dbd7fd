"""Module: parameters, buffers and submodules under names, and a `forward`.

Names, order, messages and printed form are torch's, so that a state dict of one fits
the other.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from jit.ir.dtypes import DType
from jit.runtime import dispatch
from jit.runtime.device import Device, require_cpu
from jit.runtime.hooks import RemovableHandle, add_hook
from jit.runtime.parameter import Parameter
from jit.runtime.tensor import Tensor
from jit.torch.nn.state import IncompatibleKeys, load_state, save_state

M = TypeVar("M", bound="Module")


class Module:
    """Base of all neural network modules: subclasses define `forward`."""

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent_buffers_set: set[str]

    def __init__(self) -> None:
        # the attributes below are set past __setattr__, which needs them
        set_plain = object.__setattr__
        set_plain(self, "training", True)
        set_plain(self, "_parameters", {})
        set_plain(self, "_buffers", {})
        set_plain(self, "_modules", {})
        set_plain(self, "_non_persistent_buffers_set", set())
        set_plain(self, "_forward_pre_hooks", OrderedDict())
        set_plain(self, "_forward_pre_hooks_with_kwargs", OrderedDict())
        set_plain(self, "_forward_hooks", OrderedDict())
        set_plain(self, "_forward_hooks_with_kwargs", OrderedDict())
        set_plain(self, "_forward_hooks_always_called", OrderedDict())
        set_plain(self, "_backward_hooks", OrderedDict())
        set_plain(self, "_backward_pre_hooks", OrderedDict())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; defined by every subclass."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    # attributes -------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        stores = self.__dict__
        parameters = stores.get("_parameters")
        if parameters is None:
            if isinstance(value, Parameter | Module):
                kind = "parameters" if isinstance(value, Parameter) else "module"
                raise AttributeError(
                    f"cannot assign {kind} before Module.__init__() call"
                )
            object.__setattr__(self, name, value)
        elif isinstance(value, Parameter):
            self._forget(name, "_buffers", "_modules")
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._forget(name, "_buffers", "_parameters")
            self._modules[name] = value
        elif name in parameters:
            _check_assigned("parameter", name, value)
            self.register_parameter(name, value)
        elif name in self._modules:
            _check_assigned("child module", name, value)
            self._modules[name] = value
        elif name in self._buffers:
            _check_assigned("buffer", name, value)
            self._buffers[name] = value
        else:
            object.__setattr__(self, name, value)

    def _forget(self, name: str, *stores: str) -> None:
        """Drop a name from plain attributes and from some of the stores."""
        self.__dict__.pop(name, None)
        for store in stores:
            getattr(self, store).pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __getattr__(self, name: str) -> Any:
        for store in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(store)
            if found is not None and name in found:
                return found[name]
        if name == "training" and dispatch.observer is not None:
            # taken away while it is followed
            return dispatch.observer.training(self)
        raise AttributeError(
            f"'{type(self).__name__}' object has no attribute '{name}'", name=name
        )

    def __delattr__(self, name: str) -> None:
        for store in (self._parameters, self._buffers, self._modules):
            if name in store:
                del store[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__}
        names.update(self._parameters, self._modules, self._buffers)
        return sorted(n for n in names if not n[:1].isdigit())

    # registration -----------------------------------------------------------------

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Keep a parameter, or None in its place, under a name."""
        self._check_name("parameter", name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}'"
                " (torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters"
                " must be created explicitly."
            )
        self._parameters[name] = param

    def register_buffer(
        self, name: str, tensor: Tensor | None, persistent: bool = True
    ) -> None:
        """Keep a tensor that is state but not trained; saved unless not persistent."""
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' (torch"
                " Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Keep a submodule under a name."""
        if not isinstance(module, Module) and module is not None:
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self._check_name("module", name, self._modules)
        self._modules[name] = module

    def register_module(self, name: str, module: Module | None) -> None:
        """`add_module` by another name."""
        self.add_module(name, module)

    def _check_name(self, kind: str, name: str, store: Mapping[str, Any]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain ".", got: {name}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in store:
            raise KeyError(f"attribute '{name}' already exists")

    # walking ----------------------------------------------------------------------

    def named_modules(
        self,
        memo: set[Module] | None = None,
        prefix: str = "",
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it with their full names, each once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                inner = f"{prefix}.{name}" if prefix else name
                yield from child.named_modules(memo, inner, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly below, with their names, each once."""
        seen = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self) -> Iterator[Module]:
        """The modules directly below, each once."""
        for _, child in self.named_children():
            yield child

    def _named_members(
        self, store: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen = set()
        modules = (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
            if recurse
            else [(prefix, self)]
        )
        for path, module in modules:
            for name, member in getattr(module, store).items():
                if member is None or member in seen:
                    continue
                if remove_duplicate:
                    seen.add(member)
                yield (f"{path}.{name}" if path else name), member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their full names, each once."""
        yield from self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their full names, each once."""
        yield from self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> Module:
        """The module below with this full name; AttributeError if there is none."""
        module: Module = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
            found = getattr(module, name)
            if not isinstance(found, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
            module = found
        return module

    def _get_member(self, target: str, store: str, kind: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        if name not in getattr(module, store):
            raise AttributeError(f"`{name}` is not {kind}")
        return getattr(module, name)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter with this full name; AttributeError if there is none."""
        found: Parameter = self._get_member(target, "_parameters", "an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer with this full name; AttributeError if there is none."""
        found: Tensor = self._get_member(target, "_buffers", "a buffer")
        return found

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module where a full name says."""
        if not target:
            raise ValueError("Cannot set the submodule without a target name!")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Module):
            raise AttributeError(f"attribute `{name}` is not an nn.Module")
        setattr(parent, name, module)

    def apply(self: M, fn: Callable[[Module], Any]) -> M:
        """Call a function with every module below, then with this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # mode and dtype ---------------------------------------------------------------

    def train(self: M, mode: bool = True) -> M:
        """Switch this module and all below it to training."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self: M) -> M:
        """Switch this module and all below it to evaluation."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Whether the parameters take part in autograd."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the parameters, or set them to zero."""
        for parameter in self.parameters():
            if parameter.grad is None:
                continue
            if set_to_none:
                parameter.grad = None
            else:
                parameter.grad.array[...] = 0

    def _apply(self: M, fn: Callable[[Tensor], Tensor]) -> M:
        """Replace the elements of every parameter and buffer; the objects stay."""
        for child in self.children():
            child._apply(fn)
        for parameter in self._parameters.values():
            if parameter is not None:
                parameter.data = fn(parameter.data)
                if parameter.grad is not None:
                    parameter.grad.data = fn(parameter.grad.data)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Convert floating parameters and buffers: `to(dtype)`, `to(device)`, `to(x)`."""
        dtype = kwargs.get("dtype")
        require_cpu(kwargs.get("device"))
        for value in args:
            if isinstance(value, DType):
                dtype = value
            elif isinstance(value, Tensor):
                dtype = value.dtype
            elif isinstance(value, str | Device):
                require_cpu(value)
        if dtype is None:
            return self
        if not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got"
                f" desired dtype={dtype}"
            )
        return self._to_dtype(dtype)

    def _to_dtype(self: M, dtype: DType) -> M:
        def convert(x: Tensor) -> Tensor:
            found: Tensor = x.to(dtype) if x.is_floating_point() else x
            return found

        return self._apply(convert)

    def float(self: M) -> M:
        """Convert floating parameters and buffers to float32."""
        from jit.ir.dtypes import float32

        return self._to_dtype(float32)

    def double(self: M) -> M:
        """Convert floating parameters and buffers to float64."""
        from jit.ir.dtypes import float64

        return self._to_dtype(float64)

    def half(self: M) -> M:
        """Convert floating parameters and buffers to float16."""
        from jit.ir.dtypes import float16

        return self._to_dtype(float16)

    def bfloat16(self: M) -> M:
        """Convert floating parameters and buffers to bfloat16."""
        from jit.ir.dtypes import bfloat16

        return self._to_dtype(bfloat16)

    def cpu(self: M) -> M:
        """The module itself: tensors live in the memory of the CPU."""
        return self

    def cuda(self: M, device: Any = None) -> M:
        """Raises RuntimeError: there is no such device here."""
        require_cpu("cuda")
        return self

    # calls ------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`forward` between the hooks."""
        for number, hook in list(self._forward_pre_hooks.items()):
            if number in self._forward_pre_hooks_with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is not None:
                    args, kwargs = _checked_pair(changed)
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
        if self._backward_hooks or self._backward_pre_hooks:
            return self._call_watched(args, kwargs)
        return self._call_hooked(args, kwargs)

    def _call_watched(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The call with hooks that see gradients."""
        from jit.torch.nn.backward_hooks import Watch

        watch = Watch(
            self,
            list(self._backward_hooks.values()),
            list(self._backward_pre_hooks.values()),
        )
        result = self._call_hooked(watch.watch_inputs(args), kwargs)
        return watch.watch_outputs(result)

    def _call_hooked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`forward`, then the hooks behind it."""
        if not self._forward_hooks:
            return self.forward(*args, **kwargs)
        with_kwargs = self._forward_hooks_with_kwargs
        hooks = list(self._forward_hooks.items())
        try:
            result = self.forward(*args, **kwargs)
        except Exception:
            for number, hook in hooks:
                if number in self._forward_hooks_always_called:
                    hook(self, args, *([kwargs] if number in with_kwargs else []), None)
            raise
        for number, hook in hooks:
            extra = [kwargs] if number in with_kwargs else []
            changed = hook(self, args, *extra, result)
            if changed is not None:
                result = changed
        return result

    def register_forward_pre_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`; its result replaces the args."""
        flags = [(self._forward_pre_hooks_with_kwargs, with_kwargs)]
        return add_hook(self._forward_pre_hooks, hook, flags, prepend=prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; its result replaces it."""
        flags = [
            (self._forward_hooks_with_kwargs, with_kwargs),
            (self._forward_hooks_always_called, always_call),
        ]
        return add_hook(self._forward_hooks, hook, flags, prepend=prepend)

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_output)` before gradients go back through it.

        Its result replaces the gradients of the outputs.
        """
        return add_hook(self._backward_pre_hooks, hook, prepend=prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when gradients have come back.

        Its result replaces the gradients of the inputs.
        """
        return add_hook(self._backward_hooks, hook, prepend=prepend)

    # state ------------------------------------------------------------------------

    def state_dict(
        self,
        *,
        destination: Any = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> OrderedDict[str, Any]:
        """Parameters and persistent buffers by full name, sharing memory."""
        return save_state(self, destination, prefix, keep_vars=keep_vars)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy a state dict into parameters and buffers, or assign its tensors.

        RuntimeError lists all sizes that differ and, if `strict`, all keys that are
        missing or not expected.
        """
        return load_state(self, state_dict, strict=strict, assign=assign)

    # copies and text --------------------------------------------------------------

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands between the parentheses of the printed form."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        if len(lines) == 1 and not self._modules:
            return f"{self._get_name()}({extra})"
        for name, child in self._modules.items():
            lines.append(f"({name}): {indented(repr(child))}")
        if not lines:
            return f"{self._get_name()}()"
        body = "\n  ".join(lines)
        return f"{self._get_name()}(\n  {body}\n)"


def indented(text: str) -> str:
    """A printed module inside of another: all lines but the first moved in."""
    return text.replace("\n", "\n  ")


def typename(value: Any) -> str:
    """The name that torch's messages give the type of a value."""
    if isinstance(value, Tensor):
        return f"torch.{value.dtype.title}Tensor"
    cls = type(value)
    module = cls.__module__
    return cls.__qualname__ if module == "builtins" else f"{module}.{cls.__qualname__}"


_ASSIGNABLE = {
    "parameter": "torch.nn.Parameter or None expected",
    "child module": "torch.nn.Module or None expected",
    "buffer": "torch.nn.Buffer, torch.Tensor or None expected",
}


def _check_assigned(kind: str, name: str, value: Any) -> None:
    """TypeError unless a value may stand where something is registered."""
    if value is None or (kind == "buffer" and isinstance(value, Tensor)):
        return
    raise TypeError(
        f"cannot assign '{typename(value)}' as {kind} '{name}' ({_ASSIGNABLE[kind]})"
    )


def _checked_pair(changed: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(changed, tuple) and len(changed) == 2:
        return changed
    raise RuntimeError(
        "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but"
        f" got {changed}."
    )
