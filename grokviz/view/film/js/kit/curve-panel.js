// A panel whose figure is curves over the time axis. Press and drag on it moves the film, as on the strip.

/** @import { Context, Panel, Timeline } from "../contract.js" */
/** @import { Plot, Row } from "./plot.js" */

import { drawCursor, drawPlotBackground, plotBox } from "./plot.js";

/** @typedef {{ plot: Plot }} OwnCurves */

/** @param {Pick<Panel<OwnCurves>, "id" | "name" | "title" | "howto" | "wide" | "height" | "caption">} description
 * @param {(timeline: Timeline) => Row[]} rows @returns {Panel<OwnCurves>} */
export function curvePanel(description, rows) {
  const box = (/** @type {OwnCurves} */ own, /** @type {Context} */ { width, height, theme, edges }) =>
    plotBox(own.plot, width, height, theme, edges);
  return {
    ...description,
    needs: "core",
    prepare: (timeline) => ({ plot: { rows: rows(timeline), top: 24 } }),
    timeBox: box,
    background: (g, own, context) =>
      drawPlotBackground(g, box(own, context), context.axis, context.timeline.header, context.theme),
    live: (g, own, context) => void drawCursor(g, box(own, context), context.axis, context.moment, context.timeline.header, context.theme),
  };
}
