// What each head looks at.

import { blend } from "../kit/blob.js";
import { drawCross, drawPicture, drawSmallLabels, hoverSmall, makePicture, MOST_SMALL_MAPS, smallPlaces } from "../kit/maps.js";
import { percent, roundedShare } from "../kit/wording.js";

export const attentionPanel = {
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
