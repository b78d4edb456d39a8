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
    let rects = 0, tasks = 0;
    for (let i = first(lane, from); i < lane.length && lane.start[i] < to; i++) {
      const left = Math.max(0, (lane.start[i] - from) * scale);
      const right = Math.min(width, (lane.end[i] - from) * scale);
      const span = lane.end[i] - lane.start[i];
      const busy = span > 0 ? 1 - lane.idle[i] / span : 1;
      const last = Math.min(width - 1, Math.floor(right));
      for (let x = Math.floor(left); x <= last; x++) {
        const part = (Math.min(right, x + 1) - Math.max(left, x)) * busy;
        cover[x] += part;
        if (part > best[x]) { best[x] = part; who[x] = lane.chain[i]; }
      }
      if (lane.failed[i] > 0) mark.fill(2, Math.floor(left), Math.max(last, Math.min(width, Math.floor(left) + 3)));
      else if (right - left >= EDGED) mark[Math.floor(left)] = Math.max(mark[Math.floor(left)], 1);
      rects++;
      tasks += lane.tasks[i];
    }
    const end = Math.min(width, Math.max(0, Math.ceil((now - from) * scale)));
    for (let x = 0; x < end; x++) {
      if (mark[x] === 2) row[x] = colours.failed;
      else if (mark[x] === 1) row[x] = colours.edge;
      else if (cover[x] > 0) {
        const shade = Math.max(1, Math.min(SHADES, Math.round(cover[x] * SHADES)));
        row[x] = colours.shades[(who[x] % colours.chains) * (SHADES + 1) + shade];
      } else row[x] = colours.idle;
    }
    row.fill(colours.outside, end);
    return [rects, tasks];
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
