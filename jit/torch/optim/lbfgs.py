"""LBFGS: steps along an approximation of Newton's direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jit.runtime.grad_mode import is_grad_enabled, set_flags
from jit.torch.optim.optimizer import Optimizer

Evaluate = Callable[[np.ndarray, float, np.ndarray], tuple[float, np.ndarray]]


class LBFGS(Optimizer):
    """The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno.

    `step` needs a closure that computes the loss and its gradients, and calls it several
    times. `line_search_fn="strong_wolfe"` searches along the direction (J. Nocedal,
    S. Wright, Numerical Optimization, 2006, algorithms 3.5 and 3.6).
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if line_search_fn not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        if not lr >= 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        super().__init__(params, {
            "lr": lr, "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change,
            "history_size": history_size, "line_search_fn": line_search_fn,
        })  # fmt: skip
        if len(self.param_groups) != 1:
            raise ValueError(
                "LBFGS doesn't support per-parameter options (parameter groups)"
            )

    # parameters as one vector

    def _point(self) -> np.ndarray:
        return np.concatenate(
            [p.array.reshape(-1) for p in self.param_groups[0]["params"]]
        ).astype(np.float64)

    def _move(self, point: np.ndarray) -> None:
        at = 0
        for p in self.param_groups[0]["params"]:
            count = p.array.size
            p.array[...] = point[at : at + count].reshape(p.array.shape)
            at += count

    def _gradient(self) -> np.ndarray:
        parts = [
            np.zeros(p.array.size) if p.grad is None else p.grad.array.reshape(-1)
            for p in self.param_groups[0]["params"]
        ]
        return np.concatenate(parts).astype(np.float64)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Go up to `max_iter` steps; returns the loss before the first."""
        if closure is None:
            raise TypeError("LBFGS.step needs a closure that computes the loss anew")
        before = is_grad_enabled()
        try:
            set_flags(True)
            first = closure()
            set_flags(False)
            self._iterate(closure, float(first.item()))
        finally:
            set_flags(before)
        return first

    def _iterate(self, closure: Callable[[], Any], loss: float) -> None:
        group = self.param_groups[0]
        state = self.state[group["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        state["func_evals"] += 1
        evaluations = 1
        gradient = self._gradient()
        if np.abs(gradient).max(initial=0.0) <= group["tolerance_grad"]:
            return
        steps: list[np.ndarray] = state.setdefault("old_stps", [])
        changes: list[np.ndarray] = state.setdefault("old_dirs", [])
        scale: float = state.get("H_diag", 1.0)
        previous = state.get("prev_flat_grad")
        direction = state.get("d")
        length = state.get("t", group["lr"])

        def evaluate(
            start: np.ndarray, t: float, along: np.ndarray
        ) -> tuple[float, np.ndarray]:
            self._move(start + t * along)
            set_flags(True)
            value = float(closure().item())
            set_flags(False)
            found = self._gradient()
            self._move(start)
            return value, found

        for done in range(group["max_iter"]):
            state["n_iter"] += 1
            if state["n_iter"] == 1 or direction is None or previous is None:
                direction = -gradient
                steps.clear()
                changes.clear()
                scale = 1.0
            else:
                change = gradient - previous
                moved = direction * length
                curvature = float(change @ moved)
                if curvature > 1e-10:
                    if len(changes) == group["history_size"]:
                        changes.pop(0)
                        steps.pop(0)
                    changes.append(change)
                    steps.append(moved)
                    scale = curvature / float(change @ change)
                direction = _two_loops(gradient, steps, changes, scale)
            previous = gradient.copy()
            previous_loss = loss
            if state["n_iter"] == 1:
                length = min(1.0, 1.0 / np.abs(gradient).sum()) * group["lr"]
            else:
                length = group["lr"]
            slope = float(gradient @ direction)
            if slope > -group["tolerance_change"]:
                break
            used = 1
            if group["line_search_fn"] is not None:
                start = self._point()
                loss, gradient, length, used = _strong_wolfe(
                    evaluate, start, length, direction, loss, gradient, slope
                )
                self._move(start + length * direction)
            else:
                self._move(self._point() + length * direction)
                if done != group["max_iter"] - 1:
                    set_flags(True)
                    loss = float(closure().item())
                    set_flags(False)
                    gradient = self._gradient()
            evaluations += used
            state["func_evals"] += used
            if (
                evaluations >= group["max_eval"]
                or np.abs(gradient).max() <= group["tolerance_grad"]
                or np.abs(direction * length).max() <= group["tolerance_change"]
                or abs(loss - previous_loss) < group["tolerance_change"]
            ):
                break
        state.update(d=direction, t=length, H_diag=scale, prev_flat_grad=previous)


def _two_loops(
    gradient: np.ndarray,
    steps: list[np.ndarray],
    changes: list[np.ndarray],
    scale: float,
) -> np.ndarray:
    """The direction by the two-loop recursion."""
    direction = -gradient
    weights = []
    for step, change in zip(reversed(steps), reversed(changes), strict=True):
        weight = float(step @ direction) / float(change @ step)
        weights.append(weight)
        direction = direction - weight * change
    direction = direction * scale
    for step, change, weight in zip(steps, changes, reversed(weights), strict=True):
        correction = float(change @ direction) / float(change @ step)
        direction = direction + step * (weight - correction)
    return direction


def _cubic(
    x1: float, f1: float, g1: float, x2: float, f2: float, g2: float,
    bounds: tuple[float, float] | None = None,
) -> float:  # fmt: skip
    """Where the cubic through two points with two slopes is least, between bounds."""
    low, high = bounds if bounds is not None else (min(x1, x2), max(x1, x2))
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    square = d1 * d1 - g1 * g2
    if square < 0:
        return (low + high) / 2
    d2 = float(np.sqrt(square))
    if x1 <= x2:
        least = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
    else:
        least = x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2))
    return min(max(least, low), high)


def _strong_wolfe(
    evaluate: Evaluate,
    start: np.ndarray,
    t: float,
    direction: np.ndarray,
    loss: float,
    gradient: np.ndarray,
    slope: float,
    c1: float = 1e-4,
    c2: float = 0.9,
    most: int = 25,
) -> tuple[float, np.ndarray, float, int]:
    """A step that lowers the loss enough and flattens the slope enough."""
    size = np.abs(direction).max()
    new_loss, new_gradient = evaluate(start, t, direction)
    evaluations = 1
    new_slope = float(new_gradient @ direction)
    previous = (0.0, loss, gradient, slope)
    bracket: list[tuple[float, float, np.ndarray, float]] = []
    done = False
    turns = 0
    while turns < most:
        here = (t, new_loss, new_gradient, new_slope)
        if new_loss > loss + c1 * t * slope or (turns > 1 and new_loss >= previous[1]):
            bracket = [previous, here]
            break
        if abs(new_slope) <= -c2 * slope:
            bracket, done = [here], True
            break
        if new_slope >= 0:
            bracket = [previous, here]
            break
        lowest, highest = t + 0.01 * (t - previous[0]), t * 10
        following = _cubic(
            previous[0], previous[1], previous[3], t, new_loss, new_slope,
            (lowest, highest),
        )  # fmt: skip
        previous = here
        t = following
        new_loss, new_gradient = evaluate(start, t, direction)
        evaluations += 1
        new_slope = float(new_gradient @ direction)
        turns += 1
    if turns == most:
        bracket = [(0.0, loss, gradient, slope), (t, new_loss, new_gradient, new_slope)]
    stalled = False
    low, high = (0, 1) if bracket[0][1] <= bracket[-1][1] else (1, 0)
    while not done and turns < most:
        (ta, fa, _, sa), (tb, fb, _, sb) = bracket
        if abs(tb - ta) * size < 1e-9:
            break
        t = _cubic(ta, fa, sa, tb, fb, sb)
        top, bottom = max(ta, tb), min(ta, tb)
        margin = 0.1 * (top - bottom)
        if min(top - t, t - bottom) < margin:
            if stalled or t >= top or t <= bottom:
                t = top - margin if abs(t - top) < abs(t - bottom) else bottom + margin
                stalled = False
            else:
                stalled = True
        else:
            stalled = False
        new_loss, new_gradient = evaluate(start, t, direction)
        evaluations += 1
        new_slope = float(new_gradient @ direction)
        turns += 1
        here = (t, new_loss, new_gradient, new_slope)
        if new_loss > loss + c1 * t * slope or new_loss >= bracket[low][1]:
            bracket[high] = here
            low, high = (0, 1) if bracket[0][1] <= bracket[1][1] else (1, 0)
        else:
            if abs(new_slope) <= -c2 * slope:
                done = True
            elif new_slope * (bracket[high][0] - bracket[low][0]) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = here
    best = bracket[low] if len(bracket) > 1 else bracket[0]
    return best[1], best[2], best[0], evaluations
