"""Hooks on gradients, clipping, parameters as vectors, norms of weights, sequences."""

from __future__ import annotations

import numpy as np
import pytest

from jit import torch
from jit.torch import nn
from jit.torch.nn.utils import parametrizations, parametrize, rnn


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, x, scale):
        made = self.linear(x) * scale
        return {"first": made, "rest": [made * 2, (made.sum(), None)]}


def test_a_backward_hook_sees_and_replaces_gradients_of_any_structure():
    module = Branching()
    seen = []

    def hook(module, grad_input, grad_output):
        seen.append((len(grad_input), len(grad_output)))
        return (grad_input[0] * 10, *grad_input[1:])

    handle = module.register_full_backward_hook(hook)
    x = torch.ones(4, 3, requires_grad=True)
    result = module(x, 2.0)
    result["rest"][0].sum().backward()
    watched = x.grad.clone()
    handle.remove()
    x.grad = None
    module(x, 2.0)["rest"][0].sum().backward()

    assert [(2, 3)] == seen
    torch.testing.assert_close(watched, x.grad * 10)


def test_a_backward_pre_hook_replaces_the_gradients_of_outputs():
    module = nn.Linear(3, 2)
    x = torch.ones(1, 3, requires_grad=True)
    module(x).sum().backward()
    plain = x.grad.clone()
    x.grad = None
    module.register_full_backward_pre_hook(lambda m, grads: (grads[0] * 3,))
    module(x).sum().backward()

    torch.testing.assert_close(x.grad, plain * 3)


def test_a_backward_hook_is_called_where_no_input_wants_gradients():
    module = nn.Linear(3, 2)
    seen = []
    module.register_full_backward_hook(lambda m, gi, go: seen.append((gi, len(go))))
    module(torch.ones(1, 3)).sum().backward()

    assert [((None,), 1)] == seen
    assert module.weight.grad is not None


def test_a_hook_that_gives_too_many_gradients_is_refused():
    module = nn.Linear(3, 2)
    module.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0]))
    x = torch.ones(1, 3, requires_grad=True)

    with pytest.raises(RuntimeError, match="invalid number of grad_input"):
        module(x).sum().backward()


def with_gradients():
    parameters = [nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(3))]
    parameters[0].grad = torch.full((2, 2), 3.0)
    parameters[1].grad = torch.full((3,), -4.0)
    return parameters


@pytest.mark.parametrize(("kind", "norm"), [(2.0, 84**0.5), (float("inf"), 4.0)])
def test_gradients_are_scaled_to_a_norm(kind, norm):
    parameters = with_gradients()
    total = nn.utils.clip_grad_norm_(parameters, 1.0, kind)

    assert float(total) == pytest.approx(norm, rel=1e-6)
    after = nn.utils.get_total_norm([p.grad for p in parameters], kind)
    assert float(after) == pytest.approx(1.0, rel=1e-5)


def test_gradients_are_clipped_to_values():
    parameters = with_gradients()
    nn.utils.clip_grad_value_(parameters, 3.5)

    assert 3.0 == parameters[0].grad.max().item()
    assert -3.5 == parameters[1].grad.min().item()


def test_a_norm_that_is_not_finite_is_refused_if_wanted():
    parameters = with_gradients()
    parameters[0].grad[0, 0] = float("nan")

    with pytest.raises(RuntimeError, match="non-finite"):
        nn.utils.clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)


def test_parameters_go_to_a_vector_and_back():
    module = nn.Linear(3, 2)
    vector = nn.utils.parameters_to_vector(module.parameters())
    nn.utils.vector_to_parameters(vector * 2, module.parameters())

    assert [8] == list(vector.shape)
    torch.testing.assert_close(
        nn.utils.parameters_to_vector(module.parameters()), vector * 2
    )


def test_weight_norm_keeps_the_weight_and_names_its_parts():
    module = nn.Linear(3, 2)
    x, before = torch.ones(1, 3), module.weight.detach().clone()
    expected = module(x)
    parametrizations.weight_norm(module)

    torch.testing.assert_close(module(x), expected)
    assert [
        "bias",
        "parametrizations.weight.original0",
        "parametrizations.weight.original1",
    ] == list(module.state_dict())
    parametrize.remove_parametrizations(module, "weight")
    assert type(module) is nn.Linear
    torch.testing.assert_close(module.weight.detach(), before)


def test_weight_norm_by_a_hook_keeps_the_weight():
    module = nn.Conv1d(2, 3, 2)
    x = torch.ones(1, 2, 4)
    expected = module(x)
    nn.utils.weight_norm(module)

    torch.testing.assert_close(module(x), expected)
    assert ["bias", "weight_g", "weight_v"] == list(module.state_dict())
    nn.utils.remove_weight_norm(module)
    torch.testing.assert_close(module(x), expected)


def test_spectral_norm_divides_by_the_largest_singular_value():
    module = parametrizations.spectral_norm(nn.Linear(4, 3), n_power_iterations=50)
    for _ in range(5):
        weight = module.weight
    largest = np.linalg.svd(weight.detach().numpy(), compute_uv=False)[0]

    assert largest == pytest.approx(1.0, abs=1e-3)


def test_sequences_are_packed_and_padded_back():
    sequences = [torch.arange(n * 2.0).reshape(n, 2) for n in (2, 4, 1)]
    packed = rnn.pack_sequence(sequences, enforce_sorted=False)
    padded, lengths = rnn.pad_packed_sequence(packed, batch_first=True)

    assert [3, 2, 1, 1] == packed.batch_sizes.tolist()
    assert [2, 4, 1] == lengths.tolist()
    for sequence, found in zip(sequences, rnn.unpack_sequence(packed), strict=True):
        torch.testing.assert_close(found, sequence)
    torch.testing.assert_close(padded, rnn.pad_sequence(sequences, batch_first=True))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_packed_sequences_give_what_each_sequence_gives_alone(kind):
    torch.manual_seed(0)
    module = kind(2, 3, num_layers=2, bidirectional=True)
    sequences = [torch.randn(n, 2) for n in (2, 4, 1)]
    out, state = module(rnn.pack_sequence(sequences, enforce_sorted=False))
    last = state[0] if kind is nn.LSTM else state
    found = rnn.unpack_sequence(out)

    for i, sequence in enumerate(sequences):
        expected, alone = module(sequence)
        alone = alone[0] if kind is nn.LSTM else alone
        torch.testing.assert_close(found[i], expected, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(last[:, i], alone, rtol=1e-5, atol=1e-6)


def test_the_gradient_of_ctc_is_the_difference_quotient():
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.standard_normal((5, 2, 4))).requires_grad_()
    targets = torch.tensor([[1, 2], [3, 3]])

    def loss(x):
        return nn.functional.ctc_loss(
            x.log_softmax(2), targets, [5, 4], [2, 2], reduction="sum"
        )

    assert torch.autograd.gradcheck(loss, (logits,))


def test_dropout_between_recurrent_layers_draws_in_training_only():
    module = nn.LSTM(2, 3, num_layers=2, dropout=0.5)
    x = torch.ones(4, 1, 2)
    torch.manual_seed(1)
    first = module(x)[0]
    second = module(x)[0]
    module.eval()

    assert not torch.equal(first, second)
    assert torch.equal(module(x)[0], module(x)[0])
