"""What tests of machine code share: it is on, and kernels are called on arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def native() -> Iterator[None]:
    """Machine code is made before the first result, whatever the environment says."""
    from jit.runtime.executor import enable_native, set_compile_mode

    before = enable_native(True), set_compile_mode("eager")
    yield
    enable_native(before[0])
    set_compile_mode(before[1])


class NestRunner:
    """Compiles nests, many in a module, and runs them on arrays."""

    def __init__(self) -> None:
        self._kernels: dict[str, Any] = {}
        self._libraries: list[Any] = []

    def compile(self, nests: list[Any]) -> None:
        """Compile nests that were not compiled before."""
        import llvmlite.ir as ll

        from jit.runtime.codegen.making import engine
        from jit.runtime.codegen.nests.emit_nest import emit_nest

        new = {str(n): n for n in nests if str(n) not in self._kernels}
        if not new:
            return
        module = ll.Module("test")
        names = {text: f"kernel{i}" for i, text in enumerate(new)}
        for text, nest in new.items():
            emit_nest(module, nest, names[text])
        library = engine.load(str(module), list(names.values()))
        self._libraries.append(library)
        for text, name in names.items():
            self._kernels[text] = engine.function_pointer(
                library.address(name),
                None,
                *[ctypes.c_void_p] * 3,
                *[ctypes.c_int64] * 2,
            )

    def call(
        self,
        nest: Any,
        operands: list[np.ndarray],
        sizes: tuple[int, ...],
        span: tuple[int, int] | None = None,
    ) -> None:
        """Run the kernel of a nest on inputs and outputs that broadcast to sizes."""
        self.compile([nest])
        spread = [
            x if x.shape == sizes else np.broadcast_to(x, sizes) for x in operands
        ]
        strides = [step for x in spread for step in x.strides] or [0]
        begin, end = span or (0, int(np.prod(sizes)))
        self._kernels[str(nest)](
            (ctypes.c_void_p * len(spread))(*[x.ctypes.data for x in spread]),
            (ctypes.c_int64 * max(len(sizes), 1))(*sizes),
            (ctypes.c_int64 * len(strides))(*strides),
            begin,
            end,
        )

    def run(self, nest: Any, inputs: list[np.ndarray]) -> list[np.ndarray]:
        """New outputs for inputs, which are broadcast to the rank of the nest."""
        sizes = np.broadcast_shapes((1,) * nest.rank, *[x.shape for x in inputs])
        outputs = [np.zeros(sizes, o.dtype.numpy) for o in nest.outputs]
        self.call(nest, [*inputs, *outputs], sizes)
        return outputs


@pytest.fixture(scope="session")
def nests() -> NestRunner:
    """Runs loop nests on arrays."""
    return NestRunner()
