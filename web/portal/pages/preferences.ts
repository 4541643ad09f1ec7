/** User Preferences: the bot, language and appearance, notifications, and the user's account. */
import { html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { Switch } from "@fluentui/web-components/switch/class.js";
import { dateAndTime } from "../format.js";
import { LANGUAGES, t, type TextKey } from "../i18n.js";
import { canNotify, permission, setSound, soundOn } from "../notify.js";
import { type Preferences as Choices, type RegisterAnswer, register, savePreferences, unregister } from "../state/actions.js";
import { ApiError } from "../state/api.js";
import { session, Watching } from "../state/session.js";
import type { Language, Me, Registration, ThemeChoice, Words } from "../types.js";
import { icon } from "../parts/icons.js";
import { base, card, chips } from "../parts/styles.js";
import { tell, toast } from "../parts/toasts.js";
import { preferencesStyles } from "./preferences-styles.js";

const NAMES: Record<Language, string> = { en: "English", de: "Deutsch", fr: "Français", it: "Italiano" };
const THEMES: ThemeChoice[] = ["light", "dark", "system", "teams"];

@customElement("usher-preferences")
export class Preferences extends LitElement {
  @state() private busy = false;
  /** The registration before the requested change; null: no change is in progress. */
  @state() private askedFrom: boolean | null = null;
  @state() private refused: Words[] = [];

  constructor() {
    super();
    new Watching(this);
  }

  static override styles = [base, card, chips, preferencesStyles];

  async #bot(action: () => Promise<RegisterAnswer>, from: boolean): Promise<void> {
    this.busy = true;
    this.refused = [];
    try {
      toast((await action()).message);
      this.askedFrom = from;
    } catch (error) {
      // A condition that Teams or the administrator must change first stays on the page.
      if (error instanceof ApiError && error.status === 409) this.refused = [{ code: error.code, text: error.message }];
      else tell(error);
    } finally {
      this.busy = false;
    }
  }

  async #save(change: Partial<Choices>): Promise<void> {
    try {
      await savePreferences(change);
    } catch (error) {
      tell(error);
    }
  }

  async #notifications(event: Event): Promise<void> {
    const wanted = (event.target as Switch).checked;
    const allowed = wanted && permission() === "default" ? await Notification.requestPermission() : permission();
    await this.#save({ notifications: wanted && allowed === "granted" });
    this.requestUpdate();
  }

  #registration(registration: Registration): unknown {
    const { registered, since_at } = registration;
    const pending = this.askedFrom !== null && this.askedFrom === registered;
    const missing = this.refused.length > 0 ? this.refused : registration.missing;
    const since = since_at === null ? t("prefs.bot.registered") : t("prefs.bot.since", { date: dateAndTime(since_at) });
    return html`<section class="card" aria-labelledby="bot">
      <h2 class="section-title" id="bot">${t("prefs.bot")}</h2>
      <p class="quiet">${t("prefs.bot.text")}</p>
      <div class="bot">
        <p class="is ${registered ? "yes" : ""}">${icon(registered ? "check" : "pause")}<b>${registered ? since : t("prefs.bot.not_registered")}</b></p>
        ${registered
          ? html`<fluent-button role="button" appearance="outline" ?disabled-focusable=${this.busy} @click=${() => void this.#bot(unregister, true)}>${t("prefs.bot.unregister")}</fluent-button>`
          : html`<fluent-button role="button" appearance="primary" ?disabled-focusable=${this.busy} @click=${() => void this.#bot(register, false)}>
              ${this.busy ? html`<fluent-spinner slot="start" size="tiny"></fluent-spinner>` : nothing}${t("prefs.bot.register")}
            </fluent-button>`}
      </div>
      <div role="status">
        ${pending ? html`<p class="quiet waiting"><fluent-spinner size="tiny"></fluent-spinner>${t("prefs.bot.pending")}</p>` : nothing}
        ${missing.length === 0
          ? nothing
          : html`<div class="missing">
              <h3>${icon("alert")}${t("prefs.bot.missing")}</h3>
              <ul>${missing.map((one) => html`<li>${one.text}</li>`)}</ul>
            </div>`}
      </div>
    </section>`;
  }

  #choices<T extends string>(name: string, label: string, all: readonly T[], chosen: T, text: (one: T) => string, choose: (one: T) => void): unknown {
    return html`<fieldset>
      <legend>${label}</legend>
      <div class="chips">
        ${all.map(
          (one) => html`<label class="chip">
            <input type="radio" name=${name} .checked=${one === chosen} @change=${() => choose(one)} /><span lang=${name === "language" ? one : nothing}>${text(one)}</span>
          </label>`,
        )}
      </div>
    </fieldset>`;
  }

  #display(me: Me): unknown {
    return html`<section class="card" aria-labelledby="display">
      <h2 class="section-title" id="display">${t("prefs.display")}</h2>
      ${this.#choices("language", t("prefs.language"), LANGUAGES, me.language, (one) => NAMES[one], (language) => void this.#save({ language }))}
      ${this.#choices("theme", t("prefs.theme"), THEMES, me.theme, (one) => t(`prefs.theme.${one}` as TextKey), (theme) => void this.#save({ theme }))}
      <p class="quiet small">${t("prefs.theme.hint")}</p>
    </section>`;
  }

  #switch(label: string, text: string, on: boolean, disabled: boolean, change: (event: Event) => void): unknown {
    return html`<div class="switch">
      <div><b>${label}</b><p class="quiet">${text}</p></div>
      <fluent-switch role="switch" aria-label=${label} aria-checked=${on} .checked=${on} ?disabled=${disabled} @change=${change}></fluent-switch>
    </div>`;
  }

  #notices(): unknown {
    const may = permission();
    const text = may === "denied" || may === "unsupported" ? t(`prefs.notifications.${may}`) : t("prefs.notifications.text");
    return html`<section class="card" aria-labelledby="notices">
      <h2 class="section-title" id="notices">${t("prefs.notices")}</h2>
      ${this.#switch(t("prefs.notifications"), text, canNotify(), may === "denied" || may === "unsupported", (event) => void this.#notifications(event))}
      ${this.#switch(t("prefs.sound"), t("prefs.sound.text"), soundOn(), false, (event) => setSound((event.target as Switch).checked))}
    </section>`;
  }

  #account(me: Me): unknown {
    return html`<section class="card" aria-labelledby="about">
      <h2 class="section-title" id="about">${t("prefs.about")}</h2>
      <div class="account">
        <usher-person .name=${me.name}></usher-person>
        <div><b>${me.name}</b><p class="quiet">${me.upn}</p></div>
      </div>
      <p class="quiet">${me.tenant_name} · ${me.roles.map((role) => t(`role.${role}` as TextKey)).join(", ")}</p>
    </section>`;
  }

  override render(): unknown {
    const { snapshot } = session;
    if (snapshot === null) return nothing;
    return html`<div class="columns">
      ${this.#registration(snapshot.registration)} ${this.#display(snapshot.me)} ${this.#notices()} ${this.#account(snapshot.me)}
    </div>`;
  }
}
