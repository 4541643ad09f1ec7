/** The agents of a service: whether they can be offered a chat, and if not, all reasons. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { countdown, counter } from "../format.js";
import { locale, t } from "../i18n.js";
import { session, Ticking } from "../state/session.js";
import { resetAgentRona, setAgentDuty } from "../state/team-actions.js";
import type { Team, TeamAgent } from "../types.js";
import { controls } from "./controls.js";
import { base, card } from "./styles.js";
import { tell } from "./toasts.js";
import { presenceWord } from "./presence.js";
import "./person.js";
import "./presence.js";

@customElement("usher-team-agents")
export class TeamAgents extends LitElement {
  @property({ attribute: false }) team!: Team;
  @state() private busy = "";

  constructor() {
    super();
    new Ticking(this);
  }

  static override styles = [
    base,
    card,
    controls,
    css`
      .card {
        display: grid;
        gap: 6px;
      }

      .top {
        display: flex;
        justify-content: space-between;
        align-items: baseline;
        gap: 12px;
        margin-bottom: 6px;
      }

      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 2px 12px;
        align-items: center;
        padding: 12px 0;
        border-top: 1px solid var(--line);
      }

      li:last-child {
        padding-bottom: 0;
      }

      usher-person {
        --person-size: 36px;
      }

      .picture {
        position: relative;
        display: grid;
        grid-row: 1 / span 2;
      }

      .picture usher-presence {
        position: absolute;
        inset-inline-end: -1px;
        bottom: -1px;
      }

      .who {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 8px;
      }

      .who b {
        font-weight: var(--fontWeightSemibold);
        overflow-wrap: anywhere;
      }

      .state {
        grid-column: 2;
        overflow-wrap: anywhere;
      }

      .free .state {
        color: var(--good);
      }

      .verbs {
        grid-column: 3;
        grid-row: 1 / span 2;
        display: grid;
        gap: 6px;
        justify-items: end;
      }
    `,
  ];

  async #act(verb: string, action: () => Promise<void>): Promise<void> {
    if (this.busy !== "") return;
    this.busy = verb;
    try {
      await action();
    } catch (error) {
      tell(error);
    } finally {
      this.busy = "";
      this.dispatchEvent(new Event("done"));
    }
  }

  #state(agent: TeamAgent): string {
    if (agent.selectable) {
      const idle = agent.idle_since_at === null ? "" : counter(session.now() - agent.idle_since_at);
      return idle === "" ? t("team.free") : t("team.free.since", { time: idle });
    }
    const until = agent.rona && agent.rona_until_at !== null ? countdown(agent.rona_until_at - session.now()) : "";
    const said = agent.reasons.map((reason) =>
      reason.code === "rona" && until !== "" ? t("team.reason.left", { reason: reason.text, left: until }) : reason.text,
    );
    const text = said.join(" · ");
    return text.slice(0, 1).toLocaleUpperCase(locale()) + text.slice(1);
  }

  #agent(agent: TeamAgent): unknown {
    const { service } = this.team;
    return html`<li class=${agent.selectable ? "free" : ""}>
      <div class="picture" title=${t("state.presence", { presence: presenceWord(agent.presence) })}>
        <usher-person .name=${agent.name}></usher-person>
        <usher-presence .presence=${agent.presence}></usher-presence>
      </div>
      <div class="who">
        <b>${agent.name}</b><span class="hidden-text">${t("state.presence", { presence: presenceWord(agent.presence) })}</span>
        ${this.team.levels > 1 && agent.level !== null ? html`<span class="tag">${t("team.level", { n: agent.level })}</span>` : nothing}
      </div>
      <p class="state number ${agent.selectable ? "" : "quiet"}">${this.#state(agent)}</p>
      <div class="verbs">
        <button
          class="small"
          ?disabled=${this.busy !== ""}
          aria-label=${t("app.verb", { verb: t(agent.on_duty ? "team.off_duty" : "team.on_duty"), name: agent.name })}
          @click=${() => void this.#act(agent.user, () => setAgentDuty(service, agent.user, !agent.on_duty))}
        >
          ${t(agent.on_duty ? "team.off_duty" : "team.on_duty")}
        </button>
        ${agent.rona
          ? html`<button
              class="small"
              ?disabled=${this.busy !== ""}
              aria-label=${t("app.verb", { verb: t("state.rona.reset"), name: agent.name })}
              @click=${() => void this.#act(agent.user, () => resetAgentRona(service, agent.user))}
            >
              ${t("state.rona.reset")}
            </button>`
          : nothing}
      </div>
    </li>`;
  }

  override render(): unknown {
    const { agents } = this.team;
    const free = agents.filter((agent) => agent.selectable).length;
    return html`<section class="card" aria-labelledby="title">
      <div class="top">
        <h2 class="section-title" id="title">${t("team.agents")}</h2>
        <span class="quiet number">${t("team.count", { free, all: agents.length })}</span>
      </div>
      ${agents.length === 0
        ? html`<p class="quiet">${t("team.nobody")}</p>`
        : html`<ul>${repeat(agents, (agent) => agent.user, (agent) => this.#agent(agent))}</ul>`}
    </section>`;
  }
}
