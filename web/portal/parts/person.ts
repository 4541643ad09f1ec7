/** A person's avatar: initials on a muted colour that depends on the name. */
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { initials } from "../format.js";
import { base } from "./styles.js";

const HUES = [188, 142, 32, 268, 338, 218];

function tone(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return sum % HUES.length;
}

@customElement("usher-person")
export class Person extends LitElement {
  @property() name = "";

  static override styles = [
    base,
    css`
      :host {
        flex: none;
      }

      div {
        display: grid;
        place-items: center;
        width: var(--person-size, 44px);
        height: var(--person-size, 44px);
        border-radius: 50%;
        font-size: calc(var(--person-size, 44px) * 0.36);
        font-weight: var(--fontWeightSemibold);
        background: light-dark(hsl(var(--hue) 32% 90%), hsl(var(--hue) 22% 26%));
        color: light-dark(hsl(var(--hue) 45% 26%), hsl(var(--hue) 40% 86%));
      }
    `,
  ];

  protected override willUpdate(): void {
    // Set from here: the pages' policy forbids style attributes.
    this.style.setProperty("--hue", String(HUES[tone(this.name)]));
  }

  override render(): unknown {
    return html`<div aria-hidden="true">${initials(this.name)}</div>`;
  }
}
