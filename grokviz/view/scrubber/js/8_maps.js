// Pictures of all p x p questions: row a from the top, column b from the left. One pixel a pair, scaled without smoothing.

function makePicture(p, q = p) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [q, p];
  const context = canvas.getContext("2d"), image = context.createImageData(q, p);
  return { canvas, words: new Uint32Array(image.data.buffer), flush: () => context.putImageData(image, 0, 0) };
}

// A square of a whole number of device pixels a pair, unless that would leave much of the room empty.
function wholeSquare(room, count, scale) {
  const whole = (Math.floor((room * scale) / count) * count) / scale;
  return whole >= room * 0.9 ? whole : room;
}

// Unsmoothed where a pair is a whole number of pixels; else by a sharp enlargement, then smoothly down, so that
// all pairs look alike and fine stripes do not beat with the screen's pixels.
function drawPicture(g, picture, { x, y, size }, scale) {
  const { canvas } = picture, ratio = (size * scale) / canvas.width, times = Math.ceil(ratio - 1e-6);
  g.imageSmoothingEnabled = times - ratio > 1e-3;
  if (!g.imageSmoothingEnabled) return void g.drawImage(canvas, x, y, size, size);
  const large = (picture.large ??= document.createElement("canvas")), side = canvas.width * times;
  if (large.width !== side) large.width = large.height = side;
  const enlarged = large.getContext("2d");
  enlarged.imageSmoothingEnabled = false;
  enlarged.drawImage(canvas, 0, 0, side, side);
  g.drawImage(large, x, y, size, size);
}

function drawMapAxes(g, { x, y, size }, p, theme, rowName = "a", columnName = "b") {
  g.font = theme.font(SMALL);
  g.fillStyle = theme.muted;
  g.textBaseline = "middle";
  g.textAlign = "right";
  for (const n of [0, p - 1]) g.fillText(n, x - 6, y + ((n + 0.5) / p) * size);
  g.fillText(rowName, x - 6, y + size / 2);
  g.textBaseline = "alphabetic";
  for (const n of [0, p - 1]) {
    g.textAlign = n === 0 ? "left" : "right";
    g.fillText(n, n === 0 ? x : x + size, y + size + 15);
  }
  g.textAlign = "center";
  g.fillText(columnName, x + size / 2, y + size + 15);
}

function pairAt({ x, y, size }, p, px, py) {
  const a = Math.floor(((py - y) / size) * p), b = Math.floor(((px - x) / size) * p);
  return a >= 0 && b >= 0 && a < p && b < p ? [a, b] : null;
}

// The hovered numbers as row and column; a hovered pair as a small frame.
function drawCross(g, place, p, hover, theme) {
  const cell = place.size / p, { x, y, size } = place;
  g.strokeStyle = theme.paper.every((v) => v > 128) ? "#000" : "#fff";
  g.globalAlpha = 0.75;
  if (hover.pair) {
    const [a, b] = hover.pair;
    g.strokeRect(x - 0.5, y + a * cell - 1, size + 1, cell + 2);
    g.strokeRect(x + b * cell - 1, y - 0.5, cell + 2, size + 1);
  } else {
    for (const n of hover.numbers) {
      g.strokeRect(x - 0.5, y + n * cell - 1, size + 1, cell + 2);
      g.strokeRect(x + n * cell - 1, y - 0.5, cell + 2, size + 1);
    }
  }
  g.globalAlpha = 1;
}

const TRAIN = 1;

