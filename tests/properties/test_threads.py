"""One compiled function, called from many threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

import jit
from jit import torch
from jit.torch import Tensor

THREADS = 8
CALLS = 40


def repeated(x, n: int):
    """Unannotated `x`: each kind of argument is compiled when it comes first."""
    total = x
    for i in range(n):
        total = total + x * i
    return total


def written(x: Tensor, n: int) -> Tensor:
    y = x.clone()
    while n > 0:
        y[0] += n
        y = y * 2
        n -= 1
    return y


ARGUMENTS: list[Any] = [
    2,
    0.5,
    torch.tensor([1.0, 2.0]),
    torch.tensor([[1, 2], [3, 4]]),
    torch.tensor(3.0, dtype=torch.float64),
    np.arange(3.0),
    np.arange(4, dtype=np.int32).reshape(2, 2),
]
TENSORS = [torch.ones(2), torch.ones(2, 3), torch.arange(3), torch.ones(1).double()]


def shown(x: Any) -> tuple[str, str, str]:
    array = x.array if isinstance(x, Tensor) else np.asarray(x)
    return type(x).__name__, str(array.dtype), str(array.tolist())


def together(work: Callable[[int], list[tuple[Any, Any]]]) -> list[tuple[Any, Any]]:
    """Start the same work in all threads at one moment; what they found, in a row."""
    barrier = threading.Barrier(THREADS)
    found: list[list[tuple[Any, Any]]] = [[] for _ in range(THREADS)]
    errors: list[Exception] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            found[number] = work(number)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [pair for part in found for pair in part]


def calls(function: Any, plain: Any, given: list[Any]) -> list[tuple[Any, Any]]:
    """Expected and actual results of calls from all threads, each in its own order."""

    def work(number: int) -> list[tuple[Any, Any]]:
        pairs = []
        for i in range(CALLS):
            x = given[(i + number) % len(given)]
            pairs.append((shown(plain(x, i % 3)), shown(function(x, i % 3))))
        return pairs

    return together(work)


def test_threads_get_right_results_for_changing_kinds_of_arguments() -> None:
    pairs = calls(jit.script(repeated), repeated, ARGUMENTS)

    assert THREADS * CALLS == len(pairs)
    assert [e for e, _ in pairs] == [a for _, a in pairs]


def test_the_first_call_may_come_from_all_threads_at_once() -> None:
    for x in TENSORS:
        pairs = calls(jit.script(written), written, [x])

        assert [e for e, _ in pairs] == [a for _, a in pairs]


def test_each_kind_is_compiled_once() -> None:
    function = jit.script(repeated)
    calls(function, repeated, ARGUMENTS)

    kinds = {type(x) if not isinstance(x, np.ndarray) else "array" for x in ARGUMENTS}
    assert len(kinds) == len(function.program.functions)


def test_loaded_functions_are_shared_by_threads_too() -> None:
    loaded = jit.load(jit.script(written).save_to_buffer())
    pairs = calls(loaded, written, TENSORS)

    assert [e for e, _ in pairs] == [a for _, a in pairs]
