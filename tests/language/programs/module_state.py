"""Modules: state, methods, containers, constants, hooks; each call sees the last."""

import torch
from typing import Dict, List, Optional, Tuple

from tests.language.corpus import call, method, program

X = torch.tensor([1.0, -2.0])


def filled(layer, value: float):
    """A layer whose weights are known."""
    with torch.no_grad():
        for p in layer.parameters():
            p.fill_(value)
    return layer


@program(X)
class Affine(torch.nn.Module):
    """Parameters."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([2.0, 3.0]))
        self.bias = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        return x * self.weight + self.bias


@program(X, X)
class BufferInPlace(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(2))

    def forward(self, x):
        self.total += x
        return self.total * 1


@program(X, X)
class BufferReassigned(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("last", torch.zeros(2))

    def forward(self, x):
        before = self.last
        self.last = x * 2
        return before


@program(1, 1, 1)
class NumbersThatPersist(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.count = 0
        self.ratio = 1.0
        self.name = "n"
        self.flag = False

    def forward(self, n: int):
        self.count += n
        self.ratio = self.ratio / 2
        self.name = self.name + str(self.count)
        self.flag = not self.flag
        return self.count, self.ratio, self.name, self.flag


@program(3, 4)
class ListThatPersists(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = [0]

    def forward(self, n: int):
        self.seen.append(n)
        return self.seen, len(self.seen)


@program("a", "b", "a")
class DictThatPersists(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.counts = {"a": 10}

    def forward(self, k: str):
        if k in self.counts:
            self.counts[k] += 1
        else:
            self.counts[k] = 1
        return self.counts[k]


@program(2)
class TupleAttribute(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.pair = (3, "x")

    def forward(self, n: int):
        k, s = self.pair
        return k * n, s, self.pair[0]


@program(3, 4)
class AnnotatedEmptyContainers(torch.nn.Module):
    names: List[str]
    found: Dict[str, int]

    def __init__(self):
        super().__init__()
        self.names = []
        self.found = {}

    def forward(self, n: int):
        self.names.append(str(n))
        self.found[str(n)] = n
        return self.names, self.found


@program(3, 4, python_differs="what Attribute makes is meant for scripts")
class AttributeFunction(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.log = torch.jit.Attribute([], List[int])

    def forward(self, n: int):
        self.log.append(n)
        return len(self.log)


@program(X)
class Constants(torch.nn.Module):
    __constants__ = ["mode", "times"]

    def __init__(self):
        super().__init__()
        self.mode = "double"
        self.times = 3

    def forward(self, x):
        for _ in range(self.times):
            if self.mode == "double":
                x = x * 2
            else:
                x = x - 1
        return x


@program(X)
class FinalAttributes(torch.nn.Module):
    scale: torch.jit.Final[int]

    def __init__(self):
        super().__init__()
        self.scale = 4

    def forward(self, x):
        return x * self.scale


@program(X)
class NoneIsPruned(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.extra = None
        self.inner = torch.nn.ReLU()

    def forward(self, x):
        if self.extra is not None:
            x = self.extra(x)
        return self.inner(x)


@program(X)
class OptionalLayerThere(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.act: Optional[torch.nn.Module] = torch.nn.ReLU()

    def forward(self, x):
        if self.act is not None:
            return self.act(x)
        return x


@program(X)
class InSequential(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            filled(torch.nn.Linear(2, 2), 0.5), torch.nn.ReLU(), torch.nn.Tanh()
        )

    def forward(self, x):
        return self.layers(x)


@program(X)
class LoopOverSequential(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Sigmoid())

    def forward(self, x):
        out = [x]
        for layer in self.layers:
            out.append(layer(out[-1]))
        return out, len(self.layers)


@program(X)
class LoopOverModuleList(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(
            [filled(torch.nn.Linear(2, 2), 0.1 * i) for i in range(3)]
        )

    def forward(self, x):
        for layer in self.layers:
            x = layer(x) + 1
        return x


@program(X)
class EnumerateModuleList(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x) + i
        return x


@program(X)
class ZipModuleList(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])
        self.others = torch.nn.ModuleList([torch.nn.Tanh(), torch.nn.ReLU()])

    def forward(self, x):
        for a, b in zip(self.layers, self.others):
            x = a(x) + b(x)
        return x


@program(X)
class IndexModuleList(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])

    def forward(self, x):
        return self.layers[0](x) + self.layers[-1](x), len(self.layers)


@program(X)
class ListOfTheirResults(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])

    def forward(self, x):
        return torch.cat([layer(x) for layer in self.layers])


@program(X)
class ModuleDictItems(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleDict(
            {"relu": torch.nn.ReLU(), "tanh": torch.nn.Tanh()}
        )

    def forward(self, x):
        names = ""
        for name, layer in self.layers.items():
            names += name
            x = layer(x) + 1
        for name in self.layers.keys():
            names += name
        for layer in self.layers.values():
            x = layer(x)
        return x, names


@program(X)
class ModuleDictKeys(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleDict({"relu": torch.nn.ReLU()})

    def forward(self, x):
        if "relu" in self.layers:
            x = self.layers["relu"](x)
        if "other" in self.layers:
            x = x * 100
        return x, len(self.layers)


@program(X)
class ParameterLists(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = torch.nn.ParameterList(
            [torch.nn.Parameter(torch.full((2,), float(i))) for i in range(3)]
        )

    def forward(self, x):
        for w in self.weights:
            x = x + w
        return x * self.weights[1]


@program(X)
class NamedChildren(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.ReLU()
        self.second = torch.nn.Tanh()

    def forward(self, x):
        names = ""
        for name, child in self.named_children():
            names += name + ";"
            x = child(x)
        return x, names


@program(X)
class NamedBuffers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("a", torch.ones(2))
        self.register_buffer("b", torch.ones(2) * 2)

    def forward(self, x):
        names = ""
        for name, buffer in self.named_buffers():
            names += name
            x = x + buffer
        return x, names


@program(X, method("inverse", X), method("twice", X))
class Exported(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.shift = 2.0

    def forward(self, x):
        return x + self.shift

    @torch.jit.export
    def inverse(self, x):
        return x - self.shift

    @torch.jit.export
    def twice(self, x, n: int = 2):
        for _ in range(n):
            x = self.forward(x)
        return x


@program(X)
class HelperMethods(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 3

    def scaled(self, x, by: int = 2):
        return x * by * self.k

    @staticmethod
    def shifted(x):
        return x + 1

    def forward(self, x):
        return self.scaled(x) + self.scaled(x, by=5) + self.shifted(x)


@program(X)
class Properties(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 3

    @property
    def double(self) -> int:
        return self.k * 2

    def forward(self, x):
        return x * self.double


@program(X)
class UnusedProperties(torch.nn.Module):
    __jit_unused_properties__ = ["broken"]

    @property
    def broken(self):
        return eval("1")

    def forward(self, x):
        return x + 1


class Inner(torch.nn.Module):
    def __init__(self, k: int):
        super().__init__()
        self.k = k
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.k


@program(X, X)
class InstancesOfOneClass(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Inner(2)
        self.b = Inner(3)

    def forward(self, x):
        return self.b(self.a(x)), self.a.calls, self.b.k


@program(X, X, torch_is_wrong="a shared submodule counts once for two calls")
class SharedSubmodule(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Inner(2)
        self.b = self.a

    def forward(self, x):
        return self.b(self.a(x)), self.a.calls


@program(X, X)
class SubmoduleIsChanged(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner(2)

    def forward(self, x):
        self.inner.k += 1
        return self.inner(x)


class Base(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 2

    def hook(self, x):
        return x

    def forward(self, x):
        return self.hook(x) * self.k


@program(X)
class Overriding(Base):
    def hook(self, x):
        return x + 10


def doubled(module, inputs: Tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
    return output * 2


def shifted(module, inputs: Tuple[torch.Tensor]) -> Tuple[torch.Tensor]:
    return (inputs[0] + 1,)


@program(X)
class ForwardHooks(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner(3)
        self.register_forward_hook(doubled)
        self.register_forward_pre_hook(shifted)

    def forward(self, x):
        return self.inner(x)


@program(X)
class HooksOfASubmodule(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner(3)
        self.inner.register_forward_hook(doubled)

    def forward(self, x):
        return self.inner(x) + 1


def squared(x):
    return x * x


@program(X)
class FunctionAttribute(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.activation = squared
        self.library = torch.relu

    def forward(self, x):
        return self.activation(x) + self.library(x)


@program(call(X), call(X, None), call(X, X))
class OptionalArguments(torch.nn.Module):
    def forward(self, x, y: Optional[torch.Tensor] = None):
        if y is None:
            return x
        return x + y


@program(X)
class OptionalAttribute(torch.nn.Module):
    cache: Optional[torch.Tensor]

    def __init__(self):
        super().__init__()
        self.cache = None

    def forward(self, x):
        cache = self.cache
        if cache is None:
            cache = x * 2
            self.cache = cache
        return cache


@program(torch.ones(1, 1, 4, 4))
class Convolution(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = filled(torch.nn.Conv2d(1, 2, 3), 0.25)
        self.pool = torch.nn.MaxPool2d(2)

    def forward(self, x):
        return self.pool(torch.relu(self.conv(x))).flatten(1)


@program(torch.tensor([[0, 1], [2, 0]]))
class Embedded(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = filled(torch.nn.Embedding(3, 2), 0.5)
        self.norm = torch.nn.LayerNorm(2)

    def forward(self, ids):
        return self.norm(self.table(ids)) + self.table(ids)


@program(X)
class AttributesAreChosenByType(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.values = [1.5, 2.5]
        self.names = ["a", "b"]

    def forward(self, x):
        total = 0.0
        for v in self.values:
            total += v
        return x * total, "".join(self.names)


@program(X)
class ParameterDicts(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.ParameterDict({"w": torch.nn.Parameter(torch.ones(2))})
        self.a = filled(torch.nn.Linear(2, 2), 0.5)
        self.b = filled(torch.nn.Linear(2, 2), 2.0)
        self.c = self.a

    def forward(self, x):
        return self.first["w"] + self.b(x), "w" in self.first


@program(X)
class ParametersByLiteralIndex(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = torch.nn.ParameterList(
            [torch.nn.Parameter(torch.full((2,), float(i))) for i in range(3)]
        )

    def forward(self, x):
        return x * self.weights[2] + self.weights[-1], len(self.weights)


@program(X)
class NamedModules(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.ReLU()
        self.second = torch.nn.Sequential(torch.nn.Tanh())

    def forward(self, x):
        names = ""
        for name, m in self.named_modules():
            names += name + ";"
        return x, names


@program(X)
class ModulesAndChildren(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.ReLU()
        self.second = torch.nn.Sequential(torch.nn.Tanh())

    def forward(self, x):
        count = 0
        for m in self.modules():
            count += 1
        for child in self.children():
            x = child(x)
        return x, count


@program(1, 2)
class PropertyIsSet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 3

    @property
    def double(self) -> int:
        return self.k * 2

    @double.setter
    def double(self, value: int) -> None:
        self.k = value // 2

    def forward(self, n: int):
        self.double = n * 10
        self.double += 2
        return self.double, self.k


@program((3, "a"))
class OverloadedMethods(torch.nn.Module):
    @torch.jit._overload_method
    def scaled(self, x: int) -> int:
        pass

    @torch.jit._overload_method
    def scaled(self, x: str) -> str:
        pass

    def scaled(self, x):
        if isinstance(x, int):
            return x * 2
        return x + x

    def forward(self, n: int, s: str):
        return self.scaled(n), self.scaled(s)


@program(X)
class PreHooksOfASubmodule(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner(3)
        self.inner.register_forward_pre_hook(shifted)

    def forward(self, x):
        return self.inner(x) + 1


def told(module, inputs: Tuple[torch.Tensor], output: torch.Tensor) -> None:
    print("rows:", output.shape[0])


@program(X)
class HooksThatChangeNothing(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner(3)
        self.inner.register_forward_hook(told)

    def forward(self, x):
        return self.inner(x)


class Holder(torch.nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, x):
        return x * self.value


@program(torch.tensor([2, 3]))
class TypesOfEachInstance(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Holder(2)
        self.b = Holder(0.5)
        self.c = Holder(torch.tensor([1, 2]))

    def forward(self, x):
        return self.a(x), self.b(x), self.c(x)


@program(3)
class NoneBoolAndDictAttributes(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.nothing = None
        self.flag = True
        self.table = {"a": torch.ones(1)}
        self.limit: Optional[int] = None

    def forward(self, n: int):
        if self.nothing is None and self.flag:
            return n, self.table["a"], self.limit
        return n + 1, self.table["a"], self.limit
