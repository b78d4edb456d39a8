"""Arrays against NumPy: the program takes NumPy's expressions, so both evaluate the same text."""

import random

import numpy as np
import pytest

FLOATS = ["float64", "float32"]
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def some(generator, shape, dtype):
    """An array of small numbers; a few NaN and infinities where there can be."""
    if dtype == "bool":
        return generator.random(shape) < 0.5
    if dtype in FLOATS:
        values = np.asarray(generator.normal(size=shape) * 3)
        values = np.where(generator.random(shape) < 0.03, np.nan, values)
        return np.where(generator.random(shape) < 0.01, np.inf, values).astype(dtype)
    low = 0 if dtype.startswith("u") else -9
    return np.asarray(generator.integers(low, 10, shape)).astype(dtype)


class Arrays:
    """Evaluates a text in the program and in NumPy."""

    def __init__(self, blockfold, folder):
        self.blockfold, self.folder = blockfold, folder

    def ours(self, text, arrays, *options):
        args = ["array", "eval", text, "--out", self.folder / "out.npy", "--overwrite", *options]
        for name, values in arrays.items():
            np.save(self.folder / f"{name}.npy", values)
            args += ["--npy", f"{name}={self.folder / name}.npy"]
        self.blockfold(*args)
        return np.load(self.folder / "out.npy")

    def check(self, text, arrays, *options, dtype=True):
        with np.errstate(all="ignore"):
            expected = np.asarray(eval(text, {"np": np}, dict(arrays)))
        got = self.ours(text, arrays, *options)
        what = f"{text} with {[(name, x.dtype, x.shape) for name, x in arrays.items()]} {options}"
        assert got.shape == expected.shape, f"{what}: {got.shape}, not {expected.shape}"
        if dtype:
            assert got.dtype == expected.dtype, f"{what}: {got.dtype}, not {expected.dtype}"
        narrow = any(x.dtype == np.float32 for x in arrays.values())
        tolerance = {"rtol": 2e-4, "atol": 1e-4} if narrow else {"rtol": 1e-9, "atol": 1e-9}
        np.testing.assert_allclose(got.astype(float), expected.astype(float), **tolerance, err_msg=what)


@pytest.fixture
def arrays(blockfold, tmp_path):
    return Arrays(blockfold, tmp_path)


def chunks(choice, ndim):
    return ["--chunks", ",".join(str(choice.choice([1, 2, 3, 5, 7, -1])) for _ in range(ndim))] if ndim else []


@pytest.mark.parametrize("seed", range(60))
def test_elementwise(arrays, seed):
    choice, generator = random.Random(seed), np.random.default_rng(seed)
    for _ in range(4):
        a, b = (choice.choice(FLOATS + INTEGERS) for _ in range(2))
        shape = [choice.randint(1, 9) for _ in range(choice.randint(0, 3))]
        other = [n if choice.random() < 0.7 else 1 for n in shape][choice.randint(0, len(shape)) :]
        values = {"a": some(generator, shape, a), "b": some(generator, other, b)}
        op = choice.choice(["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!="])
        arrays.check(f"a {op} b", values)


@pytest.mark.parametrize("seed", range(40))
def test_functions(arrays, seed):
    choice, generator = random.Random(seed), np.random.default_rng(seed)
    names = "abs sign sqrt cbrt exp expm1 log log2 log10 log1p sin cos tan arctan sinh cosh tanh floor ceil trunc isnan isinf"
    texts = [f"np.{name}(a)" for name in names.split()]
    texts += ["np.where(a > 0, a, b)", "np.minimum(a, b)", "np.maximum(a, b)", "np.clip(a, -1.0, 2.0)", "a ** 2", "-a", "1 - a", "2.0 / a"]
    texts += ["np.square(a) + b", "np.arctan2(a, b)", "(a > 0) & (b > 0)", "(a > 0) | ~(b > 0)", "np.isfinite(a)", "a // b", "a % 2.5"]
    texts += ["np.isclose(a, b)", "np.sin(a) ** 2 + np.cos(a) ** 2 * np.exp(-a)"]
    for text in choice.sample(texts, 6):
        dtype = choice.choice(FLOATS)
        shape = [choice.randint(1, 9) for _ in range(choice.randint(1, 3))]
        arrays.check(text, {"a": some(generator, shape, dtype), "b": some(generator, shape, dtype)}, *chunks(choice, len(shape)))


