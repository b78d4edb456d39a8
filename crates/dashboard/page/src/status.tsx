// Status: how a run goes, on one page.

import { useAnswer } from "./answer";
import { Chart } from "./chart";
import type { Line } from "./chart";
import * as format from "./format";
import { source } from "./live";
import { Stream } from "./stream";
import { shown, useSettled } from "./time";
import type { ChainView, PlanView, RunSummary, Series } from "./view";

const POINTS = 400;
/** Workers whose memory has a line of its own. */
const WORKERS = 16;

const MEMORY: Line[] = [
  { key: "budget", label: "budget", colour: "muted", dash: true, limit: true },
  { key: "promised", label: "promised", colour: "c0", fill: true },
  { key: "used", label: "used", colour: "c2" },
  { key: "resident", label: "resident", colour: "c4" },
  { key: "spilled", label: "spilled", colour: "c1", dash: true },
];
const CPU: Line[] = [
  { key: "occupancy", label: "workers busy", colour: "c0", fill: true },
  { key: "cpu", label: "CPU of all cores", colour: "c2" },
];
const DISK: Line[] = [
  { key: "disk_read", label: "read", colour: "c0", fill: true },
  { key: "disk_written", label: "written", colour: "c2" },
  { key: "spill_rate", label: "spill", colour: "c1" },
];

interface Props { run: RunSummary; plan: PlanView | undefined; causes: string[]; version: number }

export function Status({ run, plan, causes, version }: Props) {
  const series = useSeries(run, version);
  return (
    <>
      <Figures run={run} />
      <div class="two">
        <Progress run={run} plan={plan} />
        <Causes run={run} causes={causes} />
      </div>
      <Stream run={run} plan={plan} version={version} />
      <div class="charts">
        <Chart title="Memory" run={run} series={series} lines={MEMORY} unit={format.bytes} binary zero="none" />
        <Chart title="Occupancy" run={run} series={series} lines={CPU} unit={format.share} most={1.02} />
        <Chart title="Disk" run={run} series={series} lines={DISK} unit={format.rate} binary zero="none" />
        <Chart title="Memory by worker" run={run} series={series} lines={workers(run)} unit={format.bytes} binary />
      </div>
    </>
  );
}

function workers(run: RunSummary): Line[] {
  const shown = Math.min(run.threads, WORKERS);
  return Array.from({ length: shown }, (_, i) => ({ key: `worker.${i}`, label: `${i}`, colour: `c${i % 10}` }));
}

function useSeries(run: RunSummary, version: number): Series | undefined {
  const now = useSettled();
  const { from, to } = shown(now, run.elapsed_us);
  const end = now.mode === "whole" ? null : to;
  return useAnswer(run.id, `${from} ${end}`, version, () => source.series(run.id, from, end, POINTS));
}

function Figures({ run }: { run: RunSummary }) {
  const left = remaining(run);
  return (
    <dl class="figures">
      <Figure name={run.state} class={run.state} value={format.duration(run.elapsed_us)} note={left === null ? "" : `about ${format.duration(left)} left`} />
      <Figure name="tasks done" value={format.count(run.tasks_done)} note={`of ${format.count(run.tasks)}`} />
      <Figure name="tasks failed" class={run.tasks_failed > 0 ? "failed" : ""} value={format.count(run.tasks_failed)} note="" />
      <Figure name="rows read" value={format.short(run.rows_read)} note={`${format.short(run.rows_read / Math.max(run.elapsed_us / 1e6, 1e-6))}/s`} />
      <Figure name="read" value={format.bytes(run.bytes_read)} note={format.rate(run.bytes_read / Math.max(run.elapsed_us / 1e6, 1e-6))} />
      <Figure name="peak promised" value={format.bytes(run.peak_bytes)} note={`of ${format.bytes(run.budget_bytes)}`} />
      <Figure name="spilled" value={format.bytes(run.spilled_bytes)} note="" />
    </dl>
  );
}

function Figure({ name, value, note, class: kind = "" }: { name: string; value: string; note: string; class?: string }) {
  return <div class={`figure ${kind}`}><dt>{name}</dt><dd>{value}<small>{note || "\u00a0"}</small></dd></div>;
}

/** An estimate from the share of tasks done. */
function remaining(run: RunSummary): number | null {
  if (run.state !== "running" || run.tasks_done < 3 || run.tasks === 0) return null;
  return (run.elapsed_us * (run.tasks - run.tasks_done)) / run.tasks_done;
}

function Progress({ run, plan }: { run: RunSummary; plan: PlanView | undefined }) {
  return (
    <section class="panel tall" aria-label="Progress by step">
      <div class="head"><h2>Progress by step</h2></div>
      <ul class="progress">
        {plan?.chains.map((chain) => <Step key={chain.chain} chain={chain} run={run} />)}
      </ul>
    </section>
  );
}

function Step({ chain, run }: { chain: ChainView; run: RunSummary }) {
  const whole = Math.max(1, chain.tasks);
  const rows = chain.rows_in / Math.max(chain.elapsed_us / 1e6, 1e-6);
  return (
    <li class={chain.state}>
      <span class="name" title={chain.steps.join("\n")}><i class={`swatch c${chain.chain % 10}`} />{chain.label}</span>
      <span class="bar" role="progressbar" aria-label={chain.label} aria-valuemin={0} aria-valuemax={chain.tasks} aria-valuenow={chain.tasks_done}>
        <i class="started" style={{ width: `${(100 * chain.tasks_started) / whole}%` }} />
        <i class={`done ${chain.state === "failed" ? "failed" : `c${chain.chain % 10}`}`} style={{ width: `${(100 * chain.tasks_done) / whole}%` }} />
      </span>
      <span class="number">{format.count(chain.tasks_done)} / {format.count(chain.tasks)}</span>
      <span class="number wide">{chain.state === "waiting" ? "" : `${format.short(rows)} rows/s`}</span>
      <span class="number">{chain.started_us === null ? chain.state : format.duration(chain.elapsed_us)}</span>
      <span class="number wide" title={`promised at most ${format.bytes(chain.peak_bytes)} of an estimated ${format.bytes(chain.projected_bytes)}, budget ${format.bytes(run.budget_bytes)}`}>{format.bytes(chain.peak_bytes)}</span>
    </li>
  );
}

function Causes({ run, causes }: { run: RunSummary; causes: string[] }) {
  return (
    <section class="panel tall" aria-label="Why">
      <div class="head"><h2>Why it takes what it takes</h2></div>
      <div class="scroll" tabIndex={0}>
        {run.error && <p class="error" role="alert">{run.error}</p>}
        <ul class="causes">
          {causes.map((cause) => <li key={cause}>{cause}</li>)}
          {causes.length === 0 && !run.error && <li class="muted">Nothing stands out so far.</li>}
          {run.dropped_events > 0 && <li>{format.count(run.dropped_events)} events found no room: counts here may be short by as many.</li>}
        </ul>
      </div>
    </section>
  );
}
