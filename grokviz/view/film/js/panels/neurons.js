// The activation of single neurons over all questions.

import { blend } from "../kit/blob.js";
import { drawCross, drawPicture, drawSmallLabels, hoverSmall, makePicture, MOST_SMALL_MAPS, smallPlaces } from "../kit/maps.js";
import { measure } from "../kit/timeline.js";
import { inWords, percent, readable, sentenceCase, THIN, whole } from "../kit/wording.js";

const FOLLOWS = 0.85; // of a neuron's variation: it belongs to the frequency that explains this much

export const neuronsPanel = {
  id: "neurons",
  name: "Neurons",
  title: "What wakes a neuron?",
  part: "maps",
  howto:
    "Each map is one neuron: how active it is on every question, row a and column b, dark for silent. Above it stands the " +
    "frequency that explains it best now, in colour once it explains 85 % of it and is key. Most finished neurons are " +
    "woven from a single frequency; shown are those that it explains best in the last snapshot. The scale of a map is the same at every step.",
  prepare(timeline) {
    const { p } = timeline.header, { neurons } = timeline.maps.header, shown = Math.min(neurons.length, MOST_SMALL_MAPS);
    const own = { p, shown, pre: new Float32Array(p * p), pictures: Array.from({ length: shown }, () => makePicture(p)) };
    if (!shown) return own;
    own.scores = new Float32Array(timeline.arrays.attention_scores.size);
    own.tables = new Float32Array(timeline.maps.arrays.neuron_tables.size);
    own.constants = new Float32Array(neurons.length);
    own.tops = neuronTops(timeline, own);
    return own;
  },
  empty: (timeline) => (timeline.maps.header.neurons.length ? null : "No neurons were kept for this run."),
  background() {},
  live(g, own, { width, height, film, timeline, theme, scale }) {
    const i = film.index(), { header, arrays } = timeline.maps, keys = timeline.header.key_freqs;
    const places = smallPlaces(own.shown, width, height, own.p, scale);
    loadNeurons(timeline, own, film.position);
    const words = places.map((place, m) => {
      neuronMap(timeline, own, m);
      const paint = own.pictures[m].words, gain = 255 / own.tops[m];
      for (let j = 0; j < paint.length; j++) {
        const level = own.pre[j] * gain;
        paint[j] = theme.viridis[level <= 0 ? 0 : level >= 255 ? 255 : level | 0];
      }
      own.pictures[m].flush();
      drawPicture(g, own.pictures[m], place, scale);
      drawCross(g, place, own.p, film.hover, theme);
      const at = i * header.neurons.length + m, k = arrays.neuron_freq.raw[at], order = keys.indexOf(k);
      return [[`no. ${header.neurons[m]}`, theme.text], [`k = ${k}`, order < 0 || arrays.neuron_fve.raw[at] < FOLLOWS ? theme.muted : theme.frequency(order)]];
    });
    drawSmallLabels(g, places, words, theme);
  },
  hover(own, x, y, { width, height, scale, timeline, film }) {
    return hoverSmall(smallPlaces(own.shown, width, height, own.p, scale), own.p, x, y, (m, [a, b]) => {
      neuronMap(timeline, own, m);
      const { header, arrays } = timeline.maps, at = film.index() * header.neurons.length + m;
      const fits = `Frequency ${arrays.neuron_freq.raw[at]} explains ${percent(arrays.neuron_fve.raw[at])} of it`;
      return `Neuron ${header.neurons[m]}, a = ${a}, b = ${b}: activation ${readable(Math.max(0, own.pre[a * own.p + b]))}. ${fits}`;
    });
  },
  caption(timeline, i) {
    const share = measure(timeline, "frac_neurons_over_085", i), { d_mlp: all } = timeline.header;
    if (!Number.isFinite(share)) return "";
    const followers = Math.round(share * all), who = followers === 0 ? "None" : sentenceCase(inWords(followers));
    return `${who} of the ${whole(all)} neurons ${followers === 1 ? "follows" : "follow"} one frequency (for 85${THIN}% of the variation or more).`;
  },
};

function loadNeurons(timeline, own, position) {
  blend(timeline.arrays, "attention_scores", position, own.scores);
  blend(timeline.maps.arrays, "neuron_tables", position, own.tables);
  blend(timeline.maps.arrays, "neuron_constants", position, own.constants);
}

// pre[a, b] = constant + sum over heads of pattern_a T[a] + pattern_b T[p + b] + pattern_= T[2p]; the ReLU is the palette's.
function neuronMap(timeline, own, m) {
  const { p, scores, tables, pre } = own, heads = timeline.header.n_heads, row = 2 * p + 1;
  pre.fill(own.constants[m]);
  for (let h = 0; h < heads; h++) {
    const s = scores.subarray(h * row, (h + 1) * row), at = (m * heads + h) * row, t = tables.subarray(at, at + row);
    let top = -Infinity;
    for (const v of s) top = Math.max(top, v);
    const weights = s.map((v) => Math.exp(v - top)), rest = weights[2 * p] + 1e-37, equals = weights[2 * p] * t[2 * p];
    for (let a = 0, j = 0; a < p; a++) {
      const below = weights[a] + rest, above = weights[a] * t[a] + equals;
      for (let b = 0; b < p; b++, j++) pre[j] += (above + weights[p + b] * t[p + b]) / (below + weights[p + b]);
    }
  }
}

// The strongest activation of each neuron over a dozen moments of the run: the fixed end of its colour scale.
function neuronTops(timeline, own) {
  const tops = new Float32Array(own.shown).fill(1e-6), last = timeline.header.steps.length - 1, moments = Math.min(12, last + 1);
  for (let moment = 0; moment < moments; moment++) {
    loadNeurons(timeline, own, last ? Math.round((moment / (moments - 1)) * last) : 0);
    for (let m = 0; m < own.shown; m++) {
      neuronMap(timeline, own, m);
      for (const v of own.pre) if (v > tops[m]) tops[m] = v;
    }
  }
  return tops;
}
