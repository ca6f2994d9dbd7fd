"""Scripts that ask about gradients: each gives what eager code gives, every way."""

from __future__ import annotations

import io

import numpy as np
import pytest

import jit
from jit import torch

PROGRAMS = []


def program(function):
    """Add a function of one tensor."""
    PROGRAMS.append(function)
    return function


@program
def what_a_tensor_is(x):
    y = x * 2
    return x.requires_grad, x.is_leaf, y.requires_grad, y.is_leaf, x.data.requires_grad


@program
def the_gradient_is_none(x):
    g = x.grad
    return g is None


@program
def backward_fills_the_gradient(x):
    if x.grad is None:
        (x * x).sum().backward()
    if x.grad is not None:
        return x.grad * 2
    return x


@program
def a_gradient_is_taken_for_there(x):
    (x * x).sum().backward()
    return x.grad * 2 + triple(x.grad) + x.grad.sum() + torch.exp(x.grad)


def triple(x: torch.Tensor):
    return x * 3


def declared(x: torch.Tensor) -> torch.Tensor:
    x.sum().backward()
    return x.grad


@program
def a_function_returns_a_gradient(x):
    return declared(x) * 2


@program
def a_gradient_is_written(x):
    x.sum().backward()
    if x.grad is not None:
        x.grad.mul_(5)
    return x.grad


@program
def backward_knows_no_longer(x):
    before = x.grad is None
    x.sum().backward()
    return before, x.grad is None


@program
def backward_with_a_gradient(x):
    (x * x).backward(torch.tensor([1.0, 3.0]), retain_graph=True)
    torch.autograd.backward([x.sum()])
    torch.autograd.backward((x * x,), (torch.ones(2),))
    return x.grad


@program
def a_result_keeps_its_gradient(x):
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    return y.grad, y.retains_grad, x.retains_grad


@program
def requires_grad_is_set(x):
    y = x.detach().requires_grad_()
    (g,) = torch.autograd.grad((y * y).sum(), y)
    return g * 2, y.requires_grad_(False).requires_grad


@program
def new_tensors_require_gradients(x):
    a = torch.ones(2, requires_grad=True)
    b = torch.tensor([1.0, 2.0], requires_grad=x.requires_grad)
    c = torch.zeros(2, requires_grad=False)
    return a.requires_grad, b.requires_grad, c.requires_grad, a * b * x


@program
def gradients_of_gradients(x):
    (g,) = torch.autograd.grad((x * x * x).sum(), x, create_graph=True)
    return g * x


@program
def gradients_of_what_does_not_depend(x):
    other = torch.ones(2, requires_grad=True)
    found = torch.autograd.grad([x.sum()], (x, other), allow_unused=True)
    return found[0], found[1] is None


@program
def gradients_with_weights(x):
    y = x * x
    weights: list[torch.Tensor | None] = [torch.tensor([1.0, 10.0])]
    found: list[torch.Tensor | None] = torch.autograd.grad(
        [y], [x], grad_outputs=weights, retain_graph=True
    )
    again = torch.autograd.grad(y, x, torch.ones_like(y))
    first = found[0]
    assert first is not None
    return first + again[0]


@program
def gradients_in_a_loop(x):
    w = torch.ones(2, requires_grad=True)
    for _ in range(3):
        g = torch.autograd.grad(((w * 3 - 1) ** 2).sum(), w)[0]
        w = (w - 0.1 * g).detach().requires_grad_()
    return w * x


def slope(y, x):
    return torch.autograd.grad([y], [x], create_graph=True)[0]


@program
def a_function_asks(x):
    return slope((x * x).sum(), x) * 2


@program
def modes_are_asked(x):
    count = 0
    with torch.enable_grad():
        count += int((x * 2).requires_grad)
    with torch.no_grad():
        count += 10 * int((x * 2).requires_grad) + 20 * int(torch.is_grad_enabled())
        with torch.enable_grad():
            count += 100 * int((x * 2).requires_grad)
    with torch.set_grad_enabled(x.sum() > 100):
        count += 1000 * int((x * 2).requires_grad)
    return count, torch.is_grad_enabled()


