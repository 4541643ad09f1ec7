/** The messages of one chat as this browser knows them: what the server has numbered, then what it has not yet. */
import type { MessageFrame, Sender } from "./protocol";

export interface Entry {
  /** Unique within the chat and the same in every tab. */
  key: string;
  /** `event` lines ("You are talking to Anna") are the widget's own. */
  sender: Sender | "event";
  author: string;
  text: string;
  at: number;
  /** The server's number; 0 = not acknowledged. */
  seq: number;
  edited?: boolean;
  deleted?: boolean;
  /** Why the server did not take it, in words. */
  error?: string;
}

const keyOf = (frame: MessageFrame) => (frame.sender === "visitor" ? frame.id : `s${frame.seq}`);

/** Sort in place: by number, the unnumbered last; whoever came first stays first. */
function order(entries: Entry[]): void {
  entries.sort((one, other) => (one.seq || Infinity) - (other.seq || Infinity) || 0);
}

/** Enter what the server sent. A message that is there already (resent, or sent from here) is only brought up to date. */
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

/** What waits for the server, oldest first; what it refused waits for the visitor instead. */
export const pending = (entries: Entry[]) => entries.filter((entry) => entry.sender === "visitor" && !entry.seq && !entry.error);

/**
 * The server came back without the messages after `last`. Our own are offered again, with their ids; what others wrote
 * stays to be read, but gives up its number, which will be somebody else's.
 */
export function rewind(entries: Entry[], last: number): void {
  for (const entry of entries) {
    if (entry.seq <= last) continue;
    if (entry.sender !== "visitor") entry.key += `-${entry.at}`;
    entry.seq = entry.sender === "visitor" ? 0 : last;
  }
  order(entries);
}

/** The union of what two tabs know of one chat; `ahead` is the one that has seen more. */
export function merge(ahead: Entry[], behind: Entry[]): Entry[] {
  const all = new Map(behind.map((entry) => [entry.key, entry]));
  for (const entry of ahead) {
    const other = all.get(entry.key);
    // A message that either of them knows to be stored is stored.
    all.set(entry.key, other?.seq && !entry.seq ? other : entry);
  }
  const entries = [...all.values()].sort((one, other) => one.at - other.at);
  order(entries);
  return entries;
}
