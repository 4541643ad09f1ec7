/** Two ways to the visitor's door: a WebSocket, and long polling where a network lets none through. */
import { ask } from "./ask";
import { json, type Realm } from "./pristine";
import type { ClientFrame, Hello, ServerFrame } from "./protocol";

/** One connection. It says hello by itself; what the server sends begins with a welcome. */
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
  // Into a socket that is closing this goes nowhere: what must arrive is sent again after the next welcome.
  return { polls: false, send: (frame) => made.send(json(frame)), close: () => made.close() };
};

/** Its code is fetched by the few who need it. */
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
