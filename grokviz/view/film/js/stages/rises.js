// How strongly the answers hold each block of a group, along the axis of the strip: the figure of the page of groups.

/** @import { Timeline } from "../contract.js" */
/** @import { Series } from "../kit/plot.js" */

import { fittedTicks } from "../kit/axis.js";
import { curvePanel } from "../kit/curve-panel.js";
import { scaleOf } from "../kit/declared.js";
import { groupOf, stored } from "../kit/timeline.js";
import { listed, readable } from "../kit/wording.js";

const RISES_HEIGHT = 270; // pixels

/** @param {{ id: string, title: string }} spec */
export function rises({ id, title }) {
  return curvePanel(
    {
      id, title, name: title, howto: "",
      height: () => RISES_HEIGHT,
      caption(timeline, i) {
        const { key_freqs: keys } = timeline.header, now = stored(timeline, "trig_coefficients", i);
        if (!keys.length) return "No block is key in this run.";
        return `At this step the answers hold ${listed(keys.map((k) => `${groupOf(timeline).blocks[k]} at ${readable(now[k - 1])}`))}.`;
      },
    },
    (timeline) => {
      const series = riseSeries(timeline), all = series.flatMap(({ values }) => Array.from(values)).filter(Number.isFinite);
      const top = Math.max(...all, 1e-6), low = Math.min(...all, 0); // hardly below 0: no room for that much again
      return [{ title: "strength", series, ...scaleOf(series, false, false), domain: [1.1 * low, 1.08 * top], ticks: fittedTicks(top) }];
    },
  );
}

/** A curve for each block, key ones in their colours, named, above the others, which are pale.
 * @param {Timeline} timeline @returns {Series[]} */
export function riseSeries(timeline) {
  const { steps, key_freqs: keys } = timeline.header, { raw, size } = timeline.arrays.trig_coefficients;
  const all = Array.from({ length: size }, (_, j) => j + 1), values = (/** @type {number} */ k) => Float32Array.from(steps, (_, i) => raw[i * size + k - 1]);
  const others = all.filter((k) => !keys.includes(k))
    .map((k) => ({ label: "", colour: "second", at: new Float32Array(0), steps, values: values(k), pale: true }));
  return [...others, ...keys.map((k, order) => {
    const own = values(k), colour = `frequency ${order % PALETTE.frequencies.light.length}`;
    return { label: groupOf(timeline).blocks[k], colour, at: own, steps, values: own };
  })];
}
