// What the page shows, on a live run, a recording and a report.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { PICTURES, Server, closeBrowser, drawn, figure, open, waitForTasks } from "./harness.mjs";

after(closeBrowser);

/** Opens the page at `hash` of a server with `options`, and stops both in the end. */
async function onPage(t, hash, options = ["--clock", "set"], how = {}) {
  const server = await Server.start(...options);
  t.after(() => server.stop());
  const page = await open(`${server.url}${hash}`, how);
  t.after(() => page.context().close());
  return { server, page };
}

test("a live run grows as its tasks do", async (t) => {
  const { server, page } = await onPage(t, "");
  for (const seconds of [1, 5, 20]) {
    await server.set(seconds * 1_000_000);
    // Four workers with one task each 100 ms: those that started, and of these all but the one under way have ended.
    await waitForTasks(page, seconds * 40);
    const done = Number((await figure(page, "tasks done").innerText()).split("\n")[0].replaceAll(",", ""));
    assert.ok(done <= seconds * 40 && done >= seconds * 40 - 4, `${done}`);
  }
  assert.equal(await page.getByRole("progressbar").first().getAttribute("aria-valuenow"), "600");
  assert.equal((await drawn(page)).workers, 4);
  const charts = page.locator(".plot");
  assert.equal(await charts.count(), 4);
  for (const chart of await charts.all()) assert.equal(await chart.getAttribute("data-points"), "400");
  assert.deepEqual(page.complaints, []);
});

test("a recording shows all tasks, and says that it is one", async (t) => {
  const { page } = await onPage(t, "", ["--recording"]);
  await waitForTasks(page, 2400);
  assert.match(await figure(page, "tasks done").innerText(), /^2,400/);
  assert.equal(await page.locator(".connection").innerText(), "recording");
  assert.equal(await page.locator(".progress .done > .name").count(), 4);
});

test("every task of long runs is in the stream", async (t) => {
  const { server, page } = await onPage(t, "#status/1");
  await waitForTasks(page, 100_000);
  await page.goto(`${server.url}#status/3`);
  await waitForTasks(page, 10_000_000);
  assert.ok((await drawn(page)).rects < 16 * 2048, "at most one rectangle a pixel and lane");
});

test("zooming in tells tasks apart, and shows which one is pointed at", async (t) => {
  const { page } = await onPage(t, "#status/3");
  await waitForTasks(page, 10_000_000);
  const stream = await page.locator(".stream").boundingBox();
  await page.mouse.move(stream.x + 600, stream.y + 60);
  for (let i = 0; i < 22; i++) await page.mouse.wheel(0, -300);
  await page.waitForFunction(() => {
    const { rects, tasks } = document.querySelector(".stream").dataset;
    return rects === tasks && Number(tasks) > 0 && Number(tasks) < 10_000;
  });
  await page.mouse.move(stream.x + 604, stream.y + 60);
  await page.mouse.move(stream.x + 600, stream.y + 60);
  await page.waitForFunction(() => /task [\d,]+ of read|worker|task/.test(document.querySelector(".detail").textContent));
  await page.getByRole("button", { name: "Whole run" }).click();
  await waitForTasks(page, 10_000_000);
});

test("a failing task shows its error on every page that tells of it", async (t) => {
  const { page } = await onPage(t, "#status/2");
  const error = "page checksum differs (<corrupt> & unreadable)";
  await page.getByRole("alert").filter({ hasText: error }).waitFor();
  assert.equal((await figure(page, "tasks failed").innerText()).trim(), "1");
  await page.getByRole("tab", { name: "plan" }).click();
  await page.locator(".node.failed", { hasText: "merge" }).waitFor();
  await page.getByRole("tab", { name: "tasks" }).click();
  await page.locator("td.error", { hasText: error }).waitFor();
  assert.equal(await page.locator("tbody tr.failed").count(), 2, "the task and its error");
  await page.getByRole("button", { name: "137" }).click();
  await page.locator(".stream").waitFor();
});

test("tasks are filtered, sorted and paged", async (t) => {
  const { page } = await onPage(t, "#tasks/1");
  await page.locator("tbody tr").nth(99).waitFor();
  const took = async () => (await page.locator("tbody tr td:nth-child(6)").allInnerTexts()).map(parseFloat);
  const down = await took();
  assert.deepEqual(down, down.toSorted((a, b) => b - a));
  await page.getByRole("button", { name: "took" }).click();
  await page.locator("th[aria-sort=ascending]").waitFor();
  await page.waitForFunction((slowest) => parseFloat(document.querySelector("tbody tr td:nth-child(6)").innerText) < slowest, down[0]);
  await page.getByLabel("Text").fill("zones");
  await page.waitForFunction(() => [...document.querySelectorAll("tbody td.name")].every((cell) => cell.innerText.includes("zones")));
  await page.getByRole("button", { name: "Later rows" }).click();
  await page.locator(".pages", { hasText: "101–200" }).waitFor();
  await page.getByLabel("Text").fill("no such text");
  await page.getByText("No task matches.").waitFor();
});

