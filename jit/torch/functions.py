"""Functions of `torch` that Python itself computes, or that choose among operators."""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.ir.dtypes import INTEGER, DType, promote_dtypes
from jit.runtime import creation, inplace_views, promotion, python_methods, random
from jit.runtime.binding import call_operator
from jit.runtime.device import require_cpu
from jit.runtime.methods import call_norm
from jit.runtime.promotion import get_default_dtype, set_default_dtype
from jit.runtime.random import Generator
from jit.runtime.repr import get_printoptions, set_printoptions
from jit.runtime.size import Size
from jit.runtime.tensor import Tensor
from jit.runtime.values import REFUSED, accept_dtype

__all__ = [
    "_assert",
    "as_tensor",
    "asarray",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "broadcast_shapes",
    "broadcast_tensors",
    "can_cast",
    "cartesian_prod",
    "chain_matmul",
    "einsum",
    "from_dlpack",
    "from_numpy",
    "frombuffer",
    "get_default_dtype",
    "get_device",
    "get_printoptions",
    "get_rng_state",
    "initial_seed",
    "is_complex",
    "is_conj",
    "is_distributed",
    "is_floating_point",
    "is_inference",
    "is_neg",
    "is_same_size",
    "is_tensor",
    "lu",
    "manual_seed",
    "meshgrid",
    "nonzero",
    "norm",
    "norm_except_dim",
    "numel",
    "promote_types",
    "resize_as_",
    "result_type",
    "seed",
    "set_default_dtype",
    "set_printoptions",
    "set_rng_state",
    "split",
    "sym_float",
    "sym_int",
    "sym_ite",
    "sym_max",
    "sym_min",
    "sym_not",
    "sym_sum",
    "tensor",
    "tensordot",
    "typename",
    "unique",
    "unique_consecutive",
    "unravel_index",
    "vander",
]


