"""ONNX Runtime and OpenVINO: both run the same ONNX model."""

from __future__ import annotations

import functools
import os
from typing import Any

import numpy as np

from benchmarks.case import Case, Inputs, reference_of
from benchmarks.contenders.ready import Absent, Compile, Ready, library

OPSET = 20
OPENVINO_CACHE = "OPENVINO_CACHE_DIR"
"""Our own variable: where OpenVINO keeps what it compiled."""


def model_of(case: Case, inputs: Inputs, weights: Inputs) -> bytes:
    """The model: nodes from the case's text, weights as constants."""
    if case.onnx is None:
        raise Absent("no ONNX model")
    onnx = library("onnx")
    helper, parser = library("onnx.helper"), library("onnx.parser")
    shape, dtype = _result(case, inputs, weights)
    graph = parser.parse_graph(f"case () => () {{ {case.onnx} }}")
    graph.input.extend(
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
        )
        for name, value in inputs.items()
    )
    graph.output.append(
        helper.make_tensor_value_info(
            "out", helper.np_dtype_to_tensor_dtype(dtype), shape
        )
    )
    graph.initializer.extend(
        onnx.numpy_helper.from_array(value, "w_" + name.replace(".", "_"))
        for name, value in weights.items()
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _result(
    case: Case, inputs: Inputs, weights: Inputs
) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and dtype of what comes out."""
    floating = next(v.dtype for v in inputs.values() if v.dtype.kind == "f")
    if case.result_shape is not None:
        return case.result_shape, floating
    expected = reference_of(case, inputs, weights)
    assert expected is not None
    return expected.shape, floating if expected.dtype.kind == "f" else expected.dtype


def session_of(model: bytes, threads: int) -> Any:
    """A session of ONNX Runtime on so many threads."""
    runtime = library("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def prepare_onnxruntime(
    case: Case, inputs: Inputs, weights: Inputs, threads: int
) -> Compile:
    """`session.run` with arrays; the result is fresh."""
    library("onnxruntime")
    model = model_of(case, inputs, weights)

    def compiled() -> Ready:
        run = functools.partial(session_of(model, threads).run, None)
        return Ready(run, (inputs,), lambda results: results[0])

    return compiled


def compiled_by_openvino(model: bytes, threads: int) -> Any:
    """A model compiled by OpenVINO, in full float32."""
    openvino = library("openvino")
    core = openvino.Core()
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    if OPENVINO_CACHE in os.environ:
        settings["CACHE_DIR"] = os.environ[OPENVINO_CACHE]
    return core.compile_model(core.read_model(model, b""), "CPU", settings)


def prepare_openvino(
    case: Case, inputs: Inputs, weights: Inputs, threads: int
) -> Compile:
    """Inputs are shared; the result is fresh, as with everybody else."""
    if any(v.dtype == np.float64 for v in inputs.values()):
        raise Absent("its CPU plugin computes in float32")
    library("openvino")
    model = model_of(case, inputs, weights)
    values = list(inputs.values())

    def compiled() -> Ready:
        run = functools.partial(compiled_by_openvino(model, threads), share_inputs=True)
        return Ready(run, (values,), lambda results: np.asarray(results[0]))

    return compiled
