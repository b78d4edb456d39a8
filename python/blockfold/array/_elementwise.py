"""Functions of elements, under NumPy's names and those of the array API standard."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from ..exceptions import DTypeError
from ._arithmetic import binary
from ._array import Array
from ._operands import as_array, is_number, operand

__all__ = [
    "abs", "absolute", "acos", "acosh", "add", "allclose", "angle", "arccos", "arccosh", "arcsin", "array_equal", "arcsinh", "arctan",
    "arctan2", "arctanh", "around", "as_complex", "asin", "asinh", "atan", "atan2", "atanh", "bitwise_invert",
    "bitwise_not", "cbrt", "ceil", "clip", "conj", "conjugate", "copysign", "cos", "cosh", "deg2rad", "degrees", "divide",
    "equal", "exp", "exp2", "expm1", "fix", "float_power", "floor", "floor_divide", "fmax", "fmin", "greater",
    "greater_equal", "hypot", "i0", "imag", "invert", "isclose", "isfinite", "isinf", "isnan", "less", "less_equal", "log",
    "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not", "logical_or", "logical_xor", "maximum", "minimum",
    "mod", "multiply", "nan_to_num", "negative", "nextafter", "not_equal", "positive", "pow", "power", "rad2deg", "radians",
    "real", "reciprocal", "remainder", "rint", "round", "sign", "signbit", "sin", "sinc", "sinh", "sqrt", "square",
    "subtract", "tan", "tanh", "true_divide", "trunc", "where",
]  # fmt: skip


def _unary(name: str, doc: str, native: str | None = None) -> Callable[[Any], Array]:
    """A function of the engine; complex numbers that it does not take go through NumPy, chunk by chunk."""
    native = native or name

    def function(x: Any, /) -> Array:
        x = as_array(x)
        if x.dtype.kind == "c" and native not in _COMPLEX:
            return through_numpy(x, native)
        if x.dtype.kind == "b" and native not in _BOOLEAN:
            return _of_bool(x, native)
        return Array(x._core.unary(native))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{doc}\n\n    Elementwise and lazy, as NumPy's function of this name."
    return function


#: What the engine has of complex numbers.
_COMPLEX = {
    "abs",
    "exp",
    "log",
    "sqrt",
    "isnan",
    "isinf",
    "isfinite",
    "square",
    "reciprocal",
    "negative",
    "real",
    "imag",
    "conj",
    "angle",
}
_BOOLEAN = {"logical_not", "invert"}


def _of_bool(x: Array, name: str) -> Array:
    if name in ("isnan", "isinf"):
        return x != x
    if name == "isfinite":
        return x == x
    if name == "abs":
        return x
    return Array(x.astype("int8" if name == "square" else "float64")._core.unary(name))


def through_numpy(x: Array, name: str, dtype: Any = None) -> Array:
    """A function of NumPy for each chunk."""
    import numpy as np

    function = getattr(np, name)
    if dtype is None:
        with np.errstate(all="ignore"):
            dtype = function(np.ones((1,), x.dtype)).dtype
    return Array(
        x._core.map_blocks(lambda chunk, _start: _quiet(function, np.asarray(chunk), dtype), np.dtype(dtype).name)
    )


def _quiet(function: Any, *args: Any) -> Any:
    import numpy as np

    *values, dtype = args
    with np.errstate(all="ignore"):
        # Not ascontiguousarray, which makes an axis where there is none.
        return np.require(function(*values), dtype=dtype, requirements=["C", "A"])


def _numpy_unary(name: str, doc: str, numpy_name: str | None = None, dtype: Any = None) -> Callable[[Any], Array]:
    def function(x: Any, /) -> Array:
        x = as_array(x)
        x = x.astype("float64") if x.dtype.kind in "biu" else x
        return through_numpy(x, numpy_name or name, dtype)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{doc}\n\n    Computed by NumPy, chunk by chunk."
    return function


abs = absolute = _unary("abs", "The absolute values.")
negative = _unary("negative", "The elements with their signs exchanged.")
exp = _unary("exp", "e to the power of the elements.")
expm1 = _unary("expm1", "e to the power of the elements, less 1.")
log = _unary("log", "The natural logarithms.")
log2 = _unary("log2", "The logarithms to base 2.")
log10 = _unary("log10", "The logarithms to base 10.")
log1p = _unary("log1p", "The natural logarithms of 1 plus the elements.")
sqrt = _unary("sqrt", "The square roots.")
cbrt = _unary("cbrt", "The cube roots.")
sin = _unary("sin", "The sines.")
cos = _unary("cos", "The cosines.")
tan = _unary("tan", "The tangents.")
arcsin = asin = _unary("arcsin", "The angles of sines.")
arccos = acos = _unary("arccos", "The angles of cosines.")
arctan = atan = _unary("arctan", "The angles of tangents.")
sinh = _unary("sinh", "The hyperbolic sines.")
cosh = _unary("cosh", "The hyperbolic cosines.")
tanh = _unary("tanh", "The hyperbolic tangents.")
radians = deg2rad = _unary("radians", "Degrees as radians.")
degrees = rad2deg = _unary("degrees", "Radians as degrees.")
square = _unary("square", "The squares.")
isnan = _unary("isnan", "Whether elements are NaN.")
isinf = _unary("isinf", "Whether elements are infinite.")
isfinite = _unary("isfinite", "Whether elements are neither NaN nor infinite.")
logical_not = _unary("logical_not", "Whether elements are zero.")
invert = bitwise_not = bitwise_invert = _unary("invert", "The bits inverted.")
angle = _unary("angle", "The angles of complex numbers, in radians.")
arcsinh = asinh = _numpy_unary("arcsinh", "The inverse hyperbolic sines.")
arccosh = acosh = _numpy_unary("arccosh", "The inverse hyperbolic cosines.")
arctanh = atanh = _numpy_unary("arctanh", "The inverse hyperbolic tangents.")
exp2 = _numpy_unary("exp2", "2 to the power of the elements.")
signbit = _numpy_unary("signbit", "Whether elements are negative, zeros with a sign among them.", dtype="bool")
sinc = _numpy_unary("sinc", "The normalised sinc function.")
i0 = _numpy_unary("i0", "The modified Bessel function of order 0.")


def real(x: Any, /) -> Array:
    """The real parts.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.real(da.asarray([1 + 2j])).compute().tolist()
    [1.0]
    """
    x = as_array(x)
    return Array(x._core.unary("real")) if x.dtype.kind == "c" else x


def imag(x: Any, /) -> Array:
    """The imaginary parts, 0 of real numbers.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.imag(da.asarray([1 + 2j])).compute().tolist()
    [2.0]
    """
    x = as_array(x)
    return Array(x._core.unary("imag")) if x.dtype.kind == "c" else (x * 0).astype(x.dtype)


def conj(x: Any, /) -> Array:
    """The complex conjugates.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.conj(da.asarray([1 + 2j])).compute().tolist()
    [(1-2j)]
    """
    x = as_array(x)
    return Array(x._core.unary("conj")) if x.dtype.kind == "c" else x


conjugate = conj


def positive(x: Any, /) -> Array:
    """The elements themselves.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.positive(da.asarray([-1])).compute().tolist()
    [-1]
    """
    return as_array(x)


def reciprocal(x: Any, /) -> Array:
    """1 divided by the elements.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.reciprocal(da.asarray([2.0, 4.0])).compute().tolist()
    [0.5, 0.25]
    """
    return 1 / as_array(x)


def _whole(name: str, doc: str) -> Callable[[Any], Array]:
    def function(x: Any, /) -> Array:
        x = as_array(x)
        if x.dtype.kind in "biu":
            return x
        if x.dtype.kind == "c":
            raise DTypeError(f"{name} does not take complex numbers; take it of their real and imag parts")
        return Array(x._core.unary(name))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


floor = _whole("floor", "The greatest whole numbers that are not greater.")
ceil = _whole("ceil", "The least whole numbers that are not less.")
trunc = fix = _whole("trunc", "The whole parts.")


def round(x: Any, /, decimals: int = 0) -> Array:
    """The elements rounded to decimals, halves to even.

    Parameters
    ----------
    x : array_like
        The elements.
    decimals : int
        How many decimals stay.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.round(da.asarray([1.25, 2.5]), 1).compute().tolist()
    [1.2, 2.5]
    """
    x = as_array(x)
    if x.dtype.kind in "biu" and decimals >= 0:
        return x
    if x.dtype.kind == "c":
        return as_complex(round(x.real, decimals), round(x.imag, decimals))
    if decimals:
        scale = 10.0 ** builtins.abs(decimals)
        scaled = x * scale if decimals > 0 else x / scale
        return round(scaled) / scale if decimals > 0 else round(scaled) * scale
    return through_numpy(x, "rint", x.dtype)


rint = around = round


def sign(x: Any, /) -> Array:
    """-1, 0 or 1 by the sign; of complex numbers the number on the unit circle.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.sign(da.asarray([-2, 0, 3])).compute().tolist()
    [-1, 0, 1]
    """
    x = as_array(x)
    return through_numpy(x, "sign", x.dtype) if x.dtype.kind == "c" else Array(x._core.unary("sign")).astype(x.dtype)


def as_complex(re: Any, im: Any) -> Array:
    """Complex numbers of real and imaginary parts.

    Parameters
    ----------
    re : array_like
        The real parts.
    im : array_like
        The imaginary parts.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.as_complex(da.asarray([1.0]), da.asarray([2.0])).compute().tolist()
    [(1+2j)]
    """
    re, im = as_array(re), as_array(im)
    if "float64" in (re._core.dtype, im._core.dtype):
        re, im = re.astype("float64"), im.astype("float64")
    return Array(re._core.complex(re._core, im._core))


def _operator(name: str, op: str, doc: str) -> Callable[[Any, Any], Array]:
    def function(x1: Any, x2: Any, /) -> Array:
        return binary(op, x1, x2)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


add = _operator("add", "+", "The sums.")
subtract = _operator("subtract", "-", "The differences.")
multiply = _operator("multiply", "*", "The products.")
divide = true_divide = _operator("divide", "/", "The quotients, as floats.")
floor_divide = _operator("floor_divide", "//", "The quotients, rounded towards minus infinity.")
remainder = mod = _operator("remainder", "%", "What is left of a division, with the divisor's sign.")


equal = _operator("equal", "==", "Whether elements are equal.")
not_equal = _operator("not_equal", "!=", "Whether elements differ.")
less = _operator("less", "<", "Whether elements are less.")
less_equal = _operator("less_equal", "<=", "Whether elements are less or equal.")
greater = _operator("greater", ">", "Whether elements are greater.")
greater_equal = _operator("greater_equal", ">=", "Whether elements are greater or equal.")
power = pow = float_power = _operator("power", "**", "The powers. Whole numbers stay whole numbers, and wrap.")


def logical_and(x1: Any, x2: Any, /) -> Array:
    """Whether both elements are not zero.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.logical_and(da.asarray([1, 0]), 1).compute().tolist()
    [True, False]
    """
    return Array(_truth(x1)._core.binary("&", _truth(x2)._core, False))


def logical_or(x1: Any, x2: Any, /) -> Array:
    """Whether one of two elements is not zero.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.logical_or(da.asarray([1, 0]), 0).compute().tolist()
    [True, False]
    """
    return Array(_truth(x1)._core.binary("|", _truth(x2)._core, False))


def logical_xor(x1: Any, x2: Any, /) -> Array:
    """Whether one of two elements alone is not zero.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.logical_xor(da.asarray([1, 0]), 1).compute().tolist()
    [False, True]
    """
    return _truth(x1) != _truth(x2)


def _truth(x: Any) -> Array:
    x = as_array(x)
    return x if x.dtype.kind == "b" else x != 0


def _pick(name: str, doc: str) -> Callable[[Any, Any], Array]:
    def function(x1: Any, x2: Any, /) -> Array:
        if is_number(x1):
            x1, x2 = x2, x1
        x1 = as_array(x1)
        return Array(getattr(x1._core, name)(operand(x2)))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


maximum = _pick("maximum", "The greater of two elements; NaN where either is.")
minimum = _pick("minimum", "The less of two elements; NaN where either is.")


def fmax(x1: Any, x2: Any, /) -> Array:
    """The greater of two elements; the other one where one is NaN.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.fmax(da.asarray([1.0, da.nan]), 0.5).compute().tolist()
    [1.0, 0.5]
    """
    x1, x2 = as_array(x1), as_array(x2)
    return where(isnan(x1), x2, where(isnan(x2), x1, maximum(x1, x2)))


def fmin(x1: Any, x2: Any, /) -> Array:
    """The less of two elements; the other one where one is NaN.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.fmin(da.asarray([1.0, da.nan]), 0.5).compute().tolist()
    [0.5, 0.5]
    """
    x1, x2 = as_array(x1), as_array(x2)
    return where(isnan(x1), x2, where(isnan(x2), x1, minimum(x1, x2)))


def arctan2(x1: Any, x2: Any, /) -> Array:
    """The angles of points, x1 their second coordinate.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.arctan2(da.asarray([0.0]), 1.0).compute().tolist()
    [0.0]
    """
    x1 = as_array(x1, like=x2 if isinstance(x2, Array) else None)
    return Array(x1._core.arctan2(operand(x2)))


atan2 = arctan2


def hypot(x1: Any, x2: Any, /) -> Array:
    """The lengths of hypotenuses.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.hypot(da.asarray([3.0]), 4.0).compute().tolist()
    [5.0]
    """
    x1, x2 = as_array(x1), as_array(x2)
    return abs(as_complex(*_floats(x1, x2)))


def _floats(*arrays: Array) -> list[Array]:
    narrow = builtins.all(array.dtype == "float32" for array in arrays)
    return [array if narrow else array.astype("float64") for array in arrays]


def logaddexp(x1: Any, x2: Any, /) -> Array:
    """The logarithms of sums of exponentials.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.logaddexp(da.asarray([0.0]), 0.0).compute().round(3).tolist()
    [0.693]
    """
    x1, x2 = as_array(x1), as_array(x2)
    greatest = maximum(x1, x2)
    made = greatest + log1p(exp(-abs(x1 - x2)))
    return where(isinf(greatest), greatest, made)


def copysign(x1: Any, x2: Any, /) -> Array:
    """The sizes of one array's elements with the signs of another's.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.copysign(da.asarray([1.0, 2.0]), da.asarray([-1.0, 1.0])).compute().tolist()
    [-1.0, 2.0]
    """
    size, other = abs(as_array(x1)), as_array(x2)
    return where(signbit(other), -size, size)


def nextafter(x1: Any, x2: Any, /) -> Array:
    """The next floats towards others.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> bool((da.nextafter(da.ones(2), da.full((2,), 2.0)) > 1).all())
    True
    """
    return pairwise("nextafter", as_array(x1), as_array(x2))


def pairwise(name: str, x1: Array, x2: Array, dtype: Any = None) -> Array:
    """A function of NumPy of two real arrays for each chunk: they travel as one array of complex numbers."""
    import numpy as np

    dtype = np.dtype((x1 + x2).dtype if dtype is None else dtype)
    function, kind = getattr(np, name), (x1 + x2).dtype

    def both(chunk: Any, _start: Any) -> Any:
        values: Any = np.asarray(chunk)
        return _quiet(function, values.real.astype(kind), values.imag.astype(kind), dtype)

    return Array(as_complex(x1.astype("float64"), x2.astype("float64"))._core.map_blocks(both, dtype.name))


def clip(x: Any, /, min: Any = None, max: Any = None, *, a_min: Any = None, a_max: Any = None) -> Array:
    """The elements limited to bounds; None does not limit.

    Parameters
    ----------
    x : array_like
        The elements.
    min : number or array, optional
        The lower bound.
    max : number or array, optional
        The upper bound.
    a_min : number or array, optional
        NumPy's older name of `min`.
    a_max : number or array, optional
        NumPy's older name of `max`.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.clip(da.arange(4), 1, 2).compute().tolist()
    [1, 1, 2, 2]
    """
    low, high = a_min if min is None else min, a_max if max is None else max
    x = as_array(x)
    if low is not None:
        x = maximum(x, low)
    return x if high is None else minimum(x, high)


def where(condition: Any, x1: Any = None, x2: Any = None, /) -> Any:
    """The elements of `x1` where a condition holds, and of `x2` elsewhere; of a condition alone, where it holds.

    Parameters
    ----------
    condition : array_like
        Where to take which.
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.where(da.arange(4) > 1, da.arange(4), -1).compute().tolist()
    [-1, -1, 2, 3]
    """
    if x1 is None and x2 is None:
        from ._searching import nonzero

        return nonzero(condition)
    return Array(_truth(condition)._core.choose(operand(x1), operand(x2)))


def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """Whether elements are about equal.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.
    rtol : float, optional
        How far elements may be apart, as a share.
    atol : float
        How far elements may be apart.
    equal_nan : bool
        Whether NaN equals NaN.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.isclose(da.asarray([1.0, 2.0]), 1.0).compute().tolist()
    [True, False]
    """
    x1 = as_array(x1)
    close = Array(x1._core.isclose(operand(x2), rtol, atol))
    return logical_or(close, logical_and(isnan(x1), isnan(as_array(x2)))) if equal_nan else close


def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """Whether all elements are about equal.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.
    rtol : float, optional
        How far elements may be apart, as a share.
    atol : float
        How far elements may be apart.
    equal_nan : bool
        Whether NaN equals NaN.

    Examples
    --------
    >>> import blockfold.array as da
    >>> bool(da.allclose(da.ones(3), 1.0))
    True
    """
    return isclose(x1, x2, rtol, atol, equal_nan).all()


def array_equal(x1: Any, x2: Any, equal_nan: bool = False) -> bool:
    """Whether two arrays have one shape and equal elements. Works at once.

    Parameters
    ----------
    x1 : array_like
        The first operand.
    x2 : array_like
        The second operand; shapes broadcast.
    equal_nan : bool
        Whether NaN equals NaN.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.array_equal(da.ones(3), da.ones(3))
    True
    """
    x1, x2 = as_array(x1), as_array(x2)
    if x1.shape != x2.shape:
        return False
    same = equal(x1, x2)
    return bool((logical_or(same, logical_and(isnan(x1), isnan(x2))) if equal_nan else same).all())


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Array:
    """The elements with NaN and infinities replaced by numbers.

    Parameters
    ----------
    x : array_like
        The elements.
    nan : float
        What stands for NaN.
    posinf : float, optional
        What stands for infinity.
    neginf : float, optional
        What stands for minus infinity.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.nan_to_num(da.asarray([1.0, da.nan])).compute().tolist()
    [1.0, 0.0]
    """
    import numpy as np

    x = as_array(x)
    if x.dtype.kind != "f":
        return x
    limits = np.finfo(x.dtype)
    x = where(isnan(x), nan, x)
    x = where(x == float("inf"), float(limits.max) if posinf is None else posinf, x)
    return where(x == float("-inf"), float(limits.min) if neginf is None else neginf, x)
