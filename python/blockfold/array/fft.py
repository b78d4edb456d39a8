"""Fourier transforms along axes, whatever the chunks.

>>> import blockfold.array as da
>>> da.fft.fft(da.ones(4, chunks=2)).compute().real.tolist()
[4.0, 0.0, 0.0, 0.0]
"""

from __future__ import annotations

from typing import Any

from ..exceptions import ArgumentError
from ..session import current
from ._array import Array
from ._operands import as_array
from ._reductions import axes_of

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "irfft", "irfft2", "irfftn", "rfft", "rfft2",
    "rfftfreq", "rfftn",
]  # fmt: skip


def _lane(x: Any, n: int | None, axis: int, op: str) -> Array:
    x = as_array(x)
    x = x.astype("float64") if x.dtype.kind in "biu" else x
    if n is not None and n < 1:
        raise ArgumentError(f"{op}: {n} numbers; it takes at least one")
    axes_of(axis, x.ndim)
    return x if n is None or n == x.shape[axis] else Array(x._core.resized(n, axis))


def _scaled(made: Array, n: int, norm: str | None, is_inverse: bool) -> Array:
    """The engine divides inverses by `n`, which is the norm "backward"."""
    if norm in (None, "backward"):
        return made
    if norm not in ("ortho", "forward"):
        raise ArgumentError(f"fft: norm {norm!r} is none; there are 'backward', 'ortho' and 'forward'")
    factor = n**0.5 if norm == "ortho" else float(n)
    return made * factor if is_inverse else made / factor


