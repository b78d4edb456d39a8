"""Whatever Python passes, the answer is NumPy's or pandas', or an exception: never a panic, never another value."""

import operator

import blockfold as bf
import blockfold.array as da
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

#: What an honest refusal is. A panic of the engine would be an EngineError, one of the binding a PanicException.
REFUSALS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    NotImplementedError,
    OverflowError,
    AttributeError,
    MemoryError,
)

quick = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1000, 1000),
    st.sampled_from([2**31, 2**63, -(2**63), 2**64, 10**30]),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.complex_numbers(),
    st.lists(st.integers(-3, 3), max_size=3),
    st.tuples(st.integers(), st.text(max_size=2)),
    st.dates(),
    st.datetimes(),
    st.timedeltas(),
    st.just(object()),
    st.just(np.int8(3)),
    st.just(np.array([1.0, 2.0])),
    st.just(slice(None, 2)),
    st.just(Ellipsis),
    st.just(float),
)


def _panics(error):
    return isinstance(error, bf.exceptions.EngineError) or type(error).__name__ == "PanicException"


def _tried(call):
    """What a call gives; `None` where it refuses."""
    try:
        made = call()
        return made.compute() if hasattr(made, "compute") else made
    except REFUSALS as error:
        assert not _panics(error), error
        return None


FRAME_VERBS = [
    "head",
    "tail",
    "sort_values",
    "nlargest",
    "groupby",
    "set_index",
    "repartition",
    "drop",
    "rename",
    "astype",
    "fillna",
    "dropna",
    "merge",
    "query",
    "sample",
    "explode",
    "filter",
    "select",
    "with_columns",
    "assign",
    "drop_duplicates",
    "slice",
    "limit",
    "rolling",
    "resample",
    "get_partition",
    "quantile",
    "clip",
    "round",
    "shift",
    "explain",
    "__getitem__",
    "group_by",
    "sort",
]


@quick
@given(st.sampled_from(FRAME_VERBS), st.lists(junk, max_size=3))
def test_verbs_of_frames(verb, args):
    df = bf.from_dict({"a": [1, 2, 3], "b": [0.5, None, 2.0], "c": ["x", "y", None]})
    _tried(lambda: getattr(df, verb)(*args))


SERIES_VERBS = [
    "__add__",
    "__truediv__",
    "__eq__",
    "__and__",
    "__lt__",
    "isin",
    "fillna",
    "where",
    "clip",
    "round",
    "shift",
    "rolling",
    "astype",
    "quantile",
    "map",
    "value_counts",
    "nlargest",
    "between",
    "rename",
    "__getitem__",
    "head",
    "__pow__",
    "__mod__",
]


@quick
@given(st.sampled_from(SERIES_VERBS), st.lists(junk, max_size=2), st.sampled_from(["a", "b", "c"]))
def test_verbs_of_series(verb, args, column):
    df = bf.from_dict({"a": [1, 2, 3], "b": [0.5, None, 2.0], "c": ["x", "y", None]})
    _tried(lambda: getattr(df[column], verb)(*args))


ARRAY_FUNCTIONS = [
    "sum",
    "mean",
    "std",
    "reshape",
    "transpose",
    "take",
    "concatenate",
    "stack",
    "roll",
    "repeat",
    "tile",
    "pad",
    "clip",
    "where",
    "sort",
    "argsort",
    "diff",
    "cumsum",
    "quantile",
    "expand_dims",
    "squeeze",
    "broadcast_to",
    "matmul",
    "tensordot",
    "einsum",
    "isin",
    "digitize",
    "histogram",
    "bincount",
    "unique",
    "power",
    "add",
    "maximum",
    "full",
    "arange",
    "linspace",
    "eye",
    "rechunk",
    "flip",
    "moveaxis",
    "topk",
    "searchsorted",
    "nonzero",
    "trace",
    "diag",
    "outer",
    "tril",
    "rot90",
    "astype",
    "isclose",
    "argmax",
    "median",
    "map_blocks",
]


