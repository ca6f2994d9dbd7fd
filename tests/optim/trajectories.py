"""Small trainings by every optimizer and scheduler; `record.py` records torch's.

Each gives the parameters after twelve steps and the learning rates on the way.
"""

from __future__ import annotations

import numpy as np

STEPS = 12


def problem(torch):
    """Two parameters, and a loss of them."""
    rng = np.random.default_rng(0)
    weight = torch.tensor(rng.standard_normal((3, 4))).requires_grad_()
    bias = torch.tensor(rng.standard_normal(4)).requires_grad_()
    data = torch.tensor(rng.standard_normal((5, 3)))

    def loss():
        return ((data @ weight + bias).tanh() ** 2).sum() + (bias * bias).sum() * 0.1

    return [weight, bias], loss


OPTIMIZERS = {
    "sgd": lambda o, p: o.SGD(p, 0.1),
    "sgd momentum": lambda o, p: o.SGD(p, 0.1, momentum=0.9, weight_decay=0.01),
    "sgd nesterov": lambda o, p: o.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "sgd dampening": lambda o, p: o.SGD(
        p, 0.1, momentum=0.9, dampening=0.2, maximize=True
    ),
    "adam": lambda o, p: o.Adam(p, 0.05, weight_decay=0.01),
    "amsgrad": lambda o, p: o.Adam(p, 0.05, amsgrad=True),
    "adamw": lambda o, p: o.AdamW(p, 0.05, weight_decay=0.1),
    "rmsprop": lambda o, p: o.RMSprop(p, 0.05),
    "rmsprop centered": lambda o, p: o.RMSprop(
        p, 0.05, centered=True, momentum=0.5, weight_decay=0.01
    ),
    "adagrad": lambda o, p: o.Adagrad(p, 0.1, lr_decay=0.1, weight_decay=0.01),
    "adadelta": lambda o, p: o.Adadelta(p, 1.0),
    "adamax": lambda o, p: o.Adamax(p, 0.05),
    "groups": lambda o, p: o.SGD(
        [{"params": [p[0]]}, {"params": [p[1]], "lr": 0.01}], 0.1
    ),
    "lbfgs": lambda o, p: o.LBFGS(p, 0.5, max_iter=3),
    "lbfgs wolfe": lambda o, p: o.LBFGS(p, max_iter=4, line_search_fn="strong_wolfe"),
}

SCHEDULERS = {
    "lambda": lambda s, o: s.LambdaLR(o, lambda e: 0.95**e),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, lambda e: 0.95),
    "step": lambda s, o: s.StepLR(o, 3),
    "multi step": lambda s, o: s.MultiStepLR(o, [2, 5, 5]),
    "constant": lambda s, o: s.ConstantLR(o),
    "linear": lambda s, o: s.LinearLR(o),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.9),
    "polynomial": lambda s, o: s.PolynomialLR(o, 6, 2.0),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 4, 0.01),
    "warm restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 2),
    "cyclic": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 4, 3),
    "cyclic triangular2": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 2, mode="triangular2"),
    "cyclic exponential": lambda s, o: s.CyclicLR(
        o, 0.01, 0.1, 2, mode="exp_range", gamma=0.9
    ),
    "one cycle": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=15),
    "one cycle, three phases": lambda s, o: s.OneCycleLR(
        o, 0.1, total_steps=15, three_phase=True, anneal_strategy="linear"
    ),
    "sequential": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.5, 3), s.ExponentialLR(o, 0.9)], [4]
    ),
    "chained": lambda s, o: s.ChainedScheduler(
        [s.ConstantLR(o, 0.5, 3), s.ExponentialLR(o, 0.9)]
    ),
    "plateau": lambda s, o: s.ReduceLROnPlateau(o, patience=2),
}


def train(torch, optimizer, scheduler=None, steps=STEPS):
    """Parameters and rates of a training, as lists; and the keys of `state_dict`."""
    parameters, loss = problem(torch)
    opt = OPTIMIZERS[optimizer](torch.optim, parameters)
    schedule = None
    if scheduler is not None:
        schedule = SCHEDULERS[scheduler](torch.optim.lr_scheduler, opt)
    rates = []

    def closure():
        opt.zero_grad()
        value = loss()
        value.backward()
        return value

    for step in range(steps):
        opt.step(closure)
        if scheduler == "plateau":
            schedule.step(1.0 if step > 2 else 3.0 - step)
        elif schedule is not None:
            schedule.step()
        rates.append([group["lr"] for group in opt.param_groups])
    state = opt.state_dict()["state"]
    return {
        "parameters": [p.detach().numpy().tolist() for p in parameters],
        "rates": rates,
        "state": {str(k): sorted(v) for k, v in state.items()},
    }


def all_trainings():
    """The names of all trainings: an optimizer, and a scheduler or None."""
    return [(name, None) for name in OPTIMIZERS] + [
        ("sgd momentum", name) for name in SCHEDULERS
    ]
