/** One message: text, cards, its state, and its actions. */
import { html, nothing, type TemplateResult } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import type { Message } from "../api";
import type { CardClick } from "../card";
import type { TeamsPage } from "../page";
import * as icons from "./icons";
import { clock, face } from "./parts";

const GROUP_MS = 5 * 60_000;

export function message(page: TeamsPage, one: Message, before: Message | undefined): TemplateResult {
  if (one.kind === "event") return html`<p class="event">${one.text}</p>`;
  const follows = before?.kind === "message" && before.from.id === one.from.id && one.at - before.at < GROUP_MS;
  return html`<article class="message ${one.mine ? "mine" : ""} ${follows ? "follows" : ""}">
    ${one.mine ? nothing : follows ? html`<span class="face"></span>` : face(one.from.name, one.from.id)}
    <div class="message-body">
      ${follows
        ? nothing
        : html`<p class="by">${one.mine ? nothing : html`<b>${one.from.name}</b>`} <time>${clock(one.at)}</time></p>`}
      ${page.editing === one.id ? editor(page, one) : content(page, one)}
    </div>
    ${one.mine && page.editing !== one.id ? tools(page, one) : nothing}
  </article>`;
}

function content(page: TeamsPage, one: Message): unknown {
  if (one.deleted) {
    const undo = html` <button class="link" @click=${() => void page.undelete(one)}>Undo</button>`;
    return html`<div class="bubble"><em>This message was deleted.</em>${one.mine ? undo : nothing}</div>`;
  }
  // The sandbox has sanitized the html: it has only elements, attributes and addresses that Teams keeps.
  const text = one.html === null ? linked(one.text) : unsafeHTML(one.html);
  const answer = page.answers.get(one.id) ?? one.error;
  return html`${one.text || one.html
    ? html`<div class="bubble ${one.html === null ? "plain" : ""}">${text}${one.edited_at ? html` <small>Edited</small>` : nothing}</div>`
    : nothing}
  ${one.cards.map(
    (card) => html`<teams-card
      .content=${card.content}
      @card-click=${(event: CustomEvent<CardClick>) => void page.act(one, event.detail)}
    ></teams-card>`,
  )}
  ${answer ? html`<p class="answer" role="status">${answer}</p>` : nothing}`;
}

/** Teams turns typed addresses into links. */
function linked(text: string): unknown {
  const parts = text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)])/);
  return parts.map((part, at) => (at % 2 ? html`<a href=${part}>${part}</a>` : part));
}

function editor(page: TeamsPage, one: Message): TemplateResult {
  const save = (event: Event) => {
    event.preventDefault();
    void page.edit(one, new FormData(event.target as HTMLFormElement).get("text") as string);
  };
  return html`<form class="editor" @submit=${save}>
    <input name="text" aria-label="Edit message" autocomplete="off" .value=${one.text} autofocus />
    <button type="button" class="quiet" @click=${() => void page.edit(one, "")}>Cancel</button>
    <button class="main">Save</button>
  </form>`;
}

function tools(page: TeamsPage, one: Message): unknown {
  if (one.deleted || one.cards.length) return nothing;
  const edit = () => {
    page.editing = one.id;
    page.requestUpdate();
  };
  return html`<span class="tools">
    <button class="icon" aria-label="Edit" @click=${edit}>${icons.pencil}</button>
    <button class="icon" aria-label="Delete" @click=${() => void page.erase(one)}>${icons.bin}</button>
  </span>`;
}
