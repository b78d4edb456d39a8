"""Series: one column of a frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from .._collection import Collection
from .._columns import COMPARISONS, ColumnOps, plain_truth
from .._dtypes import frame_dtype
from ..exceptions import ArgumentError, UnsupportedError
from ._absent import absent
from ._named_operators import NamedOperators
from ._by_pandas import by_value, name_of
from ._rows import Rows
from ._scalar import Scalar

if TYPE_CHECKING:
    import pandas as pd

    from ._frame import DataFrame


#: Functions that tell something of texts, which they do of missing ones as well.
_TRUTHS = frozenset(("contains", "starts_with", "ends_with", "matches"))


class Series(NamedOperators, ColumnOps, Collection):
    """A lazy column, with the index of its frame.

    Operators and methods are those of pandas. Columns of one frame can be combined, also after rows were assigned,
    selected or renamed; nothing is computed until `compute`, `head` or ``len``.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.from_dict({"x": [1.0, 2.0, 6.0]})
    >>> (df.x - df.x.mean()).compute().tolist()
    [-2.0, -1.0, 3.0]
    """

    __slots__ = ("_core", "_index", "_rows", "name")

    def __init__(self, rows: Rows, expr: core.Expr, name: Any, index: dict[Any, core.Expr]):
        self._rows, self._core, self._index, self.name = rows, expr, index, name

    def __reduce__(self) -> Any:
        from ._frame import DataFrame

        return type(self)._again, (DataFrame(self._rows, {"x": self._core}, self._index), self.name)

    @classmethod
    def _again(cls, frame: DataFrame, name: Any) -> Series:
        return cls(frame._rows, frame._columns["x"], name, frame._index)

    # ---- what ColumnOps builds on

    def _with(self, rows: Rows, expr: core.Expr, name: Any = None) -> Series:
        rows, expr = rows.short(expr)
        rows.dtype(expr)  # Types that do not go together are told now.
        return Series(rows, expr, self.name if name is None else name, self._index)

    def _meet(self, op: str, other: Any) -> tuple[Rows, Any]:
        """Rows on which this series and an operand are columns, and the operand there."""
        if isinstance(other, (Series, Scalar)):
            return other._beside(self._rows, op)
        if hasattr(other, "__len__") and not isinstance(other, (str, bytes)):
            raise UnsupportedError(
                f"{op} with a {type(other).__name__} is not supported; make it a column of the frame first, with merge"
            )
        return self._rows, other

    def _beside(self, rows: Rows, op: str) -> tuple[Rows, core.Expr]:
        return rows.meet(self._rows, op), self._core

    def _binary(self, op: str, other: Any, reflected: bool = False) -> Any:
        rows, operand = self._meet(op, other)
        name = self.name if getattr(other, "name", self.name) == self.name else ""
        made = self._core.binary(op, operand, reflected)
        rows, expr = rows.short(plain_truth(made, op) if op in COMPARISONS else made)
        rows.dtype(expr)
        return Series(rows, expr, name if name != "" else None, self._index)

    def _is_whole(self, other: Any = 0) -> bool:
        """Whether this column, and what it meets, are whole numbers."""
        own = self._rows.dtype(self._core)
        fits = other._is_whole() if isinstance(other, Series) else type(other) is int
        return own.startswith(("int", "uint")) and fits

    def __floordiv__(self, other: Any) -> Any:
        made = super().__floordiv__(other)
        return made.astype("int64") if self._is_whole(other) and type(other) is int and other != 0 else made

    def __pow__(self, other: Any) -> Any:
        if not (self._is_whole(other) and type(other) is int and 0 <= other < 64):
            return super().__pow__(other)
        made: Any = None
        base: Any = self
        while other:
            if other & 1:
                made = base if made is None else made * base
            other >>= 1
            base = base * base if other else base
        return self * 0 + 1 if made is None else made

    def _call(self, function: str, *args: Any) -> Series:
        rows, operands = self._rows, []
        for arg in args:
            joined, operand = self._meet(function, arg)
            rows = rows.meet(joined, function)
            operands.append(operand)
        expr = self._core.call(function, operands)
        made = self._with(rows, plain_truth(expr) if function in _TRUTHS else expr)
        names = {getattr(arg, "name", self.name) for arg in args} if function in ("pow", "arctan2") else set()
        return made if names <= {self.name} else made.rename(None)

    def _map(self, made: core.Expr) -> Series:
        return self._with(self._rows, made)

    def _operand(self, value: Any) -> Any:
        rows, operand = self._meet("operand", value)
        if rows is not self._rows:
            raise UnsupportedError("a value computed of other rows is not supported here; assign it as a column first")
        return operand

    def _aggregate(self, name: str, number: float = 0.0, interpolation: str = "linear") -> Scalar:
        rows, expr = self._rows.row_wise(self._core)
        return Scalar(rows, expr.aggregate(name, number, interpolation))

    def _window(self, function: str, rows: int = 1) -> Series:
        base, expr = self._rows.row_wise(self._core)
        return self._with(*base.window((), core.Window(function, expr, rows), (function, expr, rows)))

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        raise ValueError("a series has no truth value; use & | ~, or its any() and all()")

    def __getattr__(self, name: str) -> Any:
        raise absent("Series", name, {}) or AttributeError(f"a series has no {name!r}")

    # ---- what it is

    @property
    def loc(self) -> Any:
        """Values by those of the index.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.set_index("x").k.loc[2:3].compute().tolist()
        ['b', 'a']
        """
        from ._partitions import Located

        return Located(self.to_frame("x"), self.name)

    @property
    def dtype(self) -> Any:
        """The type as pandas has it.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.dtype
        dtype('int64')
        """
        return self.to_frame()._meta().iloc[:, 0].dtype

    @property
    def index(self) -> Index:
        """The index of the frame.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.set_index("k").x.index.name
        'k'
        """
        return self.to_frame().index

    @property
    def npartitions(self) -> int:
        """Number of partitions.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.npartitions
        1
        """
        return self._rows.frame.npartitions()

    @property
    def size(self) -> Scalar:
        """Number of values, lazily.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.size.compute()
        3
        """
        return Scalar(self._rows, core.Expr.len())

    @property
    def ndim(self) -> int:
        """1.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.ndim
        1
        """
        return 1

    def __len__(self) -> int:
        return self._rows.frame.len()

    @property
    def shape(self) -> tuple[Scalar]:
        """Number of values, lazily.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.shape[0].compute()
        3
        """
        return (self.size,)

    @property
    def dtypes(self) -> Any:
        """The type as pandas has it.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.dtypes
        dtype('int64')
        """
        return self.dtype

    @property
    def divisions(self) -> tuple[Any, ...]:
        """Bounds of the partitions' index; None where they are not known.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> len(df.x.divisions)
        3
        """
        return self.to_frame("x").divisions

    @property
    def known_divisions(self) -> bool:
        """Whether bounds of the partitions are known.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.known_divisions
        False
        """
        return self.to_frame("x").known_divisions

    @property
    def iloc(self) -> Any:
        """Values by their numbers, as slices: ``s.iloc[:5]``.

        Examples
        --------
        >>> import blockfold as bf
        >>> s = bf.from_dict({"x": [3, 1, 2]}).x
        >>> s.iloc[1:].compute().tolist()
        [1, 2]
        """
        return _SeriesPlaces(self)

    def _by_frame(self, verb: Callable[[DataFrame], DataFrame]) -> Series:
        """What a verb of frames gives for this column alone."""
        return verb(self.to_frame("x"))._only().rename(self.name)

    def get_partition(self, n: int) -> Series:
        """One partition, by number.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> len(df.x.get_partition(0))
        24
        """
        return self._by_frame(lambda frame: frame.partitions[n])

    def repartition(self, **options: Any) -> Series:
        """The same values in other partitions.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> df.x.repartition(npartitions=1).npartitions
        1
        """
        return self._by_frame(lambda frame: frame.repartition(**options))

    def sample(self, n: int | None = None, frac: float | None = None, random_state: int = 0) -> Series:
        """Values by chance, the same ones for a seed.

        Parameters
        ----------
        n : int, optional
            Number of rows.
        frac : float, optional
            Probability of each row.
        random_state : int
            The seed.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> len(df.x.sample(n=2))
        2
        """
        return self._by_frame(lambda frame: frame.sample(n, frac, random_state))

    def explode(self) -> Series:
        """One value for each element of lists.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"v": [[1, 2], [3]]})
        >>> df.v.explode().compute().tolist()
        [1, 2, 3]
        """
        return self._by_frame(lambda frame: frame.explode("x"))

    def sort_values(self, ascending: bool = True, na_position: str = "last") -> Series:
        """The values in order; out of core.

        Parameters
        ----------
        ascending : bool or list of bool
            Whether the least come first.
        na_position : {'last', 'first'}
            Where missing values go.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.sort_values(ascending=False).compute().tolist()
        [3, 2, 1]
        """
        return self._by_frame(lambda frame: frame.sort_values("x", ascending, na_position))

    def copy(self, deep: bool = False) -> Series:
        """The same description.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.copy().name
        'x'
        """
        return self._with(self._rows, self._core)

    def pipe(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """What a function gives for this series.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.pipe(lambda series: series + 1).compute().tolist()
        [2, 3, 4]
        """
        return function(self, *args, **kwargs)

    def replace(self, to_replace: Any, value: Any = None) -> Series:
        """Values replaced by others: one, a list by one, or a dictionary.

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
        >>> df.x.replace(1, 10).compute().tolist()
        [10, 2, 3]
        """
        if isinstance(to_replace, dict):
            pairs = list(to_replace.items())
        else:
            pairs = [(old, value) for old in (to_replace if isinstance(to_replace, (list, tuple)) else [to_replace])]
        branches = [(self._core.binary("==", old), new) for old, new in pairs]
        return self._map(core.Expr.case(branches, self._core) if branches else self._core)

    def idxmax(self) -> Scalar:
        """The index of the greatest value.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.set_index("k").x.idxmax().compute()
        'a'
        """
        return self._index_of(ascending=False)

    def idxmin(self) -> Scalar:
        """The index of the least value.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.set_index("k").x.idxmin().compute()
        'a'
        """
        return self._index_of(ascending=True)

    def _index_of(self, ascending: bool) -> Scalar:
        if len(self._index) != 1:
            raise UnsupportedError(
                "the index of an extreme of a series without an index is not supported; take nlargest(1)"
            )
        solid, keys = self.to_frame("x")._keys("x", ascending, "last", "idxmax")
        rows = Rows(solid._rows.frame.top_k(1, keys))
        return Scalar(rows, next(iter(solid._index.values())).aggregate("first"))

    def sem(self, ddof: int = 1) -> Scalar:
        """The standard error of the mean.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> round(df.x.sem().compute(), 3)
        0.577
        """
        return self.std(ddof) / self.count() ** 0.5

    def skew(self) -> Scalar:
        """The skewness of the values, biased as in Dask.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.skew().compute()
        0.0
        """
        apart = self - self.mean()
        return (apart**3).mean() / (apart**2).mean() ** 1.5

    def kurtosis(self) -> Scalar:
        """The excess kurtosis of the values, biased as in Dask.

        Examples
        --------
        >>> import blockfold as bf
        >>> round(bf.from_dict({"x": [1, 2, 3, 10]}).x.kurtosis().compute(), 3)
        -0.77
        """
        apart = self - self.mean()
        return (apart**4).mean() / (apart**2).mean() ** 2 - 3

    def to_frame(self, name: Any = None) -> DataFrame:
        """The frame of this column alone.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> list(df.x.to_frame("y").columns)
        ['y']
        """
        from ._frame import DataFrame

        label = self.name if name is None else name
        return DataFrame(self._rows, {0 if label is None else label: self._core}, self._index)

    def rename(self, index: Any) -> Series:
        """The same column under another name.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.rename("y").name
        'y'
        """
        return Series(self._rows, self._core, index, self._index)

    def reset_index(self, drop: bool = False) -> Any:
        """A frame with the index as a column, or the series without its index.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> list(df.set_index("k").x.reset_index().columns)
        ['k', 'x']
        """
        if drop:
            return Series(self._rows, self._core, self.name, {})
        return self.to_frame().reset_index()

    def astype(self, dtype: Any) -> Series:
        """The values as another type; one that does not fit is an error.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.astype("float64").compute().tolist()
        [1.0, 2.0, 3.0]
        """
        return self._map(self._core.cast(frame_dtype(dtype), True))

    cast = astype

    # ---- missing values

    def isna(self) -> Series:
        """Whether each value is missing: null, or NaN as in pandas.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.x.isna().compute().tolist()
        [False, True, False]
        """
        missing = self._core.is_null()
        if self._rows.dtype(self._core).startswith("float"):
            missing = missing.binary("|", self._core.call("is_nan", []))
        return self._map(missing)

    isnull = isna

    def notna(self) -> Series:
        """Whether each value is there.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.x.notna().compute().tolist()
        [True, False, True]
        """
        return ~self.isna()

    notnull = notna

    def fillna(self, value: Any) -> Series:
        """Each value, or `value` where it is missing.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.x.fillna(0).compute().tolist()
        [1.0, 0.0, 3.0]
        """
        rows, operand = self._meet("fillna", value)
        return self._with(rows, core.Expr.case([(self.notna()._core, self._core)], operand))

    def dropna(self) -> Series:
        """The values that are there.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.x.dropna().compute().tolist()
        [1.0, 3.0]
        """
        return self[self.notna()]

    def isin(self, values: Iterable[Any]) -> Series:
        """Whether each value is one of a list; False where it is missing, as in pandas.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.isin([1, 3]).compute().tolist()
        [True, False, True]
        """
        return self._map(plain_truth(self._core.is_in(list(values))))

    def where(self, cond: Series, other: Any = None) -> Series:
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
        >>> df.x.where(df.x > 1, 0).compute().tolist()
        [0, 2, 3]
        """
        rows, condition = self._meet("where", cond)
        joined, operand = self._meet("where", other)
        return self._with(rows.meet(joined, "where"), core.Expr.case([(condition, self._core)], operand))

    def mask(self, cond: Series, other: Any = None) -> Series:
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
        >>> df.x.mask(df.x > 1, 0).compute().tolist()
        [1, 0, 0]
        """
        return self.where(~cond, other)

    def combine_first(self, other: Series) -> Series:
        """Each value, or where it is missing the one of another column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None], "y": [5.0, 6.0]})
        >>> df.x.combine_first(df.y).compute().tolist()
        [1.0, 6.0]
        """
        return self.fillna(other)

    def rank(self, method: str = "average", ascending: bool = True) -> Series:
        """Rank of each value, from 1 on for the least; missing ones have none.

        Examples
        --------
        >>> import blockfold as bf
        >>> s = bf.from_dict({"x": [3, 1, 2]}).x
        >>> s.rank().compute().tolist()
        [3.0, 1.0, 2.0]
        """
        base, expr = self._rows.row_wise(self._core)
        window = core.Window.rank(expr, method, not ascending)
        return self._with(*base.window((), window, ("rank", expr, method, ascending)))

    def autocorr(self, lag: int = 1) -> Scalar:
        """Correlation with the values so many rows before.

        Examples
        --------
        >>> import blockfold as bf
        >>> s = bf.from_dict({"x": [3, 1, 2]}).x
        >>> round(float(bf.from_dict({"x": [1.0, 2.0, 4.0, 8.0]}).x.autocorr().compute()), 3)
        1.0
        """
        return self.corr(self.shift(lag))

    def to_csv(self, path: Any, **options: Any) -> None:
        """Writes one file of comma-separated values, see `DataFrame.to_csv`.

        Examples
        --------
        >>> import blockfold as bf, tempfile
        >>> path = tempfile.mkdtemp() + "/x.csv"
        >>> _ = bf.from_dict({"x": [1, 2]}).x.to_csv(path, index=False)
        >>> open(path).read().split()[1:]
        ['1', '2']
        """
        self.to_frame().to_csv(path, **options)

    # ---- rows

    def __getitem__(self, mask: Any) -> Series:
        if not isinstance(mask, Series):
            raise UnsupportedError("a series is indexed by a mask, as x[x > 0]; use loc of its frame for index values")
        rows = self._rows.meet(mask._rows, "[]")
        return Series(rows.filter(mask._core), *self._lifted(rows))

    def _lifted(self, rows: Rows) -> tuple[core.Expr, Any, dict[Any, core.Expr]]:
        if not self._core.is_row_wise:
            raise UnsupportedError(
                "an aggregate beside rows is not supported here; assign it to a frame, then filter that"
            )
        return self._core, self.name, self._index

    def head(self, n: int = 5, compute: bool = True) -> Any:
        """The first rows, as a pandas series.

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
        >>> df.x.head(2).tolist()
        [1, 2]
        """
        return (
            self.to_frame().head(n, compute=compute).iloc[:, 0]
            if compute
            else self.to_frame().head(n, compute=False)._only()
        )

    def tail(self, n: int = 5, compute: bool = True) -> Any:
        """The last rows, as a pandas series.

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
        >>> df.x.tail(2).tolist()
        [2, 3]
        """
        return (
            self.to_frame().tail(n, compute=compute).iloc[:, 0]
            if compute
            else self.to_frame().tail(n, compute=False)._only()
        )

    def nlargest(self, n: int = 5) -> Series:
        """The `n` greatest values, the greatest first.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.nlargest(2).compute().tolist()
        [3, 2]
        """
        return self.to_frame("x").nlargest(n, "x")._only().rename(self.name)

    def nsmallest(self, n: int = 5) -> Series:
        """The `n` least values, the least first.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.nsmallest(2).compute().tolist()
        [1, 2]
        """
        return self.to_frame("x").nsmallest(n, "x")._only().rename(self.name)

    def unique(self) -> Series:
        """Each value once.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> sorted(df.k.unique().compute())
        ['a', 'b']
        """
        return self.to_frame().reset_index(drop=True).drop_duplicates()._only().rename(self.name)

    drop_duplicates = unique

    def value_counts(self, sort: bool = True, normalize: bool = False, dropna: bool = True) -> Series:
        """How often each value occurs, the most frequent first.

        Examples
        --------
        >>> import blockfold as bf
        >>> bf.from_dict({"k": ["b", "a", "b"]}).k.value_counts().compute().to_dict()
        {'b': 2, 'a': 1}
        """
        from ._frame import DataFrame

        frame = (self.dropna() if dropna else self).to_frame("value")._solid()._rows.frame
        counts = frame.group_agg([core.Expr.col("value")], [core.Expr.len().cast("int64", True).alias("count")])
        if sort:
            counts = counts.sort([(core.Expr.col("count"), True, False), (core.Expr.col("value"), False, False)])
        series = Series(Rows(counts), core.Expr.col("count"), "count", {self.name: core.Expr.col("value")})
        if normalize:
            return (series / Scalar(series._rows, core.Expr.col("count").aggregate("sum"))).rename("proportion")
        return DataFrame(series._rows, {"count": series._core}, series._index)["count"]

    # ---- pandas' names of what ColumnOps has

    cumsum, cumprod, cummin, cummax = ColumnOps.cum_sum, ColumnOps.cum_prod, ColumnOps.cum_min, ColumnOps.cum_max
    ffill, bfill = ColumnOps.forward_fill, ColumnOps.backward_fill

    def nunique(self, dropna: bool = True) -> Scalar:
        """Number of different values.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.k.nunique().compute()
        2
        """
        different = self._aggregate("n_unique")
        if dropna:
            return different
        missing = self.isna().any()
        return different + Scalar(missing._rows, core.Expr.case([(missing._core, 1)], 0))

    def quantile(self, q: Any = 0.5, interpolation: str = "linear") -> Any:
        """Quantile `q`, from 0 to 1, or a series of several.

        Examples
        --------
        >>> import blockfold as bf
        >>> s = bf.from_dict({"x": [3, 1, 2]}).x
        >>> s.quantile(0.5).compute()
        2.0
        """
        if not isinstance(q, (list, tuple)):
            return super().quantile(q, interpolation)
        if not q:
            raise ArgumentError("quantile: no q was given")
        rows, expr = self._rows.row_wise(self._core)
        aggregates = [expr.aggregate("quantile", one, interpolation).alias(f"q{at}") for at, one in enumerate(q)]
        wide = rows.frame.group_agg([], aggregates)
        pairs = [[core.Expr.lit(float(one)).alias("q"), core.Expr.col(f"q{at}").alias("x")] for at, one in enumerate(q)]
        long = core.concat([wide.select(pair) for pair in pairs])
        return Series(Rows(long), core.Expr.col("x"), self.name, {None: core.Expr.col("q")})

    def count(self) -> Scalar:
        """Number of values that are not null.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.count().compute()
        3
        """
        return self._aggregate("count")

    def mode(self) -> Scalar:
        """The most frequent value, the smallest of several.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.k.mode().compute()
        'a'
        """
        return self._aggregate("mode")

    def corr(self, other: Series) -> Scalar:
        """Pearson's correlation with another column of the frame.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> round(df.x.corr(df.x * 2).compute(), 6)
        1.0
        """
        return self._pair("corr", other)

    def cov(self, other: Series) -> Scalar:
        """Covariance with another column of the frame.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.cov(df.x).compute()
        1.0
        """
        return self._pair("cov", other)

    def _pair(self, name: str, other: Series) -> Scalar:
        rows, expr = self._meet(name, other)
        return Scalar(rows, core.Expr.pair(name, self._core, expr))

    def describe(self) -> Any:
        """Statistics of the values, one row each.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.describe().compute()["mean"]
        np.float64(2.0)
        """
        return self.to_frame().describe()._only()

    def groupby(self, by: Any) -> Any:
        """The values grouped by other columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.groupby(df.k).sum().compute().tolist()
        [4, 2]
        """
        from ._groups import group_keys, rows_with_keys
        from ._series_groupby import SeriesGroupBy

        frame = rows_with_keys(self.to_frame("x" if self.name is None else self.name), by)
        return SeriesGroupBy(frame, group_keys(frame, by), self._core, self.name)

    def rolling(self, window: Any, min_periods: int | None = None) -> Any:
        """Windows that end at each row: of so many rows, or of a span of time of the index, as ``"7D"``.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.rolling(2).sum().compute().tolist()
        [nan, 3.0, 5.0]
        """
        from ._rolling import Rolling

        return Rolling(self.to_frame(), window, min_periods, is_series=True)

    def resample(self, rule: Any, closed: str = "left", label: str = "left") -> Any:
        """The values grouped by windows of time of the index.

        Parameters
        ----------
        rule : str
            The span of a window, as pandas writes it.
        closed : {'left'}
            Which end belongs to a window.
        label : {'left'}
            Which end names a window.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> df.x.resample("1D").count().compute().tolist()
        [24, 24]
        """
        return self.to_frame().resample(rule, closed, label)._of_series(self.name)

    def map_partitions(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """A function of a pandas series for each partition, whose result is a series.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.map_partitions(lambda part: part * 2).compute().tolist()
        [2, 4, 6]
        """
        name = self.name
        return self.to_frame("x").map_partitions(lambda part: function(part["x"].rename(name), *args, **kwargs))

    def apply(self, function: Callable[[Any], Any], *args: Any, **kwargs: Any) -> Any:
        """A function of each value, called by Python for each of them.

        The type of the result is that for made-up values, or for the first rows where those fail, unless ``meta`` says it.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.apply(lambda value: value + 1).compute().tolist()
        [2, 3, 4]
        """
        meta = kwargs.pop("meta", None)
        return by_value(self, lambda part: part.apply(function, args=args, **kwargs), name_of(function), meta)

    def map(self, arg: Any) -> Series:
        """Each value through a function or a dictionary; null where a dictionary has none.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.k.map({"a": 1, "b": 2}).compute().tolist()
        [1, 2, 1]
        """
        if callable(arg):
            return self.apply(arg)
        branches = [(self._core.binary("==", key), value) for key, value in dict(arg).items()]
        if not branches:
            raise ArgumentError("map: the dictionary is empty")
        return self._map(core.Expr.case(branches))

    # ---- runs

    def compute(self, **_: Any) -> pd.Series:
        """The values as a pandas series.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.compute().tolist()
        [1, 2, 3]
        """
        frame = self.to_frame().compute()
        series = frame.iloc[:, 0]
        series.name = self.name
        return series

    def to_dask(self) -> Any:
        """The same series as one of Dask, partition by partition; `blockfold.from_dask` is the way back.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.to_dask().sum().compute(scheduler="sync")
        np.int64(6)
        """
        from .._cluster.convert import to_dask_frame

        return to_dask_frame(self.to_frame(), (self.name,))

    def persist(self) -> Series:
        """The same values, computed now and kept in memory, or in scratch when that is short.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> (df.x * 2).persist().compute().tolist()
        [2, 4, 6]
        """
        return self.to_frame().persist()._only().rename(self.name)

    def to_list(self) -> Any:
        """The values as Python's own.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.to_list()
        [1, 2, 3]
        """
        return self.compute().tolist()

    tolist = to_list

    def to_numpy(self) -> Any:
        """The values as a NumPy array.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.to_numpy()
        array([1, 2, 3])
        """
        return self.compute().to_numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy as np

        return np.asarray(self.compute(), dtype=dtype)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.to_frame().__arrow_c_stream__(requested_schema)

    def to_dask_array(self) -> Any:
        """Not there: the name is Dask's."""
        raise UnsupportedError("to_dask_array is not supported; take to_array for a blockfold array")

    def to_array(self) -> Any:
        """The values as a lazy array.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.to_array().sum().compute()
        np.int64(6)
        """
        return self.to_frame().to_array().ravel()

    def explain(self, stage: str = "optimized") -> str:
        """The plan as text, at a stage: logical, optimized, steps, fused or memory.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> print(df.x.explain("logical").splitlines()[0])
        select [x as x]
        """
        return self.to_frame().explain(stage)

    def visualize(self, filename: str | None = None, **options: Any) -> Any:
        """A picture of the plan; see `blockfold.visualize`.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.x.visualize().format
        'svg'
        """
        return self.to_frame().visualize(filename, **options)

    def __repr__(self) -> str:
        return f"<blockfold.Series {self.name!r}: {self._rows.dtype(self._core)}, {self._core!r}>".replace("\x00", "")


class _SeriesPlaces:
    """Values by their numbers."""

    __slots__ = ("_series",)

    def __init__(self, series: Series):
        self._series = series

    def __getitem__(self, rows: Any) -> Series:
        return self._series._by_frame(lambda frame: frame.iloc[rows])


class Index(Series):
    """The index of a frame, as a column."""

    __slots__ = ()

    def compute(self, **_: Any) -> Any:
        """The values as a pandas index.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.set_index("x").index.compute().tolist()
        [1, 2, 3]
        """
        import pandas as pd

        return pd.Index(Series(self._rows, self._core, self.name, {}).compute(), name=self.name)
