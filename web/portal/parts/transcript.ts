/** The transcript of a chat, in a drawer beside the page. A running chat is fetched again with every heartbeat. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import type { Dialog } from "@fluentui/web-components/dialog/class.js";
import { clock, dateAndTime } from "../format.js";
import { t } from "../i18n.js";
import { transcript } from "../state/actions.js";
import { session } from "../state/session.js";
import type { Task, Transcript, TranscriptMessage } from "../types.js";
import { icon } from "./icons.js";
import { base } from "./styles.js";
import { tell } from "./toasts.js";

const bus = new EventTarget();

export function showTranscript(task: Task): void {
  bus.dispatchEvent(new CustomEvent("show", { detail: task }));
}

@customElement("usher-transcript")
export class TranscriptDrawer extends LitElement {
  @state() private task: Task | null = null;
  @state() private found: Transcript | null = null;
  @query("fluent-dialog") private readonly dialog!: Dialog;

  static override styles = [
    base,
    css`
      fluent-dialog::part(dialog) {
        width: min(520px, 100vw);
        max-width: 100vw;
        height: 100dvh;
        max-height: 100dvh;
        margin: 0 0 0 auto;
        padding: 0;
        border: 0;
        border-radius: 16px 0 0 16px;
        background: var(--card);
      }

      .frame {
        display: grid;
        grid-template-rows: auto 1fr auto;
        height: 100dvh;
      }

      .head {
        display: flex;
        align-items: start;
        gap: 12px;
        padding: 20px 16px 16px 24px;
        border-bottom: 1px solid var(--line);
      }

      .head div {
        flex: 1;
        min-width: 0;
      }

      h2 {
        font-size: var(--fontSizeBase500);
        line-height: var(--lineHeightBase500);
        font-weight: var(--fontWeightSemibold);
        overflow-wrap: anywhere;
      }

      .said {
        overflow-y: auto;
        padding: 20px 24px;
        background: var(--page);
      }

      ol {
        display: flex;
        flex-direction: column;
        gap: 14px;
      }

      li {
        max-width: 85%;
        align-self: flex-start;
      }

      .meta {
        margin: 0 4px 3px;
        font-size: var(--fontSizeBase200);
        color: var(--quiet);
      }

      .bubble {
        padding: 9px 14px;
        border-radius: 4px 14px 14px 14px;
        background: var(--card);
        border: 1px solid var(--line);
        overflow-wrap: anywhere;
        white-space: pre-wrap;
      }

      .agent,
      .note {
        align-self: flex-end;
      }

      .agent .meta,
      .note .meta {
        text-align: end;
      }

      .agent .bubble {
        border-radius: 14px 4px 14px 14px;
        background: var(--colorBrandBackground2);
        border-color: var(--colorBrandStroke2);
      }

      .note .bubble {
        border-radius: 14px 4px 14px 14px;
        border-style: dashed;
        border-color: var(--warm);
        background: var(--warmBackground);
      }

      .system {
        align-self: center;
        text-align: center;
        font-size: var(--fontSizeBase200);
        color: var(--quiet);
      }

      .gone {
        font-style: italic;
        color: var(--quiet);
      }

      .middle {
        display: grid;
        place-items: center;
        min-height: 50%;
        color: var(--quiet);
      }

      .foot {
        padding: 12px 24px max(12px, env(safe-area-inset-bottom));
        border-top: 1px solid var(--line);
      }

      @media (max-width: 540px) {
        fluent-dialog::part(dialog) {
          border-radius: 0;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    bus.addEventListener("show", this.#show);
    session.addEventListener("beat", this.#again);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    bus.removeEventListener("show", this.#show);
    session.removeEventListener("beat", this.#again);
  }

  readonly #show = (event: Event): void => {
    this.task = (event as CustomEvent<Task>).detail;
    this.found = null;
    this.dialog.show();
    void this.#read();
  };

  readonly #again = (): void => {
    if (this.task !== null && this.task.state !== "closed") void this.#read();
  };

  async #read(): Promise<void> {
    const { task } = this;
    if (task === null) return;
    try {
      const found = await transcript(task);
      if (this.task === task) this.found = found;
    } catch (error) {
      this.#close();
      tell(error);
    }
  }

  #close(): void {
    this.dialog.hide();
  }

  #save(): void {
    const { found, task } = this;
    if (found === null || task === null) return;
    const lines = found.messages.map((one) => `[${dateAndTime(one.at)}] ${this.#author(one)}: ${this.#text(one)}`);
    const head = `${t("transcript.title", { customer: found.customer })}, ${found.service_name}\n\n`;
    const address = URL.createObjectURL(new Blob([head, lines.join("\n"), "\n"], { type: "text/plain;charset=utf-8" }));
    const link = Object.assign(document.createElement("a"), { href: address, download: `usher-${task.id}.txt` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  #author(one: TranscriptMessage): string {
    if (one.sender === "note") return `${one.author} (${t("transcript.note")})`;
    return one.author === "" ? "Usher" : one.author;
  }

  #text(one: TranscriptMessage): string {
    return one.deleted ? t("transcript.deleted") : one.text;
  }

  #message(one: TranscriptMessage): unknown {
    if (one.sender === "system") return html`<li class="system">${this.#text(one)} <span class="number">${clock(one.at)}</span></li>`;
    return html`<li class=${one.sender}>
      <p class="meta number">${this.#author(one)}, ${clock(one.at)}${one.edited ? `, ${t("transcript.edited")}` : ""}</p>
      <p class="bubble ${one.deleted ? "gone" : ""}">${this.#text(one)}</p>
    </li>`;
  }

  #body(): unknown {
    if (this.found === null) return html`<div class="middle"><fluent-spinner></fluent-spinner></div>`;
    if (this.found.messages.length === 0) return html`<div class="middle">${t("transcript.empty")}</div>`;
    return html`<ol>${this.found.messages.map((one) => this.#message(one))}</ol>`;
  }

  #forget(event: Event): void {
    if ((event as ToggleEvent).newState === "closed") this.task = null;
  }

  override render(): unknown {
    const { task } = this;
    const title = task === null ? "" : t("transcript.title", { customer: task.customer });
    return html`<fluent-dialog type="modal" aria-label=${title} @toggle=${(event: Event) => this.#forget(event)}>
      <div class="frame">
        <div class="head">
          <div>
            <h2>${title}</h2>
            <p class="quiet">${task === null ? nothing : html`${task.service_name} · ${dateAndTime(task.created_at)}`}</p>
          </div>
          <fluent-button role="button" appearance="subtle" icon-only autofocus aria-label=${t("app.close")} @click=${() => this.#close()}>
            ${icon("cross")}
          </fluent-button>
        </div>
        <div class="said" tabindex="0" role="region" aria-label=${title}>${this.#body()}</div>
        <div class="foot">
          <fluent-button role="button" appearance="subtle" ?disabled=${this.found === null} @click=${() => this.#save()}>
            ${icon("save", 20, "start")}${t("transcript.save")}
          </fluent-button>
        </div>
      </div>
    </fluent-dialog>`;
  }
}
