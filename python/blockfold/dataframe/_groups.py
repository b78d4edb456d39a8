"""What groups of frames and of series have in common: keys, aggregates by name, one row for each group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from ..exceptions import ArgumentError, UnsupportedError
from ._labels import native_names
from ._partition_calls import made_up
from ._rows import Rows, hidden, not_pickled
from ._series import Series

if TYPE_CHECKING:
    from ._frame import DataFrame

#: Aggregates by pandas' names: the engine's name, and the number that it takes.
AGGREGATES: dict[str, tuple[str, float]] = {
    "sum": ("sum", 0), "mean": ("mean", 0), "min": ("min", 0), "max": ("max", 0), "count": ("count", 0),
    "std": ("std", 1), "var": ("var", 1), "median": ("median", 0), "first": ("first", 0), "last": ("last", 0),
    "nunique": ("n_unique", 0), "n_unique": ("n_unique", 0), "prod": ("product", 0), "any": ("any", 0), "all": ("all", 0),
    "list": ("list", 0), "mode": ("mode", 0), "quantile": ("quantile", 0.5),
}  # fmt: skip


#: Methods of pandas' groups that are not there, and what comes nearest.
ABSENT = {
    "rolling": "take shift within the groups, or apply",
    "resample": "assign the window as a column, as t.dt.floor('1h'), and group by it as well",
    "nth": "take head, first or last",
    "describe": "take agg of the statistics",
    "pct_change": "take shift, and divide",
    "ngroup": "take drop_duplicates of the keys",
    "filter": "take transform, and a mask of it",
    "corr": "take apply",
    "cov": "take apply",
    "sample": "take sample of the frame",
    "fillna": "take transform, and fillna with it",
    "diff": "take it of one column: groupby(...).x.diff()",
    "rank": "take it of one column: groupby(...).x.rank()",
}


def aggregate(expr: core.Expr, how: Any) -> core.Expr:
    """An aggregate by pandas' name of it."""
    name = how if isinstance(how, str) else getattr(how, "__name__", str(how))
    if name in ("size", "len"):
        return core.Expr.len().cast("int64", True)
    if name not in AGGREGATES:
        raise UnsupportedError(
            f"agg: {name!r} is not supported; there are {', '.join(AGGREGATES)}, size, and map_partitions for functions"
        )
    made = expr.aggregate(*AGGREGATES[name])
    return made.cast("int64", True) if name in ("count", "nunique", "n_unique") else made


def rows_with_keys(frame: DataFrame, by: Any) -> DataFrame:
    """The frame with rows that have the columns that keys are made of."""
    rows = frame._rows
    for one in by if isinstance(by, (list, tuple)) else [by]:
        if isinstance(one, Series):
            rows = rows.meet(one._rows, "groupby")
    return frame._replace(rows=rows)


def group_keys(frame: DataFrame, by: Any) -> dict[Any, core.Expr]:
    """Keys by their labels."""
    keys: dict[Any, core.Expr] = {}
    for one in by if isinstance(by, (list, tuple)) else [by]:
        if callable(one) and not isinstance(one, Series):
            raise UnsupportedError("groupby by a function is not supported; assign its values as a column")
        label = one.name if isinstance(one, Series) else one
        if label in keys:
            raise ArgumentError(f"groupby: two keys are called {label!r}; rename one of them")
        keys[label] = frame._label(one, "groupby")
    if not keys:
        raise ArgumentError("groupby: no keys were given")
    return keys


class Groups:
    """What groups of frames and of series have in common."""

    __slots__ = ("_dropna", "_frame", "_keys", "_sort")

    _frame: DataFrame

    def __reduce__(self) -> Any:
        return not_pickled(self)

    def __init__(self, frame: DataFrame, keys: dict[Any, core.Expr], sort: bool | None = None, dropna: bool = True):
        self._frame, self._keys, self._sort, self._dropna = frame, keys, sort, dropna

    def _aggregated(self, columns: Mapping[Any, core.Expr]) -> DataFrame:
        """One row for each group."""
        from ._frame import DataFrame

        rows = self._frame._rows
        keys, names = list(self._keys.values()), native_names(self._keys)
        values = [hidden() for _ in columns]
        frame = rows.frame.group_agg(
            [key.alias(name) for key, name in zip(keys, names, strict=True)],
            [expr.alias(name) for expr, name in zip(columns.values(), values, strict=True)],
        )
        index = {label: core.Expr.col(name) for label, name in zip(self._keys, names, strict=True)}
        if self._dropna:
            # Of the groups, which are few, instead of the rows.
            for key in index.values():
                frame = frame.filter(key.is_null().invert())
        if self._sort:
            frame = frame.sort([(key, False, False) for key in index.values()])
        return DataFrame(
            Rows(frame), {label: core.Expr.col(name) for label, name in zip(columns, values, strict=True)}, index
        )

    def size(self) -> Series:
        """Number of rows of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").size().compute().tolist()
        [2, 1]
        """
        return self._aggregated({"size": core.Expr.len().cast("int64", True)})["size"].rename(None)

    def _transformed(self, exprs: Mapping[Any, core.Expr]) -> DataFrame:
        """Aggregates of the groups, beside each row of them."""
        rows, columns = self._frame._rows, {}
        for label, expr in exprs.items():
            rows, columns[label] = rows.transform(self._keys.values(), expr)
        return self._frame._replace(columns, rows=rows)

    def _windowed(self, function: str, exprs: Mapping[Any, core.Expr], number: int = 1) -> DataFrame:
        """A window function within the groups, beside each row."""
        rows, columns = self._frame._rows, {}
        for label, expr in exprs.items():
            window = core.Window(function, expr, number)
            rows, columns[label] = rows.window(self._keys.values(), window, (function, expr, number))
        return self._frame._replace(columns, rows=rows)

    def __iter__(self) -> Any:
        raise UnsupportedError(
            "going through groups one by one is not supported; take agg, or compute() and pandas' groupby"
        )

    def apply(self, function: Callable[..., Any], *args: Any, meta: Any = None, **kwargs: Any) -> Any:
        """A function of each group as a pandas frame, as pandas' ``groupby(...).apply`` calls it.

        Rows of a group are brought together first, by sorting by the keys.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").apply(lambda group: group.x.sum()).compute().tolist()
        [4, 2]
        """
        frame = self._frame.reset_index(drop=True)
        labels, columns = list(self._keys), [f"blockfold_key_{at}" for at in range(len(self._keys))]
        keyed = frame._replace({**frame._columns, **dict(zip(columns, self._keys.values(), strict=True))})
        divided = keyed.set_index(columns[0], drop=False).reset_index(drop=True)

        def grouped(part: Any) -> Any:
            if part.empty:
                # What pandas gives for no group at all has other columns: a group of made-up rows shows them.
                return grouped(made_up(part)).iloc[:0]
            keys = [part.pop(column) for column in columns]
            made = part.groupby(keys).apply(function, *args, **kwargs)
            made.index.names = [labels[columns.index(name)] if name in columns else name for name in made.index.names]
            return made

        return divided.map_partitions(grouped)


def name_of(how: Any) -> str:
    return how if isinstance(how, str) else getattr(how, "__name__", str(how))
