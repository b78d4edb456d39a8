"""Aggregates of whole columns: ``df.mean()``, ``df.describe()``, ``df.corr()``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _blockfold as core
from .._collection import Collection
from ..exceptions import ArgumentError, DTypeError, UnsupportedError
from ._base import Base
from ._labels import native_names
from ._rows import Rows
from ._series import Series

if TYPE_CHECKING:
    import pandas as pd

    from ._frame import DataFrame
    from ._scalar import Scalar


class Totals(Collection):
    """One value for each column, lazily; `compute` gives a pandas series of them.

    Examples
    --------
    >>> import blockfold as bf
    >>> bf.from_dict({"x": [1, 2], "y": [0.5, 1.5]}).mean().compute().to_dict()
    {'x': 1.5, 'y': 1.0}
    """

    __slots__ = ("_rows", "_values")

    def __init__(self, rows: Rows, values: dict[Any, core.Expr]):
        self._rows, self._values = rows, values

    def __reduce__(self) -> Any:
        return Totals._again, (self._rows.frame, self._values)

    @classmethod
    def _again(cls, frame: core.LazyFrame, values: dict[Any, core.Expr]) -> Totals:
        return cls(Rows(frame), values)

    def compute(self, **_: Any) -> pd.Series:
        """The values as a pandas series, by the columns' labels."""
        import pandas as pd

        names = native_names(self._values)
        exprs = [expr.alias(name) for expr, name in zip(self._values.values(), names, strict=True)]
        answer = self._rows.frame.group_agg([], exprs).collect()
        return pd.Series([answer.to_list(name)[0] for name in names], index=pd.Index(list(self._values)))

    def __getitem__(self, label: Any) -> Scalar:
        from ._scalar import Scalar

        return Scalar(self._rows, self._values[label])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(f"no column {name!r} among {', '.join(map(str, self._values))}")
        return self[name]

    def __repr__(self) -> str:
        return f"<blockfold.Totals: {', '.join(f'{label}: {expr!r}' for label, expr in self._values.items())}>"


class Each:
    """Lazy values that were made each in its own way, one for each column; `compute` gives a pandas series of them."""

    __slots__ = ("_scalars",)

    def __init__(self, scalars: dict[Any, Scalar]):
        self._scalars = scalars

    def compute(self, **_: Any) -> pd.Series:
        """The values as a pandas series, by the columns' labels."""
        import pandas as pd

        return pd.Series({label: scalar.compute() for label, scalar in self._scalars.items()})

    def __getitem__(self, label: Any) -> Scalar:
        return self._scalars[label]

    def __repr__(self) -> str:
        return f"<blockfold.Each: {', '.join(map(str, self._scalars))}>"