test("the plan tells of the chosen chain", async (t) => {
  const { server, page } = await onPage(t, "#plan");
  await server.set(20_000_000);
  await page.locator(".node.running", { hasText: "merge" }).waitFor();
  assert.equal(await page.locator(".node").count(), 4);
  assert.equal(await page.locator(".graph svg > path").count(), 3);
  await page.locator(".node", { hasText: "join" }).click();
  await page.locator(".details code", { hasText: "join inner on zone" }).waitFor();
  await page.locator(".details", { hasText: "600 MiB" }).waitFor();
});

test("the profile is searched and zoomed", async (t) => {
  const { page } = await onPage(t, "#profile");
  await page.locator(".flame button", { hasText: "snappy" }).waitFor();
  assert.equal(await page.locator(".flame button").count(), 10);
  await page.getByLabel("Find").fill("dict");
  assert.equal(await page.locator(".flame .match").count(), 1);
  await page.locator(".flame button", { hasText: "read parquet" }).click();
  assert.equal(await page.locator(".flame button").count(), 4);
});

test("two runs are compared", async (t) => {
  const { page } = await onPage(t, "#runs");
  await page.getByLabel("Compare run 1").check();
  await page.getByLabel("Compare run 3").check();
  const row = page.locator(".compare tr", { hasText: "tasks done" });
  assert.deepEqual(await row.locator("td").allInnerTexts(), ["tasks done", "100,000", "10,000,000", "× 100"]);
  await page.locator(".compare tr", { hasText: "sort > write" }).locator(".bar").nth(1).waitFor();
});

test("the page comes back by itself after the server has restarted", async (t) => {
  const first = await Server.start("--clock", "set");
  const page = await open(first.url);
  t.after(() => page.context().close());
  await page.locator(".connection.live").waitFor();
  await first.stop();
  await page.locator(".connection", { hasText: "connection lost, trying again" }).waitFor();
  const second = await Server.start("--clock", "set", "--address", first.address);
  t.after(() => second.stop());
  await page.locator(".connection", { hasText: "connected again" }).waitFor();
  await second.set(3_000_000);
  await waitForTasks(page, 120);
});

test("everything is reached from the keyboard", async (t) => {
  const { server, page } = await onPage(t, "");
  await server.set(20_000_000);
  await waitForTasks(page, 800);
  await page.locator(".stream").focus();
  await page.keyboard.press("+");
  await page.keyboard.press("+");
  await page.waitForFunction(() => Number(document.querySelector(".stream").dataset.tasks) < 500);
  const range = page.locator(".range");
  const before = await range.innerText();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction((before) => document.querySelector(".range").innerText !== before, before);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+ArrowRight");
  await page.waitForFunction(() => /^worker \d: /.test(document.querySelector(".detail").innerText));
  await page.keyboard.press("0");
  await waitForTasks(page, 800);
  for (const [key, name] of [["2", "Step graph"], ["3", "Tasks"], ["4", "Flame graph"], ["5", "System"], ["6", "Runs"], ["1", "Task stream"]]) {
    await page.keyboard.press(key);
    await page.getByRole("region", { name, exact: true }).waitFor();
  }
  await page.getByRole("tab", { name: "status" }).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate(() => document.activeElement.id), "tab-plan");
  await page.keyboard.press("t");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  assert.deepEqual(page.complaints, []);
});

test("a page with a token remembers it and does not show it", async (t) => {
  const { server, page } = await onPage(t, "", ["--clock", "set", "--token", "secret"]);
  await page.locator(".connection.live").waitFor();
  assert.equal(page.url(), `http://${server.address}/`);
  assert.equal(await page.evaluate(() => document.cookie), "");
});

test("a report is a file of its own", async (t) => {
  const file = `${PICTURES}/report.html`;
  const html = execFileSync(process.env.BLOCKFOLD_SYNTHETIC, ["--report", "2"], { maxBuffer: 1 << 28, encoding: "utf8" });
  writeFileSync(file, html);
  const { plan } = JSON.parse(html.match(/id="recording">(.*?)<\/script>/s)[1]);
  const started = plan.chains.reduce((sum, chain) => sum + chain.tasks_started, 0);
  assert.ok(started > 137);
  const page = await open("about:blank");
  t.after(() => page.context().close());
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`file://${file}`);
  await waitForTasks(page, started);
  await page.getByRole("alert").filter({ hasText: "checksum" }).waitFor();
  for (const tab of ["plan", "tasks", "profile", "system", "runs"]) {
    await page.getByRole("tab", { name: tab }).click();
    await page.locator(".panel").first().waitFor();
  }
  assert.deepEqual(asked.filter((url) => !url.startsWith("file:") && !url.startsWith("data:")), []);
  assert.deepEqual(page.complaints, []);
});