def fft(x: Any, /, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Array:
    """The transform of each lane along an axis.

    Parameters
    ----------
    x : array_like
        The elements.
    n : int, optional
        Length of the transform; that of the axis, unless given.
    axis : int
        Along which axis.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.fft(x).compute().real.tolist()
    [0.0, 2.0, 0.0, 2.0]
    """
    x = _lane(x, n, axis, "fft")
    return _scaled(Array(x._core.along("fft", axis)), x.shape[axis], norm, False)


def ifft(x: Any, /, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Array:
    """The transform back.

    Parameters
    ----------
    x : array_like
        The elements.
    n : int, optional
        Length of the transform; that of the axis, unless given.
    axis : int
        Along which axis.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.ifft(x).compute().real.tolist()
    [0.0, 0.5, 0.0, 0.5]
    """
    x = _lane(x, n, axis, "ifft")
    return _scaled(Array(x._core.along("ifft", axis)), x.shape[axis], norm, True)


def rfft(x: Any, /, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Array:
    """The first half of the transform of real numbers; the other mirrors it.

    Parameters
    ----------
    x : array_like
        The elements.
    n : int, optional
        Length of the transform; that of the axis, unless given.
    axis : int
        Along which axis.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.rfft(x).compute().real.tolist()
    [0.0, 2.0, 0.0]
    """
    x = _lane(x, n, axis, "rfft")
    return _scaled(Array(x._core.along("rfft", axis)), x.shape[axis], norm, False)


def irfft(x: Any, /, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Array:
    """The real numbers of which `rfft` gives this; an even number of them, unless `n` says how many.

    Parameters
    ----------
    x : array_like
        The elements.
    n : int, optional
        Length of the transform; that of the axis, unless given.
    axis : int
        Along which axis.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> bool(da.allclose(da.fft.irfft(da.fft.rfft(x)), x))
    True
    """
    x = as_array(x)
    length = 2 * (x.shape[axis] - 1) if n is None else n
    if length < 1:
        raise ArgumentError(f"irfft: {length} numbers; it takes at least one")
    x = _lane(x if x.dtype.kind == "c" else x.astype("complex128"), length // 2 + 1, axis, "irfft")
    return _scaled(Array(x._core.irfft(length, axis)), length, norm, True)


def hfft(x: Any, /, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Array:
    """The transform of numbers that mirror each other's conjugates, which is real.

    Parameters
    ----------
    x : array_like
        The elements.
    n : int, optional
        Length of the transform; that of the axis, unless given.
    axis : int
        Along which axis.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.hfft(x).compute().round(3).tolist()
    [-1.0, 2.0, 2.0, -1.0, 2.0, 2.0]
    """
    from ._elementwise import conj

    swapped = {"forward": "backward", "ortho": "ortho"}.get(norm or "backward", "forward")
    return irfft(conj(x), n, axis, swapped)


def ihfft(x: Any, /, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Array:
    """The reverse of `hfft`.

    Parameters
    ----------
    x : array_like
        The elements.
    n : int, optional
        Length of the transform; that of the axis, unless given.
    axis : int
        Along which axis.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.ihfft(x).shape
    (3,)
    """
    from ._elementwise import conj

    swapped = {"forward": "backward", "ortho": "ortho"}.get(norm or "backward", "forward")
    return conj(rfft(x, n, axis, swapped))


def _axes(x: Array, s: Any, axes: Any) -> list[int]:
    if axes is None:
        return list(range(x.ndim)) if s is None else list(range(x.ndim - len(s), x.ndim))
    return axes_of(tuple(axes), x.ndim) or []


def _each(function: Any, x: Any, s: Any, axes: Any, norm: str | None) -> Array:
    x = as_array(x)
    for at, axis in enumerate(_axes(x, s, axes)):
        x = function(x, None if s is None else s[at], axis, norm)
    return x


def fftn(x: Any, /, s: Any = None, axes: Any = None, norm: str | None = "backward") -> Array:
    """The transform along several axes.

    Parameters
    ----------
    x : array_like
        The elements.
    s : tuple of int, optional
        Lengths along the axes.
    axes : int or tuple of int, optional
        Which axes.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.fftn(x.reshape(2, 2)).compute().real.tolist()
    [[0.0, 0.0], [2.0, 2.0]]
    """
    return _each(fft, x, s, axes, norm)


def ifftn(x: Any, /, s: Any = None, axes: Any = None, norm: str | None = "backward") -> Array:
    """The transform back along several axes.

    Parameters
    ----------
    x : array_like
        The elements.
    s : tuple of int, optional
        Lengths along the axes.
    axes : int or tuple of int, optional
        Which axes.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.ifftn(x.reshape(2, 2)).compute().real.tolist()
    [[0.0, 0.0], [0.5, 0.5]]
    """
    return _each(ifft, x, s, axes, norm)


def fft2(x: Any, /, s: Any = None, axes: Any = (-2, -1), norm: str | None = "backward") -> Array:
    """The transform along the last two axes.

    Parameters
    ----------
    x : array_like
        The elements.
    s : tuple of int, optional
        Lengths along the axes.
    axes : int or tuple of int, optional
        Which axes.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.fft2(x.reshape(2, 2)).compute().real.tolist()
    [[0.0, 0.0], [2.0, 2.0]]
    """
    return fftn(x, s, axes, norm)


def ifft2(x: Any, /, s: Any = None, axes: Any = (-2, -1), norm: str | None = "backward") -> Array:
    """The transform back along the last two axes.

    Parameters
    ----------
    x : array_like
        The elements.
    s : tuple of int, optional
        Lengths along the axes.
    axes : int or tuple of int, optional
        Which axes.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.ifft2(x.reshape(2, 2)).compute().real.tolist()
    [[0.0, 0.0], [0.5, 0.5]]
    """
    return ifftn(x, s, axes, norm)


def rfftn(x: Any, /, s: Any = None, axes: Any = None, norm: str | None = "backward") -> Array:
    """The transform of real numbers along several axes, the last of them halved.

    Parameters
    ----------
    x : array_like
        The elements.
    s : tuple of int, optional
        Lengths along the axes.
    axes : int or tuple of int, optional
        Which axes.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.rfftn(x.reshape(2, 2)).shape
    (2, 2)
    """
    x = as_array(x)
    over = _axes(x, s, axes)
    made = rfft(x, None if s is None else s[-1], over[-1], norm)
    return _each(fft, made, None if s is None else s[:-1], tuple(over[:-1]), norm) if over[:-1] else made


def irfftn(x: Any, /, s: Any = None, axes: Any = None, norm: str | None = "backward") -> Array:
    """The reverse of `rfftn`.

    Parameters
    ----------
    x : array_like
        The elements.
    s : tuple of int, optional
        Lengths along the axes.
    axes : int or tuple of int, optional
        Which axes.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.irfftn(da.fft.rfftn(x.reshape(2, 2))).shape
    (2, 2)
    """
    x = as_array(x)
    over = _axes(x, s, axes)
    made = _each(ifft, x, None if s is None else s[:-1], tuple(over[:-1]), norm) if over[:-1] else x
    return irfft(made, None if s is None else s[-1], over[-1], norm)


def rfft2(x: Any, /, s: Any = None, axes: Any = (-2, -1), norm: str | None = "backward") -> Array:
    """The transform of real numbers along the last two axes.

    Parameters
    ----------
    x : array_like
        The elements.
    s : tuple of int, optional
        Lengths along the axes.
    axes : int or tuple of int, optional
        Which axes.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.rfft2(x.reshape(2, 2)).shape
    (2, 2)
    """
    return rfftn(x, s, axes, norm)


def irfft2(x: Any, /, s: Any = None, axes: Any = (-2, -1), norm: str | None = "backward") -> Array:
    """The reverse of `rfft2`.

    Parameters
    ----------
    x : array_like
        The elements.
    s : tuple of int, optional
        Lengths along the axes.
    axes : int or tuple of int, optional
        Which axes.
    norm : {'backward', 'ortho', 'forward'}
        Which way is divided by the number of elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.irfft2(da.fft.rfft2(x.reshape(2, 2))).shape
    (2, 2)
    """
    return irfftn(x, s, axes, norm)


def fftfreq(n: int, /, d: float = 1.0, *, dtype: Any = None, device: Any = None, **unused: Any) -> Array:
    """The frequencies of the numbers of a transform of `n` samples that are `d` apart.

    Parameters
    ----------
    n : int, optional
        Length of the transform; that of the axis, unless given.
    d : float
        How far samples are apart.
    dtype : dtype, optional
        Type of the result.
    device : {'cpu'}, optional
        The only device.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.fftfreq(4).compute().tolist()
    [0.0, 0.25, -0.5, -0.25]
    """
    made = Array(current().fftfreq(n, float(d)))
    return made if dtype is None else made.astype(dtype)


def rfftfreq(n: int, /, d: float = 1.0, *, dtype: Any = None, device: Any = None, **unused: Any) -> Array:
    """The frequencies of the numbers of `rfft`.

    Parameters
    ----------
    n : int, optional
        Length of the transform; that of the axis, unless given.
    d : float
        How far samples are apart.
    dtype : dtype, optional
        Type of the result.
    device : {'cpu'}, optional
        The only device.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.rfftfreq(4).compute().tolist()
    [0.0, 0.25, 0.5]
    """
    from ._creation import arange

    made = arange(n // 2 + 1).astype("float64") / (n * d)
    return made if dtype is None else made.astype(dtype)


def _shift(name: str, x: Any, axes: Any) -> Array:
    x = as_array(x)
    for axis in range(x.ndim) if axes is None else axes_of(axes, x.ndim) or []:
        x = Array(x._core.along(name, axis))
    return x


def fftshift(x: Any, /, axes: Any = None) -> Array:
    """The frequency 0 moved to the middle of each axis.

    Parameters
    ----------
    x : array_like
        The elements.
    axes : int or tuple of int, optional
        Which axes.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.fftshift(x).compute().real.tolist()
    [-1.0, 0.0, 1.0, 0.0]
    """
    return _shift("fftshift", x, axes)


def ifftshift(x: Any, /, axes: Any = None) -> Array:
    """The reverse of `fftshift`.

    Parameters
    ----------
    x : array_like
        The elements.
    axes : int or tuple of int, optional
        Which axes.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.asarray([1.0, 0.0, -1.0, 0.0])
    >>> da.fft.ifftshift(x).compute().real.tolist()
    [-1.0, 0.0, 1.0, 0.0]
    """
    return _shift("ifftshift", x, axes)