@pytest.mark.parametrize("seed", range(60))
def test_reductions(arrays, seed):
    choice, generator = random.Random(seed), np.random.default_rng(seed)
    names = "sum prod mean std var min max any all count_nonzero nansum nanmean nanstd nanvar".split()
    for name in choice.sample(names, 5):
        dtype = choice.choice(FLOATS + INTEGERS + ["bool"])
        if dtype == "bool" and name in ("min", "max"):
            dtype = "int8"
        shape = [choice.randint(1, 9) for _ in range(choice.randint(0, 3))]
        axes = [axis for axis in range(len(shape)) if choice.random() < 0.6]
        axis = choice.choice(["None", f"({','.join(map(str, axes))}{',' if axes else ''})"]) if axes else "None"
        keep = f", keepdims={choice.choice([True, False])}"
        ddof = ", ddof=1" if name in ("std", "var") and choice.random() < 0.5 else ""
        arrays.check(f"np.{name}(a, axis={axis}{keep}{ddof})", {"a": some(generator, shape, dtype)}, *chunks(choice, len(shape)))


@pytest.mark.parametrize("name", ["argmin", "argmax"])
@pytest.mark.parametrize("dtype", ["float64", "int8", "uint16"])
def test_places(arrays, name, dtype):
    values = {"a": some(np.random.default_rng(3), (7, 9, 4), dtype)}
    for axis in ["", "axis=0", "axis=1", "axis=-1, keepdims=True"]:
        arrays.check(f"a.{name}({axis})", values, "--chunks", "2,4,3")


SHAPES = [
    "a.T",
    "a.transpose(1, 2, 0)",
    "a.reshape(-1)",
    "a.reshape(9, 28)",
    "a.reshape(4, 7, 9)",
    "a.T.reshape(12, 21)",
    "a[1:5, ::2]",
    "a[::-1, 1:-1:3, -1]",
    "a[..., 2]",
    "a[2, None, :, ::-2]",
    "a[[0, 3, 3, 1]]",
    "a[:, [8, 0, 2], 1:]",
    "a[5:5]",
    "np.flip(a, 1)",
    "np.roll(a, 2, 0)",
    "np.roll(a, -3, 1)",
    "np.concatenate([a, a[:2], a], 0)",
    "np.concatenate([a, a[:, :, 1:]], -1)",
    "np.stack([a, -a], 1)",
    "np.repeat(a, 3, 1)",
    "np.tile(a, (2, 1, 3))",
    "np.expand_dims(a, 1)",
    "np.squeeze(a[:, :1])",
    "np.broadcast_to(a[:, :1, :1], (7, 9, 5))",
    "np.swapaxes(a, 0, 2)",
    "np.take(a, [1, 6, 2], 0)",
    "(a + a.T.T - a.mean(axis=0)).sum()",
    "a[1:][::2][:, 3:] * 2 - a[0, 3:]",
]


@pytest.mark.parametrize("text", SHAPES)
def test_shapes(arrays, text):
    generator = np.random.default_rng(5)
    for dtype, cut in [("float64", "2,4,3"), ("int16", "-1"), ("bool", "1"), ("float32", "7,2,-1")]:
        if dtype == "bool" and ("-a" in text or "- a" in text):
            continue
        arrays.check(text, {"a": some(generator, (7, 9, 4), dtype)}, "--chunks", cut)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32"])
def test_products(arrays, dtype):
    generator = np.random.default_rng(9)
    finite = lambda shape: np.nan_to_num(some(generator, shape, dtype), posinf=1, nan=2)
    values = {"a": finite((37, 53)), "b": finite((53, 29)), "v": finite((53,))}
    for text in ["a @ b", "a @ a.T", "a.T @ a", "b.T @ a.T", "a @ v", "v @ b", "v @ v", "np.outer(v, v)", "(a @ a.T - a.mean(axis=1)).std()"]:
        for cut in ["10", "-1", "64"]:
            arrays.check(text, values, "--chunks", cut, dtype=dtype != "int32")  # products of whole numbers are of 64 bits


