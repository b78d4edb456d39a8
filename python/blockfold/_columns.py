"""What expressions and series have in common: operators, functions, aggregates, windows."""

from __future__ import annotations

from . import _blockfold as core
from ._namespaces import TextNamespace, TimeNamespace

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))


def plain_truth(made: core.Expr, op: str = "") -> core.Expr:
    """A comparison as pandas has it: with what is missing it is False, and ``!=`` is True."""
    return core.Expr.case([(made.is_null().invert(), made)], op == "!=")


class ColumnOps:
    """Operators and methods of expressions and series, over what each of them defines."""

    __slots__ = ()

    _core: core.Expr

    def _binary(self, op: str, other: Any, reflected: bool = False) -> Any:
        raise NotImplementedError

    def _call(self, function: str, *args: Any) -> Any:
        raise NotImplementedError

    def _map(self, made: core.Expr) -> Any:
        raise NotImplementedError

    def _operand(self, value: Any) -> Any:
        raise NotImplementedError

    def _aggregate(self, name: str, number: float = 0.0, interpolation: str = "linear") -> Any:
        raise NotImplementedError

    def _window(self, function: str, rows: int = 1) -> Any:
        raise NotImplementedError

    # ---- operators

    def __add__(self, other: Any) -> Any:
        return self._binary("+", other)

    def __radd__(self, other: Any) -> Any:
        return self._binary("+", other, True)

    def __sub__(self, other: Any) -> Any:
        return self._binary("-", other)

    def __rsub__(self, other: Any) -> Any:
        return self._binary("-", other, True)

    def __mul__(self, other: Any) -> Any:
        return self._binary("*", other)

    def __rmul__(self, other: Any) -> Any:
        return self._binary("*", other, True)

    def __truediv__(self, other: Any) -> Any:
        return self._binary("/", other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._binary("/", other, True)

    def __mod__(self, other: Any) -> Any:
        return self._binary("%", other)

    def __rmod__(self, other: Any) -> Any:
        return self._binary("%", other, True)

    def __floordiv__(self, other: Any) -> Any:
        return self._binary("/", other)._call("floor")

    def __pow__(self, other: Any) -> Any:
        return self._call("pow", other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._binary("/", other, True)._call("floor")

    def __rpow__(self, other: Any) -> Any:
        return self._map(core.Expr.lit(other).call("pow", [self._core]))

    def __xor__(self, other: Any) -> Any:
        return self._binary("!=", other)

    def __and__(self, other: Any) -> Any:
        return self._binary("&", other)

    def __rand__(self, other: Any) -> Any:
        return self._binary("&", other, True)

    def __or__(self, other: Any) -> Any:
        return self._binary("|", other)

    def __ror__(self, other: Any) -> Any:
        return self._binary("|", other, True)

    def __invert__(self) -> Any:
        return self._map(self._core.invert())

    def __neg__(self) -> Any:
        return self._map(self._core.negate())

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self._call("abs")

    def __eq__(self, other: Any) -> Any:
        return self._binary("==", other)

    def __ne__(self, other: Any) -> Any:
        return self._binary("!=", other)

    def __lt__(self, other: Any) -> Any:
        return self._binary("<", other)

    def __le__(self, other: Any) -> Any:
        return self._binary("<=", other)

    def __gt__(self, other: Any) -> Any:
        return self._binary(">", other)

    def __ge__(self, other: Any) -> Any:
        return self._binary(">=", other)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from ._ufuncs import call

        return call(ufunc.__name__, method, inputs, kwargs)

    # ---- nulls and membership

    def is_null(self) -> Any:
        """Whether each value is null; never null itself.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.with_columns(y=bf.col("x").is_null()).compute()["y"].tolist()
        [False, True, False]
        """
        return self._map(self._core.is_null())

    def is_not_null(self) -> Any:
        """Whether each value is not null.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.with_columns(y=bf.col("x").is_not_null()).compute()["y"].tolist()
        [True, False, True]
        """
        return self._map(self._core.is_null().invert())

    def fill_null(self, value: Any) -> Any:
        """Each value, or `value` where it is null.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.with_columns(y=bf.col("x").fill_null(0)).compute()["y"].tolist()
        [1.0, 0.0, 3.0]
        """
        branches = [(self._core.is_null().invert(), self._core.without_alias())]
        return self._map(core.Expr.case(branches, self._operand(value)))

    def is_in(self, values: Iterable[Any]) -> Any:
        """Whether each value is one of a list; null where it is null.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").is_in([1, 4]).alias("y")).compute()["y"].tolist()
        [True, False, True]
        """
        return self._map(self._core.is_in(list(values)))

    def between(self, left: Any, right: Any, inclusive: Any = "both") -> Any:
        """Whether each value lies between two others, which are included both, or "left", "right" or "neither".

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").between(0, 2).alias("y")).compute()["y"].tolist()
        [True, False, False]
        """
        if inclusive not in ("both", "left", "right", "neither"):
            from .exceptions import ArgumentError

            raise ArgumentError(f"between: inclusive={inclusive!r}; there are both, left, right and neither")
        low = self >= left if inclusive in ("both", "left") else self > left
        return low & (self <= right if inclusive in ("both", "right") else self < right)

    # ---- functions

    def abs(self) -> Any:
        """The absolute value.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.with_columns(y=bf.col("x").abs()).compute()["y"].tolist()
        [1.0, 2.0, 4.0]
        """
        return self._call("abs")

    def sign(self) -> Any:
        """-1, 0 or 1 by the sign.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.with_columns(y=bf.col("x").sign()).compute()["y"].tolist()
        [1.0, -1.0, 1.0]
        """
        return self._call("sign")

    def round(self, decimals: int = 0) -> Any:
        """The number rounded to decimals, halves to even.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.25, 4.0]})
        >>> df.select(bf.col("x").round(1)).compute()["x"].tolist()
        [1.2, 4.0]
        """
        return self._call("round", decimals)

    def floor(self) -> Any:
        """The greatest whole number that is not greater.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.5, -1.5]})
        >>> df.select(bf.col("x").floor()).compute()["x"].tolist()
        [1.0, -2.0]
        """
        return self._call("floor")

    def ceil(self) -> Any:
        """The least whole number that is not less.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.5, -1.5]})
        >>> df.select(bf.col("x").ceil()).compute()["x"].tolist()
        [2.0, -1.0]
        """
        return self._call("ceil")

    def sqrt(self) -> Any:
        """The square root.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, 4.0]})
        >>> df.select(bf.col("x").sqrt()).compute()["x"].round(3).tolist()
        [1.0, 2.0]
        """
        return self._call("sqrt")

    def exp(self) -> Any:
        """e to the power of the number.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, 4.0]})
        >>> df.select(bf.col("x").exp()).compute()["x"].round(3).tolist()
        [2.718, 54.598]
        """
        return self._call("exp")

    def log(self) -> Any:
        """The natural logarithm.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, 4.0]})
        >>> df.select(bf.col("x").log()).compute()["x"].round(3).tolist()
        [0.0, 1.386]
        """
        return self._call("log")

    def log10(self) -> Any:
        """The logarithm to base 10.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, 4.0]})
        >>> df.select(bf.col("x").log10()).compute()["x"].round(3).tolist()
        [0.0, 0.602]
        """
        return self._call("log10")

    def sin(self) -> Any:
        """The sine.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, 4.0]})
        >>> df.select(bf.col("x").sin()).compute()["x"].round(3).tolist()
        [0.841, -0.757]
        """
        return self._call("sin")

    def cos(self) -> Any:
        """The cosine.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, 4.0]})
        >>> df.select(bf.col("x").cos()).compute()["x"].round(3).tolist()
        [0.54, -0.654]
        """
        return self._call("cos")

    def tan(self) -> Any:
        """The tangent.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, 4.0]})
        >>> df.select(bf.col("x").tan()).compute()["x"].round(3).tolist()
        [1.557, 1.158]
        """
        return self._call("tan")

    def clip(self, lower: Any = None, upper: Any = None) -> Any:
        """The number limited to bounds; None does not limit.

        Parameters
        ----------
        lower : number, optional
            The lower bound.
        upper : number, optional
            The upper bound.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").clip(0, 3).alias("y")).compute()["y"].tolist()
        [1.0, 0.0, 3.0]
        """
        return self._call("clip", lower, upper)

    def is_nan(self) -> Any:
        """Whether the number is NaN.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None]})
        >>> df.select((bf.col("x") * float("nan")).is_nan()).compute()["x"].tolist()
        [True, None]
        """
        return self._call("is_nan")

    @property
    def str(self) -> TextNamespace:
        """Functions of texts.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.select(bf.col("k").str.upper()).compute()["k"].tolist()
        ['A', 'B', 'A']
        """
        return TextNamespace(self)

    @property
    def dt(self) -> TimeNamespace:
        """Functions of points in time.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
        >>> df.reset_index().select(bf.col("timestamp").dt.hour.max()).compute()["timestamp"].tolist()
        [23]
        """
        return TimeNamespace(self)

    # ---- aggregates

    def sum(self) -> Any:
        """Sum of the values; integers in 64 bits, where an overflow is an error.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").sum()).compute()["x"].round(3).tolist()
        [3.0]
        """
        return self._aggregate("sum")

    def prod(self) -> Any:
        """Product of the values.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").prod()).compute()["x"].round(3).tolist()
        [-8.0]
        """
        return self._aggregate("product")

    product = prod

    def mean(self) -> Any:
        """Mean of the values.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").mean()).compute()["x"].round(3).tolist()
        [1.0]
        """
        return self._aggregate("mean")

    def min(self) -> Any:
        """Least value.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").min()).compute()["x"].round(3).tolist()
        [-2.0]
        """
        return self._aggregate("min")

    def max(self) -> Any:
        """Greatest value.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").max()).compute()["x"].round(3).tolist()
        [4.0]
        """
        return self._aggregate("max")

    def std(self, ddof: int = 1) -> Any:
        """Standard deviation, of a sample unless `ddof` is 0.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").std()).compute()["x"].round(3).tolist()
        [3.0]
        """
        return self._aggregate("std", ddof)

    def var(self, ddof: int = 1) -> Any:
        """Variance, of a sample unless `ddof` is 0.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").var()).compute()["x"].round(3).tolist()
        [9.0]
        """
        return self._aggregate("var", ddof)

    def median(self) -> Any:
        """Median of the values.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").median()).compute()["x"].round(3).tolist()
        [1.0]
        """
        return self._aggregate("median")

    def quantile(self, q: float = 0.5, interpolation: str = "linear") -> Any:
        """Quantile `q`, from 0 to 1.

        Parameters
        ----------
        q : float
            Which quantile, from 0 to 1.
        interpolation : str
            What lies between two values.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").quantile(0.5)).compute()["x"].round(3).tolist()
        [1.0]
        """
        return self._aggregate("quantile", q, interpolation)

    def first(self) -> Any:
        """First value, null or not.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").first()).compute()["x"].round(3).tolist()
        [1.0]
        """
        return self._aggregate("first")

    def last(self) -> Any:
        """Last value, null or not.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").last()).compute()["x"].round(3).tolist()
        [4.0]
        """
        return self._aggregate("last")

    def any(self) -> Any:
        """Whether any value is true.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select((bf.col("x") > 0).any().alias("y")).compute()["y"].tolist()
        [True]
        """
        return self._aggregate("any")

    def all(self) -> Any:
        """Whether no value is false.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select((bf.col("x") > 0).all().alias("y")).compute()["y"].tolist()
        [False]
        """
        return self._aggregate("all")

    def n_unique(self) -> Any:
        """Number of different values that are not null.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").n_unique()).compute()["x"].round(3).tolist()
        [3]
        """
        return self._aggregate("n_unique")

    def null_count(self) -> Any:
        """Number of nulls.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.select(bf.col("x").null_count()).compute()["x"].round(3).tolist()
        [0]
        """
        return self._aggregate("null_count")

    # ---- windows

    def cum_sum(self) -> Any:
        """Sum of the values up to each row.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.with_columns(y=bf.col("x").cum_sum()).compute()["y"].tolist()
        [1.0, -1.0, 3.0]
        """
        return self._window("cum_sum")

    def cum_prod(self) -> Any:
        """Product of the values up to each row.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.with_columns(y=bf.col("x").cum_prod()).compute()["y"].tolist()
        [1.0, -2.0, -8.0]
        """
        return self._window("cum_prod")

    def cum_min(self) -> Any:
        """Least value up to each row.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.with_columns(y=bf.col("x").cum_min()).compute()["y"].tolist()
        [1.0, -2.0, -2.0]
        """
        return self._window("cum_min")

    def cum_max(self) -> Any:
        """Greatest value up to each row.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.with_columns(y=bf.col("x").cum_max()).compute()["y"].tolist()
        [1.0, 1.0, 4.0]
        """
        return self._window("cum_max")

    def cum_count(self) -> Any:
        """Number of values up to each row that are not null.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.with_columns(y=bf.col("x").cum_count()).compute()["y"].tolist()
        [1, 2, 3]
        """
        return self._window("cum_count")

    def shift(self, periods: int = 1) -> Any:
        """The value so many rows before each row, after it when negative; null where there is none.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.with_columns(y=bf.col("x").shift()).compute()["y"].tolist()
        [nan, 1.0, -2.0]
        """
        return self._window("shift", periods)

    def diff(self, periods: int = 1) -> Any:
        """Each value less the one so many rows before.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.with_columns(y=bf.col("x").diff()).compute()["y"].tolist()
        [nan, -3.0, 6.0]
        """
        return self._window("diff", periods)

    def pct_change(self, periods: int = 1) -> Any:
        """Change of each value against the one so many rows before, as a share of it.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, -2.0, 4.0]})
        >>> df.with_columns(y=bf.col("x").pct_change()).compute()["y"].tolist()
        [nan, -3.0, -3.0]
        """
        return self._window("pct_change", periods)

    def forward_fill(self) -> Any:
        """Each value, or where it is null the last one before it that is not.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.with_columns(y=bf.col("x").forward_fill()).compute()["y"].tolist()
        [1.0, 1.0, 3.0]
        """
        return self._window("forward_fill")

    def backward_fill(self) -> Any:
        """Each value, or where it is null the next one that is not.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"x": [1.0, None, 3.0]})
        >>> df.with_columns(y=bf.col("x").backward_fill()).compute()["y"].tolist()
        [1.0, 3.0, 3.0]
        """
        return self._window("backward_fill")
