// Colours and type from the page's theme (--st-* variables), in light and in dark.

import { mixed, parseColour, ramp, wheel } from "./colours.js";

export const SMALL = 12; // px, the size of all text in figures

export function readTheme(root) {
  const style = getComputedStyle(root);
  const value = (name) => style.getPropertyValue(name).trim();
  const paper = parseColour(value("--st-background-color"), "#ffffff");
  const ink = parseColour(value("--st-text-color"), "#1f2733");
  const luminance = (c) => 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
  const dark = luminance(paper) < luminance(ink);
  const mode = dark ? "dark" : "light";
  const series = Object.fromEntries(
    Object.entries(PALETTE.series).map(([name, c]) => [name, { line: c[mode], text: c[`${mode}Text`], dash: c.dash }]),
  );
  const ruler = document.createElement("canvas").getContext("2d");
  const widthOf = (label) => {
    ruler.font = `600 ${SMALL}px ${style.fontFamily || "sans-serif"}`;
    return ruler.measureText(label).width;
  };
  return {
    dark, paper, ink, series,
    background: mixed(paper, ink, 0),
    text: mixed(ink, ink, 0),
    muted: mixed(ink, paper, dark ? 0.3 : 0.34),
    faint: mixed(ink, paper, dark ? 0.82 : 0.86),
    hair: mixed(ink, paper, 0.92),
    empty: parseColour(mixed(paper, ink, dark ? 0.09 : 0.05), "#eee"),
    phases: Object.fromEntries(Object.entries(PALETTE.phases).map(([name, c]) => [name, c[mode]])),
    frequency: (order) => PALETTE.frequencies[mode][order % PALETTE.frequencies[mode].length],
    wheel: wheel(64, dark ? 0.76 : 0.66, dark ? 0.14 : 0.16),
    viridis: ramp(PALETTE.viridis),
    cividis: ramp(PALETTE.cividis),
    widthOf,
    font: (size, weight = 400) => `${weight} ${size}px ${style.fontFamily || "sans-serif"}`,
  };
}
