/**
 * Draws the widget: the part of Lit's `html` that the views use, with the same syntax, in a quarter of its bytes.
 *
 * An expression is either all of an attribute's value, written without quotes (`name=${…}`; `?name` toggles it,
 * `.name` is a property, `@name` a listener), or a child: text, another template, a list of these, or nothing.
 * Only the views contain markup; an expression's value is never parsed as markup.
 */

export interface TemplateResult {
  strings: TemplateStringsArray;
  values: unknown[];
}

/** Updates one place of the page. */
export type Part = (value: unknown) => void;

export const nothing = null;

export const html = (strings: TemplateStringsArray, ...values: unknown[]): TemplateResult => ({ strings, values });

/** Marks the position of an expression: a comment with this text, or an attribute whose name begins with it. */
const MARK = "$";
const LIST = {};

const parsed = new Map<TemplateStringsArray, DocumentFragment>();

interface Policy {
  createHTML(text: string): string;
}

/** A page that enforces Trusted Types allows markup only through a named policy. */
const policy: Policy | undefined = (
  globalThis as { trustedTypes?: { createPolicy(name: string, policy: Policy): Policy } }
).trustedTypes?.createPolicy("usher", { createHTML: (text) => text });

/** A new instance of a template, and its places in the order of its expressions. */
function stamp(strings: TemplateStringsArray): [DocumentFragment, Part[]] {
  let source = parsed.get(strings);
  if (!source) {
    const template = document.createElement("template");
    // Under a neutral name: a mark as the `d` of a path, for example, would be reported as an error.
    const mark = (all: string) => (all.endsWith("=") ? all.replace(/(\S+)=$/, `$${MARK}$1=""`) : `${all}<!--${MARK}-->`);
    // By index, here and below: pages replace array methods with ones that behave differently.
    let text = strings[0] as string;
    for (let at = 1; at < strings.length; at++) text = mark(text) + strings[at];
    template.innerHTML = policy ? policy.createHTML(text) : text;
    parsed.set(strings, (source = template.content));
  }
  const copy = document.importNode(source, true);
  const parts: Part[] = [];
  const walker = document.createTreeWalker(copy, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType === Node.COMMENT_NODE) parts.push(child(node as Comment));
    else for (const name of (node as Element).getAttributeNames()) if (name.startsWith(MARK)) parts.push(attribute(node as Element, name));
  }
  return [copy, parts];
}

function attribute(element: Element, marked: string): Part {
  const name = marked.slice(MARK.length);
  const bare = name.slice(1);
  let shown: unknown;
  element.removeAttribute(marked);
  if (name[0] === "@") element.addEventListener(bare, (event) => (shown as (event: Event) => unknown)(event));
  return (value) => {
    // Skip unchanged values: screen readers announce an attribute that is set again.
    if (value === shown) return;
    shown = value;
    if (name[0] === "?") element.toggleAttribute(bare, !!value);
    else if (name[0] === ".") Object.assign(element, { [bare]: value });
    else if (name[0] !== "@") element.setAttribute(name, `${value}`);
  };
}

/** The place before `end`: a text node, empty while there is other content, and that content. */
export function child(end: Comment): Part {
  const text = document.createTextNode("");
  end.before(text);
  let shown: unknown;
  let parts: Part[] = [];
  let ends: Comment[] = [];
  const clear = (from: ChildNode) => {
    while (from.nextSibling !== end) from.nextSibling?.remove();
  };
  return (value) => {
    const list = Array.isArray(value) ? value : null;
    const template = value as TemplateResult | null;
    const kind = list ? LIST : template?.strings;
    if (kind !== shown) {
      shown = kind;
      clear(text);
      [parts, ends] = [[], []];
      if (template?.strings) {
        const [copy, made] = stamp(template.strings);
        parts = made;
        end.before(copy);
      }
    }
    while (list && ends.length < list.length) {
      const mark = document.createComment("");
      end.before(mark);
      ends.push(mark);
      parts.push(child(mark));
    }
    if (list && ends.length > list.length) {
      clear(ends[list.length - 1] ?? text);
      ends.length = parts.length = list.length;
    }
    const words = kind ? "" : `${value ?? ""}`;
    if (text.data !== words) text.data = words;
    const values = list ?? template?.values ?? [];
    for (let at = 0; at < parts.length; at++) parts[at]?.(values[at]);
  };
}
