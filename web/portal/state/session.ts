/** The page's memory: what the server last said, whose clock counts, and who is looking. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Me, Pieces, Snapshot, Task, Update } from "../types.js";
import { door } from "./api.js";
import { Live } from "./live.js";

export type Phase = "loading" | "ready" | "signed-out";

class Session extends EventTarget {
  readonly surface = crypto.randomUUID();
  phase: Phase = "loading";
  /** False while the line to the server is down; what is shown may be old. */
  connected = false;
  snapshot: Snapshot | null = null;
  #aheadMs = 0;
  #beats = 0;
  #snapshots = 0;
  /** What was just chosen on this page: an event that tells of before must not undo it under the person's hand. */
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

  /** The server's time in milliseconds: deadlines are compared with this, never with the computer's own clock. */
  now(): number {
    return Date.now() + this.#aheadMs;
  }

  /** The tasks this user has in hand: offers first, then wrap-up, then chats. */
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

  /** Keeps the line to the server until nobody is signed in; `signIn` may do that anew without asking the person. */
  async stay(signIn: () => Promise<boolean>): Promise<void> {
    let seen: number;
    do {
      seen = this.#snapshots;
      await this.live.run();
      // A sign-in that did not lead to a snapshot will not do so the next time either.
    } while (this.#snapshots > seen && (await signIn()));
    this.signedOut();
  }

  /** Shows nothing until the server has said again who is signed in. */
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

  /** Puts pieces that an answer brought in place at once, without waiting for the event that follows. */
  patch(pieces: Partial<Pieces>): void {
    if (this.snapshot === null) return;
    this.snapshot = { ...this.snapshot, ...pieces };
    this.#changed();
  }

  /** Shows what somebody chose for himself at once, whatever events on their way still say, until `settled`. */
  choose(change: Partial<Me>): void {
    if (this.snapshot === null) return;
    this.#chosen = { ...this.#chosen, ...change };
    this.patch({ me: { ...this.snapshot.me, ...change } });
  }

  /** The server has the choice, or refused it; `to`: what is shown then, if not that. */
  settled(change: Partial<Me>, to: Partial<Me> = {}): void {
    const left = Object.entries(this.#chosen).filter(([name, value]) => change[name as keyof Me] !== value);
    this.#chosen = Object.fromEntries(left) as Partial<Me>;
    if (this.snapshot !== null) this.patch({ me: { ...this.snapshot.me, ...to, ...this.#chosen } });
  }

  /** The same for one task in hand whose state has not moved; where it goes when it has, the event says. */
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

/** Renders its host again whenever the session changes. */
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

/** Renders its host once a second, on the server's full seconds, so that all counters on a page turn together. */
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
