"""Verbs that drop, order or bring together rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from .._counts import partitions
from ..exceptions import ArgumentError, DTypeError, UnsupportedError
from ._base import Base
from ._rows import Rows

if TYPE_CHECKING:
    from ._frame import DataFrame


class RowVerbs(Base):
    """Verbs of a frame that drop, order or bring together rows."""

    __slots__ = ()

    def _keys(self, by: Any, ascending: Any, na_position: str, op: str) -> tuple[DataFrame, Any]:
        """Sort keys over the solid frame."""
        by = by if isinstance(by, (list, tuple)) else [by]
        ascending = ascending if isinstance(ascending, (list, tuple)) else [ascending] * len(by)
        if len(ascending) != len(by):
            raise ArgumentError(f"{op}: {len(ascending)} directions for {len(by)} keys")
        solid = self._solid()
        keys = [
            (solid._label(label, op), not up, na_position == "first") for label, up in zip(by, ascending, strict=True)
        ]
        return solid, keys

    def sort_values(
        self, by: Any, ascending: Any = True, na_position: str = "last", npartitions: int | None = None, **_: Any
    ) -> DataFrame:
        """Rows in the order of columns; out of core, and rows of equal keys keep their order.

        Examples
        --------
        >>> import blockfold as bf
        >>> bf.from_dict({"x": [2, 1, 3]}).sort_values("x", ascending=False).compute()["x"].tolist()
        [3, 2, 1]
        """
        solid, keys = self._keys(by, ascending, na_position, "sort_values")
        return solid._replace(rows=Rows(solid._rows.frame.sort(keys)))

    def sort(self, *by: Any, descending: Any = False, nulls_last: bool = True) -> DataFrame:
        """Rows in the order of columns, as Polars writes it.

        Parameters
        ----------
        descending : bool or list of bool
            Whether the greatest come first.
        nulls_last : bool
            Whether missing values come last.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.sort("x", descending=True).compute()["x"].tolist()
        [3, 2, 1]
        """
        down = descending if isinstance(descending, (list, tuple)) else [descending] * len(by)
        return self.sort_values(list(by), [not one for one in down], "last" if nulls_last else "first")

    def sort_index(self, ascending: bool = True) -> DataFrame:
        """Rows in the order of the index.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.set_index("x").sort_index(ascending=False).compute().index.tolist()
        [3, 2, 1]
        """
        if not self._index:
            raise UnsupportedError("sort_index of a frame without an index is not supported; take sort_values")
        solid = self._solid()
        keys = [(expr, not ascending, False) for expr in solid._index.values()]
        return solid._replace(rows=Rows(solid._rows.frame.sort(keys)))

    def nlargest(self, n: int = 5, columns: Any = None) -> DataFrame:
        """The `n` rows with the greatest values, the greatest first, without sorting the others.

        Parameters
        ----------
        n : int, optional
            Number of rows.
        columns : label, list or dict, optional
            Which columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.nlargest(2, "x").compute()["x"].tolist()
        [3, 2]
        """
        solid, keys = self._keys(columns, False, "last", "nlargest")
        return solid._replace(rows=Rows(solid._rows.frame.top_k(n, keys)))

    def nsmallest(self, n: int = 5, columns: Any = None) -> DataFrame:
        """The `n` rows with the least values, the least first, without sorting the others.

        Parameters
        ----------
        n : int, optional
            Number of rows.
        columns : label, list or dict, optional
            Which columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.nsmallest(2, "x").compute()["x"].tolist()
        [1, 2]
        """
        solid, keys = self._keys(columns, True, "last", "nsmallest")
        return solid._replace(rows=Rows(solid._rows.frame.top_k(n, keys)))

    def slice(self, offset: int, length: int) -> DataFrame:
        """`length` rows from `offset` on; a negative offset counts from the end.

        Parameters
        ----------
        offset : int
            The first row.
        length : int
            Number of rows.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.slice(1, 2).compute()["x"].tolist()
        [2, 3]
        """
        return self._then(lambda frame: frame.slice(offset, length))

    def limit(self, n: int) -> DataFrame:
        """The first `n` rows, lazily.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> len(df.limit(2))
        2
        """
        return self._then(lambda frame: frame.head(n))

    def query(self, expr: str, local_dict: Mapping[str, Any] | None = None) -> DataFrame:
        """Rows where a condition holds that is written as text; ``@name`` stands for a variable of the caller.

        Examples
        --------
        >>> import blockfold as bf
        >>> least = 1
        >>> bf.from_dict({"x": [1, 2], "y": ["a", "b"]}).query("x > @least and y == 'b'").compute()
           x  y
        0  2  b
        """
        import sys

        from ._query import parse

        if local_dict is None:
            caller = sys._getframe(1)
            local_dict = {**caller.f_globals, **caller.f_locals}
        return self._self.filter(parse(expr, local_dict))

    def dropna(self, how: str = "any", subset: Any = None) -> DataFrame:
        """Rows without missing values in some columns, or in all.

        Parameters
        ----------
        how : str
            Which rows are kept.
        subset : label or list of labels, optional
            Which columns count.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> len(df.dropna())
        2
        """
        labels = list(self._columns) if subset is None else subset if isinstance(subset, (list, tuple)) else [subset]
        if not labels:
            return self._self
        missing = [self._self[label].isna() for label in labels]
        mask = missing[0]
        for other in missing[1:]:
            mask = mask | other if how == "any" else mask & other
        return self._self[~mask]

    def fillna(self, value: Any = None) -> DataFrame:
        """Columns with missing values replaced: one value, or a dictionary by columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.fillna(0).compute()["x"].tolist()
        [1.0, 0.0, 3.0]
        """
        values = value if isinstance(value, Mapping) else self._fitting(value)
        frame = self._self
        for label, filler in values.items():
            frame = frame._assigned({label: frame[label].fillna(filler)})
        return frame

    def _fitting(self, value: Any) -> dict[Any, Any]:
        """The columns that a value can fill: texts those of text, numbers those of numbers."""
        kinds = ("string", "category") if isinstance(value, str) else ("int", "uint", "float", "bool")
        types = {label: self._rows.dtype(expr) for label, expr in self._columns.items()}
        return {label: value for label, dtype in types.items() if dtype.startswith(kinds)}

    def isna(self) -> DataFrame:
        """Whether each value is missing.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.isna().compute()["x"].tolist()
        [False, True, False]
        """
        return self._replace({label: self._self[label].isna()._core for label in self._columns})

    isnull = isna

    def notnull(self) -> DataFrame:
        """Whether each value is there.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.notnull().compute()["x"].tolist()
        [True, False, True]
        """
        return self.notna()

    def notna(self) -> DataFrame:
        """Whether each value is there.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.notna().compute()["x"].tolist()
        [True, False, True]
        """
        return self._replace({label: self._self[label].notna()._core for label in self._columns})

    def ffill(self) -> DataFrame:
        """Columns with missing values replaced by the last one before.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.ffill().compute()["x"].tolist()
        [1.0, 1.0, 3.0]
        """
        return self._each("ffill")

    def bfill(self) -> DataFrame:
        """Columns with missing values replaced by the next one after.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.bfill().compute()["x"].tolist()
        [1.0, 3.0, 3.0]
        """
        return self._each("bfill")

    def cumsum(self) -> DataFrame:
        """Sums of the values up to each row.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[["x"]].cumsum().compute()["x"].tolist()
        [1, 3, 6]
        """
        return self._each("cumsum")

    def cumprod(self) -> DataFrame:
        """Products of the values up to each row.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[["x"]].cumprod().compute()["x"].tolist()
        [1, 2, 6]
        """
        return self._each("cumprod")

    def cummax(self) -> DataFrame:
        """Greatest values up to each row.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[["x"]].cummax().compute()["x"].tolist()
        [1, 2, 3]
        """
        return self._each("cummax")

    def cummin(self) -> DataFrame:
        """Least values up to each row.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[["x"]].cummin().compute()["x"].tolist()
        [1, 1, 1]
        """
        return self._each("cummin")

    def isin(self, values: Any) -> DataFrame:
        """Whether values are in a list, or in one for each column of a dictionary.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[["x"]].isin([1, 3]).compute()["x"].tolist()
        [True, False, True]
        """
        of = values if isinstance(values, Mapping) else dict.fromkeys(self._columns, values)
        return self._replace({label: self._holds(label, of.get(label)) for label in self._columns})

    def _holds(self, label: Any, values: Any) -> core.Expr:
        """Whether values are in a list; what is of another type than a column is in none."""
        try:
            return self._self[label].isin([] if values is None else values)._core
        except DTypeError:
            return core.Expr.lit(False)

    def where(self, cond: Any, other: Any = None) -> DataFrame:
        """The values where a condition holds, and `other` elsewhere.

        Parameters
        ----------
        cond : Series or DataFrame
            The condition.
        other : value, Series or DataFrame, optional
            What stands elsewhere, or on the other side.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[["x"]].where(df.x > 1, 0).compute()["x"].tolist()
        [0, 2, 3]
        """
        frame = self._self
        for label in self._columns:
            holds = cond if not hasattr(cond, "_columns") else cond[label]
            frame = frame._assigned({label: self._self[label].where(holds, other)})
        return frame

    def mask(self, cond: Any, other: Any = None) -> DataFrame:
        """The values where a condition does not hold, and `other` elsewhere.

        Parameters
        ----------
        cond : Series or DataFrame
            The condition.
        other : value, Series or DataFrame, optional
            What stands elsewhere, or on the other side.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[["x"]].mask(df.x > 1, 0).compute()["x"].tolist()
        [1, 0, 0]
        """
        return self.where(~cond, other)

    def replace(self, to_replace: Any, value: Any = None) -> DataFrame:
        """Values replaced by others in the columns that can hold them.

        Parameters
        ----------
        to_replace : value, list or dict
            What is replaced.
        value : value or dict
            What is put in.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.replace({1: 10}).compute()["x"].tolist()
        [10, 2, 3]
        """
        sample = next(iter(to_replace)) if isinstance(to_replace, (dict, list, tuple)) else to_replace
        return self._assigned({label: self._self[label].replace(to_replace, value) for label in self._fitting(sample)})

    def shift(self, periods: int = 1) -> DataFrame:
        """The values so many rows before.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[["x"]].shift(1).compute()["x"].tolist()
        [nan, 1.0, 2.0]
        """
        return self._each("shift", periods)

    def diff(self, periods: int = 1) -> DataFrame:
        """Values less those so many rows before.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[["x"]].diff().compute()["x"].tolist()
        [nan, 1.0, 1.0]
        """
        return self._each("diff", periods)

    def round(self, decimals: int = 0) -> DataFrame:
        """Columns of floats rounded to decimals.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> (df[["x"]] / 3).round(2).compute()["x"].tolist()
        [0.33, 0.67, 1.0]
        """
        floats = [label for label, expr in self._columns.items() if self._rows.dtype(expr).startswith("float")]
        return self._assigned({label: self._self[label].round(decimals) for label in floats})

    def abs(self) -> DataFrame:
        """Columns of absolute values.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> (-df[["x"]]).abs().compute()["x"].tolist()
        [1, 2, 3]
        """
        return self._each("abs")

    def clip(self, lower: Any = None, upper: Any = None) -> DataFrame:
        """Columns limited to bounds.

        Parameters
        ----------
        lower : number, optional
            The lower bound.
        upper : number, optional
            The upper bound.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df[["x"]].clip(2, 3).compute()["x"].tolist()
        [2, 2, 3]
        """
        return self._each("clip", lower, upper)

    def _each(self, method: str, *args: Any) -> DataFrame:
        frame = self._self
        for label in self._columns:
            frame = frame._assigned({label: getattr(self._self[label], method)(*args)})
        return frame

    def drop_duplicates(self, subset: Any = None, keep: Any = "first") -> DataFrame:
        """Each row once, or the first row of each group with equal values in some columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.drop_duplicates("k").compute()["x"].tolist()
        [1, 2]
        """
        if keep not in ("first", "last", False):
            raise ArgumentError(f"drop_duplicates: keep={keep!r}; there are 'first', 'last' and False")
        if keep != "first":
            return self._of_duplicates(subset, keep)
        solid = self._solid()
        names = {label: expr.name for label, expr in solid._columns.items()}
        if subset is None and not solid._index:
            return solid._replace(rows=Rows(solid._rows.frame.distinct()))
        labels = list(solid._columns) if subset is None else subset if isinstance(subset, (list, tuple)) else [subset]
        for label in labels:
            solid._label(label, "drop_duplicates")
        return solid._replace(rows=Rows(solid._rows.frame.distinct_by([names[label] for label in labels])))

    def _of_duplicates(self, subset: Any, keep: Any) -> DataFrame:
        """The last row of each group with equal values, or the rows that are alone in theirs."""
        labels = list(self._columns) if subset is None else subset if isinstance(subset, (list, tuple)) else [subset]
        keys = [self._label(label, "drop_duplicates") for label in labels]
        if keep is False:
            rows, alone = self._rows.transform(keys, core.Expr.len())
            return self._replace(rows=rows)._filtered(alone.binary("==", 1))
        rows, number = self._rows.window((), core.Window("row_number", keys[0]), ("row_number", keys[0]))
        rows, last = rows.transform(keys, number.aggregate("max"))
        return self._replace(rows=rows)._filtered(number.binary("==", last))

    def unique(self, subset: Any = None) -> DataFrame:
        """Each row once, as Polars calls it.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> len(df[["k"]].unique())
        2
        """
        return self.drop_duplicates(subset)

    def sample(
        self, n: int | None = None, frac: float | None = None, random_state: int = 0, seed: int | None = None
    ) -> DataFrame:
        """Rows by chance, the same ones for a seed: so many, or each with a probability.

        Parameters
        ----------
        n : int, optional
            Number of rows.
        frac : float, optional
            Probability of each row.
        random_state : int
            The seed.
        seed : int, optional
            The seed, as Polars calls it.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> len(df.sample(n=2, random_state=0))
        2
        """
        seed = random_state if seed is None else seed
        if (n is None) == (frac is None):
            raise ArgumentError("sample: give either n or frac")
        if n is not None:
            return self._then(lambda frame: frame.sample_n(n, seed))
        return self._then(lambda frame: frame.sample(frac or 0.0, seed))

    def shuffle(self, seed: int = 0) -> DataFrame:
        """Rows in random order, the same for a seed.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> sorted(df.shuffle(seed=1).compute()["x"].tolist())
        [1, 2, 3]
        """
        return self._then(lambda frame: frame.shuffle(seed))

    def explode(self, column: Any) -> DataFrame:
        """One row for each element of the lists in a column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b"], "v": [[1, 2], [3]]})
        >>> df.explode("v").compute()["v"].tolist()
        [1, 2, 3]
        """
        solid = self._solid()
        return solid._replace(rows=Rows(solid._rows.frame.explode(solid._label(column, "explode").name)))

    # ---- index

    def set_index(
        self,
        keys: Any,
        *,
        drop: bool = True,
        sorted: bool = False,
        npartitions: int | None = None,
        divisions: Any = None,
    ) -> DataFrame:
        """The frame sorted by a column that becomes its index, in partitions whose bounds are known.

        Parameters
        ----------
        keys : label or series
            The column.
        drop : bool
            Whether it is no longer a column beside.
        sorted : bool
            Whether rows are in this order already; that is checked as they stream.
        npartitions, divisions : optional
            How many partitions, or their bounds.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> df.set_index("id").index.name
        'id'
        """
        from ._series import Series

        if isinstance(keys, (list, tuple)):
            raise UnsupportedError("an index of several columns is not supported; sort by them, with sort_values")
        npartitions = None if npartitions is None else partitions(npartitions, "set_index")
        expr = self._label(keys, "set_index")
        label = keys.name if isinstance(keys, Series) else keys
        columns = {known: one for known, one in self._columns.items() if not (drop and known == label)}
        solid = self._replace(columns, {label: expr})._solid()
        name = next(iter(solid._index.values())).name
        return solid._replace(rows=Rows(solid._rows.frame.set_index(name, npartitions, divisions, sorted)))

    def reset_index(self, drop: bool = False) -> DataFrame:
        """The frame with its index as columns, the first ones; or without it.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> list(df.set_index("k").reset_index().columns)
        ['k', 'x']
        """
        if drop or not self._index:
            return self._replace(index={})
        names = ["index" if label is None else label for label in self._index]
        for name in names:
            if name in self._columns:
                raise ArgumentError(f"reset_index: there is a column {name!r} already; rename it")
        return self._replace({**dict(zip(names, self._index.values(), strict=True)), **self._columns}, {})

    @property
    def loc(self) -> Any:
        """Rows by values of the index: ``df.loc["2000-01-01":"2000-01-31"]``; reads only the partitions that hold them.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> len(df.loc["2000-01-02"])
        24
        """
        from ._partitions import Located

        return Located(self._self)

    # ---- several frames

    def merge(
        self,
        right: DataFrame,
        how: str = "inner",
        on: Any = None,
        left_on: Any = None,
        right_on: Any = None,
        left_index: bool = False,
        right_index: bool = False,
        suffixes: tuple[str, str] = ("_x", "_y"),
        **unsupported: Any,
    ) -> DataFrame:
        """Rows of two frames beside each other where keys are equal, as pandas does it.

        Examples
        --------
        >>> import blockfold as bf
        >>> left = bf.from_dict({"k": [1, 2], "x": ["a", "b"]})
        >>> left.merge(bf.from_dict({"k": [2, 3], "y": [0.5, 1.5]}), on="k").compute()
           k  x    y
        0  2  b  0.5
        """
        from ._merge import merge

        unsupported.pop("npartitions", None)
        if unsupported:
            raise UnsupportedError(f"merge with {', '.join(unsupported)} is not supported")
        return merge(self._self, right, how, on, left_on, right_on, left_index, right_index, suffixes)

    def join(
        self, other: DataFrame, on: Any = None, how: str = "left", lsuffix: str = "", rsuffix: str = "", **polars: Any
    ) -> DataFrame:
        """Rows of two frames beside each other by their indices, as in pandas; by columns when ``on`` names them.

        Parameters
        ----------
        other : value, Series or DataFrame, optional
            What stands elsewhere, or on the other side.
        on : label or list of labels, optional
            Columns to join by.
        how : str
            Which rows are kept.
        lsuffix : str
            What is put behind names of the left side that both have.
        rsuffix : str
            What is put behind names of the right side that both have.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.set_index("k").join(bf.from_dict({"k": ["a"], "y": [9]}).set_index("k"), how="inner").compute()["y"].tolist()
        [9, 9]
        """
        from ._merge import merge

        if on is None and not polars:
            return merge(self._self, other, how, None, None, None, True, True, (lsuffix, rsuffix))
        left_on, right_on = polars.get("left_on", on), polars.get("right_on", on)
        if other._index and on is not None:
            return merge(self._self, other, how, None, on, None, False, True, (lsuffix, rsuffix))
        return merge(
            self._self, other, how, None, left_on, right_on, False, False, ("", polars.get("suffix", "_right"))
        )

    def to_frame(self) -> DataFrame:
        """The frame itself.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.to_frame() is df
        True
        """
        return self._self
