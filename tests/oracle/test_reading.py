"""Files of other writers, read back row by row."""

import dask.dataframe as dd
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from compare import assert_rows
from tables import every_type


def check(blockfold, path, expected):
    schema = blockfold("schema", path)
    assert schema["num_rows"] == expected.num_rows
    assert [column["name"] for column in schema["columns"]] == expected.column_names
    assert_rows(blockfold.rows(path), expected)


ARROW_OPTIONS = {
    "default": {},
    "uncompressed": {"compression": "none", "use_dictionary": False},
    "gzip": {"compression": "gzip", "row_group_size": 700},
    "zstd": {"compression": "zstd", "data_page_version": "2.0", "write_page_index": True, "data_page_size": 2000},
    "lz4": {"compression": "lz4", "row_group_size": 1001, "store_schema": False},
    "milliseconds": {"coerce_timestamps": "ms", "allow_truncated_timestamps": True, "store_schema": False},
    "microseconds": {"coerce_timestamps": "us", "allow_truncated_timestamps": True, "store_schema": False},
    "brotli": {"compression": "brotli", "data_page_size": 500, "write_statistics": False},
    "one-row groups": {"row_group_size": 100, "compression": "snappy", "store_schema": False},
    "delta": {
        "use_dictionary": False,
        "column_encoding": {
            "int32": "DELTA_BINARY_PACKED",
            "int64": "DELTA_BINARY_PACKED",
            "string": "DELTA_BYTE_ARRAY",
            "word": "DELTA_LENGTH_BYTE_ARRAY",
            "float32": "BYTE_STREAM_SPLIT",
            "float64": "BYTE_STREAM_SPLIT",
        },
    },
}


@pytest.mark.parametrize("options", ARROW_OPTIONS.values(), ids=ARROW_OPTIONS.keys())
def test_arrow_parquet(blockfold, table, tmp_path, options):
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, **options)
    check(blockfold, path, pq.read_table(path))


def test_old_timestamps(blockfold, table, tmp_path):
    path = tmp_path / "a.parquet"
    times = table.select(["row", "time_ms", "time_us", "time_ns"])
    pq.write_table(times, path, use_deprecated_int96_timestamps=True, store_schema=False)
    check(blockfold, path, pq.read_table(path))


@pytest.mark.parametrize("codec", ["snappy", "zstd", "lz4", "gzip", "brotli", "uncompressed"])
def test_polars_parquet(blockfold, table, tmp_path, codec):
    path = tmp_path / "a.parquet"
    frame = pl.from_arrow(table)
    frame.write_parquet(path, compression=codec, row_group_size=500, data_page_size=4096)
    check(blockfold, path, pq.read_table(path))
    assert_rows(blockfold.rows(path), frame.to_arrow(), types=False)


@pytest.mark.parametrize("codec", ["snappy", "zstd", "gzip", "lz4_raw", "uncompressed"])
@pytest.mark.parametrize("version", ["V1", "V2"])
def test_duckdb_parquet(blockfold, table, tmp_path, codec, version):
    path = tmp_path / "a.parquet"
    # DuckDB has no column of spans that Parquet has, and its V2 deltas of wide integers are no valid Parquet.
    unlike = ("span", "int", "uint") if version == "V2" else ("span",)
    columns = [name for name in table.column_names if not name.startswith(unlike)]
    ours = table.select(columns)  # noqa: F841 (DuckDB finds it by name)
    options = f"FORMAT parquet, CODEC '{codec}', ROW_GROUP_SIZE 2048, PARQUET_VERSION {version}"
    duckdb.sql(f"COPY (FROM ours ORDER BY row) TO '{path}' ({options})")
    expected = duckdb.sql(f"FROM '{path}'").to_arrow_table()
    assert_rows(blockfold.rows(path), expected, types=False)


@pytest.mark.parametrize("codec", ["snappy", "zstd", None])
def test_pandas_parquet(blockfold, table, tmp_path, codec):
    path = tmp_path / "a.parquet"
    frame = table.to_pandas(types_mapper=lambda _: None)
    frame.to_parquet(path, compression=codec, index=False)
    check(blockfold, path, pq.read_table(path))


