"""Memory formats in traces."""

from __future__ import annotations

import jit
from jit import torch


def test_a_copy_has_the_rows_that_a_trace_was_told():
    def f(x):
        return x.t().clone(memory_format=torch.contiguous_format).view(
            -1
        ), x.t().clone()

    traced = jit.trace(f, (torch.ones(2, 3),))
    x = torch.arange(6.0).view(2, 3)
    for run in (f, traced, traced.interpret):
        rows, same = run(x)
        assert [0.0, 3.0, 1.0, 4.0, 2.0, 5.0] == rows.tolist()
        assert (1, 3) == same.stride()
