// Plan: the chains of fused steps as a graph, coloured as they run.

import dagre from "@dagrejs/dagre";
import { useMemo, useState } from "preact/hooks";
import * as format from "./format";
import type { ChainView, PlanView } from "./view";

const WIDTH = 250;
const HEIGHT = 104;
/** Beyond this many chains, crossings are no longer avoided: layout would take seconds. */
const MOST = 150;

interface Spot { x: number; y: number }
interface Layout { width: number; height: number; spots: Spot[]; paths: { from: number; to: number; d: string }[] }

export function Plan({ plan }: { plan: PlanView | undefined }) {
  const [chosen, choose] = useState(0);
  const shape = plan ? JSON.stringify([plan.chains.length, plan.edges]) : "";
  const layout = useMemo(() => (plan ? (plan.chains.length > MOST ? layers(plan) : layered(plan)) : null), [shape]);
  if (!plan || !layout) return <p class="panel muted">The plan is on its way.</p>;
  return (
    <div class="plan">
      <section class="panel graph" aria-label="Step graph">
        <div class="canvas" style={{ width: `${layout.width}px`, height: `${layout.height}px` }}>
          <svg width={layout.width} height={layout.height} aria-hidden="true">
            <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" /></marker></defs>
            {layout.paths.map(({ from, to, d }) => <path key={`${from}-${to}`} d={d} class={plan.chains[from]?.state} marker-end="url(#arrow)" />)}
          </svg>
          {plan.chains.map((chain, i) => <Node key={chain.chain} chain={chain} spot={layout.spots[i]} chosen={i === chosen} choose={() => choose(i)} />)}
        </div>
      </section>
      <Details chain={plan.chains[chosen]} />
    </div>
  );
}

function Node({ chain, spot, chosen, choose }: { chain: ChainView; spot: Spot; chosen: boolean; choose: () => void }) {
  const share = (100 * chain.tasks_done) / Math.max(1, chain.tasks);
  return (
    <button
      class={`node ${chain.state}`} aria-pressed={chosen} onClick={choose} title={chain.steps.join("\n")}
      style={{ left: `${spot.x - WIDTH / 2}px`, top: `${spot.y - HEIGHT / 2}px`, width: `${WIDTH}px`, height: `${HEIGHT}px` }}
    >
      <b><i class={`swatch c${chain.chain % 10}`} />{chain.label}</b>
      <span>{chain.state}, {format.short(chain.tasks_done)} of {format.short(chain.tasks)} tasks</span>
      <span>{format.short(chain.rows_in)} rows in, {format.short(chain.rows_out)} out</span>
      <span>peak {format.bytes(chain.peak_bytes)} of {format.bytes(chain.projected_bytes)}</span>
      <span class="bar"><i class={`done ${chain.state === "failed" ? "failed" : `c${chain.chain % 10}`}`} style={{ width: `${share}%` }} /></span>
    </button>
  );
}

function Details({ chain }: { chain: ChainView | undefined }) {
  if (!chain) return null;
  const facts: [string, string][] = [
    ["state", chain.state],
    ["tasks", `${format.count(chain.tasks_done)} done, ${format.count(chain.tasks_started)} started, ${format.count(chain.tasks)} in all`],
    ["rows in", chain.rows_expected === null ? format.count(chain.rows_in) : `${format.count(chain.rows_in)} of ${format.count(chain.rows_expected)} expected`],
    ["rows out", format.count(chain.rows_out)],
    ["read", format.bytes(chain.bytes_read)],
    ["spilled", format.bytes(chain.spilled_bytes)],
    ["projected peak", format.bytes(chain.projected_bytes)],
    ["real peak", format.bytes(chain.peak_bytes)],
    ["started", chain.started_us === null ? "not yet" : `after ${format.duration(chain.started_us)}`],
    ["took", chain.started_us === null ? "–" : format.duration(chain.elapsed_us)],
  ];
  return (
    <section class="panel details" aria-label="Chosen chain" aria-live="off">
      <div class="head"><h2><i class={`swatch c${chain.chain % 10}`} />{chain.label}</h2></div>
      <ol class="steps">{chain.steps.map((step, i) => <li key={i}><code>{step}</code></li>)}</ol>
      <dl class="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      <ul class="causes">{chain.causes.map((cause) => <li key={cause}>{cause}</li>)}</ul>
    </section>
  );
}

function layered(plan: PlanView): Layout {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "TB", nodesep: 28, ranksep: 44, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  plan.chains.forEach((_, i) => graph.setNode(String(i), { width: WIDTH, height: HEIGHT }));
  for (const [from, to] of plan.edges) graph.setEdge(String(from), String(to));
  dagre.layout(graph);
  const spots = plan.chains.map((_, i) => graph.node(String(i)) as unknown as Spot);
  const paths = plan.edges.map(([from, to]) => {
    const { points } = graph.edge(String(from), String(to)) as unknown as { points: Spot[] };
    return { from, to, d: `M${points.map((point) => `${point.x.toFixed(1)} ${point.y.toFixed(1)}`).join("L")}` };
  });
  const { width = WIDTH, height = HEIGHT } = graph.graph() as { width?: number; height?: number };
  return { width, height, spots, paths };
}

/** Chains below the last of those that they read. Edges go from earlier chains to later ones. */
function layers(plan: PlanView): Layout {
  const depth = new Array<number>(plan.chains.length).fill(0);
  for (const [from, to] of [...plan.edges].sort((a, b) => a[1] - b[1])) depth[to] = Math.max(depth[to], depth[from] + 1);
  const taken: number[] = [];
  const spots = depth.map((layer) => {
    const column = (taken[layer] = (taken[layer] ?? 0) + 1) - 1;
    return { x: WIDTH / 2 + 8 + column * (WIDTH + 28), y: HEIGHT / 2 + 8 + layer * (HEIGHT + 44) };
  });
  const paths = plan.edges.map(([from, to]) => ({
    from, to,
    d: `M${spots[from].x} ${spots[from].y + HEIGHT / 2}L${spots[to].x} ${spots[to].y - HEIGHT / 2}`,
  }));
  const width = Math.max(...taken, 1) * (WIDTH + 28) + 16;
  return { width, height: taken.length * (HEIGHT + 44) + 16, spots, paths };
}