const answersPanel = {
  id: "answers",
  name: "Map of answers",
  title: "Which answers are right?",
  part: "core",
  howto:
    "Every question a ∘ b is one pixel: row a, column b. The deeper its colour, the more probability the right answer gets; " +
    "a pixel jumps to full colour when the right answer is the most likely one. Orange pixels are pairs it trains on, blue " +
    "pixels are pairs it never sees. First only orange lights up: it is reciting. Then the blue comes.",
  prepare(timeline, theme) {
    const { table, side } = timeline.arrays, p = timeline.header.p;
    return { p, picture: makePicture(p), side: side.raw, table: table.raw, colours: answerColours(theme), theme };
  },
  place: (width, height, scale) => mapPlace(width, height, scale),
  background(g, own, { width, height, theme, scale }) {
    const place = mapPlace(width, height, scale, own.p);
    drawMapAxes(g, place, own.p, theme);
    const swatch = (x, colour, words) => {
      g.fillStyle = colour;
      g.fillRect(x, 4, 10, 10);
      g.fillStyle = theme.muted;
      g.textAlign = "left";
      g.textBaseline = "middle";
      g.fillText(words, x + 15, 9.5);
      return x + 15 + g.measureText(words).width + 14;
    };
    let x = Math.max(0, Math.min(place.x, width - 300));
    for (const [words, colour] of [["trained on, right", own.colours.train[255]], ["never seen, right", own.colours.test[255]], ["wrong", own.colours.test[30]]]) {
      x = swatch(x, cssColour(colour), words);
    }
  },
  live(g, own, { width, height, film, timeline, theme, scale }) {
    if (own.theme !== theme) [own.colours, own.theme] = [answerColours(theme), theme];
    const { raw, size } = timeline.arrays.answers, words = own.picture.words, { train, test, none } = own.colours;
    const before = Math.floor(film.position), after = Math.min(before + 1, film.steps.length - 1);
    const f = film.position - before, a = before * size, b = after * size, right = film.index() * size;
    for (let j = 0; j < size; j++) {
      const level = (raw[a + j] & 127) * (1 - f) + (raw[b + j] & 127) * f;
      const side = own.side[j];
      words[j] = side === 0 ? none : (side === TRAIN ? train : test)[(level | 0) + (raw[right + j] & 128)];
    }
    own.picture.flush();
    const place = mapPlace(width, height, scale, own.p);
    drawPicture(g, own.picture, place, scale);
    drawCross(g, place, own.p, film.hover, theme);
  },
  hover(own, x, y, { width, height, scale, timeline, film }) {
    const pair = pairAt(mapPlace(width, height, scale, own.p), own.p, x, y);
    if (!pair) return null;
    const j = pair[0] * own.p + pair[1], { raw, size } = timeline.arrays.answers, packed = raw[film.index() * size + j];
    const question = `a = ${pair[0]}, b = ${pair[1]}`;
    if (own.side[j] === 0) return { numbers: pair, pair, words: `${question}: no answer exists` };
    const kind = own.side[j] === TRAIN ? "training pair" : "unseen pair", verdict = packed & 128 ? "right" : "wrong";
    return {
      numbers: pair, pair,
      words: `${question}: the answer is ${own.table[j]}, given ${percent(roundedShare((packed & 127) / 127))} probability. ${sentenceCase(verdict)}, ${kind}`,
    };
  },
  caption(timeline, i) {
    const { raw, size } = timeline.arrays.answers, side = timeline.arrays.side.raw, right = [0, 0, 0], all = [0, 0, 0];
    for (let j = 0; j < size; j++) {
      all[side[j]]++;
      right[side[j]] += raw[i * size + j] >> 7;
    }
    return `${whole(right[1])} of ${whole(all[1])} training pairs are right, and ${whole(right[2])} of the ${whole(all[2])} pairs it never sees.`;
  },
};

const roundedShare = (share) => Math.round(share * 100) / 100;
const cssColour = (word) => `rgb(${word & 255},${(word >> 8) & 255},${(word >> 16) & 255})`;

// 256 colours a side of the split, by the stored byte: 0..127 wrong, pale; 128..255 right, full.
function answerColours(theme) {
  const side = (name) => {
    const full = parseColour(theme.series[name].line, "#000"), paper = theme.empty;
    const toward = (share) => full.map((v, c) => Math.round(paper[c] + (v - paper[c]) * share));
    return Uint32Array.from({ length: 256 }, (_, i) =>
      abgr(toward(i < 128 ? 0.04 + 0.4 * (i / 127) : 0.55 + 0.45 * ((i - 128) / 127))));
  };
  return { train: side("train"), test: side("test"), none: abgr(theme.paper) };
}

function mapPlace(width, height, scale, p) {
  const left = 28, top = 24, bottom = 20;
  const size = wholeSquare(Math.min(width - left - 2, height - top - bottom), p, scale);
  return { x: left + Math.max(0, Math.floor((width - left - size) / 2)), y: top, size };
}

// Several small maps in a grid, each with a line of text above it.
function smallPlaces(count, width, height, p, scale) {
  const label = 20, gap = 12, below = 4;
  let best = { size: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const size = Math.min((width - gap * (columns - 1)) / columns, height / rows - label - below);
    if (size > best.size) best = { size, columns, rows };
  }
  const size = wholeSquare(best.size, p, scale);
  const pitch = best.columns > 1 ? Math.min((width - size) / (best.columns - 1), size + 48) : 0;
  return Array.from({ length: count }, (_, i) => ({
    x: Math.round((i % best.columns) * pitch),
    y: Math.floor(i / best.columns) * (best.size + label + below) + label,
    size,
  }));
}