@pytest.mark.parametrize("dtype", ["float64", "float32", "int16", "uint8"])
def test_lanes(arrays, dtype):
    values = {"a": some(np.random.default_rng(4), (7, 9, 4), dtype)}
    texts = ["np.sort(a)", "np.sort(a, axis=0)", "np.argsort(a[:, :, 0] * 100 + np.arange(9), axis=1)", "np.cumsum(a, axis=1)", "np.cumsum(a, axis=-1)"]
    texts += ["np.cumprod(a[:3], axis=0)", "np.diff(a, axis=0)", "np.sort(a.T, axis=1) + 1", "np.median(a, axis=1)", "np.median(a)"]
    texts += ["np.quantile(a, 0.3, axis=0)", "np.percentile(a, 90.0, axis=(0, 2))", "np.nanmedian(a, axis=2, keepdims=True)", "np.nanmedian(a)"]
    texts += ["np.unique(np.abs(a))", "np.sort(a, axis=1)[::2].sum(axis=0)"]
    for text in texts:
        if "unique" in text and dtype.startswith("float"):
            continue
        for cut in ["-1", "2,4,3"]:
            arrays.check(text, values, "--chunks", cut)


def test_long_lanes(arrays):
    values = {"a": np.random.default_rng(6).normal(size=(20, 30_000)), "v": np.random.default_rng(7).normal(size=400_000)}
    for text in ["np.sort(a, axis=1)", "np.cumsum(a, axis=1)", "np.sort(a, axis=0)", "np.median(a, axis=1)", "np.median(v)", "np.unique(v)[::1000]"]:
        arrays.check(text, values, "--memory", "24MiB")


@pytest.mark.parametrize(
    "text",
    ["a[a > 0.5]", "a[~(a > 0)].sum()", "np.flatnonzero(a > 1)", "np.digitize(a, [-1.0, 0.0, 0.5, 2.0])", "np.bincount(np.floor(np.abs(a)).astype('int64').ravel())"]
    + ["np.take_along_axis(a, np.argsort(a, axis=1), axis=1)", "np.take_along_axis(a, np.argsort(a, axis=0)[:2], axis=0)"]
    + [f"np.pad(a, {width}, mode='{mode}')" for width in ["2", "((0, 1), (3, 0), (1, 1))"] for mode in ["edge", "reflect", "symmetric", "wrap"]]
    + ["np.pad(a, 1)", "np.pad(a, ((1, 2), (0, 0), (0, 3)), constant_values=7)"],
)
def test_selections(arrays, text):
    values = {"a": np.random.default_rng(8).normal(size=(7, 9, 4))}
    for cut in ["-1", "2,4,3"]:
        arrays.check(text, values, "--chunks", cut)


@pytest.mark.parametrize(
    "text",
    ["np.einsum('ij,jk->ik', a, b)", "np.einsum('ij,jk', a, b)", "np.einsum('ij->ji', a)", "np.einsum('ij->', a)", "np.einsum('ii->i', c)", "np.einsum('ii', c)"]
    + ["np.einsum('ij,ij->i', a, a)", "np.einsum('i,j->ij', v, v)", "np.einsum('ij,jk,k->i', a, b, w)", "np.einsum('bij,bjk->bik', t, t)", "np.einsum('iji->j', t)"]
    + ["np.tensordot(a, b, axes=1)", "np.tensordot(t, t, axes=([0, 2], [0, 1]))", "np.trace(a)", "np.diag(a)", "np.diag(v)", "np.linalg.cholesky(c @ c.T + 50 * np.eye(6))"]
    + ["np.linalg.solve(c, v)", "np.linalg.solve(c, a)", "np.linalg.svdvals(a)", "np.linalg.svdvals(tall)", "np.outer(v, w)"],
)
def test_algebra(arrays, text):
    generator = np.random.default_rng(11)
    values = {"a": generator.normal(size=(6, 5)), "b": generator.normal(size=(5, 7)), "c": generator.normal(size=(6, 6))}
    values |= {"v": generator.normal(size=6), "w": generator.normal(size=7), "t": generator.normal(size=(4, 4, 4)), "tall": generator.normal(size=(500, 4))}
    for cut in [None, "auto"]:
        arrays.check(text, values, *(["--chunks", cut] if cut else ["--memory", "8MiB"]))


