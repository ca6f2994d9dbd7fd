"""Calls of compiled functions: what goes straight into machine code gives what the slow
way gives, and what cannot go there goes the slow way."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import resource
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.runtime import dispatch
from jit.runtime.executor import Executor, background, enable_native


def fused(x, y):
    return x * y + y


def for_tensors(x: torch.Tensor, y: torch.Tensor):
    return x * y + y


def scaled(x: torch.Tensor, factor: float = 2.0, *, plus: int = 1):
    return x * factor + plus


def same(x: torch.Tensor):
    return x


def total(x: torch.Tensor):
    return x.sum()


def parts(x: torch.Tensor, n: int):
    return x[0], n + 1


def is_direct(function, *args, **kwargs):
    """Whether a call goes straight into machine code."""
    before = sum(n.hits for n in function.natives)
    function(*args, **kwargs)
    return before + 1 == sum(n.hits for n in function.natives)


def ones(*sizes, dtype="f4"):
    return np.ones(sizes, dtype)


# the way ----------------------------------------------------------------------------


def test_the_second_call_goes_straight_into_machine_code():
    f = jit.script(fused)
    x, y = torch.ones(4), torch.ones(4)
    first = f(x, y)
    assert is_direct(f, x, y)
    assert first.tolist() == f(x, y).tolist() == [2.0] * 4


def test_traced_and_loaded_functions_go_there_too():
    x, y = torch.ones(4), torch.ones(4)
    traced = jit.trace(fused, (x, y))
    loaded = jit.load(traced.save_to_buffer())
    for f in (traced, loaded):
        f(x, y)
        assert is_direct(f, x, y)
        assert [2.0] * 4 == f(x, y).tolist()


def test_many_specialisations_share_a_function():
    f = jit.script(fused)
    given = [
        (1, 2),
        (1.5, 2.0),
        (ones(3), ones(3)),
        (ones(3, dtype="f8"), ones(3)),
        (ones(2, 3), ones(3)),
        (torch.ones(3), torch.ones(3)),
        (torch.ones(2, 3), torch.ones(3)),
    ]
    for args in given:
        f(*args)
    for _ in range(2):
        for args in given:
            assert is_direct(f, *args), args
            assert str(fused(*args)) == str(f(*args))


def test_arrays_for_tensors_give_arrays():
    f = jit.script(for_tensors)
    x, y = ones(2, 3), ones(3)
    first = f(x, y)
    assert is_direct(f, x, y)
    for result in (first, f(x, y)):
        assert type(result) is np.ndarray
        assert (2, 3) == result.shape
    assert isinstance(f(torch.ones(3), torch.ones(3)), torch.Tensor)
    assert isinstance(f(torch.ones(3), y), torch.Tensor)
    assert type(f(x, y)) is np.ndarray


def test_arrays_of_no_dimensions_stay_arrays():
    f = jit.script(total)
    for _ in range(3):
        result = f(ones(2, 3))
        assert type(result) is np.ndarray
        assert () == result.shape
        assert result == 6


def test_an_array_that_is_returned_is_that_array():
    f = jit.script(same)
    x = ones(3)
    for _ in range(3):
        assert f(x) is x


def test_arrays_come_out_of_tuples():
    f = jit.script(parts)
    for _ in range(3):
        row, n = f(ones(2, 3), 4)
        assert type(row) is np.ndarray
        assert (3,) == row.shape
        assert 5 == n


def test_names_and_defaults_of_arguments():
    f = jit.script(scaled)
    x = ones(2)
    for _ in range(2):
        assert [3.0, 3.0] == f(x).tolist()
        assert [4.0, 4.0] == f(x, 3.0).tolist()
        assert [5.0, 5.0] == f(x, factor=3.0, plus=2).tolist()
        assert [4.0, 4.0] == f(x=x, factor=3.0).tolist()
        with pytest.raises(TypeError, match="missing"):
            f()
        with pytest.raises(TypeError, match="unexpected"):
            f(x, scale=3.0)


def test_named_arguments_and_defaults_go_straight_into_machine_code():
    f = jit.script(scaled)
    x = ones(2)
    f(x)
    assert is_direct(f, x)
    assert is_direct(f, x, 3.0)
    assert is_direct(f, x, factor=3.0)
    assert is_direct(f, plus=2, factor=3.0, x=x)
    with pytest.raises(TypeError, match="positional"):
        f(x, 3.0, 2)
    with pytest.raises(TypeError, match="multiple values"):
        f(x, x=x)
    assert [8.0, 8.0] == f(plus=2, factor=6.0, x=x).tolist()


def test_ints_for_declared_floats():
    f = jit.script(scaled)
    x = ones(2)
    f(x, 3.0)
    assert is_direct(f, x, 3)
    assert [4.0, 4.0] == f(x, 3).tolist()
    assert [float(2**62), float(2**62)] == f(x, 2**62).tolist()
    with pytest.raises(TypeError):
        f(x, True, plus="1")


def test_ints_for_open_parameters_are_ints():
    f = jit.script(fused)
    assert 3.75 == f(1.5, 1.5)
    assert 4 == f(1, 2) == f(1, 2)
    assert isinstance(f(1, 2), int)


def test_a_list_that_is_a_default_is_new_in_each_call():
    @jit.script
    def f(x: int, items: list[int] = [1, 2]):
        items.append(x)
        return len(items)

    assert [3, 3, 3] == [f(5) for _ in range(3)]


def test_parameters_and_what_requires_gradients_run():
    f = jit.script(for_tensors)
    weight = torch.nn.Parameter(torch.ones(3))
    x = torch.ones(3).requires_grad_()
    for _ in range(3):
        assert [2.0] * 3 == f(weight, x).tolist()


def test_strided_read_only_and_unaligned_arguments():
    f = jit.script(for_tensors)
    base = np.arange(12, dtype="f4").reshape(3, 4)
    frozen = base.copy()
    frozen.flags.writeable = False
    raw = np.zeros(base.nbytes + 1, "u1")
    crooked = raw[1:].view("f4").reshape(3, 4)
    crooked[:] = base
    for x in (base, base[::-1, ::2], base.T, frozen, crooked):
        for _ in range(2):
            assert (x * x + x).tolist() == f(x, x).tolist()


def optional(x: torch.Tensor, y: torch.Tensor | None = None):
    if y is not None:
        return x * y
    return x


def test_an_optional_argument_is_what_is_given():
    f = jit.script(optional)
    x = torch.full((3,), 3.0)
    for _ in range(2):
        assert [3.0] * 3 == f(x).tolist()
        assert [9.0] * 3 == f(x, x).tolist()
        assert [3.0] * 3 == f(x, None).tolist()
    assert is_direct(f, x)
    assert is_direct(f, x, x)
    assert 2 == jit.cache_info(f).misses
    assert "prim::If" not in str(f.graph_for(x, x))


def test_a_long_int_raises_as_before():
    f = jit.script(fused)
    f(1, 2)
    with pytest.raises(OverflowError):
        f(2**70, 2)
    with pytest.raises(OverflowError):
        f(2**62, 2**62)
    assert 4 == f(1, 2)


def test_errors_keep_the_stack_of_the_script():
    f = jit.script(for_tensors)
    f(ones(3), ones(3))
    with pytest.raises(RuntimeError, match="size of tensor") as caught:
        f(ones(3), ones(4))
    assert any("x * y + y" in note for note in caught.value.__notes__)


# what keeps calls from going there ----------------------------------------------------


def test_a_trace_sees_calls():
    f = jit.script(fused)
    x = torch.ones(3)
    f(x, x)
    traced = jit.trace(lambda a: f(a, a) * 2, (x,))
    assert "CallFunction" in str(traced.graph)
    assert dispatch.observer is None
    assert is_direct(f, x, x)


def test_another_default_dtype_is_another_specialisation():
    @jit.script
    def f(n: int):
        return torch.ones(n) * 1.5

    assert torch.float32 == f(2).dtype
    f(2)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.float64 == f(2).dtype
        assert torch.float64 == f(2).dtype
    finally:
        torch.set_default_dtype(before)
    assert torch.float32 == f(2).dtype


def test_conditions_that_come_back_find_what_was_linked():
    f = jit.script(fused)
    x = torch.ones(3)
    levels = ("strict", "standard")
    before = jit.set_math("standard")
    try:
        for level in levels:
            jit.set_math(level)
            f(x, x)
        natives = set()
        for _ in range(5):
            for level in levels:
                jit.set_math(level)
                f(x, x)
                assert is_direct(f, x, x)
                natives |= set(f.natives)
    finally:
        jit.set_math(before)
    assert 2 == len(natives)


def test_off_interprets_and_comes_back():
    f = jit.script(fused)
    x = torch.ones(3)
    f(x, x)
    for switch in (
        lambda on: enable_native(on),
        lambda on: jit.set_compile_mode("eager" if on else "off"),
    ):
        switch(False)
        assert not is_direct(f, x, x)
        assert [2.0] * 3 == f(x, x).tolist()
        switch(True)
        assert is_direct(f, x, x)


# modes ------------------------------------------------------------------------------


def test_the_modes_are_four():
    assert "eager" == jit.get_compile_mode()
    with pytest.raises(ValueError, match="eager, lazy, background, off"):
        jit.set_compile_mode("sometimes")
    assert "eager" == jit.set_compile_mode("lazy")
    assert "lazy" == jit.get_compile_mode()


def test_lazy_compiles_at_the_second_call():
    jit.set_compile_mode("lazy")
    f = jit.script(fused)
    x = torch.ones(3)
    f(x, x)
    assert () == f.natives
    f(x, x)
    assert is_direct(f, x, x)
    assert [2.0] * 3 == f(x, x).tolist()


def test_background_compiles_meanwhile():
    jit.set_compile_mode("background")
    f = jit.script(fused)
    x = torch.ones(3)
    assert [2.0] * 3 == f(x, x).tolist()
    background.wait()
    f(x, x)
    assert is_direct(f, x, x)
    assert [2.0] * 3 == f(x, x).tolist()


def test_a_process_may_end_while_code_is_made():
    code = """
