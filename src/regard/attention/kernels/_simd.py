# numba has no types of Python.
# mypy: allow-untyped-decorators, allow-subclassing-any, allow-untyped-calls
"""Vectors of the machine's width for numba.

numba vectorises loops over scalars with half the width of AVX-512 and divides at every element.
With these operations a kernel decides how many features are computed at once and share a division;
LLVM splits a vector if those of the machine are narrower.
"""

from collections.abc import Callable
from math import factorial, log
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic, models, register_model

__all__ = [
    "CACHED",
    "HELD",
    "LANES",
    "SHARE",
    "add",
    "compiled",
    "div",
    "exp_doubled",
    "expm1_doubled",
    "held",
    "higher_of",
    "highest",
    "load",
    "lower_of",
    "magnitude",
    "mul",
    "multiply_add",
    "pointer",
    "splat",
    "store",
    "sub",
    "take",
    "total",
]

CACHED = 8192  # numbers of the keys that several queries read in turn
SHARE = 1 << 18  # elements that a thread takes at a time
HELD = np.float32(4e9)  # a product of four of them is finite
LANES = 16 if llvmlite.binding.get_host_cpu_features().get("avx512f") else 8

_FLOAT, _INT = ir.FloatType(), ir.IntType(32)
_VECTOR, _INTEGERS = ir.VectorType(_FLOAT, LANES), ir.VectorType(_INT, LANES)


class _Vector(types.Type):
    """LANES numbers of float32 in one register."""

    def __init__(self) -> None:
        super().__init__(name=f"float32x{LANES}")


_vector = _Vector()


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


def _operation(
    result: Any, emit: Callable[..., Any], *kinds: Any
) -> tuple[Any, Callable[..., Any]]:
    """The return value of an intrinsic: its signature, and code by `emit(builder, *arguments)`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return emit(builder, *arguments)

    return result(*kinds), generate


def _constant(value: float) -> Any:
    return ir.Constant(_VECTOR, [value] * LANES)


def _call(builder: Any, name: str, result: Any, *arguments: Any, **how: Any) -> Any:
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    function = get_or_insert_function(builder.module, kind, f"llvm.{name}.v{LANES}f32")
    return builder.call(function, arguments, **how)


def _multiply_add(builder: Any, x: Any, y: Any, z: Any) -> Any:
    return _call(builder, "fmuladd", _VECTOR, x, y, z)


def _address(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.bitcast(builder.gep(arguments[0], [arguments[1]]), _VECTOR.as_pointer())


@intrinsic
def pointer(_: Any, address: Any, kind: Any) -> Any:
    """The pointer to numbers of a type at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(kind.dtype)(types.int64, kind), generate


@intrinsic
def take(_: Any, counter: Any) -> Any:
    """Read and increment an int64 atomically; each thread gets another number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        one = ir.Constant(ir.IntType(64), 1)
        return builder.atomic_rmw("add", arguments[0], one, "monotonic")

    return types.int64(types.CPointer(types.int64)), generate


@intrinsic
def load(_: Any, start: Any, offset: Any) -> Any:
    """LANES numbers at an offset from a pointer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address(context, builder, signature, arguments), align=4)

    return _vector(start, types.intp), generate


