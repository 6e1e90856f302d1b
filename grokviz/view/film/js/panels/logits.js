// The logits taken apart into products of waves.

/** @import { Context, Panel, Timeline } from "../contract.js" */
/** @import { Picture } from "../kit/maps.js" */

import { write } from "../kit/canvas.js";
import { spread } from "../kit/labels.js";
import { drawPicture, makePicture, mapPlace, pairAt } from "../kit/maps.js";
import { drawKeyTicks } from "../kit/spectrum-panel.js";
import { SMALL } from "../kit/theme.js";
import { blockName, groupOf, inWhichOrder, mapsOf, measure, noGroup, noKey } from "../kit/timeline.js";
import { inWords, percent, THIN } from "../kit/wording.js";

/** @type {Panel<{ picture: Picture }>} */
export const logitsPanel = {
  id: "logits",
  name: "What the logits are made of",
  title: "What are the answers made of?",
  needs: "maps",
  howto:
    "The logits (one number for each possible answer), taken apart into products of a wave in a (rows) and a wave in b (columns); cosine and sine of a frequency " +
    "sit side by side. Bright is strong, on a log scale over three decades. A finished network keeps a few bright blocks on " +
    "the diagonal: the same frequency in a and in b, which is what cos(w(a + b)) is made of.",
  prepare: (timeline) => ({ picture: makePicture(groupOf(timeline).tokens.length) }),
  empty: (timeline) => noGroup(timeline, "So there are no products of waves to take its answers apart into."),
  background(g, own, { width, height, scale, timeline, theme }) {
    const { key_freqs: keys } = timeline.header, { is_cyclic: clock, sizes, tokens: { length: n } } = groupOf(timeline);
    const place = logitsPlace({ width, height, scale, timeline, theme });
    g.font = theme.font(SMALL);
    g.fillStyle = theme.muted;
    write(g, clock ? "wave in a, down · wave in b, across" : "functions of a, down · of b, across, by blocks", place.x, 12);
    const starts = sizes.map((_, k) => sizes.slice(0, k).reduce((sum, size) => sum + size, 0));
    const middle = (/** @type {number} */ k) => ((starts[k] + sizes[k] / 2) / n) * place.size;
    const name = (/** @type {number} */ k) => rowLabel(timeline, k);
    drawKeyTicks(g, keys, theme, place.y + place.size + 16, (k) => place.x + middle(k), { name, right: width });
    const rows = keys.map((k, order) => ({ at: place.y + middle(k), k, order }));
    spread(rows, 14);
    g.font = theme.font(SMALL, 600);
    for (const { at, k, order } of rows) {
      g.fillStyle = theme.frequency(order);
      write(g, name(k), place.x - 6, at, "right");
    }
  },
  live(g, own, { width, height, scale, moment, timeline, theme }) {
    const { raw, size } = mapsOf(timeline).arrays.logit_spectrum_2d, { words } = own.picture;
    const { share } = moment, a = moment.before * size, b = moment.after * size;
    for (let j = 0; j < size; j++) words[j] = theme.viridis[(raw[a + j] * (1 - share) + raw[b + j] * share) | 0];
    own.picture.flush();
    drawPicture(g, own.picture, logitsPlace({ width, height, scale, timeline, theme }), scale);
  },
  hover(own, x, y, { width, height, scale, moment, timeline, theme }) {
    const p = groupOf(timeline).tokens.length, cell = pairAt(logitsPlace({ width, height, scale, timeline, theme }), p, x, y);
    if (!cell) return null;
    const { raw, size, scale: decades, shift } = mapsOf(timeline).arrays.logit_spectrum_2d;
    const stored = raw[moment.index * size + cell[0] * p + cell[1]], share = 10 ** (stored * decades + shift);
    const words = stored ? percent(share) : `under 0.1${THIN}%`;
    return { numbers: [], pair: null, answer: null, words: `${rowName(timeline, cell[0])} of a times ${rowName(timeline, cell[1])} of b: ${words} of the strongest` };
  },
  caption(timeline, i) {
    const keys = timeline.header.key_freqs.length, share = measure(timeline, "logit_fve", i);
    if (!keys || !Number.isFinite(share)) return `${noKey(timeline)}, so there are no waves to fit.`;
    if (!groupOf(timeline).is_cyclic) return `The characters of ${keys === 1 ? blockName(timeline, timeline.header.key_freqs[0]) : `${inWords(keys)} blocks`} explain ${percent(Math.max(0, share))} of the variance of the logits.`;
    return `Cosines of the ${keys === 1 ? "key frequency" : `${inWords(keys)} key frequencies`}, cos${THIN}w(a${THIN}+${THIN}b${THIN}−${THIN}c), explain ${percent(Math.max(0, share))} of the variance of the logits${inWhichOrder(timeline)}.`;
  },
};

/** A key frequency beside its row; of a group that is no clock, its block. @param {Timeline} timeline @param {number} k */
const rowLabel = (timeline, k) => (groupOf(timeline).is_cyclic ? String(k) : blockName(timeline, k));

/** Where the map goes, beside the names of its rows.
 * @param {Pick<Context, "width" | "height" | "scale" | "timeline" | "theme">} context */
function logitsPlace({ width, height, scale, timeline, theme }) {
  const names = timeline.header.key_freqs.map((k) => theme.widthOf(rowLabel(timeline, k)));
  return mapPlace(width, height, scale, groupOf(timeline).tokens.length, Math.max(28, ...names.map((wide) => wide + 10)));
}

/** A row of the basis in words: "cosine 7"; of a group that is no clock, its block and the place in it.
 * @param {Timeline} timeline @param {number} row */
function rowName(timeline, row) {
  const { is_cyclic: clock, sizes, blocks } = groupOf(timeline);
  if (clock) return wave(row, sizes.reduce((sum, size) => sum + size, 0));
  let [k, first] = [0, 0];
  while (row >= first + sizes[k]) first += sizes[k++];
  return sizes[k] === 1 ? blocks[k] : `${blocks[k]}, function ${row - first + 1} of ${sizes[k]},`;
}

/** The Fourier basis in its order: constant, cos 1, sin 1, cos 2, ...
 * @param {number} row @param {number} p */
export function wave(row, p) {
  if (row === 0) return "the constant";
  if (p % 2 === 0 && row === p - 1) return "the alternating wave";
  return `${row % 2 ? "cosine" : "sine"} ${Math.ceil(row / 2)}`;
}