def test_pandas_extension_types(blockfold, table, tmp_path):
    path = tmp_path / "a.parquet"
    frame = table.select(["row", "bool", "int8", "uint64", "float64", "string", "category"]).to_pandas()
    frame.convert_dtypes().to_parquet(path)
    check(blockfold, path, pq.read_table(path))


def test_dask_parquet(blockfold, table, tmp_path):
    frame = dd.from_pandas(table.to_pandas(), npartitions=4)
    frame.to_parquet(tmp_path / "set", write_index=False)
    expected = pq.read_table(tmp_path / "set")
    check(blockfold, tmp_path / "set", expected)
    check(blockfold, f"{tmp_path}/set/*.parquet", expected)


def test_more_than_ten_partitions_keep_their_order(blockfold, tmp_path):
    frame = pl.DataFrame({"row": range(1200)}).to_pandas()
    dd.from_pandas(frame, npartitions=12).to_parquet(tmp_path / "set", write_index=False)
    rows = blockfold.rows(tmp_path / "set")["rows"]
    assert [row["row"] for row in rows] == list(range(1200))


IPC_CODECS = ["uncompressed", "lz4", "zstd"]


@pytest.mark.parametrize("codec", IPC_CODECS)
def test_feather(blockfold, table, tmp_path, codec):
    path = tmp_path / "a.feather"
    feather.write_feather(table, path, compression=codec, chunksize=700)
    check(blockfold, path, table)


@pytest.mark.parametrize("codec", IPC_CODECS)
def test_polars_ipc(blockfold, table, tmp_path, codec):
    path = tmp_path / "a.arrow"
    frame = pl.from_arrow(table)
    frame.write_ipc(path, compression=codec)
    assert_rows(blockfold.rows(path), frame.to_arrow(), types=False)


def test_pandas_feather(blockfold, table, tmp_path):
    path = tmp_path / "a.feather"
    table.to_pandas().to_feather(path)
    check(blockfold, path, feather.read_table(path))


def test_ipc_folder_of_changing_dictionaries(blockfold, tmp_path):
    (tmp_path / "set").mkdir()
    parts = [pa.table({"c": pa.array(words).dictionary_encode()}) for words in (["a", "b", None], ["c", "a"], ["d"])]
    for i, part in enumerate(parts):
        feather.write_feather(part, tmp_path / "set" / f"{i}.arrow")
    rows = blockfold.rows(tmp_path / "set")["rows"]
    assert [row["c"] for row in rows] == ["a", "b", None, "c", "a", "d"]
    groups = blockfold.groupby(tmp_path / "set", "c", "len")["rows"]
    assert [(row["c"], row["len"]) for row in groups] == [("a", 2), ("b", 1), ("c", 1), ("d", 1), (None, 1)]


@pytest.mark.parametrize("column", every_type(4).column_names)
def test_tables_print_every_type(blockfold, table, tmp_path, column):
    path = tmp_path / "a.parquet"
    pq.write_table(table.select([column]), path)
    text = blockfold.text("head", path, "-n", 3)
    assert len(text.splitlines()) >= 8 and "ERROR" not in text
    assert column in blockfold.text("groupby", path, "--by", column, "--agg", "len")


def test_empty_files(blockfold, table, tmp_path):
    none = table.slice(0, 0)
    pq.write_table(none, tmp_path / "a.parquet")
    check(blockfold, tmp_path / "a.parquet", pq.read_table(tmp_path / "a.parquet"))
    feather.write_feather(none, tmp_path / "a.feather")
    check(blockfold, tmp_path / "a.feather", none)
    assert blockfold.groupby(tmp_path / "a.parquet", "string", "small:sum")["rows"] == []


def test_lists_are_shown_as_text(blockfold, tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"list": [[1, 2], None], "x": [1, 2]}), path)
    assert blockfold.rows(path)["rows"] == [{"list": "[1, 2]", "x": 1}, {"list": None, "x": 2}]
    assert blockfold.groupby(path, "x", "len")["num_rows"] == 2
