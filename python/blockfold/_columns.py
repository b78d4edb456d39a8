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
        """Whether each value is null; never null itself."""
        return self._map(self._core.is_null())

    def is_not_null(self) -> Any:
        """Whether each value is not null."""
        return self._map(self._core.is_null().invert())

    def fill_null(self, value: Any) -> Any:
        """Each value, or `value` where it is null."""
        branches = [(self._core.is_null().invert(), self._core.without_alias())]
        return self._map(core.Expr.case(branches, self._operand(value)))

    def is_in(self, values: Iterable[Any]) -> Any:
        """Whether each value is one of a list; null where it is null."""
        return self._map(self._core.is_in(list(values)))

    def between(self, left: Any, right: Any, inclusive: Any = "both") -> Any:
        """Whether each value lies between two others, which are included both, or "left", "right" or "neither"."""
        if inclusive not in ("both", "left", "right", "neither"):
            from .exceptions import ArgumentError

            raise ArgumentError(f"between: inclusive={inclusive!r}; there are both, left, right and neither")
        low = self >= left if inclusive in ("both", "left") else self > left
        return low & (self <= right if inclusive in ("both", "right") else self < right)

    # ---- functions

    def abs(self) -> Any:
        """The absolute value."""
        return self._call("abs")

    def sign(self) -> Any:
        """-1, 0 or 1 by the sign."""
        return self._call("sign")

    def round(self, decimals: int = 0) -> Any:
        """The number rounded to decimals, halves to even."""
        return self._call("round", decimals)

    def floor(self) -> Any:
        """The greatest whole number that is not greater."""
        return self._call("floor")

    def ceil(self) -> Any:
        """The least whole number that is not less."""
        return self._call("ceil")

    def sqrt(self) -> Any:
        """The square root."""
        return self._call("sqrt")

    def exp(self) -> Any:
        """e to the power of the number."""
        return self._call("exp")

    def log(self) -> Any:
        """The natural logarithm."""
        return self._call("log")

    def log10(self) -> Any:
        """The logarithm to base 10."""
        return self._call("log10")

    def sin(self) -> Any:
        """The sine."""
        return self._call("sin")

    def cos(self) -> Any:
        """The cosine."""
        return self._call("cos")

    def tan(self) -> Any:
        """The tangent."""
        return self._call("tan")

    def clip(self, lower: Any = None, upper: Any = None) -> Any:
        """The number limited to bounds; None does not limit."""
        return self._call("clip", lower, upper)

    def is_nan(self) -> Any:
        """Whether the number is NaN."""
        return self._call("is_nan")

    @property
    def str(self) -> TextNamespace:
        """Functions of texts."""
        return TextNamespace(self)

    @property
    def dt(self) -> TimeNamespace:
        """Functions of points in time."""
        return TimeNamespace(self)

    # ---- aggregates

    def sum(self) -> Any:
        """Sum of the values; integers in 64 bits, where an overflow is an error."""
        return self._aggregate("sum")

    def prod(self) -> Any:
        """Product of the values."""
        return self._aggregate("product")

    product = prod

    def mean(self) -> Any:
        """Mean of the values."""
        return self._aggregate("mean")

    def min(self) -> Any:
        """Least value."""
        return self._aggregate("min")

    def max(self) -> Any:
        """Greatest value."""
        return self._aggregate("max")

    def std(self, ddof: int = 1) -> Any:
        """Standard deviation, of a sample unless `ddof` is 0."""
        return self._aggregate("std", ddof)

    def var(self, ddof: int = 1) -> Any:
        """Variance, of a sample unless `ddof` is 0."""
        return self._aggregate("var", ddof)

    def median(self) -> Any:
        """Median of the values."""
        return self._aggregate("median")

    def quantile(self, q: float = 0.5, interpolation: str = "linear") -> Any:
        """Quantile `q`, from 0 to 1."""
        return self._aggregate("quantile", q, interpolation)

    def first(self) -> Any:
        """First value, null or not."""
        return self._aggregate("first")

    def last(self) -> Any:
        """Last value, null or not."""
        return self._aggregate("last")

    def any(self) -> Any:
        """Whether any value is true."""
        return self._aggregate("any")

    def all(self) -> Any:
        """Whether no value is false."""
        return self._aggregate("all")

    def n_unique(self) -> Any:
        """Number of different values that are not null."""
        return self._aggregate("n_unique")

    def null_count(self) -> Any:
        """Number of nulls."""
        return self._aggregate("null_count")

    # ---- windows

    def cum_sum(self) -> Any:
        """Sum of the values up to each row."""
        return self._window("cum_sum")

    def cum_prod(self) -> Any:
        """Product of the values up to each row."""
        return self._window("cum_prod")

    def cum_min(self) -> Any:
        """Least value up to each row."""
        return self._window("cum_min")

    def cum_max(self) -> Any:
        """Greatest value up to each row."""
        return self._window("cum_max")

    def cum_count(self) -> Any:
        """Number of values up to each row that are not null."""
        return self._window("cum_count")

    def shift(self, periods: int = 1) -> Any:
        """The value so many rows before each row, after it when negative; null where there is none."""
        return self._window("shift", periods)

    def diff(self, periods: int = 1) -> Any:
        """Each value less the one so many rows before."""
        return self._window("diff", periods)

    def pct_change(self, periods: int = 1) -> Any:
        """Change of each value against the one so many rows before, as a share of it."""
        return self._window("pct_change", periods)

    def forward_fill(self) -> Any:
        """Each value, or where it is null the last one before it that is not."""
        return self._window("forward_fill")

    def backward_fill(self) -> Any:
        """Each value, or where it is null the next one that is not."""
        return self._window("backward_fill")
