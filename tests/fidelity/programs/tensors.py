"""What only tensors have: methods that change them, `size()`, `item()`, gradients."""

import torch

from tests.fidelity.corpus import array, inputs

ROW, OTHER = array([1.0, 2.0, 3.0]), array([-5.0, 4.0])
TABLE, TALL = array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), array([[1.0], [2.0], [3.0]])


@inputs(ROW, OTHER)
def method_in_place(x):
    x.add_(1).mul_(2)
    return x


@inputs(ROW, OTHER)
def copy_then_in_place(x):
    y = x.clone()
    y.zero_()
    return x + y


@inputs(TABLE, TALL)
def size_method(x):
    return x.view(x.size(1), x.size(0)), x.numel()


@inputs(TABLE, TALL)
def view_shares(x):
    y = x * 1
    y.view(-1)[0] = 50.0
    return y


@inputs(TABLE, TALL)
def unpacked_size(x):
    b, c = x.size()
    return x.expand(2, b, c), torch.zeros(b, c).add(1)


@inputs(ROW, OTHER)
def item_in_if(x):
    if x[0].item() > 0:
        return x
    return x * -1


@inputs(ROW, OTHER)
def item_in_arithmetic(x):
    return x * x[0].item() + 1


@inputs(ROW, OTHER)
def list_of_a_tensor(x):
    return x + x.tolist()[0]


@inputs(array([2, 3]), array([4, 1]))
def sizes_from_values(x):
    return torch.zeros(int(x[0]), int(x[1]))


@inputs(ROW, OTHER)
def tensor_of_elements(x):
    return torch.tensor([x[0], x[1] * 2])


@inputs(ROW, array([4.0, 5.0, 6.0]))
def unpacked_tensor(x):
    a, b, c = x
    return a * b + c


@inputs(ROW, OTHER)
def largest_by_python(x):
    return max(x[0], x[1])


@inputs(ROW, OTHER)
def built_in_sum(x):
    return sum(x)


@inputs(ROW, OTHER)
def chunks(x):
    first, second = x.chunk(2)
    return second, first


@inputs(TABLE, TALL)
def named_results(x):
    found = x.max(dim=0)
    return found.values, found.indices


@inputs(ROW, OTHER)
def conversions(x):
    return x.int(), x.double(), x > 1, x.long() * 2


@inputs(array([1.0, 2.0]), array([1, 2]))
def conversion_when_needed(x):
    return x.float() / 2


@inputs(ROW, OTHER)
def places_of_nonzero(x):
    return (x > 1).nonzero()


@inputs(ROW, array([1.0, 1.0]))
def equal_tensors(x):
    if torch.equal(x, torch.ones(2)):
        return x * 0
    return x


@inputs(ROW, OTHER)
def no_gradients(x):
    with torch.no_grad():
        y = x * 2
    return y


@inputs(TABLE, TALL)
def softmax_by_hand(x):
    y = torch.exp(x - x.max(dim=-1, keepdim=True).values)
    return y / y.sum(dim=-1, keepdim=True)


@inputs(TABLE, TALL)
def nn_functions(x):
    return torch.nn.functional.relu(x - 2), torch.nn.functional.pad(x, [0, x.shape[0]])


@inputs(ROW, OTHER)
def index_put(x):
    y = torch.zeros(3)
    y[torch.tensor([0, 2])] = x[:2]
    return y


@inputs(TABLE, TALL)
def joined(x):
    return torch.cat([x, x * 2], dim=0), torch.stack([x, x]).shape[0]


@inputs(array([3.0, 1.0, 2.0]), OTHER)
def sorted_tensor(x):
    values, places = x.sort()
    return values, places


@inputs(ROW, OTHER)
def text_of_a_number(x):
    return f"{x.sum().item():.1f}"


@inputs(ROW, OTHER)
def strides_of_rows(x):
    y = x.unsqueeze(0).repeat(2, 1)
    return y * y.stride(0)


@inputs(ROW, OTHER)
def data_attribute(x):
    return x.data * 2 + x.detach()
