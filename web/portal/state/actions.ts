/** The user's actions. Each returns when the server has answered; changes arrive as events. */
import type { Language, Targets, Task, TaskAnswer, ThemeChoice, Transcript } from "../types.js";
import { call } from "./api.js";
import { session } from "./session.js";

const taskPath = (task: Task, verb: string): string => `/tasks/${task.id}/${verb}`;

async function onTask(task: Task, verb: string, body: unknown = {}): Promise<TaskAnswer> {
  const answer = await call<TaskAnswer>("POST", taskPath(task, verb), body);
  if (answer.task !== null) session.renewTask(answer.task);
  // Without a connection there are no events: ask for a new snapshot.
  if (!session.connected) session.live.renew();
  return answer;
}

export const accept = (task: Task): Promise<TaskAnswer> => onTask(task, "accept", { offer: task.offer });
export const decline = (task: Task): Promise<TaskAnswer> => onTask(task, "decline", { offer: task.offer });
export const delivered = (task: Task): Promise<TaskAnswer> => onTask(task, "delivered", { offer: task.offer });
/** Picks a waiting chat. */
export const pick = (id: string): Promise<TaskAnswer> => call<TaskAnswer>("POST", `/tasks/${id}/pick`, {});
export const terminate = (task: Task): Promise<TaskAnswer> => onTask(task, "terminate");
/** A transfer target: a service or an agent. */
export const targets = (task: Task): Promise<Targets> => call<Targets>("GET", taskPath(task, "targets"));
export const transfer = (task: Task, to: { service: string } | { user: string }): Promise<TaskAnswer> => onTask(task, "transfer", to);
export const takeBack = (task: Task): Promise<TaskAnswer> => onTask(task, "take-back");
export const finishAcw = (task: Task): Promise<TaskAnswer> => onTask(task, "acw/done");
export const extendAcw = (task: Task): Promise<TaskAnswer> => onTask(task, "acw/extend");

export interface Wrapup {
  codes: string[];
  tags: string[];
  note: string;
}

export const saveWrapup = (task: Task, wrapup: Wrapup): Promise<TaskAnswer> => onTask(task, "wrapup", wrapup);

export const transcript = (task: Task): Promise<Transcript> =>
  call<Transcript>("GET", taskPath(task, "transcript"));

export const setDuty = (on: boolean): Promise<void> => call("POST", "/me/duty", { on });
/** `reason`: the code of one of the tenant's reasons for not being available; "" = available again. */
export const setAvailability = (reason: string): Promise<void> => call("POST", "/me/availability", { reason });
export const resetRona = (): Promise<void> => call("POST", "/me/rona/reset", {});

export interface RegisterAnswer {
  result: string;
  message: string;
}

export const register = (): Promise<RegisterAnswer> => call("POST", "/me/register", {});
export const unregister = (): Promise<RegisterAnswer> => call("POST", "/me/unregister", {});

export interface Preferences {
  language: Language;
  theme: ThemeChoice;
  notifications: boolean;
}

/** By then, events that were sent before the server stored a choice have arrived. */
const ON_THEIR_WAY_MS = 2_000;

/** Shown immediately and stored by the server; a refusal restores the old ones. */
export async function savePreferences(change: Partial<Preferences>): Promise<void> {
  const me = session.snapshot?.me;
  if (me === undefined) return;
  const before = Object.fromEntries(Object.keys(change).map((name) => [name, me[name as keyof Preferences]]));
  session.choose(change);
  try {
    await call("PUT", "/me/preferences", change);
    setTimeout(() => session.settled(change), ON_THEIR_WAY_MS);
  } catch (error) {
    session.settled(change, before);
    throw error;
  }
}

/** Reports that this page is open and the user can see it or be notified. */
export const reportSurface = (hidden: boolean, notifications: boolean): Promise<void> =>
  call("POST", "/surface", { surface: session.surface, hidden, notifications });
