"""Delayed calls and futures on a real scheduler of Dask with workers in processes of their own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import blockfold as bf
import blockfold.array as da
import numpy as np
import pytest
from blockfold import _cluster
from blockfold._cluster import _dask
from blockfold.distributed import Client, Event, Future, Lock, Queue, Variable, as_completed, wait
from cluster import LIMIT, PACKAGE, Cluster

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

NOTEBOOK = Path(__file__).parents[2] / "docs/notebooks/parallel.ipynb"


def add(x, y):
    return x + y


def inc(x):
    return x + 1


def where(*_):
    return os.getpid()


# ---- a client


def test_calls_run_on_workers(client):
    incs = client.map(lambda x: x + 1, range(20))
    decs = client.map(lambda x: x - 1, range(20))
    sums = client.map(add, incs, decs)
    total = client.submit(sum, sums)
    assert total.result(LIMIT) == 2 * sum(range(20))
    assert client.gather(sums) == [2 * k for k in range(20)]
    assert client.gather({"a": incs[:2], "b": (decs[1], 7), "c": {"d": total}}) == {
        "a": [1, 2],
        "b": (0, 7),
        "c": {"d": 380},
    }
    assert sorted(future.result() for future in as_completed(incs)) == list(range(1, 21))
    assert sorted(result for _, result in as_completed(incs[:3], with_results=True)) == [1, 2, 3]
    done = wait(incs, timeout=LIMIT)
    assert len(done.done) == 20 and not done.not_done
    pids = {future.result() for future in client.map(where, range(8), pure=False)}
    assert os.getpid() not in pids and len(pids) <= 2


def test_arguments_may_be_anything_lazy(client):
    three = client.submit(inc, 2)
    delayed_four = bf.delayed(add)(three, 1)
    df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
    ones = da.ones((4, 4), chunks=2)
    assert client.submit(add, three, delayed_four).result(LIMIT) == 7
    assert client.submit(lambda d: d["a"][0] + d["b"], {"a": [three], "b": delayed_four}).result(LIMIT) == 7
    assert client.submit(lambda pair: (type(pair).__name__, pair), (three, "x")).result(LIMIT) == ("tuple", (3, "x"))
    assert client.submit(lambda table, times: table.x.sum() * times, df, times=delayed_four).result(LIMIT) == 24
    assert client.submit(lambda values: values.sum(), ones + 1).result(LIMIT) == 32
    assert client.submit(sum, [dask.delayed(inc)(1), three]).result(LIMIT) == 5
    scattered = client.scatter({"a": [1, 2], "b": (3, 4)})
    assert client.submit(lambda a, b: (a, b), scattered["a"], scattered["b"]).result(LIMIT) == ([1, 2], (3, 4))
    [only] = client.scatter([np.arange(5)], broadcast=True)
    assert client.submit(np.sum, only).result(LIMIT) == 10


def test_names_purity_and_places(client):
    from dask.utils import key_split

    one, two = client.submit(inc, 1), client.submit(inc, 1)
    assert one.key == two.key and key_split(one.key) == "inc"
    assert client.submit(inc, 1, pure=False).key != one.key
    assert client.submit(inc, 1, key="mine").key == "mine"
    assert [future.key for future in client.map(inc, [1, 2], key=["k1", "k2"])] == ["k1", "k2"]
    assert {key_split(future.key) for future in client.map(inc, range(3), key="counted")} == {"counted"}
    worker = sorted(client.nthreads())[0]
    pids = client.gather([client.submit(where, k, workers=[worker]) for k in range(4)])
    assert len(set(pids)) == 1
    with pytest.raises(bf.Error, match="2 keys for 3 calls"):
        client.map(inc, [1, 2, 3], key=["a", "b"])
    with pytest.raises(TypeError, match="cannot be called"):
        client.submit(3)


def test_failures_retries_limits_and_cancelling(client, tmp_path):
    def flaky(path):
        with open(path, "a+") as file:
            file.write("x")
            file.seek(0)
            tries = len(file.read())
        if tries < 3:
            raise OSError("not yet")
        return tries

    assert client.submit(flaky, str(tmp_path / "tries"), retries=5).result(LIMIT) == 3
    failed = client.submit(lambda: 1 / 0)
    assert isinstance(failed.exception(LIMIT), ZeroDivisionError) and failed.status == "error" and failed.done()
    with pytest.raises(ZeroDivisionError):
        client.submit(add, failed, 1).result(LIMIT)
    with pytest.raises(ZeroDivisionError):
        client.gather([client.submit(inc, 1), failed])
    assert client.gather([client.submit(inc, 1), failed], errors="skip") == [2]
    event = Event("never")
    late = client.submit(lambda: Event("never").wait(30), timeout=0.2)
    with pytest.raises(TimeoutError, match="had not ended after 0.2 s"):
        late.result(LIMIT)
    waits = client.submit(lambda: Event("never").wait(30), pure=False)
    with pytest.raises(TimeoutError, match="not there within"):
        waits.result(timeout=0.2)
    with pytest.raises(TimeoutError):
        wait([waits], timeout=0.1)
    waits.cancel()
    assert waits.cancelled() and waits.status == "cancelled"
    with pytest.raises(bf.exceptions.CancelledError):
        waits.result(LIMIT)
    event.set()


def test_a_limited_call_is_a_task_like_others(client):
    assert client.submit(lambda x: (x, distributed.get_worker().name), 1, timeout=LIMIT).result(LIMIT)[0] == 1


def test_futures_are_awaited_and_sent(client):
    async def awaited():
        one, two = client.submit(pow, 2, 10), client.submit(pow, 2, 11)
        return await asyncio.gather(_of(one), _of(two))

    async def _of(future):
        return await future

    assert asyncio.run(awaited()) == [1024, 2048]
    with distributed.Client(client.scheduler_info()["address"], set_as_default=False) as plain:
        assert plain.submit(inc, client.submit(inc, 5)).result(LIMIT) == 7


def test_what_there_is(client, cluster):
    assert sorted(client.ncores().values()) == [1, 1]
    assert client.nthreads() == client.ncores()
    info = client.scheduler_info()
    assert info["address"] == cluster and len(info["workers"]) == 2
    assert isinstance(client.dashboard_link, str)
    assert repr(client) == f"<Client: {cluster}, 2 workers, 2 threads>"
    assert client.who_has() is not None  # What Dask's client has else.
    with pytest.raises(AttributeError):
        client.something_else  # noqa: B018


def test_coordination(client):
    queue, variable, event = Queue("q"), Variable("v"), Event("e")
    reader = client.submit(lambda: (Event("e").wait(30), Queue("q").get(30), Variable("v").get(30), Queue("q").get(30)))
    queue.put((5, [1]))
    variable.set({"a": np.float64(6)})
    event.set()
    queue.put(client.submit(inc, 1))
    results = reader.result(LIMIT)
    assert results[:3] == (True, (5, [1]), {"a": 6})
    assert queue.qsize() == 0
    variable.delete()
    with pytest.raises(TimeoutError):
        queue.get(timeout=0.1)
    lock = Lock("l")
    with lock:
        assert Lock("l").locked()
        assert not client.submit(lambda: Lock("l").acquire(timeout=0.1)).result(LIMIT)
    assert not lock.locked()
    shared = Lock()
    assert client.submit(lambda lock: lock.acquire() and (lock.release() is None), shared).result(LIMIT)


def test_the_innermost_open_client_is_current(cluster):
    assert _cluster.current() is None
    call = bf.delayed(where)()
    assert call.compute() == os.getpid()
    with Client(cluster) as outer:
        assert _cluster.current() is outer._backend
        assert call.compute() != os.getpid()
        with Client(cluster) as inner:
            assert _cluster.current() is inner._backend
        assert _cluster.current() is outer._backend
        assert bf.compute(call, [call])[0] != os.getpid()
        assert call.compute(scheduler="threads") == os.getpid()
        assert bf.compute(call, scheduler="sync") == (os.getpid(),)
        with Client() as here:
            assert call.compute(scheduler=here) == os.getpid()
    assert _cluster.current() is None
    assert call.compute() == os.getpid()


def test_other_ways_to_connect(cluster, dask_cluster):
    with Client(scheduler_file=dask_cluster.file) as client:
        assert client.submit(inc, 1).result(LIMIT) == 2
    with distributed.Client(cluster, set_as_default=False) as plain:
        with Client(plain) as client:
            assert client.submit(inc, 1).result(LIMIT) == 2
        assert plain.status == "running"
        assert bf.delayed(where)().compute(scheduler=plain) != os.getpid()
    with (
        distributed.LocalCluster(1, threads_per_worker=1, processes=False, dashboard_address=":0") as own,
        Client(own) as client,
    ):
        assert client.cluster is own
        # A task in this very process makes calls where it is.
        assert client.submit(lambda: bf.delayed(inc)(1).compute()).result(LIMIT) == 2
    with pytest.warns(UserWarning, match="say 'tcp://10.0.0.1:8786' to connect"), Client("10.0.0.1:8786") as client:
        assert client.submit(where).result() == os.getpid()


# ---- delayed values


def test_delayed_values_are_dask_collections(client):
    call = bf.delayed(inc)
    total = call(1) + call(2) * 10
    assert dask.is_dask_collection(total)
    assert dask.compute(total, [call(5)], scheduler="sync") == (32, [6])
    assert dask.compute(total)[0] == 32  # On the cluster, as Dask's default client is this one.
    assert total.compute() == 32 and total.compute(scheduler="distributed") == 32
    assert client.compute(total).result(LIMIT) == 32
    assert client.gather(client.compute([total, call(1)])) == [32, 2]
    with distributed.Client(client.scheduler_info()["address"], set_as_default=False) as plain:
        assert plain.compute(total).result(LIMIT) == 32
        assert plain.gather(plain.compute([total, call(1)])) == [32, 2]
        assert dask.compute(total, scheduler=plain) == (32,)
        kept = plain.persist(call(7))
        assert isinstance(kept, bf.Delayed) and (kept + 1).compute(scheduler=plain) == 9
    assert dask.delayed(sum)([call(1), total]).compute() == 34


def test_shared_calls_are_made_once(client, tmp_path):
    path = str(tmp_path / "calls")

    @bf.delayed
    def counted():
        with open(path, "a") as file:
            file.write("x")
        return 5

    base = counted()
    assert bf.compute(base + 1, base + 2, {"a": base}) == (6, 7, {"a": 5})
    assert Path(path).read_text() == "x"
    kept = (base + 0).persist()
    assert (kept + kept).compute() == 10 and kept.compute(scheduler="threads") == 5
    [first, [second]] = bf.persist(base, [base + 3])
    assert bf.compute(first, second) == (5, 8)
    [again] = client.persist([base])
    assert bf.delayed(add)(again, client.submit(inc, 1)).compute() == 7
    assert dask.compute(first + 1, scheduler=client) == (6,)


def test_pure_calls_share_their_name():
    call = bf.delayed(inc, pure=True)
    assert call(1).key == call(1).key != call(2).key
    assert call(1, dask_key_name="mine").key == "mine"
    assert bf.delayed(inc)(1).key != bf.delayed(inc)(1).key


def test_names_are_readable(client):
    from dask.utils import key_split

    total = bf.delayed(add)(bf.delayed(inc)(1), bf.delayed(lambda: 2, name="two")())
    names = {key_split(key) for key in total.__dask_graph__()}
    assert names == {"add", "inc", "two"}
    assert all(key == task.key for key, task in total.__dask_graph__().items())


def test_deep_chains(client):
    call, value = bf.delayed(inc), bf.delayed(0)
    for _ in range(20_000):
        value = call(value)
    assert len(value.__dask_graph__()) == 20_001
    assert dask.compute(value, scheduler="sync") == (20_000,)
    assert bf.delayed(add)(value, 1).compute("threads") == 20_001


def test_arguments_of_delayed_calls(client):
    assert bf.delayed(lambda d: d["a"][0])({"a": (bf.delayed(inc)(4), 2)}).compute() == 5
    assert bf.delayed([bf.delayed(inc)(1), 7, {"k": bf.delayed(inc)(2)}]).compute() == [2, 7, {"k": 3}]
    assert bf.delayed("abc").upper().compute() == "ABC"
    first, second = bf.delayed(lambda: (1, 2), nout=2)()
    assert bf.compute(second, first) == (2, 1)

    @bf.delayed
    def keyword(x, *, y=1):
        return x * y

    assert keyword(3, y=bf.delayed(inc)(3)).compute() == 12
    df = bf.datasets.timeseries(end="2000-01-03", freq="1h")
    assert bf.delayed(len)(df).compute() == len(df)
    x = da.ones((20, 20), chunks=10)
    assert bf.delayed(lambda values: values.sum())([x + 1][0]).compute() == 800


def test_errors_are_the_functions_own(client):
    def fails(x):
        raise ValueError(f"no {x}")

    with pytest.raises(ValueError, match="no 1") as caught:
        bf.delayed(add)(bf.delayed(fails)(1), 2).compute()
    assert caught.traceback[-1].name == "fails"


def test_there_and_back_with_dask(client):
    import dask.array

    theirs = dask.delayed(inc)(dask.delayed(inc)(1))
    ours = bf.delayed(add)(theirs, [theirs][0])
    for scheduler in (None, "threads", client):
        assert ours.compute(scheduler=scheduler) == 6
    assert bf.delayed(theirs).compute("threads") == 3 and bf.delayed(theirs).key == theirs.key
    assert bf.Delayed.from_dask(theirs).to_dask().key == theirs.key
    assert ours.to_dask().compute(scheduler="sync") == 6
    ones = dask.array.ones((6, 6), chunks=3)
    assert bf.delayed(np.sum)(ones).compute("threads") == bf.delayed(np.sum)(ones).compute() == 36
    # What is kept on the workers stays there.
    kept = theirs.persist()
    assert bf.delayed(inc)(kept).compute() == 4 and bf.delayed(inc)(kept).compute("threads") == 4
    future = distributed.default_client().submit(inc, 41)
    assert bf.delayed(inc)([future][0]).compute() == 43 and bf.delayed(inc)(future).compute("threads") == 43


def test_delayed_values_of_futures_are_pickled(client):
    import cloudpickle

    kept = bf.delayed(inc)(1).persist()
    assert cloudpickle.loads(cloudpickle.dumps(kept + 1)).compute() == 3
    call = bf.delayed(inc)(1)
    key = call.key
    assert cloudpickle.loads(cloudpickle.dumps(call)).key == key


def test_graphs_run_on_the_backend(client):
    from dask.task_spec import Task, TaskRef

    backend = _cluster.current()
    graph = {"a-1": Task("a-1", inc, 1), "b-1": Task("b-1", add, TaskRef("a-1"), 10)}
    assert backend.run_graph(graph, ["b-1", "a-1"]) == [12, 2]
    [kept] = backend.persist_graph(graph, ["b-1"])
    graph = {"b-1": kept, "c-1": Task("c-1", add, TaskRef("b-1"), 1)}
    assert backend.run_graph(graph, ["c-1", "b-1"]) == [13, 12]


# ---- the program for Dask


def test_the_last_part_of_the_notebook(cluster):
    cells = [
        "".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"
    ]
    last = cells[next(at for at, cell in enumerate(cells) if "import Client" in cell) :]
    names: dict = {"__name__": "notebook"}
    try:
        for cell in last[:-1]:
            exec(cell.replace("172.28.0.2:8786", cluster), names)
        *body, end = last[-1].replace("172.28.0.2:8786", cluster).rstrip().splitlines()
        exec("\n".join(body), names)
        assert eval(end, names) == sum(2 * number for number in range(100))
    finally:
        names["client"].close()


# ---- what goes wrong


def test_no_scheduler():
    for kind in (OSError, TimeoutError, bf.Error):
        with pytest.raises(kind, match="127.0.0.1:9"):
            Client("tcp://127.0.0.1:9", timeout=0.5)
    with pytest.raises(bf.exceptions.UnreachableError, match="nothing.json"):
        Client(scheduler_file="nothing.json", timeout=0.1)
    with pytest.raises(bf.exceptions.ArgumentError, match="odd"):
        Client("odd://127.0.0.1:9", timeout=0.5)
    assert _cluster.current() is None


def test_results_that_are_too_large(client):
    with bf.Session(memory_budget="16MiB"):
        large = client.submit(np.ones, 3 * 1024 * 1024)
        with pytest.raises(bf.exceptions.OverBudgetError, match=r"24\.0 MiB.*16\.0 MiB.*larger budget"):
            large.result(LIMIT)
        assert client.submit(np.sum, large).result(LIMIT) == 3 * 1024 * 1024
        halves = client.map(np.ones, [1_100_000, 1_200_000])
        assert len(halves[0].result(LIMIT)) == 1_100_000
        with pytest.raises(MemoryError, match="2 futures"):
            client.gather(halves)
        with pytest.raises(bf.Error, match="16.0 MiB"):
            bf.delayed(np.ones)(3 * 1024 * 1024).compute()


BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "blockfold":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
for name in [name for name in sys.modules if name.partition(".")[0] == "blockfold"]:
    del sys.modules[name]
"""

