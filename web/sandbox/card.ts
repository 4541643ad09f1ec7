/** <teams-card>: one Adaptive Card, drawn by Microsoft's renderer. */
import {
  AdaptiveCard,
  ExecuteAction,
  HostConfig,
  OpenUrlAction,
  SerializationContext,
  SubmitAction,
  Versions,
  type Action,
} from "adaptivecards";
import MarkdownIt from "markdown-it";
import { TEAMS_LIGHT } from "./host-config";

const markdown = new MarkdownIt({ breaks: true });

AdaptiveCard.onProcessMarkdown = (text, result) => {
  result.outputHtml = markdown.render(text);
  result.didProcess = true;
};

/** The action of a click on the card. `done` removes the busy state, unless the card was replaced meanwhile. */
export interface CardClick {
  action: Record<string, unknown>;
  inputs: Record<string, string>;
  done: () => void;
}

const MARK = "sandbox-action-";

export class TeamsCard extends HTMLElement {
  #drawn = "";
  #actions: Record<string, unknown>[] = [];

  /** The card's JSON. Setting an equal one changes nothing, so that typed input stays. */
  set content(content: Record<string, unknown>) {
    const text = JSON.stringify(content);
    if (text === this.#drawn) return;
    this.#drawn = text;
    this.#draw(content);
  }

  #draw(content: Record<string, unknown>): void {
    this.#actions = [];
    const card = new AdaptiveCard();
    card.hostConfig = new HostConfig(TEAMS_LIGHT);
    card.onExecuteAction = (action) => this.#clicked(card, action);
    const context = new SerializationContext(Versions.v1_5);
    // The renderer checks `lang` with a shared regular expression that keeps its `lastIndex`: every second card fails.
    const { lang, ...rest } = content;
    card.parse(this.#marked(rest), context);
    if (typeof lang === "string") card.lang = lang;
    const element = card.render();
    const faults = Array.from({ length: context.eventCount }, (_, at) => context.getEventAt(at).message);
    this.replaceChildren(...(element ? [element] : []), ...faults.map(fault));
    if (!element) this.append(fault((content.fallbackText as string | undefined) ?? "This card cannot be shown."));
    this.classList.remove("busy");
  }

  /** A copy in which each action has a number, which maps a click to the original object in the card. */
  #marked(part: unknown): unknown {
    if (Array.isArray(part)) return part.map((one) => this.#marked(one));
    if (typeof part !== "object" || part === null) return part;
    const entries = Object.entries(part).map(([key, value]) => [key, key === "data" ? value : this.#marked(value)]);
    const copy = Object.fromEntries(entries) as Record<string, unknown>;
    if (`${copy.type}`.startsWith("Action.")) copy.id = `${MARK}${this.#actions.push(part as Record<string, unknown>) - 1}`;
    return copy;
  }

  #clicked(card: AdaptiveCard, action: Action): void {
    if (action instanceof OpenUrlAction) {
      if (action.url) this.dispatchEvent(new CustomEvent("card-link", { detail: action.url, bubbles: true }));
      return;
    }
    if (!(action instanceof ExecuteAction || action instanceof SubmitAction) || this.classList.contains("busy")) return;
    const original = this.#actions[Number(action.id?.slice(MARK.length))];
    if (!original) return;
    const inputs: Record<string, string> = {};
    if (action.associatedInputs !== "none") {
      for (const input of card.getAllInputs()) if (input.id) inputs[input.id] = `${input.value ?? ""}`;
    }
    const button = action.renderedElement;
    this.classList.add("busy");
    button?.classList.add("clicked");
    const done = () => {
      this.classList.remove("busy");
      button?.classList.remove("clicked");
    };
    const detail: CardClick = { action: original, inputs, done };
    this.dispatchEvent(new CustomEvent("card-click", { detail, bubbles: true }));
  }
}

function fault(text: string): HTMLElement {
  const line = document.createElement("p");
  line.className = "fault";
  line.textContent = text;
  return line;
}

customElements.define("teams-card", TeamsCard);
