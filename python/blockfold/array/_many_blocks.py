"""Arrays of which calls make the chunks, and functions of the chunks of several arrays."""

from __future__ import annotations

import inspect
import itertools
from typing import Any

from .._dtypes import array_dtype
from ..delayed import Delayed, delayed
from ..exceptions import ArgumentError, ShapeError
from ..session import current
from ._array import Array

Lengths = tuple[tuple[int, ...], ...]


def array_of(calls: list[Delayed], lengths: Lengths, dtype: str) -> Array:
    """An array of which each call makes a chunk, row by row."""
    import numpy as np

    def values(made: Any) -> Any:
        return np.require(made, dtype=dtype, requirements=["C", "A"])

    shape = [sum(along) for along in lengths]
    native = current().array_of_calls([call._core for call in calls], values, shape, dtype, lengths)
    native._calls = calls
    return Array(native)


def wants(function: Any) -> set[str]:
    """What a function asks to be told beside its chunks."""
    try:
        named = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return set()
    return {"block_id", "block_info"} & set(named)


def mapped(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], dtype: Any, chunks: Any, drop_axis: Any, new_axis: Any
) -> Array:
    """A function of the chunks of arrays that meet, to chunks of any shape."""
    arrays = [one for one in args if isinstance(one, Array)]
    ndim = max(one.ndim for one in arrays)
    dropped = sorted(_axis(axis, ndim, "drop_axis") for axis in _several(drop_axis))
    arrays = _meeting(arrays, ndim, dropped)
    met = [max((_along(one, axis, ndim) for one in arrays), key=len) for axis in range(ndim)]
    kept = [axis for axis in range(ndim) if axis not in dropped]
    lengths = [met[axis] for axis in kept]
    added = sorted(_several(new_axis)) if chunks is None or new_axis is not None else []
    for axis in added:
        lengths.insert(_axis(axis, len(lengths) + 1, "new_axis"), (1,))
    lengths = _said(chunks, lengths, added)
    told = wants(function)
    if dtype is None:
        dtype = _asked(function, args, kwargs, told, len(lengths))
    call, places = delayed(function), {}

    def block(at: int, place: tuple[int, ...]) -> Any:
        """The chunk of an array at a place of the result."""
        one = arrays[at]
        along = [0] * ndim
        for axis, where in zip(kept, (w for n, w in enumerate(place) if n not in added), strict=True):
            along[axis] = where
        own = [along[axis + ndim - one.ndim] if count > 1 else 0 for axis, count in enumerate(one.numblocks)]
        key = (at, *own)
        if key not in places:
            places[key] = delayed(one.blocks[tuple(own)] if own else one), tuple(own)
        return places[key]

    calls = []
    for place in itertools.product(*(range(len(along)) for along in lengths)):
        blocks = [block(at, place) for at in range(len(arrays))]
        rest = iter(blocks)
        parts = [next(rest)[0] if isinstance(one, Array) else one for one in args]
        extra = _told(told, place, lengths, dtype, arrays, [own for _, own in blocks])
        calls.append(call(*parts, **kwargs, **extra))
    return array_of(calls, tuple(lengths), array_dtype(dtype))


def _several(axes: Any) -> list[int]:
    return [] if axes is None else [axes] if isinstance(axes, int) else list(axes)


def _axis(axis: int, ndim: int, what: str) -> int:
    at = axis + ndim if axis < 0 else axis
    if not 0 <= at < ndim:
        raise ArgumentError(f"map_blocks: {what} {axis} of {ndim} axes")
    return at


def _meeting(arrays: list[Array], ndim: int, dropped: list[int]) -> list[Array]:
    """Arrays whose chunks meet: whole along axes that are dropped, and split alike along the others."""
    made = list(arrays)
    for axis in range(ndim):
        own = [(at, axis - (ndim - one.ndim)) for at, one in enumerate(made) if axis >= ndim - one.ndim]
        long = [(at, place) for at, place in own if made[at].shape[place] != 1]
        if len({made[at].shape[place] for at, place in long}) > 1:
            shapes = " and ".join(str(one.shape) for one in arrays)
            raise ShapeError(f"map_blocks: arrays of shape {shapes} do not meet; their axes are equal or of length 1")
        split = {made[at].chunks[place] for at, place in long}
        if axis in dropped:
            wanted: Any = -1
        elif len(split) > 1:
            wanted = max(split, key=len)
        else:
            continue
        for at, place in long:
            made[at] = made[at].rechunk({place: wanted})
    return made


def _along(one: Array, axis: int, ndim: int) -> tuple[int, ...]:
    place = axis - (ndim - one.ndim)
    return one.chunks[place] if place >= 0 else (1,)


def _said(chunks: Any, lengths: list[tuple[int, ...]], added: list[int]) -> list[tuple[int, ...]]:
    """Lengths of chunks as `chunks` gives them, one for all or each."""
    if chunks is None:
        return lengths
    if len(chunks) != len(lengths):
        raise ArgumentError(f"map_blocks: chunks {chunks} for a result of {len(lengths)} axes; say drop_axis or new_axis")
    made = []
    for said, along in zip(chunks, lengths, strict=True):
        each = (said,) * len(along) if isinstance(said, int) else tuple(said)
        if len(each) != len(along):
            raise ArgumentError(f"map_blocks: {len(each)} lengths of chunks where the arrays have {len(along)}")
        made.append(each)
    return made


def _asked(function: Any, args: Any, kwargs: Any, told: set[str], ndim: int) -> Any:
    """The type that a function gives for arrays of one element, as Dask finds it."""
    import numpy as np

    ones = [np.ones((1,) * one.ndim, one.dtype) if isinstance(one, Array) else one for one in args]
    arrays = [one for one in args if isinstance(one, Array)]
    info: dict[Any, Any] = {at: _info((0,) * one.ndim, [(1,)] * one.ndim, one.dtype) for at, one in enumerate(arrays)}
    info[None] = _info((0,) * ndim, [(1,)] * ndim, None)
    extra = {"block_id": (0,) * ndim, "block_info": info}
    try:
        return np.asarray(function(*ones, **kwargs, **{name: extra[name] for name in told})).dtype
    except Exception as error:
        raise ArgumentError(
            f"map_blocks: what the function gives for one element is not known: {error}; pass dtype="
        ) from error


def _told(
    told: set[str], place: tuple[int, ...], lengths: list[tuple[int, ...]], dtype: Any, arrays: list[Array], own: Any
) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if "block_id" in told:
        extra["block_id"] = place
    if "block_info" in told:
        info: dict[Any, Any] = {at: _info(own[at], list(one.chunks), one.dtype) for at, one in enumerate(arrays)}
        info[None] = _info(place, lengths, dtype)
        extra["block_info"] = info
    return extra


def _info(place: tuple[int, ...], lengths: list[tuple[int, ...]], dtype: Any) -> dict[str, Any]:
    bounds = [(sum(along[:at]), sum(along[: at + 1])) for at, along in zip(place, lengths, strict=True)]
    return {
        "shape": tuple(sum(along) for along in lengths),
        "num-chunks": tuple(len(along) for along in lengths),
        "array-location": bounds,
        "chunk-location": place,
        "chunk-shape": tuple(stop - start for start, stop in bounds),
        "dtype": dtype,
    }
