"""Functions of texts and of points in time, as ``col("t").dt.year``."""

from __future__ import annotations

from . import _blockfold as core

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

    def strip(self, chars: str | None = None) -> Any:
        """The text without white space at its ends, or without some characters.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.strip().compute().tolist()
        ['Ada', 'Bob']
        """
        return self._of._call("strip") if chars is None else self._stripped(chars, "^{0}+|{0}+$")

    def lstrip(self, chars: str | None = None) -> Any:
        """The text without white space, or without some characters, at its start."""
        return self._stripped(chars, "^{0}+")

    def rstrip(self, chars: str | None = None) -> Any:
        """The text without white space, or without some characters, at its end."""
        return self._stripped(chars, "{0}+$")

    def _stripped(self, chars: str | None, pattern: str) -> Any:
        import re

        if chars == "":
            return self._of
        any_of = r"\s" if chars is None else f"[{re.escape(chars)}]"
        return self._of._call("replace_matches", pattern.format(any_of), "")

    def contains(
        self, pat: Any, case: bool = True, flags: int = 0, na: Any = None, regex: bool = True, literal: bool = False
    ) -> Any:
        """Whether a regular expression matches in the text; with ``regex=False`` or ``literal=True``, whether the text holds
        another one.

        Expressions look like Python's, without looking around and referring back to groups.

        Examples
        --------
        >>> import blockfold as bf
        >>> bf.from_dict({"s": ["ab1", "b", "a22"]}).s.str.contains("^a.*[0-9]$").compute().tolist()
        [True, False, True]
        """
        if literal or not regex:
            return self._of._call("contains", pat)
        return self._matches(pat, "contains", case, flags, "{}")

    def match(self, pat: Any, case: bool = True, flags: int = 0) -> Any:
        """Whether a regular expression matches at the start of the text."""
        return self._matches(pat, "match", case, flags, r"\A(?:{})")

    def fullmatch(self, pat: Any, case: bool = True, flags: int = 0) -> Any:
        """Whether a regular expression matches all of the text."""
        return self._matches(pat, "fullmatch", case, flags, r"\A(?:{})\z")

    def _matches(self, pat: Any, op: str, case: bool, flags: int, frame: str) -> Any:
        from ._patterns import compiled, engine_pattern

        return self._of._call("matches", frame.format(engine_pattern(compiled(pat, f"str.{op}", case, flags))))

    def count(self, pat: Any, flags: int = 0) -> Any:
        """How often a regular expression matches in the text."""
        from ._patterns import compiled, engine_pattern

        return self._of._call("count_matches", engine_pattern(compiled(pat, "str.count", True, flags)))

    def extract(self, pat: Any, flags: int = 0, expand: bool = True, group: int = 1) -> Any:
        """What the groups of a regular expression matched first; null where it does not match.

        Of a series the frame of all groups, unless ``expand=False`` and there is one; of an expression one group.

        Examples
        --------
        >>> import blockfold as bf
        >>> bf.from_dict({"s": ["a1", "b2", "c"]}).s.str.extract("([ab])([0-9])").compute()
             0    1
        0    a    1
        1    b    2
        2  NaN  NaN
        """
        from ._patterns import compiled, engine_pattern
        from .exceptions import ArgumentError

        pattern = compiled(pat, "str.extract", True, flags)
        if pattern.groups == 0:
            raise ArgumentError(f"str.extract: {pattern.pattern!r} has no group; put what is wanted in parentheses")
        names = {at: name for name, at in pattern.groupindex.items()}

        def one(at: int) -> Any:
            return self._of._call("extract_match", engine_pattern(pattern), at)

        if not hasattr(self._of, "to_frame"):
            return one(group)
        if not expand and pattern.groups == 1:
            return one(1).rename(names.get(1, self._of.name))
        return self._beside({names.get(at, at - 1): one(at) for at in range(1, pattern.groups + 1)})

    def split(self, pat: str | None = None, n: int = -1, expand: bool = False) -> Any:
        """The parts of the text between separators: with ``n=`` and ``expand=True`` a frame of ``n + 1`` columns, else
        for ``.str[i]``, which takes one part.

        Examples
        --------
        >>> import blockfold as bf
        >>> s = bf.from_dict({"s": ["a-b-c", "d"]}).s
        >>> s.str.split("-", n=1, expand=True).compute()
           0    1
        0  a  b-c
        1  d  NaN
        >>> s.str.split("-").str[0].compute().tolist()
        ['a', 'd']
        """
        from .exceptions import ArgumentError, UnsupportedError

        if pat is None and not expand and hasattr(self._of, "_rows"):
            from .dataframe._by_pandas import accessor

            return accessor(self._of, "str", "split")(n=n)
        if not isinstance(pat, str) or not pat:
            raise UnsupportedError(
                "str.split at any white space is not supported; pass the text that separates, as ' '"
            )
        parts = Parts(self._of, pat, n)
        if not expand:
            return parts
        if not isinstance(n, int) or not 1 <= n <= 1000:
            raise ArgumentError(f"str.split: n={n!r}; say how many times to split, 1 to 1000, to know the columns")
        return self._beside({at: parts[at] for at in range(n + 1)})

    def _beside(self, columns: dict[Any, Any]) -> Any:
        """Series of the same rows as a frame."""
        frame = self._of.to_frame("x")._replace({})
        return frame._assigned(columns)

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

    def replace(self, pat: Any, repl: Any, n: int = -1, case: bool = True, flags: int = 0, regex: bool = False) -> Any:
        """The text with every occurrence of one text replaced by another; with ``regex=True``, every match of a regular
        expression, where ``\\1`` in what replaces it stands for a group.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.replace("b", "p").compute().tolist()
        [' Ada ', 'Bop']
        """
        from .exceptions import UnsupportedError

        if n != -1 or callable(repl):
            raise UnsupportedError(
                "str.replace of the first ones alone, or by a function, is not supported; take map_partitions"
            )
        if not regex and case and not flags and not hasattr(pat, "pattern"):
            return self._of._call("replace", pat, repl)
        from ._patterns import compiled, engine_pattern, engine_replacement

        pattern = compiled(pat, "str.replace", case, flags)
        return self._of._call("replace_matches", engine_pattern(pattern), engine_replacement(repl))

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

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, slice):
            return self.get(key)
        if key.step not in (None, 1):
            from .exceptions import UnsupportedError

            raise UnsupportedError("every other character of a text is not supported; take a slice without a step")
        return self.slice(key.start or 0, key.stop)

    def get(self, i: int) -> Any:
        """The character at a place, from the end when negative; null where the text is shorter."""
        made = self._of._call("slice", i, 1)
        return made._map(core.Expr.case([(made._core.binary("!=", ""), made._core)]))

    def cat(self, other: Any, sep: str = "") -> Any:
        """The text followed by another one, with a text between them.

        Examples
        --------
        >>> import blockfold as bf
        >>> df = bf.from_dict({"t": [" Ada ", "Bob"]})
        >>> df.t.str.cat("!").compute().tolist()
        [' Ada !', 'Bob!']
        """
        return (self._of._call("concat", sep) if sep else self._of)._call("concat", other)

    def pad(self, width: int, side: str = "left", fillchar: str = " ") -> Any:
        """The text filled up to a number of characters, on the left or on the right."""
        from .exceptions import ArgumentError, UnsupportedError

        if side not in ("left", "right"):
            raise UnsupportedError(f"str.pad on side={side!r} is not supported; there are left and right")
        if not isinstance(width, int) or not 0 <= width <= 10_000 or len(fillchar) != 1:
            raise ArgumentError("str.pad takes a width of 0 to 10000 characters, and one character to fill with")
        text = self._of._core.without_alias()
        missing = text.call("len_chars", []).negate().binary("+", width)
        filling = core.Expr.lit(fillchar * width).call("slice", [0, missing])
        return self._of._map(filling.call("concat", [text]) if side == "left" else text.call("concat", [filling]))

    def ljust(self, width: int, fillchar: str = " ") -> Any:
        """The text filled up on the right."""
        return self.pad(width, "right", fillchar)

    def rjust(self, width: int, fillchar: str = " ") -> Any:
        """The text filled up on the left."""
        return self.pad(width, "left", fillchar)

    def isdigit(self) -> Any:
        """Whether the text is of digits alone."""
        return self._of._call("matches", r"\A\p{Nd}+\z")

    def isalpha(self) -> Any:
        """Whether the text is of letters alone."""
        return self._of._call("matches", r"\A\p{L}+\z")

    def isspace(self) -> Any:
        """Whether the text is of white space alone."""
        return self._of._call("matches", r"\A\s+\z")