@pytest.mark.parametrize(
    "text",
    ["~i", "~u", "~(i > 0)", "-u", "np.tile(i, 2)", "np.tile(i, (2, 1, 3))", "i.cumsum()", "np.cumprod(i.astype(np.float64))", "i.astype(np.int32) + 1"]
    + ["i[::3, ::3][::-2].argmax(axis=-1, keepdims=True).max(axis=-2)", "i[::2, ::2].sum(axis=-1, keepdims=True).sum(axis=0)"]
    + ["np.median(e, axis=0)", "np.sort(e, axis=1)", "np.cumsum(e, axis=0)", "e.sum(axis=1)"],
)
def test_what_was_wrong_once(arrays, text):
    generator = np.random.default_rng(13)
    values = {"i": some(generator, (7, 7), "int16"), "u": some(generator, (5, 3), "uint8"), "e": np.zeros((0, 2))}
    for cut in ["3", "2,3"]:
        arrays.check(text, values, "--chunks", cut)


def test_creation(arrays):
    for text in ["np.zeros((3, 4))", "np.ones(5)", "np.full((2, 3), 7)", "np.full((2,), 0.5)", "np.arange(10)", "np.arange(3, 20, 4)",
                 "np.arange(9, -5, -3)", "np.linspace(0, 1, 11)", "np.linspace(2.5, -1, 7)", "np.eye(5)", "np.eye(3, 5, 1)", "np.eye(4, 3, -2)"]:
        arrays.check(text, {})


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f8", ">f8", ">i4", "<u2", "|b1", ">f4"])
def test_orders_of_bytes_and_axes(arrays, dtype, order):
    values = np.asarray(some(np.random.default_rng(1), (6, 5, 4), "float64") > 0, order=order)
    values = np.asarray(np.where(values, 3, 4) if dtype != "|b1" else values, dtype=dtype, order=order)
    for text in ["a", "a[1:, ::2]", "a.sum(axis=0)"]:
        arrays.check(text, {"a": values}, "--chunks", "4,2,3", dtype=False)


def test_bad_input(blockfold, tmp_path):
    a, b = tmp_path / "a.npy", tmp_path / "b.npy"
    np.save(a, np.ones((3, 4)))
    np.save(b, np.ones((5,)))
    names = ["--npy", f"a={a}", "--npy", f"b={b}"]
    for text, message in [
        ("a + b", "shapes (3, 4) and (5,) do not fit"),
        ("a.sum(axis=2)", "axis 2 is out of range for an array of 2 axes"),
        ("a @ a", "matmul: shapes (3, 4) and (3, 4) do not fit"),
        ("a[7]", "index 7 is out of range for axis 0, which has 3 elements"),
        ("a.reshape(5, 5)", "reshape: shapes (3, 4) and (5, 5) do not fit"),
        ("a.T.concat()", "no function is called 'concat'"),
        ("np.concatenate([a, b])", "concatenate"),
        ("a[:0].max()", "has no elements along a reduced axis"),
        ("c + 1", "no array is called 'c'"),
        ("a +", "the expression ends too early"),
        ("~(a.sum(axis=(0, 0)))", "named twice"),
        ("np.zeros((10**10, 10**10))", "take longer chunks"),
        ("np.broadcast_to(b, (10**12, 10**12, 5)).sum()", "more elements than can be counted"),
        ("np.repeat(a, 10**12, 0).sum()", "too many copies"),
        ("np.tile(a, (10**9, 1))", "too many copies"),
        ("np.ones(10**9, chunks=1).sum()", "take longer chunks"),
        ("a.reshape(10**15, 10**15)", "reshape"),
        ("a.rechunk((2, 3, 4))", "chunks of 3 axes"),
        ("a.rechunk(((1, 1), 4))", "add up to 2, not to its length 3"),
        ("a[a > 5] + b", "do not fit"),
        ("np.linalg.solve(np.ones((3, 3)), np.ones(3))", "the matrix is singular"),
        ("np.pad(a, 9, mode='reflect')", "at most 2"),
        ("np.einsum('ij,j->i', a, b)", "index j is 4 long in one array, 5 in another"),
        ("np.arange(10**18).sum()", "take longer chunks"),
    ]:
        blockfold("array", "eval", text, *names, fails=message)


