"""Columns that functions of pandas make of columns, value by value, some rows at a time.

They belong to the rows of the columns that they are made of, as if the engine had made them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from ..exceptions import AbsentError, ArgumentError, UnsupportedError
from ._labels import to_pandas
from ._partition_calls import made_up

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ._frame import DataFrame
    from ._series import Series


class ColumnCall:
    """A function of a pandas frame as the engine calls it: an Arrow table in, a table of one column out."""

    def __init__(self, function: Callable[[pd.DataFrame], Any], index: list[Any], columns: list[Any]):
        self._function, self._index, self._columns = function, index, columns

    def __call__(self, native: Any) -> Any:
        import pyarrow

        return self.table(to_pandas(pyarrow.table(native), self._index, self._columns))

    def table(self, part: pd.DataFrame) -> pa.Table:
        """The column for a pandas frame."""
        import pandas as pd
        import pyarrow

        made = self._function(part)
        if not isinstance(made, pd.Series):
            raise UnsupportedError(f"a {type(made).__name__} for each row is not supported; take map_partitions")
        return pyarrow.table({"x": _plain(pyarrow.array(made, from_pandas=True))})


def _plain(values: Any) -> Any:
    """Values of which the types are known: those without any are texts."""
    import pyarrow

    values = values.combine_chunks() if isinstance(values, pyarrow.ChunkedArray) else values
    kind = values.type
    if pyarrow.types.is_dictionary(kind):
        return values.dictionary_decode()
    if pyarrow.types.is_null(kind):
        return values.cast(pyarrow.large_string())
    if pyarrow.types.is_list(kind) and pyarrow.types.is_null(kind.value_type):
        return values.cast(pyarrow.list_(pyarrow.large_string()))
    return values


def called(frame: DataFrame, function: Callable[[pd.DataFrame], Any], name: str, meta: Any) -> Any:
    """The column that a function makes of a frame's rows: its rows and its expression."""
    labels = list(frame._index), list(frame._columns)
    call = ColumnCall(function, *labels)
    example = _example(frame, call, name) if meta is None else _said(meta)
    rows, inputs = frame._rows, []
    for expr in (*frame._index.values(), *frame._columns.values()):
        rows, expr = rows.row_wise(expr)
        inputs.append(expr)
    return rows.keep(core.Expr.user(name, call, inputs, example))


def _example(frame: DataFrame, call: ColumnCall, name: str) -> pa.Table:
    """The column for made-up rows, or for the first ones when the function does not take those."""
    try:
        return call.table(made_up(frame._meta())).slice(0, 0)
    except UnsupportedError:
        raise
    except Exception:
        first = frame.head(2)
        if len(first) == 0:
            raise ArgumentError(f"{name}: what the function gives is not known, as there are no rows; pass meta=") from None
        return call.table(first).slice(0, 0)


def _said(meta: Any) -> pa.Table:
    """An empty column of the type that `meta` says: a type, a name with a type, or an empty series."""
    import pandas as pd
    import pyarrow

    dtype = meta[1] if isinstance(meta, tuple) else getattr(meta, "dtype", meta)
    if dtype in (object, "object", "O"):
        dtype = str
    return pyarrow.table({"x": _plain(pyarrow.array(pd.Series(dtype=dtype), from_pandas=True))})


def by_value(series: Series, function: Callable[[pd.Series], Any], name: str, meta: Any = None) -> Series:
    """A function of a pandas series as a column of the same rows."""
    from ._frame import DataFrame

    label = "x" if series.name is None else series.name

    def of_frame(part: pd.DataFrame) -> Any:
        return function(part.iloc[:, 0].rename(series.name))

    rows, expr = called(DataFrame(series._rows, {label: series._core}, {}), of_frame, name, meta)
    return series._with(rows, expr)


def by_row(frame: DataFrame, function: Any, args: Any, kwargs: Any, meta: Any) -> Series | None:
    """A function of each row as a column of the same rows; None when it gives several values for one."""
    from ._series import Series

    def of_frame(part: pd.DataFrame) -> Any:
        return part.apply(function, axis=1, args=args, **kwargs)

    try:
        rows, expr = called(frame, of_frame, name_of(function), meta)
    except UnsupportedError:
        return None
    rows.dtype(expr)
    return Series(rows, expr, None, frame._index)


def name_of(function: Any) -> str:
    """What a function is called."""
    return getattr(function, "__name__", type(function).__name__)


def accessor(series: Series, kind: str, name: str) -> Any:
    """What pandas' accessor of a kind has by a name, for the values of a column."""
    import pandas as pd

    found = getattr(getattr(pd.Series, kind), name, None)
    if found is None:
        raise AbsentError(f"there is no {kind}.{name} in pandas, nor here")
    if not callable(found):
        return by_value(series, lambda part: getattr(getattr(part, kind), name), name)

    def call(*args: Any, **kwargs: Any) -> Series:
        """What pandas gives for the values, some rows at a time."""
        meta = kwargs.pop("meta", None)
        return by_value(series, lambda part: getattr(getattr(part, kind), name)(*args, **kwargs), name, meta)

    call.__name__ = name
    return call
