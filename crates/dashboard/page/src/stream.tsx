// The task stream: a lane for each worker, tasks in the colours of their chains, idle time left grey.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useAnswer } from "./answer";
import * as format from "./format";
import { source } from "./live";
import { Raster, first, palette } from "./raster";
import type { Palette } from "./raster";
import { useStore } from "./store";
import { chainColours, colour, colours } from "./theme";
import { pan, shown, timeKey, useSettled, view, whole, zoom } from "./time";
import type { Lane, Lanes, PlanView, RunSummary } from "./view";

/** Left of all charts, for labels. */
export const GUTTER = 64;
/** Right of all charts. */
export const MARGIN = 12;
const AXIS = 22;
/** Asked for around what is shown, so that panning has something to show. */
const AROUND = 0.5;

export function laneHeight(lanes: number): number {
  return Math.max(3, Math.min(24, Math.floor(384 / Math.max(1, lanes))));
}

/** A rectangle, by its lane and its place in it. */
interface Pick { lane: number; rect: number }

export function Stream({ run, plan, version }: { run: RunSummary; plan: PlanView | undefined; version: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(canvas);
  const now = useStore(view);
  const theme = useStore(colours);
  const [pick, setPick] = useState<Pick | null>(null);
  const lanes = useLanes(run, version, width);
  const running = run.state === "running";
  const rows = Math.max(run.threads, lanes?.lanes.length ?? 0, 1);
  const height = rows * laneHeight(rows) + AXIS;

  const painter = useRef<Painter | null>(null);
  useLayoutEffect(() => {
    if (!canvas.current || width === 0) return;
    painter.current ??= new Painter(canvas.current);
    painter.current.draw(lanes, run, rows, width, height, theme, pick);
  }, [lanes, run, now, width, height, theme, pick]);

  const gestures = useRef({ length: run.elapsed_us, running, width, pick: (_x: number, _y: number) => {} });
  gestures.current.length = run.elapsed_us;
  gestures.current.running = running;
  gestures.current.width = width;
  gestures.current.pick = (x, y) => setPick(hit(lanes?.lanes ?? [], run, x, y, width, rows));
  useGestures(canvas, gestures.current);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moved = event.shiftKey || event.key === "ArrowUp" || event.key === "ArrowDown"
      ? step(event, lanes?.lanes ?? [], pick, setPick)
      : timeKey(event, run.elapsed_us, running);
    if (moved) event.preventDefault();
    else if (event.key === "Escape") setPick(null);
  };

  return (
    <section class="panel" aria-label="Task stream">
      <div class="head">
        <h2>Task stream</h2>
        <Legend plan={plan} />
        <Zoom run={run} />
      </div>
      <canvas
        ref={canvas} class="stream" tabIndex={0} role="img" style={{ height: `${height}px` }} onKeyDown={onKeyDown}
        aria-label={`Tasks of ${rows} workers over time, ${format.count(run.tasks_done)} done. Arrows move, plus and minus zoom, 0 shows all; up, down and shift with arrows choose a task.`}
      />
      <p class="detail" role="status">{pick && lanes ? describe(lanes.lanes[pick.lane], pick.rect, plan) : "Wheel zooms, dragging moves, a double click shows all; point at a task for what it is."}</p>
    </section>
  );
}

function Zoom({ run }: { run: RunSummary }) {
  const running = run.state === "running";
  const { from, to } = shown(useStore(view), run.elapsed_us);
  const by = (factor: number) => () => zoom(factor, (from + to) / 2, run.elapsed_us, running);
  return (
    <div class="buttons">
      <span class="range">{format.duration(from)} – {format.duration(to)}</span>
      <button onClick={by(0.5)} aria-label="Zoom in">+</button>
      <button onClick={by(2)} aria-label="Zoom out">−</button>
      <button onClick={whole}>Whole run</button>
    </div>
  );
}

function Legend({ plan }: { plan: PlanView | undefined }) {
  return (
    <ul class="legend">
      {plan?.chains.slice(0, 10).map((chain) => (
        <li key={chain.chain} title={chain.label}><i class={`swatch c${chain.chain % 10}`} />{chain.label}</li>
      ))}
      {plan && plan.chains.length > 10 && <li>and {plan.chains.length - 10} more</li>}
      <li><i class="swatch idle" />idle</li>
      <li><i class="swatch failed" />failed</li>
    </ul>
  );
}

