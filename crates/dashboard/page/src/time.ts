// The part of a run that all charts show.

import { useEffect, useState } from "preact/hooks";
import { Store, useStore } from "./store";

/**
 * `whole`: from the start to the end, however that grows. `tail`: the last stretch of this width. `fixed`: what was
 * zoomed to.
 */
export interface View { mode: "whole" | "tail" | "fixed"; from_us: number; to_us: number }

const WHOLE: View = { mode: "whole", from_us: 0, to_us: 0 };
const NARROWEST_US = 20;

export const view = new Store<View>(WHOLE);

/** How long a view has to stay for finer data to be asked for: while it moves, what is there is drawn. */
const STILL_MS = 120;

/** The view once it has stopped moving. */
export function useSettled(): View {
  const now = useStore(view);
  const [settled, settle] = useState(now);
  useEffect(() => {
    if (now === settled) return;
    const timer = window.setTimeout(() => settle(now), now.mode === "whole" ? 0 : STILL_MS);
    return () => window.clearTimeout(timer);
  }, [now, settled]);
  return settled;
}

/** What `view` shows of a run of `length_us`. */
export function shown(view: View, length_us: number): { from: number; to: number } {
  const length = Math.max(length_us, 1);
  if (view.mode === "whole") return { from: 0, to: length };
  const width = Math.max(view.to_us - view.from_us, NARROWEST_US);
  if (view.mode === "tail") return { from: Math.max(0, length - width), to: Math.max(length, width) };
  return { from: view.from_us, to: view.from_us + width };
}

export function whole(): void {
  view.set(WHOLE);
}

/** Shows `from` to `to`, kept within the run; of a run that goes on, its end is followed once it is reached. */
export function show(from: number, to: number, length_us: number, running: boolean): void {
  const width = Math.min(Math.max(to - from, NARROWEST_US), length_us);
  if (width >= length_us) return whole();
  const start = Math.min(Math.max(from, 0), length_us - width);
  const tail = running && start + width >= length_us;
  view.set({ mode: tail ? "tail" : "fixed", from_us: start, to_us: start + width });
}

/** Zooms by `factor` around the time `at`. */
export function zoom(factor: number, at: number, length_us: number, running: boolean): void {
  const { from, to } = shown(view.value, length_us);
  show(at - (at - from) * factor, at + (to - at) * factor, length_us, running);
}

/** Moves by a share of what is shown. */
export function pan(share: number, length_us: number, running: boolean): void {
  const { from, to } = shown(view.value, length_us);
  const by = (to - from) * share;
  show(from + by, to + by, length_us, running);
}

/** Keys that move the time axis, wherever a chart has the focus. True if `event` was one. */
export function timeKey(event: KeyboardEvent, length_us: number, running: boolean): boolean {
  const { from, to } = shown(view.value, length_us);
  const middle = (from + to) / 2;
  switch (event.key) {
    case "ArrowLeft": pan(-0.1, length_us, running); return true;
    case "ArrowRight": pan(0.1, length_us, running); return true;
    case "PageUp": pan(-0.9, length_us, running); return true;
    case "PageDown": pan(0.9, length_us, running); return true;
    case "+": case "=": zoom(0.7, middle, length_us, running); return true;
    case "-": zoom(1 / 0.7, middle, length_us, running); return true;
    case "0": whole(); return true;
    case "Home": show(0, to - from, length_us, running); return true;
    case "End": show(length_us - (to - from), length_us, length_us, running); return true;
    default: return false;
  }
}
