/** The chats of a service: waiting ones in the order of offering, and running ones; each with its actions. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { counter } from "../format.js";
import { counted, t, type TextKey } from "../i18n.js";
import { session, Ticking } from "../state/session.js";
import { assign, cancel, end, endAll, setPriority } from "../state/team-actions.js";
import type { Priority, TaskAnswer, Team, TeamTask, TeamTasks } from "../types.js";
import type { Confirm } from "./confirm.js";
import { controls } from "./controls.js";
import { base, card } from "./styles.js";
import { tell, toast } from "./toasts.js";
import "./confirm.js";

const PRIORITIES: Priority[] = ["strict", "high", "normal", "low"];

const trouble = (task: TeamTask): unknown => (task.trouble === "" ? nothing : html`<p class="trouble">${task.trouble}</p>`);

@customElement("usher-team-tasks")
export class TeamChats extends LitElement {
  @property({ attribute: false }) team!: Team;
  @property({ attribute: false }) tasks!: TeamTasks;
  @state() private busy = "";
  /** The chat that the confirmation is about; null: all. */
  @state() private asked: TeamTask | null = null;
  @query("usher-confirm") private readonly confirm!: Confirm;

  constructor() {
    super();
    new Ticking(this);
  }

  static override styles = [
    base,
    card,
    controls,
    css`
      :host {
        display: grid;
        gap: 20px;
      }

      .top {
        display: flex;
        justify-content: space-between;
        align-items: baseline;
        gap: 12px;
      }

      li {
        display: grid;
        grid-template-columns: 30px minmax(0, 1fr) auto;
        gap: 8px 12px;
        align-items: center;
        padding: 12px 0;
        border-top: 1px solid var(--line);
      }

      li:last-child {
        padding-bottom: 0;
      }

      usher-confirm {
        position: absolute;
      }

      ol,
      ul {
        margin-top: 12px;
      }

      .all {
        display: flex;
        align-items: baseline;
        gap: 12px;
      }

      .running li {
        grid-template-columns: minmax(0, 1fr) auto;
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

      .trouble {
        margin-top: 4px;
        overflow-wrap: anywhere;
      }

      .verbs {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        justify-content: flex-end;
      }

      .late {
        color: var(--stop, #b10e1c);
      }

      .empty {
        margin-top: 8px;
      }

      @media (max-width: 720px) {
        .verbs {
          grid-column: 2 / -1;
          justify-content: flex-start;
        }

        .running .verbs {
          grid-column: 1 / -1;
        }
      }
    `,
  ];

  async #act(what: string, action: () => Promise<string>): Promise<void> {
    if (this.busy !== "") return;
    this.busy = what;
    try {
      toast(await action());
    } catch (error) {
      tell(error);
    } finally {
      this.busy = "";
      this.dispatchEvent(new Event("done"));
    }
  }

  #task(task: TeamTask, action: () => Promise<TaskAnswer>): Promise<void> {
    return this.#act(task.id, async () => (await action()).message);
  }

  async #endAll(): Promise<string> {
    const { ended } = await endAll(this.team.service);
    return counted("team.ended", ended);
  }

  #ask(task: TeamTask | null): void {
    this.asked = task;
    this.confirm.show();
  }

  #priority(task: TeamTask): unknown {
    const change = (event: Event): void => {
      const priority = (event.target as HTMLSelectElement).value as Priority;
      void this.#task(task, () => setPriority(task.id, priority));
    };
    return html`<select aria-label=${t("team.priority.label", { customer: task.customer })} ?disabled=${this.busy !== ""} @change=${change}>
      ${PRIORITIES.map((one) => html`<option value=${one} ?selected=${one === task.priority}>${t(`priority.${one}` as TextKey)}</option>`)}
    </select>`;
  }

  #assign(task: TeamTask): unknown {
    const give = (event: Event): void => {
      const select = event.target as HTMLSelectElement;
      const user = select.value;
      select.value = "";
      if (user !== "") void this.#task(task, () => assign(task.id, user));
    };
    const free = this.team.agents.filter((agent) => agent.selectable);
    return html`<select
      aria-label=${t("team.assign.label", { customer: task.customer })}
      ?disabled=${this.busy !== "" || free.length === 0}
      @change=${give}
    >
      <option value="" selected>${t(free.length === 0 ? "team.assign.nobody" : "team.assign")}</option>
      ${free.map((agent) => html`<option value=${agent.user}>${agent.name}</option>`)}
    </select>`;
  }

  #tags(task: TeamTask, withPriority: boolean): unknown {
    const { levels } = this.team;
    return html`${withPriority && task.priority !== "normal"
      ? html`<span class="tag ${task.priority}">${t(`priority.${task.priority}` as TextKey)}</span>`
      : nothing}
    ${levels > 1 && task.position !== null ? html`<span class="tag">${t("team.open_to", { n: task.level, all: levels })}</span>` : nothing}`;
  }

  #waits(task: TeamTask): unknown {
    return html`<li>
      <span class="number quiet"><span class="hidden-text">${t("waiting.position", { n: task.position ?? 0 })}</span><span aria-hidden="true">${task.position}.</span></span>
      <div>
        <div class="who"><b>${task.customer}</b>${this.#tags(task, false)}</div>
        <p class="quiet number">${t("offer.waited", { time: counter(session.now() - task.since_at) })}</p>
        ${trouble(task)}
      </div>
      <div class="verbs">
        ${this.#priority(task)} ${this.#assign(task)}
        <button class="small stop" ?disabled=${this.busy !== ""} aria-label=${t("app.verb", { verb: t("team.cancel"), name: task.customer })} @click=${() => this.#ask(task)}>
          ${t("team.cancel")}
        </button>
      </div>
    </li>`;
  }

  #runs(task: TeamTask): unknown {
    const time = counter(session.now() - (task.active_at ?? task.since_at));
    const agents = task.agents.join(", ");
    const verb = t(task.state === "active" ? "chat.terminate" : "team.cancel");
    return html`<li>
      <div>
        <div class="who"><b>${task.customer}</b>${this.#tags(task, true)}</div>
        <p class="quiet number">${t(`team.task.${task.state}` as TextKey, { agents, time })}</p>
        ${trouble(task)}
        ${task.backlog > 0
          ? html`<p class="late number">${counted("team.backlog", task.backlog, { time: counter(session.now() - (task.backlog_since_at ?? 0)) })}</p>`
          : nothing}
      </div>
      <div class="verbs">
        <button class="small stop" ?disabled=${this.busy !== ""} aria-label=${t("app.verb", { verb, name: task.customer })} @click=${() => this.#ask(task)}>
          ${verb}
        </button>
      </div>
    </li>`;
  }

  #confirmed(): void {
    const task = this.asked;
    if (task === null) void this.#act("all", () => this.#endAll());
    else void this.#task(task, () => (task.state === "active" ? end(task.id) : cancel(task.id)));
  }

  override render(): unknown {
    const { waiting, running } = this.tasks;
    const question = this.asked === null ? "end_all" : this.asked.state === "active" ? "end" : "cancel";
    const { all } = this.tasks;
    const values = { customer: this.asked?.customer ?? "", service: this.team.name };
    return html`<section class="card" aria-labelledby="waiting">
        <div class="top">
          <h2 class="section-title" id="waiting">${t("waiting.title")}</h2>
          <span class="quiet number">${waiting.length}</span>
        </div>
        ${waiting.length === 0
          ? html`<p class="quiet empty">${t("waiting.empty")}</p>`
          : html`<ol>${repeat(waiting, (task) => task.id, (task) => this.#waits(task))}</ol>`}
      </section>
      <section class="card running" aria-labelledby="running">
        <div class="top">
          <h2 class="section-title" id="running">${t("team.running")}</h2>
          <div class="all">
            ${all === 0
              ? nothing
              : html`<button class="small stop" ?disabled=${this.busy !== ""} @click=${() => this.#ask(null)}>${t("team.end_all")}</button>`}
            <span class="quiet number">${running.length}</span>
          </div>
        </div>
        ${running.length === 0
          ? html`<p class="quiet empty">${t("team.running.empty")}</p>`
          : html`<ul>${repeat(running, (task) => task.id, (task) => this.#runs(task))}</ul>`}
      </section>
      <usher-confirm
        heading=${t(`team.${question}.title`, values)}
        text=${question === "end_all" ? counted("team.end_all.text", all) : t(`team.${question}.text`, values)}
        action=${t(`team.${question}.do`)}
        keep=${t(`team.${question}.keep`)}
        @confirmed=${() => this.#confirmed()}
      ></usher-confirm>`;
  }
}