/** Rectangles for what is shown and what lies beside it, as fine as the screen. */
function useLanes(run: RunSummary, version: number, width: number): Lanes | undefined {
  const now = useSettled();
  const { from, to } = shown(now, run.elapsed_us);
  const fineness = Math.min(4096, Math.ceil((width * devicePixelRatio) / 256) * 256);
  const around = (to - from) * AROUND;
  const all = now.mode === "whole";
  const pixels = all ? fineness : fineness * (1 + 2 * AROUND);
  // Of what is zoomed, windows change with every movement: those of one stretch of time ask the same.
  const grid = Math.max(1, around / 2);
  const start = all ? 0 : Math.max(0, Math.floor((from - around) / grid) * grid);
  const end = all ? null : Math.ceil((to + around) / grid) * grid;
  return useAnswer(width > 0 ? run.id : null, `${start} ${end} ${pixels}`, version, () => source.lanes(run.id, start, end, pixels));
}

/** The width of an element, followed. */
function useWidth(element: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const target = element.current!;
    const measure = () => setWidth(target.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(target);
    return () => observer.disconnect();
  }, []);
  return width;
}

/** Draws the stream, and keeps its buffers from frame to frame. */
class Painter {
  private context: CanvasRenderingContext2D;
  private raster: Raster | null = null;
  private image: ImageData | null = null;
  private palette: Palette | null = null;
  private theme = -1;

  constructor(private canvas: HTMLCanvasElement) {
    this.context = canvas.getContext("2d", { alpha: false })!;
  }

  draw(known: Lanes | undefined, run: RunSummary, rows: number, width: number, height: number, theme: number, pick: Pick | null): void {
    const started = performance.now();
    const lanes = known?.lanes ?? [];
    // What has happened since the rectangles were asked for is not idle time.
    const until = Math.min(run.elapsed_us, known?.to_us ?? 0);
    const ratio = devicePixelRatio;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h) { this.canvas.width = w; this.canvas.height = h; }
    if (!this.palette || this.theme !== theme) {
      this.palette = palette(chainColours(), colour("idle"), colour("panel"), colour("edge"), colour("failed"));
      this.theme = theme;
    }
    const { from, to } = shown(view.value, run.elapsed_us);
    const context = this.context;
    context.fillStyle = colour("panel");
    context.fillRect(0, 0, w, h);
    const counts = this.lanes(lanes, from, to, until, w, rows, ratio);
    this.labels(lanes, from, to, width, rows, ratio);
    if (pick && lanes[pick.lane]) this.frame(lanes[pick.lane], pick, from, to, width, rows, ratio);
    Object.assign(this.canvas.dataset, { rects: counts[0], tasks: counts[1], workers: lanes.length, ms: (performance.now() - started).toFixed(2) });
  }

  private lanes(lanes: Lane[], from: number, to: number, now: number, w: number, rows: number, ratio: number): [number, number] {
    const left = Math.round(GUTTER * ratio);
    const width = Math.max(1, w - left - Math.round(MARGIN * ratio));
    const each = Math.round(laneHeight(rows) * ratio);
    const gap = each > 4 ? Math.round(ratio) : 0;
    if (this.raster?.width !== width) this.raster = new Raster(width);
    if (this.image?.width !== width || this.image.height !== each * rows) this.image = new ImageData(width, each * rows);
    const pixels = new Uint32Array(this.image.data.buffer);
    pixels.fill(this.palette!.outside);
    const counts: [number, number] = [0, 0];
    lanes.forEach((lane, i) => {
      const top = i * each * width;
      const [rects, tasks] = this.raster!.row(pixels.subarray(top, top + width), lane, from, to, now, this.palette!);
      for (let y = 1; y < each - gap; y++) pixels.copyWithin(top + y * width, top, top + width);
      counts[0] += rects;
      counts[1] += tasks;
    });
    this.context.putImageData(this.image, left, Math.round(AXIS * ratio));
    return counts;
  }

  private labels(lanes: Lane[], from: number, to: number, width: number, rows: number, ratio: number): void {
    const context = this.context;
    context.save();
    context.scale(ratio, ratio);
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = colour("muted");
    context.textBaseline = "middle";
    const each = laneHeight(rows);
    const every = Math.ceil(13 / each);
    context.textAlign = "right";
    lanes.forEach((lane, i) => {
      if (i % every === 0) context.fillText(lane.name.replace(/^blockfold-(?=\d)/, "worker ").replace(/^blockfold-/, ""), GUTTER - 6, AXIS + (i + 0.5) * each, GUTTER - 8);
    });
    context.textAlign = "center";
    const span = width - GUTTER - MARGIN;
    const marks = format.ticks(from, to, span / 90);
    const step = marks.length > 1 ? marks[1] - marks[0] : to - from;
    for (const at of marks) {
      const x = GUTTER + ((at - from) / (to - from)) * span;
      context.fillText(format.tick(at, step), Math.min(x, width - 24), 9);
      context.fillRect(x, AXIS - 4, 1, 4);
    }
    context.restore();
  }

  private frame(lane: Lane, pick: Pick, from: number, to: number, width: number, rows: number, ratio: number): void {
    const scale = (width - GUTTER - MARGIN) / (to - from);
    const x = Math.max(GUTTER, GUTTER + (lane.start[pick.rect] - from) * scale);
    const right = Math.min(width - MARGIN, GUTTER + (lane.end[pick.rect] - from) * scale);
    if (right < GUTTER || x > width - MARGIN) return;
    const each = laneHeight(rows);
    this.context.strokeStyle = colour("text");
    this.context.lineWidth = 2 * ratio;
    this.context.strokeRect(x * ratio, (AXIS + pick.lane * each) * ratio, Math.max(3, right - x) * ratio, each * ratio);
  }
}

