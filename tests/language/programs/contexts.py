"""with: contexts of torch's, of the user's own, several at once, and their exits."""

import torch
from typing import Any, List

from tests.language.corpus import program


@program(torch.ones(2, requires_grad=True), gradients=True)
def no_grad_ends_a_tape(x):
    with torch.no_grad():
        y = x * 2
    return y.requires_grad, (x * 3).requires_grad


@program(torch.ones(2, requires_grad=True), gradients=True)
def gradients_go_around_no_grad(x):
    with torch.no_grad():
        scale = x * 2
    return x * scale


@program(torch.ones(2))
def record_function_changes_nothing(x):
    with torch.autograd.profiler.record_function("a label"):
        y = x + 1
    return y


@program(torch.ones(2))
def record_function_as_a_name(x):
    with torch.autograd.profiler.record_function("a label") as label:
        y = x + 1
    return y


@program(torch.ones(2))
def several_contexts_at_once(x):
    with torch.no_grad(), torch.autograd.profiler.record_function("a"):
        y = x + 1
    return y


@program(torch.ones(2))
def contexts_in_contexts(x):
    with torch.no_grad():
        y = x + 1
        with torch.no_grad():
            y = y * 2
        y = y + 1
    return y


class Counted:
    def __init__(self, step: int):
        self.step = step
        self.entered = 0
        self.left = 0

    def __enter__(self):
        self.entered += self.step
        return self.entered

    def __exit__(self, type: Any, value: Any, tb: Any):
        self.left += self.step


@program(1, 3)
def enter_and_exit_are_called(n: int):
    c = Counted(n)
    with c:
        inside = c.entered - c.left
    return inside, c.entered, c.left


@program(2)
def as_names_what_enter_gives(n: int):
    c = Counted(n)
    with c as k:
        result = k * 10
    return result


@program(2)
def a_context_may_be_entered_again(n: int):
    c = Counted(n)
    for _ in range(3):
        with c:
            pass
    return c.entered, c.left


@program(2)
def several_contexts_of_ones_own(n: int):
    c = Counted(n)
    d = Counted(n + 1)
    with c as a, d as b:
        result = a * 100 + b
    return result, c.left, d.left


class Noted:
    def __init__(self, log: List[str], name: str):
        self.log = log
        self.name = name

    def __enter__(self):
        self.log.append("in " + self.name)
        return self

    def __exit__(self, type: Any, value: Any, tb: Any):
        self.log.append("out " + self.name)


@program()
def contexts_leave_in_reverse():
    log: List[str] = []
    with Noted(log, "a"), Noted(log, "b"):
        log.append("body")
    return log


@program(0, 1)
def contexts_leave_before_a_return(n: int):
    log: List[str] = []
    with Noted(log, "a"):
        if n > 0:
            log.append("early")
            return log
        log.append("late")
    return log


class Told:
    def __init__(self, name: str):
        self.name = name

    def __enter__(self):
        print("in", self.name)
        return self

    def __exit__(self, type: Any, value: Any, tb: Any):
        print("out", self.name)


@program(1, -1)
def contexts_leave_by_an_exception(n: int):
    with Told("a"):
        assert n > 0, "n must be positive"
    return n


@program(3)
def contexts_leave_by_break_and_continue(n: int):
    for i in range(n):
        with Told(str(i)):
            if i == 0:
                continue
            break
    return n


# autocast: products are computed in another dtype.


@program(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
def autocast_chooses_a_dtype(x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = x @ x
        z = x + 1
    return y.dtype == torch.bfloat16, z.dtype == torch.float32, y.float()


@program(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
def autocast_that_is_off(x):
    with torch.autocast("cpu", enabled=False):
        y = x @ x
    return y


def product(x):
    return x @ x


@program(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
def autocast_reaches_callees(x):
    with torch.autocast("cpu"):
        inside = product(x)
    return inside.float(), inside.dtype == product(x).dtype


@program(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
def autocast_gives_losses_float32(x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = torch.nn.functional.linear(x, x)
        loss = torch.nn.functional.mse_loss(y, y + 1)
    return y.dtype == torch.bfloat16, loss.dtype == torch.float32, loss