import jit
from jit import torch
jit.set_compile_mode("background")
f = jit.trace(lambda x: torch.tanh(x @ x) + 1, (torch.ones(3, 3),))
print(f(torch.ones(3, 3)).shape)
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "JIT_CACHE": "0"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ("torch.Size([3, 3])", "") == (run.stdout.strip(), run.stderr)


def test_off_compiles_nothing():
    jit.set_compile_mode("off")
    f = jit.script(fused)
    for _ in range(3):
        f(1, 2)
    assert () == f.natives


def test_explain_says_that_machine_code_is_off():
    f = jit.script(fused)
    assert f.explain(1, 2).is_native
    jit.set_compile_mode("off")
    assert "machine code is switched off" in str(f.explain(1, 2))


@pytest.mark.parametrize(
    ("variable", "value"), [("JIT_NATIVE", "0"), ("JIT_COMPILE_MODE", "off")]
)
def test_the_environment_switches_it_off(variable, value):
    code = "from jit.runtime.executor import native_enabled as e; print(e())"
    for setting, expected in (("", "True"), (value, "False")):
        environment = {k: v for k, v in os.environ.items() if k != variable}
        if setting:
            environment[variable] = setting
        run = subprocess.run(
            [sys.executable, "-c", code],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert expected == run.stdout.strip()


def test_an_unknown_mode_in_the_environment_is_an_error():
    run = subprocess.run(
        [sys.executable, "-c", "import jit; jit.get_compile_mode()"],
        env={**os.environ, "JIT_COMPILE_MODE": "often"}, capture_output=True, text=True,
    )  # fmt: skip
    assert "eager, lazy, background, off" in run.stderr


# the cache ----------------------------------------------------------------------------


def test_new_sizes_do_not_compile():
    f = jit.script(for_tensors)
    for n in range(50):
        x = torch.ones(n, 3)
        assert [[2.0] * 3] * n == f(x, x).tolist()
        assert [[2.0] * 3] * n == f(x, torch.ones(1, 3)).tolist()
    info = jit.cache_info(f)
    assert (1, 99, 1) == (info.misses, info.hits, info.currsize)
    assert info.compile_seconds > 0


def test_the_cache_is_bounded_and_says_what_changes():
    before = jit.set_cache_limit(4)
    try:
        f = jit.script(scaled)
        with pytest.warns(
            jit.CacheWarning, match="`x` keeps changing its rank"
        ) as told:
            for rank in range(1, 8):
                assert 3.0 == f(torch.ones((1,) * rank)).item()
        assert __file__ == told[0].filename
        assert 1 == len(told)
        info = jit.cache_info(f)
        assert (7, 4, 4) == (info.misses, info.currsize, info.maxsize)
        assert len(f.natives) <= 4
        for rank in range(1, 8):
            assert 3.0 == f(torch.ones((1,) * rank)).item()
    finally:
        jit.set_cache_limit(before)
    with pytest.raises(ValueError, match="keeps nothing"):
        jit.set_cache_limit(0)


def test_what_is_used_stays_in_the_cache():
    before = jit.set_cache_limit(3)
    try:
        f = jit.script(total)
        kept = torch.ones(2)
        with pytest.warns(jit.CacheWarning):
            for rank in range(2, 9):
                f(kept)
                f(torch.ones((1,) * rank))
        misses = jit.cache_info(f).misses
        f(kept)
        assert misses == jit.cache_info(f).misses
    finally:
        jit.set_cache_limit(before)


def test_only_what_is_compiled_has_a_cache():
    with pytest.raises(TypeError, match="not compiled"):
        jit.cache_info(fused)


# objects ------------------------------------------------------------------------------


def test_a_function_stays_an_object_of_python():
    f = jit.script(fused)
    x = torch.ones(3)
    f(x, x)
    assert isinstance(f, jit.ScriptFunction)
    assert "fused" == f.__name__
    assert f is copy.copy(f) is copy.deepcopy(f)

    class Holder:
        method = f

    assert f is Holder.method
    assert [2.0] * 3 == f.__get__(x)(x).tolist()
    traced = jit.trace(for_tensors, (x, x))
    assert [2.0] * 3 == pickle.loads(pickle.dumps(traced))(x, x).tolist()


def test_functions_die():
    f = jit.script(fused)
    x = torch.ones(3)
    f(x, x)
    natives = [weakref.ref(n) for n in f.natives]
    gone = weakref.ref(f)
    del f
    gc.collect()
    assert gone() is None
    assert [None] == [n() for n in natives]


def test_a_circle_through_a_function_is_collected():
    f = jit.script(fused)
    f(1, 2)
    f.myself = f
    gone = weakref.ref(f)
    del f
    gc.collect()
    assert gone() is None


# threads ------------------------------------------------------------------------------


def in_threads(count, work):
    failures = []

    def run(index):
        try:
            work(index)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=[i]) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == failures


