// Colours and type from the page's theme (--st-* variables), in light and in dark.

import { mixed, parseColour, ramp, wheel } from "./colours.js";

export const SMALL = 12; // px, the size of all text in figures

/** @typedef {ReturnType<typeof readTheme>} Theme */

/** @param {Element} root whose style is read */
export function readTheme(root) {
  const style = getComputedStyle(root);
  const value = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const paper = parseColour(value("--st-background-color"), "#ffffff");
  const ink = parseColour(value("--st-text-color"), "#1f2733");
  const dark = luminance(paper) < luminance(ink);
  const mode = dark ? "dark" : "light", textMode = dark ? "darkText" : "lightText";
  const family = style.fontFamily || "sans-serif";
  const series = Object.fromEntries([
    ...Object.entries(PALETTE.series).map(([name, c]) => [name, { line: c[mode], text: c[textMode], dash: c.dash }]),
    ...PALETTE.frequencies[mode].map((colour, order) => [`frequency ${order}`, { line: colour, text: colour, dash: [] }]),
  ]);
  return {
    dark, paper, ink, series,
    background: mixed(paper, ink, 0),
    text: mixed(ink, ink, 0),
    muted: mixed(ink, paper, dark ? 0.3 : 0.34),
    faint: mixed(ink, paper, dark ? 0.82 : 0.86),
    hair: mixed(ink, paper, 0.92),
    empty: parseColour(mixed(paper, ink, dark ? 0.09 : 0.05), "#eeeeee"),
    phases: Object.fromEntries(Object.entries(PALETTE.phases).map(([name, c]) => [name, c[mode]])),
    frequency: (/** @type {number} */ order) => PALETTE.frequencies[mode][order % PALETTE.frequencies[mode].length],
    wheel: wheel(64, dark ? 0.76 : 0.66, dark ? 0.14 : 0.16),
    viridis: ramp(PALETTE.viridis),
    cividis: ramp(PALETTE.cividis),
    widthOf: ruler(`600 ${SMALL}px ${family}`),
    font: (/** @type {number} */ size, weight = 400) => `${weight} ${size}px ${family}`,
  };
}

/** @param {number[]} channels */
const luminance = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** @param {string} font @returns {(label: string) => number} how wide a label is in it, in pixels */
function ruler(font) {
  const g = document.createElement("canvas").getContext("2d");
  if (!g) return (label) => label.length * 7;
  g.font = font;
  return (label) => g.measureText(label).width;
}
