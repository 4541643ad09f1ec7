/** Somebody's text, shown as text: links can be clicked, line breaks stay, and nothing of it is ever markup. */
import { html, type TemplateResult } from "./template";

const LINK = /\bhttps?:\/\/[^\s<>"']+|\bwww\.[^\s<>"']+\.[^\s<>"']+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gi;
const EMOJI_ALONE = /^(?:\p{Extended_Pictographic}|\p{EMod}|\p{RI}|[\u200d\ufe0f\s]){1,12}$/u;

export const isEmojiAlone = (text: string) => EMOJI_ALONE.test(text);

/** The end of a sentence, and a closing bracket that was opened before the link, do not belong to it. */
const trim = (link: string) => link.replace(link.includes("(") ? /[.,;:!?…»”]+$/ : /[.,;:!?…»”)]+$/, "");

function address(link: string): string {
  if (/^https?:/i.test(link)) return link;
  return /^www\./i.test(link) ? `https://${link}` : `mailto:${link}`;
}

export function richText(text: string): (string | TemplateResult)[] {
  const parts: (string | TemplateResult)[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trim(match[0]);
    parts.push(text.slice(from, match.index));
    parts.push(html`<a href=${address(link)} target="_blank" rel="noopener noreferrer nofollow">${link}</a>`);
    from = match.index + link.length;
  }
  parts.push(text.slice(from));
  return parts;
}
