"""A trace takes tuples, lists and dicts of Tensors."""

import torch


def of_tuple(x, pair):
    a, b = pair
    return x + a * b


def of_list(xs):
    return xs[0] - xs[1]


def of_dict(d):
    return d["a"] * 10 + d["b"]


def run():
    one = torch.ones(2)
    g = torch.jit.trace(of_tuple, (one, (one, one)))
    yield "tuple", g(one, (torch.tensor([2.0, 3.0]), torch.tensor([4.0, 5.0])))
    g = torch.jit.trace(of_list, ([one, one],))
    yield "list", g([torch.tensor([5.0, 6.0]), torch.tensor([1.0, 2.0])])
    g = torch.jit.trace(of_dict, ({"a": one, "b": one},))
    yield "dict", g({"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([3.0, 4.0])})
