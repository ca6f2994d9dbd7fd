"""Tensors: operators, methods, sizes, views, conversions."""

import torch
from typing import List

from tests.language.corpus import program, scenario

# any and all of Tensors, whole and over an axis.


@program(
    torch.tensor([[True, False], [True, True]]),
    torch.tensor([0.0, 2.0]),
    torch.zeros(0),
)
def any_all_whole(x):
    return x.any(), x.all()


@program(torch.tensor([[True, False], [True, True]]))
def any_all_axis(x):
    return x.any(dim=0), x.all(dim=1)


# `+= -= *= /=` on a Tensor change it in place, and the caller sees it.


@torch.jit.script
def augmented_in_place_change(x, y):
    x += y
    x -= 1
    x *= 3
    x /= 2
    return x


@torch.jit.script
def augmented_in_place_rebind(x, y):
    x = x + y
    return x


@scenario
def augmented_in_place():
    x = torch.tensor([1.0, 2.0])
    yield "result", augmented_in_place_change(x, torch.tensor([0.5, 0.25]))
    yield "argument", x
    z = torch.tensor([1.0, 2.0])
    yield "new result", augmented_in_place_rebind(z, z)
    yield "untouched argument", z
    yield (
        "int by float",
        lambda: augmented_in_place_change(
            torch.tensor([1, 2]), torch.tensor([0.5, 0.5])
        ),
    )


# t, transpose, permute, T and mT.


@program(torch.arange(6).reshape(2, 3))
def axes_permuted_matrix(x):
    return x.t(), x.transpose(0, 1), x.T, x.mT


@program(torch.arange(12).reshape(2, 3, 2))
def axes_permuted_three(x):
    return x.permute(2, 0, 1), x.transpose(-1, 0), x.permute([1, 0, 2]), x.mT


# Shapes broadcast from the right; others raise.


@program(
    (torch.tensor([1.0, 2.0, 3.0]), torch.tensor([[10.0], [20.0]])),
    (torch.tensor([1.0, 2.0, 3.0]), torch.tensor(5.0)),
    (torch.tensor([1.0, 2.0, 3.0]), torch.tensor([5.0])),
    (torch.ones(2, 1, 3), torch.ones(4, 1)),
    (torch.ones(0, 3), torch.tensor([1.0, 2.0, 3.0])),
    (torch.ones(0), torch.ones(1)),
    (torch.tensor([1.0, 2.0, 3.0]), torch.ones(2)),
)
def broadcasting(x, y):
    return x + y


# In-place changes inside branches and loops reach the caller and its views.


@torch.jit.script
def caller_sees_changes(x, n: int):
    for i in range(n):
        if i % 2 == 0:
            x[i] += 1
        else:
            x[i].mul_(10)
    return n


@scenario
def caller_sees_changes_scenario():
    base = torch.arange(6.0)
    view = base[1:5]
    yield "result", caller_sees_changes(view, 4)
    yield "base", base
    yield "nothing", (caller_sees_changes(view, 0), base)


# cat and stack of lists of Tensors.


@program(
    ([torch.arange(4).reshape(2, 2), torch.arange(2).reshape(1, 2)], 0),
    ([torch.arange(4).reshape(2, 2), torch.arange(4).reshape(2, 2)], -1),
    ([torch.zeros(0, 2), torch.ones(1, 2)], 0),
    ([torch.ones(1), torch.ones(1, dtype=torch.int64)], 0),
    ([torch.arange(4).reshape(2, 2), torch.zeros(1, 3)], 0),
)
def cat_stack_cat(xs: List[torch.Tensor], d: int):
    return torch.cat(xs, d)


@program(
    ([torch.arange(4).reshape(2, 2), torch.arange(4).reshape(2, 2) + 1], 0),
    ([torch.arange(4).reshape(2, 2), torch.arange(4).reshape(2, 2) + 1], -1),
)
def cat_stack_stack(xs: List[torch.Tensor], d: int):
    return torch.stack(xs, dim=d)


