"""Columns that functions of users and of pandas make, value by value, on the rows of the columns they are made of."""

import numpy as np
import pandas as pd
import pytest

import blockfold as bf
import blockfold.dataframe as dd


@pytest.fixture(scope="module")
def both():
    pdf = pd.DataFrame(
        {
            "x": [1.0, 2.0, 3.0, None, 5.0],
            "n": [3, 1, 2, 5, 4],
            "t": ["a b", "b c", None, "Dd", ""],
            "d": pd.date_range("2020-01-30 12:13", periods=5),
        },
        index=pd.Index([1, 2, 3, 4, 5], name="i"),
    )
    return pdf, dd.from_pandas(pdf, npartitions=3)


def same(made, expected):
    pd.testing.assert_series_equal(made.compute(), expected, check_dtype=False, check_freq=False)


TEXTS = [
    ("title", ()), ("capitalize", ()), ("zfill", (5,)), ("isupper", ()), ("isalpha", ()), ("find", ("b",)), ("count", ("b",)),
    ("pad", (6,)), ("get", (0,)), ("swapcase", ()), ("rjust", (4,)), ("lstrip", ()), ("removeprefix", ("a",)), ("repeat", (2,)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args"), TEXTS, ids=[name for name, _ in TEXTS])
def test_functions_of_texts(both, name, args):
    pdf, df = both
    same(getattr(df.t.str, name)(*args), getattr(pdf.t.str, name)(*args))


TIMES = [("strftime", ("%Y-%m",)), ("day_name", ()), ("normalize", ()), ("round", ("h",)), ("tz_localize", ("UTC",))]


@pytest.mark.parametrize(("name", "args"), TIMES, ids=[name for name, _ in TIMES])
def test_functions_of_times(both, name, args):
    pdf, df = both
    same(getattr(df.d.dt, name)(*args), getattr(pdf.d.dt, name)(*args))


@pytest.mark.parametrize("name", ["is_month_end", "days_in_month", "is_leap_year"])
def test_properties_of_times(both, name):
    pdf, df = both
    same(getattr(df.d.dt, name), getattr(pdf.d.dt, name))


def test_functions_of_users_make_columns_of_the_same_rows(both):
    pdf, df = both

    def length(text):
        return len(text) if isinstance(text, str) else -1

    made = df.assign(
        y=df.x.apply(lambda value: value + 1), z=df.t.map(length), w=df.apply(lambda row: row.n * 2 + row.x, axis=1)
    )
    expected = pdf.assign(y=pdf.x + 1, z=pdf.t.map(length), w=pdf.n * 2 + pdf.x)
    pd.testing.assert_frame_equal(made.compute(), expected, check_dtype=False, check_freq=False)
    kept = df[df.t.map(length) > 1]
    assert kept.n.compute().tolist() == pdf[pdf.t.map(length) > 1].n.tolist()
    assert (df.n.apply(float) + df.n).sum().compute() == 30
    months = df.d.dt.strftime("%Y-%m")
    assert df.groupby(months.rename("m")).n.sum().compute().to_dict() == {"2020-01": 4, "2020-02": 11}


def test_functions_that_fail_on_made_up_values_see_the_first_rows(both):
    _, df = both
    days = df.assign(s=df.n.astype("string"))
    assert days.s.apply(int).sum().compute() == 15
    assert days.s.apply(int, meta=("s", "int64")).sum().compute() == 15
    with pytest.raises(ValueError, match="pass meta="):
        days[days.n > 100].s.apply(int)


def test_each_value_is_asked_for_once(both):
    _, df = both
    seen = []

    def note(value):
        seen.append(value)
        return value * 10

    made = df.assign(y=df.n.apply(note, meta=("y", "int64")))
    assert made[made.y > 20].y.sum().compute() == 120
    assert sorted(seen) == [1, 2, 3, 4, 5]


def test_errors_of_functions_come_back(both):
    _, df = both

    def fails(value):
        if value == 4:
            raise LookupError("four")
        return value

    with pytest.raises(LookupError, match="four"):
        df.n.apply(fails).compute()
    with pytest.raises(ValueError, match="values for"):
        from blockfold.dataframe._by_pandas import by_value

        by_value(df.n, lambda part: part.iloc[:1], "first", meta="int64").compute()
    with pytest.raises(AttributeError, match="nor here"):
        df.t.str.nonsense()


def test_lists_and_frames_for_each_value(both):
    pdf, df = both
    assert df.t.str.split(" ").compute().iloc[0].tolist() == ["a", "b"]
    assert df.t.str.split().compute().iloc[1].tolist() == ["b", "c"]
    with pytest.raises(NotImplementedError, match="map_partitions"):
        df.t.str.partition(" ")
    rows = df.apply(lambda row: pd.Series({"a": row.n, "b": -row.n}), axis=1)
    assert rows.b.sum().compute() == -15


def test_within_a_budget():
    with bf.Session(memory_budget="48MiB", threads=2):
        df = bf.datasets.timeseries(end="2000-02-01", freq="10s", partition_freq="7D")
        made = df.assign(s=df.id.apply(lambda value: value % 7, meta=("s", "int64")))
        sums = made.groupby("s").x.count().compute()
    assert sums.sum() == 28 * 8_640 and np.array_equal(np.sort(sums.index), np.arange(7))
