/** From the owner's one colour to colours that can be read: WCAG 2.2 AA, whatever he chose. */

type Rgb = [number, number, number];

const FALLBACK: Rgb = [47, 95, 208];
/** Text needs 4.5 : 1; a little more, because the surfaces are not quite flat. */
const READABLE = 4.7;
/** The greyest surface that coloured text stands on, by light and by dark. */
const LIGHT: Rgb = [238, 240, 243];
const DARK: Rgb = [46, 49, 56];

function parse(text: string): Rgb {
  const hex = /^#?([\da-f]{6}|[\da-f]{3})$/i.exec(text.trim())?.[1];
  if (!hex) return FALLBACK;
  const full = hex.length === 3 ? hex.replace(/./g, "$&$&") : hex;
  return [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16)) as Rgb;
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Move `colour` towards black or white until it can be read on `surface`. */
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
