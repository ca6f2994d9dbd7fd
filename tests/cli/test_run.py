"""`trs run`: inputs, results, and what goes wrong."""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest

from jit.cli.values import as_json, as_text, write_result


def test_an_array_goes_in_and_the_result_is_printed(trs, function, array):
    code, out, err = trs("run", function, "--input", array)

    assert (0, "") == (code, err)
    assert "float32[2, 2]\n[[2. 4.]\n [6. 8.]]\n" == out


def test_inputs_are_given_in_order_or_by_name(trs, function, array):
    for inputs in (
        ["-i", array, "-i", "0.5"],
        ["-i", "by=0.5", "-i", array],
        ["-i", "by=0.5", "-i", f"x={array}"],
        ["-i", "[[1, 2], [3, 4.0]]", "-i", "by=0.5"],
    ):
        code, out, _ = trs("run", function, "--json", *inputs)

        expected = {
            "dtype": "float32",
            "shape": [2, 2],
            "data": [[0.5, 1.0], [1.5, 2.0]],
        }
        assert 0 == code
        assert expected == json.loads(out)


def test_an_int_is_given_where_a_float_is_wanted(trs, function, array):
    code, out, _ = trs("run", function, "-i", array, "-i", "by=3")

    assert 0 == code
    assert "[ 9. 12.]" in out


@pytest.mark.parametrize("names", [("x", "by"), ("arr_0", "arr_1")])
def test_an_npz_file_gives_several_inputs(trs, function, tmp_path, names):
    path = tmp_path / "inputs.npz"
    np.savez(path, **dict(zip(names, (np.ones(2), np.array(3.0)), strict=True)))

    code, out, err = trs("run", function, "-i", path)

    assert (0, "") == (code, err)
    assert "[3. 3.]" in out


def test_results_are_written_to_files(trs, function, array, tmp_path):
    for name in ("y.npy", "y.npz", "y.json"):
        code, out, _ = trs("run", function, "-i", array, "-o", tmp_path / name)
        assert (0, "") == (code, out)
    expected = np.array([[2, 4], [6, 8]], np.float32)

    assert np.array_equal(expected, np.load(tmp_path / "y.npy"))
    assert np.array_equal(expected, np.load(tmp_path / "y.npz")["output_0"])
    assert expected.tolist() == json.loads((tmp_path / "y.json").read_text())["data"]


def test_texts_and_lists_are_arguments_too(trs, write, texts, array):
    path = write(texts["several"])

    code, out, _ = trs(
        "run", path, "-i", array, "-i", "plain text", "-i", "[1, 2]", "--json"
    )
    assert 0 == code
    assert ["plain text", [1, 2]] == json.loads(out)[1:]


def test_methods_of_a_module_are_called_by_name(trs, module):
    code, out, _ = trs("run", module, "-i", "[1.0, 1.0]")
    assert (0, "float32[2]\n[1. 2.]\n") == (code, out)

    code, out, _ = trs("run", module, "-i", "[1.0, 1.0]", "--method", "twice")
    assert (0, "float32[2]\n[1. 4.]\n") == (code, out)


def test_an_exception_of_the_program_is_exit_code_1(trs, write, texts, array):
    code, out, err = trs("run", write(texts["raises"]), "-i", array)

    assert (1, "") == (code, out)
    assert err.startswith("trs: the program raised ValueError: x is refused\n")
    assert 'Traceback (most recent call last):\n  File "/' not in err


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "no --input is given for `x`; the model takes x : Tensor, by : float"),
        (["1", "2", "3"], "3 inputs are given, the model takes"),
        (["[1, 2", "1"], "is neither a .npy or .npz file nor a JSON value"),
        (["missing.npy"], "missing.npy: No such file or directory"),
        (["[[1], [2, 3]]"], "is no array"),
        (['["a"]'], "is no array of numbers"),
        (["x=1", "1"], "the input `x` is given twice"),
        (["1", "[2]"], "the input `by`: Expected a value of type 'float'"),
        (['{"a": 1}'], "the input `x`: Expected a value of type 'Tensor'"),
    ],
)
def test_wrong_inputs_are_exit_code_2(trs, function, inputs, message):
    options = [part for text in inputs for part in ("-i", text)]

    code, out, err = trs("run", function, *options)

    assert (2, "") == (code, out)
    assert message in err
    assert 1 == err.count("\n")


def test_pickles_in_arrays_are_not_loaded(trs, function, tmp_path):
    path = tmp_path / "objects.npy"
    np.save(path, np.array([{}], object), allow_pickle=True)

    code, _, err = trs("run", function, "-i", path)

    assert 2 == code
    assert "cannot be read as .npy" in err


def test_a_method_that_does_not_exist_is_told_with_the_nearest(trs, module):
    code, _, err = trs("run", module, "-i", "1", "--method", "twise")

    assert 2 == code
    assert "there is no method `twise`; did you mean `twice`?" in err


def test_results_that_no_array_file_holds_say_what_does(trs, write, texts, array):
    path = write(texts["several"])
    inputs = ["-i", array, "-i", "t", "-i", "[1]"]

    code, _, err = trs("run", path, *inputs, "-o", array.with_name("y.npy"))
    assert 2 == code
    assert "use .npz or .json" in err

    code, _, err = trs("run", path, *inputs, "-o", array.with_name("y.txt"))
    assert 2 == code
    assert "written as .npy, .npz or .json" in err


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.array([np.nan, np.inf]), {"data": ["nan", "inf"]}),
        (np.array(1 + 2j), {"data": [1.0, 2.0]}),
        (np.array([1.5], ml_dtypes.bfloat16), {"dtype": "bfloat16", "data": [1.5]}),
        (np.array(True), {"dtype": "bool", "shape": [], "data": True}),
    ],
)
def test_every_array_has_a_json_form(value, expected):
    found = as_json(value)

    json.dumps(found, allow_nan=False)
    assert expected == {key: found[key] for key in expected}


def test_nested_results_are_printed_part_by_part():
    text = as_text({"a": np.ones(1), "b": (np.zeros(1), 2)})

    assert "a: float64[1]\n[1.]\nb.0: float64[1]\n[0.]\nb.1: 2" == text


def test_bfloat16_results_are_written_as_float32(tmp_path):
    write_result(str(tmp_path / "y.npy"), np.array([1.5], ml_dtypes.bfloat16))

    assert np.array([1.5], np.float32) == np.load(tmp_path / "y.npy")
