"""Bits of whole numbers. Booleans go to the engine; whole numbers through NumPy, chunk by chunk."""

from __future__ import annotations

from typing import Any

from ..exceptions import DTypeError
from ._array import Array
from ._operands import as_array, is_number

_NAMES = {"&": "bitwise_and", "|": "bitwise_or", "^": "bitwise_xor"}


def bitwise(op: str, x1: Any, x2: Any) -> Any:
    """``x1 & x2``, ``x1 | x2`` or ``x1 ^ x2``."""
    if isinstance(x2, Array) and not isinstance(x1, Array):
        x1, x2 = x2, x1
    x1 = as_array(x1)
    x2 = as_array(x2, like=x1)
    kinds = {x1.dtype.kind, x2.dtype.kind}
    if kinds - set("biu"):
        raise DTypeError(f"{op} takes Booleans and whole numbers, not {x1.dtype} and {x2.dtype}; cast with astype")
    if kinds == {"b"}:
        return x1 != x2 if op == "^" else Array(x1._core.binary(op, x2._core, False))
    dtype = (x1 + x2).dtype
    return _whole(op, x1.astype(dtype), x2.astype(dtype))


def _whole(op: str, x1: Array, x2: Array) -> Array:
    from ._elementwise import pairwise

    if x1.dtype.itemsize < 8:
        return pairwise(_NAMES[op], x1, x2, x1.dtype)
    # Two halves of 32 bits, since the pair travels as doubles.
    half = 2**32
    low1, low2 = x1 % half, x2 % half
    high1, high2 = (x1 - low1) // half, (x2 - low2) // half
    low = pairwise(_NAMES[op], low1, low2, "int64")
    high = pairwise(_NAMES[op], high1, high2, "int64")
    return (high * half + low).astype(x1.dtype)


def bitwise_and(x1: Any, x2: Any, /) -> Array:
    """The bits that both have.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.bitwise_and(da.asarray([6]), 3).compute().tolist()
    [2]
    """
    return bitwise("&", x1, x2)


def bitwise_or(x1: Any, x2: Any, /) -> Array:
    """The bits that one of them has.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.bitwise_or(da.asarray([6]), 3).compute().tolist()
    [7]
    """
    return bitwise("|", x1, x2)


def bitwise_xor(x1: Any, x2: Any, /) -> Array:
    """The bits that one of them alone has.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.bitwise_xor(da.asarray([6]), 3).compute().tolist()
    [5]
    """
    return bitwise("^", x1, x2)


def shift_left(x1: Any, x2: Any, /) -> Any:
    """The bits moved to the left: times a power of 2, which wraps.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.left_shift(da.asarray([3]), 2).compute().tolist()
    [12]
    """
    x1 = as_array(x1)
    if is_number(x2):
        return x1 * (1 << x2) if 0 <= x2 < x1.dtype.itemsize * 8 - 1 else x1 * 0
    x2 = as_array(x2)
    return (x1 * (2 ** x2.astype("float64")).astype("int64")).astype((x1 + x2).dtype)


def shift_right(x1: Any, x2: Any, /) -> Any:
    """The bits moved to the right: divided by a power of 2, rounded down.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.right_shift(da.asarray([12]), 2).compute().tolist()
    [3]
    """
    x1 = as_array(x1)
    if is_number(x2):
        return x1 // (1 << min(x2, 62))
    x2 = as_array(x2)
    return (x1 // (2 ** x2.astype("float64")).astype("int64")).astype((x1 + x2).dtype)


bitwise_left_shift = left_shift = shift_left
bitwise_right_shift = right_shift = shift_right