def test_damaged_files(blockfold, tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.ones((100, 100)))
    whole = path.read_bytes()
    for cut in [0, 5, 9, 60, 128, 200, len(whole) - 1]:
        path.write_bytes(whole[:cut])
        blockfold("array", "eval", "a.sum()", "--npy", f"a={path}", fails="a.npy")
    np.save(path, np.array([None, {}], dtype=object), allow_pickle=True)
    blockfold("array", "eval", "a.sum()", "--npy", f"a={path}", fails="an array of Python objects")
    np.save(path, np.zeros(3, dtype=[("x", "f8"), ("y", "i4")]))
    blockfold("array", "eval", "a.sum()", "--npy", f"a={path}", fails="an array of records")


def test_small_budgets(blockfold, arrays):
    """An array many times the budget."""
    values = {"a": np.random.default_rng(2).normal(size=(2000, 1500))}
    for text in ["a.sum(axis=0)", "a.std(axis=1)", "(a - a.mean(axis=0)) / a.std(axis=0)", "a.T", "a[::3] * 2", "np.roll(a, 5, 0)"]:
        arrays.check(text, values, "--memory", "4MiB")
    arrays.check("(a @ a.T).sum(axis=0)", values, "--memory", "16MiB")


def test_threads_and_chunks_do_not_matter(blockfold):
    said = {}
    for text in ["(x + x.T - x.mean(axis=0)).sum()", "(x.dot(x.T) - x.mean(axis=0)).std()", "x"]:
        for cut in ["64", "100"]:
            for threads in [1, 2, 3, 7]:
                args = ["array", "eval", text, "--random", "x=300,300", "--chunks", cut, "--seed", 5, "--threads", threads]
                document = blockfold(*args)
                said.setdefault((text, cut), []).append(document.get("value", document.get("values")))
    for known in said.values():
        assert all(value == known[0] for value in known)
    assert said[("x", "64")][0] == said[("x", "100")][0], "random numbers do not depend on chunks"


DEFAULTS = [
    "np.flip(a)", "np.flip(a, (0, 2))", "np.roll(a, 2)", "np.take(a, [1, 2])", "np.repeat(a, 2)", "a.flatten()", "a[()]", "a[(1, 2)]",
    "np.angle(a)", "np.maximum(0, a)", "np.minimum(0.5, a)", "b + 1", "b * 2", "b + b", "b * b", "i // b", "b // i", "i // True", "i % i + 1",
    "np.concatenate([a, a > 0], 0)", "np.stack([i, i / 2], 0)", "a.T.sum(axis=1)[::-2]",
    "np.mean(f, axis=1)", "np.mean(f[0, :2])", "np.nanmean(f, axis=(1, 0))", "np.std(f, axis=0)", "np.var(f)",
]  # fmt: skip


@pytest.mark.parametrize("text", DEFAULTS)
def test_what_a_stranger_found(arrays, text):
    generator = np.random.default_rng(9)
    values = {
        "a": generator.normal(size=(5, 6, 4)),
        "b": np.array([True, False, True]),
        "i": np.array([4, 0, -3], dtype="int32"),
        "f": np.array([[np.inf, 1, 2], [np.nan, np.inf, 3]]),
    }
    for size in [[], ["--chunks", "1"], ["--chunks", "2"]]:
        arrays.check(text, values, *size)


INDICES = [
    "a[[[1], [-2]], [0, 3, 2]]",
    "a[[0, 3], [1, 2]]",
    "a[[0, 3], :, [1, 2]]",
    "a[1, :, [0, 2, 2]]",
    "a[i]",
    "a[:, j]",
    "a[i, j]",
    "a[[[0, 1], [2, 3]]]",
    "a[:, [[0, 1], [2, 3]], 1]",
    "a[m]",
    "a[m, 1:3]",
    "a[m, :, [0]]",
    "a[:, n]",
    "a[m2]",
    "a[..., [3, 0]]",
    "a[None, i, ::2]",
    "a[a > 0]",
    "a[i > 1]",
]


