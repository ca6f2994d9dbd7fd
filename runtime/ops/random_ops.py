"""Operators that draw random numbers, from the generator given or the default one."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.card import UNKNOWN
from jit.ir.dtypes import FLOATING, dtype_of
from jit.runtime import random as R
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import c_name
from jit.runtime.ops.creation import (
    LIKE,
    OPTIONS,
    check_place,
    check_sizes,
    given_dtype,
    known_dtype,
)
from jit.runtime.ops.declare import op
from jit.runtime.ops.refusals import refuse_integers
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped
from jit.runtime.promotion import get_default_dtype

INTEGER_OPTIONS = OPTIONS.replace("dtype=None", "dtype=4", 1)


class Random(Shaped):
    """The result depends on the state of a generator."""

    random = True
    fails = VALUES


UNIFORM, NORMAL = "check_uniform_bounds", "normal_kernel_cpu"
_DRAW = {UNIFORM: R.draw_uniform, NORMAL: R.draw_normal}


def _drawn(name):
    """Kernel, size rule and dtype rule of `rand` and `randn`."""

    def kernel(size, *rest):
        generator = rest[0] if len(rest) == 5 else None
        dtype, _, device, pin_memory = rest[-4:]
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or get_default_dtype()
        refuse_integers(name, dtype)
        return _DRAW[name](check_sizes(None, size), dtype, generator)

    def sizes(size, *rest):
        return check_sizes(None, size)

    def dtype(size, *rest):
        dtype = known_dtype(rest[-4], get_default_dtype())
        refuse_integers(name, dtype)
        return dtype

    return kernel, sizes, dtype


@op(
    f"aten::rand(SymInt[] size, *, {OPTIONS}) -> Tensor",
    f"aten::rand.generator(SymInt[] size, *, Generator? generator, {OPTIONS})"
    " -> Tensor",
)
class rand(Random):
    """Uniform between 0 and 1, without 1."""

    kernel, sizes, dtypes = _drawn(UNIFORM)

    samples = [
        case(size=[2, 3], generator=None),
        case(size=[0], generator=None),
        case(size=[], dtype=f64, generator=None),
    ]


@op(
    f"aten::randn(SymInt[] size, *, {OPTIONS}) -> Tensor",
    f"aten::randn.generator(SymInt[] size, *, Generator? generator, {OPTIONS})"
    " -> Tensor",
)
class randn(Random):
    """Normal with mean 0 and standard deviation 1."""

    kernel, sizes, dtypes = _drawn(NORMAL)

    samples = rand.samples


def _drawn_like(name):
    """Kernel, size rule and dtype rule of `rand_like` and `randn_like`."""

    def kernel(x, *rest):
        generator = rest[0] if len(rest) == 6 else None
        dtype, _, device, pin_memory, _ = rest[-5:]
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or dtype_of(x.dtype)
        refuse_integers(name, dtype)
        return _DRAW[name](x.shape, dtype, generator)

    def sizes(x, *rest):
        return x

    def dtype(x, *rest):
        dtype = known_dtype(rest[-5], x)
        refuse_integers(name, dtype)
        return dtype

    return kernel, sizes, dtype


@op(
    f"aten::rand_like(Tensor self, *, {LIKE}) -> Tensor",
    f"aten::rand_like.generator(Tensor self, *, Generator? generator, {LIKE})"
    " -> Tensor",
)
class rand_like(Random):
    """Uniform between 0 and 1, with the sizes and the dtype of a tensor."""

    detached = True
    kernel, sizes, dtypes = _drawn_like(UNIFORM)

    samples = [case(f32[2, 3], generator=None), case(i64[1], dtype=f64, generator=None)]


@op(
    f"aten::randn_like(Tensor self, *, {LIKE}) -> Tensor",
    f"aten::randn_like.generator(Tensor self, *, Generator? generator, {LIKE})"
    " -> Tensor",
)
class randn_like(Random):
    """Standard normal, with the sizes and the dtype of a tensor."""

    detached = True
    kernel, sizes, dtypes = _drawn_like(NORMAL)

    samples = rand_like.samples


def _integers(low, high, shape, dtype, generator):
    """Integers below `high` in any dtype; floats hold the same numbers."""
    dtype = given_dtype(dtype)
    if dtype.category < FLOATING:
        held = np.iinfo(dtype.numpy) if dtype is not dtypes.bool_ else None
        least, most = (held.min, held.max) if held else (0, 1)
        for name, bound in (("from", low), ("to - 1", high - 1)):
            if low < high and not least <= bound <= most:
                raise RuntimeError(f"{name} is out of bounds for {c_name(dtype)}")
    drawn = R.draw_integers(low, high, shape, dtypes.int64, generator)
    return drawn.astype(dtype.numpy)


def _integer_dtype(dtype):
    return known_dtype(dtype, dtypes.int64)


@op(f"aten::randint(SymInt high, SymInt[] size, *, {INTEGER_OPTIONS}) -> Tensor")
class randint(Random):
    """Integers from 0 to before `high`."""

    unknown = ("high",)

    def kernel(high, size, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        shape = check_sizes(None, size)
        return _integers(0, high, shape, dtype or dtypes.int64, None)

    def sizes(high, size, *rest):
        return check_sizes(None, size)

    def dtypes(high, size, dtype, *rest):
        return _integer_dtype(dtype)

    samples = [case(5, [2, 3]), case(1, [], dtype=f32)]


@op(
    "aten::randint.generator(SymInt high, SymInt[] size, *, Generator? generator,"
    f" {INTEGER_OPTIONS}) -> Tensor"
)
class randint_generator(Random):
    """Integers from 0 to before `high`, from a generator."""

    unknown = ("high",)

    def kernel(high, size, generator, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        shape = check_sizes(None, size)
        return _integers(0, high, shape, dtype or dtypes.int64, generator)

    def sizes(high, size, *rest):
        return check_sizes(None, size)

    def dtypes(high, size, generator, dtype, *rest):
        return _integer_dtype(dtype)

    samples = [case(5, [2, 3], generator=None)]


@op(
    "aten::randint.low(SymInt low, SymInt high, SymInt[] size, *,"
    f" {INTEGER_OPTIONS}) -> Tensor"
)
class randint_low(Random):
    """Integers from `low` to before `high`."""

    unknown = ("low", "high")

    def kernel(low, high, size, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        shape = check_sizes(None, size)
        return _integers(low, high, shape, dtype or dtypes.int64, None)

    def sizes(low, high, size, *rest):
        return check_sizes(None, size)

    def dtypes(low, high, size, dtype, *rest):
        return _integer_dtype(dtype)

    samples = [case(-3, 5, [2, 3]), case(2, 3, [0])]


@op(
    "aten::randint.low_generator(SymInt low, SymInt high, SymInt[] size, *,"
    f" Generator? generator, {INTEGER_OPTIONS}) -> Tensor"
)
class randint_low_generator(Random):
    """Integers from `low` to before `high`, from a generator."""

    unknown = ("low", "high")

    def kernel(low, high, size, generator, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        shape = check_sizes(None, size)
        return _integers(low, high, shape, dtype or dtypes.int64, generator)

    def sizes(low, high, size, *rest):
        return check_sizes(None, size)

    def dtypes(low, high, size, generator, dtype, *rest):
        return _integer_dtype(dtype)

    samples = [case(-3, 5, [2, 3], generator=None)]


@op(f"aten::randint_like(Tensor self, SymInt high, *, {LIKE}) -> Tensor")
class randint_like(Random):
    """Integers from 0 to before `high`, with the sizes and the dtype of a tensor."""

    detached = True
    unknown = ("high",)

    def kernel(x, high, dtype, layout, device, pin_memory, memory_format):
        check_place(device, pin_memory)
        return _integers(0, high, x.shape, dtype or dtype_of(x.dtype), None)

    def sizes(x, *rest):
        return x

    def dtypes(x, high, dtype, *rest):
        return known_dtype(dtype, x)

    samples = [case(f32[2, 3], 5), case(i64[()], 1)]


@op(
    f"aten::randint_like.low_dtype(Tensor self, SymInt low, SymInt high, *, {LIKE})"
    " -> Tensor"
)
class randint_like_low(Random):
    """Integers from `low` to before `high`, with the sizes and dtype of a tensor."""

    detached = True
    unknown = ("low", "high")

    def kernel(x, low, high, dtype, layout, device, pin_memory, memory_format):
        check_place(device, pin_memory)
        return _integers(low, high, x.shape, dtype or dtype_of(x.dtype), None)

    def sizes(x, *rest):
        return x

    def dtypes(x, low, high, dtype, *rest):
        return known_dtype(dtype, x)

    samples = [case(f32[2, 3], -2, 5)]


@op(
    f"aten::randperm(SymInt n, *, {INTEGER_OPTIONS}) -> Tensor",
    f"aten::randperm.generator(SymInt n, *, Generator? generator, {INTEGER_OPTIONS})"
    " -> Tensor",
)
class randperm(Random):
    """The numbers from 0 to before n in a random order."""

    unknown = ("n",)

    def kernel(n, *rest):
        generator = rest[0] if len(rest) == 5 else None
        dtype, _, device, pin_memory = rest[-4:]
        check_place(device, pin_memory)
        check_sizes(None, [n])
        drawn = R.draw_permutation(n, generator)
        return drawn.astype(given_dtype(dtype or dtypes.int64).numpy)

    def sizes(n, *rest):
        return (None if n is UNKNOWN else n,)

    def dtypes(n, *rest):
        return _integer_dtype(rest[-4])

    samples = [case(n=5, generator=None), case(n=0, generator=None)]


def _bernoulli(x, p, generator, dtype):
    """Ones with probability `p`, an array or a number, else zeros."""
    low, high = (np.min(p), np.max(p)) if np.size(p) else (0, 0)
    if not (low >= 0 and high <= 1):
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={high}")
    draw = R.draw_uniform(x.shape, dtypes.float64, generator)
    return (draw < p).astype(dtype)


@op("aten::bernoulli(Tensor self, *, Generator? generator=None) -> Tensor")
class bernoulli(Random):
    """Ones with the probability that each element says, else zeros."""

    domain = (0.1, 0.9)

    def kernel(x, generator):
        refuse_integers("bernoulli_tensor_cpu_p_", dtype_of(x.dtype))
        return _bernoulli(x, x, generator, x.dtype)

    def sizes(x, generator):
        return x

    samples = [f32[2, 3].within(0, 1), f64[()].within(1, 1), f32[0]]

    def grad(t, g, out, x, *rest):
        return t.zeros_like(g)


@op("aten::bernoulli.p(Tensor self, float p, *, Generator? generator=None) -> Tensor")
class bernoulli_p(Random):
    """Ones with probability p, else zeros, with the sizes of a tensor."""

    unknown = ("p",)

    def kernel(x, p, generator):
        return _bernoulli(x, p, generator, x.dtype)

    def sizes(x, p, generator):
        return x

    samples = [case(f32[2, 3], 0.5), case(i64[2], 1.0)]

    def grad(t, g, out, x, *rest):
        return t.zeros_like(g)


class RandomInPlace(Random):
    """Draws into the first argument."""

    def sizes(x, *rest):
        return x


@op(
    "aten::bernoulli_.float(Tensor(a!) self, float p=0.5, *, Generator? generator=None)"
    " -> Tensor(a!)"
)
class bernoulli_(RandomInPlace):
    """Ones with probability p, else zeros, written into `self`."""

    unknown = ("p",)

    def kernel(x, p, generator):
        x[...] = _bernoulli(x, p, generator, x.dtype)
        return x

    samples = [case(f32[2, 3]), case(i64[2], 1.0), case(f32[0])]

    def grad(t, g, out, x, *rest):
        return t.zeros_like(g)


@op(
    "aten::bernoulli_.Tensor(Tensor(a!) self, Tensor p, *, Generator? generator=None)"
    " -> Tensor(a!)"
)
class bernoulli_tensor_(RandomInPlace):
    """Ones with the probabilities in p, else zeros, written into `self`."""

    domain = (0.1, 0.9)

    def kernel(x, p, generator):
        S.expand(p.shape, x.shape)
        x[...] = _bernoulli(x, p, generator, x.dtype)
        return x

    samples = [case(f32[2, 3], f32[3].within(0, 1))]

    def grad(t, g, out, x, *rest):
        return t.zeros_like(g)


@op(
    "aten::uniform_(Tensor(a!) self, float from=0., float to=1., *,"
    " Generator? generator=None) -> Tensor(a!)"
)
class uniform_(RandomInPlace):
    """Uniform numbers from `from` to before `to`, written into `self`."""

    unknown = ("from", "to")

    def kernel(x, low, high, generator):
        dtype = dtype_of(x.dtype)
        refuse_integers(UNIFORM, dtype)
        if low > high:
            raise RuntimeError(
                "uniform_ expects to return a [from, to) range, but found"
                f" from={low:g} > to={high:g}"
            )
        drawn = R.draw_uniform(x.shape, dtype, generator)
        x[...] = drawn * x.dtype.type(high - low) + x.dtype.type(low)
        return x

    samples = [case(f32[2, 3]), case(f64[2], -1.0, 2.0), case(f32[0])]

    def grad(t, g, out, x, *rest):
        return t.zeros_like(g)


@op(
    "aten::normal_(Tensor(a!) self, float mean=0., float std=1., *,"
    " Generator? generator=None) -> Tensor(a!)"
)
class normal_(RandomInPlace):
    """Normal numbers written into `self`."""

    unknown = ("mean", "std")

    def kernel(x, mean, std, generator):
        dtype = dtype_of(x.dtype)
        refuse_integers(NORMAL, dtype)
        _check_deviation(std)
        drawn = R.draw_normal(x.shape, dtype, generator)
        x[...] = drawn * x.dtype.type(std) + x.dtype.type(mean)
        return x

    samples = [case(f32[2, 3]), case(f64[2], -1.0, 2.0), case(f32[0])]

    def grad(t, g, out, x, *rest):
        return t.zeros_like(g)


def _check_deviation(std):
    if np.size(std) and not np.min(std) >= 0:
        raise RuntimeError(
            f"normal expects std >= 0.0, but found std {float(np.min(std)):g}"
        )


def _normal(shape, mean, std, dtype, generator):
    _check_deviation(std)
    drawn = R.draw_normal(shape, dtype, generator)
    return (drawn * std + mean).astype(dtype.numpy)


@op(
    "aten::normal.Tensor_float(Tensor mean, float std=1., *,"
    " Generator? generator=None) -> Tensor"
)
class normal_mean(Random):
    """Normal with the means of a tensor and one standard deviation."""

    detached = True
    unknown = ("std",)

    def kernel(mean, std, generator):
        dtype = dtype_of(mean.dtype)
        refuse_integers(NORMAL, dtype)
        return _normal(mean.shape, mean, std, dtype, generator)

    def sizes(mean, std, generator):
        return mean

    samples = [case(f32[2, 3]), case(f64[()], 2.0)]


@op(
    "aten::normal.float_Tensor(float mean, Tensor std, *,"
    " Generator? generator=None) -> Tensor"
)
class normal_std(Random):
    """Normal with one mean and the standard deviations of a tensor."""

    detached = True
    unknown = ("mean",)

    def kernel(mean, std, generator):
        dtype = dtype_of(std.dtype)
        refuse_integers(NORMAL, dtype)
        return _normal(std.shape, mean, std, dtype, generator)

    def sizes(mean, std, generator):
        return std

    samples = [case(1.0, f32[2, 3].within(0, 1))]


@op(
    "aten::normal.Tensor_Tensor(Tensor mean, Tensor std, *,"
    " Generator? generator=None) -> Tensor"
)
class normal_both(Random):
    """Normal with the means and the standard deviations of two tensors."""

    detached = True

    def kernel(mean, std, generator):
        dtype = dtype_of(mean.dtype)
        refuse_integers(NORMAL, dtype)
        shape = S.broadcast(mean.shape, std.shape)
        return _normal(shape, mean, std, dtype, generator)

    def dtypes(mean, std, generator):
        return mean

    def sizes(mean, std, generator):
        return S.broadcast(mean, std)

    samples = [case(f32[2, 3], f32[3].within(0, 1))]


@op(
    "aten::normal.float_float(float mean, float std, SymInt[] size, *,"
    f" Generator? generator=None, {OPTIONS}) -> Tensor"
)
class normal_numbers(Random):
    """Normal with one mean and one standard deviation."""

    unknown = ("mean", "std")

    def kernel(mean, std, size, generator, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or get_default_dtype()
        refuse_integers(NORMAL, dtype)
        return _normal(check_sizes(None, size), mean, std, dtype, generator)

    def sizes(mean, std, size, *rest):
        return check_sizes(None, size)

    def dtypes(mean, std, size, generator, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    samples = [case(1.0, 2.0, [2, 3]), case(0.0, 1.0, [], dtype=f64)]


@op(
    "aten::multinomial(Tensor self, SymInt num_samples, bool replacement=False, *,"
    " Generator? generator=None) -> Tensor"
)
class multinomial(Random):
    """Places drawn with the weights in each row."""

    unknown = ("num_samples",)

    def kernel(x, count, replacement, generator):
        multinomial.sizes(x.shape, count, replacement, generator)
        if not dtype_of(x.dtype).is_floating_point:
            raise RuntimeError(
                "multinomial only supports floating-point dtypes for input, got:"
                f" {dtype_of(x.dtype).title}"
            )
        rows = x.reshape(-1, x.shape[-1]).astype(np.float64)
        if not np.isfinite(rows).all() or (rows < 0).any():
            raise RuntimeError(
                "probability tensor contains either `inf`, `nan` or element < 0"
            )
        if not (rows.sum(1) > 0).all():
            raise RuntimeError(
                "invalid multinomial distribution (sum of probabilities <= 0)"
            )
        if replacement:
            places = _with_replacement(rows, count, generator)
        else:
            # the largest of u**(1/w), as logarithms, are a draw without replacement
            u = R.draw_uniform(rows.shape, dtypes.float64, generator)
            keys = np.log1p(-u) / np.where(rows > 0, rows, 1)
            keys = np.where(rows > 0, keys, -np.inf)
            places = np.argsort(-keys, axis=1, kind="stable")[:, :count]
        return places.astype(np.int64).reshape(*x.shape[:-1], count)

    def dtypes(x, *rest):
        return dtypes.int64

    def sizes(x, count, replacement, generator):
        if len(x) not in (1, 2):
            raise RuntimeError("prob_dist must be 1 or 2 dim")
        if count is UNKNOWN:
            return (*x[:-1], None)
        if count <= 0:
            raise RuntimeError("cannot sample n_sample <= 0 samples")
        if not replacement and x[-1] is not None and count > x[-1]:
            raise RuntimeError(
                "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
            )
        return (*x[:-1], count)

    samples = [
        case(f32[4].within(1, 2), 2),
        case(f32[2, 3].within(1, 2), 5, True),
        case(f64[1].within(1, 1), 1),
    ]


def _with_replacement(rows, count, generator):
    total = np.cumsum(rows, axis=1)
    draw = R.draw_uniform((len(rows), count), dtypes.float64, generator)
    draw = draw * total[:, -1:]
    return (draw[:, :, None] >= total[:, None, :]).sum(2)
