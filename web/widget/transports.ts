/** Two transports: a WebSocket, and long polling where a network blocks it. */
import { ask } from "./ask";
import { json, type Realm } from "./pristine";
import type { ClientFrame, Hello, ServerFrame } from "./protocol";

/** One connection. It sends hello automatically; the server's first frame is a welcome. */
export interface Transport {
  polls: boolean;
  send(frame: ClientFrame): void;
  close(): void;
}

export interface Ends {
  hello(): Hello;
  hear(frame: ServerFrame): void;
  /** @param pause in seconds, where the server names one */
  lost(pause?: number): void;
}

export type Open = (realm: Realm, base: string, ends: Ends) => Transport;

export const socket: Open = (realm, base, ends) => {
  const { WebSocket } = realm.of(window.WebSocket);
  const made = new WebSocket(`${base.replace(/^http/, "ws")}socket`);
  made.onopen = () => made.send(json(ends.hello()));
  made.onclose = () => ends.lost();
  made.onmessage = (event) => ends.hear(realm.of(JSON.parse).JSON.parse(event.data as string));
  // A closing socket drops this: frames that must arrive are sent again after the next welcome.
  return { polls: false, send: (frame) => made.send(json(frame)), close: () => made.close() };
};

/** Its code is fetched only when it is needed. */
export const poll: Open = (realm, base, ends) => {
  let made: Transport | null = null;
  let isOver = false;
  const begin = async () => {
    try {
      const script = (await import(/* @vite-ignore */ `${base}../poll.js`)) as typeof import("./poll");
      const post: Parameters<typeof script.poll>[0] = (body, signal) => ask(realm, `${base}poll`, body, signal);
      if (!isOver) made = script.poll(post, newId(), ends);
    } catch {
      ends.lost();
    }
  };
  void begin();
  return {
    polls: true,
    send: (frame) => made?.send(frame),
    close: () => {
      isOver = true;
      made?.close();
    },
  };
};

/** A name for a message or a connection, 16 to 48 digits. (crypto.randomUUID exists on HTTPS only; intranets are not.) */
export const newId = () => crypto.getRandomValues(new Uint8Array(16)).join("");
