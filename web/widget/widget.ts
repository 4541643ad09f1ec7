/** What the loader imports: keeps one chat on the page for each key, whatever the page does with its nodes. */
import { UsherChat, type Setup } from "./element";

/** A page that removes what it does not know, again and again, gets it back at most this often. */
const PAUSE_MS = 1000;

// Another Usher may be on the page, with a class that is not ours.
let tag = "usher-chat";
while (customElements.get(tag)) tag += "-";
customElements.define(tag, UsherChat);

const chats = new Map<string, UsherChat>();
const watcher = new MutationObserver(keep);
let returned = -PAUSE_MS;
let waiting: unknown;

/** Asking for a key that is on the page already changes nothing (some sites run scripts again after each visit). */
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

/** Beside the body, not in it: there it takes part in no layout, and sites that swap the body leave it alone. */
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
