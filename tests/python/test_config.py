"""Settings of the default session."""

import os
import subprocess
import sys

import pytest

import blockfold as bf


def test_settings_make_a_session_and_are_taken_back():
    before = bf.default_session().memory_budget_bytes
    with bf.config.set(memory_budget="64MiB", threads=2):
        with bf.config.set({"num_workers": 3, "array.slicing.split-large-chunks": True}):
            session = bf.default_session()
            assert (session.memory_budget_bytes, session.threads) == (64 << 20, 3)
            assert bf.config.get("threads") == 3 and bf.config.get("array.slicing.split-large-chunks")
            assert bf.from_dict({"x": [1]}).session.threads == 3
        assert bf.default_session().threads == 2
    assert bf.default_session().memory_budget_bytes == before
    assert bf.config.get("threads") is None
    with bf.config.set(scheduler="synchronous"):
        assert bf.default_session().threads == 1


def test_wrong_settings_change_nothing():
    before = bf.default_session().memory_budget_bytes
    with pytest.raises(ValueError, match="too little"):
        bf.config.set(memory_budget=1)
    assert bf.default_session().memory_budget_bytes == before
    assert bf.config.get("memory_budget") is None


def test_the_environment_is_read():
    code = "import blockfold as bf; s = bf.default_session(); print(s.memory_budget_bytes, s.threads)"

    def run(**more):
        return subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, **more}, capture_output=True, text=True, check=False
        )

    assert run(BLOCKFOLD_MEMORY_BUDGET="32MiB", BLOCKFOLD_THREADS="3").stdout.split() == [str(32 << 20), "3"]
    assert "number of threads" in run(BLOCKFOLD_THREADS="many").stderr
