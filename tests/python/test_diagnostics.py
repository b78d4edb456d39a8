"""Watching runs from Python: progress, profiles, reports, recordings, the dashboard."""

import io
import json
import urllib.request

import pytest

import blockfold as bf
from blockfold.diagnostics import (
    CacheProfiler,
    ProgressBar,
    Profiler,
    ResourceProfiler,
    performance_report,
    visualize,
    write_recording,
    write_trace,
)
from blockfold.distributed import Client


def total():
    return bf.datasets.timeseries(end="2000-01-10", freq="1min", partition_freq="1D").x.sum().compute()


@pytest.fixture
def session():
    with bf.Session(threads=2, memory_budget="128MiB") as session:
        yield session


def test_progress_in_a_terminal(session):
    shown = io.StringIO()
    with ProgressBar(out=shown, width=10):
        total()
    assert "[##########] | 100% Completed" in shown.getvalue()
    before = shown.getvalue()
    total()
    assert shown.getvalue() == before
    with ProgressBar(minimum=1000, out=shown):
        total()
    assert shown.getvalue() == before


def test_progress_tells_of_failures(session):
    shown = io.StringIO()
    df = bf.from_dict({"x": [1, 2]})
    with ProgressBar(out=shown), pytest.raises(ZeroDivisionError):
        df.map_partitions(lambda part: part.assign(y=1 / (len(part) - 2)), meta=None).compute()
    assert "failed" in shown.getvalue() or shown.getvalue() == ""


def test_profiles(session):
    with Profiler() as tasks, ResourceProfiler() as resources, CacheProfiler() as cache:
        total()
    assert len(tasks.results) >= 1
    assert all(task.end_time >= task.start_time for task in tasks.results)
    assert {task.worker_id for task in tasks.results} <= {0, 1}
    for profile in (tasks, resources, cache):
        assert b"<svg" in profile.visualize().data
    assert b"<svg" in visualize([tasks]).data
    count = len(tasks.results)
    total()
    assert len(tasks.results) == count
    with Profiler() as nothing:
        pass
    with pytest.raises(ValueError, match="nothing ran"):
        nothing.visualize()


def test_files(session, tmp_path):
    with performance_report(tmp_path / "report.html"):
        total()
    page = (tmp_path / "report.html").read_text()
    assert "<html" in page and "timeseries" in page
    write_recording(tmp_path / "run.bfrun")
    write_trace(tmp_path / "trace.json")
    assert (tmp_path / "run.bfrun").stat().st_size > 0
    assert json.loads((tmp_path / "trace.json").read_text())
    assert "timeseries" in session.performance_report()


def test_nothing_is_recorded_unless_asked():
    with bf.Session(threads=1):
        total()
        with pytest.raises(ValueError, match="record"):
            write_recording("/nowhere/run.bfrun")


def test_the_dashboard_is_served(tmp_path):
    with bf.Session(threads=2, dashboard=True) as session:
        total()
        link = session.dashboard_link
        assert link.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(link, timeout=10) as page:
            assert b"<html" in page.read().lower()
        with Client(dashboard_address=":0") as client:
            assert client.dashboard_link == link
            assert client.submit(abs, -3).result() == 3
    with pytest.raises(ValueError, match="dashboard"):
        bf.Session(threads=1, dashboard="nowhere at all")
    with pytest.raises(ValueError, match="dashboard"):
        bf.Session(threads=1, dashboard=link.removeprefix("http://").rstrip("/"))


def test_sessions_show_themselves_in_notebooks():
    with bf.Session(threads=2, memory_budget="64MiB", dashboard=True) as session:
        page = session._repr_html_()
        assert "64.0 MiB" in page and f"href='{session.dashboard_link}'" in page
        client = Client()
        assert client.scheduler_info()["workers"]["inproc"]["memory_limit"] == 64 << 20
    assert "dashboard=True" in bf.Session(threads=1)._repr_html_()
