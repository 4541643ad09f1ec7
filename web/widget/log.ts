/** This browser's messages of one chat: those that the server has numbered, then the others. */
import type { MessageFrame, Sender } from "./protocol";

export interface Entry {
  /** Unique within the chat and the same in every tab. */
  key: string;
  /** `event` lines ("You are talking to Anna") come from the widget. */
  sender: Sender | "event";
  author: string;
  text: string;
  at: number;
  /** The server's number; 0 = not acknowledged. */
  seq: number;
  edited?: boolean;
  deleted?: boolean;
  /** Why the server refused it, as a sentence. */
  error?: string;
}

const keyOf = (frame: MessageFrame) => (frame.sender === "visitor" ? frame.id : `s${frame.seq}`);

/** Sort in place by number, unnumbered messages last; the order of equals stays. */
function order(entries: Entry[]): void {
  entries.sort((one, other) => (one.seq || Infinity) - (other.seq || Infinity) || 0);
}

/** Add the messages that the server sent. A message that already exists (resent, or sent from here) is updated. */
export function enter(entries: Entry[], frame: MessageFrame): void {
  if (frame.kind !== "text") {
    const meant = entries.find((entry) => entry.seq === frame.refers_to && entry.sender !== "event");
    if (!meant) return;
    meant.text = frame.text;
    if (frame.kind === "edit") meant.edited = true;
    else meant.deleted = true;
    return;
  }
  const key = keyOf(frame);
  const known = entries.find((entry) => entry.key === key);
  if (known) acknowledge(entries, key, frame.seq, frame.at);
  else {
    const { sender, author, text, at, seq } = frame;
    entries.push({ key, sender, author, text, at, seq });
    order(entries);
  }
}

export function acknowledge(entries: Entry[], key: string, seq: number, at: number): void {
  const entry = entries.find((one) => one.key === key);
  if (!entry) return;
  entry.seq = seq;
  entry.at = at;
  delete entry.error;
  order(entries);
}

/** Messages to send, oldest first; refused ones are not included: they wait for the visitor. */
export const pending = (entries: Entry[]) => entries.filter((entry) => entry.sender === "visitor" && !entry.seq && !entry.error);

/**
 * The server lost the messages after `last`. The visitor's messages are sent again, with their ids; those of others stay
 * readable, but lose their numbers, which the server will reuse.
 */
export function rewind(entries: Entry[], last: number): void {
  for (const entry of entries) {
    if (entry.seq <= last) continue;
    if (entry.sender !== "visitor") entry.key += `-${entry.at}`;
    entry.seq = entry.sender === "visitor" ? 0 : last;
  }
  order(entries);
}

/** Merge two tabs' messages of one chat; `ahead` is the tab that has seen more. */
export function merge(ahead: Entry[], behind: Entry[]): Entry[] {
  const all = new Map(behind.map((entry) => [entry.key, entry]));
  for (const entry of ahead) {
    const other = all.get(entry.key);
    // A message that either tab knows to be stored is stored.
    all.set(entry.key, other?.seq && !entry.seq ? other : entry);
  }
  const entries = [...all.values()].sort((one, other) => one.at - other.at);
  order(entries);
  return entries;
}
