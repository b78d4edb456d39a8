"""Labels of columns as native names, and answers as pandas objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..exceptions import ArgumentError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


#: What Arrow and Parquet call an index that has no name, before its number.
UNNAMED = "__index_level_"


def native_names(labels: Iterable[Any], taken: Iterable[str] = ()) -> list[str]:
    """A native name for each label: the label itself where it is a text that nobody has yet."""
    names: list[str] = []
    seen = set(taken)
    for at, label in enumerate(labels):
        if label is None:
            # As pyarrow calls an index without a name.
            name = f"{UNNAMED}{at}__"
        else:
            name = (
                label
                if isinstance(label, str)
                else "_".join(map(str, label))
                if isinstance(label, tuple)
                else str(label)
            )
        while name in seen:
            name += "_"
        seen.add(name)
        names.append(name)
    return names


def check_unique(labels: Iterable[Any], op: str) -> None:
    """Refuses two columns of one label."""
    seen = set()
    for label in labels:
        if label in seen:
            raise ArgumentError(f"{op}: two columns would be called {label!r}; rename one of them")
        seen.add(label)


def arrow_table(native: Any) -> pa.Table:
    """A native table as pyarrow's."""
    try:
        import pyarrow
    except ImportError as error:
        raise ImportError(
            "pandas objects are made by way of pyarrow: pip install pyarrow; or take collect(), which any Arrow library reads"
        ) from error
    return pyarrow.table(native)


def aligned(table: Any) -> Any:
    """A table whose buffers begin where values of their width may: what came in by a socket is copied, if it does not."""
    if not type(table).__module__.startswith("pyarrow"):
        return table
    import pyarrow

    columns = table.columns
    chunks = [chunk for column in columns for chunk in getattr(column, "chunks", [column])]
    if all(buffer.address % 16 == 0 for chunk in chunks for buffer in chunk.buffers() if buffer is not None):
        return table
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write(table)
    return pyarrow.ipc.open_stream(sink.getvalue()).read_all()


def to_pandas(table: pa.Table, index: list[Any], labels: list[Any]) -> pd.DataFrame:
    """A table as a pandas frame: its first columns are the index."""
    import pandas as pd
    import pyarrow as pa

    columns = [_plain(column) for column in table.columns]
    names = [f"{at}" for at in range(len(columns))]
    frame = pa.table(columns, names=names).to_pandas(date_as_object=False)
    if len(index) == 1:
        frame = frame.set_index("0")
        frame.index.name = index[0]
    elif index:
        frame = frame.set_index(names[: len(index)])
        frame.index.names = index
    if labels and all(isinstance(label, tuple) for label in labels):
        frame.columns = pd.MultiIndex.from_tuples(labels)
    else:
        frame.columns = pd.Index(labels)
    return frame


def _plain(column: Any) -> Any:
    """Texts that are written once and referred to by number become texts again."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column