@program((torch.arange(4).reshape(2, 2), torch.arange(2).reshape(1, 2)))
def cat_stack_literal(x, y):
    return torch.cat([x, y, x]), torch.cat((x, y))


# Comparisons of Tensors give bool Tensors.


@program(
    (torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 2.0, 2.0])),
    (torch.tensor([1.0, 2.0, 3.0]).reshape(3, 1), torch.tensor([1, 3])),
)
def comparison_tensors(x, y):
    return x < y, x <= y, x == y, x != y, x >= y, x > y


@program((torch.tensor([1.0, 2.0, 3.0]), 2.0), (torch.tensor([float("nan"), 0.0]), 0.0))
def comparison_number(x, v: float):
    return x < v, x == v, x >= v


# zeros, ones, full, arange, linspace and eye.


@torch.jit.script
def creation_filled(n: int):
    return torch.zeros(n, 2), torch.ones([n]), torch.full([n, 1], 2.5)


@torch.jit.script
def creation_ranges(n: int):
    return torch.arange(n), torch.arange(1, n), torch.arange(n, 0, -2)


@torch.jit.script
def creation_others(n: int):
    return torch.linspace(0.0, 1.0, n), torch.eye(n)


@torch.jit.script
def creation_typed():
    return torch.zeros(2, dtype=torch.int64), torch.arange(3, dtype=torch.float64)


@scenario
def creation():
    for n in [1, 3]:
        yield f"filled {n}", creation_filled(n)
        yield f"ranges {n}", creation_ranges(n)
        yield f"others {n}", creation_others(n)
    yield "filled 0", creation_filled(0)
    yield "float range", torch.arange(0.0, 1.0, 0.25)
    yield "typed", creation_typed()


# zeros_like, ones_like, full_like, and new_zeros keep shape and dtype.


@program(
    torch.rand(2, 2),
    torch.tensor([1, 2], dtype=torch.int32),
    torch.tensor(1.0),
    torch.zeros(0, 3),
)
def creation_like_like(x):
    return torch.zeros_like(x), torch.ones_like(x), torch.full_like(x, 3)


@program(torch.ones(3, dtype=torch.float64))
def creation_like_new(x):
    return x.new_zeros([2]), torch.zeros_like(x, dtype=torch.int64)


# cumsum and cumprod over an axis.


@program(
    (torch.tensor([[1, 2, 3], [4, 5, 6]]), 0),
    (torch.tensor([[1, 2, 3], [4, 5, 6]]), -1),
    (torch.tensor([0.5, 2.0, -1.0]), 0),
)
def cumulative(x, d: int):
    return x.cumsum(d), torch.cumprod(x, dim=d)


# dtype is compared, and given to other operators.


@program(
    torch.ones(1), torch.ones(1, dtype=torch.float64), torch.ones(1, dtype=torch.int64)
)
def dtype_attribute_is_float(x):
    return x.dtype == torch.float32, x.is_floating_point()


@program((torch.ones(1, dtype=torch.int32), torch.tensor([1.9, -1.9])))
def dtype_attribute_like(x, y):
    return y.to(x.dtype), torch.zeros([2], dtype=x.dtype)


# to, float, double, long, int: between dtypes, truncating towards zero.


@program(
    torch.tensor([1.75, -1.75, 0.0]), torch.tensor([1, -2]), torch.tensor([True, False])
)
def dtype_conversions_convert(x):
    return x.to(torch.float64), x.float(), x.double(), x.long(), x.int()


@program(torch.tensor([0.0, 0.5, -1.0]))
def dtype_conversions_truth(x):
    return x.to(torch.bool), x.type_as(torch.ones(1, dtype=torch.float64))


# torch.equal, torch.allclose, isnan and isinf.


@program(
    (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]).clone()),
    (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]) + 1e-07),
    (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]) + 1),
)
def equality_functions_equal(x, y):
    return torch.equal(x, y), torch.allclose(x, y)