@quick
@given(st.sampled_from(ARRAY_FUNCTIONS), st.lists(junk, max_size=3), st.booleans())
def test_functions_of_arrays(name, args, is_first):
    x = da.from_array(np.arange(12.0).reshape(3, 4), chunks=2)
    _tried(lambda: getattr(da, name)(*([x] if is_first else []), *args))


shapes = st.lists(st.integers(0, 5), max_size=3).map(tuple)


@quick
@given(shapes, st.data())
def test_basic_indices(shape, data):
    values = np.arange(int(np.prod(shape))).reshape(shape)
    x = da.from_array(values, chunks=data.draw(st.integers(1, 3)) if shape else "auto")
    one = st.one_of(
        st.integers(-6, 6), st.slices(5), st.none(), st.just(Ellipsis), st.lists(st.integers(-3, 3), max_size=3)
    )
    key = tuple(data.draw(st.lists(one, max_size=4)))
    try:
        want = values[key]
    except IndexError:
        with pytest.raises(REFUSALS):
            x[key].compute()
        return
    got = _tried(lambda: x[key])
    if got is not None:
        np.testing.assert_array_equal(got, want)


@quick
@given(
    shapes, shapes, st.sampled_from(["add", "sub", "mul", "truediv", "lt", "eq"]), st.integers(1, 3), st.integers(1, 3)
)
def test_broadcasting(left, right, op, left_chunk, right_chunk):
    a = np.arange(int(np.prod(left)), dtype="f8").reshape(left)
    b = np.arange(int(np.prod(right)), dtype="f8").reshape(right) + 1
    x = da.from_array(a, chunks=left_chunk if left else "auto")
    y = da.from_array(b, chunks=right_chunk if right else "auto")
    try:
        want = getattr(operator, op)(a, b)
    except ValueError:
        with pytest.raises(ValueError, match="shapes"):
            getattr(operator, op)(x, y)
        return
    np.testing.assert_array_equal(getattr(operator, op)(x, y), want)


@quick
@given(shapes.filter(lambda shape: 0 not in shape), st.data())
def test_reductions_over_axes(shape, data):
    values = np.random.default_rng(0).normal(size=shape)
    x = da.from_array(values, chunks=data.draw(st.integers(1, 3)) if shape else "auto")
    axes = data.draw(
        st.none() | st.lists(st.integers(0, max(len(shape) - 1, 0)), unique=True, max_size=len(shape)).map(tuple)
    )
    keepdims = data.draw(st.booleans())
    for name in ("sum", "mean", "max", "std"):
        want = getattr(np, name)(values, axis=axes, keepdims=keepdims)
        np.testing.assert_allclose(getattr(da, name)(x, axis=axes, keepdims=keepdims), want, atol=1e-12)


numbers = st.lists(st.one_of(st.none(), st.integers(-(2**40), 2**40)), min_size=1, max_size=30)


@quick
@given(numbers, st.integers(1, 4), st.integers(-5, 5))
def test_filters_and_groups(values, npartitions, limit):
    theirs = pd.DataFrame(
        {"x": pd.array(values, "Int64"), "k": [-1 if value is None else value % 3 for value in values]}
    )
    ours = bf.from_pandas(theirs, npartitions=npartitions)
    assert len(ours[ours.x > limit]) == int((theirs.x > limit).sum())
    want = theirs.groupby("k").x.sum()
    got = ours.groupby("k").x.sum().compute()
    assert got.to_dict() == {key: int(value) for key, value in want.items()}
    kept = ours.sort_values("x").compute()["x"]
    assert [value for value in kept if pd.notna(value)] == sorted(value for value in values if value is not None)


@quick
@given(st.text(max_size=20))
def test_queries_of_any_text(text):
    df = bf.from_dict({"a": [1, 2], "b": ["x", "y"]})
    _tried(lambda: df.query(text, local_dict={}))


@quick
@given(*[st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12)] * 2)
def test_labels_of_any_text(first, second):
    if first == second:
        return
    df = bf.from_pandas(pd.DataFrame({first: [1, 2], second: [3.0, 4.0]}))
    assert list(df.columns) == [first, second]
    assert df[first].sum().compute() == 3
    assert df.groupby(first)[second].sum().compute().tolist() == [3.0, 4.0]
