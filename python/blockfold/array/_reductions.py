"""Reductions along axes, and running ones."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from .._dtypes import array_dtype
from ..exceptions import ArgumentError, DTypeError, OutOfBoundsError, UnsupportedError
from ._array import Array
from ._operands import as_array

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "average", "count_nonzero", "cumprod", "cumsum", "cumulative_prod",
    "cumulative_sum", "diff", "max", "mean", "median", "min", "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean",
    "nanmedian", "nanmin", "nanprod", "nanquantile", "nanstd", "nansum", "nanvar", "percentile", "prod", "ptp", "quantile",
    "std", "sum", "var",
]  # fmt: skip


def axes_of(axis: Any, ndim: int) -> list[int] | None:
    """Axes as a list, counted from the front; None for all of them."""
    if axis is None:
        return None
    made = []
    for one in axis if isinstance(axis, (tuple, list)) else [axis]:
        at = one.__index__()
        if not -ndim <= at < ndim:
            raise OutOfBoundsError(f"axis {at} of an array of {ndim} axes")
        made.append(at % ndim)
    return made


def _reduce(x: Any, name: str, axis: Any, keepdims: bool, ddof: int = 0) -> Array:
    x = as_array(x)
    axes = axes_of(axis, x.ndim)
    if axes == []:
        # Each element by itself.
        return x * 0 if name.endswith(("std", "var")) else x != 0 if name in ("any", "all") else x
    if x.dtype.kind == "c" and name == "prod":
        return _polar(
            x, lambda sizes: _reduce(sizes, "prod", axis, keepdims), lambda turns: _reduce(turns, "sum", axis, keepdims)
        )
    return Array(x._core.reduce(name, axes, keepdims, ddof))


def _reduction(name: str, doc: str, *, types: bool = False) -> Callable[..., Array]:
    def function(x: Any, /, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, out: Any = None) -> Array:
        _no_out(out)
        x = as_array(x)
        if dtype is not None:
            x = x.astype(array_dtype(dtype))
        made = _reduce(x, name, axis, keepdims)
        return made if dtype is None else made.astype(dtype)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{doc}\n\n    Lazy; `axis` is one axis, several, or None for all."
    return function


def _polar(x: Array, of_sizes: Callable[[Array], Array], of_turns: Callable[[Array], Array]) -> Array:
    """A product of complex numbers: of their sizes, and the sum of their angles."""
    from ._elementwise import abs as absolute
    from ._elementwise import angle, as_complex, cos, sin

    sizes, turns = of_sizes(absolute(x)), of_turns(angle(x))
    return as_complex(sizes * cos(turns), sizes * sin(turns)).astype(x.dtype)


def _no_out(out: Any) -> None:
    if out is not None:
        raise UnsupportedError("out= is not supported; lazy arrays are made anew: x = da.sum(y)")


sum = _reduction("sum", "The sums along axes; of whole numbers in 64 bits.")
prod = _reduction("prod", "The products along axes.")
mean = _reduction("mean", "The means along axes.")
min = amin = _reduction("min", "The least elements along axes; NaN where there is one.")
max = amax = _reduction("max", "The greatest elements along axes; NaN where there is one.")
any = _reduction("any", "Whether an element along axes is not zero.")
all = _reduction("all", "Whether no element along axes is zero.")
nansum = _reduction("nansum", "The sums along axes, without NaN.")
nanprod = _reduction("nanprod", "The products along axes, without NaN.")
nanmean = _reduction("nanmean", "The means along axes, without NaN.")
nanmin = _reduction("nanmin", "The least elements along axes, without NaN.")
nanmax = _reduction("nanmax", "The greatest elements along axes, without NaN.")
count_nonzero = _reduction("count_nonzero", "How many elements along axes are not zero.")


def _deviation(name: str, doc: str) -> Callable[..., Array]:
    def function(
        x: Any,
        /,
        axis: Any = None,
        dtype: Any = None,
        *,
        ddof: int = 0,
        correction: Any = None,
        keepdims: bool = False,
        out: Any = None,
    ) -> Array:
        _no_out(out)
        free = ddof if correction is None else correction
        x = as_array(x)
        x = x if dtype is None else x.astype(array_dtype(dtype))
        if free == int(free):
            return _reduce(x, name, axis, keepdims, int(free))
        # A correction that is no whole number scales the variance.
        count = count_of(x, axis)
        scale = count / builtins.max(count - free, 0) if count > free else float("nan")
        made = _reduce(x, name, axis, keepdims)
        return made * (scale if name.endswith("var") else scale**0.5)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"{doc}\n\n    Divided by the number of elements less `ddof`, which the standard calls `correction`."
    )
    return function


def count_of(x: Array, axis: Any) -> int:
    """Number of elements that are reduced to one."""
    axes = axes_of(axis, x.ndim)
    count = 1
    for at in range(x.ndim) if axes is None else axes:
        count *= x.shape[at]
    return count


std = _deviation("std", "The standard deviations along axes.")
var = _deviation("var", "The variances along axes.")
nanstd = _deviation("nanstd", "The standard deviations along axes, without NaN.")
nanvar = _deviation("nanvar", "The variances along axes, without NaN.")


def _place(name: str, doc: str) -> Callable[..., Array]:
    def function(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
        return _reduce(x, name, axis, keepdims)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{doc}\n\n    Along one axis, or counted row by row without one."
    return function


argmin = _place("argmin", "Where the least elements are first.")
argmax = _place("argmax", "Where the greatest elements are first.")
nanargmin = _place("nanargmin", "Where the least elements are first, without NaN.")
nanargmax = _place("nanargmax", "Where the greatest elements are first, without NaN.")


def ptp(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """The greatest elements along axes less the least ones.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int or tuple of int, optional
        One axis, several, or None for all.
    keepdims : bool
        Whether the axes that are reduced stay, with length 1.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.ptp(x, axis=1).compute().tolist()
    [2, 2]
    """
    return max(x, axis=axis, keepdims=keepdims) - min(x, axis=axis, keepdims=keepdims)


def average(x: Any, /, axis: Any = None, weights: Any = None) -> Array:
    """The means along axes, weighted where weights are given.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int or tuple of int, optional
        One axis, several, or None for all.
    weights : array_like, optional
        Weights of the elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.average(x, axis=1, weights=[1, 0, 1]).compute().tolist()
    [1.0, 4.0]
    """
    if weights is None:
        return mean(x, axis=axis)
    x, weights = as_array(x), as_array(weights)
    if weights.shape != x.shape:
        shape = [1] * x.ndim
        shape[axis] = -1
        weights = weights.reshape(tuple(shape))
    return sum(x * weights, axis=axis) / sum(weights + x * 0, axis=axis)


def _quantiles(x: Any, q: Any, axis: Any, keepdims: bool, skips_nan: bool) -> Array:
    x = as_array(x)
    if x.dtype.kind in "biu":
        x = x.astype("float64")
    axes = axes_of(axis, x.ndim)
    if not hasattr(q, "__len__"):
        return Array(x._core.quantile(float(q), axes, keepdims, skips_nan))
    from ._shape import stack

    return stack([Array(x._core.quantile(float(one), axes, keepdims, skips_nan)) for one in q])


def quantile(x: Any, q: Any, axis: Any = None, *, keepdims: bool = False, method: str = "linear") -> Array:
    """The quantiles, from 0 to 1, along one axis or of all elements; exact, out of core.

    Parameters
    ----------
    x : array_like
        The elements.
    q : float or list of float
        Which quantiles.
    axis : int or tuple of int, optional
        One axis, several, or None for all.
    keepdims : bool
        Whether the axes that are reduced stay, with length 1.
    method : {'linear'}
        How neighbours are weighted.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.quantile(x, 0.5).compute()
    np.float64(2.5)
    """
    _linear(method)
    return _quantiles(x, q, axis, keepdims, False)


def nanquantile(x: Any, q: Any, axis: Any = None, *, keepdims: bool = False, method: str = "linear") -> Array:
    """The quantiles without NaN.

    Parameters
    ----------
    x : array_like
        The elements.
    q : float or list of float
        Which quantiles.
    axis : int or tuple of int, optional
        One axis, several, or None for all.
    keepdims : bool
        Whether the axes that are reduced stay, with length 1.
    method : {'linear'}
        How neighbours are weighted.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.nanquantile(x, 0.5).compute()
    np.float64(2.5)
    """
    _linear(method)
    return _quantiles(x, q, axis, keepdims, True)


def percentile(x: Any, q: Any, axis: Any = None, *, keepdims: bool = False, method: str = "linear") -> Array:
    """The percentiles, from 0 to 100, along one axis or of all elements; exact, out of core.

    Parameters
    ----------
    x : array_like
        The elements.
    q : float or list of float
        Which quantiles.
    axis : int or tuple of int, optional
        One axis, several, or None for all.
    keepdims : bool
        Whether the axes that are reduced stay, with length 1.
    method : {'linear'}
        How neighbours are weighted.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.percentile(x, [0, 50, 100]).compute().tolist()
    [0.0, 2.5, 5.0]
    """
    _linear(method)
    share = [one / 100 for one in q] if hasattr(q, "__len__") else q / 100
    return _quantiles(x, share, axis, keepdims, False)


def median(x: Any, axis: Any = None, *, keepdims: bool = False) -> Array:
    """The medians along one axis or of all elements.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int or tuple of int, optional
        One axis, several, or None for all.
    keepdims : bool
        Whether the axes that are reduced stay, with length 1.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.median(x, axis=1).compute().tolist()
    [1.0, 4.0]
    """
    return _quantiles(x, 0.5, axis, keepdims, False)


def nanmedian(x: Any, axis: Any = None, *, keepdims: bool = False) -> Array:
    """The medians without NaN.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int or tuple of int, optional
        One axis, several, or None for all.
    keepdims : bool
        Whether the axes that are reduced stay, with length 1.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.nanmedian(x, axis=1).compute().tolist()
    [1.0, 4.0]
    """
    return _quantiles(x, 0.5, axis, keepdims, True)


def _linear(method: str) -> None:
    if method != "linear":
        raise UnsupportedError(f"the method {method!r} is not supported; there is 'linear'")


def _running(x: Any, name: str, axis: int | None, dtype: Any) -> Array:
    x = as_array(x)
    if dtype is not None:
        x = x.astype(dtype)
    if axis is None:
        x, axis = x.ravel(), 0
    axes_of(axis, x.ndim)
    if x.dtype.kind == "c" and name == "cumprod":
        return _polar(
            x, lambda sizes: _running(sizes, "cumprod", axis, None), lambda turns: _running(turns, "cumsum", axis, None)
        )
    return Array(x._core.along(name, axis))


def cumsum(x: Any, /, axis: int | None = None, dtype: Any = None) -> Array:
    """The sums of the elements up to each along an axis, or row by row without one.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int or tuple of int, optional
        One axis, several, or None for all.
    dtype : dtype, optional
        Type of the result.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.cumsum(x, axis=1).compute().tolist()
    [[0, 1, 3], [3, 7, 12]]
    """
    return _running(x, "cumsum", axis, dtype)


def cumprod(x: Any, /, axis: int | None = None, dtype: Any = None) -> Array:
    """The products of the elements up to each along an axis, or row by row without one.

    Parameters
    ----------
    x : array_like
        The elements.
    axis : int or tuple of int, optional
        One axis, several, or None for all.
    dtype : dtype, optional
        Type of the result.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.cumprod(x, axis=1).compute().tolist()
    [[0, 0, 0], [3, 12, 60]]
    """
    return _running(x, "cumprod", axis, dtype)


def _cumulative(name: str, start: int) -> Callable[..., Array]:
    def function(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
        x = as_array(x)
        if axis is None:
            if x.ndim != 1:
                raise DTypeError("an axis is needed of an array of several axes")
            axis = 0
        made = _running(x, "cumsum" if start == 0 else "cumprod", axis, dtype)
        if not include_initial:
            return made
        from ._creation import full
        from ._shape import concat

        shape = list(made.shape)
        shape[axis] = 1
        return concat([full(tuple(shape), start, dtype=made.dtype), made], axis=axis)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "The running values along an axis, as the array API standard calls them."
    return function


cumulative_sum = _cumulative("cumulative_sum", 0)
cumulative_prod = _cumulative("cumulative_prod", 1)


def _cumulative_nan(running: Callable[..., Array], neutral: float, doc: str) -> Callable[..., Array]:
    def function(x: Any, /, axis: int | None = None, dtype: Any = None) -> Array:
        from ._elementwise import nan_to_num

        x = as_array(x)
        return running(nan_to_num(x, neutral, float("inf"), float("-inf")) if x.dtype.kind == "f" else x, axis, dtype)

    function.__name__ = function.__qualname__ = f"nan{running.__name__}"
    function.__doc__ = doc
    return function


nancumsum = _cumulative_nan(cumsum, 0.0, "The sums of the elements up to each, NaN as 0.")
nancumprod = _cumulative_nan(cumprod, 1.0, "The products of the elements up to each, NaN as 1.")


def diff(x: Any, /, n: int = 1, axis: int = -1, *, prepend: Any = None, append: Any = None) -> Array:
    """The differences of neighbours along an axis, `n` times.

    Parameters
    ----------
    x : array_like
        The elements.
    n : int, optional
        How many.
    axis : int or tuple of int, optional
        One axis, several, or None for all.
    prepend : array_like, optional
        What is put before.
    append : array_like, optional
        What is put behind.

    Examples
    --------
    >>> import blockfold.array as da
    >>> x = da.arange(6, chunks=3).reshape(2, 3)
    >>> da.diff(x, axis=1).compute().tolist()
    [[1, 1], [1, 1]]
    """
    from ._elementwise import not_equal
    from ._shape import concat

    x = as_array(x)
    ends = (
        [as_array(end) for end in (prepend,) if end is not None],
        [as_array(end) for end in (append,) if end is not None],
    )
    if ends[0] or ends[1]:
        x = concat([*ends[0], x, *ends[1]], axis=axis)
    if n < 0:
        raise ArgumentError(f"diff: {n} times; there cannot be fewer than none")
    # An axis is empty after as many differences as it has elements.
    for _ in range(builtins.min(n, x.shape[axis])):
        if x.shape[axis] < 2:
            return x[(*(slice(None),) * (axis % x.ndim), slice(0, 0))]
        if x.dtype.kind == "b":
            at = axis % x.ndim
            later = tuple(slice(1, None) if one == at else slice(None) for one in range(x.ndim))
            sooner = tuple(slice(None, -1) if one == at else slice(None) for one in range(x.ndim))
            x = not_equal(x[later], x[sooner])
        else:
            x = Array(x._core.along("diff", axis))
    return x
