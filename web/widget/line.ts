/** Keeps a connection: reconnects after a loss, with the other transport if one is blocked. */
import type { Realm } from "./pristine";
import type { ClientFrame, Hello, ServerFrame } from "./protocol";
import { poll, socket, type Transport } from "./transports";

/** The server sends a heartbeat every 5 s: after three missed ones the connection is dead. It holds a request for up to 20 s. */
const silence = ({ polls }: Transport) => (polls ? 35_000 : 15_000);
/** A proxy that drops WebSockets does not answer. */
const WELCOME_MS = 4000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** While polling, a WebSocket is tried this often: the visitor may have changed networks. */
const UPGRADE_MS = 60_000;
/** A page that becomes visible receives something within this time, or its connection is dead: heartbeats come every 5 s. */
const PATIENCE_MS = 6000;

export interface LineOwner {
  hello(): Hello;
  hear(frame: ServerFrame): void;
  changed(): unknown;
}

export class Line {
  /** Another tab has the connection until this one is visible or used again. */
  parked = false;
  #now: Transport | null = null;
  /** Connecting, not welcomed yet; replaces `#now`, which works until then. */
  #next: Transport | null = null;
  #wanted = false;
  /** Nothing was received on the last WebSocket. */
  #blocked = false;
  #losses = 0;
  /** By `performance.now()`, which clock changes do not affect. */
  #heardAt = 0;
  #redial: Timer;
  #watch: Timer;
  #upgrade: Timer;
  #welcome: Timer;

  /** @param base the address of the visitor API, ending in a slash */
  constructor(
    private readonly realm: Realm,
    private readonly base: string,
    private readonly owner: LineOwner,
  ) {}

  /** The server has welcomed us: a frame sent now arrives, or the connection breaks. */
  get up(): boolean {
    return !!this.#now;
  }

  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#losses = 0;
    this.#watch = setInterval(() => this.#look(), 5000);
    this.#dial();
  }

  close(): void {
    this.#wanted = this.parked = false;
    clearInterval(this.#watch);
    this.#drop();
  }

  /** The page is visible again, or the network is back: reconnect without waiting, and check an old connection. */
  wake(): void {
    if (!this.#wanted || this.#next) return;
    if (this.#now && !this.#now.polls) {
      this.#heardAt = Math.min(this.#heardAt, performance.now() - silence(this.#now) + PATIENCE_MS);
      clearTimeout(this.#welcome);
      this.#welcome = setTimeout(() => this.#look(), PATIENCE_MS);
    } else this.#dial();
  }

  send(frame: ClientFrame): void {
    this.#now?.send(frame);
    if (this.parked) this.#dial();
  }

  #look(): void {
    if (this.#now && performance.now() - this.#heardAt > silence(this.#now)) this.#lost(this.#now);
  }

  #dial(way = this.#blocked ? poll : socket): void {
    clearTimeout(this.#redial);
    clearTimeout(this.#welcome);
    this.#redial = undefined;
    this.#next?.close();
    this.parked = false;
    let made: Transport | null = null;
    const lost = (pause?: number) => made && this.#lost(made, pause);
    const ends = {
      hello: () => this.owner.hello(),
      hear: (frame: ServerFrame) => made && this.#hear(made, frame),
      lost,
    };
    try {
      made = this.#next = way(this.realm, this.base, ends);
    } catch {
      // The page's policy, or its replacement of a browser function, prevents it.
      made = this.#next = { polls: false, send() {}, close() {} };
      setTimeout(lost);
    }
    this.#welcome = setTimeout(lost, way === poll ? 3 * WELCOME_MS : WELCOME_MS);
  }

  #hear(from: Transport, frame: ServerFrame): void {
    if (from !== this.#now && from !== this.#next) return;
    const { type } = frame;
    if (type === "welcome" && from === this.#next) this.#welcomed(from);
    if (from === this.#now) this.#heardAt = performance.now();
    if (type === "beat") from.send({ type: "pong" });
    else if (type === "retry") this.#move(from, frame.after_seconds);
    else if (type === "park") {
      this.#drop();
      this.parked = true;
      this.owner.changed();
    } else this.owner.hear(frame);
  }

  #welcomed(by: Transport): void {
    this.#now?.close();
    this.#now = by;
    this.#next = null;
    this.#losses = 0;
    clearTimeout(this.#welcome);
    clearTimeout(this.#upgrade);
    this.#blocked = by.polls;
    if (by.polls) this.#upgrade = setTimeout(() => this.#dial(socket), UPGRADE_MS * (1 + Math.random()));
  }

  /** The server asks for this before it stops: the old connection works until the new one does, or until it closes. */
  #move(from: Transport, pause: number): void {
    if (from === this.#next) this.#lost(from, pause);
    else this.#later(pause * 1000 * (0.5 + Math.random()));
  }

  /** @param pause seconds that the server asked for */
  #lost(which: Transport, pause?: number): void {
    which.close();
    if (which === this.#now) {
      this.#now = null;
      if (!this.#next) this.#later(this.#wait(pause));
    } else if (which === this.#next) {
      this.#next = null;
      clearTimeout(this.#welcome);
      if (this.#now) {
        // This was an attempt while another connection works.
        this.#upgrade = setTimeout(() => this.#dial(socket), 5 * UPGRADE_MS);
      } else if (!which.polls && !pause) {
        this.#blocked = true;
        this.#dial(poll);
      } else {
        this.#blocked = false;
        this.#later(this.#wait(pause));
      }
    }
    this.owner.changed();
  }

  /** Exponential back-off. Half of it is random, so that a thousand browsers do not reconnect in the same second. */
  #wait(pause?: number): number {
    const wait = pause ? pause * 1000 : Math.min(FIRST_WAIT_MS * 2 ** this.#losses++, LONGEST_WAIT_MS) / 2;
    return wait * (1 + Math.random());
  }

  /** Keep a planned attempt: a server that asked for a move may close its end first. */
  #later(ms: number): void {
    this.#redial ??= setTimeout(() => this.#dial(), ms);
  }

  #drop(): void {
    for (const timer of [this.#redial, this.#welcome, this.#upgrade]) clearTimeout(timer);
    this.#redial = undefined;
    this.#now?.close();
    this.#next?.close();
    this.#now = this.#next = null;
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined;
