"""Settings of the default session by name, as Dask has them: set, looked up, and taken from the environment.

>>> import blockfold as bf
>>> with bf.config.set(memory_budget="64MiB", threads=2):
...     bf.default_session().threads
2
"""

from __future__ import annotations

import os

from . import session as sessions
from .exceptions import ArgumentError

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any

__all__ = ["get", "set"]

#: Settings of sessions, and what Dask calls them.
_OWN = ("memory_budget", "threads", "scratch", "scratch_limit")
_DASK = {"num_workers": "threads", "temporary_directory": "scratch", "temporary-directory": "scratch"}
_SERIAL = ("sync", "synchronous", "single-threaded")

_settings: dict[str, Any] = {}


def get(key: str, default: Any = None) -> Any:
    """What a setting was set to.

    Examples
    --------
    >>> import blockfold as bf
    >>> bf.config.get("array.slicing.split-large-chunks", False)
    False
    """
    return _settings.get(_DASK.get(key, key), default)


class set:
    """Changes settings, until the end of the ``with`` when used in one.

    ``memory_budget``, ``threads``, ``scratch`` and ``scratch_limit`` give a new default session, for frames and arrays that
    are made from now on; other names are kept for `get` and change nothing.

    Parameters
    ----------
    settings : dict, optional
        Settings by name, for names that are no identifiers.
    **named
        Settings by name.

    Examples
    --------
    >>> import blockfold as bf
    >>> with bf.config.set({"scheduler": "synchronous"}):
    ...     bf.default_session().threads
    1
    """

    def __init__(self, settings: dict[str, Any] | None = None, **named: Any):
        given = {_DASK.get(key, key): value for key, value in {**(settings or {}), **named}.items()}
        if given.get("scheduler") in _SERIAL:
            given.setdefault("threads", 1)
        self._before = dict(_settings), sessions._default
        own = {key: value for key, value in {**_settings, **given}.items() if key in _OWN}
        made = sessions.Session(**own)._core if any(key in _OWN for key in given) else None
        _settings.update(given)
        if made is not None:
            sessions._default = made

    def __enter__(self) -> dict[str, Any]:
        return dict(_settings)

    def __exit__(self, *_: object) -> None:
        before, sessions._default = self._before
        _settings.clear()
        _settings.update(before)


def from_environment() -> dict[str, Any]:
    """Settings of sessions that the environment gives: ``BLOCKFOLD_MEMORY_BUDGET``, ``BLOCKFOLD_THREADS`` and so on."""
    found: dict[str, Any] = {}
    for key in _OWN:
        value = os.environ.get(f"BLOCKFOLD_{key.upper()}")
        if value is not None:
            found[key] = value
    if "threads" in found:
        if not found["threads"].isdigit():
            raise ArgumentError(f"BLOCKFOLD_THREADS is a number of threads, not {found['threads']!r}")
        found["threads"] = int(found["threads"])
    return found
