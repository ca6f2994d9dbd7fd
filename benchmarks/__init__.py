"""Benchmarks of compiled programs against NumPy, torch, JAX and others.

    python -m benchmarks run                      every family, one and two threads
    python -m benchmarks run pointwise --quick    one family, few rounds
    python -m benchmarks report                   write RESULTS.md from the last run

A case (`case.py`, declared in `families/`) is measured with every contender
(`contenders/`) that can run it, in turns, in one process. How, is in `measuring.py`.
"""
