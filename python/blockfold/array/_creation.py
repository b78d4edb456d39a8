"""Arrays made from nothing, from memory, from files."""

from __future__ import annotations

import os
from typing import Any

from .._dtypes import array_dtype
from ..exceptions import ArgumentError, UnsupportedError
from ..session import current
from ._array import Array
from ._operands import as_array, from_numpy
from ._shape import lengths

__all__ = [
    "arange", "array", "asanyarray", "asarray", "empty", "empty_like", "eye", "from_array", "from_dataframe", "from_dlpack",
    "from_zarr", "fromfunction", "full", "full_like", "identity", "indices", "linspace", "meshgrid", "ones", "ones_like",
    "open_npy", "open_zarr", "to_npy", "to_zarr", "tri", "tril", "triu", "zeros", "zeros_like",
]  # fmt: skip


def _on(device: Any) -> None:
    if device not in (None, "cpu"):
        raise ArgumentError(f"device: {device!r} is none; there is 'cpu'")


def full(
    shape: Any, fill_value: Any, *, dtype: Any = None, chunks: Any = "auto", device: Any = None, **unused: Any
) -> Array:
    """An array of one value.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.full((2, 2), 7, chunks=1).compute().tolist()
    [[7, 7], [7, 7]]
    """
    _on(device)
    value = fill_value.compute() if isinstance(fill_value, Array) else fill_value
    value = value.item() if hasattr(value, "item") else value
    own = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}.get(type(value))
    if own is None:
        raise ArgumentError(f"full: {fill_value!r} is no number")
    name = array_dtype(getattr(fill_value, "dtype", own) if dtype is None else dtype)
    if name.startswith("complex"):
        plain = Array(current().full(lengths(shape), 0.0, "float64", chunks)).astype(name)
        return (plain + complex(value)).astype(name)
    if name == "bool":
        value = bool(value)
    elif name.startswith("float"):
        value = float(value)
    return Array(current().full(lengths(shape), value, name, chunks))


