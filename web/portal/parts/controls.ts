/** Small controls in lists: selects and buttons of the same look, as tall as a line. */
import { css } from "lit";

export const controls = css`
  select,
  button.small {
    min-height: 32px;
    padding: 0 10px;
    border: 1px solid var(--edge);
    border-radius: 8px;
    background: var(--card);
    color: inherit;
    font: inherit;
    font-size: var(--fontSizeBase200);
  }

  select {
    max-width: 100%;
    padding-inline-end: 6px;
  }

  button.small {
    cursor: pointer;
    white-space: nowrap;
  }

  select:hover,
  button.small:hover {
    background: var(--inset);
  }

  button.small.stop {
    color: var(--stop);
  }

  select:disabled,
  button.small:disabled {
    color: var(--quiet);
    border-color: var(--line);
    cursor: default;
  }

  .tag {
    display: inline-flex;
    align-items: center;
    min-height: 20px;
    padding: 0 8px;
    border-radius: 10px;
    background: var(--inset);
    color: var(--quiet);
    font-size: var(--fontSizeBase200);
    font-weight: var(--fontWeightSemibold);
    white-space: nowrap;
  }

  .tag.high,
  .tag.strict {
    background: var(--warmBackground);
    color: var(--warm);
  }
`;
