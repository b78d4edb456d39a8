"""Functions of texts and of points in time, as ``col("t").dt.year``."""

from __future__ import annotations

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any


class Namespace:
    """Functions of one kind of values, as ``col("t").dt.year``."""

    __slots__ = ("_of",)

    def __init__(self, of: Any):
        self._of = of

    #: What pandas calls this kind of functions.
    _kind = ""

    def __getattr__(self, name: str) -> Any:
        from .exceptions import AbsentError

        if hasattr(self._of, "_rows") and not name.startswith("_"):
            from .dataframe._by_pandas import accessor

            return accessor(self._of, self._kind, name)

        raise AbsentError(
            f"{name!r} is not among the functions of this kind of values; take map_partitions with pandas' own"
        )


class TextNamespace(Namespace):
    """Functions of texts."""

    _kind = "str"

    def len(self) -> Any:
        """Number of characters.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.len().compute().tolist()
        [5, 3]
        """
        return self._of._call("len_chars")

    def len_bytes(self) -> Any:
        """Number of bytes.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.len_bytes().compute().tolist()
        [5, 3]
        """
        return self._of._call("len_bytes")

    def lower(self) -> Any:
        """The text in lower case.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.lower().compute().tolist()
        [' ada ', 'bob']
        """
        return self._of._call("lower")

    def upper(self) -> Any:
        """The text in upper case.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.upper().compute().tolist()
        [' ADA ', 'BOB']
        """
        return self._of._call("upper")

    def strip(self) -> Any:
        """The text without white space at its ends.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.strip().compute().tolist()
        ['Ada', 'Bob']
        """
        return self._of._call("strip")

    def contains(self, text: Any, *, regex: bool | None = None, literal: bool | None = None) -> Any:
        """Whether the text holds another one. Regular expressions are not supported: what looks like one is refused, unless
        ``regex=False`` (or ``literal=True``) says that it is none.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.contains("b").compute().tolist()
        [False, True]
        """
        is_plain = regex is False or literal is True
        if regex or literal is False or (not is_plain and isinstance(text, str) and set(text) & set(r".^$*+?{}[]\|()")):
            from .exceptions import UnsupportedError

            raise UnsupportedError(
                f"str.contains of the regular expression {text!r} is not supported; pass regex=False if it is a plain text, or "
                "use map_partitions"
            )
        return self._of._call("contains", text)

    def startswith(self, text: Any) -> Any:
        """Whether the text starts with another one.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.startswith("B").compute().tolist()
        [False, True]
        """
        return self._of._call("starts_with", text)

    def endswith(self, text: Any) -> Any:
        """Whether the text ends with another one.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.endswith("b").compute().tolist()
        [False, True]
        """
        return self._of._call("ends_with", text)

    starts_with, ends_with = startswith, endswith

    def replace(self, old: Any, new: Any) -> Any:
        """The text with every occurrence of one text replaced by another; not by a regular expression.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.replace("b", "p").compute().tolist()
        [' Ada ', 'Bop']
        """
        return self._of._call("replace", old, new)

    def slice(self, start: int = 0, stop: int | None = None) -> Any:
        """Characters from `start` up to `stop`, as ``text[start:stop]``.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.slice(0, 2).compute().tolist()
        [' A', 'Bo']
        """
        from .exceptions import UnsupportedError

        if stop is not None and (stop < 0) != (start < 0):
            raise UnsupportedError(
                "str.slice with ends counted from both sides is not supported; count both from one side"
            )
        return self._of._call("slice", start, 2**31 - 1 if stop is None else max(stop - start, 0))

    def cat(self, other: Any) -> Any:
        """The text followed by another one.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.cat("!").compute().tolist()
        [' Ada !', 'Bob!']
        """
        return self._of._call("concat", other)


class TimeNamespace(Namespace):
    """Functions of points in time."""

    _kind = "dt"

    @property
    def year(self) -> Any:
        """The year.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> df.t.dt.year.compute().tolist()
        [2001]
        """
        return self._of._call("year")

    @property
    def quarter(self) -> Any:
        """The quarter, 1 to 4.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> df.t.dt.quarter.compute().tolist()
        [1]
        """
        return self._of._call("quarter")

    @property
    def month(self) -> Any:
        """The month, 1 to 12.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> df.t.dt.month.compute().tolist()
        [2]
        """
        return self._of._call("month")

    @property
    def day(self) -> Any:
        """The day of the month, 1 to 31.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> df.t.dt.day.compute().tolist()
        [3]
        """
        return self._of._call("day")

    @property
    def dayofweek(self) -> Any:
        """The day of the week, 0 for Monday to 6 for Sunday.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> df.t.dt.dayofweek.compute().tolist()
        [5]
        """
        return self._of._call("weekday") - 1

    weekday = day_of_week = dayofweek

    @property
    def dayofyear(self) -> Any:
        """The day of the year, 1 to 366.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> df.t.dt.dayofyear.compute().tolist()
        [34]
        """
        return self._of._call("ordinal_day")

    day_of_year = dayofyear

    @property
    def hour(self) -> Any:
        """The hour, 0 to 23.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> df.t.dt.hour.compute().tolist()
        [4]
        """
        return self._of._call("hour")

    @property
    def minute(self) -> Any:
        """The minute, 0 to 59.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> df.t.dt.minute.compute().tolist()
        [5]
        """
        return self._of._call("minute")

    @property
    def second(self) -> Any:
        """The second, 0 to 59.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> df.t.dt.second.compute().tolist()
        [6]
        """
        return self._of._call("second")

    @property
    def millisecond(self) -> Any:
        """Milliseconds since the second.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> df.t.dt.millisecond.compute().tolist()
        [789]
        """
        return self._of._call("millisecond")

    @property
    def microsecond(self) -> Any:
        """Microseconds since the second.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> df.t.dt.microsecond.compute().tolist()
        [789000]
        """
        return self._of._call("microsecond")

    @property
    def date(self) -> Any:
        """The day as a date.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> str(df.t.dt.date.compute()[0])
        '2001-02-03 00:00:00'
        """
        return self._of.cast("date")

    def floor(self, freq: str) -> Any:
        """The start of the window of time in which the point lies, as ``"15min"`` or ``"1mo"``.

        Examples
        --------
        >>> import blockfold as bf
        >>> import pandas as pd
        >>> df = bf.from_pandas(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 04:05:06.789"])}))
        >>> str(df.t.dt.floor("1h").compute()[0])
        '2001-02-03 04:00:00'
        """
        return self._of._call("truncate", window(freq))

    truncate = floor


_FREQUENCIES = {
    "D": "d", "H": "h", "T": "min", "min": "min", "S": "s", "L": "ms", "W": "w", "MS": "mo", "QS": "q", "YS": "y",
    "h": "h", "s": "s", "ms": "ms", "us": "us", "ns": "ns", "mo": "mo", "m": "m", "d": "d", "w": "w", "q": "q", "y": "y",
}  # fmt: skip


def window(freq: Any) -> str:
    """A window of time as the engine writes it, of pandas' names, a timedelta or pandas' offsets.

    Examples
    --------
    >>> window("D"), window("15min"), window("MS")
    ('1d', '15min', '1mo')
    """
    if hasattr(freq, "total_seconds"):
        return f"{round(freq.total_seconds() * 10**6)}us"
    text = str(getattr(freq, "freqstr", freq))
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    unit = text[len(digits) :]
    return f"{digits or '1'}{_FREQUENCIES.get(unit, unit)}"
