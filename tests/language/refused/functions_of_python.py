"""Functions and modules of Python that compiled code does not call."""

import os
import random
import re
import sys
import time
from datetime import datetime
from typing import List

from tests.language.corpus import refused


@refused
def random_of_python(n: int):
    return random.random() * n  # E0205: torch.rand


@refused
def randint_of_python(n: int):
    return random.randint(0, n)  # E0205: torch.randint


@refused
def shuffle_of_python(a: List[int]):
    random.shuffle(a)  # E0205: torch.randperm
    return a


@refused
def choice_of_python(a: List[int]):
    return random.choice(a)  # E0205: torch


@refused
def time_of_python(n: int):
    return time.time() + n  # E0205: outside


@refused
def sleep_of_python(n: int):
    time.sleep(n)  # E0205: outside
    return n


@refused
def perf_counter(n: int):
    return time.perf_counter()  # E0205: outside


@refused
def datetime_of_python(n: int):
    return datetime.now().year  # E0205: outside


@refused
def eval_of_text(n: int):
    return eval("n + 1")  # E0205: eval


@refused
def exec_of_text(n: int):
    exec("n = 1")  # E0205: exec
    return n


@refused
def compile_of_text(n: int):
    compile("n", "f", "eval")  # E0205: compile
    return n


@refused
def open_of_a_file(name: str):
    return open(name).read()  # E0205: open


@refused
def input_of_a_line(n: int):
    return input()  # E0205: input


@refused
def globals_of_a_module(n: int):
    return len(globals())  # E0205: globals


@refused
def locals_of_a_function(n: int):
    return len(locals())  # E0205: locals


@refused
def vars_of_an_object(n: int):
    return len(vars())  # E0205: vars


@refused
def dir_of_an_object(n: int):
    return dir(n)  # E0205: dir


@refused
def id_of_an_object(x):
    return id(x)  # E0205: id


@refused
def type_of_an_object(n: int):
    return type(n)  # E0203: the script returns


@refused
def type_that_makes_a_class(n: int):
    type("C", (), {})  # E0205: class
    return n


@refused
def setattr_of_an_object(x):
    setattr(x, "a", 1)  # E0205: setattr
    return x


@refused
def delattr_of_an_object(x):
    delattr(x, "a")  # E0205: delattr
    return x


@refused
def import_by_function(n: int):
    __import__("os")  # E0205: import
    return n


@refused
def environment(n: int):
    return os.environ["HOME"]  # E0203: argument


@refused
def files(name: str):
    return os.path.exists(name)  # E0205: outside


@refused
def exit_of_python(n: int):
    sys.exit(n)  # E0205: raise
    return n


@refused
def regular_expressions(s: str):
    return re.sub("a", "b", s)  # E0205: outside


@refused
def an_iterator_by_hand(a: List[int]):
    return next(iter(a))  # E0205: loop with `for`


@refused
def memoryview_of_bytes(n: int):
    return memoryview(b"abc")[n]  # E0102: bytes


@refused
def bytes_literals(n: int):
    return b"abc"  # E0102: bytes


@refused
def super_of_nothing(n: int):
    return super().forward(n)  # E0205: super


@refused
def breakpoint_of_python(n: int):
    breakpoint()  # E0205: breakpoint
    return n


@refused
def a_lock(n: int):
    import threading

    with threading.Lock():  # E0205: outside
        return n


@refused
def a_callable_object(n: int):
    return re.compile("a").match("a")  # E0205: outside
