/** The page for a person who is not signed in: one sentence and one button. */
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { t } from "../i18n.js";
import { mark } from "../parts/icons.js";
import { base } from "../parts/styles.js";

@customElement("usher-signed-out")
export class SignedOut extends LitElement {
  /** In a Teams tab there is no sign-in page: the button tries again. */
  @property({ type: Boolean }) teams = false;

  static override styles = [
    base,
    css`
      main {
        display: grid;
        place-content: center;
        justify-items: center;
        gap: 14px;
        min-height: 100dvh;
        padding: 24px;
        text-align: center;
      }

      h1 {
        margin-top: 8px;
        font-size: var(--fontSizeBase600);
        line-height: var(--lineHeightBase600);
        font-weight: var(--fontWeightSemibold);
      }

      p {
        max-width: 420px;
        margin-bottom: 8px;
      }
    `,
  ];

  override render(): unknown {
    return html`<main>
      ${mark}
      <h1>${t("signed_out.title")}</h1>
      <p class="quiet">${this.teams ? t("signed_out.teams") : t("signed_out.text")}</p>
      ${this.teams
        ? html`<fluent-button role="button" appearance="primary" size="large" @click=${() => location.reload()}>${t("signed_out.again")}</fluent-button>`
        : html`<fluent-anchor-button role="link" appearance="primary" size="large" href="/auth/sign-in?next=/portal/">${t("signed_out.sign_in")}</fluent-anchor-button>`}
    </main>`;
  }
}
