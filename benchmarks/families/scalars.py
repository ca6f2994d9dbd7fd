"""Scalar loops: Python's integers and floats, without any tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.case import AtLeast, Case, Family

if TYPE_CHECKING:  # given to the functions for JAX by their contender
    import jax.numpy as jnp
    from jax import lax


def fib(n: int) -> int:
    a = 0
    b = 1
    for _ in range(n):
        c = (a + b) & 1073741823
        a = b
        b = c
    return a


def collatz(limit: int) -> int:
    total = 0
    for start in range(1, limit):
        n = start
        while n != 1:
            if n % 2 == 0:
                n = n // 2
            else:
                n = 3 * n + 1
            total += 1
    return total


def logistic(n: int, r: float) -> float:
    x = 0.5
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


def newton(n: int, steps: int) -> float:
    total = 0.0
    for i in range(1, n + 1):
        a = float(i)
        x = a
        for _ in range(steps):
            x = 0.5 * (x + a / x)
        total += x
    return total


def list_sum(n: int) -> int:
    values: list[int] = []
    for i in range(n):
        values.append(i * 7 % 13)  # noqa: PERF401
    total = 0
    for value in values:
        total += value
    return total


def list_sum_numba(n):  # type: ignore[no-untyped-def]
    values = []
    for i in range(n):
        values.append(i * 7 % 13)  # noqa: PERF401
    total = 0
    for value in values:
        total += value
    return total


def fib_jax(n: Any) -> Any:
    def step(_: Any, ab: Any) -> Any:
        return ab[1], (ab[0] + ab[1]) & 1073741823

    return lax.fori_loop(0, n, step, (jnp.int64(0), jnp.int64(1)))[0]


def collatz_jax(limit: Any) -> Any:
    def step(state: Any) -> Any:
        n, steps = state
        return jnp.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

    def one(start: Any, total: Any) -> Any:
        return lax.while_loop(lambda s: s[0] != 1, step, (start, total))[1]

    return lax.fori_loop(jnp.int64(1), limit, one, jnp.int64(0))


def logistic_jax(n: Any, r: Any) -> Any:
    return lax.fori_loop(0, n, lambda _, x: r * x * (1.0 - x), jnp.float64(0.5))


def newton_jax(n: Any, steps: Any) -> Any:
    def one(i: Any, total: Any) -> Any:
        a = i.astype(jnp.float64)
        return total + lax.fori_loop(0, steps, lambda _, x: 0.5 * (x + a / x), a)

    return lax.fori_loop(jnp.int64(1), n + 1, one, jnp.float64(0.0))


FIB_IN_C = """
int64_t run(int64_t n) {
    int64_t a = 0, b = 1;
    for (int64_t i = 0; i < n; i++) { int64_t c = (a + b) & 1073741823; a = b; b = c; }
    return a;
}"""
COLLATZ_IN_C = """
int64_t run(int64_t limit) {
    int64_t total = 0;
    for (int64_t start = 1; start < limit; start++)
        for (int64_t n = start; n != 1; total++) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    return total;
}"""
LOGISTIC_IN_C = """double run(int64_t n, double r) {
    double x = 0.5;
    for (int64_t i = 0; i < n; i++) x = r * x * (1.0 - x);
    return x;
}"""
NEWTON_IN_C = """double run(int64_t n, int64_t steps) {
    double total = 0.0;
    for (int64_t i = 1; i <= n; i++) {
        double a = (double)i, x = a;
        for (int64_t k = 0; k < steps; k++) x = 0.5 * (x + a / x);
        total += x;
    }
    return total;
}"""
LIST_SUM_IN_C = """
int64_t run(int64_t n) {
    int64_t *values = 0, length = 0, room = 0, total = 0;
    for (int64_t i = 0; i < n; i++) {
        if (length == room) {
            room = room ? 2 * room : 8;
            values = realloc(values, room * sizeof *values);
        }
        values[length++] = i * 7 % 13;
    }
    for (int64_t i = 0; i < length; i++) total += values[i];
    free(values);
    return total;
}"""


def scalar(
    name: str, program: Any, numbers: dict[str, Any], c: str, **others: Any
) -> Case:
    return Case(
        name=name,
        inputs=lambda rng: numbers,
        program=program,
        reference=program,
        numba=others.pop("numba", program),
        c=c,
        takes="numbers",
        numba_options={},
        absent={
            "NumPy": "no loops of numbers",
            "ONNX Runtime": "no loops of numbers",
            "OpenVINO": "no loops of numbers",
        },
        tolerance=1e-12,
        goals=(AtLeast(1.0, "Numba"), AtLeast(20.0, "CPython")),
        **others,
    )


def cases(tiny: bool) -> list[Case]:
    n = 100 if tiny else 1
    return [
        scalar("fib 10⁴", fib, {"n": 10_000 // n}, FIB_IN_C, jax=fib_jax),
        scalar(
            "collatz to 30000",
            collatz,
            {"limit": 30_000 // n},
            COLLATZ_IN_C,
            jax=collatz_jax,
        ),
        scalar(
            "logistic map 10⁶",
            logistic,
            # 3.5: a cycle of four, which any rounding settles into
            {"n": 1_000_000 // n, "r": 3.5},
            LOGISTIC_IN_C,
            jax=logistic_jax,
        ),
        scalar(
            "Newton 10⁴ × 20",
            newton,
            {"n": 10_000 // n, "steps": 20},
            NEWTON_IN_C,
            jax=newton_jax,
        ),
        scalar(
            "list append and sum 10⁵",
            list_sum,
            {"n": 100_000 // n},
            LIST_SUM_IN_C,
            numba=list_sum_numba,
        ),
    ]


FAMILY = Family(
    name="scalars",
    title="Scalar loops",
    about=(
        "Loops of Python's own integers and floats, the same source for CPython,"
        " torch.jit, Numba and ours. Ours checks every integer operation for overflow;"
        " Numba and C wrap. Numba and C run without fast-math, as ours does."
    ),
    cases=cases,
    thread_counts=(1, 2),
)
