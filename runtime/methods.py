"""The methods of Tensor: one for each operator on `self`, and those in Python's terms.

They are put on the class when the first of them is asked for, which is also when the
operator cards are imported.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from jit.ir import dtypes, registry
from jit.ir.dtypes import DType
from jit.runtime import device, dispatch, inplace_views, python_methods
from jit.runtime.binding import call_operator, resolver_of
from jit.runtime.creation import make_tensor
from jit.runtime.device import Device
from jit.runtime.eager.operator import EagerOperator
from jit.runtime.public_names import ATTRIBUTES, is_method
from jit.runtime.tensor import Tensor, following_dtype
from jit.runtime.values import REFUSED, accept_dtype

Method = Callable[..., Any]


def find_method(cls: type, name: str) -> Any:
    """The method or attribute of a tensor class; AttributeError if there is none."""
    if not name.startswith("__") and name not in Tensor.__slots__:
        install_methods()
        for base in cls.__mro__:
            if name in vars(base):
                return vars(base)[name]
    message = f"'{cls.__name__}' object has no attribute '{name}'"
    near = difflib.get_close_matches(name, dir(cls), 3, 0.75)
    if near:
        message += f"; near: {', '.join(near)}"
    raise AttributeError(message, name=name)


_installed: set[str] = set()


def install_methods() -> None:
    """Give Tensor a method for each operator card, where it has none of its own."""
    import jit.runtime.ops  # noqa: F401  declares the cards

    for card in registry.all_cards():
        namespace, _, name = card.schema.kind.partition("::")
        if namespace != "aten" or name in _installed:
            continue
        if not is_method(name, card.schema) or name in vars(Tensor):
            continue
        _installed.add(name)
        method = _make_method(card.schema.kind, name, card.doc())
        setattr(Tensor, name, property(method) if name in ATTRIBUTES else method)


def _make_method(kind: str, name: str, doc: str) -> Method:
    resolver = resolver_of(kind)

    def method(*args: Any, **kwargs: Any) -> Any:
        return resolver.call(args, kwargs)

    made = EagerOperator(kind, method, name, f"Tensor.{name}")
    made.__doc__ = doc
    return made


# methods in Python's terms


def _convert(tensor: Tensor, dtype: DType, copy: bool = False) -> Tensor:
    if dtype is tensor.dtype and not copy and dispatch.observer is None:
        return tensor
    return call_operator(  # type: ignore[no-any-return]
        "aten::to", (tensor, dtype, False, copy)
    )


def to(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In another dtype; the tensor itself if nothing changes.

    Takes a dtype, a device, both, or a tensor to be like.
    """
    target = kwargs.pop("dtype", None)
    place = kwargs.pop("device", None)
    copy = kwargs.pop("copy", False)
    other = kwargs.pop("other", None)
    kwargs.pop("memory_format", None)
    kwargs.pop("non_blocking", None)
    if kwargs:
        raise TypeError(
            f"to() got an unexpected keyword argument '{next(iter(kwargs))}'"
        )
    flags = []
    for a in args:
        if accept_dtype(a) is not REFUSED:
            target = accept_dtype(a)
        elif isinstance(a, Tensor):
            other = a
        elif isinstance(a, bool):
            flags.append(a)
        elif isinstance(a, str | Device):
            place = a
        elif a is not None:
            raise TypeError(
                f"to() takes a dtype, a device or a tensor, not `{type(a).__name__}`"
            )
    if len(flags) > 1:
        copy = flags[1]
    device.require_cpu(place)
    if other is not None:
        target = following_dtype(other)
    if target is None:
        target = following_dtype(self)
    return _convert(self, accept_dtype(target), copy)


_PYTHON_DTYPES: dict[Any, DType] = {
    float: dtypes.float64,
    int: dtypes.int64,
    bool: dtypes.bool_,
    complex: dtypes.complex128,
}


def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """On the CPU, where it is."""
    return self


def cuda(self: Tensor, device: Any = None, **options: Any) -> Tensor:
    """Not possible here: RuntimeError says why."""
    from jit.runtime.device import require_cpu

    require_cpu("cuda" if device is None else device)
    return self


