"""Complex numbers and Fourier transforms against NumPy, on the same text."""

import random

import numpy as np
import pytest

from test_arrays import arrays, chunks  # noqa: F401


def some_complex(generator, shape, dtype="complex128"):
    return (generator.normal(size=shape) + 1j * generator.normal(size=shape)).astype(dtype)


def check(arrays, text, values, *options):
    with np.errstate(all="ignore"):
        expected = np.asarray(eval(text, {"np": np}, dict(values)))
    got = arrays.ours(text, values, *options)
    what = f"{text} with {[(name, x.dtype, x.shape) for name, x in values.items()]} {options}"
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype), f"{what}: {got.dtype} {got.shape}"
    narrow = expected.dtype in (np.complex64, np.float32)
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=2e-5 if narrow else 1e-10, atol=scale * (2e-6 if narrow else 1e-11), err_msg=what)


TEXTS = [
    "a + b", "a - b", "a * b", "a / b", "a * 2", "2.5 - a", "a * 1j", "a + c", "c / a", "-a", "a == b", "a != a", "abs(a)",
    "np.conj(a)", "np.angle(a)", "a.real", "a.imag", "c.real + a.imag", "np.exp(a)", "np.sqrt(a)", "np.log(a)", "a ** 2",
    "a.sum(axis=0)", "a.mean()", "a.std(axis=1)", "a.var()", "np.count_nonzero(a)", "a @ b.T", "a @ c.T", "c @ a.T",
    "a.T[1:, ::-1]", "np.concatenate([a, b], 0)", "np.where(c > 0, c, 0) + 0j", "a[[2, 0, 1]]", "a.reshape(-1)", "c.astype('complex64')",
    "np.roll(a, 1, 0)", "np.broadcast_to(a[:1], (4, 6))", "np.diag(a)", "a[c > 0]", "np.where(c > 0, a, 0)", "np.where(c > 0, c, a)", "np.isnan(a)", "np.isfinite(a)", "np.reciprocal(a)", "np.cumsum(a, axis=1)",
    "np.concatenate([a, c], 0)", "a + k", "(1 + 2j) * a - 3j",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_functions(arrays, text):
    generator = np.random.default_rng(len(text))
    for dtype in ["complex128", "complex64"]:
        c = generator.normal(size=(5, 6)).astype("float64" if dtype == "complex128" else "float32")
        values = {"a": some_complex(generator, (5, 6), dtype), "b": some_complex(generator, (5, 6), dtype), "c": c, "k": np.arange(6, dtype="int8")}
        check(arrays, text, values, "--chunks", "2,4")


def test_what_has_no_order_is_refused(arrays, blockfold, tmp_path):
    np.save(tmp_path / "z.npy", some_complex(np.random.default_rng(1), (4,)))
    for text in ["z.min()", "np.sort(z)", "z > 1", "z.argmax()", "np.median(z)", "np.fft.rfft(z)", "z.astype('float64')", "np.sin(z)"]:
        blockfold("array", "eval", text, "--npy", f"z={tmp_path / 'z.npy'}", fails="")


@pytest.mark.parametrize("order", ["<", ">"])
def test_files(arrays, blockfold, tmp_path, order):
    for dtype in ["c8", "c16"]:
        z = some_complex(np.random.default_rng(2), (3, 4)).astype(order + dtype)
        np.save(tmp_path / "z.npy", np.asfortranarray(z))
        blockfold("array", "eval", "z * 1", "--npy", f"z={tmp_path / 'z.npy'}", "--out", tmp_path / "out.npy", "--overwrite")
        np.testing.assert_allclose(np.load(tmp_path / "out.npy"), z)


@pytest.mark.parametrize("seed", range(30))
def test_transforms(arrays, seed):
    choice, generator = random.Random(seed), np.random.default_rng(seed)
    shape = tuple(choice.choice([1, 2, 3, 5, 8, 12, 31, 64]) for _ in range(choice.randint(1, 3)))
    axis = choice.randrange(len(shape))
    x = generator.normal(size=shape).astype(choice.choice(["float64", "float32"]))
    z = some_complex(generator, shape, choice.choice(["complex128", "complex64"]))
    i = generator.integers(-5, 5, shape)
    n = choice.choice([None, 4, 7, 16])
    options = chunks(choice, len(shape))
    tail = f", n={n}, axis={axis}" if n else f", axis={axis}"
    for text in [f"np.fft.fft(x{tail})", f"np.fft.ifft(z{tail})", f"np.fft.rfft(x{tail})", f"np.fft.fft(z{tail})", f"np.fft.fft(i{tail})"]:
        check(arrays, text, {"x": x, "z": z, "i": i}, *options)
    length = n or 2 * max(shape[axis] - 1, 1)
    check(arrays, f"np.fft.irfft(z, n={length}, axis={axis})", {"z": z}, *options)
    check(arrays, f"np.fft.fftshift(x, axes={axis})", {"x": x}, *options)
    check(arrays, f"np.fft.ifftshift(x)", {"x": x}, *options)
    if len(shape) > 1:
        check(arrays, "np.fft.fft2(z)", {"z": z}, *options)
        check(arrays, "np.fft.ifft2(x)", {"x": x}, *options)


def test_frequencies_and_round_trips(arrays):
    x = np.random.default_rng(5).normal(size=(6, 50))
    for n in [1, 2, 7, 8]:
        check(arrays, f"np.fft.fftfreq({n}, d=0.25)", {"x": x})
    check(arrays, "np.fft.ifft(np.fft.fft(x, axis=0), axis=0).real", {"x": x}, "--chunks", "2,9")
    check(arrays, "np.fft.irfft(np.fft.rfft(x) * 2, n=50)", {"x": x}, "--chunks", "4,11")


@pytest.mark.parametrize("length", [1 << 18, 300_000])
def test_lanes_longer_than_memory(arrays, length):
    z = some_complex(np.random.default_rng(length), (length,))
    check(arrays, "np.fft.fft(z)", {"z": z}, "--chunks", "50000", "--memory", "32MiB")
    check(arrays, "np.fft.rfft(z.real)", {"z": z}, "--memory", "32MiB")
    check(arrays, "np.fft.irfft(z[:100001], n=200000)", {"z": z}, "--memory", "24MiB")
    check(arrays, "np.fft.ifft(z)", {"z": z}, "--memory", "32MiB")
