/** Short notices at the bottom of the page, in a polite live region; they disappear after a while or at a click. */
import { css, html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { t } from "../i18n.js";
import { ApiError } from "../state/api.js";
import { session } from "../state/session.js";
import { icon } from "./icons.js";
import { base } from "./styles.js";

interface Toast {
  id: number;
  text: string;
  problem: boolean;
}

/** Time to read two lines twice. */
const STAYS_MS = 9_000;

const bus = new EventTarget();

export function toast(text: string, problem = false): void {
  if (text !== "") bus.dispatchEvent(new CustomEvent("toast", { detail: { text, problem } }));
}

/** Shows the error as a sentence; a lost sign-in also reaches the connection, which handles it. */
export function tell(error: unknown): void {
  if (error instanceof ApiError && error.signedOut) session.live.renew();
  else if (error instanceof ApiError && error.message !== "") toast(error.message, true);
  else if (error instanceof ApiError && error.status === 0) toast(t("problem.offline"), true);
  else toast(t("problem.server"), true);
}

@customElement("usher-toasts")
export class Toasts extends LitElement {
  @state() private toasts: Toast[] = [];
  #next = 0;

  static override styles = [
    base,
    css`
      :host {
        position: fixed;
        inset-inline: 0;
        bottom: max(16px, env(safe-area-inset-bottom));
        z-index: 10;
        display: grid;
        justify-items: center;
        padding: 0 16px;
        pointer-events: none;
      }

      .toast {
        pointer-events: auto;
        display: flex;
        gap: 10px;
        align-items: center;
        max-width: 520px;
        margin-top: 8px;
        padding: 10px 8px 10px 16px;
        border-radius: 12px;
        background: var(--card);
        border: 1px solid var(--line);
        box-shadow: var(--shadow16);
        animation: rise 200ms ease-out;
      }

      .toast > span {
        flex: 1;
      }

      .problem > svg {
        color: var(--stop);
      }

      @keyframes rise {
        from {
          opacity: 0;
          transform: translateY(8px);
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    bus.addEventListener("toast", this.#add);
    session.addEventListener("notice", this.#told);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    bus.removeEventListener("toast", this.#add);
    session.removeEventListener("notice", this.#told);
  }

  readonly #add = (event: Event): void => {
    const { text, problem } = (event as CustomEvent<Omit<Toast, "id">>).detail;
    const added = { id: this.#next++, text, problem };
    this.toasts = [...this.toasts.filter((one) => one.text !== text), added];
    setTimeout(() => this.#remove(added), STAYS_MS);
  };

  readonly #told = (event: Event): void => toast((event as CustomEvent<string>).detail, true);

  #remove(one: Toast): void {
    this.toasts = this.toasts.filter((other) => other.id !== one.id);
  }

  override render(): unknown {
    return html`<div role="status" aria-live="polite">
      ${repeat(
        this.toasts,
        (one) => one.id,
        (one) => html`<div class="toast ${one.problem ? "problem" : ""}">
          ${icon(one.problem ? "alert" : "check")}
          <span>${one.text}</span>
          <fluent-button role="button" appearance="subtle" icon-only size="small" aria-label=${t("app.dismiss")} @click=${() => this.#remove(one)}>
            ${icon("cross", 16)}
          </fluent-button>
        </div>`,
      )}
    </div>`;
  }
}
