// Runs: all of them, and two side by side.

import { useState } from "preact/hooks";
import { useAnswer } from "./answer";
import * as format from "./format";
import { source } from "./live";
import type { ChainView, PlanView, RunSummary } from "./view";

interface Props { runs: RunSummary[]; version: number; open: (run: number) => void }

export function Runs({ runs, version, open }: Props) {
  const [chosen, choose] = useState<number[]>([]);
  const toggle = (id: number) => choose(chosen.includes(id) ? chosen.filter((run) => run !== id) : [...chosen, id].slice(-2));
  const [a, b] = chosen.map((id) => runs.find((run) => run.id === id)).sort((a, b) => (a?.id ?? 0) - (b?.id ?? 0));
  return (
    <>
      <section class="panel" aria-label="Runs">
        <div class="head"><h2>Runs</h2><span class="muted">choose two to compare them</span></div>
        <div class="table">
          <table>
            <thead><tr><th><span class="hidden">compare</span></th><th>run</th><th>what</th><th>state</th><th>started</th><th class="number">took</th><th class="number">tasks</th><th class="number">read</th><th class="number">spilled</th><th class="number">peak</th></tr></thead>
            <tbody>
              {[...runs].reverse().map((run) => (
                <tr key={run.id} class={run.state}>
                  <td><input type="checkbox" aria-label={`Compare run ${run.id}`} checked={chosen.includes(run.id)} onChange={() => toggle(run.id)} /></td>
                  <td><button onClick={() => open(run.id)}>{run.id}</button></td>
                  <td class="name" title={run.error ?? run.label}>{run.label}</td>
                  <td>{run.state}</td>
                  <td>{format.clock(run.started_unix_ms)}</td>
                  <td class="number">{format.duration(run.elapsed_us)}</td>
                  <td class="number">{format.count(run.tasks_done)}</td>
                  <td class="number">{format.bytes(run.bytes_read)}</td>
                  <td class="number">{format.bytes(run.spilled_bytes)}</td>
                  <td class="number">{format.bytes(run.peak_bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {a && b && <Compare a={a} b={b} version={version} />}
    </>
  );
}

const MEASURES: [string, (run: RunSummary) => number, (value: number) => string][] = [
  ["took", (run) => run.elapsed_us, format.duration],
  ["tasks done", (run) => run.tasks_done, format.count],
  ["rows read", (run) => run.rows_read, format.count],
  ["read", (run) => run.bytes_read, format.bytes],
  ["spilled", (run) => run.spilled_bytes, format.bytes],
  ["peak promised", (run) => run.peak_bytes, format.bytes],
  ["threads", (run) => run.threads, format.count],
];

function Compare({ a, b, version }: { a: RunSummary; b: RunSummary; version: number }) {
  const first = useAnswer(a.id, "", version, () => source.plan(a.id));
  const second = useAnswer(b.id, "", version, () => source.plan(b.id));
  const chains = first && second ? pairs(first, second) : [];
  const longest = Math.max(1, ...chains.flatMap(({ a, b }) => [a?.elapsed_us ?? 0, b?.elapsed_us ?? 0]));
  return (
    <section class="panel" aria-label="Comparison">
      <div class="head"><h2>Run {a.id} and run {b.id}</h2></div>
      <div class="table">
        <table class="compare">
          <thead><tr><th>measure</th><th class="number">run {a.id}</th><th class="number">run {b.id}</th><th class="number">{b.id} to {a.id}</th></tr></thead>
          <tbody>
            {MEASURES.map(([name, measure, unit]) => (
              <tr key={name}><td>{name}</td><td class="number">{unit(measure(a))}</td><td class="number">{unit(measure(b))}</td><td class="number">{ratio(measure(a), measure(b))}</td></tr>
            ))}
            {chains.map(({ label, a, b }, i) => (
              <tr key={i}>
                <td class="name" title={label}>{label}</td>
                <td class="number"><Time chain={a} longest={longest} /></td>
                <td class="number"><Time chain={b} longest={longest} /></td>
                <td class="number">{a && b ? ratio(a.elapsed_us, b.elapsed_us) : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Time({ chain, longest }: { chain: ChainView | undefined; longest: number }) {
  if (!chain) return <>–</>;
  return <>{format.duration(chain.elapsed_us)}<span class="bar"><i class="done c0" style={{ width: `${(100 * chain.elapsed_us) / longest}%` }} /></span></>;
}

function ratio(a: number, b: number): string {
  return a > 0 ? `× ${(b / a).toPrecision(3)}` : "";
}

/** Chains with the same text, in their order; then those that only one run has. */
function pairs(first: PlanView, second: PlanView): { label: string; a?: ChainView; b?: ChainView }[] {
  const left = [...second.chains];
  const found = first.chains.map((a) => {
    const at = left.findIndex((b) => b.label === a.label);
    return { label: a.label, a, b: at < 0 ? undefined : left.splice(at, 1)[0] };
  });
  return [...found, ...left.map((b) => ({ label: b.label, a: undefined, b }))];
}
