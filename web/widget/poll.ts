/** Long polling: replaces a WebSocket by requests. One waits for frames, others carry the page's frames. */
import type { ClientFrame, ServerFrame } from "./protocol";
import type { Ends, Transport } from "./transports";

interface Answer {
  frames: ServerFrame[];
  mark?: string;
  /** The code that would close a WebSocket. */
  close?: number | null;
}

type Post = (body: object, signal: AbortSignal) => Promise<Answer>;

/** Immediate answers must not cause a flood of requests. */
const PAUSE_MS = 250;
/** Native promises, those of async functions: the page may have replaced `Promise`. */
const Eventually = (async () => {})().constructor as PromiseConstructor;
/** Maximum number of frames per request, whatever their size. */
const MOST_FRAMES = 5;

/** @param connection names this page's requests to the server */
export function poll(post: Post, connection: string, ends: Ends): Transport {
  const over = new AbortController();
  const outgoing: ClientFrame[] = [];
  let mark: string | undefined;
  let isSending = false;

  async function exchange(wait: boolean): Promise<void> {
    const { token, after, hidden } = ends.hello();
    const frames = wait ? [] : outgoing.splice(0, MOST_FRAMES);
    const answer = await post({ token, after, hidden, connection, mark, wait, frames }, over.signal);
    for (const frame of answer.frames) {
      if (over.signal.aborted) return;
      // Each answer begins with a welcome; only the first one, and one from a server that lost messages, is passed on.
      if (frame.type !== "welcome" || !mark || frame.last < after) ends.hear(frame);
      else ends.hear({ type: "status", status: frame.status });
    }
    mark = answer.mark ?? "-";
    if (answer.close) throw answer;
  }

  async function guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (over.signal.aborted) return;
      over.abort();
      ends.lost((error as { after?: number }).after);
    }
  }

  async function listen(): Promise<void> {
    await exchange(false);
    while (!over.signal.aborted) {
      const began = performance.now();
      await exchange(true);
      if (performance.now() - began < PAUSE_MS) await new Eventually((wake) => setTimeout(wake, PAUSE_MS));
    }
  }

  async function flush(): Promise<void> {
    while (outgoing.length) await exchange(false);
    isSending = false;
  }

  void guarded(listen);
  return {
    polls: true,
    send(frame) {
      outgoing.push(frame);
      if (!isSending) void guarded(flush);
      isSending = true;
    },
    close: () => over.abort(),
  };
}
