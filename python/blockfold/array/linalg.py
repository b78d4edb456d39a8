"""Products and decompositions of matrices.

>>> import blockfold.array as da
>>> x = da.eye(3, chunks=2) * 4
>>> da.linalg.cholesky(x).compute().tolist()
[[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .. import _blockfold as core
from ..exceptions import ShapeError, UnsupportedError
from . import _reductions as reductions
from ._array import Array
from ._operands import as_array
from ._shape import expand_dims, stack, swapaxes
from ._stacks import by_matrix, is_stack, real, shape_of

__all__ = [
    "cholesky", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv", "lu", "matmul", "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose",
    "norm", "outer", "pinv", "qr", "slogdet", "solve", "solve_triangular", "svd", "svd_compressed", "svdvals", "tensordot", "trace", "tsqr", "vecdot",
    "vector_norm",
]  # fmt: skip


class QRResult(NamedTuple):
    """`Q` and `R`."""

    Q: Array
    R: Array


class SVDResult(NamedTuple):
    """`U`, the singular values, and `V` transposed."""

    U: Array
    S: Array
    Vh: Array


class EighResult(NamedTuple):
    """Eigenvalues, smallest first, and eigenvectors as columns."""

    eigenvalues: Array
    eigenvectors: Array


class EigResult(NamedTuple):
    """Eigenvalues and eigenvectors as columns, complex numbers."""

    eigenvalues: Array
    eigenvectors: Array


class SlogdetResult(NamedTuple):
    """The sign of a determinant and the logarithm of its size."""

    sign: Array
    logabsdet: Array


def _floats(x: Any) -> Array:
    x = as_array(x)
    return x.astype("float64") if x.dtype.kind in "biu" else x


def matmul(x1: Any, x2: Any, /) -> Array:
    """The products of matrices in the last two axes, of a matrix and a vector, or of two vectors.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.matmul(a, a).compute().tolist()
    [[20.0, 14.0], [14.0, 13.0]]
    """
    x1, x2 = as_array(x1), as_array(x2)
    if x1.ndim == 0 or x2.ndim == 0:
        raise ShapeError("matmul: an array without axes is no matrix; take multiply")
    if x1.ndim <= 2 and x2.ndim <= 2:
        return Array(x1._core.dot(x2._core))
    a = expand_dims(x1, 0) if x1.ndim == 1 else x1
    b = expand_dims(x2, 1) if x2.ndim == 1 else x2
    if a.shape[-1] != b.shape[-2]:
        raise ShapeError(f"matmul: shapes {x1.shape} and {x2.shape} do not fit")
    letters = "abcdefgh"[: max(a.ndim, b.ndim) - 2]
    of = [letters[len(letters) - (one.ndim - 2) :] for one in (a, b)]
    if all(length_a == length_b for length_a, length_b in zip(a.shape[:-2][::-1], b.shape[:-2][::-1], strict=False)):
        made = Array(core.einsum(f"{of[0]}ij,{of[1]}jk->{letters}ik", [a._core, b._core]))
    else:
        made = (expand_dims(a, -1) * expand_dims(b, -3)).sum(axis=-2)
    if x1.ndim == 1:
        made = made.reshape((*made.shape[:-2], made.shape[-1]))
    return made.reshape(made.shape[:-1]) if x2.ndim == 1 else made


def dot(x1: Any, x2: Any, /) -> Array:
    """The product as NumPy's `dot`: of matrices and vectors, of numbers, or over the last and last but one axis.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.dot(a, a[0]).compute().tolist()
    [20.0, 14.0]
    """
    x1, x2 = as_array(x1), as_array(x2)
    if x1.ndim == 0 or x2.ndim == 0:
        return x1 * x2
    if x1.ndim <= 2 and x2.ndim <= 2:
        return Array(x1._core.dot(x2._core))
    return tensordot(x1, x2, axes=([-1], [-2 if x2.ndim > 1 else -1]))


def tensordot(x1: Any, x2: Any, /, axes: Any = 2) -> Array:
    """The sums of products over axes of both arrays: the last and first ones, so many, or those that are named.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.
    axes : int or tuple of int, optional
        Which axes.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.tensordot(a, a, axes=2).compute()
    np.float64(33.0)
    """
    x1, x2 = as_array(x1), as_array(x2)
    if isinstance(axes, int):
        if not 0 <= axes <= min(x1.ndim, x2.ndim):
            raise ShapeError(f"tensordot: {axes} axes of arrays of {x1.ndim} and {x2.ndim} axes")
        left, right = list(range(x1.ndim - axes, x1.ndim)), list(range(axes))
    else:
        left, right = ([one] if isinstance(one, int) else list(one) for one in axes)
    return Array(x1._core.tensordot(x2._core, left, right))


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """The products of vectors along an axis.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.
    axis : int or tuple of int, optional
        Along which axes.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.vecdot(a, a).compute().tolist()
    [20.0, 13.0]
    """
    from ._elementwise import conj

    return (conj(x1) * as_array(x2)).sum(axis=axis)


def vdot(x1: Any, x2: Any, /) -> Array:
    """The product of two arrays as vectors.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.vdot(a, a).compute()
    np.float64(33.0)
    """
    return vecdot(as_array(x1).ravel(), as_array(x2).ravel())


inner = vecdot


def outer(x1: Any, x2: Any, /) -> Array:
    """The products of each element of a vector with each of another one.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.outer(a[0], a[1]).compute().tolist()
    [[8.0, 12.0], [4.0, 6.0]]
    """
    return Array(as_array(x1).ravel()._core.outer(as_array(x2).ravel()._core))


def einsum(subscripts: str, *arrays: Any, **unused: Any) -> Array:
    """Sums of products over indices, in Einstein's notation.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.einsum("ij,jk->ik", a, a).compute().tolist()
    [[20.0, 14.0], [14.0, 13.0]]
    """
    made = [as_array(array) for array in arrays]
    return Array(core.einsum(_spelled_out(subscripts, made), [array._core for array in made]))


def _spelled_out(subscripts: str, arrays: Sequence[Array]) -> str:
    """The indices with letters in the place of ``...``."""
    if "..." not in subscripts:
        return subscripts
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    free = [letter for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in subscripts]
    counts = [array.ndim - len(one.replace("...", "")) for one, array in zip(inputs.split(","), arrays, strict=False)]
    most = max([count for one, count in zip(inputs.split(","), counts, strict=False) if "..." in one], default=0)
    letters = "".join(free[:most])
    parts = [
        one.replace("...", letters[most - max(count, 0) :])
        for one, count in zip(inputs.split(","), counts, strict=False)
    ]
    if not arrow:
        own = "".join(sorted(letter for letter in set(inputs) if letter.isalpha() and inputs.count(letter) == 1))
        output = f"...{own}"
    return f"{','.join(parts)}->{output.replace('...', letters)}"


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """The cross products of vectors of three elements along an axis.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.
    axis : int or tuple of int, optional
        Along which axes.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.cross(da.asarray([1, 0, 0]), da.asarray([0, 1, 0])).compute().tolist()
    [0, 0, 1]
    """
    from ._shape import moveaxis

    a, b = moveaxis(x1, axis, -1), moveaxis(x2, axis, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ShapeError(f"cross: vectors of {a.shape[-1]} and {b.shape[-1]} elements; it takes three")
    parts = [a[..., i] * b[..., j] - a[..., j] * b[..., i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return moveaxis(stack(parts, axis=-1), -1, axis)


def matrix_transpose(x: Any, /) -> Array:
    """The array with its last two axes exchanged.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.matrix_transpose(a).shape
    (2, 2)
    """
    x = as_array(x)
    if x.ndim < 2:
        raise ShapeError(f"matrix_transpose: an array of {x.ndim} axes is no matrix")
    return swapaxes(x, -1, -2)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Array:
    """The sum of the elements on a diagonal of the last two axes.

    Parameters
    ----------
    x : array_like
        The elements.
    offset : int
        Which diagonal: above the main one when positive.
    dtype : dtype, optional
        Type of the result.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.trace(a).compute()
    np.float64(7.0)
    """
    x = as_array(x) if dtype is None else as_array(x).astype(dtype)
    return diagonal(x, offset=offset).sum(axis=-1) if x.ndim != 2 or offset else Array(x._core.trace())


def diagonal(x: Any, /, *, offset: int = 0) -> Array:
    """The elements on a diagonal of the last two axes.

    Parameters
    ----------
    x : array_like
        The elements.
    offset : int
        Which diagonal: above the main one when positive.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.diagonal(a).compute().tolist()
    [4.0, 3.0]
    """
    x = as_array(x)
    rows, columns = x.shape[-2:]
    first = (max(-offset, 0), max(offset, 0))
    length = max(min(rows - first[0], columns - first[1]), 0)
    flat = x.reshape((*x.shape[:-2], rows * columns))
    places = [(first[0] + at) * columns + first[1] + at for at in range(length)]
    from ._indexing import take

    return take(flat, places, axis=-1)


def diag(x: Any, k: int = 0) -> Array:
    """A diagonal of a matrix, or the matrix whose diagonal is a vector.

    Parameters
    ----------
    x : array_like
        The elements.
    k : int
        How many values, or which diagonal.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.diag(da.asarray([1, 2])).compute().tolist()
    [[1, 0], [0, 2]]
    """
    x = as_array(x)
    if x.ndim == 2:
        return diagonal(x, offset=k)
    if k:
        raise UnsupportedError("diag of a vector with k is not supported; take pad of diag(x)")
    return Array(x._core.diag())


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    """The norm of vectors or matrices along axes.

    Parameters
    ----------
    x : array_like
        The elements.
    ord : number or str, optional
        Which norm.
    axis : int or tuple of int, optional
        Along which axes.
    keepdims : bool
        Whether the axes that are reduced stay, with length 1.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> round(float(da.linalg.norm(a)), 3)
    5.745
    """
    x = _floats(x)
    is_matrix = (axis is None and x.ndim == 2) or (isinstance(axis, (tuple, list)) and len(axis) == 2)
    if ord is None or (ord == "fro" and is_matrix) or (ord == 2 and not is_matrix):
        return vector_norm(x, axis=axis, keepdims=keepdims)
    return (
        matrix_norm(x, ord=ord, keepdims=keepdims)
        if is_matrix
        else vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    )


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Array:
    """The norm of the elements along axes.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int or tuple of int, optional
        Along which axes.
    keepdims : bool
        Whether the axes that are reduced stay, with length 1.
    ord : number or str, optional
        Which norm.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.linalg.vector_norm(da.asarray([3.0, 4.0])).compute()
    np.float64(5.0)
    """
    from ._elementwise import abs as absolute

    x = absolute(_floats(x))
    axes = reductions.axes_of(axis, x.ndim)
    if ord == 2:
        return Array(x._core.reduce("norm", axes, keepdims, 0))
    if ord == float("inf"):
        return reductions.max(x, axis=axis, keepdims=keepdims)
    if ord == float("-inf"):
        return reductions.min(x, axis=axis, keepdims=keepdims)
    if ord == 0:
        return reductions.count_nonzero(x, axis=axis, keepdims=keepdims).astype(x.dtype)
    if ord == 1:
        return reductions.sum(x, axis=axis, keepdims=keepdims)
    return reductions.sum(x ** float(ord), axis=axis, keepdims=keepdims) ** (1 / ord)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """The norm of matrices in the last two axes.

    Parameters
    ----------
    x : array_like
        The elements.
    keepdims : bool
        Whether the axes that are reduced stay, with length 1.
    ord : number or str, optional
        Which norm.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> round(float(da.linalg.matrix_norm(a)), 3)
    5.745
    """
    from ._elementwise import abs as absolute

    x = _floats(x)
    if ord == "fro":
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in (1, -1, float("inf"), float("-inf")):
        sums = reductions.sum(absolute(x), axis=-2 if abs(ord) == 1 else -1, keepdims=True)
        made = (reductions.max if ord > 0 else reductions.min)(sums, axis=(-2, -1), keepdims=keepdims)
        return made
    if ord in (2, -2, "nuc"):
        values = svdvals(x)
        made = values.sum(axis=-1) if ord == "nuc" else values.max(axis=-1) if ord == 2 else values.min(axis=-1)
        return made.reshape((1, 1)) if keepdims else made
    raise UnsupportedError(
        f"matrix_norm of order {ord!r} is not supported; there are 'fro', 'nuc', 1, -1, 2, -2, inf, -inf"
    )


def _one(x: Any, op: str) -> Array:
    x = _floats(x)
    if x.ndim != 2:
        raise UnsupportedError(
            f"{op} of an array of {x.ndim} axes is not supported; take it of one matrix after the other"
        )
    return x


def cholesky(x: Any, /, *, upper: bool = False) -> Array:
    """The lower triangle `L` of `L L^T`, which a symmetric positive definite matrix is. Works at once, but for stacks.

    Parameters
    ----------
    x : array_like
        The elements.
    upper : bool
        Whether the upper triangle is given.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.linalg.cholesky(a).compute().round(3).tolist()
    [[2.0, 0.0], [1.0, 1.414]]
    """
    import numpy as np

    x = _floats(x)
    if is_stack(x):
        rows, _ = shape_of(x, "cholesky", square=True)
        (lower,) = by_matrix(np.linalg.cholesky, [x], ((rows, rows), x.dtype))
        return matrix_transpose(lower).conj() if upper else lower
    made = Array(_one(x, "cholesky")._core.cholesky())
    return made.T if upper else made


def qr(x: Any, /, *, mode: str = "reduced") -> QRResult:
    """`Q` and `R` of a matrix of at least as many rows as columns. Works at once; `Q` is lazy.

    Parameters
    ----------
    x : array_like
        The elements.
    mode : str
        Which form of the result.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> q, r = da.linalg.qr(a)
    >>> bool(da.allclose(q.dot(r), a))
    True
    """
    import numpy as np

    x = _floats(x)
    rows, columns = shape_of(x, "qr")
    if mode not in ("reduced", "complete"):
        raise UnsupportedError(f"qr with mode={mode!r} is not supported; there are 'reduced' and 'complete'")
    if is_stack(x) or mode == "complete":
        inner = rows if mode == "complete" else min(rows, columns)
        results = ((rows, inner), x.dtype), ((inner, columns), x.dtype)
        return QRResult(*by_matrix(lambda one: np.linalg.qr(one, mode=mode), [x], *results))
    q, r = _one(x, "qr")._core.qr()
    return QRResult(Array(q), Array(r))


tsqr = qr


def svd(x: Any, /, *, full_matrices: bool = False) -> SVDResult:
    """`U`, the singular values, largest first, and `V` transposed. Works at once.

    Parameters
    ----------
    x : array_like
        The elements.
    full_matrices : bool
        Whether the matrices are square.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> u, s, vt = da.linalg.svd(a)
    >>> s.compute().round(3).tolist()
    [5.562, 1.438]
    """
    import numpy as np

    x = _floats(x)
    rows, columns = shape_of(x, "svd")
    if is_stack(x) or (full_matrices and rows != columns):
        inner = min(rows, columns)
        left, right = (rows, columns) if full_matrices else (inner, inner)
        results = ((rows, left), x.dtype), ((inner,), real(x.dtype)), ((right, columns), x.dtype)
        return SVDResult(*by_matrix(lambda one: np.linalg.svd(one, full_matrices=full_matrices), [x], *results))
    u, s, v = x._core.svd()
    return SVDResult(Array(u), Array(s), Array(v))


def svdvals(x: Any, /) -> Array:
    """The singular values, largest first. Works at once.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.linalg.svdvals(a).compute().round(3).tolist()
    [5.562, 1.438]
    """
    return svd(x).S


def svd_compressed(x: Any, k: int, n_power_iter: int = 0, seed: int = 0, **unused: Any) -> SVDResult:
    """The first `k` singular values and vectors, approximately, by random projection. Works at once.

    Parameters
    ----------
    x : array_like
        The elements.
    k : int
        How many values, or which diagonal.
    n_power_iter : int
        Rounds that make the answer better.
    seed : int, optional
        The seed of random numbers.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> u, s, vt = da.linalg.svd_compressed(a, k=1)
    >>> s.shape
    (1,)
    """
    u, s, v = _one(x, "svd_compressed")._core.svd_compressed(k, n_power_iter, seed)
    return SVDResult(Array(u), Array(s), Array(v))


def lu(x: Any) -> tuple[Array, Array, Array]:
    """The permutation, the lower and the upper triangle of a square matrix. Works at once.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> p, l, u = da.linalg.lu(a)
    >>> bool(da.allclose(p.dot(l).dot(u), a))
    True
    """
    p, lower, upper = _one(x, "lu")._core.lu()
    return Array(p), Array(lower), Array(upper)


def solve(x1: Any, x2: Any, /) -> Array:
    """The solution of `x1 @ x = x2`, for a vector or the columns of a matrix. Works at once.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.linalg.solve(a, da.asarray([8.0, 7.0])).compute().round(6).tolist()
    [1.25, 1.5]
    """
    import numpy as np

    a, b = _floats(x1), _floats(x2)
    if is_stack(a) or is_stack(b):
        rows, _ = shape_of(a, "solve", square=True)
        if b.ndim > 1 and a.shape[:-2] != b.shape[:-2]:
            from ._shape import broadcast_to

            lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
            a, b = broadcast_to(a, (*lead, rows, rows)), broadcast_to(b, (*lead, *b.shape[-2:]))
        shape = (rows,) if b.ndim == 1 else (rows, b.shape[-1])
        return by_matrix(np.linalg.solve, [a, b], (shape, np.result_type(a.dtype, b.dtype)))[0]
    return Array(_one(a, "solve")._core.solve(b._core))


def solve_triangular(x1: Any, x2: Any, /, lower: bool = False) -> Array:
    """The solution of `x1 @ x = x2`, of whose matrix one triangle counts. Works at once.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.
    lower : bool
        Whether the lower triangle counts.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.linalg.solve_triangular(da.triu(a), da.asarray([8.0, 3.0])).compute().round(6).tolist()
    [1.5, 1.0]
    """
    from ._creation import tril, triu

    return solve(tril(x1) if lower else triu(x1), x2)


def inv(x: Any, /) -> Array:
    """The inverse of a square matrix. Works at once.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> bool(da.allclose(da.linalg.inv(a).dot(a), da.eye(2)))
    True
    """
    import numpy as np

    from ._creation import eye

    x = _floats(x)
    rows, _ = shape_of(x, "inv", square=True)
    if is_stack(x):
        return by_matrix(np.linalg.inv, [x], ((rows, rows), x.dtype))[0]
    return solve(x, eye(x.shape[0], dtype=x.dtype))


def slogdet(x: Any, /) -> SlogdetResult:
    """The sign of the determinant of a square matrix, and the logarithm of its size. Works at once.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.linalg.slogdet(a).sign.compute()
    np.float64(1.0)
    """
    import numpy as np

    from ._elementwise import abs as absolute
    from ._elementwise import log, sign

    x = _floats(x)
    shape_of(x, "slogdet", square=True)
    if is_stack(x):
        return SlogdetResult(*by_matrix(np.linalg.slogdet, [x], ((), x.dtype), ((), real(x.dtype))))
    p, _, upper = lu(x)
    places = p.compute().argmax(axis=0)
    swaps, seen = 0, np.zeros(len(places), bool)
    for start in range(len(places)):
        length, at = 0, start
        while not seen[at]:
            seen[at], at, length = True, places[at], length + 1
        swaps += max(length - 1, 0)
    on = diagonal(upper)
    return SlogdetResult(sign(on).prod() * (-1.0) ** swaps, log(absolute(on)).sum())


def det(x: Any, /) -> Array:
    """The determinant of a square matrix. Works at once.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> round(float(da.linalg.det(a)), 6)
    8.0
    """
    import numpy as np

    from ._elementwise import exp

    x = _floats(x)
    shape_of(x, "det", square=True)
    if is_stack(x):
        return by_matrix(np.linalg.det, [x], ((), x.dtype))[0]
    found = slogdet(x)
    return found.sign * exp(found.logabsdet)


def pinv(x: Any, /, *, rtol: float | None = None) -> Array:
    """The pseudo-inverse of a matrix. Works at once.

    Parameters
    ----------
    x : array_like
        The elements.
    rtol : float, optional
        How far elements may be apart, as a share.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> bool(da.allclose(da.linalg.pinv(a).dot(a), da.eye(2)))
    True
    """
    import numpy as np

    x = _floats(x)
    rows, columns = shape_of(x, "pinv")
    if is_stack(x) or not isinstance(rtol, (float, int, type(None))):
        tolerance = [] if rtol is None else [as_array(rtol)]

        def inverted(one: Any, least: Any = None) -> Any:
            return np.linalg.pinv(one, rtol=max(one.shape[-2:]) * np.finfo(one.dtype).eps if least is None else least)

        return by_matrix(inverted, [x, *tolerance], ((columns, rows), x.dtype))[0]
    u, s, v = svd(x) if x.shape[0] >= x.shape[1] else _wide(x)
    values = s.compute()
    least = (max(x.shape) * np.finfo(x.dtype).eps if rtol is None else rtol) * values.max(initial=0)
    inverse = np.divide(1, values, out=np.zeros_like(values), where=values > least)
    return (v.T * as_array(inverse)) @ u.T


def _wide(x: Array) -> SVDResult:
    u, s, v = svd(x.T)
    return SVDResult(v.T, s, u.T)


def matrix_rank(x: Any, /, *, rtol: float | None = None) -> Array:
    """How many singular values are not zero. Works at once.

    Parameters
    ----------
    x : array_like
        The elements.
    rtol : float, optional
        How far elements may be apart, as a share.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> int(da.linalg.matrix_rank(a))
    2
    """
    import numpy as np

    x = _floats(x)
    shape_of(x, "matrix_rank")
    if is_stack(x):
        return by_matrix(lambda one: np.linalg.matrix_rank(one, rtol=rtol), [x], ((), "int64"))[0]
    values = svdvals(x)
    least = values.max() * (max(x.shape) * float(np.finfo(x.dtype).eps) if rtol is None else rtol)
    return (values > least).sum()


def matrix_power(x: Any, n: int, /) -> Array:
    """A square matrix to a whole power.

    Parameters
    ----------
    x : array_like
        The elements.
    n : int
        The power.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.linalg.matrix_power(a, 2).compute().tolist()
    [[20.0, 14.0], [14.0, 13.0]]
    """
    from ._creation import eye

    x = as_array(x)
    shape_of(x, "matrix_power", square=True)
    x, n = (inv(x), -n) if n < 0 else (x, n)
    made = None
    while n:
        if n & 1:
            made = x if made is None else made @ x
        n >>= 1
        x = x @ x if n else x
    if made is not None:
        return made
    from ._shape import broadcast_to

    return broadcast_to(eye(x.shape[-1], dtype=x.dtype), x.shape)


def multi_dot(arrays: Sequence[Any]) -> Array:
    """The product of several matrices, from the left on.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.linalg.multi_dot([a, a]).compute().tolist()
    [[20.0, 14.0], [14.0, 13.0]]
    """
    made = as_array(arrays[0])
    for other in arrays[1:]:
        made = made @ as_array(other)
    return made


def _absent(name: str, nearest: str) -> Any:
    def function(*args: Any, **kwargs: Any) -> Any:
        raise UnsupportedError(f"linalg.{name} is not supported; {nearest}")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Not there: says what is."
    return function


def eigh(x: Any, /) -> EighResult:
    """Eigenvalues, smallest first, and eigenvectors of symmetric matrices, each whole in memory.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.linalg.eigh(da.eye(2) * 3).eigenvalues.compute().tolist()
    [3.0, 3.0]
    """
    import numpy as np

    x = _floats(x)
    rows, _ = shape_of(x, "eigh", square=True)
    return EighResult(*by_matrix(np.linalg.eigh, [x], ((rows,), real(x.dtype)), ((rows, rows), x.dtype)))


def eigvalsh(x: Any, /) -> Array:
    """Eigenvalues of symmetric matrices, smallest first.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.linalg.eigvalsh(a).compute().round(3).tolist()
    [1.438, 5.562]
    """
    import numpy as np

    x = _floats(x)
    rows, _ = shape_of(x, "eigvalsh", square=True)
    return by_matrix(np.linalg.eigvalsh, [x], ((rows,), real(x.dtype)))[0]


def eig(x: Any, /) -> EigResult:
    """Eigenvalues and eigenvectors of square matrices as complex numbers, each matrix whole in memory.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.linalg.eig(a).eigenvalues.compute().real.round(3).tolist()
    [5.562, 1.438]
    """
    import numpy as np

    x = _floats(x)
    rows, _ = shape_of(x, "eig", square=True)
    kind = np.result_type(x.dtype, np.complex64)
    return EigResult(*by_matrix(np.linalg.eig, [x], ((rows,), kind), ((rows, rows), kind)))


def eigvals(x: Any, /) -> Array:
    """Eigenvalues of square matrices as complex numbers.

    Examples
    --------
    >>> import blockfold.array as da
    >>> a = da.asarray([[4.0, 2.0], [2.0, 3.0]])
    >>> da.linalg.eigvals(a).compute().real.round(3).tolist()
    [5.562, 1.438]
    """
    import numpy as np

    x = _floats(x)
    rows, _ = shape_of(x, "eigvals", square=True)
    return by_matrix(np.linalg.eigvals, [x], ((rows,), np.result_type(x.dtype, np.complex64)))[0]


lstsq = _absent("lstsq", "take solve(x.T @ x, x.T @ b), or pinv(x) @ b")
