"""Tensor: one ndarray, seen with torch's names and rules.

The layout is fixed, because compiled code reads and creates tensors directly: the
slots of `Tensor` and nothing else; subclasses add none. Operators are added to the
class by `jit.runtime.operators`, and one method for each operator card of the form
`aten::name(Tensor self, …)` by `jit.runtime.methods`.

While an observer watches (`jit.runtime.dispatch`), questions about sizes and values go
through operators too (`aten::size`, `aten::item`), so that it sees them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from jit.ir.dtypes import COMPLEX, FLOATING, DType, dtype_of
from jit.runtime.device import CPU, STRIDED, Device, Layout
from jit.runtime.kernels.strides import root
from jit.runtime.size import Size, contiguous_strides, strides_of


class _TensorType(type):
    """The class of Tensor: finds methods that the class does not have yet."""

    def __getattr__(cls, name: str) -> Any:
        from jit.runtime.methods import find_method

        return find_method(cls, name)


class Tensor(metaclass=_TensorType):
    """An n-dimensional array of one dtype, with torch's operators."""

    __slots__ = (
        "__weakref__",
        "_autograd",
        "_output",
        "_requires_grad",
        "_view",
        "array",
        "grad",
        "grad_fn",
    )

    __array_priority__ = 1000
    __hash__ = object.__hash__

    array: np.ndarray
    """The elements; several tensors may view one memory."""
    grad: Tensor | None
    """The gradient gathered so far, of a leaf that requires gradients."""
    grad_fn: Any
    """The step of the tape that made it; None for a leaf."""
    _requires_grad: bool
    _output: int | None
    """Which result of `grad_fn` it is."""
    _view: Any
    """Of which tensor it is a view, where the tape has to know: autograd/views.py."""
    _autograd: Any
    """Hooks and the like: `Extra` in autograd/node.py."""

    if TYPE_CHECKING:  # `jit.runtime.operators` installs these

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __rand__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __ror__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __rxor__(self, other: Any) -> Tensor: ...
        def __lshift__(self, other: Any) -> Tensor: ...
        def __rshift__(self, other: Any) -> Tensor: ...
        def __iadd__(self, other: Any) -> Tensor: ...
        def __isub__(self, other: Any) -> Tensor: ...
        def __imul__(self, other: Any) -> Tensor: ...
        def __itruediv__(self, other: Any) -> Tensor: ...
        def __ifloordiv__(self, other: Any) -> Tensor: ...
        def __imod__(self, other: Any) -> Tensor: ...
        def __ipow__(self, other: Any) -> Tensor: ...
        def __iand__(self, other: Any) -> Tensor: ...
        def __ior__(self, other: Any) -> Tensor: ...
        def __ixor__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        from jit.runtime.creation import make_legacy

        return make_legacy(cls, *args, **kwargs)

    # what it is

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        if dispatch.observer is not None:
            seen: DType = dispatch.observer.dtype(self)
            return seen
        return dtype_of(self.array.dtype)

    @property
    def device(self) -> Device:
        return CPU

    @property
    def layout(self) -> Layout:
        return STRIDED

    @property
    def shape(self) -> Size:
        """The sizes of the dimensions."""
        if dispatch.observer is not None:
            return Size(dispatch.observer.shape(self))
        return Size(self.array.shape)

    def size(self, dim: int | None = None) -> Any:
        """All sizes, or the size of one dimension."""
        if dim is None:
            return self.shape
        if dispatch.observer is not None:
            return _observed("aten::size", self, dim)
        return self.array.shape[normalize_dim(dim, self.array.ndim)]

    def dim(self) -> int:
        """How many dimensions it has."""
        if dispatch.observer is not None:
            count: int = _observed("aten::dim", self)
            return count
        return self.array.ndim

    ndimension = dim
    ndim = property(dim)

    def numel(self) -> int:
        """How many elements it has."""
        if dispatch.observer is not None:
            count: int = _observed("aten::numel", self)
            return count
        return self.array.size

    nelement = numel

    def stride(self, dim: int | None = None) -> Any:
        """Steps between neighbours along each dimension, in elements."""
        if dispatch.observer is not None:
            return _observed("aten::stride", self, *(() if dim is None else (dim,)))
        array = self.array
        if array.flags.c_contiguous:
            strides = contiguous_strides(array.shape)
        else:
            strides = strides_of(array)
        if dim is None:
            return strides
        return strides[normalize_dim(dim, array.ndim)]

    def storage_offset(self) -> int:
        """Where it starts in the memory that it views, in elements."""
        distance = self.array.ctypes.data - root(self.array).ctypes.data
        return int(distance // self.array.itemsize)

    def data_ptr(self) -> int:
        """The address of the first element."""
        return int(self.array.ctypes.data)

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.array.itemsize

    @property
    def itemsize(self) -> int:
        return self.array.itemsize

    @property
    def nbytes(self) -> int:
        return self.array.nbytes

    def is_contiguous(self, *, memory_format: Any = None) -> bool:
        """Whether the elements follow each other, the last dimension fastest."""
        if dispatch.observer is not None:
            return bool(dispatch.observer.fact(self, "aten::is_contiguous"))
        return bool(self.array.flags.c_contiguous)

    def is_floating_point(self) -> bool:
        if dispatch.observer is not None:
            return bool(dispatch.observer.fact(self, "aten::is_floating_point"))
        return self.dtype.category == FLOATING

    def is_complex(self) -> bool:
        if dispatch.observer is not None:
            return bool(dispatch.observer.fact(self, "aten::is_complex"))
        return self.dtype.category == COMPLEX

    def is_signed(self) -> bool:
        return self.dtype.is_signed

    def is_pinned(self) -> bool:
        return False

    def get_device(self) -> int:
        """The index of its device: -1 for the CPU."""
        return -1

    is_cuda = is_mps = is_xpu = is_sparse = is_quantized = is_meta = False
    is_mkldnn = is_nested = False
    is_cpu = True
    names = None

    # gradients

    @property
    def requires_grad(self) -> bool:
        """Whether gradients with respect to it are wanted."""
        if dispatch.observer is not None:
            dispatch.observer.flag(self, "requires_grad", self._requires_grad)
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Say whether gradients with respect to it are wanted; returns it.

        RuntimeError for tensors of integers, and for results of operators.
        """
        if requires_grad and self.dtype.category < FLOATING:
            raise RuntimeError(
                "only Tensors of floating point and complex dtype can require gradients"
            )
        if self.grad_fn is not None and not requires_grad:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want"
                " to use a computed variable in a subgraph that doesn't require"
                " differentiation use var_no_grad = var.detach()."
            )
        self._requires_grad = bool(requires_grad)
        if requires_grad and dispatch.recorder is None:
            from jit.runtime.autograd import recording

            recording.install()
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no operator made it, as far as gradients are concerned."""
        return self.grad_fn is None

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on a result of an operator."""
        return self.grad_fn is not None and self._output in self.grad_fn.retained

    def retain_grad(self) -> None:
        """Keep the gradient of a result of an operator in `grad` too."""
        from jit.runtime.autograd import interface

        interface.retain_grad(self)

    def register_hook(self, hook: Any) -> Any:
        """Call `hook(gradient)` when the gradient is known; what it returns replaces it.

        Returns a handle whose `remove()` takes the hook away.
        """
        from jit.runtime.autograd import interface

        return interface.register_hook(self, hook)

    def register_post_accumulate_grad_hook(self, hook: Any) -> Any:
        """Call `hook(tensor)` after its `grad` has changed; for leaves."""
        from jit.runtime.autograd import interface

        return interface.register_post_accumulate_grad_hook(self, hook)

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add its gradients to the `grad` of the leaves that it was computed from.

        `gradient` is that of something with respect to this tensor, of the same shape; it
        may be left out for one element. RuntimeError if it requires no gradient.
        """
        from jit.runtime.autograd import interface

        interface.backward(self, gradient, retain_graph, create_graph, inputs)

    @property
    def data(self) -> Tensor:
        """The same memory, without gradients."""
        if dispatch.observer is not None:
            shared: Tensor = _observed("aten::detach", self)
            return shared
        return wrap(self.array)

    @data.setter
    def data(self, value: Tensor) -> None:
        if dispatch.observer is not None:
            dispatch.observer.replaced(self, value)
        self.array = value.array

    # values for Python and NumPy

    def item(self) -> Any:
        """The only element, as a Python number."""
        if dispatch.observer is not None:
            return _observed("aten::item", self)
        if self.array.size != 1:
            raise RuntimeError(
                f"a Tensor with {self.array.size} elements cannot be converted to Scalar"
            )
        return self.array.item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers; a number for a 0-dim tensor."""
        _escapes(self, "tolist()")
        return self.array.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The elements as a NumPy array that shares memory."""
        if not force:
            self._check_readable()
        if dispatch.observer is not None:
            seen: np.ndarray = dispatch.observer.array(self)
            return seen
        return self.array.view()

    def _check_readable(self) -> None:
        if self._requires_grad:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use"
                " tensor.detach().numpy() instead."
            )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        self._check_readable()
        _escapes(self, "a NumPy function")
        array = self.array.view()
        if dtype is not None and np.dtype(dtype) != array.dtype:
            if copy is False:
                raise ValueError(f"a copy is needed to convert to {dtype}")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __array_wrap__(
        self, array: np.ndarray, context: Any = None, return_scalar: bool = False
    ) -> Tensor:
        return wrap(array)

    def __dlpack__(self, **options: Any) -> Any:
        if self._requires_grad:
            raise BufferError(
                "Can't export tensors that require gradient, use tensor.detach()"
            )
        _escapes(self, "__dlpack__()")
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()

    def __bool__(self) -> bool:
        if dispatch.observer is not None:
            return bool(_observed("aten::Bool", self))
        if self.array.size != 1:
            many = "more than one value" if self.array.size else "no values"
            raise RuntimeError(f"Boolean value of Tensor with {many} is ambiguous")
        return bool(self.array.item())

    def __int__(self) -> int:
        if dispatch.observer is not None:
            return int(_observed("aten::Int", self))
        return int(self._only())

    def __float__(self) -> float:
        if dispatch.observer is not None:
            return float(_observed("aten::Float", self))
        return float(self._only())

    def __complex__(self) -> complex:
        if dispatch.observer is not None:
            return complex(_observed("aten::Complex", self))
        return complex(self._only())

    def _only(self) -> Any:
        if self.array.size != 1:
            raise ValueError(
                "only one element tensors can be converted to Python scalars"
            )
        return self.array.item()

    def __index__(self) -> int:
        if self.array.size != 1 or self.dtype.category > 1:
            raise TypeError(
                "only integer tensors of a single element can be converted to an index"
            )
        return int(self)

    def __len__(self) -> int:
        if self.array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        if dispatch.observer is not None:
            dispatch.observer.length(self, "len(...)")
        return int(self.array.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if self.array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        if dispatch.observer is not None:
            dispatch.observer.length(self, "iteration over a tensor")
        return iter(binding.call_operator("aten::unbind", (self, 0)))

    def __repr__(self) -> str:
        from jit.runtime.repr import format_tensor

        _escapes(self, "text")
        return format_tensor(self)

    def __format__(self, spec: str) -> str:
        if self.array.ndim == 0 and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    # copies

    def __copy__(self) -> Tensor:
        if dispatch.observer is not None:
            return _observed("aten::detach", self)  # type: ignore[no-any-return]
        return _rebuild(type(self), self.array, self._requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if self.grad_fn is not None:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the"
                " deepcopy protocol at the moment: detach() it first"
            )
        found = memo.get(id(self))
        if found is None and dispatch.observer is not None:
            found = memo[id(self)] = _observed("aten::clone", self)
        if found is None:
            found = _rebuild(type(self), self.array.copy(), self._requires_grad)
            memo[id(self)] = found
        return found

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.array, self._requires_grad))

    def __getattr__(self, name: str) -> Any:
        # reached for names that the class lacks: methods come with the first of them
        from jit.runtime.methods import find_method

        return find_method(type(self), name).__get__(self, type(self))


