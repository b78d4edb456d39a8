"""Dask's dashboard in a browser: the steps of our plans have their names there."""

import asyncio
import base64
import json
import os
import shutil
import subprocess
import time
from urllib.request import urlopen

import blockfold as bf
import pytest
from cluster import LIMIT, Cluster

distributed = pytest.importorskip("distributed")
pytest.importorskip("bokeh", reason="bokeh is not installed: Dask has no dashboard")
CHROMIUM = os.environ.get("BLOCKFOLD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

#: What is shown on a page, by the sources of its plots: names of tasks in the stream, and of bars of progress.
SHOWN = """JSON.stringify((window.Bokeh?.documents ?? []).flatMap((one) =>
    [...one._all_models.values()].filter((model) => model.type === "ColumnDataSource").map((model) => {
        const column = (name) => Array.from(model.get_array?.(name) ?? []).map(String);
        return { names: column("name"), keys: column("key"), all: column("show-all").concat(column("all")) };
    })))"""

#: How many plots have drawn bars: a part of their canvas has colours that are no shades of grey.
DRAWN = """(() => {
    const found = [];
    const walk = (root) => root.querySelectorAll("*").forEach((one) => {
        if (one.tagName === "CANVAS" && one.width > 0 && one.height > 0) found.push(one);
        if (one.shadowRoot) walk(one.shadowRoot);
    });
    walk(document);
    return found.filter((canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let coloured = 0;
        for (let at = 0; at < data.length; at += 4) {
            const [red, green, blue] = data.subarray(at, at + 3);
            coloured += Math.max(red, green, blue) - Math.min(red, green, blue) > 30;
        }
        return coloured > data.length / 4 / 50;
    }).length;
})()"""


class Page:
    """A page in a headless Chromium, by its protocol of tools."""

    def __init__(self, folder, width=1280, height=900):
        self.folder, self.width, self.height = folder, width, height
        self.last = 0

    async def __aenter__(self):
        from tornado.websocket import websocket_connect

        options = ["--headless=new", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={self.folder}"]
        options += ["--no-sandbox"] if os.geteuid() == 0 else []
        size = f"--window-size={self.width},{self.height}"
        self.process = subprocess.Popen(
            [CHROMIUM, *options, size, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            place, end = self.folder / "DevToolsActivePort", time.monotonic() + LIMIT
            while not (place.exists() and "\n" in place.read_text()):
                assert self.process.poll() is None and time.monotonic() < end, "chromium did not start"
                await asyncio.sleep(0.05)
            port = place.read_text().split("\n")[0]
            pages = json.load(urlopen(f"http://127.0.0.1:{port}/json"))
            [page] = [one for one in pages if one["type"] == "page"]
            self.socket = await websocket_connect(page["webSocketDebuggerUrl"], max_message_size=1 << 28)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *failure):
        self.process.terminate()
        await asyncio.to_thread(self.process.wait)

    async def call(self, method, **parameters):
        """What a call of the protocol answers."""
        self.last += 1
        await self.socket.write_message(json.dumps({"id": self.last, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await asyncio.wait_for(self.socket.read_message(), LIMIT))
            if answer.get("id") == self.last:
                assert "error" not in answer, answer
                return answer["result"]

    async def value(self, script):
        """What a script makes on the page."""
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, script, is_so):
        """A script's value, once it is what it should be."""
        end = time.monotonic() + LIMIT
        while not is_so(value := await self.value(script)):
            assert time.monotonic() < end, value
            await asyncio.sleep(0.2)
        return value

    async def picture(self):
        """What the plots of the stream and of progress look like, as PNG."""
        clip = {"x": 330, "y": 50, "width": self.width - 330, "height": 650, "scale": 1}
        made = await self.call("Page.captureScreenshot", format="png", clip=clip)
        return base64.b64decode(made["data"])


async def seen(url, folder, run):
    """Opens a page, has something run, and waits until plots with the names of its steps are drawn.

    Gives the names, what the page's plots are made of, and a picture.
    """
    async with Page(folder) as page:
        await page.call("Page.navigate", url=url)
        await page.until(SHOWN, lambda text: text is not None and len(json.loads(text)) > 5)
        steps = await asyncio.to_thread(run)
        # Bokeh draws no plot that had nothing to show at first; the scheduler keeps the stream from the first look on.
        await page.call("Page.navigate", url=url)
        is_shown = lambda text: sum(set(steps) <= set(one["names"]) for one in json.loads(text)) >= 2
        sources = await page.until(SHOWN, lambda text: text is not None and is_shown(text))
        await page.until(DRAWN, lambda drawn: drawn >= 2)
        await asyncio.sleep(2)  # What is drawn last.
        return steps, json.loads(sources), await page.picture()


def test_steps_have_their_names_on_the_dashboard(tmp_path, monkeypatch):
    monkeypatch.setenv("BLOCKFOLD_FRAGMENT_BYTES", "4MiB")
    with Cluster(tmp_path, dashboard=True) as cluster, bf.distributed.Client(cluster.address) as client:
        client.wait_for_workers(2, timeout=LIMIT)
        df = bf.datasets.timeseries(end="2000-02-20", freq="2s", partition_freq="1D", seed=1)
        kept = []

        def run():
            groups = df.groupby("name").agg({"x": "sum", "y": "mean"}).persist()
            kept.append(groups)
            distributed.wait(distributed.futures_of(groups), timeout=LIMIT)
            prefixes = client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.task_prefixes))
            return [name for name in prefixes if name.startswith(("read-timeseries", "merge-groups"))]

        steps, sources, picture = asyncio.run(seen(client.dashboard_link, tmp_path / "chromium", run))
        assert any(name.startswith("read-timeseries") for name in steps), steps
        assert any(name.startswith("merge-groups") for name in steps), steps
        # The stream has a bar for each task, and progress one for each step.
        stream = next(one for one in sources if one["keys"] and set(steps) <= set(one["names"]))
        progress = next(one for one in sources if one["all"] and set(steps) <= set(one["names"]))
        for step in steps:
            assert stream["names"].count(step) == int(progress["all"][progress["names"].index(step)])
        assert picture.startswith(b"\x89PNG") and len(picture) > 20_000
        assert len(kept[0].compute()) == 26
        kept_at = os.environ.get("BLOCKFOLD_PICTURES")
        if kept_at:
            os.makedirs(kept_at, exist_ok=True)
            with open(os.path.join(kept_at, "dask-dashboard.png"), "wb") as file:
                file.write(picture)
