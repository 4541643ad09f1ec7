/** Sentences for the state of a chat. */
import type { Config, Status } from "../protocol";
import type { Say, Texts } from "../texts";

const OUTCOMES: Record<string, keyof Texts> = {
  not_answered: "over_unanswered",
  declined_by_all: "over_unanswered",
  queue_limit: "over_queue",
  outside_hours: "closed",
  idle: "over_idle",
  visitor_gone: "over_gone",
  abandoned_in_queue: "over_gone",
  expired: "over_expired",
  error: "over_error",
};

/** The sentence for a state; "" if there is none. */
export function stateWords(status: Status, say: Say): string {
  const { state, agent, position, outcome, notice } = status;
  if (state === "ended") return say(status.visitor_ended ? "over_by_you" : (OUTCOMES[outcome ?? ""] ?? "over"));
  if (state === "connected" && notice) return say(notice === "idle" ? "still_there" : notice);
  if (state === "connected") return agent ? say("met", agent) : say("is_connected");
  if (state === "new") return "";
  return `${say(notice ? "passed_on" : "waiting")} ${position ? say(position > 1 ? "position" : "next", position) : ""}`;
}

/** The line below the name in the window's header. */
export function headWords(status: Status | undefined, config: Config, say: Say): string {
  if (!status) return config.presence ? say(config.presence) : "";
  if (status.state === "connected") return status.agent && status.agent !== config.name ? config.name : say("is_connected");
  return say(status.state === "ended" ? "is_ended" : "is_waiting");
}
