/** The visitor's side of one chat: starts it, synchronizes it with the server, and survives reloads and lost connections. */
import { ask } from "./ask";
import { Line, type LineOwner } from "./line";
import { acknowledge, enter, pending, rewind } from "./log";
import { Notebook, nothingNoted, reconcile, type Chat, type Notes } from "./notebook";
import type { Realm } from "./pristine";
import type { ErrorFrame, Hello, MessageFrame, ServerFrame, Status } from "./protocol";
import { newId } from "./transports";

const TYPING_SHOWN_MS = 6000;
const TYPING_TOLD_MS = 3000;
const GOODBYE_NOTED_MS = 1000;
const LONGEST_ADDRESS = 2000;
/** After the end, last messages may still arrive within this time; then the connection is closed. */
const GOODBYE_MS = 30_000;

export interface Introduction {
  name: string;
  email: string;
  privacy_accepted: boolean;
  locale: string;
}

export class Session implements LineOwner {
  notes: Notes = nothingNoted();
  typing = false;
  /** The server's last error that does not concern a single message. */
  fault = "";
  readonly #line: Line;
  readonly #book: Notebook;
  #typingEnds: ReturnType<typeof setTimeout> | undefined;
  #goodbye: ReturnType<typeof setTimeout> | undefined;
  #resumed = 0;
  #toldTyping = -TYPING_TOLD_MS;

  /**
   * @param heard is called with each message that arrives from somebody else.
   * @param told is called with the name of a text to announce.
   */
  constructor(
    private readonly realm: Realm,
    private readonly base: string,
    private readonly widget: string,
    readonly changed: () => unknown,
    private readonly heard: (frame: MessageFrame) => void,
    private readonly told: (text: "late" | "failed") => void,
  ) {
    this.#line = new Line(realm, base, this);
    this.#book = new Notebook(realm, widget);
  }

  get chat(): Chat | null {
    return this.notes.chat;
  }

  /** The connection is down although a chat needs it. */
  get offline(): boolean {
    return this.#isLive() && !this.#line.up && !this.#line.parked;
  }

  /** Resume from this browser's stored data, until `signal`; then `pause`. */
  resume(signal: AbortSignal): void {
    const stored = this.#book.read();
    this.#resumed = performance.now();
    // A restored page, from the browser's cache for example, may be older than another page's stored data.
    if (stored) this.notes = this.chat ? { ...reconcile(this.notes, stored), draft: stored.draft } : stored;
    this.#book.watch((notes) => this.#adopt(notes), signal);
    this.#connect();
  }

