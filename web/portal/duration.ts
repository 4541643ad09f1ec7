/**
 * A finished length of time, as the cards write it (`cards/wording.py`): `45 s`, `3 min 20 s`, `1 h 5 min`. A unit that has only
 * begun is not counted: 8.9 s are 8 s, as in the running counter before it. The four languages share these units.
 */
export function duration(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const parts: [number, string][] = hours ? [[hours, "h"], [minutes % 60, "min"]] : [[minutes, "min"], [seconds % 60, "s"]];
  return parts.filter(([number]) => number).map(([number, unit]) => `${number} ${unit}`).join(" ") || "0 s";
}
