"""Functions that are made of others: what NumPy and Dask have beyond the standard."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import Any

from ..exceptions import ArgumentError, ShapeError, UnsupportedError
from . import _elementwise as elements
from . import _reductions as reductions
from ._array import Array
from ._operands import as_array
from ._shape import atleast_1d, atleast_2d, concat, expand_dims, lengths, moveaxis

__all__ = [
    "append", "atleast_3d", "choose", "coarsen", "corrcoef", "cov", "divmod", "ediff1d", "fabs", "fmod", "gradient", "insert",
    "iscomplex", "isneginf", "isnull", "isposinf", "isreal", "logaddexp2", "modf", "moment", "nanpercentile", "ndim", "notnull",
    "piecewise", "ravel_multi_index", "rollaxis", "select", "shape", "size", "store", "tril_indices", "triu_indices",
    "unravel_index",
]  # fmt: skip


def shape(x: Any) -> tuple[int, ...]:
    """Length along each axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.shape(da.ones((2, 2)))
    (2, 2)
    """
    return as_array(x).shape


def ndim(x: Any) -> int:
    """Number of axes.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.ndim(da.ones((2, 2)))
    2
    """
    return as_array(x).ndim


def size(x: Any) -> int:
    """Number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.size(da.ones((2, 2)))
    4
    """
    return as_array(x).size


# ---- elements


def fabs(x: Any, /) -> Array:
    """The absolute values, as floats.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.fabs(da.asarray([-3.0])).compute().tolist()
    [3.0]
    """
    x = as_array(x)
    return elements.abs(x if x.dtype.kind == "f" else x.astype("float64"))


def fmod(x1: Any, x2: Any, /) -> Array:
    """What is left of a division, with the sign of what is divided.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.fmod(da.asarray([-3.0]), 2.0).compute().tolist()
    [-1.0]
    """
    x1, x2 = as_array(x1), as_array(x2)
    return elements.pairwise("fmod", x1, x2)


def divmod(x1: Any, x2: Any, /) -> tuple[Array, Array]:
    """The quotients rounded down, and what is left.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> [one.compute().tolist() for one in da.divmod(da.arange(4), 3)]
    [[0, 0, 0, 1], [0, 1, 2, 0]]
    """
    return elements.floor_divide(x1, x2), elements.remainder(x1, x2)


def modf(x: Any, /) -> tuple[Array, Array]:
    """The fractions and the whole parts.

    Examples
    --------
    >>> import blockfold.array as da
    >>> [one.compute().tolist() for one in da.modf(da.asarray([1.5]))]
    [[0.5], [1.0]]
    """
    whole = elements.trunc(x)
    return as_array(x) - whole, whole


def logaddexp2(x1: Any, x2: Any, /) -> Array:
    """The logarithms to base 2 of sums of powers of 2.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.logaddexp2(da.asarray([1.0]), 1.0).compute().tolist()
    [2.0]
    """
    scale = math.log(2)
    return elements.logaddexp(as_array(x1) * scale, as_array(x2) * scale) / scale


def isposinf(x: Any, /) -> Array:
    """Whether elements are plus infinity.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.isposinf(da.asarray([da.inf, 1.0])).compute().tolist()
    [True, False]
    """
    return as_array(x) == math.inf


def isneginf(x: Any, /) -> Array:
    """Whether elements are minus infinity.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.isneginf(da.asarray([-da.inf, 1.0])).compute().tolist()
    [True, False]
    """
    return as_array(x) == -math.inf


def isreal(x: Any, /) -> Array:
    """Whether imaginary parts are 0.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.isreal(da.asarray([1j, 1.0])).compute().tolist()
    [False, True]
    """
    return elements.imag(x) == 0


def iscomplex(x: Any, /) -> Array:
    """Whether imaginary parts are not 0.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.iscomplex(da.asarray([1j, 1.0])).compute().tolist()
    [True, False]
    """
    return elements.imag(x) != 0


def isnull(x: Any, /) -> Array:
    """Whether elements are NaN.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.isnull(da.asarray([da.nan, 1.0])).compute().tolist()
    [True, False]
    """
    return elements.isnan(x)


def notnull(x: Any, /) -> Array:
    """Whether elements are not NaN.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.notnull(da.asarray([da.nan, 1.0])).compute().tolist()
    [False, True]
    """
    return elements.logical_not(elements.isnan(x))


def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Array:
    """The elements of the first choice whose condition holds.

    Parameters
    ----------
    conditions : sequence of arrays
        The conditions.
    choices : sequence of arrays
        What is taken where.
    default : number
        What is taken elsewhere.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.select([da.arange(3) > 1], [da.arange(3)], default=-1).compute().tolist()
    [-1, -1, 2]
    """
    if len(conditions) != len(choices):
        raise ArgumentError(f"select: {len(conditions)} conditions for {len(choices)} choices")
    made = default
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        made = elements.where(condition, choice, made)
    return as_array(made)


def piecewise(x: Any, conditions: Sequence[Any], functions: Sequence[Any]) -> Array:
    """Functions of the elements where conditions hold; one more function is for the others.

    Parameters
    ----------
    x : array_like
        The elements.
    conditions : sequence of arrays
        The conditions.
    functions : sequence
        Functions or numbers, one for each condition.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.piecewise(da.arange(3), [da.arange(3) > 1], [lambda v: v * 10, lambda v: v]).compute().tolist()
    [0, 1, 20]
    """
    x = as_array(x)
    made: Any = 0
    parts = list(functions)
    if len(parts) == len(conditions) + 1:
        made = parts.pop()
        made = made(x) if callable(made) else made
    for condition, function in zip(conditions, parts, strict=True):
        made = elements.where(condition, function(x) if callable(function) else function, made)
    return made.astype(x.dtype)


def choose(x: Any, choices: Sequence[Any]) -> Array:
    """The elements of the choices that whole numbers name.

    Parameters
    ----------
    x : array_like
        The elements.
    choices : sequence of arrays
        What is taken where.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.choose(da.asarray([0, 1]), [10, 20]).compute().tolist()
    [10, 20]
    """
    x = as_array(x)
    return select([x == at for at in range(len(choices))], choices)


# ---- shape


def atleast_3d(x: Any) -> Array:
    """The array with at least three axes.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.atleast_3d(da.ones(2)).shape
    (1, 2, 1)
    """
    x = as_array(x)
    if x.ndim > 2:
        return x
    return expand_dims(atleast_2d(x), 2) if x.ndim != 1 else x.reshape((1, x.size, 1))


def append(x: Any, values: Any, axis: int | None = None) -> Array:
    """The array with others behind it.

    Parameters
    ----------
    x : array_like
        The elements.
    values : array_like
        The values.
    axis : int or tuple of int, optional
        Along which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.append(da.arange(2), [5]).compute().tolist()
    [0, 1, 5]
    """
    return concat([as_array(x), as_array(values)], axis=axis)


def insert(x: Any, place: Any, values: Any, axis: int) -> Array:
    """The array with elements before a place of an axis.

    Parameters
    ----------
    x : array_like
        The elements.
    place : int
        Before which element.
    values : array_like
        The values.
    axis : int or tuple of int, optional
        Along which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.insert(da.arange(3), 1, [9], axis=0).compute().tolist()
    [0, 9, 1, 2]
    """
    if not isinstance(place, int):
        raise UnsupportedError("insert at several places is not supported; take concatenate of the parts")
    x = as_array(x)
    around = (builtins.slice(None),) * (axis % x.ndim)
    own = list(x.shape)
    values = as_array(values).astype(x.dtype)
    own[axis] = 1 if values.ndim < x.ndim else values.shape[axis]
    from ._shape import broadcast_to

    new = broadcast_to(expand_dims(values, axis) if 0 < values.ndim < x.ndim else values, tuple(own))
    return concat(
        [x[(*around, builtins.slice(None, place))], new, x[(*around, builtins.slice(place, None))]], axis=axis
    )


def rollaxis(x: Any, axis: int, start: int = 0) -> Array:
    """An axis moved before another one.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int or tuple of int, optional
        Along which axis.
    start : int
        Before which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.rollaxis(da.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    x = as_array(x)
    axis, start = axis % x.ndim, start + x.ndim if start < 0 else start
    return moveaxis(x, axis, start - 1 if axis < start else start)


def coarsen(
    reduction: Callable[..., Any], x: Any, axes: dict[int, int], trim_excess: bool = False, **kwargs: Any
) -> Array:
    """Blocks of neighbours reduced to one element each.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.coarsen(da.sum, da.arange(6, chunks=2), {0: 3}).compute().tolist()
    [3, 12]
    """
    x = as_array(x)
    apart: list[int] = []
    for axis, length in enumerate(x.shape):
        by = axes.get(axis, 1)
        if length % by and not trim_excess:
            raise ShapeError(f"coarsen: axis {axis} of length {length} is no multiple of {by}; pass trim_excess=True")
        apart += [length // by, by]
    if trim_excess:
        x = x[tuple(builtins.slice(0, length - length % axes.get(axis, 1)) for axis, length in enumerate(x.shape))]
    return reduction(x.reshape(tuple(apart)), axis=tuple(range(1, 2 * x.ndim, 2)), **kwargs)


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Array, ...]:
    """The places of a lower triangle.

    Parameters
    ----------
    n : int
        Number of rows.
    k : int
        How many, or which diagonal: above the main one when positive.
    m : int, optional
        Number of columns.

    Examples
    --------
    >>> import blockfold.array as da
    >>> [one.tolist() for one in da.tril_indices(2)]
    [[0, 1, 1], [0, 0, 1]]
    """
    import numpy as np

    return tuple(as_array(one) for one in np.tril_indices(n, k, m))


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Array, ...]:
    """The places of an upper triangle.

    Parameters
    ----------
    n : int
        Number of rows.
    k : int
        How many, or which diagonal: above the main one when positive.
    m : int, optional
        Number of columns.

    Examples
    --------
    >>> import blockfold.array as da
    >>> [one.tolist() for one in da.triu_indices(2)]
    [[0, 0, 1], [0, 1, 1]]
    """
    import numpy as np

    return tuple(as_array(one) for one in np.triu_indices(n, k, m))