OLDER = """
import blockfold

blockfold.__version__ = "0.0.1"
"""


@pytest.mark.parametrize("lack", ["package", "version"])
def test_workers_that_lack(lack, tmp_path, monkeypatch):
    monkeypatch.setattr(_dask, "EVERY", 0.0)
    preload = tmp_path / "preloaded.py"
    preload.write_text(BLOCKER if lack == "package" else OLDER)
    kind = bf.exceptions.MissingPackageError if lack == "package" else bf.exceptions.VersionError
    builtin = ImportError if lack == "package" else RuntimeError
    with Cluster(tmp_path, workers=1) as own:
        with Client(own.address, timeout=LIMIT) as client:
            client.wait_for_workers(1, timeout=LIMIT)
            assert client.submit(inc, 1).result(LIMIT) == 2
            # One that joins later is found before the next call.
            own.add_worker("--preload", str(preload))
            client.wait_for_workers(2, timeout=LIMIT)
            with pytest.raises(kind, match="tcp://") as caught:
                client.submit(inc, 2)
            workers = {worker for worker in client.nthreads() if worker in str(caught.value)}
            assert len(workers) == 1
            assert "cannot import" in str(caught.value) if lack == "package" else "has 0.0.1" in str(caught.value)
        with pytest.raises(builtin):
            Client(own.address, timeout=LIMIT)
        assert _cluster.current() is None


