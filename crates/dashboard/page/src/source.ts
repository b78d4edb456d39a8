// Where the data comes from: a server that pushes changes, or the report that this page is part of.

import { decodeLanes } from "./view";
import type { Flame, Lanes, PlanView, RunSummary, Series, System, TaskPage, TaskQuery, TaskRow } from "./view";

/** A question about a run that is answered anew when the run changes. */
export interface Source {
  runs(): Promise<RunSummary[]>;
  system(): Promise<System>;
  plan(run: number): Promise<PlanView>;
  causes(run: number): Promise<string[]>;
  flame(run: number): Promise<Flame>;
  lanes(run: number, from_us: number, to_us: number | null, pixels: number): Promise<Lanes>;
  series(run: number, from_us: number, to_us: number | null, points: number): Promise<Series>;
  tasks(run: number, query: TaskQuery): Promise<TaskPage>;
}

async function get(path: string): Promise<any> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

function window_(from_us: number, to_us: number | null, fineness: number): string {
  const to = to_us === null ? "" : `&to_us=${Math.ceil(to_us)}`;
  return `from_us=${Math.max(0, Math.floor(from_us))}${to}&fineness=${fineness}`;
}

export const server: Source = {
  runs: () => get("/api/runs"),
  system: () => get("/api/system"),
  plan: (run) => get(`/api/runs/${run}/plan`),
  causes: (run) => get(`/api/runs/${run}/causes`),
  flame: (run) => get(`/api/runs/${run}/flame`),
  lanes: async (run, from, to, pixels) => decodeLanes(await get(`/api/runs/${run}/lanes?${window_(from, to, pixels)}`)),
  series: (run, from, to, points) => get(`/api/runs/${run}/series?${window_(from, to, points)}`),
  tasks: (run, query) => {
    const given = Object.entries(query).filter(([, value]) => value !== "").map(([key, value]) => [key, String(value)]);
    return get(`/api/runs/${run}/tasks?${new URLSearchParams(given)}`);
  },
};

/** What a report holds. */
export interface Recording {
  run: RunSummary; plan: PlanView; causes: string[]; lanes: any; series: Series;
  tasks: { tasks: number; rows: TaskRow[] }; flame: Flame; system: System;
}

/** The data of the report that this page is part of, if it is one. */
export function recording(): Recording | null {
  const text = document.getElementById("recording")?.textContent;
  return text ? JSON.parse(text) : null;
}

export function recorded(data: Recording): Source {
  const lanes = decodeLanes(data.lanes);
  return {
    runs: async () => [data.run],
    system: async () => data.system,
    plan: async () => data.plan,
    causes: async () => data.causes,
    flame: async () => data.flame,
    lanes: async () => lanes,
    series: async () => data.series,
    tasks: async (_, query) => search(data.tasks.rows, data.tasks.tasks, query),
  };
}

const SORTS: Record<string, (row: TaskRow) => number> = {
  start: (row) => row.start_us, elapsed: (row) => row.elapsed_us, wait: (row) => row.wait_us,
  permit_bytes: (row) => row.permit_bytes, rows: (row) => row.rows, bytes: (row) => row.bytes,
};

function search(rows: TaskRow[], tasks: number, query: TaskQuery): TaskPage {
  const text = query.text.toLowerCase();
  const found = rows.filter((row) =>
    (query.chain === "" || row.chain === Number(query.chain)) &&
    (query.state === "" || row.state === query.state) &&
    `${row.label}\n${row.error ?? ""}`.toLowerCase().includes(text));
  const sign = query.sort.startsWith("-") ? -1 : 1;
  const key = SORTS[query.sort.replace("-", "")] ?? SORTS.start;
  found.sort((a, b) => sign * (key(a) - key(b)));
  return { matching: found.length, tasks, rows: found.slice(query.offset, query.offset + query.limit) };
}
