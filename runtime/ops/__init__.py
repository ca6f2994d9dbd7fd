"""Operator cards. Importing this package registers all of them.

One module for each group of operators; the order of the modules is the order in which
overloads are tried where several modules declare the same kind.
"""

from __future__ import annotations

import importlib
import importlib.util

MODULES = (
    "arithmetic",
    "comparison",
    "bitwise",
    "rounding",
    "exponential",
    "trigonometric",
    "activation",
    "reduction",
    "scan",
    "sorting",
    "casting",
    "views",
    "indexing",
    "joining",
    "creation",
    "random_ops",
    "linear_algebra",
    "convolution",
    "pooling",
    "normalization",
    "embedding",
    "dropout",
    "loss",
    "scalars",
    "conversions",
    "mathematics",
    "strings",
    "lists",
    "tuples",
    "dicts",
    "sets",
    "control",
    "exceptions_ops",
    "numpy_arithmetic",
    "numpy_reduction",
    "numpy_shape",
    "numpy_indexing",
    "numpy_creation",
    "numpy_linear_algebra",
)

for _module in MODULES:
    _name = f"{__name__}.{_module}"
    if importlib.util.find_spec(_name) is not None:
        importlib.import_module(_name)
