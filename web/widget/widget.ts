/** The module that the loader imports: keeps one chat on the page for each key, even if the page removes its nodes. */
import { UsherChat, type Setup } from "./element";

/** Maximum number of times that the element is put back if the page keeps removing it. */
const PAUSE_MS = 1000;

// Another Usher on the page may have registered its class.
let tag = "usher-chat";
while (customElements.get(tag)) tag += "-";
customElements.define(tag, UsherChat);

const chats = new Map<string, UsherChat>();
const watcher = new MutationObserver(keep);
let returned = -PAUSE_MS;
let waiting: unknown;

/** A key that is already on the page changes nothing (some sites run scripts again after each visit). */
export function mount(setup: Setup): void {
  if (chats.has(setup.key)) return;
  chats.set(setup.key, new UsherChat(setup, chats.size, chats));
  restore();
  watcher.observe(document, { childList: true });
}

function keep(): void {
  for (const chat of chats.values()) {
    if (!chat.isConnected) waiting ??= setTimeout(restore, returned + PAUSE_MS - performance.now());
  }
  watch();
}

/** Beside the body, not in it: there it affects no layout, and sites that swap the body keep it. */
function restore(): void {
  waiting = null;
  returned = performance.now();
  for (const chat of chats.values()) if (!chat.isConnected) document.documentElement?.append(chat);
  watch();
}

function watch(): void {
  const root = document.documentElement;
  if (root) watcher.observe(root, { childList: true });
}
