"""What stands around programs: graphs, code, saving, freezing, compilation units."""

import copy
import io
import torch
from typing import List

from tests.language.corpus import scenario

X = torch.tensor([1.0, -2.0])


def scaled(x, k: float = 2.0):
    return torch.relu(x) * k


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([2.0, 3.0]))
        self.register_buffer("shift", torch.tensor([0.5, 0.5]))
        self.k = 3

    def forward(self, x):
        return x * self.weight + self.shift * self.k

    @torch.jit.export
    def other(self, x):
        return x - self.k


@scenario
def kinds_of_nodes():
    f = torch.jit.script(scaled)
    kinds = [str(n.kind()) for n in f.graph.nodes()]
    yield "kinds", [kind for kind in kinds if kind != "prim::Constant"]
    yield "inputs", len(list(f.graph.inputs()))
    yield "outputs", len(list(f.graph.outputs()))


@scenario
def types_in_a_graph():
    f = torch.jit.script(scaled)
    yield "types", [str(v.type()) for v in f.graph.inputs()]


@scenario
def an_inlined_graph_has_no_calls():
    def outer(x):
        return scaled(x) + 1

    f = torch.jit.script(outer)
    kinds = [n.kind() for n in f.inlined_graph.nodes()]
    yield "calls", "prim::CallFunction" in kinds
    yield "relu", "aten::relu" in kinds


@scenario
def graph_for_gives_a_graph():
    f = torch.jit.script(scaled)
    f(X)
    yield "nodes", len(list(f.graph_for(X).nodes())) > 0


@scenario
def code_compiles_again():
    f = torch.jit.script(scaled)
    yield "a function", "def scaled" in f.code
    unit = torch.jit.CompilationUnit(f.code)
    yield "again", unit.scaled(X, 3.0)


@scenario
def a_compilation_unit():
    unit = torch.jit.CompilationUnit(
        """
def double(x):
    return x * 2

def add(x, n: int):
    return double(x) + n
"""
    )
    yield "double", unit.double(X)
    yield "add", unit.add(X, 1)


@scenario
def save_and_load_by_a_buffer():
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(scaled), buffer)
    buffer.seek(0)
    g = torch.jit.load(buffer)
    yield "result", g(X, 3.0)


@scenario
def save_to_buffer():
    data = torch.jit.script(Net()).save_to_buffer()
    m = torch.jit.load(io.BytesIO(data))
    yield "result", m(X)


@scenario
def extra_files():
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(scaled), buffer, _extra_files={"note": b"hello"})
    buffer.seek(0)
    files = {"note": ""}
    torch.jit.load(buffer, _extra_files=files)
    note = files["note"]
    yield "note", note if isinstance(note, str) else note.decode()


@scenario
def map_location():
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(Net()), buffer)
    buffer.seek(0)
    m = torch.jit.load(buffer, map_location="cpu")
    yield "result", m(X)


@scenario
def freeze_keeps_the_result():
    m = torch.jit.freeze(torch.jit.script(Net().eval()))
    yield "result", m(X)
    yield "no parameters", len(list(m.parameters()))


@scenario
def freeze_preserves_attributes():
    m = torch.jit.freeze(torch.jit.script(Net().eval()), preserved_attrs=["k", "other"])
    yield "result", m(X)
    yield "attribute", m.k
    yield "method", m.other(X)


@scenario
def optimize_for_inference():
    m = torch.jit.optimize_for_inference(torch.jit.script(Net().eval()))
    yield "result", m(X)


@scenario
def state_dict_and_load():
    m = torch.jit.script(Net())
    yield "keys", sorted(m.state_dict().keys())
    m.load_state_dict({"weight": torch.zeros(2), "shift": torch.ones(2)})
    yield "loaded", m(X)


@scenario
def deepcopy_parts():
    m = torch.jit.script(Net())
    other = copy.deepcopy(m)
    with torch.no_grad():
        other.weight.zero_()
    yield "copy", other(X)
    yield "original", m(X)


@scenario
def attributes_from_python():
    m = torch.jit.script(Net())
    m.k = 10
    yield "changed", m(X)
    yield "read", m.k


@scenario
def named_parameters_and_buffers():
    m = torch.jit.script(Net())
    yield "parameters", [name for name, _ in m.named_parameters()]
    yield "buffers", [name for name, _ in m.named_buffers()]


