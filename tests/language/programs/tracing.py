"""Tracing: what a trace keeps, and what it bakes in."""

import torch

from tests.language.corpus import program, scenario

# A Python branch on a value is baked in as it went in the example.


def f(x):
    if x.sum() > 0:
        return x + 1
    return x - 1


def loop(x):
    n = int(x[0])
    for i in range(n):
        x = x * 2
    return x


@scenario
def branches_baked():
    g = torch.jit.trace(f, torch.ones(2))
    yield "as the example", g(torch.tensor([5.0, 5.0]))
    yield "against it", g(torch.tensor([-5.0, -5.0]))
    g = torch.jit.trace(loop, torch.tensor([2.0, 1.0]))
    yield "loop", g(torch.tensor([5.0, 1.0]))


# A traced operator broadcasts anew at each call.


def broadcast_dynamic_f(x, y):
    return x + y, x.mean()


@scenario
def broadcast_dynamic():
    g = torch.jit.trace(broadcast_dynamic_f, (torch.ones(3), torch.ones(3)))
    yield "same", g(torch.ones(4), torch.ones(4))
    yield "size 1", g(torch.arange(3.0), torch.tensor([10.0]))
    yield "ranks", g(torch.ones(2, 1), torch.arange(3.0))


# Lists of Tensors made in Python are traced through cat, stack and split.


def cat_and_lists_f(x, y):
    parts = [x, y, x + y]
    a, b = torch.cat(parts).split([2, 4])
    return torch.stack(parts, 1), a, b


@scenario
def cat_and_lists():
    g = torch.jit.trace(cat_and_lists_f, (torch.ones(2), torch.ones(2)))
    yield "others", g(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))


# Numbers and Tensors from outside are captured as constants.


k = 3


w = torch.tensor([1.0, 10.0])


def constants_f(x):
    return x * k + w, x.sum() * torch.tensor(2.0)


@scenario
def constants():
    g = torch.jit.trace(constants_f, torch.ones(2))
    yield "example", g(torch.ones(2))
    yield "others", g(torch.tensor([-1.0, 0.5]))


# dtype conversions and results of several dtypes in a trace.


def dtypes_f(x):
    return x.to(torch.float64), x.long(), x > 1, x.argmax(), x.to(torch.int32) + 1


@scenario
def dtypes():
    g = torch.jit.trace(dtypes_f, torch.ones(3))
    yield "others", g(torch.tensor([0.5, 2.75, -1.5]))
    yield "shorter", g(torch.tensor([9.0]))


# Sizes stay dynamic in a trace, and so does arithmetic on them in shapes.


def dynamic_shapes_f(x):
    rows = x.reshape(x.shape[0], -1)
    return rows.sum(1), torch.zeros(x.shape[1]), x.view(-1).flip(0)


@scenario
def dynamic_shapes():
    g = torch.jit.trace(dynamic_shapes_f, torch.ones(2, 3))
    yield "example", g(torch.arange(6.0).reshape(2, 3))
    yield "bigger", g(torch.arange(8.0).reshape(4, 2))
    yield "1 by 1", g(torch.tensor([[5.0]]))


# A traced function computes the same on other values.


def function_f(x, y):
    z = x * y + 1
    return torch.relu(z).sum(0)


@scenario
def function():
    g = torch.jit.trace(function_f, (torch.ones(2, 2), torch.ones(2, 2)))
    yield "example", g(torch.ones(2, 2), torch.ones(2, 2))
    x = torch.tensor([[1.0, -2.0], [3.0, -4.0]])
    yield "others", g(x, torch.tensor([[2.0, 2.0], [0.5, 0.0]]))


# In-place operators and views are traced, and the caller sees the change.


def in_place_f(x):
    y = x.view(-1)
    y.add_(1)
    x[0] = 7.0
    return y * 1, x.t()


@scenario
def in_place():
    g = torch.jit.trace(in_place_f, torch.zeros(2, 2), check_trace=False)
    x = torch.arange(6.0).reshape(2, 3)
    yield "result", g(x)
    yield "argument", x


# A traced function is called by a script.


def in_script_f(x):
    return x * 2 + 1


traced = torch.jit.trace(in_script_f, torch.ones(2))


@program(
    (torch.tensor([0.0, 1.0, -1.0]), 0),
    (torch.tensor([0.0, 1.0, -1.0]), 1),
    (torch.tensor([0.0, 1.0, -1.0]), 4),
)
def in_script(x, n: int):
    for i in range(n):
        x = traced(x)
    return x


# Indexing is traced: ints, slices, None, masks and Tensor indices.


def indexing_f(x, i):
    return x[0], x[:, 1:], x[..., None], x[i], x[x > 2]


@scenario
def indexing():
    g = torch.jit.trace(
        indexing_f, (torch.arange(4.0).reshape(2, 2), torch.tensor([0]))
    )
    x = torch.arange(6.0).reshape(3, 2)
    yield "others", g(x, torch.tensor([2, 0, -1]))
    yield "no match", g(torch.zeros(1, 4), torch.tensor([0, 0]))


# A trace takes tuples, lists and dicts of Tensors.


def of_tuple(x, pair):
    a, b = pair
    return x + a * b


def of_list(xs):
    return xs[0] - xs[1]


