// Which answers a cut damages: how much less, or more, probable the right answer becomes. A click chooses a pair.

/** @import { Canvas, Panel, Theme, Timeline } from "../contract.js" */
/** @import { Picture } from "../kit/maps.js" */

import { write } from "../kit/canvas.js";
import { abgr, cssColour, parseColour } from "../kit/colours.js";
import { drawCross, drawMapAxes, drawPicture, makePicture, mapPlace, pairAt } from "../kit/maps.js";
import { askedOf, rowMoment } from "../kit/pair.js";
import { pairHover, partOf, nameOf } from "../kit/timeline.js";
import { percent, roundedShare, whole } from "../kit/wording.js";
import { drawChosen, listenToClicks } from "./choosing.js";

const OF_127 = 127, NOT_ASKED = 0; // the bits of a stored answer that are its probability; a pair without an answer
/** Up to this change of probability, its name, and its colour on light and on dark paper.
 * @type {[number, string, string, string][]} */
const KINDS_OF_CHANGE = [
  [-0.5, "lost", "#C4500A", "#F58A46"], [-0.05, "worse", "#F2B98C", "#80502F"], [0.05, "as before", "#ECEAE5", "#2A2D33"],
  [0.5, "better", "#9CC3E0", "#2C5877"], [Infinity, "gained", "#0B62A0", "#4FB3EE"],
];

/** @typedef {{ picture: Picture }} OwnMap */

/** @param {{ id: string, title: string, a: number, b: number }} spec the pair in view @returns {Panel<OwnMap>} */
export function damage({ id, title, a, b }) {
  return {
    id, title, name: title, howto: "",
    needs: "damage",
    height: (timeline, width) => Math.min(width, 460),
    prepare: (timeline) => ({ picture: makePicture(timeline.header.p) }),
    background(g, own, { width, height, scale, timeline, theme }) {
      const place = mapPlace(width, height, scale, timeline.header.p);
      drawMapAxes(g, place, timeline.header.p, theme, timeline.header.names);
      drawKinds(g, Math.max(0, Math.min(place.x, width - 330)), theme);
    },
    live(g, own, { width, height, scale, timeline, theme, moment, hover }) {
      const { p } = timeline.header, place = mapPlace(width, height, scale, p), side = timeline.arrays.side.raw, now = changeAt(timeline, moment.position);
      const colours = KINDS_OF_CHANGE.map(([, , light, dark]) => abgr(parseColour(theme.dark ? dark : light, "#888888"))), none = abgr(theme.paper);
      const colourOf = KIND_OF_LEVELS.map((kind) => colours[kind]), { words } = own.picture;
      for (let j = 0; j < words.length; j++) words[j] = side[j] === NOT_ASKED ? none : colourOf[now(j) + OF_127];
      own.picture.flush();
      drawPicture(g, own.picture, place, scale);
      drawCross(g, place, p, hover, theme);
      drawChosen(g, place, p, [a, b], theme);
    },
    hover(own, x, y, { width, height, scale, timeline, moment }) {
      const { p } = timeline.header, pair = pairAt(mapPlace(width, height, scale, p), p, x, y);
      if (!pair) return null;
      const change = changeAt(timeline, moment.position)(pair[0] * p + pair[1]) / OF_127, points = percent(roundedShare(Math.abs(change)));
      const [first, second] = pair.map((n) => nameOf(timeline.header, n));
      const verdict = Math.abs(change) <= 0.05 ? "about as probable as before" : `${points} ${change < 0 ? "less" : "more"} probable than before`;
      return pairHover(timeline, pair, `a = ${first}, b = ${second}: the right answer is ${verdict}`);
    },
    listen: (canvas, now, page) => listenToClicks(canvas, now, ([a, b]) => page.pick({ a, b })),
    caption: damageSentence,
  };
}

/** The kind of every change from -127 to 127 of 127. */
const KIND_OF_LEVELS = Array.from({ length: 2 * OF_127 + 1 }, (_, i) => KINDS_OF_CHANGE.findIndex(([most]) => (i - OF_127) / OF_127 <= most));

/** The change of probability of each pair in 127ths, at the snapshot nearest to a place that has been computed.
 * @param {Timeline} timeline @param {number} position @returns {(j: number) => number} */
function changeAt(timeline, position) {
  const part = partOf(timeline, "damage"), { raw: before, size } = timeline.arrays.answers;
  if (!part || !askedOf(part).at.length) return () => 0;
  const { at } = askedOf(part), index = Math.round(position), row = rowMoment(at, { position, index, before: 0, after: 0, share: 0 });
  const nearest = row.index >= 0 ? row.index : row.share < 0.5 ? row.before : row.after, after = part.arrays.answers.raw, now = nearest * size, then = at[nearest] * size;
  return (j) => (after[now + j] & OF_127) - (before[then + j] & OF_127);
}

/** @param {Timeline} timeline @param {number} i */
function damageSentence(timeline, i) {
  const part = partOf(timeline, "damage"), { size } = timeline.arrays.answers, side = timeline.arrays.side.raw;
  if (!part || !askedOf(part).at.includes(i)) return "This step is being computed.";
  const counts = [0, 0, 0, 0, 0], now = changeAt(timeline, i);
  let all = 0;
  for (let j = 0; j < size; j++) {
    if (side[j] === NOT_ASKED) continue;
    counts[KIND_OF_LEVELS[now(j) + OF_127]]++;
    all++;
  }
  if (counts[2] === all) return "Every right answer is about as probable as before.";
  return `Of ${whole(all)} right answers ${whole(counts[0])} are lost (over 50 points less probable), ${whole(counts[1])} worse, ` +
    `${whole(counts[3])} better and ${whole(counts[4])} gained.`;
}

/** @param {Canvas} g @param {number} x @param {Theme} theme */
function drawKinds(g, x, theme) {
  g.font = theme.font(12);
  for (const [, words, light, dark] of KINDS_OF_CHANGE) {
    g.fillStyle = cssColour(abgr(parseColour(theme.dark ? dark : light, "#888888")));
    g.fillRect(x, 4, 10, 10);
    g.fillStyle = theme.muted;
    write(g, words, x + 15, 9.5);
    x += 15 + g.measureText(words).width + 12;
  }
}
