"""Special cases that the Python array API standard (2024.12) writes down, and what it says of types and shapes.

Each line is a function of the standard, its arguments, and the result that the text of the standard asks for.
"""

import math

import numpy as np
import pytest

INF, NAN, PI = math.inf, math.nan, math.pi

ONE = [
    ("abs", [(NAN, NAN), (-0.0, 0.0), (-INF, INF)]),
    ("sqrt", [(-1.0, NAN), (NAN, NAN), (0.0, 0.0), (-0.0, -0.0), (INF, INF)]),
    ("exp", [(NAN, NAN), (0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0)]),
    ("expm1", [(NAN, NAN), (0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0)]),
    ("log", [(NAN, NAN), (-1.0, NAN), (0.0, -INF), (-0.0, -INF), (1.0, 0.0), (INF, INF)]),
    ("log1p", [(NAN, NAN), (-2.0, NAN), (-1.0, -INF), (-0.0, -0.0), (0.0, 0.0), (INF, INF)]),
    ("log2", [(NAN, NAN), (-1.0, NAN), (0.0, -INF), (1.0, 0.0), (INF, INF)]),
    ("log10", [(NAN, NAN), (-1.0, NAN), (0.0, -INF), (1.0, 0.0), (INF, INF)]),
    ("sin", [(NAN, NAN), (0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN)]),
    ("cos", [(NAN, NAN), (0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN)]),
    ("tan", [(NAN, NAN), (0.0, 0.0), (-0.0, -0.0), (INF, NAN)]),
    ("arcsin", [(NAN, NAN), (2.0, NAN), (-2.0, NAN), (0.0, 0.0), (-0.0, -0.0)]),
    ("arccos", [(NAN, NAN), (2.0, NAN), (-2.0, NAN), (1.0, 0.0)]),
    ("arctan", [(NAN, NAN), (0.0, 0.0), (-0.0, -0.0), (INF, PI / 2), (-INF, -PI / 2)]),
    ("sinh", [(NAN, NAN), (0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF)]),
    ("cosh", [(NAN, NAN), (0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, INF)]),
    ("tanh", [(NAN, NAN), (0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0)]),
    ("floor", [(INF, INF), (-0.0, -0.0), (NAN, NAN), (-1.5, -2.0)]),
    ("ceil", [(INF, INF), (-0.0, -0.0), (NAN, NAN), (-1.5, -1.0)]),
    ("trunc", [(INF, INF), (-0.0, -0.0), (NAN, NAN), (-1.5, -1.0)]),
    ("sign", [(NAN, NAN), (0.0, 0.0), (-2.5, -1.0), (INF, 1.0)]),
    ("isnan", [(NAN, True), (INF, False), (0.0, False)]),
    ("isinf", [(NAN, False), (INF, True), (-INF, True)]),
    ("isfinite", [(NAN, False), (INF, False), (0.0, True)]),
    ("reciprocal", [(0.0, INF), (INF, 0.0), (NAN, NAN)]),
]