def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of its type, `torch.FloatTensor`; or, given one, in that dtype."""
    if dtype is None:
        return f"torch.{self.dtype.title}Tensor"
    if isinstance(dtype, str):
        title = dtype.removeprefix("torch.").removesuffix("Tensor")
        try:
            dtype = dtypes.dtype_titled(title)
        except KeyError:
            raise ValueError(f"invalid type: '{dtype}'") from None
    return _convert(self, dtype)


def _conversion(name: str, dtype: DType) -> Method:
    def method(self: Tensor, memory_format: Any = None) -> Tensor:
        return _convert(self, dtype)

    method.__name__ = name
    method.__qualname__ = f"Tensor.{name}"
    method.__doc__ = f"In dtype {dtype!r}."
    return method


_CONVERSIONS = {
    "float": dtypes.float32,
    "double": dtypes.float64,
    "half": dtypes.float16,
    "bfloat16": dtypes.bfloat16,
    "byte": dtypes.uint8,
    "char": dtypes.int8,
    "short": dtypes.int16,
    "int": dtypes.int32,
    "long": dtypes.int64,
    "bool": dtypes.bool_,
    "cfloat": dtypes.complex64,
    "cdouble": dtypes.complex128,
}


def transposed(self: Tensor) -> Tensor:
    """The dimensions in reverse order."""
    return call_operator("aten::numpy_T", (self,))  # type: ignore[no-any-return]


def adjoint(self: Tensor) -> Tensor:
    """The conjugate transpose of a matrix."""
    if self.array.ndim not in (0, 2):
        raise RuntimeError(
            "tensor.H is only supported on matrices (2-D tensors). Got"
            f" {self.array.ndim}-D tensor."
        )
    turned = transposed(self)
    if not self.is_complex():
        return turned
    return call_operator("aten::conj", (turned,))  # type: ignore[no-any-return]


def new_tensor(self: Tensor, data: Any, *, dtype: Any = None, **options: Any) -> Tensor:
    """A new tensor of the data, in the dtype of this one unless another is given."""
    device.require_cpu(options.pop("device", None))
    made = make_tensor(data, following_dtype(self) if dtype is None else dtype)
    return made.requires_grad_(options.pop("requires_grad", False))


def where(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """Its elements where the condition holds, those of `other` elsewhere."""
    return call_operator(  # type: ignore[no-any-return]
        "aten::where", (condition, self, other)
    )


def nonzero(self: Tensor, *, as_tuple: bool = False) -> Any:
    """The positions of the elements that are not zero."""
    kind = "aten::nonzero_numpy" if as_tuple else "aten::nonzero"
    return call_operator(kind, (self,))


def split(self: Tensor, split_size: Any, dim: int = 0) -> Any:
    """Parts of one size, or of the sizes in a list, along a dimension."""
    return call_operator("aten::split", (self, split_size, dim))


def norm(
    self: Tensor,
    p: Any = "fro",
    dim: Any = None,
    keepdim: bool = False,
    dtype: DType | None = None,
) -> Tensor:
    """The p-norm of all elements, or along dimensions."""
    return call_norm(self, p, dim, keepdim, dtype, None)


def call_norm(
    tensor: Tensor, p: Any, dim: Any, keepdim: bool, dtype: Any, out: Any
) -> Tensor:
    """The operator that a norm of a name or a number is."""
    options = {} if dtype is None else {"dtype": dtype}
    if out is not None:
        options["out"] = out
    dims = list(range(tensor.array.ndim)) if dim is None else dim
    if isinstance(p, str) and p != "fro":
        dims = [dims] if isinstance(dims, int) else dims
        return call_operator(  # type: ignore[no-any-return]
            "aten::linalg_matrix_norm", (tensor, p, dims, keepdim), options
        )
    order = 2 if p in ("fro", None) else p
    if dim is None and not keepdim and not options:
        return call_operator("aten::norm", (tensor, order))  # type: ignore[no-any-return]
    return call_operator(  # type: ignore[no-any-return]
        "aten::norm", (tensor, order, dims, keepdim), options
    )


def lu(self: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """L and U in one tensor, and which rows were swapped; with infos if asked for."""
    found = call_operator("aten::_lu_with_info", (self, pivot, not get_infos))
    return found if get_infos else tuple(found[:2])


def polygamma(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of digamma."""
    return call_operator("aten::polygamma", (n, self))  # type: ignore[no-any-return]


def is_same_size(self: Tensor, other: Tensor) -> bool:
    """Whether both have the same sizes."""
    return bool(self.array.shape == other.array.shape)


def detach_(self: Tensor) -> Tensor:
    """Forget how it was computed; returns it. RuntimeError for a view."""
    if self._view is not None and self.grad_fn is not None:
        raise RuntimeError("Can't detach views in-place. Use detach() instead.")
    self._requires_grad = False
    self.grad_fn = None
    self._output = None
    return self


_PYTHON: dict[str, Any] = {
    "to": to,
    "cpu": cpu,
    "cuda": cuda,
    "type": type_,
    "T": property(transposed),
    "H": property(adjoint),
    "new_tensor": new_tensor,
    "where": where,
    "nonzero": nonzero,
    "split": split,
    "is_same_size": is_same_size,
    "lu": lu,
    "norm": norm,
    "polygamma": polygamma,
    "detach_": detach_,
    **{name: _conversion(name, dtype) for name, dtype in _CONVERSIONS.items()},
    **inplace_views.METHODS,
    **python_methods.METHODS,
}
for _name, _method in _PYTHON.items():
    setattr(Tensor, _name, _method)
