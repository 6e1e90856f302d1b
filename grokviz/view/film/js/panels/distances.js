// Is it as sure of numbers far apart? The logit of the right answer, by the sum of a and b and by their distance.

/** @import { Panel, Timeline } from "../contract.js" */
/** @import { Picture } from "../kit/maps.js" */

import { blend } from "../kit/blob.js";
import { write } from "../kit/canvas.js";
import { drawPicture, makePicture, pairAt, wholeSquare } from "../kit/maps.js";
import { SMALL } from "../kit/theme.js";
import { measure, partOf } from "../kit/timeline.js";
import { readable } from "../kit/wording.js";

/** `table` in logits, p x p; of them the first n rows and columns are drawn. `low` and `high` are those of the whole run.
 * @typedef {{ n: number, table: Float32Array, picture: Picture, low: number, high: number }} Own */

/** @type {Panel<Own>} */
export const distancesPanel = {
  id: "distances",
  name: "Sums and distances",
  title: "Is it as sure of numbers far apart?",
  needs: "distances",
  howto:
    "Each pixel is a question: its row is the sum of a and b, its column their distance a − b, both as on the clock. The brighter, the higher the " +
    "logit of the right answer; the scale is that of the whole run. A pizza shows upright stripes: how far apart the two numbers are " +
    "decides how sure it is. A clock shows an even sheet. A network that recites shows a sprinkling, its training pairs. Of an operation other than addition, " +
    "numbers stand in the order in which it is one.",
  prepare(timeline) {
    const { header, arrays } = distancesOf(timeline), { scale, shift, size } = arrays.right_logits;
    const n = header.n ?? header.p;
    return { n, table: new Float32Array(size), picture: makePicture(n), low: shift, high: shift + 255 * scale };
  },
  empty: (timeline) => (distancesOf(timeline).arrays.right_logits ? null
    : (timeline.header.silent?.right_logits ?? "This was not measured of this run.")),
  background(g, own, { width, height, scale, theme }) {
    const { x, y, size } = placeOf(own, width, height, scale);
    g.font = theme.font(SMALL);
    g.fillStyle = theme.muted;
    for (const n of [0, own.n - 1]) write(g, n, x - 6, y + ((n + 0.5) / own.n) * size, "right");
    write(g, "a + b", x - 6, y + size / 2, "right");
    write(g, 0, x, y + size + 15, "left", "alphabetic");
    write(g, own.n - 1, x + size, y + size + 15, "right", "alphabetic");
    write(g, "a − b", x + size / 2, y + size + 15, "center", "alphabetic");
  },
  live(g, own, { width, height, scale, moment, timeline, theme }) {
    const p = timeline.header.p, { n, table, picture, low, high } = own;
    blend(distancesOf(timeline).arrays.right_logits, moment, table);
    const gain = 255 / (high - low || 1);
    for (let s = 0; s < n; s++) {
      for (let d = 0; d < n; d++) picture.words[s * n + d] = theme.viridis[((table[s * p + d] - low) * gain) | 0];
    }
    picture.flush();
    drawPicture(g, picture, placeOf(own, width, height, scale), scale);
  },
  hover(own, x, y, { width, height, scale, timeline }) {
    const pair = pairAt(placeOf(own, width, height, scale), own.n, x, y);
    if (!pair) return null;
    const words = `Sum ${pair[0]}, distance ${pair[1]}: the logit of the right answer is ${readable(own.table[pair[0] * timeline.header.p + pair[1]])}`;
    return { numbers: [], pair: null, answer: null, words };
  },
  caption(timeline, i) {
    const far = measure(timeline, "distance_irrelevance", i);
    return `At one distance it varies by ${readable(far)} of how much it varies at all: 1 where the distance says nothing, 0 where it says all.`;
  },
};

/** @param {Timeline} timeline */
function distancesOf(timeline) {
  const part = partOf(timeline, "distances");
  if (!part) throw new Error("The table has not arrived: the panel says that it needs it.");
  return part;
}

/** @param {Own} own @param {number} width @param {number} height @param {number} scale */
function placeOf({ n }, width, height, scale) {
  const left = 44, top = 8, bottom = 22, size = wholeSquare(Math.min(width - left - 2, height - top - bottom), n, scale);
  return { x: left + Math.max(0, Math.floor((width - left - size) / 2)), y: top, size };
}
