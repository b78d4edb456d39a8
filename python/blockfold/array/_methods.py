"""Functions of arrays as their methods: ``x.sum(axis=0)`` is ``sum(x, axis=0)``."""

from __future__ import annotations

from typing import Any


class Methods:
    """NumPy's methods of arrays."""

    __slots__ = ()

    @property
    def T(self) -> Any:
        """The array with its axes in reverse order."""
        from ._shape import transpose

        return transpose(self)

    @property
    def mT(self) -> Any:
        """The array with its last two axes exchanged."""
        from .linalg import matrix_transpose

        return matrix_transpose(self)

    @property
    def real(self) -> Any:
        """The real parts."""
        return _call("_elementwise", "real", self)

    @property
    def imag(self) -> Any:
        """The imaginary parts."""
        return _call("_elementwise", "imag", self)

    @property
    def flat(self) -> Any:
        """The elements along one axis."""
        return self.ravel()

    # ---- shape

    def reshape(self, *shape: Any, **options: Any) -> Any:
        """The elements, row by row, in another shape; one length may be -1."""
        return _call("_shape", "reshape", self, _unpacked(shape), **options)

    def ravel(self) -> Any:
        """The elements, row by row, along one axis."""
        return _call("_shape", "ravel", self)

    flatten = ravel

    def transpose(self, *axes: Any) -> Any:
        """The axes in another order."""
        return _call("_shape", "transpose", self, _unpacked(axes) or None)

    def squeeze(self, axis: Any = None) -> Any:
        """The array without axes of length 1."""
        return _call("_shape", "squeeze", self, axis)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """Two axes exchanged."""
        return _call("_shape", "swapaxes", self, axis1, axis2)

    def repeat(self, repeats: int, axis: int | None = None) -> Any:
        """Each element so many times in a row."""
        return _call("_shape", "repeat", self, repeats, axis=axis)

    # ---- reductions

    def sum(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """The sum along axes."""
        return _call("_reductions", "sum", self, axis=axis, dtype=dtype, keepdims=keepdims)

    def prod(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """The product along axes."""
        return _call("_reductions", "prod", self, axis=axis, dtype=dtype, keepdims=keepdims)

    def mean(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """The mean along axes."""
        return _call("_reductions", "mean", self, axis=axis, dtype=dtype, keepdims=keepdims)

    def std(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, ddof: int = 0, **unused: Any) -> Any:
        """The standard deviation along axes."""
        return _call("_reductions", "std", self, axis=axis, dtype=dtype, keepdims=keepdims, ddof=ddof)

    def var(self, axis: Any = None, dtype: Any = None, keepdims: bool = False, ddof: int = 0, **unused: Any) -> Any:
        """The variance along axes."""
        return _call("_reductions", "var", self, axis=axis, dtype=dtype, keepdims=keepdims, ddof=ddof)

    def min(self, axis: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """The least element along axes."""
        return _call("_reductions", "min", self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """The greatest element along axes."""
        return _call("_reductions", "max", self, axis=axis, keepdims=keepdims)

    def any(self, axis: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """Whether an element along axes is not zero."""
        return _call("_reductions", "any", self, axis=axis, keepdims=keepdims)

    def all(self, axis: Any = None, keepdims: bool = False, **unused: Any) -> Any:
        """Whether no element along axes is zero."""
        return _call("_reductions", "all", self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """Where the least element is first."""
        return _call("_reductions", "argmin", self, axis=axis, keepdims=keepdims)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """Where the greatest element is first."""
        return _call("_reductions", "argmax", self, axis=axis, keepdims=keepdims)

    def cumsum(self, axis: int | None = None) -> Any:
        """Sums of the elements up to each."""
        return _call("_reductions", "cumsum", self, axis=axis)

    def cumprod(self, axis: int | None = None) -> Any:
        """Products of the elements up to each."""
        return _call("_reductions", "cumprod", self, axis=axis)

    def trace(self) -> Any:
        """The sum of the main diagonal."""
        return _call("linalg", "trace", self)

    # ---- elements

    def clip(self, min: Any = None, max: Any = None) -> Any:
        """The elements limited to bounds."""
        return _call("_elementwise", "clip", self, min, max)

    def round(self, decimals: int = 0) -> Any:
        """The elements rounded to decimals, halves to even."""
        return _call("_elementwise", "round", self, decimals)

    def conj(self) -> Any:
        """The complex conjugates."""
        return _call("_elementwise", "conj", self)

    conjugate = conj

    def dot(self, other: Any) -> Any:
        """The product of two matrices, of a matrix and a vector, or of two vectors."""
        return _call("linalg", "dot", self, other)

    # ---- order

    def argsort(self, axis: int = -1) -> Any:
        """The places of the elements in ascending order, along an axis."""
        return _call("_searching", "argsort", self, axis=axis)

    def topk(self, k: int, axis: int = -1) -> Any:
        """The `k` greatest elements along an axis, the greatest first."""
        return _call("_searching", "topk", self, k, axis)

    def argtopk(self, k: int, axis: int = -1) -> Any:
        """The places of the `k` greatest elements along an axis."""
        return _call("_searching", "argtopk", self, k, axis)

    def nonzero(self) -> Any:
        """The places of elements that are not zero, an array for each axis."""
        return _call("_searching", "nonzero", self)

    def searchsorted(self, v: Any, side: str = "left") -> Any:
        """Where elements would stand in this sorted vector."""
        return _call("_searching", "searchsorted", self, v, side=side)

    # ---- what NumPy's arrays have beside

    def take(self, indices: Any, axis: int | None = None) -> Any:
        """The elements at places."""
        return _call("_indexing", "take", self, indices, axis=axis)

    def compress(self, condition: Any, axis: int | None = None) -> Any:
        """The elements of an axis where a condition holds."""
        return _call("_indexing", "compress", condition, self, axis=axis)

    def diagonal(self, offset: int = 0) -> Any:
        """The elements on a diagonal."""
        return _call("linalg", "diagonal", self, offset=offset)

    def choose(self, choices: Any) -> Any:
        """The elements of the choices that whole numbers name."""
        return _call("_more", "choose", self, choices)

    def moment(self, order: int, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
        """The central moment of an order along axes."""
        return _call("_more", "moment", self, order, axis, ddof=ddof, keepdims=keepdims)

    def store(self, target: Any, **unused: Any) -> None:
        """Writes the array into another one that takes square brackets, a chunk after the other."""
        _call("_more", "store", self, target)

    def tolist(self) -> Any:
        """The elements as nested lists of Python's own values."""
        return self.compute().tolist()  # type: ignore[attr-defined]

    def tobytes(self) -> bytes:
        """The bytes of the elements, row by row."""
        return self.compute().tobytes()  # type: ignore[attr-defined]

    @property
    def vindex(self) -> Any:
        """Square brackets with lists of places that are taken together, as NumPy's own do."""
        return self

    # ---- blocks

    def to_delayed(self, optimize_graph: bool = True) -> Any:
        """A NumPy array of delayed values, one for each chunk, which gives it as a NumPy array."""
        import numpy as np

        from ..delayed import delayed

        array: Any = self
        made = np.empty(array.numblocks, dtype=object)
        for place in np.ndindex(*array.numblocks):
            made[place] = delayed(array.blocks[place] if place else array)
        return made

    def map_blocks(self, function: Any, *args: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """A function of each chunk as a NumPy array; see `blockfold.array.map_blocks`."""
        return _call("_blocks", "map_blocks", function, self, *args, dtype=dtype, **kwargs)

    def map_overlap(
        self, function: Any, depth: Any, boundary: Any = "reflect", dtype: Any = None, **kwargs: Any
    ) -> Any:
        """A function of each chunk with neighbours on each side."""
        return _call("_blocks", "map_overlap", function, self, depth=depth, boundary=boundary, dtype=dtype, **kwargs)


def _call(module: str, name: str, *args: Any, **kwargs: Any) -> Any:
    import importlib

    return getattr(importlib.import_module(f".{module}", __package__), name)(*args, **kwargs)


def _unpacked(args: tuple[Any, ...]) -> Any:
    return args[0] if len(args) == 1 and not isinstance(args[0], int) else args
