"""Groups of a frame's rows as pandas has them: keys become the index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from ..exceptions import ArgumentError, DTypeError
from ._absent import absent
from ._groups import ABSENT, Groups, aggregate, group_keys, name_of
from ._rows import Rows
from ._series import Series
from ._series_groupby import SeriesGroupBy

if TYPE_CHECKING:
    from ._frame import DataFrame


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
        raise absent("DataFrameGroupBy", name, ABSENT) or AttributeError(
            f"groups have no method and no column {name!r}"
        )

    def agg(self, func: Any = None, **named: Any) -> DataFrame:
        """Aggregates: one name for all columns, a list, a dictionary by columns, or ``total=("x", "sum")``.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").agg({"x": ["min", "max"]}).compute().values.tolist()
        [[1, 3], [2, 2]]
        """
        if func is None:
            wanted = {label: self._named(value) for label, value in named.items()}
            return self._aggregated(
                {label: aggregate(self._frame._label(of, "agg"), how) for label, (of, how) in wanted.items()}
            )
        if isinstance(func, Mapping):
            nested = any(isinstance(how, (list, tuple)) for how in func.values())
            pairs = [
                (label, how)
                for label, hows in func.items()
                for how in (hows if isinstance(hows, (list, tuple)) else [hows])
            ]
            return self._aggregated(
                {
                    (label, name_of(how)) if nested else label: aggregate(self._frame._label(label, "agg"), how)
                    for label, how in pairs
                }
            )
        if isinstance(func, (list, tuple)):
            return self._aggregated(
                {(label, name_of(how)): aggregate(expr, how) for label, expr in self._values().items() for how in func}
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
                raise DTypeError(
                    f"{error}; pass numeric_only=True, or select columns as groupby(...)[['x', 'y']]"
                ) from None
            made[label] = value.cast("int64", True) if name in ("count", "n_unique") else value
        return self._aggregated(made)

    def sum(self, numeric_only: bool = False) -> DataFrame:
        """Sum of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").sum().compute()["x"].tolist()
        [4, 2]
        """
        return self._all("sum", 0, numeric_only)

    def mean(self, numeric_only: bool = False) -> DataFrame:
        """Mean of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").mean().compute()["x"].tolist()
        [2.0, 2.0]
        """
        return self._all("mean", 0, numeric_only)

    def min(self, numeric_only: bool = False) -> DataFrame:
        """Least value of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").min().compute()["x"].tolist()
        [1, 2]
        """
        return self._all("min", 0, numeric_only)

    def max(self, numeric_only: bool = False) -> DataFrame:
        """Greatest value of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").max().compute()["x"].tolist()
        [3, 2]
        """
        return self._all("max", 0, numeric_only)

    def std(self, ddof: int = 1, numeric_only: bool = False) -> DataFrame:
        """Standard deviation of each column.

        Parameters
        ----------
        ddof : int
            What is taken off the count before it divides.
        numeric_only : bool
            Whether other columns than those of numbers are left out.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").std().compute()["x"].round(3).tolist()
        [1.414, nan]
        """
        return self._all("std", ddof, numeric_only)

    def var(self, ddof: int = 1, numeric_only: bool = False) -> DataFrame:
        """Variance of each column.

        Parameters
        ----------
        ddof : int
            What is taken off the count before it divides.
        numeric_only : bool
            Whether other columns than those of numbers are left out.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").var().compute()["x"].tolist()
        [2.0, nan]
        """
        return self._all("var", ddof, numeric_only)

    def median(self, numeric_only: bool = False) -> DataFrame:
        """Median of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").median().compute()["x"].tolist()
        [2.0, 2.0]
        """
        return self._all("median", 0, numeric_only)

    def prod(self, numeric_only: bool = False) -> DataFrame:
        """Product of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").prod().compute()["x"].tolist()
        [3, 2]
        """
        return self._all("product", 0, numeric_only)

    def count(self) -> DataFrame:
        """Number of values of each column that are not null.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").count().compute()["x"].tolist()
        [2, 1]
        """
        return self._all("count")

    def nunique(self) -> DataFrame:
        """Number of different values of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").nunique().compute()["x"].tolist()
        [2, 1]
        """
        return self._all("n_unique")

    def first(self) -> DataFrame:
        """First value of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").first().compute()["x"].tolist()
        [1, 2]
        """
        return self._all("first")

    def last(self) -> DataFrame:
        """Last value of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").last().compute()["x"].tolist()
        [3, 2]
        """
        return self._all("last")

    def head(self, n: int = 5) -> DataFrame:
        """The first `n` rows of each group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> len(df.groupby("k").head(1).compute())
        2
        """
        solid = self._frame._solid()
        keys = group_keys(solid, list(self._keys))
        return solid._replace(rows=Rows(solid._rows.frame.group_top(list(keys.values()), n, [])))

    def transform(self, func: str) -> DataFrame:
        """An aggregate of each row's group, beside the rows.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k")[["x"]].transform("sum").compute()["x"].tolist()
        [4, 2, 4]
        """
        return self._transformed({label: aggregate(expr, func) for label, expr in self._values().items()})

    def cumsum(self) -> DataFrame:
        """Sums of the values up to each row of its group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k")[["x"]].cumsum().compute()["x"].tolist()
        [1, 2, 4]
        """
        return self._windowed("cum_sum", self._values())

    def shift(self, periods: int = 1) -> DataFrame:
        """The values so many rows before, of the same group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k")[["x"]].shift().compute()["x"].tolist()
        [nan, nan, 1.0]
        """
        return self._windowed("shift", self._values(), periods)

    def ffill(self) -> DataFrame:
        """Missing values replaced by the last one before, of the same group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k")[["x"]].ffill().compute()["x"].tolist()
        [1, 2, 3]
        """
        return self._windowed("forward_fill", self._values())

    def bfill(self) -> DataFrame:
        """Missing values replaced by the next one after, of the same group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k")[["x"]].bfill().compute()["x"].tolist()
        [1, 2, 3]
        """
        return self._windowed("backward_fill", self._values())

    def cumprod(self) -> DataFrame:
        """Products of the values up to each row of its group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k")[["x"]].cumprod().compute()["x"].tolist()
        [1, 2, 3]
        """
        return self._windowed("cum_prod", self._values())

    def get_group(self, name: Any) -> DataFrame:
        """The rows of one group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").get_group("a").compute()["x"].tolist()
        [1, 3]
        """
        names = name if isinstance(name, tuple) else (name,)
        frame = self._frame
        for key, value in zip(self._keys.values(), names, strict=True):
            frame = frame._filtered(key.binary("==", value))
        return frame

    def cumcount(self) -> Series:
        """Number of each row in its group, from 0 on.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.groupby("k").cumcount().compute().tolist()
        [0, 0, 1]
        """
        key = next(iter(self._keys.values()))
        return self._windowed("row_number", {"n": key})._only().rename(None).astype("int64") - 1

    def __repr__(self) -> str:
        return f"<blockfold.GroupBy: {', '.join(map(str, self._keys))}>"
