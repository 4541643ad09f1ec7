/** <teams-page>: a Teams client for one person of the sandbox's world. */
import { LitElement, type PropertyValues } from "lit";
import { Api, Refused, type ActionResult, type Chat, type Message, type State, type Toast } from "./api";
import type { CardClick } from "./card";
import { Sync } from "./sync";
import { frame } from "./views/frame";

const TOAST_MS = 7000;
const LINK = /^\/teams\/l\/chat\/([^/]+)/;

/** The popup that is open. */
export type Popup = "me" | "apps" | "members" | "new" | null;

export class TeamsPage extends LitElement {
  /** The id of the chat on screen. */
  chosen = "";
  popup: Popup = null;
  toasts: Toast[] = [];
  /** The user's message that is being edited. */
  editing = "";
  /** chat id → unsent draft */
  readonly drafts = new Map<string, string>();
  /** message id → the bot's answer to the last click */
  readonly answers = new Map<string, string>();
  readonly #refreshed = new Set<string>();
  readonly #api = new Api(decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? ""));
  readonly #sync = new Sync(this.#api, () => this.#changed(), (toast) => this.#toasted(toast));
  #atEnd = true;
  #shown = "";

  /** No shadow root, so that links, cards and tests find everything in one document. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#follow();
    addEventListener("hashchange", () => this.#follow());
    document.addEventListener("visibilitychange", () => this.#markRead());
    addEventListener("click", (event) => this.#clickedAnywhere(event));
    addEventListener("keydown", (event) => event.key === "Escape" && this.show(null));
    this.addEventListener("card-link", (event) => this.#link((event as CustomEvent<string>).detail));
    this.#sync.start();
  }

  get state(): State | null {
    return this.#sync.state;
  }

  get trouble(): string {
    return this.#sync.trouble;
  }

  get chat(): Chat | undefined {
    return this.state?.chats.find((chat) => chat.id === this.chosen);
  }

  typingIn(chat: Chat): string {
    return this.#sync.typing.get(chat.id) ?? "";
  }

  openChat(id: string): void {
    this.chosen = id;
    this.#atEnd = true;
    this.editing = "";
    this.popup = null;
    history.replaceState(null, "", `${location.pathname}#/chat/${encodeURIComponent(id)}`);
    this.#follow();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(".compose textarea")?.focus());
  }

  show(popup: Popup): void {
    this.popup = this.popup === popup ? null : popup;
    this.requestUpdate();
  }

  async write(text: string): Promise<void> {
    const { chat, state } = this;
    if (!chat || !state || !text.trim()) return;
    this.#atEnd = true;
    await this.try(() => this.#api.write(chat.id, text, text.includes(`@${state.app.name}`)));
  }

  async edit(message: Message, text: string): Promise<void> {
    this.editing = "";
    this.requestUpdate();
    if (text.trim() && text !== message.text) await this.try(() => this.#api.edit(this.chosen, message.id, text));
  }

  erase = (message: Message) => this.try(() => this.#api.remove(this.chosen, message.id));
  undelete = (message: Message) => this.try(() => this.#api.undelete(this.chosen, message.id));
  presence = (availability: string) => this.try(() => this.#api.presence(availability));
  install = (on: boolean) => this.try(() => this.#api.install(on));
  addMember = (user: string) => this.try(() => this.#api.add(this.chosen, user));
  leave = () => this.try(() => this.#api.leave(this.chosen));

  async open(topic: string, members: string[]): Promise<void> {
    await this.try(async () => this.openChat((await this.#api.open(topic, members)).id));
  }

  async act(message: Message, { action, inputs, done }: CardClick): Promise<void> {
    this.answers.delete(message.id);
    try {
      this.#answered(message, await this.#api.act(this.chosen, message.id, action, inputs));
    } catch (error) {
      this.answers.set(message.id, wordsOf(error));
    }
    await this.#sync.fetch();
    done();
  }

  scrolled(thread: Element): void {
    this.#atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
  }

  dismiss(toast: Toast): void {
    this.toasts = this.toasts.filter((one) => one !== toast);
    this.requestUpdate();
  }

  protected override render(): unknown {
    return frame(this);
  }

  protected override updated(changes: PropertyValues): void {
    super.updated(changes);
    const thread = this.querySelector(".thread");
    if (thread && (this.#atEnd || this.#shown !== this.chosen)) thread.scrollTop = thread.scrollHeight;
    this.#shown = this.chosen;
    const unread = this.state?.chats.reduce((sum, chat) => sum + chat.unread, 0) ?? 0;
    const name = this.state?.me.name ?? "Teams";
    document.title = `${unread ? `(${unread}) ` : ""}${this.chat?.title ?? "Chat"} | ${name} | Teams (sandbox)`;
  }

  /** Run an action; a toast says why it failed. */
  async try(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#toasted({ chat: "", title: "That did not work", text: wordsOf(error) });
    }
    await this.#sync.fetch();
  }

  #answered(message: Message, result: ActionResult): void {
    if (result.kind === "message" || result.kind === "error") this.answers.set(message.id, result.text);
  }

  #changed(): void {
    const chats = this.state?.chats ?? [];
    if (!this.chosen && chats[0] && innerWidth > 720) this.chosen = chats[0].id;
    this.#markRead();
    this.#refresh();
    this.requestUpdate();
  }

  /** Teams asks the bot to refresh a card that names this user, once for each version on screen. */
  #refresh(): void {
    for (const message of this.chat?.messages ?? []) {
      const version = `${message.id} ${message.edited_at}`;
      if (!message.refresh_due || this.#refreshed.has(version)) continue;
      this.#refreshed.add(version);
      // A failed refresh leaves the card unchanged: Teams shows no error either.
      void this.#api.refresh(this.chosen, message.id).then(() => this.#sync.fetch(), () => undefined);
    }
  }

  #markRead(): void {
    const chat = this.chat;
    if (!chat?.unread || document.visibilityState !== "visible") return;
    void this.#api.read(chat.id).then(() => this.#sync.soon(), () => undefined);
  }

  #toasted(toast: Toast): void {
    const isSeen = toast.chat === this.chosen && document.visibilityState === "visible" && document.hasFocus();
    if (isSeen && toast.chat) return;
    this.toasts = [...this.toasts.slice(-2), toast];
    setTimeout(() => this.dismiss(toast), TOAST_MS);
    this.requestUpdate();
  }

  /** Show the chat in the address: `#/chat/<id>` or `?chat=<id>`. */
  #follow(): void {
    const hash = /^#\/chat\/(.+)/.exec(location.hash)?.[1];
    const chat = hash ? decodeURIComponent(hash) : new URLSearchParams(location.search).get("chat");
    if (chat) this.chosen = chat;
    this.#changed();
  }

  #link(url: string): void {
    const target = new URL(url, location.href);
    const chat = target.origin === location.origin ? LINK.exec(target.pathname)?.[1] : undefined;
    if (chat) this.openChat(decodeURIComponent(chat));
    else open(target.href, "_blank", "noopener");
  }

  #clickedAnywhere(event: MouseEvent): void {
    const target = event.target as Element;
    const link = target.closest<HTMLAnchorElement>(".thread a[href]");
    if (link) {
      event.preventDefault();
      this.#link(link.href);
    }
    for (const open of this.querySelectorAll("details[open]")) if (!open.contains(target)) open.removeAttribute("open");
    if (this.popup && !target.closest(".popup, [aria-haspopup]")) this.show(null);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Refused ? error.message : "The sandbox could not be reached.";
}
