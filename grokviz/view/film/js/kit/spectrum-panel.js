// A panel whose figure is one bar a frequency, key frequencies in their own colours.

/** @import { Canvas, Panel, Theme, Timeline } from "../contract.js" */

import { blend, largest } from "./blob.js";
import { line, write } from "./canvas.js";
import { keepInside, spread } from "./labels.js";
import { SMALL } from "./theme.js";
import { blockName, groupOf, keyShare, noGroup, noKey, stored } from "./timeline.js";
import { listed, percent } from "./wording.js";

/** @typedef {{ top: number, bars: Float32Array }} OwnBars the strongest bar of the run, and the bars of now */

/** `whole` is what the bars are parts of, in words, `without` what it means that a run is the product of no group; `name`
 * the array of the blob with one number a frequency.
 * @param {Pick<Panel<OwnBars>, "id" | "name" | "title" | "howto"> & { whole: string, without: string }} description
 * @param {string} name @returns {Panel<OwnBars>} */
export function spectrumPanel({ whole, without, ...description }, name) {
  return {
    ...description,
    needs: "core",
    prepare(timeline) {
      const array = timeline.arrays[name];
      return { top: largest(array.raw) || 1, bars: new Float32Array(array.size) };
    },
    empty: (timeline) => noGroup(timeline, without) ?? (timeline.arrays[name].size ? null : "This modulus has no frequency to show."),
    background(g, own, { width, height, timeline, theme }) {
      const box = barBox(width, height, own.bars.length);
      if (groupOf(timeline).is_cyclic) drawBarAxes(g, box, own.bars.length, timeline, theme);
      else drawBlockAxes(g, box, timeline, theme);
    },
    live(g, own, { width, height, moment, timeline, theme }) {
      const box = barBox(width, height, own.bars.length), keys = timeline.header.key_freqs;
      blend(timeline.arrays[name], moment, own.bars);
      for (let k = 1; k <= own.bars.length; k++) {
        const tall = Math.max((own.bars[k - 1] / own.top) * box.height, 0.75), order = keys.indexOf(k);
        g.fillStyle = order >= 0 ? theme.frequency(order) : theme.muted;
        g.globalAlpha = order >= 0 ? 1 : 0.55;
        g.fillRect(box.x(k), box.bottom - tall, box.bar, tall);
      }
      g.globalAlpha = 1;
    },
    choice(own, x, y, { width, height }) {
      const box = barBox(width, height, own.bars.length), k = Math.floor(((x - box.left) / (box.right - box.left)) * own.bars.length) + 1;
      return k < 1 || k > own.bars.length || y > box.bottom + 20 ? null : { kind: 0, number: k };
    },
    caption(timeline, i) {
      const { size } = timeline.arrays[name], keys = timeline.header.key_freqs;
      if (!keys.length) return `${noKey(timeline)}. The strongest now is ${blockName(timeline, strongest(timeline, name, i))}.`;
      const { is_cyclic: clock, root } = groupOf(timeline), share = percent(keyShare(timeline, name, i));
      if (!clock) return `${keys.map((k) => blockName(timeline, k)).join(" and ")}: ${share} of ${whole}, out of ${size} blocks.`;
      const who = keys.length === 1 ? `Frequency ${keys[0]} carries` : `Frequencies ${listed(keys)} carry`;
      return `${who} ${share} of ${whole}, out of ${size} frequencies${root ? ` of the exponents of ${root}` : ""}.`;
    },
  };
}

/** @param {Timeline} timeline @param {string} name @param {number} i @returns {number} a frequency */
function strongest(timeline, name, i) {
  const now = stored(timeline, name, i);
  return now.indexOf(Math.max(0, ...now)) + 1;
}

/** @param {Canvas} g @param {ReturnType<typeof barBox>} box @param {Theme} theme */
function drawStrengths(g, box, theme) {
  g.font = theme.font(SMALL);
  for (const share of [0, 1]) {
    const y = Math.round(box.bottom - share * box.height) + 0.5;
    g.strokeStyle = share ? theme.hair : theme.faint;
    line(g, box.left, y, box.right, y);
  }
  g.fillStyle = theme.muted;
  write(g, "strength", box.left, 12);
}

/** The names of the blocks of a group that is no clock, where there is room for them: all, or those that are key.
 * @param {Canvas} g @param {ReturnType<typeof barBox>} box @param {Timeline} timeline @param {Theme} theme */
function drawBlockAxes(g, box, timeline, theme) {
  drawStrengths(g, box, theme);
  const { key_freqs: keys } = timeline.header, { blocks } = groupOf(timeline), count = blocks.length - 1;
  const room = (box.right - box.left) / count > 48;
  for (let k = 1; k <= count; k++) {
    const order = keys.indexOf(k);
    if (order < 0 && !room) continue;
    g.fillStyle = order >= 0 ? theme.frequency(order) : theme.muted;
    write(g, blocks[k], box.x(k) + box.bar / 2, box.bottom + 16, "center", "alphabetic");
  }
  g.fillStyle = theme.muted;
  write(g, "irreducible blocks", (box.left + box.right) / 2, box.bottom + 34, "center", "alphabetic");
}

/** @param {Canvas} g @param {ReturnType<typeof barBox>} box @param {number} count of bars @param {Timeline} timeline
 * @param {Theme} theme */
function drawBarAxes(g, box, count, timeline, theme) {
  const keys = timeline.header.key_freqs, { root } = groupOf(timeline);
  drawStrengths(g, box, theme);
  for (let k = 10; k <= count; k += 10) {
    if (keys.some((key) => Math.abs(key - k) <= 3)) continue;
    write(g, k, box.x(k) + box.bar / 2, box.bottom + 16, "center", "alphabetic");
  }
  write(g, root ? `frequency k of the exponents of ${root}` : "frequency k", (box.left + box.right) / 2, box.bottom + 34, "center", "alphabetic");
  drawKeyTicks(g, keys, theme, box.bottom + 16, (k) => box.x(k) + box.bar / 2);
}

/** Key frequencies under an axis, pushed apart where two are neighbours.
 * @param {Canvas} g @param {number[]} keys @param {Theme} theme @param {number} y @param {(k: number) => number} x
 * @param {{ name: (k: number) => string, right: number }} [words] names that may be long, and where the figure ends */
export function drawKeyTicks(g, keys, theme, y, x, { name, right } = { name: String, right: Infinity }) {
  const labels = keys.map((k, order) => ({ at: x(k), k, order })), half = Math.max(0, ...keys.map((k) => theme.widthOf(name(k)) / 2));
  spread(labels, Math.max(17, 2 * half + 6));
  keepInside(labels, half, right - half, Math.max(17, 2 * half + 6));
  g.font = theme.font(SMALL, 600);
  for (const { at, k, order } of labels) {
    g.fillStyle = theme.frequency(order);
    write(g, name(k), at, y, "center", "alphabetic");
  }
  g.font = theme.font(SMALL);
}

/** @param {number} width @param {number} height @param {number} count of bars */
function barBox(width, height, count) {
  const left = 4, right = width - 4, pitch = (right - left) / count;
  return {
    left, right, bottom: height - 42, height: height - 42 - 26, bar: Math.max(pitch * 0.72, 1),
    x: (/** @type {number} */ k) => left + (k - 1) * pitch + pitch * 0.14,
  };
}
