"""Arrays inside a memory cgroup: what the budget promises holds for the process, page cache included."""

import contextlib
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

LIMIT = 160 << 20


@pytest.fixture
def bounded():
    """Runs a command in a group of LIMIT bytes; skipped where none can be made."""
    for parent, name in [(Path("/sys/fs/cgroup"), "memory.max"), (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes")]:
        group = parent / f"blockfold-arrays-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        if (group / name).exists():
            (group / name).write_text(str(LIMIT))
            swap = group / "memory.swap.max"
            if swap.exists():
                swap.write_text("0")

            def run(command):
                wrapped = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs"), *map(str, command)]
                return subprocess.run(wrapped, capture_output=True, text=True, timeout=300)

            yield run
            with contextlib.suppress(OSError):
                group.rmdir()
            return
        group.rmdir()
    pytest.skip("no memory cgroup can be made here")


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    path = tmp_path_factory.mktemp("matrix") / "a.npy"
    np.save(path, np.random.default_rng(1).normal(size=(8000, 8000)))  # 512 MB
    return path


@pytest.mark.parametrize(
    "text",
    [
        "(a + a.T - a.mean(axis=0)).sum()",
        "(a.mean(axis=0), a.std(axis=0), a.mean(axis=1), a.std(axis=1))",
        "np.sort(a, axis=0)[::4000].sum()",
        "(a[:2000] @ a[:2000].T).std()",
        "np.median(a)",
        "np.abs(np.fft.fft(a, axis=0)).max()",
        "np.linalg.cholesky(a[:3000, :3000] @ a[:3000, :3000].T + 4000 * eye(3000))[2999].sum()",
    ],
)
def test_three_times_the_limit(blockfold, bounded, matrix, text):
    ran = bounded([blockfold.program, "array", "eval", text, "--npy", f"a={matrix}", "--memory", "64MiB"])
    assert ran.returncode == 0, f"{ran.returncode}: {ran.stderr}"


def test_files_in_other_chunks(blockfold, bounded, matrix, tmp_path):
    for out, chunks in [("rows.zarr", "100,-1"), ("columns.npy", "-1,100")]:
        command = [blockfold.program, "array", "eval", "a.T", "--npy", f"a={matrix}", "--chunks", chunks, "--memory", "64MiB"]
        ran = bounded([*command, "--out", tmp_path / out])
        assert ran.returncode == 0, f"{ran.returncode}: {ran.stderr}"
