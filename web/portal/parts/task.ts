/** One task of the user: an offer, an opening room, a running chat, or its ACW. One element for its whole life. */
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { countdown, counter } from "../format.js";
import { t } from "../i18n.js";
import { accept, decline, takeBack, terminate } from "../state/actions.js";
import { session, Ticking } from "../state/session.js";
import { openInTeams } from "../teams.js";
import type { Task, TaskAnswer } from "../types.js";
import type { Confirm } from "./confirm.js";
import type { Handing } from "./handing.js";
import { icon } from "./icons.js";
import { base, card } from "./styles.js";
import { taskStyles } from "./task-styles.js";
import { tell, toast } from "./toasts.js";
import { showTranscript } from "./transcript.js";
import "./acw.js";
import "./confirm.js";
import "./handing.js";
import "./person.js";
import "./ring.js";

@customElement("usher-task")
export class TaskCard extends LitElement {
  @property({ attribute: false }) task!: Task;
  /** The action in progress: its button shows that, the others are disabled. */
  @state() private busy = "";
  @query("h3") private readonly heading!: HTMLElement;
  @query("usher-confirm") private readonly confirm!: Confirm;
  @query("usher-handing") private readonly handing!: Handing;
  #hadFocus = false;

  constructor() {
    super();
    new Ticking(this);
  }

