"""Functions of users over chunks."""

from __future__ import annotations

from typing import Any

from .._dtypes import array_dtype
from ..exceptions import ArgumentError, UnsupportedError
from ._array import Array
from ._operands import as_array

_BOUNDARIES = {"reflect": "symmetric", "periodic": "wrap", "nearest": "edge", "none": "constant", None: "constant"}


def _inferred(function: Any, x: Array, args: Any, kwargs: Any) -> str:
    """The type that a function gives for one element, as Dask finds it."""
    import numpy as np

    try:
        made = function(np.ones((1,) * x.ndim, x.dtype), *args, **kwargs)
    except Exception as error:
        raise ArgumentError(
            f"map_blocks: what the function gives for one element is not known: {error}; pass dtype="
        ) from error
    return array_dtype(np.asarray(made).dtype)


def map_blocks(
    function: Any,
    *args: Any,
    dtype: Any = None,
    chunks: Any = None,
    drop_axis: Any = None,
    new_axis: Any = None,
    name: Any = None,
    token: Any = None,
    meta: Any = None,
    enforce_ndim: bool = False,
    **kwargs: Any,
) -> Array:
    """A function of the chunks of arrays as NumPy arrays, which share the engine's memory.

    The function is called from the engine's threads, with the GIL held meanwhile. What it raises comes back with its own
    traceback. Chunks of several arrays meet as NumPy broadcasts axes; other arguments are passed as they are. A function
    with an argument ``block_id`` gets the chunk's place among the chunks of the result, one with ``block_info`` what Dask
    tells.

    Parameters
    ----------
    function : callable
    *args : arrays and other values
    dtype : data type, optional
        Of the result; asked of the function with arrays of one element, unless given.
    chunks : tuple, optional
        Lengths of the result's chunks, for each axis one length for all of them or each; as those of the arrays, unless given.
    drop_axis : int or list, optional
        Axes that the result has not; the function gets arrays that are whole along them.
    new_axis : int or list, optional
        Axes that only the result has, of length 1 unless `chunks` says.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.ones((4,), chunks=2).map_blocks(lambda chunk: chunk.cumsum()).compute().tolist()
    [1.0, 2.0, 1.0, 2.0]
    >>> x = da.arange(6, chunks=3)
    >>> da.map_blocks(lambda a, b: (a * b).sum(keepdims=True), x, x, chunks=(1,)).compute().tolist()
    [5, 50]
    """
    from ._many_blocks import mapped, wants

    if not any(isinstance(one, Array) for one in args):
        raise ArgumentError("map_blocks: give at least one array; take from_function to make one of nothing")
    lazy = [at for at, one in enumerate(args) if isinstance(one, Array)]
    is_plain = chunks is None and drop_axis is None and new_axis is None and not wants(function)
    if lazy == [0] and is_plain:
        x, others = args[0], args[1:]
        kind = array_dtype(_inferred(function, x, others, kwargs) if dtype is None else dtype)
        return Array(x._core.map_blocks(_Call(function, others, kwargs, kind), kind))
    return mapped(function, args, kwargs, dtype, chunks, drop_axis, new_axis)


def from_delayed(value: Any, shape: Any, dtype: Any = None, meta: Any = None, name: Any = None) -> Array:
    """An array of one chunk, which a delayed call makes when it is needed.

    Examples
    --------
    >>> import blockfold as bf, blockfold.array as da, numpy as np
    >>> x = da.from_delayed(bf.delayed(np.arange)(3), (3,), dtype="int64")
    >>> (x + 1).compute().tolist()
    [1, 2, 3]
    """
    from ..delayed import delayed
    from ._many_blocks import array_of

    if dtype is None and meta is None:
        raise ArgumentError("from_delayed: give dtype=, which the call is not made to learn")
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    lengths = tuple((length,) for length in shape)
    return array_of([delayed(value)], lengths, array_dtype(meta.dtype if dtype is None else dtype))


def map_overlap(
    function: Any,
    x: Any,
    depth: Any = 1,
    boundary: Any = "reflect",
    dtype: Any = None,
    trim: bool = True,
    **kwargs: Any,
) -> Array:
    """A function of each chunk with neighbours on each side, which are cut off its result.

    Examples
    --------
    >>> import blockfold.array as da, numpy as np
    >>> x = da.arange(6, chunks=2)
    >>> da.map_overlap(lambda part: part + np.roll(part, 1), x, depth=1, boundary=0).compute().tolist()
    [0, 1, 3, 5, 7, 9]
    """
    if not trim:
        raise UnsupportedError("map_overlap with trim=False is not supported; take pad and map_blocks")
    x = as_array(x)
    depths = (
        [depth] * x.ndim
        if isinstance(depth, int)
        else [depth.get(axis, 0) for axis in range(x.ndim)]
        if isinstance(depth, dict)
        else list(depth)
    )
    mode, constant = (
        ("constant", float(boundary))
        if isinstance(boundary, (int, float))
        else (_BOUNDARIES.get(boundary, boundary), 0.0)
    )
    name = array_dtype(_inferred(function, x, (), kwargs) if dtype is None else dtype)
    return Array(x._core.map_overlap(_Call(function, (), kwargs, name), depths, mode, constant, name))


class _Call:
    """A function as the engine calls it: elements in, elements of the type that was said out."""

    def __init__(self, function: Any, args: Any, kwargs: Any, dtype: str):
        self._function, self._args, self._kwargs, self._dtype = function, args, kwargs, dtype

    def __call__(self, chunk: Any, _start: Any) -> Any:
        import numpy as np

        made = self._function(np.asarray(chunk), *self._args, **self._kwargs)
        return np.require(made, dtype=self._dtype, requirements=["C", "A"])


def apply_along_axis(function: Any, axis: int, x: Any, *args: Any, dtype: Any = None, shape: Any = None, **kwargs: Any) -> Array:
    """A function of each vector along an axis, as NumPy's; chunks are made whole along it.

    Parameters
    ----------
    function : callable
        Takes a vector and gives a vector or one value.
    axis : int
    x : array
    dtype, shape : optional
        Of what the function gives for one vector; it is called once with ones to learn them, unless given.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.apply_along_axis(lambda row: row.max() - row.min(), 1, da.arange(6, chunks=3).reshape(2, 3)).compute().tolist()
    [2, 2]
    """
    import numpy as np

    x = as_array(x)
    axis = axis + x.ndim if axis < 0 else axis
    if not 0 <= axis < x.ndim:
        raise ArgumentError(f"apply_along_axis: axis {axis} of an array with {x.ndim} axes")
    if dtype is None or shape is None:
        made = np.asarray(function(np.ones(x.shape[axis], x.dtype), *args, **kwargs))
        dtype, shape = made.dtype if dtype is None else dtype, made.shape if shape is None else shape
    if len(shape) > 1:
        raise UnsupportedError("apply_along_axis to more axes than one is not supported; take map_blocks")
    whole = x.rechunk({axis: -1})
    lengths = list(whole.chunks)
    lengths[axis : axis + 1] = [(int(length),) for length in shape]
    return map_blocks(
        lambda chunk: np.apply_along_axis(function, axis, chunk, *args, **kwargs),
        whole,
        dtype=dtype,
        chunks=tuple(lengths),
        drop_axis=None if shape else axis,
    )
