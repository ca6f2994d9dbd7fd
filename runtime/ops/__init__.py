"""Operator cards. Importing this package registers all of them.

One module for each group of operators; the order of the modules is the order in which
overloads are tried where several modules declare the same kind.
"""

from __future__ import annotations

import importlib

MODULES = (
    "arithmetic",
    "comparison",
    "bitwise",
    "rounding",
    "exponential",
    "trigonometric",
    "activation",
    "bessel",
    "normal_distribution",
    "gamma_functions",
    "orthogonal_polynomials",
    "reduction",
    "scan",
    "sorting",
    "casting",
    "views",
    "view_gradients",
    "splitting",
    "indexing",
    "scattering",
    "rearranging",
    "joining",
    "creation",
    "ranges",
    "random_ops",
    "linear_algebra",
    "matrix_norms",
    "convolution",
    "convolution_gradients",
    "pooling",
    "pooling_gradients",
    "normalization",
    "embedding",
    "dropout",
    "attention",
    "loss",
    "class_loss",
    "distance",
    "core_forms",
    "view_copies",
    "view_writes",
    "symbolic_sizes",
    "recurrent",
    "scalars",
    "conversions",
    "mathematics",
    "strings",
    "lists",
    "tuples",
    "dicts",
    "sets",
    "control",
    "numpy_arithmetic",
    "numpy_reduction",
    "numpy_shape",
    "numpy_indexing",
    "numpy_creation",
    "numpy_linear_algebra",
)

for _module in MODULES:
    importlib.import_module(f"{__name__}.{_module}")
