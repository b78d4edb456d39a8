// System: the process and its machine, and the keys of this page.

import { useAnswer } from "./answer";
import * as format from "./format";
import { connection, source } from "./live";

/** Time between two questions while the page is open, as a version. */
const EVERY_MS = 2000;

export function System({ version }: { version: number }) {
  const system = useAnswer(0, "", version === 0 ? 0 : Math.floor(Date.now() / EVERY_MS), () => source.system());
  if (!system) return <p class="panel muted">Facts about the system are on their way.</p>;
  const facts: [string, string][] = [
    ["version", system.version],
    ["process", String(system.pid)],
    ["threads of the session", String(system.threads)],
    ["cores", String(system.cores)],
    ["processor", system.cpu],
    ["memory of the machine", format.bytes(system.memory_bytes)],
    ["budget", format.bytes(system.budget_bytes)],
    ["resident", format.bytes(system.resident_bytes)],
    ["scratch folder", system.scratch],
    ["free for scratch", format.bytes(system.scratch_free_bytes)],
    ...system.more,
  ];
  return (
    <div class="two">
      <section class="panel" aria-label="System">
        <div class="head"><h2>System</h2></div>
        <dl class="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      </section>
      <section class="panel" aria-label="Keys">
        <div class="head"><h2>Keys</h2></div>
        <dl class="facts">{KEYS.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
        {connection.value !== "report" && <p><a href="/LICENSES.txt">Licences of the libraries in this page</a></p>}
      </section>
    </div>
  );
}

const KEYS: [string, string][] = [
  ["1 … 6", "the tabs of this page"],
  ["t", "light, dark, or as the system says"],
  ["← →", "move along the time axis (with a chart focused)"],
  ["Page Up, Page Down", "move by a whole screen of time"],
  ["+ −", "zoom in and out"],
  ["0", "the whole run"],
  ["Home, End", "start and end of the run"],
  ["↑ ↓", "choose a worker in the task stream"],
  ["Shift ← →", "the task before and after"],
  ["Esc", "choose no task"],
];
