/** Startup: theme and texts first, then the frame, then the connection to the server. */
import { browserLanguage, useLanguage } from "./i18n.js";
import { startNotices } from "./notify.js";
import { session } from "./state/session.js";
import { startTeams, teamsSignIn } from "./teams.js";
import { startTheme } from "./theme.js";
import "./parts/fluent.js";

async function start(): Promise<void> {
  startTheme();
  await useLanguage(browserLanguage());
  startNotices();
  // The network is back, or the page is visible again: reconnect without waiting.
  const hurry = (): void => {
    if (!session.connected && !document.hidden) session.live.renew();
  };
  window.addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  // A page that the browser restores from its cache (Back) may be older than the session.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) session.doubt();
  });
  await import("./shell.js");
  const inTeams = await startTeams();
  // Teams knows who the user is; a browser has a session already, or the page says that there is none.
  if (inTeams) await teamsSignIn();
  if (location.pathname === "/portal/signed-out") session.signedOut();
  else await session.stay(teamsSignIn);
}

void start();
