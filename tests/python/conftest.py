"""What the tests share: data that pandas, NumPy and others get as well."""

import sys
import tomllib
from pathlib import Path

import blockfold as bf
import numpy as np
import pandas as pd
import pytest


@pytest.fixture(autouse=True, scope="session")
def small_session():
    """Little memory and two threads, so that the budget counts."""
    bf.set_default_session(bf.Session(memory_budget="256MiB", threads=2))


def write_entry_points(folder: Path) -> None:
    """Writes the package's entry points as an installed package has them."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    info = folder / "blockfold-0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: blockfold\nVersion: 0.0\n")
    lines = []
    for group, names in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in names.items())]
    (info / "entry_points.txt").write_text("\n".join([*lines, ""]))


@pytest.fixture(scope="module")
def entry_points(tmp_path_factory):
    """Lets xarray find the package in this process as it finds an installed one."""
    parallelcompat = pytest.importorskip("xarray.namedarray.parallelcompat")
    folder = tmp_path_factory.mktemp("site")
    write_entry_points(folder)
    sys.path.append(str(folder))
    parallelcompat.list_chunkmanagers.cache_clear()
    yield
    sys.path.remove(str(folder))
    parallelcompat.list_chunkmanagers.cache_clear()


def table(rows: int = 200) -> pd.DataFrame:
    """Numbers, texts and times, some of them missing."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "k": rng.integers(0, 5, rows),
            "g": rng.choice(list("abc"), rows),
            "x": rng.normal(size=rows),
            "y": rng.normal(size=rows),
            "i": rng.integers(-10, 10, rows),
            "t": pd.date_range("2000-01-01", periods=rows, freq="1h"),
        }
    )
    frame.loc[rng.choice(rows, rows // 10, replace=False), "y"] = np.nan
    return frame


@pytest.fixture(scope="session")
def pandas_frame() -> pd.DataFrame:
    return table()


@pytest.fixture
def frame(pandas_frame):
    return bf.from_pandas(pandas_frame, npartitions=4)


@pytest.fixture(autouse=True)
def dask_as_it_was():
    """No test finds what clients of another left in Dask's configuration."""
    yield
    config = sys.modules.get("dask.config")
    if config is not None and config.get("scheduler", None) == "dask.distributed":
        config.config.pop("scheduler", None)
    clients = sys.modules.get("distributed.client")
    if clients is not None:
        for one in list(clients._global_clients.values()):
            if one.status != "running":
                clients._del_global_client(one)


# Fixtures of clusters, which start when a test asks for them.
pytest_plugins = ["cluster"]


def pytest_addoption(parser):
    parser.addoption("--fragments", action="store_true", help="run all plans in fragments, too, and compare")


@pytest.fixture(autouse=True)
def in_fragments(request):
    """With ``--fragments`` every plan that a test runs is run twice: here, and cut in fragments whose results are pickled
    between them, as workers of a cluster run it. Both have to be the same, bit for bit.
    """
    if not request.config.getoption("--fragments") or request.node.get_closest_marker("once"):
        yield
        return
    from fragments import Both

    from blockfold._cluster.runs import elsewhere

    with elsewhere(Both()):
        yield
