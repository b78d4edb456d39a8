"""Functions of users over partitions: what they get, and what becomes of what they return."""

from __future__ import annotations

from typing import Any

from ._labels import aligned, to_pandas


class Returned:
    """What functions of users return for partitions, as Arrow tables of one schema."""

    def __init__(self) -> None:
        #: Labels of the index of the result, known after the first call.
        self.index: list[Any] = []
        #: Whether the result is a series, and its name.
        self.is_series, self.name = False, None
        self._schema: Any = None

    def table(self, result: Any) -> Any:
        """What a function returned as an Arrow table, an index with a name among its columns."""
        import pandas as pd
        import pyarrow

        if pd.api.types.is_scalar(result):
            result = pd.Series([result])
        if isinstance(result, pd.Series):
            self.is_series, self.name = True, result.name
            result = result.to_frame("0" if result.name is None else result.name)
        if not isinstance(result, pd.DataFrame):
            return aligned(result)
        named = [name for name in result.index.names if name is not None and name not in result.columns]
        result = result.reset_index() if named else result.reset_index(drop=True)
        result.columns = [str(label) for label in result.columns]
        table = pyarrow.Table.from_pandas(result, preserve_index=False).replace_schema_metadata(None)
        if self._schema is None:
            # Of an empty partition pandas may know no type of texts; Arrow says null then.
            fields = [
                pyarrow.field(field.name, pyarrow.large_string() if pyarrow.types.is_null(field.type) else field.type)
                for field in table.schema
            ]
            self.index, self._schema = [str(name) for name in named], pyarrow.schema(fields)
        return aligned(table.cast(self._schema) if table.schema.names == self._schema.names else table)


class PartitionCall(Returned):
    """A function of a partition as the engine calls it: an Arrow table in, an Arrow table out."""

    def __init__(self, function: Any, args: Any, kwargs: Any, frame: Any, library: str):
        super().__init__()
        self._function, self._args, self._kwargs, self._library = function, args, kwargs, library
        self._labels = list(frame._index), list(frame._columns)

    def __call__(self, native: Any) -> Any:
        import pyarrow

        table: Any = pyarrow.table(native)
        if self._library == "polars":
            import polars

            table = polars.DataFrame(native)
        if self._library != "pandas":
            return self._function(table, *self._args, **self._kwargs)
        return self.table(self._function(to_pandas(table, *self._labels), *self._args, **self._kwargs))


def made_up(part: Any) -> Any:
    """Two rows of the columns and the index of an empty frame."""
    import pandas as pd

    def values(dtype: Any) -> Any:
        kind = getattr(dtype, "kind", "O")
        made = {"b": [True, False], "M": [0, 1], "m": [0, 1], "O": ["a", "b"]}.get(kind, [1, 2])
        return pd.Series(made).astype(dtype)

    frame = pd.DataFrame({at: values(dtype) for at, dtype in enumerate(part.dtypes)}, index=range(2))
    frame.columns = part.columns
    levels = [part.index.get_level_values(at) for at in range(part.index.nlevels)]
    if part.index.nlevels > 1:
        frame.index = pd.MultiIndex.from_arrays([values(level.dtype) for level in levels], names=part.index.names)
    elif part.index.name is not None:
        frame.index = pd.Index(values(part.index.dtype), name=part.index.name)
    return frame
