"""Forward hooks of modules are compiled with them."""

from __future__ import annotations

import io
from typing import Tuple  # noqa: UP035  as users of torch write

import pytest

import jit
from jit import torch


class Inner(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x, n: int = 2):
        return x + n


class Outer(torch.nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x) * 10 + self.inner(x, 3) + self.inner(x, n=5)


def doubled(module, inputs):
    module.calls += len(inputs)
    return (inputs[0] * 2, *inputs[1:])


def looks(module, inputs):
    module.calls += 10


def lowered(module, inputs, result):
    if result.sum() > 0:
        return result - inputs[0]
    return result


def only(module, inputs: Tuple[torch.Tensor]) -> Tuple[torch.Tensor]:  # noqa: UP006
    return (inputs[0] + 1,)


def bare(module, inputs):
    return inputs[0] + 1


def made(*hooks, outer=()):
    inner = Inner()
    for hook in hooks:
        if hook in (lowered,):
            inner.register_forward_hook(hook)
        else:
            inner.register_forward_pre_hook(hook)
    module = Outer(inner)
    for hook in outer:
        module.register_forward_pre_hook(hook)
    return module


CASES = {
    "changed arguments": lambda: made(doubled),
    "looking on": lambda: made(looks),
    "changed result": lambda: made(lowered),
    "several": lambda: made(doubled, looks, lowered, doubled),
    "of the whole": lambda: made(doubled, lowered, outer=(only, bare)),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("sign", [1.0, -9.0])
def test_a_script_calls_hooks_as_python_does(case, sign):
    plain, scripted = CASES[case](), jit.script(CASES[case]())
    x = torch.full((2,), sign)
    expected = plain(x)

    assert expected.tolist() == scripted(x).tolist()
    assert plain.inner.calls == scripted.inner.calls
    buffer = io.BytesIO()
    scripted.save(buffer)
    loaded = jit.load(io.BytesIO(buffer.getvalue()))
    assert expected.tolist() == loaded(x).tolist()
    assert 2 * plain.inner.calls == loaded.inner.calls


def test_modules_with_other_hooks_have_other_types():
    both = torch.nn.Sequential(made(doubled), made(lowered), made())
    x = torch.ones(2)

    assert both(x).tolist() == jit.script(both)(x).tolist()


def test_hooks_that_are_not_compiled_are_refused():
    module = Inner()
    module.register_forward_hook(lambda m, i, k, o: o, with_kwargs=True)
    with pytest.raises(jit.CompileError, match="takes keyword arguments") as error:
        jit.script(module)
    assert "E0106" == error.value.code


def test_a_compiled_module_with_hooks_gets_no_more_of_them():
    module = Inner()
    module.register_forward_hook(lowered)
    scripted = jit.script(module)
    with pytest.raises(RuntimeError, match="were compiled with it"):
        scripted.register_forward_hook(lowered)
