"""Narwhals' own tests over our lazy frames, against the list of those that are known to fail."""

import os
import re
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

pytest.importorskip("narwhals")

from test_narwhals import write_entry_points

SUITE = Path(__file__).parent / "narwhals_suite"


def fetched(folder: Path) -> Path:
    """The source package of the installed version, unpacked."""
    wanted = f"narwhals=={version('narwhals')}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        wanted,
        "--no-binary",
        "narwhals",
        "--no-deps",
        "-q",
        "-d",
        str(folder),
    ]
    if subprocess.run(command, capture_output=True, timeout=300).returncode:
        pytest.skip("narwhals' source package cannot be had from PyPI")
    [package] = folder.glob("narwhals-*.tar.gz")
    with tarfile.open(package) as archive:
        archive.extractall(folder, filter="data")
    return folder / package.name.removesuffix(".tar.gz")


def known() -> set[str]:
    """Tests that fail; lines that begin with # say why."""
    lines = (SUITE / "known.txt").read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_no_other_tests_fail_than_the_known_ones(tmp_path):
    source = fetched(tmp_path)
    site = tmp_path / "site"
    site.mkdir()
    write_entry_points(site)
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = [str(SUITE), str(site), *(os.path.abspath(folder) for folder in given if folder)]
    command = [
        sys.executable, "-m", "pytest", "tests", "-p", "blockfold_constructor", "--use-external-constructor", "-q", "-rfE",
        "--tb=no", "-p", "no:cacheprovider", "-W", "ignore", "-o", "addopts=",
    ]  # fmt: skip
    run = subprocess.run(
        command, cwd=source, env={**os.environ, "PYTHONPATH": os.pathsep.join(path)}, capture_output=True, text=True
    )
    failed = set(re.findall(r"^(?:FAILED|ERROR) (\S+?::\w+)", run.stdout, re.MULTILINE))
    assert re.search(r"\d{3,} passed", run.stdout), run.stdout[-2000:] + run.stderr[-2000:]
    assert failed - known() == set(), "these fail, but are not in known.txt"
    assert known() - failed == set(), "these are in known.txt, but pass"
