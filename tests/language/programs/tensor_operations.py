"""Tensors in scripts: operators, indexing, in-place, attributes, creation, gradients."""

import torch
from typing import List, Optional

from tests.language.corpus import program

F = torch.nn.functional

X = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
V = torch.tensor([1.0, 2.0, 3.0, 4.0])
N = torch.tensor([1, 2, 3, 4])


@program((X, torch.tensor([10.0, 20.0])))
def broadcasting(x, y):
    return x + y, x * y, x - y[:, None]


@program((N, torch.tensor([0.5])))
def promotion(n, x):
    return n + x, n / 2, n // 2, n % 3, n * 1.5, n + True


@program(V)
def reflected_scalars(x):
    return 1 - x, 2 / x, 2**x


@program(V)
def reflected_remainder(x):
    return 7 % x


@program((N, torch.tensor([4, 3, 2, 1])))
def comparisons(a, b):
    return a < b, a == b, a != b, a >= b, a > 2


@program((torch.tensor([True, False]), torch.tensor([True, True])))
def logic(a, b):
    return a & b, a | b, a ^ b, ~a


@program((N, 1))
def bits(n, k: int):
    return n & 3, n | 8, n ^ 1, n << k, n >> k, ~n


@program((X, X))
def matrix_products(a, b):
    return a @ b, torch.mm(a, b), a.matmul(b[0])


@program(V)
def in_place_methods(x):
    x.add_(1).mul_(2)
    x.clamp_(max=8.0)
    return x


@program(V)
def augmented_slices(x):
    x[1:3] += 10
    x[0] -= 1
    x[x > 11] *= 2
    return x


@program(X)
def views_alias(x):
    row = x[0]
    column = x[:, 1]
    row += 100
    column *= 2
    return x


@program(X)
def masks_copy(x):
    y = x[x > 2]
    y += 100
    return x, y


# Indexing.


@program(X)
def index_with_ints(x):
    return x[0], x[-1, 0], x[1][1]


@program((V, 1, 3))
def index_with_slices(x, i: int, j: int):
    return x[i:j], x[i:], x[:j], x[:], x[::2]


@program((V, None), (V, 2))
def index_with_optional_bounds(x, n: Optional[int]):
    return x[:n], x[n:]


@program(X)
def index_with_none_and_ellipsis(x):
    return x[None].shape, x[..., 0], x[:, None, 1]


@program((V, torch.tensor([True, False, True, False])))
def index_with_a_mask(x, mask):
    return x[mask], x[~mask]


@program((X, torch.tensor([1, 0, 1])))
def index_with_positions(x, i):
    return x[i], x[:, i[:2]], x[i, i]


@program(X)
def index_with_a_list(x):
    return x[[1, 0]], x[:, [0]]


@program((torch.arange(24.0).reshape(2, 3, 4), torch.tensor([0, 1])))
def index_mixed(x, i):
    return x[i, 1:, None, 0], x[0, ..., 1], x[:, i, 2], x[i, :, i]


@program(torch.arange(12.0).reshape(3, 4))
def assign_to_each_form(x):
    x[0] = 1.0
    x[1, 2:] = torch.tensor([7.0, 8.0])
    x[..., 0] = -1.0
    x[x == 5] = 50.0
    x[torch.tensor([2]), torch.tensor([3])] = 9.0
    x[[0, 1], 1] = 3.0
    return x


# Attributes and sizes.


@program(torch.zeros(2, 3, 4))
def sizes(x):
    a, b, c = x.shape
    return a, b, c, x.size(), x.size(1), x.size(-1), x.dim(), x.ndim, x.numel()


@program(torch.zeros(2, 3))
def length_of_a_tensor(x):
    return len(x), x.shape[0] * x.shape[1], len(x.shape)


@program(X)
def transposes(x):
    return x.T, x.mT, x.t(), x.transpose(0, 1)


@program(X, torch_is_wrong="a dtype comes out as a number")
def a_dtype_is_returned(x):
    return x.dtype


@program(X)
def attributes(x):
    return x.is_cuda, x.requires_grad, x.is_sparse


@program((X, N))
def dtypes_are_compared(x, n):
    return x.dtype == torch.float32, n.dtype == torch.int64, x.dtype == n.dtype


@program((X, N))
def is_floating_point(x, n):
    return x.is_floating_point(), n.is_floating_point(), x.is_complex()


@program(X)
def device_of_a_tensor(x):
    return x.device == torch.device("cpu"), x.device.type


@program(X)
def contiguous_and_stride(x):
    return (
        x.is_contiguous(),
        x.t().is_contiguous(),
        list(x.stride()),
        x.t().contiguous(),
    )


# Out of tensors and into them.


