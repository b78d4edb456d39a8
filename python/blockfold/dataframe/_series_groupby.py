"""Groups of one column's values as pandas has them: keys become the index."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from ._absent import absent
from ._groups import ABSENT, Groups, aggregate, name_of
from ._series import Series

if TYPE_CHECKING:
    from ._frame import DataFrame


class SeriesGroupBy(Groups):
    """Groups of one column's values."""

    __slots__ = ("_expr", "_name")

    def __init__(
        self,
        frame: DataFrame,
        keys: dict[Any, core.Expr],
        expr: core.Expr,
        name: Any,
        sort: bool | None = None,
        dropna: bool = True,
    ):
        super().__init__(frame, keys, sort, dropna)
        self._expr, self._name = expr, name

    def __getattr__(self, name: str) -> Any:
        raise absent("SeriesGroupBy", name, ABSENT) or AttributeError(f"groups have no method {name!r}")

    def apply(self, function: Callable[..., Any], *args: Any, meta: Any = None, **kwargs: Any) -> Any:
        """A function of each group's values as a pandas series.

        Parameters
        ----------
        function : callable
            What is called.
        meta : any, optional
            Taken as Dask takes it; an empty partition tells.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.apply(lambda values: values.max() - values.min()).compute().tolist()
        [2, 0]
        """
        frame = self._frame._replace({"x": self._expr})
        name = self._name
        made = Groups(frame, self._keys).apply(lambda part: function(part["x"].rename(name), *args, **kwargs))
        return made.rename(name) if isinstance(made, Series) else made

    def _one(self, how: Any) -> Series:
        label = "value" if self._name is None else self._name
        return self._aggregated({label: aggregate(self._expr, how)})._only().rename(self._name)

    def agg(self, func: Any = None, **named: Any) -> Any:
        """One aggregate as a series, or several as a frame.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.agg(["min", "max"]).compute().values.tolist()
        [[1, 3], [2, 2]]
        """
        if isinstance(func, (list, tuple)):
            return self._aggregated({name_of(how): aggregate(self._expr, how) for how in func})
        if func is None:
            return self._aggregated({label: aggregate(self._expr, how) for label, how in named.items()})
        return self._one(func)

    aggregate = agg

    def sum(self) -> Series:
        """Sum of the values of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.sum().compute().tolist()
        [4, 2]
        """
        return self._one("sum")

    def mean(self) -> Series:
        """Mean of the values of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.mean().compute().tolist()
        [2.0, 2.0]
        """
        return self._one("mean")

    def min(self) -> Series:
        """Least value of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.min().compute().tolist()
        [1, 2]
        """
        return self._one("min")

    def max(self) -> Series:
        """Greatest value of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.max().compute().tolist()
        [3, 2]
        """
        return self._one("max")

    def count(self) -> Series:
        """Number of values of each group that are not null.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.count().compute().tolist()
        [2, 1]
        """
        return self._one("count")

    def median(self) -> Series:
        """Median of the values of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.median().compute().tolist()
        [2.0, 2.0]
        """
        return self._one("median")

    def nunique(self) -> Series:
        """Number of different values of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.nunique().compute().tolist()
        [2, 1]
        """
        return self._one("nunique")

    def first(self) -> Series:
        """First value of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.first().compute().tolist()
        [1, 2]
        """
        return self._one("first")

    def last(self) -> Series:
        """Last value of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.last().compute().tolist()
        [3, 2]
        """
        return self._one("last")

    def prod(self) -> Series:
        """Product of the values of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.prod().compute().tolist()
        [3, 2]
        """
        return self._one("prod")

    def any(self) -> Series:
        """Whether any value of each group is true.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [True, False, False]})
        >>> df.groupby("k").x.any().compute().tolist()
        [True, False]
        """
        return self._one("any")

    def all(self) -> Series:
        """Whether no value of each group is false.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [True, False, False]})
        >>> df.groupby("k").x.all().compute().tolist()
        [False, False]
        """
        return self._one("all")

    def _numbered(self, name: str, number: float) -> Series:
        return self._aggregated({"value": self._expr.aggregate(name, number)})._only().rename(self._name)

    def std(self, ddof: int = 1) -> Series:
        """Standard deviation of the values of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.std().compute().round(3).tolist()
        [1.414, nan]
        """
        return self._numbered("std", ddof)

    def var(self, ddof: int = 1) -> Series:
        """Variance of the values of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.var().compute().tolist()
        [2.0, nan]
        """
        return self._numbered("var", ddof)

    def quantile(self, q: float = 0.5) -> Series:
        """Quantile `q` of the values of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.quantile(0.5).compute().tolist()
        [2.0, 2.0]
        """
        return self._numbered("quantile", q)

    def value_counts(self) -> Series:
        """How often each value occurs in each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.value_counts().compute().tolist()
        [1, 1, 1]
        """
        keys = {**self._keys, self._name: self._expr}
        return Groups(self._frame, keys, self._sort, self._dropna).size().rename("count")

    def transform(self, func: str) -> Series:
        """An aggregate of each row's group, beside the rows.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.transform("sum").compute().tolist()
        [4, 2, 4]
        """
        return self._transformed({"x": aggregate(self._expr, func)})._only().rename(self._name)

    def _window(self, function: str, number: int = 1) -> Series:
        return self._windowed(function, {"x": self._expr}, number)._only().rename(self._name)

    def cumsum(self) -> Series:
        """Sum of the values up to each row of its group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.cumsum().compute().tolist()
        [1, 2, 4]
        """
        return self._window("cum_sum")

    def cumprod(self) -> Series:
        """Product of the values up to each row of its group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.cumprod().compute().tolist()
        [1, 2, 3]
        """
        return self._window("cum_prod")

    def cummin(self) -> Series:
        """Least value up to each row of its group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.cummin().compute().tolist()
        [1, 2, 1]
        """
        return self._window("cum_min")

    def cummax(self) -> Series:
        """Greatest value up to each row of its group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.cummax().compute().tolist()
        [1, 2, 3]
        """
        return self._window("cum_max")

    def cumcount(self) -> Series:
        """Number of each row in its group, from 0 on.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.cumcount().compute().tolist()
        [0, 0, 1]
        """
        return (self._window("row_number").astype("int64") - 1).rename(None)

    def shift(self, periods: int = 1) -> Series:
        """The value so many rows before, of the same group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.shift().compute().tolist()
        [nan, nan, 1.0]
        """
        return self._window("shift", periods)

    def diff(self, periods: int = 1) -> Series:
        """Each value less the one so many rows before, of the same group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.diff().compute().tolist()
        [nan, nan, 2.0]
        """
        return self._window("diff", periods)

    def ffill(self) -> Series:
        """Missing values replaced by the last one before, of the same group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.ffill().compute().tolist()
        [1, 2, 3]
        """
        return self._window("forward_fill")

    def bfill(self) -> Series:
        """Missing values replaced by the next one after, of the same group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").x.bfill().compute().tolist()
        [1, 2, 3]
        """
        return self._window("backward_fill")

    def rank(self, method: str = "average", ascending: bool = True) -> Series:
        """Rank of each value within its group.

        Parameters
        ----------
        method : {'average', 'min', 'max', 'dense', 'ordinal'}
            What equal values get.
        ascending : bool
            Whether the least has rank 1.
        """
        window = core.Window.rank(self._expr, method, not ascending)
        rows, expr = self._frame._rows.window(self._keys.values(), window, ("rank", self._expr, method, ascending))
        return Series(rows, expr, self._name, self._frame._index)

    def __repr__(self) -> str:
        return f"<blockfold.SeriesGroupBy {self._name!r} by {', '.join(map(str, self._keys))}>"
