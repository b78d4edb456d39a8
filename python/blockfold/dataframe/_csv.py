"""Files of comma-separated values, by way of pyarrow's reader and Arrow files in scratch."""

from __future__ import annotations

import atexit
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from .._dtypes import frame_dtype
from ..exceptions import ArgumentError, NotFoundError, UnsupportedError
from ..session import current
from ._frame import DataFrame
from ._partitions import byte_count


def read_csv(
    path: Any,
    *,
    sep: str = ",",
    usecols: Any = None,
    dtype: Any = None,
    parse_dates: Any = None,
    names: Any = None,
    header: Any = "infer",
    na_values: Any = None,
    blocksize: Any = "16MiB",
    **unsupported: Any,
) -> DataFrame:
    """A lazy frame of files of comma-separated values: a path, a pattern, or a list of these.

    The files are read once, now, block by block, and kept as Arrow files in the session's scratch folder until the process
    ends, so that they may be larger than memory. What is read often is better converted: ``read_csv(...).to_parquet(...)``.

    Parameters
    ----------
    sep : text
        What stands between values.
    usecols : list, optional
        The columns that are wanted.
    dtype : type or dict, optional
        Types of columns, for those that the first block of the first file does not tell.
    parse_dates : list, optional
        Columns of points in time.
    names, header : optional
        Names of columns, for files without a line of them (``header=None``).
    na_values : list, optional
        Texts that stand for missing values, beside the usual ones.
    blocksize : int or text
        Bytes that are read at a time, and make a partition.

    Examples
    --------
    >>> import blockfold as bf, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "x.csv")
    >>> _ = open(path, "w").write("k,x\\na,1\\nb,2\\n")
    >>> bf.read_csv(path).x.sum().compute()
    3
    """
    for harmless in ("engine", "assume_missing", "low_memory", "include_path_column"):
        if not unsupported.get(harmless):
            unsupported.pop(harmless, None)
    unsupported.pop("engine", None)
    if unsupported:
        raise UnsupportedError(
            f"read_csv with {', '.join(unsupported)} is not supported; read it with pandas, then from_pandas"
        )
    options = _options(sep, usecols, dtype, parse_dates, names, header, na_values, byte_count(blocksize))
    session = current()
    folder = tempfile.mkdtemp(prefix="blockfold-csv-", dir=session.scratch)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    types: Any = None
    written = []
    for at, file in enumerate(_files(path)):
        types, parts = _convert(file, os.path.join(folder, f"{at:06}"), options, types)
        written += parts
    return DataFrame._of(session.read_ipc(written))


def _files(path: Any) -> Iterator[str]:
    for one in path if isinstance(path, (list, tuple)) else [path]:
        text = os.path.expanduser(os.fspath(one))
        found = sorted(glob.glob(text)) if glob.has_magic(text) else [text]
        if not found or not os.path.isfile(found[0]):
            raise NotFoundError(f"no such file: '{text}' (looked for a file, or a pattern of files)")
        yield from found


def _options(
    sep: str, usecols: Any, dtype: Any, parse_dates: Any, names: Any, header: Any, na_values: Any, block_bytes: int
) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.csv as csv

    types: dict[str, Any] = {}
    if isinstance(dtype, Mapping):
        types = {name: _arrow_type(kind) for name, kind in dtype.items()}
    elif dtype is not None:
        raise UnsupportedError("read_csv with one dtype for all columns is not supported; give a dictionary by columns")
    for name in parse_dates if isinstance(parse_dates, (list, tuple)) else []:
        types[name] = pa.timestamp("us")
    missing = ["", "NULL", "null", "NaN", "nan", "NA", "N/A", "#N/A", "None", "<NA>"]
    missing += [na_values] if isinstance(na_values, str) else list(na_values or ())
    return {
        "read_options": csv.ReadOptions(
            block_size=block_bytes,
            column_names=None if names is None else list(names),
            autogenerate_column_names=header is None and names is None,
        ),
        "parse_options": csv.ParseOptions(delimiter=sep, newlines_in_values=True),
        "convert_options": {
            "column_types": types,
            "include_columns": None if usecols is None else list(usecols),
            "null_values": missing,
            "strings_can_be_null": True,
        },
    }


def _arrow_type(kind: Any) -> Any:
    import pyarrow as pa

    name = frame_dtype(kind)
    if name.startswith(("timestamp", "duration")):
        unit = name[name.index("[") + 1 : -1]
        return pa.timestamp(unit) if name.startswith("timestamp") else pa.duration(unit)
    return {"bool": pa.bool_(), "date": pa.date32()}.get(name) or pa.type_for_alias(name)


def _convert(file: str, target: str, options: dict[str, Any], types: Any) -> tuple[Any, list[str]]:
    """Writes a file's blocks as Arrow files; those of later files have the types of the first one."""
    import pyarrow as pa
    import pyarrow.csv as csv

    convert = dict(options["convert_options"])
    if types is not None:
        convert["column_types"] = {field.name: field.type for field in types}
    reading = {**options, "convert_options": csv.ConvertOptions(**convert)}
    written: list[str] = []
    try:
        with csv.open_csv(file, **reading) as reader:
            schema = reader.schema
            for batch in reader:
                written.append(f"{target}-{len(written):06}.arrow")
                with pa.ipc.new_file(written[-1], schema) as writer:
                    writer.write_batch(batch)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise ArgumentError(f"read_csv: '{file}': {error}; say the types of columns with dtype=") from None
    if not written:
        written.append(f"{target}-000000.arrow")
        with pa.ipc.new_file(written[-1], schema) as writer:
            writer.write_batch(pa.RecordBatch.from_pylist([], schema))
    return schema, written