  /** Release the connection and timers. */
  pause(): void {
    this.save();
    this.#line.close();
    clearTimeout(this.#typingEnds);
    clearTimeout(this.#goodbye);
    this.typing = false;
  }

  /** Open a conversation with the first message. Throws `Refused`, or a TypeError if the server cannot be reached. */
  async start(who: Introduction, text: string): Promise<void> {
    const earlier = this.notes.earlier.at(-1)?.token;
    const body = { ...who, widget: this.widget, page: location.href.slice(0, LONGEST_ADDRESS), earlier };
    const made = await ask<{ conversation: string; token: string }>(this.realm, `${this.base}sessions`, body);
    const status: Status = { state: "new" };
    const chat = { id: made.conversation, token: made.token, since: Date.now(), seen: 0, read: 0, status, entries: [] };
    this.notes = { ...this.notes, chat, draft: "" };
    this.#book.write(this.notes);
    this.#connect();
    this.say(text);
  }

  say(text: string): void {
    const entries = this.chat?.entries;
    if (!entries) return;
    const key = newId();
    entries.push({ key, sender: "visitor", author: "", text, at: Date.now(), seq: 0 });
    this.#line.send({ type: "say", id: key, text });
    this.save();
  }

  /** Send a refused message again, unchanged. */
  sayAgain(key: string): void {
    const entry = this.chat?.entries.find((one) => one.key === key);
    if (!entry) return;
    delete entry.error;
    this.#line.send({ type: "say", id: key, text: entry.text });
    this.save();
  }

  tellTyping(): void {
    if (performance.now() - this.#toldTyping < TYPING_TOLD_MS) return;
    this.#toldTyping = performance.now();
    this.#line.send({ type: "typing" });
  }

  /** The visitor ends the chat: it ends here immediately, and at the server as soon as that can be reached. */
  leave(): void {
    const chat = this.chat;
    if (!chat) return;
    chat.leaving = true;
    chat.status = { ...chat.status, state: "ended", visitor_ended: true };
    this.#line.send({ type: "leave" });
    this.save();
  }

  /** Archive the ended chat; the next message starts a new one. */
  forget(): void {
    const { chat, earlier } = this.notes;
    if (!chat) return;
    this.#line.close();
    this.notes = { ...this.notes, chat: null, earlier: [...earlier, chat] };
    this.#book.write(this.notes);
    this.changed();
  }

  get unread(): number {
    const chat = this.chat;
    return chat?.entries.filter((entry) => entry.seq > chat.read && /agent|system/.test(entry.sender)).length ?? 0;
  }

  markRead(): void {
    const chat = this.chat;
    if (!chat || chat.read === chat.seen) return;
    chat.read = chat.seen;
    this.save();
  }

  /** The page became visible or hidden. */
  look(isSeen: boolean): void {
    this.#line.send({ type: "visibility", hidden: !isSeen });
    if (isSeen) this.#line.wake();
  }

  /** Store, merged with what another tab may have written meanwhile. */
  save(): void {
    const stored = this.chat && this.#book.read();
    if (stored) this.notes = reconcile(this.notes, stored);
    this.#book.write(this.notes);
    this.changed();
  }

  hello(): Hello {
    const { token = "", seen: after = 0 } = this.chat ?? {};
    return { type: "hello", token, after, hidden: document.visibilityState === "hidden" };
  }

  hear(frame: ServerFrame): void {
    const chat = this.chat;
    if (!chat) return;
    if (frame.type === "welcome") this.#welcomed(chat, frame.last, frame.status);
    else if (frame.type === "message") this.#message(chat, frame);
    else if (frame.type === "ack") acknowledge(chat.entries, frame.id, frame.seq, frame.at);
    else if (frame.type === "status") this.#status(chat, frame.status);
    else if (frame.type === "typing") this.#showTyping(true);
    else if (frame.type === "delivery") this.#delivery(chat, frame.late_from, frame.failed);
    else if (frame.type === "error") this.#refused(chat, frame);
    this.save();
  }

  #welcomed(chat: Chat, last: number, status: Status): void {
    this.fault = "";
    if (last < chat.seen) {
      rewind(chat.entries, last);
      chat.seen = last;
      chat.read = Math.min(chat.read, last);
    }
    for (const entry of pending(chat.entries)) this.#line.send({ type: "say", id: entry.key, text: entry.text });
    if (chat.leaving) this.#line.send({ type: "leave" });
    this.#status(chat, status);
  }

  #message(chat: Chat, frame: MessageFrame): void {
    const isNews = frame.seq > chat.seen;
    chat.seen = Math.max(chat.seen, frame.seq);
    enter(chat.entries, frame);
    if (frame.sender === "visitor") return;
    this.#showTyping(false);
    if (isNews && frame.kind !== "delete") this.heard(frame);
  }

  #status(chat: Chat, status: Status): void {
    if (status.state === "ended") delete chat.leaving;
    else if (chat.leaving) return;
    const met = status.state === "connected" && status.agent;
    const key = `met-${status.agent}`;
    if (met && !chat.entries.some((entry) => entry.key === key)) {
      // Placed after the messages so far, in every tab.
      chat.entries.push({ key, sender: "event", author: status.agent ?? "", text: "", at: Date.now(), seq: chat.seen });
    }
    chat.status = status;
    if (status.state !== "ended") return;
    this.#showTyping(false);
    clearTimeout(this.#goodbye);
    this.#goodbye = setTimeout(() => !this.#isLive() && this.#line.close(), GOODBYE_MS);
  }

  #refused(chat: Chat, { id, code, message, after_seconds: pause }: ErrorFrame): void {
    const entry = id && chat.entries.find((one) => one.key === id);
    if (entry && pause) setTimeout(() => this.sayAgain(id), pause * 1000);
    else if (entry) entry.error = message;
    else this.fault = message;
    if (code !== "no_session") return;
    // The day has passed, or the server no longer knows this chat.
    this.fault = "";
    delete chat.leaving;
    chat.status = { ...chat.status, state: "ended", outcome: "expired" };
    this.#line.close();
  }

  #delivery(chat: Chat, late: number | null, failed: number[]): void {
    if (failed.length > (chat.failed?.length ?? 0)) this.told("failed");
    else if (late && !chat.late) this.told("late");
    Object.assign(chat, { late, failed });
  }

  #showTyping(on: boolean): void {
    this.typing = on;
    clearTimeout(this.#typingEnds);
    if (on) this.#typingEnds = setTimeout(() => (this.#showTyping(false), this.changed()), TYPING_SHOWN_MS);
  }

  #adopt(notes: Notes): void {
    const before = this.chat?.id;
    this.notes = reconcile(this.notes, notes);
    // The previous page may run its `pagehide` only now.
    if (performance.now() - this.#resumed < GOODBYE_NOTED_MS) this.notes.draft = notes.draft;
    if (this.chat?.id !== before) this.#line.close();
    this.#connect();
    this.changed();
  }

  #isLive(): boolean {
    const chat = this.chat;
    return !!chat && (chat.status.state !== "ended" || !!chat.leaving);
  }

  #connect(): void {
    if (this.#isLive()) this.#line.open();
  }
}
