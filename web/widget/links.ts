/** Shows a person's text: links can be clicked, line breaks stay, and no part is parsed as markup. */
import type { html as Html, TemplateResult } from "./template";

// The same rule as store/links.py; tests/links.json has the cases for both. A match is tried only at the beginning
// of a word, so that no text is scanned twice. An address with a user name is not linked: it would hide the real
// host.
const STOP = String.raw`\s<>"\x60«»“-„‹›…\u3001-\u3003\u3008-\u301f！-／：-＠［-｀｛-､`;
const PATH = String.raw`[^${STOP}()[\]]`;
const LINK = RegExp(
  String.raw`(?<![\w@/.])(?:https?://|www\.)(?![^${STOP}/?#@]*@)(?=[\p{L}\p{N}])(?:${PATH}|\(${PATH}*\)|\[${PATH}*\])+|(?<![\w.+%@/-])[\w.+%-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`,
  "giu",
);

/** @param html the widget's function: this script is fetched separately, once there are messages. */
export function linked(html: typeof Html, text: string): (string | TemplateResult)[] {
  const parts: (string | TemplateResult)[] = [];
  let from = 0;
  for (const { 0: all, index } of text.matchAll(LINK)) {
    let link = all;
    while (/[.,:;!?'*~}]/.test(link.at(-1)!)) link = link.slice(0, -1);
    const address = (/^http/i.test(link) ? "" : /^www/i.test(link) ? "https://" : "mailto:") + link;
    parts.push(text.slice(from, index));
    parts.push(html`<a href=${address} target="_blank" rel="noopener noreferrer nofollow">${link}</a>`);
    from = index + link.length;
  }
  parts.push(text.slice(from));
  return parts;
}
