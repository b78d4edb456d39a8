"""What runs a frame: computing, collecting, persisting, writing; and what shows it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..exceptions import UnsupportedError
from ._base import Base
from ._labels import arrow_table, to_pandas

if TYPE_CHECKING:
    import pandas as pd

    from .. import _blockfold as core
    from ._frame import DataFrame


class Runs(Base):
    """Verbs of a frame that run it, or say what a run would need."""

    __slots__ = ()

    def compute(self, **unused: Any) -> pd.DataFrame:
        """The whole frame as a pandas one, its index among it.

        The answer has to fit the memory budget; write larger ones, or take them by `batches`.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.compute().shape
        (3, 2)
        """
        return to_pandas(arrow_table(self._native.collect()), list(self._index), list(self._columns))

    to_pandas = compute

    def collect(self) -> Any:
        """The whole frame as an Arrow table: pyarrow's where that is installed, else one that Arrow libraries read.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.collect().num_rows
        3
        """
        table = self._native.collect()
        try:
            import pyarrow
        except ImportError:
            return table
        return pyarrow.table(table)

    to_arrow = collect

    def to_polars(self) -> Any:
        """The whole frame as a Polars one.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.to_polars().shape
        (3, 2)
        """
        import polars

        return polars.DataFrame(self._native.collect())

    def batches(self) -> Iterator[Any]:
        """The frame as Arrow record batches, in order, computed a little ahead of who takes them.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> sum(batch.num_rows for batch in df.batches())
        3
        """
        import pyarrow

        for table in self._native.batches():
            yield from pyarrow.table(table).to_batches()

    def to_dask(self) -> Any:
        """The same frame as one of Dask, partition by partition; `blockfold.from_dask` is the way back.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.to_dask().x.sum().compute(scheduler="sync")
        np.int64(6)
        """
        from .._cluster.convert import to_dask_frame

        return to_dask_frame(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy as np

        return np.asarray(self.compute(), dtype=dtype)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._native.batches().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> Any:
        return self._native.arrow_schema()

    def persist(self) -> DataFrame:
        """The same frame, computed now: kept in memory while there is room in the budget, else in scratch.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[df.x > 1].persist().x.sum().compute()
        5
        """
        return self._then(lambda frame: frame.persist())

    def head(self, n: int = 5, npartitions: int = 1, compute: bool = True) -> Any:
        """The first rows, as a pandas frame unless ``compute=False``; reads only as much as it takes.

        Parameters
        ----------
        n : int, optional
            Number of rows.
        npartitions : int, optional
            Number of partitions.
        compute : bool
            Whether the rows are computed now.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.head(2)["x"].tolist()
        [1, 2]
        """
        if n < 0:
            raise UnsupportedError(
                "head of all rows but the last ones is not supported; take compute().head of the result"
            )
        first = self._then(lambda frame: frame.head(n))
        return first.compute() if compute else first

    def tail(self, n: int = 5, compute: bool = True) -> Any:
        """The last rows, as a pandas frame unless ``compute=False``.

        Parameters
        ----------
        n : int, optional
            Number of rows.
        compute : bool
            Whether the rows are computed now.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.tail(2)["x"].tolist()
        [2, 3]
        """
        if n < 0:
            raise UnsupportedError(
                "tail of all rows but the first ones is not supported; take compute().tail of the result"
            )
        last = self._then(lambda frame: frame.tail(n))
        return last.compute() if compute else last

    def to_parquet(
        self,
        path: str | os.PathLike[str],
        *,
        compression: str | None = "auto",
        overwrite: bool = False,
        row_group_size: int | None = None,
        write_index: bool = True,
        **unsupported: Any,
    ) -> dict[str, Any]:
        """Writes a folder of Parquet files, one for each partition, which appears whole or not at all.

        Returns
        -------
        dict
            What the run needed: files, rows, bytes, seconds.

        Parameters
        ----------
        path : path
            The file or folder.
        compression : str, optional
            How pages are compressed.
        overwrite : bool
            Whether what is there is replaced.
        row_group_size : int, optional
            Rows of a row group.
        write_index : bool
            Whether the index is written.

        Examples
        --------
        >>> import blockfold as bf
        >>> import os, tempfile
        >>> df = bf.from_dict({"x": [1, 2, 3]})
        >>> folder = tempfile.TemporaryDirectory()
        >>> path = os.path.join(folder.name, "out")
        >>> df.to_parquet(path)["rows_written"]
        3
        """
        unsupported.pop("engine", None)
        unsupported.pop("compute", None)
        if unsupported:
            raise UnsupportedError(f"to_parquet with {', '.join(unsupported)} is not supported")
        options: dict[str, Any] = {"compression": compression, "overwrite": overwrite}
        if row_group_size is not None:
            options["row_group_rows"] = row_group_size
        frame = self if write_index else self._replace(index={})
        return frame._native.write_parquet(path, options)

    def to_csv(self, path: str | os.PathLike[str], *, index: bool = True, header: bool = True) -> None:
        """Writes one file of comma-separated values, batch by batch, by way of pyarrow.

        Parameters
        ----------
        path : path
            The file or folder.
        index : label, list or dict, optional
            Names of the index.
        header : bool
            Whether names are written.

        Examples
        --------
        >>> import blockfold as bf
        >>> import os, tempfile
        >>> df = bf.from_dict({"x": [1, 2, 3]})
        >>> folder = tempfile.TemporaryDirectory()
        >>> path = os.path.join(folder.name, "out")
        >>> df.to_csv(path)
        >>> print(open(path).readline().strip())
        "x"
        """
        import pyarrow.csv

        frame = self if index else self._replace(index={})
        solid = frame._solid()
        texts = {label: expr.cast("string", True) for label, expr in solid._columns.items() if _is_coded(solid, expr)}
        native = solid._replace({**solid._columns, **texts})._native
        reader = pyarrow.RecordBatchReader.from_stream(native.batches())
        options = pyarrow.csv.WriteOptions(include_header=header)
        with pyarrow.csv.CSVWriter(os.fspath(path), reader.schema, write_options=options) as writer:
            for batch in reader:
                writer.write_batch(batch)

    def to_json(
        self, path: str | os.PathLike[str], *, index: bool = False, orient: str = "records", lines: bool = True
    ) -> None:
        """Writes one file of a JSON object for each row, one in a line, batch by batch by way of pandas.

        Examples
        --------
        >>> import blockfold as bf, tempfile
        >>> path = tempfile.mkdtemp() + "/rows.json"
        >>> _ = bf.from_dict({"x": [1, 2]}).to_json(path)
        >>> len(open(path).read().splitlines())
        2
        """
        import pyarrow

        if orient != "records" or not lines:
            raise UnsupportedError(
                "to_json other than with orient='records', lines=True is not supported; take compute()"
            )
        frame = self if index else self._replace(index={})
        with open(path, "w", encoding="utf-8") as file:
            for table in frame._native.batches():
                rows = to_pandas(pyarrow.table(table), [], [*frame._index, *frame._columns])
                text = rows.to_json(orient="records", lines=True, date_format="iso") or ""
                file.write(text if not text or text.endswith("\n") else f"{text}\n")

    def to_ipc(
        self, path: str | os.PathLike[str], *, compression: str | None = None, overwrite: bool = False
    ) -> dict[str, Any]:
        """Writes a folder of Arrow IPC files, one for each partition, which appears whole or not at all.

        Parameters
        ----------
        path : path
            The file or folder.
        compression : str, optional
            How pages are compressed.
        overwrite : bool
            Whether what is there is replaced.

        Examples
        --------
        >>> import blockfold as bf
        >>> import os, tempfile
        >>> df = bf.from_dict({"x": [1, 2, 3]})
        >>> folder = tempfile.TemporaryDirectory()
        >>> path = os.path.join(folder.name, "out")
        >>> df.to_ipc(path)["rows_written"]
        3
        """
        return self._native.write_ipc(path, compression, overwrite)

    to_feather = to_ipc

    def to_array(self, lengths: Any = None) -> Any:
        """The columns as a lazy matrix; the index is left out.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[["x"]].to_array().shape
        (3, 1)
        """
        from ..array._array import Array

        return Array(self._replace(index={})._native.to_array())

    to_dask_array = values = to_array

    def explain(self, stage: str = "optimized") -> str:
        """The plan as text, at a stage: logical, optimized, steps, fused or memory.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> print(df[df.x > 1].explain("logical").splitlines()[0])
        filter (x > 1)
        """
        return self._native.explain(stage)

    def visualize(self, filename: str | None = None, **options: Any) -> Any:
        """A picture of the plan; see `blockfold.visualize`.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.visualize().format
        'svg'
        """
        from ..visualize import visualize

        return visualize(self, filename=filename, **options)

    def estimate(self) -> str:
        """What a run would need: rows, bytes to read, peak memory, scratch. Reads nothing.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> print(df.estimate().splitlines()[0])
        chain 0: read memory
        """
        return self._native.estimate()

    def analyze(self) -> str:
        """Runs the plan, drops its answer, and tells what was expected and what was needed, step by step.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> print(df.analyze().splitlines()[1])
        chain 0: read memory
        """
        return self._native.analyze()

    def __repr__(self) -> str:
        index = f", index {', '.join(map(str, self._index))}" if self._index else ""
        types = ", ".join(f"{label}: {dtype}" for label, dtype in self._self.schema.items() if label in self._columns)
        return f"<blockfold.DataFrame: {types}{index}>"

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(str(label))}</td><td>{escape(dtype)}</td></tr>"
            for label, dtype in self._self.schema.items()
        )
        plan = escape(self.explain("logical").replace("\x00", ""))
        return (
            "<div><strong>blockfold.DataFrame</strong>"
            f"<table><thead><tr><th>column</th><th>type</th></tr></thead><tbody>{rows}</tbody></table>"
            f"<details><summary>plan</summary><pre>{plan}</pre></details></div>"
        )


def _is_coded(frame: Any, expr: core.Expr) -> bool:
    return frame._rows.dtype(expr).startswith("category")