def of_dict(d):
    return d["a"] * 10 + d["b"]


@scenario
def inputs_nested():
    one = torch.ones(2)
    g = torch.jit.trace(of_tuple, (one, (one, one)))
    yield "tuple", g(one, (torch.tensor([2.0, 3.0]), torch.tensor([4.0, 5.0])))
    g = torch.jit.trace(of_list, ([one, one],))
    yield "list", g([torch.tensor([5.0, 6.0]), torch.tensor([1.0, 2.0])])
    g = torch.jit.trace(of_dict, ({"a": one, "b": one},))
    yield "dict", g({"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([3.0, 4.0])})


# A traced module keeps its parameters and its submodules.


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(2, 3)
        self.second = torch.nn.Linear(3, 1)
        self.register_buffer("shift", torch.tensor([0.5]))

    def forward(self, x):
        y = torch.relu(self.first(x))
        return self.second(y) + self.shift


@scenario
def module():
    net = Net()
    net.load_state_dict(
        {
            "first.weight": torch.tensor([[1.0, -1.0], [0.5, 0.5], [-1.0, 2.0]]),
            "first.bias": torch.tensor([0.0, 1.0, -1.0]),
            "second.weight": torch.tensor([[1.0, -2.0, 3.0]]),
            "second.bias": torch.tensor([0.25]),
            "shift": torch.tensor([1.5]),
        }
    )
    m = torch.jit.trace(net, torch.ones(1, 2))
    x = torch.tensor([[1.0, 2.0], [-1.0, 0.5], [0.0, 0.0]])
    yield "three rows", m(x)
    yield "no rows", m(torch.zeros(0, 2))
    yield "names", sorted(name for name, p in m.named_parameters())
    yield "keys", sorted(m.state_dict().keys())


# A traced module changes its buffer at each call.


class Counter(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(2))

    def forward(self, x):
        self.total.add_(x)
        return self.total * 2


@scenario
def module_in_place_buffer():
    m = torch.jit.trace(Counter(), torch.zeros(2), check_trace=False)
    yield "first", m(torch.tensor([1.0, 2.0]))
    yield "second", m(torch.tensor([1.0, -2.0]))
    yield "total", m.total


# A scripted submodule keeps its control flow in a traced module.


class Gate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.limit = 2.0

    def forward(self, x):
        while x.max() > self.limit:
            x = x / 2
        return x


class NetModuleScriptedSubmodule(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = torch.jit.script(Gate())

    def forward(self, x):
        return self.gate(x + 1) * 10


@scenario
def module_scripted_submodule():
    m = torch.jit.trace(NetModuleScriptedSubmodule(), torch.ones(2))
    yield "no turn", m(torch.tensor([0.5, 1.0]))
    yield "turns", m(torch.tensor([15.0, 3.0]))


# A Sequential inside a module, traced in eval mode.


class NetModuleSequential(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(4, 2), torch.nn.Dropout(0.9)
        )

    def forward(self, x):
        return torch.softmax(self.layers(x), -1)


@scenario
def module_sequential():
    net = NetModuleSequential()
    net.load_state_dict(
        {
            "layers.1.weight": torch.arange(8.0).reshape(2, 4) - 3,
            "layers.1.bias": torch.tensor([1.0, -1.0]),
        }
    )
    net.eval()
    g = torch.jit.trace(net, torch.ones(1, 2, 2))
    yield "two", g(torch.arange(8.0).reshape(2, 2, 2) / 8)
    yield "one", g(torch.ones(1, 2, 2))


# A trace returns tuples, nested tuples, lists, and dicts under strict=False.


def nested(x):
    return x, (x + 1, (x * 2,))


def lists(x):
    return [x, x + 1], x


def dicts(x):
    return {"a": x + 1, "b": x * 2}


@scenario
def outputs_nested():
    one = torch.ones(2)
    x = torch.tensor([3.0, -4.0])
    yield "nested", torch.jit.trace(nested, one)(x)
    yield "list", torch.jit.trace(lists, one, strict=False)(x)
    yield "dict", torch.jit.trace(dicts, one, strict=False)(x)


# A scripted callee keeps its branches inside a trace.


@torch.jit.script
def scripted_callee(x):
    if x.sum() > 0:
        return x + 1
    return x - 1


def scripted_callee_f(x):
    return scripted_callee(x * 2) * 10


@scenario
def scripted_callee_scenario():
    g = torch.jit.trace(scripted_callee_f, torch.ones(2))
    yield "positive", g(torch.tensor([1.0, 2.0]))
    yield "negative", g(torch.tensor([-1.0, -2.0]))


# A scripted callee keeps its loop, whose count depends on the input.


@torch.jit.script
def scripted_loop(x):
    s = torch.zeros_like(x[0])
    for i in range(x.shape[0]):
        s = s * 2 + x[i]
    return s


def scripted_loop_f(x):
    return scripted_loop(x + 1)


@scenario
def scripted_loop_scenario():
    g = torch.jit.trace(scripted_loop_f, torch.ones(2, 2))
    yield "two", g(torch.arange(4.0).reshape(2, 2))
    yield "five", g(torch.ones(5, 2))
    yield "one", g(torch.ones(1, 3))
