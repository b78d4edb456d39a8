"""Groups as pandas has them: keys become the index."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from ..exceptions import ArgumentError, DTypeError, UnsupportedError
from ._labels import native_names
from ._partition_calls import made_up
from ._rows import Rows, hidden
from ._series import Series

if TYPE_CHECKING:
    from ._frame import DataFrame

#: Aggregates by pandas' names: the engine's name, and the number that it takes.
AGGREGATES: dict[str, tuple[str, float]] = {
    "sum": ("sum", 0), "mean": ("mean", 0), "min": ("min", 0), "max": ("max", 0), "count": ("count", 0),
    "std": ("std", 1), "var": ("var", 1), "median": ("median", 0), "first": ("first", 0), "last": ("last", 0),
    "nunique": ("n_unique", 0), "n_unique": ("n_unique", 0), "prod": ("product", 0), "any": ("any", 0), "all": ("all", 0),
    "list": ("list", 0), "mode": ("mode", 0), "quantile": ("quantile", 0.5),
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
        return DataFrame(Rows(frame), {label: core.Expr.col(name) for label, name in zip(columns, values, strict=True)}, index)

    def size(self) -> Series:
        """Number of rows of each group."""
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
        raise UnsupportedError("going through groups one by one is not supported; take agg, or compute() and pandas' groupby")

    def apply(self, function: Callable[..., Any], *args: Any, meta: Any = None, **kwargs: Any) -> DataFrame:
        """A function of each group as a pandas frame, as pandas' ``groupby(...).apply`` calls it.

        Rows of a group are brought together first, by sorting by the keys.
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


