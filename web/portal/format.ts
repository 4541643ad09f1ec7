/** Times and durations as people read them, in the page's language. */
import { locale, t } from "./i18n.js";

const two = (n: number): string => String(n).padStart(2, "0");

/** A running counter: 0:07, 12:40, 1:02:03. Never negative. */
export function counter(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** The time left, rounded up, so that 0:00 appears when the time has passed and not a second before. */
export const countdown = (ms: number): string => counter(Math.ceil(Math.max(0, ms) / 1000) * 1000);

export const clock = (at: number): string =>
  new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit" }).format(at);

export const dateAndTime = (at: number): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(at);

const dayOf = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

/** The heading of a day's list: Today, Yesterday, Tuesday 4 March. */
export function day(at: number, now: number): string {
  const yesterday = new Date(dayOf(now));
  yesterday.setDate(yesterday.getDate() - 1);
  if (dayOf(at) === dayOf(now)) return t("day.today");
  if (dayOf(at) === yesterday.getTime()) return t("day.yesterday");
  return new Intl.DateTimeFormat(locale(), { weekday: "long", day: "numeric", month: "long" }).format(at);
}

/** At most two letters, for the avatar of a person without a photo. */
export function initials(name: string): string {
  const words = name.split(/[\s.@_-]+/u).filter((word) => /^\p{L}|^\p{N}/u.test(word));
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words.slice(0, 1);
  return letters.map((word) => (word ?? "").slice(0, 1).toLocaleUpperCase(locale())).join("");
}
