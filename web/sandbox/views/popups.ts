/** The popups: profile and presence, apps, members, new chat. */
import { html, nothing, type TemplateResult } from "lit";
import type { Chat, State } from "../api";
import type { TeamsPage } from "../page";
import { dot, face, presenceWords } from "./parts";

export function popups(page: TeamsPage, state: State): unknown {
  if (page.popup === "me") return me(page, state);
  if (page.popup === "apps") return apps(page, state);
  if (page.popup === "new") return fresh(page, state);
  if (page.popup === "members" && page.chat) return members(page, state, page.chat);
  return nothing;
}

function me(page: TeamsPage, { me: own, presences }: State): TemplateResult {
  return html`<div class="popup at-me" role="dialog" aria-label="Profile and presence">
    <div class="who">${face(own.name, own.id, own.presence)}<span><b>${own.name}</b><br />${own.upn}</span></div>
    <hr />
    ${presences.map(
      (presence) => html`<button
        class="choice"
        aria-pressed=${presence === own.presence}
        @click=${() => (page.show(null), void page.presence(presence))}
      >
        ${dot(presence)} ${presenceWords(presence)}
      </button>`,
    )}
    <hr />
    <a class="choice" href="/teams/">Be somebody else</a>
  </div>`;
}

function apps(page: TeamsPage, { app }: State): TemplateResult {
  return html`<div class="popup at-rail" role="dialog" aria-label="Apps">
    <h3>Apps built for your organisation</h3>
    <div class="who">${face(app.name, app.bot_id)}<span><b>${app.name}</b><br />${app.installed ? "Installed" : "Not installed"}</span></div>
    <button class=${app.installed ? "quiet" : "main"} @click=${() => void page.install(!app.installed)}>
      ${app.installed ? "Uninstall" : "Install"}
    </button>
  </div>`;
}

function fresh(page: TeamsPage, { people }: State): TemplateResult {
  const open = (event: Event) => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    void page.open(form.get("topic") as string, form.getAll("people") as string[]);
  };
  return html`<form class="popup at-list" role="dialog" aria-label="New chat" @submit=${open}>
    <h3>New group chat</h3>
    <label>Name <input name="topic" autocomplete="off" /></label>
    ${people.map((one) => html`<label class="choice"><input type="checkbox" name="people" value=${one.id} /> ${one.name}</label>`)}
    <button class="main">Create</button>
  </form>`;
}

function members(page: TeamsPage, state: State, chat: Chat): TemplateResult {
  const others = state.people.filter((person) => !chat.members.some((member) => member.id === person.id));
  return html`<div class="popup at-head" role="dialog" aria-label="People and apps in this chat">
    ${chat.members.map(
      (one) => html`<div class="who">
        ${face(one.name, one.id, state.people.find((person) => person.id === one.id)?.presence)}
        <span>${one.name}${one.kind === "bot" ? html` <small>app${chat.reads_all ? ", reads all messages" : ""}</small>` : nothing}</span>
      </div>`,
    )}
    <hr />
    ${others.map((one) => html`<button class="choice" @click=${() => void page.addMember(one.id)}>Add ${one.name}</button>`)}
    <button class="choice" @click=${() => (page.show(null), void page.leave())}>Leave</button>
  </div>`;
}
