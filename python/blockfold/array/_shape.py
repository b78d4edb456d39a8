"""Arrays in other shapes."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from .. import _blockfold as core
from ..exceptions import ArgumentError, OutOfBoundsError, ShapeError, UnsupportedError
from ._array import Array
from ._operands import as_array
from ._reductions import axes_of

__all__ = [
    "array_split", "atleast_1d", "atleast_2d", "block", "broadcast_arrays", "broadcast_shapes", "broadcast_to", "concat",
    "concatenate", "dstack", "expand_dims", "flip", "fliplr", "flipud", "hstack", "moveaxis", "pad", "permute_dims",
    "ravel", "rechunk", "repeat", "reshape", "roll", "rot90", "split", "squeeze", "stack", "swapaxes", "tile", "transpose",
    "unstack", "vstack",
]  # fmt: skip


def lengths(shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of numbers."""
    return tuple(one.__index__() for one in shape) if hasattr(shape, "__len__") else (shape.__index__(),)


def reshape(x: Any, /, shape: Any, *, copy: bool | None = None, order: str = "C", **unused: Any) -> Array:
    """The elements, row by row, in another shape; one length may be -1.

    Parameters
    ----------
    x : array_like
        The elements.
    shape : int or tuple of int
        Length along each axis.
    copy : bool, optional
        Whether memory is copied.
    order : {'C'}
        Row by row.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.reshape(x, (3, 2)).compute().tolist()
    [[0, 1], [2, 3], [4, 5]]
    """
    if order != "C":
        raise UnsupportedError("reshape by columns is not supported; take transpose before and after")
    return Array(as_array(x)._core.reshape(lengths(shape)))


def ravel(x: Any, /) -> Array:
    """The elements, row by row, along one axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.ravel(x).compute().tolist()
    [0, 1, 2, 3, 4, 5]
    """
    return Array(as_array(x)._core.ravel())


def transpose(x: Any, /, axes: Any = None) -> Array:
    """The array with its axes in another order, the reverse one unless given.

    Parameters
    ----------
    x : array_like
        The elements.
    axes : int or tuple of int, optional
        Which axes.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.transpose(x).shape
    (3, 2)
    """
    return Array(as_array(x)._core.transpose(None if axes is None else list(axes)))


permute_dims = transpose


def swapaxes(x: Any, axis1: int, axis2: int) -> Array:
    """Two axes exchanged.

    Parameters
    ----------
    x : array_like
        The elements.
    axis1 : int
        The one axis.
    axis2 : int
        The other axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.swapaxes(x, 0, 1).shape
    (3, 2)
    """
    x = as_array(x)
    [a], [b] = axes_of(axis1, x.ndim) or [], axes_of(axis2, x.ndim) or []
    order = list(range(x.ndim))
    order[a], order[b] = b, a
    return transpose(x, order)


def moveaxis(x: Any, source: Any, destination: Any, /) -> Array:
    """Axes moved to other places among the others.

    Parameters
    ----------
    x : array_like
        The elements.
    source : int or tuple of int
        Where axes are.
    destination : int or tuple of int
        Where they go.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.moveaxis(x, 0, 1).shape
    (3, 2)
    """
    x = as_array(x)
    come, go = axes_of(source, x.ndim) or [], axes_of(destination, x.ndim) or []
    if len(come) != len(go) or len(set(come)) != len(come) or len(set(go)) != len(go):
        raise ArgumentError(f"moveaxis: {source} to {destination}; give as many different places as axes")
    order = [axis for axis in range(x.ndim) if axis not in come]
    for place, axis in sorted(zip(go, come, strict=True)):
        order.insert(place, axis)
    return transpose(x, order)


def squeeze(x: Any, /, axis: Any = None) -> Array:
    """The array without axes of length 1: all of them, or those that are named.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int
        Which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.squeeze(x[:1]).shape
    (3,)
    """
    x = as_array(x)
    gone = axes_of(axis, x.ndim)
    if gone is None:
        gone = [at for at, length in enumerate(x.shape) if length == 1]
    for at in gone:
        if x.shape[at] != 1:
            raise ShapeError(f"squeeze: axis {at} is of length {x.shape[at]}, not 1")
    return reshape(x, tuple(length for at, length in enumerate(x.shape) if at not in gone))


def expand_dims(x: Any, /, axis: Any = 0) -> Array:
    """The array with new axes of length 1.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int
        Which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.expand_dims(x, axis=0).shape
    (1, 2, 3)
    """
    x = as_array(x)
    places = [operator.index(place) for place in (axis if isinstance(axis, tuple) else (axis,))]
    total = x.ndim + len(places)
    if any(not -total <= place < total for place in places):
        raise OutOfBoundsError(f"expand_dims: axis {axis} of an array of {total} axes")
    new = {place % total for place in places}
    if len(new) != len(places):
        raise ArgumentError(f"expand_dims: {axis} names an axis twice")
    rest = iter(x.shape)
    return reshape(x, tuple(1 if at in new else next(rest) for at in range(total)))