class Parts:
    """The parts of texts between separators, of which ``.str[i]`` takes one."""

    __slots__ = ("_cuts", "_of", "_separator")

    def __init__(self, of: Any, separator: str, cuts: int):
        self._of, self._separator, self._cuts = of, separator, cuts

    @property
    def str(self) -> Parts:
        """The parts, for ``.str[i]`` and ``.str.get(i)``."""
        return self

    def get(self, i: int) -> Any:
        """The part at a place; null where there are fewer."""
        if not isinstance(i, int) or i < 0:
            from .exceptions import UnsupportedError

            raise UnsupportedError("parts are counted from the start: take .str[0] and so on")
        return self._of._call("split_rest" if i == self._cuts else "split_part", self._separator, i)

    __getitem__ = get

    def __getattr__(self, name: Any) -> Any:
        if hasattr(self._of, "_rows") and not name.startswith("_"):
            from .dataframe._by_pandas import accessor

            # The lists themselves, which pandas makes.
            return getattr(accessor(self._of, "str", "split")(self._separator, n=self._cuts), name)
        from .exceptions import AbsentError

        raise AbsentError(f"{name!r} of lists of parts is not supported; take one part, as .str.split('-').str[0]")


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

    def normalize(self) -> Any:
        """The start of the day."""
        return self._of._call("truncate", "1d")

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
