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
    *arrays: Any,
    dtype: Any = None,
    chunks: Any = None,
    drop_axis: Any = None,
    new_axis: Any = None,
    **kwargs: Any,
) -> Array:
    """A function of each chunk as a NumPy array, which shares the engine's memory; its result has the chunk's shape.

    The function is called from the engine's threads, with the GIL held meanwhile. What it raises comes back with its own
    traceback.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.ones((4,), chunks=2).map_blocks(lambda chunk: chunk.cumsum()).compute().tolist()
    [1.0, 2.0, 1.0, 2.0]
    """
    if chunks is not None or drop_axis is not None or new_axis is not None:
        raise UnsupportedError("map_blocks to other shapes is not supported; reduce or reshape the array beside it")
    lazy = [one for one in arrays if isinstance(one, Array)]
    if len(lazy) != 1 or not isinstance(arrays[0], Array):
        raise UnsupportedError(
            "map_blocks takes one array, the first argument; combine several with operators, or stack them"
        )
    x, args = arrays[0], arrays[1:]
    name = array_dtype(_inferred(function, x, args, kwargs) if dtype is None else dtype)
    return Array(x._core.map_blocks(_Call(function, args, kwargs, name), name))


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


def apply_along_axis(function: Any, axis: int, x: Any, *args: Any, **kwargs: Any) -> Array:
    """Not there: says what is."""
    raise UnsupportedError(
        "apply_along_axis is not supported; take map_blocks of an array that is whole along the axis"
    )
