"""`torch.optim`: what changes parameters by their gradients."""

from __future__ import annotations

from jit.torch.optim import lr_scheduler
from jit.torch.optim.algorithms import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    RMSprop,
)
from jit.torch.optim.lbfgs import LBFGS
from jit.torch.optim.optimizer import Optimizer

__all__ = [
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Optimizer",
    "RMSprop",
    "lr_scheduler",
]
