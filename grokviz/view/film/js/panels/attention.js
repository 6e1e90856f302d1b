// What each head looks at.

/** @import { Panel, Timeline } from "../contract.js" */
/** @import { MapOrder, Picture } from "../kit/maps.js" */

import { blend } from "../kit/blob.js";
import { drawOrderedCross, drawPicture, drawSmallLabels, hoverSmall, sourcesInOrder, makePicture, mapOrder, MOST_SMALL_MAPS, pairAt, smallPlaces } from "../kit/maps.js";
import { headsShown, nameOf, rowsAndColumns, stored } from "../kit/timeline.js";
import { percent, roundedShare } from "../kit/wording.js";

/** @typedef {{ heads: number[], order: MapOrder, scores: Float32Array, pictures: Picture[] }} Own */

/** @type {Panel<Own>} */
export const attentionPanel = {
  id: "attention",
  name: "Attention",
  title: "What does each head look at?",
  needs: "core", uses: ["chosen"],
  howto:
    "To answer, the network looks back from “=” at a and b. Each pixel is the share of its attention that one head gives " +
    "to a, for the question in row a and column b: dark is none, bright is all. Stripes mean that the head weighs the " +
    "two numbers by a wave: one of the two places where waves are multiplied, the neurons being the other.",
  prepare(timeline) {
    const { arrays } = timeline, heads = headsShown(timeline, MOST_SMALL_MAPS), order = mapOrder(timeline);
    return {
      heads, order, scores: new Float32Array(arrays.attention_scores.size),
      pictures: heads.map(() => makePicture(order.n)),
    };
  },
  empty({ header, arrays }) {
    if (!arrays.attention_scores) return header.silent?.attention_scores ?? "No attention was kept of this run.";
    return header.attention_rate === 0 ? "This network gives every token attention 1, whatever it is: there is nothing to choose." : null;
  },
  background(g, own, { width, height, scale, timeline, theme }) {
    const places = smallPlaces(own.heads.length, width, height, own.order.n, scale);
    drawSmallLabels(g, places, own.heads.map((h) => [[`head ${h}`, theme.text]]), theme);
  },
  live(g, own, { width, height, scale, moment, timeline, theme, hover }) {
    const { p } = timeline.header;
    blend(timeline.arrays.attention_scores, moment, own.scores);
    smallPlaces(own.heads.length, width, height, own.order.n, scale).forEach((place, i) => {
      attentionMap(sourcesInOrder(scoresOf(own, own.heads[i], p), own.order), own.order.n, own.pictures[i].words, theme.cividis, timeline.header.attention_rate);
      own.pictures[i].flush();
      drawPicture(g, own.pictures[i], place, scale);
      drawOrderedCross(g, place, own.order, hover, theme);
    });
  },
  hover(own, x, y, { width, height, scale, timeline }) {
    const { p } = timeline.header;
    return hoverSmall(smallPlaces(own.heads.length, width, height, own.order.n, scale), timeline, x, y, (i, [a, b]) => {
      const h = own.heads[i];
      const s = scoresOf(own, h, p), top = Math.max(s[a], s[p + b], s[2 * p]);
      const [forA, forB, forEquals] = [s[a], s[p + b], s[2 * p]].map((v) => Math.exp(v - top)), all = forA + forB + forEquals;
      const rate = timeline.header.attention_rate ?? 1, [toA, toB] = [forA, forB].map((v) => percent(roundedShare(rate * v / all + 1 - rate)));
      return `Head ${h}, a = ${nameOf(timeline.header, a)}, b = ${nameOf(timeline.header, b)}: attention ${toA} to a, ${toB} to b`;
    });
  },
  choice(own, x, y, { width, height, scale }) {
    const i = smallPlaces(own.heads.length, width, height, own.order.n, scale).findIndex((place) => pairAt(place, own.order.n, x, y));
    return i < 0 ? null : { kind: 1, number: own.heads[i] };
  },
  caption(timeline, i) {
    const { n_heads: heads } = timeline.header, { h, low, high } = mostRestless(timeline, i);
    const shown = headsShown(timeline, MOST_SMALL_MAPS).length, extra = heads > shown ? ` ${shown} of ${heads} heads ${shown === 1 ? "is" : "are"} shown.` : "";
    return `Head ${h} changes its mind most: with b = 0 it gives a between ${percent(roundedShare(low))} and ${percent(roundedShare(high))} of its attention.${extra}${rowsAndColumns(timeline)}`;
  },
};

/** The scores of one head: p for a, p for b, one for "=".
 * @param {Own} own @param {number} h @param {number} p */
function scoresOf(own, h, p) {
  return own.scores.subarray(h * (2 * p + 1), (h + 1) * (2 * p + 1));
}

/** The head whose attention to a differs most with a, where b is 0, and between which shares.
 * @param {Timeline} timeline @param {number} i */
function mostRestless(timeline, i) {
  const { header, arrays } = timeline, { p, attention_rate: rate = 1 } = header;
  const { scale } = arrays.attention_scores, scores = stored(timeline, "attention_scores", i);
  let most = { h: 0, low: 0, high: -1 };
  for (let h = 0; h < header.n_heads; h++) {
    const s = (/** @type {number} */ j) => scores[h * (2 * p + 1) + j] * scale;
    let low = 1, high = 0;
    for (let a = 0; a < p; a++) {
      const share = 1 - rate + rate / (1 + Math.exp(s(p) - s(a)) + Math.exp(s(2 * p) - s(a)));
      [low, high] = [Math.min(low, share), Math.max(high, share)];
    }
    if (high - low > most.high - most.low) most = { h, low, high };
  }
  return most;
}

/** softmax over the three scores, the share of a: exp(s_a) / (exp(s_a) + exp(s_b) + exp(s_=)), as colours; at another rate
 * than 1, so much of it, and the rest whatever the scores.
 * @param {Float32Array} scores @param {number} p @param {Uint32Array} words @param {Uint32Array} colours @param {number} rate */
export function attentionMap(scores, p, words, colours, rate = 1) {
  let top = -Infinity;
  for (const s of scores) top = Math.max(top, s);
  const weights = scores.map((s) => Math.exp(s - top)), equals = weights[2 * p];
  for (let a = 0, j = 0; a < p; a++) {
    const forA = weights[a] * 255 * rate, whatever = 255 * (1 - rate);
    const rest = weights[a] + equals + 1e-37;
    for (let b = 0; b < p; b++, j++) words[j] = colours[(whatever + forA / (rest + weights[p + b])) | 0];
  }
}
