// Frequencies as bars, key frequencies in their own colours; and the numbers on their rings.

function spectrumPanel(description, arrayName) {
  return {
    ...description,
    part: "core",
    prepare(timeline) {
      const array = timeline.arrays[arrayName];
      return { top: largest(array.raw) || 1, bars: new Float32Array(array.size) };
    },
    empty: (timeline) => (timeline.arrays[arrayName].size ? null : "This modulus has no frequency to show."),
    background(g, own, { width, height, timeline, theme }) {
      const box = barBox(width, height, own);
      g.font = theme.font(SMALL);
      g.textBaseline = "middle";
      for (const share of [0, 1]) {
        const y = Math.round(box.bottom - share * box.height) + 0.5;
        g.strokeStyle = share ? theme.hair : theme.faint;
        g.beginPath();
        g.moveTo(box.left, y);
        g.lineTo(box.right, y);
        g.stroke();
      }
      g.fillStyle = theme.muted;
      g.textAlign = "left";
      g.fillText("strength", box.left, 12);
      g.textAlign = "center";
      g.textBaseline = "alphabetic";
      const keys = timeline.header.key_freqs;
      for (let k = 10; k <= own.bars.length; k += 10) {
        if (keys.every((key) => Math.abs(key - k) > 3)) g.fillText(k, box.x(k) + box.bar / 2, box.bottom + 16);
      }
      g.fillText("frequency k", (box.left + box.right) / 2, box.bottom + 34);
      drawKeyTicks(g, keys, theme, (k) => [box.x(k) + box.bar / 2, box.bottom + 16]);
    },
    live(g, own, { width, height, film, timeline, theme }) {
      const box = barBox(width, height, own), keys = timeline.header.key_freqs;
      blend(timeline.arrays, arrayName, film.position, own.bars);
      for (let k = 1; k <= own.bars.length; k++) {
        const tall = Math.max((own.bars[k - 1] / own.top) * box.height, 0.75), order = keys.indexOf(k);
        g.fillStyle = order >= 0 ? theme.frequency(order) : theme.muted;
        g.globalAlpha = order >= 0 ? 1 : 0.55;
        g.fillRect(box.x(k), box.bottom - tall, box.bar, tall);
      }
      g.globalAlpha = 1;
    },
    caption(timeline, i) {
      const array = timeline.arrays[arrayName], keys = timeline.header.key_freqs;
      const now = array.raw.subarray(i * array.size, (i + 1) * array.size);
      const energy = now.reduce((sum, v) => sum + v * v, 0);
      const strongest = now.indexOf(now.reduce((a, b) => Math.max(a, b), 0)) + 1;
      if (!keys.length) return `${noKey(timeline)}. The strongest now is ${strongest}.`;
      const share = keys.reduce((sum, k) => sum + now[k - 1] ** 2, 0) / (energy || 1);
      const who = keys.length === 1 ? `Frequency ${keys[0]} carries` : `Frequencies ${listed(keys)} carry`;
      return `${who} ${percent(share)} of ${description.whole}, out of ${array.size} frequencies.`;
    },
  };
}

// Labels of key frequencies under an axis, pushed apart where two are neighbours.
function drawKeyTicks(g, keys, theme, place) {
  const labels = keys.map((k, order) => ({ at: place(k)[0], y: place(k)[1], k, order }));
  spread(labels, 17);
  g.font = theme.font(SMALL, 600);
  g.textAlign = "center";
  for (const { at, y, k, order } of labels) {
    g.fillStyle = theme.frequency(order);
    g.fillText(k, at, y);
  }
  g.font = theme.font(SMALL);
}

function barBox(width, height, own) {
  const left = 4, right = width - 4, pitch = (right - left) / own.bars.length;
  return {
    left, right, bottom: height - 42, height: height - 42 - 26, bar: Math.max(pitch * 0.72, 1),
    x: (k) => left + (k - 1) * pitch + pitch * 0.14,
  };
}

const embeddingPanel = spectrumPanel(
  {
    id: "embedding",
    name: "Frequencies in the embedding",
    title: "Which waves does it store the numbers in?",
    whole: "the embedding’s energy",
    howto:
      "The network stores every number as a vector. Read down the numbers 0, 1, 2, … each of its coordinates is a sum of waves; " +
      "a bar is how strong the wave that goes around k times is. Coloured bars are the key frequencies, the ones the " +
      "finished network computes with. At first all bars are nearly alike: noise.",
  },
  "spectrum_W_E",
);

const unembeddingPanel = spectrumPanel(
  {
    id: "outputs",
    name: "Frequencies in the outputs",
    title: "What do the answers listen to?",
    whole: "the output weights’ energy",
    howto:
      "The same spectrum for W_L = W_out W_U, the map from neurons to answers. When the circuit is complete the key " +
      "frequencies carry nearly all of it. (It leaves out the path that goes around the neurons.)",
  },
  "spectrum_W_L",
);

const RING_MARGIN = 0.06;

