// The activation of single neurons over all questions.

/** @import { Moment, Panel, Timeline } from "../contract.js" */
/** @import { MapOrder, Picture } from "../kit/maps.js" */

import { blend, momentAt } from "../kit/blob.js";
import { drawOrderedCross, drawPicture, drawSmallLabels, hoverSmall, sourcesInOrder, makePicture, mapOrder, MOST_SMALL_MAPS, pairAt, smallPlaces } from "../kit/maps.js";
import { blockName, frequencyWord, mapsOf, measure, nameOf, rowsAndColumns } from "../kit/timeline.js";
import { inWords, percent, readable, sentenceCase, THIN, whole } from "../kit/wording.js";

const FOLLOWS = 0.85; // of a neuron's variation: it belongs to the frequency that explains this much

/**
 * `pre` is the activation before the ReLU of one neuron over all pairs; `tops` the fixed end of each colour scale.
 * @typedef {object} Own
 * @property {number} shown
 * @property {MapOrder} order of rows and columns
 * @property {Float32Array} pre
 * @property {Picture[]} pictures
 * @property {Float32Array} scores
 * @property {Float32Array} tables
 * @property {Float32Array} constants
 * @property {Float32Array} tops
 */

/** @type {Panel<Own>} */
export const neuronsPanel = {
  id: "neurons",
  name: "Neurons",
  title: "What wakes a neuron?",
  needs: "maps",
  howto:
    "Each map is one neuron: how active it is on every question, row a and column b, dark for silent. Above it stands the " +
    "frequency that explains it best now, in colour once it explains 85 % of it and is key. Most finished neurons are " +
    "woven from a single frequency; shown are those that it explains best in the last snapshot. The scale of a map is the same at every step.",
  prepare(timeline) {
    const { header, arrays } = mapsOf(timeline), shown = Math.min(header.neurons.length, MOST_SMALL_MAPS);
    const order = mapOrder(timeline);
    const own = {
      shown, order, pre: new Float32Array(order.n ** 2), pictures: Array.from({ length: shown }, () => makePicture(order.n)),
      scores: new Float32Array(timeline.arrays.attention_scores?.size ?? 0),
      tables: new Float32Array(arrays.neuron_tables?.size ?? 0),
      constants: new Float32Array(header.neurons.length),
      tops: new Float32Array(shown).fill(1e-6),
    };
    if (shown) findTops(timeline, own);
    return own;
  },
  empty(timeline) {
    const { header, arrays } = timeline;
    if (!arrays.attention_scores && header.attention_rate > 0) return header.silent?.attention_scores ?? "No attention was kept of this run.";
    return mapsOf(timeline).header.neurons.length ? null : "No neurons were kept for this run.";
  },
  background() {},
  live(g, own, { width, height, scale, moment, timeline, theme, hover }) {
    const { header, arrays } = mapsOf(timeline), { key_freqs: keys } = timeline.header;
    const places = smallPlaces(own.shown, width, height, own.order.n, scale);
    loadNeurons(timeline, own, moment);
    /** @type {[string, string][][]} */
    const words = places.map((place, m) => {
      neuronMap(timeline, own, m);
      const paint = own.pictures[m].words, gain = 255 / own.tops[m];
      for (let j = 0; j < paint.length; j++) {
        const level = own.pre[j] * gain;
        paint[j] = theme.viridis[level <= 0 ? 0 : level >= 255 ? 255 : level | 0];
      }
      own.pictures[m].flush();
      drawPicture(g, own.pictures[m], place, scale);
      drawOrderedCross(g, place, own.order, hover, theme);
      /** @type {[string, string]} */
      const number = [`no. ${header.neurons[m]}`, theme.text];
      if (!arrays.neuron_freq) return [number];
      const at = moment.index * header.neurons.length + m, k = arrays.neuron_freq.raw[at], order = keys.indexOf(k);
      const belongs = order >= 0 && arrays.neuron_fve.raw[at] >= FOLLOWS;
      return [number, [k ? blockName(timeline, k) : "constant", belongs ? theme.frequency(order) : theme.muted]];
    });
    drawSmallLabels(g, places, words, theme);
  },
  hover(own, x, y, { width, height, scale, moment, timeline }) {
    const { n } = own.order;
    return hoverSmall(smallPlaces(own.shown, width, height, n, scale), timeline, x, y, (m, [a, b], [row, column]) => {
      neuronMap(timeline, own, m);
      const { header, arrays } = mapsOf(timeline), at = moment.index * header.neurons.length + m;
      const k = arrays.neuron_freq?.raw[at], who = k && timeline.header.group?.is_cyclic ? `Frequency ${k}` : k && blockName(timeline, k);
      const fits = who ? `. ${who} explains ${percent(arrays.neuron_fve.raw[at])} of it` : "";
      return `Neuron ${header.neurons[m]}, a = ${nameOf(timeline.header, a)}, b = ${nameOf(timeline.header, b)}: activation ${readable(Math.max(0, own.pre[row * n + column]))}${fits}`;
    });
  },
  choice(own, x, y, { width, height, scale, timeline }) {
    const m = smallPlaces(own.shown, width, height, own.order.n, scale).findIndex((place) => pairAt(place, own.order.n, x, y));
    return m < 0 ? null : { kind: 2, number: mapsOf(timeline).header.neurons[m] };
  },
  caption(timeline, i) {
    const share = measure(timeline, "frac_neurons_over_085", i), { d_mlp: all } = timeline.header;
    if (!timeline.header.group) return `${timeline.header.no_group} Shown are the neurons that differ most from question to question.`;
    if (!Number.isFinite(share)) return "";
    const followers = Math.round(share * all), who = followers === 0 ? "None" : sentenceCase(inWords(followers));
    return `${who} of the ${whole(all)} neurons ${followers === 1 ? "follows" : "follow"} one ${frequencyWord(timeline)} (for 85${THIN}% of the variation or more).${rowsAndColumns(timeline)}`;
  },
};

