"""Functions of matrices in the last two axes, called by NumPy for the chunks of a stack of them."""

from __future__ import annotations

import itertools
from typing import Any

from ..delayed import delayed
from ..exceptions import ShapeError
from ._array import Array
from ._many_blocks import array_of


def is_stack(x: Array) -> bool:
    """Whether there are several matrices, or a complex one: what the engine's own decompositions do not take."""
    return x.ndim > 2 or x.dtype.kind == "c"


def shape_of(x: Array, op: str, square: bool = False) -> tuple[int, int]:
    """Rows and columns of the matrices."""
    if x.ndim < 2:
        raise ShapeError(f"{op}: an array of shape {x.shape} is no matrix; it takes at least two axes")
    rows, columns = x.shape[-2:]
    if square and rows != columns:
        raise ShapeError(f"{op}: matrices of {rows} rows and {columns} columns; they have to be square")
    return rows, columns


def real(dtype: Any) -> Any:
    """The type of the parts of complex numbers; of others the type itself."""
    import numpy as np

    return np.empty(0, dtype).real.dtype


def by_matrix(function: Any, arrays: list[Array], *results: tuple[tuple[int, ...], Any]) -> tuple[Array, ...]:
    """What a function gives for matrices, when they are needed: an array for each shape, of one matrix, and type.

    Each chunk along the other axes is one call, with its matrices whole in memory. All arrays but the first have the
    same axes before their matrices, or none.
    """
    first = arrays[0]
    lead = first.ndim - 2
    whole = [one.rechunk({axis: -1 for axis in range(max(one.ndim - 2, 0), one.ndim)}) for one in arrays]
    chunks = whole[0].chunks[:lead]
    whole = [
        one.rechunk(dict(enumerate(chunks))) if one.ndim > 2 and one is not whole[0] else one for one in whole
    ]
    call, calls = delayed(function), [[] for _ in results]
    for place in itertools.product(*(range(len(along)) for along in chunks)):
        made = call(*(delayed(one.blocks[place] if one.ndim > 2 and place else one) for one in whole))
        for at, found in enumerate(calls):
            found.append(made[at] if len(results) > 1 else made)
    return tuple(
        array_of(found, (*chunks, *((length,) for length in shape)), str(dtype))
        for found, (shape, dtype) in zip(calls, results, strict=True)
    )
