/** Shared small parts: faces, presence, times. */
import { html, nothing, type TemplateResult } from "lit";
import type { Chat, State } from "../api";

const COLOURS = ["#6264a7", "#0b6a6e", "#8e562e", "#7160a8", "#2d6a4f", "#a4373a", "#4a5b8c", "#7a5c00"];

export function presenceWords(presence: string): string {
  const words: Record<string, string> = {
    DoNotDisturb: "Do not disturb",
    InACall: "In a call",
    InAMeeting: "In a meeting",
    BeRightBack: "Be right back",
    PresenceUnknown: "Unknown",
  };
  return words[presence] ?? presence;
}

export const dot = (presence: string | undefined) =>
  presence ? html`<i class="dot ${presence}" title=${presenceWords(presence)}></i>` : nothing;

export function face(name: string, id: string, presence?: string): TemplateResult {
  const words = name.split(/[\s¦]+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  const colour = COLOURS[[...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % COLOURS.length] ?? "";
  const initials = letters.map((word) => (word ?? "?").slice(0, 1).toUpperCase()).join("");
  return html`<span class="face" style="background:${colour}" data-initials=${initials} aria-hidden="true">${dot(presence)}</span>`;
}

export function chatFace(chat: Chat, state: State): TemplateResult {
  if (chat.kind === "personal") {
    const other = chat.members.find((member) => member.id !== state.me.id);
    return face(chat.title, other?.id ?? chat.id, state.people.find((person) => person.id === other?.id)?.presence);
  }
  return face(chat.title, chat.id);
}

export function clock(at: number): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(at);
}

/** The time for today, else the date, as in chat lists. */
export function shortDate(at: number): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return isToday ? clock(at) : new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }).format(at);
}

export function day(at: number): string {
  if (new Date(at).toDateString() === new Date().toDateString()) return "Today";
  return new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" }).format(at);
}
