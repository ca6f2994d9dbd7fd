"""The families of cases, in the order of the report."""

from __future__ import annotations

from benchmarks.case import Family
from benchmarks.families import (
    calls,
    convolutions,
    eager,
    language,
    networks,
    pointwise,
    products,
    reductions,
    scalars,
)

FAMILIES: tuple[Family, ...] = (
    calls.FAMILY,
    scalars.FAMILY,
    language.FAMILY,
    pointwise.FAMILY,
    reductions.FAMILY,
    products.FAMILY,
    convolutions.FAMILY,
    networks.FAMILY,
    eager.FAMILY,
)
