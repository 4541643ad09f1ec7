/** Long polling: what a WebSocket does, with requests. One of them waits for news, others bring what the page says. */
import type { ClientFrame, ServerFrame } from "./protocol";
import type { Ends, Transport } from "./transports";

interface Answer {
  frames: ServerFrame[];
  mark?: string;
  /** The code with which a WebSocket would be closed now. */
  close?: number | null;
}

type Post = (body: object, signal: AbortSignal) => Promise<Answer>;

/** An answer that comes at once must not lead to a storm of requests. */
const PAUSE_MS = 250;
/** Not the page's own, which may be no promises: those of async functions. */
const Eventually = (async () => {})().constructor as PromiseConstructor;
/** So many frames fit into a request, whatever is in them. */
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
      // Each answer begins with a welcome; only the first, and one of a server that lost messages, is news as such.
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
