/** One WebSocket that is always there: dials again after a loss, and notices when the other side has gone silent. */
import type { ClientFrame, ServerFrame } from "./protocol";

/** The server beats every 5 s: after three missed beats nobody is there. */
const SILENCE_MS = 15_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

export interface LineOwner {
  hello(): ClientFrame;
  hear(frame: ServerFrame): void;
  changed(): unknown;
}

export class Line {
  /** The server has welcomed us: what we send now arrives, or the line breaks. */
  up = false;
  #socket: WebSocket | null = null;
  #wanted = false;
  #losses = 0;
  #heardAt = 0;
  #redial: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly url: string,
    private readonly owner: LineOwner,
  ) {}

  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#losses = 0;
    this.#watch = setInterval(() => this.#socket && this.wake(), 5000);
    this.#dial();
  }

  close(): void {
    this.#wanted = false;
    clearInterval(this.#watch);
    this.#drop();
  }

  /** The page is seen again, or the network is back: do not sit out a wait, and do not trust an old socket. */
  wake(): void {
    if (!this.#wanted || (this.#socket && Date.now() - this.#heardAt < SILENCE_MS)) return;
    this.#drop();
    this.#dial();
  }

  send(frame: ClientFrame): void {
    // Into a socket that is closing this goes nowhere: what must arrive is sent again after the next welcome.
    if (this.up) this.#socket?.send(JSON.stringify(frame));
  }

  #dial(): void {
    this.#heardAt = Date.now();
    const socket = (this.#socket = new WebSocket(this.url));
    const current = (work: () => void) => () => socket === this.#socket && work();
    socket.onopen = current(() => socket.send(JSON.stringify(this.owner.hello())));
    socket.onclose = current(() => this.#lost());
    socket.onmessage = (event) => current(() => this.#hear(JSON.parse(event.data as string) as ServerFrame))();
  }

  #hear(frame: ServerFrame): void {
    this.#heardAt = Date.now();
    if (frame.type === "welcome") {
      this.#losses = 0;
      this.up = true;
    }
    if (frame.type === "beat") this.send({ type: "pong" });
    else if (frame.type === "retry") this.#lost(frame.after_seconds * 1000);
    else this.owner.hear(frame);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.up = false;
    clearTimeout(this.#redial);
    socket?.close();
  }

  /** @param wait what the server asked for; else twice as long each time. Half of it is chance, so that a thousand
   * browsers do not come back in the same second. */
  #lost(wait?: number): void {
    this.#drop();
    if (!this.#wanted) return;
    const pause = wait ?? Math.min(FIRST_WAIT_MS * 2 ** this.#losses++, LONGEST_WAIT_MS) / 2;
    this.#redial = setTimeout(() => this.#dial(), pause * (1 + Math.random()));
    this.owner.changed();
  }
}
