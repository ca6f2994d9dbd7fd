"""Modules and classes that cannot be compiled."""

import random
import torch
from typing import Tuple

from tests.language.corpus import refused

Module = torch.nn.Module


@refused
class AttributeThatIsNotThere(Module):
    def forward(self, x):
        return x * self.scale  # E0204: scale


@refused
class AttributeWithATypingError(Module):
    def __init__(self):
        super().__init__()
        self.scale = 2

    def forward(self, x):
        return x * self.scal  # E0204: scale


@refused
class AttributeOfAnotherType(Module):
    def __init__(self):
        super().__init__()
        self.n = 2

    def forward(self, x):
        self.n = "a"  # E0310: str
        return x


@refused
class AttributeThatIsMadeInForward(Module):
    def forward(self, x):
        self.fresh = x  # E0204: __init__
        return x


@refused
class AttributeThatNoProgramHas(Module):
    def __init__(self):
        super().__init__()
        self.source = random.Random(0)

    def forward(self, x):
        return x * self.source.random()  # E0105: `Random`


@refused
class MethodThatIsNotThere(Module):
    def forward(self, x):
        return self.helper(x)  # E0204: helper


@refused
class MethodWithAnArgumentTooMany(Module):
    def helper(self, x):
        return x

    def forward(self, x):
        return self.helper(x, 1)  # E0304: 1


@refused
class SubmoduleWithAnArgumentMissing(Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)

    def forward(self, x):
        return self.layer()  # E0304: input


@refused
class SubmoduleIsAssigned(Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.ReLU()

    def forward(self, x):
        self.layer = x  # E0310: layer
        return x


@refused
class KeyThatIsNotThere(Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleDict({"a": torch.nn.ReLU()})

    def forward(self, x):
        return self.layers["b"](x)  # E0301: has nothing under this key


@refused
class IndexOutOfRange(Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU()])

    def forward(self, x):
        return self.layers[3](x)  # E0301: 1


@refused
class IndexThatIsAFloat(Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])

    def forward(self, x, k: float):
        return self.layers[k](x)  # E0301: a `float` is no index of modules


@refused
class SliceOfComputedBounds(Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])

    def forward(self, x, n: int):
        for layer in self.layers[n:]:  # E0301: bounds of a slice
            x = layer(x)
        return x


@refused
class ChosenModulesGiveDifferentTypes(Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.LSTM(2, 2)])

    def forward(self, x, n: int):
        return self.layers[n](x)  # E0302: have different types


@refused
class ChosenFromChosen(Module):
    def __init__(self):
        super().__init__()
        inner = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])
        self.layers = torch.nn.ModuleList([inner, inner])

    def forward(self, x, n: int):
        return self.layers[n][n](x)  # E0301: only by a literal


@refused
class ListWithMixedItems(Module):
    def __init__(self):
        super().__init__()
        self.items = [1, "a"]

    def forward(self, x):
        return x * self.items[0]  # E0203: items


@refused
class ErrorInASubmodule(Module):
    def __init__(self):
        super().__init__()
        self.inner = AttributeThatIsNotThere()

    def forward(self, x):
        return self.inner(x)


@refused
class ErrorInAnExportedMethod(Module):
    def forward(self, x):
        return x

    @torch.jit.export
    def other(self, n: int):
        return n + "a"  # E0301: cannot add


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    def __init__(self, n: int):
        self.n = n


@refused
def a_metaclass(n: int):
    return WithMeta(n).n  # E0105: has the metaclass `Meta`


class Slotted:
    def __init__(self, n: int):
        self.n = n

    def broken(self) -> int:
        return self.n + "a"  # E0301: cannot add


@refused
def an_error_in_a_method_of_a_class(n: int):
    return Slotted(n).broken()


class Simple:
    def __init__(self, n: int):
        self.n = n


@refused
def an_attribute_that_a_class_lacks(n: int):
    return Simple(n).m  # E0204: m


@refused
def a_method_that_a_class_lacks(n: int):
    return Simple(n).up()  # E0204: up


@refused
def an_argument_that_a_class_lacks(n: int):
    return Simple().n  # E0304: n


@refused
def an_attribute_of_a_class_of_another_type(n: int):
    s = Simple(n)
    s.n = "a"  # E0310: str
    return s


@refused
def instances_have_no_sum(n: int):
    return Simple(n) + Simple(n)  # E0301: give the class a method `__add__`


@torch.jit.interface
class Sized:
    def size(self) -> int:
        pass


def measured(x: Sized) -> int:
    return x.size()


@refused
def an_interface_that_a_class_lacks(n: int):
    return measured(Simple(n))  # E0304: Sized


class Entered:
    def __init__(self, n: int):
        self.n = n

    def __enter__(self):
        return self


@refused
def a_context_without_an_exit(n: int):
    with Entered(n):  # E0102: `__exit__`
        return n


@torch.jit.interface
class Layer(Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pass


class WithAText(Module):
    def forward(self, x: torch.Tensor, s: str):  # E0310: takes other parameters
        return x


@refused
class AnInterfaceThatASubmoduleLacks(Module):
    layer: Layer

    def __init__(self):
        super().__init__()
        self.layer = WithAText()

    def forward(self, x):
        return self.layer.forward(x)


def hook_of_two(module, inputs: Tuple[torch.Tensor]):  # E0304: takes 1 positional
    return None


@refused
class AHookWithoutTheOutput(Module):
    def __init__(self):
        super().__init__()
        self.register_forward_hook(hook_of_two)

    def forward(self, x):
        return x


def hook_of_ints(module, inputs: Tuple[int]) -> None:  # E0304: `inputs`
    return None


@refused
class AHookOfOtherInputs(Module):
    def __init__(self):
        super().__init__()
        self.register_forward_pre_hook(hook_of_ints)

    def forward(self, x):
        return x


def text_of(module, inputs: Tuple[torch.Tensor], output: torch.Tensor) -> str:
    return "a"


@refused
class AHookThatGivesATextWhereATensorIsWanted(Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.ReLU()
        self.inner.register_forward_hook(text_of)

    def forward(self, x):
        return self.inner(x) + 1  # E0301: cannot add