class GroupBy(Groups):
    """Groups of a frame's rows.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
    >>> df.groupby("k").agg({"x": ["sum", "mean"]}).compute()
        x
      sum mean
    k
    a   4  2.0
    b   2  2.0
    """

    __slots__ = ()

    def _values(self) -> dict[Any, core.Expr]:
        return {label: expr for label, expr in self._frame._columns.items() if label not in self._keys}

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, (list, tuple)):
            return GroupBy(self._frame[list(key)], self._keys, self._sort, self._dropna)
        return SeriesGroupBy(self._frame, self._keys, self._frame._label(key, "groupby"), key, self._sort, self._dropna)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._frame._columns:
            return self[name]
        raise AttributeError(f"groups have no method and no column {name!r}")

    def agg(self, func: Any = None, **named: Any) -> DataFrame:
        """Aggregates: one name for all columns, a list, a dictionary by columns, or ``total=("x", "sum")``."""
        if func is None:
            wanted = {label: self._named(value) for label, value in named.items()}
            return self._aggregated({label: aggregate(self._frame._label(of, "agg"), how) for label, (of, how) in wanted.items()})
        if isinstance(func, Mapping):
            nested = any(isinstance(how, (list, tuple)) for how in func.values())
            pairs = [(label, how) for label, hows in func.items() for how in (hows if isinstance(hows, (list, tuple)) else [hows])]
            return self._aggregated(
                {(label, _name(how)) if nested else label: aggregate(self._frame._label(label, "agg"), how) for label, how in pairs}
            )
        if isinstance(func, (list, tuple)):
            return self._aggregated(
                {(label, _name(how)): aggregate(expr, how) for label, expr in self._values().items() for how in func}
            )
        return self._aggregated({label: aggregate(expr, func) for label, expr in self._values().items()})

    aggregate = agg

    @staticmethod
    def _named(value: Any) -> Any:
        if isinstance(value, (list, tuple)) and len(value) == 2:
            return value
        raise ArgumentError(f"agg: {value!r} is no pair of a column and an aggregate, as ('x', 'sum')")

    def _all(self, name: str, number: float = 0, numeric_only: bool = False) -> DataFrame:
        made: dict[Any, core.Expr] = {}
        for label, expr in self._values().items():
            value = expr.aggregate(name, number)
            try:
                self._frame._rows.frame.group_agg([], [value.alias("value")])
            except DTypeError as error:
                if numeric_only:
                    continue
                raise DTypeError(f"{error}; pass numeric_only=True, or select columns as groupby(...)[['x', 'y']]") from None
            made[label] = value.cast("int64", True) if name in ("count", "n_unique") else value
        return self._aggregated(made)

    def sum(self, numeric_only: bool = False) -> DataFrame:
        """Sum of each column."""
        return self._all("sum", 0, numeric_only)

    def mean(self, numeric_only: bool = False) -> DataFrame:
        """Mean of each column."""
        return self._all("mean", 0, numeric_only)

    def min(self, numeric_only: bool = False) -> DataFrame:
        """Least value of each column."""
        return self._all("min", 0, numeric_only)

    def max(self, numeric_only: bool = False) -> DataFrame:
        """Greatest value of each column."""
        return self._all("max", 0, numeric_only)

    def std(self, ddof: int = 1, numeric_only: bool = False) -> DataFrame:
        """Standard deviation of each column."""
        return self._all("std", ddof, numeric_only)

    def var(self, ddof: int = 1, numeric_only: bool = False) -> DataFrame:
        """Variance of each column."""
        return self._all("var", ddof, numeric_only)

    def median(self, numeric_only: bool = False) -> DataFrame:
        """Median of each column."""
        return self._all("median", 0, numeric_only)

    def prod(self, numeric_only: bool = False) -> DataFrame:
        """Product of each column."""
        return self._all("product", 0, numeric_only)

    def count(self) -> DataFrame:
        """Number of values of each column that are not null."""
        return self._all("count")

    def nunique(self) -> DataFrame:
        """Number of different values of each column."""
        return self._all("n_unique")

    def first(self) -> DataFrame:
        """First value of each column."""
        return self._all("first")

    def last(self) -> DataFrame:
        """Last value of each column."""
        return self._all("last")

    def head(self, n: int = 5) -> DataFrame:
        """The first `n` rows of each group."""
        solid = self._frame._solid()
        keys = group_keys(solid, list(self._keys))
        return solid._replace(rows=Rows(solid._rows.frame.group_top(list(keys.values()), n, [])))

    def transform(self, func: str) -> DataFrame:
        """An aggregate of each row's group, beside the rows."""
        return self._transformed({label: aggregate(expr, func) for label, expr in self._values().items()})

    def cumsum(self) -> DataFrame:
        """Sums of the values up to each row of its group."""
        return self._windowed("cum_sum", self._values())

    def shift(self, periods: int = 1) -> DataFrame:
        """The values so many rows before, of the same group."""
        return self._windowed("shift", self._values(), periods)

    def ffill(self) -> DataFrame:
        """Missing values replaced by the last one before, of the same group."""
        return self._windowed("forward_fill", self._values())

    def cumcount(self) -> Series:
        """Number of each row in its group, from 0 on."""
        key = next(iter(self._keys.values()))
        return self._windowed("row_number", {"n": key})._only().rename(None).astype("int64") - 1

    def __repr__(self) -> str:
        return f"<blockfold.GroupBy: {', '.join(map(str, self._keys))}>"


