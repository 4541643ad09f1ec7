/** Waiting chats of the user's services, in the order of offering. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { counter } from "../format.js";
import { counted, t } from "../i18n.js";
import { pick } from "../state/actions.js";
import { session, Ticking, Watching } from "../state/session.js";
import type { WaitingService, WaitingTask } from "../types.js";
import { controls } from "./controls.js";
import { base, card } from "./styles.js";
import { tell, toast } from "./toasts.js";

/** Longer lists do not help an agent; the count is shown instead. */
const LINES = 8;

@customElement("usher-waiting")
export class Waiting extends LitElement {
  /** The chat that is being picked. */
  @state() private busy = "";

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
        gap: 14px;
      }

      h3 {
        display: flex;
        justify-content: space-between;
        gap: 12px;
        padding-bottom: 6px;
        font-size: var(--fontSizeBase300);
        font-weight: var(--fontWeightSemibold);
        border-bottom: 1px solid var(--line);
      }

      h3 span {
        font-weight: var(--fontWeightRegular);
        white-space: nowrap;
      }

      li {
        display: grid;
        grid-template-columns: 28px minmax(0, 1fr) auto;
        align-items: center;
        gap: 8px;
        min-height: 36px;
        padding: 2px 0;
      }

      li.pick {
        grid-template-columns: 28px minmax(0, 1fr) auto auto;
      }

      li > b {
        font-weight: var(--fontWeightRegular);
        color: var(--quiet);
      }

      .name {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  async #pick(task: WaitingTask): Promise<void> {
    if (this.busy !== "") return;
    this.busy = task.id;
    try {
      toast((await pick(task.id)).message);
    } catch (error) {
      tell(error);
    } finally {
      this.busy = "";
    }
  }

  #task(task: WaitingTask, mayPick: boolean): unknown {
    return html`<li class=${mayPick ? "pick" : ""}>
      <b class="number"><span class="hidden-text">${t("waiting.position", { n: task.position })}</span><span aria-hidden="true">${task.position}.</span></b>
      <span class="name" title=${task.customer}>${task.customer}</span>
      <span class="number quiet">${counter(session.now() - task.since_at)}</span>
      ${mayPick
        ? html`<button
            class="small"
            ?disabled=${this.busy !== ""}
            aria-label=${t("app.verb", { verb: t("waiting.pick"), name: task.customer })}
            @click=${() => void this.#pick(task)}
          >
            ${t("waiting.pick")}
          </button>`
        : nothing}
    </li>`;
  }

  #service(service: WaitingService): unknown {
    const more = service.tasks.length - LINES;
    return html`<div>
      <h3>${service.name}<span class="quiet number">${counted("waiting.count", service.tasks.length)}</span></h3>
      <ol>${service.tasks.slice(0, LINES).map((task) => this.#task(task, service.may_pick))}</ol>
      ${more > 0 ? html`<p class="quiet">${counted("waiting.more", more)}</p>` : nothing}
    </div>`;
  }

  override render(): unknown {
    const waiting = session.snapshot?.waiting.filter((service) => service.tasks.length > 0) ?? [];
    return html`<section class="card" aria-labelledby="title">
      <h2 class="section-title" id="title">${t("waiting.title")}</h2>
      ${waiting.length === 0 ? html`<p class="quiet">${t("waiting.empty")}</p>` : waiting.map((service) => this.#service(service))}
    </section>`;
  }
}
