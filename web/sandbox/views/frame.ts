/** The window: bar at the top, rail on the left, list of chats, and the open chat. */
import { html, nothing, type TemplateResult } from "lit";
import type { Chat, State, Toast } from "../api";
import type { TeamsPage } from "../page";
import { conversation } from "./conversation";
import * as icons from "./icons";
import { chatFace, face, shortDate } from "./parts";
import { popups } from "./popups";

export function frame(page: TeamsPage): TemplateResult {
  const { state, trouble } = page;
  if (!state) return html`<p class="blank" role="status">${trouble || "Loading …"}</p>`;
  return html`${bar(page, state)}
    <div class="window ${page.chat ? "has-chat" : ""}">
      ${rail(page)} ${list(page, state)}
      ${page.chat ? conversation(page, state, page.chat) : html`<main class="blank">${nothingChosen(page, state)}</main>`}
    </div>
    ${popups(page, state)}
    <div class="toasts" role="status">
      ${page.toasts.map(
        (toast) => html`<div class="toast">
          <button class="toast-text" @click=${() => (page.dismiss(toast), toast.chat && page.openChat(toast.chat))}>
            ${toastFace(state, toast)}
            <span><b>${toast.title}</b><br />${toast.text}</span>
          </button>
          <button class="icon" aria-label="Dismiss" @click=${() => page.dismiss(toast)}>${icons.close}</button>
        </div>`,
      )}
    </div>`;
}

function toastFace(state: State, toast: Toast): unknown {
  const chat = state.chats.find((one) => one.id === toast.chat);
  return chat ? chatFace(chat, state) : nothing;
}

function nothingChosen(page: TeamsPage, state: State): string {
  if (page.chosen) return "You are not in this chat.";
  return state.chats.length ? "Choose a chat." : "No chats yet. Install Usher under Apps, or wait to be written to.";
}

function bar(page: TeamsPage, state: State): TemplateResult {
  return html`<header class="bar">
    <a class="home" href="/" title="The sandbox's start page">Teams <small>sandbox</small></a>
    <span class="search">${icons.find} ${state.tenant.name}</span>
    ${page.trouble ? html`<span class="trouble" role="alert">${page.trouble}</span>` : nothing}
    <button
      class="me"
      aria-haspopup="true"
      aria-expanded=${page.popup === "me"}
      aria-label="${state.me.name}, your profile and presence"
      @click=${() => page.show("me")}
    >
      ${face(state.me.name, state.me.id, state.me.presence)}
    </button>
  </header>`;
}

/** Only Chat and Apps work; the others are decoration. */
function rail(page: TeamsPage): TemplateResult {
  const dead = (icon: TemplateResult, name: string) => html`<span class="rail-item">${icon}${name}</span>`;
  return html`<nav class="rail" aria-label="Apps">
    ${dead(icons.bell, "Activity")}
    <span class="rail-item here" aria-current="page">${icons.bubble}Chat</span>
    ${dead(icons.people, "Teams")} ${dead(icons.calendar, "Calendar")} ${dead(icons.phone, "Calls")}
    <button
      class="rail-item"
      aria-haspopup="true"
      aria-expanded=${page.popup === "apps"}
      @click=${() => page.show("apps")}
    >
      ${icons.grid}Apps
    </button>
  </nav>`;
}

function list(page: TeamsPage, state: State): TemplateResult {
  return html`<aside class="list" aria-label="Chats">
    <header>
      <h1>Chat</h1>
      <button class="icon" aria-haspopup="true" aria-label="New chat" @click=${() => page.show("new")}>${icons.pencil}</button>
    </header>
    <ul>
      ${state.chats.map((chat) => html`<li>${item(page, state, chat)}</li>`)}
    </ul>
  </aside>`;
}

function item(page: TeamsPage, state: State, chat: Chat): TemplateResult {
  const last = chat.messages.at(-1);
  return html`<button
    class="chat ${chat.unread ? "unread" : ""}"
    aria-current=${chat.id === page.chosen ? "true" : "false"}
    @click=${() => page.openChat(chat.id)}
  >
    ${chatFace(chat, state)}
    <span class="chat-name">${chat.title}</span>
    <time>${last ? shortDate(last.at) : nothing}</time>
    <span class="chat-last">${preview(chat)}</span>
    ${chat.unread ? html`<b class="count" aria-label="${chat.unread} unread">${chat.unread}</b>` : nothing}
  </button>`;
}

function preview(chat: Chat): string {
  const last = chat.messages.at(-1);
  if (!last) return "";
  if (last.deleted) return "This message was deleted";
  const text = last.summary || last.text || (last.cards.length ? "Sent a card" : "");
  if (last.kind === "event") return text;
  return `${last.mine ? "You: " : chat.kind === "group" ? `${last.from.name.split(" ")[0]}: ` : ""}${text}`;
}