def unravel_index(places: Any, shape: Any) -> tuple[Array, ...]:
    """Places that are counted row by row as places along each axis.

    Parameters
    ----------
    places : array_like
        The places.
    shape : int or tuple of int
        Length along each axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> [one.tolist() for one in da.unravel_index(da.asarray([4]), (2, 3))]
    [[1], [1]]
    """
    flat, made = as_array(places), []
    for length in reversed(lengths(shape)):
        made.append(flat % length)
        flat = flat // length
    return tuple(reversed(made))


def ravel_multi_index(places: Any, dims: Any) -> Array:
    """Places along each axis as places that are counted row by row.

    Parameters
    ----------
    places : array_like
        The places.
    dims : tuple of int
        The shape.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.ravel_multi_index((da.asarray([1]), da.asarray([1])), (2, 3)).tolist()
    [4]
    """
    flat: Any = 0
    for one, length in zip(places, lengths(dims), strict=True):
        flat = as_array(one) + flat * length
    return flat


# ---- along axes


def ediff1d(x: Any) -> Array:
    """The differences of neighbours, row by row.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.ediff1d(da.asarray([1, 3, 6])).compute().tolist()
    [2, 3]
    """
    return reductions.diff(as_array(x).ravel())


def gradient(x: Any, spacing: float = 1.0, axis: Any = None) -> Any:
    """The slopes along axes: of the two neighbours, of one at the ends. One array for each axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.gradient(da.asarray([1.0, 2.0, 4.0, 7.0])).compute().tolist()
    [1.0, 1.5, 2.5, 3.0]
    """
    x = as_array(x)
    x = x if x.dtype.kind in "fc" else x.astype("float64")
    made = [
        _slope(x, at) / spacing for at in (range(x.ndim) if axis is None else reductions.axes_of(axis, x.ndim) or [])
    ]
    return made[0] if len(made) == 1 else made


