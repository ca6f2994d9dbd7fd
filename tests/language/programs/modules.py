"""Modules: parameters, buffers, attributes, containers, methods."""

import torch
from typing import Final, List, Optional, Tuple

from tests.language.corpus import scenario

# int, float, str and bool attributes are read and changed by forward.


class Attributes(torch.nn.Module):
    def __init__(self, n: int, scale: float, name: str, add: bool):
        super().__init__()
        self.n = n
        self.scale = scale
        self.name = name
        self.add = add

    def forward(self, x):
        self.n += 1
        y = x * self.scale
        if self.add:
            y = y + self.n
        return y, self.name + str(self.n)


@scenario
def attributes():
    m = torch.jit.script(Attributes(1, 0.5, "a", True))
    yield "first", m(torch.ones(2))
    yield "second", m(torch.ones(2))
    yield "attribute", m.n
    m.n = 10
    yield "set from Python", m(torch.ones(2))
    other = torch.jit.script(Attributes(0, 2.0, "b", False))
    yield "another instance", other(torch.ones(2))


# A buffer is changed in place and reassigned by forward, and keeps its value.


class Counter(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(2))
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, x):
        self.total += x
        self.calls = self.calls + 1
        return self.total * 1, self.calls


@scenario
def buffers():
    m = torch.jit.script(Counter())
    yield "first", m(torch.ones(2))
    yield "second", m(torch.tensor([1.0, -4.0]))
    yield "total", m.total
    yield "calls", m.calls


# forward calls plain and scripted functions, and loops with early return.


def halve(x):
    return x / 2


@torch.jit.script
def calls_functions(x, limit: float):
    while x.abs().max() > limit:
        x = halve(x)
    return x


class Shrink(torch.nn.Module):
    def __init__(self, limit: float):
        super().__init__()
        self.limit = limit

    def forward(self, x, keep: bool = False):
        if keep:
            return x
        return calls_functions(x, self.limit)


@scenario
def calls_functions_scenario():
    m = torch.jit.script(Shrink(1.0))
    yield "shrunk", m(torch.tensor([8.0, -3.0]))
    yield "small", m(torch.tensor([0.5]))
    yield "kept", m(torch.tensor([8.0]), True)


# `__constants__` and Final attributes choose branches.


class Chooser(torch.nn.Module):
    __constants__ = ["mode"]
    double: Final[bool]

    def __init__(self, mode: str, double: bool):
        super().__init__()
        self.mode = mode
        self.double = double

    def forward(self, x):
        if self.mode == "add":
            y = x + 1
        else:
            y = x - 1
        if self.double:
            y = y * 2
        return y


@scenario
def constants():
    for mode in ["add", "sub"]:
        for double in [True, False]:
            m = torch.jit.script(Chooser(mode, double))
            yield f"{mode}, {double}", m(torch.tensor([1.0, -2.0]))


# Conv2d, BatchNorm2d and MaxPool2d, in eval mode and in train mode.


def make():
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3, padding=1),
        torch.nn.BatchNorm2d(2),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
    )
    net.load_state_dict(
        {
            "0.weight": ((torch.arange(18) % 5) - 2.0).reshape(2, 1, 3, 3),
            "0.bias": torch.tensor([0.5, -0.5]),
            "1.weight": torch.tensor([1.0, 2.0]),
            "1.bias": torch.tensor([0.0, 1.0]),
            "1.running_mean": torch.tensor([0.5, -0.5]),
            "1.running_var": torch.tensor([1.0, 4.0]),
            "1.num_batches_tracked": torch.tensor(0),
        }
    )
    return net


@scenario
def convolutional():
    x = ((torch.arange(32) * 7) % 11 - 5.0).reshape(2, 1, 4, 4)
    m = torch.jit.script(make())
    m.eval()
    yield "eval", m(x)
    m.train()
    yield "train", m(x)
    m.eval()
    yield "eval after train", m(x)


# A method marked export is callable from Python beside forward.


class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.tensor([1.0, 2.0]))

    def forward(self, x):
        return x + self.bias

    @torch.jit.export
    def inverse(self, x):
        return x - self.bias


@scenario
def export():
    m = torch.jit.script(Two())
    yield "forward", m(torch.zeros(2))
    yield "inverse", m.inverse(torch.zeros(2))


# forward calls other methods, with defaults and keywords, which call others.


