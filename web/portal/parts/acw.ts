/** After-call work (ACW): codes, tags, a note. Saved while typing, so that nothing is lost when ACW ends or continues elsewhere. */
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { TextArea } from "@fluentui/web-components/textarea/class.js";
import { t } from "../i18n.js";
import { extendAcw, finishAcw, saveWrapup, type Wrapup } from "../state/actions.js";
import { session } from "../state/session.js";
import type { CodeCategory, Service, Task, TaskAnswer } from "../types.js";
import { base, chips } from "./styles.js";
import { tell, toast } from "./toasts.js";
import { showTranscript } from "./transcript.js";
import { icon } from "./icons.js";

/** Saves after a pause in typing of this length. */
const SAVE_AFTER_MS = 500;

const toggled = (list: string[], item: string, on: boolean): string[] =>
  on ? [...list.filter((one) => one !== item), item] : list.filter((one) => one !== item);

@customElement("usher-acw")
export class Acw extends LitElement {
  @property({ attribute: false }) task!: Task;
  /** Unsaved entries; null: none. */
  @state() private draft: Wrapup | null = null;
  @state() private saving = false;
  @state() private savedOnce = false;
  @state() private asked = false;
  @state() private busy = "";
  #timer = 0;

  static override styles = [
    base,
    chips,
    css`
      form {
        display: grid;
        gap: 18px;
      }

      legend {
        padding: 0;
        margin-bottom: 8px;
        font-weight: var(--fontWeightSemibold);
      }

      legend small {
        font-size: var(--fontSizeBase200);
        font-weight: var(--fontWeightRegular);
        color: var(--quiet);
      }

      .wrong {
        display: flex;
        align-items: center;
        gap: 6px;
        margin-top: 8px;
        color: var(--stop);
      }

      fluent-textarea {
        width: 100%;
      }

      label[slot] {
        font-weight: var(--fontWeightSemibold);
      }

      label small {
        font-weight: var(--fontWeightRegular);
      }

      .foot {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px;
      }

      .foot p {
        margin-inline-start: auto;
        font-size: var(--fontSizeBase200);
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.draft !== null && this.task.state === "acw") void this.#save();
  }

  get #now(): Wrapup {
    const { codes, tags, note } = this.draft ?? this.task;
    return { codes, tags, note };
  }

  get #service(): Service | undefined {
    return session.snapshot?.services.find((service) => service.id === (this.task.service ?? ""));
  }

  #missing(category: CodeCategory): boolean {
    return category.required && !category.codes.some((code) => this.#now.codes.includes(code));
  }

  #change(change: Partial<Wrapup>): void {
    this.draft = { ...this.#now, ...change };
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#save(), SAVE_AFTER_MS);
  }

  async #save(): Promise<boolean> {
    clearTimeout(this.#timer);
    const sent = this.draft;
    if (sent === null) return true;
    this.saving = true;
    try {
      await saveWrapup(this.task, sent);
      if (this.draft === sent) this.draft = null;
      this.savedOnce = true;
      return true;
    } catch (error) {
      tell(error);
      return false;
    } finally {
      this.saving = false;
    }
  }

  async #act(verb: string, action: (task: Task) => Promise<TaskAnswer>): Promise<void> {
    if (this.busy !== "") return;
    this.busy = verb;
    try {
      if (await this.#save()) toast((await action(this.task)).message);
    } catch (error) {
      tell(error);
    } finally {
      this.busy = "";
    }
  }

  async #done(): Promise<void> {
    this.asked = true;
    const wrong = this.#service?.codes.findIndex((category) => this.#missing(category)) ?? -1;
    if (wrong >= 0) {
      await this.updateComplete;
      this.renderRoot.querySelectorAll("fieldset")[wrong]?.querySelector("input")?.focus();
      return;
    }
    await this.#act("done", finishAcw);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("task") && changed.get("task")?.id !== this.task.id) this.asked = false;
  }

  #choice(kind: "codes" | "tags", item: string): unknown {
    const chosen = this.#now[kind];
    return html`<label class="chip">
      <input
        type="checkbox"
        .checked=${chosen.includes(item)}
        @change=${(event: Event) => this.#change({ [kind]: toggled(chosen, item, (event.target as HTMLInputElement).checked) })}
      /><span>${chosen.includes(item) ? icon("check", 16) : nothing}${item}</span>
    </label>`;
  }

  #category(category: CodeCategory, index: number): unknown {
    const wrong = this.asked && this.#missing(category);
    return html`<fieldset aria-describedby=${wrong ? `wrong-${index}` : nothing}>
      <legend>${category.category}${category.required ? html` <small>(${t("acw.required")})</small>` : nothing}</legend>
      <div class="chips">${category.codes.map((code) => this.#choice("codes", code))}</div>
      ${wrong ? html`<p class="wrong" id="wrong-${index}" role="alert">${icon("alert", 16)}${t("acw.missing")}</p>` : nothing}
    </fieldset>`;
  }

  #progress(): string {
    if (this.saving) return t("acw.saving");
    if (this.draft !== null) return t("acw.unsaved");
    return this.savedOnce ? t("acw.saved") : "";
  }

  override render(): unknown {
    const service = this.#service;
    return html`<form @submit=${(event: Event) => event.preventDefault()}>
      ${service?.codes.map((category, index) => this.#category(category, index))}
      ${service === undefined || service.tags.length === 0
        ? nothing
        : html`<fieldset>
            <legend>${t("acw.tags")}</legend>
            <div class="chips">${service.tags.map((tag) => this.#choice("tags", tag))}</div>
          </fieldset>`}
      <fluent-textarea
        block
        auto-resize
        maxlength="2000"
        .value=${this.#now.note}
        @input=${(event: Event) => this.#change({ note: (event.target as TextArea).value })}
      >
        <label slot="label">${t("acw.note")} <small class="quiet">${t("acw.note.hint")}</small></label>
      </fluent-textarea>
      <div class="foot">
        <fluent-button role="button" appearance="primary" ?disabled-focusable=${this.busy !== ""} @click=${() => void this.#done()}>${t("acw.done")}</fluent-button>
        ${this.task.acw_can_extend
          ? html`<fluent-button role="button" appearance="outline" ?disabled-focusable=${this.busy !== ""} @click=${() => void this.#act("extend", extendAcw)}>
              ${icon("clock", 20, "start")}${t("acw.extend")}
            </fluent-button>`
          : nothing}
        <fluent-button role="button" appearance="subtle" @click=${() => showTranscript(this.task)}>${icon("text", 20, "start")}${t("chat.transcript")}</fluent-button>
        <p class="quiet" role="status">${this.#progress()}</p>
      </div>
    </form>`;
  }
}
