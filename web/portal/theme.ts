/** Fluent's light and dark themes in Usher's brand colour, and the choice between them. */
import { setTheme } from "@fluentui/web-components/theme/set-theme.js";
import { type BrandVariants, createDarkTheme, createHighContrastTheme, createLightTheme } from "@fluentui/tokens";
import type { ThemeChoice } from "./types.js";

export type Mode = "light" | "dark" | "contrast";

/** A muted blue-green; 80 carries white text at 5.9:1, 70 is the link on white. */
const brand: BrandVariants = {
  10: "#04191c",
  20: "#06262b",
  30: "#083239",
  40: "#0a3e47",
  50: "#0b4a55",
  60: "#0c5662",
  70: "#0d626e",
  80: "#0e6b77",
  90: "#2a8592",
  100: "#4fa3af",
  110: "#6ab4bf",
  120: "#83c3cc",
  130: "#9fd2d9",
  140: "#bbe0e5",
  150: "#d5edf0",
  160: "#ebf6f7",
};

const FONT = "'Segoe UI Variable Text', 'Segoe UI', system-ui, -apple-system, Roboto, 'Helvetica Neue', sans-serif";

const light = {
  ...createLightTheme(brand),
  fontFamilyBase: FONT,
  page: "#f3f6f6",
  card: "#ffffff",
  inset: "#f5f8f8",
  line: "#e0e7e8",
  edge: "#7f8e92",
  quiet: "#55646a",
  good: "#0f7b3f",
  warm: "#8a5a00",
  warmBackground: "#fdf4e3",
  stop: "#b3261e",
};
const dark = {
  ...createDarkTheme(brand),
  fontFamilyBase: FONT,
  page: "#121616",
  card: "#1b2121",
  inset: "#222929",
  line: "#2f3838",
  edge: "#768487",
  quiet: "#a9b5b7",
  good: "#5fce8d",
  warm: "#f0bd62",
  warmBackground: "#33290f",
  stop: "#ff9b92",
  colorNeutralBackground1: "#1b2121",
  colorNeutralBackground1Hover: "#273030",
  colorNeutralBackground1Pressed: "#151a1a",
  colorNeutralBackground1Selected: "#2c3636",
};
const contrast = {
  ...createHighContrastTheme(),
  fontFamilyBase: FONT,
  page: "#000000",
  card: "#000000",
  inset: "#000000",
  line: "#ffffff",
  edge: "#ffffff",
  quiet: "#ffffff",
  good: "#3ff23f",
  warm: "#ffff00",
  warmBackground: "#000000",
  stop: "#ffb3ad",
};

const THEMES = { light, dark, contrast };
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

let choice: ThemeChoice = "teams";
let teams: Mode | null = null;

/** "teams" outside Teams, and "system", follow the operating system. */
function mode(): Mode {
  if (choice === "light" || choice === "dark") return choice;
  if (choice === "teams" && teams !== null) return teams;
  return systemDark.matches ? "dark" : "light";
}

function apply(): void {
  const now = mode();
  document.documentElement.dataset["mode"] = now === "light" ? "light" : "dark";
  setTheme(THEMES[now]);
  document.documentElement.style.background = THEMES[now].page;
}

export function chooseTheme(next: ThemeChoice): void {
  if (next === choice) return;
  choice = next;
  apply();
}

/** Teams' names for its themes: default, dark, contrast, and glass on the newest client. */
export function teamsTheme(name: string): void {
  teams = name === "contrast" ? "contrast" : name === "dark" || name === "glass" ? "dark" : "light";
  apply();
}

export function startTheme(): void {
  systemDark.addEventListener("change", apply);
  apply();
}