class Reductions(Base):
    """Aggregates of a frame's columns."""

    __slots__ = ()

    def _reduce(self, name: str, number: float = 0.0, numeric_only: bool = False, axis: Any = 0) -> Any:
        if axis in (1, "columns"):
            return self._along(name, number, numeric_only)
        if axis not in (0, "index", None):
            raise ArgumentError(f"{name}: axis={axis!r}; there are 0 and 1")
        values: dict[Any, core.Expr] = {}
        rows = self._rows
        for label, expr in self._columns.items():
            rows, expr = rows.row_wise(expr)
            value = expr.aggregate(name, number)
            if numeric_only and not _is_number(rows.dtype(expr)):
                continue
            try:
                rows.frame.group_agg([], [value.alias("value")])
            except DTypeError as error:
                raise DTypeError(f"{error}; pass numeric_only=True, or select the columns") from None
            values[label] = value
        return Totals(rows, values)

    def _along(self, name: str, number: float, numeric_only: bool) -> Series:
        """An aggregate of the columns of each row."""
        from ._along import along

        rows, exprs = self._rows, []
        for label, expr in self._columns.items():
            rows, expr = rows.row_wise(expr)
            if _is_number(rows.dtype(expr)):
                exprs.append(expr)
            elif not numeric_only:
                raise DTypeError(f"{name} along rows: {label!r} is of {rows.dtype(expr)}; pass numeric_only=True")
        if not exprs:
            raise ArgumentError(f"{name} along rows: there are no columns of numbers")
        return Series(*along(name, rows, exprs, number), None, self._index)

    def _each_column(self, method: str, numeric_only: bool) -> Totals:
        """A scalar of each column, by its method."""
        rows, values = self._rows, {}
        for label in self._numbers(numeric_only):
            scalar = getattr(self._self[label], method)()
            rows = rows.meet(scalar._rows, method)
            values[label] = scalar._core
        return Totals(rows, values)

    def skew(self, numeric_only: bool = False) -> Totals:
        """Skewness of each column, biased as in Dask.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"i": [5, 6, 7], "x": [3.0, 1.0, 2.0]}).set_index("i")
        >>> round(float(df.skew().compute()["x"]), 3)
        0.0
        """
        return self._each_column("skew", numeric_only)

    def kurtosis(self, numeric_only: bool = False) -> Totals:
        """Excess kurtosis of each column, biased as in Dask.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"i": [5, 6, 7], "x": [3.0, 1.0, 2.0]}).set_index("i")
        >>> round(float(df.kurtosis().compute()["x"]), 3)
        -1.5
        """
        return self._each_column("kurtosis", numeric_only)

    def idxmax(self, numeric_only: bool = False) -> Each:
        """The index of the first greatest value of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"i": [5, 6, 7], "x": [3.0, 1.0, 2.0]}).set_index("i")
        >>> df.idxmax().compute()["x"]
        np.int64(5)
        """
        return Each({label: self._self[label].idxmax() for label in self._numbers(numeric_only)})

    def idxmin(self, numeric_only: bool = False) -> Each:
        """The index of the first least value of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"i": [5, 6, 7], "x": [3.0, 1.0, 2.0]}).set_index("i")
        >>> df.idxmin().compute()["x"]
        np.int64(6)
        """
        return Each({label: self._self[label].idxmin() for label in self._numbers(numeric_only)})

    def _numbers(self, numeric_only: bool) -> list[Any]:
        """Labels of the columns of numbers, or of all."""
        columns = self._columns.items()
        return [label for label, expr in columns if not numeric_only or _is_number(self._rows.dtype(expr))]

    def sum(self, axis: Any = 0, numeric_only: bool = False) -> Any:
        """Sum of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.sum(numeric_only=True).compute()["x"]
        np.int64(6)
        """
        return self._reduce("sum", 0, numeric_only, axis)

    def prod(self, axis: Any = 0, numeric_only: bool = False) -> Any:
        """Product of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.prod(numeric_only=True).compute()["x"]
        np.int64(6)
        """
        return self._reduce("product", 0, numeric_only, axis)

    product = prod

    def sem(self, axis: Any = 0, ddof: int = 1, numeric_only: bool = False) -> Totals:
        """Standard error of the mean of each column.

        Parameters
        ----------
        axis : {0, 1, 'index', 'columns'}
            Along which axis.
        ddof : int
            What is taken off the count before it divides.
        numeric_only : bool
            Whether other columns than those of numbers are left out.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.sem(numeric_only=True).compute().round(3)["x"]
        np.float64(0.577)
        """
        made = self._reduce("std", ddof, numeric_only, axis)
        values = {
            label: expr.binary("/", expr_count.call("pow", [0.5]))
            for (label, expr), expr_count in zip(
                made._values.items(), self._reduce("count", 0, numeric_only, axis)._values.values(), strict=True
            )
        }
        return Totals(made._rows, values)

    def mean(self, axis: Any = 0, numeric_only: bool = False) -> Any:
        """Mean of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.mean(numeric_only=True).compute()["x"]
        np.float64(2.0)
        """
        return self._reduce("mean", 0, numeric_only, axis)

    def min(self, axis: Any = 0, numeric_only: bool = False) -> Any:
        """Least value of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.min(numeric_only=True).compute()["x"]
        np.int64(1)
        """
        return self._reduce("min", 0, numeric_only, axis)

    def max(self, axis: Any = 0, numeric_only: bool = False) -> Any:
        """Greatest value of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.max(numeric_only=True).compute()["x"]
        np.int64(3)
        """
        return self._reduce("max", 0, numeric_only, axis)

    def std(self, axis: Any = 0, ddof: int = 1, numeric_only: bool = False) -> Any:
        """Standard deviation of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.std(numeric_only=True).compute()["x"]
        np.float64(1.0)
        """
        return self._reduce("std", ddof, numeric_only, axis)

    def var(self, axis: Any = 0, ddof: int = 1, numeric_only: bool = False) -> Any:
        """Variance of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.var(numeric_only=True).compute()["x"]
        np.float64(1.0)
        """
        return self._reduce("var", ddof, numeric_only, axis)

    def median(self, axis: Any = 0, numeric_only: bool = False) -> Any:
        """Median of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.median(numeric_only=True).compute()["x"]
        np.float64(2.0)
        """
        return self._reduce("median", 0, numeric_only, axis)

    def quantile(self, q: float = 0.5, axis: Any = 0, numeric_only: bool = False) -> Any:
        """Quantile `q` of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.quantile(0.5, numeric_only=True).compute()["x"]
        np.float64(2.0)
        """
        return self._reduce("quantile", q, numeric_only, axis)

    def count(self, axis: Any = 0, numeric_only: bool = False) -> Any:
        """Number of values of each column that are not null.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.count().compute()["x"]
        np.int64(3)
        """
        return self._reduce("count", 0, numeric_only, axis)

    def nunique(self, axis: Any = 0) -> Any:
        """Number of different values of each column.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.nunique().compute()["x"]
        np.int64(3)
        """
        return self._reduce("n_unique", 0, False, axis)

    def any(self, axis: Any = 0) -> Any:
        """Whether any value of each column is true.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> bool((df[["x"]] > 2).any().compute()["x"])
        True
        """
        return self._reduce("any", 0, False, axis)

    def all(self, axis: Any = 0) -> Any:
        """Whether no value of each column is false.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> bool((df[["x"]] > 2).all().compute()["x"])
        False
        """
        return self._reduce("all", 0, False, axis)

    def describe(self) -> DataFrame:
        """Count, mean, deviation, extremes and quartiles of the columns of numbers, one row each.

        Examples
        --------
        >>> import blockfold as bf
        >>> bf.from_dict({"x": [1.0, 2.0, 3.0]}).describe().compute().loc["mean", "x"]
        np.float64(2.0)
        """
        from ._frame import DataFrame

        numbers = [label for label, expr in self._columns.items() if _is_number(self._rows.dtype(expr))]
        if not numbers:
            raise UnsupportedError("describe of columns without numbers is not supported; take value_counts or nunique")
        solid = self._self[numbers].reset_index(drop=True)._solid()
        described = solid._rows.frame.describe()
        shown = described.filter(core.Expr.col("statistic").binary("!=", "null_count", False))
        columns = {
            label: core.Expr.col(name) for label, (name, _) in zip(solid._columns, described.schema()[1:], strict=True)
        }
        return DataFrame(Rows(shown), columns, {None: core.Expr.col("statistic")})

    def corr(self, numeric_only: bool = False) -> Matrix:
        """Pearson's correlation of each pair of columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.corr(numeric_only=True).compute().round(6).loc["x", "x"]
        np.float64(1.0)
        """
        return Matrix("corr", self._self, numeric_only)

    def cov(self, numeric_only: bool = False) -> Matrix:
        """Covariance of each pair of columns.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.cov(numeric_only=True).compute().loc["x", "x"]
        np.float64(1.0)
        """
        return Matrix("cov", self._self, numeric_only)


