/** Team, for supervisors of a service: waiting and running chats, why no agent can be offered one, and the actions. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { t } from "../i18n.js";
import { session, Watching } from "../state/session.js";
import { TeamWatch } from "../state/team.js";
import type { ServiceName } from "../types.js";
import { icon } from "../parts/icons.js";
import { base, card, chips } from "../parts/styles.js";
import "../parts/team-agents.js";
import "../parts/team-tasks.js";

@customElement("usher-team")
export class TeamPage extends LitElement {
  @state() private chosen = "";
  readonly #watch = new TeamWatch(this);

  constructor() {
    super();
    new Watching(this);
  }

  static override styles = [
    base,
    card,
    chips,
    css`
      .columns {
        margin-top: 20px;
        display: grid;
        grid-template-columns: minmax(0, 1fr) 380px;
        gap: 20px;
        align-items: start;
      }

      .notices {
        display: grid;
        gap: 8px;
        margin-top: 20px;
      }

      .notices li {
        display: flex;
        gap: 10px;
        padding: 12px 16px;
        border-radius: 12px;
        background: var(--warmBackground);
        color: var(--warm);
      }

      .loading {
        display: grid;
        place-items: center;
        min-height: 200px;
      }

      @media (max-width: 900px) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
          gap: 16px;
        }
      }
    `,
  ];

  get #services(): ServiceName[] {
    return session.snapshot?.me.supervises ?? [];
  }

  protected override willUpdate(): void {
    const services = this.#services;
    if (!services.some((service) => service.id === this.chosen)) this.chosen = services[0]?.id ?? "";
    this.#watch.watch(this.chosen);
  }

  #choice(): unknown {
    const services = this.#services;
    if (services.length < 2) return html`<h2 class="section-title">${services[0]?.name}</h2>`;
    return html`<fieldset class="chips">
      <legend class="hidden-text">${t("team.service")}</legend>
      ${services.map(
        (service) =>
          html`<label class="chip">
            <input type="radio" name="service" .checked=${service.id === this.chosen} @change=${() => (this.chosen = service.id)} />
            <span>${service.name}</span>
          </label>`,
      )}
    </fieldset>`;
  }

  #body(): unknown {
    const { team, tasks } = this.#watch;
    if (team === null || tasks === null) {
      return html`<div class="loading" aria-busy="true">
        ${this.#watch.problem === null ? html`<fluent-spinner></fluent-spinner>` : html`<p class="quiet">${t("problem.server")}</p>`}
      </div>`;
    }
    const done = (): void => this.#watch.refresh();
    return html`<div role="status">
        ${team.notices.length === 0
          ? nothing
          : html`<ul class="notices">${team.notices.map((notice) => html`<li>${icon("alert")}<span>${notice.text}</span></li>`)}</ul>`}
      </div>
      <div class="columns">
        <usher-team-tasks .team=${team} .tasks=${tasks} @done=${done}></usher-team-tasks>
        <usher-team-agents .team=${team} @done=${done}></usher-team-agents>
      </div>`;
  }

  override render(): unknown {
    if (this.#services.length === 0) return html`<p class="card">${t("team.none")}</p>`;
    return html`${this.#choice()} ${this.#body()}`;
  }
}