def test_a_worker_that_is_killed(tmp_path):
    with Cluster(tmp_path, workers=2) as own, Client(own.address, timeout=LIMIT) as client:
        client.wait_for_workers(2, timeout=LIMIT)
        started, gate = Event("started"), Event("gate")

        def waits(number):
            Event("started").set()
            Event("gate").wait(60)
            return number * number

        futures = client.map(waits, range(20))
        assert started.wait(LIMIT)
        os.kill(own.processes[-1].pid, signal.SIGKILL)
        gate.set()
        assert client.gather(futures) == [number * number for number in range(20)]


def test_dask_runs_here_after_the_last_client(cluster):
    """In whatever order clients are closed; in a process that other tests left no client in."""
    program = (
        "import sys, dask\nfrom blockfold.distributed import Client\n"
        "first, second = Client(sys.argv[1]), Client(sys.argv[1])\n"
        "first.close()\nsecond.close()\nprint(dask.delayed(abs)(-2).compute())"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PACKAGE), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-c", program, cluster], env=environment, capture_output=True, text=True, timeout=LIMIT
    )
    assert done.stdout.split() == ["2"], done.stderr


def test_closed_clients_refuse(cluster):
    client = Client(cluster)
    future = client.submit(inc, 1)
    assert future.result(LIMIT) == 2
    client.close()
    client.close()
    with pytest.raises(Exception, match="clos|running|Client"):
        client.submit(inc, 1)
    assert "closed" in repr(client)