@program(torch.tensor([0.0, float("nan"), float("-inf")]))
def equality_functions_special(x):
    return torch.isnan(x), torch.isinf(x), torch.isfinite(x)


# expand, repeat and broadcast views.


@program(torch.tensor([[1, 2]]))
def expand_repeat(x):
    return x.expand(3, 2), x.expand(-1, 2), x.repeat(2, 2), x.expand([1, 2])


# relu, gelu, softmax, log_softmax, sigmoid and leaky_relu of nn.functional.


@program(torch.tensor([-3.0, -0.5, 0.0, 2.0]))
def functional_activations_activations(x):
    return (
        torch.nn.functional.relu(x),
        torch.nn.functional.gelu(x),
        torch.nn.functional.leaky_relu(x, 0.1),
        torch.nn.functional.silu(x),
    )


@program(
    (torch.tensor([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]]), -1),
    (torch.tensor([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]]), 0),
)
def functional_activations_softmaxes(x, d: int):
    return torch.softmax(x, d), torch.nn.functional.log_softmax(x, dim=d)


# conv2d and max_pool2d of nn.functional.


@program(
    (
        torch.arange(16.0).reshape(1, 1, 4, 4),
        torch.tensor([1.0, -1.0, 0.0, 2.0, 0.5, 0.0, -1.0, 1.0]).reshape(2, 1, 2, 2),
        torch.tensor([1.0, -1.0]),
    )
)
def functional_images_convolve(x, w, b):
    return (
        torch.nn.functional.conv2d(x, w),
        torch.nn.functional.conv2d(x, w, b, stride=2, padding=1),
    )


@program(torch.arange(16.0).reshape(1, 1, 4, 4))
def functional_images_pool(x):
    return torch.nn.functional.max_pool2d(x, 2)


# linear, layer_norm and embedding of nn.functional.


@program(
    (
        torch.tensor([[1.0, 2.0, 3.0]]),
        torch.tensor([[1.0, 0.0, -1.0], [0.5, 0.5, 0.5]]),
        torch.tensor([10.0, 20.0]),
    )
)
def functional_layers_linear(x, w, b):
    return torch.nn.functional.linear(x, w), torch.nn.functional.linear(x, w, b)


@program(torch.tensor([[1.0, 2.0, 4.0], [0.0, 0.0, 0.0]]))
def functional_layers_norm(x):
    return torch.nn.functional.layer_norm(x, [3])


@program(
    (torch.tensor([[1, 0], [1, 1]]), torch.tensor([[1.0, 0.0, -1.0], [0.5, 0.5, 0.5]]))
)
def functional_layers_embed(i, w):
    return torch.nn.functional.embedding(i, w)


# gather and index_select.


@program((torch.tensor([[1, 2], [3, 4]]), torch.tensor([[1, 1, 0], [0, 1, 1]])))
def gather_index_select_gathered(x, i):
    return x.gather(1, i)


@program((torch.tensor([[1, 2], [3, 4]]), torch.tensor([1, 0, 1])))
def gather_index_select_selected(x, i):
    return x.index_select(0, i), torch.index_select(x, 1, i)


# A 0-d Tensor is accepted where a callee declares a number; others raise.


def implicit_number_scale(x, k: float):
    return x * k


def implicit_number_repeat(x, n: int):
    for i in range(n):
        x = x + 1
    return x


@program(
    (torch.ones(2), torch.tensor(3)),
    (torch.tensor([0.5]), torch.tensor(0)),
    (torch.ones(2), torch.tensor([1, 2])),
)
def implicit_number_caller(x, k):
    return implicit_number_scale(x, k), implicit_number_repeat(x, k)


# Methods that end in an underscore change the Tensor and return it.


@torch.jit.script
def in_place_methods_change(x):
    y = x.add_(1).mul_(2)
    x.clamp_(0, 5)
    return x, y


@torch.jit.script
def in_place_methods_fill(x, v: float):
    x.fill_(v)
    return x


@torch.jit.script
def in_place_methods_zero_first(x):
    x[0].zero_()
    return x


