"""Traces: inputs and outputs of every structure, and what stays dynamic."""

import torch
import warnings
from typing import Dict, List, NamedTuple

from tests.language.corpus import call, scenario, traced

A = torch.tensor([1.0, 2.0])
B = torch.tensor([[1.0, -2.0], [3.0, 4.0], [5.0, 6.0]])


@traced(A, torch.tensor([5.0, 6.0]), torch.ones(4))
def a_function_of_a_tensor(x):
    return torch.relu(x - 1) * 2


@traced((A, A), (A * 2, A), (torch.ones(3), torch.zeros(3)))
def a_function_of_two_tensors(x, y):
    return x * y + y.exp()


@traced(call((A, A)), call((A * 2, A)))
def a_tuple_goes_in(pair):
    return pair[0] - pair[1] * 2


@traced(call([A, A]), call([A * 2, A * 3]))
def a_list_goes_in(xs: List[torch.Tensor]):
    return torch.cat(xs) * 2


@traced(call({"a": A, "b": A}), call({"a": A * 2, "b": A}))
def a_dict_goes_in(d: Dict[str, torch.Tensor]):
    return d["a"] * 10 + d["b"]


@traced(A, A * 3)
def a_tuple_comes_out(x):
    return x + 1, (x * 2, x.sum())


@traced(torch.zeros(2, 2), torch.zeros(3, 4), torch.zeros(1, 0))
def sizes_stay_dynamic(x):
    n, m = x.shape
    return x.reshape(m, n) + torch.ones(m, n), x.view(-1), torch.arange(n)


@traced(B, torch.zeros(5, 2))
def sizes_in_arithmetic(x):
    return x.sum(0) / x.shape[0], x.new_zeros(x.size(0) * 2)


@traced(A, A * 5, python_differs="the branch of the example is baked in")
def a_branch_is_baked_in(x):
    if x.sum() > 5:
        return x * 100
    return x + 1


@traced(A, torch.ones(4), python_differs="the loop is as long as in the example")
def a_loop_is_baked_in(x):
    for i in range(x.shape[0]):
        x = x + i
    return x


@traced(A, A * 3, python_differs="an item is a number of the example")
def an_item_is_baked_in(x):
    return x * float(x[1].item())


OFFSET = torch.tensor([10.0, 20.0])


@traced(A, A * 3)
def constants_are_captured(x):
    return x + OFFSET


@traced(torch.zeros(2, 2), torch.zeros(3, 2))
def in_place_and_views(x):
    y = x.clone()
    y[0] += 1
    row = y[1]
    row.add_(5)
    return y


@traced(A, A * 2.5)
def dtypes_are_converted(x):
    return x.int(), x.to(torch.float64), x.long() / 2


@traced(B, B[:1])
def indexing(x):
    return x[0], x[..., 1], x[:, None], x[-1:], x[x[:, 0] > 2]


@traced(B, B[:2])
def reductions_and_sorting(x):
    return x.max(1).values, x.argsort(0), x.mean()


@torch.jit.script
def branching(x):
    if x.sum() > 5:
        return x * 100
    return x + 1


@traced(A, A * 5)
def a_scripted_callee_keeps_its_branch(x):
    return branching(x) + 1


@torch.jit.script
def looping(x, n: int):
    for i in range(n):
        x = x + i
    return x


@traced(A, torch.ones(4))
def a_scripted_callee_keeps_its_loop(x):
    return looping(x, 3)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([[1.0, 0.5], [-1.0, 2.0]]))
        self.register_buffer("shift", torch.tensor([0.5, 0.25]))

    def forward(self, x):
        return torch.relu(x @ self.weight) + self.shift


@traced(B, B[:1], torch.zeros(0, 2))
class a_module(Net):
    pass


class Outer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Net()
        self.last = torch.nn.Tanh()

    def forward(self, x):
        return self.last(self.inner(x)) * 2


@traced(B, B[:1])
class modules_in_modules(Outer):
    pass


@traced(A, A * 3, gradients=True)
def gradients_go_through(x):
    return (x * x).exp()


class Result(NamedTuple):
    total: torch.Tensor
    mean: torch.Tensor


@scenario
def a_named_tuple_comes_out():
    def f(x):
        return Result(x.sum(), x.mean())

    g = torch.jit.trace(f, A)
    total, mean = g(A * 3)
    yield "total", total
    yield "mean", mean


@scenario
def a_dict_comes_out():
    def f(x):
        return {"a": x + 1, "b": x * 2}

    g = torch.jit.trace(f, A, strict=False)
    out = g(A * 3)
    yield "a", out["a"]
    yield "b", out["b"]


@scenario
def a_list_comes_out():
    def f(x):
        return [x + 1, x * 2]

    g = torch.jit.trace(f, A, strict=False)
    yield "first", g(A * 3)[0]
    yield "second", g(A * 3)[1]


@scenario
def trace_module_of_several_methods():
    class Two(torch.nn.Module):
        def forward(self, x):
            return x + 1

        def other(self, x):
            return x * 2

    m = torch.jit.trace_module(Two(), {"forward": A, "other": A})
    yield "forward", m(A * 3)
    yield "other", m.other(A * 3)


@scenario
def keyword_inputs():
    def f(x, y):
        return x - y * 2

    inputs = {"x": A, "y": A * 3}
    g = torch.jit.trace(f, example_kwarg_inputs=inputs, check_trace=False)
    yield "by keyword", g(x=A * 2, y=A)


@scenario
def a_traced_function_in_a_script():
    inner = torch.jit.trace(lambda x: x * 2 + 1, A)

    @torch.jit.script
    def outer(x, n: int):
        for _ in range(n):
            x = inner(x)
        return x

    yield "twice", outer(A, 2)
    yield "never", outer(A, 0)


@scenario
def a_trace_is_frozen():
    m = torch.jit.trace(Net().eval(), B)
    frozen = torch.jit.freeze(m)
    yield "same", frozen(B)
    yield "fewer rows", frozen(B[:1])


@scenario
def check_trace_agrees():
    g = torch.jit.trace(lambda x: x * 2, A, check_trace=True, check_inputs=[(A * 3,)])
    yield "result", g(A)


def warns_when_traced(f) -> bool:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.jit.trace(f, A)
    return any(w.category.__name__ == "TracerWarning" for w in caught)


@scenario
def what_is_baked_in_is_warned_of():
    def branch(x):
        if x.sum() > 5:
            return x * 100
        return x + 1

    def loop(x):
        for row in x:
            x = x + row
        return x

    yield "a branch", warns_when_traced(branch)
    yield "a loop", warns_when_traced(loop)
    yield "an item", warns_when_traced(lambda x: x * float(x[1].item()))
    yield "nothing", warns_when_traced(lambda x: x * 2)


@torch.jit.script
def passed_on(x):
    return x


@traced(A, A * 3)
def a_scripted_callee_passes_on(x):
    return passed_on(x) * 2, x