# ---- certificates


def certificates(folder: Path) -> dict[str, str]:
    """A certificate of an authority of its own, and its key."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        + ["-keyout", str(key), "-out", str(certificate)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("openssl makes no certificates here")
    return {"ca": str(certificate), "cert": str(certificate), "key": str(key)}


def test_tls(tmp_path):
    if not any(os.access(os.path.join(folder, "openssl"), os.X_OK) for folder in os.environ["PATH"].split(os.pathsep)):
        pytest.skip("there is no openssl to make certificates with")
    made = certificates(tmp_path)
    options = ["--tls-ca-file", made["ca"], "--tls-cert", made["cert"], "--tls-key", made["key"]]
    security = {
        "tls_ca_file": made["ca"],
        "tls_client_cert": made["cert"],
        "tls_client_key": made["key"],
        "require_encryption": True,
    }
    with Cluster(
        tmp_path,
        workers=1,
        scheduler_options=["--protocol", "tls", *options],
        worker_options=["--protocol", "tls", *options],
    ) as own:
        assert own.address.startswith("tls://")
        for one in (security, distributed.Security(**security)):
            with Client(own.address, security=one, timeout=LIMIT) as client:
                client.wait_for_workers(1, timeout=LIMIT)
                assert client.submit(inc, 1).result(LIMIT) == 2
                assert bf.delayed(inc)(2).compute() == 3
        for address in (own.address, own.address.replace("tls://", "tcp://")):
            with pytest.raises(bf.Error):
                Client(address, timeout=1)
        assert _cluster.current() is None


# ---- without Dask


def test_importing_imports_no_dask():
    code = (
        "import blockfold as bf, sys; from blockfold.distributed import Client; c = Client();"
        "assert c.submit(abs, -1).result() == 1 and bf.delayed(abs)(-2).compute() == 2;"
        "print([m for m in ('dask', 'distributed', 'ray') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_dask_is_needed_to_connect(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(bf.exceptions.MissingPackageError, match=r"blockfold\[cluster\]") as caught:
        Client("tcp://127.0.0.1:9")
    assert isinstance(caught.value, ImportError)


def test_local_futures_stay_here():
    import pickle

    with Client() as client:
        future = client.submit(inc, 1)
        assert isinstance(future, Future)
        with pytest.raises(TypeError, match="send its result"):
            pickle.dumps(future)
        assert dask.compute(bf.delayed(add)(future, 1), scheduler="sync") == (3,)
        assert bf.compute(future) == (2,)
        assert client.submit(threading.active_count).result() > 1
