// Which questions are answered right.

/** @import { Context, Numbers, Panel, Theme, Timeline } from "../contract.js" */
/** @import { Picture } from "../kit/maps.js" */

import { write } from "../kit/canvas.js";
import { abgr, cssColour, parseColour } from "../kit/colours.js";
import { drawCross, drawMapAxes, drawPicture, makePicture, mapPlace, pairAt } from "../kit/maps.js";
import { BOTH, NO_ANSWER, REMOVED, SIDE_WORDS, TEST, TRAIN, WRONG } from "../kit/sides.js";
import { nameOf, pairHover } from "../kit/timeline.js";
import { percent, roundedShare, sentenceCase, whole } from "../kit/wording.js";

const RIGHT = 128, LEVEL = 127; // the bits of a stored answer: right or wrong, and the probability in 127ths

/** By the stored byte: of pairs trained on, never seen, and set apart (trained on before, or repeating a wrong label).
 * @typedef {{ train: Uint32Array, test: Uint32Array, apart: Uint32Array, none: number }} Colours */
/** @typedef {{ picture: Picture, side: Numbers, table: Numbers, colours: Colours, theme: Theme }} Own */

/** @type {Panel<Own>} */
export const answersPanel = {
  id: "answers",
  name: "Map of answers",
  title: "Which answers are right?",
  needs: "core",
  howto:
    "Every question a ∘ b is one pixel: row a, column b. The deeper its colour, the more probability the right answer gets; " +
    "a pixel jumps to full colour when the right answer is the most likely one. Orange pixels are pairs it trains on, blue " +
    "pixels are pairs it never sees. First only orange lights up: it is reciting. Then the blue comes. Violet are pairs that a fork is " +
    "trained on no more or, where some training labels are wrong, those that it answers with the wrong label.",
  prepare(timeline, theme) {
    const { table, side } = timeline.arrays;
    return { picture: makePicture(timeline.header.p), side: side.raw, table: table.raw, colours: answerColours(theme), theme };
  },
  background(g, own, { width, height, scale, timeline, theme }) {
    const place = mapPlace(width, height, scale, timeline.header.p), { train, test, apart } = answerColours(theme);
    drawMapAxes(g, place, timeline.header.p, theme, timeline.header.names);
    const third = thirdColour(timeline), names = legend(third);
    let x = Math.max(0, Math.min(place.x, width - (third ? 340 : 300)));
    for (const [i, colour] of [train[255], test[255], ...(third ? [apart[255]] : []), test[30]].entries()) {
      const words = names[i];
      g.fillStyle = cssColour(colour);
      g.fillRect(x, 4, 10, 10);
      g.fillStyle = theme.muted;
      write(g, words, x + 15, 9.5);
      x += 15 + g.measureText(words).width + 14;
    }
  },
  live(g, own, { width, height, scale, moment, timeline, theme, hover }) {
    if (own.theme !== theme) [own.colours, own.theme] = [answerColours(theme), theme];
    const { raw, size } = timeline.arrays.answers, { words } = own.picture, { side } = own, { train, test, apart, none } = own.colours;
    const bySide = [null, train, test, test, apart, train], recites = timeline.arrays.recites?.raw;
    const { share } = moment, a = moment.before * size, b = moment.after * size, now = moment.index * size;
    for (let j = 0; j < size; j++) {
      const level = (raw[a + j] & LEVEL) * (1 - share) + (raw[b + j] & LEVEL) * share;
      words[j] = recites?.[now + j] ? apart[255] : bySide[side[j]]?.[(level | 0) + (raw[now + j] & RIGHT)] ?? none;
    }
    own.picture.flush();
    const place = mapPlace(width, height, scale, timeline.header.p);
    drawPicture(g, own.picture, place, scale);
    drawCross(g, place, timeline.header.p, hover, theme);
  },
  hover(own, x, y, context) {
    const { width, height, scale, timeline } = context;
    const pair = pairAt(mapPlace(width, height, scale, timeline.header.p), timeline.header.p, x, y);
    return pair && pairHover(timeline, pair, aboutPair(own, pair, context));
  },
  caption(timeline, i) {
    const { raw, size } = timeline.arrays.answers, side = timeline.arrays.side.raw, recites = timeline.arrays.recites?.raw;
    const right = [0, 0, 0, 0, 0, 0], all = [0, 0, 0, 0, 0, 0];
    let repeated = 0;
    for (let j = 0; j < size; j++) {
      all[side[j]]++;
      right[side[j]] += raw[i * size + j] >> 7;
      repeated += recites?.[i * size + j] ?? 0;
    }
    if (all[BOTH]) return `${whole(right[BOTH])} of ${whole(all[BOTH])} pairs are right. Which it trained on is not known.`;
    const unseen = `${whole(right[TEST])} of the ${whole(all[TEST])} pairs it never sees`, trained = `${whole(right[TRAIN])} of ${whole(all[TRAIN])} training pairs`;
    if (all[REMOVED]) return `${trained} are right, ${whole(right[REMOVED])} of the ${whole(all[REMOVED])} that it is trained on no more, and ${unseen}.`;
    if (all[WRONG]) {
      return `Of ${whole(all[WRONG])} pairs with a wrong label it repeats ${whole(repeated)} and answers ${whole(right[WRONG])} right all the same. ` +
        `Right are ${trained} with a true label, and ${unseen}.`;
    }
    return `${trained} are right, and ${unseen}.`;
  },
};

