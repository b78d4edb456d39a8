// Starts the made-up runs' server and Chromium, and keeps what a page complains about.

import { chromium } from "playwright-core";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { mkdirSync } from "node:fs";

/** The example `synthetic` of crates/dashboard. */
const SYNTHETIC = process.env.BLOCKFOLD_SYNTHETIC;
/** Where screenshots go. */
export const PICTURES = process.env.BLOCKFOLD_PICTURES ?? "/tmp";

mkdirSync(PICTURES, { recursive: true });

export class Server {
  static async start(...options) {
    const server = new Server();
    server.process = spawn(SYNTHETIC, options, { stdio: ["pipe", "pipe", "inherit"] });
    server.lines = createInterface({ input: server.process.stdout })[Symbol.asyncIterator]();
    server.url = (await server.lines.next()).value;
    if (!server.url) throw new Error("the server did not start");
    return server;
  }

  /** Sets the clock of the last run; when that was, in milliseconds since 1970. */
  async set(us) {
    this.process.stdin.write(`${us}\n`);
    return Number((await this.lines.next()).value);
  }

  async stop() {
    this.process.kill();
    await new Promise((resolve) => this.process.once("exit", resolve));
  }

  get address() {
    return new URL(this.url).host;
  }
}

let browser;

export async function open(url, { width = 1280, height = 900, scheme = "light", scale = 1 } = {}) {
  browser ??= await chromium.launch({
    executablePath: process.env.BLOCKFOLD_CHROMIUM,
    args: ["--disable-gpu", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  });
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, deviceScaleFactor: scale });
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
  await page.goto(url);
  return page;
}

export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}

/** The counts that the task stream drew. */
export function drawn(page) {
  return page.locator(".stream").evaluate(({ dataset: { rects, tasks, workers, ms } }) => ({
    rects: Number(rects), tasks: Number(tasks), workers: Number(workers), ms: Number(ms),
  }));
}

/** Waits until the task stream has drawn `tasks` tasks. */
export async function waitForTasks(page, tasks) {
  await page.waitForFunction((tasks) => document.querySelector(".stream")?.dataset.tasks === String(tasks), tasks, { timeout: 20_000 });
}

/** The value of the figure `name`. */
export function figure(page, name) {
  return page.locator(".figure", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).locator("dd");
}
