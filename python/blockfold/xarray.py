"""xarray's chunked arrays: ``ds.chunk(..., chunked_array_type="blockfold")``.

xarray finds the manager by its entry point once the package is installed. Arithmetic, reductions, indexing and
concatenation are lazy; what asks for a function over several chunked arrays at once is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from xarray.namedarray.parallelcompat import ChunkManagerEntrypoint

from . import array as arrays
from .compute import compute, persist
from .exceptions import UnsupportedError

__all__ = ["BlockfoldManager"]


def _not_for_dask() -> None:
    """Has xarray's manager of Dask arrays leave ours alone: they are Dask collections, too, which is all that it asks."""
    from xarray.namedarray.daskmanager import DaskManager

    own = DaskManager.is_chunked_array
    if not hasattr(own, "__wrapped__"):

        @wraps(own)
        def is_chunked_array(self: Any, data: Any) -> bool:
            return not isinstance(data, arrays.Array) and own(self, data)

        DaskManager.is_chunked_array = is_chunked_array


class BlockfoldManager(ChunkManagerEntrypoint[arrays.Array]):
    """How xarray makes, cuts and computes arrays of blockfold."""

    array_cls: type[arrays.Array]
    available = True

    def __init__(self) -> None:
        self.array_cls = arrays.Array
        _not_for_dask()

    def chunks(self, data: Any) -> Any:
        """Lengths of the chunks along each axis."""
        return data.chunks

    def normalize_chunks(
        self, chunks: Any, shape: Any = None, limit: int | None = None, dtype: Any = None, previous_chunks: Any = None
    ) -> Any:
        """Chunks as lengths along each axis."""
        return arrays.zeros(shape, dtype=dtype, chunks=chunks).chunks

    def from_array(self, data: Any, chunks: Any, **unused: Any) -> arrays.Array:
        """A lazy array in chunks; what xarray has not loaded is read box by box."""
        return arrays.from_array(data, chunks=chunks)

    def rechunk(self, data: Any, chunks: Any, **unused: Any) -> Any:
        """The same elements in other chunks."""
        return data.rechunk(chunks)

    def compute(self, *data: Any, **unused: Any) -> tuple[Any, ...]:
        """The elements of several arrays, from one run."""
        import numpy as np

        return tuple(np.asarray(answer) for answer in compute(*data))

    def persist(self, *data: Any, **unused: Any) -> tuple[Any, ...]:
        """The same arrays, computed now."""
        return persist(*data)

    @property
    def array_api(self) -> Any:
        """The namespace of functions."""
        return arrays

    def apply_gufunc(
        self,
        func: Callable[..., Any],
        signature: str,
        *args: Any,
        axes: Any = None,
        keepdims: bool = False,
        output_dtypes: Any = None,
        vectorize: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """A function of one array, whose result has its shape, over chunks that are whole along the axes it works on."""
        inputs, _, outputs = signature.replace(" ", "").partition("->")
        if len(args) != 1 or inputs != outputs or vectorize:
            raise UnsupportedError(
                f"apply_gufunc of the signature {signature!r} is not supported; take functions of xarray, or map_blocks"
            )
        [x] = args
        names = [name for name in inputs.strip("()").split(",") if name]
        whole = {x.ndim - 1 - at: -1 for at in range(len(names))}
        dtype = output_dtypes[0] if output_dtypes else None
        for unused in ("allow_rechunk", "meta", "output_sizes"):
            kwargs.pop(unused, None)
        return x.rechunk(whole).map_blocks(func, dtype=dtype, **kwargs)

    def map_blocks(self, func: Callable[..., Any], *args: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """A function of each chunk, whose result has the chunk's shape."""
        for unused in ("chunks", "drop_axis", "new_axis"):
            if not kwargs.get(unused):
                kwargs.pop(unused, None)
        return arrays.map_blocks(func, *args, dtype=dtype, **kwargs)

    def unify_chunks(self, *args: Any, **unused: Any) -> Any:
        """The arrays as they are: those of different chunks meet."""
        return {}, list(args[::2])

    def store(self, sources: Any, targets: Any, **unused: Any) -> None:
        """Writes arrays into others that take square brackets, a chunk after the other."""
        arrays.store(sources, targets)
