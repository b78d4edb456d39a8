"""Regular expressions as Python writes them, for the engine, whose own are of the crate ``regex``."""

from __future__ import annotations

import re

from .exceptions import ArgumentError, UnsupportedError

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any

#: What the engine's expressions have not: looking around, and matching what a group matched.
_ABSENT = re.compile(r"(?<!\\)(?:\\\\)*(?:\(\?(?:[=!]|<[=!]|P=|\()|\\[1-9])")

_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}


def compiled(pattern: Any, op: str, case: bool = True, flags: int = 0) -> re.Pattern[str]:
    """A pattern as Python compiles it, when the engine has all that it asks for."""
    if isinstance(pattern, re.Pattern):
        pattern, flags = pattern.pattern, flags | pattern.flags
    if not isinstance(pattern, str):
        raise ArgumentError(f"{op}: a regular expression is a text, not {type(pattern).__name__}")
    try:
        made = re.compile(pattern, flags | (0 if case else re.IGNORECASE))
    except re.error as error:
        raise ArgumentError(f"{op}: {pattern!r} is no regular expression: {error}") from error
    if _ABSENT.search(pattern):
        raise UnsupportedError(
            f"{op} of {pattern!r} is not supported, since it looks around or refers back to a group; take map_partitions"
        )
    return made


def engine_pattern(pattern: re.Pattern[str]) -> str:
    """The same expression as the engine writes it.

    Examples
    --------
    >>> import re
    >>> engine_pattern(re.compile("a+", re.IGNORECASE))
    '(?i)a+'
    """
    flags = "".join(letter for flag, letter in _FLAGS.items() if pattern.flags & flag)
    text = re.sub(r"(?<!\\)((?:\\\\)*)\\Z", r"\1\\z", pattern.pattern)
    return f"(?{flags}){text}" if flags else text


def engine_replacement(text: str) -> str:
    r"""What stands for a match as the engine writes it.

    Examples
    --------
    >>> engine_replacement(r"<\1> $")
    '<${1}> $$'
    """
    text = text.replace("$", "$$")
    text = re.sub(r"\\g<(\w+)>", r"${\1}", text)
    return re.sub(r"\\(\d+)", r"${\1}", text).replace("\\\\", "\\")
