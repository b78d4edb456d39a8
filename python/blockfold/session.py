"""Sessions: a memory budget, threads and a scratch folder under which frames and arrays run."""

from __future__ import annotations

import os
from contextvars import ContextVar

from . import _blockfold as core

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any

    from .dataframe import DataFrame

_default: core.Session | None = None
_current: ContextVar[core.Session | None] = ContextVar("blockfold_session", default=None)


class Session:
    """A memory budget with threads, which all runs of its frames and arrays share.

    Parameters
    ----------
    memory_budget : int or str, optional
        Bytes that runs and their answers may hold, as a number or as ``"256MiB"``. Half of what the machine or its
        container has, unless given.
    threads : int, optional
        One for each core, unless given.
    scratch : path, optional
        Folder for what does not fit the budget; the system's folder for temporary files, unless given.
    scratch_limit : int or str, optional
        Bytes that scratch may take.

    record : bool
        Whether runs are recorded, for `blockfold.diagnostics`.
    dashboard : bool or str
        Whether runs are shown on a page in the browser: at an address, as ``"127.0.0.1:8787"``, or at a free port of this
        machine. `dashboard_link` says what to open.

    Examples
    --------
    >>> import blockfold as bf
    >>> session = bf.Session(memory_budget="64MiB", threads=2)
    >>> session.memory_budget
    '64.0 MiB'

    Frames and arrays that are made inside of a ``with`` belong to its session; others to the default one.

    >>> with session:
    ...     df = bf.datasets.timeseries(end="2000-01-02")
    >>> df.session.threads
    2
    """

    def __init__(
        self,
        memory_budget: int | str | None = None,
        threads: int | None = None,
        *,
        scratch: str | os.PathLike[str] | None = None,
        scratch_limit: int | str | None = None,
        record: bool = False,
        dashboard: bool | str = False,
    ):
        self._core = core.Session(memory_budget, threads, scratch, scratch_limit)
        self._tokens: list[Any] = []
        if record:
            self._core.start_recording()
        if dashboard:
            self._core.start_dashboard("127.0.0.1:0" if dashboard is True else dashboard)

    @classmethod
    def _of(cls, native: core.Session) -> Session:
        session = cls.__new__(cls)
        session._core, session._tokens = native, []
        return session

    @property
    def memory_budget(self) -> str:
        """The memory budget as text.

        Examples
        --------
        >>> import blockfold as bf
        >>> session = bf.Session(memory_budget="64MiB", threads=2)
        >>> session.memory_budget
        '64.0 MiB'
        """
        return self._core.memory_budget

    @property
    def memory_budget_bytes(self) -> int:
        """The memory budget in bytes.

        Examples
        --------
        >>> import blockfold as bf
        >>> session = bf.Session(memory_budget="64MiB", threads=2)
        >>> session.memory_budget_bytes
        67108864
        """
        return self._core.memory_budget_bytes

    @property
    def promised_bytes(self) -> int:
        """Bytes that are promised now: to running tasks, and to answers that are held.

        Examples
        --------
        >>> import blockfold as bf
        >>> session = bf.Session(memory_budget="64MiB", threads=2)
        >>> session.promised_bytes
        0
        """
        return self._core.promised_bytes

    @property
    def scratch_bytes(self) -> int:
        """Bytes that scratch files take now.

        Examples
        --------
        >>> import blockfold as bf
        >>> session = bf.Session(memory_budget="64MiB", threads=2)
        >>> session.scratch_bytes
        0
        """
        return self._core.scratch_bytes

    @property
    def threads(self) -> int:
        """Number of threads.

        Examples
        --------
        >>> import blockfold as bf
        >>> session = bf.Session(memory_budget="64MiB", threads=2)
        >>> session.threads
        2
        """
        return self._core.threads

    @property
    def scratch(self) -> os.PathLike[str]:
        """Folder for scratch files.

        Examples
        --------
        >>> import blockfold as bf
        >>> session = bf.Session(memory_budget="64MiB", threads=2)
        >>> isinstance(str(session.scratch), str)
        True
        """
        return self._core.scratch

    @property
    def dashboard_link(self) -> str | None:
        """What to open in a browser to see the runs; None without a dashboard.

        Examples
        --------
        >>> import blockfold as bf
        >>> bf.Session(threads=1, dashboard=True).dashboard_link.startswith("http://127.0.0.1:")
        True
        """
        return self._core.dashboard_url

    def performance_report(self) -> str:
        """What the last run needed, estimated against real, and why, as text; the session has to record.

        Examples
        --------
        >>> import blockfold as bf
        >>> with bf.Session(threads=1, record=True) as session:
        ...     total = bf.datasets.timeseries(end="2000-01-03", freq="1min").x.sum().compute()
        >>> "chain" in session.performance_report()
        True
        """
        return self._core.performance_report()

    def read_parquet(self, path: Any, **options: Any) -> DataFrame:
        """A lazy frame of Parquet files, see `blockfold.read_parquet`.

        Examples
        --------
        >>> import blockfold as bf
        >>> import os, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> path = os.path.join(folder.name, "data")
        >>> _ = bf.from_dict({"x": [1, 2]}).to_parquet(path)
        >>> session = bf.Session(memory_budget="64MiB")
        >>> session.read_parquet(path).x.sum().compute()
        3
        """
        from .dataframe import read_parquet

        with self:
            return read_parquet(path, **options)

    def __enter__(self) -> Session:
        self._tokens.append(_current.set(self._core))
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._tokens.pop())

    def _repr_html_(self) -> str:
        link = self.dashboard_link
        rows = {
            "memory budget": self.memory_budget,
            "promised": f"{self.promised_bytes:,} bytes",
            "scratch": f"{self.scratch_bytes:,} bytes",
            "threads": str(self.threads),
            "dashboard": f"<a href='{link}' target='_blank'>{link}</a>" if link else "none; pass dashboard=True",
        }
        cells = "".join(f"<tr><th style='text-align:left'>{name}</th><td>{value}</td></tr>" for name, value in rows.items())
        return f"<table>{cells}</table>"

    def __repr__(self) -> str:
        return f"<blockfold.Session: {self.memory_budget}, {self.threads} threads>"


def current() -> core.Session:
    """The native session for what is made now."""
    global _default
    session = _current.get()
    if session is not None:
        return session
    if _default is None:
        _default = _first()
    return _default


def _first() -> core.Session:
    """The default session that nobody has made: as the environment says."""
    if not any(name.startswith("BLOCKFOLD_") for name in os.environ):
        return core.Session(None, None, None, None)
    from .config import from_environment

    return Session(**from_environment())._core


def default_session() -> Session:
    """The session of frames and arrays that are made outside of any ``with``.

    Examples
    --------
    >>> import blockfold as bf
    >>> bf.default_session().threads > 0
    True
    """
    global _default
    if _default is None:
        _default = _first()
    return Session._of(_default)


def set_default_session(session: Session) -> None:
    """Makes a session the default one, for what is made from now on.

    Examples
    --------
    >>> import blockfold as bf
    >>> bf.set_default_session(bf.Session(memory_budget="512MiB"))
    >>> bf.default_session().memory_budget
    '512.0 MiB'
    """
    global _default
    _default = session._core
