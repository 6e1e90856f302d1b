// Stage 3: what the neurons of each frequency write, a point for every sum, and a hand for the pair in view.

/** @import { Canvas, Context, Panel } from "../contract.js" */

import { drawHand, drawRingWords, handPlaces } from "../kit/hands.js";
import { marked } from "../kit/hover.js";
import { askedOf, numberAt, pairOf, rowMoment, rowOfPart, unitWave, written } from "../kit/pair.js";
import { drawRingCircle, drawRingDots, drawRingMarks, marksOf, onRing } from "../kit/rings.js";
import { partOf } from "../kit/timeline.js";
import { percent, whole } from "../kit/wording.js";
import { reachOf, waiting } from "./angles.js";

/** @typedef {{ reach: number[] }} OwnSums */

/** @param {{ id: string, title: string, count: number }} spec `count` of frequencies @returns {Panel<OwnSums>} */
export function sums({ id, title, count }) {
  return {
    id, title, name: title, howto: "",
    needs: "pair", uses: ["inside"],
    empty: waiting,
    height: (timeline, width) => handPlaces(count, width).height,
    prepare(timeline) {
      const pair = pairOf(timeline), { raw, size } = pair.arrays.turned, reach = reachOf(timeline, "sums", "sum_size");
      for (let j = 0; j < raw.length; j += 2) {
        const order = (j % size) / 2, far = Math.hypot(raw[j], raw[j + 1]);
        if (far > reach[order]) reach[order] = far;
      }
      return { reach };
    },
    background() {},
    live: (g, own, context) => pairOf(context.timeline).asked.freqs.forEach((_, order) => drawSum(g, own, order, context)),
    caption(timeline, i) {
      const { asked } = pairOf(timeline), part = partOf(timeline, "inside"), row = part ? askedOf(part).at.indexOf(i) : -1;
      if (!part || row < 0) return "This step is being measured.";
      const pure = asked.freqs.reduce((sum, _, order) => sum + numberAt(part, "pure_neurons", row, order), 0);
      return `The frequency of each neuron explains ${percent(numberAt(part, "neuron_share", row))} of the variance of all neurons; ` +
        `${whole(pure)} of ${whole(timeline.header.d_mlp)} are explained to 85\u202f% by one of these frequencies.`;
    },
  };
}

/** The ring of one frequency: the mean of every sum, and the hand of this pair.
 * @param {Canvas} g @param {OwnSums} own @param {number} order of the frequency @param {Context} context */
function drawSum(g, own, order, { timeline, theme, width, moment, hover }) {
  const pair = pairOf(timeline), { asked } = pair, part = partOf(timeline, "inside"), { places, side } = handPlaces(asked.freqs.length, width);
  if (!part || !asked.places) return;
  const row = rowMoment(askedOf(part).at, moment), dots = rowOfPart(part, "sums", row), radius = rowOfPart(part, "sum_size", row)[order];
  const mine = rowOfPart(pair, "turned", rowMoment(asked.rows, moment)), k = asked.freqs[order];
  const place = places[order], unit = place.r / own.reach[order], from = 2 * order * asked.n;
  const points = Array.from({ length: asked.n }, (_, c) => onRing(place, unit, dots[from + 2 * c], dots[from + 2 * c + 1]));
  const share = numberAt(part, "sum_share", row.index, order), neurons = numberAt(part, "neurons", row.index, order);
  const words = Number.isNaN(share) ? ["is being measured"]
    : [`${whole(neurons)} ${neurons === 1 ? "neuron" : "neurons"}`, `adding explains ${percent(share)}`];
  drawRingWords(g, place, side, { title: `k = ${k}`, words, order }, theme);
  drawRingCircle(g, place, radius * unit, theme);
  drawRingDots(g, points, 1.6, () => theme.muted);
  drawRingMarks(g, marksOf(marked(hover, "answers"), asked.order.c, points, (number) => written(timeline, number)), place, theme);
  const [x, y] = unitWave(k, asked.places[2], asked.n), right = onRing(place, radius * unit, x, y);
  const actual = onRing(place, unit, mine[2 * order], mine[2 * order + 1]);
  drawHand(g, { label: `a${asked.sign}b`, dashed: false, colour: theme.frequency(order) }, place, side, { actual, right }, theme);
}
