/**
 * The browser's own functions. Pages replace them: with wrappers that add headers, with polyfills from other times, or
 * with methods that change what JSON says of every array.
 */

const isOwn = (made: unknown) => /\[native code]/.test(Function.prototype.toString.call(made));

/** Where functions come from: the page, or, for what the page has replaced, an empty frame among the chat's own nodes. */
export class Realm {
  constructor(private readonly place: ShadowRoot) {}

  /** A window whose own function this is; its sockets and requests end when the place leaves the page. */
  of(made: unknown): Window & typeof globalThis {
    if (isOwn(made)) return window;
    const frame =
      this.place.querySelector("iframe") ??
      this.place.appendChild(Object.assign(document.createElement("iframe"), { hidden: true }));
    return (frame.contentWindow ?? window) as Window & typeof globalThis;
  }
}

/** The promises of the language itself: an async function asks nobody. */
const Eventually = (async () => {})().constructor as PromiseConstructor;

export const sleep = (ms: number) => new Eventually((wake) => setTimeout(wake, ms));

const quoted = (text: string) =>
  `"${text.replace(/["\\\0-\x1f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;

/** `JSON.stringify` for plain data, which asks nobody's `toJSON`. */
export function json(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(json).join()}]`;
  if (typeof value !== "object" || !value) return `${value}`;
  const said = Object.entries(value).filter(([, part]) => part !== undefined);
  return `{${said.map(([name, part]) => `${quoted(name)}:${json(part)}`).join()}}`;
}
