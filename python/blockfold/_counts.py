"""Counts that users give, checked before anything is made of them."""

from __future__ import annotations

from .exceptions import ArgumentError

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any

#: Partitions that a frame is made of, at most: each costs memory and time before it has a row.
MOST_PARTITIONS = 100_000


def count(value: Any, name: str, least: int = 0, most: int = 2**62) -> int:
    """A whole number within bounds.

    Examples
    --------
    >>> count(3, "head: n")
    3
    """
    import operator

    try:
        number = operator.index(value)
    except TypeError:
        raise ArgumentError(f"{name}={value!r} is no whole number") from None
    if isinstance(value, bool) or not least <= number <= most:
        raise ArgumentError(
            f"{name}={value!r}; take {least} to {most}" if most < 2**62 else f"{name}={value!r}; take at least {least}"
        )
    return number


def partitions(value: Any, op: str) -> int:
    """A number of partitions."""
    return count(value, f"{op}: npartitions", 1, MOST_PARTITIONS)
