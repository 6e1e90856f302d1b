// The numbers on the ring of each key frequency.

/** @import { Canvas, Panel, Theme, Timeline } from "../contract.js" */
/** @import { Point, RingPlace } from "../kit/rings.js" */

import { blend } from "../kit/blob.js";
import { write } from "../kit/canvas.js";
import { clockness, drawRingCircle, drawRingDots, drawRingMarks, marksOf, nearestPoint, onRing, ringPlaces } from "../kit/rings.js";
import { SMALL } from "../kit/theme.js";
import { blockName, groupOf, inWhichOrder, nameOf, noGroup, noKey, ringsOf } from "../kit/timeline.js";
import { inWords, listed, plural } from "../kit/wording.js";

const MARGIN = 0.06; // of the radius, around the circle
const IN_ORDER = 0.9; // a ring that fits a clock this well is one

/** `reach` is the largest radius of the run, `orders` the elements of each ring in the order of its clock.
 * @typedef {{ points: Float32Array, reach: number, orders: number[][] }} Own */

/** @type {Panel<Own>} */
export const ringsPanel = {
  id: "rings",
  name: "Numbers on rings",
  title: "Where does it keep the numbers?",
  needs: "core", uses: ["chosen"],
  howto:
    "One ring for each key frequency k. A dot is a number; its place is where the network’s embedding puts it in the plane " +
    "of cos and sin of frequency k. Dots are coloured by where they would stand on a perfect clock that goes around k " +
    "times, and joined in that order: confetti and a tangle at first, a colour wheel and a circle once a run has grokked. " +
    "Point at a dot to find the same number on every ring and in every map.",
  prepare(timeline) {
    const { ring, freqs } = ringsOf(timeline), { tokens, is_cyclic: clock } = groupOf(timeline), n = tokens.length;
    let reach = 0;
    for (let j = 0; j < ring.raw.length; j += 2) reach = Math.max(reach, Math.hypot(ring.raw[j], ring.raw[j + 1]));
    const turn = (/** @type {number} */ k, /** @type {number} */ i) => (clock ? (i * k) % n : 0);
    const orders = freqs.map((k) => Array.from({ length: n }, (_, i) => i).sort((a, b) => turn(k, a) - turn(k, b)));
    return { points: new Float32Array(ring.size), reach: reach * ring.scale || 1, orders };
  },
  empty(timeline) {
    if (ringsOf(timeline).freqs.length) return null;
    const why = noGroup(timeline, "So nobody knows which circle a number would belong on.");
    if (why) return why;
    return `${noKey(timeline)}, so there is no ring to draw${timeline.header.finished ? "" : " yet"}.`;
  },
  background(g, own, { width, height, timeline, theme }) {
    const { freqs } = ringsOf(timeline);
    for (const [order, place] of ringPlaces(own.orders.length, width, height).entries()) {
      drawRingCircle(g, place, place.r * (1 - MARGIN), theme);
      g.font = theme.font(SMALL, 600);
      g.fillStyle = ringColour(timeline, freqs[order], theme);
      write(g, blockName(timeline, freqs[order]), place.x, place.y + place.r + 9, "center");
    }
  },
  live(g, own, { width, height, moment, timeline, theme, hover }) {
    const { tokens, is_cyclic: clock } = groupOf(timeline), p = tokens.length, { wheel } = theme;
    const { ring, freqs } = ringsOf(timeline);
    blend(ring, moment, own.points);
    for (const [order, place] of ringPlaces(own.orders.length, width, height).entries()) {
      const inOrder = own.orders[order].map((n) => dotOf(own, p, order, n, place));
      if (clock) drawTangle(g, inOrder, ringColour(timeline, freqs[order], theme));
      const size = Math.max(1.5, Math.min(3.4, (place.r * 4.2) / p));
      drawRingDots(g, inOrder, size, (rank) => wheel[Math.floor((rank / p) * wheel.length)]);
      if (!hover.numbers.length) continue;
      const numbers = own.orders[order].map((i) => tokens[i]);
      drawRingMarks(g, marksOf(hover.numbers, numbers, inOrder, (number) => nameOf(timeline.header, number)), place, theme);
    }
  },
  hover(own, x, y, { width, height, moment, timeline }) {
    const { tokens } = groupOf(timeline), p = tokens.length;
    blend(ringsOf(timeline).ring, moment, own.points);
    let best = { i: -1, far: 18 };
    for (const [order, place] of ringPlaces(own.orders.length, width, height).entries()) {
      const points = Array.from({ length: p }, (_, n) => dotOf(own, p, order, n, place));
      const found = nearestPoint(points, x, y, best.far);
      if (found.i >= 0) best = found;
    }
    if (best.i < 0) return null;
    const number = tokens[best.i], { names } = timeline.header, root = groupOf(timeline).root;
    const words = names?.length ? nameOf(timeline.header, number) : `The number ${number}${root ? ` = ${root} to the power of ${best.i}` : ""}`;
    return { numbers: [number], pair: null, answer: null, words };
  },
  choice(own, x, y, { width, height, timeline }) {
    const order = ringPlaces(own.orders.length, width, height).findIndex((place) => Math.hypot(place.x - x, place.y - y) <= place.r);
    return order < 0 ? null : { kind: 0, number: ringsOf(timeline).freqs[order] };
  },
  caption(timeline, i) {
    const { freqs: keys, ring } = ringsOf(timeline);
    if (!keys.length) return "";
    const { tokens: { length: p }, is_cyclic: clock } = groupOf(timeline), dots = ring.raw.subarray(i * ring.size, (i + 1) * ring.size);
    if (!clock) return "Each figure is one block of functions on the group; of a block of more than two, the first two are drawn.";
    const round = keys.filter((k, order) => clockness(dots.subarray(2 * order * p, 2 * (order + 1) * p), k) > IN_ORDER);
    const powers = inWhichOrder(timeline);
    if (!round.length) return "No ring is in order yet: the numbers are scattered.";
    if (round.length < keys.length) return `The numbers stand in order on ${inWords(round.length)} of ${plural(keys.length, "ring")} (k = ${listed(round)})${powers}.`;
    return keys.length === 1
      ? `The ring is in order: the network keeps its numbers on a clock${powers}.`
      : `${keys.length === 2 ? "Both" : `All ${inWords(keys.length)}`} rings are in order: the network keeps its numbers on ${inWords(keys.length)} clocks${powers}.`;
  },
};

/** A key frequency has its colour; any other that was chosen has none. @param {Timeline} timeline @param {number} k @param {Theme} theme */
function ringColour({ header }, k, theme) {
  const order = header.key_freqs.indexOf(k);
  return order < 0 ? theme.muted : theme.frequency(order);
}

/** The numbers of a ring joined in the order of its clock: a circle, or not yet.
 * @param {Canvas} g @param {Point[]} inOrder @param {string} colour */
function drawTangle(g, inOrder, colour) {
  g.strokeStyle = colour;
  g.globalAlpha = 0.3;
  g.beginPath();
  for (const [x, y] of inOrder) g.lineTo(x, y);
  g.closePath();
  g.stroke();
  g.globalAlpha = 1;
}

/** @param {Own} own @param {number} p @param {number} order of the ring @param {number} n @param {RingPlace} place
 * @returns {Point} */
function dotOf({ points, reach }, p, order, n, place) {
  const j = 2 * (order * p + n);
  return onRing(place, (place.r * (1 - MARGIN)) / reach, points[j], points[j + 1]);
}