class SeriesGroupBy(Groups):
    """Groups of one column's values."""

    __slots__ = ("_expr", "_name")

    def __init__(
        self, frame: DataFrame, keys: dict[Any, core.Expr], expr: core.Expr, name: Any, sort: bool | None = None, dropna: bool = True
    ):
        super().__init__(frame, keys, sort, dropna)
        self._expr, self._name = expr, name

    def _one(self, how: Any) -> Series:
        label = "value" if self._name is None else self._name
        return self._aggregated({label: aggregate(self._expr, how)})._only().rename(self._name)

    def agg(self, func: Any = None, **named: Any) -> Any:
        """One aggregate as a series, or several as a frame."""
        if isinstance(func, (list, tuple)):
            return self._aggregated({_name(how): aggregate(self._expr, how) for how in func})
        if func is None:
            return self._aggregated({label: aggregate(self._expr, how) for label, how in named.items()})
        return self._one(func)

    aggregate = agg

    def sum(self) -> Series:
        """Sum of the values of each group."""
        return self._one("sum")

    def mean(self) -> Series:
        """Mean of the values of each group."""
        return self._one("mean")

    def min(self) -> Series:
        """Least value of each group."""
        return self._one("min")

    def max(self) -> Series:
        """Greatest value of each group."""
        return self._one("max")

    def count(self) -> Series:
        """Number of values of each group that are not null."""
        return self._one("count")

    def median(self) -> Series:
        """Median of the values of each group."""
        return self._one("median")

    def nunique(self) -> Series:
        """Number of different values of each group."""
        return self._one("nunique")

    def first(self) -> Series:
        """First value of each group."""
        return self._one("first")

    def last(self) -> Series:
        """Last value of each group."""
        return self._one("last")

    def prod(self) -> Series:
        """Product of the values of each group."""
        return self._one("prod")

    def any(self) -> Series:
        """Whether any value of each group is true."""
        return self._one("any")

    def all(self) -> Series:
        """Whether no value of each group is false."""
        return self._one("all")

    def _numbered(self, name: str, number: float) -> Series:
        return self._aggregated({"value": self._expr.aggregate(name, number)})._only().rename(self._name)

    def std(self, ddof: int = 1) -> Series:
        """Standard deviation of the values of each group."""
        return self._numbered("std", ddof)

    def var(self, ddof: int = 1) -> Series:
        """Variance of the values of each group."""
        return self._numbered("var", ddof)

    def quantile(self, q: float = 0.5) -> Series:
        """Quantile `q` of the values of each group."""
        return self._numbered("quantile", q)

    def value_counts(self) -> Series:
        """How often each value occurs in each group."""
        keys = {**self._keys, self._name: self._expr}
        return Groups(self._frame, keys, self._sort, self._dropna).size().rename("count")

    def transform(self, func: str) -> Series:
        """An aggregate of each row's group, beside the rows."""
        return self._transformed({"x": aggregate(self._expr, func)})._only().rename(self._name)

    def _window(self, function: str, number: int = 1) -> Series:
        return self._windowed(function, {"x": self._expr}, number)._only().rename(self._name)

    def cumsum(self) -> Series:
        """Sum of the values up to each row of its group."""
        return self._window("cum_sum")

    def cumprod(self) -> Series:
        """Product of the values up to each row of its group."""
        return self._window("cum_prod")

    def cummin(self) -> Series:
        """Least value up to each row of its group."""
        return self._window("cum_min")

    def cummax(self) -> Series:
        """Greatest value up to each row of its group."""
        return self._window("cum_max")

    def cumcount(self) -> Series:
        """Number of each row in its group, from 0 on."""
        return (self._window("row_number").astype("int64") - 1).rename(None)

    def shift(self, periods: int = 1) -> Series:
        """The value so many rows before, of the same group."""
        return self._window("shift", periods)

    def diff(self, periods: int = 1) -> Series:
        """Each value less the one so many rows before, of the same group."""
        return self._window("diff", periods)

    def ffill(self) -> Series:
        """Missing values replaced by the last one before, of the same group."""
        return self._window("forward_fill")

    def bfill(self) -> Series:
        """Missing values replaced by the next one after, of the same group."""
        return self._window("backward_fill")

    def rank(self, method: str = "average", ascending: bool = True) -> Series:
        """Rank of each value within its group."""
        window = core.Window.rank(self._expr, method, not ascending)
        rows, expr = self._frame._rows.window(self._keys.values(), window, ("rank", self._expr, method, ascending))
        return Series(rows, expr, self._name, self._frame._index)

    def __repr__(self) -> str:
        return f"<blockfold.SeriesGroupBy {self._name!r} by {', '.join(map(str, self._keys))}>"


def _name(how: Any) -> str:
    return how if isinstance(how, str) else getattr(how, "__name__", str(how))