def half_recorded(x, n: int):
    for i in range(n):
        with torch.set_grad_enabled(i % 2 == 0):
            y = x * i
            if i == 2:
                return y.requires_grad
    return False


@program
def modes_end_with_a_return(x):
    return half_recorded(x, 3), half_recorded(x, 1), torch.is_grad_enabled()


@program
def modes_end_with_an_exception(x):
    try:
        with torch.enable_grad():
            assert x.sum() > 100
    except AssertionError:
        return torch.is_grad_enabled()
    return True


@program
def modes_are_switched(x):
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    y = x * 2
    torch.set_grad_enabled(before)
    return y.requires_grad, (x * 2).requires_grad


class Descent:
    def __init__(self, weight: torch.Tensor):
        self.weight = weight

    def step(self, x):
        slope = torch.autograd.grad((self.weight * x).sum(), self.weight)[0]
        with torch.no_grad():
            self.weight -= slope * 0.5


@program
def an_instance_is_trained(x):
    descent = Descent(torch.ones(2, requires_grad=True))
    for _ in range(3):
        descent.step(x.detach())
    return descent.weight


@program
def rows_of_a_loop(x):
    y = x * 1
    with torch.no_grad():
        for row in x:
            y = y + row * x + int(row.requires_grad)
    return y * x


@program
def parts_of_a_tensor(x):
    with torch.no_grad():
        a, b = x
        rest = [part * 2 for part in x]
    return a * x, b * x, rest[0].requires_grad


@program
def writes_in_place(x):
    y = x * x
    with torch.no_grad():
        z = y.mul_(2)
        y += 1
        y[0] = 5.0
    return y * 3, z.requires_grad


@program
def writes_to_a_leaf(x):
    with torch.no_grad():
        x.mul_(3).add_(x)
        x[0] = 7.0
    return x * x


@program
def writes_with_something_recorded(x):
    y = torch.ones(2)
    z = x * x
    with torch.no_grad():
        y.add_(z)
        torch.add(z, z, out=torch.zeros(2))
    return y * z, y.requires_grad


@program
def containers_keep_what_they_hold(x):
    kept = [x * 2]
    with torch.no_grad():
        kept.append(x)
        first = kept[0]
        named = {"x": x}
    return first * kept[1] * named["x"]


def outcome(function, requires_grad, mode):
    x = torch.tensor([1.0, 2.0], requires_grad=requires_grad)
    before = torch.is_grad_enabled()
    try:
        with torch.set_grad_enabled(mode):
            found = function(x)
            after = torch.is_grad_enabled()
    except RuntimeError as error:
        return str(error)
    values = found if isinstance(found, tuple) else (found,)
    facts = [plain(v) for v in values]
    assert torch.is_grad_enabled() == before
    if isinstance(values[0], torch.Tensor) and values[0].requires_grad:
        values[0].sum().backward()
    return facts, after, plain(x), plain(x.grad)


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist(), value.requires_grad
    return value


@pytest.fixture(scope="module")
def loaded():
    """The programs, saved and loaded."""

    def load(function):
        if function not in found:
            scripted = jit.script(function)
            buffer = io.BytesIO()
            scripted.save(buffer)
            buffer.seek(0)
            found[function] = jit.load(buffer)
        return found[function]

    found = {}
    return load


@pytest.mark.parametrize("mode", [True, False], ids=["recorded", "off"])
@pytest.mark.parametrize("wants", [True, False], ids=["gradients", "none"])
@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_a_script_gives_what_eager_code_gives(function, wants, mode, loaded):
    scripted = jit.script(function)
    expected = outcome(function, wants, mode)

    for way in (scripted, scripted, scripted.interpret, loaded(function)):
        assert expected == outcome(way, wants, mode)


@pytest.mark.parametrize(
    "function",
    [
        what_a_tensor_is,
        requires_grad_is_set,
        gradients_of_gradients,
        backward_knows_no_longer,
        new_tensors_require_gradients,
    ],
    ids=lambda f: f.__name__,
)
def test_its_code_compiles_again(function):
    again = jit.CompilationUnit(jit.script(function).code)

    expected = outcome(function, True, True)
    assert expected == outcome(getattr(again, function.__name__), True, True)