/** Which rectangle is at a point of the canvas. */
function hit(lanes: Lane[], run: RunSummary, x: number, y: number, width: number, rows: number): Pick | null {
  const lane = Math.floor((y - AXIS) / laneHeight(rows));
  if (!lanes[lane] || x < GUTTER) return null;
  const { from, to } = shown(view.value, run.elapsed_us);
  const scale = (to - from) / (width - GUTTER - MARGIN);
  const time = from + (x - GUTTER) * scale;
  const rect = first(lanes[lane], time - 2 * scale);
  return rect < lanes[lane].length && lanes[lane].start[rect] <= time + 2 * scale ? { lane, rect } : null;
}

/** Chooses another lane, or with shift the task before or after. */
function step(event: KeyboardEvent, lanes: Lane[], pick: Pick | null, choose: (pick: Pick) => void): boolean {
  const at = pick ?? { lane: 0, rect: 0 };
  const along = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
  const across = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
  if ((along === 0 && across === 0) || lanes.length === 0) return false;
  const lane = Math.min(lanes.length - 1, Math.max(0, at.lane + (pick ? across : 0)));
  const rect = across === 0 ? at.rect + (pick ? along : 0) : first(lanes[lane], lanes[at.lane]?.start[at.rect] ?? 0);
  choose({ lane, rect: Math.min(Math.max(0, rect), Math.max(0, lanes[lane].length - 1)) });
  return true;
}

function describe(lane: Lane | undefined, i: number, plan: PlanView | undefined): string {
  if (!lane || i >= lane.length) return "No task here.";
  const label = plan?.chains[lane.chain[i]]?.label ?? `chain ${lane.chain[i]}`;
  const when = `from ${format.duration(lane.start[i])}, for ${format.duration(lane.end[i] - lane.start[i])}`;
  const failed = lane.failed[i] > 0 ? `, ${lane.tasks[i] === 1 ? "failed" : `${lane.failed[i]} failed`}` : "";
  if (lane.task[i] >= 0) return `${lane.name}: task ${format.count(lane.task[i])} of ${label}, ${when}${failed}`;
  const busy = 1 - lane.idle[i] / Math.max(1, lane.end[i] - lane.start[i]);
  return `${lane.name}: ${format.count(lane.tasks[i])} tasks, most of ${label}, ${when}, busy ${format.share(busy)}${failed}: zoom in to tell them apart`;
}

interface Gestures { length: number; running: boolean; width: number; pick: (x: number, y: number) => void }

/** Wheel, dragging, pinching, double click. */
function useGestures(canvas: { current: HTMLCanvasElement | null }, now: Gestures): void {
  useEffect(() => {
    const element = canvas.current!;
    const pointers = new Map<number, number>();
    const span = () => now.width - GUTTER - MARGIN;
    const time = (x: number) => {
      const { from, to } = shown(view.value, now.length);
      return from + ((x - GUTTER) / span()) * (to - from);
    };
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const unit = event.deltaMode === 0 ? 1 : 30;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
        pan(((event.deltaX || event.deltaY) * unit) / span(), now.length, now.running);
      } else {
        zoom(Math.exp(event.deltaY * unit * 0.002), time(event.offsetX), now.length, now.running);
      }
    };
    const down = (event: PointerEvent) => {
      pointers.set(event.pointerId, event.offsetX);
      element.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent) => {
      const before = pointers.get(event.pointerId);
      if (before === undefined) return now.pick(event.offsetX, event.offsetY);
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, event.offsetX);
      if (other === undefined) return pan((before - event.offsetX) / span(), now.length, now.running);
      const factor = Math.abs(before - other) / Math.max(1, Math.abs(event.offsetX - other));
      zoom(Math.min(4, Math.max(0.25, factor)), time((event.offsetX + other) / 2), now.length, now.running);
    };
    const up = (event: PointerEvent) => {
      pointers.delete(event.pointerId);
      now.pick(event.offsetX, event.offsetY);
    };
    element.addEventListener("wheel", wheel, { passive: false });
    element.addEventListener("pointerdown", down);
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", up);
    element.addEventListener("pointercancel", up);
    element.addEventListener("dblclick", whole);
    return () => {
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("pointerdown", down);
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", up);
      element.removeEventListener("pointercancel", up);
      element.removeEventListener("dblclick", whole);
    };
  }, []);
}

