/** Shows a person's text. Its links can be clicked once the script that finds them is loaded. */
import { html } from "./template";

const EMOJI_ALONE = /^(?:\p{Extended_Pictographic}|\p{EMod}|\p{RI}|[\u200d\ufe0f\s]){1,12}$/u;
let linked: typeof import("./links").linked | undefined;

export const isEmojiAlone = (text: string) => EMOJI_ALONE.test(text);

/** Matches text that may contain a link. */
export const mayLink = (text: string) => /www|:\/\/|@/i.test(text);

export async function fetchLinks(base: string): Promise<void> {
  linked = ((await import(/* @vite-ignore */ `${base}links.js`)) as typeof import("./links")).linked;
}

export function richText(said: string): ReturnType<NonNullable<typeof linked>> {
  // A line end as the server writes it. (Not a literal: the build removes line ends from templates.)
  const text = said.replace(/[\v\f\x85\u2028\u2029]/g, String.fromCodePoint(10));
  return linked?.(html, text) ?? [text];
}
