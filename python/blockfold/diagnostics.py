"""Watching runs: progress, profiles, reports, recordings and the dashboard.

>>> import blockfold as bf
>>> from blockfold.diagnostics import Profiler
>>> with bf.Session(threads=2), Profiler() as profiler:
...     total = bf.datasets.timeseries(end="2000-01-03", freq="1min").x.sum().compute()
>>> len(profiler.results) >= 1
True
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any, NamedTuple, TextIO

from . import _blockfold as core
from .exceptions import ArgumentError
from .session import current

__all__ = [
    "CacheProfiler",
    "ProgressBar",
    "Profiler",
    "ResourceProfiler",
    "performance_report",
    "visualize",
    "write_recording",
    "write_trace",
]


def _asked(session: core.Session, what: str, run: int | None = None) -> Any:
    return json.loads(session.watched(what, run))


# ---- progress


class ProgressBar:
    """Shows how far runs are: a line in terminals, a bar in notebooks. In a ``with``, or from `register` to `unregister`.

    Parameters
    ----------
    minimum : float
        Runs shorter than so many seconds show nothing.
    width : int
        Characters of the bar.
    dt : float
        Seconds between two looks.
    out : text stream, optional
        Where the line goes, standard error unless given.

    Examples
    --------
    >>> import blockfold as bf, io
    >>> from blockfold.diagnostics import ProgressBar
    >>> shown = io.StringIO()
    >>> with ProgressBar(out=shown):
    ...     total = bf.datasets.timeseries(end="2000-01-03", freq="1min").x.sum().compute()
    >>> "100%" in shown.getvalue()
    True
    """

    def __init__(self, minimum: float = 0, width: int = 40, dt: float = 0.1, out: TextIO | None = None):
        self._minimum, self._width, self._dt = minimum, width, dt
        self._show = _Line(out, width) if out is not None or not _in_notebook() else _Html()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def register(self) -> None:
        """Starts to look."""
        session = current()
        session.start_recording()
        runs = _asked(session, "runs")
        self._after = runs[-1]["id"] if runs else 0
        self._session, self._shown = session, 0
        self._stop.clear()
        self._thread = threading.Thread(target=self._look, name="blockfold-progress", daemon=True)
        self._thread.start()

    def unregister(self) -> None:
        """Looks a last time, and ends."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _look(self) -> None:
        while True:
            is_over = self._stop.wait(self._dt)
            for run in _asked(self._session, "runs"):
                if run["id"] > max(self._after, self._shown) and run["elapsed_us"] >= self._minimum * 1e6:
                    is_done = run["state"] != "running"
                    self._show(run, is_done)
                    if is_done:
                        self._shown = run["id"]
            if is_over:
                return

    def __enter__(self) -> ProgressBar:
        self.register()
        return self

    def __exit__(self, *_: object) -> None:
        self.unregister()


def _share(run: Any) -> float:
    return 1.0 if run["state"] == "done" else run["tasks_done"] / max(run["tasks"], 1)


class _Line:
    """A line of a terminal that is written over."""

    def __init__(self, out: TextIO | None, width: int):
        self._out, self._width = out, width

    def __call__(self, run: Any, is_done: bool) -> None:
        out = sys.stderr if self._out is None else self._out
        share = _share(run)
        bar = "#" * round(self._width * share)
        how = "Completed" if run["state"] in ("running", "done") else run["state"]
        out.write(f"\r[{bar:<{self._width}}] | {share:.0%} {how} | {run['elapsed_us'] / 1e6:.2f} s")
        out.write("\n" if is_done else "")
        out.flush()


class _Html:
    """A bar in a notebook."""

    def __init__(self) -> None:
        self._shown: dict[int, Any] = {}

    def __call__(self, run: Any, is_done: bool) -> None:
        from html import escape

        from IPython.display import HTML, display

        text = f"{run['tasks_done']} of {run['tasks']} tasks, {run['rows_read']:,} rows, {run['elapsed_us'] / 1e6:.1f} s"
        error = f"<br>{escape(run['error'])}" if run["error"] else ""
        page = HTML(
            f"<div><progress style='width:40%' value='{_share(run):.3f}' max='1'></progress> {text}, {run['state']}{error}</div>"
        )
        if run["id"] in self._shown:
            self._shown[run["id"]].update(page)
        else:
            self._shown[run["id"]] = display(page, display_id=True)


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell is not None else None
    return found is not None and hasattr(found, "kernel")


# ---- profiles


class TaskData(NamedTuple):
    """A task: what it belonged to, when it ran in seconds since the run's start, and where."""

    key: tuple[int, int]
    task: str
    start_time: float
    end_time: float
    worker_id: int


class ResourceData(NamedTuple):
    """What the process took at a time: bytes in MB and processors in percent."""

    time: float
    mem: float
    cpu: float


class CacheData(NamedTuple):
    """Bytes of blocks that wait at a time: in memory promised, and in scratch."""

    time: float
    promised: float
    spilled: float


