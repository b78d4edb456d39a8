// The page of real runs: while one goes on, and from its recording.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { PICTURES, closeBrowser, figure, open } from "./harness.mjs";

const PROGRAM = process.env.BLOCKFOLD_BIN;
const folder = mkdtempSync(join(tmpdir(), "blockfold-browser-"));

after(async () => {
  await closeBrowser();
  rmSync(folder, { recursive: true });
});

/** Starts the program; the address of its page, which it prints first. */
async function serve(t, words, from) {
  const program = spawn(PROGRAM, words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => program.kill("SIGKILL"));
  for await (const line of createInterface({ input: program[from] })) {
    const url = line.match(/http:\S+/)?.[0];
    if (url) return url;
  }
  throw new Error("no page is served");
}

const number = async (page, name) => Number((await figure(page, name).innerText()).split("\n")[0].replaceAll(",", ""));

test("a run of the program grows on the page", async (t) => {
  const url = await serve(t, ["timeseries", "--start", "2000", "--end", "2030", "--out", "live", "--dashboard", "127.0.0.1:0"], "stderr");
  const page = await open(url);
  t.after(() => page.context().close());
  await page.locator(".figure.running").waitFor();
  await page.waitForFunction(() => Number(document.querySelector(".stream")?.dataset.tasks) > 0);
  const before = await number(page, "tasks done");
  await page.waitForFunction((before) => parseInt(document.querySelectorAll(".figure dd")[1].firstChild.data.replaceAll(",", "")) > before, before);
  await page.screenshot({ path: `${PICTURES}/program-live.png`, fullPage: true });
  assert.deepEqual(page.complaints, []);
});

test("a recording of the program has all its tasks", async (t) => {
  execFileSync(PROGRAM, ["timeseries", "--start", "2000-01", "--end", "2000-03", "--freq", "10s", "--out", "ts", "-q"], { cwd: folder });
  execFileSync(PROGRAM, ["sort", "ts", "--by", "x", "--memory", "24MiB", "--out", "sorted.parquet", "--record", "run.bfrun", "-q"], { cwd: folder });
  const url = await serve(t, ["dashboard", "run.bfrun", "--address", "127.0.0.1:0"], "stdout");
  const page = await open(url);
  t.after(() => page.context().close());
  await page.locator(".connection", { hasText: "recording" }).waitFor();
  await page.locator(".figure.done").waitFor();
  const done = await number(page, "tasks done");
  assert.ok(done > 0);
  await page.waitForFunction((done) => document.querySelector(".stream").dataset.tasks === String(done), done);
  await page.screenshot({ path: `${PICTURES}/program-recording.png`, fullPage: true });
  for (const [tab, part] of [["plan", ".node.done"], ["tasks", "tbody tr.done"], ["profile", ".panel"], ["system", ".facts"], ["runs", "tbody tr.done"]]) {
    await page.getByRole("tab", { name: tab }).click();
    await page.locator(part).first().waitFor();
    await page.screenshot({ path: `${PICTURES}/program-${tab}.png`, fullPage: true });
  }
  assert.deepEqual(page.complaints, []);
});
