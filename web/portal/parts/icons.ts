/** The pages' icons, drawn with one stroke width on a grid of 20. Always beside text, so hidden from screen readers. */
import { svg, html, type TemplateResult } from "lit";

const PATHS = {
  check: svg`<path d="M4.5 10.5 8.3 14.3 15.8 6.3" />`,
  cross: svg`<path d="M5.5 5.5l9 9m0-9-9 9" />`,
  chat: svg`<path d="M3.5 9.6c0-3.3 2.9-5.9 6.5-5.9s6.5 2.6 6.5 5.9-2.9 5.9-6.5 5.9c-.9 0-1.700-.15-2.5-.45L4 16.200l.9-2.900a5.600 5.600 0 0 1-1.400-3.700Z" />`,
  clock: svg`<circle cx="10" cy="10" r="6.700" /><path d="M10 6.300V10l2.400 1.800" />`,
  pause: svg`<circle cx="10" cy="10" r="6.700" /><path d="M8.200 7.600v4.800m3.600-4.800v4.800" />`,
  alert: svg`<path d="M10 3.700 17 16H3Z" /><path d="M10 8.600v3.200m0 2v.1" />`,
  text: svg`<path d="M5 3.700h7l3 3v9.600H5Zm2.600 5.700h4.800m-4.800 3h4.800" />`,
  page: svg`<circle cx="10" cy="10" r="6.500" /><path d="M3.700 10h12.600M10 3.500c2 1.900 3 4.100 3 6.500s-1 4.600-3 6.500c-2-1.900-3-4.100-3-6.500s1-4.600 3-6.500Z" />`,
  save: svg`<path d="M10 3.700v8.600m-3.400-3.200 3.400 3.400 3.400-3.400M4 16.300h12" />`,
  missed: svg`<path d="M4.500 6.200 10 11.400l5.500-5.200M4.500 6.200v4m0-4h4M3.500 15h13" />`,
  out: svg`<path d="M8.500 4H4.500v12h4M12.500 6.500 16 10l-3.500 3.500M7.700 10h8" />`,
};

export type IconName = keyof typeof PATHS;

export const icon = (name: IconName, size = 20, slot = ""): TemplateResult => html`<svg
  class="icon"
  slot=${slot}
  width=${size}
  height=${size}
  viewBox="0 0 20 20"
  fill="none"
  stroke="currentColor"
  stroke-width="1.5"
  stroke-linecap="round"
  stroke-linejoin="round"
  aria-hidden="true"
>
  ${PATHS[name]}
</svg>`;

/** The logo in the header. */
export const mark = html`<svg width="28" height="28" viewBox="0 0 32 32" aria-hidden="true">
  <rect width="32" height="32" rx="9" fill="#0e6b77" />
  <path d="M10 9v7.5a6 6 0 0 0 12 0V9" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" />
  <circle cx="22" cy="24.5" r="2" fill="#9fdbe0" />
</svg>`;
