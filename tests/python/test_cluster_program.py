"""The program's ``--cluster``: the same answers as here, and errors that say what to do."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import blockfold as bf
import pytest
from cluster import PACKAGE

pytest.importorskip("distributed")
PROGRAM = Path(os.environ.get("BLOCKFOLD_BIN", "")).absolute()
pytestmark = pytest.mark.skipif(not PROGRAM.is_file(), reason="BLOCKFOLD_BIN names no program")

QUERIES = {
    "groups": ["groupby", "days", "--by", "name", "--agg", "x:mean,x:std,y:n_unique,id:median,len"],
    "filter": [
        "groupby",
        "days",
        "--by",
        "name,id",
        "--agg",
        "y:var",
        "--filter",
        "x > 0.9 and not (y between -0.5 and 0.25)",
    ],
    "words": ["groupby", "days", "--by", "id", "--agg", "len", "--filter", "name in ('Alice', 'Bob') or x is null"],
    "functions": [
        "sort",
        "days",
        "--by",
        "timestamp",
        "--filter",
        "sqrt(abs(x)) > 0.95 and contains(lower(name), 'ali')",
    ],
    "filled": ["sort", "days", "--by", "timestamp", "--filter", "coalesce(x, y, 0) / 2 > 4.5e-1 and -id % 7 = 0"],
    "times": [
        "groupby",
        "days",
        "--by",
        "name",
        "--agg",
        "x:max",
        "--filter",
        "timestamp >= '2000-01-02' and hour(timestamp) < 5",
    ],
    "nothing": ["groupby", "days", "--by", "name", "--agg", "x:sum", "--filter", "x > 2"],
    "sort": ["sort", "days", "--by", "name,-x", "--limit", "7"],
    "distinct": ["distinct", "days", "--by", "name", "--filter", "x > 0"],
    "rows": ["distinct", "days", "--filter", "x > 0.99"],
    "join": ["join", "days", "names", "--on", "name", "--suffix", "_of", "--filter", "x > 0.9"],
    "sides": ["join", "names", "days", "--left-on", "name", "--right-on", "name", "--how", "semi"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("program")
    df = bf.datasets.timeseries(end="2000-01-05", freq="5min", partition_freq="1D", seed=1)
    df.to_parquet(made / "days")
    df.groupby("name").agg({"x": "sum"}).reset_index().head(5, compute=False).to_ipc(made / "names")
    return made


def ran(folder, *args, **environment):
    known = {**os.environ, "BLOCKFOLD_PYTHON": sys.executable, "PYTHONPATH": str(PACKAGE), **environment}
    return subprocess.run([PROGRAM, *args], cwd=folder, env=known, capture_output=True, text=True, timeout=120)


def rows(folder, *args):
    done = ran(folder, "--json", *args)
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    # Groups come in any order.
    listed = document["rows"] if args[0] == "sort" else sorted(map(json.dumps, document["rows"]))
    return document["command"], document["columns"], document["num_rows"], listed


@pytest.mark.parametrize("name", QUERIES)
def test_answers_are_the_same(name, cluster, folder):
    here = rows(folder, *QUERIES[name])
    assert rows(folder, *QUERIES[name], "--cluster", cluster) == here


def test_answers_are_printed_and_written(cluster, folder, tmp_path):
    query = [*QUERIES["sort"], "--cluster", cluster]
    done = ran(folder, *query)
    assert done.returncode == 0 and done.stderr == "", done
    here = ran(folder, *QUERIES["sort"]).stdout
    assert done.stdout.splitlines()[:-1] == here.splitlines()[:-1]
    assert done.stdout.splitlines()[-1].startswith(f"7 rows; on {cluster} in ")
    for name in ("rows.csv", "rows.parquet", "folder"):
        assert ran(folder, *query, "--out", tmp_path / name).returncode == 0
    ran(folder, *QUERIES["sort"], "--out", tmp_path / "here.csv")
    assert (tmp_path / "rows.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
    assert len(bf.read_parquet(str(tmp_path / "rows.parquet"))) == len(bf.read_parquet(str(tmp_path / "folder"))) == 7


def refused(done, code=1):
    assert done.returncode == code and done.stdout == "" and done.stderr.startswith("error: "), done
    return done.stderr


def script(path, line):
    """A program of one line of a shell."""
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path


def test_failures_say_what_to_do(cluster, folder, tmp_path):
    query = [*QUERIES["groups"], "--cluster"]
    limit = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    assert "no scheduler of Dask answered at tcp://127.0.0.1:9" in refused(
        ran(folder, *query, "tcp://127.0.0.1:9", **limit)
    )
    told = refused(ran(folder, *query, cluster, BLOCKFOLD_PYTHON=str(tmp_path / "python")))
    assert "could not be started" in told and "pip install 'blockfold[cluster]'" in told
    # Without what is installed beside it.
    bare = script(tmp_path / "bare", f'exec {sys.executable} -S "$@"')
    told = refused(ran(tmp_path, *query, cluster, PYTHONPATH="", BLOCKFOLD_PYTHON=str(bare)))
    assert f"'{bare}' has not; pip install 'blockfold[cluster]'" in told
    unknown = ["groupby", "days", "--by", "nothing", "--agg", "len"]
    assert refused(ran(folder, *unknown, "--cluster", cluster)) == refused(ran(folder, *unknown))
    assert "gone" in refused(ran(folder, "distinct", "gone", "--cluster", cluster))
    refused(ran(folder, "sort", "days", "--by", "x", "--explain", "--cluster", cluster), 2)
    refused(ran(folder, "groupby", "days", "--by", "name", "--agg", "x:middle", "--cluster", cluster), 2)
    failed = ran(folder, "--json", *query, "tcp://127.0.0.1:9", **limit)
    assert json.loads(failed.stdout)["exit_code"] == 1


def test_an_interrupt_ends_both_processes(folder, tmp_path):
    """Ctrl-C while a scheduler does not answer."""
    # Python's own process tells who it is, and then is the interpreter.
    python = script(tmp_path / "python", f'echo $$ > {tmp_path}/id; exec {sys.executable} "$@"')
    known = {**os.environ, "BLOCKFOLD_PYTHON": str(python), "PYTHONPATH": str(PACKAGE)}
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(60)
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        program = subprocess.Popen(
            [PROGRAM, *QUERIES["groups"], "--cluster", address],
            cwd=folder,
            env=known,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            with silent.accept()[0]:
                program.send_signal(signal.SIGINT)
                out, told = program.communicate(timeout=60)
        finally:
            program.kill()
    assert (program.returncode, out) == (130, "") and "cancelled" in told
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "id").read_text()), 0)


def test_calls_that_are_not_sent(folder):
    from blockfold._cluster import program

    with pytest.raises(ValueError, match="no call 'write_parquet'"):
        program.frame_of(bf.session.current(), {"read": "parquet", "paths": [str(folder / "days")], "calls": [["write_parquet", []]]})
    with pytest.raises(ValueError, match="cannot be sent"):
        program.expr_of(["unknown", "f(x)"])
