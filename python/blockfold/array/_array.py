"""Lazy arrays: what they are, their operators, and what computes or writes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from .._collection import Collection
from .._dtypes import array_dtype
from ..exceptions import ArgumentError, OutOfBoundsError
from ..session import Session
from ._methods import Methods
from ._operators import Operators

if TYPE_CHECKING:
    import numpy as np

    from ..dataframe import DataFrame


class Array(Operators, Methods, Collection):
    """A lazy array of any number of axes, in chunks, larger than memory if need be.

    The vocabulary is NumPy's. Nothing is computed until `compute`, ``numpy.asarray``, or one of the ``to_`` methods asks.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(12, chunks=4).reshape(3, 4)
    >>> (x + x.mean(axis=0)).sum().compute()
    np.float64(132.0)
    """

    __slots__ = ("__weakref__", "_core")

    #: NumPy lets our operators go first.
    __array_priority__ = 20.0

    def __init__(self, native: core.Array):
        self._core = native

    # ---- what it is

    @property
    def shape(self) -> tuple[int, ...]:
        """Length along each axis.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.shape
        (2, 3)
        """
        return tuple(self._core.shape)

    @property
    def ndim(self) -> int:
        """Number of axes.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.ndim
        2
        """
        return len(self._core.shape)

    @property
    def size(self) -> int:
        """Number of elements.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.size
        6
        """
        count = 1
        for length in self._core.shape:
            count *= length
        return count

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements, as NumPy has it.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.dtype
        dtype('int64')
        """
        import numpy as np

        return np.dtype(self._core.dtype)

    @property
    def itemsize(self) -> int:
        """Bytes of an element.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.itemsize
        8
        """
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.nbytes
        48
        """
        return self._core.nbytes

    @property
    def device(self) -> str:
        """The only device: "cpu".

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.device
        'cpu'
        """
        return "cpu"

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """Lengths of the chunks along each axis.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.rechunk((1, 2)).chunks
        ((1, 1), (2, 1))
        """
        return tuple(tuple(lengths) for lengths in self._core.chunks)

    @property
    def chunksize(self) -> tuple[int, ...]:
        """Length of the longest chunk along each axis.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.rechunk((1, 2)).chunksize
        (1, 2)
        """
        return tuple(max(lengths, default=0) for lengths in self._core.chunks)

    @property
    def numblocks(self) -> tuple[int, ...]:
        """Number of chunks along each axis.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.rechunk((1, 2)).numblocks
        (2, 2)
        """
        return tuple(len(lengths) for lengths in self._core.chunks)

    @property
    def npartitions(self) -> int:
        """Number of chunks.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.rechunk((1, 2)).npartitions
        4
        """
        count = 1
        for blocks in self.numblocks:
            count *= blocks
        return count

    @property
    def session(self) -> Session:
        """The session that computes the array.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.session.threads > 0
        True
        """
        return Session._of(self._core.session)

    def __len__(self) -> int:
        if not self._core.shape:
            raise TypeError("len of an array without axes")
        return self._core.shape[0]

    def __iter__(self) -> Iterator[Array]:
        return (self[at] for at in range(len(self)))

    # ---- single values

    def item(self) -> Any:
        """The only element, as Python's own value.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x[1, 2].item()
        5
        """
        if self.size != 1:
            raise ArgumentError(f"item: the array has {self.size} elements, shape {self.shape}; it takes one")
        return self.compute().item()

    def __bool__(self) -> bool:
        return bool(self._single("truth value"))

    def __int__(self) -> int:
        return int(self._single("whole number"))

    def __float__(self) -> float:
        return float(self._single("float"))

    def __complex__(self) -> complex:
        return complex(self._single("complex number"))

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise TypeError(f"an array of {self.dtype} is no index")
        return int(self._single("index"))

    def _single(self, what: str) -> Any:
        if self.size != 1:
            error = ValueError if what == "truth value" else TypeError
            raise error(
                f"an array of {self.size} elements has no single {what}; use any() or all(), or take one element"
            )
        return self.compute().item()

    # ---- parts

    def __getitem__(self, key: Any) -> Array:
        from ._indexing import getitem

        return getitem(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        from ._indexing import setitem

        self._core = setitem(self, key, value)._core

    @property
    def blocks(self) -> Blocks:
        """The chunks, by their place among them: ``x.blocks[0, 1]``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.rechunk((1, 3)).blocks[1].compute().tolist()
        [[3, 4, 5]]
        """
        return Blocks(self)

    partitions = blocks

    # ---- chunks and types

    def rechunk(self, chunks: Any = "auto", **unused: Any) -> Array:
        """The same elements in other chunks: a length for all axes, one for each, -1 for a whole axis, a dictionary by axes.

        Examples
        --------
        >>> import blockfold.array as da
        >>> da.ones((6, 6), chunks=3).rechunk((2, -1)).chunks
        ((2, 2, 2), (6,))
        """
        if isinstance(chunks, dict):
            own: list[Any] = [list(lengths) for lengths in self.chunks]
            for axis, length in chunks.items():
                own[axis] = length
            chunks = tuple(tuple(one) if isinstance(one, list) else one for one in own)
        return Array(self._core.rechunk(chunks))

    def astype(self, dtype: Any, copy: bool = True, **unused: Any) -> Array:
        """The elements as another type; floats lose their fractions where they become whole numbers.

        Parameters
        ----------
        dtype : dtype, optional
            Type of the result.
        copy : bool
            Taken as NumPy takes it.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.astype("float32").dtype
        dtype('float32')
        """
        return Array(self._core.astype(array_dtype(dtype)))

    def to_device(self, device: str, /, *, stream: Any = None) -> Array:
        """The array itself: there is one device, "cpu".

        Parameters
        ----------
        device : {'cpu'}
            The only device.
        stream : None
            Not used.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.to_device("cpu") is x
        True
        """
        if device != "cpu":
            raise ArgumentError(f"device: {device!r} is none; there is 'cpu'")
        return self

    def copy(self) -> Array:
        """The same description; elements that are assigned to one are not seen by the other.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.copy().shape
        (2, 3)
        """
        return Array(self._core)

    def compute_chunk_sizes(self) -> Array:
        """The array itself: lengths of chunks are always known.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.compute_chunk_sizes().shape
        (2, 3)
        """
        return self

    # ---- runs

    def compute(self, **unused: Any) -> Any:
        """The elements as a NumPy array, without a copy; a NumPy scalar of an array without axes.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.compute()
        array([[0, 1, 2],
               [3, 4, 5]])
        """
        import numpy as np

        return np.asarray(self._core.compute())[()]

    def persist(self) -> Array:
        """The same array, computed now: kept in memory while it is small against the budget, else in a scratch file.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> (x * 2).persist().sum().compute()
        np.int64(30)
        """
        return Array(self._core.persist())

    def to_dask(self) -> Any:
        """The same array as one of Dask, chunk by chunk; `blockfold.from_dask` is the way back.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.to_dask().sum().compute(scheduler="sync")
        np.int64(15)
        """
        from .._cluster.convert import to_dask_array

        return to_dask_array(self)

    def to_npy(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> dict[str, Any]:
        """Writes an ``.npy`` file, block by block; it appears whole or not at all.

        Parameters
        ----------
        path : path
            The file or folder.
        overwrite : bool
            Whether what is there is replaced.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> import os, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> x.to_npy(os.path.join(folder.name, "x.npy"))["bytes_written"]
        48
        """
        return self._core.to_npy(path, overwrite)

    def to_zarr(self, path: str | os.PathLike[str], *, zarr_format: int = 3, overwrite: bool = False) -> dict[str, Any]:
        """Writes an array in Zarr's format, chunk by chunk; the folder appears whole or not at all.

        Parameters
        ----------
        path : path
            The file or folder.
        zarr_format : {2, 3}
            Version of the format.
        overwrite : bool
            Whether what is there is replaced.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> import os, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> x.to_zarr(os.path.join(folder.name, "x.zarr"))["bytes_written"]
        48
        """
        return self._core.to_zarr(path, zarr_format, overwrite)

    def to_frame(self, names: Any = None) -> DataFrame:
        """The columns of a matrix as a lazy frame.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.to_frame(["a", "b", "c"]).b.sum().compute()
        5
        """
        from ..dataframe import DataFrame

        lazy = self.reshape((-1, 1)) if self.ndim == 1 else self
        names = [names] if isinstance(names, str) else names or [f"{at}" for at in range(lazy.shape[1])]
        return DataFrame._of(lazy._core.to_frame(list(names)))

    def to_dask_dataframe(self, columns: Any = None) -> DataFrame:
        """The columns of a matrix as a lazy frame, under Dask's name of it.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> list(x.to_dask_dataframe(["a", "b", "c"]).columns)
        ['a', 'b', 'c']
        """
        return self.to_frame(columns)

    def explain(self, stage: str = "optimized") -> str:
        """The plan as text, at a stage: logical, optimized, steps, fused or memory.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> print((x + 1).explain("logical").splitlines()[0])
        elementwise ($0 + 1)
        """
        return self._core.explain(stage)

    def visualize(self, filename: str | None = None, **options: Any) -> Any:
        """A picture of the plan, or with ``view="chunks"`` of the array; see `blockfold.visualize`.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.visualize(view="chunks").format
        'svg'
        """
        from ..visualize import visualize

        return visualize(self, filename=filename, **options)

    def estimate(self) -> str:
        """What computing the array will need, before a byte is read.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> print(x.estimate().splitlines()[0])
        chain 0: read arange > reshape
        """
        return self._core.estimate()

    # ---- protocols

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy as np

        values = np.asarray(self._core.compute())
        return values if dtype is None else values.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from ._numpy import call_ufunc

        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from ._numpy import call_function

        return call_function(func, args, kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        if api_version not in (None, "2022.12", "2023.12", "2024.12", "2025.12"):
            raise ArgumentError(
                f"api_version: {api_version!r} is none; there are 2022.12, 2023.12, 2024.12 and 2025.12"
            )
        import blockfold.array

        return blockfold.array

    def __dlpack__(self, **options: Any) -> Any:
        import numpy as np

        return np.asarray(self._core.compute()).__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0

    def __repr__(self) -> str:
        return f"<blockfold.Array: {self._core.dtype}, shape {self.shape}, chunks {self.chunksize}>"

    def _repr_html_(self) -> str:
        from ._html import html

        return html(self)


class Blocks:
    """Chunks by their place."""

    __slots__ = ("_array",)

    def __init__(self, array: Array):
        self._array = array

    def __getitem__(self, key: Any) -> Array:
        places = key if isinstance(key, tuple) else (key,)
        counts = self._array.numblocks
        if len(places) > len(counts):
            raise OutOfBoundsError(f"blocks: {len(places)} places for {len(counts)} axes")
        bounds = []
        for axis, count in enumerate(counts):
            place = places[axis] if axis < len(places) else slice(None)
            start, stop, step = place.indices(count) if isinstance(place, slice) else _one(place, count)
            if step != 1:
                raise ArgumentError("blocks: take a slice without a step")
            lengths = self._array.chunks[axis]
            bounds.append(slice(sum(lengths[:start]), sum(lengths[:stop])))
        return self._array[tuple(bounds)]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of chunks along each axis."""
        return self._array.numblocks


def _one(place: int, count: int) -> tuple[int, int, int]:
    at = place + count if place < 0 else place
    if not 0 <= at < count:
        raise OutOfBoundsError(f"blocks: {place} of {count}")
    return at, at + 1, 1
