/** The widget's texts, in the language of the page or else of the visitor. */
import type en from "./texts/en.json";

export type Texts = typeof en;
export type Say = (key: keyof Texts, value?: string | number) => string;

/** The part of a tag that the server stores. */
const LONGEST_TAG = 36;

/**
 * A tag such as en-GB: the page's language, or else the visitor's, with the visitor's region if both languages agree.
 * `Intl` accepts it always: some browsers report names of another form (`en-US@posix`, `en_US`), or none.
 */
export function language(): string {
  const tags = navigator.languages ?? [];
  const short = [document.documentElement.lang, ...tags].map((tag) => /^(en|de|fr|it)(?![a-z])/i.exec(tag)?.[1]);
  const found = short.find(Boolean)?.toLowerCase() ?? "en";
  try {
    return Intl.getCanonicalLocales(tags.find((tag) => tag.startsWith(found) && tag.length < LONGEST_TAG))[0] ?? found;
  } catch {
    return found;
  }
}

/** Loads this language's texts that are needed before the first message or, after it, the others. */
export async function speaker(base: string, tag: string, later = ""): Promise<void> {
  Object.assign(texts, (await import(/* @vite-ignore */ `${base}${tag.slice(0, 2)}${later}.js`)).default);
}

const texts: Partial<Texts> = {};

/** In the page's or the visitor's language; "" while the text is loading. */
export const say: Say = (key, value = "") => (texts[key] ?? "").replace("{0}", () => `${value}`);
