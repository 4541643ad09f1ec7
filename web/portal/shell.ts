/** The frame around the pages: header, navigation, urgent notices, and the page itself. */
import { html, LitElement, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { t, useLanguage, type TextKey } from "./i18n.js";
import { setTitle } from "./notify.js";
import { session, Watching } from "./state/session.js";
import { inTeams } from "./teams.js";
import { offerKey } from "./types.js";
import { chooseTheme } from "./theme.js";
import { icon, mark } from "./parts/icons.js";
import { shellStyles } from "./shell-styles.js";
import { base } from "./parts/styles.js";
import "./pages/preferences.js";
import "./pages/sessions.js";
import "./pages/signed-out.js";
import "./pages/team.js";
import "./parts/toasts.js";
import "./parts/transcript.js";

type Page = "sessions" | "team" | "preferences";

const PATHS: Record<Page, string> = { sessions: "/portal/", team: "/portal/team", preferences: "/portal/preferences" };
const TITLES: Record<Page, TextKey> = { sessions: "app.sessions", team: "app.team", preferences: "app.preferences" };

function pageOf(path: string): Page {
  const plain = path.replace(/\/$/, "");
  return plain === PATHS.preferences ? "preferences" : plain === PATHS.team ? "team" : "sessions";
}

/** A shorter loss of the connection is not reported. */
const PATIENCE_MS = 4_000;

@customElement("usher-portal")
export class Portal extends LitElement {
  @state() private page: Page = pageOf(location.pathname);
  @state() private down = false;
  @state() private announcement = "";
  @query("main") private readonly main!: HTMLElement;
  #announced = new Set<string>();
  #downTimer = 0;

  constructor() {
    super();
    new Watching(this);
  }

  static override styles = [base, shellStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("popstate", this.#popped);
    session.addEventListener("change", this.#followed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("popstate", this.#popped);
    session.removeEventListener("change", this.#followed);
  }

  readonly #popped = (): void => {
    this.page = pageOf(location.pathname);
  };

  readonly #followed = (): void => {
    const { snapshot, connected, phase } = session;
    if (snapshot !== null) {
      chooseTheme(snapshot.me.theme);
      void useLanguage(snapshot.me.language).then((changed) => {
        if (changed) session.dispatchEvent(new Event("change"));
      });
    }
    clearTimeout(this.#downTimer);
    if (connected || phase !== "ready") this.down = false;
    else this.#downTimer = window.setTimeout(() => (this.down = true), PATIENCE_MS);
    this.#announce();
  };

  #announce(): void {
    for (const task of session.tasks()) {
      const key = offerKey(task);
      if (key === null || this.#announced.has(key)) continue;
      this.#announced.add(key);
      this.announcement = t("offer.announce", { customer: task.customer, service: task.service_name });
    }
  }

  async #go(event: MouseEvent, page: Page): Promise<void> {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", PATHS[page]);
    this.page = page;
    await this.updateComplete;
    this.main.focus();
    window.scrollTo({ top: 0 });
  }

  #link(page: Page): unknown {
    return html`<a href=${PATHS[page]} aria-current=${this.page === page ? "page" : nothing} @click=${(event: MouseEvent) => void this.#go(event, page)}>${t(TITLES[page])}</a>`;
  }

  #header(): unknown {
    const me = session.snapshot?.me;
    return html`<header>
      <button class="skip" @click=${() => this.main.focus()}>${t("app.skip")}</button>
      <div class="bar">
        <div class="brand">${mark}<span>Usher</span></div>
        <nav aria-label=${t("app.pages")}>
          ${this.#link("sessions")} ${me !== undefined && me.supervises.length > 0 ? this.#link("team") : nothing} ${this.#link("preferences")}
        </nav>
        ${inTeams() || me === undefined
          ? nothing
          : html`<div class="me">
              <usher-person .name=${me.name}></usher-person><span class="name">${me.name}</span>
              <a class="out" href="/auth/sign-out" title=${t("app.sign_out")} aria-label=${t("app.sign_out")}>${icon("out")}</a>
            </div>`}
      </div>
    </header>`;
  }

  protected override updated(): void {
    setTitle(t(TITLES[this.page]));
  }

  #page(): unknown {
    if (this.page === "team") return html`<usher-team></usher-team>`;
    return this.page === "sessions" ? html`<usher-sessions></usher-sessions>` : html`<usher-preferences></usher-preferences>`;
  }

  override render(): unknown {
    if (session.phase === "signed-out") return html`<usher-signed-out ?teams=${inTeams()}></usher-signed-out>`;
    if (session.phase === "loading") {
      return html`<main class="loading" aria-busy="true"><h1 class="hidden-text">${t("app.loading")}</h1>${mark}<fluent-spinner></fluent-spinner></main>`;
    }
    return html`${this.#header()}
      <div role="status">${this.down ? html`<p class="down">${icon("alert")}${t("app.reconnecting")}</p>` : nothing}</div>
      <div role="status" class="notices">${(session.snapshot?.me.notices ?? []).map(
        (notice) => html`<p class="down" data-code=${notice.code}>${icon("alert")}${notice.text}</p>`,
      )}</div>
      <p class="hidden-text" role="alert">${this.announcement}</p>
      <main id="main" tabindex="-1">
        <h1 class="hidden-text">${t(TITLES[this.page])}</h1>
        ${this.#page()}
        <usher-transcript></usher-transcript>
      </main>
      <usher-toasts></usher-toasts>`;
  }
}