def test_why_it_is_interpreted_is_told():
    shown = str(jit.script(a_function_asks).explain(torch.ones(2)))

    assert "): interpreted\n" in shown
    assert "not machine code: aten::grad: it asks about gradients" in shown
    assert "test_gradients_in_scripts.py:" in shown


def test_what_only_asks_reads_no_elements():
    def asks(x, y):
        return x.requires_grad, x.is_leaf, x.is_sparse, x.dtype == y.dtype

    found = jit.script(asks).explain(torch.ones(2), torch.ones(3))

    assert [] == [str(g) for g in found.groups if g.reads]


def test_what_asks_nothing_is_machine_code_as_before():
    pytest.importorskip("llvmlite", reason="without it nothing is machine code")

    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(2))

        def forward(self, x):
            return x * self.weight

        @jit.export
        def force(self, x):
            found = torch.autograd.grad(self.forward(x * x).sum(), x)[0]
            return found if self.weight.requires_grad else -found

    scripted = jit.script(Two())
    x = torch.tensor([1.0, 2.0], requires_grad=True)

    assert [2.0, 4.0] == scripted.force(x).tolist()
    assert scripted.forward.explain(x).is_native
    assert not scripted.force.explain(x).is_native


def test_arrays_may_be_given():
    def slope(x: torch.Tensor):
        y = x.requires_grad_()
        return torch.autograd.grad((y * y).sum(), y)[0]

    found = jit.script(slope)(np.array([1.0, 2.0]))

    assert isinstance(found, np.ndarray)
    assert [2.0, 4.0] == found.tolist()


def test_grad_of_a_function_refuses_what_asks_about_gradients():
    def asks(x):
        return (x * 2).sum() if x.requires_grad else x.sum()

    with pytest.raises(
        RuntimeError, match="`prim::requires_grad` asks about gradients"
    ):
        jit.grad(asks)(torch.ones(2))


def test_the_interpreter_records_gradients():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    cube = jit.script(gradients_of_gradients_by_hand)

    cube.interpret(x).sum().backward()

    assert [3.0, 12.0] == x.grad.tolist()


def gradients_of_gradients_by_hand(x):
    return x * x * x


def test_a_module_is_interpreted_with_gradients():
    torch.manual_seed(0)
    layer = torch.nn.Linear(2, 1)
    scripted = jit.script(layer)

    scripted.forward.interpret(torch.ones(3, 2)).sum().backward()

    assert [[3.0, 3.0]] == scripted.weight.grad.tolist()


def test_a_tensor_seen_as_an_array_is_on_no_tape():
    def seen(x):
        return (x * 2).detach().numpy() + 1, x.numpy() if not x.requires_grad else None

    for requires_grad in (True, False):
        x = torch.ones(2, requires_grad=requires_grad)
        first, second = jit.script(seen).interpret(x)

        assert [3.0, 3.0] == first.tolist()
        assert (second is None) == requires_grad


def test_arrays_go_through_a_module_with_parameters():
    layer = jit.script(torch.nn.Linear(2, 1))
    x = np.ones((3, 2), np.float32)

    np.testing.assert_array_equal(layer(x), layer.forward.interpret(x))


def test_a_gradient_that_is_not_there_is_no_tensor():
    def double(x):
        return x.grad * 2

    with pytest.raises(TypeError):
        jit.script(double)(torch.ones(2))


def test_what_a_tensor_lets_nobody_assign():
    def assigns(x):
        x.requires_grad = True
        return x

    with pytest.raises(jit.CompileError, match="requires_grad_") as refused:
        jit.script(assigns)(torch.ones(2))

    assert "E0204" in str(refused.value)


def test_a_statement_does_not_switch_what_a_context_decides():
    def switches(x):
        with torch.no_grad():
            torch.set_grad_enabled(True)
        return x

    with pytest.raises(jit.CompileError, match="E0102"):
        jit.script(switches)(torch.ones(2))
