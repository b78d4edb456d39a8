// Answers of the source, asked for again when what they tell of has changed.

import { useEffect, useRef, useState } from "preact/hooks";

/** Time between two questions of the same kind. */
const INTERVAL_MS = 250;

/**
 * The answer of `ask`, asked again when `question` or `version` changes: never twice at once, and not more often than a
 * few times a second. While a new answer is under way there is the old one, unless `question` names another run.
 */
export function useAnswer<T>(run: number | null, question: string, version: number, ask: () => Promise<T>): T | undefined {
  const [answer, setAnswer] = useState<{ run: number | null; value: T } | undefined>(undefined);
  const state = useRef({ ask, wanted: "", busy: false, gone: false, asked: 0 });
  state.current.ask = ask;
  useEffect(() => {
    state.current.wanted = `${run} ${question} ${version}`;
    if (run !== null) void pump(state.current, (value, of) => setAnswer({ run: of, value }));
  }, [run, question, version]);
  useEffect(() => {
    state.current.gone = false;
    return () => { state.current.gone = true; };
  }, []);
  return answer && answer.run === run ? answer.value : undefined;
}

interface Pump<T> { ask: () => Promise<T>; wanted: string; busy: boolean; gone: boolean; asked: number }

async function pump<T>(state: Pump<T>, give: (value: T, run: number) => void): Promise<void> {
  if (state.busy) return;
  state.busy = true;
  for (let had = ""; had !== state.wanted && !state.gone; ) {
    const wait = state.asked + INTERVAL_MS - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    had = state.wanted;
    state.asked = performance.now();
    try {
      const value = await state.ask();
      const of = Number(had.split(" ", 1)[0]);
      if (!state.gone) give(value, of);
    } catch {
      break; // The connection is lost, which the page says elsewhere, or the run is gone. The next change asks again.
    }
  }
  state.busy = false;
}
