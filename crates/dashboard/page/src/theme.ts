// Light and dark, and the colours that canvases draw with.

import { Store } from "./store";

export type Theme = "auto" | "light" | "dark";

const dark = window.matchMedia("(prefers-color-scheme: dark)");

function remembered(): Theme {
  try {
    const kept = localStorage.getItem("blockfold-theme");
    if (kept === "light" || kept === "dark") return kept;
  } catch { /* Not every place lets pages remember. */ }
  return "auto";
}

export const theme = new Store<Theme>(remembered());
/** Grows when colours change. */
export const colours = new Store<number>(0);

function apply(): void {
  const now = theme.value === "auto" ? (dark.matches ? "dark" : "light") : theme.value;
  document.documentElement.dataset.theme = now;
  colours.set(colours.value + 1);
}

export function nextTheme(): void {
  const next: Record<Theme, Theme> = { auto: "dark", dark: "light", light: "auto" };
  theme.set(next[theme.value]);
  try {
    localStorage.setItem("blockfold-theme", theme.value);
  } catch { /* Then it is chosen again next time. */ }
}

theme.follow(apply);
dark.addEventListener("change", apply);
apply();

/** A colour of the style sheet: `--name`. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Colours of chains, in their order; then they repeat. */
const CHAINS = 10;

export function chainColour(chain: number): string {
  return `c${chain % CHAINS}`;
}

export function chainColours(): string[] {
  return Array.from({ length: CHAINS }, (_, chain) => colour(`c${chain}`));
}
