"""Points and spans of time that Python's own classes cannot say: they know no nanoseconds."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def timestamp(count: int, unit: str, zone: str | None) -> Any:
    """A point in time: pandas' Timestamp where pandas is in use or nanoseconds matter, else a datetime."""
    if "pandas" in sys.modules or (unit == "ns" and count % 1000):
        import pandas as pd

        at = pd.Timestamp(count, unit=unit, tz="UTC" if zone else None)
        return at.tz_convert(zone) if zone else at
    at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + _span(count, unit)
    if zone is None:
        return at.replace(tzinfo=None)
    from zoneinfo import ZoneInfo

    return at.astimezone(ZoneInfo(zone))


def duration(count: int, unit: str, _zone: None) -> Any:
    """A span of time: pandas' Timedelta where pandas is in use or nanoseconds matter, else a timedelta."""
    if "pandas" in sys.modules or (unit == "ns" and count % 1000):
        import pandas as pd

        return pd.Timedelta(count, unit=unit)
    return _span(count, unit)


def _span(count: int, unit: str) -> dt.timedelta:
    return dt.timedelta(microseconds=count * 10**6 // _PER_SECOND[unit])
