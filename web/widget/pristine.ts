/**
 * The browser's original functions. Pages replace them with wrappers that add headers, with old polyfills, or with methods
 * that change the JSON of every array.
 */

const isOwn = (made: unknown) => /\[native code]/.test(Function.prototype.toString.call(made));

/** Source of functions: the page or, for those that it replaced, an empty frame among the chat's nodes. */
export class Realm {
  constructor(private readonly place: ShadowRoot) {}

  /** A window that has the original function; its sockets and requests end when the frame leaves the page. */
  of(made: unknown): Window & typeof globalThis {
    if (isOwn(made)) return window;
    const frame =
      this.place.querySelector("iframe") ??
      this.place.appendChild(Object.assign(document.createElement("iframe"), { hidden: true }));
    return (frame.contentWindow ?? window) as Window & typeof globalThis;
  }
}

/** Native promises: an async function does not use the page's `Promise`. */
const Eventually = (async () => {})().constructor as PromiseConstructor;

export const sleep = (ms: number) => new Eventually((wake) => setTimeout(wake, ms));

const quoted = (text: string) =>
  `"${text.replace(/["\\\0-\x1f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;

/** `JSON.stringify` for plain data, which ignores any `toJSON`. */
export function json(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(json).join()}]`;
  if (typeof value !== "object" || !value) return `${value}`;
  const said = Object.entries(value).filter(([, part]) => part !== undefined);
  return `{${said.map(([name, part]) => `${quoted(name)}:${json(part)}`).join()}}`;
}