def zeros(shape: Any, dtype: Any = None, *, chunks: Any = "auto", device: Any = None, **unused: Any) -> Array:
    """An array of zeros, of float64 unless said.

    Parameters
    ----------
    shape : int or tuple of int
        Length along each axis.
    dtype : dtype, optional
        Type of the result.
    chunks : int, tuple or str
        Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.
    device : {'cpu'}, optional
        The only device.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.zeros((2, 2), chunks=1).compute().tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    return full(shape, 0, dtype=dtype or "float64", chunks=chunks, device=device)


def ones(shape: Any, dtype: Any = None, *, chunks: Any = "auto", device: Any = None, **unused: Any) -> Array:
    """An array of ones, of float64 unless said.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.ones((15, 15), chunks=(5, 5)).sum().compute()
    np.float64(225.0)
    """
    return full(shape, 1, dtype=dtype or "float64", chunks=chunks, device=device)


empty = zeros


def _like(x: Any, chunks: Any) -> tuple[Array, Any]:
    x = as_array(x)
    return x, x.chunks if chunks is None else chunks


def full_like(
    x: Any, /, fill_value: Any, *, dtype: Any = None, chunks: Any = None, device: Any = None, **unused: Any
) -> Array:
    """An array of one value, of the shape and chunks of another.

    Parameters
    ----------
    x : array_like
        The elements.
    fill_value : number
        The value of all elements.
    dtype : dtype, optional
        Type of the result.
    chunks : int, tuple or str
        Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.
    device : {'cpu'}, optional
        The only device.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.full_like(da.ones(2), 5).compute().tolist()
    [5.0, 5.0]
    """
    x, chunks = _like(x, chunks)
    return full(x.shape, fill_value, dtype=dtype or x.dtype, chunks=chunks, device=device)


def zeros_like(x: Any, /, *, dtype: Any = None, chunks: Any = None, device: Any = None, **unused: Any) -> Array:
    """An array of zeros, of the shape and chunks of another.

    Parameters
    ----------
    x : array_like
        The elements.
    dtype : dtype, optional
        Type of the result.
    chunks : int, tuple or str
        Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.
    device : {'cpu'}, optional
        The only device.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.zeros_like(da.ones(2)).compute().tolist()
    [0.0, 0.0]
    """
    return full_like(x, 0, dtype=dtype, chunks=chunks, device=device)


def ones_like(x: Any, /, *, dtype: Any = None, chunks: Any = None, device: Any = None, **unused: Any) -> Array:
    """An array of ones, of the shape and chunks of another.

    Parameters
    ----------
    x : array_like
        The elements.
    dtype : dtype, optional
        Type of the result.
    chunks : int, tuple or str
        Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.
    device : {'cpu'}, optional
        The only device.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.ones_like(da.zeros(2)).compute().tolist()
    [1.0, 1.0]
    """
    return full_like(x, 1, dtype=dtype, chunks=chunks, device=device)


empty_like = zeros_like


def arange(
    start: Any,
    /,
    stop: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    chunks: Any = "auto",
    device: Any = None,
    **unused: Any,
) -> Array:
    """Numbers from `start` up to `stop`, which is left out, `step` apart.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.arange(1, 7, 2).compute().tolist()
    [1, 3, 5]
    """
    _on(device)
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise ArgumentError("arange: a step of 0; take any other")
    if all(isinstance(one, int) or hasattr(one, "__index__") for one in (start, stop, step)):
        made = Array(current().arange(int(start), int(stop), int(step), chunks))
        return made if dtype is None else made.astype(dtype)
    import math

    count = max(0, math.ceil((stop - start) / step))
    made = Array(current().arange(0, count, 1, chunks)) * float(step) + float(start)
    return made if dtype is None else made.astype(dtype)


def linspace(
    start: Any,
    stop: Any,
    /,
    num: int = 50,
    *,
    endpoint: bool = True,
    dtype: Any = None,
    chunks: Any = "auto",
    device: Any = None,
    **unused: Any,
) -> Array:
    """`num` numbers from `start` to `stop`, evenly apart.

    Parameters
    ----------
    start : number
        The first number.
    stop : number, optional
        The number before which to stop.
    num : int
        How many numbers.
    endpoint : bool
        Whether `stop` is among them.
    dtype : dtype, optional
        Type of the result.
    chunks : int, tuple or str
        Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.
    device : {'cpu'}, optional
        The only device.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.linspace(0, 1, 5).compute().tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    _on(device)
    if isinstance(start, complex) or isinstance(stop, complex):
        raise UnsupportedError("linspace of complex numbers is not supported; take two of real ones, and as_complex")
    if num < 0:
        raise ArgumentError(f"linspace: {num} numbers; there cannot be fewer than none")
    if endpoint:
        made = Array(current().linspace(float(start), float(stop), num, chunks))
    else:
        made = Array(current().linspace(float(start), float(stop), num + 1, "auto"))[:-1]
    return made if dtype is None else made.astype(dtype)


def eye(
    n_rows: int,
    n_cols: int | None = None,
    /,
    *,
    k: int = 0,
    dtype: Any = None,
    chunks: Any = "auto",
    device: Any = None,
    **unused: Any,
) -> Array:
    """A matrix of ones on a diagonal, and zeros elsewhere.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    n_cols : int, optional
        Number of columns.
    k : int
        Which diagonal: above the main one when positive.
    dtype : dtype, optional
        Type of the result.
    chunks : int, tuple or str
        Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.
    device : {'cpu'}, optional
        The only device.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.eye(2).compute().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    _on(device)
    made = Array(current().eye(n_rows, n_rows if n_cols is None else n_cols, k, chunks))
    return made if dtype is None else made.astype(dtype)


def identity(n: int, dtype: Any = None, *, chunks: Any = "auto") -> Array:
    """A square matrix of ones on its diagonal.

    Parameters
    ----------
    n : int
        Number of rows.
    dtype : dtype, optional
        Type of the result.
    chunks : int, tuple or str
        Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.identity(2).compute().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return eye(n, dtype=dtype, chunks=chunks)


def asarray(
    obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None, chunks: Any = None, **unused: Any
) -> Array:
    """A lazy array of whatever it is: a lazy one, NumPy's, lists, numbers. NumPy's memory is shared unless ``copy=True``.

    Parameters
    ----------
    obj : array_like
        An array, nested lists or a number.
    dtype : dtype, optional
        Type of the result.
    device : {'cpu'}, optional
        The only device.
    copy : bool, optional
        Whether memory is copied.
    chunks : int, tuple or str
        Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

    Examples
    --------
    >>> import blockfold.array as da
    >>> import numpy as np
    >>> da.asarray(np.ones(3), chunks=2).chunks
    ((2, 1),)
    """
    _on(device)
    if isinstance(obj, Array):
        made = obj
    elif isinstance(obj, (list, tuple)) and any(isinstance(one, Array) for one in obj):
        from ._shape import stack

        made = stack(list(obj))
    else:
        import numpy as np

        values = np.asarray(obj) if dtype is None else np.asarray(obj, dtype=array_dtype(dtype))
        made = from_numpy(np.array(values, copy=True) if copy else values, chunks)
    return made if dtype is None else made.astype(dtype)