@pytest.mark.parametrize("text", INDICES)
def test_indices(arrays, text):
    generator = np.random.default_rng(8)
    values = {
        "a": generator.normal(size=(5, 6, 4)),
        "i": np.array([4, 0, -1, 2, 2]),
        "j": np.array([5, -6, 0, 1, 1], dtype="int32"),
        "m": np.array([True, False, True, True, False]),
        "n": np.array([True, False, True, True, False, False]),
        "m2": generator.random((5, 6)) < 0.4,
    }
    arrays.check(text, values)


def test_wrong_indices_are_told(blockfold, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((5, 6)))
    np.save(tmp_path / "m.npy", np.zeros(4, dtype=bool))
    for text, says in [
        ("a[[5]]", "out of range"), ("a[[0, 1], [0, 1, 2]]", "lists of places"), ("a[m]", "mask"), ("a[a]", "whole numbers"),
    ]:  # fmt: skip
        blockfold("array", "eval", text, "--npy", f"a={tmp_path / 'a.npy'}", "--npy", f"m={tmp_path / 'm.npy'}", fails=says)


def test_several_results_of_one_run(blockfold, tmp_path):
    a = np.random.default_rng(1).normal(size=(2000, 3000))
    np.save(tmp_path / "a.npy", a)
    found = blockfold("array", "eval", "(a.mean(axis=0), a.std(axis=1), a.argmax(), a[3] > 0)", "--npy", f"a={tmp_path / 'a.npy'}")
    np.testing.assert_allclose(found[0]["values"], a.mean(axis=0), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found[1]["values"], a.std(axis=1), rtol=1e-10)
    assert found[2]["value"] == a.argmax()
    assert found[3]["values"] == list((a[3] > 0).astype(float))
    # One pass over the file, and the row once more.
    assert found[0]["run"]["bytes_read"] == a.nbytes + a[3].nbytes


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_running_values_of_lanes_longer_than_memory(arrays, name):
    a = np.random.default_rng(2).normal(size=(2, 400_000)) * 0.01 + (name == "cumprod")
    for axis in [1, "None"]:
        arrays.check(f"np.{name}(a, axis={axis})", {"a": a}, "--memory", "32MiB", "--chunks", "1,70000")
    arrays.check(f"np.{name}(a.T, axis=0)", {"a": a}, "--memory", "32MiB")


@pytest.mark.parametrize("n", [500, 1100])
def test_matrices_that_do_not_fit(arrays, blockfold, tmp_path, n):
    """At 16 MiB a matrix of side 500 is decomposed in memory, one of 1100 panel by panel."""
    generator = np.random.default_rng(n)
    a, b = generator.normal(size=(n, n)), generator.normal(size=(n, 3))
    a[0, 0] = 0.0
    spd = a @ a.T + n * np.eye(n)
    options = ["--memory", "16MiB", "--threads", "1"]
    got = arrays.ours("np.linalg.cholesky(s)", {"s": spd}, *options)
    np.testing.assert_allclose(got, np.linalg.cholesky(spd), rtol=1e-8, atol=1e-8)
    got = arrays.ours("np.linalg.solve(a, b)", {"a": a, "b": b}, *options)
    np.testing.assert_allclose(a @ got, b, rtol=1e-7, atol=1e-7)
    got = arrays.ours("np.linalg.solve(a, b)", {"a": a, "b": b[:, 0]}, *options)
    np.testing.assert_allclose(a @ got, b[:, 0], rtol=1e-7, atol=1e-7)
    p, l, u = (arrays.ours(f"lu(a)[{i}]", {"a": a}, *options) for i in range(3))
    np.testing.assert_allclose(p @ l @ u, a, rtol=1e-9, atol=1e-9)
    assert (np.triu(l, 1) == 0).all() and (np.tril(u, -1) == 0).all() and (np.diag(l) == 1).all()
    assert (p.sum(axis=0) == 1).all() and (p.sum(axis=1) == 1).all()
    singular = a.copy()
    singular[:, 7] = singular[:, 3]
    for text, values, says in [("np.linalg.solve(a, b)", singular, "singular"), ("np.linalg.cholesky(a)", a, "positive definite")]:
        np.save(tmp_path / "a.npy", values)
        np.save(tmp_path / "b.npy", b)
        blockfold("array", "eval", text, "--npy", f"a={tmp_path / 'a.npy'}", "--npy", f"b={tmp_path / 'b.npy'}", *options, fails=says)
