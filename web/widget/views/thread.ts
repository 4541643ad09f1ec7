/** The messages, earlier chats above, and the current activity at the end. */
import { html, nothing, type TemplateResult } from "../template";
import type { UsherChat } from "../element";
import type { Entry } from "../log";
import type { Chat } from "../notebook";
import type { Config } from "../protocol";
import { isEmojiAlone, richText } from "../richtext";
import { initials } from "./frame";
import { clockIcon, downIcon, sentIcon, warnIcon } from "./icons";
import { stateWords } from "./words";

/** Messages of one person within this time are grouped. */
const GROUP_MS = 5 * 60_000;

export function thread(ui: UsherChat, config: Config, introduction: unknown): TemplateResult {
  const { say, session } = ui;
  const { chat, earlier } = session.notes;
  const scrolled = (event: Event) => ui.scrolled(event.target as Element);
  const jump = html`<button type="button" class="round" id="jump" aria-label=${say("unread", session.unread)} @click=${() => ui.toEnd()}>
    ${downIcon}
  </button>`;
  return html`<div id="thread" tabindex="0" role="region" aria-label=${say("messages")} @scroll=${scrolled}>
      ${earlier.map(
        (past) => html`<p class="line">${say("earlier", when(ui, past.since, true))}</p>
          ${talk(ui, config, past)}`,
      )}
      ${earlier.length ? html`<p class="line">${when(ui, chat?.since ?? Date.now(), true)}</p>` : nothing}
      ${talk(ui, config, chat)} ${introduction}
      ${chat ? now(ui, config, chat) : nothing}
    </div>
    ${ui.atEnd ? nothing : jump}`;
}

function talk(ui: UsherChat, config: Config, chat: Chat | null): unknown {
  const text = config.greeting;
  // The visitor read the greeting before writing: it is shown above their message, and not repeated below.
  const entries = chat?.entries.filter((entry) => entry.sender !== "system" || entry.text !== text) ?? [];
  if (text) entries.unshift({ key: "", sender: "system", author: "", text, at: 0, seq: 0 });
  const newestOwn = chat === ui.session.chat && entries.findLast((entry) => entry.sender === "visitor");
  return entries.map((entry, at) => {
    if (entry.sender === "event") return html`<p class="line">${ui.say("met", entry.author)}</p>`;
    const belongs = (one?: Entry, next?: Entry) => isOneGroup(one, next) && fate(chat, one) === fate(chat, next);
    const isFirst = !belongs(entries[at - 1], entry);
    const isLast = !belongs(entry, entries[at + 1]);
    return html`${bubble(ui, config, entry, isFirst, isLast)}
    ${entry.key && (isLast || entry.error || !entry.seq) ? foot(ui, entry, entry === newestOwn, fate(chat, entry)) : nothing}`;
  });
}

/** The name of a text about the delivery of the visitor's message; "" for none. */
function fate(chat: Chat | null, { sender, seq }: Entry = NOBODYS): "" | "late" | "failed" {
  if (sender !== "visitor" || !seq || !chat) return "";
  if (chat.failed?.includes(seq)) return "failed";
  return chat.late && seq >= chat.late ? "late" : "";
}

const NOBODYS = { sender: "event", seq: 0 } as Entry;

const isOneGroup = (one: Entry | undefined, next: Entry | undefined) =>
  one?.sender === next?.sender && one?.author === next?.author && (next?.at ?? 0) - (one?.at ?? 0) < GROUP_MS && !one?.error;

function bubble(ui: UsherChat, config: Config, entry: Entry, isFirst: boolean, isLast: boolean): TemplateResult {
  const { sender, text, deleted, edited } = entry;
  const author = entry.author || config.name;
  const style = `row ${sender === "visitor" ? "own" : "other"} ${isLast ? "last" : ""} ${isEmojiAlone(text) ? "emoji" : ""}`;
  return html`<div class=${style}>
    ${sender === "agent" && isFirst ? html`<span class="author">${author}</span>` : nothing}
    ${sender === "visitor" ? nothing : html`<span class="face" aria-hidden="true">${isLast ? initials(author) : nothing}</span>`}
    <div class="bubble" dir="auto">${deleted ? html`<em>${ui.say("deleted")}</em>` : richText(text)}${
      edited && !deleted ? html` <small>${ui.say("edited")}</small>` : nothing
    }</div>
  </div>`;
}

/** The time, and for the visitor's messages whether they arrived. */
function foot(ui: UsherChat, entry: Entry, isNewest: boolean, became: ReturnType<typeof fate>): TemplateResult {
  const { say } = ui;
  if (entry.error) {
    return html`<p class="foot own wrong" role="alert">
      ${say("unsent")} ${entry.error}
      <button type="button" class="link" @click=${() => ui.session.sayAgain(entry.key)}>${say("again")}</button>
    </p>`;
  }
  if (became) return html`<p class=${`foot own ${became}`}>${became === "late" ? clockIcon : warnIcon} ${say(became)}</p>`;
  const time = when(ui, entry.at);
  if (entry.sender !== "visitor") return html`<p class="foot">${time}</p>`;
  const mark = entry.seq ? (isNewest ? [sentIcon, say("sent"), " · ", time] : time) : [clockIcon, say("sending")];
  return html`<p class="foot own">${mark}</p>`;
}

/** The current activity: the visitor waits, or somebody types. */
function now(ui: UsherChat, config: Config, { status }: Chat): unknown {
  const { say, session } = ui;
  const dots = html`<span class="dots"><i></i><i></i><i></i></span>`;
  if (status.state === "waiting") return html`<div class="note">${dots}${stateWords(status, say)}</div>`;
  if (!session.typing) return status.notice ? html`<div class="note">${stateWords(status, say)}</div>` : nothing;
  const name = status.agent || config.name;
  return html`<div class="row other last">
    <span class="face" aria-hidden="true">${initials(name)}</span>
    <div class="bubble" role="img" aria-label=${say("typing", name)}>${dots}</div>
  </div>`;
}

/** The time of day; with the day if it is not today, or always. */
function when(ui: UsherChat, at: number, withDay = false): string {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  const day = withDay || !isToday ? ({ day: "numeric", month: "short" } as const) : {};
  return date.toLocaleString(ui.language, { ...day, hour: "numeric", minute: "2-digit" });
}