/** @param {Own} own @param {[number, number]} pair @param {Context} context */
function aboutPair(own, [a, b], { timeline, moment }) {
  const { raw, size } = timeline.arrays.answers, j = a * timeline.header.p + b, stored = raw[moment.index * size + j];
  const { header } = timeline, question = `a = ${nameOf(header, a)}, b = ${nameOf(header, b)}`;
  if (own.side[j] === NO_ANSWER) return `${question}: ${SIDE_WORDS[NO_ANSWER]}`;
  const kind = SIDE_WORDS[own.side[j]], taught = timeline.arrays.taught?.raw[j], said = timeline.arrays.recites?.raw[moment.index * size + j];
  const label = own.side[j] === WRONG && taught !== undefined ? `, which says ${nameOf(header, taught)}${said ? " and is repeated" : ""}` : "";
  const verdict = stored & RIGHT ? "right" : "wrong";
  const probability = percent(roundedShare((stored & LEVEL) / LEVEL));
  return `${question}: the answer is ${nameOf(header, own.table[j])}, given ${probability} probability. ${sentenceCase(verdict)}, ${kind}${label}`;
}

/** 256 colours a side of the split, by the stored byte: 0..127 wrong, pale; 128..255 right, full.
 * @param {Theme} theme @returns {Colours} */
function answerColours(theme) {
  const side = (/** @type {string} */ name) => {
    const full = parseColour(theme.series[name].line, "#000000"), paper = theme.empty;
    const toward = (/** @type {number} */ share) => full.map((v, c) => Math.round(paper[c] + (v - paper[c]) * share));
    return Uint32Array.from({ length: 256 }, (_, i) =>
      abgr(toward(i < RIGHT ? 0.04 + 0.4 * (i / LEVEL) : 0.55 + 0.45 * ((i - RIGHT) / LEVEL))));
  };
  return { train: side("train"), test: side("test"), apart: side("apart"), none: abgr(theme.paper) };
}

/** Which pairs of this run have the third colour, if any. @param {Timeline} timeline */
function thirdColour({ arrays }) {
  return arrays.recites ? "false label" : Array.prototype.includes.call(arrays.side.raw, REMOVED) ? "removed" : null;
}

/** @param {string | null} third */
const legend = (third) => (third ? ["trained on", "never seen", third, "wrong"] : ["trained on, right", "never seen, right", "wrong"]);
