/** My Sessions: the user's open tasks and state, waiting chats, and past chats. */
import { css, html, LitElement } from "lit";
import { customElement, query } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { t } from "../i18n.js";
import { session, Watching } from "../state/session.js";
import type { Task } from "../types.js";
import { base, card } from "../parts/styles.js";
import "../parts/my-state.js";
import "../parts/past.js";
import "../parts/task.js";
import "../parts/waiting.js";

const calm = html`<svg width="132" height="84" viewBox="0 0 132 84" fill="none" aria-hidden="true">
  <path d="M12 74h108" stroke="var(--line)" stroke-width="2" stroke-linecap="round" />
  <path d="M34 74V46a8 8 0 0 1 8-8h18a8 8 0 0 1 8 8v28M34 60h34M40 74v4m22-4v4" stroke="var(--colorBrandStroke2)" stroke-width="2.500" stroke-linecap="round" />
  <path d="M84 74V52m-9 0h18l-4-14H79Z" stroke="var(--colorBrandStroke2)" stroke-width="2.500" stroke-linejoin="round" stroke-linecap="round" />
  <path d="M46 22c0-6.500 5.600-11.500 12.500-11.500S71 15.500 71 22s-5.600 11.500-12.500 11.500c-1.800 0-3.400-.3-4.900-.9L48 34.500l1.800-5.300A11 11 0 0 1 46 22Z" stroke="var(--colorBrandStroke1)" stroke-width="2.500" stroke-linejoin="round" />
  <path d="M53.500 22h.1m4.900 0h.1m4.900 0h.1" stroke="var(--colorBrandStroke1)" stroke-width="3" stroke-linecap="round" />
</svg>`;

@customElement("usher-sessions")
export class Sessions extends LitElement {
  @query("#now") private readonly now!: HTMLElement;
  #lostFocus = false;
  #ids = "";

  constructor() {
    super();
    new Watching(this);
  }

  static override styles = [
    base,
    card,
    css`
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 340px;
        grid-template-areas:
          "now side"
          "past side";
        grid-template-rows: auto 1fr;
        gap: 20px;
        align-items: start;
      }

      .now {
        grid-area: now;
        display: grid;
        gap: 14px;
      }

      .side {
        grid-area: side;
        display: grid;
        gap: 20px;
      }

      usher-past {
        grid-area: past;
      }

      .tasks {
        display: grid;
        gap: 14px;
      }

      .empty {
        display: flex;
        align-items: center;
        gap: 24px;
        padding: 28px 32px;
      }

      .empty b {
        display: block;
        font-size: var(--fontSizeBase400);
        line-height: var(--lineHeightBase400);
        font-weight: var(--fontWeightSemibold);
        margin-bottom: 4px;
      }

      .empty svg {
        flex: none;
      }

      @media (max-width: 900px) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
          grid-template-areas: "now" "side" "past";
          grid-template-rows: none;
          gap: 16px;
        }

        .side {
          gap: 16px;
        }
      }

      @media (min-width: 620px) and (max-width: 900px) {
        .side {
          grid-template-columns: 1fr 1fr;
          align-items: start;
        }
      }

      @media (max-width: 480px) {
        .empty {
          flex-direction: column;
          text-align: center;
          gap: 14px;
          padding: 24px 20px;
        }
      }
    `,
  ];

  /** Keep the keyboard focus when a chat disappears from the page. */
  protected override willUpdate(): void {
    const ids = session.tasks().map((task) => task.id);
    const gone = this.#ids.split(" ").some((id) => id !== "" && !ids.includes(id));
    this.#ids = ids.join(" ");
    this.#lostFocus = gone && this.shadowRoot?.activeElement?.localName === "usher-task";
  }

  protected override updated(): void {
    if (this.#lostFocus && this.shadowRoot?.activeElement == null) this.now.focus();
  }

  override render(): unknown {
    const tasks = session.tasks();
    return html`<div class="columns">
      <section class="now" aria-labelledby="now">
        <h2 id="now" class="hidden-text" tabindex="-1">${t("now.title")}</h2>
        ${tasks.length === 0
          ? html`<div class="card empty">
              ${calm}
              <div><b>${t("now.empty.title")}</b><span class="quiet">${t("now.empty.text")}</span></div>
            </div>`
          : html`<div class="tasks">
              ${repeat(
                tasks,
                (task: Task) => task.id,
                (task: Task) => html`<usher-task .task=${task}></usher-task>`,
              )}
            </div>`}
      </section>
      <div class="side"><usher-my-state></usher-my-state><usher-waiting></usher-waiting></div>
      <usher-past></usher-past>
    </div>`;
  }
}
