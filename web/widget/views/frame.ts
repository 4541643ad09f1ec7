/** The button in the corner, and the window with its header. */
import { html, nothing, type TemplateResult } from "../template";
import type { UsherChat } from "../element";
import type { Config } from "../protocol";
import { composer, ended } from "./composer";
import { chatIcon, closeIcon, downIcon } from "./icons";
import { introduction } from "./introduction";
import { thread } from "./thread";
import { headWords } from "./words";

export function frame(ui: UsherChat, config: Config): TemplateResult {
  const { say, session, isOpen } = ui;
  const unread = isOpen ? 0 : session.unread;
  const label = say("chat_with", config.name);
  return html`<div class="root" popover="manual" lang=${ui.language} dir=${getComputedStyle(document.documentElement).direction}>
    <dialog
      aria-labelledby="title"
      @keydown=${(event: KeyboardEvent) => event.key === "Escape" && back(ui, event)}
      @cancel=${(event: Event) => back(ui, event)}
      @close=${(event: Event) => !(event.target as HTMLDialogElement).open && ui.hide()}
    >
      ${head(ui, config)} ${body(ui, config)}
    </dialog>
    <button
      id="launcher"
      aria-expanded=${isOpen}
      aria-label=${isOpen ? say("close") : unread ? `${label}. ${say("unread", unread)}` : label}
      @click=${() => (isOpen ? ui.hide() : ui.show())}
    >
      ${isOpen ? downIcon : chatIcon} ${unread ? html`<b aria-hidden="true">${unread}</b>` : nothing}
      ${isOpen || unread ? nothing : light(config)}
    </button>
    <div id="news" role="log"></div>
  </div>`;
}

/** Escape, or a phone's back gesture. */
function back(ui: UsherChat, event: Event): void {
  event.preventDefault();
  event.stopPropagation();
  if (ui.isAskingEnd) ui.askEnd(false);
  else ui.hide();
}

const light = ({ presence }: Config) => (presence ? html`<i class=${`light ${presence}`}></i>` : nothing);

function head(ui: UsherChat, config: Config): TemplateResult {
  const { say, session } = ui;
  const status = session.chat?.status;
  const name = (status?.state === "connected" && status.agent) || config.name;
  const mayEnd = session.chat && status?.state !== "ended";
  return html`<header class=${session.chat ? "" : "large"}>
    <span class="face">${initials(name)}${session.chat ? nothing : light(config)}</span>
    <div>
      <h2 id="title" tabindex="-1">${name}</h2>
      <p>${headWords(status, config, say)}</p>
    </div>
    ${mayEnd ? html`<button class="pill" @click=${() => ui.askEnd(true)}>${say("end")}</button>` : nothing}
    <button class="round" aria-label=${say("close")} @click=${() => ui.hide()}>${closeIcon}</button>
  </header>`;
}

/** One form, so that Enter in any field sends. */
function body(ui: UsherChat, config: Config): TemplateResult {
  const { say, session } = ui;
  const chat = session.chat;
  const shut = !config.open && !chat;
  const submit = (event: Event) => {
    event.preventDefault();
    void ui.submit();
  };
  return html`<form novalidate @submit=${submit}>
    ${session.offline ? html`<p class="bar">${say("reconnecting")}</p>` : nothing}
    ${session.fault ? html`<p class="bar" role="alert">${session.fault}</p>` : nothing}
    ${thread(ui, config, chat ? nothing : shut ? html`<p class="note">${say("unavailable")}</p>` : introduction(ui, config))}
    ${ui.isAskingEnd ? question(ui) : nothing}
    ${shut ? nothing : chat?.status.state === "ended" ? ended(ui, chat.status) : composer(ui)}
  </form>`;
}

function question(ui: UsherChat): TemplateResult {
  return html`<div class="question" role="alertdialog" aria-labelledby="asked">
    <p id="asked">${ui.say("end_ask")}</p>
    <button type="button" class="quiet" @click=${() => ui.askEnd(false)}>${ui.say("keep")}</button>
    <button type="button" class="main" id="confirm" @click=${() => ui.end()}>${ui.say("end")}</button>
  </div>`;
}

/** At most two letters, counted as grapheme clusters. */
export function initials(name: string): string {
  const words = name.split(/[\s&·-]+/).filter((word) => /^\p{L}|^\p{N}/u.test(word));
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return chosen.map((word) => [...(word ?? "")][0] ?? "").join("").toUpperCase();
}