class Helper(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 3

    def scale(self, x, by: int = 2):
        return x * by * self.k

    def twice(self, x):
        return self.scale(self.scale(x), by=1)

    def forward(self, x, many: bool):
        if many:
            return self.twice(x)
        return self.scale(x)


@scenario
def helper_methods():
    m = torch.jit.script(Helper())
    yield "one", m(torch.ones(2), False)
    yield "many", m(torch.ones(2), True)
    yield "keyword", m(torch.ones(1), many=False)


# Linear, LayerNorm, Embedding, GELU and Flatten, scripted.


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(3, 2)
        self.norm = torch.nn.LayerNorm(2)
        self.act = torch.nn.GELU()
        self.flat = torch.nn.Flatten()
        self.out = torch.nn.Linear(4, 2)

    def forward(self, i):
        x = self.act(self.norm(self.embed(i)))
        return self.out(self.flat(x))


@scenario
def library_layers():
    net = Net()
    net.load_state_dict(
        {
            "embed.weight": torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.0, 0.5]]),
            "norm.weight": torch.tensor([1.0, 2.0]),
            "norm.bias": torch.tensor([0.0, 0.5]),
            "out.weight": torch.tensor([[1.0, 0.0, -1.0, 2.0], [0.5, 1.0, 1.5, -2.0]]),
            "out.bias": torch.tensor([0.1, -0.1]),
        }
    )
    m = torch.jit.script(net)
    yield "two rows", m(torch.tensor([[0, 1], [2, 2]]))
    yield "one row", m(torch.tensor([[1, 0]]))


# List and tuple attributes.


class Sizes(torch.nn.Module):
    log: List[int]

    def __init__(self):
        super().__init__()
        self.sizes = [2, 3]
        self.pair = (1, "p")
        self.log = []

    def forward(self, x: int):
        self.log.append(x)
        s = 0
        for n in self.sizes:
            s += n * x
        return s + self.pair[0], self.pair[1], len(self.log)


@scenario
def list_attribute():
    m = torch.jit.script(Sizes())
    yield "first", m(10)
    yield "second", m(-1)
    yield "log", list(m.log)


# A loop over a ModuleList, plain and enumerated, and a literal index.


class Scale(torch.nn.Module):
    def __init__(self, k: float):
        super().__init__()
        self.k = k

    def forward(self, x):
        return x * self.k


