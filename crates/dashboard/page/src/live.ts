// The connection to the server: follows its events while the page is seen, and comes back by itself.

import { recorded, recording, server } from "./source";
import type { Source } from "./source";
import { Store } from "./store";
import type { PlanView, RunSummary } from "./view";

export type Connection = "connecting" | "live" | "again" | "lost" | "recording" | "report";

export interface Changing { version: number; run: RunSummary; plan: PlanView | null; causes: string[] }

export interface Live { session: string; version: number; live: boolean; runs: number; changing: Changing[] }

const embedded = recording();

export const source: Source = embedded ? recorded(embedded) : server;
export const connection = new Store<Connection>(embedded ? "report" : "connecting");
export const live = new Store<Live>(
  embedded
    ? { session: "", version: 1, live: false, runs: 1, changing: [{ version: 1, run: embedded.run, plan: embedded.plan, causes: embedded.causes }] }
    : { session: "", version: 0, live: true, runs: 0, changing: [] },
);

const RETRY_MS = [250, 500, 1000];
/** How long "connected again" is shown. */
const AGAIN_MS = 4000;
/** A server says something every five seconds; one that does not for this long is gone. */
const SILENT_MS = 20_000;

let events: EventSource | null = null;
let retries = 0;
let retry = 0;
let watchdog = 0;

function opened(message: MessageEvent<string>): void {
  window.clearTimeout(watchdog);
  watchdog = window.setTimeout(lost, SILENT_MS);
  const now: Live = JSON.parse(message.data);
  live.set(now);
  if (connection.value === "lost") {
    connection.set("again");
    window.setTimeout(() => connection.value === "again" && connection.set(now.live ? "live" : "recording"), AGAIN_MS);
  } else if (connection.value !== "again") {
    connection.set(now.live ? "live" : "recording");
  }
  retries = 0;
}

function lost(): void {
  close();
  connection.set("lost");
  retry = window.setTimeout(open, RETRY_MS[Math.min(retries++, RETRY_MS.length - 1)]);
}

function open(): void {
  close();
  events = new EventSource("/api/live");
  events.onmessage = opened;
  events.addEventListener("alive", () => {
    window.clearTimeout(watchdog);
    watchdog = window.setTimeout(lost, SILENT_MS);
  });
  events.onerror = lost;
}

function close(): void {
  window.clearTimeout(retry);
  window.clearTimeout(watchdog);
  events?.close();
  events = null;
}

/** Connects, and lets go while the page is hidden: browsers allow a server six connections, for all tabs together. */
export function connect(): void {
  if (embedded) return;
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  if (!document.hidden) open();
}
