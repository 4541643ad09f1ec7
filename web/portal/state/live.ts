/**
 * The server's events: a snapshot first, then what changed, a heartbeat every 5 s.
 * Read with fetch instead of EventSource, because a page wants to know why it was refused (401, 503 with Retry-After).
 */
import { ApiError, problem } from "./api.js";
import type { Snapshot, Update } from "../types.js";

/** A little more than two heartbeats: after this time without data the connection counts as dead. */
const SILENCE_MS = 12_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

export interface LiveEvents {
  snapshot(snapshot: Snapshot): void;
  update(update: Update): void;
  /** A sentence about an offer or a room that has just ended. */
  notice(text: string): void;
  beat(at: number): void;
  lost(): void;
}

export class Live {
  #abort: AbortController | null = null;
  #stopped = false;
  #retryMs = FIRST_RETRY_MS;
  #wake: (() => void) | null = null;
  revision = "";

  constructor(
    readonly surface: string,
    private readonly events: LiveEvents,
  ) {}

  /** Runs until `stop` or until nobody is signed in; after each loss of the connection it takes a new snapshot. */
  async run(): Promise<void> {
    this.#stopped = false;
    while (!this.#stopped) {
      let waitMs = 0;
      try {
        await this.#connection();
      } catch (error) {
        if (error instanceof ApiError && error.signedOut) return;
        if (error instanceof ApiError) waitMs = error.retryAfter * 1000;
      }
      if (this.#stopped) return;
      this.events.lost();
      await this.#pause(Math.max(waitMs, this.#retryMs * (0.5 + Math.random())));
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    }
  }

  /** Reconnects now, with a new snapshot. */
  renew(): void {
    this.#retryMs = FIRST_RETRY_MS;
    this.#abort?.abort();
    this.#wake?.();
  }

  stop(): void {
    this.#stopped = true;
    this.renew();
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, ms);
    });
    this.#wake = null;
  }

  async #connection(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    let watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
    try {
      const response = await fetch(`/api/v1/events?surface=${encodeURIComponent(this.surface)}`, {
        headers: { accept: "text/event-stream", "x-usher": "1" },
        credentials: "same-origin",
        cache: "no-store",
        signal: abort.signal,
      });
      if (!response.ok || response.body === null) throw await problem(response);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
        text += value;
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) this.#take(block);
      }
    } finally {
      clearTimeout(watchdog);
      abort.abort();
    }
  }

  #take(block: string): void {
    let event = "";
    let data = "";
    for (const line of block.split("\n")) {
      if (line.startsWith("event: ")) event = line.slice(7);
      if (line.startsWith("data: ")) data += line.slice(6);
    }
    if (data === "") return;
    const body = JSON.parse(data) as Snapshot & Update & { text: string };
    this.#retryMs = FIRST_RETRY_MS;
    if (event === "snapshot") {
      this.revision = body.revision;
      this.events.snapshot(body);
    } else if (event === "state") {
      this.revision = body.revision;
      this.events.update(body);
    } else if (event === "notice") {
      this.events.notice(body.text);
    } else if (event === "beat") {
      // An event was lost: start over.
      if (body.revision !== this.revision) this.renew();
      else this.events.beat(body.at);
    }
  }
}
