"""Types: Optional, isinstance, how types become narrower; devices and the like."""

import torch
from typing import List, Optional

from tests.language.corpus import program, scenario

# An empty list literal is a list of Tensors.


@program(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.zeros(0, 2))
def empty_list_is_tensors(x):
    out = []
    for row in x:
        out.append(row * 2)
    return out


# isinstance with one type, with a tuple of types, and as refinement.


@program((1, "s"))
def isinstance_facts(i: int, s: str):
    return isinstance(i, int), isinstance(i, float), isinstance(s, (int, str))


@program(4, None)
def isinstance_refine(x: Optional[int]):
    if isinstance(x, int):
        return x + 1
    return 0


# A list of Optional elements.


@program([1, None, 3], [None], [])
def list_optional_elements(a: List[Optional[int]]):
    s = 0
    missing = 0
    for x in a:
        if x is None:
            missing += 1
        else:
            s += x
    return s, missing


# `and`, `or` and a conditional expression refine an Optional.


@program((1, 2), (1, None), (None, None))
def optional_and_or_both(x: Optional[int], y: Optional[int]):
    if x is not None and y is not None:
        return x + y
    return -1


@program(None, 3, 4)
def optional_and_or_either(x: Optional[int]):
    return x is None or x > 3


@program(None, 3, 4)
def optional_and_or_expression(x: Optional[int]):
    return x * 2 if x is not None else 7


# An early return, a raise or an assert refines an Optional for what follows.


@program(1, None)
def optional_early_exit_returned(x: Optional[int]) -> int:
    if x is None:
        return 0
    return x + 1


@program(1, None)
def optional_early_exit_raised(x: Optional[int]) -> int:
    if x is None:
        raise ValueError("None")
    return x + 1


@program(1, None)
def optional_early_exit_asserted(x: Optional[int]) -> int:
    assert x is not None
    return x + 1


# `is None` and `is not None` refine an Optional in both branches.


@program(None, 0, 4)
def optional_is_none_plus(x: Optional[int]):
    if x is None:
        r = -1
    else:
        r = x + 1
    return r


@program(None, 0, 4)
def optional_is_none_times(x: Optional[int]):
    if x is not None:
        return x * 2
    return 0


# A loop carries an Optional.


@program([3, 9, -2], [-4], [])
def optional_loop_carried(a: List[int]):
    best: Optional[int] = None
    for x in a:
        if best is None:
            best = x
        elif x > best:
            best = x
    return best


# `int | None` is an Optional.


@program(None, (4, 5))
def optional_pep604(x: int | None, y: int = 1) -> int:
    if x is None:
        return y
    return x + y


# A function returns a value or None.


@program((["ab", "cde"], "c"), (["ab", "cde"], "x"))
def optional_returned_find(a: List[str], prefix: str) -> Optional[str]:
    for s in a:
        if s.startswith(prefix):
            return s
    return None


@program((["ab", "cde"], "c"), (["ab", "cde"], "x"))
def optional_returned_length(a: List[str], prefix: str) -> int:
    s = optional_returned_find(a, prefix)
    if s is None:
        return -1
    return len(s)


# An Optional Tensor argument, with a default of None.


@program(
    (torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0], [0.5, 2.0]])),
    (
        torch.tensor([[1.0, 2.0]]),
        torch.tensor([[1.0, 0.0], [0.5, 2.0]]),
        torch.tensor([10.0, 20.0]),
    ),
    (torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0], [0.5, 2.0]]), None),
)
def optional_tensor(x, w, b: Optional[torch.Tensor] = None):
    y = x @ w
    if b is not None:
        y = y + b
    return y


# Devices, dtypes, None and generators are given as arguments.


@program(torch.device("cpu"))
def a_device(d: torch.device):
    return torch.zeros(2, device=d), d.type, d == torch.device("cpu")


@program(torch.float64, torch.int32)
def a_dtype(dtype: torch.dtype):
    return torch.zeros(2, dtype=dtype), dtype == torch.int32


@program(None)
def a_none(x: None):
    return x is None, x


@scenario
def a_generator():
    @torch.jit.script
    def drawn(n: int, g: Optional[torch.Generator]):
        return torch.rand(n, generator=g)

    a = torch.Generator()
    b = torch.Generator()
    a.manual_seed(3)
    b.manual_seed(3)
    yield "one seed", torch.equal(drawn(4, a), drawn(4, b))
    yield "goes on", torch.equal(drawn(4, a), drawn(4, a))
    yield "none", drawn(3, None).shape[0]
