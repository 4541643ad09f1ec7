/** The confirmation of an action that cannot be undone. */
import { css, html, LitElement } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { Dialog } from "@fluentui/web-components/dialog/class.js";
import { t } from "../i18n.js";
import { base } from "./styles.js";

@customElement("usher-confirm")
export class Confirm extends LitElement {
  @property() heading = "";
  @property() text = "";
  @property() action = "";
  /** The label of the button that cancels. */
  @property() keep = "";
  @query("fluent-dialog") private readonly dialog!: Dialog;

  static override styles = [
    base,
    css`
      h2 {
        font: inherit;
      }

      fluent-dialog::part(dialog) {
        width: 460px;
        max-width: calc(100vw - 32px);
      }

      fluent-dialog-body::part(actions) {
        display: flex;
        flex-direction: row;
        flex-wrap: wrap;
        justify-content: flex-end;
      }
    `,
  ];

  show(): void {
    this.dialog.show();
  }

  #confirmed(): void {
    this.dialog.hide();
    this.dispatchEvent(new Event("confirmed"));
  }

  override render(): unknown {
    return html`<fluent-dialog type="alert" aria-label=${this.heading}>
      <fluent-dialog-body>
        <h2 slot="title">${this.heading}</h2>
        <p>${this.text}</p>
        <fluent-button role="button" slot="action" appearance="secondary" autofocus @click=${() => this.dialog.hide()}>
          ${this.keep === "" ? t("app.cancel") : this.keep}
        </fluent-button>
        <fluent-button role="button" slot="action" appearance="primary" @click=${() => this.#confirmed()}>${this.action}</fluent-button>
      </fluent-dialog-body>
    </fluent-dialog>`;
  }
}
