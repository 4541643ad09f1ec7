/** What the loader imports: puts one chat on the page for each script tag. */
import { UsherChat, type Setup } from "./element";

const TAG = "usher-chat";

export function mount(setup: Setup): void {
  // A page that is built in the browser may run our tag again and again.
  if (document.querySelector(`${TAG}[data-key="${setup.key}"]`)) return;
  if (!customElements.get(TAG)) customElements.define(TAG, UsherChat);
  const element = new UsherChat(setup);
  element.dataset.key = setup.key;
  // Several on one page stand above each other.
  element.style.setProperty("--nth", `${document.querySelectorAll(TAG).length}`);
  document.body.append(element);
}
