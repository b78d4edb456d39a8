// The task stream as pixels: each worker is one row of colours, repeated over its height, so that a frame costs little
// however many tasks there are.

import type { Lane } from "./view";

/** Steps from idle to busy. */
const SHADES = 32;
/** From this width on, a rectangle has an edge. */
const EDGED = 5;

export interface Palette { idle: number; outside: number; edge: number; failed: number; shades: Uint32Array; chains: number }

/** Colours as pixels, from `#rrggbb`. */
export function palette(chains: string[], idle: string, outside: string, edge: string, failed: string): Palette {
  const shades = new Uint32Array(chains.length * (SHADES + 1));
  chains.forEach((chain, i) => {
    for (let shade = 0; shade <= SHADES; shade++) shades[i * (SHADES + 1) + shade] = pixel(mix(idle, chain, shade / SHADES));
  });
  return { idle: pixel(rgb(idle)), outside: pixel(rgb(outside)), edge: pixel(rgb(edge)), failed: pixel(rgb(failed)), shades, chains: chains.length };
}

function rgb(colour: string): number[] {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

function mix(from: string, to: string, share: number): number[] {
  const [a, b] = [rgb(from), rgb(to)];
  return a.map((value, i) => Math.round(value + (b[i] - value) * share));
}

function pixel([red, green, blue]: number[]): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Draws rows of pixels; keeps what it needs from frame to frame. */
export class Raster {
  private cover: Float32Array;
  private best: Float32Array;
  private who: Int32Array;
  private mark: Uint8Array;

  constructor(readonly width: number) {
    this.cover = new Float32Array(width + 1);
    this.best = new Float32Array(width + 1);
    this.who = new Int32Array(width + 1);
    this.mark = new Uint8Array(width + 1);
  }

  /**
   * Draws `lane` between two times into `row`; after `now` there is nothing yet. Returns the number of rectangles drawn
   * and of tasks in them.
   */
  row(row: Uint32Array, lane: Lane, from: number, to: number, now: number, colours: Palette): [number, number] {
    const { cover, best, who, mark, width } = this;
    cover.fill(0);
    best.fill(0);
    mark.fill(0);
    const scale = width / (to - from);
    const { start, end: ends, idle, chain, failed } = lane;
    let rects = 0, tasks = 0;
    for (let i = first(lane, from); i < lane.length && start[i] < to; i++) {
      const left = start[i] <= from ? 0 : (start[i] - from) * scale;
      const right = ends[i] >= to ? width : (ends[i] - from) * scale;
      const span = ends[i] - start[i];
      const busy = span > 0 ? 1 - idle[i] / span : 1;
      const x = left | 0, last = right | 0, of = chain[i];
      // Shares of the first pixel and of the last one, which is beyond the row where a rectangle reaches its end.
      this.add(x, (x === last ? right - left : x + 1 - left) * busy, of);
      for (let inner = x + 1; inner < last; inner++) { cover[inner] = best[inner] = busy; who[inner] = of; }
      if (last > x) this.add(last, (right - last) * busy, of);
      if (failed[i] > 0) mark.fill(2, x, Math.max(last, Math.min(width, x + 3)));
      else if (right - left >= EDGED && mark[x] === 0) mark[x] = 1;
      rects++;
      tasks += lane.tasks[i];
    }
    const end = Math.min(width, Math.max(0, Math.ceil((now - from) * scale)));
    for (let x = 0; x < end; x++) {
      if (mark[x] !== 0) row[x] = mark[x] === 2 ? colours.failed : colours.edge;
      else if (cover[x] === 0) row[x] = colours.idle;
      else {
        const shade = Math.max(1, Math.min(SHADES, (cover[x] * SHADES + 0.5) | 0));
        row[x] = colours.shades[(who[x] % colours.chains) * (SHADES + 1) + shade];
      }
    }
    row.fill(colours.outside, end);
    return [rects, tasks];
  }

  /** Part of pixel `x` is busy with chain `of`. A pixel gets the colour of the chain that has most of it. */
  private add(x: number, part: number, of: number): void {
    this.cover[x] += part;
    if (part > this.best[x]) { this.best[x] = part; this.who[x] = of; }
  }
}

/** The first rectangle of `lane` that ends after `time`. */
export function first(lane: Lane, time: number): number {
  let low = 0, high = lane.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lane.end[middle] > time) high = middle; else low = middle + 1;
  }
  return low;
}