def tensor(
    data: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new tensor of a copy of numbers, nested lists or an array."""
    require_cpu(device)
    made = creation.make_tensor(data, _dtype(dtype))
    return made.requires_grad_() if requires_grad else made


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """The data as a tensor, sharing its memory where that is possible."""
    require_cpu(device)
    return creation.as_tensor(data, _dtype(dtype))


def asarray(
    obj: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`as_tensor`, or with `copy=True` a copy in any case."""
    if copy:
        return tensor(obj, dtype=dtype, device=device, requires_grad=requires_grad)
    made = as_tensor(obj, dtype, device)
    return made.requires_grad_() if requires_grad else made


def _dtype(dtype: Any) -> DType | None:
    if dtype is None:
        return None
    found = accept_dtype(dtype)
    if found is REFUSED:
        raise TypeError(f"dtype is `{dtype!r}`, expected a torch.dtype")
    return found


from_numpy = creation.from_numpy
from_dlpack = creation.from_dlpack


# questions


def is_tensor(obj: Any) -> bool:
    """Whether it is a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether its dtype is floating."""
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """Whether its dtype is complex."""
    return input.is_complex()


def numel(input: Tensor) -> int:
    """How many elements it has."""
    return input.numel()


def typename(obj: Any) -> str:
    """The name of its type, `torch.FloatTensor`."""
    if isinstance(obj, Tensor):
        return str(obj.type())
    cls = obj if isinstance(obj, type) else type(obj)
    module = cls.__module__
    return cls.__qualname__ if module == "builtins" else f"{module}.{cls.__qualname__}"


def promote_types(type1: DType, type2: DType) -> DType:
    """The smallest dtype that holds both."""
    return promote_dtypes(type1, type2)


def result_type(tensor1: Any, tensor2: Any) -> DType:
    """The dtype of an arithmetic result of two tensors or numbers."""
    operands = [x.array if isinstance(x, Tensor) else x for x in (tensor1, tensor2)]
    return promotion.result_dtype(*operands)


def can_cast(from_: DType, to: DType) -> bool:
    """Whether values of a dtype may be stored in another by an in-place operator."""
    return promotion.can_cast(from_, to)


def _assert(condition: Any, message: str) -> None:
    """`assert` as a function."""
    assert condition, message


# random numbers


def manual_seed(seed: int) -> Generator:
    """Start the random numbers from a seed; returns the generator."""
    return random.manual_seed(seed)


def seed() -> int:
    """Start the random numbers from a seed taken from the clock; returns it."""
    return random.default_generator.seed()


def initial_seed() -> int:
    """The seed that the random numbers started from."""
    return random.default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the random numbers: seed and offset, as a tensor of bytes."""
    state = np.array(random.default_generator.get_state(), dtype="<u8")
    return creation.from_numpy(state.view(np.uint8))


def set_rng_state(new_state: Tensor) -> None:
    """Go back to a state."""
    seed, offset = np.ascontiguousarray(new_state.array).view("<u8").tolist()
    random.default_generator.set_state((seed, offset))


# functions of several tensors, given one by one or in a list


def _listed(tensors: tuple[Any, ...]) -> list[Any]:
    if len(tensors) == 1 and isinstance(tensors[0], list | tuple):
        return list(tensors[0])
    return list(tensors)


def broadcast_shapes(*shapes: Any) -> Size:
    """The sizes of the result of an operator on tensors of these sizes."""
    from jit.runtime.ops.lists import broadcast_shapes as common

    return Size(common([(s,) if isinstance(s, int) else tuple(s) for s in shapes]))


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Views of all tensors in their common sizes."""
    found: tuple[Tensor, ...] = call_operator(
        "aten::broadcast_tensors", (_listed(tensors),)
    )
    return found


def einsum(equation: str, *operands: Any) -> Tensor:
    """Sums of products by index letters: `einsum("ij,jk->ik", a, b)`."""
    made: Tensor = call_operator("aten::einsum", (equation, _listed(operands)))
    return made


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Coordinates of a grid, one tensor for each axis."""
    found: tuple[Tensor, ...] = call_operator(
        "aten::meshgrid", (_listed(tensors),), {"indexing": indexing}
    )
    return found


def cartesian_prod(*tensors: Any) -> Tensor:
    """All combinations of the elements of vectors, one a row."""
    made: Tensor = call_operator("aten::cartesian_prod", (_listed(tensors),))
    return made


def block_diag(*tensors: Any) -> Tensor:
    """A matrix with the given ones along its diagonal."""
    made: Tensor = call_operator("aten::block_diag", (_listed(tensors),))
    return made


def chain_matmul(*matrices: Any, out: Any = None) -> Tensor:
    """The product of matrices, multiplied in the cheapest order."""
    options = {} if out is None else {"out": out}
    made: Tensor = call_operator("aten::chain_matmul", (_listed(matrices),), options)
    return made


def _at_least(kind: str, tensors: tuple[Any, ...]) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return call_operator(kind, tensors)
    return call_operator(kind, (_listed(tensors),))


def atleast_1d(*tensors: Any) -> Any:
    """With one dimension or more."""
    return _at_least("aten::atleast_1d", tensors)


def atleast_2d(*tensors: Any) -> Any:
    """With two dimensions or more."""
    return _at_least("aten::atleast_2d", tensors)


def atleast_3d(*tensors: Any) -> Any:
    """With three dimensions or more."""
    return _at_least("aten::atleast_3d", tensors)


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> Any:
    """Parts of one size, or of the sizes in a list, along a dimension."""
    return call_operator("aten::split", (tensor, split_size_or_sections, dim))


def norm(
    input: Tensor,
    p: Any = "fro",
    dim: Any = None,
    keepdim: bool = False,
    out: Any = None,
    dtype: DType | None = None,
) -> Tensor:
    """The p-norm of all elements, or along dimensions."""
    return call_norm(input, p, dim, keepdim, dtype, out)


def nonzero(input: Tensor, *, out: Any = None, as_tuple: bool = False) -> Any:
    """The positions of the elements that are not zero."""
    if as_tuple:
        return call_operator("aten::nonzero_numpy", (input,))
    return call_operator("aten::nonzero", (input,), {} if out is None else {"out": out})


unique = python_methods.unique
unique_consecutive = python_methods.unique_consecutive


def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """Products summed over dims: the last `dims` of one, the first of the other.

    Or over two lists of dims.
    """
    if isinstance(dims, Tensor):
        dims = dims.tolist() if dims.numel() > 1 else int(dims)
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.dim(), b.dim()):
            raise RuntimeError(
                f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}"
            )
        of_a, of_b = list(range(-dims, 0)), list(range(dims))
    else:
        of_a, of_b = dims
        of_a, of_b = [[d] if isinstance(d, int) else list(d) for d in (of_a, of_b)]
    options = {} if out is None else {"out": out}
    made: Tensor = call_operator("aten::tensordot", (a, b, of_a, of_b), options)
    return made


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:  # noqa: N803
    """The powers of the elements of a vector, each in a row, the highest first."""
    made: Tensor = call_operator("aten::linalg_vander", (x,), {"N": N})
    return made if increasing else call_operator("aten::flip", (made, [-1]))


def frombuffer(
    buffer: Any,
    *,
    dtype: DType,
    count: int = -1,
    offset: int = 0,
    requires_grad: bool = False,
) -> Tensor:
    """A vector over the memory of a buffer."""
    found = _dtype(dtype)
    if found is None:
        raise TypeError("frombuffer(): missing required argument 'dtype'")
    made = creation.from_numpy(np.frombuffer(buffer, found.numpy, count, offset))
    return made.requires_grad_() if requires_grad else made


def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """The positions, one tensor for each dim, of places in the flattened tensor."""
    if not isinstance(indices, Tensor):
        raise TypeError(
            f"expected 'indices' to be a tensor, but got {type(indices).__name__}"
        )
    if indices.dtype.category != INTEGER:
        raise TypeError(
            f"expected 'indices' to be integer dtype, but got {indices.dtype!r}"
        )
    if not isinstance(shape, int | list | tuple):
        raise TypeError(
            "expected 'shape' to be int or sequence of ints, but got"
            f" {type(shape).__name__}"
        )
    sizes = [shape] if isinstance(shape, int) else [int(n) for n in shape]
    if any(n < 0 for n in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {tuple(sizes)}")
    found, step = [], 1
    for size in reversed(sizes):
        place = call_operator("aten::floor_divide", (indices, step))
        found.append(call_operator("aten::remainder", (place, size)))
        step *= size
    return tuple(reversed(found))


def resize_as_(input: Tensor, the_template: Tensor) -> Tensor:
    """The sizes of another tensor, taken in place."""
    made: Tensor = inplace_views.resize_as_(input, the_template)
    return made


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norms over all dims but one; over all if it is -1."""
    if dim == -1:
        return v.norm(pow)
    rest = [d for d in range(v.dim()) if d != dim % v.dim()]
    return v.norm(pow, rest, True)


# questions whose answer is the same for all tensors, or of Python's numbers


def is_conj(input: Tensor) -> bool:
    """Whether it is to be read as conjugates: never, they are made at once."""
    return False


is_neg = is_distributed = is_inference = is_conj


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same sizes."""
    return input.size() == other.size()


def get_device(input: Tensor) -> int:
    """The index of its device: -1 for the CPU."""
    return -1


def sym_int(a: Any) -> int:
    """A number rounded towards zero."""
    return int(a)


def sym_float(a: Any) -> float:
    """A number as a float."""
    return float(a)


def sym_not(a: Any) -> bool:
    """Whether it is false."""
    return not a


def sym_max(a: Any, b: Any) -> Any:
    """The larger of two numbers; a float if one is."""
    larger = max(a, b)
    return float(larger) if float in (type(a), type(b)) else larger


def sym_min(a: Any, b: Any) -> Any:
    """The smaller of two numbers; a float if one is."""
    smaller = min(a, b)
    return float(smaller) if float in (type(a), type(b)) else smaller


def sym_sum(args: Any) -> Any:
    """The sum of numbers."""
    return sum(args)


def sym_ite(b: bool, t: Any, f: Any) -> Any:
    """One of two values."""
    return t if b else f


def lu(
    A: Tensor,  # noqa: N803  torch's name
    pivot: bool = True,
    get_infos: bool = False,
    out: Any = None,
) -> Any:
    """L and U in one tensor, and which rows were swapped; with infos if asked for."""
    found = A.lu(pivot, get_infos)
    if out is None:
        return found
    if len(out) != len(found):
        raise TypeError(f"expected tuple of {len(found)} elements but got {len(out)}")
    for target, value in zip(out, found, strict=True):
        target.resize_(value.shape).copy_(value)
    return out
