// The stages of a pair without a page: a made-up run whose pair is known, drawn on a canvas that writes down what it is told.
import assert from "node:assert/strict";
import test from "node:test";

import { momentAt } from "../../../grokviz/view/film/js/kit/blob.js";
import { answerOf, centred, rowMoment } from "../../../grokviz/view/film/js/kit/pair.js";
import { registry } from "../../../grokviz/view/film/js/kit/registry.js";
import { waveTicks } from "../../../grokviz/view/film/js/kit/waves.js";
import { answerSentence, spokenFor } from "../../../grokviz/view/film/js/stages/answer.js";
import { panelOf } from "../../../grokviz/view/film/js/stages/index.js";

const P = 13, FREQS = [2, 5], STEPS = [0, 100, 200, 300];
const numbers = Array.from({ length: P }, (_, i) => i);
const array = (shape, of) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return { raw: Float32Array.from({ length: count }, (_, j) => of(j)), shape, size: count / shape[0], scale: 1, shift: 0 };
};
const wave = (k, c) => Math.cos((2 * Math.PI * k * c) / P);

/** A pair 7 + 11 = 5 whose logits are two waves that grow; rows of the network for the snapshots `at`. */
function made(at = [0, 1, 2, 3]) {
  const asked = {
    a: 7, b: 11, right: 5, places: [7, 11, 5], n: P, order: { a: numbers, b: numbers, c: numbers }, freqs: FREQS, names: ["k = 2", "k = 5"], blocks: numbers.slice(0, 7).map((k) => `k = ${k}`), clock: true, sign: "+",
    question: "7 + 11 = 5", seen: "It has never seen this pair.", axis: "answer c", rate: 1, at: [0, 1, 2, 3], rows: at,
  };
  const header = { id: "run", p: P, steps: STEPS, n_heads: 2, d_mlp: 40, names: [] }, n = at.length;
  const grown = (j) => at[Math.floor(j)] / 3;
  registry.parts.set("run/pair", { header: { ...asked, id: "run", part: "pair" }, arrays: {
    logits: array([4, P], (j) => Math.floor(j / P) * FREQS.reduce((sum, k) => sum + wave(k, (j % P) - 5), 0)),
    waves: array([4, 2, P], (j) => Math.floor(j / P / 2) * wave(FREQS[Math.floor(j / P) % 2], (j % P) - 5)),
    unit: array([2, P], (j) => wave(FREQS[Math.floor(j / P)], (j % P) - 5)),
    turned: array([n, 2, 2], (j) => grown(j / 4)), pattern: array([4, 2, 3], (j) => [0.5, 0.3, 0.2][j % 3] + Math.floor(j / 6) / 50),
  } });
  registry.parts.set("run/inside", { header: { id: "run", part: "inside", at, waits: false }, arrays: {
    rings: array([n, 2, P, 2], (j) => Math.cos(j)), radius: array([n, 2], () => 1), ring_share: array([n, 2], () => 0.5),
    embedding_share: array([n], (j) => grown(j)), head_freq: array([n, 2], () => 2), head_share: array([n, 2], () => 0.25),
    head_wave: array([n, 2, 5], () => 0.1), neurons: array([n, 2], () => 9), pure_neurons: array([n, 2], () => 4),
    neuron_share: array([n], (j) => grown(j)), sums: array([n, 2, P, 2], (j) => Math.sin(j)), sum_size: array([n, 2], () => 1),
    sum_share: array([n, 2], () => 0.5), wave_size: array([n, 2], (j) => at[j >> 1]), wave_share: array([n, 2], () => 1),
    logit_share: array([n], () => 1),
  } });
  return { header, arrays: { attention_scores: array([4, 2, 2 * P + 1], (j) => Math.sin(j)) }, maps: null };
}

const theme = {
  font: () => "", frequency: (order) => `f${order}`, widthOf: (text) => 7 * text.length, muted: "muted", faint: "", text: "text", hair: "",
  background: "", series: { test: { line: "blue" } },
};

/** Everything that a panel draws at a snapshot. */
function drawn(spec, timeline, position) {
  const calls = [], g = new Proxy({}, {
    get: (_, name) => (name === "measureText" ? (text) => ({ width: 7 * text.length }) : (...given) => void calls.push([name, ...given])),
    set: () => true,
  });
  const panel = panelOf(spec), own = panel.prepare(timeline, theme), width = 900, height = panel.height(timeline, width);
  const hover = { numbers: [], pair: null, answer: null };
  assert.equal(panel.empty?.(timeline) ?? null, null);
  panel.live(g, own, { width, height, scale: 1, theme, timeline, moment: momentAt(position, STEPS.length), hover, edges: null });
  return { calls, words: calls.filter(([name]) => name === "fillText").map(([, text]) => text) };
}

