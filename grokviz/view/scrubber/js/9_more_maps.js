// The panels of the second part, which is fetched when one of them is on screen: neurons and the logits' spectrum.

const FOLLOWS = 0.85; // of a neuron's variation: it belongs to the frequency that explains this much

const neuronsPanel = {
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

const logitsPanel = {
  id: "logits",
  name: "What the logits are made of",
  title: "What are the answers made of?",
  part: "maps",
  howto:
    "The logits (one number for each possible answer), taken apart into products of a wave in a (rows) and a wave in b (columns); cosine and sine of a frequency " +
    "sit side by side. Bright is strong, on a log scale over three decades. A finished network keeps a few bright blocks on " +
    "the diagonal: the same frequency in a and in b, which is what cos(w(a + b)) is made of.",
  prepare: (timeline) => ({ p: timeline.header.p, picture: makePicture(timeline.header.p) }),
  background(g, own, { width, height, timeline, theme, scale }) {
    const place = mapPlace(width, height, scale, own.p), keys = timeline.header.key_freqs;
    g.font = theme.font(SMALL);
    g.fillStyle = theme.muted;
    g.textAlign = "left";
    g.textBaseline = "middle";
    g.fillText("wave in a, down · wave in b, across", place.x, 12);
    const middle = (k) => ((2 * k) / own.p) * place.size;
    g.textBaseline = "alphabetic";
    drawKeyTicks(g, keys, theme, (k) => [place.x + middle(k), place.y + place.size + 16]);
    g.textBaseline = "middle";
    const rows = keys.map((k, order) => ({ at: place.y + middle(k), k, order }));
    spread(rows, 14);
    g.textAlign = "right";
    g.font = theme.font(SMALL, 600);
    for (const { at, k, order } of rows) {
      g.fillStyle = theme.frequency(order);
      g.fillText(k, place.x - 6, at);
    }
  },
  live(g, own, { width, height, film, timeline, theme, scale }) {
    const { raw, size } = timeline.maps.arrays.logit_spectrum_2d, words = own.picture.words;
    const before = Math.floor(film.position), after = Math.min(before + 1, film.steps.length - 1);
    const f = film.position - before, a = before * size, b = after * size;
    for (let j = 0; j < size; j++) words[j] = theme.viridis[(raw[a + j] * (1 - f) + raw[b + j] * f) | 0];
    own.picture.flush();
    drawPicture(g, own.picture, mapPlace(width, height, scale, own.p), scale);
  },
  hover(own, x, y, { width, height, scale, timeline, film }) {
    const cell = pairAt(mapPlace(width, height, scale, own.p), own.p, x, y);
    if (!cell) return null;
    const { raw, size, scale: decades, shift } = timeline.maps.arrays.logit_spectrum_2d;
    const stored = raw[film.index() * size + cell[0] * own.p + cell[1]], share = 10 ** (stored * decades + shift);
    const words = stored ? percent(share) : `under 0.1${THIN}%`;
    return { numbers: [], pair: null, words: `${wave(cell[0], own.p)} of a times ${wave(cell[1], own.p)} of b: ${words} of the strongest` };
  },
  caption(timeline, i) {
    const keys = timeline.header.key_freqs.length, share = measure(timeline, "logit_fve", i);
    if (!keys || !Number.isFinite(share)) return `${noKey(timeline)}, so there are no waves to fit.`;
    return `Cosines of the ${keys === 1 ? "key frequency" : `${inWords(keys)} key frequencies`}, cos${THIN}w(a${THIN}+${THIN}b${THIN}−${THIN}c), explain ${percent(Math.max(0, share))} of the variance of the logits.`;
  },
};

// The Fourier basis in its order: constant, cos 1, sin 1, cos 2, ...
function wave(row, p) {
  if (row === 0) return "the constant";
  if (p % 2 === 0 && row === p - 1) return "the alternating wave";
  return `${row % 2 ? "cosine" : "sine"} ${Math.ceil(row / 2)}`;
}

const PANELS = [
  ringsPanel, answersPanel, embeddingPanel, attentionPanel, neuronsPanel, logitsPanel, unembeddingPanel, accuracyPanel, simplicityPanel,
];
