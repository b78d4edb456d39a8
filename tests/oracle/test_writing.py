"""Files of our own, read by others."""

import dask.dataframe as dd
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from compare import assert_rows
from tables import every_type

CODECS = ["auto", "none", "snappy", "lz4", "zstd:3", "gzip:1", "brotli:2"]


def series(blockfold, folder, *more):
    args = ["timeseries", "--start", "2000-01-01", "--end", "2000-01-08", "--freq", "1min", "--partition-freq", "2D"]
    return blockfold(*args, "--seed", 3, "--out", folder, *more)


@pytest.mark.parametrize("codec", CODECS)
def test_others_read_our_parquet(blockfold, tmp_path, codec):
    folder = tmp_path / "set"
    document = series(blockfold, folder, "--compression", codec)
    assert document["files"] == 3 and document["run"]["rows_written"] == 3 * 2 * 24 * 60
    files = f"{folder}/*.parquet"
    ours = blockfold.rows(folder)
    expected = pq.read_table(folder)
    assert_rows(ours, expected)
    assert pl.read_parquet(files).to_arrow().cast(expected.schema).equals(expected)
    assert pd.read_parquet(folder)["x"].sum() == pytest.approx(pa.compute.sum(expected["x"]).as_py(), abs=1e-9)
    assert len(dd.read_parquet(folder)) == expected.num_rows
    rows = duckdb.sql(f"SELECT * FROM '{files}' ORDER BY timestamp").to_arrow_table()
    assert rows["x"].equals(expected["x"]) and rows["id"].equals(expected["id"])
    assert rows["name"].to_pylist() == expected["name"].cast(pa.string()).to_pylist()


@pytest.mark.parametrize("codec", ["none", "lz4", "zstd"])
def test_others_read_our_ipc(blockfold, tmp_path, codec):
    folder = tmp_path / "set"
    series(blockfold, folder, "--format", "arrow", "--compression", codec)
    parts = sorted(folder.iterdir())
    assert len(parts) == 3
    expected = pa.concat_tables([feather.read_table(part) for part in parts], promote_options="permissive")
    assert_rows(blockfold.rows(folder), expected)
    polars = pl.concat([pl.read_ipc(part) for part in parts])
    assert polars["x"].to_arrow().equals(expected["x"].combine_chunks())
    assert polars["name"].cast(pl.String).to_list() == expected["name"].cast(pa.string()).to_pylist()
    assert len(pd.read_feather(parts[0])) == 2 * 24 * 60


def test_values_do_not_depend_on_the_format(blockfold, tmp_path):
    series(blockfold, tmp_path / "parquet")
    series(blockfold, tmp_path / "arrow", "--format", "arrow")
    assert blockfold.rows(tmp_path / "parquet")["rows"] == blockfold.rows(tmp_path / "arrow")["rows"]


@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv", "json", "jsonl"])
def test_others_read_our_results(blockfold, tmp_path, kind):
    pq.write_table(every_type(2000, seed=5), tmp_path / "in.parquet", row_group_size=600)
    by, agg = "string,small", "plain:sum,int8:max,date:min,time_us:last,zoned_ms:first,bool:count,len"
    expected = blockfold.groupby(tmp_path / "in.parquet", by, agg)
    out = tmp_path / f"out.{kind}"
    blockfold.groupby(tmp_path / "in.parquet", by, agg, out=out)
    if kind == "parquet":
        assert_rows(expected, pq.read_table(out))
        assert_rows(expected, pl.read_parquet(out).to_arrow(), types=False)
        assert duckdb.sql(f"SELECT sum(len) FROM '{out}'").fetchall() == [(2000,)]
    elif kind == "arrow":
        assert_rows(expected, feather.read_table(out))
        assert_rows(expected, pl.read_ipc(out).to_arrow(), types=False)
    elif kind == "csv":
        frame = pl.read_csv(out)
        rows = expected["rows"]
        for column in ("string", "small", "plain_sum", "int8_max", "date_min", "time_us_last", "zoned_ms_first", "len"):
            assert frame[column].to_list() == [row[column] for row in rows], column
    else:
        text = out.read_text()
        frame = pd.read_json(out, lines=kind == "jsonl")
        assert len(frame) == len(expected["rows"]) and frame["len"].sum() == 2000
        assert text.count("\n") == (len(frame) if kind == "jsonl" else 1)
