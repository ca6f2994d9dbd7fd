"""Modules run as machine code: what they hold is read anew in each call."""

from __future__ import annotations

import functools
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.runtime.executor import enable_native
from jit.torch import nn


def interpreted(model, *args):
    """What the interpreter gives for a copy of a model."""
    before = enable_native(False)
    try:
        return model.copy()(*args)
    finally:
        enable_native(before)


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        self.scale = 2.0

    def forward(self, x):
        return self.layers(x) * self.scale


def mlp():
    torch.manual_seed(3)
    return jit.script(Mlp())


X = torch.tensor([[1.0, -2.0, 0.5, 3.0], [0.0, 1.0, -1.0, 2.0]])


def same(a, b):
    np.testing.assert_allclose(a.numpy(force=True), b.numpy(force=True), rtol=1e-6)


def test_a_module_is_machine_code_as_a_whole():
    model = mlp()

    same(interpreted(model, X), model(X))

    assert model.explain(X).is_native


def test_weights_that_are_changed_in_place_count_in_the_next_call():
    model = mlp()
    before = model(X)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.5)

    after = model(X)

    assert not torch.equal(before, after)
    same(interpreted(model, X), after)


def test_a_parameter_that_is_replaced_counts_in_the_next_call():
    model = mlp()
    model(X)
    model.layers[0].weight = nn.Parameter(torch.ones(8, 4))

    same(interpreted(model, X), model(X))


def test_load_state_dict_counts_in_the_next_call():
    model, other = mlp(), Mlp()
    model(X)
    model.load_state_dict(other.state_dict())

    same(other(X), model(X))


def test_parameters_of_another_dtype_get_a_version_of_their_own():
    model = mlp()
    model(X)
    model.to(torch.float64)
    wide = X.to(torch.float64)

    found = model(wide)

    assert found.dtype == torch.float64
    same(interpreted(model, wide), found)
    assert model.explain(wide).is_native


class Cache(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(1, 2))

    def forward(self, x):
        return (self.seen * x).sum(0)


def test_versions_are_counted():
    model = mlp()
    for _ in range(5):
        model(X)
    model.eval()
    model.to(torch.float64)
    for _ in range(5):
        model(X.to(torch.float64))

    info = model.cache_info()

    assert (2, 8) == (info.misses, info.hits)
    assert info.compile_seconds > 0


def test_a_tensor_whose_sizes_change_is_open_from_then_on():
    model = jit.script(Cache())
    x = torch.ones(2)
    for length in (1, 2, 3, 4, 5, 0):
        model.seen = torch.ones(length, 2)
        assert model(x).tolist() == [length, length]

    function = model.forward.function.name
    assert len(model._executor.specialisations(function)) == 2
    model.seen = torch.ones(3, 1)
    assert model(x).tolist() == [3, 3]


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        y = self.conv(x)
        y += x
        return torch.relu_(y)


@pytest.mark.parametrize("capture", [lambda m: m, jit.freeze])
def test_a_residual_is_added_where_the_convolution_is_written(capture):
    torch.manual_seed(0)
    module = nn.Sequential(Residual(3), Residual(3)).eval()
    model = capture(jit.script(module))
    x = torch.randn(2, 3, 5, 6)

    np.testing.assert_allclose(
        module(x).numpy(force=True), model(x).numpy(force=True), rtol=1e-5, atol=1e-6
    )
    assert model.explain(x).is_native
    kinds = [node.kind for node in model.graph_for(x).nodes]
    assert kinds.count("prim::FusionGroup") == 2


def test_a_number_that_changes_becomes_an_input():
    model = mlp()
    once = model(X)
    for factor in (3.0, 4.0, 5.0, 6.0):
        model.scale = factor
        same(once * (factor / 2.0), model(X))

    versions = model.forward._owner._executor.specialisations(
        model.forward.function.name
    )

    assert len(versions) == 2


def test_negative_zero_is_another_number():
    class Divide(nn.Module):
        def __init__(self):
            super().__init__()
            self.zero = 0.0

        def forward(self, x):
            return x / self.zero

    model = jit.script(Divide())
    one = torch.ones(1)

    assert model(one).item() == np.inf
    model.zero = -0.0
    assert model(one).item() == -np.inf


class Switch(nn.Module):
    def __init__(self):
        super().__init__()
        self.mode = "add"
        self.offset = None

    def forward(self, x):
        if self.training:
            return x + 1
        if self.mode == "add":
            return x + 2
        return x * 5


