"""The Python array API standard, with array-api-strict as the oracle."""

import array_api_strict as strict
import blockfold as bf
import blockfold.array as da
import numpy as np
import pytest

_StrictArray = type(strict.zeros(1))

#: Names of the namespace that have nothing to do with the standard.
_NOT_STANDARD = {
    "set_array_api_strict_flags",
    "get_array_api_strict_flags",
    "reset_array_api_strict_flags",
    "ArrayAPIStrictFlags",
    "Device",
    "EMPTY",
    "DType",
}


#: In-place operators fall back to the others: ``x += 1`` is ``x = x + 1`` of a lazy array. The buffer protocol is NumPy's.
_OF_PYTHON = {
    "__buffer__",
    "__release_buffer__",
    *(
        f"__i{op}__"
        for op in [
            "add",
            "and",
            "floordiv",
            "lshift",
            "matmul",
            "mod",
            "mul",
            "or",
            "pow",
            "rshift",
            "sub",
            "truediv",
            "xor",
        ]
    ),
}


def _names(module):
    exported = getattr(module, "__all__", dir(module))
    return [name for name in exported if not name.startswith("_") and name not in _NOT_STANDARD]


@pytest.mark.parametrize("name", _names(strict))
def test_no_name_is_missing(name):
    assert hasattr(da, name)


@pytest.mark.parametrize(
    "name", ["linalg." + name for name in _names(strict.linalg)] + ["fft." + name for name in _names(strict.fft)]
)
def test_no_name_of_extensions_is_missing(name):
    space, name = name.split(".")
    if name in ("broadcast_arrays",):
        return
    assert hasattr(getattr(da, space), name)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in dir(_StrictArray)
        if name not in _OF_PYTHON and (not name.startswith("_") or name.startswith("__"))
    ],
)
def test_no_attribute_of_arrays_is_missing(name):
    assert hasattr(da.Array, name)


def test_the_namespace():
    x = da.ones(3)
    assert x.__array_namespace__() is da
    assert x.__array_namespace__(api_version="2024.12") is da
    with pytest.raises(ValueError, match="2025.12"):
        x.__array_namespace__(api_version="1999.01")
    info = da.__array_namespace_info__()
    assert info.default_dtypes()["real floating"] == da.float64
    assert set(info.dtypes(kind="signed integer")) == {"int8", "int16", "int32", "int64"}
    assert info.capabilities()["boolean indexing"] and info.devices() == ["cpu"]
    assert (x.device, x.to_device("cpu") is x) == ("cpu", True)


_A = np.random.default_rng(0).normal(size=(4, 5))
_I = np.random.default_rng(0).integers(0, 5, size=(4, 5))

