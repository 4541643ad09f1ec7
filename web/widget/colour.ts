/** Derives readable colours (WCAG 2.2 AA) from any colour that the owner chose. */

type Rgb = [number, number, number];

const FALLBACK: Rgb = [47, 95, 208];
/** Text needs 4.5 : 1; a margin is added because surfaces differ slightly from those below. */
const READABLE = 4.7;
/** The surface with the least contrast under coloured text, in light and dark mode. */
const LIGHT: Rgb = [238, 240, 243];
const DARK: Rgb = [46, 49, 56];

/** Any CSS colour. */
function parse(text: string): Rgb {
  const probe = new Option().style;
  probe.color = text;
  return (probe.color.match(/\d+/g)?.slice(0, 3).map(Number) as Rgb | undefined) ?? FALLBACK;
}

function luminance([red, green, blue]: Rgb): number {
  const part = (value: number) => (value > 10 ? ((value / 255 + 0.055) / 1.055) ** 2.4 : value / 3294.6);
  return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue) + 0.05;
}

function contrast(one: Rgb, other: Rgb): number {
  const ratio = luminance(one) / luminance(other);
  return Math.max(ratio, 1 / ratio);
}

/** Move `colour` towards black or white until it has enough contrast on `surface`. */
function readable(colour: Rgb, surface: Rgb, towards: number): Rgb {
  let found = colour;
  for (let step = 1; step <= 20 && contrast(found, surface) < READABLE; step++) {
    found = colour.map((value) => Math.round(value + ((towards - value) * step) / 20)) as Rgb;
  }
  return found;
}

/** Custom properties for the widget: the colour, text on it, and the colour as text on light and on dark surfaces. */
export function palette(text: string): Record<string, string> {
  const accent = parse(text);
  const white: Rgb = [255, 255, 255];
  const css = (colour: Rgb) => `rgb(${colour.join()})`;
  return {
    "--accent": css(accent),
    "--on-accent": contrast(accent, white) >= 4.5 ? "#fff" : "#000",
    "--ink-light": css(readable(accent, LIGHT, 0)),
    "--ink-dark": css(readable(accent, DARK, 255)),
  };
}
