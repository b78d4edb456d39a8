"""Types and values of operators and functions for every type of elements, against NumPy."""

import warnings

import blockfold.array as da
import numpy as np
import pytest

TYPES = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "complex64",
    "complex128",
]

UNARY = [
    "abs",
    "negative",
    "square",
    "isnan",
    "isinf",
    "isfinite",
    "logical_not",
    "sign",
    "floor",
    "ceil",
    "trunc",
    "exp",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "cbrt",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "radians",
    "degrees",
    "signbit",
    "real",
    "imag",
    "positive",
    "invert",
]

BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "floor_divide",
    "remainder",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "maximum",
    "minimum",
    "power",
    "logical_and",
    "logical_or",
    "logical_xor",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
]

REDUCTIONS = [
    "sum",
    "prod",
    "mean",
    "std",
    "var",
    "min",
    "max",
    "any",
    "all",
    "argmin",
    "argmax",
    "count_nonzero",
    "cumsum",
    "cumprod",
    "median",
]


def _values(dtype, seed=0):
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.random((6, 5)) > 0.5
    if dtype.startswith("complex"):
        return (rng.normal(size=(6, 5)) + 1j * rng.normal(size=(6, 5))).astype(dtype)
    if dtype.startswith("float"):
        return rng.normal(size=(6, 5)).astype(dtype)
    return rng.integers(0, 50, size=(6, 5)).astype(dtype)


def _expected(function, *args, **kwargs):
    """What NumPy gives; nothing where it refuses the types."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return np.asarray(function(*args, **kwargs))
        except TypeError:
            pytest.skip("NumPy refuses these types")


def _check(got, want, narrow_floats=False):
    got = np.asarray(got)
    assert got.shape == want.shape
    if narrow_floats and want.dtype.kind == "f":
        # NumPy gives half and single floats for functions of small whole numbers; the engine always gives doubles.
        assert got.dtype.kind == "f"
        if want.dtype == "float16":
            return
    else:
        assert got.dtype == want.dtype
    narrow = np.dtype(want.dtype).itemsize <= 4 or want.dtype == "complex64"
    np.testing.assert_allclose(got, want, rtol=2e-4 if narrow else 1e-9, atol=1e-5 if narrow else 1e-11)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", UNARY)
def test_functions(name, dtype):
    x = _values(dtype)
    want = _expected(getattr(np, name), x)
    _check(getattr(da, name)(da.from_array(x, chunks=(4, 2))), want, narrow_floats=dtype not in ("float32", "float64"))


@pytest.mark.parametrize("left", TYPES)
@pytest.mark.parametrize("name", BINARY)
def test_operators(name, left):
    checked = 0
    for right in TYPES:
        x, y = _values(left), _values(right, 1)
        is_complex = "complex" in left or "complex" in right
        if is_complex and name in (
            "less",
            "less_equal",
            "greater",
            "greater_equal",
            "maximum",
            "minimum",
            "logical_and",
            "logical_or",
            "logical_xor",
        ):
            continue
        if name == "power":
            if is_complex and "complex" not in left:
                x = np.abs(x) + 1
            y = (y % 3).astype(right) if np.dtype(right).kind in "iu" else y
        if name == "floor_divide" and {left, right} & {"uint64"} and np.dtype(left).kind != np.dtype(right).kind:
            continue
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                want = getattr(np, name)(x, y)
        except TypeError:
            continue
        _check(getattr(da, name)(da.from_array(x, chunks=(4, 2)), da.from_array(y, chunks=3)), want)
        checked += 1
    assert checked or name in ("bitwise_and", "bitwise_or", "bitwise_xor") or "complex" in left


@pytest.mark.parametrize("number", [2, 2.5, -1, 3, True])
@pytest.mark.parametrize("op", ["+", "-", "*", "/", "//", "%", "==", "<", ">="])
def test_numbers_take_the_type_of_the_array(op, number):
    for dtype in TYPES:
        x = _values(dtype)
        for expression in (f"x {op} n", f"n {op} x"):
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    want = np.asarray(eval(expression, {"x": x, "n": number}))
            except (TypeError, OverflowError):
                continue
            if "complex" in dtype and op in ("<", ">="):
                continue
            _check(eval(expression, {"x": da.from_array(x, chunks=3), "n": number}), want)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name, dtype):
    x = _values(dtype)
    if "complex" in dtype and name in ("min", "max", "argmin", "argmax", "median"):
        pytest.skip("complex numbers have no order")
    for axis in (None, 0, 1, -1):
        want = _expected(getattr(np, name), x, axis=axis)
        _check(getattr(da, name)(da.from_array(x, chunks=(4, 2)), axis=axis), want)


def test_whole_powers_are_exact():
    x = da.from_array(np.array([3, -3, 2], "int64"), chunks=2)
    assert (x**39).compute().tolist() == [3**39, -(3**39), 2**39]
    y = da.from_array(np.array([39, 3, 62], "int64"), chunks=1)
    assert (x**y).compute().tolist() == [3**39, -27, 2**62]
    with pytest.raises(ValueError, match="negative"):
        x**-1


def test_bits_of_whole_numbers():
    rng = np.random.default_rng(3)
    a, b = rng.integers(-(2**62), 2**62, 20), rng.integers(-(2**62), 2**62, 20)
    x, y = da.from_array(a, chunks=7), da.from_array(b, chunks=5)
    for got, want in (((x & y), a & b), ((x | y), a | b), ((x ^ y), a ^ b), (~x, ~a), (x & 255, a & 255)):
        np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(da.arange(10) << 3, np.arange(10) << 3)
    np.testing.assert_array_equal(da.arange(-5, 5) >> 1, np.arange(-5, 5) >> 1)


def test_types_are_numpys():
    x = da.ones(3, dtype="float32")
    assert x.dtype == np.float32 == da.float32
    assert (x + 1).dtype == np.float32
    assert (x + 1.5).dtype == np.float32
    assert (x + np.float64(1)).dtype == np.float64
    assert (da.ones(3, dtype="i1") + da.ones(3, dtype="u1")).dtype == np.int16
    with pytest.raises(TypeError, match="no type"):
        da.ones(3, dtype="float128x")