TWO = {
    "a + b": [((NAN, 1.0), NAN), ((INF, -INF), NAN), ((INF, 5.0), INF), ((-0.0, -0.0), -0.0), ((-0.0, 0.0), 0.0)],
    "a - b": [((INF, INF), NAN), ((0.0, 0.0), 0.0), ((5.0, NAN), NAN)],
    "a * b": [((INF, 0.0), NAN), ((INF, -2.0), -INF), ((-0.0, 3.0), -0.0), ((NAN, 0.0), NAN)],
    "a / b": [((INF, INF), NAN), ((0.0, 0.0), NAN), ((1.0, 0.0), INF), ((1.0, -0.0), -INF), ((3.0, INF), 0.0), ((-3.0, INF), -0.0)],
    "a ** b": [
        ((NAN, 0.0), 1.0), ((5.0, -0.0), 1.0), ((NAN, 2.0), NAN), ((1.0, NAN), 1.0), ((2.0, INF), INF), ((0.5, INF), 0.0),
        ((INF, -1.0), 0.0), ((-INF, 3.0), -INF), ((0.0, -1.0), INF), ((-0.0, -3.0), -INF), ((-2.0, 0.5), NAN), ((-1.0, INF), 1.0),
    ],
    "np.arctan2(a, b)": [
        ((NAN, 1.0), NAN), ((1.0, 0.0), PI / 2), ((0.0, 1.0), 0.0), ((0.0, -1.0), PI), ((-0.0, -1.0), -PI), ((1.0, INF), 0.0),
        ((1.0, -INF), PI), ((INF, 1.0), PI / 2), ((INF, INF), PI / 4), ((-INF, -INF), -3 * PI / 4),
    ],
    "np.maximum(a, b)": [((NAN, 1.0), NAN), ((1.0, NAN), NAN), ((INF, 2.0), INF)],
    "np.minimum(a, b)": [((NAN, 1.0), NAN), ((1.0, NAN), NAN), ((-INF, 2.0), -INF)],
    "a == b": [((NAN, NAN), False), ((0.0, -0.0), True)],
    "a != b": [((NAN, NAN), True), ((0.0, -0.0), False)],
    "a < b": [((NAN, 1.0), False), ((1.0, NAN), False), ((-INF, INF), True)],
    "a >= b": [((NAN, 1.0), False), ((1.0, NAN), False), ((-0.0, 0.0), True)],
}  # fmt: skip


def evaluated(blockfold, tmp_path, text, **arrays):
    args = ["array", "eval", text, "--out", tmp_path / "out.npy", "--overwrite"]
    for name, values in arrays.items():
        np.save(tmp_path / f"{name}.npy", values)
        args += ["--npy", f"{name}={tmp_path / name}.npy"]
    blockfold(*args)
    return np.load(tmp_path / "out.npy")


def same(got, expected, what):
    np.testing.assert_allclose(got.astype(float), np.asarray(expected, dtype=float), rtol=1e-15, err_msg=what)
    zeros = np.asarray(expected) == 0
    np.testing.assert_array_equal(np.signbit(got.astype(float))[zeros], np.signbit(np.asarray(expected, dtype=float))[zeros], err_msg=what)


@pytest.mark.parametrize(("name", "cases"), ONE, ids=[name for name, _ in ONE])
def test_special_cases_of_one(blockfold, tmp_path, name, cases):
    # Among many numbers, as wide instructions take them, and alone.
    given, expected = np.array([x for x, _ in cases] * 9), [y for _, y in cases] * 9
    same(evaluated(blockfold, tmp_path, f"np.{name}(a)", a=given), expected, name)
    same(evaluated(blockfold, tmp_path, f"np.{name}(a)", a=given.astype("float32")), np.array(expected, dtype="float32"), name)


@pytest.mark.parametrize("text", TWO)
def test_special_cases_of_two(blockfold, tmp_path, text):
    cases = TWO[text]
    a, b = (np.array([pair[i] for pair, _ in cases]) for i in range(2))
    same(evaluated(blockfold, tmp_path, text, a=a, b=b), [y for _, y in cases], text)


NONE = np.zeros((0, 3))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("np.sum(a)", 0.0), ("np.prod(a)", 1.0), ("np.all(a)", True), ("np.any(a)", False), ("np.mean(a)", NAN), ("np.std(a)", NAN),
        ("np.sum(a, axis=0)", [0.0] * 3), ("np.prod(a, axis=0)", [1.0] * 3), ("np.count_nonzero(a)", 0),
    ],
)  # fmt: skip
def test_reductions_of_nothing(blockfold, tmp_path, text, expected):
    same(evaluated(blockfold, tmp_path, text, a=NONE), expected, text)


def test_extremes_of_nothing_are_refused(blockfold, tmp_path):
    np.save(tmp_path / "a.npy", NONE)
    for name in ["min", "max", "argmin", "argmax"]:
        blockfold("array", "eval", f"np.{name}(a)", "--npy", f"a={tmp_path / 'a.npy'}", fails=f"no {name}")


