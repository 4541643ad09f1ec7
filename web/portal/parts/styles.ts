/** Shared styles: type, cards, focus, and text for screen readers only. */
import { css } from "lit";

export const base = css`
  :host {
    display: block;
    color: var(--colorNeutralForeground1);
    font-family: var(--fontFamilyBase);
    font-size: var(--fontSizeBase300);
    line-height: var(--lineHeightBase300);
  }

  :host([hidden]),
  [hidden] {
    display: none !important;
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
    min-inline-size: 0;
    list-style: none;
  }

  a {
    color: var(--colorBrandForegroundLink);
  }

  :focus-visible {
    outline: 2px solid var(--colorStrokeFocus2);
    outline-offset: 2px;
    border-radius: 4px;
  }

  h2:focus-visible,
  h3:focus-visible {
    outline-offset: 4px;
  }

  /* Also inside a Fluent button, which would fill and stretch them. */
  .icon {
    flex: none;
    fill: none;
  }

  .icon[width="16"] {
    width: 16px;
    height: 16px;
  }

  .quiet {
    color: var(--quiet);
  }

  .number {
    font-variant-numeric: tabular-nums;
  }

  .hidden-text {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  @media (prefers-reduced-motion: reduce) {
    :host,
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }
`;

export const card = css`
  .card {
    background: var(--card);
    border: 1px solid var(--line);
    border-radius: 14px;
    padding: 20px;
  }

  .section-title {
    font-size: var(--fontSizeBase400);
    font-weight: var(--fontWeightSemibold);
    line-height: var(--lineHeightBase400);
  }

  .label {
    font-size: var(--fontSizeBase200);
    line-height: var(--lineHeightBase200);
    font-weight: var(--fontWeightSemibold);
    color: var(--quiet);
  }
`;

/** Choices as chips: real check boxes and radio buttons, drawn by their labels. */
export const chips = css`
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }

  .chip {
    position: relative;
    display: inline-flex;
  }

  .chip input {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    margin: 0;
    opacity: 0;
    cursor: pointer;
  }

  .chip span {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 32px;
    padding: 0 13px;
    border: 1px solid var(--edge);
    border-radius: 16px;
    background: var(--card);
    transition: background 120ms, border-color 120ms;
  }

  .chip input:hover + span {
    background: var(--inset);
  }

  .chip input:checked + span {
    background: var(--colorBrandBackground2);
    border-color: var(--colorBrandStroke1);
    color: var(--colorBrandForeground2);
    font-weight: var(--fontWeightSemibold);
    box-shadow: inset 0 0 0 1px var(--colorBrandStroke1);
  }

  .chip input:focus-visible + span {
    outline: 2px solid var(--colorStrokeFocus2);
    outline-offset: 2px;
  }

  @media (forced-colors: active) {
    .chip input:checked + span {
      border-width: 3px;
    }
  }
`;
