/** The composer, and its replacement when the chat has ended. */
import { html, nothing, type TemplateResult } from "../template";
import type { UsherChat } from "../element";
import type { Status } from "../protocol";
import { sendIcon } from "./icons";
import { stateWords } from "./words";

export function composer(ui: UsherChat): TemplateResult {
  const { say, excess } = ui;
  const tooLong = excess > 0;
  return html`<div class="composer">
    <textarea
      id="text"
      rows="1"
      dir="auto"
      enterkeyhint="send"
      placeholder=${say("write")}
      aria-label=${say("write")}
      aria-invalid=${tooLong}
      aria-describedby="long"
      ?readonly=${ui.isStarting}
      .value=${ui.draft}
      @input=${(event: Event) => ui.write((event.target as HTMLTextAreaElement).value)}
      @keydown=${(event: KeyboardEvent) => enter(ui, event)}
    ></textarea>
    <button class="round main" aria-label=${say("send")} aria-disabled=${!ui.draft.trim() || tooLong || ui.isStarting}>
      ${sendIcon}
    </button>
    <p class="wrong" role="alert" id="long">${tooLong ? say("too_long", excess) : nothing}</p>
  </div>`;
}

/** Enter sends, Shift+Enter breaks the line; an Enter that chooses a word in an input method does neither. */
function enter(ui: UsherChat, event: KeyboardEvent): void {
  // Safari ends the composition first; then only the key's code shows it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  void ui.submit();
}

export function ended(ui: UsherChat, status: Status): TemplateResult {
  return html`<div class="ended">
    <p>${stateWords(status, ui.say)}</p>
    <button type="button" class="main" id="start" @click=${() => ui.startAnew()}>${ui.say("new_chat")}</button>
  </div>`;
}
