// Stage 2: how much of a, of b and of "=" each head brings to "=", and whether that choice is a wave of one frequency.

/** @import { Canvas, Context, Moment, Panel, Theme, Timeline } from "../contract.js" */

import { blend, momentAt } from "../kit/blob.js";
import { dot, line, write } from "../kit/canvas.js";
import { MOST_SMALL_MAPS } from "../kit/maps.js";
import { askedOf, numberAt, pairOf, rowMoment, rowOfPart, written } from "../kit/pair.js";
import { partOf } from "../kit/timeline.js";
import { SMALL } from "../kit/theme.js";
import { listed, percent } from "../kit/wording.js";

const CARD = 166, ARCS = 146, GUTTER = 40; // pixels: height of a head, width of its arcs, between two heads

/** @typedef {{ scores: Float32Array }} OwnHeads */

/** @param {{ id: string, title: string }} spec @returns {Panel<OwnHeads>} */
export function attention({ id, title }) {
  return {
    id, title, name: title, howto: "",
    needs: "pair", uses: ["inside"],
    height: (timeline, width) => CARD * Math.ceil(headsOf(timeline) / columnsOf(width)),
    prepare: ({ arrays }) => ({ scores: new Float32Array(arrays.attention_scores.size) }),
    background() {},
    live(g, own, context) {
      const { timeline, moment, width, theme } = context, columns = columnsOf(width), wide = (width - GUTTER * (columns - 1)) / columns;
      blend(timeline.arrays.attention_scores, moment, own.scores);
      for (let h = 0; h < headsOf(timeline); h++) {
        const x = (h % columns) * (wide + GUTTER), y = Math.floor(h / columns) * CARD, wave = waveOf(timeline, h, moment);
        g.font = theme.font(13, 600);
        g.fillStyle = theme.text;
        write(g, `head ${h}`, x, y + 10);
        g.font = theme.font(SMALL);
        g.fillStyle = theme.muted;
        if (!Number.isNaN(wave.share)) write(g, `${fitOf(timeline, wave.k)} ${percent(wave.share)}`, x + ARCS + 4, y + 10);
        drawArcs(g, toEach(timeline, h, moment), timeline, x, y, theme);
        if (pairOf(timeline).asked.rate !== null) drawChoice(g, own, h, { x: x + ARCS + 34, y: y + 24, width: wide - ARCS - 34, height: CARD - 74 }, context, wave);
      }
    },
    caption(timeline, i) {
      const { asked } = pairOf(timeline), moment = momentAt(i, timeline.header.steps.length);
      const heads = Array.from({ length: headsOf(timeline) }, (_, h) => percent(toEach(timeline, h, moment)[0]));
      const said = `Of ${written(timeline, asked.a)} the ${heads.length === 1 ? "head brings" : "heads bring"} ${listed(heads)} to “=”.`;
      const part = partOf(timeline, "inside"), row = part ? askedOf(part).at.indexOf(i) : -1;
      if (!part || row < 0) return said;
      const shares = heads.map((_, h) => percent(numberAt(part, "head_share", row, h)));
      return `${said} One ${asked.clock ? "frequency" : "block"} explains ${listed(shares)} of the variance of ${heads.length === 1 ? "its attention" : "their attention"} to a.`;
    },
  };
}

/** What fits the attention of a head best. @param {Timeline} timeline @param {number} k */
const fitOf = (timeline, k) => (pairOf(timeline).asked.clock ? `a wave of ${blockOf(timeline, k)} explains` : `functions of ${blockOf(timeline, k)} explain`);
/** @param {Timeline} timeline @param {number} k */
const blockOf = (timeline, k) => pairOf(timeline).asked.blocks[k] ?? `k = ${k}`;
/** @param {Timeline} timeline */
const headsOf = ({ header }) => Math.min(header.n_heads, MOST_SMALL_MAPS);
/** @param {number} width */
const columnsOf = (width) => (width >= 760 ? 2 : 1);

/** The softmax of three scores.
 * @param {number[]} scores */
function softmax(scores) {
  const top = Math.max(...scores), weights = scores.map((v) => Math.exp(v - top)), all = weights.reduce((sum, v) => sum + v, 0);
  return weights.map((v) => v / all);
}

/** Attention of one head to a, to b and to "=". @param {Timeline} timeline @param {number} h @param {Moment} moment */
function toEach(timeline, h, moment) {
  return Array.from(rowOfPart(pairOf(timeline), "pattern", moment).subarray(3 * h, 3 * h + 3));
}

/** The wave that fits a head's attention to a, of the frequency that fits it best where most is known: at its last row.
 * @param {Timeline} timeline @param {number} h @param {Moment} moment */
function waveOf(timeline, h, moment) {
  const part = partOf(timeline, "inside"), at = part ? askedOf(part).at : [];
  if (!part || !at.length) return { k: 1, share: NaN, numbers: null, own: 1 };
  const row = rowMoment(at, moment), numbers = rowOfPart(part, "head_wave", row).subarray(5 * h, 5 * h + 5);
  const last = numberAt(part, "head_freq", at.length - 1, h) || 1, here = row.index < 0 ? row.before : row.index;
  return { k: numberAt(part, "head_freq", here, h) || 1, share: numberAt(part, "head_share", row.index, h), numbers, own: last };
}