#: `m` is a namespace of the standard; `x` floats, `i` whole numbers.
CASES = """
m.acos(x / 4) ; m.atan2(x, x) ; m.bitwise_left_shift(i, i) ; m.bitwise_invert(i) ; m.copysign(x, -x) ; m.hypot(x, x)
m.logaddexp(x, x) ; m.nextafter(x, x * 2) ; m.signbit(x) ; m.reciprocal(x) ; m.pow(x, 2) ; m.remainder(x, x * 2) ; m.trunc(x)
m.astype(x, m.int32) ; m.permute_dims(x, (1, 0)) ; m.concat([x, x], axis=1) ; m.concat([x, x], axis=None) ; m.stack([x, x], axis=1)
m.expand_dims(x, axis=0) ; m.flip(x) ; m.moveaxis(x, 0, 1) ; m.repeat(x, 2) ; m.roll(x, 1) ; m.squeeze(x[:1, :], axis=0) ; m.tile(x, (2, 1))
m.unstack(x) ; m.broadcast_to(x, (3, 4, 5)) ; m.broadcast_arrays(x, x[:1, :]) ; m.take(x, m.asarray([0, 2]), axis=1) ; m.take_along_axis(x, m.argsort(x), axis=-1)
m.cumulative_sum(x, axis=1) ; m.cumulative_sum(x, axis=0, include_initial=True) ; m.cumulative_prod(x, axis=1) ; m.diff(x, axis=0) ; m.searchsorted(m.sort(x[0, :]), x)
m.max(x, axis=0) ; m.mean(x) ; m.prod(x) ; m.std(x, correction=1) ; m.sum(i) ; m.var(x, axis=1, keepdims=True) ; m.count_nonzero(i) ; m.any(x > 1, axis=1)
m.sort(x, descending=True) ; m.argsort(i, descending=True, axis=0) ; m.argmax(x, axis=1) ; m.nonzero(i) ; m.where(x > 0, x, -x)
m.unique_all(i) ; m.unique_counts(i) ; m.unique_inverse(i) ; m.unique_values(i)
m.arange(5) ; m.arange(1.5, 4) ; m.arange(5, 0, -2) ; m.linspace(0, 1, 5) ; m.linspace(0, 1, 5, endpoint=False) ; m.eye(3, k=1) ; m.full((2, 2), 3) ; m.full((), True) ; m.zeros(3, dtype=m.int8) ; m.ones_like(i) ; m.tril(x) ; m.triu(x, k=1)
m.meshgrid(x[0, :], x[:, 0], indexing="ij") ; m.matmul(x, m.matrix_transpose(x)) ; m.tensordot(x, x, axes=((0, 1), (0, 1))) ; m.vecdot(x, x) ; x.mT ; x @ x.T
m.linalg.cholesky(x @ x.T + m.eye(4)) ; m.linalg.det(x[:, :4]) ; m.linalg.diagonal(x) ; m.linalg.inv(x[:, :4]) ; m.linalg.matrix_norm(x) ; m.linalg.matrix_rank(x) ; m.linalg.outer(x[0, :], x[1, :]) ; m.linalg.pinv(x) ; m.linalg.slogdet(x[:, :4]) ; m.linalg.solve(x[:, :4], x) ; m.linalg.svdvals(x) ; m.linalg.trace(x) ; m.linalg.vector_norm(x, ord=1) ; m.linalg.matrix_power(x[:, :4], 3) ; m.linalg.cross(x[:, :3], x[:, 1:4])
m.fft.fft(m.astype(x, m.complex128)) ; m.fft.rfft(x) ; m.fft.fftfreq(5) ; m.fft.rfftfreq(5) ; m.fft.fftshift(x)
x[..., 0] ; x[1:3, ::-1] ; x[None, :, :] ; x[x > 0] ; x[m.asarray([0, 1]), m.asarray([1, 2])] ; x[-1, :] ; m.result_type(x, m.float32) ; m.isdtype(x.dtype, "real floating") ; m.can_cast(m.int8, m.int64)
m.finfo(m.float32).eps ; m.iinfo(m.int16).max ; m.isfinite(x) ; m.clip(x, -1, 1) ; m.clip(x, min=0) ; m.maximum(x, x * 2) ; m.floor_divide(i, 2 + 0 * i) ; m.square(x) ; m.sign(x) ; m.logical_xor(x > 0, x < 1) ; bool(m.all(x == x)) ; int(i[0, 0]) ; float(x[1, 1]) ; x.size ; x.ndim ; x.shape
""".replace("\n", ";").split(";")
CASES = [case.strip() for case in CASES if case.strip()]


def _flat(answer):
    if isinstance(answer, (tuple, list)) and not isinstance(answer, str):
        for part in answer:
            yield from _flat(part)
    elif isinstance(answer, (_StrictArray, da.Array)):
        yield np.asarray(answer)
    elif hasattr(answer, "_np_dtype"):
        yield answer._np_dtype
    else:
        yield answer


@pytest.mark.parametrize("case", CASES)
def test_as_the_standard_says(case):
    want = list(_flat(eval(case, {"m": strict, "x": strict.asarray(_A), "i": strict.asarray(_I)})))
    lazy = {"x": da.from_array(_A, chunks=2), "i": da.from_array(_I, chunks=3)}
    got = list(_flat(eval(case, {"m": da, **lazy})))
    assert len(got) == len(want)
    for ours, theirs in zip(got, want, strict=True):
        if isinstance(theirs, np.ndarray):
            assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)
        else:
            assert ours == theirs


def test_frames_and_arrays_compute_together():
    x, df = da.ones(3), bf.from_dict({"x": [1, 2]})
    total, mean, frame, plain = bf.compute(x.sum(), x.mean(), df, 7)
    assert (total, mean, len(frame), plain) == (3, 1, 2, 7)
    assert bf.compute({"a": [x.max()]}, (df.x.sum(),)) == ({"a": [1.0]}, (3,))
