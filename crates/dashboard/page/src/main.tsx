// The page: which run, which tab, and how the connection stands.

import "./page.css";
import { options, render } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { useAnswer } from "./answer";
import * as format from "./format";
import { connect, connection, live, source } from "./live";
import type { Connection } from "./live";
import { Plan } from "./plan";
import { Profile } from "./profile";
import { Runs } from "./runs";
import { Status } from "./status";
import { Store, useStore } from "./store";
import { System } from "./system";
import { Tasks } from "./tasks";
import { nextTheme, theme } from "./theme";
import { whole } from "./time";
import type { RunSummary } from "./view";

const TABS = ["status", "plan", "tasks", "profile", "system", "runs"] as const;
type Tab = (typeof TABS)[number];

/** `#plan`: that tab of the newest run; `#plan/3`: of run 3. */
interface Place { tab: Tab; run: number | null }

function place(): Place {
  const [tab, run] = location.hash.slice(1).split("/");
  return { tab: TABS.find((name) => name === tab) ?? "status", run: run ? Number(run) : null };
}

const here = new Store<Place>(place());

function go(tab: Tab, run: number | null): void {
  const hash = run === null ? `#${tab}` : `#${tab}/${run}`;
  if (location.hash !== hash) history.pushState(null, "", hash);
  here.set(place());
}

const SAID: Record<Connection, string> = {
  connecting: "connecting",
  live: "live",
  again: "connected again",
  lost: "connection lost, trying again",
  recording: "recording",
  report: "report",
};

function App() {
  const { tab, run: wanted } = useStore(here);
  const now = useStore(live);
  const runs = useRuns();
  const run = (wanted === null ? null : runs.find((run) => run.id === wanted)) ?? runs[runs.length - 1];
  const changing = now.changing.find((each) => each.run.id === run?.id);
  const version = changing?.version ?? 0;
  const id = run?.id ?? null;
  // What events do not bring: runs that no longer change, and plans of very many chains.
  const known = `${now.session} ${changing ? (changing.plan ? "" : version) : "past"}`;
  const asked = useAnswer(id, `${known} ${changing?.plan ? "no" : "yes"}`, 0, async () => (changing?.plan ? null : source.plan(id!)));
  const causes = useAnswer(id, `${now.session} ${changing ? "no" : "yes"}`, 0, async () => (changing ? [] : source.causes(id!)));
  const plan = changing?.plan ?? asked ?? undefined;
  useEffect(whole, [id, now.session]);
  useKeys(wanted);
  const title = run ? `${run.state === "running" ? `${format.share(run.tasks_done / Math.max(1, run.tasks))} ` : ""}${run.label}` : "";
  useEffect(() => { document.title = title ? `${title} · blockfold` : "blockfold"; }, [title]);
  return (
    <>
      <Header runs={runs} run={run} tab={tab} wanted={wanted} />
      <main><div class="content" id="panel" role="tabpanel" aria-labelledby={`tab-${tab}`} data-session={now.session} data-version={now.version}>
        {!run && tab !== "system" && <p class="panel muted">{now.version === 0 ? "Waiting for the server." : "No run yet: this page shows the first one as soon as it starts."}</p>}
        {run && tab === "status" && <Status run={run} plan={plan} causes={changing?.causes ?? causes ?? []} version={version} />}
        {run && tab === "plan" && <Plan plan={plan} />}
        {run && tab === "tasks" && <Tasks key={run.id} run={run} plan={plan} version={version} toStatus={() => go("status", wanted)} />}
        {run && tab === "profile" && <Profile key={run.id} run={run} version={version} />}
        {tab === "system" && <System version={now.version} />}
        {run && tab === "runs" && <Runs runs={runs} version={version} open={(run) => go("status", run)} />}
      </div></main>
    </>
  );
}

/** All runs: those that changed from events, the others asked for when there are more. */
function useRuns(): RunSummary[] {
  const now = useStore(live);
  const ids = now.changing.map(({ run }) => run.id).join();
  const all = useAnswer(0, `${now.session} ${now.runs} ${ids}`, 0, async () => (now.version === 0 ? [] : source.runs()));
  return useMemo(() => {
    const runs = new Map((all ?? []).map((run) => [run.id, run]));
    for (const { run } of now.changing) runs.set(run.id, run);
    return [...runs.values()].sort((a, b) => a.id - b.id);
  }, [all, now]);
}

function Header({ runs, run, tab, wanted }: { runs: RunSummary[]; run: RunSummary | undefined; tab: Tab; wanted: number | null }) {
  const state = useStore(connection);
  return (
    <header class="top">
      <b class="brand">blockfold</b>
      <label class="run"><span class="hidden">Run</span>
        <select value={wanted === null ? "" : String(wanted)} onChange={(event) => go(tab, event.currentTarget.value === "" ? null : Number(event.currentTarget.value))}>
          <option value="">{run && wanted === null ? `newest: ${run.label}` : "newest run"}</option>
          {[...runs].reverse().map((run) => <option key={run.id} value={String(run.id)}>{run.id}: {run.label} ({run.state})</option>)}
        </select>
      </label>
      <span class={`connection ${state}`} role="status">{SAID[state]}</span>
      <button onClick={nextTheme} aria-label={`Colours: ${useStore(theme)}`} title="Light, dark, or as the system says (t)">◐</button>
      <nav role="tablist" aria-label="Pages" onKeyDown={(event) => arrows(event, tab, wanted)}>
        {TABS.map((name) => (
          <button key={name} id={`tab-${name}`} role="tab" aria-selected={name === tab} aria-controls="panel" tabIndex={name === tab ? 0 : -1} onClick={() => go(name, wanted)}>{name}</button>
        ))}
      </nav>
    </header>
  );
}

function arrows(event: KeyboardEvent, tab: Tab, wanted: number | null): void {
  const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (by === 0) return;
  const next = TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length];
  go(next, wanted);
  document.getElementById(`tab-${next}`)?.focus();
  event.preventDefault();
}

function useKeys(wanted: number | null): void {
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const inField = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
      if (inField || event.ctrlKey || event.metaKey || event.altKey) return;
      const tab = TABS[Number(event.key) - 1];
      if (tab) go(tab, wanted);
      else if (event.key === "t") nextTheme();
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, [wanted]);
}

window.addEventListener("popstate", () => here.set(place()));
// However often the mouse or the server speaks, the page is drawn once a frame.
options.debounceRendering = requestAnimationFrame;
connect();
const root = document.getElementById("app")!;
root.textContent = "";
render(<App />, root);