test("a moment lies between the rows that there are, and has none of its own where its snapshot has not come", () => {
  assert.deepEqual(rowMoment([0, 4, 9], momentAt(4, 10)), { position: 1, before: 1, after: 2, share: 0, index: 1 });
  const between = rowMoment([0, 4, 9], momentAt(6.5, 10));
  assert.deepEqual([between.before, between.after, between.share, between.index], [1, 2, 0.5, -1]);
  assert.deepEqual(rowMoment([5], momentAt(2, 10)), { position: 0, before: 0, after: 0, share: 0, index: -1 });
  assert.equal(rowMoment([3, 7], momentAt(9, 10)).before, 1);
});

test("what the frequencies say adds up to the lead of the right answer, exactly", () => {
  made();
  const pair = { ...registry.parts.get("run/pair"), asked: registry.parts.get("run/pair").header };
  const row = rowMoment(pair.asked.at, momentAt(2, 4)), spoken = spokenFor(pair, row);
  const { margin, rival } = answerOf([...pair.arrays.logits.raw].slice(2 * P, 3 * P), 5);
  assert.equal(spoken.rival, rival);
  assert.equal(spoken.parts.length, 3);
  assert.ok(Math.abs(spoken.parts.reduce((sum, part) => sum + part, 0) - margin) < 1e-5);
  assert.ok(Math.abs(spoken.parts[2]) < 1e-5); // these logits are nothing else
});

test("logits in the order of sums have their mean removed", () => {
  const found = centred([3, 1, 2, 6], [0, 2, 3]);
  [3, 2, 6].forEach((v, i) => assert.ok(Math.abs(found[i] - (v - 11 / 3)) < 1e-5));
});

test("the answer is said in words, right and wrong", () => {
  const asked = { right: 5, seen: "It has never seen this pair." }, logits = numbers.map((c) => (c === 5 ? 4 : c === 2 ? 1 : 0));
  assert.equal(answerSentence(answerOf(logits, 5), asked, String),
    "“5”, 80\u202f% sure, which is right. It has never seen this pair. The right answer stands 3.00 nats above 2, its strongest rival.");
  assert.equal(answerSentence(answerOf(logits, 2), { ...asked, right: 2 }, String),
    "“5”, 80\u202f% sure, which is wrong: it is 2. It has never seen this pair. The right answer stands 3.00 nats below 5, its strongest rival.");
});

const SPECS = [
  { kind: "answer", id: "answer", title: "", rows: 2 }, { kind: "angles", id: "angles", title: "", count: 2 },
  { kind: "attention", id: "heads", title: "" }, { kind: "sums", id: "sums", title: "", count: 2 },
  { kind: "waves", id: "waves", title: "", count: 2, part: "inside" },
];

for (const spec of SPECS) {
  test(`${spec.id} draws every moment, and says another sentence at another step`, () => {
    const timeline = made(), panel = panelOf(spec);
    const pictures = [0, 1.4, 3].map((position) => JSON.stringify(drawn(spec, timeline, position).calls));
    assert.equal(new Set(pictures).size, 3);
    if (spec.id !== "heads") assert.notEqual(panel.caption(timeline, 1), panel.caption(timeline, 3));
    assert.ok(!/NaN|undefined/.test(pictures.join() + panel.caption(timeline, 2)));
  });
}

test("where a snapshot has not come, its neighbours are drawn and the sentence says so", () => {
  const timeline = made([2]);
  for (const spec of SPECS) {
    drawn(spec, timeline, 0);
    assert.ok(!/NaN|undefined/.test(panelOf(spec).caption(timeline, 0)));
  }
  assert.equal(panelOf(SPECS[1]).caption(timeline, 0), "This step is being measured.");
  assert.match(panelOf(SPECS[4]).caption(timeline, 0), /are being measured/);
});

test("every frequency that speaks is named, and all others together", () => {
  const { words } = drawn(SPECS[0], made(), 3);
  for (const name of ["k = 2", "k = 5", "all others", "5 (right)"]) assert.ok(words.includes(name), name);
});

test("the ideal waves of a network that is nothing else explain everything", () => {
  assert.match(panelOf(SPECS[4]).caption(made(), 3), /^The waves explain 100\u202f% .* stands \+([\d.]+) nats .* make that \+\1\. .* varies by \S+( × 10\S+)? around 0\.$/);
});

test("ticks are round numbers, with a 0 where there is one", () => {
  const at = (list, width) => waveTicks(list, width).map((i) => list[i]);
  const upTo = (n) => Array.from({ length: n }, (_, i) => i);
  assert.deepEqual(at(upTo(113), 900), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(at(upTo(59), 240), [0, 20, 40]);
  assert.deepEqual(at(upTo(25).map((i) => i - 12), 900), [-10, -5, 0, 5, 10]);
  assert.deepEqual(at([1, 2, 4, 8, 16, 15], 900), [1, 2, 4, 8, 16, 15]);
});