def test_threads_specialise_at_once():
    f = jit.script(fused)

    def work(index):
        for rank in (1, 2, 3, 1, 2, 3):
            x = torch.full((2,) * rank, float(index))
            assert bool((f(x, x) == index * index + index).all())

    in_threads(8, work)
    assert 3 == jit.cache_info(f).misses


def test_many_calls_from_threads_keep_no_memory():
    f = jit.script(for_tensors)
    x, y = ones(64), ones(64)
    tensor = torch.ones(64)

    def work(index):
        for n in range(1500):
            assert 2.0 == f(x, y)[5]
            assert 2.0 == f(tensor, tensor).array[index]
            if n % 100 == 0:
                with pytest.raises(RuntimeError):
                    f(x, ones(63))

    in_threads(8, work)
    gc.collect()
    counts = [sys.getrefcount(o) for o in (x, y, tensor, f, x.dtype)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    in_threads(8, work)
    gc.collect()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    again = [sys.getrefcount(o) for o in (x, y, tensor, f, x.dtype)]
    assert counts[:4] == again[:4]
    assert abs(counts[4] - again[4]) < 100
    assert after - before < 8 << 10


def test_functions_die_while_others_are_called():
    kept = jit.script(for_tensors)
    x = torch.ones(8)

    def work(index):
        for n in range(20):
            if index % 2:
                f = jit.script(fused)
                assert [2.0] * 8 == f(x, x).tolist()
            for _ in range(50):
                assert 2.0 == kept(x, x).array[n % 8]

    in_threads(4, work)


def test_the_cache_may_overflow_while_others_call():
    before = jit.set_cache_limit(3)
    try:
        f = jit.script(fused)
        with pytest.warns(jit.CacheWarning):

            def work(index):
                for n in range(12):
                    x = torch.ones((1,) * (1 + (n + index) % 5))
                    assert 2.0 == f(x, x).item()

            in_threads(4, work)
        assert jit.cache_info(f).currsize <= 3
    finally:
        jit.set_cache_limit(before)


def test_an_executor_counts_calls_of_a_module():
    layer = jit.script(torch.nn.Linear(3, 2))
    x = torch.ones(4, 3)
    for _ in range(3):
        layer(x)
    info = jit.cache_info(layer)
    assert isinstance(layer._executor, Executor)
    assert 1 <= info.currsize