/** A share in a third of the room. @param {number} share */
const briefly = (share) => percent(share).replace("under ", "<").replace("over ", ">");

/** Three words and the attention that "=" pays to them: an arc is as thick as its share.
 * @param {Canvas} g @param {number[]} shares @param {Timeline} timeline @param {number} x @param {number} y @param {Theme} theme */
function drawArcs(g, shares, timeline, x, y, theme) {
  const { asked } = pairOf(timeline), foot = y + CARD - 46, xs = [x + 14, x + 60, x + 116];
  const words = [written(timeline, asked.a), written(timeline, asked.b), "="];
  g.font = theme.font(13, 600);
  const wide = words.map((word) => g.measureText(word).width), middles = xs.map((at, s) => Math.max(at, x + wide[s] / 2)); // within the card
  const touch = middles[0] + wide[0] / 2 + 10 > middles[1] - wide[1] / 2; // elements of a group have long names: b goes below
  shares.forEach((share, s) => {
    g.strokeStyle = theme.text;
    g.globalAlpha = 0.18 + 0.62 * share;
    g.lineWidth = 1 + 13 * share;
    g.beginPath();
    if (s < 2) {
      g.moveTo(xs[2], foot - 10);
      g.quadraticCurveTo((xs[s] + xs[2]) / 2, foot - 12 - (s ? 42 : 76), xs[s], foot - 10);
    } else g.arc(xs[2], foot - 22, 8, 0.75 * Math.PI, 2.25 * Math.PI);
    g.stroke();
    [g.globalAlpha, g.lineWidth] = [1, 1];
    g.fillStyle = theme.text;
    g.font = theme.font(13, 600);
    write(g, words[s], middles[s], foot + (touch && s === 1 ? 34 : 2), "center");
    g.font = theme.font(SMALL);
    g.fillStyle = theme.muted;
    write(g, briefly(share), xs[s], foot + 18, "center");
  });
}

/** For every number in the place of a, how much this head would bring of it: in the order of its angle, so that a wave is
 * one wave; dots as they are, a dashed line what its wave says.
 * @param {Canvas} g @param {OwnHeads} own @param {number} h @param {{ x: number, y: number, width: number, height: number }} box
 * @param {Context} context @param {ReturnType<typeof waveOf>} wave */
function drawChoice(g, { scores }, h, box, { timeline, theme }, wave) {
  const { p } = timeline.header, { asked } = pairOf(timeline), from = h * (2 * p + 1), [i, j] = asked.places ?? [0, 0];
  const turn = (/** @type {number} */ at) => (asked.clock ? (wave.own * at) % asked.n : at) / asked.n;
  const x = (/** @type {number} */ u) => box.x + u * box.width, y = (/** @type {number} */ share) => box.y + box.height * (1 - share);
  g.font = theme.font(SMALL);
  for (const share of [0, 1]) {
    g.strokeStyle = theme.hair;
    line(g, box.x, Math.round(y(share)) + 0.5, box.x + box.width, Math.round(y(share)) + 0.5);
    g.fillStyle = theme.muted;
    write(g, percent(share), box.x - 5, y(share), "right");
  }
  const every = box.width < 230 ? `by angle, k = ${wave.own}` : `every number as a, by its angle at k = ${wave.own}`;
  write(g, asked.clock ? every : "every element as a", box.x, box.y + box.height + 16);
  const rate = asked.rate ?? 1, sources = (/** @type {number} */ at) => [from + asked.order.a[at], from + p + asked.b, from + 2 * p];
  const share = (/** @type {number} */ at) => rate * softmax(sources(at).map((source) => scores[source]))[0] + 1 - rate;
  for (let at = 0; at < asked.n; at++) dot(g, x(turn(at)), y(share(at)), 1.6, theme.muted);
  if (asked.clock && wave.numbers && wave.k === wave.own) drawFit(g, wave.numbers, (2 * Math.PI * wave.k * j) / asked.n, box, theme);
  dot(g, x(turn(i)), y(share(i)), 5.5, theme.background);
  dot(g, x(turn(i)), y(share(i)), 4, theme.text);
}

/** @param {Canvas} g @param {Float32Array} numbers mean, cos and sin of a, cos and sin of b @param {number} angle of b
 * @param {{ x: number, y: number, width: number, height: number }} box @param {Theme} theme */
function drawFit(g, [mean, ca, sa, cb, sb], angle, box, theme) {
  const level = mean + cb * Math.cos(angle) + sb * Math.sin(angle);
  g.save();
  g.beginPath();
  g.rect(box.x, box.y, box.width, box.height);
  g.clip();
  g.strokeStyle = theme.text;
  g.setLineDash([3, 3]);
  g.beginPath();
  for (let u = 0; u <= 1.0001; u += 1 / 64) {
    const share = level + ca * Math.cos(2 * Math.PI * u) + sa * Math.sin(2 * Math.PI * u);
    g.lineTo(box.x + u * box.width, box.y + box.height * (1 - share));
  }
  g.stroke();
  g.restore();
}
