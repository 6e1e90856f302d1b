// Clock or pizza: where the run stands between the two, and the way it went.

/** @import { Canvas, Panel, Theme, Timeline } from "../contract.js" */

import { dot, line, write } from "../kit/canvas.js";
import { SMALL } from "../kit/theme.js";
import { measure } from "../kit/timeline.js";
import { percent, readable, roundedShare } from "../kit/wording.js";

// What 10 to 90 % of 4,888 networks of Zhong et al. 2023 show at the two ends of the attention rate, by the tables of their
// released runs of one layer and circularity above 0.995: [irrelevance, symmetricity]. Where many lie, not where a border is.
const THEIRS = [
  { words: "theirs, attention rate 0.95 to 1", irrelevance: [0.75, 0.9], symmetricity: [0.26, 0.59] },
  { words: "theirs, rate 0 to 0.05", irrelevance: [0.16, 0.81], symmetricity: [0.985, 1] },
];
const X = "distance_irrelevance", Y = "gradient_symmetricity";

/** The path in the plane, and which of its points mean something.
 * @typedef {{ x: Float32Array, y: Float32Array, means: boolean[], low: number }} Own */

/** @type {Panel<Own>} */
export const planePanel = {
  id: "plane",
  name: "Clock or pizza",
  title: "Is it a clock or a pizza?",
  needs: "core",
  howto:
    "Each snapshot is a point. Up: it treats a and b alike. To the right: how sure it is does not depend on how far apart a and b are. " +
    "A clock lies at the lower right, a pizza at the upper left. The line is the way of the run from its first snapshot to its last, the dot where it is " +
    "now. Grey: it cannot answer yet, or its numbers lie on no circle, so that neither word means anything. The boxes are where the " +
    "networks of Zhong et al. 2023 lie, 10 to 90 % of them: no borders, and their networks are shown a and b without “=”.",
  prepare(timeline) {
    const count = timeline.header.steps.length, x = new Float32Array(count), y = new Float32Array(count), means = [];
    let low = 0;
    for (let i = 0; i < count; i++) {
      x[i] = measure(timeline, X, i);
      y[i] = measure(timeline, Y, i);
      means.push(meansSomething(timeline, i));
      if (y[i] < low) low = y[i];
    }
    return { x, y, means, low };
  },
  empty: ({ header, arrays }) =>
    [X, Y].filter((name) => !arrays[name]).map((name) => header.measures.find((m) => m.name === name)?.nothing).find(Boolean) ??
    (arrays[X] && arrays[Y] ? null : "This was not measured of this run."),
  background(g, own, { width, height, theme }) {
    const box = boxOf(own, width, height);
    drawAxes(g, box, theme);
    drawTheirs(g, box, theme);
    drawPath(g, own, box, theme);
  },
  live(g, own, { width, height, moment, theme }) {
    const { before, after, share, index } = moment, box = boxOf(own, width, height);
    const x = box.x(along(own.x, before, after, share)), y = box.y(along(own.y, before, after, share));
    if (!Number.isFinite(x + y)) return;
    dot(g, x, y, 9, theme.background);
    dot(g, x, y, 7, own.means[index] ? theme.series.test.line : theme.muted);
    if (!own.means[index]) dot(g, x, y, 4, theme.background);
  },
  caption(timeline, i) {
    const alike = readable(measure(timeline, Y, i)), far = readable(measure(timeline, X, i));
    const values = `Symmetricity ${alike}, irrelevance ${far}.`;
    if (meansSomething(timeline, i)) return `${values} The upper left is a pizza, the lower right a clock.`;
    const accuracy = percent(roundedShare(measure(timeline, "accuracy", i)));
    return `${values} It means nothing yet: ${accuracy} of all pairs are right, and its numbers lie on no circle.`;
  },
};

/** Neither word means anything of a network that neither adds nor lays its numbers on circles.
 * @param {Timeline} timeline @param {number} i */
function meansSomething(timeline, i) {
  const { accuracy, circularity } = timeline.header.adds_from;
  return measure(timeline, "accuracy", i) > accuracy || measure(timeline, "circularity", i) > circularity;
}

/** @param {Float32Array} values @param {number} before @param {number} after @param {number} share */
const along = (values, before, after, share) => values[before] * (1 - share) + values[after] * share;

/** @param {Own} own @param {number} width @param {number} height */
function boxOf({ low }, width, height) {
  const left = 40, right = width - 14, top = 26, bottom = height - 42, floor = Math.floor(low * 5) / 5;
  return {
    left, right, top, bottom, floor,
    x: (/** @type {number} */ v) => left + v * (right - left),
    y: (/** @type {number} */ v) => bottom - ((v - floor) / (1 - floor)) * (bottom - top),
  };
}

/** @typedef {ReturnType<typeof boxOf>} Box */

/** @param {Canvas} g @param {Box} box @param {Theme} theme */
function drawAxes(g, box, theme) {
  g.font = theme.font(SMALL);
  for (const v of [0, 0.5, 1]) {
    const x = Math.round(box.x(v)) + 0.5, y = Math.round(box.y(v)) + 0.5;
    g.strokeStyle = theme.hair;
    line(g, x, box.top, x, box.bottom);
    line(g, box.left, y, box.right, y);
    g.fillStyle = theme.muted;
    write(g, v, x, box.bottom + 16, v === 0 ? "left" : v === 1 ? "right" : "center", "alphabetic");
    write(g, v, box.left - 7, y, "right");
  }
  g.fillStyle = theme.muted;
  write(g, "treats a and b alike", box.left, 11);
  write(g, "the distance of a and b is irrelevant", box.right, box.bottom + 34, "right", "alphabetic");
}

/** @param {Canvas} g @param {Box} box @param {Theme} theme */
function drawTheirs(g, box, theme) {
  for (const { words, irrelevance, symmetricity } of THEIRS) {
    const [x0, x1] = irrelevance.map(box.x), [y1, y0] = symmetricity.map(box.y), tall = Math.max(y1 - y0, 6);
    g.fillStyle = theme.faint;
    g.fillRect(x0, y0 - 1, x1 - x0, tall);
    g.fillStyle = theme.muted;
    write(g, words, x1, y0 + tall + 11, "right");
  }
}

/** Faint where it means nothing. @param {Canvas} g @param {Own} own @param {Box} box @param {Theme} theme */
function drawPath(g, { x, y, means }, box, theme) {
  for (let i = 1; i < x.length; i++) {
    if (!Number.isFinite(x[i] + y[i] + x[i - 1] + y[i - 1])) continue;
    const counts = means[i] && means[i - 1];
    g.strokeStyle = counts ? theme.series.test.line : theme.muted;
    g.globalAlpha = counts ? 0.8 : 0.35;
    g.lineWidth = counts ? 1.6 : 1;
    line(g, box.x(x[i - 1]), box.y(y[i - 1]), box.x(x[i]), box.y(y[i]));
  }
  g.lineWidth = 1;
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(x[i] + y[i])) continue;
    g.globalAlpha = means[i] ? 0.9 : 0.4;
    dot(g, box.x(x[i]), box.y(y[i]), 1.6, means[i] ? theme.series.test.line : theme.muted);
  }
  g.globalAlpha = 1;
}
