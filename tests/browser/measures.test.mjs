// How quick the page is: printed, not asserted, since it depends on the machine and on what else it does.

import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { loadavg } from "node:os";
import { Server, closeBrowser, drawn, open, waitForTasks } from "./harness.mjs";

const say = (text) => console.log(`measured: ${text}`);

say(`load of the machine: ${loadavg()[0].toFixed(1)}`);
after(closeBrowser);

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

test("first paint", async (t) => {
  const server = await Server.start("--clock", "set");
  t.after(() => server.stop());
  const first = async (url) => {
    const page = await open(url);
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
    const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
    await page.context().close();
    return paint;
  };
  const [page, text] = [[], []];
  for (let i = 0; i < 9; i++) {
    page.push(await first(server.url));
    text.push(await first(`${server.url}api/system`));
  }
  const shown = (paints) => `${median(paints).toFixed(0)} ms in the middle of 9, ${Math.min(...paints).toFixed(0)} ms at best`;
  say(`first paint ${shown(page)}; of a line of text from the same server ${shown(text)}`);
});

test("frames of a hundred thousand rectangles", async (t) => {
  const server = await Server.start("--clock", "set");
  t.after(() => server.stop());
  const page = await open(`${server.url}#status/1`, { width: 1920, height: 1080 });
  t.after(() => page.context().close());
  await waitForTasks(page, 100_000);
  const { rects } = await drawn(page);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  };
  const before = await busy();
  // Back and forth by a hair, so that all rectangles stay in view.
  const frames = await page.evaluate(async () => {
    const stream = document.querySelector(".stream");
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const [spans, draws] = [[], []];
    let before = await frame();
    for (let i = 0; i < 120; i++) {
      stream.dispatchEvent(new WheelEvent("wheel", { deltaY: i % 2 === 0 ? -1 : 1, bubbles: true, cancelable: true }));
      const now = await frame();
      spans.push(now - before);
      draws.push(Number(stream.dataset.ms));
      before = now;
    }
    return { spans: spans.slice(10), draws: draws.slice(10) };
  });
  say(`${rects} rectangles: ${(((await busy()) - before) / 120).toFixed(1)} ms of processor time of the page's thread a frame`);
  say(`${rects} rectangles: a frame each ${median(frames.spans).toFixed(1)} ms (middle), ${Math.max(...frames.spans).toFixed(1)} ms (worst of 110); drawing alone ${median(frames.draws).toFixed(1)} ms`);
});

test("an event on the page", async (t) => {
  const server = await Server.start("--clock", "set");
  t.after(() => server.stop());
  const page = await open(server.url);
  t.after(() => page.context().close());
  await page.locator(".progress li").first().waitFor();
  const delays = [];
  for (let i = 1; i <= 20; i++) {
    const seen = page.evaluate(() => new Promise((resolve) => {
      const figure = document.querySelectorAll(".figure dd")[1];
      const observer = new MutationObserver(() => {
        observer.disconnect();
        requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()));
      });
      observer.observe(figure, { characterData: true, subtree: true, childList: true });
    }));
    await page.waitForTimeout(83 + 7 * (i % 5));
    const happened = await server.set(i * 500_000);
    delays.push((await seen) - happened);
  }
  say(`an event is on the page after ${median(delays).toFixed(0)} ms (middle of 20), ${Math.max(...delays).toFixed(0)} ms at worst`);
});

test("a hundred listeners", async (t) => {
  const server = await Server.start("--seconds", "120");
  t.after(() => server.stop());
  const cpu = () => {
    const fields = readFileSync(`/proc/${server.process.pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  };
  const listen = async (listeners) => {
    const stop = new AbortController();
    let received = 0;
    const streams = Array.from({ length: listeners }, async () => {
      const response = await fetch(`${server.url}api/live`, { signal: stop.signal });
      for await (const part of response.body) received += part.length;
    });
    const before = cpu();
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const used = (cpu() - before) / 5;
    stop.abort();
    await Promise.allSettled(streams);
    return `${(100 * used).toFixed(1)} % of a core, ${(received / 5e3).toFixed(0)} kB/s`;
  };
  say(`server with no listener: ${await listen(0)}`);
  say(`server with one listener of a run that changes all the time: ${await listen(1)}`);
  say(`server with a hundred: ${await listen(100)}`);
});
