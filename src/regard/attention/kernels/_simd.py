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


def _call(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    function = get_or_insert_function(builder.module, kind, f"{name}.v{LANES}f32")
    return builder.call(function, arguments)


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
    """X y + z, with a single rounding if the machine has one."""

    def emit(builder: Any, x: Any, y: Any, z: Any) -> Any:
        return _call(builder, "llvm.fmuladd", _VECTOR, x, y, z)

    return _operation(_vector, emit, x, y, z)


@intrinsic
def add(_: Any, x: Any, y: Any) -> Any:
    """X + y."""
    return _operation(_vector, lambda builder, x, y: builder.fadd(x, y), x, y)


@intrinsic
def sub(_: Any, x: Any, y: Any) -> Any:
    """X - y."""
    return _operation(_vector, lambda builder, x, y: builder.fsub(x, y), x, y)


@intrinsic
def mul(_: Any, x: Any, y: Any) -> Any:
    """X y."""
    return _operation(_vector, lambda builder, x, y: builder.fmul(x, y), x, y)


@intrinsic
def div(_: Any, x: Any, y: Any) -> Any:
    """X / y."""
    return _operation(_vector, lambda builder, x, y: builder.fdiv(x, y), x, y)


@intrinsic
def lower_of(_: Any, x: Any, limit: Any) -> Any:
    """The lower of the two."""

    def emit(builder: Any, x: Any, limit: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", x, limit), limit, x)

    return _operation(_vector, emit, x, limit)


def _parts_of_exp(builder: Any, x: Any) -> tuple[Any, Any]:
    """2^n and p of e^2x = 2^n (1 + p), n whole and |p| at most about .4."""
    # 2 / ln 2 as the sum of two floats, for its precision.
    high = float(np.float32(2 / log(2)))
    whole = _call(builder, "llvm.rint", _VECTOR, builder.fmul(x, _constant(high)))
    part = _call(builder, "llvm.fmuladd", _VECTOR, x, _constant(high), builder.fneg(whole))
    part = _call(builder, "llvm.fmuladd", _VECTOR, x, _constant(2 / log(2) - high), part)
    # The series of 2^part - 1, |part| <= 1/2: after seven terms the rest is below 1e-8.
    terms = [log(2) ** n / factorial(n) for n in range(1, 8)]
    value = _constant(terms[-1])
    for term in terms[-2::-1]:
        value = _call(builder, "llvm.fmuladd", _VECTOR, value, part, _constant(term))
    bias, shift = (ir.Constant(_INTEGERS, [number] * LANES) for number in (127, 23))
    exponent = builder.shl(builder.add(builder.fptosi(whole, _INTEGERS), bias), shift)
    return builder.bitcast(exponent, _VECTOR), builder.fmul(value, part)


@intrinsic
def exp_doubled(_: Any, x: Any) -> Any:
    """e^2x to rounding, for x between -43 and 43."""

    def emit(builder: Any, x: Any) -> Any:
        power, more = _parts_of_exp(builder, x)
        return _call(builder, "llvm.fmuladd", _VECTOR, power, more, power)

    return _operation(_vector, emit, x)


@intrinsic
def expm1_doubled(_: Any, x: Any) -> Any:
    """e^2x - 1 to rounding, also near zero, for x between -43 and 43."""

    def emit(builder: Any, x: Any) -> Any:
        power, more = _parts_of_exp(builder, x)
        return _call(
            builder, "llvm.fmuladd", _VECTOR, power, more, builder.fsub(power, _constant(1.0))
        )

    return _operation(_vector, emit, x)


@intrinsic
def magnitude(_: Any, x: Any) -> Any:
    """|x|."""
    return _operation(_vector, lambda builder, x: _call(builder, "llvm.fabs", _VECTOR, x), x)


@intrinsic
def higher_of(_: Any, x: Any, limit: Any) -> Any:
    """The higher of the two."""

    def emit(builder: Any, x: Any, limit: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", x, limit), limit, x)

    return _operation(_vector, emit, x, limit)


@intrinsic
def highest(_: Any, x: Any) -> Any:
    """The highest of the lanes."""

    def emit(builder: Any, x: Any) -> Any:
        kind = ir.FunctionType(_FLOAT, [_VECTOR])
        name = f"llvm.vector.reduce.fmax.v{LANES}f32"
        return builder.call(get_or_insert_function(builder.module, kind, name), [x])

    return _operation(types.float32, emit, x)


@intrinsic
def total(_: Any, x: Any) -> Any:
    """The sum of the lanes."""

    def emit(builder: Any, x: Any) -> Any:
        kind = ir.FunctionType(_FLOAT, [_FLOAT, _VECTOR])
        name = f"llvm.vector.reduce.fadd.v{LANES}f32"
        function = get_or_insert_function(builder.module, kind, name)
        # In any order, so that it is a tree of additions and not a chain.
        return builder.call(function, [ir.Constant(_FLOAT, 0.0), x], fastmath=("reassoc",))

    return _operation(types.float32, emit, x)


compiled = numba.njit(nogil=True, error_model="numpy")


@compiled
def held(x: Any, limit: Any) -> Any:
    """The number, clamped between -limit and limit."""
    return higher_of(lower_of(x, splat(limit)), splat(-limit))