@scenario
def in_place_methods():
    x = torch.tensor([-3.0, 0.0, 4.0])
    yield "result", in_place_methods_change(x)
    yield "argument", x
    yield "fill", in_place_methods_fill(torch.zeros(2, 2), 1.5)
    yield "zero a row", in_place_methods_zero_first(torch.ones(2, 2))
    yield "fill of empty", in_place_methods_fill(torch.zeros(0), 1.0)


# item, int(), float() and bool() of a one-element Tensor; others raise.


@program(
    torch.tensor(2.75),
    torch.tensor(-2.75),
    torch.tensor([3]),
    torch.tensor([[False]]),
    torch.tensor([1, 2]),
)
def item_and_conversions_numbers(x):
    return int(x), float(x), bool(x)


@program(torch.tensor([0.5]), torch.zeros(0))
def item_and_conversions_item_plus(x):
    return float(x.item()) + 1.0


# Lists of Tensors: grown in a loop, assigned, and stacked.


@program((torch.tensor([2.0, -1.0]), 3), (torch.tensor(3.0), 1), (torch.tensor(3.0), 0))
def list_of_tensors(x, n: int):
    out: List[torch.Tensor] = []
    y = torch.ones_like(x)
    for i in range(n):
        y = y * x
        out.append(y)
    out[0] = out[0] + 0.5
    return torch.stack(out), out[-1], len(out)


# torch.tensor of numbers, lists and nested lists, with and without dtype.


@program((3, 0.5, True))
def literals_numbers(i: int, x: float, b: bool):
    return torch.tensor(i), torch.tensor(x), torch.tensor(b)


@program((3, 0.5))
def literals_lists(i: int, x: float):
    return torch.tensor([i, i + 1]), torch.tensor([[x, 1.0], [2.0, x]])


@program(-7)
def literals_typed(i: int):
    return (
        torch.tensor([i, 2], dtype=torch.float64),
        torch.tensor(i, dtype=torch.int32),
        torch.tensor([0.5, i * 1.0], dtype=torch.float32),
    )


# `& | ^ ~` of bool and int Tensors.


@program(
    (
        torch.tensor([True, True, False, False]),
        torch.tensor([True, False, True, False]),
    ),
    (torch.tensor([12, -1]), torch.tensor([10, 6])),
)
def logic(x, y):
    return x & y, x | y, x ^ y, ~x


# Picking by a mask or by indices copies.


@program((torch.tensor([1.0, -1.0]), torch.tensor([1, 0])))
def mask_copies(x, i):
    a = x[x > 0]
    b = x[i]
    a.add_(100)
    b.add_(100)
    return x, a, b


# `@`, matmul, mm and bmm for all ranks.


@program(
    (torch.arange(6.0).reshape(2, 3), torch.tensor([1.0, 2.0, 3.0])),
    (torch.tensor([1.0, -1.0]), torch.arange(6.0).reshape(2, 3)),
    (torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 2.0, 3.0])),
    (torch.ones(2, 2, 3), torch.arange(6.0).reshape(2, 3).t()),
    (torch.zeros(2, 0), torch.zeros(0, 3)),
    (torch.tensor([1, 2]), torch.tensor([3, 4])),
    (torch.arange(6.0).reshape(2, 3), torch.arange(6.0).reshape(2, 3)),
)
def matmul_product(x, y):
    return x @ y


@program((torch.arange(6.0).reshape(2, 3), torch.arange(6.0).reshape(2, 3).t()))
def matmul_named(x, y):
    return torch.matmul(x, y), torch.mm(x, y), x.mm(y)


@program((torch.ones(2, 1, 3), torch.ones(2, 3, 2)))
def matmul_batched(x, y):
    return torch.bmm(x, y)


# max and min of all elements, and with indices over an axis.


@program(
    torch.tensor([[1.0, 7.0, 3.0], [9.0, -5.0, 6.0]]),
    torch.tensor([3, 1, 2]),
    torch.zeros(0),
)
def min_max_whole(x):
    return x.max(), x.min(), x.argmax(), x.argmin()


