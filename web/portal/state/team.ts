/** A service's team and chats, for the page of those who supervise it: read anew whenever something may have changed. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Team, TeamTasks } from "../types.js";
import { call } from "./api.js";
import { session } from "./session.js";

/** What changes together is read once. */
const GATHER_MS = 150;

export class TeamWatch implements ReactiveController {
  team: Team | null = null;
  tasks: TeamTasks | null = null;
  /** The last reading's refusal, as it was thrown; null when it went well. */
  problem: unknown = null;
  #service = "";
  #timer = 0;
  #reading = false;
  readonly #soon = (): void => {
    if (this.#timer === 0) this.#timer = window.setTimeout(() => void this.#read(), GATHER_MS);
  };

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {
    // The queue's changes come as events; what else changes shows with the next heartbeat.
    session.addEventListener("change", this.#soon);
    session.addEventListener("beat", this.#soon);
  }

  hostDisconnected(): void {
    session.removeEventListener("change", this.#soon);
    session.removeEventListener("beat", this.#soon);
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  watch(service: string): void {
    if (service === this.#service) return;
    this.#service = service;
    this.team = this.tasks = this.problem = null;
    void this.#read();
  }

  /** After something was done here. */
  refresh(): void {
    this.#soon();
  }

  async #read(): Promise<void> {
    this.#timer = 0;
    const service = this.#service;
    if (service === "") return;
    if (this.#reading) return this.#soon();
    this.#reading = true;
    try {
      const [team, tasks] = await Promise.all([
        call<Team>("GET", `/services/${service}/agents`),
        call<TeamTasks>("GET", `/services/${service}/tasks`),
      ]);
      if (service === this.#service) Object.assign(this, { team, tasks, problem: null });
    } catch (problem) {
      if (service === this.#service) this.problem = problem;
    } finally {
      this.#reading = false;
      this.host.requestUpdate();
    }
    if (service !== this.#service) this.#soon();
  }
}