class Stack(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([Scale(2.0), torch.nn.ReLU(), Scale(-1.0)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x) + 1
        for i, layer in enumerate(self.layers):
            x = x + i * layer(x)
        return x, self.layers[0](x), self.layers[-1](x), len(self.layers)


@scenario
def module_list():
    m = torch.jit.script(Stack())
    yield "vector", m(torch.tensor([1.0, -2.0]))
    yield "0-d", m(torch.tensor(0.5))


# An attribute that is None prunes the branch that would use it.


class Residual(torch.nn.Module):
    def __init__(self, down):
        super().__init__()
        self.down = down

    def forward(self, x):
        y = x
        if self.down is not None:
            y = self.down(x)
        return x + y


@scenario
def none_submodule():
    x = torch.tensor([1.0, -2.0])
    yield "None", torch.jit.script(Residual(None))(x)
    yield "module", torch.jit.script(Residual(torch.nn.ReLU()))(x)


# forward with Optional, list and tuple arguments and a tuple result.


class Cell(torch.nn.Module):
    def forward(
        self, x, state: Optional[Tuple[torch.Tensor, torch.Tensor]] = None
    ) -> Tuple[torch.Tensor, Tuple[torch.Tensor, torch.Tensor]]:
        if state is None:
            state = (torch.zeros_like(x), torch.ones_like(x))
        h, c = state
        c = c * 2 + x
        h = h + c
        return h, (h, c)


class Runner(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = Cell()

    def forward(self, xs: List[torch.Tensor]):
        y, state = self.cell(xs[0])
        for x in xs[1:]:
            y, state = self.cell(x, state)
        return y, state


@scenario
def optional_and_tuple_arguments():
    cell = torch.jit.script(Cell())
    yield "no state", cell(torch.ones(2))
    yield "state", cell(torch.ones(1), (torch.tensor([5.0]), torch.tensor([6.0])))
    m = torch.jit.script(Runner())
    yield "runner", m([torch.ones(1), torch.zeros(1), torch.ones(1)])


# A scripted module computes with its parameters.


class Affine(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        self.bias = torch.nn.Parameter(torch.tensor([0.5, -0.5]))

    def forward(self, x):
        return x @ self.weight + self.bias


@scenario
def parameters():
    m = torch.jit.script(Affine())
    yield "one row", m(torch.tensor([[1.0, 1.0]]))
    yield "vector", m(torch.tensor([1.0, -1.0]))
    yield "no rows", m(torch.zeros(0, 2))
    yield "names", [name for name, p in m.named_parameters()]
    yield "parameter", m.weight


# Sequential calls its modules in order.


def sequential_make():
    net = torch.nn.Sequential(
        torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)
    )
    net.load_state_dict(
        {
            "0.weight": torch.tensor([[1.0, -1.0], [0.5, 0.5], [-1.0, 2.0]]),
            "0.bias": torch.tensor([0.0, 1.0, -1.0]),
            "2.weight": torch.tensor([[1.0, -2.0, 3.0]]),
            "2.bias": torch.tensor([0.25]),
        }
    )
    return net


class Wrapped(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = sequential_make()

    def forward(self, x):
        return self.net(x) * 2


@scenario
def sequential():
    x = torch.tensor([[1.0, 2.0], [-1.0, 0.5]])
    yield "alone", torch.jit.script(sequential_make())(x)
    yield "inside", torch.jit.script(Wrapped())(x)
    yield "no rows", torch.jit.script(sequential_make())(torch.zeros(0, 2))


# state_dict of a scripted module, loaded into another.


class AffineStateDict(torch.nn.Module):
    def __init__(self, k: float):
        super().__init__()
        self.lin = torch.nn.Linear(2, 1)
        self.lin.load_state_dict(
            {"weight": torch.tensor([[k, 2 * k]]), "bias": torch.tensor([k])}
        )
        self.register_buffer("offset", torch.tensor([3 * k]))

    def forward(self, x):
        return self.lin(x) + self.offset


@scenario
def state_dict():
    a = torch.jit.script(AffineStateDict(1.0))
    b = torch.jit.script(AffineStateDict(-5.0))
    x = torch.tensor([[1.0, 1.0]])
    yield "keys", list(a.state_dict().keys())
    yield "before", (a(x), b(x))
    b.load_state_dict(a.state_dict())
    yield "after", (a(x), b(x))


# Submodules are called, and one that is shared is one module.


class Inner(torch.nn.Module):
    def __init__(self, k: float):
        super().__init__()
        self.k = torch.nn.Parameter(torch.tensor(k))
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.k


class Outer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Inner(2.0)
        self.b = Inner(3.0)
        self.c = self.a

    def forward(self, x):
        return self.c(self.b(self.a(x))), self.b.calls


@scenario
def submodules():
    m = torch.jit.script(Outer())
    yield "first", m(torch.tensor([1.0, -1.0]))
    yield "second", m(torch.tensor(0.5))
    yield "names", sorted(name for name, p in m.named_parameters())


# `training` follows train() and eval(), in submodules too.


class Noise(torch.nn.Module):
    def forward(self, x):
        if self.training:
            return x + 100
        return x


class NetTraining(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.noise = Noise()
        self.drop = torch.nn.Dropout(0.5)

    def forward(self, x):
        y = self.noise(x)
        if self.training:
            return y * 2
        return self.drop(y)


@scenario
def training():
    m = torch.jit.script(NetTraining())
    yield "as made", (m.training, m(torch.ones(2)))
    m.eval()
    yield "eval", (m.training, m(torch.ones(2)))
    m.train()
    yield "train", (m.training, m.noise.training, m(torch.ones(2)))


@torch.jit.interface
class Layer(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pass


class Doubled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.k = torch.nn.Parameter(torch.full((2,), 2.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.k


class Raised(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1


class ByInterface(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([Doubled(), Raised(), Doubled()])

    def forward(self, x, i: int):
        layer: Layer = self.layers[i]
        return layer.forward(x)


@scenario
def modules_are_chosen_by_an_interface():
    f = torch.jit.script(ByInterface())
    x = torch.tensor([1.0, -1.0])
    for i in (0, 1, 2):
        yield i, f(x, i)
    f(x, 2).sum().backward()
    yield "gradient", f.layers[2].k.grad


class Exchanged(torch.nn.Module):
    layer: Layer

    def __init__(self):
        super().__init__()
        self.layer = Doubled()

    def forward(self, x):
        return self.layer.forward(x) * 3


class Thrice(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.full((2,), 3.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight * self.weight


@scenario
def gradients_of_modules_behind_an_interface():
    f = torch.jit.script(Exchanged())
    x = torch.tensor([1.0, -1.0])
    f(x).sum().backward()
    yield "the first", f.layer.k.grad
    f.layer = torch.jit.script(Thrice())
    yield "another", f(x)
    f(x).sum().backward()
    yield "its gradient", f.layer.weight.grad
    f.layer.weight.grad = None
    f(x * 2).sum().backward()
    yield "again", f.layer.weight.grad
    f.layer = torch.jit.script(Doubled())
    f(x).sum().backward()
    yield "a new one of the first kind", f.layer.k.grad
