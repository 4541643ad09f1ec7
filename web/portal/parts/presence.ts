/** The dot of a Teams presence in Teams' colour; hollow = away from Teams. Its name is shown beside it. */
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { t, type TextKey } from "../i18n.js";

type Tone = "here" | "busy" | "away" | "gone";

const TONES: Record<string, Tone> = {
  Available: "here",
  Busy: "busy",
  DoNotDisturb: "busy",
  Focusing: "busy",
  InACall: "busy",
  InAMeeting: "busy",
  Presenting: "busy",
  Away: "away",
  BeRightBack: "away",
};

/** The presence in the page's language. */
export const presenceWord = (word: string): string => {
  const text = t(`presence.${word}` as TextKey);
  return text === "" ? t("presence.PresenceUnknown") : text;
};

@customElement("usher-presence")
export class PresenceDot extends LitElement {
  @property() presence = "";

  static override styles = css`
    :host {
      flex: none;
      display: inline-block;
      width: 10px;
      height: 10px;
    }

    i {
      display: block;
      box-sizing: border-box;
      width: 14px;
      height: 14px;
      margin: -2px;
      border: 2px solid var(--card);
      border-radius: 50%;
    }

    .here {
      background: light-dark(#13a10e, #6bb700);
    }

    .busy {
      background: light-dark(#c4314b, #e8525f);
    }

    .away {
      background: light-dark(#eaa300, #f5c242);
    }

    .gone {
      background: var(--card);
      box-shadow: inset 0 0 0 2px var(--quiet);
    }
  `;

  override render(): unknown {
    return html`<i class=${TONES[this.presence] ?? "gone"} aria-hidden="true"></i>`;
  }
}
