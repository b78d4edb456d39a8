// What the server sends: the structs of crates/watch/src/view.rs, and the task stream decoded.

export type Standing = "waiting" | "running" | "done" | "failed" | "cancelled";

export interface RunSummary {
  id: number; label: string; started_unix_ms: number; elapsed_us: number; state: Standing;
  tasks: number; tasks_done: number; tasks_failed: number; rows_read: number; bytes_read: number;
  spilled_bytes: number; peak_bytes: number; budget_bytes: number; threads: number;
  error: string | null; dropped_events: number;
}

export interface ChainView {
  chain: number; label: string; steps: string[]; state: Standing; tasks: number; tasks_started: number;
  tasks_done: number; rows_in: number; rows_expected: number | null; rows_out: number; bytes_read: number;
  spilled_bytes: number; projected_bytes: number; peak_bytes: number; started_us: number | null;
  elapsed_us: number; causes: string[];
}

export interface PlanView { chains: ChainView[]; edges: [number, number][] }

export interface Series { from_us: number; step_us: number; columns: Record<string, (number | null)[]> }

export interface TaskRow {
  chain: number; task: number; label: string; worker: number; state: Standing; start_us: number; wait_us: number;
  elapsed_us: number; permit_bytes: number; rows: number; bytes: number; error: string | null;
}

export interface TaskPage { matching: number; tasks: number; rows: TaskRow[] }

export interface TaskQuery { chain: string; state: string; text: string; sort: string; offset: number; limit: number }

export interface Flame { name: string; us: number; children: Flame[] }

export interface System {
  version: string; pid: number; threads: number; cores: number; cpu: string; budget_bytes: number;
  memory_bytes: number; resident_bytes: number; scratch: string; scratch_free_bytes: number; more: [string, string][];
}

/** The rectangles of a worker, a column for each number. */
export interface Lane {
  worker: number; name: string; length: number;
  start: Float64Array; end: Float64Array; idle: Float64Array;
  chain: Int32Array; task: Float64Array; tasks: Int32Array; failed: Int32Array;
}

export interface Lanes { from_us: number; to_us: number; lanes: Lane[] }

interface SentLanes { from_us: number; to_us: number; lanes: { worker: number; name: string; rects: number[] }[] }

const NUMBERS = 7;

/** The task stream from the numbers that are sent (crates/dashboard/src/lanes.rs). */
export function decodeLanes(sent: SentLanes): Lanes {
  return { from_us: sent.from_us, to_us: sent.to_us, lanes: sent.lanes.map(decodeLane) };
}

function decodeLane({ worker, name, rects }: SentLanes["lanes"][number]): Lane {
  const length = rects.length / NUMBERS;
  const lane: Lane = {
    worker, name, length,
    start: new Float64Array(length), end: new Float64Array(length), idle: new Float64Array(length),
    chain: new Int32Array(length), task: new Float64Array(length), tasks: new Int32Array(length), failed: new Int32Array(length),
  };
  let before = 0;
  for (let i = 0, at = 0; i < length; i++, at += NUMBERS) {
    lane.start[i] = before + rects[at];
    before = lane.end[i] = lane.start[i] + rects[at + 1];
    lane.idle[i] = rects[at + 2];
    lane.chain[i] = rects[at + 3];
    lane.task[i] = rects[at + 4];
    lane.tasks[i] = rects[at + 5];
    lane.failed[i] = rects[at + 6];
  }
  return lane;
}
