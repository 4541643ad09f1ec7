/** The start: theme and texts first, then the frame, then the line to the server. */
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
  // Back on a network, or looked at again: no reason to sit out the pause before the next try.
  const hurry = (): void => {
    if (!session.connected && !document.hidden) session.live.renew();
  };
  window.addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  // A page that the browser kept whole and shows again (Back) may be older than the session.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) session.doubt();
  });
  await import("./shell.js");
  const inTeams = await startTeams();
  // Teams knows who is looking; a browser has its session already, or the page says that it has none.
  if (inTeams) await teamsSignIn();
  if (location.pathname === "/portal/signed-out") session.signedOut();
  else await session.stay(teamsSignIn);
}

void start();
