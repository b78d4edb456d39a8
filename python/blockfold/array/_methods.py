"""Functions of arrays as their methods: ``x.sum(axis=0)`` is ``sum(x, axis=0)``."""

from __future__ import annotations

from typing import Any


class Methods:
    """NumPy's methods of arrays."""

    __slots__ = ()

    @property
    def T(self) -> Any:
        """The array with its axes in reverse order.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.T.shape
        (3, 2)
        """
        from ._shape import transpose

        return transpose(self)

    @property
    def mT(self) -> Any:
        """The array with its last two axes exchanged.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.mT.shape
        (3, 2)
        """
        from .linalg import matrix_transpose

        return matrix_transpose(self)

    @property
    def real(self) -> Any:
        """The real parts.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.real.shape
        (2, 3)
        """
        return _call("_elementwise", "real", self)

    @property
    def imag(self) -> Any:
        """The imaginary parts.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> int(x.imag.sum())
        0
        """
        return _call("_elementwise", "imag", self)

    @property
    def flat(self) -> Any:
        """The elements along one axis.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.flat.compute().tolist()
        [0, 1, 2, 3, 4, 5]
        """
        return self.ravel()

    # ---- shape

    def reshape(self, *shape: Any, **options: Any) -> Any:
        """The elements, row by row, in another shape; one length may be -1.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.reshape(3, -1).shape
        (3, 2)
        """
        return _call("_shape", "reshape", self, _unpacked(shape), **options)

    def ravel(self) -> Any:
        """The elements, row by row, along one axis.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.ravel().compute().tolist()
        [0, 1, 2, 3, 4, 5]
        """
        return _call("_shape", "ravel", self)

    flatten = ravel

    def transpose(self, *axes: Any) -> Any:
        """The axes in another order.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.transpose(1, 0).shape
        (3, 2)
        """
        return _call("_shape", "transpose", self, _unpacked(axes) or None)

    def squeeze(self, axis: Any = None) -> Any:
        """The array without axes of length 1.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.reshape(1, 6).squeeze().shape
        (6,)
        """
        return _call("_shape", "squeeze", self, axis)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """Two axes exchanged.

        Parameters
        ----------
        axis1 : int
            The one axis.
        axis2 : int
            The other axis.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.swapaxes(0, 1).shape
        (3, 2)
        """
        return _call("_shape", "swapaxes", self, axis1, axis2)

    def repeat(self, repeats: int, axis: int | None = None) -> Any:
        """Each element so many times in a row.

        Parameters
        ----------
        repeats : int or tuple of int
            How often.
        axis : int or tuple of int, optional
            One axis, several, or None for all.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.repeat(2, axis=1).shape
        (2, 6)
        """
        return _call("_shape", "repeat", self, repeats, axis=axis)

    # ---- reductions

    def sum(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """The sum along axes.

        Parameters
        ----------
        axis : int or tuple of int, optional
            One axis, several, or None for all.
        dtype : dtype, optional
            Type of the result.
        keepdims : bool
            Whether the axes that are reduced stay, with length 1.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.sum(axis=1).compute().tolist()
        [3, 12]
        """
        return _call("_reductions", "sum", self, axis=axis, dtype=dtype, keepdims=keepdims)

    def prod(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """The product along axes.

        Parameters
        ----------
        axis : int or tuple of int, optional
            One axis, several, or None for all.
        dtype : dtype, optional
            Type of the result.
        keepdims : bool
            Whether the axes that are reduced stay, with length 1.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.prod(axis=1).compute().tolist()
        [0, 60]
        """
        return _call("_reductions", "prod", self, axis=axis, dtype=dtype, keepdims=keepdims)

    def mean(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """The mean along axes.

        Parameters
        ----------
        axis : int or tuple of int, optional
            One axis, several, or None for all.
        dtype : dtype, optional
            Type of the result.
        keepdims : bool
            Whether the axes that are reduced stay, with length 1.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.mean(axis=1).compute().tolist()
        [1.0, 4.0]
        """
        return _call("_reductions", "mean", self, axis=axis, dtype=dtype, keepdims=keepdims)

    def std(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, ddof: int = 0, **unused: Any) -> Any:
        """The standard deviation along axes.

        Parameters
        ----------
        axis : int or tuple of int, optional
            One axis, several, or None for all.
        dtype : dtype, optional
            Type of the result.
        keepdims : bool
            Whether the axes that are reduced stay, with length 1.
        ddof : int
            What is taken off the count before it divides.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.std(axis=1).compute().round(3).tolist()
        [0.816, 0.816]
        """
        return _call("_reductions", "std", self, axis=axis, dtype=dtype, keepdims=keepdims, ddof=ddof)

    def var(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, ddof: int = 0, **unused: Any) -> Any:
        """The variance along axes.

        Parameters
        ----------
        axis : int or tuple of int, optional
            One axis, several, or None for all.
        dtype : dtype, optional
            Type of the result.
        keepdims : bool
            Whether the axes that are reduced stay, with length 1.
        ddof : int
            What is taken off the count before it divides.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.var(axis=1).compute().round(3).tolist()
        [0.667, 0.667]
        """
        return _call("_reductions", "var", self, axis=axis, dtype=dtype, keepdims=keepdims, ddof=ddof)

    def min(self, axis: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """The least element along axes.

        Parameters
        ----------
        axis : int or tuple of int, optional
            One axis, several, or None for all.
        keepdims : bool
            Whether the axes that are reduced stay, with length 1.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.min(axis=1).compute().tolist()
        [0, 3]
        """
        return _call("_reductions", "min", self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """The greatest element along axes.

        Parameters
        ----------
        axis : int or tuple of int, optional
            One axis, several, or None for all.
        keepdims : bool
            Whether the axes that are reduced stay, with length 1.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.max(axis=1).compute().tolist()
        [2, 5]
        """
        return _call("_reductions", "max", self, axis=axis, keepdims=keepdims)

    def any(self, axis: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """Whether an element along axes is not zero.

        Parameters
        ----------
        axis : int or tuple of int, optional
            One axis, several, or None for all.
        keepdims : bool
            Whether the axes that are reduced stay, with length 1.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.any(axis=1).compute().tolist()
        [True, True]
        """
        return _call("_reductions", "any", self, axis=axis, keepdims=keepdims)

    def all(self, axis: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """Whether no element along axes is zero.

        Parameters
        ----------
        axis : int or tuple of int, optional
            One axis, several, or None for all.
        keepdims : bool
            Whether the axes that are reduced stay, with length 1.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.all(axis=1).compute().tolist()
        [False, True]
        """
        return _call("_reductions", "all", self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """Where the least element is first.

        Parameters
        ----------
        axis : int or tuple of int, optional
            One axis, several, or None for all.
        keepdims : bool
            Whether the axes that are reduced stay, with length 1.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.argmin(axis=1).compute().tolist()
        [0, 0]
        """
        return _call("_reductions", "argmin", self, axis=axis, keepdims=keepdims)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """Where the greatest element is first.

        Parameters
        ----------
        axis : int or tuple of int, optional
            One axis, several, or None for all.
        keepdims : bool
            Whether the axes that are reduced stay, with length 1.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.argmax(axis=1).compute().tolist()
        [2, 2]
        """
        return _call("_reductions", "argmax", self, axis=axis, keepdims=keepdims)

    def cumsum(self, axis: int | None = None) -> Any:
        """Sums of the elements up to each.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.cumsum(axis=1).compute().tolist()
        [[0, 1, 3], [3, 7, 12]]
        """
        return _call("_reductions", "cumsum", self, axis=axis)

    def cumprod(self, axis: int | None = None) -> Any:
        """Products of the elements up to each.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.cumprod(axis=1).compute().tolist()
        [[0, 0, 0], [3, 12, 60]]
        """
        return _call("_reductions", "cumprod", self, axis=axis)

    def trace(self) -> Any:
        """The sum of the main diagonal.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.trace().compute()
        np.int64(4)
        """
        return _call("linalg", "trace", self)

    # ---- elements

    def clip(self, min: Any = None, max: Any = None) -> Any:
        """The elements limited to bounds.

        Parameters
        ----------
        min : number or array, optional
            The lower bound.
        max : number or array, optional
            The upper bound.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.clip(1, 4).compute().tolist()
        [[1, 1, 2], [3, 4, 4]]
        """
        return _call("_elementwise", "clip", self, min, max)

    def round(self, decimals: int = 0) -> Any:
        """The elements rounded to decimals, halves to even.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> (x / 8).round(2).compute().tolist()
        [[0.0, 0.12, 0.25], [0.38, 0.5, 0.62]]
        """
        return _call("_elementwise", "round", self, decimals)

    def conj(self) -> Any:
        """The complex conjugates.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.conj().shape
        (2, 3)
        """
        return _call("_elementwise", "conj", self)

    conjugate = conj

    def dot(self, other: Any) -> Any:
        """The product of two matrices, of a matrix and a vector, or of two vectors.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.dot(x.T).compute().tolist()
        [[5, 14], [14, 50]]
        """
        return _call("linalg", "dot", self, other)

    # ---- order

    def argsort(self, axis: int = -1) -> Any:
        """The places of the elements in ascending order, along an axis.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.argsort(axis=1).compute().tolist()
        [[0, 1, 2], [0, 1, 2]]
        """
        return _call("_searching", "argsort", self, axis=axis)

    def topk(self, k: int, axis: int = -1) -> Any:
        """The `k` greatest elements along an axis, the greatest first.

        Parameters
        ----------
        k : int
            How many, or which diagonal: above the main one when positive.
        axis : int or tuple of int, optional
            One axis, several, or None for all.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.topk(2, axis=1).compute().tolist()
        [[2, 1], [5, 4]]
        """
        return _call("_searching", "topk", self, k, axis)

    def argtopk(self, k: int, axis: int = -1) -> Any:
        """The places of the `k` greatest elements along an axis.

        Parameters
        ----------
        k : int
            How many, or which diagonal: above the main one when positive.
        axis : int or tuple of int, optional
            One axis, several, or None for all.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.argtopk(2, axis=1).compute().tolist()
        [[2, 1], [2, 1]]
        """
        return _call("_searching", "argtopk", self, k, axis)

    def nonzero(self) -> Any:
        """The places of elements that are not zero, an array for each axis.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> [places.shape for places in x.nonzero()]
        [(5,), (5,)]
        """
        return _call("_searching", "nonzero", self)

    def searchsorted(self, v: Any, side: str = "left") -> Any:
        """Where elements would stand in this sorted vector.

        Parameters
        ----------
        v : array_like
            The elements to place.
        side : {'left', 'right'}
            Before or behind equal elements.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.ravel().searchsorted([2, 4]).compute().tolist()
        [2, 4]
        """
        return _call("_searching", "searchsorted", self, v, side=side)

    # ---- what NumPy's arrays have beside

    def take(self, indices: Any, axis: int | None = None) -> Any:
        """The elements at places.

        Parameters
        ----------
        indices : list of int
            The places.
        axis : int or tuple of int, optional
            One axis, several, or None for all.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.take([2, 0], axis=1).compute().tolist()
        [[2, 0], [5, 3]]
        """
        return _call("_indexing", "take", self, indices, axis=axis)

    def compress(self, condition: Any, axis: int | None = None) -> Any:
        """The elements of an axis where a condition holds.

        Parameters
        ----------
        condition : array_like
            Where to take which.
        axis : int or tuple of int, optional
            One axis, several, or None for all.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.compress([True, False, True], axis=1).compute().tolist()
        [[0, 2], [3, 5]]
        """
        return _call("_indexing", "compress", condition, self, axis=axis)

    def diagonal(self, offset: int = 0) -> Any:
        """The elements on a diagonal.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.diagonal().compute().tolist()
        [0, 4]
        """
        return _call("linalg", "diagonal", self, offset=offset)

    def choose(self, choices: Any) -> Any:
        """The elements of the choices that whole numbers name.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> (x % 2).choose([10, 20]).compute().tolist()
        [[10, 20, 10], [20, 10, 20]]
        """
        return _call("_more", "choose", self, choices)

    def moment(self, order: int, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
        """The central moment of an order along axes.

        Parameters
        ----------
        order : int
            Which moment.
        axis : int or tuple of int, optional
            One axis, several, or None for all.
        ddof : int
            What is taken off the count before it divides.
        keepdims : bool
            Whether the axes that are reduced stay, with length 1.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.moment(2).compute().round(3)
        np.float64(2.917)
        """
        return _call("_more", "moment", self, order, axis, ddof=ddof, keepdims=keepdims)

    def store(self, target: Any, **unused: Any) -> None:
        """Writes the array into another one that takes square brackets, a chunk after the other.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> import numpy as np
        >>> target = np.zeros((2, 3))
        >>> x.store(target)
        >>> target.tolist()
        [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
        """
        _call("_more", "store", self, target)

    def tolist(self) -> Any:
        """The elements as nested lists of Python's own values.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.tolist()
        [[0, 1, 2], [3, 4, 5]]
        """
        return self.compute().tolist()  # type: ignore[attr-defined]

    def tobytes(self) -> bytes:
        """The bytes of the elements, row by row.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> len(x.tobytes())
        48
        """
        return self.compute().tobytes()  # type: ignore[attr-defined]

    @property
    def vindex(self) -> Any:
        """Square brackets with lists of places that are taken together, as NumPy's own do.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.vindex[[0, 1], [1, 2]].compute().tolist()
        [1, 5]
        """
        return self

    # ---- blocks

    def to_delayed(self, optimize_graph: bool = True) -> Any:
        """A NumPy array of delayed values, one for each chunk, which gives it as a NumPy array.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.to_delayed()[0, 0].compute().tolist()
        [[0, 1, 2]]
        """
        import numpy as np

        from ..delayed import delayed

        array: Any = self
        made = np.empty(array.numblocks, dtype=object)
        for place in np.ndindex(*array.numblocks):
            made[place] = delayed(array.blocks[place] if place else array)
        return made

    def map_blocks(self, function: Any, *args: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """A function of each chunk as a NumPy array; see `blockfold.array.map_blocks`.

        Parameters
        ----------
        function : callable
            Takes a NumPy array, and gives one of its shape.
        dtype : dtype, optional
            Type of the result.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.map_blocks(lambda chunk: chunk * 2).compute().tolist()
        [[0, 2, 4], [6, 8, 10]]
        """
        return _call("_blocks", "map_blocks", function, self, *args, dtype=dtype, **kwargs)

    def map_overlap(
        self, function: Any, depth: Any, boundary: Any = "reflect", dtype: Any = None, **kwargs: Any
    ) -> Any:
        """A function of each chunk with neighbours on each side.

        Parameters
        ----------
        function : callable
            Takes a NumPy array, and gives one of its shape.
        depth : int, tuple or dict
            How many neighbours along each axis.
        boundary : str or number
            What stands beyond the borders: 'reflect', 'periodic', 'nearest' or a number.
        dtype : dtype, optional
            Type of the result.

        Examples
        --------
        >>> import blockfold.array as da
        >>> x = da.arange(6, chunks=3).reshape(2, 3)
        >>> x.map_overlap(lambda part: part + 1, depth=1).compute().tolist()
        [[1, 2, 3], [4, 5, 6]]
        """
        return _call("_blocks", "map_overlap", function, self, depth=depth, boundary=boundary, dtype=dtype, **kwargs)


def _call(module: str, name: str, *args: Any, **kwargs: Any) -> Any:
    import importlib

    return getattr(importlib.import_module(f".{module}", __package__), name)(*args, **kwargs)


def _unpacked(args: tuple[Any, ...]) -> Any:
    return args[0] if len(args) == 1 and not isinstance(args[0], int) else args
