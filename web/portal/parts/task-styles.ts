import { css } from "lit";

export const taskStyles = css`
  :host {
    animation: arrive 260ms ease-out;
  }

  @keyframes arrive {
    from {
      opacity: 0;
      transform: translateY(-6px);
    }
  }

  article {
    display: grid;
    gap: 16px;
    transition: border-color 300ms, box-shadow 300ms;
  }

  article.offered {
    background: linear-gradient(color-mix(in srgb, var(--colorBrandBackground2) 75%, var(--card)), var(--card) 85%);
    border-color: var(--colorBrandStroke2);
    box-shadow: 0 6px 24px color-mix(in srgb, var(--colorBrandStroke1) 16%, transparent);
  }

  .head {
    display: flex;
    align-items: center;
    gap: 14px;
  }

  .who {
    flex: 1;
    min-width: 0;
  }

  h3 {
    font-size: var(--fontSizeBase500);
    line-height: var(--lineHeightBase500);
    font-weight: var(--fontWeightSemibold);
    overflow-wrap: anywhere;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    line-clamp: 2;
    overflow: hidden;
  }

  .pill {
    flex: none;
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 28px;
    padding: 0 12px;
    border-radius: 14px;
    background: var(--inset);
    color: var(--quiet);
    font-size: var(--fontSizeBase200);
    font-weight: var(--fontWeightSemibold);
  }

  .pill.live {
    background: color-mix(in srgb, var(--good) 11%, transparent);
    color: var(--good);
  }

  .pill.live i {
    width: 8px;
    height: 8px;
    border-radius: 50%;
    background: currentColor;
  }

  .pill.wrap {
    background: var(--warmBackground);
    color: var(--warm);
  }

  usher-confirm,
  usher-handing {
    position: absolute;
  }

  .handing {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 10px 12px;
    padding: 10px 14px;
    border-radius: 10px;
    background: var(--inset);
  }

  .handing p {
    flex: 1 1 200px;
  }

  .who p span:last-child {
    white-space: nowrap;
  }

  blockquote {
    margin: 0;
    padding: 12px 16px;
    border-radius: 4px 14px 14px 14px;
    background: var(--card);
    border: 1px solid var(--line);
    overflow-wrap: anywhere;
    white-space: pre-line;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 4;
    line-clamp: 4;
    overflow: hidden;
  }

  .noted {
    padding: 10px 14px;
    border-radius: 10px;
    background: var(--inset);
    overflow-wrap: anywhere;
  }

  .noted .quiet {
    font-size: var(--fontSizeBase200);
  }

  .note {
    white-space: pre-line;
  }

  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 12px 16px;
  }

  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }

  .notice {
    display: flex;
    gap: 10px;
    padding: 10px 14px;
    border-radius: 10px;
    background: var(--warmBackground);
    color: var(--warm);
  }

  .page {
    display: flex;
    align-items: center;
    gap: 6px;
    margin-top: -6px;
    font-size: var(--fontSizeBase200);
    overflow-wrap: anywhere;
  }

  .opening {
    display: flex;
    align-items: center;
    gap: 10px;
  }

  @media (max-width: 480px) {
    .card {
      padding: 16px;
    }

    .offered .actions {
      width: 100%;
    }

    .offered .actions fluent-button {
      flex: 1;
      min-height: 44px;
    }

    .row > p {
      width: 100%;
      text-align: center;
    }
  }
`;