def test_flags_and_texts_are_constants_that_are_checked():
    model = jit.script(Switch())
    x = torch.ones(2)

    assert model(x).tolist() == [2, 2]
    model.eval()
    assert model(x).tolist() == [3, 3]
    model.mode = "".join(["m", "ul"])
    assert model(x).tolist() == [5, 5]
    model.train()
    assert model(x).tolist() == [2, 2]


class Counter(nn.Module):
    count: int

    def __init__(self):
        super().__init__()
        self.count = 0
        self.register_buffer("total", torch.zeros(2))

    def forward(self, x):
        self.count += 1
        self.total += x
        if self.count > 2:
            raise ValueError(f"called {self.count} times")
        return self.total * self.count


def test_attributes_that_are_set_stay_set_also_after_an_exception():
    model = jit.script(Counter())
    x = torch.ones(2)

    assert model(x).tolist() == [1, 1]
    assert model(x).tolist() == [4, 4]
    with pytest.raises(ValueError, match="called 3 times"):
        model(x)
    assert model.count == 3
    assert model.total.tolist() == [3, 3]


class Pair(nn.Module):
    def __init__(self, shared):
        super().__init__()
        self.a = shared
        self.b = shared

    def forward(self, x):
        return self.a(x), self.b(x)


class Step(nn.Module):
    count: int

    def __init__(self):
        super().__init__()
        self.count = 0
        self.weight = nn.Parameter(torch.ones(2))

    def forward(self, x):
        self.count += 1
        return x * self.weight * self.count


def test_a_shared_submodule_sees_what_was_set_by_another_path():
    model = jit.script(Pair(Step()))

    first, second = model(torch.ones(2))

    assert first.tolist() == [1, 1]
    assert second.tolist() == [2, 2]
    assert model.a.count == 2


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3)
        self.norm = nn.BatchNorm1d(3)

    def forward(self, x):
        return self.norm(self.linear(x))


def test_batch_norm_updates_its_statistics_when_training():
    torch.manual_seed(0)
    plain = Norm()
    model = jit.script(plain).copy()

    for _ in range(3):
        same(plain(X), model(X))

    assert model.norm.num_batches_tracked.item() == 3
    same(plain.norm.running_mean, model.norm.running_mean)
    same(plain.norm.running_var, model.norm.running_var)
    plain.eval(), model.eval()
    same(plain(X), model(X))


class Gives(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))

    def forward(self, x):
        return self.weight, self.weight.view(2, 1), x


def test_a_parameter_that_is_returned_is_the_parameter():
    model = jit.script(Gives())

    weight, view, _ = model(torch.ones(1))

    assert weight is model.weight
    view.fill_(4)
    assert model.weight.tolist() == [4, 4]


def test_exceptions_are_those_of_the_interpreter():
    model = mlp()
    wrong = torch.ones(2, 5)
    with pytest.raises(RuntimeError) as native_error:
        model(wrong)
    with pytest.raises(RuntimeError) as error:
        interpreted(model, wrong)

    assert str(error.value) == str(native_error.value)
    assert error.value.__notes__ == native_error.value.__notes__


def test_copies_have_weights_of_their_own():
    model = mlp()
    copy = model.copy()
    before = model(X)
    with torch.no_grad():
        copy.layers[2].bias.fill_(100)

    same(before, model(X))
    assert copy(X).min().item() > 100


def test_a_traced_module_is_machine_code():
    torch.manual_seed(3)
    module = Mlp()
    model = jit.trace(module, X)

    same(module(X), model(X))
    assert model.explain(X).is_native
    with torch.no_grad():
        module.layers[0].weight.mul_(2)
    same(module(X), model(X))


def test_a_loaded_module_is_machine_code(tmp_path):
    model = mlp()
    model.save(tmp_path / "model.trs")
    loaded = jit.load(tmp_path / "model.trs")

    same(model(X), loaded(X))
    assert loaded.explain(X).is_native


def test_a_loaded_module_may_be_trained(tmp_path):
    model = jit.script(Norm())
    model.save(tmp_path / "model.trs")
    loaded = jit.load(tmp_path / "model.trs")

    same(model(X), loaded(X))
    same(model.norm.running_var, loaded.norm.running_var)


def test_arrays_give_arrays():
    model = mlp()

    found = model(X.numpy())

    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(model(X).numpy(force=True), found)


