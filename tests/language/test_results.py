"""How outcomes are compared."""

from __future__ import annotations

from tests.language import results


def test_differences_are_told_apart():
    tensor = {"tensor": "float32", "shape": [2], "values": [1.0, "nan"]}
    told = {"raised": "any", "as": "ValueError: no"}

    assert not results.differences(tensor, tensor)
    assert not results.differences(1.0, 1.0 + 1e-12)
    assert not results.differences({"raised": "any"}, {"raised": "IndexError"})
    assert not results.differences({"raised": "any"}, told)
    assert results.differences({"raised": "IndexError"}, {"raised": "any"})
    assert results.differences(told, {"raised": "any", "as": "ValueError: yes"})
    assert results.differences(1, 1.0)
    assert results.differences(1, True)
    assert results.differences([1], {"tuple": [1]})
    assert results.differences(1.0, 1.0 + 1e-6)
    assert results.differences({"complex": [1.0, 2.0]}, {"complex": [1.0, 2.5]})
    assert results.differences({"call": {"result": 1}}, {"call": {"result": 2}})
    assert results.differences(tensor, {**tensor, "tensor": "float64"})
    assert results.differences(tensor, {**tensor, "shape": [1, 2]})
    assert results.differences(tensor, {**tensor, "values": [1.0, 2.0]})
