/** Whether the user can be offered a chat, and if not, why: one sentence, then each service with its reasons. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { Switch } from "@fluentui/web-components/switch/class.js";
import { countdown } from "../format.js";
import { t, type TextKey } from "../i18n.js";
import { resetRona, setAvailability, setDuty } from "../state/actions.js";
import { session, Ticking, Watching } from "../state/session.js";
import type { AgentService, AgentState } from "../types.js";
import { controls } from "./controls.js";
import { icon } from "./icons.js";
import { presenceWord } from "./presence.js";
import { base, card } from "./styles.js";
import { tell } from "./toasts.js";
import "./presence.js";

type Tone = "good" | "busy" | "pause" | "off";

interface Headline {
  tone: Tone;
  title: string;
  text: string;
}

function headline(agent: AgentState): Headline {
  const states = new Set(session.tasks().map((task) => task.state));
  const free = agent.services.filter((service) => service.selectable).length;
  const say = (tone: Tone, key: string, values = {}): Headline => ({
    tone,
    title: t(`state.${key}` as TextKey),
    text: t(`state.${key}.text` as TextKey, values),
  });
  if (states.has("offered")) return say("busy", "ringing");
  if (states.has("active") || states.has("connecting")) {
    const more = say("busy", "connected");
    return free > 0 ? { ...more, text: t("state.connected.more") } : more;
  }
  if (states.has("acw")) return say("busy", "acw");
  if (!agent.on_duty) return say("off", "off_duty");
  if (agent.unavailable !== null) {
    return { tone: "pause", title: agent.unavailable.text, text: t("state.not_available.text") };
  }
  if (agent.rona) {
    const left = agent.rona_until_at === null ? "" : countdown(agent.rona_until_at - session.now());
    const text = left === "" ? t("state.rona.open") : t("state.rona.until", { left });
    return { tone: "pause", title: t("state.rona"), text };
  }
  if (agent.services.length === 0) return { tone: "off", title: t("state.unavailable"), text: t("state.no_services") };
  if (free === agent.services.length) return say("good", "available");
  if (free > 0) return say("good", "partly", { free, all: agent.services.length });
  return say("off", "unavailable");
}

@customElement("usher-my-state")
export class MyState extends LitElement {
  /** The switch position that the server has not confirmed yet. */
  @state() private wanted: boolean | null = null;
  @state() private resetting = false;
  @state() private choosing = false;

  constructor() {
    super();
    new Watching(this);
    new Ticking(this);
  }

  static override styles = [
    base,
    card,
    controls,
    css`
      .card {
        display: grid;
        gap: 16px;
      }

      .top {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 12px;
      }

      .duty {
        display: flex;
        align-items: center;
        gap: 8px;
        cursor: pointer;
      }

      .now {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 2px 12px;
        align-items: start;
      }

      .now > i {
        width: 12px;
        height: 12px;
        border-radius: 50%;
        background: var(--tone);
        box-shadow: 0 0 0 4px color-mix(in srgb, var(--tone) 18%, transparent);
        margin: 8px 4px;
      }

      .now > b {
        font-size: var(--fontSizeBase500);
        line-height: var(--lineHeightBase500);
        font-weight: var(--fontWeightSemibold);
      }

      .now > p {
        grid-column: 2;
      }

      .good {
        --tone: var(--good);
      }

      .busy {
        --tone: var(--colorBrandForeground1);
      }

      .pause {
        --tone: var(--warm);
      }

      .off {
        --tone: var(--quiet);
      }

      .availability {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 8px 12px;
      }

      .availability select {
        flex: 0 1 200px;
        min-height: 36px;
        font-size: inherit;
      }

      .services {
        border-top: 1px solid var(--line);
      }

      .services li {
        display: flex;
        align-items: start;
        gap: 10px;
        padding: 10px 0;
        border-bottom: 1px solid var(--line);
      }

      .services li:last-child {
        border-bottom: 0;
        padding-bottom: 0;
      }

      .services svg {
        margin-top: 1px;
        color: var(--quiet);
      }

      .services .yes svg {
        color: var(--good);
      }

      .services b {
        font-weight: var(--fontWeightSemibold);
      }

      .presence {
        display: flex;
        align-items: center;
        gap: 8px;
        font-size: var(--fontSizeBase200);
      }
    `,
  ];

  async #duty(event: Event): Promise<void> {
    const on = (event.target as Switch).checked;
    this.wanted = on;
    try {
      await setDuty(on);
    } catch (error) {
      tell(error);
    } finally {
      this.wanted = null;
    }
  }

  async #reset(): Promise<void> {
    this.resetting = true;
    try {
      await resetRona();
    } catch (error) {
      tell(error);
    } finally {
      this.resetting = false;
    }
  }

  async #available(reason: string): Promise<void> {
    this.choosing = true;
    try {
      await setAvailability(reason);
    } catch (error) {
      tell(error);
    } finally {
      this.choosing = false;
    }
  }

  /** Off duty there is nothing to choose, nor if the tenant has no reasons. */
  #availability(agent: AgentState): unknown {
    const { unavailable, not_available: reasons } = agent;
    if (!agent.on_duty || (reasons.length === 0 && unavailable === null)) return nothing;
    const chosen = unavailable?.code ?? "";
    const gone = unavailable !== null && !reasons.some((reason) => reason.code === chosen) ? [unavailable] : [];
    const choose = (event: Event): void => void this.#available((event.target as HTMLSelectElement).value);
    return html`<label class="availability">
      <span>${t("state.availability")}</span>
      <select ?disabled=${this.choosing} @change=${choose}>
        <option value="" .selected=${chosen === ""}>${t("state.available")}</option>
        ${[...gone, ...reasons].map((reason) => html`<option value=${reason.code} .selected=${reason.code === chosen}>${reason.text}</option>`)}
      </select>
    </label>`;
  }

  #service(service: AgentService): unknown {
    return html`<li class=${service.selectable ? "yes" : ""}>
      ${icon(service.selectable ? "check" : "pause")}
      <div>
        <b>${service.name}</b>
        <p class="quiet">${service.selectable ? t("state.ready") : service.reasons.map((reason) => reason.text).join(" · ")}</p>
      </div>
    </li>`;
  }

  override render(): unknown {
    const agent = session.snapshot?.agent;
    if (agent == null) {
      return html`<section class="card" aria-labelledby="title">
        <h2 class="section-title" id="title">${t("state.title")}</h2>
        <p class="quiet">${t("state.no_services")}</p>
      </section>`;
    }
    const now = headline(agent);
    const on = this.wanted ?? agent.on_duty;
    return html`<section class="card" aria-labelledby="title">
      <div class="top">
        <h2 class="section-title" id="title">${t("state.title")}</h2>
        <label class="duty">
          <span>${t("state.duty")}</span>
          <fluent-switch role="switch" aria-label=${t("state.duty")} aria-checked=${on} .checked=${on} @change=${(event: Event) => void this.#duty(event)}></fluent-switch>
        </label>
      </div>
      <div class="now ${now.tone}">
        <i></i><b>${now.title}</b>
        <p class="quiet number">${now.text}</p>
      </div>
      ${agent.rona
        ? html`<div>
            <fluent-button role="button" appearance="primary" ?disabled-focusable=${this.resetting} @click=${() => void this.#reset()}>${t("state.rona.reset")}</fluent-button>
          </div>`
        : nothing}
      ${this.#availability(agent)}
      ${agent.services.length === 0
        ? nothing
        : html`<ul class="services" aria-label=${t("state.services")}>
            ${agent.services.map((service) => this.#service(service))}
          </ul>`}
      <p class="presence quiet">
        <usher-presence .presence=${agent.presence}></usher-presence><span>${t("state.presence", { presence: presenceWord(agent.presence) })}</span>
      </p>
    </section>`;
  }
}
