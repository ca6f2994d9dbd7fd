"""Functions of numbers that are made once per module and called: too long to repeat.

Each takes the module and a name and gives an internal LLVM function.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import llvmlite.ir as ll

from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.values import F64, I1, I64


def begin(
    module: ll.Module, name: str, result: ll.Type, arguments: Sequence[ll.Type]
) -> tuple[ll.Function, ll.IRBuilder]:
    """A new internal function and a builder at its start."""
    function = ll.Function(module, ll.FunctionType(result, arguments), name)
    function.linkage = "internal"
    function.attributes.add("nounwind")
    return function, ll.IRBuilder(function.append_basic_block("entry"))


def int_power(module: ll.Module, name: str) -> ll.Function:
    """`(x ** y, whether it overflowed)` for y >= 0, by repeated squaring."""
    pair = ll.LiteralStructType([I64, I1])
    function, b = begin(module, name, pair, [I64, I64])
    x, y = function.args
    entry = b.block
    head, multiply, square = (function.append_basic_block() for _ in range(3))
    again, done = function.append_basic_block(), function.append_basic_block()
    b.branch(head)

    b.position_at_end(head)
    result, base = b.phi(I64, "result"), b.phi(I64, "base")
    rest, over = b.phi(I64, "rest"), b.phi(I1, "over")
    base_over = b.phi(I1, "base_over")
    b.cbranch(b.icmp_signed("!=", rest, I64(0)), multiply, done)

    b.position_at_end(multiply)
    odd = b.trunc(rest, I1)
    product = b.smul_with_overflow(result, base)
    # a base that overflowed matters once it is multiplied with
    product_over = b.or_(b.extract_value(product, 1), base_over)
    next_result = b.select(odd, b.extract_value(product, 0), result)
    next_over = b.or_(over, b.and_(odd, product_over))
    b.cbranch(next_over, done, square)

    b.position_at_end(square)
    squared = b.smul_with_overflow(base, base)
    next_base = b.extract_value(squared, 0)
    next_base_over = b.or_(base_over, b.extract_value(squared, 1))
    b.branch(again)
    b.position_at_end(again)
    next_rest = b.lshr(rest, I64(1))
    b.branch(head)
    for phi, first, following in (
        (result, I64(1), next_result),
        (base, x, next_base),
        (rest, y, next_rest),
        (over, I1(0), next_over),
        (base_over, I1(0), next_base_over),
    ):
        phi.add_incoming(first, entry)
        phi.add_incoming(following, again)

    b.position_at_end(done)
    number, failed = b.phi(I64), b.phi(I1)
    number.add_incoming(result, head)
    number.add_incoming(next_result, multiply)
    failed.add_incoming(over, head)
    failed.add_incoming(next_over, multiply)
    made = b.insert_value(ll.Constant(pair, ll.Undefined), number, 0)
    b.ret(b.insert_value(made, failed, 1))
    return function


def _magnitude(b: ll.IRBuilder, x: ll.Value) -> ll.Value:
    """The distance from zero, unsigned."""
    return b.select(b.icmp_signed("<", x, I64(0)), b.sub(I64(0), x), x)


def true_divide(module: ll.Module, name: str) -> ll.Function:
    """The float nearest to x / y, for ints with y != 0.

    Two ints of at most 53 bits are floats, whose quotient the CPU rounds. For others
    the quotient is computed bit by bit, with at least 55 bits and one that says whether
    anything is left, so that it is rounded only once.
    """
    function, b = begin(module, name, F64, [I64, I64])
    x, y = function.args
    fast, slow = (function.append_basic_block(n) for n in ("fast", "slow"))
    head, body, done = (function.append_basic_block(n) for n in ("head", "bit", "done"))
    a, d = _magnitude(b, x), _magnitude(b, y)
    b.cbranch(b.icmp_unsigned("<=", b.or_(a, d), I64(2**53 - 1)), fast, slow)
    b.position_at_end(fast)
    b.ret(b.fdiv(b.sitofp(x, F64), b.sitofp(y, F64)))

    b.position_at_end(slow)
    first, left = b.udiv(a, d), b.urem(a, d)
    zero = b.icmp_signed("==", x, I64(0))
    exact = function.append_basic_block("zero")
    b.cbranch(zero, exact, head)
    b.position_at_end(exact)
    b.ret(b.fdiv(ll.Constant(F64, 0.0), b.sitofp(y, F64)))

    b.position_at_end(head)
    quotient, rest, scale = b.phi(I64), b.phi(I64), b.phi(F64)
    for phi, value in ((quotient, first), (rest, left), (scale, ll.Constant(F64, 1.0))):
        phi.add_incoming(value, slow)
    b.cbranch(b.icmp_unsigned(">=", quotient, I64(2**55)), done, body)

    b.position_at_end(body)
    doubled = b.shl(rest, I64(1))
    fits = b.icmp_unsigned(">=", doubled, d)
    bit = b.zext(fits, I64)
    quotient.add_incoming(b.or_(b.shl(quotient, I64(1)), bit), body)
    rest.add_incoming(b.select(fits, b.sub(doubled, d), doubled), body)
    scale.add_incoming(b.fmul(scale, ll.Constant(F64, 0.5)), body)
    b.branch(head)

    b.position_at_end(done)
    sticky = b.zext(b.icmp_signed("!=", rest, I64(0)), I64)
    value = b.fmul(b.uitofp(b.or_(quotient, sticky), F64), scale)
    negative = b.icmp_signed("<", b.xor(x, y), I64(0))
    b.ret(b.select(negative, b.fneg(value), value))
    return function


def float_divmod(module: ll.Module, name: str) -> ll.Function:
    """`(x // y, x % y)` of floats with y != 0, step by step as Python computes them."""
    pair = ll.LiteralStructType([F64, F64])
    function, b = begin(module, name, pair, [F64, F64])
    x, y = function.args
    zero, one, half = (ll.Constant(F64, v) for v in (0.0, 1.0, 0.5))
    unary, binary = ll.FunctionType(F64, [F64]), ll.FunctionType(F64, [F64, F64])
    floor = module.declare_intrinsic("llvm.floor", [F64], unary)
    copysign = module.declare_intrinsic("llvm.copysign", [F64], binary)

    mod = b.call(host_function(b, "libm.fmod", binary), [x, y])
    div = b.fdiv(b.fsub(x, mod), y)
    some = b.fcmp_unordered("!=", mod, zero)
    differs = b.xor(b.fcmp_ordered("<", y, zero), b.fcmp_ordered("<", mod, zero))
    correct = b.and_(some, differs)
    mod = b.select(correct, b.fadd(mod, y), mod)
    div = b.select(correct, b.fsub(div, one), div)
    mod = b.select(some, mod, b.call(copysign, [zero, y]))

    down = b.call(floor, [div])
    above = b.fcmp_ordered(">", b.fsub(div, down), half)
    down = b.select(above, b.fadd(down, one), down)
    signed_zero = b.call(copysign, [zero, b.fdiv(x, y)])
    down = b.select(b.fcmp_unordered("!=", div, zero), down, signed_zero)
    made = b.insert_value(ll.Constant(pair, ll.Undefined), down, 0)
    b.ret(b.insert_value(made, mod, 1))
    return function


def greatest_divisor(module: ll.Module, name: str) -> ll.Function:
    """Euclid's algorithm on the sizes of two ints, unsigned."""
    function, b = begin(module, name, I64, [I64, I64])
    x, y = (_magnitude(b, v) for v in function.args)
    entry = b.block
    head, body, done = (function.append_basic_block(n) for n in ("head", "step", "end"))
    b.branch(head)
    b.position_at_end(head)
    a, c = b.phi(I64), b.phi(I64)
    b.cbranch(b.icmp_signed("==", c, I64(0)), done, body)
    b.position_at_end(body)
    rest = b.urem(a, c)
    b.branch(head)
    for phi, first, following in ((a, x, c), (c, y, rest)):
        phi.add_incoming(first, entry)
        phi.add_incoming(following, body)
    b.position_at_end(done)
    b.ret(a)
    return function


def factorial(module: ll.Module, name: str) -> ll.Function:
    """The product of the numbers up to one of 0 … 20."""
    function, b = begin(module, name, I64, [I64])
    type = ll.ArrayType(I64, 21)
    table = ll.GlobalVariable(module, type, f"{name}.table")
    table.linkage, table.global_constant = "internal", True
    table.initializer = ll.Constant(type, [I64(math.factorial(n)) for n in range(21)])
    b.ret(b.load(b.gep(table, [I64(0), function.args[0]], inbounds=True)))
    return function