array = asanyarray = asarray


def from_array(x: Any, chunks: Any = "auto", **unused: Any) -> Array:
    """A lazy array over the memory of a NumPy array, which is shared, in chunks.

    Of other things that have a shape, a dtype and square brackets, as data sets of h5py and zarr, boxes are read as they are
    needed, from several threads and more than once where that is cheaper than to keep them.

    Examples
    --------
    >>> import blockfold.array as da, numpy as np
    >>> da.from_array(np.arange(6), chunks=2).chunks
    ((2, 2, 2),)
    """
    if isinstance(x, Array):
        return x.rechunk(chunks)
    import numpy as np

    if not isinstance(x, (np.ndarray, np.generic)) and all(
        hasattr(x, name) for name in ("shape", "dtype", "__getitem__")
    ):
        dtype = array_dtype(x.dtype)
        return Array(current().boxes_of(_Boxes(x, dtype), lengths(x.shape), dtype, chunks))
    return from_numpy(np.asarray(x), chunks)


class _Boxes:
    """What is asked for boxes of something that can be sliced."""

    def __init__(self, of: Any, dtype: str):
        self._of, self._dtype = of, dtype

    def __call__(self, start: list[int], shape: list[int]) -> Any:
        import numpy as np

        box = tuple(slice(first, first + length) for first, length in zip(start, shape, strict=True))
        return np.require(np.asarray(self._of[box]), dtype=self._dtype, requirements=["C", "A"])


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Array:
    """A lazy array over the memory of an object with ``__dlpack__``.

    Parameters
    ----------
    x : array_like
        The elements.
    device : {'cpu'}, optional
        The only device.
    copy : bool, optional
        Whether memory is copied.

    Examples
    --------
    >>> import blockfold.array as da
    >>> import numpy as np
    >>> da.from_dlpack(np.arange(3)).compute().tolist()
    [0, 1, 2]
    """
    import numpy as np

    _on(device)
    return x if isinstance(x, Array) else from_numpy(np.from_dlpack(x))


def open_npy(path: str | os.PathLike[str], chunks: Any = "auto") -> Array:
    """The array of an ``.npy`` file, mapped into memory and read box by box.

    Parameters
    ----------
    path : path
        The file or folder.
    chunks : int, tuple or str
        Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

    Examples
    --------
    >>> import blockfold.array as da
    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "x")
    >>> _ = da.to_npy(path, da.ones(3))
    >>> da.open_npy(path).sum().compute()
    np.float64(3.0)
    """
    return Array(current().open_npy(os.fspath(path), chunks))


def from_zarr(path: str | os.PathLike[str], chunks: Any = None) -> Array:
    """The array in Zarr's format, version 2 or 3, in a folder; its chunks are those in which it is stored, unless given.

    Parameters
    ----------
    path : path
        The file or folder.
    chunks : int, tuple or str
        Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

    Examples
    --------
    >>> import blockfold.array as da
    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "x")
    >>> _ = da.to_zarr(da.ones(3), path)
    >>> da.from_zarr(path).sum().compute()
    np.float64(3.0)
    """
    return Array(current().open_zarr(os.fspath(path), chunks))


open_zarr = from_zarr


def to_npy(path: str | os.PathLike[str], x: Any, *, overwrite: bool = False) -> dict[str, Any]:
    """Writes an ``.npy`` file, block by block.

    Parameters
    ----------
    path : path
        The file or folder.
    x : array_like
        The elements.
    overwrite : bool
        Whether what is there is replaced.

    Examples
    --------
    >>> import blockfold.array as da
    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "x")
    >>> da.to_npy(path, da.ones(3))["bytes_written"]
    24
    """
    return as_array(x).to_npy(path, overwrite=overwrite)