class _Recorded:
    """Notes the runs of a ``with``."""

    _plot = ""

    def __init__(self, **unused: Any):
        self._session: core.Session | None = None
        self._first = 0
        self._ended: list[int] | None = None

    def register(self) -> None:
        """Starts to note."""
        self._session = current()
        self._session.start_recording()
        runs = _asked(self._session, "runs")
        self._first, self._ended = (runs[-1]["id"] if runs else 0) + 1, None

    def unregister(self) -> None:
        """Ends."""
        self._ended = self._runs()

    def __enter__(self) -> Any:
        self.register()
        return self

    def __exit__(self, *_: object) -> None:
        self.unregister()

    def _runs(self) -> list[int]:
        if self._session is None:
            return []
        if self._ended is not None:
            return self._ended
        return [run["id"] for run in _asked(self._session, "runs") if run["id"] >= self._first]

    def visualize(self, filename: str | None = None, **unused: Any) -> Any:
        """The last run as an SVG picture, also written to a file."""
        from .visualize import Picture

        runs = self._runs()
        if self._session is None or not runs:
            raise ArgumentError("visualize: nothing ran inside of the profiler")
        svg = self._session.watched(self._plot, runs[-1])
        if filename is not None:
            with open(filename, "w", encoding="utf-8") as file:
                file.write(svg)
        return Picture(svg.encode(), "svg", None)


class Profiler(_Recorded):
    """Notes the tasks of runs: when each ran, and on which thread."""

    _plot = "task plot"

    @property
    def results(self) -> list[TaskData]:
        """The tasks, in the order in which they started; of long runs the slowest, the failed and a sample."""
        found = []
        for run in self._runs():
            for row in _asked(self._session, "tasks", run)["rows"]:  # type: ignore[arg-type]
                start, end = row["start_us"] / 1e6, (row["start_us"] + row["elapsed_us"]) / 1e6
                found.append(TaskData((row["chain"], row["task"]), row["label"], start, end, row["worker"]))
        return found


class ResourceProfiler(_Recorded):
    """Notes memory and processors of the process during runs."""

    _plot = "resource plot"

    @property
    def results(self) -> list[ResourceData]:
        """Memory and processors over time."""
        cores = _asked(self._session, "system")["cores"] if self._session is not None else 1
        return [
            ResourceData(at, resident / 1e6, cpu * 100 * cores)
            for at, resident, cpu in _points(self, "resident", "cpu")
        ]


class CacheProfiler(_Recorded):
    """Notes what waits in memory and in scratch during runs."""

    _plot = "cache plot"

    @property
    def results(self) -> list[CacheData]:
        """Bytes that were promised and in scratch over time."""
        return [CacheData(at, promised, spilled) for at, promised, spilled in _points(self, "promised", "spilled")]


def _points(recorded: _Recorded, *names: str) -> list[tuple[float, ...]]:
    found = []
    for run in recorded._runs():
        series = _asked(recorded._session, "series", run)  # type: ignore[arg-type]
        columns = [series["columns"].get(name, []) for name in names]
        for at, values in enumerate(zip(*columns, strict=True)):
            if all(value is not None for value in values):
                found.append(((series["from_us"] + at * series["step_us"]) / 1e6, *values))
    return found


def visualize(profilers: Any, filename: str | None = None, **unused: Any) -> Any:
    """The picture of a profiler, or of the first of several."""
    first = profilers[0] if isinstance(profilers, (list, tuple)) else profilers
    return first.visualize(filename)


# ---- files


class performance_report:
    """Writes what ran in a ``with`` as one HTML file, which needs no network.

    Parameters
    ----------
    filename : path

    Examples
    --------
    >>> import blockfold as bf, os, tempfile
    >>> from blockfold.diagnostics import performance_report
    >>> path = tempfile.mkdtemp() + "/report.html"
    >>> with performance_report(path):
    ...     total = bf.datasets.timeseries(end="2000-01-03", freq="1min").x.sum().compute()
    >>> os.path.getsize(path) > 1000
    True
    """

    def __init__(self, filename: str = "blockfold-report.html", **unused: Any):
        self._filename = filename

    def __enter__(self) -> performance_report:
        self._session = current()
        self._session.start_recording()
        return self

    def __exit__(self, *_: object) -> None:
        self._session.write_report(self._filename)


def write_recording(path: Any) -> None:
    """Writes what the current session recorded so far, for ``blockfold dashboard RUN.bfrun``.

    Examples
    --------
    >>> import blockfold as bf, os, tempfile
    >>> from blockfold.diagnostics import write_recording
    >>> path = tempfile.mkdtemp() + "/run.bfrun"
    >>> with bf.Session(threads=1, record=True):
    ...     total = bf.from_dict({"x": [1, 2]}).x.sum().compute()
    ...     write_recording(path)
    >>> os.path.getsize(path) > 0
    True
    """
    current().write_recording(path)


def write_trace(path: Any) -> None:
    """Writes what the current session recorded so far as a trace for Chrome or Perfetto.

    Examples
    --------
    >>> import blockfold as bf, json, tempfile
    >>> from blockfold.diagnostics import write_trace
    >>> path = tempfile.mkdtemp() + "/trace.json"
    >>> with bf.Session(threads=1, record=True):
    ...     total = bf.from_dict({"x": [1, 2]}).x.sum().compute()
    ...     write_trace(path)
    >>> len(json.load(open(path))) > 0
    True
    """
    current().write_trace(path)