KINDS = {
    "sum": {"bool": "int64", "int8": "int64", "int32": "int64", "uint8": "uint64", "float32": "float32", "complex64": "complex64"},
    "prod": {"int16": "int64", "uint16": "uint64", "float32": "float32", "float64": "float64"},
    "mean": {"float32": "float32", "float64": "float64", "complex64": "complex64"},
    "std": {"float32": "float32", "float64": "float64"},
    "min": {"int8": "int8", "uint64": "uint64", "float32": "float32"},
    "argmax": {"int8": "int64", "float32": "int64"},
    "any": {"int8": "bool", "float64": "bool"},
}


@pytest.mark.parametrize("name", KINDS)
def test_types_of_reductions(blockfold, tmp_path, name):
    for given, expected in KINDS[name].items():
        assert evaluated(blockfold, tmp_path, f"np.{name}(a)", a=np.ones((2, 3), dtype=given)).dtype == expected, given


PROMOTIONS = [
    ("int8", "int16", "int16"), ("int8", "uint8", "int16"), ("uint8", "int32", "int32"), ("uint16", "int16", "int32"), ("uint32", "int64", "int64"),
    ("float32", "float64", "float64"), ("float32", "complex64", "complex64"), ("float64", "complex64", "complex128"), ("uint8", "uint32", "uint32"),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "both"), PROMOTIONS)
def test_promotion_goes_both_ways(blockfold, tmp_path, a, b, both):
    values = {"a": np.ones(3, dtype=a), "b": np.ones(3, dtype=b)}
    assert evaluated(blockfold, tmp_path, "a + b", **values).dtype == both
    assert evaluated(blockfold, tmp_path, "b * a", **values).dtype == both


@pytest.mark.parametrize(("a", "b"), [((8, 1, 6, 1), (7, 1, 5)), ((5, 4), (1,)), ((5, 4), (4,)), ((15, 3, 5), (3, 1)), ((0, 3), (1, 3)), ((), (3,))])
def test_shapes_broadcast(blockfold, tmp_path, a, b):
    got = evaluated(blockfold, tmp_path, "a + b", a=np.ones(a), b=np.ones(b))
    assert got.shape == np.broadcast_shapes(a, b)


@pytest.mark.parametrize(("a", "b"), [((3,), (4,)), ((2, 1), (8, 4, 3)), ((15, 3, 5), (15, 3))])
def test_shapes_that_do_not_broadcast_are_named(blockfold, tmp_path, a, b):
    np.save(tmp_path / "a.npy", np.ones(a))
    np.save(tmp_path / "b.npy", np.ones(b))
    blockfold("array", "eval", "a + b", "--npy", f"a={tmp_path / 'a.npy'}", "--npy", f"b={tmp_path / 'b.npy'}", fails=str(b))


def test_numbers_are_the_weaker_kind(blockfold, tmp_path):
    assert evaluated(blockfold, tmp_path, "a * 2", a=np.ones(3, dtype="float32")).dtype == "float32"
    assert evaluated(blockfold, tmp_path, "a + 2.5", a=np.ones(3, dtype="float32")).dtype == "float32"
    assert evaluated(blockfold, tmp_path, "a + 1", a=np.ones(3, dtype="int8")).dtype == "int8"


def test_linspace_arange_eye(blockfold, tmp_path):
    for text, expected in [
        ("linspace(0, 1, 5)", np.linspace(0, 1, 5)), ("arange(5)", np.arange(5)), ("arange(5, 0, -2)", np.arange(5, 0, -2)),
        ("eye(3, 4, 1)", np.eye(3, 4, 1)), ("zeros((2, 0))", np.zeros((2, 0))), ("full((2,), 7)", np.full((2,), 7)),
    ]:  # fmt: skip
        got = evaluated(blockfold, tmp_path, text)
        assert (got.shape, got.dtype) == (expected.shape, expected.dtype), text
        np.testing.assert_array_equal(got, expected, err_msg=text)
