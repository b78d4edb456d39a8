"""Sorting, searching, counting; sets of elements."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..exceptions import ArgumentError, ShapeError, UnsupportedError
from ._array import Array
from ._operands import as_array
from ._shape import concat, flip

__all__ = [
    "UniqueAllResult", "UniqueCountsResult", "UniqueInverseResult", "argsort", "argtopk", "argwhere", "bincount",
    "digitize", "flatnonzero", "histogram", "isin", "nonzero", "searchsorted", "sort", "topk", "union1d", "unique",
    "unique_all", "unique_counts", "unique_inverse", "unique_values",
]  # fmt: skip


def sort(x: Any, /, axis: int | None = -1, *, descending: bool = False, stable: bool = True, **unused: Any) -> Array:
    """The elements of each lane along an axis in ascending order, NaN last.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int
        Along which axis.
    descending : bool
        Whether the greatest come first.
    stable : bool
        Taken as the standard has it: equal elements always keep their order.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.sort(x).compute().tolist()
    [1, 1, 2, 3]
    """
    x = as_array(x)
    if axis is None:
        x, axis = x.ravel(), 0
    made = Array(x._core.along("sort", axis))
    return flip(made, axis=axis) if descending else made


def argsort(x: Any, /, axis: int = -1, *, descending: bool = False, stable: bool = True, **unused: Any) -> Array:
    """The places of the elements of each lane in ascending order, equal ones in theirs.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int
        Along which axis.
    descending : bool
        Whether the greatest come first.
    stable : bool
        Taken as the standard has it: equal elements always keep their order.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.argsort(x).compute().tolist()
    [1, 3, 2, 0]
    """
    x = as_array(x)
    if not descending:
        return Array(x._core.along("argsort", axis))
    # Backwards twice, so that equal elements keep their order.
    back = Array(flip(x, axis=axis)._core.along("argsort", axis))
    return (x.shape[axis] - 1) - flip(back, axis=axis)


def topk(x: Any, k: int, axis: int = -1) -> Array:
    """The `k` greatest elements of each lane, the greatest first; the least ones when `k` is negative.

    Parameters
    ----------
    x : array_like
        The elements.
    k : int
        How many; negative for the least.
    axis : int
        Along which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.topk(x, 2).compute().tolist()
    [3, 2]
    """
    x = as_array(x)
    if x.ndim == 0:
        raise ShapeError("topk: an array without axes has no lanes; it takes at least one axis")
    if k >= 0:
        return Array(x._core.topk(k, axis))
    at = axis % x.ndim
    return sort(x, axis=axis)[(*(slice(None),) * at, slice(0, -k))]


def argtopk(x: Any, k: int, axis: int = -1) -> Array:
    """The places of the `k` greatest elements of each lane, the greatest first.

    Parameters
    ----------
    x : array_like
        The elements.
    k : int
        How many; negative for the least.
    axis : int
        Along which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.argtopk(x, 2).compute().tolist()
    [0, 2]
    """
    x = as_array(x)
    at = axis % x.ndim
    return argsort(x, axis=axis, descending=k > 0)[(*(slice(None),) * at, slice(0, abs(k)))]


def nonzero(x: Any, /) -> tuple[Array, ...]:
    """The places of the elements that are not zero, an array for each axis. Works at once.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.nonzero(x > 1)[0].compute().tolist()
    [0, 2]
    """
    x = as_array(x)
    if x.ndim == 0:
        raise ArgumentError("nonzero: an array without axes has no places; take atleast_1d of it")
    flat = flatnonzero(x)
    places = []
    for length in reversed(x.shape):
        places.append(flat % max(length, 1))
        flat = flat // max(length, 1)
    return tuple(reversed(places))


def flatnonzero(x: Any) -> Array:
    """The places of the elements that are not zero, counted row by row. Works at once.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.flatnonzero(x > 1).compute().tolist()
    [0, 2]
    """
    return Array(as_array(x)._core.flatnonzero()).astype("int64")


def argwhere(x: Any) -> Array:
    """The places of the elements that are not zero, a row for each. Works at once.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.argwhere(x > 1).compute().tolist()
    [[0], [2]]
    """
    from ._shape import stack

    return stack(nonzero(x), axis=1)


def searchsorted(x1: Any, x2: Any, /, *, side: str = "left", sorter: Any = None) -> Array:
    """Where elements of `x2` would stand in the sorted vector `x1`, which is held in memory.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.
    side : {'left', 'right'}
        Before or behind equal elements.
    sorter : array, optional
        Places that would sort the vector.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.searchsorted(da.asarray([1, 3, 5]), x).compute().tolist()
    [1, 0, 1, 0]
    """
    if side not in ("left", "right"):
        raise ArgumentError(f"searchsorted: side {side!r} is none; there are 'left' and 'right'")
    x1, x2 = as_array(x1), as_array(x2)
    bounds = (x1 if sorter is None else x1[as_array(sorter)]).compute().astype("float64").tolist()
    return Array(x2._core.searchsorted_in(bounds) if side == "left" else x2._core.digitize(bounds)).astype("int64")


def digitize(x: Any, bins: Any, right: bool = False) -> Array:
    """How many of some bounds, which ascend, each element has at or below it.

    Parameters
    ----------
    x : array_like
        The elements.
    bins : int or sequence
        How many bins, or their bounds.
    right : bool
        Whether bins hold their right bound.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.digitize(x, [2, 3]).compute().tolist()
    [2, 0, 1, 0]
    """
    import numpy as np

    bounds = np.asarray(bins, dtype="float64")
    if bounds.ndim != 1 or (np.diff(bounds) < 0).any():
        raise UnsupportedError("digitize with bounds that do not ascend is not supported; sort them first")
    return searchsorted(bounds, x, side="left" if right else "right")


def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Array:
    """How often each whole number from 0 on occurs. Works at once.

    Parameters
    ----------
    x : array_like
        The elements.
    weights : array_like, optional
        Weights of the elements.
    minlength : int
        The least length of the result.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.bincount(x).compute().tolist()
    [0, 2, 1, 1]
    """
    if weights is not None:
        raise UnsupportedError("bincount with weights is not supported; take groupby(...).sum() of a frame")
    made = Array(as_array(x)._core.bincount())
    short = minlength - made.shape[0]
    if short <= 0:
        return made
    from ._creation import zeros

    return concat([made, zeros((short,), dtype=made.dtype)])


#: Bins of a histogram, which are held in memory.
_MOST_BINS = 10_000_000


def histogram(x: Any, bins: Any = 10, range: Any = None, *, density: bool = False) -> Any:
    """How many elements lie in each of some even bins, and the bins' bounds. Works at once.

    Parameters
    ----------
    x : array_like
        The elements.
    bins : int or sequence
        How many bins, or their bounds.
    range : tuple, optional
        The least and the greatest bound.
    density : bool
        Whether shares are given for counts.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.histogram(x, bins=2, range=(1, 3))[0].tolist()
    [2, 2]
    """
    import numpy as np

    x = as_array(x)
    if not isinstance(bins, int):
        edges = np.asarray(bins, dtype="float64")
        places = searchsorted(edges, x.ravel(), side="right")
        is_last = x.ravel() == float(edges[-1])
        inside = places[(places > 0) & (places < edges.size)] - 1
        counts = (
            bincount(inside, minlength=edges.size - 1).compute() if inside.size else np.zeros(edges.size - 1, "int64")
        )
        counts[-1] += int(is_last.sum())
    else:
        low, high = (x.min().compute(), x.max().compute()) if range is None else range
        low, high = (float(low) - 0.5, float(high) + 0.5) if low == high else (float(low), float(high))
        if not 0 < bins <= _MOST_BINS:
            raise ArgumentError(
                f"histogram: {bins} bins; take from 1 to {_MOST_BINS}, or unique_counts of rounded numbers"
            )
        found, bounds = x._core.histogram(bins, low, high)
        counts, edges = np.asarray(found, dtype="int64"), np.asarray(bounds)
    if density:
        return counts / counts.sum() / np.diff(edges), edges
    return counts, edges if isinstance(bins, int) else np.asarray(bins)


class UniqueAllResult(NamedTuple):
    """Each value once, where it is first, where each element stands among them, and how often each occurs."""

    values: Array
    indices: Array
    inverse_indices: Array
    counts: Array


class UniqueCountsResult(NamedTuple):
    """Each value once, and how often it occurs."""

    values: Array
    counts: Array


class UniqueInverseResult(NamedTuple):
    """Each value once, and where each element stands among them."""

    values: Array
    inverse_indices: Array


def unique_values(x: Any, /) -> Array:
    """Each value once, in ascending order. Works at once, out of core.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.unique_values(x).compute().tolist()
    [1, 2, 3]
    """
    return unique_counts(x).values


def unique_counts(x: Any, /) -> UniqueCountsResult:
    """Each value once, and how often it occurs. Works at once, out of core.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.unique_counts(x).counts.compute().tolist()
    [2, 1, 1]
    """
    values, counts = as_array(x)._core.unique_counts()
    return UniqueCountsResult(Array(values), Array(counts).astype("int64"))


def unique_inverse(x: Any, /) -> UniqueInverseResult:
    """Each value once, and where each element stands among them; the values have to fit in memory.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.unique_inverse(x).inverse_indices.compute().tolist()
    [2, 0, 1, 0]
    """
    import numpy as np

    x = as_array(x)
    values = unique_values(x)
    known = values.compute()
    made = x._core.map_blocks(lambda chunk, _start: np.searchsorted(known, np.asarray(chunk)).astype("int64"), "int64")
    return UniqueInverseResult(values, Array(made))


def unique_all(x: Any, /) -> UniqueAllResult:
    """Each value once, where it is first, where each element stands among them, and how often each occurs.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.unique_all(x).indices.compute().tolist()
    [1, 2, 0]
    """
    import numpy as np

    x = as_array(x)
    values, counts = unique_counts(x)
    inverse = unique_inverse(x).inverse_indices
    _, first = np.unique(inverse.compute().ravel(), return_index=True)
    return UniqueAllResult(values, as_array(first.astype("int64")), inverse, counts)


def unique(x: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False) -> Any:
    """Each value once, in ascending order; and what else is asked for, as NumPy's.

    Parameters
    ----------
    x : array_like
        The elements.
    return_index : bool
        Whether to give where each is first.
    return_inverse : bool
        Whether to give where each element stands.
    return_counts : bool
        Whether to give how often each occurs.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.unique(x).compute().tolist()
    [1, 2, 3]
    """
    if not (return_index or return_inverse or return_counts):
        return unique_values(x)
    found = unique_all(x)
    wanted = (found.indices, return_index), (found.inverse_indices, return_inverse), (found.counts, return_counts)
    return (found.values, *(part for part, is_wanted in wanted if is_wanted))


def isin(x: Any, values: Any, /, *, invert: bool = False, **unused: Any) -> Array:
    """Whether elements are among some values, which are held in memory.

    Parameters
    ----------
    x : array_like
        The elements.
    values : array_like
        The values to look for.
    invert : bool
        Whether to ask for elements that are not among them.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.isin(x, [1]).compute().tolist()
    [False, True, False, True]
    """
    import numpy as np

    x = as_array(x)
    known = np.asarray(values)
    return Array(x._core.map_blocks(lambda chunk, _start: np.isin(np.asarray(chunk), known, invert=invert), "bool"))


def union1d(x1: Any, x2: Any) -> Array:
    """The values of two arrays, each once.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([3, 1, 2, 1])
    >>> da.union1d(x, [7]).compute().tolist()
    [1, 2, 3, 7]
    """
    return unique_values(concat([as_array(x1).ravel(), as_array(x2).ravel()]))