@program(
    (torch.tensor([[1.0, 7.0, 3.0], [9.0, -5.0, 6.0]]), 0),
    (torch.tensor([[1.0, 7.0, 3.0], [9.0, -5.0, 6.0]]), 1),
)
def min_max_axis(x, d: int):
    values, indices = x.max(d)
    low, where = x.min(dim=d)
    return values, indices, low, where


@program(
    (torch.tensor([[1.0, 7.0, 3.0], [9.0, -5.0, 6.0]]), torch.tensor([2.0, 2.0, 2.0]))
)
def min_max_pairwise(x, y):
    return torch.maximum(x, y), torch.minimum(x, y)


# Results of max over an axis, sort and topk have names.


@program(torch.tensor([[3, 1], [2, 5], [4, 0]]), torch.tensor([[3, 1]]))
def named_results_named(x):
    r = torch.max(x, dim=0)
    s = torch.sort(x, dim=0)
    return r.values, r.indices, s.values, s.indices


@program((torch.tensor([1.0, 4.0, 2.0]), 2))
def named_results_top(x, k: int):
    values, indices = torch.topk(x, k)
    return values, indices


# `+ - * / // % **` of Tensors.


@program(
    (torch.tensor([7.0, -7.0, 7.5, 0.0]), torch.tensor([2.0, 2.0, -2.0, 3.0])),
    (torch.tensor([7, -7, 7, -7]), torch.tensor([2, 2, -2, -2])),
    (torch.zeros(0), torch.zeros(0)),
)
def operators_arithmetic(x, y):
    return x + y, x - y, x * y, x / y, x // y, x % y


@program(torch.tensor([1.0, 2.0, 4.0]))
def operators_power(x):
    return x**2, x**0.5, 2**x


# exp, log, sqrt, sin, cos, tanh, sigmoid, abs and the like.


@program(torch.tensor([0.5, 1.0, 4.0]), torch.tensor([0.0]), torch.tensor([-1.0]))
def pointwise_math_powers(x):
    return torch.exp(x), x.log(), torch.sqrt(x), x.rsqrt(), x.pow(3), x.reciprocal()


@program(torch.tensor([-100.0, -0.5, 0.0, 2.0, 100.0]), torch.tensor([0, 1]))
def pointwise_math_circular(x):
    return x.sin(), torch.cos(x), x.tanh(), torch.sigmoid(x)


@program(torch.tensor([-2.5, 0.0, 3.0]))
def pointwise_math_signs(x):
    return x.abs(), x.neg(), torch.sign(x), torch.square(x)


# Two Tensors of different dtypes promote to a common one.


@torch.jit.script
def promotion_dtypes_add(x, y):
    return x + y


@torch.jit.script
def promotion_dtypes_divide(x, y):
    return x / y


@scenario
def promotion_dtypes():
    dtypes = [torch.bool, torch.uint8, torch.int32, torch.int64, torch.float32]
    dtypes = dtypes + [torch.float64]
    for a in dtypes:
        for b in dtypes:
            x = torch.ones(2, dtype=a)
            y = torch.ones(2, dtype=b)
            yield f"{a} + {b}", promotion_dtypes_add(x, y)
            yield f"{a} / {b}", promotion_dtypes_divide(x, y)


# A number, or a 0-d Tensor, promotes only across kinds.


@program(
    (torch.ones(2, dtype=torch.bool), 2),
    (torch.ones(2, dtype=torch.uint8), 2),
    (torch.ones(2, dtype=torch.int32), 2),
    (torch.ones(2, dtype=torch.float32), 2),
    (torch.ones(2, dtype=torch.float64), 2),
)
def promotion_scalars_int_scalar(x, i: int):
    return x + i, x * i