function drawSmallLabels(g, places, words, theme) {
  g.font = theme.font(SMALL);
  g.textAlign = "left";
  g.textBaseline = "alphabetic";
  places.forEach(({ x, y }, i) => {
    let left = x;
    for (const [text, colour] of words[i]) {
      g.fillStyle = colour;
      g.fillText(text, left, y - 6);
      left += g.measureText(text).width + 5;
    }
  });
}

const MOST_SMALL_MAPS = 9;

const attentionPanel = {
  id: "attention",
  name: "Attention",
  title: "What does each head look at?",
  part: "core",
  howto:
    "To answer, the network looks back from “=” at a and b. Each pixel is the share of its attention that one head gives " +
    "to a, for the question in row a and column b: dark is none, bright is all. Stripes mean that the head weighs the " +
    "two numbers by a wave: one of the two places where waves are multiplied, the neurons being the other.",
  prepare(timeline) {
    const { header, arrays } = timeline, heads = Math.min(header.n_heads, MOST_SMALL_MAPS), p = header.p;
    return { p, heads, scores: new Float32Array(arrays.attention_scores.size), pictures: Array.from({ length: heads }, () => makePicture(p)), frame: -1 };
  },
  background(g, own, { width, height, scale, theme }) {
    const places = smallPlaces(own.heads, width, height, own.p, scale);
    drawSmallLabels(g, places, places.map((_, h) => [[`head ${h}`, theme.text]]), theme);
  },
  live(g, own, { width, height, film, timeline, theme, scale }) {
    const { p, scores } = own, row = 2 * p + 1;
    blend(timeline.arrays, "attention_scores", film.position, scores);
    smallPlaces(own.heads, width, height, p, scale).forEach((place, h) => {
      attentionMap(scores.subarray(h * row, (h + 1) * row), p, own.pictures[h].words, theme.cividis);
      own.pictures[h].flush();
      drawPicture(g, own.pictures[h], place, scale);
      drawCross(g, place, p, film.hover, theme);
    });
  },
  hover(own, x, y, { width, height, scale }) {
    return hoverSmall(smallPlaces(own.heads, width, height, own.p, scale), own.p, x, y, (h, [a, b]) => {
      const row = 2 * own.p + 1, s = own.scores.subarray(h * row, (h + 1) * row);
      const top = Math.max(s[a], s[own.p + b], s[2 * own.p]);
      const [ea, eb, ee] = [s[a], s[own.p + b], s[2 * own.p]].map((v) => Math.exp(v - top));
      return `Head ${h}, a = ${a}, b = ${b}: ${percent(roundedShare(ea / (ea + eb + ee)))} of its attention on a, ${percent(roundedShare(eb / (ea + eb + ee)))} on b`;
    });
  },
  caption(timeline, i) {
    const { header, arrays } = timeline, { raw, size, scale } = arrays.attention_scores, p = header.p, row = 2 * p + 1;
    let most = { swing: -1 };
    for (let h = 0; h < header.n_heads; h++) {
      let low = 1, high = 0;
      const s = (j) => raw[i * size + h * row + j] * scale;
      for (let a = 0; a < p; a++) {
        const share = 1 / (1 + Math.exp(s(p) - s(a)) + Math.exp(s(2 * p) - s(a)));
        [low, high] = [Math.min(low, share), Math.max(high, share)];
      }
      if (high - low > most.swing) most = { swing: high - low, low, high, h };
    }
    const extra = header.n_heads > MOST_SMALL_MAPS ? ` ${MOST_SMALL_MAPS} of ${header.n_heads} heads are shown.` : "";
    return `Head ${most.h} changes its mind most: with b = 0 it gives a between ${percent(roundedShare(most.low))} and ${percent(roundedShare(most.high))} of its attention.${extra}`;
  },
};

// softmax over the three scores, the share of a: exp(s_a) / (exp(s_a) + exp(s_b) + exp(s_=)).
function attentionMap(scores, p, words, colours) {
  let top = -Infinity;
  for (const s of scores) top = Math.max(top, s);
  const weights = scores.map((s) => Math.exp(s - top)), equals = weights[2 * p];
  for (let a = 0, j = 0; a < p; a++) {
    const forA = weights[a] * 255;
    const rest = weights[a] + equals + 1e-37;
    for (let b = 0; b < p; b++, j++) words[j] = colours[(forA / (rest + weights[p + b])) | 0];
  }
}

function hoverSmall(places, p, x, y, words) {
  for (const [i, place] of places.entries()) {
    const pair = pairAt(place, p, x, y);
    if (pair) return { numbers: pair, pair, words: words(i, pair) };
  }
  return null;
}
