import { css } from "lit";

export const shellStyles = css`
  :host {
    min-height: 100dvh;
  }

  .skip {
    position: absolute;
    inset-inline-start: 16px;
    top: -60px;
    z-index: 5;
    padding: 8px 16px;
    border: 1px solid var(--line);
    border-radius: 0 0 8px 8px;
    background: var(--card);
    color: inherit;
    font: inherit;
  }

  .skip:focus {
    top: 0;
  }

  header {
    position: sticky;
    top: 0;
    z-index: 4;
    background: color-mix(in srgb, var(--card) 92%, transparent);
    backdrop-filter: blur(10px);
    border-bottom: 1px solid var(--line);
  }

  .bar {
    display: flex;
    align-items: stretch;
    gap: 28px;
    max-width: 1180px;
    min-height: 56px;
    margin: 0 auto;
    padding: 0 24px;
  }

  .brand,
  .me {
    display: flex;
    align-items: center;
    gap: 10px;
  }

  .brand {
    font-size: var(--fontSizeBase400);
    font-weight: var(--fontWeightSemibold);
  }

  nav {
    display: flex;
    gap: 4px;
    flex: 1;
  }

  nav a {
    position: relative;
    display: flex;
    align-items: center;
    padding: 0 12px;
    color: var(--quiet);
    text-decoration: none;
    white-space: nowrap;
  }

  nav a:hover {
    color: var(--colorNeutralForeground1);
  }

  nav a[aria-current] {
    color: var(--colorNeutralForeground1);
    font-weight: var(--fontWeightSemibold);
  }

  nav a[aria-current]::after {
    content: "";
    position: absolute;
    inset-inline: 12px;
    bottom: 0;
    height: 3px;
    border-radius: 3px 3px 0 0;
    background: var(--colorBrandStroke1);
  }

  nav a:focus-visible {
    outline-offset: -4px;
  }

  .me usher-person {
    --person-size: 32px;
  }

  .out {
    display: grid;
    place-items: center;
    width: 36px;
    height: 36px;
    border-radius: 8px;
    color: var(--quiet);
  }

  .out:hover {
    background: var(--inset);
    color: var(--colorNeutralForeground1);
  }

  .down {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: 10px;
    padding: 10px 24px;
    background: var(--warmBackground);
    color: var(--warm);
  }

  main {
    max-width: 1180px;
    margin: 0 auto;
    padding: 24px 24px 64px;
  }

  main:focus {
    outline: none;
  }

  .loading {
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 24px;
    min-height: 90dvh;
  }

  @media (max-width: 720px) {
    .name {
      display: none;
    }
  }

  @media (max-width: 560px) {
    .brand span {
      display: none;
    }

    .bar {
      gap: 8px;
      padding: 0 12px;
    }

    nav {
      min-width: 0;
      gap: 0;
      overflow-x: auto;
      scrollbar-width: none;
    }

    nav a {
      padding: 0 8px;
    }

    nav a[aria-current]::after {
      inset-inline: 8px;
    }

    main {
      padding: 16px 12px 48px;
    }
  }

  @media (max-width: 400px) {
    .me usher-person {
      display: none;
    }
  }
`;