def broadcast_to(x: Any, /, shape: Any, chunks: Any = None) -> Array:
    """The array repeated to fill a shape.

    Parameters
    ----------
    x : array_like
        The elements.
    shape : int or tuple of int
        Length along each axis.
    chunks : int, tuple or str
        Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.broadcast_to(x, (4, 2, 3)).shape
    (4, 2, 3)
    """
    made = Array(as_array(x)._core.broadcast_to(lengths(shape)))
    return made if chunks is None else made.rechunk(chunks)


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that shapes broadcast to.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    made: list[int] = []
    for shape in (lengths(shape) for shape in shapes):
        made = [1] * (len(shape) - len(made)) + made
        for at, length in enumerate(reversed(shape), 1):
            if made[-at] != length and 1 not in (made[-at], length):
                raise ShapeError(f"broadcast: shapes {', '.join(map(str, shapes))} do not fit")
            made[-at] = length if made[-at] == 1 else made[-at]
    return tuple(made)


def broadcast_arrays(*arrays: Any) -> list[Array]:
    """Arrays repeated to fill the shape that they have in common.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> [one.shape for one in da.broadcast_arrays(x, x[0])]
    [(2, 3), (2, 3)]
    """
    made = [as_array(array) for array in arrays]
    shape = broadcast_shapes(*[array.shape for array in made])
    return [broadcast_to(array, shape) for array in made]


def _common(arrays: Sequence[Any], op: str) -> list[core.Array]:
    made = [as_array(array) for array in arrays]
    if not made:
        raise ArgumentError(f"{op}: no arrays were given")
    from ._standard import result_type

    dtype = result_type(*made)
    return [array._core if array.dtype == dtype else array.astype(dtype)._core for array in made]


def concat(arrays: Sequence[Any], /, *, axis: int | None = 0, **unused: Any) -> Array:
    """Arrays one after the other along an axis.

    Parameters
    ----------
    arrays : sequence of arrays
        The arrays.
    axis : int
        Which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.concat([x, x], axis=1).shape
    (2, 6)
    """
    if axis is None:
        arrays, axis = [ravel(array) for array in arrays], 0
    return Array(core.concatenate(_common(arrays, "concatenate"), axis))


def concatenate(arrays: Sequence[Any], axis: int | None = 0, **unused: Any) -> Array:
    """Arrays one after the other along an axis.

    Parameters
    ----------
    arrays : sequence of arrays
        The arrays.
    axis : int
        Which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.concatenate([x, x]).shape
    (4, 3)
    """
    return concat(arrays, axis=axis)


def stack(arrays: Sequence[Any], /, axis: int = 0) -> Array:
    """Arrays of one shape beside each other along a new axis.

    Parameters
    ----------
    arrays : sequence of arrays
        The arrays.
    axis : int
        Which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.stack([x, x]).shape
    (2, 2, 3)
    """
    return Array(core.stack(_common(arrays, "stack"), axis))


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Array, ...]:
    """The parts of an array along an axis.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int
        Which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> [one.shape for one in da.unstack(x)]
    [(3,), (3,)]
    """
    moved = moveaxis(x, axis, 0)
    return tuple(moved[at] for at in range(moved.shape[0]))


def atleast_1d(x: Any) -> Array:
    """The array with at least one axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.atleast_1d(da.sum(x)).shape
    (1,)
    """
    x = as_array(x)
    return x if x.ndim else reshape(x, (1,))


def atleast_2d(x: Any) -> Array:
    """The array with at least two axes.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.atleast_2d(x[0]).shape
    (1, 3)
    """
    x = as_array(x)
    return x if x.ndim > 1 else reshape(x, (1, x.size))


def vstack(arrays: Sequence[Any]) -> Array:
    """Arrays one below the other.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.vstack([x, x]).shape
    (4, 3)
    """
    return concat([atleast_2d(array) for array in arrays], axis=0)


def hstack(arrays: Sequence[Any]) -> Array:
    """Arrays beside each other.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.hstack([x, x]).shape
    (2, 6)
    """
    made = [atleast_1d(array) for array in arrays]
    return concat(made, axis=0 if made and made[0].ndim == 1 else 1)


def dstack(arrays: Sequence[Any]) -> Array:
    """Arrays behind each other, along the third axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.dstack([x, x]).shape
    (2, 3, 2)
    """
    made = [atleast_2d(array) for array in arrays]
    return concat([array if array.ndim > 2 else expand_dims(array, 2) for array in made], axis=2)


def block(arrays: Any) -> Array:
    """An array of nested lists of arrays, the innermost along the last axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.block([[x, x]]).shape
    (2, 6)
    """
    depth, inner = 0, arrays
    while isinstance(inner, list):
        depth, inner = depth + 1, inner[0]

    def made(part: Any, level: int) -> Array:
        if not isinstance(part, list):
            return as_array(part)
        return concat([made(one, level - 1) for one in part], axis=-level)

    return made(arrays, depth)


