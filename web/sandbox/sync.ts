/** The page's copy of the sandbox's state: fetched on each change signal, one request at a time. */
import { Api, type State, type Toast } from "./api";

/** Changes come in bursts: a card, its chat and a read mark within a few milliseconds. */
const BURST_MS = 30;
const TYPING_MS = 5000;

export class Sync {
  state: State | null = null;
  /** Why the state is missing or outdated. */
  trouble = "";
  /** chat → who is typing there */
  readonly typing = new Map<string, string>();
  #fetching = false;
  #again = false;
  #burst: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly api: Api,
    private readonly changed: () => void,
    private readonly toasted: (toast: Toast) => void,
  ) {}

  start(): void {
    const events = this.api.events();
    events.addEventListener("open", () => this.#trouble(""));
    events.addEventListener("error", () => this.#trouble("No connection to the sandbox. Trying again …"));
    events.addEventListener("change", () => this.soon());
    events.addEventListener("toast", (event) => this.toasted(JSON.parse(event.data as string) as Toast));
    events.addEventListener("typing", (event) => this.#types(JSON.parse(event.data as string) as { chat: string; from: string }));
    void this.fetch();
  }

  soon(): void {
    clearTimeout(this.#burst);
    this.#burst = setTimeout(() => void this.fetch(), BURST_MS);
  }

  async fetch(): Promise<void> {
    this.#again = true;
    if (this.#fetching) return;
    this.#fetching = true;
    while (this.#again) {
      this.#again = false;
      try {
        this.state = await this.api.state();
        this.trouble = "";
      } catch (error) {
        this.trouble = error instanceof Error ? error.message : `${error}`;
      }
      this.changed();
    }
    this.#fetching = false;
  }

  #trouble(words: string): void {
    this.trouble = words;
    this.changed();
  }

  #types({ chat, from }: { chat: string; from: string }): void {
    this.typing.set(chat, from);
    this.changed();
    setTimeout(() => {
      this.typing.delete(chat);
      this.changed();
    }, TYPING_MS);
  }
}
