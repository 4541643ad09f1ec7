/** <usher-chat>: the button in the corner, the window that it opens, and its behaviour. */
import { ask, Refused } from "./ask";
import { palette } from "./colour";
import { Realm, sleep } from "./pristine";
import { LONGEST_TEXT, type Config, type MessageFrame } from "./protocol";
import { fetchLinks, mayLink } from "./richtext";
import { Session } from "./session";
import { child } from "./template";
import { language, say, speaker } from "./texts";
import { frame } from "./views/frame";
import { stateWords } from "./views/words";
import css from "./widget.css?inline";

/** The script tag's configuration. `base`: the address of the visitor API, ending in a slash. */
export interface Setup {
  base: string;
  key: string;
}

/** An input that the visitor must correct before the chat can start; `field` is its name, or "". */
export interface Fault {
  field: string;
  text: string;
}

const ATTEMPTS = 4;
/** Delay after the last key before the draft is stored: a page may be restored before the next page's `pagehide`. */
const NOTING_MS = 300;
/** How often an open page refreshes presence and opening hours. */
const PRESENCE_MS = 60_000;
/** Seconds; if the server asks for a longer pause, only the visitor can retry. */
const LONGEST_PAUSE = 30;
/** Within this distance from the end, new messages scroll into view automatically (pixels). */
const NEAR_END = 60;
/** Maximum number of announcements kept for screen readers. */
const ANNOUNCEMENTS = 5;
/** Events that do not reach the page, which listens to them for shortcuts, focus traps and scroll effects. */
const OURS = "keydown keypress keyup beforeinput input paste copy cut focusin focusout wheel touchmove";
/** These reach the page unless something in the window has used them. */
const SHARED = /^(Tab|Escape)$/;

const style = new CSSStyleSheet();
style.replaceSync(css);

export class UsherChat extends HTMLElement {
  config: Config | null = null;
  readonly language = language();
  readonly say = say;
  readonly session!: Session;
  isOpen = false;
  /** The visitor pressed "End chat" and is asked to confirm. */
  isAskingEnd = false;
  isStarting = false;
  fault: Fault | null = null;
  /** The visitor's details, for the next chat. */
  known = { name: "", email: "" };
  /** The end of the messages is in view. */
  atEnd = true;
  readonly #root = this.attachShadow({ mode: "open" });
  readonly #draw = child(this.#root.appendChild(document.createComment("")));
  readonly #realm = new Realm(this.#root);
  readonly #phone = matchMedia("(max-width: 479px)");
  #drawing: Promise<void> | null = null;
  #told: string | null = null;
  /** Releases listeners, the connection and timers. */
  #leave: AbortController | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #later: unknown = null;
  #noting: ReturnType<typeof setTimeout> | undefined;
  #refresh: ReturnType<typeof setInterval> | undefined;

