/** The dialog that transfers a chat: services, and agents with their availability. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Dialog } from "@fluentui/web-components/dialog/class.js";
import { counted, locale, t } from "../i18n.js";
import { targets, transfer } from "../state/actions.js";
import type { TargetAgent, Targets, TargetService, Task } from "../types.js";
import { icon } from "./icons.js";
import { base, card } from "./styles.js";
import { tell, toast } from "./toasts.js";
import "./person.js";

type Target = { service: string } | { user: string };

@customElement("usher-handing")
export class Handing extends LitElement {
  @property({ attribute: false }) task!: Task;
  @state() private found: Targets | null = null;
  @state() private busy = false;
  @query("fluent-dialog") private readonly dialog!: Dialog;

  static override styles = [
    base,
    card,
    css`
      fluent-dialog::part(dialog) {
        width: 520px;
        max-width: calc(100vw - 32px);
      }

      fluent-dialog-body::part(actions) {
        display: flex;
        flex-direction: row;
        justify-content: flex-end;
      }

      h2 {
        font: inherit;
      }

      h3 {
        margin: 16px 0 6px;
      }

      button {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 12px;
        align-items: center;
        width: 100%;
        padding: 8px 10px;
        border: 0;
        border-radius: 10px;
        background: none;
        color: inherit;
        font: inherit;
        text-align: start;
        cursor: pointer;
      }

      button:hover:not(:disabled) {
        background: var(--inset);
      }

      button:disabled {
        cursor: default;
      }

      button svg {
        margin: 8px;
        color: var(--quiet);
      }

      b {
        font-weight: var(--fontWeightSemibold);
        overflow-wrap: anywhere;
      }

      usher-person {
        --person-size: 36px;
      }

      .free {
        color: var(--good);
      }

      .state {
        display: block;
        font-size: var(--fontSizeBase200);
        overflow-wrap: anywhere;
      }

      .list {
        max-height: 56vh;
        overflow-y: auto;
        margin: 0 -10px;
        padding: 0 10px;
      }

      .wait {
        display: grid;
        place-items: center;
        min-height: 120px;
      }
    `,
  ];

  async show(): Promise<void> {
    this.found = null;
    this.dialog.show();
    try {
      this.found = await targets(this.task);
    } catch (error) {
      this.dialog.hide();
      tell(error);
    }
  }

  async #give(to: Target): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      toast((await transfer(this.task, to)).message);
      this.dialog.hide();
    } catch (error) {
      tell(error);
    } finally {
      this.busy = false;
    }
  }

  #service(service: TargetService): unknown {
    return html`<li>
      <button ?disabled=${this.busy} @click=${() => void this.#give({ service: service.id })}>
        ${icon("chat")}
        <span><b>${service.name}</b><span class="state ${service.free > 0 ? "free" : "quiet"}">${counted("handing.free", service.free)}</span></span>
      </button>
    </li>`;
  }

  #agent(agent: TargetAgent): unknown {
    const state = agent.free ? t("team.free") : agent.reason.slice(0, 1).toLocaleUpperCase(locale()) + agent.reason.slice(1);
    return html`<li>
      <button ?disabled=${this.busy || !agent.free} @click=${() => void this.#give({ user: agent.user })}>
        <usher-person .name=${agent.name}></usher-person>
        <span><b>${agent.name}</b><span class="state ${agent.free ? "free" : "quiet"}">${state}</span></span>
      </button>
    </li>`;
  }

  #list(found: Targets): unknown {
    return html`<div class="list">
      <h3 class="label">${t("handing.services")}</h3>
      <ul>${found.services.map((service) => this.#service(service))}</ul>
      ${found.agents.length === 0
        ? nothing
        : html`<h3 class="label">${t("handing.agents")}</h3><ul>${found.agents.map((agent) => this.#agent(agent))}</ul>`}
    </div>`;
  }

  override render(): unknown {
    return html`<fluent-dialog type="modal" aria-label=${t("handing.title")}>
      <fluent-dialog-body>
        <h2 slot="title">${t("handing.title")}</h2>
        <p class="quiet">${t("handing.text", { customer: this.task.customer })}</p>
        ${this.found === null ? html`<div class="wait" aria-busy="true"><fluent-spinner></fluent-spinner></div>` : this.#list(this.found)}
        <fluent-button role="button" slot="action" appearance="secondary" @click=${() => this.dialog.hide()}>${t("app.cancel")}</fluent-button>
      </fluent-dialog-body>
    </fluent-dialog>`;
  }
}