const ringsPanel = {
  id: "rings",
  name: "Numbers on rings",
  title: "Where does it keep the numbers?",
  part: "core",
  howto:
    "One ring for each key frequency k. A dot is a number; its place is where the network’s embedding puts it in the plane " +
    "of cos and sin of frequency k. Dots are coloured by where they would stand on a perfect clock that goes around k " +
    "times, and joined in that order: confetti and a tangle at first, a colour wheel and a circle once a run has grokked. " +
    "Point at a dot to find the same number on every ring and in the map of answers.",
  prepare(timeline) {
    const { ring } = timeline.arrays, { p, key_freqs: keys } = timeline.header;
    let reach = 0;
    for (let j = 0; j < ring.raw.length; j += 2) reach = Math.max(reach, Math.hypot(ring.raw[j], ring.raw[j + 1]));
    const orders = keys.map((k) => Array.from({ length: p }, (_, n) => n).sort((a, b) => ((a * k) % p) - ((b * k) % p)));
    return { points: new Float32Array(ring.size), reach: reach * ring.scale || 1, orders };
  },
  empty: (timeline) => (timeline.header.key_freqs.length ? null : `${noKey(timeline)}, so there is no ring to draw${timeline.header.finished ? "" : " yet"}.`),
  background(g, own, { width, height, timeline, theme }) {
    for (const [order, { x, y, r }] of ringPlaces(own, width, height).entries()) {
      g.strokeStyle = theme.faint;
      g.beginPath();
      g.arc(x, y, r * (1 - RING_MARGIN), 0, 2 * Math.PI);
      g.stroke();
      g.font = theme.font(SMALL, 600);
      g.fillStyle = theme.frequency(order);
      g.textAlign = "center";
      g.textBaseline = "middle";
      g.fillText(`k = ${timeline.header.key_freqs[order]}`, x, y + r + 9);
    }
  },
  live(g, own, { width, height, film, timeline, theme }) {
    const p = timeline.header.p, points = blend(timeline.arrays, "ring", film.position, own.points);
    for (const [order, place] of ringPlaces(own, width, height).entries()) {
      const at = (n) => ringPoint(own, points, p, order, n, place);
      g.strokeStyle = theme.frequency(order);
      g.globalAlpha = 0.3;
      g.beginPath();
      for (const n of own.orders[order]) g.lineTo(...at(n));
      g.closePath();
      g.stroke();
      g.globalAlpha = 1;
      const size = Math.max(1.5, Math.min(3.4, (place.r * 4.2) / p));
      own.orders[order].forEach((n, rank) => {
        const [x, y] = at(n);
        dot(g, x, y, size, theme.wheel[Math.floor((rank / p) * theme.wheel.length)]);
      });
      for (const n of film.hover.numbers) ringMark(g, at(n), n, place, theme);
    }
  },
  hover(own, x, y, { width, height, timeline, film }) {
    const p = timeline.header.p, points = blend(timeline.arrays, "ring", film.position, own.points);
    let best = { n: null, far: 18 };
    for (const [order, place] of ringPlaces(own, width, height).entries()) {
      for (let n = 0; n < p; n++) {
        const [px, py] = ringPoint(own, points, p, order, n, place), far = Math.hypot(px - x, py - y);
        if (far < best.far) best = { n, far };
      }
    }
    return best.n === null ? null : { numbers: [best.n], pair: null, words: `The number ${best.n}` };
  },
  caption(timeline, i) {
    const { key_freqs: keys } = timeline.header;
    const round = keys.filter((_, order) => clockness(timeline, i, order) > 0.9);
    if (!keys.length) return "";
    if (!round.length) return "No ring is in order yet: the numbers are scattered.";
    if (round.length === keys.length) return keys.length === 1
      ? "The ring is in order: the network keeps its numbers on a clock."
      : `All ${inWords(keys.length)} rings are in order: the network keeps its numbers on ${inWords(keys.length)} clocks.`;
    return `The numbers stand in order on ${inWords(round.length)} of ${plural(keys.length, "ring")} (k = ${listed(round)}).`;
  },
};

function ringPlaces(own, width, height) {
  const count = own.orders.length, label = 20;
  let best = { r: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns), r = Math.min(width / columns, height / rows - label) / 2;
    if (r > best.r) best = { r, columns, rows };
  }
  const r = best.r - 3;
  return own.orders.map((_, order) => {
    const row = Math.floor(order / best.columns), inRow = Math.min(best.columns, count - row * best.columns);
    const x = width / 2 + ((order % best.columns) - (inRow - 1) / 2) * Math.max(2 * best.r, width / best.columns);
    const pitch = Math.min(height / best.rows, 2 * best.r + label + 18);
    return { x, y: height / 2 + (row - (best.rows - 1) / 2) * pitch - label / 2, r };
  });
}

function ringPoint(own, points, p, order, n, { x, y, r }) {
  const j = 2 * (order * p + n), scale = (r * (1 - RING_MARGIN)) / own.reach;
  return [x + points[j] * scale, y - points[j + 1] * scale];
}

function ringMark(g, [x, y], n, place, theme) {
  dot(g, x, y, 6, theme.text);
  dot(g, x, y, 4, theme.background);
  const away = Math.hypot(x - place.x, y - place.y) || 1, inward = 16;
  g.fillStyle = theme.text;
  g.font = theme.font(SMALL, 600);
  g.textAlign = "center";
  g.textBaseline = "middle";
  g.fillText(n, x - ((x - place.x) / away) * inward, y - ((y - place.y) / away) * inward);
}

// How well the dots of a ring fit a clock of its frequency: |correlation| with exp(i w_k n), either way around, 0 to 1.
function clockness(timeline, i, order) {
  const { raw, size } = timeline.arrays.ring, { p, key_freqs: keys } = timeline.header;
  let [forthX, forthY, backX, backY, energy] = [0, 0, 0, 0, 0];
  for (let n = 0; n < p; n++) {
    const j = i * size + 2 * (order * p + n), x = raw[j], y = raw[j + 1];
    const c = Math.cos((2 * Math.PI * keys[order] * n) / p), s = Math.sin((2 * Math.PI * keys[order] * n) / p);
    forthX += x * c + y * s; forthY += y * c - x * s;
    backX += x * c - y * s; backY += y * c + x * s;
    energy += x * x + y * y;
  }
  return Math.max(Math.hypot(forthX, forthY), Math.hypot(backX, backY)) / Math.sqrt(energy * p || 1);
}
