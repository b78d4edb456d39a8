"""Frames as narwhals takes them: the same program over Polars and over our lazy frames."""

import sys
import tomllib
from pathlib import Path

import blockfold as bf
import polars as pl
import pyarrow as pa
import pytest

nw = pytest.importorskip("narwhals")

ROOT = Path(__file__).parents[2]


def write_entry_points(folder: Path) -> None:
    """The entry points as an installed package has them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [(name, value)] = project["entry-points"]["narwhals.plugins"].items()
    info = folder / "blockfold-0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: blockfold\nVersion: 0.0\n")
    (info / "entry_points.txt").write_text(f"[narwhals.plugins]\n{name} = {value}\n")


@pytest.fixture(autouse=True, scope="module")
def installed(tmp_path_factory):
    from narwhals.plugins import _discover_entrypoints, _find_plugin

    folder = tmp_path_factory.mktemp("site")
    write_entry_points(folder)
    sys.path.insert(0, str(folder))
    _discover_entrypoints.cache_clear()
    _find_plugin.cache_clear()
    yield
    sys.path.remove(str(folder))


DATA = {
    "k": ["a", "b", "a", None, "b", "a"],
    "i": [3, 1, None, 4, 1, 5],
    "x": [0.5, None, -1.5, 2.25, 8.0, 4.0],
    "s": ["one", "Two", None, "three", "two two", ""],
}

PROGRAMS = {
    "arithmetic": lambda f: f.select(a=nw.col("i") * 2 - nw.col("x"), b=nw.col("i") // 2, c=nw.col("i") % 3, d=1 - nw.col("x")),
    "aggregates": lambda f: f.select(
        nw.col("x").sum().alias("sum"), nw.col("x").mean().alias("mean"), nw.col("i").n_unique().alias("n"),
        nw.col("x").std(ddof=1).alias("std"), nw.col("s").max().alias("max"), nw.len(), nw.col("i").null_count().alias("no"),
        nw.col("x").skew().alias("skew"), nw.col("x").median().alias("median"),
    ),
    "broadcast": lambda f: f.select("k", nw.col("x") - nw.col("x").mean()),
    "groups": lambda f: f.group_by("k").agg(nw.col("x").sum(), nw.col("i").max().alias("most"), rows=nw.len()).sort("k"),
    "groups without null": lambda f: f.group_by("k", drop_null_keys=True).agg(nw.all().count()).sort("k"),
    "groups by expressions": lambda f: f.group_by(nw.col("i") % 2).agg(nw.col("x").mean()).sort("i"),
    "over": lambda f: f.with_columns(share=nw.col("x") / nw.col("x").sum().over("k"), rank=nw.col("i").rank("dense").over("k")),
    "over an order": lambda f: f.with_columns(
        total=nw.col("x").cum_sum().over("k", order_by="i"), before=nw.col("x").shift(1).over(order_by="x"),
        back=nw.col("i").cum_max(reverse=True).over(order_by="x"), step=nw.col("i").diff().over("k", order_by="x"),
    ),
    "rolling": lambda f: f.with_columns(
        m=nw.col("x").rolling_mean(3, min_samples=1).over(order_by="x"), v=nw.col("i").rolling_var(2).over(order_by="x")
    ),
    "filter": lambda f: f.filter((nw.col("x") > nw.col("x").mean()) | nw.col("s").str.starts_with("o")),
    "horizontal": lambda f: f.select(
        nw.sum_horizontal("i", "x").alias("sum"), nw.max_horizontal("i", "x").alias("max"),
        nw.mean_horizontal("i", "x").alias("mean"), nw.any_horizontal(nw.col("i") > 3, nw.col("x") > 3, ignore_nulls=True).alias("any"),
        nw.concat_str("k", "s", separator="-", ignore_nulls=True).alias("text"), nw.coalesce("i", "x", nw.lit(0)).alias("some"),
    ),
    "choices": lambda f: f.select(nw.when(nw.col("x") > 1).then(nw.col("i")).otherwise(-1), a=nw.when(nw.col("i") > 2).then(nw.lit("y"))),
    "texts": lambda f: f.select(
        up=nw.col("s").str.to_uppercase(), n=nw.col("s").str.len_chars(), m=nw.col("s").str.contains("^t.o"),
        r=nw.col("s").str.replace_all("(t)w", "${1}W"), l=nw.col("s").str.replace_all("t", ".", literal=True),
        z=nw.col("s").str.zfill(5), c=nw.col("s").str.slice(-3), p=nw.col("s").str.strip_chars("to"),
    ),
    "nulls": lambda f: f.select(nw.all().is_null()).with_columns(y=nw.lit(None, dtype=nw.Int64).fill_null(3)),
    "drop nulls": lambda f: f.drop_nulls(["i", "x"]),
    "casts": lambda f: f.select(nw.col("i").cast(nw.Float32), t=nw.col("i").cast(nw.String)),
    "selectors": lambda f: f.select(nw.selectors.numeric() * 2, nw.selectors.string().fill_null("-")),
    "sort": lambda f: f.sort("k", "x", descending=[True, False], nulls_last=True),
    "top": lambda f: f.top_k(2, by="x"),
    "unique": lambda f: f.unique("k", keep="first", order_by="x").sort("k"),
    "unique alone": lambda f: f.unique("k", keep="none").sort("k"),
    "unpivot": lambda f: f.unpivot(on=["i", "x"], index="k").sort("variable", "value", "k"),
    "row index": lambda f: f.with_row_index("n", order_by="x"),
    "join": lambda f: f.join(f.select("k", w="i"), on="k").sort("k", "x", "w"),
    "full join": lambda f: f.join(f.filter(nw.col("i") > 1).select(q="k", i="x"), left_on="k", right_on="q", how="full").sort("x", "q", "i_right"),
    "anti join": lambda f: f.join(f.filter(nw.col("x") > 0), on="k", how="anti").sort("x"),
    "rename": lambda f: f.rename({"k": "key"}).drop("x").select(nw.all().name.suffix("_1")),
    "concat": lambda f: nw.concat([f, f.select("k", "i", "x", "s")]).head(9),
}  # fmt: skip


def rows(frame):
    return frame.collect("pyarrow").to_native().to_pydict()


@pytest.mark.parametrize("npartitions", [1, 3])
@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_give_what_polars_gives(program, npartitions):
    ours = nw.from_native(bf.from_arrow(pa.table(DATA), npartitions=npartitions))
    want = rows(PROGRAMS[program](nw.from_native(pl.LazyFrame(DATA))))
    got = rows(PROGRAMS[program](ours))
    assert list(got) == list(want)
    for name, values in want.items():
        assert got[name] == pytest.approx(values, nan_ok=True), name


def test_frames_stay_lazy_and_come_back():
    native = bf.from_arrow(pa.table(DATA))
    frame = nw.from_native(native)
    assert isinstance(frame, nw.LazyFrame)
    assert isinstance(frame.select("x").to_native(), bf.DataFrame)
    assert frame.collect_schema() == {"k": nw.String, "i": nw.Int64, "x": nw.Float64, "s": nw.String}


def test_an_index_is_no_column():
    df = bf.datasets.timeseries(end="2000-01-02", freq="1h")
    assert nw.from_native(df).collect_schema().names() == ["name", "id", "x", "y"]
    assert nw.from_native(df).filter(nw.col("x") > 0).to_native().index.name == "timestamp"


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_collects_into_other_libraries(backend):
    collected = nw.from_native(bf.from_arrow(pa.table(DATA))).collect(backend)
    assert collected.implementation.name.lower() == backend
    assert collected["i"].sum() == 14


@pytest.mark.parametrize(
    "call, error, says",
    [
        (lambda f: f.select("z"), nw.exceptions.ColumnNotFoundError, "z"),
        (lambda f: f.select(nw.col("x"), nw.col("i").alias("x")), ValueError, "alias"),
        (lambda f: f.select(nw.col("s").str.to_datetime("%d/%m/%y")), NotImplementedError, "ISO"),
        (lambda f: f.select(nw.col("x").fill_null(strategy="forward", limit=1).over(order_by="i")), NotImplementedError, "limit"),
    ],
)  # fmt: skip
def test_refusals_say_what_there_is(call, error, says):
    with pytest.raises(error, match=says):
        call(nw.from_native(bf.from_arrow(pa.table(DATA))))


def test_the_first_stable_version_gets_values():
    from narwhals.stable import v1

    frame = v1.from_native(bf.from_arrow(pa.table(DATA)), eager_or_interchange_only=True)
    assert isinstance(frame.to_native(), pa.Table)
    assert frame.select(v1.col("i").sum()).item() == 14


def test_altair_draws_a_frame():
    altair = pytest.importorskip("altair")
    df = bf.from_arrow(pa.table(DATA)).filter(bf.col("x") > 0)
    chart = altair.Chart(df).mark_point().encode(x="i:Q", y="x:Q").to_dict()
    [values] = chart["datasets"].values()
    assert [row["x"] for row in values] == [0.5, 2.25, 8.0, 4.0]


def test_plotly_draws_a_frame():
    express = pytest.importorskip("plotly.express")
    df = bf.from_arrow(pa.table(DATA)).filter(bf.col("x") > 0)
    figure = express.scatter(df, x="i", y="x")
    assert list(figure.data[0].y) == [0.5, 2.25, 8.0, 4.0]
