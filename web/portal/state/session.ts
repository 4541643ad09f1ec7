/** The page's state: the server's last data, the server's clock, and the user. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Me, Pieces, Snapshot, Task, Update } from "../types.js";
import { door } from "./api.js";
import { Live } from "./live.js";

export type Phase = "loading" | "ready" | "signed-out";

class Session extends EventTarget {
  readonly surface = crypto.randomUUID();
  phase: Phase = "loading";
  /** False while the connection is down; the data may be outdated. */
  connected = false;
  snapshot: Snapshot | null = null;
  #aheadMs = 0;
  #beats = 0;
  #snapshots = 0;
  /** Choices just made on this page: an older event must not revert them. */
  #chosen: Partial<Me> = {};

  readonly live = new Live(this.surface, {
    snapshot: (snapshot) => {
      this.#snapshots += 1;
      this.#took(snapshot.at, snapshot);
    },
    update: (update: Update) => {
      const { at, revision, pieces } = update;
      if (this.snapshot !== null) this.#took(at, { ...this.snapshot, ...pieces, at, revision });
    },
    notice: (text) => this.dispatchEvent(new CustomEvent("notice", { detail: text })),
    beat: (at) => {
      this.#setClock(at);
      this.#beats += 1;
      this.dispatchEvent(new Event("beat"));
    },
    lost: () => {
      this.connected = false;
      this.#changed();
    },
  });

  /** The server's time in milliseconds: deadlines are compared with it, never with the computer's clock. */
  now(): number {
    return Date.now() + this.#aheadMs;
  }

  /** The user's tasks: offers first, then ACW, then chats. */
  tasks(): Task[] {
    if (this.snapshot === null) return [];
    const order = { offered: 0, acw: 1 } as Record<string, number>;
    return [...this.snapshot.offers, ...this.snapshot.open].sort(
      (a, b) => (order[a.state] ?? 2) - (order[b.state] ?? 2) || a.since_at - b.since_at,
    );
  }

  get beats(): number {
    return this.#beats;
  }

  /** Keeps the connection until nobody is signed in; `signIn` may sign in again without asking the user. */
  async stay(signIn: () => Promise<boolean>): Promise<void> {
    let seen: number;
    do {
      seen = this.#snapshots;
      await this.live.run();
      // If a sign-in did not lead to a snapshot, another one will not either.
    } while (this.#snapshots > seen && (await signIn()));
    this.signedOut();
  }

  /** Shows nothing until the server has confirmed who is signed in. */
  doubt(): void {
    if (this.phase !== "ready") return;
    this.phase = "loading";
    this.snapshot = null;
    this.connected = false;
    this.live.renew();
    this.#changed();
  }

  signedOut(): void {
    this.phase = "signed-out";
    this.connected = false;
    this.snapshot = null;
    this.#changed();
  }

  /** Applies parts of the state from an answer immediately, before their event arrives. */
  patch(pieces: Partial<Pieces>): void {
    if (this.snapshot === null) return;
    this.snapshot = { ...this.snapshot, ...pieces };
    this.#changed();
  }

  /** Shows the user's choice immediately and ignores older events about it, until `settled`. */
  choose(change: Partial<Me>): void {
    if (this.snapshot === null) return;
    this.#chosen = { ...this.#chosen, ...change };
    this.patch({ me: { ...this.snapshot.me, ...change } });
  }

  /** The server stored or refused the choice; `to`: the value to show, if it is another one. */
  settled(change: Partial<Me>, to: Partial<Me> = {}): void {
    const left = Object.entries(this.#chosen).filter(([name, value]) => change[name as keyof Me] !== value);
    this.#chosen = Object.fromEntries(left) as Partial<Me>;
    if (this.snapshot !== null) this.patch({ me: { ...this.snapshot.me, ...to, ...this.#chosen } });
  }

  /** The same for one task whose state has not changed; if it has, the event says so. */
  renewTask(task: Task): void {
    if (this.snapshot === null) return;
    const renew = (list: Task[]): Task[] =>
      list.map((one) => (one.id === task.id && one.state === task.state && one.revision <= task.revision ? task : one));
    this.patch({ offers: renew(this.snapshot.offers), open: renew(this.snapshot.open) });
  }

  #took(at: number, snapshot: Snapshot): void {
    this.#setClock(at);
    this.snapshot = { ...snapshot, me: { ...snapshot.me, ...this.#chosen } };
    this.phase = "ready";
    this.connected = true;
    this.#changed();
  }

  #setClock(at: number): void {
    this.#aheadMs = at - Date.now();
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

export const session = new Session();

door.addEventListener("signed-out", () => session.doubt());

/** Renders its host when the session changes. */
export class Watching implements ReactiveController {
  readonly #render: () => void;

  constructor(host: ReactiveControllerHost) {
    this.#render = () => host.requestUpdate();
    host.addController(this);
  }

  hostConnected(): void {
    session.addEventListener("change", this.#render);
  }

  hostDisconnected(): void {
    session.removeEventListener("change", this.#render);
  }
}

/** Renders its host once a second, on the server's full seconds, so that all counters on a page change together. */
export class Ticking implements ReactiveController {
  #timer = 0;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {
    const tick = (): void => {
      this.host.requestUpdate();
      this.#timer = window.setTimeout(tick, 1000 - (session.now() % 1000));
    };
    tick();
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }
}
