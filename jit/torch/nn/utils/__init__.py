"""`torch.nn.utils`: gradients clipped, parameters as vectors, norms, sequences."""

from __future__ import annotations

import jit.torch.nn.utils.parametrizations as parametrizations
import jit.torch.nn.utils.parametrize as parametrize
import jit.torch.nn.utils.rnn as rnn
from jit.torch.nn.utils.clipping import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from jit.torch.nn.utils.vectors import parameters_to_vector, vector_to_parameters
from jit.torch.nn.utils.weights import (
    remove_spectral_norm,
    remove_weight_norm,
    spectral_norm,
    weight_norm,
)

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
    "parameters_to_vector",
    "parametrizations",
    "parametrize",
    "remove_spectral_norm",
    "remove_weight_norm",
    "rnn",
    "spectral_norm",
    "vector_to_parameters",
    "weight_norm",
]