class Matrix(Collection):
    """An aggregate of each pair of columns, lazily; `compute` gives a pandas frame."""

    __slots__ = ("_columns", "_name", "_rows")

    def __init__(self, name: str, frame: Any, numeric_only: bool):
        self._rows, self._name = frame._rows, name
        self._columns = {
            label: expr
            for label, expr in frame._columns.items()
            if not numeric_only or _is_number(frame._rows.dtype(expr))
        }

    def __reduce__(self) -> Any:
        return Matrix._again, (self._name, self._rows.frame, self._columns)

    @classmethod
    def _again(cls, name: str, frame: core.LazyFrame, columns: dict[Any, core.Expr]) -> Matrix:
        matrix = cls.__new__(cls)
        matrix._name, matrix._rows, matrix._columns = name, Rows(frame), columns
        return matrix

    def compute(self, **_: Any) -> pd.DataFrame:
        """The values as a pandas frame."""
        import pandas as pd

        labels, exprs = list(self._columns), list(self._columns.values())
        size = len(exprs)
        pairs = [(i, j) for i in range(size) for j in range(i, size)]
        aggs = [core.Expr.pair(self._name, exprs[i], exprs[j]).alias(f"{i} {j}") for i, j in pairs]
        answer = self._rows.frame.group_agg([], aggs).collect()
        values = [[0.0] * size for _ in range(size)]
        for i, j in pairs:
            found = answer.to_list(f"{i} {j}")[0]
            values[i][j] = values[j][i] = float("nan") if found is None else found
        return pd.DataFrame(values, index=pd.Index(labels), columns=pd.Index(labels))

    def __repr__(self) -> str:
        return f"<blockfold.Matrix: {self._name} of {', '.join(map(str, self._columns))}>"


def _is_number(dtype: str) -> bool:
    return dtype.startswith(("int", "uint", "float")) or dtype == "bool"
