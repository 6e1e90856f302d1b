// When each question was understood for good.

/** @import { Context, Panel, Theme, Timeline } from "../contract.js" */
/** @import { Picture } from "../kit/maps.js" */

import { write } from "../kit/canvas.js";
import { abgr, cssColour } from "../kit/colours.js";
import { drawCross, drawMapAxes, drawPicture, makePicture, mapPlace, pairAt } from "../kit/maps.js";
import { NO_ANSWER, SIDE_WORDS, TEST } from "../kit/sides.js";
import { SMALL } from "../kit/theme.js";
import { pairHover } from "../kit/timeline.js";
import { percent, whole } from "../kit/wording.js";

const NEVER = 0xffff; // the answer is not right in the last snapshot
const FAINT = 0.22; // what is still to come

/** `since` is the snapshot from which on an answer is right in every later one.
 * @typedef {{ picture: Picture, since: Uint16Array, side: ArrayLike<number>, now: Uint32Array, later: Uint32Array, never: number,
 *   none: number, theme: Theme | null }} Own */

/** @type {Panel<Own>} */
export const understoodPanel = {
  id: "understood",
  name: "When each answer came",
  title: "When was each question understood?",
  needs: "core",
  howto:
    "Every question a ∘ b is one pixel: row a, column b. Its colour is the step from which on its answer stays right, dark for " +
    "early and bright for late, on a logarithmic scale. Faint pixels are still to come at the step in view; grey ones are not " +
    "right at the end. Press on a pixel, and the film goes to the moment at which that question was understood.",
  prepare(timeline) {
    const count = timeline.header.steps.length;
    return {
      picture: makePicture(timeline.header.p), since: understoodSince(timeline), side: timeline.arrays.side.raw,
      now: new Uint32Array(count), later: new Uint32Array(count), never: 0, none: 0, theme: null,
    };
  },
  background(g, own, { width, height, scale, timeline, theme }) {
    const place = mapPlace(width, height, scale, timeline.header.p), last = timeline.header.steps.at(-1) ?? 0;
    drawMapAxes(g, place, timeline.header.p, theme);
    g.font = theme.font(SMALL);
    const names = [whole(0), whole(last)], bar = 70, left = place.x + g.measureText("from step 0").width + 8;
    g.fillStyle = theme.muted;
    write(g, `from step ${names[0]}`, place.x, 9.5);
    for (let x = 0; x < bar; x++) {
      g.fillStyle = cssColour(theme.viridis[Math.round((255 * x) / (bar - 1))]);
      g.fillRect(left + x, 4, 1.5, 10);
    }
    g.fillStyle = theme.muted;
    write(g, `to ${names[1]}`, left + bar + 8, 9.5);
  },
  live(g, own, { width, height, scale, moment, timeline, theme, hover }) {
    if (own.theme !== theme) paintScale(own, timeline, theme);
    const { words } = own.picture, { since, side, now, later } = own;
    for (let j = 0; j < words.length; j++) {
      const from = since[j];
      words[j] = side[j] === NO_ANSWER ? own.none : from === NEVER ? own.never : from <= moment.index ? now[from] : later[from];
    }
    own.picture.flush();
    const place = mapPlace(width, height, scale, timeline.header.p);
    drawPicture(g, own.picture, place, scale);
    drawCross(g, place, timeline.header.p, hover, theme);
  },
  press(own, x, y, context) {
    const j = pixelAt(x, y, context), from = j === null ? NEVER : own.since[j];
    return j === null || own.side[j] === NO_ANSWER || from === NEVER ? null : from;
  },
  hover(own, x, y, context) {
    const { width, height, scale, timeline } = context, { p, steps, finished } = timeline.header;
    const pair = pairAt(mapPlace(width, height, scale, p), p, x, y);
    if (!pair) return null;
    const j = pair[0] * p + pair[1], from = own.since[j], question = `a = ${pair[0]}, b = ${pair[1]}`;
    if (own.side[j] === NO_ANSWER) return pairHover(timeline, pair, `${question}: no answer exists`);
    const kind = SIDE_WORDS[own.side[j]];
    const when = from === NEVER ? `not right ${finished ? "at the end" : "yet"}` : `right from step ${whole(steps[from])} on. Press to go there`;
    return pairHover(timeline, pair, `${question}, ${kind}: ${when}`);
  },
  caption(timeline, i) {
    const since = understoodSince(timeline), side = timeline.arrays.side.raw;
    let all = 0, by = 0, late = 0, of = 0;
    for (let j = 0; j < since.length; j++) {
      if (side[j] === TEST) [of, late] = [of + 1, late + Number(since[j] <= i)];
      if (side[j] !== NO_ANSWER) [all, by] = [all + 1, by + Number(since[j] <= i)];
    }
    if (!of) return `By now ${percent(by / (all || 1))} of the answers are right and stay right.`;
    return `By now ${percent(late / of)} of the questions that it never sees are understood for good, and ${percent((by - late) / (all - of || 1))} of those it trains on.`;
  },
};

/** @param {number} x @param {number} y @param {Context} context @returns {number | null} the pixel there */
function pixelAt(x, y, { width, height, scale, timeline }) {
  const { p } = timeline.header, pair = pairAt(mapPlace(width, height, scale, p), p, x, y);
  return pair && pair[0] * p + pair[1];
}

/** @type {WeakMap<object, Uint16Array>} by the answers of a run */
const understood = new WeakMap();

/** Of every pair the first snapshot from which on its answer is right in all that follow.
 * @param {Timeline} timeline @returns {Uint16Array} */
export function understoodSince({ header, arrays }) {
  const { raw, size } = arrays.answers, done = understood.get(raw);
  if (done) return done;
  const since = new Uint16Array(size).fill(NEVER);
  for (let j = 0; j < size; j++) for (let i = header.steps.length - 1; i >= 0 && raw[i * size + j] >> 7; i--) since[j] = i;
  understood.set(raw, since);
  return since;
}

/** A colour for each snapshot, full and faint. @param {Own} own @param {Timeline} timeline @param {Theme} theme */
function paintScale(own, { header }, theme) {
  const last = Math.log1p(header.steps.at(-1) || 1), paper = theme.empty;
  header.steps.forEach((step, i) => {
    own.now[i] = theme.viridis[Math.round((255 * Math.log1p(step)) / last)];
    const [r, g, b] = [0, 8, 16].map((shift, c) => Math.round(paper[c] + (((own.now[i] >> shift) & 255) - paper[c]) * FAINT));
    own.later[i] = abgr([r, g, b]);
  });
  Object.assign(own, { never: abgr(paper), none: abgr(theme.paper), theme });
}
