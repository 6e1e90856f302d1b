// Which questions are answered right.

import { abgr, cssColour, parseColour } from "../kit/colours.js";
import { drawCross, drawMapAxes, drawPicture, makePicture, mapPlace, pairAt } from "../kit/maps.js";
import { percent, roundedShare, sentenceCase, whole } from "../kit/wording.js";

const TRAIN = 1;

export const answersPanel = {
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