@scenario
def training_is_told_to_submodules():
    m = torch.jit.script(torch.nn.Sequential(Net(), torch.nn.Dropout(0.5)))
    m.eval()
    yield "eval", [child.training for child in m.children()]
    m.train()
    yield "train", m.training


@scenario
def zero_grad():
    m = torch.jit.script(Net())
    m(X).sum().backward()
    yield "gradient", m.weight.grad
    m.zero_grad()
    grad = m.weight.grad
    yield "afterwards", grad is None or float(grad.sum()) == 0.0


@scenario
def lists_are_scripted():
    a = torch.jit.script([1, 2, 3])
    a.append(4)
    yield "length", len(a)
    yield "item", a[-1]


@scenario
def dicts_are_scripted():
    d = torch.jit.script({"a": 1})
    d["b"] = 2
    yield "length", len(d)
    yield "item", d["b"]


@scenario
def arguments_are_checked():
    def f(n: int, a: List[int]) -> int:
        return n + len(a)

    g = torch.jit.script(f)
    yield "right", g(1, [2])
    yield "a str for an int", lambda: g("x", [2])
    yield "a str in a list", lambda: g(1, ["x"])
    yield "missing", lambda: g(1)
    yield "unknown keyword", lambda: g(1, [2], k=3)


@scenario
def a_script_module_with_script_methods():
    class Old(torch.jit.ScriptModule):
        def __init__(self):
            super().__init__()
            self.k = 3

        @torch.jit.script_method
        def forward(self, x):
            return x * self.k

    yield "result", Old()(X)


@scenario
def methods_are_defined_by_text():
    m = torch.jit.script(Net())
    m.define("def plus(self, x):\n    return x + self.k\n")
    yield "result", m.plus(X)


def slow(x):
    return x * 2


@scenario
def fork_and_wait():
    @torch.jit.script
    def f(x):
        a = torch.jit.fork(slow, x)
        b = torch.jit.fork(slow, x + 1)
        return torch.jit.wait(a) + torch.jit.wait(b)

    yield "result", f(X)


@scenario
def futures_in_a_list():
    @torch.jit.script
    def f(x, n: int):
        futures: List[torch.jit.Future[torch.Tensor]] = []
        for i in range(n):
            futures.append(torch.jit.fork(slow, x + i))
        total = torch.zeros(2)
        for future in futures:
            total = total + torch.jit.wait(future)
        return total

    yield "result", f(X, 3)


@scenario
def scripting_a_scripted_thing():
    f = torch.jit.script(scaled)
    m = torch.jit.script(Net())
    yield "function", torch.jit.script(f) is f
    yield "module", torch.jit.script(m) is m


@scenario
def a_graph_is_walked_into_its_blocks():
    def f(x, n: int):
        for i in range(n):
            x = x * i
        return x

    nodes = torch.jit.script(f).graph.nodes()
    (loop,) = [n for n in nodes if n.kind() == "prim::Loop"]
    (body,) = loop.blocks()
    yield "inputs", len(list(loop.inputs()))
    yield "types", [str(v.type()) for v in loop.outputs()]
    yield "inside", [str(n.kind()) for n in body.nodes()]


@scenario
def a_unit_is_defined_later():
    unit = torch.jit.CompilationUnit()
    unit.define("def double(x: int) -> int:\n    return x * 2\n")
    yield "result", unit.double(4)


@scenario
def kinds_of_scripted_things():
    function = torch.jit.script(scaled)
    traced = torch.jit.trace(slow, X)
    yield "scripted", isinstance(function, torch.jit.ScriptFunction)
    yield "traced", isinstance(traced, torch.jit.ScriptFunction)
    yield "module", isinstance(torch.jit.script(Net()), torch.jit.ScriptModule)


def item(a: List[int], i: int) -> int:
    if i > 5:
        raise ValueError("too large")
    return a[i]


def told_of(error: Exception) -> str:
    return "".join([str(error), *getattr(error, "__notes__", [])])


@scenario
def errors_show_the_line():
    f = torch.jit.script(item)
    try:
        f([1], 3)
    except Exception as error:
        yield "of an index", "return a[i]" in told_of(error)
    try:
        f([1], 7)
    except Exception as error:
        yield "of a raise", 'raise ValueError("too large")' in told_of(error)
