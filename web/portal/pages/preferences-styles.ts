import { css } from "lit";

export const preferencesStyles = css`
  .columns {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    gap: 20px;
    align-items: stretch;
  }

  .card {
    display: flex;
    flex-direction: column;
    gap: 16px;
  }

  .bot {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 12px;
    padding: 14px 16px;
    border-radius: 12px;
    background: var(--inset);
  }

  .is,
  .waiting,
  h3 {
    display: flex;
    align-items: center;
    gap: 10px;
  }

  b,
  legend {
    font-weight: var(--fontWeightSemibold);
  }

  .is svg {
    color: var(--quiet);
  }

  .is.yes svg {
    color: var(--good);
  }

  fluent-switch {
    flex: none;
  }

  .missing {
    overflow-wrap: anywhere;
    padding: 14px 16px;
    border-radius: 12px;
    background: var(--warmBackground);
  }

  .missing h3 {
    color: var(--warm);
    font-size: var(--fontSizeBase300);
    font-weight: var(--fontWeightSemibold);
  }

  .missing li {
    margin-top: 6px;
    padding-inline-start: 30px;
  }

  legend {
    padding: 0;
    margin-bottom: 8px;
  }

  .small {
    font-size: var(--fontSizeBase200);
  }

  .switch {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 20px;
  }

  .switch + .switch {
    padding-top: 16px;
    border-top: 1px solid var(--line);
  }

  .account {
    display: flex;
    align-items: center;
    gap: 14px;
    overflow-wrap: anywhere;
  }

  @media (max-width: 760px) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
      gap: 16px;
    }
  }
`;
