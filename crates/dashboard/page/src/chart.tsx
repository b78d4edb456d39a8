// A chart of measures over time, on the same time axis as the task stream.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import * as format from "./format";
import { useStore } from "./store";
import { GUTTER, MARGIN } from "./stream";
import { colour, colours } from "./theme";
import { show, shown, timeKey, useSettled, view, whole } from "./time";
import type { RunSummary, Series } from "./view";

export interface Line { key: string; label: string; colour: string; fill?: boolean; dash?: boolean; limit?: boolean }

const HEIGHT = 150;
/** Between two ticks of bytes. */
const POWERS = Array.from({ length: 51 }, (_, power) => 2 ** power);

interface Props { title: string; run: RunSummary; series: Series | undefined; lines: Line[]; unit: (value: number) => string; most?: number; binary?: boolean; zero?: string }

export function Chart({ title, run, series, lines, unit, most, binary, zero }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const now = useStore(view);
  const theme = useStore(colours);
  const [cursor, setCursor] = useState<number | null>(null);
  const keys = lines.map((line) => line.key).join();
  const length = useRef(run);
  length.current = run;

  useLayoutEffect(() => {
    const made = new uPlot(options(holder.current!.clientWidth, lines, unit, most, binary, length, setCursor), [[]], holder.current!);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: holder.current!.clientWidth, height: HEIGHT }));
    observer.observe(holder.current!);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [keys, theme]);

  const settled = useSettled();
  const seen = useSeen(holder);
  const part = seen ? now : settled;
  useEffect(() => {
    const { from, to } = shown(part, run.elapsed_us);
    plot.current?.batch(() => {
      plot.current!.setData(points(series, lines) as uPlot.AlignedData, false);
      plot.current!.setScale("x", { min: from, max: to });
    });
  }, [series, part, keys, theme, seen ? run.elapsed_us : 0]);

  const running = run.state === "running";
  return (
    <section class="panel chart" aria-label={title}>
      <div class="head">
        <h2>{title}</h2>
        <ul class="legend">
          {lines.map((line) => (
            <li key={line.key}><i class={`swatch ${line.colour}${line.dash ? " dash" : ""}`} />{line.label} <b>{value(series, line.key, cursor, unit) ?? zero ?? "–"}</b></li>
          ))}
        </ul>
      </div>
      <div
        ref={holder} class="plot" tabIndex={0} role="img" aria-label={`${title} over time`} data-points={series?.columns[lines[0]?.key]?.length ?? 0}
        onKeyDown={(event) => !event.ctrlKey && !event.metaKey && timeKey(event, run.elapsed_us, running) && event.preventDefault()}
        onDblClick={whole}
      />
    </section>
  );
}

/** Whether an element is on the screen: charts that are not need not follow every movement. */
function useSeen(element: { current: HTMLElement | null }): boolean {
  const [seen, see] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => see(entries[entries.length - 1].isIntersecting));
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return seen;
}

function points(series: Series | undefined, lines: Line[]): (number | null)[][] {
  const columns = lines.map((line) => series?.columns[line.key] ?? []);
  const length = Math.max(0, ...columns.map((column) => column.length));
  const times = Array.from({ length }, (_, i) => series!.from_us + i * series!.step_us);
  return [times, ...columns.map((column) => (column.length === length ? column : new Array(length).fill(null)))];
}

/** The value at the cursor, or the last one. */
function value(series: Series | undefined, key: string, cursor: number | null, unit: (value: number) => string): string | null {
  const column = series?.columns[key];
  if (!column) return null;
  const at = cursor ?? column.findLastIndex((value) => value !== null);
  const found = column[at];
  return found === null || found === undefined ? null : unit(found);
}

/** The top of an axis: above all values, and above the limit if that is not far away. */
function highest(high: number, lines: Line[], run: RunSummary, binary: boolean | undefined): number {
  const limit = lines.some((line) => line.limit) ? run.budget_bytes : 0;
  return Math.max(limit <= 4 * high ? limit : 0, high, binary ? 1024 : 1) * 1.05;
}

function options(
  width: number, lines: Line[], unit: (value: number) => string, most: number | undefined, binary: boolean | undefined,
  run: { current: RunSummary }, setCursor: (at: number | null) => void,
): uPlot.Options {
  const grid = { stroke: colour("line"), width: 1 };
  const axis = { stroke: colour("muted"), grid, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  return {
    width, height: HEIGHT,
    legend: { show: false },
    padding: [8, MARGIN, 0, 0],
    scales: { x: { time: false }, y: { range: (_, __, high) => [0, most ?? highest(high ?? 0, lines, run.current, binary)] } },
    cursor: { sync: { key: "time" }, drag: { x: true, y: false, setScale: false }, points: { size: 5 } },
    series: [
      {},
      ...lines.map((line): uPlot.Series => ({
        label: line.label, stroke: colour(line.colour), width: 1.5, points: { show: false },
        fill: line.fill ? `${colour(line.colour)}33` : undefined, dash: line.dash ? [6, 4] : undefined,
        // Between two samples there may be points without a value. A limit is shown where it is near, and scales nothing.
        spanGaps: true, auto: !line.limit,
      })),
    ],
    axes: [
      { ...axis, size: 26, values: (_, at) => at.map((us) => format.tick(us, at.length > 1 ? at[1] - at[0] : 1e6)), space: 90 },
      { ...axis, size: GUTTER, ...(binary ? { incrs: POWERS } : {}), values: (_, at) => at.map((value) => unit(value)), space: 30 },
    ],
    hooks: {
      setCursor: [(plot) => setCursor(plot.cursor.idx ?? null)],
      setSelect: [(plot) => {
        const { left, width } = plot.select;
        if (width < 4) return;
        const { elapsed_us, state } = run.current;
        show(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"), elapsed_us, state === "running");
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
    },
  };
}
