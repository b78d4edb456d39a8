"""Fixtures: the program under test, found in BLOCKFOLD_BIN, verbs beyond it, and tables with every type."""

import json
import os
import subprocess
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from tables import every_type


class Blockfold:
    """Runs the program and gives back what it prints as JSON."""

    def __init__(self, program):
        self.program = program

    def __call__(self, *args, fails=None):
        command = [self.program, *map(str, args), "--json"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert "panicked" not in ran.stderr, f"{command}: {ran.stderr}"
        document = json.loads(ran.stdout)
        if fails is None:
            assert ran.returncode == 0, f"{command}: {ran.stderr}"
        else:
            assert ran.returncode != 0 and fails in document["error"], f"{command}: {document}"
        return document

    def text(self, *args):
        """What the program prints for people."""
        command = [self.program, *map(str, args)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, f"{command}: {ran.stderr}"
        return ran.stdout

    def rows(self, path, n=10**9):
        """The first rows of files."""
        return self("head", path, "-n", n)

    def groupby(self, path, by, agg, filter=None, **options):
        """Aggregates of groups."""
        args = ["groupby", path, "--by", by, "--agg", agg]
        args += [] if filter is None else [f"--filter={filter}"]
        for name, value in options.items():
            args += [f"--{name}", value]
        return self(*args)


@pytest.fixture(scope="session")
def blockfold():
    program = os.environ.get("BLOCKFOLD_BIN")
    if not program or not Path(program).is_file():
        pytest.exit("BLOCKFOLD_BIN must name the program; cargo xtask test --only oracle builds it and sets this", 2)
    return Blockfold(program)


class Answer:
    """What a verb gave: its rows as an Arrow table and as a Polars frame, and what it said about the run."""

    def __init__(self, table, said):
        self.table = table
        self.frame = pl.from_arrow(table)
        self.partitions, self.divisions, self.spilled = (int(said[name]) for name in ("partitions", "divisions", "spilled"))


class Verb:
    """Runs one verb of the public interface in a process of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def __call__(self, name, *folders, memory="1GiB", **options):
        out = self.folder / "out.arrow"
        options = [f"{key}={value}" for key, value in options.items() if value is not None]
        command = [self.program, name, "--memory", memory, "--out", str(out), *map(str, folders), *options]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert "panicked" not in ran.stderr and ran.returncode == 0, f"{command}: {ran.stderr}"
        # Not mapped: the next answer takes the file's place.
        table = pa.ipc.open_file(out.read_bytes()).read_all()
        return Answer(table, dict(line.split(" ", 1) for line in ran.stdout.splitlines()))


@pytest.fixture
def verb(tmp_path):
    program = os.environ.get("BLOCKFOLD_VERB_BIN")
    if not program or not Path(program).is_file():
        pytest.exit("BLOCKFOLD_VERB_BIN must name tests' verb; cargo xtask test --only oracle builds it and sets this", 2)
    return Verb(program, tmp_path)


@pytest.fixture(scope="session")
def table():
    """3,000 rows of every type, a tenth of them null."""
    return every_type(3000)
