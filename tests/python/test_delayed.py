"""Delayed calls, futures and pictures, as users of Dask type them."""

import asyncio
import random
import threading

import pytest

import blockfold as bf
import blockfold.array as da
from blockfold.distributed import Client, Event, Lock, Queue, Variable, as_completed, wait


def add(x, y):
    return x + y


def test_calls_lists_and_operators():
    inc = bf.delayed(lambda x: x + 1)
    assert (inc(1) + inc(2) * 10).compute() == 32
    assert (10 - inc(1)).compute() == 8
    assert inc(inc(inc(0))).compute() == 3
    assert bf.delayed(sum)([inc(k) for k in range(5)]).compute() == 15
    assert bf.delayed(lambda d: d["a"][0])({"a": (inc(4), 2)}).compute() == 5
    assert bf.delayed([inc(1), 7, {"k": inc(2)}]).compute() == [2, 7, {"k": 3}]
    assert bf.compute(inc(1), [inc(2), 5]) == (2, [3, 5])
    assert bf.delayed("abc").upper().compute() == "ABC"
    assert bf.delayed([5, 6])[1].compute() == 6

    @bf.delayed
    def keyword(x, *, y=1):
        return x * y

    assert keyword(3, y=inc(3)).compute() == 12
    first, second = bf.delayed(lambda: (1, 2), nout=2)()
    assert bf.compute(second, first) == (2, 1)
    for wrong in (lambda: bool(inc(1)), lambda: iter(inc(1)), lambda: len(inc(1))):
        with pytest.raises(TypeError):
            wrong()


def test_shared_calls_run_once():
    calls = []
    base = bf.delayed(lambda: calls.append(1) or 5)()
    assert bf.compute(base + 1, base + 2) == (6, 7)
    assert len(calls) == 1
    kept = (base + 0).persist()
    assert (kept + kept).compute() == 10
    assert len(calls) == 2


def test_random_graphs_equal_serial():
    for seed in range(10):
        draw = random.Random(seed)
        values, calls = [], []
        for place in range(200):
            reads = [draw.randrange(place) for _ in range(min(place, draw.randrange(4)))]
            values.append(place + sum(values[read] for read in reads))
            calls.append(bf.delayed(lambda own, *args: own + sum(args))(place, *(calls[read] for read in reads)))
        assert list(bf.compute(*calls)) == values


def test_errors_are_the_functions_own():
    def fails(x):
        raise ValueError(f"no {x}")

    with pytest.raises(ValueError, match="no 1") as caught:
        bf.delayed(add)(bf.delayed(fails)(1), 2).compute()
    assert "in the delayed call fails" in caught.value.__notes__[0]
    assert caught.traceback[-1].name == "fails"


def test_frames_and_arrays_are_arguments():
    df = bf.datasets.timeseries(end="2000-01-03", freq="1min")
    assert bf.delayed(len)(df).compute() == len(df)
    x = da.ones((20, 20), chunks=10)
    assert bf.delayed(lambda values: values.sum())(x + 1).compute() == 800


def test_client():
    with Client(n_workers=2, threads_per_worker=4) as client:
        incs = client.map(lambda x: x + 1, range(20))
        decs = client.map(lambda x: x - 1, range(20))
        sums = client.map(add, incs, decs)
        total = client.submit(sum, sums)
        assert total.result() == 2 * sum(range(20))
        assert client.gather(sums) == [2 * k for k in range(20)]
        assert client.gather({"a": incs[:2]}) == {"a": [1, 2]}
        assert sorted(future.result() for future in as_completed(incs)) == list(range(1, 21))
        done = wait(incs)
        assert len(done.done) == 20 and not done.not_done
        assert client.submit(add, client.scatter(3), 4).result() == 7
        assert client.compute(bf.delayed(add)(1, 2)).result() == 3

        async def awaited():
            return await client.submit(pow, 2, 10)

        assert asyncio.run(awaited()) == 1024
    with pytest.raises(bf.Error, match="closed"):
        client.submit(add, 1, 2)


def test_failures_retries_limits_and_cancelling():
    with Client() as client:
        tries = []

        def flaky():
            tries.append(1)
            if len(tries) < 3:
                raise OSError("not yet")
            return len(tries)

        assert client.submit(flaky, retries=5).result() == 3
        failed = client.submit(lambda: 1 / 0)
        assert isinstance(failed.exception(), ZeroDivisionError) and failed.status == "error"
        with pytest.raises(ZeroDivisionError):
            client.submit(add, failed, 1).result()
        gate = threading.Event()
        late = client.submit(gate.wait, timeout=0.05)
        with pytest.raises(TimeoutError):
            late.result()
        waits = client.submit(gate.wait)
        with pytest.raises(TimeoutError):
            waits.result(timeout=0.05)
        waits.cancel()
        assert waits.cancelled() and waits.status == "cancelled"
        gate.set()


def test_coordination():
    with Client() as client:
        queue, variable, event = Queue("q"), Variable(), Event()
        reader = client.submit(lambda: (event.wait(10), Queue("q").get(10), variable.get(10)))
        queue.put(5)
        variable.set(6)
        event.set()
        assert reader.result(10) == (True, 5, 6)
        with Lock("l") as lock:
            assert Lock("l").locked()
        assert not lock.locked()


def test_pictures(tmp_path):
    total = bf.delayed(add)(bf.delayed(add)(1, 2), 3)
    picture = bf.visualize(total, rankdir="LR")
    assert picture._repr_svg_().startswith("<svg") and picture._repr_png_() is None
    for name, start in (("a.png", b"\x89PNG"), ("a.svg", b"<svg"), ("a.dot", b"digraph"), ("a.mmd", b"flowchart")):
        total.visualize(str(tmp_path / name))
        assert (tmp_path / name).read_bytes().startswith(start)
    x = da.ones((15, 15), chunks=(5, 5))
    assert "matmul" in bf.visualize((x.dot(x.T) - x.mean(axis=0)).std())._repr_svg_()
    df = bf.datasets.timeseries(end="2000-01-03")
    assert "chain 0" in bf.visualize(df.groupby(df.id).x.sum(), view="fused")._repr_svg_()
    assert x.visualize(view="chunks")._repr_svg_().startswith("<svg")
    assert df.visualize(view="logical").format == "svg" and df.x.visualize().format == "svg"
    with pytest.raises(bf.Error, match="bmp"):
        total.visualize(str(tmp_path / "a.bmp"))
    with pytest.raises(bf.Error, match="not lazy"):
        bf.visualize(3)


def test_clients_may_be_dropped_while_they_work():
    from blockfold.distributed import Client

    for _ in range(100):
        client = Client()
        client.submit(abs, -3)
        del client
    for _ in range(100):
        with bf.Session(threads=2):
            assert bf.delayed(abs)(-3).compute() == 3
