// One pair at all snapshots, and what is known of the network around it: the parts "pair" and "inside" of a run
// (grokviz/app/circuit/live.py), each with rows for the snapshots that have been computed so far.

/** @import { Moment, Part, Timeline } from "../contract.js" */

import { blend } from "./blob.js";
import { nameOf, partOf } from "./timeline.js";

/**
 * The pair, its numbers in the order in which the operation is a sum: `places` of a, of b and of the answer in it, null
 * where the pair has none. `right` is the right answer, -1 where there is none.
 * @typedef {object} Asked
 * @property {number} a
 * @property {number} b
 * @property {number} right
 * @property {[number, number, number] | null} places
 * @property {number} n numbers in that order
 * @property {{ a: number[], b: number[], c: number[] }} order
 * @property {number[]} freqs blocks of the group
 * @property {string[]} names of them: k = 7
 * @property {string[]} blocks names of all
 * @property {boolean} clock its answers are sums, so that every frequency has a ring
 * @property {string} sign between a and b where they are a sum
 * @property {string} question as it is written
 * @property {string} seen whether it was trained on it, as a sentence
 * @property {string} axis of the answers
 * @property {number | null} rate of attention, null where it does not follow from the scores of "="
 * @property {number[]} at the snapshots that there are rows of
 * @property {number[]} rows the same of what the neurons write
 */

/** @param {Part} part @returns {Asked} */
export const askedOf = ({ header }) => /** @type {any} */ (header);

/** What each frequency is over the answers: of a group that is no clock, a block of functions. @param {Asked} asked */
export const wavesWord = ({ clock }) => (clock ? "waves" : "blocks");

/** The pair in view. @param {Timeline} timeline @param {string} [name] of its part */
export function pairOf(timeline, name = "pair") {
  const part = partOf(timeline, name);
  if (!part) throw new Error(`No pair has arrived: a panel that draws one says so by needs: "${name}".`);
  return { ...part, asked: askedOf(part) };
}

/** Its logits of all answers at a moment. @param {ReturnType<typeof pairOf>} pair @param {Moment} moment */
export const logitsNow = (pair, moment) => rowOfPart(pair, "logits", rowMoment(pair.asked.at, moment));

/** The moment at which row i of a part stands. @param {number} i @returns {Moment} */
export const rowAt = (i) => ({ position: i, before: i, after: i, share: 0, index: i });

/** Where a moment lies among the rows that there are: between two of them, `index` -1 where the snapshot itself has none.
 * @param {number[]} at snapshots of the rows, ascending @param {Moment} moment @returns {Moment} */
export function rowMoment(at, { position, index }) {
  let low = 0;
  while (low + 1 < at.length && at[low + 1] <= position) low++;
  const high = Math.min(low + 1, at.length - 1), span = at[high] - at[low];
  const share = span > 0 ? Math.min(1, Math.max(0, (position - at[low]) / span)) : 0;
  return { position: low + share, before: low, after: high, share, index: at.indexOf(index) };
}

/** Numbers of a row of a part, blended where the moment lies between two. @param {Part} part @param {string} name
 * @param {Moment} row @returns {Float32Array} */
export const rowOfPart = ({ arrays }, name, row) => blend(arrays[name], row, new Float32Array(arrays[name].size));

/** The one number of a snapshot, or NaN where it has no row. @param {Part} part @param {string} name @param {number} row
 * @param {number} j which of the numbers */
export function numberAt({ arrays }, name, row, j = 0) {
  const { raw, size, scale, shift } = arrays[name];
  return row < 0 ? NaN : raw[row * size + j] * scale + shift;
}

/** How an answer or a number is written. @param {Timeline} timeline @param {number} n */
export const written = ({ header }, n) => nameOf(header, n);

/** cos and sin of frequency k at a place among n; no sine at half of n. @param {number} k @param {number} place @param {number} n */
export function unitWave(k, place, n) {
  const angle = (2 * Math.PI * (((k * place) % n) + n)) / n;
  return [Math.cos(angle), 2 * k === n ? 0 : Math.sin(angle)];
}

/** What each frequency adds to the logits over the answers, one after the other. @param {ReturnType<typeof pairOf>} pair
 * @param {Moment} row among the rows of the pair @returns {Float32Array[]} */
export function wavesOf(pair, row) {
  const { freqs, n } = pair.asked, all = rowOfPart(pair, "waves", row);
  return freqs.map((_, order) => all.subarray(order * n, (order + 1) * n));
}

/** Logits in the order of sums, their mean removed. @param {ArrayLike<number>} logits of all answers @param {number[]} order */
export function centred(logits, order) {
  const found = Float32Array.from(order, (c) => logits[c]);
  const mean = found.reduce((sum, v) => sum + v, 0) / (found.length || 1);
  return found.map((v) => v - mean);
}

/** What the network says: probabilities, answers from the most probable on, and the margin of the right one above the
 * best of the others. @param {ArrayLike<number>} logits @param {number} right */
export function answerOf(logits, right) {
  const all = Array.from(logits), top = Math.max(...all), weights = all.map((v) => Math.exp(v - top));
  const sum = weights.reduce((total, v) => total + v, 0), ranked = all.map((_, c) => c).sort((x, y) => all[y] - all[x] || x - y);
  const rival = ranked.find((c) => c !== right) ?? 0;
  return { probability: weights.map((v) => v / sum), ranked, rival, margin: all[right] - all[rival] };
}
