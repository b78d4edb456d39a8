"""Schedulers and workers of Dask in processes of their own, for tests.

>>> with Cluster(folder) as cluster:
...     Client(cluster.address)
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import blockfold
import pytest

#: Where the package lies that is tested.
PACKAGE = Path(blockfold.__file__).parents[1]
#: Seconds in which processes have to start.
LIMIT = 60


class Cluster:
    """A scheduler with workers of one thread each on this machine, which end with it."""

    def __init__(self, folder, workers=2, dashboard=False, scheduler_options=(), worker_options=(), environment=None):
        self.folder, self.dashboard = Path(folder), dashboard
        self.file = self.folder / "scheduler.json"
        self.scheduler_options, self.worker_options = list(scheduler_options), list(worker_options)
        self.count, self.processes, self.logs = workers, [], []
        known = os.environ.get("PYTHONPATH")
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(PACKAGE), str(Path(__file__).parent), *([known] if known else [])]),
            "DASK_LOGGING__DISTRIBUTED": "warning",
            **(environment or {}),
        }

    def start(self, name: str, *arguments: str) -> subprocess.Popen:
        """A process of Dask's command line."""
        log = (self.folder / f"{name}.log").open("wb")
        self.logs.append(log)
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            env=self.environment,
            cwd=self.folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def add_worker(self, *options: str) -> subprocess.Popen:
        """A worker more."""
        name = f"worker-{len(self.processes)}"
        return self.start(
            name,
            *("worker", "--scheduler-file", str(self.file), "--nthreads", "1", "--no-nanny", "--no-dashboard"),
            *("--host", "127.0.0.1", "--name", name, "--death-timeout", str(LIMIT)),
            *self.worker_options,
            *options,
        )

    def __enter__(self):
        try:
            dashboard = ["--dashboard-address", "127.0.0.1:0"] if self.dashboard else ["--no-dashboard"]
            where = [] if "--protocol" in self.scheduler_options else ["--host", "127.0.0.1"]
            scheduler = self.start(
                "scheduler",
                *("scheduler", "--port", "0", "--scheduler-file", str(self.file)),
                *where,
                *dashboard,
                *self.scheduler_options,
            )
            self.wait_until(self.file.exists, scheduler)
            for _ in range(self.count):
                self.add_worker()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *failure):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for log in self.logs:
            log.close()

    def wait_until(self, is_so, *processes):
        """Waits for a condition, as long as the processes live."""
        end = time.monotonic() + LIMIT
        while not is_so():
            assert time.monotonic() < end, f"it took longer than {LIMIT} s\n{self.log()}"
            assert all(process.poll() is None for process in processes), f"a process has ended\n{self.log()}"
            time.sleep(0.02)

    def log(self) -> str:
        """What the processes wrote."""
        return "\n".join(f"{path.name}:\n{path.read_text()}" for path in sorted(self.folder.glob("*.log")))

    @property
    def address(self) -> str:
        """Where the scheduler listens, once it does."""
        end = time.monotonic() + LIMIT
        while True:
            try:
                return json.loads(self.file.read_text())["address"]
            except (ValueError, KeyError):  # Not written to its end.
                assert time.monotonic() < end
                time.sleep(0.02)


@pytest.fixture(scope="session")
def dask_cluster(tmp_path_factory):
    """A scheduler and two workers, which all tests of a run share."""
    pytest.importorskip("distributed")
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def cluster(dask_cluster):
    """The address of a scheduler with two workers."""
    return dask_cluster.address


@pytest.fixture
def client(cluster):
    """A client that is connected to the cluster, whose two workers are there."""
    from blockfold.distributed import Client

    with Client(cluster, timeout=LIMIT) as client:
        client.wait_for_workers(2, timeout=LIMIT)
        yield client