/** @param {Timeline} timeline @param {Own} own @param {Moment} moment */
function loadNeurons(timeline, own, moment) {
  const { arrays } = mapsOf(timeline);
  if (own.scores.length) blend(timeline.arrays.attention_scores, moment, own.scores);
  blend(arrays.neuron_tables, moment, own.tables);
  blend(arrays.neuron_constants, moment, own.constants);
}

/** pre[a, b] = constant + sum over heads of pattern_a T[a] + pattern_b T[n + b] + pattern_= T[2n], with the pattern
 * rate * softmax + (1 - rate); the ReLU is the palette's.
 * @param {Timeline} timeline @param {Own} own @param {number} m which neuron */
function neuronMap(timeline, own, m) {
  const { scores, tables, pre, order } = own, { n_heads: heads, attention_rate: rate = 1 } = timeline.header;
  const row = 2 * timeline.header.p + 1, { n } = order;
  pre.fill(own.constants[m]);
  for (let h = 0; h < heads; h++) {
    const at = (m * heads + h) * row, t = sourcesInOrder(tables.subarray(at, at + row), order);
    if (rate < 1) addWhatever(pre, t, n, 1 - rate);
    if (rate === 0) continue;
    const s = sourcesInOrder(scores.subarray(h * row, (h + 1) * row), order);
    let top = -Infinity;
    for (const v of s) top = Math.max(top, v);
    const weights = s.map((v) => Math.exp(v - top)), rest = weights[2 * n] + 1e-37, equals = weights[2 * n] * t[2 * n];
    for (let a = 0, j = 0; a < n; a++) {
      const below = weights[a] + rest, above = weights[a] * t[a] + equals;
      for (let b = 0; b < n; b++, j++) pre[j] += (rate * (above + weights[n + b] * t[n + b])) / (below + weights[n + b]);
    }
  }
}

/** What a head writes whatever its scores are: T[a] + T[p + b] + T[2p], times what is left of the attention.
 * @param {Float32Array} pre @param {Float32Array} t @param {number} p @param {number} left */
function addWhatever(pre, t, p, left) {
  for (let a = 0, j = 0; a < p; a++) {
    for (let b = 0; b < p; b++, j++) pre[j] += left * (t[a] + t[p + b] + t[2 * p]);
  }
}

/** The strongest activation of each neuron over a dozen moments of the run: the fixed end of its colour scale.
 * @param {Timeline} timeline @param {Own} own */
function findTops(timeline, own) {
  const count = timeline.header.steps.length, moments = Math.min(12, count);
  for (let i = 0; i < moments; i++) {
    loadNeurons(timeline, own, momentAt(count > 1 ? Math.round((i / (moments - 1)) * (count - 1)) : 0, count));
    for (let m = 0; m < own.shown; m++) {
      neuronMap(timeline, own, m);
      for (const v of own.pre) if (v > own.tops[m]) own.tops[m] = v;
    }
  }
}