_new = object.__new__


def wrap(array: np.ndarray) -> Tensor:
    """A Tensor of the elements of an array, sharing its memory."""
    tensor: Tensor = _new(Tensor)
    tensor.array = array
    tensor._requires_grad = False
    tensor.grad = None
    tensor.grad_fn = None
    tensor._output = None
    tensor._view = None
    tensor._autograd = None
    return tensor


def wrap_as(cls: type[Tensor], array: np.ndarray) -> Tensor:
    """As `wrap`, for a subclass."""
    tensor = wrap(array)
    if cls is not Tensor:
        tensor.__class__ = cls
    return tensor


def _rebuild(cls: type[Tensor], array: np.ndarray, requires_grad: bool) -> Tensor:
    """A Tensor from its parts, for copies and pickles."""
    tensor = wrap_as(cls, array)
    return tensor.requires_grad_() if requires_grad else tensor


def normalize_dim(dim: int, rank: int) -> int:
    """A dimension counted from the front; torch's IndexError if there is none."""
    count = max(rank, 1)
    if -count <= dim < count:
        return dim % count
    raise IndexError(
        f"Dimension out of range (expected to be in range of [{-count}, {count - 1}],"
        f" but got {dim})"
    )


def following_dtype(tensor: Tensor) -> Any:
    """The dtype of a tensor, as an argument for operators.

    In a trace it follows the tensor: another run may have another.
    """
    if dispatch.observer is not None:
        return dispatch.observer.dtype(tensor, follow=True)
    return tensor.dtype


def _observed(kind: str, *args: Any) -> Any:
    return binding.call_operator(kind, args)


def _escapes(tensor: Tensor, how: str) -> None:
    """Tell the observer that the elements are read by code it does not see."""
    if dispatch.observer is not None:
        dispatch.observer.escape(tensor, how)


# the operators of the class need it defined
from jit.runtime import binding, dispatch, operators  # noqa: E402

operators.install(Tensor)
