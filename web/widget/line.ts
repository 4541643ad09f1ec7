/** The connection that is always there: dials again after a loss, by another way where one is blocked. */
import type { Realm } from "./pristine";
import type { ClientFrame, Hello, ServerFrame } from "./protocol";
import { poll, socket, type Transport } from "./transports";

/** The server beats every 5 s: after three missed beats nobody is there. It holds a request for up to 20 s. */
const silence = ({ polls }: Transport) => (polls ? 35_000 : 15_000);
/** A proxy that swallows WebSockets answers nothing at all. */
const WELCOME_MS = 4000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** While polling, a WebSocket is tried this often: the visitor may have come to another network. */
const UPGRADE_MS = 60_000;
/** A page that is seen again hears something within this time, or its connection is dead: a beat comes every 5 s. */
const PATIENCE_MS = 6000;

export interface LineOwner {
  hello(): Hello;
  hear(frame: ServerFrame): void;
  changed(): unknown;
}

export class Line {
  /** The tab gave way to another one, until it is seen or used again. */
  parked = false;
  #now: Transport | null = null;
  /** Dialled, and not welcomed yet; takes the place of `#now`, which works until then. */
  #next: Transport | null = null;
  #wanted = false;
  /** The last WebSocket was never heard. */
  #blocked = false;
  #losses = 0;
  /** By a clock that nobody sets. */
  #heardAt = 0;
  #redial: Timer;
  #watch: Timer;
  #upgrade: Timer;
  #welcome: Timer;

  /** @param base the address of the door's API, ending in a slash */
  constructor(
    private readonly realm: Realm,
    private readonly base: string,
    private readonly owner: LineOwner,
  ) {}

  /** The server has welcomed us: what we send now arrives, or the line breaks. */
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

  /** The page is seen again, or the network is back: do not sit out a wait, and do not trust an old connection. */
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
      // A page's policy, or what it has put in place of the browser's own, does not let us.
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

  /** The server asks for this before it stops: the old connection works until the new one does, or until it ends. */
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
        // It was an attempt beside a connection that works.
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

  /** Twice as long each time. Half of it is chance, so that a thousand browsers do not come back in the same second. */
  #wait(pause?: number): number {
    const wait = pause ? pause * 1000 : Math.min(FIRST_WAIT_MS * 2 ** this.#losses++, LONGEST_WAIT_MS) / 2;
    return wait * (1 + Math.random());
  }

  /** What is planned already stays: a server that asked us to move closes its end before we have. */
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
