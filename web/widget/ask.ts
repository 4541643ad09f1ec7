/** HTTP requests to the visitor API. */
import { json, type Realm } from "./pristine";

/** The API refused; `field` names the input to correct, `after` is the number of seconds to wait before a retry. */
export class Refused extends Error {
  constructor(
    message = "",
    readonly field = "",
    readonly after?: number,
  ) {
    super(message);
  }
}

/** POST or GET JSON. Throws `Refused` with the server's message, or a TypeError if it cannot be reached. */
export async function ask<T>(realm: Realm, url: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const request: RequestInit = { credentials: "omit" };
  if (signal) request.signal = signal;
  if (body) Object.assign(request, { method: "POST", body: json(body), headers: { "content-type": "application/json" } });
  const answer = await realm.of(window.fetch).fetch(url, request);
  let said: unknown;
  try {
    said = await answer.json();
  } catch (error) {
    if (answer.ok) throw error;
  }
  if (answer.ok) return said as T;
  const { error } = (said ?? {}) as { error?: { message?: string; field?: string; after_seconds?: number } };
  throw new Refused(error?.message, error?.field ?? "", error?.after_seconds);
}
