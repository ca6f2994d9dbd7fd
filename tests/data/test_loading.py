"""`torch.utils.data`: data sets, samplers, batches, workers of both kinds."""

from __future__ import annotations

import os
import time
from collections import namedtuple
from itertools import chain

import numpy as np
import pytest

from jit import torch
from jit.torch.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    default_convert,
    get_worker_info,
    random_split,
)

KINDS = ["fork", "spawn", "thread"]


class Squares(Dataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return torch.tensor([index, index * index])


class Counting(IterableDataset):
    """0 … count - 1, shared out among the workers."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        info = get_worker_info()
        start, step = (0, 1) if info is None else (info.id, info.num_workers)
        return iter(range(start, self.count, step))


class Failing(Squares):
    def __getitem__(self, index):
        if index == 3:
            raise KeyError("no third sample")
        return super().__getitem__(index)


class Dying(Squares):
    def __getitem__(self, index):
        if index == 2:
            os._exit(7)
        return index


class Slow(Squares):
    def __getitem__(self, index):
        time.sleep(0.5)
        return index


class Informed(Squares):
    def __getitem__(self, index):
        info = get_worker_info()
        return [info.id, info.seed % 1000, int(torch.randint(1000, ()).item())]


class Unsendable(Squares):
    def __getitem__(self, index):
        return lambda: index


def first(batch):
    return batch[0]


def listed(loader):
    return [batch.tolist() for batch in loader]


# data sets


def test_a_tensor_data_set_gives_rows():
    data = TensorDataset(torch.arange(6).reshape(3, 2), torch.tensor([7, 8, 9]))

    assert 3 == len(data)
    assert ([2, 3], 8) == tuple(t.tolist() for t in data[1])
    with pytest.raises(AssertionError, match="Size mismatch"):
        TensorDataset(torch.ones(2), torch.ones(3))


def test_data_sets_follow_each_other():
    both = Squares(2) + Squares(3)

    assert isinstance(both, ConcatDataset)
    assert [0, 1, 0, 1, 2] == [both[i][0].item() for i in range(5)]
    assert 2 == both[-1][0].item()
    assert [0, 1, 0] == list(Counting(2) + Counting(1))
    with pytest.raises(ValueError, match="should not exceed dataset length"):
        both[-6]
    with pytest.raises(AssertionError, match="does not support IterableDataset"):
        ConcatDataset([Counting(2)])
    with pytest.raises(AssertionError, match="only supports IterableDataset"):
        list(ChainDataset([Squares(2)]))


def test_data_sets_stand_side_by_side():
    tuples = StackDataset([1, 2], "ab")
    dicts = StackDataset(number=[1, 2], letter="ab")

    assert (2, "b") == tuples[1]
    assert {"number": 2, "letter": "b"} == dicts[1]
    assert [(2, "b"), (1, "a")] == tuples.__getitems__([1, 0])
    assert [{"number": 1, "letter": "a"}] == dicts.__getitems__([0])
    with pytest.raises(ValueError, match="Size mismatch between datasets"):
        StackDataset([1], [1, 2])


def test_a_subset_has_some_of_the_samples():
    part = Subset([10, 11, 12, 13], [3, 1])

    assert [13, 11] == [part[0], part[1]]
    assert [11] == part.__getitems__([1])


def test_a_random_split_is_reproducible_and_whole():
    data = list(range(10))
    make = lambda: random_split(  # noqa: E731
        data, [0.5, 0.25, 0.25], torch.Generator().manual_seed(4)
    )
    parts = [list(part) for part in make()]

    assert [6, 2, 2] == [len(part) for part in parts]
    assert data == sorted(chain.from_iterable(parts))
    assert parts == [list(part) for part in make()]
    assert [3, 7] == [len(part) for part in random_split(data, [3, 7])]
    with pytest.raises(ValueError, match="does not equal the length"):
        random_split(data, [3, 3])
    with pytest.raises(ValueError, match="index 0 is not between 0 and 1"):
        random_split(data, [1.5, -0.5])
    with pytest.warns(UserWarning, match="index 1 is 0"):
        random_split([1], [0.6, 0.4])


# samplers


def test_a_random_order_is_the_seeds():
    draw = lambda seed: list(  # noqa: E731
        RandomSampler(range(20), generator=torch.Generator().manual_seed(seed))
    )

    assert list(range(20)) == sorted(draw(1))
    assert draw(1) == draw(1) != draw(2)
    torch.manual_seed(0)
    one = list(RandomSampler(range(20)))
    two = list(RandomSampler(range(20)))
    torch.manual_seed(0)
    assert one == list(RandomSampler(range(20))) != two


def test_samples_are_drawn_again_where_asked():
    drawn = list(RandomSampler(range(3), replacement=True, num_samples=2000))
    rounds = list(RandomSampler(range(3), num_samples=7))

    assert 2000 == len(drawn)
    assert {0, 1, 2} == set(drawn)
    assert [0, 1, 2] == sorted(rounds[:3]) == sorted(rounds[3:6])


def test_weights_decide_how_often():
    torch.manual_seed(1)
    drawn = list(WeightedRandomSampler([1.0, 0.0, 3.0], 4000))
    alone = list(WeightedRandomSampler([1.0, 0.0, 3.0], 2, replacement=False))

    counts = np.bincount(drawn, minlength=3) / 4000
    np.testing.assert_allclose(counts, [0.25, 0.0, 0.75], atol=0.03)
    assert [0, 2] == sorted(alone)
    with pytest.raises(RuntimeError, match="2 weights are positive"):
        list(WeightedRandomSampler([1.0, 0.0, 3.0], 3, replacement=False))


def test_further_samplers():
    assert [[0, 1], [2, 3], [4]] == list(BatchSampler(range(5), 2, False))
    assert [[0, 1], [2, 3]] == list(BatchSampler(range(5), 2, True))
    assert [3, 5] == sorted(SubsetRandomSampler([5, 3]))
    shares = [list(DistributedSampler(range(5), 2, rank)) for rank in (0, 1)]
    assert {0, 1, 2, 3, 4} == set(chain.from_iterable(shares))
    assert [3, 3] == [len(share) for share in shares]


# batches


def test_nested_samples_become_a_nested_batch():
    Point = namedtuple("Point", ["x", "y"])
    samples = [
        {"t": torch.ones(2), "n": np.float32(2), "p": Point(1, 2.5), "s": "a", "l": (1, True)},  # noqa: E501
        {"t": torch.zeros(2), "n": np.float32(3), "p": Point(3, 4.5), "s": "b", "l": (2, False)},  # noqa: E501
    ]  # fmt: skip
    batch = default_collate(samples)

    assert [[1.0, 1.0], [0.0, 0.0]] == batch["t"].tolist()
    assert torch.float32 == batch["n"].dtype
    assert [1, 3] == batch["p"].x.tolist()
    assert torch.float64 == batch["p"].y.dtype
    assert ["a", "b"] == batch["s"]
    assert [1, 2] == batch["l"][0].tolist()
    assert torch.bool == batch["l"][1].dtype


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        ([[1], [1, 2]], RuntimeError, "should be of equal size"),
        ([object()], TypeError, "batch must contain tensors, numpy arrays"),
        ([np.array(["a"])], TypeError, "found <U1"),
    ],
)
def test_what_makes_no_batch_is_refused(samples, error, message):
    with pytest.raises(error, match=message):
        default_collate(samples)


def test_without_batches_samples_are_converted():
    loader = DataLoader([{"a": np.ones(2)}, {"a": np.zeros(2)}], batch_size=None)

    assert [[1.0, 1.0], [0.0, 0.0]] == [s["a"].tolist() for s in loader]
    assert ["x", 1] == default_convert(("x", 1))


def test_batches_of_a_data_set_in_order():
    loader = DataLoader(Squares(5), 2)

    assert 3 == len(loader)
    assert [[[0, 0], [1, 1]], [[2, 4], [3, 9]], [[4, 16]]] == listed(loader)
    assert 2 == len(DataLoader(Squares(5), 2, drop_last=True))
    assert [[[1, 1], [0, 0]]] == listed(DataLoader(Squares(5), batch_sampler=[[1, 0]]))
    assert [[0, 1], [2]] == listed(DataLoader(Counting(3), 2))
    assert [[0, 1]] == listed(DataLoader(Counting(3), 2, drop_last=True))


def test_a_shuffled_loader_is_reproducible():
    def run(seed):
        generator = torch.Generator().manual_seed(seed)
        loader = DataLoader(list(range(30)), 7, shuffle=True, generator=generator)
        return [list(chain.from_iterable(listed(loader))) for _ in range(2)]

    one, two = run(3)
    assert list(range(30)) == sorted(one) == sorted(two)
    assert one != two
    assert [one, two] == run(3) != run(4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_workers": -1}, "num_workers option should be non-negative"),
        ({"timeout": -1}, "timeout option should be non-negative"),
        ({"prefetch_factor": 2}, "only be specified in multiprocessing"),
        ({"persistent_workers": True}, "needs num_workers > 0"),
        ({"sampler": [0], "shuffle": True}, "mutually exclusive with shuffle"),
        (
            {"batch_sampler": [[0]], "batch_size": 2},
            "mutually exclusive with batch_size",
        ),
        ({"batch_size": None, "drop_last": True}, "disables auto-batching"),
        ({"batch_size": 0}, "batch_size should be a positive integer"),
        ({"num_workers": 1, "multiprocessing_context": "x"}, "valid start method"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        DataLoader(Squares(3), **options)
    for name in ("shuffle", "sampler", "batch_sampler"):
        with pytest.raises(ValueError, match=f"unspecified {name} option"):
            DataLoader(Counting(3), **{name: [1]})


def test_what_decides_the_order_stays():
    loader = DataLoader(Squares(3))
    with pytest.raises(ValueError, match="batch_size attribute should not be set"):
        loader.batch_size = 5


# workers


@pytest.mark.parametrize("kind", KINDS)
def test_workers_keep_the_order(kind):
    loader = DataLoader(
        Squares(11), 2, num_workers=2, multiprocessing_context=kind, pin_memory=True
    )

    assert listed(DataLoader(Squares(11), 2)) == listed(loader)


@pytest.mark.parametrize("kind", ["fork", "thread"])
def test_workers_share_an_iterable_data_set(kind):
    loader = DataLoader(Counting(7), 2, num_workers=2, multiprocessing_context=kind)

    assert [[0, 2], [1, 3], [4, 6], [5]] == listed(loader)


@pytest.mark.parametrize("kind", ["fork", "thread"])
def test_batches_may_come_as_they_are_ready(kind):
    loader = DataLoader(
        Squares(9), 2, num_workers=2, multiprocessing_context=kind, in_order=False
    )

    assert listed(DataLoader(Squares(9), 2)) == sorted(listed(loader))


@pytest.mark.parametrize("kind", ["fork", "thread"])
def test_an_error_brings_the_stack_of_the_worker(kind):
    loader = DataLoader(Failing(6), 2, num_workers=2, multiprocessing_context=kind)
    batches = iter(loader)
    assert [[0, 0], [1, 1]] == next(batches).tolist()

    with pytest.raises(KeyError) as caught:
        next(batches)
    kind = {"fork": "process"}.get(kind, kind)
    assert f"Caught KeyError in DataLoader worker {kind} 1" in str(caught.value)
    assert "no third sample" in str(caught.value)
    assert "test_loading.py" in str(caught.value)


@pytest.mark.parametrize("kind", ["fork", "thread"])
def test_an_error_at_the_start_of_a_worker_is_told(kind):
    def start(worker):
        raise OSError(f"worker {worker} has no disk")

    loader = DataLoader(
        Squares(2), num_workers=1, multiprocessing_context=kind, worker_init_fn=start
    )
    with pytest.raises(OSError, match="worker 0 has no disk"):
        list(loader)


def test_a_worker_that_dies_is_told():
    loader = DataLoader(Dying(6), num_workers=2, multiprocessing_context="fork")
    with pytest.raises(
        RuntimeError, match=r"exited unexpectedly, with the exit code 7"
    ):
        list(loader)


def test_a_batch_that_cannot_be_sent_is_told():
    loader = DataLoader(
        Unsendable(2), num_workers=1, multiprocessing_context="fork", collate_fn=first
    )
    with pytest.raises(RuntimeError, match="in DataLoader worker process 0"):
        list(loader)


@pytest.mark.parametrize("kind", ["fork", "thread"])
def test_waiting_has_an_end(kind):
    loader = DataLoader(
        Slow(2), num_workers=1, multiprocessing_context=kind, timeout=0.05
    )
    with pytest.raises(RuntimeError, match=r"timed out after 0\.05 seconds"):
        list(loader)


@pytest.mark.parametrize("kind", ["fork", "thread"])
def test_workers_know_who_they_are(kind):
    assert get_worker_info() is None
    seen = []
    for _ in range(2):
        loader = DataLoader(
            Informed(4),
            num_workers=2,
            multiprocessing_context=kind,
            generator=torch.Generator().manual_seed(5),
            collate_fn=first,
        )
        seen.append(list(loader))

    assert [0, 1, 0, 1] == [worker for worker, _, _ in seen[0]]
    assert seen[0][0][1] + 1 == seen[0][1][1]
    if kind == "fork":  # threads draw from one generator
        assert seen[0] == seen[1]
    assert get_worker_info() is None


def test_persistent_workers_go_on():
    loader = DataLoader(
        Informed(4),
        num_workers=2,
        persistent_workers=True,
        multiprocessing_context="fork",
        collate_fn=first,
    )
    one, two = list(loader), list(loader)
    assert [s[:2] for s in one] == [s[:2] for s in two]
    assert one != two

    part = iter(loader)
    next(part)
    with pytest.raises(RuntimeError, match="at another iteration"):
        next(iter(loader))
    del part
    assert 4 == len(list(loader))


def test_large_tasks_and_large_batches_pass():
    data = TensorDataset(torch.zeros(40000, 8))
    loader = DataLoader(
        data, 20000, num_workers=1, multiprocessing_context="fork", prefetch_factor=4
    )

    assert [(20000, 8)] * 2 == [tuple(x.shape) for (x,) in loader]
