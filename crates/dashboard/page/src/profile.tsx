// Profile: where the time went, as a flame graph that hangs from the top.

import { useState } from "preact/hooks";
import { useAnswer } from "./answer";
import * as format from "./format";
import { source } from "./live";
import type { Flame, RunSummary } from "./view";

const ROW = 22;
/** Shares of the width below which nothing is drawn. */
const THINNEST = 0.001;

interface Bar { path: string; name: string; us: number; left: number; width: number; depth: number; hue: number }

export function Profile({ run, version }: { run: RunSummary; version: number }) {
  const flame = useAnswer(run.id, "", version, () => source.flame(run.id));
  const [zoomed, zoom] = useState("");
  const [text, setText] = useState("");
  if (!flame) return <p class="panel muted">The profile is on its way.</p>;
  if (flame.us === 0) return <p class="panel muted">There are no samples of this run.</p>;
  const path = find(flame, zoomed);
  const root = path[path.length - 1];
  const bars = layout(root, zoomed);
  const depth = Math.max(...bars.map((bar) => bar.depth)) + 1;
  const matches = (name: string) => text !== "" && name.toLowerCase().includes(text.toLowerCase());
  return (
    <section class="panel" aria-label="Flame graph">
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>Find <input type="search" value={text} placeholder="op, kernel or function" onInput={(event) => setText(event.currentTarget.value)} /></label>
        <button type="button" disabled={zoomed === ""} onClick={() => zoom("")}>Whole profile</button>
        <span class="muted">{path.map((node) => node.name).join(" › ")}: {format.duration(root.us)} of {format.duration(flame.us)}</span>
      </form>
      <div class="flame" style={{ height: `${depth * ROW}px` }}>
        {bars.map((bar) => (
          <button
            key={bar.path} class={`c${bar.hue} ${text === "" ? "" : matches(bar.name) ? "match" : "dim"}`} onClick={() => zoom(bar.path)}
            title={`${bar.name}: ${format.duration(bar.us)}, ${format.share(bar.us / flame.us)} of all`}
            style={{ left: `${100 * bar.left}%`, width: `${100 * bar.width}%`, top: `${bar.depth * ROW}px` }}
          >
            {bar.name} <small>{format.duration(bar.us)}</small>
          </button>
        ))}
      </div>
      <p class="detail">Width is time; below each bar is what it called. Choose one to see it alone.</p>
    </section>
  );
}

/** The nodes from the root to the one at `path`, a list of positions. */
function find(flame: Flame, path: string): Flame[] {
  const nodes = [flame];
  for (const at of path.split("/").filter(Boolean)) {
    const next = nodes[nodes.length - 1].children[Number(at)];
    if (!next) break;
    nodes.push(next);
  }
  return nodes;
}

function layout(root: Flame, path: string): Bar[] {
  const bars: Bar[] = [];
  const place = (node: Flame, path: string, left: number, depth: number, hue: number) => {
    const width = node.us / root.us;
    if (width < THINNEST) return;
    bars.push({ path, name: node.name, us: node.us, left, width, depth, hue });
    let at = left;
    node.children.forEach((child, i) => {
      place(child, `${path}/${i}`, at, depth + 1, depth === 0 ? i % 10 : hue);
      at += child.us / root.us;
    });
  };
  place(root, path, 0, 0, 0);
  return bars;
}
