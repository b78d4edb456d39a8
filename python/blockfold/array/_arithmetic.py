"""Operators between arrays and numbers, by NumPy's rules of types.

The engine knows the rules of numbers; what Booleans become in arithmetic, and powers of whole numbers, are seen to here.
"""

from __future__ import annotations

from typing import Any

from ..exceptions import ArgumentError, DTypeError
from ._array import Array
from ._operands import as_array, is_number, operand

_ARITHMETIC = frozenset(("+", "-", "*", "/", "//", "%", "**"))
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def binary(op: str, x1: Any, x2: Any) -> Any:
    """``x1 op x2`` for two operands of which one is an array."""
    if is_number(x1) and is_number(x2):
        x1 = as_array(x1)
    if not is_number(x1):
        x1 = as_array(x1)
    if not is_number(x2):
        x2 = as_array(x2)
    if op in _ARITHMETIC:
        x1, x2 = _numbers(op, x1, x2)
    if op == "**":
        return power(x1, x2)
    if isinstance(x1, Array):
        return Array(x1._core.binary(op, operand(x2), False))
    if op == "//":
        return binary(op, as_array(x1, like=x2), x2)
    if op in _MIRRORED:
        return Array(x2._core.binary(_MIRRORED[op], x1, False))
    return Array(x2._core.binary(op, x1, True))


def _is_bool(x: Any) -> bool:
    return x.dtype.kind == "b" if isinstance(x, Array) else type(x) is bool


def result_dtype(x1: Any, x2: Any) -> Any:
    """The type of a result, by NumPy's rules; numbers of Python take the type of the array that they meet."""
    import numpy as np

    return np.result_type(*(x.dtype if isinstance(x, Array) else x for x in (x1, x2)))


def _numbers(op: str, x1: Any, x2: Any) -> tuple[Any, Any]:
    """The operands of arithmetic, Booleans as the whole numbers that they are there."""
    if not (_is_bool(x1) or _is_bool(x2)):
        return x1, x2
    if _is_bool(x1) and _is_bool(x2):
        if op == "-":
            raise DTypeError("- does not take two Booleans; take ^, or cast one of them with astype")
        x1, x2 = as_array(x1), as_array(x2)
        return (x1, x2) if op in ("+", "*") else (x1.astype("int8"), x2.astype("int8"))
    dtype = result_dtype(x1, x2)
    return tuple(as_array(x).astype(dtype) if _is_bool(x) else x for x in (x1, x2))  # type: ignore[return-value]


def power(x1: Any, x2: Any) -> Array:
    """``x1 ** x2``. Whole numbers to a whole power stay whole numbers, and wrap as NumPy's do."""
    dtype = result_dtype(x1, x2)
    if dtype.kind == "c":
        return _complex_power(x1, x2, dtype)
    if dtype.kind == "f":
        x1 = as_array(x1, like=x2 if isinstance(x2, Array) else None).astype(dtype)
        x2 = x2.astype(dtype) if isinstance(x2, Array) and x2.dtype.kind != "i" else x2
        made = Array(x1._core.binary("**", operand(x2), False))
        return made if made.dtype == dtype else made.astype(dtype)
    if type(x2) is int:
        if x2 < 0:
            raise ArgumentError(f"power: whole numbers to the negative power {x2}; make them floats with astype")
        return _repeated(x1, x2)
    return _whole_power(as_array(x1, like=x2).astype(dtype), x2.astype(dtype))


def _repeated(x: Array, exponent: int) -> Array:
    """A power by squaring, exact in whole numbers."""
    result = None
    while exponent:
        if exponent & 1:
            result = x if result is None else result * x
        exponent >>= 1
        x = x * x if exponent else x
    return x * 0 + 1 if result is None else result


def _whole_power(x1: Array, x2: Array) -> Array:
    from ._elementwise import pairwise, where

    if x1.dtype.itemsize < 8:
        return pairwise("power", x1, x2, x1.dtype)
    # By squaring where a bit of the exponent is set; exponents beyond seven bits wrap to nothing in nearly all cases.
    made, base = x1 * 0 + 1, x1
    for bit in range(7):
        made = where((x2 // 2**bit) % 2 == 1, made * base, made)
        base = base * base
    return made


def _complex_power(x1: Any, x2: Any, dtype: Any) -> Array:
    import numpy as np

    from ._elementwise import exp, log, where

    if is_number(x2):
        native = as_array(x1).astype(dtype)._core
        return Array(native.map_blocks(lambda chunk, _start: np.power(np.asarray(chunk), x2).astype(dtype), dtype.name))
    base, exponent = as_array(x1).astype(dtype), as_array(x2).astype(dtype)
    at_zero = where(exponent == 0, as_array(np.ones((), dtype)), as_array(np.zeros((), dtype)))
    return where(base == 0, at_zero, exp(log(base) * exponent)).astype(dtype)