@program(
    (torch.ones(2, dtype=torch.bool), 0.5),
    (torch.ones(2, dtype=torch.uint8), 0.5),
    (torch.ones(2, dtype=torch.int32), 0.5),
    (torch.ones(2, dtype=torch.float32), 0.5),
    (torch.ones(2, dtype=torch.float64), 0.5),
)
def promotion_scalars_float_scalar(x, v: float):
    return x + v, x * v


@program(
    (torch.ones(2, dtype=torch.int32), torch.tensor(1)),
    (torch.ones(2, dtype=torch.int32), torch.tensor(1.0, dtype=torch.float64)),
    (torch.ones(2), torch.tensor(1.0, dtype=torch.float64)),
)
def promotion_scalars_tensors(x, y):
    return x + y


# sum, mean, prod, and over an axis, with keepdim.


@program(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
def reductions_whole(x):
    return x.sum(), x.mean(), x.prod(), torch.sum(x)


@program(
    (torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 0),
    (torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), -1),
    (torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 2),
)
def reductions_axis(x, d: int):
    return x.sum(d), x.mean(dim=d), x.sum(dim=d, keepdim=True)


@program(torch.arange(8.0).reshape(2, 2, 2))
def reductions_axes(x):
    return x.sum([0, 1]), x.mean([0, 2], keepdim=True)


@program(
    torch.tensor([[1, 2], [3, 4]], dtype=torch.int32),
    torch.tensor([[True, False], [True, True]]),
    torch.zeros(0, 2),
)
def reductions_counts(x):
    return x.sum(), x.sum(0)


# floor, ceil, round, trunc and clamp.


@program(torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.7]))
def rounding_rounded(x):
    return x.floor(), x.ceil(), x.round(), x.trunc()


@program((torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.7]), -1.0, 1.0))
def rounding_clamped(x, low: float, high: float):
    return x.clamp(low, high), torch.clamp(x, min=low), x.clamp(max=high)


# Operators of a Tensor and a number, on either side.


@program((torch.tensor([1.0, -2.0, 4.0]), 3, 0.5), (torch.tensor([1, -2, 4]), 3, 0.5))
def scalar_operators_right(x, i: int, v: float):
    return x + i, x - v, x * i, x / i, x // i, x % i


@program((torch.tensor([1.0, -2.0, 4.0]), 3, 0.5), (torch.tensor([1, -2, 4]), 3, 0.5))
def scalar_operators_left(x, i: int, v: float):
    return i + x, v - x, i * x, v / x


@program(torch.tensor([1.0, -2.0, 4.0]))
def scalar_operators_unary(x):
    return -x, abs(x), -x.abs()


# reshape, view, flatten, squeeze and unsqueeze.


@program(torch.arange(6).reshape(2, 3), torch.zeros(5))
def shapes_changed_reshaped(x):
    return x.reshape(-1), x.view(3, 2), x.reshape([1, -1]), x.flatten()


@program(torch.arange(3).reshape(1, 3))
def shapes_changed_squeezed(x):
    return x.unsqueeze(0), x.unsqueeze(-1), x.unsqueeze(0).squeeze(), x.squeeze(0)


@program(torch.arange(8).reshape(2, 2, 2))
def shapes_changed_partly(x):
    return x.flatten(1), torch.flatten(x, 0, 1)


@program(torch.zeros(2, 3, 4))
def shapes_changed_by_size(x):
    return x.view(x.size(0), -1)


# shape, size, ndim, dim, numel and len; unpacking of a shape.


@torch.jit.script
def sizes_sizes(x):
    return x.shape[0], x.size(0), x.size(-1), x.dim(), x.ndim, x.numel(), len(x)


@torch.jit.script
def sizes_unpacked(x):
    rows, columns = x.shape
    return rows * 10 + columns


@torch.jit.script
def sizes_listed(x):
    return x.size(), x.shape


