// Numbers as people read them.

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(value: number): string {
  let unit = 0;
  while (value >= 1000 && unit < BYTES.length - 1) { value /= 1024; unit++; }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toPrecision(3)} ${BYTES[unit]}`;
}

export function rate(value: number): string {
  return `${bytes(value)}/s`;
}

export function share(value: number): string {
  return `${Math.round(value * 100)} %`;
}

/** 12345678 as "12,345,678". */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** 12345678 as "12.3 M". */
export function short(value: number): string {
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]] as const) {
    if (value >= size) return `${(value / (unit === "k" ? 1e3 : size)).toPrecision(3)} ${unit}`;
  }
  return count(value);
}

export function duration(us: number): string {
  if (us === 0) return "0 s";
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1e6) return `${(us / 1e3).toPrecision(3)} ms`;
  if (us < 60e6) return `${(us / 1e6).toFixed(us < 10e6 ? 2 : 1)} s`;
  const seconds = Math.round(us / 1e6);
  const pad = (n: number) => String(n).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${pad(seconds % 60)} min`;
  return `${Math.floor(seconds / 3600)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)} h`;
}

export function clock(unix_ms: number): string {
  return new Date(unix_ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** Where an axis from `from` to `to` has its ticks: at most `most`, at round numbers. */
export function ticks(from: number, to: number, most: number): number[] {
  const rough = (to - from) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((size) => size >= rough) ?? rough;
  const found = [];
  for (let at = Math.ceil(from / step); at * step <= to; at++) found.push(at * step);
  return found;
}

/** The time `us` as an axis with ticks `step_us` apart shows it. */
export function tick(us: number, step_us: number): string {
  const [size, unit] = step_us >= 1e6 || us === 0 ? [1e6, "s"] : step_us >= 1e3 && us < 1e6 ? [1e3, "ms"] : us < 1e3 ? [1, "µs"] : [1e6, "s"];
  const digits = Math.max(0, Math.ceil(-Math.log10(step_us / size) - 1e-9));
  return us === 0 ? "0" : `${(us / size).toFixed(Math.min(digits, 6))} ${unit}`;
}