def test_a_function_may_be_given_a_module():
    class Twice(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return self.apply_to(x) + self.apply_to(x)

        def apply_to(self, x):
            return self.inner(x)

    model = jit.script(Twice(Mlp()))

    same(interpreted(model, X), model(X))
    assert model.explain(X).is_native


def test_a_submodule_can_be_called_by_itself():
    model = mlp()
    whole = model(X)

    part = model.layers(X)

    same(whole, part * 2)


def test_hooks_run_also_when_calls_were_direct():
    model = mlp()
    plain = model(X)
    model(X)
    seen = []
    handle = model.register_forward_hook(lambda module, args, result: seen.append(1))

    same(plain, model(X))
    same(plain, model(X))
    assert seen == [1, 1]
    handle.remove()
    same(plain, model(X))
    same(plain, model(X))
    assert seen == [1, 1]


def test_keywords_and_wrong_counts_of_arguments_are_told():
    model = mlp()
    plain = model(X)

    same(plain, model(x=X))
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        model(X, X)
    with pytest.raises(TypeError, match="missing"):
        model()


def test_submodules_of_one_type_are_bound_to_their_own_weights():
    torch.manual_seed(1)
    model = jit.script(nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)))
    first, second = model[0], model[1]

    for _ in range(2):
        same(first(X) @ second.weight.t() + second.bias, second(first(X)))
        same(model(X), second(first(X)))


@contextmanager
def repeated_by_another_thread(action):
    stop = threading.Event()

    def repeat():
        while not stop.is_set():
            action()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def assert_whole(found):
    """The product of ones and of a weight that is 1 or 2 everywhere."""
    found = found.numpy(force=True)
    assert found.min() == found.max() and found[0, 0] in (256.0, 512.0)


def test_calls_keep_weights_that_are_replaced_meanwhile():
    model = jit.script(nn.Sequential(nn.Linear(256, 256), nn.ReLU()))
    x = torch.ones(64, 256)
    weights = [nn.Parameter(torch.full((256, 256), float(i))) for i in (1, 2)]
    model[0].bias = nn.Parameter(torch.zeros(256))
    model[0].weight = weights[0]
    model(x)  # made ready before threads contend

    def replace():
        for weight in weights:
            model[0].weight = nn.Parameter(weight.clone())

    with repeated_by_another_thread(replace):
        for _ in range(300):
            assert_whole(model(x))
    assert sys.getrefcount(weights[0]) < 10


def product(x, weight):
    return torch.relu(x @ weight.t())


@pytest.mark.parametrize("what", ["weight of a module", "argument"])
def test_calls_keep_arrays_that_are_replaced_meanwhile(what):
    weight = nn.Parameter(torch.ones(256, 256))
    x = torch.ones(64, 256)
    if what == "argument":
        call = functools.partial(jit.script(product), x, weight)
    else:
        model = jit.script(nn.Sequential(nn.Linear(256, 256, bias=False), nn.ReLU()))
        model[0].weight = weight
        call = functools.partial(model, x)
    call()

    def replace():
        for number in (1.0, 2.0):
            weight.data = torch.full((256, 256), number)

    with repeated_by_another_thread(replace):
        for _ in range(2000):
            assert_whole(call())


def test_references_are_not_leaked():

    model = mlp()
    weight = model.layers[0].weight
    array = weight.array
    for _ in range(10):
        model(X)
    with pytest.raises(RuntimeError):
        model(torch.ones(2, 5))
    before = sys.getrefcount(weight), sys.getrefcount(array)
    for _ in range(50):
        model(X)
        with pytest.raises(RuntimeError):
            model(torch.ones(2, 5))

    assert (sys.getrefcount(weight), sys.getrefcount(array)) == before


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.up = nn.Linear(8, 16)
        self.down = nn.Linear(16, 8)

    def forward(self, x):
        return x + self.down(nn.functional.gelu(self.up(self.norm(x))))


@pytest.mark.parametrize("capture", [lambda m: m, jit.freeze])
def test_kernels_of_equal_layers_are_made_once(capture):
    def libraries(count):
        torch.manual_seed(0)
        layers = nn.Sequential(*[Layer() for _ in range(count)]).eval()
        model = capture(jit.script(layers))
        x = torch.ones(2, 3, 8)
        np.testing.assert_allclose(
            layers(x).numpy(force=True),
            model(x).numpy(force=True),
            rtol=1e-5,
            atol=1e-6,
        )
        explanation = model.explain(x)
        assert explanation.is_native
        return len(explanation.llvm)

    assert libraries(2) == libraries(6)