@program(torch.tensor(3.5), torch.tensor(4))
def items(x):
    return x.item(), int(x), float(x), bool(x)


@program(N)
def annotated_tolist(n):
    a: List[int] = n.tolist()
    return a, sum(a)


@program(X)
def annotated_tolist_of_a_matrix(x):
    a: List[List[float]] = x.tolist()
    return a[1][0], len(a)


@program((1.5, 2))
def tensor_literals(x: float, n: int):
    return torch.tensor([x, 1.0]), torch.tensor(n), torch.tensor([[1, 2], [n, 4]])


@program(3)
def tensor_literals_with_a_dtype(n: int):
    return torch.tensor([n], dtype=torch.float64), torch.tensor(n, dtype=torch.int32)


@program((2, 3))
def creation(n: int, m: int):
    return (
        torch.zeros(n, m),
        torch.ones([n]),
        torch.full((n, m), 1.5),
        torch.arange(n),
        torch.arange(0, m, 2),
        torch.eye(n),
        torch.linspace(0, 1, m),
        torch.empty(0),
    )


@program(X)
def creation_like(x):
    return (
        torch.zeros_like(x),
        torch.ones_like(x, dtype=torch.int64),
        torch.full_like(x, 7),
        x.new_zeros(2),
        x.new_ones([1, 2]),
    )


@program(X)
def named_results(x):
    m = x.max(dim=1)
    values, indices = x.min(0)
    s = torch.sort(x, descending=True)
    k = torch.topk(x, 1)
    return m.values, m.indices, values, indices, s.values, k.indices


@program((X, X))
def einsum(a, b):
    return torch.einsum("ij,jk->ik", a, b), torch.einsum("ii", a)


@program(X)
def lists_for_operators(x):
    parts = torch.split(x, 1)
    return torch.cat([x, x]), torch.stack([x[0], x[1]], dim=1), torch.cat(parts, 1)


@program(V)
def split_with_sizes(x):
    a, b = torch.split(x, [1, 3])
    c = x.chunk(2)
    return a, b, c[1]


@program(X)
def functional(x):
    return (
        F.relu(x - 2),
        F.softmax(x, dim=1),
        F.linear(x, torch.ones(3, 2)),
        F.pad(x, [1, 0]),
        F.dropout(x, 0.5, training=False),
    )


@program((X, torch.tensor([0, 1])))
def losses(x, target):
    return F.cross_entropy(x, target), F.mse_loss(x, x + 1), F.l1_loss(x, x * 2)


@program(X)
def reductions(x):
    return x.sum(), x.mean(0), x.prod(), x.std(), x.max(), x.argmax(), x.sum(1, True)


@program(X)
def shapes_are_changed(x):
    return x.view(-1), x.reshape(4, 1), x.flatten(), x.unsqueeze(0), x.view([1, 4])


@program(X)
def dtype_conversions(x):
    return x.int(), x.double(), x.to(torch.int64), x.long().float(), x.to(x.dtype)


@program((X, X * 2))
def to_the_type_of_another(x, y):
    return x.to(y), x.type_as(y.double())


@program((X, 0), (X, 1))
def a_dim_is_computed(x, d: int):
    return x.sum(d), x.argmax(dim=d), torch.cat([x, x], d)


@program((X, 2.0), (X, -2.0))
def tensors_meet_control_flow(x, k: float):
    total = torch.zeros(2)
    for i in range(x.shape[0]):
        if k > 0:
            total = total + x[i] * k
        else:
            total[i] = x[i].sum()
    return total


# Gradients.


@program(torch.tensor([1.0, 2.0], requires_grad=True), gradients=True)
def gradient_of_a_chain(x):
    y = x * x + 1
    return y.exp()


@program((torch.tensor([1.0, 2.0], requires_grad=True), 3), gradients=True)
def gradient_through_a_loop(x, n: int):
    y = x
    for _ in range(n):
        y = y * x
    return y


@program(
    torch.tensor([1.0, 2.0], requires_grad=True),
    torch.tensor([-1.0, -2.0], requires_grad=True),
    gradients=True,
)
def gradient_through_a_branch(x):
    if x.sum() > 0:
        return x * 3
    return x * x


@program(torch.tensor([1.0, 2.0], requires_grad=True), gradients=True)
def gradient_inside_of_a_script(x):
    y = (x * x * x).sum()
    grad = torch.autograd.grad([y], [x], create_graph=True)[0]
    if grad is None:
        return x
    return grad * 1


@program(torch.tensor([1.0, 2.0], requires_grad=True), gradients=True)
def detach_stops_gradients(x):
    return x * x.detach()


