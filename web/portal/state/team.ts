/** A service's team and chats, for its supervisors' page: fetched again when something may have changed. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Team, TeamTasks } from "../types.js";
import { call } from "./api.js";
import { session } from "./session.js";

/** Changes at the same time cause one fetch. */
const GATHER_MS = 150;

export class TeamWatch implements ReactiveController {
  team: Team | null = null;
  tasks: TeamTasks | null = null;
  /** The error of the last fetch; null if it succeeded. */
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
    // Changes of the queue arrive as events; other changes appear with the next heartbeat.
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

  /** Fetches again after an action on this page. */
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
