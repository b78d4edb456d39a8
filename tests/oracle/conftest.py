"""Fixtures: the program under test, found in BLOCKFOLD_BIN, and tables with every type."""

import json
import os
import subprocess
from pathlib import Path

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


@pytest.fixture(scope="session")
def table():
    """3,000 rows of every type, a tenth of them null."""
    return every_type(3000)
