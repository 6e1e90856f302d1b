// A panel whose figure is curves over the time axis.

import { drawCursor, drawPlotBackground, plotBox } from "./plot.js";

// A panel whose figure is a plot. Press and drag on it moves the film, as on the strip.
export function curvePanel(description, rows) {
  return {
    ...description,
    part: "core",
    scrubs: true,
    prepare: (timeline) => ({ plot: { rows: rows(timeline), top: 24 } }),
    box: (own, { width, height, theme }) => plotBox(own.plot, width, height, theme),
    background(g, own, { width, height, film, timeline, theme }) {
      drawPlotBackground(g, own.plot, plotBox(own.plot, width, height, theme), film.axis, timeline.header, theme);
    },
    live(g, own, { width, height, film, theme }) {
      drawCursor(g, own.plot, plotBox(own.plot, width, height, theme), film, theme);
    },
  };
}
