import { html } from "lit";

const icon = (path: string) => html`<svg viewBox="0 0 20 20" aria-hidden="true"><path d=${path}></path></svg>`;

export const bell = icon("M10 3a4.5 4.5 0 00-4.5 4.5V11L4 13.5h12L14.5 11V7.5A4.5 4.5 0 0010 3zM8 15.5a2 2 0 004 0");
export const bubble = icon("M10 3a7 7 0 016 10.6L17 17l-3.4-1A7 7 0 1110 3z");
export const people = icon("M7.5 9a2.5 2.5 0 100-5 2.5 2.5 0 000 5zM3 15.5c0-2.5 2-4.5 4.5-4.5s4.5 2 4.5 4.5zM13.5 9.5a2 2 0 100-4M13.8 11.5c1.8.3 3.2 2 3.2 4h-2.5");
export const calendar = icon("M4 5h12v11H4zM4 8.5h12M7 3v3M13 3v3");
export const phone = icon("M6.5 3.5l2 4-1.5 1.5a9 9 0 004 4l1.5-1.5 4 2-1 3c-6 .5-12-5.5-11.8-11.8z");
export const grid = icon("M4 4h5v5H4zM11 4h5v5h-5zM4 11h5v5H4zM13.5 11v5M11 13.5h5");
export const pencil = icon("M4 16l1-4 8.5-8.5 3 3L8 15zM12 5l3 3");
export const bin = icon("M4 6h12M8 6V4h4v2M5.5 6l.8 10h7.4l.8-10");
export const back = icon("M12 4l-6 6 6 6");
export const send = icon("M3.5 10l13-6.5-4 13-3-5z");
export const face = icon("M10 3a7 7 0 100 14 7 7 0 000-14zM7.5 8.5v.1M12.5 8.5v.1M7 12c1.5 2 4.5 2 6 0");
export const close = icon("M5 5l10 10M15 5L5 15");
export const find = icon("M9 4a5 5 0 100 10A5 5 0 009 4zM13 13l4 4");
