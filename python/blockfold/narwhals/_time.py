"""Functions of points in time and of durations."""

from __future__ import annotations

from typing import Any

from narwhals._compliant import LazyExprNamespace
from narwhals._compliant.any_namespace import DateTimeNamespace
from narwhals._duration import Interval
from narwhals._utils import not_implemented

from .. import _blockfold as core
from ._column import Column

#: Parts of a second of each unit.
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class TimeNamespace(LazyExprNamespace, DateTimeNamespace):
    """Functions of points in time, as ``col("t").dt.year()``."""

    def _call(self, name: str, *args: Any) -> Any:
        return self.compliant._elementwise(lambda expr: expr.call(name, list(args)))

    def year(self) -> Any:
        return self._call("year")

    def month(self) -> Any:
        return self._call("month")

    def day(self) -> Any:
        return self._call("day")

    def hour(self) -> Any:
        return self._call("hour")

    def minute(self) -> Any:
        return self._call("minute")

    def second(self) -> Any:
        return self._call("second")

    def millisecond(self) -> Any:
        return self._call("millisecond")

    def microsecond(self) -> Any:
        return self._call("microsecond")

    def nanosecond(self) -> Any:
        def part(column: Column) -> core.Expr:
            if not column.dtype.startswith("timestamp[ns"):
                return column.expr.call("microsecond", []).binary("*", 1000)
            return column.expr.cast("int64", True).binary("%", 10**9).binary("+", 10**9).binary("%", 10**9)

        return self.compliant._typed(part)

    def ordinal_day(self) -> Any:
        return self._call("ordinal_day")

    def weekday(self) -> Any:
        return self._call("weekday")

    def date(self) -> Any:
        return self.compliant._elementwise(lambda expr: expr.cast("date", True))

    def truncate(self, every: str) -> Any:
        span = Interval.parse(every)
        return self._call("truncate", f"{span.multiple}{'min' if span.unit == 'm' else span.unit}")

    def offset_by(self, by: str) -> Any:
        span = Interval.parse_no_constraints(by)
        if span.unit in ("mo", "q", "y"):
            raise NotImplementedError("offset_by months, quarters and years is not supported; take days, or less")

        def moved(column: Column) -> core.Expr:
            zone = column.dtype.partition(", ")[2].removesuffix("]")
            if span.unit == "d" and zone not in ("", "UTC"):
                raise NotImplementedError("offset_by days, which have other lengths in a time zone, is not supported")
            if span.unit == "ns":
                ticks = column.expr.cast("int64", True).binary("+", span.multiple)
                return ticks.cast(column.dtype, True)
            return column.expr.binary("+", span.to_timedelta()).cast(column.dtype, True)

        return self.compliant._typed(moved)

    def convert_time_zone(self, time_zone: str) -> Any:
        def converted(column: Column) -> core.Expr:
            unit = column.dtype.removeprefix("timestamp[").rstrip("]").partition(", ")[0]
            return column.expr.cast(f"timestamp[{unit}, {time_zone}]", True)

        return self.compliant._typed(converted)

    def timestamp(self, time_unit: str) -> Any:
        def since_epoch(column: Column) -> core.Expr:
            if not column.dtype.startswith(("timestamp", "date")):
                raise TypeError(f"timestamp: a column of {column.dtype} is of no points in time")
            return column.expr.cast(f"timestamp[{time_unit}]", True).cast("int64", True)

        return self.compliant._typed(since_epoch)

    def total_minutes(self) -> Any:
        return self._total(1, 60)

    def total_seconds(self) -> Any:
        return self._total(1, 1)

    def total_milliseconds(self) -> Any:
        return self._total(10**3, 1)

    def total_microseconds(self) -> Any:
        return self._total(10**6, 1)

    def total_nanoseconds(self) -> Any:
        return self._total(10**9, 1)

    def _total(self, per_second: int, seconds: int) -> Any:
        """Whole units of a duration, cut towards zero."""

        def total(column: Column) -> core.Expr:
            have = _PER_SECOND[column.dtype.removeprefix("duration[").removesuffix("]")] * seconds
            ticks = column.expr.cast("int64", True)
            if have <= per_second:
                return ticks.binary("*", per_second // have)
            ratio = have // per_second
            return ticks.binary("-", ticks.binary("%", ratio)).binary("/", ratio).cast("int64", True)

        return self.compliant._typed(total)

    to_string = not_implemented()  # type: ignore[assignment]
    replace_time_zone = not_implemented()  # type: ignore[assignment]