def flip(x: Any, /, axis: Any = None) -> Array:
    """The elements along axes in reverse order.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int
        Which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.flip(x, axis=1).compute().tolist()
    [[2, 1, 0], [5, 4, 3]]
    """
    x = as_array(x)
    for at in range(x.ndim) if axis is None else axes_of(axis, x.ndim) or []:
        x = Array(x._core.along("flip", at))
    return x


def flipud(x: Any) -> Array:
    """The rows in reverse order.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.flipud(x).compute().tolist()
    [[3, 4, 5], [0, 1, 2]]
    """
    return flip(x, axis=0)


def fliplr(x: Any) -> Array:
    """The columns in reverse order.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.fliplr(x).compute().tolist()
    [[2, 1, 0], [5, 4, 3]]
    """
    return flip(x, axis=1)


def rot90(x: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    """The array turned by quarters of a circle.

    Parameters
    ----------
    x : array_like
        The elements.
    k : int
        How many, or which diagonal: above the main one when positive.
    axes : int or tuple of int, optional
        Which axes.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.rot90(x).compute().tolist()
    [[2, 5], [1, 4], [0, 3]]
    """
    for _ in range(k % 4):
        x = swapaxes(flip(x, axis=axes[1]), *axes)
    return as_array(x)


def roll(x: Any, /, shift: Any, axis: Any = None) -> Array:
    """The elements moved along axes; what leaves at one end enters at the other.

    Parameters
    ----------
    x : array_like
        The elements.
    shift : int or tuple of int
        How far elements move.
    axis : int
        Which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.roll(x, 1, axis=1).compute().tolist()
    [[2, 0, 1], [5, 3, 4]]
    """
    x = as_array(x)
    if axis is None:
        return reshape(roll(ravel(x), shift, axis=0), x.shape)
    axes = axes_of(axis, x.ndim) or []
    shifts = list(shift) if hasattr(shift, "__len__") else [shift] * len(axes)
    for by, at in zip(shifts, axes, strict=True):
        x = Array(x._core.roll(by, at))
    return x


def tile(x: Any, repetitions: Any, /) -> Array:
    """The array so many times along each axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.tile(x, 2).shape
    (2, 6)
    """
    x, times = as_array(x), lengths(repetitions)
    times = (1,) * (x.ndim - len(times)) + times
    return Array(x._core.tile(times))


def repeat(x: Any, repeats: Any, /, axis: int | None = None) -> Array:
    """Each element so many times in a row: a number for all, or one for each place of the axis.

    Parameters
    ----------
    x : array_like
        The elements.
    repeats : int or tuple of int
        How often.
    axis : int
        Which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.repeat(x, 2, axis=0).shape
    (4, 3)
    """
    x = as_array(x)
    if axis is None:
        x, axis = ravel(x), 0
    if not isinstance(repeats, int) and getattr(repeats, "shape", (1,)) != ():
        import numpy as np

        from ._indexing import take

        counts = np.asarray(repeats)
        if counts.size != 1:
            return take(x, np.repeat(np.arange(x.shape[axis]), counts), axis=axis)
        repeats = int(counts.reshape(())[()])
    return Array(x._core.repeat(int(repeats), axis))


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Array:
    """The array with elements added at its ends: constant, edge, reflect, symmetric or wrap.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.pad(x, 1).shape
    (4, 5)
    """
    import numpy as np

    x = as_array(x)
    widths = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
    if hasattr(constant_values, "__len__"):
        raise UnsupportedError("pad with several constant_values is not supported; call pad once for each axis")
    native = x._core
    for axis, (before, after) in enumerate(widths):
        if before or after:
            native = native.pad(axis, before, after, mode, float(constant_values))
    return Array(native)


def rechunk(x: Any, chunks: Any = "auto") -> Array:
    """The same elements in other chunks.

    Parameters
    ----------
    x : array_like
        The elements.
    chunks : int, tuple or str
        Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.rechunk(x, (1, 3)).numblocks
    (2, 1)
    """
    return as_array(x).rechunk(chunks)


def array_split(x: Any, sections: Any, axis: int = 0) -> list[Array]:
    """The array in parts along an axis: so many, or cut at places.

    Parameters
    ----------
    x : array_like
        The elements.
    sections : int or list of int
        How many parts, or where to cut.
    axis : int
        Which axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> [one.shape for one in da.array_split(x, 2, axis=1)]
    [(2, 2), (2, 1)]
    """
    x = as_array(x)
    length = x.shape[axis]
    if isinstance(sections, int):
        short, longer = divmod(length, sections)
        sizes = [short + 1] * longer + [short] * (sections - longer)
        cuts = [0]
        for size in sizes:
            cuts.append(cuts[-1] + size)
    else:
        cuts = [0, *sections, length]
    at = axis % x.ndim
    around = (slice(None),) * at
    return [x[(*around, slice(low, high))] for low, high in zip(cuts, cuts[1:], strict=False)]


split = array_split
