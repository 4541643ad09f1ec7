/** The widget's own texts, in the language of the page or else of the visitor. */
import type en from "./texts/en.json";

export type Texts = typeof en;
export type Say = (key: keyof Texts, value?: string | number) => string;

/** A tag such as en-GB: the page's language, or else the visitor's; with his region where both agree. */
export function language(): string {
  const tags = navigator.languages;
  const short = [document.documentElement.lang, ...tags].map((tag) => tag.slice(0, 2).toLowerCase());
  const found = short.find((tag) => /en|de|fr|it/.test(tag)) ?? "en";
  return tags.find((tag) => tag.startsWith(found)) ?? found;
}

/** Fetches the texts of this one language: they are built as modules beside the widget, see vite.config.ts. */
export async function speaker(base: string, tag: string): Promise<Say> {
  const { default: texts } = (await import(/* @vite-ignore */ `${base}${tag.slice(0, 2)}.js`)) as { default: Texts };
  return (key, value = "") => texts[key].replace("{0}", () => `${value}`);
}
