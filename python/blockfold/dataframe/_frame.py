"""Frames: columns over rows, with an index or without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..exceptions import UnsupportedError
from ._absent import absent
from ._expressions import Expressions
from ._operators import Operators
from ._partitions import PartitionVerbs
from ._reductions import Reductions
from ._reshape import ReshapeVerbs
from ._runs import Runs
from ._selecting import ColumnVerbs
from ._verbs import RowVerbs

if TYPE_CHECKING:
    from ._groupby import GroupBy


class DataFrame(ColumnVerbs, Operators, Expressions, RowVerbs, PartitionVerbs, ReshapeVerbs, Reductions, Runs):
    """A lazy frame, larger than memory if need be: pandas' verbs, and Polars' expressions beside them.

    Nothing is read until `compute` (a pandas object), `collect` (an Arrow table), `head`, ``len`` or one of the
    ``to_`` methods asks for it.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
    >>> df[df.x > 1].groupby("k").x.sum().compute().to_dict()
    {'a': 3, 'b': 2}
    >>> df.filter(bf.col("x") > 1).group_by("k").agg(bf.col("x").sum()).compute()
       k  x
    0  a  3
    1  b  2
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and (name in self._columns or name in self._index):
            return self._column(name)
        columns = ", ".join(map(str, self._columns))
        raise absent("DataFrame", name, ABSENT) or AttributeError(
            f"a frame has no method and no column {name!r}; its columns are: {columns}"
        )

    def groupby(self, by: Any = None, *, sort: bool | None = None, dropna: bool = True, **unsupported: Any) -> GroupBy:
        """Groups as pandas has them; keys become the index.

        Parameters
        ----------
        by : label, series, or list of these
            What is equal within a group.
        sort : bool, optional
            Whether groups are sorted by their keys. Few groups are, in any case.
        dropna : bool
            Whether groups of missing keys are left out.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-02", freq="1h")
        >>> bool((df.groupby(df.id).x.sum().compute() < 24).all())
        True
        """
        from ._groupby import GroupBy
        from ._groups import group_keys, rows_with_keys

        unsupported.pop("observed", None)
        unsupported.pop("group_keys", None)
        if unsupported:
            raise UnsupportedError(
                f"groupby with {', '.join(unsupported)} is not supported; call reset_index on the result"
            )
        if by is None:
            raise UnsupportedError("groupby by levels is not supported; name the columns of the index")
        frame = rows_with_keys(self, by)
        return GroupBy(frame, group_keys(frame, by), sort=sort, dropna=dropna)

    def copy(self, deep: bool = False) -> DataFrame:
        """The same description; columns assigned to one are not seen by the other.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> list(df.copy().columns)
        ['k', 'x']
        """
        return self._replace(dict(self._columns))

    def pipe(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """What a function gives for this frame.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.pipe(lambda frame: frame.x.sum()).compute()
        6
        """
        return function(self, *args, **kwargs)


#: Methods of Dask and pandas that are not there, and what comes nearest.
ABSENT = {
    "categorize": "texts need no categories here: get_dummies and pivot_table look for values themselves",
    "to_hdf": "take to_parquet or to_ipc",
    "mode": "take mode of each column",
    "iterrows": "take batches(), and rows of each",
    "itertuples": "take batches(), and rows of each",
    "interpolate": "take ffill, bfill or fillna",
    "ewm": "take rolling",
    "transpose": "take compute().T when the frame is small",
    "T": "take compute().T when the frame is small",
    "to_bag": "take batches()",
    "dask": "take explain",
    "eval": "take assign",
    "memory_usage": "take estimate",
    "memory_usage_per_partition": "take estimate",
    "combine_first": "take merge, and combine_first of the columns",
    "align": "take merge",
    "stack": "take concat of one frame for each column",
}