  /** Without a setup it is a clone that the page made, for its page cache for example. */
  constructor(
    private readonly setup?: Setup,
    private readonly nth = 0,
    private readonly all = new Map<string, UsherChat>(),
  ) {
    super();
    if (!setup) return;
    this.#root.adoptedStyleSheets = [style];
    // For page listeners that run before ours: this element is a text field.
    Object.defineProperty(this, "isContentEditable", { value: true });
    const keep = (event: Event) => SHARED.test((event as KeyboardEvent).key) || event.stopPropagation();
    for (const type of OURS.split(" ")) this.addEventListener(type, keep, { passive: true });
    const heard = ({ author, text }: MessageFrame) => this.#announce(`${author || this.config?.name}: ${text}`);
    this.session = new Session(this.#realm, `${setup.base}v1/`, setup.key, () => this.update(), heard, (text) => this.#announce(this.say(text)));
  }

  connectedCallback(): void {
    if (this.setup) this.#start();
    else this.remove();
  }

  disconnectedCallback(): void {
    this.#stop();
  }

  #start(): void {
    if (this.#leave || !this.isConnected) return;
    const { signal } = (this.#leave = new AbortController());
    const look = () => {
      this.session.look(document.visibilityState === "visible");
      this.#lookAround();
    };
    this.#refresh = setInterval(() => this.#lookAround(), PRESENCE_MS);
    for (const type of ["online", "visibilitychange", "focus"]) addEventListener(type, look, { signal });
    const hidden = () => {
      this.#stop();
      // Some browsers keep the page and restore it when the visitor returns.
      addEventListener("pageshow", () => this.#start(), { once: true });
    };
    addEventListener("pagehide", hidden, { signal });
    this.#phone.addEventListener?.("change", () => this.#raise(), { signal });
    visualViewport?.addEventListener("resize", () => this.#fit(), { signal });
    this.session.resume(signal);
    if (this.config) void this.update().then(() => this.#raise());
    else void this.#configure(1);
  }

  #stop(): void {
    if (!this.#leave) return;
    this.session.pause();
    this.#leave.abort();
    this.#leave = null;
    clearTimeout(this.#retry);
    clearInterval(this.#refresh);
    clearTimeout(this.#noting);
  }

  /** Loads what is needed once there are messages: the texts for a running chat, and links. */
  async #fetchLater(): Promise<void> {
    const { base } = this.setup as Setup;
    try {
      await speaker(base, this.language, "-later");
      await fetchLinks(base);
      void this.update();
    } catch {
      this.#retry = setTimeout(() => (this.#later = null), PRESENCE_MS);
    }
  }

  /** Refreshes opening hours and presence while they may be visible. */
  #lookAround(): void {
    if (this.config && !this.session.chat && document.visibilityState === "visible") void this.#configure(ATTEMPTS);
  }

  async #configure(attempt: number): Promise<void> {
    const { base, key } = this.setup as Setup;
    try {
      const texts = speaker(base, this.language);
      texts.catch(() => null); // it is reported where it is awaited
      const config = await ask<Config>(this.#realm, `${base}v1/widgets/${key}`);
      await texts;
      this.config = config;
    } catch (error) {
      if (error instanceof Refused || attempt === ATTEMPTS) console.error("Usher: the chat is not shown.", error);
      else if (this.#leave) this.#retry = setTimeout(() => void this.#configure(attempt + 1), 2000 * 2 ** attempt);
      return;
    }
    // On a phone the window would cover the page that the visitor has just opened.
    if (this.session.chat && this.session.notes.open && !this.#phone.matches) this.isOpen = true;
    await this.update();
  }

  /** Draw once for all changes of this turn. */
  update(): Promise<void> {
    return (this.#drawing ??= this.#redraw());
  }

  async #redraw(): Promise<void> {
    await null;
    this.#drawing = null;
    if (!this.config) return;
    if (this.session.chat || mayLink(this.config.greeting)) this.#later ??= this.#fetchLater();
    this.#draw(frame(this, this.config));
    // Not on the element itself, where the page's scripts and styles could reach them.
    const look = { ...palette(this.config.colour), "--nth": `${this.nth}` };
    for (const [name, value] of Object.entries(look)) this.#box.style.setProperty(name, value);
    if (this.isConnected && !this.#box.matches(":popover-open")) this.#box.showPopover();
    this.#drawn();
  }

  show(): void {
    this.isOpen = true;
    this.#remember();
    for (const other of this.all.values()) if (other !== this) other.hide();
    void this.update().then(() => {
      this.#raise();
      this.toEnd();
      // After a tap the visitor reads first: focus would open a keyboard over the window.
      if (matchMedia("(pointer: coarse)").matches) this.#focus("title");
      else this.#focus("start", "name", "text", "title");
    });
  }

  hide(): void {
    if (!this.isOpen) return;
    const hadFocus = this.#root.querySelector("dialog:focus-within");
    this.isOpen = this.isAskingEnd = false;
    this.#remember();
    if (hadFocus) this.#focus("launcher");
  }

  /** Send the draft; the first message starts the chat first. */
  async submit(): Promise<void> {
    const text = this.draft.trimEnd();
    if (this.isStarting || this.excess > 0) return;
    if (this.session.chat) {
      if (text) this.session.say(text);
    } else if (!this.#isComplete() || (text && !(await this.#begin(text)))) {
      return this.#focus(this.fault?.field ?? "", "text");
    }
    this.draft = "";
    this.atEnd = true;
    this.#focus("text");
  }

  /** The unsent draft. */
  get draft(): string {
    return this.session.notes.draft;
  }

  set draft(text: string) {
    this.session.notes.draft = text;
  }

  /** How many characters too long the draft is. */
  get excess(): number {
    return [...this.draft.trimEnd()].length - LONGEST_TEXT;
  }

  write(text: string): void {
    this.draft = text;
    if (text) this.session.tellTyping();
    clearTimeout(this.#noting);
    this.#noting = setTimeout(() => this.session.save(), NOTING_MS);
    void this.update();
  }

  askEnd(on: boolean): void {
    this.isAskingEnd = on;
    this.#focus(on ? "confirm" : "text");
  }

  end(): void {
    this.isAskingEnd = false;
    this.session.leave();
    this.#focus("start");
  }

  startAnew(): void {
    this.session.forget();
    this.show();
  }

  toEnd(): void {
    const thread = this.#find("thread");
    if (thread) thread.scrollTop = thread.scrollHeight;
  }

  scrolled({ scrollHeight, scrollTop, clientHeight }: Element): void {
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (atEnd === this.atEnd) return;
    this.atEnd = atEnd;
    void this.update();
  }

  #drawn(): void {
    const dialog = this.#dialog;
    // The page opens the window on load: not with `show()`, which would take the focus from the page.
    if (this.isOpen) dialog.open = true;
    else dialog.close();
    const area = this.#find("text");
    if (area) {
      area.style.height = "";
      area.style.height = `${area.scrollHeight}px`; // as high as its text
    }
    if (this.atEnd) this.toEnd();
    if (this.isOpen && this.atEnd && document.visibilityState === "visible") this.session.markRead();
    // Announce to screen readers what is visible: that the visitor waits, who answers, that the chat has ended.
    const status = this.session.chat?.status;
    const words = status ? stateWords(status, this.say) : "";
    if (this.#told !== null && words !== this.#told) this.#announce(words);
    this.#told = words;
  }

  /** Show the window, over all of a phone's screen or in the corner of a larger one. */
  #raise(): void {
    const dialog = this.#dialog;
    if (!this.isOpen) return;
    dialog.close();
    if (this.#phone.matches) dialog.showModal();
    else dialog.show();
    this.#fit();
  }

  /** A phone's keyboard covers the page without resizing it. */
  #fit(): void {
    this.#box.style.setProperty("--seen", `${visualViewport?.height ?? innerHeight}px`);
    if (this.atEnd) this.toEnd();
  }

  /** Draw, then focus the first of these elements that exists. */
  #focus(...ids: string[]): void {
    void this.update().then(() => ids.map((id) => this.#find(id)).find(Boolean)?.focus());
  }

  #isComplete(): boolean {
    const { ask: asked, privacy } = this.config as Config;
    const [name, email] = [this.#value("name"), this.#value("email")];
    const wrong = (field: "name" | "email" | "privacy") => (this.fault = { field, text: this.say(`need_${field}`) });
    this.fault = null;
    if (asked.name === "required" && !name) wrong("name");
    else if (email ? !/^\S+@\S+\.\S+$/.test(email) : asked.email === "required") wrong("email");
    else if (privacy.tick && !this.#isTicked()) wrong("privacy");
    return !this.fault;
  }

  async #begin(text: string): Promise<boolean> {
    const privacy_accepted = this.#isTicked();
    this.known = { name: this.#value("name"), email: this.#value("email") };
    this.isStarting = true;
    for (let attempt = 1; this.isStarting; attempt++) {
      void this.update();
      try {
        await this.session.start({ ...this.known, privacy_accepted, locale: this.language }, text);
        this.fault = null;
        this.isStarting = false;
      } catch (error) {
        const { after = 0 } = error as Partial<Refused>;
        this.isStarting = !!after && after <= LONGEST_PAUSE && attempt < ATTEMPTS;
        this.fault = this.isStarting ? { field: "", text: this.say("no_room") } : this.#faultOf(error);
        if (this.isStarting) await this.update();
        if (this.isStarting) await sleep(after * 1000 * (1 + Math.random()));
      }
    }
    return !this.fault;
  }

  /** Show the server's refusal at its field, in the visitor's language if there is a text for it. */
  #faultOf(error: unknown): Fault {
    if (!(error instanceof Refused)) return { field: "", text: this.say("no_network") };
    const [field = ""] = /^(name|email|privacy|text)/.exec(error.field) ?? [];
    const text = field === "email" || field === "privacy" ? this.say(`need_${field}`) : error.message;
    return { field, text: text || this.say("no_start") };
  }

  #announce(text: string): void {
    const region = this.#find("news");
    if (!region || !text) return;
    const line = document.createElement("p");
    line.textContent = text;
    region.append(line);
    if (region.childElementCount > ANNOUNCEMENTS) region.firstElementChild?.remove();
  }

  /** Remember whether the window is open, once there is a chat. */
  #remember(): void {
    this.session.notes.open = this.isOpen;
    this.session.save();
  }

  get #box(): HTMLElement {
    return this.#root.querySelector(".root") as HTMLElement;
  }

  get #dialog(): HTMLDialogElement {
    return this.#root.querySelector("dialog") as HTMLDialogElement;
  }

  #find(id: string): HTMLElement | null {
    return this.#root.getElementById(id);
  }

  #isTicked(): boolean {
    return !!this.#root.querySelector("#privacy:checked");
  }

  #value(id: string): string {
    return (this.#find(id) as HTMLInputElement | null)?.value.trim() ?? "";
  }
}