@intrinsic
def store(_: Any, start: Any, offset: Any, vector: Any) -> Any:
    """Write LANES numbers at an offset from a pointer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _address(context, builder, signature, arguments), align=4)
        return context.get_dummy_value()

    return types.void(start, types.intp, vector), generate


@intrinsic
def splat(_: Any, number: Any) -> Any:
    """The same number in every lane."""

    def emit(builder: Any, number: Any) -> Any:
        none = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(none, number, ir.Constant(_INT, 0))
        return builder.shuffle_vector(first, none, ir.Constant(_INTEGERS, [0] * LANES))

    return _operation(_vector, emit, types.float32)


@intrinsic
def multiply_add(_: Any, x: Any, y: Any, z: Any) -> Any:
    """x y + z, with a single rounding if the machine has one."""
    return _operation(_vector, _multiply_add, x, y, z)


def _binary(emit: Callable[[Any, Any, Any], Any]) -> Any:
    """The operation of two vectors whose code is emitted by `emit(builder, x, y)`."""

    @intrinsic
    def operation(_: Any, x: Any, y: Any) -> Any:
        return _operation(_vector, emit, x, y)

    return operation


def _lower_of(builder: Any, x: Any, y: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", x, y), y, x)


def _higher_of(builder: Any, x: Any, y: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", x, y), y, x)


add = _binary(lambda builder, x, y: builder.fadd(x, y))
sub = _binary(lambda builder, x, y: builder.fsub(x, y))
mul = _binary(lambda builder, x, y: builder.fmul(x, y))
div = _binary(lambda builder, x, y: builder.fdiv(x, y))
lower_of = _binary(_lower_of)
higher_of = _binary(_higher_of)


def _parts_of_exp(builder: Any, x: Any) -> tuple[Any, Any]:
    """2^n and p of e^2x = 2^n (1 + p), n whole and |p| at most about .4."""
    # 2 / ln 2 as the sum of two floats, for its precision.
    high = float(np.float32(2 / log(2)))
    whole = _call(builder, "rint", _VECTOR, builder.fmul(x, _constant(high)))
    part = _multiply_add(builder, x, _constant(high), builder.fneg(whole))
    part = _multiply_add(builder, x, _constant(2 / log(2) - high), part)
    # The series of 2^part - 1, |part| <= 1/2: after seven terms the rest is below 1e-8.
    terms = [log(2) ** n / factorial(n) for n in range(1, 8)]
    value = _constant(terms[-1])
    for term in terms[-2::-1]:
        value = _multiply_add(builder, value, part, _constant(term))
    bias, shift = (ir.Constant(_INTEGERS, [number] * LANES) for number in (127, 23))
    exponent = builder.shl(builder.add(builder.fptosi(whole, _INTEGERS), bias), shift)
    return builder.bitcast(exponent, _VECTOR), builder.fmul(value, part)


@intrinsic
def exp_doubled(_: Any, x: Any) -> Any:
    """e^2x to rounding, for x between -43 and 43."""

    def emit(builder: Any, x: Any) -> Any:
        power, more = _parts_of_exp(builder, x)
        return _multiply_add(builder, power, more, power)

    return _operation(_vector, emit, x)


@intrinsic
def expm1_doubled(_: Any, x: Any) -> Any:
    """e^2x - 1 to rounding, also near zero, for x between -43 and 43."""

    def emit(builder: Any, x: Any) -> Any:
        power, more = _parts_of_exp(builder, x)
        return _multiply_add(builder, power, more, builder.fsub(power, _constant(1.0)))

    return _operation(_vector, emit, x)


@intrinsic
def magnitude(_: Any, x: Any) -> Any:
    """|x|."""
    return _operation(_vector, lambda builder, x: _call(builder, "fabs", _VECTOR, x), x)


@intrinsic
def highest(_: Any, x: Any) -> Any:
    """The highest of the lanes."""

    def emit(builder: Any, x: Any) -> Any:
        return _call(builder, "vector.reduce.fmax", _FLOAT, x)

    return _operation(types.float32, emit, x)


@intrinsic
def total(_: Any, x: Any) -> Any:
    """The sum of the lanes."""

    def emit(builder: Any, x: Any) -> Any:
        # In any order, so that it is a tree of additions and not a chain.
        zero, how = ir.Constant(_FLOAT, 0.0), {"fastmath": ("reassoc",)}
        return _call(builder, "vector.reduce.fadd", _FLOAT, zero, x, **how)

    return _operation(types.float32, emit, x)


compiled = numba.njit(nogil=True, error_model="numpy")


@compiled
def held(x: Any, limit: Any) -> Any:
    """The number, clamped between -limit and limit."""
    return higher_of(lower_of(x, splat(limit)), splat(-limit))
