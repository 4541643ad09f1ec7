/** The widget's data in the browser, once a chat has started: one localStorage key per widget, for a day. */
import { merge, type Entry } from "./log";
import { json, type Realm } from "./pristine";
import type { Status } from "./protocol";

const KEPT_MS = 24 * 3600 * 1000;
/** Enough to scroll back, and more than the 50 acknowledged messages that are sent again to a server that lost them. */
const KEPT_ENTRIES = 200;
const KEPT_CHATS = 3;

export interface Chat {
  id: string;
  token: string;
  since: number;
  /** The last number seen, of any kind of message. */
  seen: number;
  /** The last number that the visitor has seen on the screen. */
  read: number;
  status: Status;
  entries: Entry[];
  /** The visitor ended the chat; the server may not know yet. */
  leaving?: boolean;
  /** The visitor's messages from this number on have not reached the agent yet. */
  late?: number | null;
  /** Numbers of messages that the agent will not get. */
  failed?: number[];
}

export interface Notes {
  chat: Chat | null;
  /** Ended chats, oldest first. */
  earlier: Chat[];
  open: boolean;
  draft: string;
}

export const nothingNoted = (): Notes => ({ chat: null, earlier: [], open: false, draft: "" });

const isFresh = (chat: Chat) => Date.now() - chat.since < KEPT_MS;

/** Merge `mine` with another tab's data: no message is lost, the newer chat wins. */
export function reconcile(mine: Notes, other: Notes): Notes {
  const [here, there] = [mine.chat, other.chat];
  if (here && there && here.id === there.id) {
    const [ahead, behind] = here.seen < there.seen ? [there, here] : [here, there];
    const chat = { ...ahead, read: Math.max(here.read, there.read), entries: merge(ahead.entries, behind.entries) };
    if (here.leaving || there.leaving) chat.leaving = true;
    return { ...mine, chat };
  }
  const isOver = here && other.earlier.some((chat) => chat.id === here.id);
  if ((there && (!here || there.since > here.since)) || isOver) return { ...other, open: mine.open, draft: mine.draft };
  return mine;
}

export class Notebook {
  readonly #key: string;

  constructor(
    private readonly realm: Realm,
    widget: string,
  ) {
    this.#key = `usher:${widget}`;
  }

  read(): Notes | null {
    try {
      const notes = this.realm.of(JSON.parse).JSON.parse(localStorage.getItem(this.#key) ?? "null") as Notes | null;
      if (!notes) return null;
      notes.earlier = notes.earlier.filter(isFresh);
      if (notes.chat && !isFresh(notes.chat)) notes.chat = null;
      return notes;
    } catch {
      return null; // storage is disabled, or the key holds foreign data
    }
  }

  write(notes: Notes): void {
    const { chat, earlier } = notes;
    if (!chat && !earlier.length) return;
    const kept = {
      ...notes,
      chat: chat && { ...chat, entries: chat.entries.slice(-KEPT_ENTRIES) },
      earlier: earlier.slice(-KEPT_CHATS),
    };
    try {
      localStorage.setItem(this.#key, json(kept));
    } catch {
      // Storage is full or disabled: the chat works, but ends with this page.
    }
  }

  /** @param changed called with another tab's data. */
  watch(changed: (notes: Notes) => void, signal: AbortSignal): void {
    const heard = (event: StorageEvent) => {
      const notes = event.key === this.#key && this.read();
      if (notes) changed(notes);
    };
    addEventListener("storage", heard, { signal });
  }
}
