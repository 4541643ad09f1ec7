/** The user's finished chats by day: how each ended, its duration, codes and transcript. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { duration } from "../duration.js";
import { clock, day } from "../format.js";
import { t, type TextKey } from "../i18n.js";
import { session, Watching } from "../state/session.js";
import type { Task } from "../types.js";
import { icon, type IconName } from "./icons.js";
import { base, card } from "./styles.js";
import { showTranscript } from "./transcript.js";

const PAGE = 10;

interface Result {
  text: string;
  sign: IconName;
  tone: "good" | "warm" | "";
}

/** The outcome shown for a chat: that of the user's offer if they did not accept it, else that of the chat. */
function result(task: Task): Result {
  if (task.my_result !== null && task.my_result !== "accepted") {
    const missed = task.my_result !== "declined" && task.my_result !== "withdrawn";
    return { text: t(`result.${task.my_result}` as TextKey), sign: missed ? "missed" : "cross", tone: missed ? "warm" : "" };
  }
  if (task.outcome === null) return { text: "", sign: "check", tone: "" };
  const handled = task.outcome === "handled";
  return { text: t(`outcome.${task.outcome}` as TextKey), sign: handled ? "check" : "out", tone: handled ? "good" : "" };
}

function byDay(tasks: Task[]): [string, Task[]][] {
  const days = new Map<string, Task[]>();
  for (const task of tasks) {
    const name = day(task.closed_at ?? task.created_at, session.now());
    days.set(name, [...(days.get(name) ?? []), task]);
  }
  return [...days];
}

@customElement("usher-past")
export class Past extends LitElement {
  @state() private shown = PAGE;

  constructor() {
    super();
    new Watching(this);
  }

  static override styles = [
    base,
    card,
    css`
      .card {
        padding-bottom: 12px;
      }

      .none {
        padding: 12px 0 8px;
      }

      h3 {
        padding: 16px 0 4px;
      }

      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1.1fr) minmax(0, 1.2fr) 84px 32px;
        align-items: center;
        gap: 4px 14px;
        padding: 10px 0;
        border-top: 1px solid var(--line);
      }

      usher-person {
        --person-size: 36px;
      }

      .who b {
        display: block;
        font-weight: var(--fontWeightSemibold);
        overflow-wrap: anywhere;
      }

      .result {
        display: flex;
        align-items: center;
        gap: 6px;
        font-weight: var(--fontWeightSemibold);
        color: var(--quiet);
      }

      .good {
        color: var(--good);
      }

      .warm {
        color: var(--warm);
      }

      .codes {
        font-size: var(--fontSizeBase200);
        color: var(--quiet);
        overflow-wrap: anywhere;
      }

      .time {
        text-align: end;
        white-space: nowrap;
      }

      .more {
        display: flex;
        justify-content: center;
        padding-top: 8px;
      }

      @media (max-width: 560px) {
        li {
          grid-template-columns: auto minmax(0, 1fr) auto;
        }

        .what {
          grid-column: 2;
          grid-row: 2;
        }

        .time {
          grid-column: 3;
          grid-row: 1;
        }

        li > fluent-button {
          grid-column: 3;
          grid-row: 2;
          justify-self: end;
        }
      }
    `,
  ];

  #task(task: Task): unknown {
    const { text, sign, tone } = result(task);
    const words = [...task.codes, ...task.tags].join(", ");
    const talked = task.active_at !== null && task.ended_at !== null ? duration(task.ended_at - task.active_at) : "";
    return html`<li>
      <usher-person .name=${task.customer}></usher-person>
      <div class="who"><b>${task.customer}</b><span class="quiet">${task.service_name}</span></div>
      <div class="what">
        <p class="result ${tone}">${icon(sign, 16)}<span>${text}</span></p>
        ${words === "" ? nothing : html`<p class="codes"><span class="hidden-text">${t("past.codes")}: </span>${words}</p>`}
      </div>
      <div class="time number">
        <p>${clock(task.closed_at ?? task.created_at)}</p>
        ${talked === "" ? nothing : html`<p class="quiet"><span class="hidden-text">${t("past.duration")}: </span>${talked}</p>`}
      </div>
      <fluent-button role="button"
        appearance="subtle"
        icon-only
        title=${t("chat.transcript")}
        aria-label="${t("chat.transcript")}: ${task.customer}"
        @click=${() => showTranscript(task)}
        >${icon("text")}</fluent-button
      >
    </li>`;
  }

  override render(): unknown {
    const past = session.snapshot?.past ?? [];
    return html`<section class="card" aria-labelledby="title">
      <h2 class="section-title" id="title">${t("past.title")}</h2>
      ${past.length === 0
        ? html`<p class="quiet none">${t("past.empty")}</p>`
        : byDay(past.slice(0, this.shown)).map(
            ([name, tasks]) => html`<h3 class="label">${name}</h3>
              <ul>${tasks.map((task) => this.#task(task))}</ul>`,
          )}
      ${past.length > this.shown
        ? html`<div class="more">
            <fluent-button role="button" appearance="subtle" @click=${() => (this.shown += PAGE)}>${t("past.more")}</fluent-button>
          </div>`
        : nothing}
    </section>`;
  }
}
