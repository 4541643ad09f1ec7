/** Usher as a tab in Teams: its theme, and the user who is signed in there. TeamsJS is fetched only inside a frame. */
import { teamsTheme } from "./theme.js";

type TeamsJs = typeof import("@microsoft/teams-js");

let sdk: TeamsJs | null = null;

export const framed = window.parent !== window;
export const inTeams = (): boolean => sdk !== null;

/** Resolves to true in a Teams tab; false in any other frame, where no host answers. */
export async function startTeams(): Promise<boolean> {
  if (!framed) return false;
  const loaded = await import("@microsoft/teams-js");
  try {
    await Promise.race([
      loaded.app.initialize(),
      new Promise((_, reject) => setTimeout(() => reject(new Error("no Teams around this frame")), 5_000)),
    ]);
  } catch {
    return false;
  }
  sdk = loaded;
  loaded.app.registerOnThemeChangeHandler(teamsTheme);
  teamsTheme((await loaded.app.getContext()).app.theme);
  loaded.app.notifySuccess();
  return true;
}

/** Signs in with the Teams account. False: not in Teams, or Teams or Usher refused. */
export async function teamsSignIn(): Promise<boolean> {
  if (sdk === null) return false;
  try {
    const token = await sdk.authentication.getAuthToken();
    const response = await fetch("/auth/teams", {
      method: "POST",
      headers: { "content-type": "application/json", "x-usher": "1" },
      credentials: "same-origin",
      body: JSON.stringify({ token }),
    });
    return response.ok;
  } catch {
    return false;
  }
}

/** Opens a chat inside Teams where that is possible; false: follow the link. */
export async function openInTeams(url: string): Promise<boolean> {
  if (sdk === null) return false;
  try {
    await sdk.app.openLink(url);
    return true;
  } catch {
    return false;
  }
}
