// Stages 4 and 5: a wave over the answers for each frequency, and their sum, which the softmax reads.

/** @import { Context, Panel, Timeline } from "../contract.js" */
/** @import { Waves } from "../kit/waves.js" */

import { line } from "../kit/canvas.js";
import { hovered, marked } from "../kit/hover.js";
import { answerOf, askedOf, centred, numberAt, pairOf, rowAt, rowMoment, rowOfPart, wavesOf, wavesWord, written } from "../kit/pair.js";
import { partOf } from "../kit/timeline.js";
import { percent, readable, signed } from "../kit/wording.js";
import { drawWaves, wavesHeight, wavesPlace } from "../kit/waves.js";

/** The highest crests of the run: what is full height. @typedef {{ lane: number, total: number }} Crests */

/** The parts that hold the pair, and the amplitudes of the ideal waves. @typedef {{ pair: string, around: string }} From */

/** @param {{ id: string, title: string, count: number, part: string, pair?: string }} spec `count` of frequencies
 * @returns {Panel<Crests>} */
export function waves({ id, title, count, part: around, pair = "pair" }) {
  const from = { pair, around };
  return {
    id, title, name: title, howto: "",
    needs: pair, uses: [around],
    height: () => wavesHeight(count),
    prepare: (timeline) => crestsOf(timeline, from),
    background() {},
    live(g, own, context) {
      const { width, height, theme, timeline, hover } = context, found = wavesNow(own, context, from), place = wavesPlace(width, found.numbers.length);
      drawWaves(g, found, place, height, theme);
      g.strokeStyle = theme.muted;
      for (const number of marked(hover, "answers")) {
        const i = pairOf(timeline, pair).asked.order.c.indexOf(number);
        if (i >= 0) line(g, place.x(i), 24, place.x(i), height - 30);
      }
    },
    hover(own, x, y, context) {
      const found = wavesNow(own, context, from), { left, right } = wavesPlace(context.width, found.numbers.length), n = found.numbers.length;
      if (x < left - 8 || x > right + 8 || y < 0) return null;
      const i = Math.max(0, Math.min(n - 1, Math.round(((x - left) / (right - left)) * (n - 1))));
      const parts = found.lanes.map((lane) => `${lane.title}: ${readable(lane.actual[i])}`).join(", ");
      const words = `Answer ${found.names(found.numbers[i])}: logit ${readable(found.total.actual[i])}, ${wavesWord(pairOf(context.timeline, pair).asked)} add up to ${readable(found.total.ideal[i])} (${parts})`;
      return { numbers: [found.numbers[i]], pair: hovered().pair, answer: null, words };
    },
    caption: (timeline, i) => waveSentence(timeline, i, from),
  };
}

/** @param {Crests} own @param {Pick<Context, "timeline" | "moment">} context @param {From} from @returns {Waves} */
function wavesNow(own, { timeline, moment }, { pair: name, around }) {
  const pair = pairOf(timeline, name), { asked } = pair, mine = rowMoment(asked.at, moment), logits = rowOfPart(pair, "logits", mine);
  const part = partOf(timeline, around), row = part ? rowMoment(askedOf(part).at, moment) : null, unit = pair.arrays.unit.raw;
  const sizes = part && row && askedOf(part).at.length ? rowOfPart(part, "wave_size", row) : new Float32Array(asked.freqs.length);
  const answer = asked.places?.[2] ?? 0, total = new Float32Array(asked.n), actual = wavesOf(pair, mine);
  const lanes = asked.names.map((title, order) => {
    const ideal = Float32Array.from({ length: asked.n }, (_, c) => sizes[order] * unit[order * asked.n + c]);
    ideal.forEach((v, c) => (total[c] += v));
    const share = part && row ? numberAt(part, "wave_share", row.index, order) : NaN;
    return { title, order, actual: actual[order], ideal, scale: own.lane, note: Number.isNaN(share) ? "" : percent(share) };
  });
  const { ranked } = answerOf(logits, asked.right), winner = ranked.find((c) => asked.order.c.includes(c)) ?? 0;
  const all = part && row ? numberAt(part, "logit_share", row.index) : NaN, inOrder = centred(logits, asked.order.c);
  return {
    lanes, numbers: asked.order.c, axis: asked.axis, names: (n) => written(timeline, n),
    total: { title: "sum", order: 0, actual: inOrder, ideal: total, scale: own.total, note: Number.isNaN(all) ? "" : percent(all) },
    right: answer, rightLabel: asked.question, winner: asked.order.c.indexOf(winner), winnerLabel: `${written(timeline, winner)} wins`,
  };
}

/** @param {Timeline} timeline @param {From} from @returns {Crests} */
function crestsOf(timeline, { pair: name, around }) {
  const pair = pairOf(timeline, name), { asked } = pair, part = partOf(timeline, around), own = { lane: 1e-6, total: 1e-6 };
  for (let i = 0; i < asked.at.length; i++) {
    const inOrder = centred(rowOfPart(pair, "logits", rowAt(i)), asked.order.c);
    own.total = inOrder.reduce((high, v) => Math.max(high, Math.abs(v) || 0), own.total);
    for (const wave of wavesOf(pair, rowAt(i))) own.lane = wave.reduce((high, v) => Math.max(high, Math.abs(v) || 0), own.lane);
  }
  for (const size of part?.arrays.wave_size.raw ?? []) own.lane = Math.max(own.lane, Math.abs(size) || 0);
  return { lane: own.lane / 1.2, total: own.total / 1.2 };
}

/** @param {Timeline} timeline @param {number} i @param {From} from */
function waveSentence(timeline, i, from) {
  const { asked } = pairOf(timeline, from.pair), part = partOf(timeline, from.around), row = part ? askedOf(part).at.indexOf(i) : -1;
  if (!asked.at.includes(i)) return "This step is being measured.";
  const { total, right } = wavesNow({ lane: 1, total: 1 }, { timeline, moment: rowAt(i) }, from);
  const lead = (/** @type {ArrayLike<number>} */ values) => values[right] - Math.max(...Array.from(values).filter((_, c) => c !== right));
  const pairSays = `For this pair the right answer stands ${signed(lead(total.actual))} nats from its best rival`;
  if (!part || row < 0) return `${pairSays}. The ${wavesWord(asked)} of this step are being measured.`;
  const rest = Math.sqrt(Array.from(total.actual).reduce((sum, v, c) => sum + (v - total.ideal[c]) ** 2, 0) / asked.n);
  return `The ${wavesWord(asked)} explain ${percent(numberAt(part, "logit_share", row))} of the variance of all logits. ${pairSays}; the ideal ${wavesWord(asked)} ` +
    `alone would make that ${signed(lead(total.ideal))}. What they leave over varies by ${readable(rest)} around 0.`;
}
