"""Functions of partitions that see some rows of the partitions beside them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any

from ..exceptions import ArgumentError
from ._merge import concat

#: Partitions that a frame may have: each is a plan of its own.
MOST_PARTITIONS = 1000


class _Trimmed:
    """A function whose result lacks the rows that belong to other partitions."""

    def __init__(self, function: Callable[..., Any], before: int, rows: int):
        self._function, self._before, self._rows = function, before, rows

    def __call__(self, part: Any, *args: Any, **kwargs: Any) -> Any:
        made = self._function(part, *args, **kwargs)
        if len(made) != len(part):
            raise ArgumentError(
                f"map_overlap: the function made {len(made)} rows of {len(part)}; it has to make one of each"
            )
        return made.iloc[self._before : self._before + self._rows] if len(part) else made


def map_overlap(frame: Any, function: Callable[..., Any], before: int, after: int, args: Any, kwargs: Any) -> Any:
    """A function of each partition with rows before and after it; these are taken off its result.

    Partitions are counted at once, since nobody knows before how many rows they have.
    """
    for name, rows in (("before", before), ("after", after)):
        if not isinstance(rows, int) or isinstance(rows, bool) or not 0 <= rows < 2**31:
            raise ArgumentError(f"map_overlap: {name}={rows!r}; take a number of rows")
    count = frame.npartitions
    if count > MOST_PARTITIONS:
        raise ArgumentError(f"map_overlap: {count} partitions; repartition to {MOST_PARTITIONS} at most")
    lengths = [len(frame.partitions[at]) for at in range(count)]
    ends = list(accumulate(lengths, initial=0))
    parts = []
    for at, rows in enumerate(lengths):
        if not rows and count > 1 and ends[-1]:
            continue
        start, stop = max(ends[at] - before, 0), min(ends[at + 1] + after, ends[-1])
        first = max(place for place in range(count) if ends[place] <= start)
        last = min(place for place in range(first, count) if ends[place + 1] >= stop)
        near = frame.partitions[first : last + 1].slice(start - ends[first], stop - start).repartition(npartitions=1)
        parts.append(near.map_partitions(_Trimmed(function, ends[at] - start, rows), *args, **kwargs))
    made = parts[0]
    if len(parts) == 1:
        return made
    if hasattr(made, "to_frame") and not hasattr(made, "columns"):
        return concat([part.to_frame("x") for part in parts])._only().rename(made.name)
    return concat(parts)
