/** One chat: its header, messages and composer. */
import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { repeat } from "lit/directives/repeat.js";
import type { Chat, State } from "../api";
import type { TeamsPage } from "../page";
import * as icons from "./icons";
import { message } from "./message";
import { chatFace, day } from "./parts";

const EMOJI = [..."🙂😀😉😂😍🤔😢👍👋🙏👏💪❤️🎉✅❌⭐🔥🌹🌱🌳☀️☔📦"].filter((one) => one !== "\ufe0f");

export function conversation(page: TeamsPage, state: State, chat: Chat): TemplateResult {
  const typing = page.typingIn(chat);
  return html`<main class="conversation" aria-label=${chat.title}>
    ${head(page, state, chat)}
    <div class="thread" tabindex="0" role="log" @scroll=${(event: Event) => page.scrolled(event.target as Element)}>
      ${repeat(
        chat.messages,
        (one) => one.id,
        (one, at) => {
          const before = chat.messages[at - 1];
          const isNewDay = !before || day(before.at) !== day(one.at);
          return html`${isNewDay ? html`<p class="day"><span>${day(one.at)}</span></p>` : nothing}
          ${message(page, one, isNewDay ? undefined : before)}`;
        },
      )}
    </div>
    <p class="typing" role="status">${typing ? `${typing} is typing …` : nothing}</p>
    ${chat.can_write
      ? keyed(chat.id, compose(page, chat))
      : html`<p class="closed">You cannot write here: the app was removed, or you left this chat.</p>`}
  </main>`;
}

function head(page: TeamsPage, state: State, chat: Chat): TemplateResult {
  const people = chat.members.length;
  return html`<header class="chat-head">
    <button class="icon only-small" aria-label="All chats" @click=${() => page.openChat("")}>${icons.back}</button>
    ${chatFace(chat, state)}
    <h2>${chat.title}</h2>
    <nav class="tabs" aria-label="Tabs">
      <span class="tab here">Chat</span>
      ${chat.members.some((member) => member.id === state.app.bot_id)
        ? state.app.tabs.map((tab) => html`<a class="tab" href=${tab.url} target="_blank" rel="noopener">${tab.name}</a>`)
        : nothing}
    </nav>
    ${chat.kind === "group"
      ? html`<button class="icon members" aria-haspopup="true" aria-label="${people} people and apps" @click=${() => page.show("members")}>
          ${icons.people} ${people}
        </button>`
      : nothing}
  </header>`;
}

function compose(page: TeamsPage, chat: Chat): TemplateResult {
  const write = (box: HTMLTextAreaElement, text: string) => {
    box.value = text;
    box.style.height = "";
    box.style.height = `${box.scrollHeight}px`;
    page.drafts.set(chat.id, text);
  };
  const send = (box: HTMLTextAreaElement) => {
    const text = box.value;
    write(box, "");
    void page.write(text);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send(boxOf(event));
  };
  const insert = (event: Event, emoji: string) => {
    const box = boxOf(event);
    box.setRangeText(emoji, box.selectionStart, box.selectionEnd, "end");
    write(box, box.value);
    (event.target as Element).closest("details")?.removeAttribute("open");
    box.focus();
  };
  return html`<div class="compose">
    <textarea
      rows="1"
      placeholder="Type a message"
      aria-label="Type a message"
      .value=${page.drafts.get(chat.id) ?? ""}
      @input=${(event: Event) => write(boxOf(event), boxOf(event).value)}
      @keydown=${pressed}
    ></textarea>
    <details class="emoji">
      <summary class="icon" aria-label="Emoji">${icons.face}</summary>
      <div class="popup">
        ${EMOJI.map((one) => html`<button @click=${(event: Event) => insert(event, one)}>${one}</button>`)}
      </div>
    </details>
    <button class="icon send" aria-label="Send" @click=${(event: Event) => send(boxOf(event))}>${icons.send}</button>
  </div>`;
}

const boxOf = (event: Event) =>
  (event.currentTarget as Element).closest(".compose")?.querySelector("textarea") as HTMLTextAreaElement;