  static override styles = [base, card, taskStyles];

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("task");
    const turned = before !== undefined && (before.state !== this.task.state || before.offer !== this.task.offer);
    if (turned) this.busy = "";
    this.#hadFocus = turned && this.shadowRoot?.activeElement != null;
  }

  /** When the focused button disappears, the focus moves to the chat's heading. */
  protected override updated(): void {
    if (this.#hadFocus && this.shadowRoot?.activeElement == null) this.heading.focus();
  }

  async #act(verb: string, action: (task: Task) => Promise<TaskAnswer>): Promise<void> {
    if (this.busy !== "") return;
    this.busy = verb;
    try {
      toast((await action(this.task)).message);
    } catch (error) {
      tell(error);
    } finally {
      this.busy = "";
    }
  }

  async #open(event: Event): Promise<void> {
    const url = this.task.chat_url;
    if (url === null) return;
    event.preventDefault();
    if (!(await openInTeams(url))) window.open(url, "_blank", "noopener");
  }

  #button(verb: string, label: string, appearance: string, run: () => void): unknown {
    const waiting = this.busy === verb;
    return html`<fluent-button role="button" appearance=${appearance} ?disabled-focusable=${this.busy !== ""} @click=${run}>
      ${waiting ? html`<fluent-spinner slot="start" size="tiny"></fluent-spinner>` : nothing}${label}
    </fluent-button>`;
  }

  #offer(): unknown {
    const { task } = this;
    const left = task.deadline_at === null ? null : countdown(task.deadline_at - session.now());
    return html`${task.first_message === "" ? nothing : html`<blockquote>${task.first_message}</blockquote>`}
      ${task.page === "" ? nothing : html`<p class="page quiet">${icon("page", 16)}<span>${t("offer.page", { page: task.page })}</span></p>`}
      <div class="row">
        <div class="actions">
          ${this.#button("accept", t("offer.accept"), "primary", () => void this.#act("accept", accept))}
          ${this.#button("decline", t("offer.decline"), "outline", () => void this.#act("decline", decline))}
        </div>
        <p class="quiet number">${left === null ? t("offer.arriving") : t("offer.left", { time: left })}</p>
      </div>`;
  }

  #chat(): unknown {
    const { task } = this;
    const opening = task.state === "connecting";
    return html`${task.visitor_here || task.visitor_grace_until_at === null
        ? nothing
        : html`<p class="notice">
            ${icon("alert")}<span>${t("chat.visitor_away", { left: countdown(task.visitor_grace_until_at - session.now()) })}</span>
          </p>`}
      ${task.handed_to === "" ? nothing : this.#handing()}
      ${opening ? html`<p class="quiet opening"><fluent-spinner size="tiny"></fluent-spinner>${t("chat.connecting.text")}</p>` : nothing}
      <div class="actions">
        ${task.chat_url === null
          ? nothing
          : html`<fluent-anchor-button role="link" appearance="primary" href=${task.chat_url} target="_blank" @click=${(event: Event) => void this.#open(event)}>
              ${icon("chat", 20, "start")}${t("chat.open")}
            </fluent-anchor-button>`}
        ${this.#button("terminate", t("chat.terminate"), "outline", () => this.confirm.show())}
        ${opening || task.handed_to !== "" ? nothing : this.#button("transfer", t("chat.transfer"), "outline", () => void this.handing.show())}
        <fluent-button role="button" appearance="subtle" @click=${() => showTranscript(task)}>${icon("text", 20, "start")}${t("chat.transcript")}</fluent-button>
      </div>
      <usher-confirm
        heading=${t("terminate.title")}
        text=${t("terminate.text", { customer: task.customer })}
        action=${t("chat.terminate")}
        @confirmed=${() => void this.#act("terminate", terminate)}
      ></usher-confirm>
      <usher-handing .task=${task}></usher-handing>`;
  }

  /** The notes of agents who had the chat before. */
  #notes(): unknown {
    return this.task.noted_before.map(({ name, codes, tags, note }) => {
      const words = [...codes, ...tags].join(", ");
      return html`<div class="noted">
        <p class="quiet">${name === "" ? t("noted.colleague") : t("noted.by", { name })}</p>
        ${words === "" ? nothing : html`<p>${words}</p>`}${note === "" ? nothing : html`<p class="note">${note}</p>`}
      </div>`;
    });
  }

  #body(): unknown {
    const { task } = this;
    if (task.state === "offered") return this.#offer();
    return html`${this.#notes()}${task.state === "acw" ? html`<usher-acw .task=${task}></usher-acw>` : this.#chat()}`;
  }

  #handing(): unknown {
    const { task } = this;
    const left = task.handed_until_at === null ? "" : countdown(task.handed_until_at - session.now());
    return html`<div class="handing" role="status">
      <fluent-spinner size="tiny"></fluent-spinner>
      <p>${t("handing.waits", { name: task.handed_to })} ${left === "" ? nothing : html`<span class="quiet number" aria-hidden="true">${t("handing.left", { left })}</span>`}</p>
      ${this.#button("take-back", t("handing.take_back"), "outline", () => void this.#act("take-back", takeBack))}
    </div>`;
  }

  #status(): unknown {
    const { task } = this;
    const now = session.now();
    if (task.state === "offered") {
      return html`<usher-ring .until=${task.deadline_at} .seconds=${task.offer_seconds}></usher-ring>`;
    }
    if (task.state === "acw") {
      const left = countdown((task.acw_until_at ?? now) - now);
      return html`<p class="pill wrap number" role="timer" aria-label=${t("acw.left.label", { time: left })}>
        ${icon("clock", 16)}${t("acw.left", { time: left })}
      </p>`;
    }
    if (task.active_at === null) return html`<p class="pill">${t("chat.connecting")}</p>`;
    const time = counter(now - task.active_at);
    return html`<p class="pill live number" role="timer" aria-label=${t("chat.since.label", { time })}><i></i>${time}</p>`;
  }

  #line(): string {
    const { task } = this;
    if (task.state === "offered" && task.handed_by !== "") return t("offer.handed", { name: task.handed_by });
    if (task.state === "offered") return t("offer.waited", { time: counter(session.now() - task.since_at) });
    if (task.state === "acw") return t("acw.title");
    return task.state === "active" ? t("chat.active") : "";
  }

  override render(): unknown {
    const { task } = this;
    const line = this.#line();
    return html`<article class="card ${task.state}" aria-labelledby="title">
      <div class="head">
        <usher-person .name=${task.customer}></usher-person>
        <div class="who">
          <h3 id="title" tabindex="-1" title=${task.customer}>
            ${task.state === "offered" ? html`<span class="hidden-text">${t("offer.label")}: </span>` : nothing}${task.customer}
          </h3>
          <p class="quiet number">${task.service_name}${line === "" ? nothing : html`<span aria-hidden="true"> · </span><span>${line}</span>`}</p>
        </div>
        ${this.#status()}
      </div>
      ${this.#body()}
    </article>`;
  }
}
