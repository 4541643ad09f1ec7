/** The questions and notices before the first message. */
import { html, nothing, type TemplateResult } from "../template";
import type { UsherChat } from "../element";
import type { Ask, Config } from "../protocol";

export function introduction(ui: UsherChat, config: Config): TemplateResult | typeof nothing {
  const { ask, privacy } = config;
  const asks = ask.name !== "no" || ask.email !== "no" || privacy.tick || privacy.text || privacy.url;
  if (!asks && !ui.fault) return nothing;
  return html`<div class="card">
    ${field(ui, "name", ask.name)} ${field(ui, "email", ask.email)} ${notice(ui, config)}
    ${ui.fault && !/^(name|email|privacy)$/.test(ui.fault.field) ? wrong(ui, ui.fault.field) : nothing}
  </div>`;
}

function field(ui: UsherChat, name: "name" | "email", asked: Ask): TemplateResult | typeof nothing {
  if (asked === "no") return nothing;
  const isWrong = ui.fault?.field === name;
  return html`<label for=${name}>
      ${ui.say(name)} ${asked === "optional" ? html`<small>${ui.say("optional")}</small>` : nothing}
    </label>
    <input
      id=${name}
      name=${name}
      type=${name === "email" ? "email" : "text"}
      autocomplete=${name}
      maxlength="100"
      .value=${ui.known[name]}
      ?required=${asked === "required"}
      aria-invalid=${isWrong}
      aria-describedby=${`${name}-wrong`}
    />${wrong(ui, name)}`;
}

const wrong = (ui: UsherChat, name: string) =>
  html`<p class="wrong" role="alert" id=${`${name}-wrong`}>${ui.fault?.field === name ? ui.fault.text : nothing}</p>`;

function notice(ui: UsherChat, config: Config): TemplateResult | typeof nothing {
  const { text, url, tick } = config.privacy;
  if (!text && !url && !tick) return nothing;
  const link = url
    ? html` <a href=${safe(url)} target="_blank" rel="noopener noreferrer">${ui.say("privacy")}</a>`
    : nothing;
  const words = html`<span>${text}${link}</span>`;
  if (!tick) return html`<p class="privacy">${words}</p>`;
  return html`<label class="privacy">
      <input type="checkbox" id="privacy" aria-invalid=${ui.fault?.field === "privacy"} aria-describedby="privacy-wrong" />
      ${words} </label
    >${wrong(ui, "privacy")}`;
}

/** The owner's link is an address on the web, or nothing. */
const safe = (url: string) => (/^https?:|^\//i.test(url) ? url : "#");
