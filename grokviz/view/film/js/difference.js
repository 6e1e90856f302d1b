// In which answers two runs differ: a map of pairs for two runs that are asked the same.

/** @import { Canvas, Context, Panel, Theme, Timeline } from "./contract.js" */
/** @import { Rival } from "./members.js" */
/** @import { Picture } from "./kit/maps.js" */

import { write } from "./kit/canvas.js";
import { abgr, cssColour, parseColour } from "./kit/colours.js";
import { drawCross, drawMapAxes, drawPicture, makePicture, mapPlace, pairAt } from "./kit/maps.js";
import { nameOf, pairHover } from "./kit/timeline.js";
import { whole } from "./kit/wording.js";

const NEITHER_IS = 0, BASE_IS = 1, OTHER_IS = 2, BOTH_ARE = 3, NO_PAIR = 4; // bits: the first run is right, the second is

const DIFFERENCE_HOWTO = "Every question a ∘ b is one pixel: row a, column b. Its colour says which of the two runs answers it right at this " +
  "step; each stands at its own nearest snapshot.";

/** @typedef {{ picture: Picture, kinds: Uint8Array, drawn: string, theme: Theme | null }} OwnDifference */

/** Why a difference would mean nothing; null where the same is asked. @param {Timeline} one @param {Timeline} other */
export function whyNoDifference(one, other) {
  if (one.header.p !== other.header.p) return "These two work with different numbers, so no pair of one is a pair of the other.";
  const [a, b] = [one, other].map(({ arrays }) => arrays.table.raw);
  return a.every((answer, j) => answer === b[j]) ? null : "These two are asked different questions, so their answers cannot be held against each other.";
}

/** Of every pair which of two runs answers it right, by their stored answers (8th bit: right). `kinds` is filled.
 * @param {Uint8Array} kinds @param {ArrayLike<number>} one @param {number} i snapshot of the first @param {ArrayLike<number>} other
 * @param {number} j snapshot of the second */
export function tellApart(kinds, one, i, other, j) {
  const size = kinds.length;
  for (let k = 0; k < size; k++) if (kinds[k] !== NO_PAIR) kinds[k] = (one[i * size + k] >> 7) | ((other[j * size + k] >> 7) << 1);
}

/** @param {Rival} base @param {Rival} rival whose panel this is @returns {Panel<OwnDifference>} */
export function makeDifference(base, rival) {
  const names = [`only ${base.letter} is right`, `only ${rival.letter} is right`, "both", "neither"];
  const fill = (/** @type {Uint8Array} */ kinds) =>
    tellApart(kinds, base.timeline.arrays.answers.raw, base.film.index(), rival.timeline.arrays.answers.raw, rival.film.index());
  return {
    name: "Differences", id: "difference", title: "Which of the two is right?", needs: "core",
    howto: DIFFERENCE_HOWTO,
    empty: () => whyNoDifference(base.timeline, rival.timeline),
    prepare: (timeline) => ({ picture: makePicture(timeline.header.p), kinds: askedPairs(timeline), drawn: "", theme: null }),
    background: (g, own, context) => drawKey(g, names, differenceColours(base, rival, context.theme), context),
    live(g, own, { width, height, scale, timeline, theme, hover }) {
      const now = `${base.film.index()} ${rival.film.index()}`;
      if (own.drawn !== now || own.theme !== theme) {
        const colours = differenceColours(base, rival, theme);
        fill(own.kinds);
        own.kinds.forEach((kind, k) => (own.picture.words[k] = colours[kind]));
        own.picture.flush();
        [own.drawn, own.theme] = [now, theme];
      }
      const place = mapPlace(width, height, scale, timeline.header.p);
      drawPicture(g, own.picture, place, scale);
      drawCross(g, place, timeline.header.p, hover, theme);
    },
    hover(own, x, y, { width, height, scale, timeline }) {
      const { header } = timeline, pair = pairAt(mapPlace(width, height, scale, header.p), header.p, x, y);
      if (!pair) return null;
      const who = ["neither is right", names[0], names[1], "both are right", "no answer exists"][own.kinds[pair[0] * header.p + pair[1]]];
      return pairHover(timeline, pair, `a = ${nameOf(header, pair[0])}, b = ${nameOf(header, pair[1])}: ${who}`);
    },
    caption(timeline) {
      const kinds = askedPairs(timeline);
      fill(kinds);
      const [one, other, both] = [BASE_IS, OTHER_IS, BOTH_ARE].map((kind) => whole(kinds.filter((found) => found === kind).length));
      return `Only ${base.letter} is right on ${one} pairs, only ${rival.letter} on ${other}; both on ${both}.`;
    },
  };
}

/** @param {Timeline} timeline */
const askedPairs = ({ arrays }) => Uint8Array.from(arrays.side.raw, (side) => (side ? NEITHER_IS : NO_PAIR));

/** The axes of the map, and above it what its colours say.
 * @param {Canvas} g @param {string[]} names @param {Uint32Array} colours @param {Context} context */
function drawKey(g, names, colours, { width, height, scale, timeline: { header }, theme }) {
  const place = mapPlace(width, height, scale, header.p);
  drawMapAxes(g, place, header.p, theme, header.names);
  const entries = [BASE_IS, OTHER_IS, BOTH_ARE, NEITHER_IS].map((kind, i) => ({ words: names[i], colour: colours[kind], room: 25 + g.measureText(names[i]).width }));
  let x = Math.max(0, Math.min(place.x, width - entries.reduce((sum, { room }) => sum + room, 0)));
  for (const { words, colour, room } of entries) {
    g.fillStyle = cssColour(colour);
    g.fillRect(x, 4, 10, 10);
    g.fillStyle = theme.muted;
    write(g, words, x + 14, 9.5);
    x += room;
  }
}

/** By kind. @param {Rival} base @param {Rival} rival @param {Theme} theme */
function differenceColours(base, rival, theme) {
  const [one, other] = [base, rival].map(({ colour }) => parseColour(theme.series[colour].line, "#000000"));
  const both = theme.paper.map((v, c) => Math.round(v + (theme.ink[c] - v) * 0.22));
  return Uint32Array.from([theme.empty, one, other, both, theme.paper].map(abgr));
}
