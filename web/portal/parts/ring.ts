/** The time left, as a ring that empties. Screen readers skip the number inside; the sentence beside it is for everybody. */
import { css, html, LitElement, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import { session, Ticking } from "../state/session.js";
import { base } from "./styles.js";

const RADIUS = 22;
const ROUND = 2 * Math.PI * RADIUS;
/** From here on the ring has a warning colour. */
const SOON_MS = 8_000;

@customElement("usher-ring")
export class Ring extends LitElement {
  /** Server time in ms at which the time ends; null before it starts. */
  @property({ type: Number }) until: number | null = null;
  @property({ type: Number }) seconds = 20;

  constructor() {
    super();
    new Ticking(this);
  }

  static override styles = [
    base,
    css`
      :host {
        flex: none;
        width: 56px;
        height: 56px;
        position: relative;
      }

      svg {
        display: block;
        transform: rotate(-90deg);
      }

      circle {
        fill: none;
        stroke-width: 4;
      }

      .track {
        stroke: color-mix(in srgb, var(--colorBrandStroke1) 22%, transparent);
      }

      .left {
        stroke: var(--colorBrandStroke1);
        stroke-linecap: round;
        transition: stroke-dashoffset 1s linear, stroke 400ms;
      }

      .soon .left {
        stroke: var(--warm);
      }

      b {
        position: absolute;
        inset: 0;
        display: grid;
        place-items: center;
        font-size: var(--fontSizeBase400);
        font-weight: var(--fontWeightSemibold);
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  override render(): unknown {
    const left = this.until === null ? null : Math.max(0, this.until - session.now());
    // The stroke takes a second to move, so it aims at the position one second later.
    const share = left === null ? 1 : Math.max(0, left - 1000) / (this.seconds * 1000);
    return html`<div class=${left !== null && left <= SOON_MS ? "soon" : ""} aria-hidden="true">
      <svg width="56" height="56" viewBox="0 0 56 56">
        ${svg`<circle class="track" cx="28" cy="28" r=${RADIUS} />
        <circle class="left" cx="28" cy="28" r=${RADIUS} stroke-dasharray=${ROUND}
          stroke-dashoffset=${ROUND * (1 - Math.min(1, share))} />`}
      </svg>
      <b>${left === null ? nothing : Math.ceil(left / 1000)}</b>
    </div>`;
  }
}
