"""Whatever Python may take out of a trace: no trace is wrong and says nothing.

Each function is traced on one input and called with others. The trace is right, or it was
told, or refused, or it raises.
"""

from __future__ import annotations

import copy
import itertools
import math
import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jit
from jit import torch

Example = tuple[Any, ...]
PROGRAMS: dict[str, tuple[Callable[..., Any], list[Example]]] = {}

captured = torch.zeros(3)
collected: list[Any] = []
counter = itertools.count()


def program(*inputs: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add a function of one value; it is traced on the first of these inputs."""

    def add(f: Callable[..., Any]) -> Callable[..., Any]:
        PROGRAMS[f.__name__] = f, [x if isinstance(x, tuple) else (x,) for x in inputs]
        return f

    return add


signs = program(torch.ones(3), -torch.ones(3))
sizes = program(torch.ones(2, 3), torch.ones(7, 3), torch.ones(1, 3), torch.ones(0, 3))
positions = program(torch.tensor([1, 2, 0]), torch.tensor([2, 0, 1]))
arrays = program(np.ones(3), -np.ones(3))
counts = program((3, torch.ones(3)), (2, torch.ones(3)), (0, torch.ones(3)))


# sizes that stay symbolic, or are told


@sizes
def size_in_if(x):
    return x + 1 if x.shape[0] == 2 else x - 1


@sizes
def size_in_range(x):
    for i in range(x.shape[0]):
        x = x + i
    return x


@sizes
def rows(x):
    return sum((row for row in x), torch.zeros(3))


@sizes
def length(x):
    return x * len(x)


@sizes
def enumerated(x):
    total = torch.zeros(3)
    for i, row in enumerate(x):
        total = total + row * i
    return total


@sizes
def compared_shapes(x):
    return x if x.shape == (2, 3) else x * 2


@sizes
def size_among(x):
    return x if 7 in x.shape else x * 2


@sizes
def largest_size(x):
    return x * max(x.shape), x * max(x.shape[0], 3), x * sum(x.shape)


@sizes
def root_of_a_size(x):
    return x / math.sqrt(x.shape[1]), x * x.shape[0] ** 0.5


@sizes
def reshaped(x):
    n, m = x.shape
    return x.reshape(m, n), x.view(-1), x.view(n * m), x.reshape(math.prod(x.shape))


@sizes
def made_of_sizes(x):
    n, m = x.shape
    return (
        torch.zeros(n, m),
        torch.arange(n),
        torch.full((n,), 2),
        torch.eye(m),
        torch.ones(x.shape),
    )


@sizes
def sliced_by_sizes(x):
    n = x.shape[0]
    return x[: n // 2], x[n // 2 :], x[:, -x.shape[1] :], x[-n:]


@sizes
def arithmetic_of_sizes(x):
    n = x.shape[0]
    return (
        -n,
        +n,
        abs(n),
        n + 1,
        n * 2,
        n // 2,
        n % 2,
        n / 2,
        divmod(n, 2),
        n & 1,
        n << 2,
        n | 4,
        ~n,
    )


@sizes
def lists_of_sizes(x):
    kept = list(x.shape)
    kept[1] = 1
    return torch.zeros(kept), x.reshape(x.shape[::-1]), torch.zeros((*x.shape[1:], 2))


@sizes
def size_as_text(x):
    return x, f"{x.shape[0]} rows"


@sizes
def size_as_key(x):
    return x * {2: 5.0}.get(x.shape[0], 1.0)


@sizes
def size_as_tensor(x):
    return torch.tensor(x.shape[0]) * 2, torch.tensor(x.shape), torch.as_tensor(x.shape)


@sizes
def array_of_a_size(x):
    return x + torch.from_numpy(np.zeros(tuple(x.shape), np.float32))


# values


@signs
def truth(x):
    return x + 1 if x.sum() > 0 else x


@signs
def negated_truth(x):
    return x if not x[0] > 0 else -x


@signs
def loop_on_a_value(x):
    while x.sum() < 10:
        x = x + 1
    return x


@signs
def contained(x):
    return x + 1 if 1.0 in x else x - 1


@signs
def asserted(x):
    assert (x > 0).all()
    return x * 2


@signs
def smallest_in_python(x):
    return min(x[0], x[1] * -1), sorted([x[0], -x[1]])[0]


@signs
def any_in_python(x):
    return x * 2 if any(x > 0) else x


@signs
def truth_of_functions(x):
    return (
        x * 2
        if torch.equal(x, torch.ones(3)) or torch.allclose(x, torch.ones(3))
        else x
    )


@signs
def item(x):
    return x * x[0].item(), x * abs(x[0].item()), x if x[0].item() > 0 else -x


@signs
def as_int(x):
    return x * int(x[0])


@signs
def as_float(x):
    return x * float(x[0])


@signs
def as_bool(x):
    return x * bool(x[0] > 0)


@signs
def as_complex(x):
    return x * complex(x[0]).real


@signs
def rounded(x):
    return x * round(x[0].item()), x * math.floor(x[0].item())


@signs
def of_math(x):
    return x * math.exp(x[0])


@signs
def as_list(x):
    return x + x.tolist()[0]


@signs
def as_text(x):
    return x, f"{x.sum():.1f}", str(x), repr(x[0])


@signs
def as_array(x):
    return x + torch.from_numpy(np.asarray(x) * 2)


@signs
def through_numpy(x):
    return x + torch.from_numpy(x.numpy() * 2) + float(np.sum(x.numpy()))


@signs
def numpy_function(x):
    return x + np.exp(x)


@signs
def shared_data(x):
    y = x.clone()
    y.data.add_(1)
    z = torch.zeros(3)
    z.data = x * 3
    return x.data.sum() + y * 2 + z


@signs
def copies(x):
    y, z = copy.copy(x), copy.deepcopy(x)
    y.add_(1)
    return x + z


@signs
def tensor_of_tensors(x):
    return torch.tensor(x[0]) + torch.tensor([[x[0], 2.0], [x[1], 3.0]]), torch.tensor(
        [x[0].item(), 1]
    )


@signs
def exceptions(x):
    try:
        if x[0] < 0:
            raise ValueError
        return x
    except ValueError:
        return x * 2


@signs
def by_gradient(x):
    return x * 2 if x.requires_grad else x


@positions
def place_in_a_list(x):
    return x * [10, 20, 30][x[0]]


@positions
def place_in_a_dict(x):
    return x * {1: 5, 2: 7}[int(x[0])], x * {1: 5}.get(x[0].item(), 0)


@positions
def size_from_a_value(x):
    return torch.zeros(x[0]), torch.zeros(x[0].item(), 2), torch.arange(x[0]), x[: x[0]]


@positions
def written_place(x):
    y = torch.zeros(3)
    y[x[0]] = 5
    y[x == 0] = 7
    y[: x[1]] = 2
    return y


@counts
def number_as_size(n, x):
    return x * n, torch.zeros(n, 2), x.repeat(n), x + n // 2


@counts
def number_in_range(n, x):
    for _ in range(n):
        x = x * 2
    return x


@counts
def number_in_if(n, x):
    return x * 2 if n > 2 else x


@counts
def number_repeats_a_list(n, x):
    return torch.stack([x] * (n + 1))


# state outside of the function


@signs
def changes_what_it_captured(x):
    captured.add_(x)
    return captured * 1


@signs
def collects(x):
    collected.append(x)
    return x * len(collected)


@signs
def counts_calls(x):
    return x * next(counter)


@signs
def remembers(x, cache={}):
    if "first" not in cache:
        cache["first"] = x * 2
    return cache["first"] + x


@signs
def draws_in_python(x):
    return x + random.random()


@signs
def draws_in_numpy(x):
    return x + np.random.rand()


@signs
def asks_whether_it_is_traced(x):
    return x * 2 if torch.jit.is_tracing() else x


@signs
def is_another_one(x):
    return x * 2 if x is captured else x


# what compiled functions give


@jit.script
def named(x: torch.Tensor) -> str:
    return "up" if x[0] > 0 else "down"


@jit.script
def perhaps(x: torch.Tensor) -> torch.Tensor | None:
    return x * 2 if x[0] > 0 else None


@jit.script
def parts(x: torch.Tensor) -> list[torch.Tensor]:
    return [x] if x[0] > 0 else [x, x]


@signs
def text_of_a_compiled_function(x):
    return x, named(x)


@signs
def none_of_a_compiled_function(x):
    found = perhaps(x)
    return x if found is None else found


@signs
def list_of_a_compiled_function(x):
    return x * len(parts(x))


@signs
def complex_item(x):
    return x * torch.complex(x, x)[0].item()


# arrays


@arrays
def array_truth(x):
    return x * 2 if np.any(x > 0) else x


@arrays
def array_numbers(x):
    return x * int(x[0]), x * float(x[1]), x * x[0].item()


@arrays
def array_in_python(x):
    return x * max(x), 1.0 in x


@arrays
def array_as_list(x):
    return x + x.tolist()[0]


@arrays
def array_copied(x):
    return np.array(x) * 2


@arrays
def array_of_elements(x):
    return np.array([x[0], x[1]])


@arrays
def array_written(x):
    y = x.copy()
    y[y > 0] = 5
    y[0] += 1
    y[1:] *= 2
    return y


@arrays
def stored_in_a_plain_array(x):
    y = np.zeros(3)
    y[0] = x[0]
    return y + x


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_trace_is_wrong_in_silence(name: str) -> None:
    f, inputs = PROGRAMS[name]
    state = copy.deepcopy((captured, collected))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            traced = jit.trace(f, copy.deepcopy(inputs[0]), strict=False)
        except jit.TracingError as refused:
            assert refused.code.startswith("E05")
            return
        finally:
            captured.copy_(state[0])
            collected[:] = state[1]
    if any(issubclass(w.category, jit.TracerWarning) for w in told):
        return
    for example in inputs:
        expected = f(*copy.deepcopy(example))
        try:
            result = traced.interpret(*copy.deepcopy(example))
        except (RuntimeError, ValueError):
            continue
        assert _plain(expected) == _plain(result)


@pytest.mark.parametrize(
    "name",
    [
        "reshaped", "made_of_sizes", "sliced_by_sizes", "arithmetic_of_sizes",
        "lists_of_sizes", "size_as_tensor", "shared_data", "copies",
        "tensor_of_tensors", "array_written", "number_as_size", "written_place",
    ],
)  # fmt: skip
def test_what_can_be_followed_is_right_for_all_inputs(name: str) -> None:
    f, inputs = PROGRAMS[name]
    traced = jit.trace(f, copy.deepcopy(inputs[0]), strict=False, on_bake="error")

    for example in inputs:
        expected = f(*copy.deepcopy(example))
        assert _plain(expected) == _plain(traced(*copy.deepcopy(example)))


def _plain(x: Any) -> Any:
    """A result as values that `==` compares, dtypes included."""
    if isinstance(x, torch.Tensor):
        return str(x.dtype), x.tolist()
    if isinstance(x, np.ndarray | np.generic):
        return str(x.dtype), x.tolist()
    if isinstance(x, tuple | list):
        return [_plain(v) for v in x]
    return type(x), x