@scenario
def sizes():
    yield "matrix", sizes_sizes(torch.zeros(2, 3))
    yield "vector", sizes_sizes(torch.zeros(4))
    yield "no rows", sizes_sizes(torch.zeros(0, 3))
    yield "unpacked", sizes_unpacked(torch.zeros(2, 3))
    yield "unpacked, three", lambda: sizes_unpacked(torch.zeros(2, 3, 4))
    x = torch.zeros(2, 1, 3)
    a, b = sizes_listed(x)
    yield "listed", (list(a), list(b))
    a, b = sizes_listed(torch.tensor(1.0))
    yield "0-d", (list(a), list(b))


# split and chunk give lists of views.


@torch.jit.script
def split_chunk_split(x, n: int):
    return torch.split(x, n), len(x.split(n))


@torch.jit.script
def split_chunk_chunk(x, n: int):
    parts = x.chunk(n, dim=0)
    return parts[0], parts[-1]


@torch.jit.script
def split_chunk_two(x):
    a, b = torch.chunk(x, 2, dim=-1)
    a.add_(100)
    return a, b, x


@scenario
def split_chunk():
    parts, n = split_chunk_split(torch.arange(5), 2)
    yield "split", (list(parts), n)
    parts, n = split_chunk_split(torch.arange(4), 4)
    yield "split in one", (list(parts), n)
    yield "chunk", split_chunk_chunk(torch.arange(5), 3)
    yield "views", split_chunk_two(torch.zeros(2, 4))


# An annotated tolist gives nested Python lists.


@program(torch.tensor([1, 2]), torch.zeros(0, dtype=torch.int64))
def tolist_ints(x) -> List[int]:
    r: List[int] = x.tolist()
    return r


@program(torch.tensor([[1.5, 2.0]]))
def tolist_matrix(x) -> List[List[float]]:
    r: List[List[float]] = x.tolist()
    return r


@program(torch.tensor(0.5))
def tolist_scalar(x) -> float:
    r: float = x.tolist()
    return r


# tril and triu.


@program(
    (torch.arange(1, 10).reshape(3, 3), 0),
    (torch.arange(1, 10).reshape(3, 3), 1),
    (torch.arange(1, 10).reshape(3, 3), -1),
)
def triangles(x, k: int):
    return torch.tril(x, k), torch.triu(x, k)


# var and std, with and without the correction.


@program(torch.tensor([[1.0, 2.0, 4.0], [0.0, -1.0, 3.0]]))
def variance_whole(x):
    return x.var(), x.std(), x.var(unbiased=False)


@program(torch.tensor([[1.0, 2.0, 4.0], [0.0, -1.0, 3.0]]))
def variance_axis(x):
    return x.var(dim=0, unbiased=False), x.std(dim=1)


# Views share memory with their base, in both directions.


@torch.jit.script
def views_alias_through_view(x):
    v = x.view(-1)
    v[0] = 100.0
    t = x.t()
    t[1, 0] = 200.0
    return x, v, t


@torch.jit.script
def views_alias_through_base(x):
    row = x[0]
    part = x[:, 1:]
    x.add_(1)
    return row, part


@torch.jit.script
def views_alias_copies(x):
    c = x.clone()
    y = x + 0
    x.zero_()
    return c, y, x


@scenario
def views_alias():
    yield "through a view", views_alias_through_view(torch.zeros(2, 3))
    yield "through the base", views_alias_through_base(torch.zeros(2, 3))
    yield "clones do not", views_alias_copies(torch.ones(2))
    x = torch.zeros(3)
    views_alias_through_base(x.view(1, 3))
    yield "in the caller", x


# where and masked_fill choose element by element.


@program(
    (torch.tensor([1.0, 5.0]), torch.tensor([3.0, 2.0])),
    (torch.tensor([[1.0], [5.0]]), torch.tensor([3.0, 2.0])),
    (torch.tensor([1.5, -1.0]), torch.tensor([0, 0])),
)
def where_masked_fill_where(x, y):
    return torch.where(x > y, x, y)


@program((torch.tensor([1.0, -1.0]), -9.0))
def where_masked_fill_masked(x, v: float):
    return x.masked_fill(x < 0, v)
