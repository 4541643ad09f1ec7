/** Loads texts: one file per language with the same keys, fetched when that language is needed. */
import type en from "./texts/en.json";
import type { Language } from "./types.js";

export type TextKey = keyof typeof en;
type Texts = Record<TextKey, string>;
/** The stem of a plural text: `waiting.count` stands for `waiting.count.one` and `waiting.count.other`. */
type CountedKey = TextKey extends infer K ? (K extends `${infer Stem}.other` ? Stem : never) : never;

const FILES: Record<Language, () => Promise<{ default: Texts }>> = {
  en: () => import("./texts/en.json"),
  de: () => import("./texts/de.json"),
  fr: () => import("./texts/fr.json"),
  it: () => import("./texts/it.json"),
};

export const LANGUAGES = Object.keys(FILES) as Language[];

let texts: Texts | null = null;
let current: Language = "en";

/** The best supported language for this browser, until the user's choice is known. */
export function browserLanguage(): Language {
  for (const wanted of navigator.languages ?? []) {
    const found = LANGUAGES.find((code) => wanted.toLowerCase().startsWith(code));
    if (found !== undefined) return found;
  }
  return "en";
}

/** The tag for dates and numbers: the browser's variant of the page's language, else British for English. */
export function locale(): string {
  const own = navigator.languages?.find((code) => code.toLowerCase().startsWith(`${current}-`) && isTag(code));
  return own ?? (current === "en" ? "en-GB" : current);
}

/** Whether `Intl` accepts it: some browsers report names of another form, such as `en-US@posix`. */
function isTag(code: string): boolean {
  try {
    return Intl.getCanonicalLocales(code).length > 0;
  } catch {
    return false;
  }
}

/** Fetches the texts and tells assistive technology the page's language. True when something changed. */
export async function useLanguage(code: Language): Promise<boolean> {
  if (texts !== null && code === current) return false;
  const loaded = (await FILES[code]()).default;
  texts = loaded;
  current = code;
  document.documentElement.lang = code;
  return true;
}

function fill(text: string, values: Record<string, string | number>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  return fill(texts?.[key] ?? "", values);
}

/** A text that depends on a number, which replaces `{n}`. */
export function counted(stem: CountedKey, n: number, values: Record<string, string | number> = {}): string {
  const form = new Intl.PluralRules(current).select(n) === "one" ? "one" : "other";
  return t(`${stem}.${form}` as TextKey, { n, ...values });
}
