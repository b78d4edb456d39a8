// Tasks: filtered, sorted, a page at a time.

import { useState } from "preact/hooks";
import { useAnswer } from "./answer";
import * as format from "./format";
import { source } from "./live";
import { show } from "./time";
import type { PlanView, RunSummary, TaskQuery, TaskRow } from "./view";

const LIMIT = 100;

const COLUMNS: { key: string; name: string; value: (row: TaskRow) => string }[] = [
  { key: "start", name: "start", value: (row) => format.duration(row.start_us) },
  { key: "elapsed", name: "took", value: (row) => format.duration(row.elapsed_us) },
  { key: "wait", name: "waited", value: (row) => format.duration(row.wait_us) },
  { key: "permit_bytes", name: "promised", value: (row) => format.bytes(row.permit_bytes) },
  { key: "rows", name: "rows", value: (row) => format.count(row.rows) },
  { key: "bytes", name: "read", value: (row) => format.bytes(row.bytes) },
];

interface Props { run: RunSummary; plan: PlanView | undefined; version: number; toStatus: () => void }

export function Tasks({ run, plan, version, toStatus }: Props) {
  const failed = run.tasks_failed > 0;
  const [query, setQuery] = useState<TaskQuery>({ chain: "", state: failed ? "failed" : "", text: "", sort: "-elapsed", offset: 0, limit: LIMIT });
  const page = useAnswer(run.id, JSON.stringify(query), version, () => source.tasks(run.id, query));
  const change = (part: Partial<TaskQuery>) => setQuery({ ...query, offset: 0, ...part });
  const inStream = (row: TaskRow) => {
    show(row.start_us - row.elapsed_us, row.start_us + 2 * row.elapsed_us, run.elapsed_us, run.state === "running");
    toStatus();
  };
  const last = Math.min(query.offset + LIMIT, page?.matching ?? 0, query.offset + (page?.rows.length ?? 0));
  return (
    <section class="panel" aria-label="Tasks">
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>Text <input type="search" value={query.text} placeholder="label or error" onInput={(event) => change({ text: event.currentTarget.value })} /></label>
        <label>State{" "}
          <select value={query.state} onChange={(event) => change({ state: event.currentTarget.value })}>
            <option value="">all</option><option value="running">running</option><option value="done">done</option><option value="failed">failed</option>
          </select>
        </label>
        <label>Step{" "}
          <select value={query.chain} onChange={(event) => change({ chain: event.currentTarget.value })}>
            <option value="">all</option>
            {plan?.chains.map((chain) => <option key={chain.chain} value={String(chain.chain)}>{chain.label}</option>)}
          </select>
        </label>
        <button type="button" onClick={() => change({ state: "", sort: "-elapsed" })}>Slowest</button>
        <button type="button" onClick={() => change({ state: "failed", sort: "start" })}>Failed ({format.count(run.tasks_failed)})</button>
        <span class="pages" role="status">
          {page && (page.matching === 0 ? "none" : `${format.count(query.offset + 1)}–${format.count(last)} of ${format.count(page.matching)}`)}{" "}
          <button type="button" disabled={query.offset === 0} onClick={() => change({ offset: Math.max(0, query.offset - LIMIT) })} aria-label="Earlier rows">‹</button>
          <button type="button" disabled={!page || page.rows.length < LIMIT} onClick={() => change({ offset: query.offset + LIMIT })} aria-label="Later rows">›</button>
        </span>
      </form>
      <div class="table">
        <table>
          <thead>
            <tr>
              <th>task</th><th>step</th><th>worker</th><th>state</th>
              {COLUMNS.map(({ key, name }) => <Sorted key={key} by={key} name={name} sort={query.sort} change={(sort) => change({ sort })} />)}
            </tr>
          </thead>
          <tbody>{page?.rows.map((row) => <Row key={`${row.chain} ${row.task} ${row.label}`} row={row} open={() => inStream(row)} />)}</tbody>
        </table>
        {page?.matching === 0 && <p class="muted">No task matches.</p>}
      </div>
    </section>
  );
}

function Sorted({ by, name, sort, change }: { by: string; name: string; sort: string; change: (sort: string) => void }) {
  const down = sort === `-${by}`, up = sort === by;
  return (
    <th class="number" aria-sort={down ? "descending" : up ? "ascending" : "none"}>
      <button onClick={() => change(down ? by : `-${by}`)}>{name}<span aria-hidden="true">{down ? " ↓" : up ? " ↑" : "  "}</span></button>
    </th>
  );
}

function Row({ row, open }: { row: TaskRow; open: () => void }) {
  return (
    <>
      <tr class={row.state}>
        <td><button onClick={open} title="Show in the task stream">{format.count(row.task)}</button></td>
        <td class="name" title={row.label}><i class={`swatch c${row.chain % 10}`} />{row.label}</td>
        <td>{row.worker}</td>
        <td>{row.state}</td>
        {COLUMNS.map(({ key, value }) => <td key={key} class="number">{value(row)}</td>)}
      </tr>
      {row.error && <tr class="failed"><td colSpan={4 + COLUMNS.length} class="error"><span>{row.error}</span></td></tr>}
    </>
  );
}
