"""Square brackets: parts of arrays, and what is put in their place."""

from __future__ import annotations

from typing import Any

from ..exceptions import ArgumentError, OutOfBoundsError, ShapeError
from ._array import Array
from ._operands import as_array, is_number, operand


def _plain(index: Any) -> Any:
    """One index as the native layer takes it."""
    if index is None or index is Ellipsis or type(index) is int:
        return index
    if isinstance(index, bool):
        raise ArgumentError("an index of True or False alone is not supported; take a mask of as many elements")
    if isinstance(index, slice):
        return slice(*(None if one is None else one.__index__() for one in (index.start, index.stop, index.step)))
    if isinstance(index, Array):
        return int(index) if index.ndim == 0 and index.dtype.kind in "iu" else index._core
    if isinstance(index, list) and all(type(one) is int for one in index):
        return index
    if not isinstance(index, list) and hasattr(index, "__index__") and getattr(index, "ndim", 0) == 0:
        return index.__index__()
    import numpy as np

    values = np.asarray(index)
    if values.size == 0 and values.dtype.kind == "f":
        values = values.astype("int64")
    if values.dtype.kind not in "iub":
        raise OutOfBoundsError(
            f"an index of {values.dtype} is none; there are whole numbers, slices, masks, ... and None"
        )
    return values.tolist() if values.ndim == 1 and values.dtype.kind in "iu" else as_array(values)._core


def _is_mask_of(x: Array, key: Any) -> bool:
    return getattr(getattr(key, "dtype", None), "kind", "") == "b" and tuple(key.shape) == x.shape and x.ndim > 0


def getitem(x: Array, key: Any) -> Array:
    """What NumPy gives for ``x[key]``."""
    if _is_mask_of(x, key):
        return Array(x._core.mask(as_array(key)._core))
    parts = key if isinstance(key, tuple) else (key,)
    return Array(x._core.index([_plain(part) for part in parts]))


def setitem(x: Array, key: Any, value: Any) -> Array:
    """The array with ``x[key] = value`` done."""
    if not is_number(value):
        value = as_array(value)
    if _is_mask_of(x, key):
        from ._elementwise import where

        if getattr(value, "shape", ()) != ():
            raise ShapeError("assigning an array where a mask is true is not supported; take where(mask, other, x)")
        return where(key, value, x).astype(x.dtype)
    parts = key if isinstance(key, tuple) else (key,)
    made = Array(x._core.assign([_plain(part) for part in parts], operand(value)))
    return made if made.dtype == x.dtype else made.astype(x.dtype)


def take(x: Any, indices: Any, /, axis: int | None = None, **unused: Any) -> Array:
    """The elements of an axis at a list of places, or of all elements, row by row, without an axis.

    Parameters
    ----------
    x : array_like
        The elements.
    indices : list of int
        The places.
    axis : int, optional
        Along which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.take(x, [0, 2]).compute().tolist()
    [3, 2]
    """
    x = as_array(x)
    if axis is None:
        x, axis = x.ravel(), 0
    if not -x.ndim <= axis < x.ndim:
        raise OutOfBoundsError(f"take: axis {axis} of an array of {x.ndim} axes")
    import numpy as np

    places = np.asarray(indices)
    if places.ndim == 1:
        return Array(x._core.take(places.tolist(), axis))
    around = (slice(None),) * (axis % x.ndim)
    return x[(*around, as_array(indices) if places.ndim else int(places))]


def take_along_axis(x: Any, indices: Any, /, axis: int = -1) -> Array:
    """The elements at places that an array gives for each lane along an axis.

    Parameters
    ----------
    x : array_like
        The elements.
    indices : list of int
        The places.
    axis : int, optional
        Along which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.take_along_axis(x, da.argsort(x), axis=0).compute().tolist()
    [1, 1, 2, 3]
    """
    return Array(as_array(x)._core.take_along_axis(as_array(indices)._core, axis))


def compress(condition: Any, x: Any, axis: int | None = None) -> Array:
    """The elements of an axis where a condition holds.

    Parameters
    ----------
    condition : array_like
        Where to take which.
    x : array_like
        The elements.
    axis : int, optional
        Along which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.compress([True, False, True, False], x).compute().tolist()
    [3, 2]
    """
    import numpy as np

    return take(x, np.flatnonzero(np.asarray(condition)), axis=axis)


def extract(condition: Any, x: Any) -> Array:
    """The elements where a condition holds.

    Parameters
    ----------
    condition : array_like
        Where to take which.
    x : array_like
        The elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.extract(x > 1, x).compute().tolist()
    [3, 2]
    """
    return as_array(x).ravel()[as_array(condition).ravel()]


def delete(x: Any, places: Any, axis: int | None = None) -> Array:
    """The array without some elements of an axis.

    Parameters
    ----------
    x : array_like
        The elements.
    places : array_like
        The places.
    axis : int, optional
        Along which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.delete(x, 1).compute().tolist()
    [3, 2, 1]
    """
    import numpy as np

    x = as_array(x)
    if axis is None:
        x, axis = x.ravel(), 0
    kept = np.delete(np.arange(x.shape[axis]), places)
    return take(x, kept, axis=axis)
