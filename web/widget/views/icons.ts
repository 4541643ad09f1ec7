import { html } from "../template";

const icon = (path: string) => html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d=${path}></path></svg>`;

export const chatIcon = icon("M12 3.5c5 0 9 3.4 9 7.8s-4 7.8-9 7.8c-1 0-2-.1-2.9-.4L4.3 21l.8-4.2C3.8 15.3 3 13.4 3 11.3 3 6.9 7 3.5 12 3.5z");
export const downIcon = icon("M5 9l7 7 7-7");
export const closeIcon = icon("M6 6l12 12M18 6L6 18");
export const sendIcon = icon("M4 12l16-7.5-5 16-3.5-6.5zM11.5 14L20 4.5");
export const sentIcon = icon("M5 13l4.5 4.5L19 7.5");
export const warnIcon = icon("M12 4v10M12 18v1");
export const clockIcon = icon("M12 4a8 8 0 100 16 8 8 0 000-16zM12 8v4l3 2");
