/** The sandbox's Teams page API. Instants are milliseconds since the epoch. */

export interface Person {
  id: string;
  upn: string;
  name: string;
  presence: string;
}

export interface Member {
  id: string;
  name: string;
  kind: "user" | "bot";
}

export interface CardView {
  content: Record<string, unknown>;
  own_view: boolean;
}

export interface Message {
  id: string;
  at: number;
  kind: "message" | "event";
  from: { id: string; name: string; kind: "user" | "bot" | "system" };
  mine: boolean;
  edited_at: number | null;
  deleted: boolean;
  text: string;
  html: string | null;
  cards: CardView[];
  summary: string;
  refresh_due: boolean;
  error: string | null;
}

export interface Chat {
  id: string;
  kind: "personal" | "group";
  title: string;
  web_url: string;
  members: Member[];
  app_installed: boolean;
  reads_all: boolean;
  can_write: boolean;
  unread: number;
  updated_at: number;
  messages: Message[];
}

export interface State {
  revision: number;
  tenant: { id: string; name: string };
  me: Person;
  presences: string[];
  people: Person[];
  app: { name: string; bot_id: string; installed: boolean; tabs: { name: string; url: string }[] };
  chats: Chat[];
}

export type ActionResult =
  | { kind: "card"; status: number; card: Record<string, unknown> }
  | { kind: "message"; status: number; text: string }
  | { kind: "error"; status: number; text: string }
  | { kind: "sent"; status: number };

export interface Toast {
  chat: string;
  title: string;
  text: string;
}

/** The sandbox refused the call; the message is a sentence. */
export class Refused extends Error {}

export class Api {
  readonly #base: string;

  constructor(user: string) {
    this.#base = `/teams/api/${encodeURIComponent(user)}`;
  }

  state = () => this.#call<State>("GET", "/state");
  write = (chat: string, text: string, mention: boolean) =>
    this.#call<{ id: string }>("POST", `${chatPath(chat)}/messages`, { text, mention_bot: mention });
  edit = (chat: string, message: string, text: string) =>
    this.#call("PATCH", `${chatPath(chat)}/messages/${encodeURIComponent(message)}`, { text });
  remove = (chat: string, message: string) =>
    this.#call("DELETE", `${chatPath(chat)}/messages/${encodeURIComponent(message)}`);
  undelete = (chat: string, message: string) =>
    this.#call("POST", `${chatPath(chat)}/messages/${encodeURIComponent(message)}/undelete`);
  act = (chat: string, message: string, action: unknown, inputs: Record<string, string>) =>
    this.#call<ActionResult>("POST", `${chatPath(chat)}/messages/${encodeURIComponent(message)}/actions`, { action, inputs });
  refresh = (chat: string, message: string) =>
    this.#call<ActionResult>("POST", `${chatPath(chat)}/messages/${encodeURIComponent(message)}/refresh`);
  read = (chat: string) => this.#call("POST", `${chatPath(chat)}/read`);
  open = (topic: string, members: string[]) => this.#call<{ id: string }>("POST", "/chats", { topic, members });
  add = (chat: string, user: string) => this.#call("POST", `${chatPath(chat)}/members`, { user });
  leave = (chat: string) => this.#call("POST", `${chatPath(chat)}/leave`);
  presence = (availability: string) => this.#call("POST", "/presence", { availability });
  install = (on: boolean) => this.#call("POST", on ? "/app/install" : "/app/uninstall");

  events(): EventSource {
    return new EventSource(`${this.#base}/events`);
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const request: RequestInit = { method };
    if (body !== undefined) {
      request.body = JSON.stringify(body);
      request.headers = { "content-type": "application/json" };
    }
    const answer = await fetch(this.#base + path, request);
    const text = await answer.text();
    if (answer.ok) return (text ? JSON.parse(text) : undefined) as T;
    throw new Refused(wordsOf(text) ?? `The sandbox answered ${answer.status}.`);
  }
}

const chatPath = (chat: string) => `/chats/${encodeURIComponent(chat)}`;

function wordsOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message;
  } catch {
    return undefined;
  }
}