def to_zarr(x: Any, path: str | os.PathLike[str], **options: Any) -> dict[str, Any]:
    """Writes an array in Zarr's format, chunk by chunk.

    Parameters
    ----------
    x : array_like
        The elements.
    path : path
        The file or folder.

    Examples
    --------
    >>> import blockfold.array as da
    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "x")
    >>> da.to_zarr(da.ones(3), path)["bytes_written"]
    24
    """
    return as_array(x).to_zarr(path, **options)


def from_dataframe(frame: Any) -> Array:
    """The columns of a lazy frame as a matrix.

    Examples
    --------
    >>> import blockfold as bf
    >>> import blockfold.array as da
    >>> da.from_dataframe(bf.from_dict({"x": [1, 2], "y": [3, 4]})).shape
    (2, 2)
    """
    return frame.to_array()


def meshgrid(*arrays: Any, indexing: str = "xy") -> list[Array]:
    """The coordinates of a grid, an array for each axis.

    Examples
    --------
    >>> import blockfold.array as da
    >>> [one.shape for one in da.meshgrid(da.arange(2), da.arange(3))]
    [(3, 2), (3, 2)]
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing {indexing!r} is none; there are 'xy' and 'ij'")
    made = [as_array(one).reshape((-1,)) for one in arrays]
    count = len(made)
    if indexing == "xy" and count > 1:
        made[0], made[1] = made[1], made[0]
    from ._shape import broadcast_to

    shape = tuple(one.shape[0] for one in made)
    grids = [
        broadcast_to(one.reshape(tuple(-1 if axis == at else 1 for axis in range(count))), shape)
        for at, one in enumerate(made)
    ]
    if indexing == "xy" and count > 1:
        grids[0], grids[1] = grids[1], grids[0]
    return grids


def indices(shape: Any, dtype: Any = None) -> Array:
    """The places of the elements of a shape, along a first axis of its own.

    Parameters
    ----------
    shape : int or tuple of int
        Length along each axis.
    dtype : dtype, optional
        Type of the result.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.indices((2, 2)).shape
    (2, 2, 2)
    """
    from ._shape import stack

    shape = lengths(shape)
    made = stack(meshgrid(*[arange(length) for length in shape], indexing="ij"))
    return made if dtype is None else made.astype(dtype)


def fromfunction(function: Any, shape: Any, *, dtype: Any = float, **kwargs: Any) -> Array:
    """What a function makes of the coordinates of the elements.

    Parameters
    ----------
    function : callable
        Takes a NumPy array.
    shape : int or tuple of int
        Length along each axis.
    dtype : dtype, optional
        Type of the result.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.fromfunction(lambda i, j: i + j, (2, 2)).compute().tolist()
    [[0.0, 1.0], [1.0, 2.0]]
    """
    places = meshgrid(*[arange(length, dtype=dtype) for length in lengths(shape)], indexing="ij")
    return function(*places, **kwargs)


def _triangle(x: Any, k: int, keeps_lower: bool) -> Array:
    from ._elementwise import where

    x = as_array(x)
    rows, columns = x.shape[-2:]
    offset = arange(columns).reshape((1, columns)) - arange(rows).reshape((rows, 1))
    return where(offset <= k if keeps_lower else offset >= k, x, full((), 0, dtype=x.dtype))


def tril(x: Any, /, k: int = 0) -> Array:
    """The lower triangle of matrices, zeros elsewhere.

    Parameters
    ----------
    x : array_like
        The elements.
    k : int
        Which diagonal: above the main one when positive.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.tril(da.ones((2, 2))).compute().tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    return _triangle(x, k, True)


def triu(x: Any, /, k: int = 0) -> Array:
    """The upper triangle of matrices, zeros elsewhere.

    Parameters
    ----------
    x : array_like
        The elements.
    k : int
        Which diagonal: above the main one when positive.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.triu(da.ones((2, 2))).compute().tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    return _triangle(x, k, False)


def tri(n: int, m: int | None = None, k: int = 0, dtype: Any = float) -> Array:
    """A matrix of ones at and below a diagonal, and zeros elsewhere.

    Parameters
    ----------
    n : int
        Number of rows.
    m : int, optional
        Number of columns.
    k : int
        Which diagonal: above the main one when positive.
    dtype : dtype, optional
        Type of the result.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.tri(2).compute().tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    return tril(ones((n, n if m is None else m), dtype=dtype), k=k)