@program(torch.tensor([1.0, 2.0], requires_grad=True), gradients=True)
def requires_grad_is_asked(x):
    return x.requires_grad, (x * 2).requires_grad, x.detach().requires_grad


@program(torch.tensor([1.0, 2.0], requires_grad=True), gradients=True)
def leaves_are_told_from_results(x):
    y = x * 2
    return x.is_leaf, y.is_leaf, y.detach().is_leaf


@program(torch.tensor([1.0, 2.0], requires_grad=True), gradients=True)
def backward_inside_of_a_script(x):
    (x * x).sum().backward()
    return x.grad


@program(torch.tensor([1.0, 2.0], requires_grad=True), gradients=True)
def backward_adds_up(x):
    y = x * x
    y.backward(torch.ones_like(y), retain_graph=True)
    torch.autograd.backward([y.sum(), x.sum()])
    return x.grad


@program(torch.tensor([1.0, 2.0]), gradients=True)
def gradients_are_asked_for_in_a_script(x):
    y = x.detach().requires_grad_()
    gradients = torch.autograd.grad([(y * y).sum(), y.sum()], [y])
    return gradients[0], y.requires_grad, x.requires_grad


@program(torch.tensor([1.0, 2.0], requires_grad=True), gradients=True)
def gradients_that_may_be_missing(x):
    other = torch.tensor([1.0], requires_grad=True)
    gradients = torch.autograd.grad([x.sum()], [x, other], allow_unused=True)
    return gradients[0], gradients[1] is None, len(gradients)


@program(torch.tensor([1.0, 2.0], requires_grad=True), gradients=True)
def gradients_with_weights(x):
    y = x * x
    weights: List[Optional[torch.Tensor]] = [torch.tensor([1.0, 10.0])]
    gradient = torch.autograd.grad([y], [x], grad_outputs=weights)[0]
    assert gradient is not None
    return gradient * 2


@program(
    torch.tensor([1.0, 2.0], requires_grad=True),
    torch.tensor([1.0, 2.0]),
    gradients=True,
)
def a_result_keeps_its_gradient(x):
    y = x * 2
    if y.requires_grad:
        y.retain_grad()
        (y * y).sum().backward()
        return y.grad
    return y


@program(torch.tensor([1.0, 2.0], requires_grad=True), gradients=True)
def writes_in_no_grad(x):
    y = x * 3
    with torch.no_grad():
        y.mul_(2)
        y[0] = 5.0
    return y * y


@program(torch.tensor([1.0, 2.0], requires_grad=True))
def gradients_are_enabled(x):
    with torch.no_grad():
        inside = torch.is_grad_enabled()
    return inside, torch.is_grad_enabled(), x.requires_grad


@program((3,))
def random_numbers_have_a_shape(n: int):
    return torch.rand(n).shape, torch.randn(n, 2).shape, torch.randint(0, 5, [n]).shape


@program(X)
def facts_of_a_tensor(x):
    return x.is_cuda, x.is_cpu, x.is_quantized, x.is_mkldnn, x.is_meta


@program((X, N))
def is_signed_and_same_size(x, n):
    return x.is_signed(), x.is_same_size(x), x.is_same_size(n)


@program(torch.tensor(2.0), torch.tensor([0]))
def is_nonzero(x):
    return x.is_nonzero()


@program((X, 2))
def numbers_are_given_for_tensors(x, n: int):
    return torch.add(x, n), torch.mul(x, 0.5), torch.pow(2, x)


@program(
    torch.tensor([1.0, 2.0], requires_grad=True),
    gradients=True,
    torch_is_wrong="it says that there is one",
)
def a_gradient_may_be_none(x):
    return x.grad is None


@program(
    (torch.ones(2, dtype=torch.int32), 2), (torch.ones(2), 2), (torch.tensor(1.0), 3)
)
def dtypes_of_results(x, n: int):
    return (
        torch.result_type(x, 2.5) == torch.float32,
        torch.result_type(x, torch.ones(2, dtype=torch.float64)) == torch.float64,
        torch.result_type(n, x) == x.dtype,
        torch.result_type(n, 2.5) == torch.float32,
    )


@program(
    torch.ones(2, dtype=torch.int32), torch.ones(2), torch.ones(2, dtype=torch.bool)
)
def dtypes_that_meet(x):
    return (
        torch.can_cast(x.dtype, torch.int64),
        torch.can_cast(torch.float32, x.dtype),
        torch.promote_types(x.dtype, torch.int64) == torch.int64,
        x.to(torch.promote_types(x.dtype, torch.float16)),
    )


@program(torch.ones(2))
def the_layout_of_a_tensor(x):
    made = torch.zeros([2], layout=x.layout)
    return x.layout == torch.strided, x.layout != made.layout, made