def _slope(x: Array, axis: int) -> Array:
    if x.shape[axis] < 2:
        raise ShapeError(f"gradient: axis {axis} has {x.shape[axis]} elements; it takes two")

    def part(start: int | None, stop: int | None) -> Array:
        return x[(*(builtins.slice(None),) * axis, builtins.slice(start, stop))]

    ends = part(1, 2) - part(0, 1), part(-1, None) - part(-2, -1)
    return concat([ends[0], (part(2, None) - part(None, -2)) / 2, ends[1]], axis=axis)


def moment(x: Any, order: int, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Array:
    """The central moment of an order along axes.

    Parameters
    ----------
    x : array_like
        The elements.
    order : int
        Which moment.
    axis : int or tuple of int, optional
        Along which axis.
    ddof : int
        What is taken off the count before it divides.
    keepdims : bool
        Whether the axes that are reduced stay, with length 1.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.moment(da.arange(4), 2).compute()
    np.float64(1.25)
    """
    x = as_array(x)
    if ddof:
        return reductions.sum(
            (x - reductions.mean(x, axis=axis, keepdims=True)) ** order, axis=axis, keepdims=keepdims
        ) / (reductions.count_of(x, axis) - ddof)
    return reductions.mean((x - reductions.mean(x, axis=axis, keepdims=True)) ** order, axis=axis, keepdims=keepdims)


def nanpercentile(x: Any, q: Any, axis: Any = None, *, keepdims: bool = False) -> Array:
    """The percentiles, from 0 to 100, without NaN.

    Parameters
    ----------
    x : array_like
        The elements.
    q : float or list of float
        Which quantiles.
    axis : int or tuple of int, optional
        Along which axis.
    keepdims : bool
        Whether the axes that are reduced stay, with length 1.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.nanpercentile(da.asarray([1.0, da.nan, 3.0]), 50).compute()
    np.float64(2.0)
    """
    share = [one / 100 for one in q] if hasattr(q, "__len__") else q / 100
    return reductions.nanquantile(x, share, axis=axis, keepdims=keepdims)


def cov(x: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> Array:
    """The covariances of variables, one in each row.

    Parameters
    ----------
    x : array_like
        The elements.
    y : array_like, optional
        More variables.
    rowvar : bool
        Whether each row is a variable.
    bias : bool
        Whether to divide by the count itself.
    ddof : int
        What is taken off the count before it divides.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.cov(da.asarray([[1.0, 2.0], [3.0, 5.0]])).compute().tolist()
    [[0.5, 1.0], [1.0, 2.0]]
    """
    rows = atleast_2d(x) if rowvar else atleast_2d(x).T
    if y is not None:
        rows = concat([rows, atleast_2d(y) if rowvar else atleast_2d(y).T], axis=0)
    free = (0 if bias else 1) if ddof is None else ddof
    apart = rows - rows.mean(axis=1, keepdims=True)
    made = apart.dot(elements.conj(apart).T) / (rows.shape[1] - free)
    return made if made.size > 1 else made.reshape(())


def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Array:
    """The correlations of variables, one in each row.

    Parameters
    ----------
    x : array_like
        The elements.
    y : array_like, optional
        More variables.
    rowvar : bool
        Whether each row is a variable.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.corrcoef(da.asarray([[1.0, 2.0], [3.0, 5.0]])).compute().round(6).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    from .linalg import diagonal

    made = cov(x, y, rowvar)
    if made.ndim == 0:
        return made / made
    deviations = elements.sqrt(diagonal(made).real)
    return made / deviations.reshape((-1, 1)) / deviations


def store(sources: Any, targets: Any, **unused: Any) -> None:
    """Writes arrays into others that take square brackets, as data sets of h5py and zarr, a chunk after the other.

    Parameters
    ----------
    sources : array or list of arrays
        The arrays.
    targets : object or list of objects
        Where they go.

    Examples
    --------
    >>> import blockfold.array as da
    >>> import numpy as np
    >>> target = np.zeros(3)
    >>> da.store(da.ones(3), target)
    >>> target.tolist()
    [1.0, 1.0, 1.0]
    """
    import itertools

    many: Sequence[Any] = sources if isinstance(sources, (list, tuple)) else [sources]
    into: Sequence[Any] = targets if isinstance(targets, (list, tuple)) else [targets]
    for source, target in zip(many, into, strict=True):
        lazy = atleast_1d(source)
        bounds = [list(itertools.accumulate(one, initial=0)) for one in lazy.chunks]
        for box in itertools.product(*(list(zip(one, one[1:], strict=False)) for one in bounds)):
            place = tuple(builtins.slice(low, high) for low, high in box)
            target[place] = lazy[place].compute()
