"""Generated programs on tensors or arrays of every dtype, and arguments of every layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np
from hypothesis import strategies as st

from jit.runtime.tensor import Tensor, wrap

DTYPES: dict[str, Any] = {
    "float32": np.float32,
    "float64": np.float64,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "int8": np.int8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "uint8": np.uint8,
    "bool": np.bool_,
}
SIZES = (0, 1, 2, 3, 5, 8, 17, 33)
LAYOUTS = (
    "contiguous",
    "transposed",
    "every second",
    "reversed",
    "broadcast",
    "offset",
)


@dataclass(frozen=True)
class Argument:
    """How one argument is made."""

    dtype: str
    sizes: tuple[int, ...]
    layout: str
    seed: int
    base: int | None = None
    """The argument whose memory it shares, from its second element on."""


@dataclass
class Program:
    """Source of a function `main`, and arguments for some calls."""

    source: str
    calls: list[list[Argument]]
    is_exact: bool
    """Whether all results are exact, so that executors agree to the bit."""
    is_array: bool
    numbers: list[int] = field(default_factory=list)
    """The int that each call gets."""


def make_array(argument: Argument, made: list[np.ndarray]) -> np.ndarray:
    """An array as an argument says; small whole numbers or halves."""
    if argument.base is not None:
        return (
            made[argument.base].reshape(-1)[1:]
            if made[argument.base].size
            else made[argument.base]
        )
    random = np.random.default_rng(argument.seed)
    dtype, sizes = DTYPES[argument.dtype], argument.sizes

    def fill(shape: tuple[int, ...]) -> np.ndarray:
        low, high = (0, 2) if argument.dtype == "bool" else (-4, 5)
        if argument.dtype == "uint8":
            low = 0
        return random.integers(low, high, shape).astype(dtype)

    match argument.layout:
        case "transposed":
            return fill(sizes[::-1]).T
        case "every second" if sizes:
            return fill((*sizes[:-1], sizes[-1] * 2))[..., ::2]
        case "reversed" if sizes:
            return fill(sizes)[..., ::-1]
        case "broadcast" if sizes:
            return np.broadcast_to(fill((1, *sizes[1:])), sizes).copy()
        case "offset" if sizes:
            return fill((*sizes[:-1], sizes[-1] + 3))[..., 1:-2]
    return fill(sizes)


def make_arguments(arguments: list[Argument], is_array: bool) -> list[Any]:
    """Fresh arguments of one call."""
    arrays: list[np.ndarray] = []
    for argument in arguments:
        arrays.append(make_array(argument, arrays))
    return [a if is_array else wrap(a) for a in arrays]


def writable_state(values: list[Any]) -> list[Any]:
    """What arguments hold after a call."""
    return [v.array if isinstance(v, Tensor) else v for v in values]


class _Writer:
    """Draws statements."""

    def __init__(self, draw: st.DrawFn, is_array: bool, names: list[str]) -> None:
        self.draw = draw
        self.is_array = is_array
        self.names = names
        """Variables that hold tensors."""
        self.lines: list[str] = []
        self.made = 0
        self.loops = 0
        self.is_exact = True
        self.budget = 10

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    @property
    def lib(self) -> str:
        return "np" if self.is_array else "torch"

    def tensor(self) -> str:
        return str(self.pick(*self.names))

    def number(self) -> str:
        return str(self.pick("n", "2", "-1", "0.5", "3"))

    def expression(self) -> str:
        """A new tensor."""
        a, b = self.tensor(), self.tensor()
        kinds = ["binary", "binary", "scalar", "unary", "compare", "view", "view"]
        kinds += ["reduce", "along", "where", "inexact", "product", "cast", "join"]
        kind = self.pick(*kinds)
        make = getattr(self, f"_{kind}")
        return str(make(a, b))

    def _binary(self, a: str, b: str) -> str:
        op = self.pick("+", "-", "*", "maximum", "minimum")
        return f"{self.lib}.{op}({a}, {b})" if len(op) > 1 else f"{a} {op} {b}"

    def _scalar(self, a: str, b: str) -> str:
        return f"{a} {self.pick('+', '-', '*')} {self.number()}"

    def _unary(self, a: str, b: str) -> str:
        if self.is_array:
            return f"np.{self.pick('abs', 'negative', 'square', 'sign')}({a})"
        return f"torch.{self.pick('abs', 'neg', 'relu', 'sign', 'square')}({a})"

    def _compare(self, a: str, b: str) -> str:
        return f"{a} {self.pick('<', '<=', '==', '!=', '>')} {self.pick(b, '1')}"

    def _view(self, a: str, b: str) -> str:
        options = [
            f"{a}[0]", f"{a}[1:]", f"{a}[::2]", f"{a}[-1]", f"{a}[None]",
            f"{a}[:, 0]", f"{a}[..., 1:]", f"{a}[n]", f"{a}.reshape(-1)",
        ]  # fmt: skip
        if self.is_array:
            options += [f"{a}[::-1]", f"{a}.T", f"np.expand_dims({a}, 0)"]
        else:
            options += [
                f"{a}.t()", f"{a}.transpose(0, 1)", f"{a}.unsqueeze(0)", f"{a}.flatten()",
                f"{a}.view(-1)", f"{a}.expand_as({b})", f"{a}.squeeze()",
                f"{a}.narrow(0, 0, 1)", f"{a}.contiguous()", f"{a}.flip(0)",
            ]  # fmt: skip
        return str(self.pick(*options))

    def _reduce(self, a: str, b: str) -> str:
        if self.is_array:
            return f"np.{self.pick('sum', 'max', 'min', 'any', 'all')}({a})"
        return f"{a}.{self.pick('sum', 'max', 'min', 'any', 'all')}()"

    def _along(self, a: str, b: str) -> str:
        axis = self.pick("0", "-1", "1")
        if self.is_array:
            kept = self.pick("", ", keepdims=True")
            name = self.pick("sum", "max", "min", "argmax", "cumsum")
            kept = "" if name in ("argmax", "cumsum") else kept
            return f"np.{name}({a}, axis={axis}{kept})"
        kept = self.pick("", ", keepdim=True")
        return str(
            self.pick(
                f"{a}.sum({axis}{kept})", f"{a}.amax({axis}{kept})",
                f"{a}.argmin({axis}{kept})", f"{a}.max({axis}{kept})[0]",
                f"{a}.max({axis})[1]", f"{a}.cumsum({axis})",
            )
        )  # fmt: skip

    def _where(self, a: str, b: str) -> str:
        return f"{self.lib}.where({self.tensor()} > 0, {a}, {b})"

    def _inexact(self, a: str, b: str) -> str:
        self.is_exact = False
        names = ["exp", "tanh", "sqrt", "log1p", "sin", "arctan"]
        if self.is_array:
            return f"np.{self.pick(*names)}({a})"
        names += ["sigmoid", "erf", "rsqrt"]
        return str(
            self.pick(
                f"torch.{self.pick(*names)}({a})", f"{a} / {b}", f"{a}.mean()",
                f"torch.softmax({a}, {self.pick('0', '-1')})", f"F.gelu({a})",
                f"{a}.var(0)", f"F.layer_norm({a}, {a}.shape[-1:])",
            )
        )  # fmt: skip

    def _product(self, a: str, b: str) -> str:
        if self.is_array:
            return f"{a} @ {self.pick(b, b + '.T')}"
        return f"{a} @ {self.pick(b, b + '.t()')}"

    def _cast(self, a: str, b: str) -> str:
        if self.is_array:
            name = self.pick("float32", "float64", "int64", "int8", "bool_")
            return f"{a}.astype(np.{name})"
        name = self.pick("float32", "float64", "float16", "bfloat16", "int64", "uint8")
        return f"{a}.to(torch.{name})"

    def _join(self, a: str, b: str) -> str:
        if self.is_array:
            return f"np.{self.pick('concatenate', 'stack')}(({a}, {b}))"
        return f"torch.{self.pick('cat', 'stack')}([{a}, {b}])"

    def write(self, a: str, b: str) -> str:
        """A statement that changes a tensor in place."""
        options = [
            f"{a}[0] = {b}", f"{a}[1:] += 1", f"{a} += {b}", f"{a} *= 2", f"{a}[:] = {b}",
            f"{a}[::2] = {self.number()}", f"{a}[{a} > 1] = 0", f"{a}[n] = {b}[0]",
            f"{a}[1:] = {a}[:-1]",
        ]  # fmt: skip
        if not self.is_array:
            options += [
                f"{a}.add_({b})", f"{a}.mul_(2)", f"{a}.zero_()", f"{a}.copy_({b})",
                f"{a}.fill_(3)", f"{a}.neg_()", f"{a}.t().add_(1)", f"{a}.clamp_(-1, 1)",
            ]  # fmt: skip
        return str(self.pick(*options))

    def test(self) -> str:
        """An exact condition."""
        a = self.pick("a", "b")
        options = ["n > 1", "n == 2", f"{a}.shape[0] > 2", "flag"]
        if not self.is_array:
            options += [f"{a}.numel() > 4", f"{a}.dim() > 1"]
        return str(self.pick(*options))

    def block(self, indent: str) -> None:
        for _ in range(self.pick(1, 2, 2, 3)):
            self.budget -= 1
            self.statement(indent)

    def statement(self, indent: str) -> None:
        kinds = ["new", "new", "new", "again", "write", "raise"]
        if self.budget > 0:
            kinds += ["if", "try"] + (["for"] if self.loops < 2 else [])
        add, deeper = self.lines.append, indent + "    "
        known = list(self.names)
        match self.pick(*kinds):
            case "new":
                name = f"t{self.made}"
                self.made += 1
                add(f"{indent}{name} = {self.expression()}")
                self.names.append(name)
            case "again":
                add(f"{indent}r = {self.expression()}")
            case "write":
                add(f"{indent}{self.write(self.tensor(), self.tensor())}")
            case "raise":
                add(f"{indent}if {self.test()} and n > 2:")
                add(f"{deeper}raise ValueError('n is ' + str(n))")
            case "if":
                add(f"{indent}if {self.test()}:")
                self.block(deeper)
                self.names[:] = known
                add(f"{indent}else:")
                self.block(deeper)
                self.names[:] = known
            case "try":
                add(f"{indent}try:")
                self.block(deeper)
                self.names[:] = known
                wanted = self.pick("IndexError", "RuntimeError", "ValueError")
                add(f"{indent}except {wanted}:")
                add(f"{deeper}k = k + 10")
            case "for":
                self.loops += 1
                index = f"i{self.loops}"
                add(f"{indent}for {index} in range({self.pick('n', '3')}):")
                self.block(deeper)
                self.names[:] = known
                if self.pick(True, False):
                    add(f"{deeper}if {index} > 0 and {self.test()}:")
                    add(f"{deeper}    {self.pick('break', 'continue')}")
                add(f"{deeper}k += {index}")
                self.loops -= 1


@st.composite
def tensor_programs(draw: st.DrawFn) -> Program:
    """A program of two tensors or arrays, an int and a bool."""
    is_array = draw(st.booleans())
    writer = _Writer(draw, is_array, ["a", "b", "r"])
    writer.block("    ")
    writer.block("    ")
    kind = "np.ndarray" if is_array else "Tensor"
    source = "\n".join(
        [
            "import numpy as np",
            "from jit import torch",
            "from jit.torch import Tensor",
            "F = torch.nn.functional",
            f"def main(a: {kind}, b: {kind}, n: int, flag: bool):",
            "    k = 0",
            "    r = a",
            *writer.lines,
            f"    return r, {writer.tensor()}, k",
            "",
        ]
    )
    calls = [draw(arguments()) for _ in range(3)]
    numbers = [draw(st.integers(-1, 3)) for _ in calls]
    return Program(source, calls, writer.is_exact, is_array, numbers)


@st.composite
def arguments(draw: st.DrawFn) -> list[Argument]:
    """Two arguments, often of sizes that go together."""
    dtype = draw(st.sampled_from(list(DTYPES)))
    rank = draw(st.integers(0, 3))
    sizes = tuple(draw(st.sampled_from(SIZES)) for _ in range(rank))
    layouts = st.sampled_from(LAYOUTS)
    first = Argument(dtype, sizes, draw(layouts), draw(st.integers(0, 99)))
    how = draw(
        st.sampled_from(["same", "same", "other dtype", "broadcast", "any", "over"])
    )
    if how == "over":
        return [first, Argument(dtype, sizes, "", 0, base=0)]
    if how in ("other dtype", "any"):
        dtype = draw(st.sampled_from(list(DTYPES)))
    if how == "broadcast":
        sizes = tuple(1 if draw(st.booleans()) else n for n in sizes)
        sizes = sizes[draw(st.integers(0, len(sizes))) :]
    if how == "any":
        sizes = tuple(
            draw(st.sampled_from(SIZES)) for _ in range(draw(st.integers(0, 2)))
        )
    return [first, Argument(dtype, sizes, draw(layouts), draw(st.integers(0, 99)))]
